/*
 * get: one HTTP request, waited for. For tools that look at something now and then.
 */
#ifndef BENCH_GET_H
#define BENCH_GET_H

#include "base/buf.h"
#include "net/sock.h"

/* The body of a 200 response, appended. False: no such response within half a second per step. */
bool	get_text(const struct addr *, const char *method, const char *path, struct buf *body);

#endif
