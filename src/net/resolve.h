/*
 * resolve: the addresses of names, over c-ares on our loop. What it needs of files, which are
 * resolv.conf and hosts, it reads when it is made: a process may lose its rights afterwards. An
 * answer is kept for some seconds, so that many who want the same one have it at once.
 */
#ifndef NET_RESOLVE_H
#define NET_RESOLVE_H

#include "net/ip.h"
#include "net/loop.h"

#define RESOLVE_MOST	8		/* addresses of a name */

struct resolver;
struct resolve;

/* `n` is 0: there is no such name, or nobody knows. */
typedef void	resolve_done_f(void *arg, const struct ip *, unsigned n);

/* `servers`: "10.0.0.1:53,..."; NULL: those of resolv.conf. */
struct resolver	*resolver_new(struct loop *, const char *servers);
void		 resolver_free(struct resolver **);	/* cancels what is under way, without callbacks */
/* What is known of a name now, also that there is none; numbers are names of themselves. False:
 * resolve_start finds out. */
bool		 resolver_find(struct resolver *, struct str host, struct ip[RESOLVE_MOST], unsigned *n);
/* `done` is called exactly once, in a later turn, unless resolve_cancel comes first. NULL: it is
 * no name, or there are too many. */
struct resolve	*resolve_start(struct resolver *, struct str host, resolve_done_f *, void *arg);
void		 resolve_cancel(struct resolve *);
/* Nobody is at these addresses: it may have others by now. */
void		 resolver_forget(struct resolver *, struct str host);

#endif
