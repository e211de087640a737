/*
 * Certificates are parsed again only when their text has changed: a set is published for every
 * challenge, and there may be a thousand of them.
 */
#include <sys/queue.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "base/clock.h"
#include "base/map.h"
#include "proxy/keys.h"
#include "proxy/tls_rules.h"
#include "world/secrets.h"

#define WAIT_USEC	(2 * USEC_PER_SEC)
#define WAITS_MAX	64
#define WAITS_EACH	16		/* of an address: a CA has several, and asks for many names at once */
#define HOST_MAX	256

LIST_HEAD(wait_list, keys_wait);

/* What a listener does with TLS: made when its first client comes. */
struct keys_listener {
	SLIST_ENTRY(keys_listener) link;
	char		 name[PROXY_LISTENER_NAME_MAX];
	char		*protocols;
	enum proxy_client_cert client_cert;
	unsigned	 min_version, suites;
	bool		 http;
	struct tls_server *server;
	const struct tls_rules *rules;	/* the server's */
};

struct keys {
	struct loop	*loop;
	struct live	*live;
	tls_choose_f	*choose;
	void		*arg;
	struct secrets	*set;		/* NULL until the first one */
	struct cert_index *index;
	struct map	*certs;		/* by the names in the set */
	struct tls_tickets tickets;
	struct cert	*alpn;		/* the challenge's certificate that was looked for last */
	SLIST_HEAD(, keys_listener) listeners;
	struct wait_list waits;
	unsigned	 nwaits;
};

struct keys *
keys_new(struct loop *l, struct live *live, tls_choose_f *choose, void *arg)
{
	struct keys *k = must_zalloc(sizeof *k);

	k->loop = l;
	k->live = live;
	k->choose = choose;
	k->arg = arg;
	k->index = cert_index_new();
	k->certs = map_new();
	SLIST_INIT(&k->listeners);
	LIST_INIT(&k->waits);
	tls_tickets_make(&k->tickets);
	return k;
}

static void
certs_free(struct map **certs)
{
	struct str name;
	size_t at = 0;
	void *c;

	while (map_next(*certs, &at, &name, &c)) {
		struct cert *cert = c;

		cert_unref(&cert);
	}
	map_free(certs);
}

void
keys_free(struct keys **kp)
{
	struct keys *k = *kp;

	*kp = NULL;
	if (k == NULL)
		return;
	ASSERT(LIST_EMPTY(&k->waits));
	keys_reconf(k);
	cert_index_free(&k->index);
	certs_free(&k->certs);
	cert_unref(&k->alpn);
	secrets_unref(&k->set);
	tls_tickets_fini(&k->tickets);
	free(k);
}

/* ---- a new set ---- */

/* NULL: what is there cannot be used. */
static struct cert *
cert_take(const struct keys *k, struct str name, struct str pem)
{
	struct cert *c = map_get(k->certs, name);
	struct str before;

	if (c != NULL && secrets_find(k->set, name, &before) && str_eq(before, pem))
		return cert_ref(c);
	return cert_parse(pem, &c, NULL) == NULL ? c : NULL;
}

static void
take_certs(struct keys *k, const struct secrets *s, unsigned *bad)
{
	struct cert_index *index = cert_index_new();
	struct map *certs = map_new();
	struct str name, value, id;
	struct cert *c;

	for (unsigned i = 0; i < secrets_count(s); i++) {
		secrets_at(s, i, &name, &value);
		if (!str_starts(name, STR("cert/")))
			continue;
		if ((c = cert_take(k, name, value)) == NULL) {
			++*bad;
			continue;
		}
		map_put(certs, name, c);
		cert_index_add(index, c);
	}
	if (secrets_find(s, STR("default"), &id)) {
		char whole[SECRETS_NAME_MAX + 1];

		snprintf(whole, sizeof whole, "cert/%.*s", STR_ARG(id));
		if ((c = map_get(certs, str_of(whole))) != NULL)
			cert_index_set_default(index, c);
	}
	cert_index_free(&k->index);
	certs_free(&k->certs);
	k->index = index;
	k->certs = certs;
}

/* Without any in the set, those that are there go on: at first, one of this worker's own. */
static void
take_tickets(struct keys *k, const struct secrets *s)
{
	struct str keys[TLS_TICKETS_MAX];
	unsigned n = 0;
	char name[32];

	do
		snprintf(name, sizeof name, "ticket/%u", n);
	while (n < TLS_TICKETS_MAX && secrets_find(s, str_of(name), &keys[n]) && ++n);
	if (n > 0)
		tls_tickets_set(&k->tickets, keys, n);
}

static struct str
client_ca(const struct secrets *s, const char *listener)
{
	char name[16 + PROXY_LISTENER_NAME_MAX];
	struct str value = { "", 0 };

	snprintf(name, sizeof name, "client-ca/%s", listener);
	if (s != NULL)
		secrets_find(s, str_of(name), &value);
	return value;
}

static void
listener_free(struct keys *k, struct keys_listener *l)
{
	SLIST_REMOVE(&k->listeners, l, keys_listener, link);
	tls_server_free(&l->server);
	free(l->protocols);
	free(l);
}

void
keys_reconf(struct keys *k)
{
	while (!SLIST_EMPTY(&k->listeners))
		listener_free(k, SLIST_FIRST(&k->listeners));
}

/* Whom client certificates are from may have changed. */
static void
drop_listeners(struct keys *k, const struct secrets *s)
{
	struct keys_listener *l, *next;

	for (l = SLIST_FIRST(&k->listeners); l != NULL; l = next) {
		next = SLIST_NEXT(l, link);
		if (l->client_cert != PROXY_CLIENT_CERT_NONE
		    && !str_eq(client_ca(k->set, l->name), client_ca(s, l->name)))
			listener_free(k, l);
	}
}

static void
wake_all(struct keys *k)
{
	struct keys_wait *w;

	while ((w = LIST_FIRST(&k->waits)) != NULL) {
		keys_unwait(w);
		w->fn(w->arg);
	}
}

void
keys_set_secrets(struct keys *k, struct secrets *s, unsigned *bad)
{
	*bad = 0;
	take_certs(k, s, bad);
	take_tickets(k, s);
	drop_listeners(k, s);
	cert_unref(&k->alpn);
	secrets_ref(s);
	secrets_unref(&k->set);
	k->set = s;
	wake_all(k);
}

/* ---- what is in force ---- */

static struct keys_listener *
listener_find(struct keys *k, const struct proxy_listener *here, const struct keys_wish *w)
{
	struct keys_listener *l;

	SLIST_FOREACH(l, &k->listeners, link)
		if (strcmp(l->name, here->name) == 0 && str_eq(str_of(l->protocols), w->protocols)
		    && l->client_cert == here->client_cert && l->min_version == w->min_version
		    && l->suites == w->suites && l->http == w->http
		    && tls_rules_same(l->rules, w->table, w->options))
			return l;
	return NULL;
}

static const struct why *
listener_new(struct keys *k, const struct proxy_listener *here, const struct keys_wish *w,
    struct tls_server_conf *conf, struct keys_listener **out)
{
	const struct tls_tickets *tickets = &k->tickets;
	struct tls_rules *rules = tls_rules_new(w->table, w->options);
	char protocols[TLS_RULES_PROTOCOLS];
	const struct why *why = tls_rules_apply(rules, w->http, conf, &tickets, protocols);
	struct tls_server *server;
	struct keys_listener *l;

	conf->rules = rules;
	conf->rules_free = tls_rules_free;
	if (why == NULL)
		why = tls_server_new(conf, k->choose, k->arg, tickets, &server);
	if (why != NULL) {
		tls_rules_free(rules);
		return why;
	}
	l = must_zalloc(sizeof *l);
	*l = (struct keys_listener){ .protocols = str_dup(w->protocols),
	    .client_cert = here->client_cert, .min_version = w->min_version, .suites = w->suites,
	    .http = w->http, .server = server, .rules = rules };
	memcpy(l->name, here->name, sizeof l->name);
	SLIST_INSERT_HEAD(&k->listeners, l, link);
	*out = l;
	return NULL;
}

const struct why *
keys_server(struct keys *k, const struct proxy_listener *here, const struct keys_wish *w,
    struct tls_server **out)
{
	struct keys_listener *l = listener_find(k, here, w);
	struct tls_server_conf conf = {
		.min_version = w->min_version, .suites = w->suites, .protocols = w->protocols,
		.client_cert = (enum tls_client_cert)here->client_cert,
		.client_ca = client_ca(k->set, here->name), .scope = str_of(here->name),
	};
	const struct why *why;

	if (here->client_cert != PROXY_CLIENT_CERT_NONE && conf.client_ca.len == 0)
		return WHY_CERT_MISSING;	/* the CA's file was never read: nobody gets in */
	if (l == NULL && (why = listener_new(k, here, w, &conf, &l)) != NULL)
		return why;
	*out = l->server;
	return NULL;
}

static bool
has_options(const struct table *t, const struct tls_rules *rules)
{
	uint32_t n;
	const struct table_tls *o = table_tls(t, &n);

	for (uint32_t i = 0; i < n; i++)
		if (tls_rules_same(rules, t, &o[i]))
			return true;
	return false;
}

void
keys_set_table(struct keys *k, const struct table *t)
{
	struct keys_listener *l, *next;

	for (l = SLIST_FIRST(&k->listeners); l != NULL; l = next) {
		next = SLIST_NEXT(l, link);
		if (l->rules != NULL && !has_options(t, l->rules))
			listener_free(k, l);
	}
}

const struct cert_group *
keys_find(const struct keys *k, struct str host)
{
	return cert_index_find(k->index, host);
}

bool
keys_find_alpn(struct keys *k, struct str host, struct cert_group *out)
{
	char name[32 + HOST_MAX];
	struct str pem;

	cert_unref(&k->alpn);
	if (k->set == NULL || host.len == 0 || host.len >= HOST_MAX)
		return false;
	snprintf(name, sizeof name, "challenge/tls-alpn-01/%.*s", STR_ARG(host));
	if (!secrets_find(k->set, str_of(name), &pem) || cert_parse(pem, &k->alpn, NULL) != NULL)
		return false;
	*out = (struct cert_group){ 0 };
	out->kind[cert_kind(k->alpn)] = k->alpn;
	return true;
}

bool
keys_find_http(const struct keys *k, struct str token, struct str *answer)
{
	char name[32 + HOST_MAX];

	if (k->set == NULL || token.len == 0 || token.len >= HOST_MAX)
		return false;
	snprintf(name, sizeof name, "challenge/http-01/%.*s", STR_ARG(token));
	return secrets_find(k->set, str_of(name), answer);
}

/* ---- waiting ---- */

/* The brain has a source of them, which it looks at when it is asked. */
static bool
challenges_come(const struct keys *k)
{
	struct str any;

	return k->set != NULL && secrets_find(k->set, STR("acme"), &any);
}

static void
on_wait_late(void *arg)
{
	struct keys_wait *w = arg;

	keys_unwait(w);
	w->fn(w->arg);
}

/* Whether there is a place for one more of that address. */
static bool
may_wait(const struct keys *k, const struct ip *ip)
{
	const struct keys_wait *w;
	unsigned n = 0;

	LIST_FOREACH(w, &k->waits, link)
		n += ip_eq(&w->ip, ip);
	return k->nwaits < WAITS_MAX && n < WAITS_EACH;
}

bool
keys_wait(struct keys *k, struct keys_wait *w, const struct ip *ip, void (*fn)(void *), void *arg)
{
	struct ip key = ip_is_v4(ip) ? *ip : ip_masked(ip, 64);

	if (w->keys != NULL)
		return true;
	if (w->over || !challenges_come(k) || !may_wait(k, &key))
		return false;
	w->keys = k;
	w->ip = key;
	w->fn = fn;
	w->arg = arg;
	k->nwaits++;
	LIST_INSERT_HEAD(&k->waits, w, link);
	timer_set(k->loop, &w->timer, loop_now(k->loop) + WAIT_USEC, on_wait_late, w);
	live_ask_challenges(k->live);
	return true;
}

void
keys_unwait(struct keys_wait *w)
{
	struct keys *k = w->keys;

	if (k == NULL)
		return;
	ASSERT(k->nwaits > 0);
	k->nwaits--;
	LIST_REMOVE(w, link);
	timer_clear(k->loop, &w->timer);
	w->keys = NULL;
	w->over = true;
}
