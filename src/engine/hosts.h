/*
 * hosts: addresses of names of servers, for discovery, which asks and does not wait: a name that is
 * not known yet is looked up, and its owner is told when it is. Names that are wanted are looked up
 * again from time to time; one that nobody knows for a while keeps the address that it had.
 */
#ifndef ENGINE_HOSTS_H
#define ENGINE_HOSTS_H

#include "base/addr.h"
#include "net/loop.h"

struct hosts;

/* `changed`: hosts_find has other answers now. `servers`: as resolver_new has them. */
struct hosts	*hosts_new(struct loop *, const char *servers, void (*changed)(void *), void *arg);
void		 hosts_free(struct hosts **);
/* What is not asked for between these is forgotten. */
void		 hosts_begin(struct hosts *);
void		 hosts_end(struct hosts *);
bool		 hosts_find(struct hosts *, const char *host, unsigned port, struct addr *);
/* Whether all that is asked for has been looked up once. */
bool		 hosts_are_known(const struct hosts *);

#endif
