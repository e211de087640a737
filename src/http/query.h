/*
 * query: the part of a target after '?', as forms write it.
 */
#ifndef HTTP_QUERY_H
#define HTTP_QUERY_H

#include "base/buf.h"
#include "base/str.h"

/*
 * The first value of `name`, decoded and NUL-terminated. False when it is absent, malformed,
 * holds a NUL byte or does not fit.
 */
bool	query_get(struct str query, const char *name, char *out, size_t cap);

/* As Go's url.QueryEscape: a blank becomes a plus, each byte that is not a letter, a digit or one
 * of -._~ becomes %XX. False: the buffer is full. */
bool	query_escape(struct buf *, struct str);

#endif
