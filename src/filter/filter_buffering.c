/*
 * buffering: how large bodies may be. What is said of a body's length counts at once; what is not
 * is counted on the way (doc/why/0030-bodies-on-their-way.md). Nothing is collected.
 */
#include "base/bug.h"
#include "filter/filter_priv.h"

/* The least of several bounds, of which 0 is none. */
static bool
least(uint64_t *most, int64_t one)
{
	if (one == 0 || (*most != 0 && *most <= (uint64_t)one))
		return false;
	*most = (uint64_t)one;
	return true;
}

static void
body_too_large(struct filter_run *r)
{
	run_answer(r, WHY_BODY_TOO_LARGE, 413);
	run_answer_body(r, STR("Request Entity Too Large"));
}

/* The filters behind the one that bounds it have not seen the response. */
void
filter_run_too_large(struct filter_run *r, bool response)
{
	r->done = response ? r->bounds_response : r->bounds_request;
	ASSERT(r->chain->filter[r->done].kind == FILTER_BUFFERING);
	if (!response) {
		body_too_large(r);
		return;
	}
	run_answer(r, WHY_RESPONSE_TOO_LARGE, 500);
	run_answer_body(r, STR("Internal Server Error"));
}

enum filter_verdict
buffering_request(struct filter_run *r, const struct filter_buffering *f, uint8_t *note)
{
	const struct message *m = &r->request;

	(void)note;
	if (f->request > 0 && m->body == BODY_LENGTH && m->length > (uint64_t)f->request) {
		body_too_large(r);
		return FILTER_RESPOND;
	}
	if (least(&r->bodies.request_most, f->request))
		r->bounds_request = r->done;
	return FILTER_PASS;
}

void
buffering_response(struct filter_run *r, const struct filter_buffering *f, uint8_t note)
{
	(void)note;
	if (least(&r->bodies.response_most, f->response))
		for (r->bounds_response = 0; &r->chain->filter[r->bounds_response].of.buffering != f;)
			r->bounds_response++;
}
