/*
 * What the services that exchange_fuzz.c plays on are made of: where everybody listens, the chains of filters, a service with
 * usual settings, its tasks and its routes.
 */
#ifndef FUZZ_EXCHANGE_PARTS_H
#define FUZZ_EXCHANGE_PARTS_H

#include <fcntl.h>
#include <signal.h>

#include "base/clock.h"
#include "fresh.h"
#include "net/tls.h"
#include "proxy/proxy.h"
#include "talk.h"

#include "../unit/net/make_cert.h"

#define ORIGINS		4		/* where tasks listen; the last: servers that filters ask */
#define LISTENERS	8
enum { FRONT, PROXIED, INNER, SECURE, RELAY, ELSEWHERE, NAMES, FEW };

static struct loop *l;
static struct live *live;
static struct phys *phys;
static int origin[ORIGINS], front_fd[LISTENERS];	/* kept from input to input: TCP would run out of ports */
static struct addr origin_at[ORIGINS], front[LISTENERS];
static struct arena *chains;
static char auth_url[64], secure_url[64];
static char *ca_pem, *web_pem, *expired_pem, *other_pem;
static const char *const listener_name[LISTENERS] = { "front", "proxied", "inner", "secure", "relay", "elsewhere", "names", "few" };

struct set_filter {
	enum filter_kind kind;
	struct filter_setting of[5];
};

#define S(path, value) { { path, sizeof path - 1 }, { value, sizeof value - 1 } }
static const struct set_filter filters[] = {
	{ FILTER_HEADERS, { S("customRequestHeaders.X-One", "1"), S("customResponseHeaders.X-Two", "2"), S("stsSeconds", "9"),
	    S("accessControlAllowOriginList", "http://o"), S("allowedHosts", "m0,M0") } },
	{ FILTER_STRIP_PREFIX, { S("prefixes", "/a,/b") } },
	{ FILTER_ADD_PREFIX, { S("prefix", "/x") } },
	{ FILTER_REPLACE_PATH, { S("path", "/p") } },
	{ FILTER_REPLACE_PATH_REGEX, { S("regex", "^/(.*)/b"), S("replacement", "/$1?c") } },
	{ FILTER_REDIRECT_SCHEME, { S("scheme", "https"), S("port", "8443") } },
	{ FILTER_REDIRECT_REGEX, { S("regex", "^http://m6/(.*)"), S("replacement", "http://n/${1}") } },
	{ FILTER_COMPRESS, { S("minResponseBodyBytes", "1") } },
	{ FILTER_CONTENT_TYPE, { S("autoDetect", "true") } },
	{ FILTER_BUFFERING, { S("maxRequestBodyBytes", "20"), S("maxResponseBodyBytes", "20") } },
	{ FILTER_ERRORS, { S("status", "404,500-599"), S("service", "checked"), S("query", "/{status}?{url}") } },
	{ FILTER_IP_ALLOW_LIST, { S("sourceRange", "10.0.0.0/8"), S("ipStrategy.depth", "1") } },
	{ FILTER_IN_FLIGHT_REQ, { S("amount", "1"), S("sourceCriterion.requestHost", "true") } },
	{ FILTER_RATE_LIMIT, { S("average", "1"), S("burst", "2"), S("sourceCriterion.requestHeaderName", "X-Who") } },
	{ FILTER_FORWARD_AUTH, { S("address", ""), S("authResponseHeaders", "X-User"), S("forwardBody", "true"),
	    S("maxBodySize", "50"), S("addAuthCookiesToResponse", "c") } },
	{ FILTER_RETRY, { S("attempts", "4"), S("initialInterval", "100ms") } },
	{ FILTER_CIRCUIT_BREAKER, { S("expression", "NetworkErrorRatio() > 0.3 || ResponseCodeRatio(500, 600, 0, 600) > 0.2") } },
	{ FILTER_DIGEST_AUTH, { S("users", "u:traefik:0123456789abcdef0123456789abcdef") } },
	{ FILTER_BASIC_AUTH, { S("users", "u:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g="), S("headerField", "X-User") } },
	{ FILTER_FORWARD_AUTH, { S("address", ""), S("trustForwardHeader", "true"), S("authResponseHeadersRegex", "^X-"),
	    S("preserveRequestMethod", "true") } },
	{ FILTER_PASS_CLIENT_CERT, { S("pem", "true") } },
	{ FILTER_FORWARD_AUTH, { S("address", "http://nobody.test/") } },
	{ FILTER_FORWARD_AUTH, { S("address", "https"), S("maxResponseBodySize", "10") } },
	{ FILTER_PASS_CLIENT_CERT, { S("info.subject.commonName", "true"), S("info.notAfter", "true") } },
	{ FILTER_ERRORS, { S("status", "400-599"), S("service", "dead"), S("query", "/") } },
};
#undef S
#define FILTERS (sizeof filters / sizeof *filters)
#define RETRY_CHAIN 15
#define NOBODY	"unix:/tmp/mola-fuzz-nobody"	/* an address without anybody */

static struct table_ref
text(struct table_maker *m, const char *s)
{
	return table_maker_text(m, str_of(s));
}

static const char *
set_chain(size_t i)
{
	struct filter_setting of[5];
	unsigned n = 0;
	const char *chain;

	for (; n < 5 && filters[i].of[n].path.len > 0; n++) {
		of[n] = filters[i].of[n];
		if (of[n].value.len == 0)
			of[n].value = str_of(auth_url);
		if (str_eq(of[n].value, STR("https")) && str_eq(of[n].path, STR("address")))
			of[n].value = str_of(secure_url);
	}
	chain = filter_chain_add(chains, "", STR("m"), filters[i].kind, of, n);
	ASSERT(chain != NULL);
	return chain;
}

/* ---- the table ---- */

static struct table_service
service_of(struct table_maker *m, const char *name)
{
	static const char *const names[] = { "web", "checked", "load", "dead", "grpc", "relay", "odd", "refuses", "names", "again",
	    "hedged", "hedged2", "few", "last", "bytes", "ill", "named", "sealed", "sealed2", "relayed",
	    "special" };
	struct table_service s;
	struct str wrong;
	uint32_t slot = 1;

	while (slot <= sizeof names / sizeof *names && strcmp(names[slot - 1], name) != 0)
		slot++;
	s = (struct table_service){ .name = text(m, name), .slot = slot, .policy = POLICY_ROUND_ROBIN, .pass_host = true,
		.connect_usec = USEC_PER_SEC, .response_usec = 3 * USEC_PER_SEC, .idle_usec = 3 * USEC_PER_SEC,
		.tunnel_usec = 3 * USEC_PER_SEC, .health_timeout_usec = USEC_PER_SEC, .health_rise = 1, .health_fall = 1,
		.eject_window_usec = USEC_PER_SEC, .panic = 50, .overload = true, .overload_bound = 4, .overload_wait_usec = USEC_PER_SEC / 4,
		.retry_attempts = 3, .retry_budget = 20, .retry_body = 16384 };
	ASSERT(retry_on_read(str_of("connect, reset, timeout, unavailable, 502, 503, 504"), &s.retry_on, &wrong));
	return s;
}

/* Bits of `gone` above the tasks that are not there, and those that drain. */
#define TUNED		256	/* the services of exchange_tuned.h are there */
#define MOVED		512	/* tasks of `web` and `checked` have changed places, and so have checks */
#define OTHER_TLS	1024	/* TLS options are others */

/* Bits of `gone`: tasks that are not there; the four above: that drain. */
static void
task_add(struct table_maker *m, unsigned gone, unsigned slot, const struct addr *at)
{
	struct table_task t = { .name = text(m, "task"), .addr = *at, .slot = slot, .draining = (gone >> 4 & 1u << slot % 4) != 0 };

	if ((gone & 1u << slot % 4) == 0)
		table_maker_task(m, &t);
}

static void
route_add(struct table_maker *m, const char *host, uint32_t service, uint32_t chain, uint64_t on)
{
	table_maker_route(m, &(struct table_route){ .host = text(m, host), .path = text(m, "/"), .service = service, .chain = chain,
	    .on = on, .name = text(m, host), .to = text(m, host) });
}

#endif
