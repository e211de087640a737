/* The Engine's stream of events, in the pieces in which it may come. Anything may stand in it; what it is about is looked up anyway. */
#include "engine/engine_events.c"
#include "talk.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static unsigned events;

static void
on_event(void *arg, enum engine_event what)
{
	(void)arg;
	ASSERT(what == ENGINE_EVENT_SWARM || what == ENGINE_EVENT_NETWORK || what == ENGINE_EVENT_CONTAINER);
	events++;
}

static void
on_configs(void *arg)
{
	(void)arg;
	events++;
}

static void
on_deaf(void *arg)
{
	(void)arg;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static struct loop *l;
	struct str all = { (const char *)bytes, len };
	struct engine_events *e;
	unsigned once;

	if (l == NULL)
		l = loop_new();
	e = engine_events_new(l, on_event, on_deaf, NULL);
	engine_events_on_configs(e, on_configs, NULL);
	events = 0;
	read_data(e, all);
	once = events;
	ASSERT(memchr(e->line.p == NULL ? "" : e->line.p, '\n', e->line.len) == NULL);
	engine_events_free(&e);

	e = engine_events_new(l, on_event, on_deaf, NULL);	/* and byte by byte */
	engine_events_on_configs(e, on_configs, NULL);
	events = 0;
	for (size_t i = 0; i < len; i++)
		read_data(e, (struct str){ all.p + i, 1 });
	ASSERT(events == once || len > EVENT_MAX);
	engine_events_free(&e);
	return 0;
}
