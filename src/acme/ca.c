/*
 * ca: calls wait in a queue, and the first one decides what is fetched next: the directory, a
 * nonce, the account, or what it is itself. One fetch is under way at a time, so a nonce is
 * used as soon as it comes, and the account is made once.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "acme/account.h"
#include "acme/ca.h"
#include "base/alloc.h"
#include "base/bug.h"
#include "base/clock.h"

#define TIMEOUT_USEC	(30 * USEC_PER_SEC)
#define REPLY_MAX	(1u << 20)		/* bytes of an answer */
#define NONCE_MAX	256
#define NONCE_TRIES	40		/* a CA with several fronts may not know its own nonces */
#define DIRECTORY_USEC	(24 * 3600 * USEC_PER_SEC)	/* a directory is read again after that */
#define RETRY_MOST	(24 * 3600)	/* seconds of Retry-After that are believed */

enum call_kind { CALL_POST, CALL_ORDER, CALL_RENEWAL, CALL_CONTACT };

struct call {
	TAILQ_ENTRY(call) link;
	enum call_kind	 kind;
	char		*url;
	char		*payload;
	ca_done_f	*done;
	void		*arg;
	unsigned	 nonces;	/* that were refused */
	bool		 again;		/* the account was looked up a second time for it */
};

struct ca {
	struct loop	*loop;
	struct fetcher	*fetcher;
	char		*url, *trust, *email, *eab_id;
	struct buf	 eab_secret;
	const struct jose_key *key;

	struct arena	*arena;		/* of the directory */
	struct reply_directory directory;
	bool		 has_directory;
	int64_t		 read_usec;
	char		*account;	/* its URL, NULL: not known yet */
	char		 nonce[NONCE_MAX];	/* for the next request, "" when there is none */

	TAILQ_HEAD(, call) calls;
	struct timer	 soon;		/* calls that were added are looked at in a later turn */
	struct fetch	*fetch;
	enum { DOING_NOTHING, DOING_DIRECTORY, DOING_NONCE, DOING_ACCOUNT, DOING_CALL } doing;
	char		 location[REPLY_URL_MAX + 1], retry_after[64];	/* of the answer that comes */
};

static void	on_soon(void *);
static void	ca_step(struct ca *);

static char *
dup_or_null(const char *s)
{
	return s == NULL ? NULL : must_strdup(s);
}

/* ---- calls ---- */

static void
call_free(struct call *c)
{
	free(c->url);
	free(c->payload);
	free(c);
}

static void
call_add(struct ca *ca, enum call_kind kind, const char *url, struct str payload, ca_done_f *done,
    void *arg)
{
	struct call *c = must_zalloc(sizeof *c);

	ASSERT(done != NULL);
	c->kind = kind;
	c->url = dup_or_null(url);
	c->payload = str_dup(payload);
	c->done = done;
	c->arg = arg;
	TAILQ_INSERT_TAIL(&ca->calls, c, link);
	timer_set(ca->loop, &ca->soon, loop_now(ca->loop), on_soon, ca);
}

/* What is under way for it goes on, and its answer is dropped: a nonce may come with it. */
static void
nobody(void *arg, const struct ca_reply *r)
{
	(void)arg;
	(void)r;
}

static void
call_end(struct ca *ca, const struct ca_reply *r)
{
	struct call *c = TAILQ_FIRST(&ca->calls);

	ASSERT(c != NULL && ca->fetch == NULL);
	TAILQ_REMOVE(&ca->calls, c, link);
	c->done(c->arg, r);
	call_free(c);
}

/* ---- fetching ---- */

static void
on_field(void *arg, struct str name, struct str value)
{
	struct ca *ca = arg;

	if (str_eq_nocase(name, STR("Replay-Nonce")))
		reply_field(value, ca->nonce, sizeof ca->nonce);
	else if (str_eq_nocase(name, STR("Location")))
		reply_field(value, ca->location, sizeof ca->location);
	else if (str_eq_nocase(name, STR("Retry-After")))
		reply_field(value, ca->retry_after, sizeof ca->retry_after);
}

static void
fetch_begin(struct ca *ca, const char *url, struct str body, fetch_done_f *done)
{
	struct fetch_conf fc = { .url = url, .timeout_usec = TIMEOUT_USEC, .body_max = REPLY_MAX,
	    .body = body, .body_type = "application/jose+json", .on_field = on_field, .ca = ca->trust };

	ASSERT(ca->fetch == NULL);
	ca->location[0] = ca->retry_after[0] = '\0';
	ca->fetch = fetch_start(ca->fetcher, &fc, NULL, done, ca);
}

static const struct why *
why_of(const struct ca *ca, const struct fetch_result *r, const struct reply_problem *p)
{
	if (r->why == NULL)
		return NULL;
	if (r->why == WHY_METRICS_FETCH)
		return WHY_ACME_GONE;
	if (r->why == WHY_METRICS_LARGE)
		return WHY_ACME_REPLY;
	if (strcmp(p->type, "rateLimited") == 0 || r->status == 429 || r->status == 503)
		return WHY_ACME_LIMIT;
	return ca->doing == DOING_ACCOUNT ? WHY_ACME_ACCOUNT : WHY_ACME_REFUSED;
}

/* Tells the first call how its fetch went, or one that it needed. */
static void
call_tell(struct ca *ca, const struct fetch_result *f, const struct why *other)
{
	struct ca_reply r = { .status = f->status, .body = f->body, .location = ca->location };
	struct arena *a = arena_new();
	struct reply_problem p = { "", "" };
	char text[64];

	if (f->why == WHY_METRICS_STATUS)
		reply_problem(a, f->body, &p);
	snprintf(text, sizeof text, "status %ld", f->status);
	r.why = other != NULL ? other : why_of(ca, f, &p);
	r.detail = f->why == WHY_METRICS_FETCH ? f->detail : p.text[0] != '\0' ? p.text
	    : f->why == WHY_METRICS_STATUS ? text : "";
	r.type = p.type;
	r.retry_after = when_retry_after(str_of(ca->retry_after), clock_wall_usec() / USEC_PER_SEC,
	    RETRY_MOST);
	ca->doing = DOING_NOTHING;
	call_end(ca, &r);
	arena_free(&a);
	ca_step(ca);
}

/* ---- the directory and nonces ---- */

static void
directory_forget(struct ca *ca)
{
	ca->has_directory = false;
	arena_free(&ca->arena);
}

static void
directory_done(void *arg, const struct fetch_result *r)
{
	struct ca *ca = arg;

	ca->fetch = NULL;
	directory_forget(ca);
	ca->arena = arena_new();
	if (r->why != NULL)
		call_tell(ca, r, NULL);
	else if (!reply_directory(ca->arena, r->body, &ca->directory))
		call_tell(ca, r, WHY_ACME_REPLY);
	else {
		ca->has_directory = true;
		ca->read_usec = loop_now(ca->loop);
		ca_step(ca);
	}
}

static void
nonce_done(void *arg, const struct fetch_result *r)
{
	struct ca *ca = arg;

	ca->fetch = NULL;
	if (r->why != NULL)
		call_tell(ca, r, NULL);
	else if (ca->nonce[0] == '\0')
		call_tell(ca, r, WHY_ACME_REPLY);
	else
		ca_step(ca);
}

/* ---- what is signed ---- */

static void
post(struct ca *ca, const char *url, const char *payload, fetch_done_f *done)
{
	struct buf head, body;

	ASSERT(ca->key != NULL && ca->nonce[0] != '\0');
	buf_init(&head, 4096);
	buf_init(&body, 512u << 10);
	buf_printf(&head, "{\"alg\":\"ES256\",\"nonce\":\"%s\",\"url\":\"%s\",", ca->nonce, url);
	if (ca->account != NULL)
		buf_printf(&head, "\"kid\":\"%s\"}", ca->account);
	else {
		buf_adds(&head, STR("\"jwk\":"));
		jose_jwk(ca->key, &head);
		buf_adds(&head, STR("}"));
	}
	jose_sign(ca->key, buf_str(&head), str_of(payload), &body);
	ASSERT(!head.full && !body.full);
	ca->nonce[0] = '\0';		/* each is for one request */
	fetch_begin(ca, url, buf_str(&body), done);
	buf_fini(&head);
	buf_fini(&body);
}

/* Whether the request goes out again: a nonce that was refused was not the request's fault. */
static bool
is_repeated(struct ca *ca, const struct fetch_result *r)
{
	struct call *c = TAILQ_FIRST(&ca->calls);
	struct arena *a = arena_new();
	struct reply_problem p = { "", "" };
	bool again = false;

	if (r->why == WHY_METRICS_STATUS)
		reply_problem(a, r->body, &p);
	if (strcmp(p.type, "badNonce") == 0 && ++c->nonces < NONCE_TRIES)
		again = true;
	else if (ca->doing == DOING_CALL && strcmp(p.type, "accountDoesNotExist") == 0 && !c->again) {
		free(ca->account);
		ca->account = NULL;
		again = c->again = true;
	}
	arena_free(&a);
	return again;
}

/* ---- the account ---- */

static void
account_done(void *arg, const struct fetch_result *r)
{
	struct ca *ca = arg;

	ca->fetch = NULL;
	if (is_repeated(ca, r))
		ca_step(ca);
	else if (r->why != NULL)
		call_tell(ca, r, NULL);
	else if (!str_starts(str_of(ca->location), STR("https://")))
		call_tell(ca, r, WHY_ACME_REPLY);
	else {
		ca->account = must_strdup(ca->location);
		ca_step(ca);
	}
}

/*
 * The same key gets the same account, however often it asks: nothing but the key need be kept.
 */
static void
account_ask(struct ca *ca)
{
	struct buf b;

	buf_init(&b, 8192);
	account_request(&(struct account_conf){ ca->key, ca->directory.new_account, ca->email,
	    ca->eab_id, buf_str(&ca->eab_secret) }, &b);
	buf_add(&b, "", 1);
	ASSERT(!b.full);
	post(ca, ca->directory.new_account, b.p, account_done);
	buf_fini(&b);
}

/* ---- what is next ---- */

static void
call_done(void *arg, const struct fetch_result *r)
{
	struct ca *ca = arg;

	ca->fetch = NULL;
	if (is_repeated(ca, r))
		ca_step(ca);
	else {
		if (r->why == WHY_METRICS_FETCH || r->status == 404)
			directory_forget(ca);		/* it may have moved */
		call_tell(ca, r, NULL);
	}
}

static void
renewal_ask(struct ca *ca, const struct call *c)
{
	char url[REPLY_URL_MAX + 512];

	ca->doing = DOING_CALL;
	if (ca->directory.renewal_info == NULL) {
		call_tell(ca, &(struct fetch_result){ .why = WHY_METRICS_STATUS, .detail = "" },
		    WHY_ACME_REFUSED);
		return;
	}
	snprintf(url, sizeof url, "%s/%s", ca->directory.renewal_info, c->url);
	fetch_begin(ca, url, STR(""), call_done);
}

static void
call_ask(struct ca *ca, struct call *c)
{
	bool known = ca->has_directory && loop_now(ca->loop) - ca->read_usec < DIRECTORY_USEC;

	if (!known) {
		ca->doing = DOING_DIRECTORY;
		fetch_begin(ca, ca->url, STR(""), directory_done);
	} else if (c->kind == CALL_RENEWAL)
		renewal_ask(ca, c);
	else if (c->kind == CALL_CONTACT)
		call_tell(ca, &(struct fetch_result){ .status = 200, .detail = "" }, NULL);
	else if (ca->nonce[0] == '\0') {
		ca->doing = DOING_NONCE;
		fetch_begin(ca, ca->directory.new_nonce, STR(""), nonce_done);
	} else if (ca->account == NULL) {
		ca->doing = DOING_ACCOUNT;
		account_ask(ca);
	} else {
		ca->doing = DOING_CALL;
		post(ca, c->kind == CALL_ORDER ? ca->directory.new_order : c->url, c->payload, call_done);
	}
}

static void
ca_step(struct ca *ca)
{
	struct call *c;

	while ((c = TAILQ_FIRST(&ca->calls)) != NULL && c->done == nobody && ca->fetch == NULL) {
		TAILQ_REMOVE(&ca->calls, c, link);
		call_free(c);
	}
	if (c != NULL && ca->fetch == NULL)
		call_ask(ca, c);
}

static void
on_soon(void *arg)
{
	ca_step(arg);
}

/* ---- life ---- */

struct ca *
ca_new(struct loop *l, struct fetcher *f, const struct ca_conf *c)
{
	struct ca *ca = must_zalloc(sizeof *ca);

	ASSERT(c->directory != NULL && (c->eab_id == NULL) == (c->eab_secret.len == 0));
	ca->loop = l;
	ca->fetcher = f;
	ca->url = must_strdup(c->directory);
	ca->trust = dup_or_null(c->trust);
	ca->email = dup_or_null(c->email);
	ca->eab_id = dup_or_null(c->eab_id);
	buf_init(&ca->eab_secret, 4096);
	buf_adds(&ca->eab_secret, c->eab_secret);
	TAILQ_INIT(&ca->calls);
	return ca;
}

void
ca_free(struct ca **cap)
{
	struct ca *ca = *cap;
	struct call *c;

	*cap = NULL;
	if (ca == NULL)
		return;
	timer_clear(ca->loop, &ca->soon);
	if (ca->fetch != NULL)
		fetch_cancel(ca->fetch);
	while ((c = TAILQ_FIRST(&ca->calls)) != NULL) {
		TAILQ_REMOVE(&ca->calls, c, link);
		call_free(c);
	}
	arena_free(&ca->arena);
	buf_fini(&ca->eab_secret);
	free(ca->url);
	free(ca->trust);
	free(ca->email);
	free(ca->eab_id);
	free(ca->account);
	free(ca);
}

void
ca_set_key(struct ca *ca, const struct jose_key *k)
{
	ASSERT(ca->key == NULL && k != NULL);
	ca->key = k;
}

const struct jose_key *
ca_key(const struct ca *ca)
{
	return ca->key;
}

void
ca_post(struct ca *ca, const char *url, struct str payload, ca_done_f *done, void *arg)
{
	ASSERT(url != NULL && ca->key != NULL);
	call_add(ca, CALL_POST, url, payload, done, arg);
}

void
ca_read(struct ca *ca, const char *url, ca_done_f *done, void *arg)
{
	ca_post(ca, url, STR(""), done, arg);
}

void
ca_order(struct ca *ca, struct str payload, ca_done_f *done, void *arg)
{
	ASSERT(payload.len > 0 && ca->key != NULL);
	call_add(ca, CALL_ORDER, NULL, payload, done, arg);
}

void
ca_renewal(struct ca *ca, const char *renewal_id, ca_done_f *done, void *arg)
{
	call_add(ca, CALL_RENEWAL, renewal_id, STR(""), done, arg);
}

void
ca_contact(struct ca *ca, ca_done_f *done, void *arg)
{
	call_add(ca, CALL_CONTACT, NULL, STR(""), done, arg);
}

void
ca_cancel(struct ca *ca, const void *arg)
{
	struct call *c, *next;

	for (c = TAILQ_FIRST(&ca->calls); c != NULL; c = next) {
		next = TAILQ_NEXT(c, link);
		if (c->arg != arg)
			continue;
		if (c == TAILQ_FIRST(&ca->calls) && ca->fetch != NULL) {
			c->done = nobody;
			c->arg = NULL;
		} else {
			TAILQ_REMOVE(&ca->calls, c, link);
			call_free(c);
		}
	}
}

const struct reply_directory *
ca_directory(const struct ca *ca)
{
	return ca->has_directory ? &ca->directory : NULL;
}

const char *
ca_url(const struct ca *ca)
{
	return ca->url;
}
