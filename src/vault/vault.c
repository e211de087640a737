/*
 * vault: when it is read; writes, and what they have come to.
 *
 * A write is sent, and something is answered or not. Whatever that was, the next good read that
 * began after it decides (call_judge): a write that was refused may have been done, and one that
 * was not answered may be done later. What a read shows that was answered by a vault which is
 * behind the others is looked at again for a while.
 *
 * Must not know how a vault reads or writes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "base/clock.h"
#include "vault/names.h"
#include "vault/view_priv.h"

#define PERIOD_USEC	(45 * USEC_PER_SEC)	/* between two reads without a reason */
#define GAP_USEC	(200 * USEC_PER_MSEC)	/* between two with one, at least */
#define GAP_MOST_USEC	(2 * USEC_PER_SEC)	/* where there is much to read */
#define RETRY_USEC	(2 * USEC_PER_SEC)	/* after one that failed */
#define AGAIN_USEC	(1 * USEC_PER_SEC)	/* when a read does not show what was answered */
#define BEHIND_USEC	(20 * USEC_PER_SEC)	/* a vault may be behind for that long */

const char *
vault_object_label(const struct vault_object *o, const char *label)
{
	return json_string_value(json_object_get(o->labels, label));
}

bool
vault_labels_are_texts(const json_t *labels)
{
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)labels, name, value)
		if (!json_is_string(value))
			return false;
	return json_is_object(labels);
}

const struct seal *
vault_seal(const struct vault *v)
{
	return v->seal;
}

/* ---- the view ---- */

unsigned
vault_count(const struct vault *s)
{
	return s->view.n;
}

const struct vault_object *
vault_at(const struct vault *s, unsigned i)
{
	ASSERT(i < s->view.n);
	return &s->view.object[i];
}

const struct vault_object *
vault_find(const struct vault *s, const char *name)
{
	unsigned at;

	return view_find(&s->view, name, &at);
}

struct vault_status
vault_status(const struct vault *s)
{
	struct vault_status st = s->status;

	st.detail = s->detail;
	st.kind = s->ops->kind;
	return st;
}

/* ---- reading ---- */

static void	read_begin(void *);

static void
read_at(struct vault *s, int64_t usec)
{
	int64_t least = s->read_usec + s->gap_usec;

	ASSERT(!s->reading);
	timer_set(s->loop, &s->timer, usec < least ? least : usec, read_begin, s);
}

void
vault_read_soon(struct vault *s)
{
	if (s->reading)
		s->again = true;
	else
		read_at(s, loop_now(s->loop));
}

static void
read_begin(void *arg)
{
	struct vault *s = arg;

	ASSERT(!s->reading && s->next.n == 0);
	s->reading = true;
	s->again = false;
	s->read_usec = clock_mono_usec();
	s->ops->read(s);
}

static void
read_end(struct vault *s, int64_t wait_usec)
{
	ASSERT(s->reading);
	s->reading = false;
	read_at(s, loop_now(s->loop) + (s->again ? 0 : wait_usec));
}

static void
watchers_call(struct vault *s, enum vault_event e)
{
	struct vault_watcher *w, *next;

	for (w = TAILQ_FIRST(&s->watchers); w != NULL; w = next) {
		next = TAILQ_NEXT(w, link);
		w->fn(w->arg, e);
	}
}

void
vault_watch(struct vault *s, struct vault_watcher *w, vault_event_f *fn, void *arg)
{
	w->fn = fn;
	w->arg = arg;
	TAILQ_INSERT_TAIL(&s->watchers, w, link);
}

void
vault_unwatch(struct vault *s, struct vault_watcher *w)
{
	TAILQ_REMOVE(&s->watchers, w, link);
}

void
vault_read_failed(struct vault *s, const struct why *why, const char *detail)
{
	ASSERT(why != NULL);
	view_clear(&s->next);
	read_end(s, RETRY_USEC);
	s->status.lost = true;
	s->status.why = why;
	snprintf(s->detail, sizeof s->detail, "%s", detail);
	watchers_call(s, VAULT_LOST);
}

static void	calls_settle(struct vault *);

/* Reading is a fifth of the time at most, here and at the Engine. */
static void
gap_set(struct vault *s, int64_t took_usec)
{
	s->gap_usec = 5 * took_usec;
	if (s->gap_usec < GAP_USEC)
		s->gap_usec = GAP_USEC;
	if (s->gap_usec > GAP_MOST_USEC)
		s->gap_usec = GAP_MOST_USEC;
}

void
vault_view_commit(struct vault *s)
{
	bool changed;

	s->next.hash = view_hash(&s->next);
	changed = !s->status.ready || s->next.hash != s->view.hash;
	if (changed) {
		view_clear(&s->view);
		s->view = s->next;
		s->next = (struct vault_view){ 0 };
	} else
		view_clear(&s->next);
	s->reads++;
	s->detail[0] = '\0';
	s->status = (struct vault_status){ .ready = true, .begun_usec = s->read_usec,
	    .ended_usec = clock_mono_usec() };
	gap_set(s, s->status.ended_usec - s->read_usec);
	read_end(s, PERIOD_USEC);
	calls_settle(s);
	watchers_call(s, changed ? VAULT_CHANGED : VAULT_READ);
}

/* ---- what a write has come to ---- */

static const struct vault_object *
find_id(const struct vault *s, const char *id, unsigned *at)
{
	for (*at = 0; *at < s->view.n; ++*at)
		if (strcmp(s->view.object[*at].id, id) == 0)
			return &s->view.object[*at];
	return NULL;
}

/* Whether what the call wanted is there, or something else in its place. */
enum found { FOUND_DONE, FOUND_OTHER, FOUND_NOTHING };

static enum found
call_find(const struct vault_call *c, const struct vault_object **o)
{
	const struct vault_view *v = &c->vault->view;
	unsigned at;

	if (c->write == VAULT_REMOVE) {
		*o = find_id(c->vault, c->id, &at);
		return *o == NULL ? FOUND_DONE : FOUND_NOTHING;
	}
	*o = view_find(v, c->name, &at);
	if (c->write == VAULT_CREATE) {
		if (*o == NULL)
			return FOUND_NOTHING;
		return v->raw[at]->sealed_bytes == c->sealed_bytes &&
		    memcmp(v->raw[at]->sealed, c->sealed, c->sealed_bytes) == 0 ?
		    FOUND_DONE : FOUND_OTHER;
	}
	if (*o == NULL || strcmp((*o)->id, c->id) != 0)
		return FOUND_OTHER;
	if ((*o)->version == c->version)
		return FOUND_NOTHING;
	return json_equal((*o)->labels, c->labels) ? FOUND_DONE : FOUND_OTHER;
}

/* False: it is to be looked at again. */
static bool
call_judge(const struct vault_call *c, int64_t now, struct vault_result *r)
{
	bool behind = c->answer == VAULT_ANSWER_YES || c->answer == VAULT_ANSWER_CONFLICT;

	*r = (struct vault_result){ .why = c->why, .detail = c->detail };
	switch (call_find(c, &r->object)) {
	case FOUND_DONE:
		r->end = VAULT_DONE;
		r->why = NULL;
		return true;
	case FOUND_OTHER:
		r->end = VAULT_OTHER;
		r->why = NULL;
		return true;
	case FOUND_NOTHING:
		break;
	}
	r->end = c->answer == VAULT_ANSWER_NO ? VAULT_FAILED : VAULT_UNKNOWN;
	if (r->why == NULL)
		r->why = WHY_STORE_BEHIND;
	return !behind || now - c->answered_usec >= BEHIND_USEC;
}

static void
call_free(struct vault_call *c)
{
	ASSERT(c->sending == NULL);
	free(c->name);
	free(c->id);
	json_decref(c->labels);
	free(c->sealed);
	free(c);
}

/* The next one that has an answer which is older than the last read. */
static struct vault_call *
call_next(struct vault *s)
{
	struct vault_call *c;

	TAILQ_FOREACH(c, &s->calls, link)
		if (c->answered && c->judged != s->reads && c->answered_usec <= s->status.begun_usec)
			return c;
	return NULL;
}

static void
calls_settle(struct vault *s)
{
	struct vault_result r;
	struct vault_call *c;

	while ((c = call_next(s)) != NULL) {
		c->judged = s->reads;
		if (!call_judge(c, loop_now(s->loop), &r)) {
			if (!s->again)
				read_at(s, loop_now(s->loop) + AGAIN_USEC);
			continue;
		}
		TAILQ_REMOVE(&s->calls, c, link);
		c->done(c->arg, &r);
		call_free(c);
	}
}

void
vault_call_answered(struct vault_call *c, enum vault_answer answer, const struct why *why,
    const char *detail)
{
	ASSERT(!c->answered && c->sending == NULL);
	ASSERT((answer == VAULT_ANSWER_YES) == (why == NULL));
	c->answered = true;
	c->answer = answer;
	c->why = why;
	snprintf(c->detail, sizeof c->detail, "%s", detail);
	c->answered_usec = clock_mono_usec();
	vault_read_soon(c->vault);
}

/* ---- writing ---- */

static struct vault_call *
call_new(struct vault *s, enum vault_write write, json_t *labels, vault_done_f *done, void *arg)
{
	struct vault_call *c = must_zalloc(sizeof *c);

	ASSERT(done != NULL);
	c->vault = s;
	c->write = write;
	c->labels = labels;
	c->done = done;
	c->arg = arg;
	TAILQ_INSERT_TAIL(&s->calls, c, link);
	return c;
}

struct vault_call *
vault_create(struct vault *s, const char *name, json_t *labels, struct str data, vault_done_f *done,
    void *arg)
{
	struct vault_call *c = call_new(s, VAULT_CREATE, labels, done, arg);
	struct buf sealed;

	ASSERT(names_is_object(name) && json_is_object(labels) && data.len <= VAULT_DATA_MAX);
	c->name = must_strdup(name);
	buf_init(&sealed, VAULT_DATA_MAX + SEAL_BYTES);
	if (s->seal != NULL)
		seal_close(s->seal, str_of(name), data, &sealed);
	else
		buf_adds(&sealed, data);
	ASSERT(!sealed.full);
	c->sealed_bytes = sealed.len;
	c->sealed = must_alloc(sealed.len + 1);
	memcpy(c->sealed, buf_str(&sealed).p, sealed.len);
	buf_fini(&sealed);
	s->ops->send(s, c);
	return c;
}

struct vault_call *
vault_relabel(struct vault *s, const char *name, uint64_t version, json_t *labels,
    vault_done_f *done, void *arg)
{
	const struct vault_object *o = vault_find(s, name);
	struct vault_call *c = call_new(s, VAULT_RELABEL, labels, done, arg);

	ASSERT(o != NULL && json_is_object(labels));
	c->name = must_strdup(name);
	c->id = must_strdup(o->id);
	c->version = version;
	s->ops->send(s, c);
	return c;
}

struct vault_call *
vault_remove(struct vault *s, const char *id, vault_done_f *done, void *arg)
{
	struct vault_call *c = call_new(s, VAULT_REMOVE, NULL, done, arg);

	c->id = must_strdup(id);
	s->ops->send(s, c);
	return c;
}

void
vault_cancel(struct vault_call *c)
{
	struct vault *s = c->vault;

	if (c->sending != NULL)
		s->ops->drop(s, c);
	c->sending = NULL;
	TAILQ_REMOVE(&s->calls, c, link);
	call_free(c);
}

/* ---- life ---- */

void
vault_init(struct vault *s, const struct vault_ops *ops, struct loop *l, struct seal *seal)
{
	ASSERT(seal == NULL || seal_secrets(seal) > 0);
	*s = (struct vault){ .ops = ops, .loop = l, .seal = seal, .gap_usec = GAP_USEC };
	TAILQ_INIT(&s->calls);
	TAILQ_INIT(&s->watchers);
	timer_set(l, &s->timer, loop_now(l), read_begin, s);
}

void
vault_calls_drop(struct vault *s)
{
	struct vault_call *c;

	while ((c = TAILQ_FIRST(&s->calls)) != NULL)
		vault_cancel(c);
}

void
vault_fini(struct vault *s)
{
	ASSERT(TAILQ_EMPTY(&s->calls));
	timer_clear(s->loop, &s->timer);
	view_clear(&s->view);
	view_clear(&s->next);
}

void
vault_free(struct vault **sp)
{
	struct vault *s = *sp;

	*sp = NULL;
	if (s == NULL)
		return;
	vault_calls_drop(s);
	s->ops->free(s);
}
