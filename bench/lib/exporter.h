/*
 * exporter: what node_exporter would say on a machine with this virtual CPU and memory.
 */
#ifndef BENCH_EXPORTER_H
#define BENCH_EXPORTER_H

#include "base/buf.h"
#include "ram.h"
#include "vcpu.h"

/* The vcpu must have been advanced to now. `booted_usec` is when it was made. */
void	exporter_text(struct buf *, const struct vcpu *, const struct ram *, int64_t booted_usec, const char *nodename);

#endif
