/*
 * proc_page: a look at a machine as Prometheus text, under node_exporter's names.
 */
#ifndef SIGNALS_PROC_PAGE_H
#define SIGNALS_PROC_PAGE_H

#include "base/buf.h"
#include "signals/proc.h"

/* Everything, with HELP and TYPE. */
void	proc_page(struct buf *, const struct proc_view *);
/* Only what signals/node.c makes a sample of, ended by "# EOF": one block of a stream. */
void	proc_block(struct buf *, const struct proc_view *);

#endif
