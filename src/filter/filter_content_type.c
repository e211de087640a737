/*
 * contentType: a response whose body has no media type gets the one that its first bytes look like,
 * if its length is known. That is done behind all other filters, as the server in Traefik does it.
 */
#include "base/bug.h"
#include "filter/filter_priv.h"
#include "http/sniff.h"

/* In Traefik these give what is behind them a response of their own, whose type nobody guesses. */
static bool
is_behind_others(const struct filter_run *r)
{
	for (unsigned i = 0; i < r->done; i++) {
		enum filter_kind kind = r->chain->filter[i].kind;
		if (kind == FILTER_RETRY || kind == FILTER_BUFFERING || kind == FILTER_ERRORS)
			return true;
	}
	return false;
}

enum filter_verdict
content_type_request(struct filter_run *r, const struct filter_content_type *c, uint8_t *note)
{
	(void)note;
	r->guesses |= c->guesses && !is_behind_others(r);
	return FILTER_PASS;
}

/* One that is coded has a type that its bytes do not show. */
static bool
lacks_type(const struct message *m)
{
	return fields_get(m, STR("Content-Type")).p == NULL
	    && fields_get(m, STR("Content-Encoding")).len == 0;
}

bool
filter_run_wants_start(const struct filter_run *r, const struct message *m, size_t *most)
{
	*most = SNIFF_BYTES;
	return r->guesses && !r->request.is_head && lacks_type(m);
}

void
filter_run_start(struct filter_run *r, struct str start)
{
	if (start.len > SNIFF_BYTES)
		start.len = SNIFF_BYTES;
	r->start = run_join(r, start, (struct str){ NULL, 0 });
}

void
content_type_guess(struct filter_run *r)
{
	struct str start = r->status != 0 ? r->body : r->start;		/* a filter's own, also of HEAD */

	if (r->guesses && start.len > 0 && lacks_type(&r->response))
		fields_set(r, &r->response, STR("Content-Type"), str_of(sniff_type(start)));
	r->start = (struct str){ NULL, 0 };
}
