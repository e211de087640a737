/*
 * toy_store: a store in memory. Writes are answered in a later turn, as by the real ones; a test may
 * have the next create lose to another Mola, or the lease be another's.
 */
#ifndef TESTS_TOY_STORE_H
#define TESTS_TOY_STORE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "acme/store.h"
#include "base/alloc.h"
#include "base/bug.h"
#include "base/clock.h"
#include "net/loop.h"

#define TOY_MAX 64

struct toy_write {
	bool		 used;
	enum store_outcome outcome;
	store_done_f	*done;
	void		*arg;
};

struct toy_store {
	struct store	 store;
	struct loop	*loop;
	struct store_object object[TOY_MAX];
	unsigned	 n;
	struct toy_write write[8];
	struct timer	 timer;
	bool		 lease_wanted, lease_taken;	/* taken: by somebody else */
	struct store_label label[TOY_MAX];	/* of the lease */
	struct store_object lease;
	const char	*rival;		/* what another Mola writes just before the next create */
	unsigned	 creates, serial;
};

static inline void
toy_free(struct store *s)
{
	struct toy_store *t = (struct toy_store *)s;

	timer_clear(t->loop, &t->timer);
	for (unsigned i = 0; i < t->n; i++) {
		free((char *)t->object[i].name);
		free((char *)t->object[i].id);
		free((char *)t->object[i].data.p);
	}
	for (unsigned i = 0; i < t->lease.nlabels; i++) {
		free((char *)t->label[i].key);
		free((char *)t->label[i].value);
	}
	free(t);
}

static inline void
toy_state(const struct store *s, struct store_state *st)
{
	const struct toy_store *t = (const struct toy_store *)s;

	*st = (struct store_state){ .ready = true, .detail = "", .read_usec = loop_now(t->loop), .holder = "" };
}

static inline const struct store_object *
toy_find(const struct store *s, const char *name)
{
	const struct toy_store *t = (const struct toy_store *)s;

	if (strcmp(name, "lease") == 0)
		return &t->lease;
	for (unsigned i = 0; i < t->n; i++)
		if (strcmp(t->object[i].name, name) == 0)
			return &t->object[i];
	return NULL;
}

static inline const struct store_object *
toy_next(const struct store *s, const char *prefix, size_t *at)
{
	const struct toy_store *t = (const struct toy_store *)s;

	while (*at < t->n) {
		const struct store_object *o = &t->object[(*at)++];
		if (strncmp(o->name, prefix, strlen(prefix)) == 0)
			return o;
	}
	return NULL;
}

static inline void
toy_due(void *arg)
{
	struct toy_store *t = arg;

	if (t->store.changed != NULL)
		t->store.changed(t->store.arg);
	for (unsigned i = 0; i < 8; i++)
		if (t->write[i].used) {
			t->write[i].used = false;
			if (t->write[i].done != NULL)
				t->write[i].done(t->write[i].arg, t->write[i].outcome, "");
		}
}

static inline void
toy_read(struct store *s)
{
	struct toy_store *t = (struct toy_store *)s;

	timer_set(t->loop, &t->timer, loop_now(t->loop), toy_due, t);
}

static inline void
toy_put(struct toy_store *t, const char *name, struct str data)
{
	char id[32];

	ASSERT(t->n < TOY_MAX && toy_find(&t->store, name) == NULL);
	snprintf(id, sizeof id, "id%u", ++t->serial);
	t->object[t->n++] = (struct store_object){ .name = must_strdup(name), .id = must_strdup(id), .version = t->serial,
	    .data = { str_dup(data), data.len }, .created_usec = clock_wall_usec() };
}

static inline void
toy_later(struct toy_store *t, enum store_outcome outcome, store_done_f *done, void *arg)
{
	for (unsigned i = 0; i < 8; i++)
		if (!t->write[i].used) {
			t->write[i] = (struct toy_write){ true, outcome, done, arg };
			toy_read(&t->store);
			return;
		}
	BUG("too many writes");
}

static inline void
toy_create(struct store *s, const char *name, const struct store_label *label, unsigned n, struct str data,
    store_done_f *done, void *arg)
{
	struct toy_store *t = (struct toy_store *)s;

	(void)label;
	(void)n;
	t->creates++;
	if (t->rival != NULL) {
		toy_put(t, name, str_of(t->rival));
		t->rival = NULL;
	}
	if (toy_find(s, name) != NULL)
		toy_later(t, STORE_EXISTS, done, arg);
	else {
		toy_put(t, name, data);
		toy_later(t, STORE_DONE, done, arg);
	}
}

static inline void
toy_remove(struct store *s, const char *id, store_done_f *done, void *arg)
{
	struct toy_store *t = (struct toy_store *)s;

	for (unsigned i = 0; i < t->n; i++)
		if (strcmp(t->object[i].id, id) == 0) {
			free((char *)t->object[i].name);
			free((char *)t->object[i].id);
			free((char *)t->object[i].data.p);
			memmove(&t->object[i], &t->object[i + 1], (t->n - i - 1) * sizeof *t->object);
			t->n--;
			break;
		}
	toy_later(t, STORE_DONE, done, arg);
}

static inline void
toy_forget(struct store *s, const void *arg)
{
	struct toy_store *t = (struct toy_store *)s;

	for (unsigned i = 0; i < 8; i++)
		t->write[i].used = t->write[i].used && t->write[i].arg != arg;
}

static inline void
toy_lease_want(struct store *s, bool wanted)
{
	struct toy_store *t = (struct toy_store *)s;

	if (wanted && !t->lease_wanted)
		toy_read(s);
	t->lease_wanted = wanted;
}

static inline bool
toy_lease_held(const struct store *s)
{
	const struct toy_store *t = (const struct toy_store *)s;

	return t->lease_wanted && !t->lease_taken;
}

static inline void
toy_lease_note(struct store *s, const char *key, const char *value)
{
	struct toy_store *t = (struct toy_store *)s;
	unsigned i;

	for (i = 0; i < t->lease.nlabels && strcmp(t->label[i].key, key) != 0; i++)
		;
	if (i < t->lease.nlabels) {
		free((char *)t->label[i].key);
		free((char *)t->label[i].value);
		t->label[i] = t->label[--t->lease.nlabels];
	}
	if (value != NULL)
		t->label[t->lease.nlabels++] = (struct store_label){ must_strdup(key), must_strdup(value) };
}

static inline struct toy_store *
toy_store_new(struct loop *l)
{
	static const struct store_ops ops = { toy_free, toy_state, toy_find, toy_next, toy_read, toy_create, toy_remove,
	    toy_forget, toy_lease_want, toy_lease_held, toy_lease_note };
	struct toy_store *t = must_zalloc(sizeof *t);

	t->store.ops = &ops;
	t->loop = l;
	t->lease.name = "lease";
	t->lease.id = "lease";
	t->lease.label = t->label;
	return t;
}

#endif
