/*
 * run_answer: the response of a filter, in place of a task's: its status and reason first, then its
 * fields, last its body.
 */
#include "base/bug.h"
#include "filter/filter_priv.h"

void
run_answer(struct filter_run *r, const struct why *why, int status)
{
	ASSERT(r->status == 0 && status >= 200 && status <= 999);
	r->why = why;
	r->status = status;
}

enum filter_verdict
run_limited(struct filter_run *r, const struct why *why, struct str body)
{
	run_answer(r, why, 429);
	run_answer_body(r, body);
	return FILTER_RESPOND;
}

void
run_answer_field(struct filter_run *r, struct str name, struct str value)
{
	ASSERT(r->status != 0);
	if (!buf_printf(&r->fields, "%.*s: %.*s\r\n", STR_ARG(name), STR_ARG(value)))
		r->full = true;
}

void
run_answer_body(struct filter_run *r, struct str body)
{
	ASSERT(r->status != 0);
	r->body = body;
}

void
run_redirect(struct filter_run *r, bool permanent, struct str location)
{
	bool get = str_eq(r->request.method, STR("GET"));
	int status = permanent ? (get ? 301 : 308) : get ? 302 : 307;

	run_answer(r, WHY_MIDDLEWARE_REDIRECT, status);
	run_answer_field(r, STR("Location"), location);
	run_answer_body(r, str_of(status_reason(status)));
}

void
run_failed(struct filter_run *r, const struct why *why, struct str text)
{
	run_answer(r, why, why->status);
	run_answer_field(r, STR("Content-Type"), STR("text/plain; charset=utf-8"));
	run_answer_field(r, STR("X-Content-Type-Options"), STR("nosniff"));
	run_answer_body(r, run_join(r, text, STR("\n")));
}

void
run_keep_body(struct filter_run *r, struct buf *b)
{
	ASSERT(r->body_kept.p == NULL);
	r->body_kept = *b;
	buf_init(b, b->max);
	run_answer_body(r, buf_str(&r->body_kept));
}

struct str
filter_run_answer(struct filter_run *r, bool without_body, struct str *body)
{
	*body = (struct str){ "", 0 };
	if (r->status == 0 || r->full)
		return (struct str){ "", 0 };
	if (r->status == 204 || r->status == 304)
		return run_text(r, "HTTP/1.1 %d %s\r\n%.*sMola-Why: %s\r\n\r\n", r->status,
		    status_reason(r->status), STR_ARG(buf_str(&r->fields)), r->why->name);
	if (!without_body)
		*body = r->body;
	return run_text(r, "HTTP/1.1 %d %s\r\n%.*sContent-Length: %zu\r\nMola-Why: %s\r\n\r\n",
	    r->status, status_reason(r->status), STR_ARG(buf_str(&r->fields)), r->body.len,
	    r->why->name);
}
