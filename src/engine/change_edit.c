/*
 * change_edit: edits of a service's specification, and what became of them. An edit that is
 * posted is read again and compared (CHECK); one that cost the specification something is
 * undone.
 * Must not know when an edit is due (change.c).
 */
#include <stdio.h>
#include <string.h>

#include "base/bug.h"
#include "base/log.h"
#include "discovery/spec.h"
#include "engine/change_priv.h"
#include "world/refusal.h"

#define UNDO_TRIES_MAX	20		/* of one that was wrong to make */
#define PATHS_BYTES	200		/* of the names of lost keys that people read */

/* ---- which edit ---- */

enum edit_result { EDIT_SEND, EDIT_NONE };

static enum edit_result
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

static enum edit_result
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

static enum edit_result
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

void
edit_done(struct change *c, enum phase of)
{
	switch (of) {
	case PHASE_BEGIN:
		change_enter(c, PHASE_WAIT);
		break;
	case PHASE_BACK:
		change_enter(c, PHASE_SETTLE);
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
		if (c->given_up == NULL && change_progress(c).stays)
			c->given_up = "another client changed the service meanwhile";
		edit_done(c, PHASE_END);
		break;
	default:
		change_finish(c, false, REFUSAL_NONE, "another client changed the service meanwhile");
	}
}

/* ---- one is made ---- */

/* What was sent had been read too early, or from another manager: it was not done. */
static bool
is_stale(const struct engine_response *a)
{
	return a->why == WHY_ENGINE_VERSION ||
	    (a->why != NULL && strstr(a->detail, "out of sequence") != NULL);
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
		change_enter(c, PHASE_CHECK);
	} else {
		if (stale) {				/* it was not made */
			json_decref(c->sent);
			c->sent = NULL;
		}
		if (stale && (++c->tries < RETRIES_MAX || c->phase == PHASE_END))
			change_request_after(c, 0);
		else
			change_request_failed(c, a);
	}
}

static void
post_spec(struct change *c, const json_t *service, const char *more, const struct buf *spec,
    engine_done_f *done)
{
	const json_t *version = json_object_get(json_object_get(service, "Version"), "Index");
	char path[160];

	snprintf(path, sizeof path, "/services/%.64s/update?version=%" JSON_INTEGER_FORMAT "%s",
	    json_string_value(json_object_get(service, "ID")), json_integer_value(version), more);
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
	change_request_failed(c, &old);
}

void
edit_apply(struct change *c, json_t *service, const struct engine_response *a)
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
		change_enter(c, PHASE_UNDONE);
	else if (is_stale(a) && ++c->tries < UNDO_TRIES_MAX) {
		ASSERT(c->phase == PHASE_UNDO);
		c->phase = PHASE_CHECK;
		change_request_after(c, 0);
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

void
edit_check(struct change *c, json_t *service, const struct engine_response *a)
{
	const json_t *spec = json_object_get(service, "Spec");
	const json_t *previous = json_object_get(service, "PreviousSpec");
	struct buf paths;

	ASSERT(c->edited == PHASE_BEGIN || c->edited == PHASE_SCALE || c->edited == PHASE_END);
	ASSERT(c->before != NULL && c->sent != NULL && c->minor > 0);	/* there was an edit */
	buf_init(&paths, PATHS_BYTES);
	if (a->minor == c->minor && is_same(c->before, previous) &&
	    spec_differ(c->before, c->sent, spec, &paths) > 0)
		check_failed(c, service, a, &paths);
	else
		edit_done(c, c->edited);
	buf_fini(&paths);
}

void
edit_check_undone(struct change *c, const json_t *service)
{
	if (!is_same(c->before, json_object_get(service, "Spec"))) {
		undo_failed(c, "");
		return;
	}
	log_event(LOG_WARN, "mover.restored", "service", c->service, "text",
	    "its specification is again what it was before", NULL);
	change_finish(c, false, REFUSAL_ALTERED, c->text);
}
