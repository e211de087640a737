/*
 * redirectRegex: the client is sent to what replacing makes of the URL that it asked for.
 */
#include "base/bug.h"
#include "filter/filter_priv.h"
#include "filter/url.h"

enum filter_verdict
redirect_regex_request(struct filter_run *r, const struct filter_redirect_regex *p, uint8_t *note)
{
	struct str from = run_text(r, "%s://%.*s", r->facts.tls ? "https" : "http",
	    STR_ARG(r->request.authority)), to, location;

	(void)note;
	ASSERT(p->regex.of != NULL && p->replacement.len > 0);
	from = run_join(r, from, run_target(r));
	if (r->full || !pattern_match(p->regex.of, from))
		return FILTER_PASS;
	to = run_replaced(r, &p->regex, from, p->replacement);
	if (r->full || str_eq(from, to))
		return FILTER_PASS;
	if (url_normal(r, to, &location)) {
		run_redirect(r, p->permanent, location);
		return FILTER_RESPOND;
	}
	run_answer(r, WHY_BAD_REPLACEMENT, 502);	/* as Traefik has it */
	run_answer_body(r, STR("Bad Gateway"));
	return FILTER_RESPOND;
}
