/*
 * stream: what the API shows, as server-sent events: each topic's JSON once a second, or when it
 * has changed. A text is made once for all who watch, on a large fleet less often, and not at all
 * when nobody does (doc/api.md, doc/why/0036-watching-is-cheap.md).
 */
#ifndef ADMIN_STREAM_H
#define ADMIN_STREAM_H

#include "admin/pages.h"

struct streams;		/* all that are open */

#define STREAM_WATCHERS_MAX	32
#define STREAM_BRAIN_MAX	24	/* bytes of a brain's ID, with its NUL */

/* `pages` may be freed first. */
struct streams	*streams_new(struct loop *, struct pages *, pages_view_f *, const void *arg);
void		 streams_free(struct streams **);
/* Responds, with a stream or an error. */
void		 streams_open(struct streams *, struct request *);
/* Ends all: clients come back, and are checked again. */
void		 streams_end(struct streams *);
/* Some times a second. */
void		 streams_tick(struct streams *, int64_t now_usec);
unsigned	 streams_watchers(const struct streams *);
const char	*streams_brain(const struct streams *);		/* this brain's ID */

/* For tests and fuzzing: what clients send. `topics` is a set of bits; false: `unknown` is what is
 * no topic. */
bool		 stream_topics(struct str list, unsigned *topics, struct str *unknown);
/* The event after which a client wants the next ones, by its Last-Event-ID: 0 if that is another
 * brain's, or none. */
uint64_t	 stream_last_event(struct str field, const char *brain);
/* Of two texts of a topic without its ages the hashes are equal. */
uint64_t	 stream_hash(struct str json);

#endif
