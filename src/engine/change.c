/*
 * change: a small state machine. In each phase a service is read from the Engine when the phase
 * is entered or its time comes, and the phase decides what the response means. An edit is a
 * GET, a change to what was read, and a POST with the version that was read; when another
 * client was faster ("out of sequence") it begins again.
 *
 *     BEGIN --> CHECK --> WAIT --------------------> END --> CHECK --> over   a move
 *                 |         `--> BACK --> SETTLE --'                          given up
 *                 `--> UNDO --> UNDONE --> over                               its edit lost a key
 *     SCALE --> CHECK --> over, or UNDO
 *
 * An edit changes the text of a specification where it must and leaves the rest as it came
 * (discovery/spec.h), in the version of the API that is the Engine's own. CHECK reads again and
 * compares, for Engines are known to drop what they do not expect; Swarm itself then restores
 * the specification that it has kept from before the edit.
 *
 * A move is cleaned up only when Swarm calls its update completed: while two tasks of one slot
 * run, taking the constraint away would let Swarm choose which of them to keep. For the same
 * reason a move that is given up first pins the service to the node it was on (BACK), so that
 * it is the old task which stays, and takes the pin away when that has been done (SETTLE).
 * Cleaning up never gives up.
 * Must not know heat, gain and cool-downs.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "base/clock.h"
#include "base/log.h"
#include "discovery/spec.h"
#include "engine/change_priv.h"
#include "score/explain.h"

#define POLL_USEC	(500 * USEC_PER_MSEC)
#define RETRY_USEC	(1 * USEC_PER_SEC)
#define IDLE_USEC	(3 * USEC_PER_SEC)	/* an update that has not begun by then will not */
#define SETTLE_USEC	(20 * USEC_PER_SEC)
#define DEADLINE_SECONDS_MAX (30 * 24 * 3600)

/* The arrows of the drawing above, as sets of phases. */
static const unsigned phase_next[] = {
	[PHASE_NEW] = 1u << PHASE_BEGIN | 1u << PHASE_WAIT | 1u << PHASE_SCALE,
	[PHASE_BEGIN] = 1u << PHASE_CHECK,
	[PHASE_WAIT] = 1u << PHASE_BACK | 1u << PHASE_END,
	[PHASE_BACK] = 1u << PHASE_SETTLE | 1u << PHASE_END,
	[PHASE_SETTLE] = 1u << PHASE_END,
	[PHASE_END] = 1u << PHASE_CHECK,
	[PHASE_SCALE] = 1u << PHASE_CHECK,
	[PHASE_CHECK] = 1u << PHASE_WAIT | 1u << PHASE_UNDO,
	[PHASE_UNDO] = 1u << PHASE_UNDONE | 1u << PHASE_CHECK,
	[PHASE_UNDONE] = 0,
};

static void	send_request(void *arg);

void
change_request_after(struct change *c, int64_t usec)
{
	timer_set(c->loop, &c->timer, loop_now(c->loop) + usec, send_request, c);
}

void
change_enter(struct change *c, enum phase p)
{
	ASSERT((phase_next[c->phase] & 1u << p) != 0 && c->call == NULL);
	c->phase = p;
	c->phase_usec = loop_now(c->loop);
	c->tries = 0;
	change_request_after(c, p == PHASE_WAIT || p == PHASE_SETTLE ? POLL_USEC : 0);
}

void
change_finish(struct change *c, bool moved, enum refusal refusal, const char *text)
{
	struct change_end e = { c->service, moved, c->begun, refusal, text,
	    (double)(loop_now(c->loop) - c->began_usec) / (double)USEC_PER_SEC };

	ASSERT(c->call == NULL && (!moved || refusal == REFUSAL_NONE || refusal == REFUSAL_ALTERED));
	timer_clear(c->loop, &c->timer);
	c->ended(c->arg, &e);
}

/* ---- Mola's own snapshot ---- */

static bool
is_on_source(const struct change *c, const struct world_task *t)
{
	return t->node->swarm_id != NULL && strcmp(t->node->swarm_id, c->mark.from) == 0;
}

static bool
is_serving(const struct change *c, const struct world_task *t)
{
	enum task_state s = task_state(c->world, t, loop_now(c->loop));

	return s == TASK_UP || s == TASK_DEGRADED ||
	    (s == TASK_UNKNOWN && !service_conf_checks(&t->service->conf));
}

struct move_progress
change_progress(const struct change *c)
{
	const struct world_service *s = world_service(c->world, str_of(c->service));
	struct move_progress p = { false, false };
	const struct world_task *t;

	if (s == NULL)
		return p;
	LIST_FOREACH(t, &s->tasks, link) {
		p.arrived |= !is_on_source(c, t) && is_serving(c, t);
		p.stays |= is_on_source(c, t) && is_serving(c, t);
	}
	return p;
}

/* ---- a move under way ---- */

static void
give_up(struct change *c, const char *why)
{
	ASSERT(c->phase == PHASE_WAIT && c->given_up == NULL);
	c->given_up = why;
	change_enter(c, change_progress(c).stays ? PHASE_BACK : PHASE_END);
}

static void
check_waiting(struct change *c, const json_t *service)
{
	enum update_state u = placement_update(service);
	struct move_progress p = change_progress(c);

	if (u == UPDATE_PAUSED || u == UPDATE_ROLLED_BACK)
		give_up(c, "Swarm paused the update: the new task failed");
	else if (p.arrived && (u == UPDATE_COMPLETED || (u == UPDATE_NONE && !p.stays)))
		change_enter(c, PHASE_END);
	else if (u == UPDATE_COMPLETED && loop_now(c->loop) > c->deadline_usec)
		change_enter(c, PHASE_END);		/* done, though the new task does not serve yet */
	else if (loop_now(c->loop) > c->deadline_usec)
		give_up(c, "no new task was healthy within mover.patience");
	else
		change_request_after(c, POLL_USEC);
}

static void
check_settling(struct change *c, const json_t *service)
{
	enum update_state u = placement_update(service);
	int64_t waited = loop_now(c->loop) - c->phase_usec;

	if (u == UPDATE_COMPLETED || u == UPDATE_PAUSED ||
	    (u == UPDATE_NONE && waited > IDLE_USEC) || waited > SETTLE_USEC)
		change_enter(c, PHASE_END);
	else
		change_request_after(c, POLL_USEC);
}

/* ---- responses ---- */

static bool
may_retry(const struct change *c)
{
	switch (c->phase) {
	case PHASE_END:
	case PHASE_WAIT:
	case PHASE_SETTLE:
		return true;
	case PHASE_BACK:
	case PHASE_CHECK:
	case PHASE_UNDONE:
		return c->tries < RETRIES_MAX;
	default:
		return false;
	}
}

void
change_request_failed(struct change *c, const struct engine_response *a)
{
	snprintf(c->text, sizeof c->text, "%s%s%.200s", a->why->text,
	    a->detail[0] == '\0' ? "" : ": ", a->detail);
	c->tries++;
	log_event(c->tries == 1 ? LOG_WARN : LOG_DEBUG, "mover.trouble", "service", c->service,
	    "why", why_name(a->why), "detail", a->detail, NULL);
	if (a->status == 404)
		change_finish(c, false, REFUSAL_NONE, "the service is gone");
	else if (may_retry(c))
		change_request_after(c, RETRY_USEC);
	else if (c->phase == PHASE_BACK)
		change_enter(c, PHASE_END);
	else if (c->phase == PHASE_CHECK)	/* not compared, but made */
		edit_done(c, c->edited);
	else
		change_finish(c, false, c->phase == PHASE_UNDONE ? REFUSAL_ALTERED : REFUSAL_NONE, c->text);
}

static void
check_move(struct change *c, const json_t *service)
{
	struct placement_mark mark;

	if (!placement_mark(service, &mark) || strcmp(mark.from, c->mark.from) != 0)
		change_finish(c, change_progress(c).arrived && !change_progress(c).stays, REFUSAL_NONE,
		    "the service was updated by another client, or rolled back");
	else if (c->phase == PHASE_WAIT)
		check_waiting(c, service);
	else
		check_settling(c, service);
}

static void
on_read(void *arg, const struct engine_response *a)
{
	struct engine_response malformed = { .why = WHY_ENGINE_REFUSED,
	    .detail = "the response is not a service" };
	struct change *c = arg;
	json_t *service;

	c->call = NULL;
	if (a->why != NULL) {
		change_request_failed(c, a);
		return;
	}
	service = spec_read(a->body);
	if (!json_is_object(json_object_get(service, "Spec")) ||
	    !json_is_string(json_object_get(service, "ID")) ||
	    !json_is_integer(json_object_get(json_object_get(service, "Version"), "Index")))
		change_request_failed(c, &malformed);
	else if (c->phase == PHASE_WAIT || c->phase == PHASE_SETTLE)
		check_move(c, service);
	else if (c->phase == PHASE_CHECK)
		edit_check(c, service, a);
	else if (c->phase == PHASE_UNDONE)
		edit_check_undone(c, service);
	else
		edit_apply(c, service, a);
	json_decref(service);
}

/* Names of services are of letters, digits, '_', '.' and '-': nothing to escape. */
static void
send_request(void *arg)
{
	struct change *c = arg;
	char path[160];

	ASSERT(c->call == NULL && c->phase != PHASE_NEW && c->phase != PHASE_UNDO);
	snprintf(path, sizeof path, "/services/%.128s", c->service);
	c->call = engine_get_own(c->engine, path, on_read, c);
}

/* ---- life ---- */

static struct change *
change_new(struct loop *l, struct engine *e, const struct world *w, const char *service,
    change_ended_f *ended, void *arg)
{
	struct change *c = must_zalloc(sizeof *c);

	c->loop = l;
	c->engine = e;
	c->world = w;
	c->ended = ended;
	c->arg = arg;
	c->service = must_strdup(service);
	c->began_usec = loop_now(l);
	return c;
}

/* By the mark, which a label may set to any time: at most a month from now, or ago. */
static void
set_deadline(struct change *c)
{
	int64_t now = clock_wall_usec(), until = c->mark.until;

	if (until > now / USEC_PER_SEC + DEADLINE_SECONDS_MAX)
		until = now / USEC_PER_SEC + DEADLINE_SECONDS_MAX;
	if (until < now / USEC_PER_SEC - DEADLINE_SECONDS_MAX)
		until = now / USEC_PER_SEC - DEADLINE_SECONDS_MAX;
	c->deadline_usec = loop_now(c->loop) + until * USEC_PER_SEC - now;
}

struct change *
change_move_new(struct loop *l, struct engine *e, const struct world *w,
    const struct change_move *m, change_ended_f *ended, void *arg)
{
	struct change *c = change_new(l, e, w, m->service, ended, arg);

	ASSERT(m->nexclude > 0 && m->mark.since <= m->mark.until);
	c->mark = m->mark;
	c->exclude = must_zalloc((m->nexclude + 1) * sizeof *c->exclude);
	for (; c->nexclude < m->nexclude; c->nexclude++)
		c->exclude[c->nexclude] = must_strdup(m->exclude[c->nexclude]);
	set_deadline(c);
	change_enter(c, PHASE_BEGIN);
	return c;
}

struct change *
change_adopt_new(struct loop *l, struct engine *e, const struct world *w, const char *service,
    const struct placement_mark *mark, change_ended_f *ended, void *arg)
{
	struct change *c = change_new(l, e, w, service, ended, arg);

	c->mark = *mark;
	c->begun = true;
	set_deadline(c);
	change_enter(c, PHASE_WAIT);
	return c;
}

struct change *
change_scale_new(struct loop *l, struct engine *e, const struct world *w, const char *service,
    unsigned from, unsigned to, change_ended_f *ended, void *arg)
{
	struct change *c = change_new(l, e, w, service, ended, arg);

	ASSERT(from != to);
	c->from = from;
	c->to = to;
	change_enter(c, PHASE_SCALE);
	return c;
}

void
change_free(struct change **cp)
{
	struct change *c = *cp;

	*cp = NULL;
	if (c == NULL)
		return;
	timer_clear(c->loop, &c->timer);
	if (c->call != NULL)
		engine_cancel(c->call);
	for (unsigned i = 0; i < c->nexclude; i++)
		free(c->exclude[i]);
	free(c->exclude);
	json_decref(c->before);
	json_decref(c->sent);
	free(c->service);
	free(c);
}

const char *
change_service(const struct change *c)
{
	return c->service;
}

const char *
change_phase(const struct change *c)
{
	static const char *const words[] = {
		[PHASE_NEW] = "",
		[PHASE_BEGIN] = "beginning",
		[PHASE_WAIT] = "waiting for the new task",
		[PHASE_BACK] = "going back",
		[PHASE_SETTLE] = "waiting for the old task to be the only one",
		[PHASE_END] = "cleaning up",
		[PHASE_SCALE] = "scaling",
		[PHASE_CHECK] = "comparing its specification",
		[PHASE_UNDO] = "undoing",
		[PHASE_UNDONE] = "comparing its specification",
	};

	ASSERT(c->phase < sizeof words / sizeof *words);
	return words[c->phase];
}
