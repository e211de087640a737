/*
 * engine_answers: an Engine of engine_fuzz.c, in place of engine/engine.c. It has nodes a, b and c, a service web with one task, and
 * itself does as it is told by a post, as Swarm would; or it responds what an input says.
 */
#ifndef FUZZ_ENGINE_ANSWERS_H
#define FUZZ_ENGINE_ANSWERS_H

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/bug.h"
#include "engine/engine.h"

#define CALLS		16
#define RULES		16
#define TEXT_MAX	(256 << 10)

struct engine_call {
	bool	 used, stream;
	char	 path[512];
	char	*body;			/* of a post; NULL: it is none */
	engine_done_f *done;
	fetch_data_f *on_data;
	void	*arg;
};

static struct {
	struct engine_call call[CALLS];
	struct { struct str path, body; long status; } rule[RULES];
	unsigned rules;			/* that an input has; the last one counts first */
	unsigned minor, lost;		/* its version; so many calls find nobody */
	unsigned index;			/* of the service's version */
	char	 on[8];			/* where its tasks are */
	char	*spec, *previous;	/* of the service, as text */
	const char *state;		/* of its update */
} engine;

#define NODE(id)	"{\"ID\":\"n" id "\",\"Spec\":{\"Role\":\"manager\",\"Availability\":\"active\"},\"Description\":{\"Hostname\":\"" id "\"," \
	"\"Resources\":{\"NanoCPUs\":2000000000,\"MemoryBytes\":1073741824}},\"Status\":{\"State\":\"ready\",\"Addr\":\"10.0.0.1\"}}"
#define SPEC		"{\"Name\":\"web\",\"Labels\":{\"mola.host\":\"web.test\",\"mola.port\":\"80\",\"mola.migrate\":\"true\"}," \
	"\"TaskTemplate\":{\"ContainerSpec\":{\"Image\":\"i\"},\"Placement\":{}},\"Mode\":{\"Replicated\":{\"Replicas\":1}}}"

static void
engine_begin(void)
{
	memset(&engine, 0, sizeof engine);
	engine.minor = 41;
	engine.index = 7;
	engine.on[0] = 'a';
	engine.spec = must_strdup(SPEC);
	engine.previous = must_strdup("null");
}

static void
engine_end(void)
{
	for (int i = 0; i < CALLS; i++)
		ASSERT(!engine.call[i].used);
	free(engine.spec);
	free(engine.previous);
}

/* ---- what it responds ---- */

static void
service_write(struct buf *b)
{
	buf_printf(b, "{\"ID\":\"s1\",\"Version\":{\"Index\":%u},\"CreatedAt\":\"2020-01-01T00:00:00Z\",\"UpdatedAt\":\"2020-01-01T00:00:00.5Z\","
	    "\"Spec\":%s,\"PreviousSpec\":%s", engine.index, engine.spec, engine.previous);
	if (engine.state != NULL)
		buf_printf(b, ",\"UpdateStatus\":{\"State\":\"%s\"}", engine.state);
	buf_adds(b, STR("}"));
}

static void
tasks_write(struct buf *b)
{
	for (unsigned i = 0; engine.on[i] != '\0'; i++)
		buf_printf(b, "%c{\"ID\":\"t%c%u\",\"ServiceID\":\"s1\",\"Slot\":%u,\"NodeID\":\"n%c\",\"DesiredState\":\"running\",\"Spec\":{},"
		    "\"Status\":{\"State\":\"running\"},\"NetworksAttachments\":[{\"Network\":{\"ID\":\"net1\",\"Spec\":{\"Name\":\"front\"}},"
		    "\"Addresses\":[\"10.0.%u.%u/24\"]}]}", i == 0 ? '[' : ',', engine.on[i], engine.index, i + 1, engine.on[i], 9 + i,
		    1 + engine.index % 200);
	buf_adds(b, STR("]"));
}

static void
answer_write(struct str path, struct buf *b)
{
	if (str_starts(path, STR("/nodes")))
		buf_adds(b, STR("[" NODE("a") "," NODE("b") "," NODE("c") "]"));
	else if (str_starts(path, STR("/networks")))
		buf_adds(b, STR("[{\"Name\":\"front\",\"Id\":\"net1\",\"Scope\":\"swarm\",\"Driver\":\"overlay\"}]"));
	else if (str_starts(path, STR("/tasks")))
		tasks_write(b);
	else if (str_starts(path, STR("/services/")))
		service_write(b);
	else if (str_starts(path, STR("/services"))) {
		buf_adds(b, STR("["));
		service_write(b);
		buf_adds(b, STR("]"));
	} else if (str_starts(path, STR("/configs")))
		buf_adds(b, STR("[]"));
	else
		buf_adds(b, STR("{}"));
}

/* What was posted is the specification from here on. */
static void
service_post(const struct engine_call *c)
{
	json_t *j = json_loads(c->body, JSON_DECODE_ANY, NULL);

	ASSERT(json_is_object(j) || strstr(c->path, "rollback") != NULL);
	free(engine.previous);
	engine.previous = engine.spec;
	engine.spec = json_is_object(j) ? must_strdup(c->body) : must_strdup(engine.previous);
	engine.state = "updating";
	engine.index++;
	json_decref(j);
}

static struct engine_response
refused(const struct why *why, long status, struct str body)
{
	return (struct engine_response){ .why = why, .detail = "no", .status = status, .minor = engine.minor, .body = body };
}

static struct engine_response
answer(const struct engine_call *c, struct buf *b)
{
	struct str path = str_of(c->path);

	if (engine.lost > 0 && engine.lost--)
		return refused(WHY_ENGINE_GONE, 0, STR(""));
	for (unsigned i = engine.rules; i-- > 0; )
		if (str_starts(path, engine.rule[i].path)) {
			if (engine.rule[i].status >= 200 && engine.rule[i].status < 300)
				return refused(NULL, engine.rule[i].status, engine.rule[i].body);
			return refused(engine.rule[i].status == 0 ? WHY_ENGINE_GONE : WHY_ENGINE_REFUSED, engine.rule[i].status, engine.rule[i].body);
		}
	if (c->body != NULL && str_starts(path, STR("/services/")))
		service_post(c);
	answer_write(path, b);
	ASSERT(!b->full);
	return refused(NULL, 200, buf_str(b));
}

/* One call is answered. False: there is none. */
static bool
engine_turn(void)
{
	struct engine_response a;
	struct engine_call was;
	struct buf b;
	int i = 0;

	while (i < CALLS && (!engine.call[i].used || engine.call[i].stream))
		i++;
	if (i == CALLS)
		return false;
	was = engine.call[i];
	engine.call[i].used = false;
	buf_init(&b, TEXT_MAX);
	a = answer(&was, &b);
	was.done(was.arg, &a);
	buf_fini(&b);
	free(was.body);
	return true;
}

/* Of the stream of events. */
static void
engine_say(struct str piece)
{
	for (int i = 0; i < CALLS; i++)
		if (engine.call[i].used && engine.call[i].stream && !engine.call[i].on_data(engine.call[i].arg, piece))
			engine.call[i].stream = false;		/* it ends in the next turn */
}

static void
engine_stream_ends(void)
{
	for (int i = 0; i < CALLS; i++)
		engine.call[i].stream = false;
}

/* ---- as engine.h has it ---- */

static struct engine_call *
engine_ask(const char *path, const struct str *body, engine_done_f *done, void *arg)
{
	for (int i = 0; i < CALLS; i++)
		if (!engine.call[i].used) {
			struct engine_call *c = &engine.call[i];
			*c = (struct engine_call){ .used = true, .body = body == NULL ? NULL : str_dup(*body), .done = done, .arg = arg };
			snprintf(c->path, sizeof c->path, "%s", path);
			return c;
		}
	BUG("too many calls");
}

struct engine *
engine_new(struct loop *l, struct fetcher *f, const struct engine_conf *c)
{
	(void)l;
	(void)f;
	ASSERT(c->nendpoints > 0);
	return must_zalloc(1);
}

void
engine_cancel(struct engine_call *c)
{
	ASSERT(c->used);
	free(c->body);
	c->used = false;
}

void
engine_free(struct engine **e)
{
	for (int i = 0; i < CALLS; i++)
		if (engine.call[i].used)
			engine_cancel(&engine.call[i]);
	free(*e);
	*e = NULL;
}

struct engine_call *
engine_get(struct engine *e, const char *path, engine_done_f *done, void *arg)
{
	(void)e;
	return engine_ask(path, NULL, done, arg);
}

struct engine_call *
engine_get_own(struct engine *e, const char *path, engine_done_f *done, void *arg)
{
	(void)e;
	return engine_ask(path, NULL, done, arg);
}

struct engine_call *
engine_post(struct engine *e, const char *path, unsigned minor, struct str json, engine_done_f *done, void *arg)
{
	(void)e;
	ASSERT(minor > 0);
	return engine_ask(path, &json, done, arg);
}

struct engine_call *
engine_write(struct engine *e, const char *method, const char *path, struct str json, int64_t timeout_usec, engine_done_f *done, void *arg)
{
	(void)e;
	ASSERT(timeout_usec > 0 && (strcmp(method, "POST") == 0 || strcmp(method, "DELETE") == 0));
	return engine_ask(path, &json, done, arg);
}

struct engine_call *
engine_stream(struct engine *e, const char *path, fetch_data_f *on_data, engine_done_f *done, void *arg)
{
	struct engine_call *c = engine_ask(path, NULL, done, arg);

	(void)e;
	c->stream = true;
	c->on_data = on_data;
	return c;
}

const char *
engine_endpoint(const struct engine *e)
{
	(void)e;
	return "unix:///nobody";
}

const char *
engine_version(const struct engine *e)
{
	(void)e;
	return "1.41";
}

bool
engine_is_untried(const struct engine *e)
{
	(void)e;
	return engine.minor > 60;
}

#endif
