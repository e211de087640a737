/*
 * heads: what must be left of a head on the other side of Mola. By the standards and Mola's documents: nothing here is the product's.
 */
#ifndef SIM_HEADS_H
#define SIM_HEADS_H

#include "ledger.h"

/* A head as text of HTTP/1; it is copied. */
const char	*heads_keep(const char *text, size_t len);

/* One of HTTP/2 as if it were of HTTP/1, made of its fields one by one. It begins zeroed. */
struct head_text {
	char		 line[80], host[80], fields[12000];
	size_t		 len;
};
void		 head_text_add(struct head_text *, const char *name, const char *value);
const char	*head_text_keep(const struct head_text *);

/* The exchange's request has come to a task of HTTP/1, or of HTTP/2, with this head. */
void		 heads_check_request(const struct entry *, const char *got, unsigned task, bool h2);
/* And its response to its client, which is a task's own. */
void		 heads_check_response(const struct entry *, const char *got, bool h2);

#endif
