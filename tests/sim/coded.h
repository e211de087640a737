/*
 * coded: a body that a middleware has encoded, decoded by the libraries' other halves: of what it decodes to, each byte has its place.
 */
#ifndef SIM_CODED_H
#define SIM_CODED_H

#include "message.h"

struct coded;

/* NULL: it names no coding. Of an exchange's response. */
struct coded	*coded_new(const char *coding, uint32_t exchange);
void		 coded_add(struct coded *, const char *bytes, size_t n);
/* Bytes that it comes to so far; `whole`: all are there, and so is the end. */
uint64_t	 coded_bytes(struct coded *, bool whole);
uint64_t	 coded_sent(const struct coded *);	/* bytes as they came */
const char	*coding_name(enum coding);

#endif
