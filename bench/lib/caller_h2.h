/*
 * caller_h2: the part of a caller that speaks HTTP/2: connections with up to CALLER_STREAMS_MAX
 * requests at a time, another one when those that there are have as many.
 */
#ifndef BENCH_CALLER_H2_H
#define BENCH_CALLER_H2_H

#include "caller.h"

#define CALLER_STREAMS_MAX	16

struct h2_caller;

struct h2_caller *h2_caller_new(struct loop *, const struct caller_conf *);
void		 h2_caller_free(struct h2_caller **);	/* calls under way end without `done` */
void		 h2_caller_ask(struct h2_caller *, struct call *);
unsigned	 h2_caller_connections(const struct h2_caller *);
uint64_t	 h2_caller_bytes(const struct h2_caller *);
uint64_t	 h2_caller_waited(const struct h2_caller *);

#endif
