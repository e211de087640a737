/*
 * filter_run: a request on its way through the filters of its route, and its response on the way
 * back. The request is what the client sent with the proxy's own edits; filters see what earlier
 * ones made of it. Response filters run in the opposite order, over those that the request has
 * passed, and on responses of our own, too.
 */
#ifndef FILTER_FILTER_RUN_H
#define FILTER_FILTER_RUN_H

#include "base/why.h"
#include "http/message.h"
#include "world/filter.h"

struct filter_run;

struct filter_facts {			/* of the client; lives as long as the run */
	const uint8_t	*ip;		/* 16 bytes: the other end of the connection; v4 as v4-mapped */
	struct str	 peer;		/* the same as text: the last of X-Forwarded-For */
	bool		 tls;
};

/* The chain must live as long as the run, and so must what the head was read from. */
struct filter_run	*filter_run_new(const struct filter_chain *, const struct filter_facts *);
void			 filter_run_free(struct filter_run **);

/*
 * NULL: the request passes, and filter_run_message is what goes to the task, without any more
 * edits. Else a filter has responded, and why; or WHY_NO_MEMORY, and none has.
 */
const struct why	*filter_run_request(struct filter_run *, const struct message *,
			    const struct edits *);
const struct message	*filter_run_message(const struct filter_run *);
/* The whole response of a filter, to be edited by filter_run_response; empty: none has responded.
 * It has its fields, and a body unless `without_body`. */
struct str		 filter_run_answer(struct filter_run *, bool without_body);
/* A response with its edits, as the filters leave it: written without any more edits. NULL: it has
 * become too large. */
const struct message	*filter_run_response(struct filter_run *, const struct message *,
			    const struct edits *);

#endif
