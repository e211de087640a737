/*
 * ipAllowList, and ipWhiteList as it was called: who the client is, and whether it may pass. What
 * is no address is nobody, who may not.
 */
#include "base/bug.h"
#include "filter/source.h"

static enum filter_verdict
may_pass(struct filter_run *r, const struct filter_nets *nets, const struct source_ip *s,
    int status)
{
	uint8_t ip[16];

	ASSERT(nets->n > 0);
	if (source_ip(r, s, ip) && filter_nets_have(nets, ip))
		return FILTER_PASS;
	run_answer(r, WHY_ADDRESS_NOT_ALLOWED, status);
	run_answer_body(r, str_of(status_reason(status)));
	return FILTER_RESPOND;
}

enum filter_verdict
ip_allow_list_request(struct filter_run *r, const struct filter_ip_allow_list *f, uint8_t *note)
{
	(void)note;
	return may_pass(r, &f->nets, &(struct source_ip){ &f->excluded, f->depth, f->subnet },
	    (int)f->status);
}

enum filter_verdict
ip_white_list_request(struct filter_run *r, const struct filter_ip_white_list *f, uint8_t *note)
{
	(void)note;
	return may_pass(r, &f->nets, &(struct source_ip){ &f->excluded, f->depth, f->subnet }, 403);
}
