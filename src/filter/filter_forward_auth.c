/*
 * forwardAuth: another server says whether a request may pass. It gets the request's fields and
 * what the request was for; with a status of 2xx the request goes on, with fields that the server
 * has set, and anything else goes back to the client as it is. A server that is down, slow, or
 * speaks no HTTP lets nothing pass.
 */
#include <curl/urlapi.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "base/clock.h"
#include "filter/filter_priv.h"
#include "filter/means_priv.h"
#include "http/h1_read.h"

#define TIME_USEC	(30 * USEC_PER_SEC)	/* as in Traefik */
#define HEAD_MOST	65536
#define FIELDS_MOST	256
#define BODY_MOST	(1u << 20)		/* when there is no other limit */

/* The server's response, and what is held until it is here. */
struct asked {
	struct filter_fetch fetch;
	const struct filter_fetch_ops *ops;
	void		(*wake)(void *);
	void		*wake_arg;
	struct arena	*arena;			/* of what it was asked */
	const char	**fields;
	unsigned	 room;			/* for them */
	struct buf	 head, body;
	bool		 over, large;
	int		 status;
};

/* Cookies that it wants the client to have. */
struct auth_cookies {
	struct auth_cookies *next;
	const struct filter_forward_auth *of;
	unsigned	 n;
	struct str	 cookie[];
};

/* ---- what it is asked ---- */

static bool
is_in(const struct filter_texts *names, struct str name)
{
	for (unsigned i = 0; i < names->n; i++)
		if (str_eq_nocase(names->item[i], name))
			return true;
	return false;
}

/* Names of cookies differ by case. */
static bool
is_in_exactly(const struct filter_texts *names, struct str name)
{
	for (unsigned i = 0; i < names->n; i++)
		if (str_eq(names->item[i], name))
			return true;
	return false;
}

static void
add(struct asked *a, const char *name, struct str value)
{
	ASSERT(a->fetch.nfields < a->room);
	if (value.len > 0)
		a->fields[a->fetch.nfields++] = arena_printf(a->arena, "%s: %.*s", name, STR_ARG(value));
	else
		a->fields[a->fetch.nfields++] = arena_printf(a->arena, "%s;", name);
}

/* Fields that are said anew, or belong to the connection that the request came by. */
static bool
is_passed(const struct field *f)
{
	static const char *const own[] = { "x-forwarded-for", "x-forwarded-method",
	    "x-forwarded-proto", "x-forwarded-host", "x-forwarded-uri", "trailers", "host" };

	for (size_t i = 0; i < sizeof own / sizeof *own; i++)
		if (str_eq_nocase(f->name, str_of(own[i])))
			return false;
	return !f->hop && !filter_is_framing(f->name);
}

static void
add_passed(struct asked *a, const struct filter_run *r, const struct filter_forward_auth *f)
{
	const struct message *m = &r->request;
	struct str port = fields_get(m, STR("X-Forwarded-Port"));

	for (int i = 0; i < m->nfields; i++) {
		const struct field *one = &m->field[i];
		if (is_passed(one)
		    && (f->request_headers.n == 0 || is_in(&f->request_headers, one->name)))
			add(a, arena_text(a->arena, one->name), one->value);
	}
	if (f->trust && port.len > 0 && f->request_headers.n > 0
	    && !is_in(&f->request_headers, STR("X-Forwarded-Port")))
		add(a, "X-Forwarded-Port", port);
}

/* What the field says already, where that is trusted: only proxies that are can have sent it. */
static void
add_said(struct asked *a, const struct filter_run *r, bool trust, const char *name,
    struct str value)
{
	struct str said = fields_get(&r->request, str_of(name));

	if (trust && said.len > 0)
		value = said;
	if (value.len > 0)
		add(a, name, value);
}

static void
add_forwarded(struct asked *a, struct filter_run *r, const struct filter_forward_auth *f)
{
	const struct message *m = &r->request;
	struct str before = fields_get(m, STR("X-Forwarded-For")), list = r->facts.peer;

	if (f->trust && before.len > 0)
		list = str_of(arena_printf(a->arena, "%.*s, %.*s", STR_ARG(before), STR_ARG(list)));
	add(a, "X-Forwarded-For", list);
	add_said(a, r, f->trust, "X-Forwarded-Method", m->method);
	add_said(a, r, f->trust, "X-Forwarded-Proto", r->facts.tls ? STR("https") : STR("http"));
	add_said(a, r, f->trust, "X-Forwarded-Host", m->authority);
	add_said(a, r, f->trust, "X-Forwarded-Uri", run_target(r));
}

/* ---- what comes ---- */

static struct asked *
asked_of(struct filter_fetch *x)
{
	return (struct asked *)((char *)x - offsetof(struct asked, fetch));
}

static void
on_head(struct filter_fetch *x)
{
	buf_clear(&asked_of(x)->head);
}

static void
on_field(struct filter_fetch *x, struct str name, struct str value)
{
	if (!str_eq_nocase(name, STR("Content-Length"))
	    && !str_eq_nocase(name, STR("Transfer-Encoding")))
		buf_printf(&asked_of(x)->head, "%.*s: %.*s\r\n", STR_ARG(name), STR_ARG(value));
}

static void
on_done(struct filter_fetch *x, int status, bool large, struct str body)
{
	struct asked *a = asked_of(x);

	a->over = true;
	a->status = status;
	a->large = large;
	if (!buf_adds(&a->body, body) || a->head.full)
		a->status = 0;
	a->wake(a->wake_arg);
}

static void
asked_free(struct asked *a)
{
	buf_fini(&a->head);
	buf_fini(&a->body);
	arena_free(&a->arena);
	free(a);
}

/* The run that holds it ends. */
static void
asked_drop(void *held)
{
	struct asked *a = held;

	if (!a->over)
		a->ops->cancel(a->ops->arg, &a->fetch);
	asked_free(a);
}

static size_t
body_most(const struct filter_forward_auth *f)
{
	return f->response_max >= 0 && f->response_max < BODY_MOST ? (size_t)f->response_max : BODY_MOST;
}

static struct asked *
asked_new(struct filter_run *r, const struct filter_forward_auth *f)
{
	struct asked *a = try_alloc(sizeof *a);

	if (a == NULL)
		return NULL;
	memset(a, 0, sizeof *a);
	a->ops = &r->facts.means->fetch;
	a->wake = r->facts.wake;
	a->wake_arg = r->facts.wake_arg;
	a->arena = arena_new();
	a->room = (unsigned)r->request.nfields + 8;
	a->fields = arena_zalloc(a->arena, a->room * sizeof *a->fields);
	buf_init(&a->head, HEAD_MOST);
	buf_init(&a->body, BODY_MOST);
	add_passed(a, r, f);
	add_forwarded(a, r, f);
	a->fetch.url = arena_text(a->arena, f->address);
	a->fetch.method = f->preserve_method ? arena_text(a->arena, r->request.method) : "GET";
	a->fetch.fields = a->fields;
	a->fetch.body = r->body_state == BODY_HERE && f->forward_body ? buf_str(&r->request_body) :
	    STR("");
	a->fetch.body_max = body_most(f);
	a->fetch.timeout_usec = TIME_USEC;
	a->fetch.insecure = f->insecure;
	a->fetch.on_head = on_head;
	a->fetch.on_field = on_field;
	a->fetch.done = on_done;
	return a;
}

/* ---- what becomes of it ---- */

/* Without a body, as in Traefik. */
static enum filter_verdict
fail(struct filter_run *r, const struct why *why)
{
	run_answer(r, why, why->status);
	run_answer_body(r, STR(""));
	return FILTER_RESPOND;
}

/* Where the server sends the client to: as it is, or seen from the server's own address. */
static struct str
location_of(struct filter_run *r, const struct filter_forward_auth *f, struct str location)
{
	CURLU *u = curl_url();
	char *whole = NULL;
	struct str out = { NULL, 0 };

	if (u == NULL)
		return out;
	if (curl_url_set(u, CURLUPART_URL, run_text(r, "%.*s", STR_ARG(f->address)).p, 0) == CURLUE_OK
	    && curl_url_set(u, CURLUPART_URL, run_text(r, "%.*s", STR_ARG(location)).p,
	    CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK
	    && curl_url_get(u, CURLUPART_URL, &whole, CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK)
		out = run_text(r, "%s", whole);
	curl_free(whole);
	curl_url_cleanup(u);
	return out;
}

/* "https://..." and the like */
static bool
has_scheme(struct str url)
{
	size_t n = 0;

	while (n < url.len && ((url.p[n] >= 'a' && url.p[n] <= 'z') || (url.p[n] >= 'A' &&
	    url.p[n] <= 'Z') || (n > 0 && (url.p[n] == '+' || url.p[n] == '-' || url.p[n] == '.' ||
	    (url.p[n] >= '0' && url.p[n] <= '9')))))
		n++;
	return n > 0 && n < url.len && url.p[n] == ':';
}

/* All that the server has sent goes to the client. */
static enum filter_verdict
hand_back(struct filter_run *r, const struct filter_forward_auth *f, struct asked *a,
    const struct message *m)
{
	struct str location = fields_get(m, STR("Location"));

	if (location.len > 0 && !f->preserve_location && !has_scheme(location)
	    && (location = location_of(r, f, location)).p == NULL)
		return fail(r, WHY_FORWARD_AUTH_FAILED);
	run_answer(r, WHY_FORWARD_AUTH_REFUSED, a->status);
	for (int i = 0; i < m->nfields; i++) {
		const struct field *one = &m->field[i];
		if (is_passed(one) && !str_eq_nocase(one->name, STR("Location")))
			run_answer_field(r, one->name, one->value);
	}
	if (location.len > 0)
		run_answer_field(r, STR("Location"), location);
	run_keep_body(r, &a->body);
	return FILTER_RESPOND;
}

static struct str
kept(struct filter_run *r, struct str s)
{
	return run_text(r, "%.*s", STR_ARG(s));
}

/* All fields of that name are the server's, or there are none. */
static void
take_field(struct filter_run *r, const struct message *m, struct str name)
{
	fields_remove(&r->request, name);
	for (int i = 0; i < m->nfields; i++)
		if (str_eq_nocase(m->field[i].name, name) && is_passed(&m->field[i]))
			fields_add(r, &r->request, name, kept(r, m->field[i].value));
}

/* As Go writes names, which the expression is for: X-Auth-User. `dashed`: X_Auth_User, too, which
 * is the same to a task that makes CGI variables of them. */
static bool
name_fits(struct filter_run *r, const struct pattern *p, struct str name, bool dashed)
{
	char *text = run_room(r, name.len);
	bool begins = true;

	for (size_t i = 0; i < name.len && text != NULL; i++) {
		char c = dashed && name.p[i] == '_' ? '-' : name.p[i];
		if (begins && c >= 'a' && c <= 'z')
			c = (char)(c - 'a' + 'A');
		else if (!begins && c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		begins = c == '-';
		text[i] = c;
	}
	return text != NULL && pattern_match(p, (struct str){ text, name.len });
}

static void
take_matching(struct filter_run *r, const struct message *m, const struct pattern *p)
{
	struct message *to = &r->request;
	int left = 0;

	for (int i = 0; i < to->nfields; i++)
		if (!is_passed(&to->field[i]) || (!name_fits(r, p, to->field[i].name, false)
		    && !name_fits(r, p, to->field[i].name, true)))
			to->field[left++] = to->field[i];
	to->nfields = left;
	for (int i = 0; i < m->nfields; i++)
		if (is_passed(&m->field[i]) && name_fits(r, p, m->field[i].name, false))
			fields_add(r, to, kept(r, m->field[i].name), kept(r, m->field[i].value));
}

static struct str
cookie_name(struct str cookie)
{
	struct str name = cookie;

	(void)str_split(&cookie, '=', &name);
	return str_trim(name);
}

/* Whether it has set any, even those that no client is to have, changes what becomes of the
 * task's. */
static void
take_cookies(struct filter_run *r, const struct filter_forward_auth *f, const struct message *m)
{
	struct auth_cookies *c;

	c = arena_try_zalloc(r->arena, sizeof *c + (size_t)m->nfields * sizeof *c->cookie);
	if (c == NULL) {
		r->full = true;
		return;
	}
	c->of = f;
	for (int i = 0; i < m->nfields; i++)
		if (str_eq_nocase(m->field[i].name, STR("Set-Cookie"))
		    && is_in_exactly(&f->cookies, cookie_name(m->field[i].value)))
			c->cookie[c->n++] = kept(r, m->field[i].value);
	c->next = r->cookies;
	r->cookies = c;
}

static enum filter_verdict
let_pass(struct filter_run *r, const struct filter_forward_auth *f, const struct message *m,
    uint8_t *note)
{
	for (unsigned i = 0; i < f->response_headers.n; i++)
		take_field(r, m, f->response_headers.item[i]);
	if (f->response_pattern.of != NULL)
		take_matching(r, m, f->response_pattern.of);
	if (fields_get(m, STR("Set-Cookie")).p != NULL && f->cookies.n > 0) {
		*note = 1;
		take_cookies(r, f, m);
	}
	return FILTER_PASS;
}

/* Read once more, as strictly as a task's is. */
static bool
head_read(struct filter_run *r, const struct asked *a, struct message *m,
    struct field field[FIELDS_MOST])
{
	struct str text = run_text(r, "HTTP/1.1 %d -\r\n%.*s\r\n", a->status, STR_ARG(buf_str(&a->head)));
	const struct why *why;
	size_t scanned = 0, used;

	*m = (struct message){ .limits = { text.len + 1, FIELDS_MOST }, .field = field };
	return text.len > 0 && h1_read_response(m, text, true, &scanned, &used, &why) == PARSE_DONE;
}

static enum filter_verdict
judge(struct filter_run *r, const struct filter_forward_auth *f, struct asked *a, uint8_t *note)
{
	struct field field[FIELDS_MOST];
	struct message m;

	if (a->large && f->response_max >= 0 && f->response_max <= BODY_MOST)
		return fail(r, WHY_FORWARD_AUTH_LARGE);
	if (a->large || a->status < 200 || a->status > 999 || !head_read(r, a, &m, field))
		return fail(r, WHY_FORWARD_AUTH_FAILED);
	if (f->header_field.len > 0)
		r->user = kept(r, fields_get(&m, f->header_field));
	return a->status < 300 ? let_pass(r, f, &m, note) : hand_back(r, f, a, &m);
}

/* ---- the filter ---- */

static enum filter_verdict
ask(struct filter_run *r, const struct filter_forward_auth *f)
{
	struct asked *a = asked_new(r, f);

	if (a == NULL)
		return fail(r, WHY_FORWARD_AUTH_FAILED);
	if (!a->ops->start(a->ops->arg, &a->fetch)) {
		asked_free(a);
		return fail(r, WHY_FORWARD_AUTH_FAILED);
	}
	r->held = a;
	r->drop = asked_drop;
	return run_wait(r, r->now_usec + TIME_USEC + USEC_PER_SEC);
}

/* False: not yet, or never. */
static bool
body_is_here(struct filter_run *r, const struct filter_forward_auth *f, enum filter_verdict *v)
{
	size_t most = f->body_max >= 0 && f->body_max < BODY_MOST ? (size_t)f->body_max : BODY_MOST;

	if (!f->forward_body || r->request.body == BODY_NONE)
		return true;
	if (r->body_state == BODY_HERE && r->request_body.len <= most)
		return true;
	if (r->body_state == BODY_UNSEEN)
		*v = run_want_body(r, most, r->now_usec + TIME_USEC);
	else if (r->body_state == BODY_WANTED && r->now_usec < r->until_usec)
		*v = run_wait(r, r->until_usec);
	else
		*v = fail(r, WHY_FORWARD_AUTH_BODY);
	return false;
}

enum filter_verdict
forward_auth_request(struct filter_run *r, const struct filter_forward_auth *f, uint8_t *note)
{
	struct asked *a = r->held;
	enum filter_verdict verdict;

	ASSERT(f->address.len > 0 && r->facts.means != NULL);
	if (a == NULL)
		return body_is_here(r, f, &verdict) ? ask(r, f) : verdict;
	if (!a->over && r->now_usec < r->until_usec)
		return run_wait(r, r->until_usec);
	r->held = NULL;
	verdict = a->over ? judge(r, f, a, note) : fail(r, WHY_FORWARD_AUTH_FAILED);
	asked_drop(a);
	return verdict;
}

void
forward_auth_response(struct filter_run *r, const struct filter_forward_auth *f, uint8_t note)
{
	const struct auth_cookies *c = r->cookies;
	struct message *m = &r->response;
	int left = 0;

	if (note == 0)
		return;
	while (c->of != f)
		c = c->next;
	for (int i = 0; i < m->nfields; i++)
		if (!str_eq_nocase(m->field[i].name, STR("Set-Cookie"))
		    || !is_in_exactly(&f->cookies, cookie_name(m->field[i].value)))
			m->field[left++] = m->field[i];
	m->nfields = left;
	for (unsigned i = 0; i < c->n; i++)
		fields_add(r, m, STR("Set-Cookie"), c->cookie[i]);
}
