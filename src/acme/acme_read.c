/*
 * acme_read: what the store says: certificates, of which the latest generation is served
 * (a restored Swarm brings old ones back), orders, whose answers to challenges any Mola
 * gives, and how often a name has failed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "acme/acme_priv.h"
#include "acme/csr.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "net/cert.h"

#define ASK_SPREAD	(600 * USEC_PER_SEC)

/* ---- certificates ---- */

/*
 * When to ask the CA for the renewal's window: many certificates do not do so at the same
 * moment.
 */
static int64_t
ask_later(struct acme *a)
{
	int64_t spread = 0;
	struct acme_cert *c;

	TAILQ_FOREACH(c, &a->certs_list, link)
		spread += USEC_PER_SEC;
	if (spread > ASK_SPREAD)
		spread = ASK_SPREAD;
	return loop_now(a->loop) + (int64_t)((double)spread * rng_double(&a->rng));
}

/* What follows from a certificate that is in force from now on. */
static void
serve_note(struct acme_cert *c, const struct cert *x, unsigned generation, const char *ca_url,
    struct str chain)
{
	struct buf id;

	c->served = generation;
	c->not_before = cert_not_before(x);
	c->not_after = cert_not_after(x);
	free(c->ca_url);
	c->ca_url = must_strdup(ca_url);
	c->chance = rng_double(&c->acme->rng);
	c->has_window = c->forced = false;
	c->ask_usec = ask_later(c->acme);
	c->failures = c->failed = 0;
	c->again = 0;
	c->why = NULL;
	c->detail[0] = '\0';
	buf_init(&id, sizeof c->renewal_id - 1);
	if (!csr_renewal_id(chain, &id))
		buf_clear(&id);
	str_copy(c->renewal_id, sizeof c->renewal_id, buf_str(&id));
	buf_fini(&id);
}

/*
 * A later generation is what somebody wanted, even where it is valid for a shorter time. One that
 * has expired takes nothing out of force that has not.
 */
static bool
is_better(const struct acme_cert *c, const struct cert *x, unsigned generation)
{
	int64_t now = acme_now(), until = cert_not_after(x);

	if (c->served == 0)
		return true;
	if (now >= until || now >= c->not_after)
		return until > c->not_after;
	return generation > c->served || (generation == c->served && until > c->not_after);
}

bool
acme_serve(struct acme_cert *c, unsigned generation, const char *ca_url, struct str chain,
    struct str key)
{
	const struct why *why;
	struct cert *x;
	struct buf pem;

	if (cert_parse_pair(chain, key, &x, NULL) != NULL)
		return false;
	if (!is_better(c, x, generation)) {
		cert_unref(&x);
		return true;
	}
	buf_init(&pem, STORE_DATA_MAX);
	buf_adds(&pem, chain);
	buf_adds(&pem, STR("\n"));
	buf_adds(&pem, key);
	why = certs_put(c->acme->certs, c->id, buf_str(&pem), NULL);
	explicit_bzero(pem.p, pem.len);
	buf_fini(&pem);
	if (why == NULL || why == WHY_CERT_EXPIRED || why == WHY_CERT_NOT_YET_VALID)
		serve_note(c, x, generation, ca_url, chain);
	cert_unref(&x);
	return why == NULL;
}

/* The certificate's own object: read once, however often it is seen. */
static void
cert_read(struct acme *a, const struct store_object *o, unsigned generation)
{
	struct arena *arena = arena_new();
	struct acme_cert *c;
	struct record_cert r;

	if (o->why == NULL && record_cert_read(arena, o->data, &r)) {
		c = acme_cert_of(a, &r.names);
		if (!acme_serve(c, generation, r.ca, r.chain, r.key))
			acme_tell(c, LOG_WARN, "acme.object_unusable", NULL, o->name);
	} else
		a->event(a->arg, LOG_WARN, "acme.object_unusable", "", o->why, o->name);
	arena_free(&arena);
}

static void
certs_read(struct acme *a)
{
	char hash[RECORD_HASH_LEN + 1];
	const struct store_object *o;
	unsigned generation, attempt;
	struct map *known = map_new();
	struct acme_cert *c;
	size_t at = 0;

	TAILQ_FOREACH(c, &a->certs_list, link)
		c->generation = 0;
	while ((o = store_next(a->store, "cert.", &at)) != NULL) {
		if (!record_name_parse(o->name, hash, &generation, &attempt))
			continue;
		if (map_get(a->known, str_of(o->id)) == NULL)
			cert_read(a, o, generation);
		map_put(known, str_of(o->id), a);
		c = acme_cert_find(a, hash);
		if (c != NULL && generation > c->generation)
			c->generation = generation;
	}
	map_free(&a->known);
	a->known = known;
}

/* ---- challenges ---- */

static void
answer_put(struct acme *a, struct acme_answer *n)
{
	struct buf pem;

	if (n->kind == CERTS_HTTP_01) {
		certs_put_challenge(a->certs, n->kind, n->name, str_of(n->answer));
		return;
	}
	buf_init(&pem, 16u << 10);
	if (csr_challenge(n->name, str_of(n->answer), &pem))
		certs_put_challenge(a->certs, n->kind, n->name, buf_str(&pem));
	buf_fini(&pem);
}

static void
answer_take(struct acme *a, enum certs_challenge kind, const char *name, const char *answer)
{
	struct acme_answer *n;

	for (n = a->answer; n < a->answer + a->nanswers; n++)
		if (n->kind == kind && strcmp(n->name, name) == 0)
			break;
	if (n == a->answer + a->nanswers) {
		if (a->nanswers == ANSWERS_MAX)
			return;
		a->nanswers++;
		*n = (struct acme_answer){ .kind = kind, .name = must_strdup(name) };
	}
	n->seen = true;
	if (n->answer != NULL && strcmp(n->answer, answer) == 0)
		return;
	free(n->answer);
	n->answer = must_strdup(answer);
	answer_put(a, n);
}

/* Whether it may still be asked for: no later attempt, and no certificate of its generation. */
static bool
order_open(struct acme *a, const char *hash, unsigned generation, unsigned attempt)
{
	struct acme_cert *c = acme_cert_find(a, hash);
	char name[STORE_NAME_MAX + 1];

	snprintf(name, sizeof name, "order.%s.%u.%u", hash, generation, attempt + 1);
	return (c == NULL || c->generation < generation) && store_find(a->store, name) == NULL;
}

static void
order_read(struct acme *a, const struct store_object *o)
{
	struct arena *arena = arena_new();
	struct record_order *r = arena_zalloc(arena, sizeof *r);

	if (o->why == NULL && record_order_read(arena, o->data, r))
		for (unsigned i = 0; i < r->nanswers; i++) {
			const struct record_answer *n = &r->answer[i];

			if (n->kind == CHALLENGE_HTTP_01)
				answer_take(a, CERTS_HTTP_01, n->token, n->answer);
			else if (n->kind == CHALLENGE_TLS_ALPN_01)
				answer_take(a, CERTS_TLS_ALPN_01, n->name, n->answer);
		}
	arena_free(&arena);
}

static void
answers_read(struct acme *a)
{
	char hash[RECORD_HASH_LEN + 1];
	const struct store_object *o;
	unsigned generation, attempt;
	size_t at = 0;

	for (unsigned i = 0; i < a->nanswers; i++)
		a->answer[i].seen = false;
	while ((o = store_next(a->store, "order.", &at)) != NULL)
		if (record_name_parse(o->name, hash, &generation, &attempt)
		    && order_open(a, hash, generation, attempt))
			order_read(a, o);
	for (unsigned i = 0; i < a->nanswers;) {
		struct acme_answer *n = &a->answer[i];

		if (n->seen) {
			i++;
			continue;
		}
		certs_remove_challenge(a->certs, n->kind, n->name);
		free(n->name);
		free(n->answer);
		*n = a->answer[--a->nanswers];
	}
	certs_forget_challenges(a->certs);
}

/* ---- failures ---- */

/*
 * "3 1795819980 2": three failures in a row, not again before, the last attempt that came to
 * nothing.
 */
static void
failures_take(struct acme_cert *c, const char *value)
{
	struct str rest = str_of(value), part[3];
	uint64_t n[3];

	for (int i = 0; i < 3; i++)
		if (!str_split(&rest, ' ', &part[i]) || !str_to_u64(part[i], &n[i])
		    || n[i] > INT32_MAX * 4LL)
			return;
	if ((int64_t)n[1] <= c->again || n[0] > 1000000)
		return;
	c->failures = (unsigned)n[0];
	c->again = (int64_t)n[1];
	/* a clock that was wrong holds us up for a day at most */
	if (c->again > acme_now() + 24 * 3600)
		c->again = acme_now() + 24 * 3600;
	c->failed = (unsigned)n[2];
}

void
acme_read_failures(struct acme *a)
{
	const struct store_object *o = store_find(a->store, "lease");
	struct acme_cert *c;

	for (unsigned i = 0; o != NULL && i < o->nlabels; i++)
		if (strncmp(o->label[i].key, "fail.", 5) == 0
		    && (c = acme_cert_find(a, o->label[i].key + 5)) != NULL && !c->forced)
			failures_take(c, o->label[i].value);
}

/* ---- all of it ---- */

/* What a brain before this one published, and the store has not: it is over. */
static void
inherited_end(struct acme *a)
{
	char gone[CERTS_ID_MAX];
	struct acme_cert *c;
	const char *id;
	size_t at = 0;

	while ((id = certs_next(a->certs, "acme:", &at)) != NULL) {
		TAILQ_FOREACH(c, &a->certs_list, link)
			if (strcmp(c->id, id) == 0)
				break;
		if (c != NULL)
			continue;
		snprintf(gone, sizeof gone, "%s", id);
		certs_remove(a->certs, gone);
		at = 0;
	}
}

void
acme_read(struct acme *a)
{
	struct acme_cert *c, *next;

	if (!store_state(a->store).ready)
		return;
	if (a->known == NULL)
		a->known = map_new();
	certs_read(a);
	answers_read(a);
	acme_read_failures(a);
	for (c = TAILQ_FIRST(&a->certs_list); c != NULL; c = next) {
		next = TAILQ_NEXT(c, link);
		if (!acme_cert_ended(c))
			acme_note(c);
	}
	inherited_end(a);
}

/* As if the store were empty. */
void
acme_read_nothing(struct acme *a)
{
	for (unsigned i = 0; i < a->nanswers; i++)
		certs_remove_challenge(a->certs, a->answer[i].kind, a->answer[i].name);
	acme_read_end(a);
	certs_forget_challenges(a->certs);
	inherited_end(a);
}

void
acme_read_end(struct acme *a)
{
	for (unsigned i = 0; i < a->nanswers; i++) {
		free(a->answer[i].name);
		free(a->answer[i].answer);
	}
	a->nanswers = 0;
	map_free(&a->known);
}
