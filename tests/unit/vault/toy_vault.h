/*
 * toy_vault: a vault without a disk or a Swarm, shared by any number of contenders. A write can
 * be lost, answered with nothing though it is done, or done later than it is answered.
 */
#ifndef UNIT_TOY_VAULT_H
#define UNIT_TOY_VAULT_H

#include <time.h>

#include "../until.h"
#include "base/alloc.h"
#include "vault/backend.h"

#define TOY_MAX		64

struct toy_object {
	char		*name, *sealed;
	size_t		 bytes;
	char		 id[16];
	uint64_t	 version;
	json_t		*labels;
	int64_t		 created_sec;
	const struct why *why;		/* as it is shown, without looking at the seal */
};

struct toy_swarm {
	struct toy_object object[TOY_MAX];
	unsigned	 n;
	uint64_t	 index;			/* of the last write */
};

enum toy_mood {
	TOY_GOOD,
	TOY_SILENT,			/* does what is written, and answers UNSURE */
	TOY_DEAF,			/* does nothing, and answers UNSURE */
	TOY_LATE,			/* does nothing, answers UNSURE, and does it at toy_do_late */
	TOY_LYING,			/* does nothing, and answers YES */
	TOY_REFUSING,
	TOY_HANGING			/* neither */
};

struct toy {
	struct vault	 vault;
	struct toy_swarm *swarm;
	enum toy_mood	 mood;
	bool		 away;			/* reads fail */
	bool		 frozen;		/* reads show what was there when it froze */
	struct toy_swarm old;
	struct vault_call late;			/* a copy of what is to be done later */
	unsigned	 reads, sends, drops;
};

static inline struct toy_object *
toy_find(struct toy_swarm *w, const char *name)
{
	for (unsigned i = 0; i < w->n; i++)
		if (strcmp(w->object[i].name, name) == 0)
			return &w->object[i];
	return NULL;
}

static inline void
toy_object_fini(struct toy_object *o)
{
	free(o->name);
	free(o->sealed);
	json_decref(o->labels);
}

static inline enum vault_answer
toy_create(struct toy_swarm *w, const struct vault_call *c)
{
	struct toy_object *o;

	if (toy_find(w, c->name) != NULL)
		return VAULT_ANSWER_CONFLICT;
	assert_true(w->n < TOY_MAX);
	o = &w->object[w->n++];
	*o = (struct toy_object){ .name = must_strdup(c->name), .sealed = must_alloc(c->sealed_bytes + 1),
	    .bytes = c->sealed_bytes, .version = ++w->index, .labels = json_deep_copy(c->labels),
	    .created_sec = time(NULL) };
	memcpy(o->sealed, c->sealed, c->sealed_bytes);
	snprintf(o->id, sizeof o->id, "id%u", (unsigned)w->index);
	return VAULT_ANSWER_YES;
}

static inline enum vault_answer
toy_do(struct toy_swarm *w, const struct vault_call *c)
{
	if (c->write == VAULT_CREATE)
		return toy_create(w, c);
	for (unsigned i = 0; i < w->n; i++) {
		struct toy_object *o = &w->object[i];
		if (strcmp(o->id, c->id) != 0)
			continue;
		if (c->write == VAULT_REMOVE) {
			toy_object_fini(o);
			*o = w->object[--w->n];
			return VAULT_ANSWER_YES;
		}
		if (o->version != c->version)
			return VAULT_ANSWER_CONFLICT;
		json_decref(o->labels);
		o->labels = json_deep_copy(c->labels);
		o->version = ++w->index;
		return VAULT_ANSWER_YES;
	}
	return VAULT_ANSWER_NO;
}

static inline void
toy_copy(struct vault_call *to, const struct vault_call *c)
{
	*to = *c;
	to->name = c->name == NULL ? NULL : must_strdup(c->name);
	to->id = c->id == NULL ? NULL : must_strdup(c->id);
	to->labels = json_deep_copy(c->labels);
	to->sealed = must_alloc(c->sealed_bytes + 1);
	memcpy(to->sealed, c->sealed == NULL ? "" : c->sealed, c->sealed_bytes);
}

static inline void
toy_late_fini(struct toy *t)
{
	free(t->late.name);
	free(t->late.id);
	free(t->late.sealed);
	json_decref(t->late.labels);
	t->late = (struct vault_call){ 0 };
}

static inline enum vault_answer
toy_do_late(struct toy *t)
{
	enum vault_answer a = toy_do(t->swarm, &t->late);

	toy_late_fini(t);
	return a;
}

static inline void
toy_answer(struct vault_call *c, enum vault_answer a)
{
	vault_call_answered(c, a, a == VAULT_ANSWER_YES ? NULL : a == VAULT_ANSWER_UNSURE ? WHY_STORE_GONE :
	    WHY_STORE_REFUSED, a == VAULT_ANSWER_YES ? "" : "the toy's words");
}

static inline void
toy_send(struct vault *s, struct vault_call *c)
{
	struct toy *t = (struct toy *)s;

	t->sends++;
	switch (t->mood) {
	case TOY_GOOD: toy_answer(c, toy_do(t->swarm, c)); break;
	case TOY_SILENT: toy_do(t->swarm, c); toy_answer(c, VAULT_ANSWER_UNSURE); break;
	case TOY_DEAF: toy_answer(c, VAULT_ANSWER_UNSURE); break;
	case TOY_LATE: toy_copy(&t->late, c); toy_answer(c, VAULT_ANSWER_UNSURE); break;
	case TOY_LYING: toy_answer(c, VAULT_ANSWER_YES); break;
	case TOY_REFUSING: toy_answer(c, VAULT_ANSWER_NO); break;
	case TOY_HANGING: c->sending = t; break;
	}
}

static inline void
toy_read(struct vault *s)
{
	struct toy *t = (struct toy *)s;
	struct toy_swarm *w = t->frozen ? &t->old : t->swarm;

	t->reads++;
	if (t->away) {
		vault_read_failed(s, WHY_STORE_GONE, "the toy is away");
		return;
	}
	for (unsigned i = 0; i < w->n; i++)
		vault_view_add(s, (struct vault_object){ .name = w->object[i].name, .id = w->object[i].id,
		    .version = w->object[i].version, .labels = w->object[i].labels,
		    .created_sec = w->object[i].created_sec, .why = w->object[i].why },
		    (struct str){ w->object[i].sealed, w->object[i].bytes }, 0);
	vault_view_commit(s);
}

static inline void
toy_drop(struct vault *s, struct vault_call *c)
{
	((struct toy *)s)->drops++;
	c->sending = NULL;
}

static inline void
toy_old_fini(struct toy *t)
{
	while (t->old.n > 0)
		toy_object_fini(&t->old.object[--t->old.n]);
}

static inline void
toy_freeze(struct toy *t)
{
	toy_old_fini(t);
	for (unsigned i = 0; i < t->swarm->n; i++) {
		struct toy_object *o = &t->old.object[t->old.n++];
		*o = t->swarm->object[i];
		o->name = must_strdup(o->name);
		o->sealed = must_alloc(o->bytes + 1);
		memcpy(o->sealed, t->swarm->object[i].sealed, o->bytes);
		o->labels = json_deep_copy(o->labels);
	}
	t->frozen = true;
}

static inline void
toy_free(struct vault *s)
{
	toy_old_fini((struct toy *)s);
	toy_late_fini((struct toy *)s);
	vault_fini(s);
	free(s);
}

static const struct vault_ops toy_ops = { .kind = "a toy", .read = toy_read, .send = toy_send,
	.drop = toy_drop, .free = toy_free };

static inline struct toy *
toy_new(struct loop *l, struct toy_swarm *w, struct seal *seal)
{
	struct toy *t = must_zalloc(sizeof *t);

	vault_init(&t->vault, &toy_ops, l, seal);
	t->swarm = w;
	return t;
}

static inline void
toy_swarm_fini(struct toy_swarm *w)
{
	while (w->n > 0)
		toy_object_fini(&w->object[--w->n]);
}

#endif
