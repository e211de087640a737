/*
 * promql: the little that must be known of a query without asking it.
 */
#ifndef SIGNALS_PROMQL_H
#define SIGNALS_PROMQL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

/* The first range in brackets: 15 s of rate(x[15s]), 5 m of x[5m:30s]. False: there is none. */
bool	promql_range(struct str query, int64_t *usec);

#endif
