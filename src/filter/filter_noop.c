/*
 * noop: the end of a router of noop@internal, whose other middlewares do all that it is for: what
 * passes them gets Traefik's response.
 */
#include "filter/filter_priv.h"

enum filter_verdict
noop_request(struct filter_run *r, const struct filter_noop *n, uint8_t *note)
{
	(void)n;
	(void)note;
	run_answer(r, WHY_NOOP, 418);
	return FILTER_RESPOND;
}
