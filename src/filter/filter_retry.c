/*
 * retry: how often a request may be tried, and when: what is tried again, and where, the proxy
 * knows. Of several the innermost counts.
 */
#include "base/bug.h"
#include "filter/filter_priv.h"

enum filter_verdict
retry_request(struct filter_run *r, const struct filter_retry *f, uint8_t *note)
{
	(void)note;
	ASSERT(f->attempts > 0 && f->interval >= 0);
	r->tries = (struct filter_tries){ (unsigned)f->attempts, f->interval };
	return FILTER_PASS;
}
