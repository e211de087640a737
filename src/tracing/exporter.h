/*
 * exporter: sends spans to a collector, some at a time. What it cannot send is lost and counted:
 * nothing waits for it.
 */
#ifndef TRACING_EXPORTER_H
#define TRACING_EXPORTER_H

#include "conf/conf.h"
#include "net/fetch.h"
#include "world/live.h"

struct exporter;

struct exporter	*exporter_new(struct loop *, struct fetcher *, struct live *);
void		 exporter_free(struct exporter **);
/* Spans that wait go to the collector of the configuration now in force. */
void		 exporter_reconf(struct exporter *, const struct conf *);
/* Lines of proxy/span.h. */
void		 exporter_add(struct exporter *, struct str lines);

#endif
