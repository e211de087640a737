/*
 * pending: replies to writes that wait until all workers have the table with the change, so that
 * whoever gets the reply can rely on it. A worker that hangs holds no reply for ever: after some
 * seconds the reply says that the change is pending.
 */
#ifndef ADMIN_PENDING_H
#define ADMIN_PENDING_H

#include <jansson.h>

#include "http/server.h"
#include "world/live.h"

struct pending;

struct pending	*pending_new(struct loop *, const struct live *);
/* Replies to what still waits with an error. */
void		 pending_free(struct pending **);
/*
 * Replies, now or later, with `state`, an object that is taken over, and adds its field "pending":
 * false, with 200, once all workers have table `serial` or a later one; true, with 202, when that
 * takes too long, or when too many wait already.
 */
void		 pending_reply(struct pending *, struct request *, uint64_t serial, json_t *state);

#endif
