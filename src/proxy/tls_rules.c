/*
 * Options only narrow what a listener does: the newer of two versions, the ciphers that both have.
 * Of client certificates one of them may speak, as nobody could show one for both.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "proxy/tls_rules.h"

struct tls_rules {
	unsigned	 min_version, max_version, suites, groups;
	enum tls_auth	 auth;
	bool		 strict, no_tickets;
	struct str	 ca;
	char		*protocols;
};

struct tls_rules *
tls_rules_new(const struct table *t, const struct table_tls *o)
{
	struct tls_rules *r;
	char *ca;

	if (o == NULL || o->broken)
		return NULL;
	r = must_zalloc(sizeof *r);
	ca = str_dup(table_text(t, o->ca));
	*r = (struct tls_rules){ o->min_version, o->max_version, o->suites, o->groups, o->auth, o->strict,
	    o->no_tickets, { ca, o->ca.len }, str_dup(table_text(t, o->protocols)) };
	return r;
}

void
tls_rules_free(void *rules)
{
	struct tls_rules *r = rules;

	if (r == NULL)
		return;
	free((char *)(uintptr_t)r->ca.p);
	free(r->protocols);
	free(r);
}

bool
tls_rules_same(const struct tls_rules *r, const struct table *t, const struct table_tls *o)
{
	if (r == NULL || o == NULL || o->broken)
		return r == NULL && (o == NULL || o->broken);
	return r->min_version == o->min_version && r->max_version == o->max_version &&
	    r->suites == o->suites && r->groups == o->groups && r->auth == o->auth &&
	    r->strict == o->strict && r->no_tickets == o->no_tickets &&
	    str_eq(r->ca, table_text(t, o->ca)) &&
	    str_eq(str_of(r->protocols), table_text(t, o->protocols));
}

bool
tls_rules_admit(const struct tls_rules *r, const struct table *t, const struct table_tls *o)
{
	if (o != NULL && o->broken)
		return false;
	if (o == NULL || (o->auth != TLS_AUTH_ANY && o->auth != TLS_AUTH_VERIFY))
		return true;
	return r != NULL && r->auth == o->auth &&
	    (o->auth == TLS_AUTH_ANY || str_eq(r->ca, table_text(t, o->ca)));
}

bool
tls_rules_strict(const struct tls_rules *r)
{
	return r != NULL && r->strict;
}

static enum tls_client_cert
client_cert_of(enum tls_auth auth)
{
	switch (auth) {
	case TLS_AUTH_NONE:
		return TLS_CLIENT_CERT_NONE;
	case TLS_AUTH_REQUEST:
		return TLS_CLIENT_CERT_ASK;
	case TLS_AUTH_ANY:
		return TLS_CLIENT_CERT_ANY;
	case TLS_AUTH_IF_GIVEN:
		return TLS_CLIENT_CERT_OPTIONAL;
	case TLS_AUTH_VERIFY:
		return TLS_CLIENT_CERT_REQUIRE;
	case TLS_AUTHS:
		break;
	}
	BUG("no such way");
}

/* Those of the first list that are in the second, too, in the order of the first. False: none. */
static bool
protocols_both(struct str first, struct str second, char out[TLS_RULES_PROTOCOLS])
{
	struct str one, other, rest;
	size_t len = 0;

	*out = '\0';
	while (str_split(&first, ',', &one))
		for (rest = second; str_split(&rest, ',', &other); )
			if (str_eq(one, other) && len + one.len + 2 < TLS_RULES_PROTOCOLS) {
				len += (size_t)snprintf(out + len, TLS_RULES_PROTOCOLS - len, "%s%.*s",
				    len > 0 ? "," : "", STR_ARG(one));
				break;
			}
	return len > 0;
}

const struct why *
tls_rules_apply(const struct tls_rules *r, bool http, struct tls_server_conf *c,
    const struct tls_tickets **tickets, char protocols[TLS_RULES_PROTOCOLS])
{
	if (r == NULL)
		return NULL;
	if (r->auth != TLS_AUTH_NONE) {
		if (c->client_cert != TLS_CLIENT_CERT_NONE)
			return WHY_TLS_CLASH;
		c->client_cert = client_cert_of(r->auth);
		c->client_ca = r->ca;
	}
	if (r->suites != 0 && c->suites != 0 && (r->suites & c->suites) == 0)
		c->min_version = 13;		/* whose ciphers are others */
	else
		c->suites = r->suites == 0 ? c->suites : c->suites == 0 ? r->suites : r->suites & c->suites;
	c->min_version = r->min_version > c->min_version ? r->min_version : c->min_version;
	c->max_version = r->max_version;
	c->groups = r->groups;
	if (c->max_version != 0 && c->max_version < c->min_version)
		return WHY_TLS_CLASH;
	if (!http && c->protocols.len == 0)
		c->protocols = str_of(r->protocols);
	else if (*r->protocols != '\0') {
		if (!protocols_both(str_of(r->protocols), c->protocols, protocols))
			return WHY_TLS_CLASH;
		c->protocols = str_of(protocols);
	}
	if (r->no_tickets)
		*tickets = NULL;
	return NULL;
}
