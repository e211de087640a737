/*
 * What is drawn of middlewares, what calls say to them, and what the table has of them.
 */
#include <stdio.h>
#include <string.h>

#include "auth.h"
#include "base/arena.h"
#include "base/bug.h"
#include "base/password.h"
#include "chain.h"
#include "front.h"
#include "traced.h"


struct setting {
	const char	*path, *value;
};

/* ---- the plan ---- */

void
chain_draw(struct plan_service *s, struct rng r)
{
	struct plan_chain *c = &s->chain;

	for (enum chain_kind k = 0; k < CHAIN_KINDS; k++)
		c->kinds |= may(&r, 5) ? 1u << k : 0;
	c->first = rng_below(&r, CHAIN_KINDS);
	c->addresses = rng_below(&r, 1u << CLIENTS / 2);
	c->path = (enum path_change)rng_below(&r, PATH_CHANGES);
	c->by_scheme = rng_below(&r, 6) == 0;
	c->permanent = rng_below(&r, 2);
	c->request_most = rng_below(&r, 3) ? 100 + rng_below(&r, 20000) : 0;
	c->response_most = rng_below(&r, 2) || c->request_most == 0 ? 100 + rng_below(&r, 50000) : 0;
	c->hides = rng_below(&r, 2);
}

void
chain_draw_call(struct call *c, struct rng r)
{
	c->login = rng_below(&r, 4) == 0 ? (enum login)rng_below(&r, 2) * LOGIN_WRONG : LOGIN_GOOD;
	c->accepts = (enum coding)rng_below(&r, ZSTD + 1);
	c->origin = rng_below(&r, 2);
	c->preflight = rng_below(&r, 6) == 0;
}

bool
chain_has(const struct plan_service *s, enum chain_kind k)
{
	return (s->chain.kinds & 1u << k) != 0;
}

bool
chain_encodes(const struct plan_service *s)
{
	return chain_has(s, CHAIN_ENCODES);
}

void
chain_settle(struct plan *p)
{
	for (unsigned i = 0; i < ALL_SERVICES; i++)
		if (p->brain.there || p->storm || p->flood || i >= SERVICES)
			p->service[i].chain.kinds = 0;
	for (unsigned i = 0; i < EXCHANGES; i++) {
		struct call *l = &p->client[i / CALLS].call[i % CALLS];
		const struct plan_service *s = &p->service[l->service];
		l->preflight &= chain_has(s, CHAIN_CORS);
		l->origin |= l->preflight;
		if (!l->preflight)
			continue;
		l->method = "OPTIONS";
		l->idempotent = true;
		l->body = 0;
		l->chunked = l->expects = false;
	}
}

void
chain_print(const struct plan_service *s, unsigned service)
{
	const struct plan_chain *c = &s->chain;

	if (c->kinds != 0)
		printf("#   s%u has middlewares %x from %u, addresses %x path %d%s%s%s, bodies %llu, responses %llu\n", service, c->kinds, c->first,
		    c->addresses, c->path, c->by_scheme ? " by scheme" : "", c->permanent ? " permanent" : "", c->hides ? " hides" : "",
		    (unsigned long long)c->request_most, (unsigned long long)c->response_most);
}

unsigned
chain_asks(const struct plan *p, const struct call *l, struct chain_ask out[CHAIN_ASKS])
{
	static const char *const accepts[] = { "", "gzip", "gzip;q=0.5, br", "zstd, deflate" };
	unsigned n = 0;

	if (l->odd) {
		out[n++] = (struct chain_ask){ "x-request-id", FORGED_ID };
		out[n++] = (struct chain_ask){ "x-forwarded-for", FRONT_LIST };
	}
	if (p->service[l->service].asks && l->id % 3 != 0)
		out[n++] = (struct chain_ask){ l->id % 3 == 1 ? "x-user" : "x_user", "forged" };
	if (p->service[l->service].chain.kinds == 0)
		return n;
	if (l->login != LOGIN_NONE)
		out[n++] = (struct chain_ask){ "authorization", l->login == LOGIN_GOOD ? GOOD_LOGIN : WRONG_LOGIN };
	if (l->accepts != PLAIN)
		out[n++] = (struct chain_ask){ "accept-encoding", accepts[l->accepts] };
	if (l->origin)
		out[n++] = (struct chain_ask){ "origin", ORIGIN };
	if (l->preflight)
		out[n++] = (struct chain_ask){ "access-control-request-method", "PUT" };
	return n;
}

#define HASH		"{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ="

void
chain_warm_up(void)
{
	ASSERT(password_fits(STR(HASH), STR("secret")));
}

/* ---- the table ---- */

static void
add(struct arena *a, char **text, enum filter_kind kind, const struct setting *settings)
{
	struct filter_setting s[8];
	unsigned n = 0;

	for (; settings[n].path != NULL; n++)
		s[n] = (struct filter_setting){ str_of(settings[n].path), str_of(settings[n].value) };
	*text = filter_chain_add(a, *text, str_of(filter_kind_name(kind)), kind, s, n);
	ASSERT(*text != NULL);
}

static void
path_write(struct arena *a, char **text, enum path_change c)
{
	static const struct {
		enum filter_kind kind;
		struct setting	 of[3];
	} changes[PATH_CHANGES] = {
		[PATH_ADDED] = { FILTER_ADD_PREFIX, { { "prefix", "/in" } } },
		[PATH_STRIPPED] = { FILTER_STRIP_PREFIX, { { "prefixes", "/x" } } },
		[PATH_STRIPPED_REGEX] = { FILTER_STRIP_PREFIX_REGEX, { { "regex", "/[a-z]" } } },
		[PATH_REPLACED] = { FILTER_REPLACE_PATH, { { "path", "/fixed" } } },
		[PATH_REPLACED_REGEX] = { FILTER_REPLACE_PATH_REGEX, { { "regex", "^/x(.*)$" }, { "replacement", "/y/$1" } } },
	};

	add(a, text, changes[c].kind, changes[c].of);
}

static void
allows_write(struct arena *a, char **text, const struct plan_chain *c)
{
	char nets[256] = "10.9.9.9";

	for (unsigned i = 0; i < CLIENTS / 2; i++)
		if ((c->addresses & 1u << i) != 0)
			front_nets(i, nets + strlen(nets), sizeof nets - strlen(nets));
	add(a, text, FILTER_IP_ALLOW_LIST, (struct setting[]){ { "sourcerange", nets }, { NULL } });
}

static void
redirect_write(struct arena *a, char **text, const struct plan_chain *c)
{
	const char *permanent = c->permanent ? "true" : "false";

	if (c->by_scheme)
		add(a, text, FILTER_REDIRECT_SCHEME, (struct setting[]){ { "scheme", "https" }, { "permanent", permanent }, { NULL } });
	else
		add(a, text, FILTER_REDIRECT_REGEX, (struct setting[]){ { "regex", "^http://([^/]+)/(.*[13579])$" },
		    { "replacement", "http://there.example/$2?from=$1" }, { "permanent", permanent }, { NULL } });
}

static void
buffers_write(struct arena *a, char **text, const struct plan_chain *c)
{
	char request[24], response[24];

	snprintf(request, sizeof request, "%llu", (unsigned long long)c->request_most);
	snprintf(response, sizeof response, "%llu", (unsigned long long)c->response_most);
	add(a, text, FILTER_BUFFERING, (struct setting[]){ { "maxrequestbodybytes", request },
	    { "maxresponsebodybytes", response }, { NULL } });
}

static void
kind_write(struct arena *a, char **text, const struct plan_chain *c, enum chain_kind k)
{
	switch (k) {
	case CHAIN_ALLOWS:
		allows_write(a, text, c);
		break;
	case CHAIN_LOGIN:
		add(a, text, FILTER_BASIC_AUTH, (struct setting[]){ { "users", "ann:" HASH },
		    { "realm", "the sim" }, { "headerfield", "X-User" }, { "removeheader", c->hides ? "true" : "false" }, { NULL } });
		break;
	case CHAIN_REDIRECT:
		redirect_write(a, text, c);
		break;
	case CHAIN_CORS:
		add(a, text, FILTER_HEADERS, (struct setting[]){ { "accesscontrolalloworiginlist", ORIGIN },
		    { "accesscontrolallowmethods", "GET,PUT" }, { "addvaryheader", "true" }, { "contenttypenosniff", "true" },
		    { "customframeoptionsvalue", "SAMEORIGIN" }, { NULL } });
		break;
	case CHAIN_BUFFERS:
		buffers_write(a, text, c);
		break;
	case CHAIN_ENCODES:
		add(a, text, FILTER_COMPRESS, (struct setting[]){ { NULL } });
		break;
	case CHAIN_GUESSES:
		add(a, text, FILTER_CONTENT_TYPE, (struct setting[]){ { NULL } });
		break;
	case CHAIN_PATH:
		path_write(a, text, c->path);
		break;
	case CHAIN_KINDS:
		break;
	}
}

bool
chain_next(const struct plan_service *s, unsigned *at, enum chain_kind *k)
{
	while (*at < CHAIN_KINDS) {
		*k = (enum chain_kind)((s->chain.first + (*at)++) % CHAIN_KINDS);
		if (chain_has(s, *k))
			return true;
	}
	return false;
}

void
chain_write(struct arena *a, char **text, const struct plan_service *s)
{
	enum chain_kind k;

	if (s->asks)
		auth_write(a, text, s->shows);
	for (unsigned at = 0; chain_next(s, &at, &k); )
		kind_write(a, text, &s->chain, k);
}
