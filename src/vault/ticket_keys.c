#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "base/clock.h"
#include "vault/ticket_keys.h"

#define PREFIX		"tickets."
#define ROTATE_SEC	(12 * 3600)
#define SPREAD_USEC	(60 * USEC_PER_SEC)	/* until all have read a new key */
#define GAP_USEC	(3600 * USEC_PER_SEC)	/* between two of our own, whatever a wall clock says */

struct ticket_keys {
	struct loop	*loop;
	struct vault	*vault;
	struct vault_watcher watcher;
	struct vault_call *call;
	struct timer	 timer;
	ticket_keys_changed_f *changed;
	void		*arg;
	uint64_t	 newest;		/* the number of the newest key; 0: there is none */
	int64_t		 newest_usec;		/* it was seen first */
	int64_t		 spread_usec;		/* all have read it then */
	int64_t		 made_usec;		/* we made one last; 0: never */
	uint64_t	 reported[TICKET_KEYS_MAX];	/* numbers of those in use, in their order */
};

/* 0: it is no key's name. */
static uint64_t
number_of(const char *name)
{
	uint64_t n = 0;

	if (!str_starts(str_of(name), STR(PREFIX)) ||
	    !str_to_u64(str_of(name + strlen(PREFIX)), &n) || n > UINT32_MAX)
		return 0;
	return n;
}

static bool
is_key(const struct vault_object *o)
{
	return o != NULL && o->why == NULL && o->data.len == TICKET_KEYS_BYTES;
}

static const struct vault_object *
find(const struct ticket_keys *t, uint64_t number)
{
	char name[VAULT_NAME_MAX + 1];

	snprintf(name, sizeof name, PREFIX "%llu", (unsigned long long)number);
	return vault_find(t->vault, name);
}

/* The highest number that is in use, and of those that can be read. */
static uint64_t
highest(const struct ticket_keys *t, uint64_t *readable)
{
	uint64_t most = 0, n;

	*readable = 0;
	for (unsigned i = 0; i < vault_count(t->vault); i++) {
		n = number_of(vault_at(t->vault, i)->name);
		if (n > most)
			most = n;
		if (n > *readable && is_key(vault_at(t->vault, i)))
			*readable = n;
	}
	return most;
}

/* ---- which are in use ---- */

static unsigned
in_use(const struct ticket_keys *t, const struct vault_object *out[TICKET_KEYS_MAX])
{
	bool fresh = loop_now(t->loop) < t->spread_usec;
	const struct vault_object *o;
	unsigned n = 0;

	for (uint64_t e = t->newest; e > 0 && e + TICKET_KEYS_MAX > t->newest; e--)
		if (is_key(o = find(t, e)))
			out[n++] = o;
	if (n > 1 && fresh) {
		o = out[0];
		out[0] = out[1];
		out[1] = o;
	}
	return n;
}

unsigned
ticket_keys_list(const struct ticket_keys *t, struct str key[TICKET_KEYS_MAX])
{
	const struct vault_object *o[TICKET_KEYS_MAX];
	unsigned n = in_use(t, o);

	for (unsigned i = 0; i < n; i++)
		key[i] = o[i]->data;
	return n;
}

static void
report(struct ticket_keys *t)
{
	const struct vault_object *o[TICKET_KEYS_MAX];
	uint64_t now[TICKET_KEYS_MAX] = { 0 };
	unsigned n = in_use(t, o);

	for (unsigned i = 0; i < n; i++)
		now[i] = number_of(o[i]->name);
	if (memcmp(now, t->reported, sizeof now) == 0)
		return;
	memcpy(t->reported, now, sizeof now);
	t->changed(t->arg);
}

/* ---- when one is due ---- */

static bool
is_due(const struct ticket_keys *t)
{
	int64_t now = loop_now(t->loop), age;
	const struct vault_object *o = t->newest == 0 ? NULL : find(t, t->newest);

	if (o == NULL)
		return true;
	if (t->made_usec != 0 && now - t->made_usec < GAP_USEC)
		return false;
	age = (int64_t)time(NULL) - o->created_sec;
	return age >= ROTATE_SEC || now - t->newest_usec >= ROTATE_SEC * USEC_PER_SEC;
}

/* Whoever made it: it is there, or will be looked for again. */
static void
on_made(void *arg, const struct vault_result *r)
{
	(void)r;
	((struct ticket_keys *)arg)->call = NULL;
}

static void
make(struct ticket_keys *t, uint64_t number)
{
	unsigned char key[TICKET_KEYS_BYTES];
	char name[VAULT_NAME_MAX + 1];

	if (RAND_priv_bytes(key, sizeof key) != 1)
		BUG("no random bytes");
	snprintf(name, sizeof name, PREFIX "%llu", (unsigned long long)number);
	t->made_usec = loop_now(t->loop);
	t->call = vault_create(t->vault, name, json_object(),
	    (struct str){ (const char *)key, sizeof key }, on_made, t);
	OPENSSL_cleanse(key, sizeof key);
}

static void
look(void *arg)
{
	struct ticket_keys *t = arg;
	uint64_t readable, most = highest(t, &readable);

	if (readable != t->newest) {
		t->newest_usec = loop_now(t->loop);
		/* one that was there at the start has been read by others */
		t->spread_usec = t->newest == 0 ? 0 : t->newest_usec + SPREAD_USEC;
		t->newest = readable;
		if (t->spread_usec > 0)
			timer_set(t->loop, &t->timer, t->spread_usec, look, t);
	}
	if (t->call == NULL && is_due(t))
		make(t, most + 1);
	report(t);
}

static void
on_vault(void *arg, enum vault_event e)
{
	if (e != VAULT_LOST)
		look(arg);
}

struct ticket_keys *
ticket_keys_new(struct loop *l, struct vault *v, ticket_keys_changed_f *changed, void *arg)
{
	struct ticket_keys *t = must_zalloc(sizeof *t);

	ASSERT(changed != NULL);
	t->loop = l;
	t->vault = v;
	t->changed = changed;
	t->arg = arg;
	vault_watch(v, &t->watcher, on_vault, t);
	return t;
}

void
ticket_keys_free(struct ticket_keys **tp)
{
	struct ticket_keys *t = *tp;

	*tp = NULL;
	if (t == NULL)
		return;
	if (t->call != NULL)
		vault_cancel(t->call);
	timer_clear(t->loop, &t->timer);
	vault_unwatch(t->vault, &t->watcher);
	free(t);
}
