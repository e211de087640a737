/*
 * access_fact: the value that a fact of the access log has in a line. Pure.
 */
#ifndef PROXY_ACCESS_FACT_H
#define PROXY_ACCESS_FACT_H

#include "proxy/access.h"

/* WORD needs no quotes where a format has words without; TEXT is from elsewhere; BARE is a number
 * that is no whole one. */
struct access_value {
	enum { VALUE_NONE, VALUE_NUMBER, VALUE_BARE, VALUE_WORD, VALUE_TEXT } kind;
	uint64_t	 n;
	struct str	 text;
	size_t		 most;		/* bytes of a TEXT that are shown */
	char		 own[ADDR_TEXT_MAX + 16];	/* where the text was made for this value */
};

/* False: the line has no such fact, or nobody is to see it. */
bool	access_value_get(struct access_value *, enum access_fact, const struct access_conf *,
	    const struct access_line *);

#endif
