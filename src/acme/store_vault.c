/*
 * store_vault: objects of the vault as ACME sees them, and its writes. The lease is in
 * store_lease.c.
 */
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <unistd.h>

#include "acme/store_vault_priv.h"
#include "base/alloc.h"
#include "base/bug.h"
#include "base/clock.h"
#include "base/log.h"

#define RETRY_USEC	(2 * USEC_PER_SEC)

/* A write of ACME's, until it is known what it has come to. */
struct op {
	TAILQ_ENTRY(op)	 link;
	struct store_vault *store;
	struct vault_call *call;	/* NULL: it waits to be repeated */
	struct timer	 timer;
	char		*name, *id;	/* one of them: create, or remove */
	json_t		*labels;
	char		*data;
	size_t		 data_bytes;
	store_done_f	*done;		/* NULL: nobody waits for it */
	void		*arg;
};

/* ---- the view ---- */

static void
view_clear(struct store_vault *s)
{
	for (unsigned i = 0; i < s->n; i++)
		free((void *)s->object[i].label);
	free(s->object);
	s->object = NULL;
	s->n = 0;
}

static void
object_convert(const struct vault_object *o, struct store_object *out)
{
	struct store_label *label;
	const char *name;
	json_t *value;

	label = must_zalloc((json_object_size(o->labels) + 1) * sizeof *label);
	*out = (struct store_object){ .name = o->name, .id = o->id, .version = o->version,
	    .created_usec = o->created_sec * USEC_PER_SEC, .label = label, .data = o->data,
	    .why = o->why };
	json_object_foreach((json_t *)o->labels, name, value)
		label[out->nlabels++] = (struct store_label){ name, json_string_value(value) };
}

/* Before anything is called that may look at it: the objects of the view before are gone. */
void
store_vault_view(struct store_vault *s)
{
	view_clear(s);
	s->object = must_zalloc((vault_count(s->vault) + 1) * sizeof *s->object);
	for (; s->n < vault_count(s->vault); s->n++)
		object_convert(vault_at(s->vault, s->n), &s->object[s->n]);
}

static int
compare(const void *name, const void *object)
{
	return strcmp(name, ((const struct store_object *)object)->name);
}

static const struct store_object *
find(const struct store *st, const char *name)
{
	const struct store_vault *s = (const struct store_vault *)st;

	return s->n == 0 ? NULL : bsearch(name, s->object, s->n, sizeof *s->object, compare);
}

static const struct store_object *
next(const struct store *st, const char *prefix, size_t *at)
{
	const struct store_vault *s = (const struct store_vault *)st;

	while (*at < s->n) {
		const struct store_object *o = &s->object[(*at)++];
		if (str_starts(str_of(o->name), str_of(prefix)))
			return o;
	}
	return NULL;
}

static void
state(const struct store *st, struct store_state *out)
{
	const struct store_vault *s = (const struct store_vault *)st;
	struct vault_status v = vault_status(s->vault);

	*out = (struct store_state){ .ready = v.ready, .shared = s->shared, .detail = "",
	    .read_usec = v.begun_usec, .holder = s->lease.holder };
	if (v.lost) {
		out->why = v.why;
		out->detail = v.detail;
	} else if (s->lease.foreign)
		out->why = WHY_STORE_FOREIGN;
}

static void
read_soon(struct store *st)
{
	vault_read_soon(((struct store_vault *)st)->vault);
}

/* ---- what people are told ---- */

/* Once for each state. */
static void
log_state(struct store_vault *s)
{
	struct store_state st = store_state(&s->store);
	char text[VAULT_DETAIL_MAX];

	snprintf(text, sizeof text, "%s %.200s", st.why == NULL ? "" : why_name(st.why), st.detail);
	if (strcmp(text, s->why_logged) == 0)
		return;
	if (st.why != NULL)
		log_event(LOG_WARN, "acme.store_lost", "store", vault_status(s->vault).kind, "why",
		    why_name(st.why), "text", st.why->text, "detail", st.detail, NULL);
	else if (st.ready)
		log_event(LOG_INFO, "acme.store", "store", vault_status(s->vault).kind, "objects",
		    LOG_N(s->n), NULL);
	else
		return;
	memcpy(s->why_logged, text, sizeof text);
}

/* A config of other people may have our prefix, such as mola.yaml. */
static bool
is_of_acme(const char *name)
{
	static const char *const kinds[] = { "account.", "order.", "cert.", "tickets." };

	for (unsigned i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (str_starts(str_of(name), str_of(kinds[i])))
			return true;
	return false;
}

/* Each one once, as long as there are the same ones. */
static void
log_unreadable(struct store_vault *s)
{
	uint64_t all = 0;

	for (unsigned i = 0; i < s->n; i++)
		if (s->object[i].why != NULL && is_of_acme(s->object[i].name))
			all += str_hash(str_of(s->object[i].name));
	if (all == s->unreadable)
		return;
	s->unreadable = all;
	for (unsigned i = 0; i < s->n; i++)
		if (s->object[i].why != NULL && is_of_acme(s->object[i].name))
			log_event(LOG_WARN, "acme.unreadable", "object", s->object[i].name, "why",
			    why_name(s->object[i].why), "text", s->object[i].why->text, NULL);
}

void
store_vault_report(struct store_vault *s)
{
	log_state(s);
	s->store.changed(s->store.arg);
}

/* ---- writes ---- */

static void	op_send(void *);

static void
op_free(struct op *x)
{
	timer_clear(x->store->loop, &x->timer);
	TAILQ_REMOVE(&x->store->ops, x, link);
	if (x->call != NULL)
		vault_cancel(x->call);
	if (x->data != NULL)
		OPENSSL_cleanse(x->data, x->data_bytes);
	free(x->data);
	free(x->name);
	free(x->id);
	json_decref(x->labels);
	free(x);
}

/* What an earlier try has left, late, is as good as what this one would have. */
static bool
is_ours(const struct op *x, const struct vault_object *o)
{
	return x->name != NULL && o != NULL && o->why == NULL &&
	    str_eq(o->data, (struct str){ x->data, x->data_bytes });
}

static void
op_done(void *arg, const struct vault_result *r)
{
	enum store_outcome outcome = STORE_DONE;
	struct op *x = arg;
	struct store_vault *s = x->store;

	x->call = NULL;
	if (r->end == VAULT_UNKNOWN) {
		timer_set(s->loop, &x->timer, loop_now(s->loop) + RETRY_USEC, op_send, x);
		return;
	}
	if (r->end == VAULT_OTHER && !is_ours(x, r->object))
		outcome = STORE_EXISTS;
	else if (r->end == VAULT_FAILED)
		outcome = STORE_REFUSED;
	store_vault_view(s);
	if (x->done != NULL)
		x->done(x->arg, outcome, r->detail);
	op_free(x);
}

static void
op_send(void *arg)
{
	struct op *x = arg;
	struct vault *v = x->store->vault;

	ASSERT(x->call == NULL);
	x->call = x->name == NULL ? vault_remove(v, x->id, op_done, x) :
	    vault_create(v, x->name, json_incref(x->labels), (struct str){ x->data, x->data_bytes },
	    op_done, x);
}

static struct op *
op_new(struct store *st, store_done_f *done, void *arg)
{
	struct store_vault *s = (struct store_vault *)st;
	struct op *x = must_zalloc(sizeof *x);

	x->store = s;
	x->done = done;
	x->arg = arg;
	TAILQ_INSERT_TAIL(&s->ops, x, link);
	return x;
}

static void
create(struct store *st, const char *name, const struct store_label *label, unsigned n,
    struct str data, store_done_f *done, void *arg)
{
	struct op *x = op_new(st, done, arg);

	ASSERT(n <= STORE_LABELS_MAX && data.len <= STORE_DATA_MAX);
	x->name = must_strdup(name);
	x->labels = json_object();
	for (unsigned i = 0; i < n; i++)
		json_object_set_new(x->labels, label[i].key, json_string(label[i].value));
	x->data = str_dup(data);
	x->data_bytes = data.len;
	op_send(x);
}

static void
remove_object(struct store *st, const char *id, store_done_f *done, void *arg)
{
	struct op *x = op_new(st, done, arg);

	x->id = must_strdup(id);
	op_send(x);
}

static void
forget(struct store *st, const void *arg)
{
	struct op *x;

	TAILQ_FOREACH(x, &((struct store_vault *)st)->ops, link)
		if (x->arg == arg)
			x->done = NULL;
}

/* ---- another secret ---- */

/* Its place is free now. */
static void
on_unsealed(void *arg, enum store_outcome outcome, const char *detail)
{
	struct op *x = arg;

	(void)detail;
	if (outcome == STORE_DONE)
		op_send(x);
	else
		op_free(x);
}

/* Certificates and orders are replaced in time; the key of an account stays, and so would the
 * secret that it is sealed with. It is removed and made again by the one that has the lease: if
 * that one dies in between, there is another account. */
static void
reseal(struct store_vault *s)
{
	const struct vault_object *o;
	struct op *x;

	if (!lease_may_act(&s->lease, clock_mono_usec()) || !TAILQ_EMPTY(&s->ops))
		return;
	for (unsigned i = 0; i < vault_count(s->vault); i++) {
		o = vault_at(s->vault, i);
		if (o->why != NULL || o->secret == 0 || !str_starts(str_of(o->name), STR("account.")))
			continue;
		x = op_new(&s->store, NULL, NULL);
		x->name = must_strdup(o->name);
		x->labels = json_deep_copy(o->labels);
		x->data = str_dup(o->data);
		x->data_bytes = o->data.len;
		log_event(LOG_INFO, "acme.resealed", "object", o->name, NULL);
		remove_object(&s->store, o->id, on_unsealed, x);
		return;
	}
}

/* ---- life ---- */

static void
on_vault(void *arg, enum vault_event e)
{
	struct store_vault *s = arg;

	if (e == VAULT_CHANGED) {
		store_vault_view(s);
		log_unreadable(s);
	}
	if (e != VAULT_LOST)
		store_lease_look(s);
	store_lease_pump(s);
	reseal(s);
	store_vault_report(s);
}

static void
free_store(struct store *st)
{
	struct store_vault *s = (struct store_vault *)st;
	struct op *x;

	while ((x = TAILQ_FIRST(&s->ops)) != NULL)
		op_free(x);
	if (s->beat != NULL)
		vault_cancel(s->beat);
	timer_clear(s->loop, &s->timer);
	vault_unwatch(s->vault, &s->watcher);
	vault_free(&s->vault);
	view_clear(s);
	json_decref(s->notes);
	json_decref(s->sent);
	free(s);
}

static const struct store_ops ops = {
	.free = free_store, .state = state, .find = find, .next = next, .read = read_soon,
	.create = create, .remove = remove_object, .forget = forget,
	.lease_want = store_lease_set_wanted, .lease_held = store_lease_is_held,
	.lease_note = store_lease_add_note
};

/* A name for people, and a number that makes it another one after each start. */
static void
name_oneself(char me[LEASE_HOLDER_MAX])
{
	unsigned char random[4];
	char host[48] = "";

	if (gethostname(host, sizeof host - 1) != 0 || host[0] == '\0')
		snprintf(host, sizeof host, "mola");
	if (RAND_bytes(random, sizeof random) != 1)
		BUG("no random bytes");
	snprintf(me, LEASE_HOLDER_MAX, "%s.%02x%02x%02x%02x", host, random[0], random[1], random[2],
	    random[3]);
}

struct store *
store_vault_new(struct loop *l, struct vault *v, bool shared, store_changed_f *changed, void *arg)
{
	struct store_vault *s = must_zalloc(sizeof *s);
	char me[LEASE_HOLDER_MAX];

	ASSERT(changed != NULL);
	s->store = (struct store){ .ops = &ops, .changed = changed, .arg = arg };
	s->loop = l;
	s->vault = v;
	s->shared = shared;
	s->notes = json_object();
	TAILQ_INIT(&s->ops);
	name_oneself(me);
	lease_init(&s->lease, me, !shared);
	vault_watch(v, &s->watcher, on_vault, s);
	return &s->store;
}
