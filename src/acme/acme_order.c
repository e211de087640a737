/*
 * acme_order: when a certificate is due, and what becomes of the attempt. The lease is wanted
 * while anything is due, and nothing is ordered without it; each Mola has its own place in a
 * certificate's window, so that they do not all want it at the same moment.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "acme/acme_priv.h"
#include "acme/import.h"
#include "base/bug.h"
#include "base/clock.h"
#include "base/word.h"

#define ARI_USEC	(6 * 3600 * USEC_PER_SEC)	/* between two questions, unless the CA says otherwise */
#define ARI_LEAST	60			/* seconds, whatever it says */
#define RETRY_SEC	7200			/* when a certificate could not be stored or served */

/* ---- accounts ---- */

static void
account_saved(void *arg, enum store_outcome outcome, const char *detail)
{
	struct acme_ca *ca = arg;

	(void)outcome;		/* ours or another's: what is in the store counts */
	(void)detail;
	ca->creating = false;
}

static void
account_create(struct acme *a, struct acme_ca *ca, const char *name)
{
	struct jose_key *k = jose_key_new();
	struct buf pem, data;

	buf_init(&pem, JOSE_PEM_MAX);
	buf_init(&data, STORE_DATA_MAX);
	jose_key_write(k, &pem);
	record_account_write(ca_url(ca->ca), buf_str(&pem), &data);
	ca->creating = true;
	store_create(a->store, name, NULL, 0, buf_str(&data), account_saved, ca);
	explicit_bzero(pem.p, pem.len);
	explicit_bzero(data.p, data.len);
	buf_fini(&pem);
	buf_fini(&data);
	jose_key_free(&k);
}

/* NULL: it does not open, or is no account. */
static struct jose_key *
account_read(const struct store_object *o)
{
	struct arena *arena = arena_new();
	struct jose_key *k = NULL;
	struct str pem;

	if (o->why == NULL && record_account_read(arena, o->data, &pem))
		k = jose_key_parse(pem);
	arena_free(&arena);
	return k;
}

/* With the lease: true once the CA has a key. One that cannot be used is replaced. */
static bool
account_ready(struct acme *a, struct acme_ca *ca)
{
	char name[STORE_NAME_MAX + 1], hash[RECORD_HASH_LEN + 1];
	const struct store_object *o;

	if (ca->key != NULL || ca->creating)
		return ca->key != NULL;
	record_url_hash(ca_url(ca->ca), hash);
	snprintf(name, sizeof name, "account.%s", hash);
	o = store_find(a->store, name);
	if (o == NULL) {
		account_create(a, ca, name);
		return false;
	}
	ca->key = account_read(o);
	if (ca->key != NULL) {
		ca_set_key(ca->ca, ca->key);
		return true;
	}
	a->event(a->arg, LOG_WARN, "acme.account_replaced", "", o->why, ca_url(ca->ca));
	ca->creating = true;
	store_remove(a->store, o->id, account_saved, ca);
	return false;
}

/* ---- the end of an attempt ---- */

static void
fail_note(struct acme_cert *c)
{
	char key[32], value[64];

	snprintf(key, sizeof key, "fail.%s", c->hash);
	snprintf(value, sizeof value, "%u %lld %u", c->failures, (long long)c->again, c->failed);
	if (store_lease_held(c->acme->store))
		store_lease_note(c->acme->store, key, c->failures > 0 ? value : NULL);
}

static void
saved(void *arg, enum store_outcome outcome, const char *detail)
{
	struct acme_cert *c = arg;

	c->saving = false;
	switch (outcome) {
	case STORE_DONE:
		acme_tell(c, LOG_DEBUG, "acme.saved", NULL, "");
		break;
	case STORE_EXISTS:
		acme_tell(c, LOG_WARN, "acme.saved_before", NULL,
		    "another Mola had this certificate first");
		break;
	case STORE_REFUSED:
		acme_tell(c, LOG_ERROR, "acme.unsaved", WHY_STORE_REFUSED, detail);
		c->again = acme_now() + RETRY_SEC;
		break;
	}
	acme_step(c->acme);
}

static void
names_label(const struct acme_cert *c, char *out, size_t cap)
{
	size_t len = 0;

	out[0] = '\0';
	for (unsigned i = 0; i < c->names.n && len < cap; i++)
		len += (size_t)snprintf(out + len, cap - len, "%s%s", i > 0 ? "," : "", c->names.name[i]);
}

/* It is served at once; the store has it whenever it can. */
static void
save(struct acme_cert *c, const char *url, const char *chain, const char *key)
{
	struct record_cert r = { url, str_of(chain), str_of(key), c->names };
	char name[STORE_NAME_MAX + 1], names[200], after[24];
	struct store_label label[] = { { "names", names }, { "after", after } };
	struct buf b;

	buf_init(&b, STORE_DATA_MAX);
	record_cert_write(&r, &b);
	snprintf(name, sizeof name, "cert.%s.%u", c->hash, c->saving_generation);
	names_label(c, names, sizeof names);
	snprintf(after, sizeof after, "%lld", (long long)c->not_after);
	c->saving = true;
	store_create(c->acme->store, name, label, 2, buf_str(&b), saved, c);
	explicit_bzero(b.p, b.len);
	buf_fini(&b);
}

static void
issue_good(struct acme_cert *c, const struct issue_end *e)
{
	const char *url = c->ordering;
	char text[80];

	c->forced = false;
	if (!acme_serve(c, c->saving_generation, url, str_of(e->chain), str_of(e->key))
	    || c->served != c->saving_generation) {
		/* whatever the reason is: it would be the same the next time */
		acme_tell(c, LOG_WARN, "acme.unserved", WHY_ACME_CERT, "");
		c->again = acme_now() + RETRY_SEC;
	}
	snprintf(text, sizeof text, "valid for %lld hours",
	    (long long)(c->not_after - acme_now()) / 3600);
	acme_tell(c, LOG_INFO, "acme.issued", NULL, text);
	fail_note(c);
	save(c, url, e->chain, e->key);
}

static void
issue_bad(struct acme_cert *c, const struct issue_end *e)
{
	unsigned round = ++c->failures / c->acme->ncas;
	int64_t wait;

	if (c->failures % c->acme->ncas != 0)		/* another CA is left to try */
		wait = when_again(1);
	else
		wait = e->retry_after > when_again(round) ? e->retry_after : when_again(round);
	c->again = acme_now() + wait;
	if (e->failed > 0)
		c->failed = e->failed;
	c->why = e->why;
	snprintf(c->detail, sizeof c->detail, "%s", e->detail);
	acme_tell(c, c->served > 0 && acme_now() < c->not_after ? LOG_WARN : LOG_ERROR,
	    "acme.failed", e->why, e->detail);
	fail_note(c);
}

static void
on_ended(void *arg, const struct issue_end *e)
{
	struct acme_cert *c = arg;

	if (e->why == NULL)
		issue_good(c, e);
	else if (e->why != WHY_ACME_LEASE)
		issue_bad(c, e);
	issue_free(&c->issue);
	acme_note(c);
}

static void
on_note(void *arg, const char *what, const char *text)
{
	acme_tell(arg, strcmp(what, "acme.phase") == 0 ? LOG_DEBUG : LOG_INFO, what, NULL, text);
}

/* ---- its beginning ---- */

static void
challenges_of(const struct conf *c, struct issue_conf *out)
{
	out->nchallenges = 0;
	for (unsigned i = 0; i < c->acme_challenges.n && out->nchallenges < CHALLENGE_KINDS; i++) {
		int at = word_place(str_of(c->acme_challenges.item[i]), challenge_names);

		ASSERT(at >= 0);
		out->challenge[out->nchallenges++] = (enum challenge_kind)at;
	}
}

/* What another program has already is served and stored as if it had been ordered, of the first
 * CA. */
static bool
imported(struct acme_cert *c)
{
	const char *path = c->acme->conf->acme_import, *url = ca_url(c->acme->ca[0].ca);
	char detail[IMPORT_DETAIL_MAX] = "";
	struct import_pair p;

	if (path == NULL || c->served > 0 || c->generation > 0 || c->forced)
		return false;
	if (!import_find(path, url, &c->names, acme_now(), &p, detail)) {
		acme_tell(c, LOG_WARN, "acme.import_unusable", NULL, detail);
		return false;
	}
	if (p.chain != NULL && acme_serve(c, 1, url, str_of(p.chain), str_of(p.key)) && c->served == 1) {
		c->saving_generation = 1;
		acme_tell(c, LOG_INFO, "acme.imported", NULL, path);
		save(c, url, p.chain, p.key);
	}
	import_free(&p);
	return c->served > 0;
}

/* After a failure it is the next CA's turn. */
static void
start(struct acme_cert *c)
{
	struct acme *a = c->acme;
	struct acme_ca *ca = &a->ca[c->failures % a->ncas];
	struct issue_conf conf = { .loop = a->loop, .ca = ca->ca, .store = a->store, .names = &c->names,
	    .hash = c->hash, .failed = c->failed, .profile = a->conf->acme_profile,
	    .hook = a->conf->acme_hook, .hook_usec = a->conf->acme_hook_usec };

	if (imported(c) || !account_ready(a, ca))
		return;
	conf.generation = (c->generation > c->served ? c->generation : c->served) + 1;
	challenges_of(a->conf, &conf);
	if (c->served > 0 && c->renewal_id[0] != '\0' && strcmp(c->ca_url, ca_url(ca->ca)) == 0)
		conf.replaces = c->renewal_id;
	c->ordering = ca_url(ca->ca);
	c->saving_generation = conf.generation;
	c->issue = issue_new(&conf, on_note, on_ended, c);
}

/* ---- when the CA would have it renewed ---- */

static void
window_done(void *arg, const struct ca_reply *r)
{
	struct acme_cert *c = arg;
	int64_t wait = r->retry_after > ARI_LEAST ? r->retry_after * USEC_PER_SEC : ARI_USEC;
	struct when_window w;

	c->asking = false;
	c->ask_usec = loop_now(c->acme->loop) + wait;
	if (r->why != NULL || !reply_renewal(r->body, &w))
		return;
	if (c->has_window && (w.start != c->window.start || w.end != c->window.end))
		acme_tell(c, LOG_INFO, "acme.window_moved", NULL,
		    "the CA suggests another time for the renewal");
	c->window = w;
	c->has_window = true;
	acme_note(c);
}

static void
window_ask(struct acme_cert *c)
{
	struct acme *a = c->acme;

	c->ask_usec = loop_now(a->loop) + ARI_USEC;
	for (unsigned i = 0; i < a->ncas && c->renewal_id[0] != '\0'; i++)
		if (strcmp(ca_url(a->ca[i].ca), c->ca_url) == 0) {
			c->asking = true;
			c->asked = a->ca[i].ca;
			ca_renewal(c->asked, c->renewal_id, window_done, c);
			return;
		}
}

/* ---- what is due ---- */

static bool
is_due(const struct acme_cert *c)
{
	int64_t now = acme_now();

	return c->wanted && c->refused == NULL && c->issue == NULL && !c->saving && now >= c->again
	    && now >= acme_renew_at(c);
}

void
acme_cert_remove(struct acme_cert *c)
{
	const char *const kinds[] = { "cert", "order" };
	const struct store_object *o;
	char prefix[64];
	size_t at;

	for (int i = 0; i < 2; i++) {
		snprintf(prefix, sizeof prefix, "%s.%s.", kinds[i], c->hash);
		for (at = 0; (o = store_next(c->acme->store, prefix, &at)) != NULL;)
			store_remove(c->acme->store, o->id, NULL, NULL);
	}
	c->unwanted_usec = loop_now(c->acme->loop);
}

static void
look_after(struct acme_cert *c)
{
	int64_t now = loop_now(c->acme->loop);

	if (c->wanted && c->served > 0 && !c->asking && now >= c->ask_usec)
		window_ask(c);
	if (!c->wanted && c->generation > 0 && c->unwanted_usec != 0
	    && now - c->unwanted_usec > UNWANTED_USEC) {
		acme_tell(c, LOG_INFO, "acme.unwanted", NULL,
		    "no service has wanted it for a week: it is removed");
		acme_cert_remove(c);
	}
}

void
acme_step(struct acme *a)
{
	unsigned running = 0, due = 0;
	struct acme_cert *c;

	if (a->store == NULL || !store_state(a->store).ready)
		return;
	TAILQ_FOREACH(c, &a->certs_list, link) {
		look_after(c);
		running += c->issue != NULL || c->saving;
		due += is_due(c);
	}
	store_lease_want(a->store, running + due > 0);
	if (due == 0 || !store_lease_held(a->store))
		return;
	TAILQ_FOREACH(c, &a->certs_list, link)
		if (running < ISSUES_MAX && is_due(c)) {
			start(c);
			running += c->issue != NULL;
		}
}

void
acme_cert_drop(struct acme_cert *c)
{
	if (c->asking)
		ca_cancel(c->asked, c);
	c->asking = c->saving = false;
	issue_free(&c->issue);
	if (c->acme->store != NULL)
		store_forget(c->acme->store, c);
}

void
acme_drop(struct acme *a)
{
	struct acme_cert *c;

	TAILQ_FOREACH(c, &a->certs_list, link)
		acme_cert_drop(c);
	for (unsigned i = 0; i < a->ncas; i++)
		if (a->store != NULL)
			store_forget(a->store, &a->ca[i]);
}
