/*
 * change: a small state machine. In each phase a service is read from the Engine when the phase
 * is entered or its time comes, and the phase decides what the response means. An edit is a
 * GET, a change to what was read, and a POST with the version that was read; when another
 * client was faster ("out of sequence") it begins again.
 *
 *     BEGIN --> CHECK --> WAIT --------------------> END --> CHECK --> over   a move
 *                 |         `--> BACK --> SETTLE --'                          one that is given up
 *                 `--> UNDO --> UNDONE --> over                               the edit lost something
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

#include "base/bug.h"
#include "base/clock.h"
#include "base/log.h"
#include "discovery/spec.h"
#include "engine/change.h"
#include "score/explain.h"

#define POLL_USEC	(500 * USEC_PER_MSEC)
#define RETRY_USEC	(1 * USEC_PER_SEC)
#define RETRIES_MAX	5		/* of an edit that need not be made */
#define UNDO_TRIES_MAX	20		/* of one that was wrong to make */
#define IDLE_USEC	(3 * USEC_PER_SEC)	/* an update that has not begun by then will not */
#define SETTLE_USEC	(20 * USEC_PER_SEC)
#define PATHS_BYTES	200		/* of the names of lost keys that people read */

enum phase {
	PHASE_NEW,
	PHASE_BEGIN,
	PHASE_WAIT,
	PHASE_BACK,
	PHASE_SETTLE,
	PHASE_END,
	PHASE_SCALE,
	PHASE_CHECK,
	PHASE_UNDO,
	PHASE_UNDONE
};

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

struct change {
	struct loop	*loop;
	struct engine	*engine;
	const struct world *world;
	change_ended_f	*ended;
	void		*arg;
	struct engine_call *call;
	struct timer	 timer;
	enum phase	 phase;
	int64_t		 began_usec, phase_usec, deadline_usec;
	unsigned	 tries;			/* in this phase */
	bool		 begun;			/* something was posted, or was before a restart */
	char		*service;
	struct placement_mark mark;
	char		**exclude;
	unsigned	 nexclude;
	unsigned	 from, to;		/* replicas */
	const char	*given_up;		/* why; NULL: not */
	/* of the last edit */
	enum phase	 edited;		/* the phase that made it */
	json_t		*before, *sent;		/* the specification as it was read and as it was sent; NULL: not yet */
	unsigned	 minor;			/* of the version that it was read and sent in */
	bool		 altered;		/* it cost the specification something, and that was logged */
	char		 text[320];
};

static void	send_request(void *arg);

static void
request_after(struct change *c, int64_t usec)
{
	timer_set(c->loop, &c->timer, loop_now(c->loop) + usec, send_request, c);
}

static void
enter_phase(struct change *c, enum phase p)
{
	ASSERT((phase_next[c->phase] & 1u << p) != 0 && c->call == NULL);
	c->phase = p;
	c->phase_usec = loop_now(c->loop);
	c->tries = 0;
	request_after(c, p == PHASE_WAIT || p == PHASE_SETTLE ? POLL_USEC : 0);
}

/* Nothing of the change is used after it: its owner frees it there. */
static void
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

	return s == TASK_UP || (s == TASK_UNKNOWN && t->service->conf.health_path == NULL);
}

struct move_progress {
	bool	 arrived;		/* a task serves elsewhere */
	bool	 stays;			/* one still serves where it was */
};

static struct move_progress
get_progress(const struct change *c)
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
	enter_phase(c, get_progress(c).stays ? PHASE_BACK : PHASE_END);
}

static void
check_waiting(struct change *c, const json_t *service)
{
	enum update_state u = placement_update(service);
	struct move_progress p = get_progress(c);

	if (u == UPDATE_PAUSED || u == UPDATE_ROLLED_BACK)
		give_up(c, "Swarm paused the update: the new task failed");
	else if (p.arrived && (u == UPDATE_COMPLETED || (u == UPDATE_NONE && !p.stays)))
		enter_phase(c, PHASE_END);
	else if (u == UPDATE_COMPLETED && loop_now(c->loop) > c->deadline_usec)
		enter_phase(c, PHASE_END);		/* done, though the new task does not serve yet */
	else if (loop_now(c->loop) > c->deadline_usec)
		give_up(c, "no new task was healthy within mover.patience");
	else
		request_after(c, POLL_USEC);
}

static void
check_settling(struct change *c, const json_t *service)
{
	enum update_state u = placement_update(service);
	int64_t waited = loop_now(c->loop) - c->phase_usec;

	if (u == UPDATE_COMPLETED || u == UPDATE_PAUSED ||
	    (u == UPDATE_NONE && waited > IDLE_USEC) || waited > SETTLE_USEC)
		enter_phase(c, PHASE_END);
	else
		request_after(c, POLL_USEC);
}

/* ---- edits ---- */

enum edit { EDIT_SEND, EDIT_NONE };

static enum edit
edit_begin(struct change *c, json_t *service, enum refusal *why)
{
	struct placement_mark other;

	*why = placement_mark(service, &other) ? REFUSAL_ONE_AT_A_TIME : placement_refusal(service);
	if (*why != REFUSAL_NONE)
		return EDIT_NONE;
	placement_begin(json_object_get(service, "Spec"), &c->mark, (const char *const *)c->exclude,
	    c->nexclude);
	return EDIT_SEND;
}

static enum edit
edit_scale(struct change *c, json_t *service, enum refusal *why)
{
	struct placement_mark other;

	*why = placement_mark(service, &other) ? REFUSAL_ONE_AT_A_TIME : placement_scale_refusal(service);
	if (*why == REFUSAL_NONE && placement_replicas(service) != (int)c->from)
		*why = REFUSAL_COOL_SERVICE;		/* it has just been changed */
	if (*why != REFUSAL_NONE)
		return EDIT_NONE;
	return placement_scale(json_object_get(service, "Spec"), c->to) ? EDIT_SEND : EDIT_NONE;
}

static enum edit
edit_for_phase(struct change *c, json_t *service, enum refusal *why)
{
	json_t *spec = json_object_get(service, "Spec");
	struct placement_mark mark;

	*why = REFUSAL_NONE;
	switch (c->phase) {
	case PHASE_BEGIN:
		return edit_begin(c, service, why);
	case PHASE_SCALE:
		return edit_scale(c, service, why);
	case PHASE_BACK:
		if (!placement_mark(service, &mark))
			return EDIT_NONE;
		placement_back(spec, c->mark.from);
		return EDIT_SEND;
	default:
		return placement_end(spec) ? EDIT_SEND : EDIT_NONE;
	}
}

/* What follows an edit of phase `of` that was made, or need not be made. */
static void
edit_done(struct change *c, enum phase of)
{
	switch (of) {
	case PHASE_BEGIN:
		enter_phase(c, PHASE_WAIT);
		break;
	case PHASE_BACK:
		enter_phase(c, PHASE_SETTLE);
		break;
	case PHASE_SCALE:
		change_finish(c, true, REFUSAL_NONE, "the Swarm was updated");
		break;
	default:
		change_finish(c, c->given_up == NULL, REFUSAL_NONE,
		    c->given_up == NULL ? "no trace is left" : c->given_up);
	}
}

/* What follows when there was nothing to edit. */
static void
edit_unneeded(struct change *c, enum refusal why)
{
	switch (c->phase) {
	case PHASE_BEGIN:
	case PHASE_SCALE:
		change_finish(c, false, why, refusal_text(why));
		break;
	case PHASE_END:
		if (c->given_up == NULL && get_progress(c).stays)
			c->given_up = "somebody else changed the service meanwhile";
		edit_done(c, PHASE_END);
		break;
	default:
		change_finish(c, false, REFUSAL_NONE, "somebody else changed the service meanwhile");
	}
}

/* ---- responses ---- */

static bool
out_of_sequence(const struct engine_response *a)
{
	return a->why != NULL && strstr(a->detail, "out of sequence") != NULL;
}

/* What was sent had been read too early, or from another manager: it was not done. */
static bool
is_stale(const struct engine_response *a)
{
	return out_of_sequence(a) || a->why == WHY_ENGINE_VERSION;
}

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

static void
request_failed(struct change *c, const struct engine_response *a)
{
	snprintf(c->text, sizeof c->text, "%s%s%.200s", a->why->text, a->detail[0] == '\0' ? "" :
	    ": ", a->detail);
	c->tries++;
	log_event(c->tries == 1 ? LOG_WARN : LOG_DEBUG, "mover.trouble", "service", c->service,
	    "why", why_name(a->why), "detail", a->detail, NULL);
	if (a->status == 404)
		change_finish(c, false, REFUSAL_NONE, "the service is gone");
	else if (may_retry(c))
		request_after(c, RETRY_USEC);
	else if (c->phase == PHASE_BACK)
		enter_phase(c, PHASE_END);
	else if (c->phase == PHASE_CHECK)	/* not compared, but made */
		edit_done(c, c->edited);
	else
		change_finish(c, false, c->phase == PHASE_UNDONE ? REFUSAL_ALTERED : REFUSAL_NONE, c->text);
}

/* ENGINE_GONE after a POST means that it may have been done: reading again is the way to
 * find out. ENGINE_VERSION: what was read has to be read again. */
static void
on_posted(void *arg, const struct engine_response *a)
{
	bool stale = is_stale(a);
	struct change *c = arg;

	c->call = NULL;
	c->begun |= a->why != WHY_ENGINE_VERSION;
	if (a->why == NULL && c->phase == PHASE_BACK)
		edit_done(c, PHASE_BACK);
	else if (a->why == NULL || (c->phase == PHASE_BEGIN && a->why == WHY_ENGINE_GONE)) {
		c->edited = c->phase;
		enter_phase(c, PHASE_CHECK);
	} else {
		if (stale) {				/* it was not made */
			json_decref(c->sent);
			c->sent = NULL;
		}
		if (stale && (++c->tries < RETRIES_MAX || c->phase == PHASE_END))
			request_after(c, 0);
		else
			request_failed(c, a);
	}
}

static void
post_spec(struct change *c, const json_t *service, const char *more, const struct buf *spec,
    engine_done_f *done)
{
	json_int_t version = json_integer_value(json_object_get(json_object_get(service, "Version"),
	    "Index"));
	char path[160];

	snprintf(path, sizeof path, "/services/%.64s/update?version=%" JSON_INTEGER_FORMAT "%s",
	    json_string_value(json_object_get(service, "ID")), version, more);
	ASSERT(c->call == NULL && c->minor > 0);
	c->call = engine_post(c->engine, path, c->minor, buf_str(spec), done, c);
}

/* The manager that responds now may have an older version than the one before it. What it
 * shows must be what was read before: it could drop the rest. */
static bool
is_truncated(struct change *c, const json_t *spec, const struct engine_response *a)
{
	const json_t *seen = c->sent != NULL ? c->sent : c->before;
	struct buf paths;
	bool truncated;

	if (seen == NULL || a->minor >= c->minor)
		return false;
	buf_init(&paths, PATHS_BYTES);
	truncated = spec_differ(seen, seen, spec, &paths) > 0;
	if (truncated)
		snprintf(c->text, sizeof c->text, "the manager that responds has API 1.%u, and the "
		    "specification needs 1.%u: %.*s", a->minor, c->minor, STR_ARG(buf_str(&paths)));
	buf_fini(&paths);
	return truncated;
}

static void
refuse_truncated(struct change *c)
{
	char detail[sizeof c->text];
	struct engine_response old = { .why = WHY_ENGINE_VERSION, .detail = detail };

	if (c->phase == PHASE_BEGIN || c->phase == PHASE_SCALE) {
		change_finish(c, false, REFUSAL_OLD_ENGINE, c->text);
		return;
	}
	memcpy(detail, c->text, sizeof detail);
	request_failed(c, &old);
}

static void
apply_edit(struct change *c, json_t *service, const struct engine_response *a)
{
	json_t *spec = json_object_get(service, "Spec"), *before;
	enum refusal why;
	struct buf text;

	if (is_truncated(c, spec, a)) {
		refuse_truncated(c);
		return;
	}
	before = json_deep_copy(spec);
	if (edit_for_phase(c, service, &why) == EDIT_NONE) {
		json_decref(before);
		edit_unneeded(c, why);
		return;
	}
	json_decref(c->before);
	json_decref(c->sent);
	c->before = before;
	c->sent = json_incref(spec);
	c->minor = a->minor;
	buf_init(&text, 2 * ENGINE_BODY_MAX);
	if (!spec_write(a->body, c->before, c->sent, &text))
		BUG("a specification that was read cannot be written");
	post_spec(c, service, "", &text, on_posted);
	buf_fini(&text);
}

/* ---- what became of an edit ---- */

static bool
is_same(const json_t *was, const json_t *now)
{
	struct buf none;
	bool same;

	buf_init(&none, 0);
	same = spec_differ(was, was, now, &none) == 0;
	buf_fini(&none);
	return same;
}

static void
undo_failed(struct change *c, const char *detail)
{
	log_event(LOG_ERROR, "mover.not_restored", "service", c->service, "text",
	    "its specification is not what it was before: look at it", "detail", detail, NULL);
	change_finish(c, false, REFUSAL_ALTERED, c->text);
}

/* An update that has begun writes to the service, too, and then this comes too late: it is
 * read and compared once more. */
static void
on_undone(void *arg, const struct engine_response *a)
{
	struct change *c = arg;

	c->call = NULL;
	if (a->why == NULL || a->why == WHY_ENGINE_GONE)
		enter_phase(c, PHASE_UNDONE);
	else if (is_stale(a) && ++c->tries < UNDO_TRIES_MAX) {
		ASSERT(c->phase == PHASE_UNDO);
		c->phase = PHASE_CHECK;
		request_after(c, 0);
	} else
		undo_failed(c, a->detail);
}

/* Nobody else has written since. The Swarm's copy of the specification from before the edit
 * is complete, whatever the Engine dropped: that is what it goes back to. The end of a move
 * has no such way back: it would begin the move again. */
static void
check_failed(struct change *c, json_t *service, const struct engine_response *a,
    const struct buf *paths)
{
	json_t *spec = json_object_get(service, "Spec");
	struct buf text;

	snprintf(c->text, sizeof c->text, "the Engine, with API 1.%u, did not keep what was to "
	    "stay: %.*s", a->minor, STR_ARG(buf_str(paths)));
	if (!c->altered)
		log_event(LOG_ERROR, "mover.altered", "service", c->service, "text", c->text, NULL);
	c->altered = true;
	if (c->edited == PHASE_END) {
		change_finish(c, c->given_up == NULL, REFUSAL_ALTERED, c->text);
		return;
	}
	ASSERT(c->phase == PHASE_CHECK && c->edited != PHASE_BACK);
	c->minor = a->minor;
	c->phase = PHASE_UNDO;
	buf_init(&text, 2 * ENGINE_BODY_MAX);
	if (!spec_write(a->body, spec, spec, &text))
		BUG("a specification that was read cannot be written");
	post_spec(c, service, "&rollback=previous", &text, on_undone);
	buf_fini(&text);
}

static void
check_edit(struct change *c, json_t *service, const struct engine_response *a)
{
	const json_t *spec = json_object_get(service, "Spec"), *previous = json_object_get(service,
	    "PreviousSpec");
	struct buf paths;

	ASSERT(c->edited == PHASE_BEGIN || c->edited == PHASE_SCALE || c->edited == PHASE_END);
	ASSERT(c->before != NULL && c->sent != NULL && c->minor > 0);	/* there was an edit */
	buf_init(&paths, PATHS_BYTES);
	if (a->minor == c->minor && is_same(c->before, previous) && spec_differ(c->before, c->sent,
	    spec, &paths) > 0)
		check_failed(c, service, a, &paths);
	else
		edit_done(c, c->edited);
	buf_fini(&paths);
}

static void
check_undone(struct change *c, const json_t *service)
{
	if (!is_same(c->before, json_object_get(service, "Spec"))) {
		undo_failed(c, "");
		return;
	}
	log_event(LOG_WARN, "mover.restored", "service", c->service, "text",
	    "its specification is again what it was before", NULL);
	change_finish(c, false, REFUSAL_ALTERED, c->text);
}

static void
check_move(struct change *c, const json_t *service)
{
	struct placement_mark mark;

	if (!placement_mark(service, &mark) || strcmp(mark.from, c->mark.from) != 0)
		change_finish(c, get_progress(c).arrived && !get_progress(c).stays, REFUSAL_NONE,
		    "the service was updated by somebody else, or rolled back");
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
		request_failed(c, a);
		return;
	}
	service = spec_read(a->body);
	if (!json_is_object(json_object_get(service, "Spec")) ||
	    !json_is_string(json_object_get(service, "ID")) ||
	    !json_is_integer(json_object_get(json_object_get(service, "Version"), "Index")))
		request_failed(c, &malformed);
	else if (c->phase == PHASE_WAIT || c->phase == PHASE_SETTLE)
		check_move(c, service);
	else if (c->phase == PHASE_CHECK)
		check_edit(c, service, a);
	else if (c->phase == PHASE_UNDONE)
		check_undone(c, service);
	else
		apply_edit(c, service, a);
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

static void
set_deadline(struct change *c)
{
	c->deadline_usec = loop_now(c->loop) + c->mark.until * USEC_PER_SEC - clock_wall_usec();
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
	enter_phase(c, PHASE_BEGIN);
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
	enter_phase(c, PHASE_WAIT);
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
	enter_phase(c, PHASE_SCALE);
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
