/* engine_events: one long response, a JSON text for each event. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/bug.h"
#include "base/clock.h"
#include "base/log.h"
#include "engine/engine_events.h"

#define OPEN_USEC	(1 * USEC_PER_SEC)	/* between two tries */
#define EVENT_MAX	(256u << 10)

/* {"type":["node","service","network","config","container"],"event":[…]}: without the noise of
 * health checks' processes. */
static const char path[] = "/events?filters="
    "%7B%22type%22%3A%5B%22node%22%2C%22service%22%2C%22network%22%2C%22config%22%2C"
    "%22container%22%5D%2C"
    "%22event%22%3A%5B%22create%22%2C%22update%22%2C%22remove%22%2C%22start%22%2C%22kill%22%2C"
    "%22die%22%2C%22health_status%22%5D%7D";

struct engine_events {
	struct loop	*loop;
	struct engine	*engine;	/* NULL: none */
	engine_event_f	*event;
	engine_events_ended_f	*ended;
	void		*arg;
	void		(*configs)(void *);	/* NULL: nobody wants to know */
	void		*configs_arg;
	struct engine_call *stream;	/* NULL: none is open */
	int64_t		 begun_usec;	/* the last one was opened; 0: never */
	struct buf	 line;
};

static enum engine_event
event_type(const char *type)
{
	if (type != NULL && strcmp(type, "network") == 0)
		return ENGINE_EVENT_NETWORK;
	return type != NULL && strcmp(type, "container") == 0 ? ENGINE_EVENT_CONTAINER :
	    ENGINE_EVENT_SWARM;
}

static void
configs_changed(struct engine_events *e)
{
	if (e->configs != NULL)
		e->configs(e->configs_arg);
}

static void
read_line(struct engine_events *e, struct str line)
{
	json_t *j;
	const char *type;

	if (line.len > 0 && *line.p == 0x1e)	/* JSON sequences begin so */
		line.p++, line.len--;
	if (line.len == 0)
		return;
	j = json_loadb(line.p, line.len, 0, NULL);
	type = json_string_value(json_object_get(j, "Type"));
	log_event(LOG_DEBUG, "swarm.event", "type", type == NULL ? "?" : type, NULL);
	if (type != NULL && strcmp(type, "config") == 0)
		configs_changed(e);
	else
		e->event(e->arg, event_type(type));
	json_decref(j);
}

static bool
read_data(void *arg, struct str piece)
{
	struct engine_events *e = arg;
	struct str rest, line;
	const char *end;

	if (piece.len == 0)
		return true;
	if (!buf_adds(&e->line, piece)) {	/* longer than any event */
		buf_clear(&e->line);
		e->event(e->arg, ENGINE_EVENT_CONTAINER);
		return true;
	}
	rest = buf_str(&e->line);
	while ((end = memchr(rest.p, '\n', rest.len)) != NULL) {
		line = (struct str){ rest.p, (size_t)(end - rest.p) };
		rest = (struct str){ end + 1, rest.len - line.len - 1 };
		read_line(e, line);
	}
	ASSERT(rest.len <= e->line.len);
	buf_eat(&e->line, e->line.len - rest.len);
	return true;
}

static void
stream_ended(void *arg, const struct engine_response *a)
{
	struct engine_events *e = arg;

	ASSERT(e->stream != NULL && e->begun_usec > 0);		/* it ends once, and not after a stop */
	e->stream = NULL;
	log_event(LOG_DEBUG, "swarm.deaf", "why", why_name(a->why), "detail", a->detail, NULL);
	configs_changed(e);
	e->ended(e->arg);
}

/* What happened while no stream was open is not reported by the next one. */
void
engine_events_open(struct engine_events *e)
{
	int64_t now = loop_now(e->loop);

	ASSERT(e->begun_usec <= now && e->engine != NULL);
	if (e->stream != NULL)
		return;
	if (e->begun_usec == 0 || now - e->begun_usec >= OPEN_USEC) {
		e->begun_usec = now;
		buf_clear(&e->line);
		e->stream = engine_stream(e->engine, path, read_data, stream_ended, e);
	}
	configs_changed(e);
}

void
engine_events_stop(struct engine_events *e)
{
	if (e->stream != NULL)
		engine_cancel(e->stream);
	e->stream = NULL;
	e->begun_usec = 0;
}

bool
engine_events_is_open(const struct engine_events *e)
{
	return e->stream != NULL;
}

struct engine_events *
engine_events_new(struct loop *l, engine_event_f *event, engine_events_ended_f *ended, void *arg)
{
	struct engine_events *e = must_zalloc(sizeof *e);

	*e = (struct engine_events){ .loop = l, .event = event, .ended = ended, .arg = arg };
	buf_init(&e->line, EVENT_MAX);
	return e;
}

void
engine_events_use(struct engine_events *e, struct engine *engine)
{
	engine_events_stop(e);
	e->engine = engine;
}

void
engine_events_on_configs(struct engine_events *e, void (*fn)(void *), void *arg)
{
	e->configs = fn;
	e->configs_arg = arg;
}

void
engine_events_free(struct engine_events **ep)
{
	struct engine_events *e = *ep;

	engine_events_stop(e);
	buf_fini(&e->line);
	free(e);
	*ep = NULL;
}
