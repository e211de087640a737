/*
 * events: a ring. The event with id n is at n modulo EVENTS_KEPT.
 */
#include <stdlib.h>

#include "admin/events.h"
#include "base/alloc.h"
#include "base/bug.h"
#include "base/clock.h"

struct events {
	uint64_t	 last;
	uint64_t	 count[LOG_ERROR + 1];	/* by level */
	struct event	 ring[EVENTS_KEPT];
};

static void
event_fini(struct event *e)
{
	free(e->name);
	free(e->text);
	*e = (struct event){ 0 };
}

static void
on_line(void *arg, enum log_level level, const char *name, const char *pairs)
{
	struct events *es = arg;
	struct event *e = &es->ring[++es->last % EVENTS_KEPT];

	ASSERT(level <= LOG_ERROR && (e->id == 0 || e->id + EVENTS_KEPT == es->last));
	es->count[level]++;
	event_fini(e);
	*e = (struct event){ es->last, clock_wall_usec(), level, must_strdup(name), must_strdup(pairs) };
}

struct events *
events_new(void)
{
	struct events *es = must_zalloc(sizeof *es);

	log_tap(on_line, es);
	return es;
}

void
events_free(struct events **esp)
{
	log_tap(NULL, NULL);
	for (unsigned i = 0; i < EVENTS_KEPT; i++)
		event_fini(&(*esp)->ring[i]);
	free(*esp);
	*esp = NULL;
}

uint64_t
events_last(const struct events *es)
{
	return es->last;
}

uint64_t
events_count(const struct events *es, enum log_level level)
{
	return es->count[level];
}

const struct event *
events_after(const struct events *es, uint64_t id)
{
	uint64_t first = es->last > EVENTS_KEPT ? es->last - EVENTS_KEPT + 1 : 1;
	uint64_t next = id >= es->last ? es->last + 1 : id + 1 < first ? first : id + 1;

	if (next > es->last)
		return NULL;
	ASSERT(es->ring[next % EVENTS_KEPT].id == next);
	return &es->ring[next % EVENTS_KEPT];
}
