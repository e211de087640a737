/*
 * issue: the order's own way: made or taken over, written down, looked at again and again,
 * finalized, downloaded. Each step is a function that asks the CA and one that takes its
 * answer; steps follow each other in turns of the loop, and each act that another Mola must not
 * do as well is preceded by a look at the lease.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "acme/base64url.h"
#include "acme/csr.h"
#include "acme/issue_priv.h"
#include "base/alloc.h"
#include "base/bug.h"
#include "base/clock.h"
#include "net/cert.h"

#define WAIT_FIRST	(500 * USEC_PER_MSEC)
#define WAIT_MOST	(8 * USEC_PER_SEC)
#define RETRY_MOST	60			/* seconds of Retry-After between two looks */
#define PATIENCE	(10 * 60 * USEC_PER_SEC)	/* with a CA that validates or issues */

static void	issue_begin(void *);
static void	order_new(void *);
static void	issue_look(void *);
static void	order_take(struct issue *, const struct ca_reply *);

/* ---- ends ---- */

void
issue_go(struct issue *x, timer_f *next)
{
	ASSERT(!x->over);
	timer_set(x->conf.loop, &x->timer, loop_now(x->conf.loop), next, x);
}

void
issue_enter(struct issue *x, const char *phase)
{
	if (strcmp(phase, x->phase) != 0)
		x->note(x->arg, "acme.phase", phase);
	x->phase = phase;
}

static void
finish(struct issue *x, const struct issue_end *end)
{
	x->end = *end;
	x->at = 0;
	issue_go(x, issue_clean);
}

void
issue_fail(struct issue *x, const struct why *why, const char *detail, bool for_good)
{
	ASSERT(why != NULL);
	finish(x, &(struct issue_end){ .why = why, .detail = arena_text(x->arena, str_of(detail)),
	    .retry_after = -1, .failed = for_good ? x->attempt : 0 });
}

void
issue_refused(struct issue *x, const struct ca_reply *r, bool for_good)
{
	issue_fail(x, r->why, r->detail, for_good);
	x->end.retry_after = r->retry_after;
}

/* False: another Mola may act now, and this attempt has ended. */
bool
issue_may_act(struct issue *x)
{
	if (store_lease_held(x->conf.store))
		return true;
	issue_fail(x, WHY_ACME_LEASE, "", false);
	return false;
}

/* ---- which order ---- */

/* The latest attempt that is written down; 0: none. */
static unsigned
attempt_latest(const struct issue *x, const struct store_object **out)
{
	char prefix[64], hash[RECORD_HASH_LEN + 1];
	unsigned generation, attempt, latest = 0;
	const struct store_object *o;
	size_t at = 0;

	snprintf(prefix, sizeof prefix, "order.%s.%u.", x->conf.hash, x->conf.generation);
	while ((o = store_next(x->conf.store, prefix, &at)) != NULL)
		if (record_name_parse(o->name, hash, &generation, &attempt) && attempt > latest) {
			latest = attempt;
			*out = o;
		}
	return latest;
}

/* False: it is not to be gone on with: unreadable, or at another CA. */
static bool
order_resume(struct issue *x, const struct store_object *o)
{
	struct record_order r;

	if (o->why != NULL || !record_order_read(x->arena, o->data, &r)
	    || strcmp(r.ca, ca_url(x->conf.ca)) != 0)
		return false;
	x->order = r.url;
	x->key = r.key.p;
	x->recorded = true;
	x->nanswers = r.nanswers;
	memcpy(x->answer, r.answer, r.nanswers * sizeof *r.answer);
	return true;
}

static void
issue_begin(void *arg)
{
	const struct store_object *o = NULL;
	struct issue *x = arg;
	unsigned latest = attempt_latest(x, &o);

	x->attempt = latest;
	if (latest > x->conf.failed && order_resume(x, o)) {
		x->note(x->arg, "acme.order_resumed", x->order);
		issue_go(x, issue_look);
		return;
	}
	x->attempt = (latest > x->conf.failed ? latest : x->conf.failed) + 1;
	issue_go(x, order_new);
}

/* ---- a new order ---- */

static void
member(json_t *j, const char *name, json_t *value)
{
	ASSERT(value != NULL);
	json_object_set_new(j, name, value);
}

/* Whether the CA has the profile that is configured, as far as it names its profiles. */
static bool
profile_known(const struct issue *x, const struct reply_directory *d)
{
	bool known = x->conf.profile == NULL || d->nprofiles == 0;

	for (unsigned i = 0; !known && i < d->nprofiles; i++)
		known = strcmp(d->profile[i], x->conf.profile) == 0;
	return known;
}

static char *
order_payload(struct issue *x, const struct reply_directory *d)
{
	json_t *j = json_object(), *list = json_array();
	char *text;

	for (unsigned i = 0; i < x->conf.names->n; i++)
		json_array_append_new(list,
		    json_pack("{ssss}", "type", "dns", "value", x->conf.names->name[i]));
	member(j, "identifiers", list);
	if (x->conf.profile != NULL && d->nprofiles > 0)
		member(j, "profile", json_string(x->conf.profile));
	if (x->conf.replaces != NULL && d->renewal_info != NULL && !x->lone)
		member(j, "replaces", json_string(x->conf.replaces));
	text = json_dumps(j, JSON_COMPACT);
	ASSERT(text != NULL);
	json_decref(j);
	return text;
}

static void
key_new(struct issue *x)
{
	struct jose_key *k = jose_key_new();
	struct buf pem;

	buf_init(&pem, JOSE_PEM_MAX);
	jose_key_write(k, &pem);
	x->key = arena_text(x->arena, buf_str(&pem));
	explicit_bzero(pem.p, pem.len);
	buf_fini(&pem);
	jose_key_free(&k);
}

static void
order_made(void *arg, const struct ca_reply *r)
{
	struct issue *x = arg;

	/*
	 * what is replaced may have been, or be another CA's by now: the order does not depend
	 * on it
	 */
	if (r->why == WHY_ACME_REFUSED && x->conf.replaces != NULL && !x->lone) {
		x->lone = true;
		issue_go(x, order_new);
	} else if (r->why != NULL)
		issue_refused(x, r, false);
	else if (!str_starts(str_of(r->location), STR("https://"))
	    || !reply_order(x->arena, r->body, &x->reply))
		issue_fail(x, WHY_ACME_REPLY, "to newOrder", false);
	else {
		x->order = arena_text(x->arena, str_of(r->location));
		key_new(x);
		x->note(x->arg, "acme.order_made", x->order);
		x->at = 0;
		issue_go(x, issue_authz);
	}
}

static void
order_contacted(void *arg, const struct ca_reply *r)
{
	struct issue *x = arg;
	const struct reply_directory *d = ca_directory(x->conf.ca);
	char *payload;

	if (r->why != NULL || d == NULL)
		issue_refused(x, r, false);
	else if (!profile_known(x, d))
		issue_fail(x, WHY_ACME_REFUSED, "it has no profile of the name that is configured",
		    false);
	else if (issue_may_act(x)) {
		payload = order_payload(x, d);
		ca_order(x->conf.ca, str_of(payload), order_made, x);
		free(payload);
	}
}

static void
order_new(void *arg)
{
	struct issue *x = arg;

	issue_enter(x, "ordering");
	if (issue_may_act(x))
		ca_contact(x->conf.ca, order_contacted, x);
}

/* ---- written down ---- */

static void
on_recorded(void *arg, enum store_outcome outcome, const char *detail)
{
	struct issue *x = arg;

	switch (outcome) {
	case STORE_DONE:
		x->recorded = true;
		x->at = 0;
		issue_go(x, issue_present);
		return;
	case STORE_EXISTS:
		x->note(x->arg, "acme.order_left", x->order);
		x->nchallenges = 0;
		issue_go(x, issue_begin);
		return;
	case STORE_REFUSED:
		issue_fail(x, WHY_STORE_REFUSED, detail, true);
		return;
	}
	BUG("no such outcome");
}

void
issue_record(struct issue *x)
{
	struct record_order *r = arena_zalloc(x->arena, sizeof *r);
	char name[STORE_NAME_MAX + 1];
	struct buf b;

	issue_enter(x, "writing the order down");
	r->ca = ca_url(x->conf.ca);
	r->url = x->order;
	r->key = str_of(x->key);
	r->names = *x->conf.names;
	for (; r->nanswers < x->nchallenges; r->nanswers++) {
		const struct issue_challenge *c = &x->challenge[r->nanswers];

		r->answer[r->nanswers] = (struct record_answer){ c->kind, c->name, c->token, c->answer };
	}
	buf_init(&b, STORE_DATA_MAX);
	record_order_write(r, &b);
	snprintf(name, sizeof name, "order.%s.%u.%u", x->conf.hash, x->conf.generation, x->attempt);
	store_create(x->conf.store, name, NULL, 0, buf_str(&b), on_recorded, x);
	explicit_bzero(b.p, b.len);
	buf_fini(&b);
}

/* ---- how it is ---- */

static void
looked(void *arg, const struct ca_reply *r)
{
	struct issue *x = arg;

	if (r->why == WHY_ACME_REFUSED)		/* it has no such order, or not any more */
		issue_refused(x, r, true);
	else if (r->why != NULL)
		issue_refused(x, r, false);
	else
		order_take(x, r);
}

static void
issue_look(void *arg)
{
	struct issue *x = arg;

	ca_read(x->conf.ca, x->order, looked, x);
}

static void
wait_on(struct issue *x, int64_t retry_after)
{
	int64_t now = loop_now(x->conf.loop);

	if (x->began_usec == 0)
		x->began_usec = now;
	if (now - x->began_usec > PATIENCE) {
		issue_fail(x, WHY_ACME_SLOW, x->phase, false);
		return;
	}
	x->wait_usec = x->wait_usec == 0 ? WAIT_FIRST : 2 * x->wait_usec;
	if (x->wait_usec > WAIT_MOST)
		x->wait_usec = WAIT_MOST;
	if (retry_after > RETRY_MOST)
		retry_after = RETRY_MOST;
	timer_set(x->conf.loop, &x->timer,
	    now + (retry_after > 0 ? retry_after * USEC_PER_SEC : x->wait_usec), issue_look, x);
}

void
issue_wait(struct issue *x)
{
	issue_enter(x, "waiting for the CA to validate");
	wait_on(x, -1);
}

/* ---- the certificate ---- */

static bool
has_name(const struct cert *c, const char *name)
{
	for (unsigned i = 0; i < cert_count_names(c); i++)
		if (str_eq(cert_name(c, i), str_of(name)))
			return true;
	return false;
}

/* NULL: it is what was ordered. */
static const char *
cert_fault(const struct issue *x, const struct cert *c)
{
	for (unsigned i = 0; i < x->conf.names->n; i++)
		if (!has_name(c, x->conf.names->name[i]))
			return "a name is missing in it";
	if (cert_not_after(c) <= clock_wall_usec() / USEC_PER_SEC)
		return "it has expired already: is this machine's clock right?";
	return NULL;
}

static void
downloaded(void *arg, const struct ca_reply *r)
{
	char detail[CERT_DETAIL_MAX] = "";
	const char *fault = detail;
	struct issue *x = arg;
	struct cert *c;

	if (r->why != NULL) {
		issue_refused(x, r, r->why == WHY_ACME_REFUSED);
		return;
	}
	if (cert_parse_pair(r->body, str_of(x->key), &c, detail) == NULL) {
		fault = cert_fault(x, c);
		cert_unref(&c);
	}
	if (fault != NULL)
		issue_fail(x, WHY_ACME_CERT, fault, true);
	else
		finish(x, &(struct issue_end){ .key = x->key, .chain = arena_text(x->arena, r->body),
		    .detail = "", .retry_after = -1 });
}

static void
finalized(void *arg, const struct ca_reply *r)
{
	struct issue *x = arg;

	if (r->why == NULL)
		order_take(x, r);
	else if (r->why == WHY_ACME_GONE || strcmp(r->type, "orderNotReady") == 0)
		wait_on(x, r->retry_after);		/* it may have been done: the order tells */
	else
		issue_refused(x, r, r->why == WHY_ACME_REFUSED);
}

static void
finalize(struct issue *x)
{
	struct buf der, payload;

	issue_enter(x, "finalizing");
	buf_init(&der, 64u << 10);
	buf_init(&payload, 128u << 10);
	buf_adds(&payload, STR("{\"csr\":\""));
	if (!csr_make(str_of(x->key), (const char *const *)x->conf.names->name, x->conf.names->n, &der)
	    || !base64url_add(&payload, buf_str(&der)) || !buf_adds(&payload, STR("\"}")))
		issue_fail(x, WHY_ACME_ORDER, "no request can be made of its key and names", true);
	else if (issue_may_act(x))
		ca_post(x->conf.ca, x->reply.finalize, buf_str(&payload), finalized, x);
	buf_fini(&der);
	buf_fini(&payload);
}

/* ---- what follows from its state ---- */

static void
order_pending(struct issue *x, const struct ca_reply *r)
{
	if (x->walked) {
		wait_on(x, r->retry_after);
		return;
	}
	x->at = 0;
	issue_go(x, issue_authz);
}

static void
order_take(struct issue *x, const struct ca_reply *r)
{
	if (!reply_order(x->arena, r->body, &x->reply)) {
		issue_fail(x, WHY_ACME_REPLY, "to a request for an order", false);
		return;
	}
	switch (x->reply.status) {
	case REPLY_PENDING:
		order_pending(x, r);
		break;
	case REPLY_READY:
		finalize(x);
		break;
	case REPLY_PROCESSING:
		issue_enter(x, "waiting for the CA to issue");
		wait_on(x, r->retry_after);
		break;
	case REPLY_VALID:
		issue_enter(x, "downloading");
		ca_read(x->conf.ca, x->reply.certificate, downloaded, x);
		break;
	case REPLY_INVALID:
	case REPLY_OTHER:
		x->seeks_problem = true;
		x->at = 0;
		issue_go(x, issue_authz);
		break;
	}
}

/* ---- life ---- */

struct issue *
issue_new(const struct issue_conf *c, issue_note_f *note, issue_ended_f *ended, void *arg)
{
	struct issue *x = must_zalloc(sizeof *x);

	ASSERT(c->names->n > 0 && c->generation > 0 && c->nchallenges > 0 && ca_key(c->ca) != NULL);
	x->conf = *c;
	x->note = note;
	x->ended = ended;
	x->arg = arg;
	x->arena = arena_new();
	x->phase = "looking for an order";
	issue_go(x, issue_begin);
	return x;
}

void
issue_free(struct issue **xp)
{
	struct issue *x = *xp;

	*xp = NULL;
	if (x == NULL)
		return;
	timer_clear(x->conf.loop, &x->timer);
	hook_free(&x->hook);
	ca_cancel(x->conf.ca, x);
	store_forget(x->conf.store, x);
	arena_free(&x->arena);
	loop_defer(x->conf.loop, &x->deferred, free, x);
}
