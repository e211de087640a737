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

/* access_fields.c: keeps the fields of a message that are wanted of this side; those that were kept
 * before are forgotten. The head is lines of HTTP/1, behind the first one. */
void	access_keep_message(const struct access_conf *, struct access_request *, enum access_side,
	    const struct message *);
void	access_keep_head(const struct access_conf *, struct access_request *, enum access_side,
	    struct str head);
/* Of c->field[at]. False: the message had none. */
bool	access_kept_get(struct access_value *, const struct access_conf *,
	    const struct access_request *, unsigned at);
void	access_kept_free(struct access_request *);

#endif
