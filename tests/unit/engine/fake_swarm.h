/*
 * fake_swarm: a manager with one service, on a clock that is cranked by hand. Stands in for the engine's client and for the
 * loop: what is tested asks it, and it answers when time passes, as it was told to.
 */
#ifndef TESTS_FAKE_SWARM_H
#define TESTS_FAKE_SWARM_H

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "base/clock.h"
#include "engine/engine.h"
#include "net/loop.h"
#include "world/world.h"

#define FAKE_CALLS	8
#define FAKE_TIMERS	8

struct engine_call {
	bool	 used, post;
	char	 path[200];
	unsigned only;			/* minor version that a post may go in */
	char	*body;
	engine_done_f *done;
	void	*arg;
};

static struct {
	int64_t	 now;
	struct timer *timer[FAKE_TIMERS];
	struct engine_call call[FAKE_CALLS];
	json_t	*service, *nodes;	/* as the Engine tells them; service NULL: gone */
	json_int_t version;
	int	 posts;			/* taken */
	int	 gets;
	int	 stale;			/* so many posts meet somebody who was faster */
	int	 gone;			/* so many calls find no Engine */
	bool	 lost_answer;		/* the next post is taken, and its answer is lost */
	unsigned minor;			/* of the version it speaks */
	const char *drops;		/* member of the task template that it does not keep; NULL: it keeps all */
	json_t	*seen;			/* specification as last posted */
	int	 rollbacks;
} fake;

/* the loop */

int64_t
loop_now(const struct loop *l)
{
	(void)l;
	return fake.now;
}

void
timer_clear(struct loop *l, struct timer *t)
{
	(void)l;
	for (int i = 0; i < FAKE_TIMERS; i++)
		if (fake.timer[i] == t)
			fake.timer[i] = NULL;
}

void
timer_set(struct loop *l, struct timer *t, int64_t deadline, timer_f *fn, void *arg)
{
	timer_clear(l, t);
	t->deadline = deadline;
	t->fn = fn;
	t->arg = arg;
	for (int i = 0; i < FAKE_TIMERS; i++)
		if (fake.timer[i] == NULL) {
			fake.timer[i] = t;
			return;
		}
	BUG("too many timers");
}

/* the engine */

static struct engine_call *
fake_ask(const char *path, bool post, struct str body, engine_done_f *done, void *arg)
{
	for (int i = 0; i < FAKE_CALLS; i++)
		if (!fake.call[i].used) {
			struct engine_call *c = &fake.call[i];
			*c = (struct engine_call){ .used = true, .post = post, .body = post ? str_dup(body) : NULL, .done = done, .arg = arg };
			snprintf(c->path, sizeof c->path, "%s", path);
			return c;
		}
	BUG("too many calls");
}

struct engine_call *
engine_get(struct engine *e, const char *path, engine_done_f *done, void *arg)
{
	(void)e;
	return fake_ask(path, false, STR(""), done, arg);
}

struct engine_call *
engine_get_own(struct engine *e, const char *path, engine_done_f *done, void *arg)
{
	(void)e;
	return fake_ask(path, false, STR(""), done, arg);
}

struct engine_call *
engine_post(struct engine *e, const char *path, unsigned minor, struct str json, engine_done_f *done, void *arg)
{
	struct engine_call *c = fake_ask(path, true, json, done, arg);

	(void)e;
	c->only = minor;
	return c;
}

void
engine_cancel(struct engine_call *c)
{
	free(c->body);
	*c = (struct engine_call){ .used = false };
}

static inline void
fake_bump(void)
{
	json_object_set_new(json_object_get(fake.service, "Version"), "Index", json_integer(++fake.version));
}

static inline void
fake_status(const char *state)
{
	if (state == NULL)
		json_object_del(fake.service, "UpdateStatus");
	else
		json_object_set_new(fake.service, "UpdateStatus", json_pack("{s:s}", "State", state));
	fake_bump();
}

/* Somebody else's hand on the specification. */
static inline json_t *
fake_spec(void)
{
	return json_object_get(fake.service, "Spec");
}

static inline struct engine_response
fake_refuse(long status, const char *detail)
{
	return (struct engine_response){ .why = WHY_ENGINE_REFUSED, .detail = detail, .status = status, .body = STR("") };
}

#define FAKE_BIG "18446744073709551615"	/* what "big" of a specification is on the wire */

static inline char *
fake_swap(const char *text, const char *from, const char *to)
{
	char *out = must_zalloc(4 * strlen(text) + 1), *end = out;
	const char *at;

	for (; (at = strstr(text, from)) != NULL; text = at + strlen(from))
		end += sprintf(end, "%.*s%s", (int)(at - text), text, to);
	strcpy(end, text);
	return out;
}

static inline struct engine_response
fake_post(const struct engine_call *c)
{
	const char *v = strstr(c->path, "version=");
	json_t *was;
	char *text;

	if (fake.stale > 0) {
		fake.stale--;
		fake_bump();
	}
	if (v == NULL || atoll(v + 8) != fake.version)
		return fake_refuse(500, "rpc error: code = Unknown desc = update out of sequence");
	if (c->only != fake.minor)
		return (struct engine_response){ .why = WHY_ENGINE_VERSION, .detail = "another version", .body = STR("") };
	json_decref(fake.seen);
	text = fake_swap(c->body, FAKE_BIG, "\"big\"");
	fake.seen = json_loads(text, 0, NULL);
	free(text);
	ASSERT(json_is_object(fake.seen));
	if (strstr(v, "rollback=previous") != NULL) {
		was = json_incref(json_object_get(fake.service, "PreviousSpec"));
		fake.rollbacks++;
	} else
		was = json_deep_copy(fake.seen);
	if (fake.drops != NULL && fake.rollbacks == 0)
		json_object_del(json_object_get(was, "TaskTemplate"), fake.drops);
	json_object_set(fake.service, "PreviousSpec", fake_spec());
	json_object_set_new(fake.service, "Spec", was);
	json_object_del(fake.service, "UpdateStatus");
	fake_bump();
	fake.posts++;
	return (struct engine_response){ .status = 200, .detail = "", .body = STR("{}") };
}

static inline char *
fake_body(const struct engine_call *c)
{
	json_t *j = strcmp(c->path, "/nodes") == 0 ? json_incref(fake.nodes) :
	    strcmp(c->path, "/services") == 0 ? json_pack("[O]", fake.service) : json_incref(fake.service);
	char *text = json_dumps(j, 0), *big = fake_swap(text, "\"big\"", FAKE_BIG);

	json_decref(j);
	free(text);
	return big;
}

static inline void
fake_answer(struct engine_call *c)
{
	struct engine_response a = { .status = 200, .detail = "", .minor = fake.minor };
	struct engine_call was = *c;
	char *text = NULL;

	*c = (struct engine_call){ .used = false };
	if (fake.gone > 0) {
		fake.gone--;
		a = (struct engine_response){ .why = WHY_ENGINE_GONE, .detail = "connection refused", .body = STR("") };
	} else if (fake.service == NULL && strncmp(was.path, "/services/", 10) == 0)
		a = fake_refuse(404, "service not found");
	else if (was.post) {
		a = fake_post(&was);
		if (fake.lost_answer)
			a = (struct engine_response){ .why = WHY_ENGINE_GONE, .detail = "timed out", .body = STR("") };
		fake.lost_answer = false;
	} else {
		fake.gets++;
		text = fake_body(&was);
		a.body = str_of(text);
	}
	was.done(was.arg, &a);
	free(text);
	free(was.body);
}

/* Time passes in steps of a tenth of a second. */
static inline void
fake_run(double seconds)
{
	int64_t until = fake.now + (int64_t)(seconds * 1e6);

	while (fake.now < until) {
		fake.now += 100 * USEC_PER_MSEC;
		for (int i = 0; i < FAKE_TIMERS; i++) {
			struct timer *t = fake.timer[i];
			if (t != NULL && t->deadline <= fake.now) {
				fake.timer[i] = NULL;
				t->fn(t->arg);
			}
		}
		for (int i = 0; i < FAKE_CALLS; i++)
			if (fake.call[i].used)
				fake_answer(&fake.call[i]);
	}
}

static inline json_t *
fake_node(const char *id)
{
	return json_pack("{s:s, s:{s:s, s:s}, s:{s:s}, s:{s:s}}", "ID", id, "Spec", "Role", "worker", "Availability", "active",
	    "Description", "Hostname", id, "Status", "State", "ready");
}

/* `spec` with single quotes for double ones. */
static inline void
fake_begin(const char *spec)
{
	char *text = must_strdup(spec);
	json_t *j;

	for (char *c = text; *c != '\0'; c++)
		if (*c == '\'')
			*c = '"';
	j = json_loads(text, 0, NULL);
	ASSERT(j != NULL);
	free(text);
	memset(&fake, 0, sizeof fake);
	fake.now = 1000 * USEC_PER_SEC;
	fake.version = 7;
	fake.minor = 56;
	fake.service = json_pack("{s:s, s:{s:I}, s:s, s:o}", "ID", "svc1", "Version", "Index", fake.version, "UpdatedAt",
	    "2020-01-01T00:00:00.5Z", "Spec", j);
	fake.nodes = json_pack("[o, o, o]", fake_node("na"), fake_node("nb"), fake_node("nc"));
}

static inline void
fake_end(void)
{
	for (int i = 0; i < FAKE_CALLS; i++)
		ASSERT(!fake.call[i].used);
	for (int i = 0; i < FAKE_TIMERS; i++)
		ASSERT(fake.timer[i] == NULL);
	json_decref(fake.service);
	json_decref(fake.nodes);
	json_decref(fake.seen);
}

/* the world: nodes a, b, c (na, nb, nc in the Swarm), service web, one task for each letter of `on` */

struct stage {
	struct live	*live;
	struct phys	*phys;
	struct world	*world;
	struct service_conf conf;
};

static inline void
stage_tasks(struct stage *s, const char *on)
{
	struct route_conf route = { .host = (char *)"", .path = (char *)"/" };
	struct world_service *v;
	struct addr a;

	ASSERT(addr_parse(STR("127.0.0.1:1"), &a) == NULL);
	world_pass_begin(s->world);
	for (int i = 0; i < 3; i++) {
		char name[2] = { (char)('a' + i), 0 }, id[3] = { 'n', (char)('a' + i), 0 };
		struct world_node like = { .name = name, .swarm_id = id, .cores_declared = 1 };
		ASSERT(world_pass_node(s->world, &like) != NULL);
	}
	v = world_pass_service(s->world, "web", &s->conf, &route, 1);
	for (int i = 0; on[i] != '\0'; i++) {
		char name[16], node[2] = { on[i], 0 };
		snprintf(name, sizeof name, "web.%d.%c", i, on[i]);
		ASSERT(world_pass_task(s->world, v, name, node, &a, false) != NULL);
	}
	world_pass_end(s->world);
}

static inline void
stage_begin(struct stage *s, const char *on)
{
	*s = (struct stage){ .live = live_init(memset(aligned_alloc(64, live_bytes()), 0, live_bytes()), 1),
	    .phys = phys_init(must_zalloc(phys_bytes())),
	    .conf = { .connect_usec = 1, .response_usec = 1, .idle_usec = 1, .tunnel_usec = 1, .migrate = true } };
	s->world = world_new(s->live, s->phys);
	stage_tasks(s, on);
}

static inline void
stage_end(struct stage *s)
{
	world_free(&s->world);
	free(s->live);
	free(s->phys);
}

#endif
