/*
 * health_read: what a task responds to a health check: bytes in, a verdict out. No I/O.
 */
#ifndef PROXY_HEALTH_READ_H
#define PROXY_HEALTH_READ_H

#include "http/h1_read.h"

/*
 * The head of the final response in the first *len bytes of `text`; interim ones are taken out of
 * it. DONE: *used is the head's length.
 */
enum parse	check_read_head(struct message *, char *text, size_t *len, size_t *used);

/*
 * What follows the head is the response to a call of grpc.health.v1.Health/Check. DONE: it is
 * whole, and *serving tells what it says. `text` is what there is of it.
 */
enum parse	check_read_grpc(const struct message *head, const char *text, size_t len, bool *serving);

/* Where a redirect leads. */
enum redirect {
	REDIRECT_HERE,		/* to a path of the same server */
	REDIRECT_ELSEWHERE,
	REDIRECT_BAD		/* it is no URL */
};
struct redirect_from {
	bool		 secure;	/* https */
	struct str	 address;	/* of the task, with its port */
	struct str	 host;		/* as which it was spoken to: the same, or a name */
	struct str	 target;	/* what was requested */
};
/* HERE: *target is the path with its query, to be freed. */
enum redirect	check_read_redirect(const struct redirect_from *, struct str location, char **target);

#endif
