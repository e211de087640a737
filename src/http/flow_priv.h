/*
 * flow_priv: what moving bytes, reading them first, and encoding them on their way have in common.
 * Private to flow*.c.
 */
#ifndef HTTP_FLOW_PRIV_H
#define HTTP_FLOW_PRIV_H

#include "base/bug.h"
#include "http/flow.h"

/* Of the page; a flow that has none yet has only empty ones. */
static inline struct str
flow_slice(const struct flow *f, size_t from, size_t to)
{
	ASSERT(from <= to && to <= f->end);
	return f->page == NULL ? STR("") : (struct str){ f->page + from, to - from };
}

/* All that may go has gone: more of the body is read. */
enum io_result	 flow_refill(struct flow *, int64_t now_usec);
/* What came is looked at: how much of it may go. False: its framing is malformed, or it is
 * `large`. */
bool		 flow_check(struct flow *);
enum flow_result flow_wait(struct flow *, enum flow_wait side, int64_t now_usec);	/* FLOW_MORE */
enum flow_result flow_yield(struct flow *);						/* FLOW_YIELD */

/* flow_stage.c */
void		 flow_stage_free(struct flow_stage **);
h1_trailer_f	 flow_stage_trailer;		/* of a stage: goes on behind the body */
/* flow_run, of a body that is encoded. */
enum flow_result flow_stage_run(struct flow *, int64_t now_usec);

#endif
