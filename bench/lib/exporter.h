/*
 * exporter: what node_exporter would say on a machine with these emulated cores and memory.
 */
#ifndef BENCH_EXPORTER_H
#define BENCH_EXPORTER_H

#include "base/buf.h"
#include "ram.h"
#include "sharing/cores.h"

/* They must have been advanced to now. `booted_usec` is when they were made. */
void	exporter_text(struct buf *, const struct cores *, const struct ram *, int64_t booted_usec, const char *nodename);

#endif
