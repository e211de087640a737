/*
 * acme: lives of certificates: they begin as names that are wanted or as objects in the store,
 * and end when neither is left.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "acme/acme_priv.h"
#include "acme/base64url.h"
#include "base/alloc.h"
#include "base/bug.h"
#include "base/clock.h"

int64_t
acme_now(void)
{
	return clock_wall_usec() / USEC_PER_SEC;
}

void
acme_tell(struct acme_cert *c, enum log_level level, const char *event, const struct why *why,
    const char *text)
{
	c->acme->event(c->acme->arg, level, event, c->title, why, text);
}

struct acme_cert *
acme_cert_find(struct acme *a, const char *hash)
{
	struct acme_cert *c;

	TAILQ_FOREACH(c, &a->certs_list, link)
		if (strcmp(c->hash, hash) == 0)
			return c;
	return NULL;
}

int64_t
acme_renew_at(const struct acme_cert *c)
{
	int64_t at, most = c->not_after - (c->not_after - c->not_before) / 10;

	if (c->served == 0 || c->forced)
		return 0;
	at = when_renew(c->not_before, c->not_after, c->has_window ? &c->window : NULL, c->chance);
	return at < most ? at : most;		/* whatever the CA suggests, before it expires */
}

/* What keeps it from being renewed is told while it does. */
void
acme_note(struct acme_cert *c)
{
	int64_t at = acme_renew_at(c);

	if (!c->wanted)
		certs_note(c->acme->certs, c->id, 0, NULL, "no service has this name any more");
	else if (c->refused != NULL)
		certs_note(c->acme->certs, c->id, 0, WHY_ACME_NOT_ALLOWED, c->refused);
	else
		certs_note(c->acme->certs, c->id, at > c->again ? at : c->again > acme_now() ? c->again : at,
		    c->why, c->detail);
}

/* ---- certificates ---- */

/*
 * The first name that is no wildcard stands for all. Several may have the same: those of more
 * than one name have a part of their hash in the ID.
 */
static void
id_make(struct acme_cert *c)
{
	c->title = c->names.name[0];
	for (unsigned i = 0; i < c->names.n && c->title[0] == '*'; i++)
		c->title = c->names.name[i];
	if (c->names.n == 1)
		snprintf(c->id, sizeof c->id, "acme:%s", c->title);
	else
		snprintf(c->id, sizeof c->id, "acme:%s+%u.%.4s", c->title, c->names.n - 1, c->hash);
}

static struct acme_cert *
cert_new(struct acme *a, const struct record_names *names)
{
	struct acme_cert *c = must_zalloc(sizeof *c);

	c->acme = a;
	c->arena = arena_new();
	if (!record_names_make(c->arena, (const char *const *)names->name, names->n, &c->names))
		BUG("a set of names without names");
	record_hash(&c->names, c->hash);
	id_make(c);
	c->source = "";
	c->chance = rng_double(&a->rng);
	TAILQ_INSERT_TAIL(&a->certs_list, c, link);
	return c;
}

struct acme_cert *
acme_cert_of(struct acme *a, const struct record_names *names)
{
	char hash[RECORD_HASH_LEN + 1];
	struct acme_cert *c;

	record_hash(names, hash);
	c = acme_cert_find(a, hash);
	return c != NULL ? c : cert_new(a, names);
}

static void
cert_free(struct acme_cert *c)
{
	struct acme *a = c->acme;

	acme_cert_drop(c);
	TAILQ_REMOVE(&a->certs_list, c, link);
	arena_free(&c->arena);
	free(c->ca_url);
	free(c);
}

/* True: neither wanted nor in the store, it is gone. */
bool
acme_cert_ended(struct acme_cert *c)
{
	if (c->wanted || c->generation > 0 || c->issue != NULL || c->saving)
		return false;
	certs_remove(c->acme->certs, c->id);
	cert_free(c);
	return true;
}

/* ---- what is wanted ---- */

static bool
names_of(struct arena *a, const char *text, struct record_names *out)
{
	const char *name[REPLY_AUTHZ_MAX];
	struct str rest = str_of(text), part;
	unsigned n = 0;

	while (str_split(&rest, ' ', &part)) {
		if (n == REPLY_AUTHZ_MAX)
			return false;
		name[n++] = arena_text(a, part);
	}
	return record_names_make(a, name, n, out);
}

static void
want_one(struct acme *a, const struct acme_want *w)
{
	struct arena *arena = arena_new();
	struct record_names names;
	struct acme_cert *c;

	if (names_of(arena, w->names, &names)) {
		c = acme_cert_of(a, &names);
		c->seen = true;
		if (strcmp(c->source, w->source) != 0)
			c->source = arena_text(c->arena, str_of(w->source));
		if (w->refused != NULL && (c->refused == NULL || strcmp(c->refused, w->refused) != 0)) {
			acme_tell(c, LOG_WARN, "acme.not_allowed", NULL, w->refused);
			c->refused = arena_text(c->arena, str_of(w->refused));
		} else if (w->refused == NULL)
			c->refused = NULL;
	}
	arena_free(&arena);
}

void
acme_want(struct acme *a, const struct acme_want *w, unsigned n)
{
	struct acme_cert *c, *next;

	TAILQ_FOREACH(c, &a->certs_list, link)
		c->seen = false;
	for (unsigned i = 0; i < n; i++)
		want_one(a, &w[i]);
	if (a->store != NULL && store_state(a->store).ready)
		acme_read_failures(a);
	for (c = TAILQ_FIRST(&a->certs_list); c != NULL; c = next) {
		next = TAILQ_NEXT(c, link);
		if (c->seen)
			c->unwanted_usec = 0;
		else if (c->unwanted_usec == 0)
			c->unwanted_usec = loop_now(a->loop);
		c->wanted = c->seen;
		if (!acme_cert_ended(c))
			acme_note(c);
	}
	acme_step(a);
}

/* ---- people ---- */

static struct acme_cert *
find_id(struct acme *a, const char *id)
{
	struct acme_cert *c;

	TAILQ_FOREACH(c, &a->certs_list, link)
		if (strcmp(c->id, id) == 0)
			return c;
	return NULL;
}

static bool
on_renew(void *arg, const char *id, char detail[CERTS_DETAIL_MAX])
{
	struct acme *a = arg;
	struct acme_cert *c = find_id(a, id);

	if (c == NULL || !c->wanted || c->refused != NULL) {
		snprintf(detail, CERTS_DETAIL_MAX, "no service and no configuration wants it");
		return false;
	}
	if (a->store == NULL) {
		snprintf(detail, CERTS_DETAIL_MAX, "there is no store for it");
		return false;
	}
	c->forced = true;
	c->again = 0;
	acme_step(a);
	return true;
}

static bool
on_remove(void *arg, const char *id, char detail[CERTS_DETAIL_MAX])
{
	struct acme *a = arg;
	struct acme_cert *c = find_id(a, id);

	if (c != NULL && c->wanted && c->refused == NULL) {
		snprintf(detail, CERTS_DETAIL_MAX,
		    "%.60s wants it, and would order it again: remove it there first", c->source);
		return false;
	}
	if (c == NULL || a->store == NULL) {
		snprintf(detail, CERTS_DETAIL_MAX, "it is not in the store");
		return false;
	}
	acme_cert_remove(c);
	return true;
}

/* A worker has a request for a challenge that nobody told it of. */
static void
on_asked(void *arg)
{
	struct acme *a = arg;

	if (a->store != NULL)
		store_read(a->store);
}

/* ---- configuration ---- */

static void
cas_close(struct acme *a)
{
	for (unsigned i = 0; i < a->ncas; i++) {
		ca_free(&a->ca[i].ca);
		jose_key_free(&a->ca[i].key);
		a->ca[i].creating = false;
	}
	a->ncas = 0;
}

static void
cas_open(struct acme *a)
{
	for (unsigned i = 0; i < a->conf->nacme_cas; i++) {
		const struct conf_acme_ca *from = &a->conf->acme_ca[i];
		struct ca_conf c = { .directory = from->url, .trust = from->trust,
		    .email = a->conf->acme_email, .eab_id = from->eab_id };
		struct buf secret;

		buf_init(&secret, 4096);
		if (from->eab_key != NULL && base64url_decode(&secret, str_of(from->eab_key))
		    && secret.len > 0)
			c.eab_secret = buf_str(&secret);
		else
			c.eab_id = NULL;		/* the CA tells what is missing */
		a->ca[a->ncas++].ca = ca_new(a->loop, a->fetcher, &c);
		if (secret.len > 0)
			explicit_bzero(secret.p, secret.len);
		buf_fini(&secret);
	}
}

/* Without the section nothing of it is served; what the store has stays there. */
static void
forget_all(struct acme *a)
{
	struct acme_cert *c, *next;

	for (c = TAILQ_FIRST(&a->certs_list); c != NULL; c = next) {
		next = TAILQ_NEXT(c, link);
		certs_remove(a->certs, c->id);
		cert_free(c);
	}
	acme_read_nothing(a);
}

void
acme_reconf(struct acme *a, const struct conf *conf, struct store *store)
{
	ASSERT(conf != NULL && (store == NULL || conf->nacme_cas > 0));
	acme_drop(a);
	cas_close(a);
	a->conf = conf;
	a->store = store;
	cas_open(a);
	a->source.asked = conf->nacme_cas > 0 ? on_asked : NULL;	/* else workers need not wait */
	certs_set_source(a->certs, &a->source);
	if (store != NULL)
		acme_read(a);
	else if (conf->nacme_cas == 0)
		forget_all(a);
}

void
acme_store_changed(void *arg)
{
	struct acme *a = arg;
	struct store_state st;

	if (a->store == NULL)		/* not handed over yet */
		return;
	st = store_state(a->store);
	if (st.why != a->store_why)
		a->event(a->arg, st.why == NULL ? LOG_INFO : LOG_WARN,
		    st.why == NULL ? "acme.store_good" : "acme.store_trouble", "", st.why, st.detail);
	a->store_why = st.why;
	acme_read(a);
	acme_step(a);
}

static void
on_tick(void *arg)
{
	struct acme *a = arg;

	timer_set(a->loop, &a->tick, loop_now(a->loop) + TICK_USEC, on_tick, a);
	acme_step(a);
}

struct acme *
acme_new(struct loop *l, struct fetcher *f, struct certs *certs, acme_event_f *event, void *arg)
{
	struct acme *a = must_zalloc(sizeof *a);

	a->loop = l;
	a->fetcher = f;
	a->certs = certs;
	a->event = event;
	a->arg = arg;
	a->source = (struct certs_source){ "acme", on_renew, on_remove, on_asked, a };
	TAILQ_INIT(&a->certs_list);
	rng_seed(&a->rng, (uint64_t)clock_mono_usec() ^ (uint64_t)getpid() << 40);
	on_tick(a);
	return a;
}

void
acme_free(struct acme **ap)
{
	struct acme *a = *ap;
	struct acme_cert *c;

	*ap = NULL;
	if (a == NULL)
		return;
	timer_clear(a->loop, &a->tick);
	acme_drop(a);
	while ((c = TAILQ_FIRST(&a->certs_list)) != NULL)
		cert_free(c);
	acme_read_end(a);
	cas_close(a);
	free(a);
}
