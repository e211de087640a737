/*
 * errors: a response whose status is among those of the middleware is dropped, and a page of
 * another service takes its place, with the status of the first. The page is requested with the
 * fields of the request, as the filters have left them.
 */
#include <stdio.h>
#include <string.h>

#include "base/bug.h"
#include "filter/filter_priv.h"
#include "http/chars.h"

/* The head of the request may be gone when its response comes: what was read from lies in a page
 * that bodies take, too. */
static struct str
kept(struct filter_run *r, struct str s)
{
	return run_join(r, s, STR(""));
}

void
errors_keep(struct filter_run *r)
{
	struct message *m = &r->request;

	m->target = kept(r, m->target);
	m->authority = kept(r, m->authority);
	m->host = kept(r, m->host);
	for (int i = 0; i < m->nfields; i++) {
		m->field[i].name = kept(r, m->field[i].name);
		m->field[i].value = kept(r, m->field[i].value);
	}
}

enum filter_verdict
errors_request(struct filter_run *r, const struct filter_errors *f, uint8_t *note)
{
	(void)f, (void)note;
	r->catches = true;
	return FILTER_PASS;
}

/* ---- its page ---- */

/* As Go's url.QueryEscape. */
static struct str
escaped(struct filter_run *r, struct str s)
{
	char *text = run_room(r, s.len * 3 + 1);
	size_t n = 0;

	if (text == NULL)
		return STR("");
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.p[i];
		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')
		    || c == '-' || c == '_' || c == '.' || c == '~')
			text[n++] = (char)c;
		else if (c == ' ')
			text[n++] = '+';
		else
			n += (size_t)snprintf(text + n, 4, "%%%02X", c);
	}
	return (struct str){ text, n };
}

/* `name` in all places. */
static struct str
replaced(struct filter_run *r, struct str s, struct str name, struct str by)
{
	struct str out = STR("");
	const char *at;

	while (s.len > 0 && (at = memmem(s.p, s.len, name.p, name.len)) != NULL) {
		out = run_join(r, run_join(r, out, str_between(s.p, at)), by);
		s = str_between(at + name.len, s.p + s.len);
	}
	return run_join(r, out, s);
}

static struct str
page_target(struct filter_run *r, const struct filter_errors *f, int status)
{
	const struct message *m = &r->request;
	struct str query = f->query;

	if (r->page_url.len == 0)
		r->page_url = run_text(r, "%s://%.*s%.*s", r->facts.tls ? "https" : "http",
		    STR_ARG(m->authority), STR_ARG(m->target));
	if (query.len == 0)
		return STR("/");
	if (query.p[0] == '/')
		query = (struct str){ query.p + 1, query.len - 1 };
	query = run_join(r, STR("/"), query);
	query = replaced(r, query, STR("{status}"), run_text(r, "%d", r->page_status));
	query = replaced(r, query, STR("{originalStatus}"), run_text(r, "%d", status));
	return replaced(r, query, STR("{url}"), escaped(r, r->page_url));
}

/* What goes to the service of the page. */
static void
page_request(struct filter_run *r, const struct filter_errors *f, int status)
{
	struct message *m = &r->request;

	m->target = page_target(r, f, status);
	m->method = STR("GET");
	m->is_head = m->upgrade = m->expect_continue = false;
	m->idempotent = true;
	m->body = BODY_NONE;
	m->length = 0;
	m->length_text = (struct str){ NULL, 0 };
	fields_unframe(m);
	if (r->page_forwarded.len > 0)		/* Traefik's own part is not in it, either */
		fields_set(r, m, STR("X-Forwarded-For"), r->page_forwarded);
	else
		fields_remove(m, STR("X-Forwarded-For"));
}

static int
rewritten(const struct filter_errors *f, int status)
{
	uint64_t n;

	for (unsigned i = 0; i < f->rewrites.n; i++)
		if (filter_status_in(f->rewrites.item[i].name, status)
		    && str_to_u64(f->rewrites.item[i].value, &n))
			return (int)n;
	return status;
}

static bool
catches(const struct filter *f, int status)
{
	if (f->kind != FILTER_ERRORS)
		return false;
	for (unsigned i = 0; i < f->of.errors.status.n; i++)
		if (filter_status_in(f->of.errors.status.item[i], status))
			return true;
	return false;
}

bool
filter_run_catch(struct filter_run *r, int status, struct str *service)
{
	const struct filter *f;
	unsigned i = r->done;

	if (!r->catches || r->full)
		return false;
	if (r->page_status != 0)
		status = r->page_status;	/* of a page; the next one takes it for the status */
	do
		if (i-- == 0)
			return false;
	while (!catches(&r->chain->filter[i], status));
	f = &r->chain->filter[i];
	if (!r->finished)		/* a filter has responded, and the request went no further */
		run_finish(r);
	r->done = i;
	r->inside = false;
	r->status = 0;
	r->page_status = rewritten(&f->of.errors, status);
	page_request(r, &f->of.errors, status);
	*service = f->of.errors.service;
	return !r->full;
}

const struct message *
filter_run_page(const struct filter_run *r)
{
	ASSERT(r->page_status != 0);
	return &r->request;
}
