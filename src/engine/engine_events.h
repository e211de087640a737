/*
 * engine_events: an Engine's events, as they happen. They are not believed, for some are lost and some are old; they
 * are a reason to look.
 */
#ifndef ENGINE_ENGINE_EVENTS_H
#define ENGINE_ENGINE_EVENTS_H

#include "engine/engine.h"

struct engine_events;

enum engine_event {
	ENGINE_EVENT_SWARM,		/* of a node or a service */
	ENGINE_EVENT_NETWORK,
	ENGINE_EVENT_CONTAINER		/* of one on that Engine's machine, or of nobody knows what */
};
typedef void	engine_event_f(void *arg, enum engine_event);
typedef void	engine_events_ended_f(void *arg);	/* the stream has ended; not called by engine_events_stop */

struct engine_events *engine_events_new(struct loop *, struct engine *, engine_event_f *, engine_events_ended_f *, void *arg);
void		 engine_events_free(struct engine_events **);	/* before the engine is */
/* Listens, unless it does already or has begun within the last second. */
void		 engine_events_open(struct engine_events *);
void		 engine_events_stop(struct engine_events *);	/* the next want is granted at once */
bool		 engine_events_is_open(const struct engine_events *);	/* the stream is open, or about to be */

#endif
