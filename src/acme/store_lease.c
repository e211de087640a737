/*
 * store_lease: drives the lease (vault/lease.h): what it wants done is written, what was read and
 * has been written is reported to it, and the timer is set to when it wants to be called again.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "acme/store_vault_priv.h"
#include "base/bug.h"
#include "base/clock.h"
#include "base/log.h"
#include "vault/seal.h"

#define LEASE_NAME	"lease"

bool
store_lease_is_held(const struct store *st)
{
	const struct store_vault *s = (const struct store_vault *)st;

	return lease_may_act(&s->lease, clock_mono_usec());
}

/* All labels are replaced: what others have noted stays. */
static json_t *
lease_labels(struct store_vault *s, const struct vault_object *o, const char *holder)
{
	json_t *labels = o == NULL ? json_object() : json_deep_copy(o->labels), *value;
	const char *count = o == NULL ? NULL : vault_object_label(o, "n"), *key;
	uint64_t n = count == NULL ? 0 : strtoull(count, NULL, 10);
	const struct seal *seal = vault_seal(s->vault);
	char number[24], name[SEAL_NAME_BYTES];

	snprintf(number, sizeof number, "%llu", (unsigned long long)n + 1);
	json_object_set_new(labels, "holder", json_string(holder));
	json_object_set_new(labels, "n", json_string(number));
	if (seal != NULL) {
		seal_name(seal, name);
		json_object_set_new(labels, "seal", json_string(name));
	}
	json_decref(s->sent);
	s->sent = s->notes;
	s->notes = json_object();
	json_object_foreach(s->sent, key, value)
		if (json_is_null(value))
			json_object_del(labels, key);
		else
			json_object_set(labels, key, value);
	return labels;
}

/* By what its holder last sealed with: the object itself is never made again, and so remains
 * sealed with a secret that may be forgotten by now. */
static bool
is_foreign(const struct store_vault *s, const struct vault_object *lease)
{
	const struct seal *seal = vault_seal(s->vault);
	const char *name = vault_object_label(lease, "seal");

	if (seal == NULL || name == NULL)
		return lease->why != NULL;
	return !seal_knows(seal, name);
}

void
store_lease_look(struct store_vault *s)
{
	const struct vault_object *o = vault_find(s->vault, LEASE_NAME);
	struct vault_status st = vault_status(s->vault);

	if (st.ready)
		lease_read(&s->lease, st.begun_usec, st.ended_usec, o, o != NULL && is_foreign(s, o));
}

static void
beat_done(void *arg, const struct vault_result *r)
{
	struct store_vault *s = arg;
	int64_t now = clock_mono_usec();

	s->beat = NULL;
	store_vault_view(s);
	store_lease_look(s);
	lease_written(&s->lease, r->end, now);
	if (r->end != VAULT_DONE) {		/* newer notes count more */
		json_object_update(s->sent, s->notes);
		json_decref(s->notes);
		s->notes = s->sent;
		s->sent = NULL;
	}
	store_lease_pump(s);
}

static void
lease_write(struct store_vault *s, enum lease_step step)
{
	const struct vault_object *o = vault_find(s->vault, LEASE_NAME);
	json_t *labels = lease_labels(s, o, step == LEASE_RELEASE ? "" : s->lease.me);

	ASSERT(s->beat == NULL && (step == LEASE_CREATE) == (o == NULL));
	lease_sent(&s->lease, step, clock_mono_usec());
	s->beat = o == NULL ? vault_create(s->vault, LEASE_NAME, labels, STR(LEASE_NAME), beat_done, s) :
	    vault_relabel(s->vault, LEASE_NAME, o->version, labels, beat_done, s);
}

static void
lease_due(void *arg)
{
	store_lease_pump(arg);
}

/* Whoever waits for the right is told when it begins and when it ends. */
static void
lease_report(struct store_vault *s, int64_t now)
{
	bool held = lease_may_act(&s->lease, now);

	if (held == s->held)
		return;
	s->held = held;
	log_event(LOG_DEBUG, "acme.lease", "state", held ? "held" : "not held", "holder",
	    s->lease.holder, NULL);
	if (!held)
		json_object_clear(s->notes);
	store_vault_report(s);
}

void
store_lease_pump(struct store_vault *s)
{
	int64_t now = clock_mono_usec(), until = INT64_MAX,
	    ends = s->lease.beat_usec + LEASE_RIGHT_USEC;
	enum lease_step step = lease_next(&s->lease, now, &until);

	if (step == LEASE_READ) {
		vault_read_soon(s->vault);
		step = lease_next(&s->lease, now, &until);
	}
	if (step >= LEASE_CREATE)
		lease_write(s, step);
	if (lease_may_act(&s->lease, now) && until > ends)
		until = ends;
	if (until == INT64_MAX)
		timer_clear(s->loop, &s->timer);
	else
		timer_set(s->loop, &s->timer, until, lease_due, s);
	lease_report(s, now);
}

void
store_lease_set_wanted(struct store *st, bool wanted)
{
	struct store_vault *s = (struct store_vault *)st;

	if (wanted == s->lease.wanted)
		return;
	if (wanted)
		lease_want(&s->lease, 0);
	else
		lease_unwant(&s->lease);
	timer_set(s->loop, &s->timer, loop_now(s->loop), lease_due, s);
}

void
store_lease_add_note(struct store *st, const char *key, const char *value)
{
	struct store_vault *s = (struct store_vault *)st;

	json_object_set_new(s->notes, key, value == NULL ? json_null() : json_string(value));
	lease_beat_soon(&s->lease);
	timer_set(s->loop, &s->timer, loop_now(s->loop), lease_due, s);
}
