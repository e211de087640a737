/*
 * outcall: requests of filters to servers that are no tasks (filter/filter_fetch.h): over libcurl
 * on the worker's loop, names by c-ares. Connections are reused.
 */
#ifndef PROXY_OUTCALL_H
#define PROXY_OUTCALL_H

#include "filter/filter_fetch.h"
#include "net/loop.h"
#include "net/resolve.h"
#include "world/secrets.h"

struct outcalls;

/* The resolver stays the caller's; NULL: servers are numbers only. */
struct outcalls	*outcalls_new(struct loop *, struct resolver *);
void		 outcalls_free(struct outcalls **);	/* cancels what is under way */
/* With whose CAs servers over TLS are verified. Takes a reference. */
void		 outcalls_set_secrets(struct outcalls *, struct secrets *);
struct filter_fetch_ops outcalls_ops(struct outcalls *);

#endif
