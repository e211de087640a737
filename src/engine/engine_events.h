/*
 * engine_events: an Engine's events, as they happen. Some are lost and some are old, so that
 * they are not data: they are a reason to poll.
 */
#ifndef ENGINE_ENGINE_EVENTS_H
#define ENGINE_ENGINE_EVENTS_H

#include "engine/engine.h"

struct engine_events;

enum engine_event {
	ENGINE_EVENT_SWARM,		/* of a node or a service */
	ENGINE_EVENT_NETWORK,
	ENGINE_EVENT_CONTAINER		/* of one on that Engine's machine, or unknown */
};
typedef void	engine_event_f(void *arg, enum engine_event);
/* the stream has ended; not called by engine_events_stop */
typedef void	engine_events_ended_f(void *arg);

struct engine_events *engine_events_new(struct loop *, engine_event_f *, engine_events_ended_f *,
	    void *arg);
void		 engine_events_free(struct engine_events **);
/* Whose events; NULL: nobody's, before the engine is freed. No stream is open then. */
void		 engine_events_use(struct engine_events *, struct engine *);
/* For one that reads configs itself: one of them has changed, or may have while no stream was
 * open; they are no part of what the others poll. NULL: no more. */
void		 engine_events_on_configs(struct engine_events *, void (*fn)(void *), void *arg);
/* Opens the stream, unless it is open or was opened within the last second. */
void		 engine_events_open(struct engine_events *);
void		 engine_events_stop(struct engine_events *);	/* the next open is not delayed */
bool		 engine_events_is_open(const struct engine_events *);	/* the stream is open, or about to be */

#endif
