/*
 * access_line: how a line of the access log looks, and which lines are wanted. Pure.
 */
#ifndef PROXY_ACCESS_LINE_H
#define PROXY_ACCESS_LINE_H

#include "base/buf.h"
#include "proxy/access.h"

/* No line is longer, with its end: a pipe takes one whole or not at all. */
#define ACCESS_LINE_MAX 4096

bool	access_wants(const struct access_conf *, const struct access_line *);
/* `lost`: lines that were dropped before it. */
void	access_line_write(struct buf *, const struct access_conf *, const struct access_line *,
	    uint64_t lost);

#endif
