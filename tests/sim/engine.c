/*
 * Its lists are written when they are requested: what is so then is in them, or what was so when it began to lag.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "engine.h"
#include "fetch.h"
#include "ledger.h"
#include "memory.h"
#include "moved.h"
#include "world/table.h"

#define STREAMS	16
#define LIST_BYTES	(64 << 10)

static struct {
	const struct plan *plan;
	struct addr	(*at)[TASKS];
	struct host	 host;
	struct server	 server;
	struct fetch	*stream[STREAMS];
	unsigned	 streams;
	int64_t		 began, changed, bad;	/* bad: something was wrong at this time */
	uint64_t	 version;
} e;

/* ---- what is so ---- */

/* As of a time since the beginning. */
static bool
is_between(int64_t t, int64_t from, int64_t until)
{
	return from > 0 && t >= from && t < until;
}

static const struct trouble *
trouble_now(void)
{
	for (unsigned i = 0; i < TROUBLES; i++) {
		const struct trouble *t = &e.plan->brain.engine[i];
		if (is_between(wire_now() - e.began, t->from_usec, t->until_usec))
			return t;
	}
	return NULL;
}

/* The time whose state is told: it may lag. */
static int64_t
told_usec(void)
{
	const struct trouble *t = trouble_now();

	return t != NULL && t->what == ENGINE_LAGS ? t->from_usec : wire_now() - e.began;
}

static bool
node_is(unsigned node, enum node_trouble what, int64_t t)
{
	const struct plan_brain *b = &e.plan->brain;

	return b->node[node].what == what && is_between(t, b->node[node].leaves_usec, b->node[node].back_usec);
}

/* How often it has been made again. */
static unsigned
life_of(const struct plan_task *p, int64_t t)
{
	return p->back_usec > 0 && t >= p->back_usec;
}

static enum engine_task
task_at(unsigned service, unsigned task, int64_t t)
{
	const struct plan_task *p = &e.plan->service[service].task[task];

	if (task >= e.plan->service[service].ntasks || node_is(p->node, NODE_LEFT, t))
		return ENGINE_NONE;
	if (is_between(t, p->gone_usec, p->back_usec))
		return ENGINE_NONE;
	return is_between(t, p->drains_usec, p->gone_usec) ? ENGINE_STOPS : ENGINE_RUNS;
}

enum engine_task
engine_says(unsigned service, unsigned task)
{
	return task_at(service, task, told_usec());
}

int64_t
engine_good_usec(void)
{
	if (trouble_now() != NULL)
		e.bad = wire_now();
	return e.bad;
}

int64_t
engine_changed_usec(void)
{
	return e.changed;
}

/* ---- lists ---- */

static struct buf_text {
	char	*p;
	size_t	 len;
} out;

static void __attribute__((format(printf, 1, 2)))
say(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	out.len += (size_t)vsnprintf(out.p + out.len, LIST_BYTES - out.len, fmt, args);
	va_end(args);
	ASSERT(out.len < LIST_BYTES);
}

static void
say_nodes(int64_t t)
{
	const char *between = "";

	for (unsigned i = 0; i < NODES; i++) {
		if (node_is(i, NODE_LEFT, t))
			continue;
		say("%s{\"ID\":\"node%u\",\"Version\":{\"Index\":%llu},\"Spec\":{\"Role\":\"worker\",\"Availability\":\"%s\"},"
		    "\"Description\":{\"Hostname\":\"host%u\",\"Resources\":{\"NanoCPUs\":2000000000,\"MemoryBytes\":1000000000}},"
		    "\"Status\":{\"State\":\"%s\",\"Addr\":\"10.0.2.%u\"}}", between, i, (unsigned long long)e.version,
		    node_is(i, NODE_EMPTIED, t) ? "drain" : "active", i, node_is(i, NODE_LOST, t) ? "down" : "ready", i + 1);
		between = ",";
	}
}

static void
say_service(unsigned i)
{
	static const char *const policies[] = {
#define POLICY(id, name, text) name,
#include "tbl/policies.h"
#undef POLICY
	};
	const struct plan_service *s = &e.plan->service[i];
	const struct plan_retry *r = &s->retry;

	say("{\"ID\":\"service%u\",\"Version\":{\"Index\":%llu},\"CreatedAt\":\"2023-11-14T22:13:2%u.5Z\",\"Spec\":{\"Name\":\"s%u\","
	    "\"Labels\":{\"mola.host\":\"s%u\",\"mola.port\":\"%u\",\"mola.policy\":\"%s\",\"mola.pass_host\":\"%s\","
	    "\"mola.overload\":\"%s\",\"mola.eject.failures\":\"%u\",\"mola.max_inflight\":\"%u\",\"mola.task_max_inflight\":\"%u\"", i, (unsigned long long)e.version, i, i, i, 8000 + i,
	    policies[s->policy], s->names_task ? "false" : "true", s->overload ? "true" : "false", s->eject_failures,
	    s->max_inflight, s->task_max_inflight);
	if (s->checked)
		say(",\"mola.health.path\":\"/up\"");
	if (s->sticky)
		say(",\"mola.sticky.cookie\":\"at\"");
	say(",\"mola.retry.on\":\"%s\",\"mola.retry.attempts\":\"%u\",\"mola.retry.budget\":\"%u%%\",\"mola.retry.body\":\"%llu\","
	    "\"mola.retry.methods\":\"%s\",\"mola.retry.hedge\":\"%s\"", plan_retry_on(s), r->attempts,
	    r->budget, (unsigned long long)r->body, r->all_methods ? "all" : "idempotent", r->hedges ? "true" : "false");
	if (r->per_try_usec > 0)
		say(",\"mola.retry.per_try_timeout\":\"%lldms\"", (long long)(r->per_try_usec / 1000));
	say("},\"TaskTemplate\":{\"ContainerSpec\":{\"Image\":\"some\"}},\"Mode\":{\"Replicated\":{\"Replicas\":%u}}}}", s->ntasks);
}

static void
say_services(void)
{
	char *moved = moved_service();

	for (unsigned i = 0; i < SERVICES; i++) {
		say("%s", i > 0 ? "," : "");
		say_service(i);
	}
	if (moved != NULL)
		say(",%s", moved);
	free(moved);
}

static void
say_tasks(int64_t t)
{
	const char *between = "";
	char at[ADDR_TEXT_MAX], moved[1000];

	for (unsigned s = 0; s < SERVICES; s++)
		for (unsigned i = 0; i < e.plan->service[s].ntasks; i++) {
			const struct plan_task *p = &e.plan->service[s].task[i];
			if (task_at(s, i, t) != ENGINE_RUNS)
				continue;
			addr_text(&e.at[s][i], at);
			*strchr(at, ':') = '\0';
			say("%s{\"ID\":\"s%ut%ul%u00000000\",\"Version\":{\"Index\":%llu},\"ServiceID\":\"service%u\",\"Slot\":%u,"
			    "\"NodeID\":\"node%u\",\"DesiredState\":\"running\",\"Status\":{\"State\":\"running\",\"ContainerStatus\":"
			    "{\"ContainerID\":\"%064u\"}},\"NetworksAttachments\":[{\"Network\":{\"ID\":\"netid\",\"Spec\":{\"Name\":\""
			    ENGINE_NETWORK "\"}},\"Addresses\":[\"%s/24\"]}]}", between, s, i, life_of(p, t),
			    (unsigned long long)e.version, s, i + 1, p->node, s * 100 + i * 10 + life_of(p, t), at);
			between = ",";
		}
	if (moved_tasks(moved, sizeof moved) > 0)
		say("%s%s", between, moved);
}

static struct str
list(const char *path)
{
	const struct trouble *t = trouble_now();
	bool empty = t != NULL && t->what == ENGINE_EMPTY;

	out = (struct buf_text){ sim_alloc(LIST_BYTES), 0 };
	say("[");
	if (strncmp(path, "/networks", 9) == 0)
		say("{\"Id\":\"netid\",\"Name\":\"" ENGINE_NETWORK "\",\"Scope\":\"swarm\",\"Ingress\":false}");
	else if (empty)
		say("%s", "");
	else if (strncmp(path, "/nodes", 6) == 0)
		say_nodes(told_usec());
	else if (strncmp(path, "/services", 9) == 0)
		say_services();
	else
		say_tasks(told_usec());
	say("%s\n", t != NULL && t->what == ENGINE_BABBLES ? "" : "]");
	return (struct str){ out.p, out.len };
}

/* ---- requests ---- */

static void
events_open(struct fetch *x)
{
	if (e.streams == STREAMS)		/* the oldest has long gone */
		memmove(e.stream, e.stream + 1, --e.streams * sizeof *e.stream);
	e.stream[e.streams++] = x;
}

/* True: it is no good response. */
static bool
reply_wrong(struct reply *r)
{
	const struct trouble *t = trouble_now();

	if (t == NULL)
		return false;
	switch (t->what) {
	case ENGINE_DOWN:
		r->ending = REFUSES;
		return true;
	case ENGINE_HANGS:
		r->ending = NEVER;
		return true;
	case ENGINE_FAILS:
		r->status = 500;
		r->body = STR("{\"message\":\"rpc error: code = Unknown desc = The swarm does not have a leader.\"}\n");
		return true;
	case ENGINE_LATE:
		r->delay_usec = t->usec;
		return false;
	case ENGINE_BREAKS:
		r->ending = BREAKS_OFF;
		return false;
	default:
		return false;
	}
}

/* One service, and a change of it. */
static void
reply_service(const struct query *q, const char *path, struct reply *r)
{
	const char *error = NULL;
	char *text = NULL;

	if (strcmp(q->method, "POST") == 0)
		error = moved_update(path, q->body);
	else if (strcmp(path, "/services/m0") == 0)
		text = moved_service();
	out = (struct buf_text){ sim_alloc(LIST_BYTES), 0 };
	if (error != NULL)
		say("{\"message\":\"%s\"}\n", error);
	else
		say("%s\n", text == NULL ? "{}" : text);
	free(text);
	r->status = error != NULL ? 500 : 200;
	r->body = (struct str){ out.p, out.len };
}

static void
on_request(void *arg, const struct query *q, struct reply *r)
{
	const char *path = q->path;

	(void)arg;
	r->delay_usec = 2000;
	if (reply_wrong(r))
		return;
	if (strcmp(path, "/_ping") == 0) {
		r->body = STR("OK");
		r->wanted = "1.41";
		return;
	}
	if (strncmp(path, "/v1.41/", 7) != 0) {
		broken("the Engine was asked for %s", path);
		return;
	}
	path += 6;
	if (strncmp(path, "/events", 7) == 0) {
		events_open(q->fetch);
		r->ending = GOES_ON;
	} else if (strncmp(path, "/services/", 10) == 0)
		reply_service(q, path, r);
	else if (strncmp(path, "/nodes", 6) == 0 || strncmp(path, "/services", 9) == 0 || strncmp(path, "/tasks", 6) == 0 ||
	    strncmp(path, "/networks", 9) == 0)
		r->body = list(path);
	else {
		r->status = 404;
		r->body = STR("{\"message\":\"page not found\"}\n");
	}
}

/* ---- what changes ---- */

/* What is so changes now: an event says that, unless it is lost. */
static void
on_change(void *arg, uint64_t lost)
{
	static const char event[] = "{\"Type\":\"service\",\"Action\":\"update\",\"Actor\":{\"ID\":\"service0\"}}\n";
	const struct trouble *t = trouble_now();

	(void)arg;
	e.version++;
	e.changed = wire_now();
	wire_note("change", e.version, lost);
	if (lost || (t != NULL && t->what != ENGINE_LATE))
		return;
	for (unsigned i = 0; i < e.streams; i++)
		fetch_push(e.stream[i], str_of(event));
}

/* It goes down, or is there again. */
static void
on_trouble(void *arg, uint64_t down)
{
	(void)arg;
	e.bad = wire_now();
	for (unsigned i = 0; down && i < e.streams; i++)
		fetch_end(e.stream[i]);
	e.streams = down ? 0 : e.streams;
}

static void
change_at(int64_t usec)
{
	if (usec > 0)
		wire_at(e.began + usec, on_change, NULL, e.plan->brain.deaf);
}

void
engine_begin(const struct plan *p, struct addr at[SERVICES][TASKS])
{
	memset(&e, 0, sizeof e);
	e.plan = p;
	e.at = at;
	e.began = wire_now();
	e.version = 10;
	e.server = (struct server){ .at = ENGINE_AT, .host = &e.host, .fn = on_request };
	server_open(&e.server);
	for (unsigned s = 0; s < SERVICES; s++)
		for (unsigned i = 0; i < p->service[s].ntasks; i++) {
			const struct plan_task *t = &p->service[s].task[i];
			change_at(t->drains_usec);
			change_at(t->gone_usec);
			change_at(t->back_usec);
		}
	for (unsigned i = 0; i < NODES; i++) {
		change_at(p->brain.node[i].leaves_usec);
		change_at(p->brain.node[i].back_usec);
	}
	for (unsigned i = 0; i < TROUBLES; i++)
		if (p->brain.engine[i].from_usec > 0) {
			const struct trouble *t = &p->brain.engine[i];
			wire_at(e.began + t->from_usec, on_trouble, NULL, t->what == ENGINE_DOWN);
			wire_at(e.began + t->until_usec, on_trouble, NULL, 0);
		}
}
