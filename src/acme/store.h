/*
 * store: where ACME keeps what must not be lost or done twice: named objects that all Molas of a
 * Swarm share (its configs, sealed under a Docker secret), or those of one Mola's state directory.
 * An object's data never changes; its labels do, by version. The store reads all objects when it
 * starts, when it hears that something changed, and every minute; what it read last is its view.
 * The protocol on top is acme.c; how objects are sealed, named and read back is the store's own.
 *
 * Names are lower case, of [a-z0-9.], and without the prefix of the stack, which is the store's:
 *	lease  account.K  order.H.G.A  cert.H.G  tickets.E	(record.h)
 */
#ifndef ACME_STORE_H
#define ACME_STORE_H

#include "base/str.h"
#include "base/why.h"

#define STORE_NAME_MAX	48		/* bytes, without the prefix */
#define STORE_DATA_MAX	(256u << 10)	/* bytes of an object's data */
#define STORE_LABELS_MAX 64
#define STORE_OBJECTS_MAX 16384

struct store_label {
	const char	*key, *value;	/* in the clear: anyone who may read the Swarm's configs sees them */
};

/* One object of the view: valid until the loop's next turn. */
struct store_object {
	const char	*name;
	const char	*id;		/* of this very object: one that is removed and made again has another */
	uint64_t	 version;
	int64_t		 created_usec;	/* wall clock, as the store tells it */
	const struct store_label *label;
	unsigned	 nlabels;
	struct str	 data;		/* opened; empty when `why` is set */
	/* NULL; STORE_SEALED: no secret that we have opens it, or it was tampered with */
	const struct why *why;
};

struct store;

/* After each read that succeeded, whether or not anything is different; also when the right of
 * the lease begins or ends, and when the store's state (store_state) changes. */
typedef void	store_changed_f(void *arg);

enum store_outcome {
	/* create: it is there and it is ours. Others: done, or there is no such object any more */
	STORE_DONE,
	STORE_EXISTS,		/* create: another one of that name is there; the view has it */
	STORE_REFUSED		/* it never will be: too large, not allowed, the secret is missing */
};
/*
 * Called exactly once, in a later turn, unless store_free or store_forget comes first; the view
 * has the result by then. A write whose answer is lost is read back until it is known what
 * became of it, for as long as that takes.
 */
typedef void	store_done_f(void *arg, enum store_outcome, const char *detail);

struct store_state {
	bool		 ready;		/* it has been read at least once */
	bool		 shared;	/* with other Molas (Swarm), or one's own directory */
	const struct why *why;		/* why it cannot be read or written at the moment, NULL: it can */
	const char	*detail;
	int64_t		 read_usec;	/* of the last good read: monotonic, its beginning */
	const char	*holder;	/* of the lease, for people; "" when nobody holds it */
};

/* The two kinds: both embed struct store as their first member. */
struct store_ops {
	void	(*free)(struct store *);
	void	(*state)(const struct store *, struct store_state *);
	const struct store_object *(*find)(const struct store *, const char *name);
	const struct store_object *(*next)(const struct store *, const char *prefix, size_t *at);
	void	(*read)(struct store *);
	void	(*create)(struct store *, const char *name, const struct store_label *, unsigned n,
		    struct str data, store_done_f *, void *arg);
	void	(*remove)(struct store *, const char *id, store_done_f *, void *arg);
	void	(*forget)(struct store *, const void *arg);
	void	(*lease_want)(struct store *, bool);
	bool	(*lease_held)(const struct store *);
	void	(*lease_note)(struct store *, const char *key, const char *value);
};

struct store {
	const struct store_ops *ops;
	store_changed_f	*changed;
	void		*arg;
};

static inline void
store_free(struct store **sp)
{
	if (*sp != NULL)
		(*sp)->ops->free(*sp);
	*sp = NULL;
}

static inline struct store_state
store_state(const struct store *s)
{
	struct store_state st = { .ready = false };

	s->ops->state(s, &st);
	return st;
}

/* NULL: the view has none of that name. */
static inline const struct store_object *
store_find(const struct store *s, const char *name)
{
	return s->ops->find(s, name);
}

/* Each object whose name begins so, in the order of names; *at starts as 0; NULL at the end. */
static inline const struct store_object *
store_next(const struct store *s, const char *prefix, size_t *at)
{
	return s->ops->next(s, prefix, at);
}

/* Reads as soon as possible, such as when a challenge is not known; at most some five times a
 * second. `changed` follows a read that succeeded. */
static inline void
store_read(struct store *s)
{
	s->ops->read(s);
}

static inline void
store_create(struct store *s, const char *name, const struct store_label *label, unsigned n,
    struct str data, store_done_f *done, void *arg)
{
	s->ops->create(s, name, label, n, data, done, arg);
}

/* By ID, never by name. `done` may be NULL. */
static inline void
store_remove(struct store *s, const char *id, store_done_f *done, void *arg)
{
	s->ops->remove(s, id, done, arg);
}

/* No callback with this `arg` follows. What was begun is still done, or not. */
static inline void
store_forget(struct store *s, const void *arg)
{
	s->ops->forget(s, arg);
}

/*
 * The lease: while it is wanted, the store tries to get and to keep it; when no longer, it is
 * given back. A directory's is held from the moment that it is wanted.
 */
static inline void
store_lease_want(struct store *s, bool wanted)
{
	s->ops->lease_want(s, wanted);
}

/* May we act, at this moment? To be asked before each act that another must not do as well. */
static inline bool
store_lease_held(const struct store *s)
{
	return s->ops->lease_held(s);
}

/*
 * A label of the object "lease", written with the next beat, which comes at once; only while
 * the lease is held. NULL: the label goes. Read with store_find("lease"). Keys of ours:
 * "fail.H".
 */
static inline void
store_lease_note(struct store *s, const char *key, const char *value)
{
	s->ops->lease_note(s, key, value);
}

#endif
