/* filters: from labels to the chain that a request passes, and no request of a guarded router passes by it. */
#include "stage.h"

#include "base/rng.h"
#include "discovery/middlewares.c"

#define AGE "2026-01-01T00:00:00Z"
#define L(name, value) "\"traefik.http." name "\":\"" value "\","
#define RULE(router, rule) L("routers." router ".rule", rule)
#define THROUGH(router, list) L("routers." router ".middlewares", list)
#define M(name, value) L("middlewares." name, value)
#define PORT "\"traefik.http.services.x.loadbalancer.server.port\":\"80\""

/* "s0", "s0 by one, two", "refused" or "-". */
static const char *
way_of(struct stage *s, const struct request_view *request)
{
	static char out[200];
	const struct filter_chain *chain = NULL;
	const struct table_service *to;
	const struct table_route *route;
	const struct why *why;
	struct table *t;
	size_t n;
	int fd;

	assert_null(world_table(s->world, &fd));
	assert_null(table_open(fd, &t));
	route = table_find(t, request, &chain, &why);
	to = route == NULL ? NULL : &table_services(t, NULL)[route->service];
	n = str_copy(out, sizeof out, to != NULL ? table_text(t, to->name) : why == WHY_ROUTE_REFUSED ? STR("refused") : STR("-"));
	for (unsigned i = 0; to != NULL && chain != NULL && i < chain->n; i++)
		n += (size_t)snprintf(out + n, sizeof out - n, "%s%.*s", i == 0 ? " by " : ", ", STR_ARG(chain->filter[i].name));
	table_unref(&t);
	return out;
}

static const char *
way(struct stage *s, const char *host, const char *path, bool tls)
{
	return way_of(s, &(struct request_view){ .host = str_of(host), .path = str_of(path), .method = STR("GET"), .tls = tls });
}

/* In plain, from a trusted proxy to which it came by TLS. */
static const char *
way_said(struct stage *s, const char *host, const char *path)
{
	return way_of(s, &(struct request_view){ .host = str_of(host), .path = str_of(path), .method = STR("GET"), .tls_said = true });
}

static const char *
way_on(struct stage *s, const char *listener, bool tls)
{
	return way_of(s, &(struct request_view){ .host = STR("a.org"), .path = STR("/"), .method = STR("GET"), .tls = tls,
	    .listener = str_of(listener) });
}

#define STRIP(name) M(name ".stripprefix.prefixes", "/x")
#define HEAD(name, value) M(name ".headers.customrequestheaders.X-One", value)

static void
what_a_router_names_is_passed_in_its_order(void **state)
{
	struct stage *s = *state;

	services_aged(s, RULE("r", "Host(`a.org`)") THROUGH("r", "two, one@swarm,TWO@docker") STRIP("one") HEAD("two", "1") PORT, NULL);
	assert_string_equal(way(s, "a.org", "/", false), "s0 by two, one, TWO");
	assert_string_equal(way(s, "a.org", "/", true), "s0 by two, one, TWO");
	assert_true(world_service(s->world, STR("s0"))->requirements.middlewares);
	expect_label(s, "s0", "traefik.http.middlewares.one.stripprefix.prefixes", LABEL_VALID, NULL);
	assert_true(s->changed);
	services_aged(s, RULE("r", "Host(`a.org`)") THROUGH("r", "two, one@swarm,TWO@docker") STRIP("one") HEAD("two", "1") PORT, NULL);
	assert_false(s->changed);
	services_aged(s, RULE("r", "Host(`a.org`)") THROUGH("r", "two, one@swarm,TWO@docker") STRIP("one") HEAD("two", "2") PORT, NULL);
	assert_true(s->changed);
	/* of another service, without case, and by a chain */
	services_aged(s, RULE("r", "Host(`a.org`)") THROUGH("r", "c") PORT, M("C.chain.middlewares", "one, d") M("d.chain.middlewares", "two") STRIP("ONE")
	    HEAD("two", "1") PORT, NULL);
	assert_string_equal(way(s, "a.org", "/", false), "s0 by one, two");
	services_aged(s, RULE("r", "Host(`a.org`)") PORT, NULL);
	assert_string_equal(way(s, "a.org", "/", false), "s0");
	assert_true(s->changed);
}

/* The Swarm's name of the service, and the port; of two definitions none. */
static void
pages_are_of_a_service_that_labels_define(void **state)
{
	struct stage *s = *state;
	const struct filter_chain *chain = NULL;
	const struct why *why;
	struct table *t;
	int fd;

#define ERRORS(service) RULE("r", "Host(`a.org`)") THROUGH("r", "m") M("m.errors.status", "404") M("m.errors.service", service) PORT
#define OTHER RULE("q", "Host(`b.org`)") "\"traefik.http.services.Pages.loadbalancer.server.port\":\"8080\""
	services_aged(s, ERRORS("pages@swarm"), OTHER, NULL);
	assert_string_equal(way(s, "a.org", "/", false), "s0 by m");
	assert_null(world_table(s->world, &fd));
	assert_null(table_open(fd, &t));
	assert_non_null(table_find(t, &(struct request_view){ .host = STR("a.org"), .path = STR("/"), .method = STR("GET") }, &chain, &why));
	assert_true(str_eq(chain->filter[0].of.errors.service, STR("s1:8080")));
	table_unref(&t);
	services_aged(s, ERRORS("pages"), OTHER, OTHER, NULL);
	assert_string_equal(way(s, "a.org", "/", false), "refused");
	services_aged(s, ERRORS("pages@file"), OTHER, NULL);
	assert_string_equal(way(s, "a.org", "/", false), "refused");
}

/* All of its requests end there; none of Traefik's other services is open. */
static void
what_leads_to_noop_reaches_no_task(void **state)
{
	static const char *const others[] = { "api", "dashboard", "rest", "ping", "prometheus", "acme-http", "NOOP", "no" };
	struct stage *s = *state;
	char labels[400];

#define NOOP(router) RULE(router, "Host(`a.org`)") L("routers." router ".service", " noop@internal")
	services_aged(s, NOOP("r") THROUGH("r", "m") M("m.redirectscheme.scheme", "https") PORT, NULL);
	assert_string_equal(way(s, "a.org", "/", false), "s0 by m, noop@internal");
	expect_label(s, "s0", "traefik.http.routers.r.service", LABEL_VALID, NULL);
	services_aged(s, NOOP("r") PORT, RULE("w", "Host(`a.org`) || Host(`b.org`)") PORT, NULL);
	assert_string_equal(way(s, "b.org", "/", false), "s1");
	services_aged(s, NOOP("r") "\"mola.enable\":\"true\"", NULL);
	assert_string_equal(way(s, "a.org", "/", false), "refused");
	expect_trouble(s, "s0", WHY_ROUTER_SERVICE, "no label sets a port");
	services_aged(s, NOOP("r") THROUGH("r", "none") PORT, NULL);
	assert_string_equal(way(s, "a.org", "/", false), "refused");
	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		snprintf(labels, sizeof labels, RULE("r", "Host(`a.org`)") L("routers.r.service", "%s@internal") PORT, others[i]);
		services_aged(s, labels, RULE("w", "Host(`a.org`)") PORT, NULL);
		assert_string_equal(way(s, "a.org", "/", false), "refused");
		expect_trouble(s, "s0", WHY_ROUTER_SERVICE, i < 6 ? "a service of Traefik's own; Mola" : "there is none of this name");
	}
	/* no middleware is one of it */
	services_aged(s, RULE("r", "Host(`a.org`)") THROUGH("r", "m") M("m.noop@internal", "true") PORT, NULL);
	assert_string_equal(way(s, "a.org", "/", false), "refused");
}

static void
what_is_not_understood_of_one_refuses_its_router(void **state)
{
	const struct { const char *middleware, *part; } odd[] = {
		{ M("m.stripprefix.prefix", "/x"), "stripprefix has no option prefix" },
		{ M("m.compress.encodings", "gzip,deflate"), "encodings: expected gzip, br or zstd" },
		{ M("m.compress.encodings", "gzip") M("m.compress.defaultencoding", "br"), "defaultEncoding is none of the encodings" },
		{ M("m.compress.defaultencoding", "deflate"), "defaultEncoding is none of the encodings" },
		{ M("m.compress.excludedcontenttypes", "text/"), "excludedContentTypes: text/ is no media type" },
		{ M("m.compress.excludedcontenttypes", "a/b") M("m.compress.includedcontenttypes", "a/b"), "not both" },
		{ M("m.buffering.retryexpression", "ResponseCode() == 500"), "Mola repeats nothing else" },
		{ M("m.buffering.retryexpression", "IsNetworkError() && Attempts() < x"), "Mola repeats nothing else" },
		{ M("m.errors.status", "404") M("m.errors.service", "y"), "service: no labels define the port of the service y" },
		{ M("m.errors.status", "404"), "it has no service" },
		{ M("m.errors.status", "404-x") M("m.errors.service", "x"), "status: expected statuses such as 404 or 500-599" },
		{ M("m.errors.status", "599-500") M("m.errors.service", "x"), "status: expected statuses such as 404 or 500-599" },
		{ M("m.errors.service", "x"), "it has no status" },
		{ M("m.errors.status", "404") M("m.errors.service", "x") M("m.errors.query", "/a b"), "query: expected a path" },
		{ M("m.errors.status", "404") M("m.errors.service", "x") M("m.errors.statusrewrites.404", "none"), "statusRewrites: expected" },
		{ M("m.stripprefix.prefixes", "/x") M("m.stripprefix.Prefixes", "/y"), "refixes: it is there twice" },
		{ M("m.stripprefix.prefixes", "/x,"), "an item of the list is empty" },
		{ M("m.stripprefix.forceslash", "yes"), "expected true or false" },
		{ M("m.stripprefix", "true"), "expected options below it" },
		{ M("m.ratelimit", "true"), "expected options below it" },
		{ M("m.ratelimit.average", " 1"), "whole number" },
		{ M("m.ratelimit.period", "1s "), "expected a duration" },
		{ M("m.headers.framedeny", " true"), "true or false" },
		{ M("m.stripprefix", "x"), "expected options below it" },
		{ M("m.stripprefix.prefixes.a", "/x"), "has no option" },
		{ M("m.headers.framedeny", "false"), "it has no option" },
		{ M("m.headers.customrequestheaders", "x"), "expected customRequestHeaders.NAME" },
		{ M("m.headers.customrequestheaders.a b", "x"), "no name of a field" },
		{ M("m.headers.customrequestheaders.Connection", "x"), "belongs to the connection" },
		{ M("m.headers.customrequestheaders.Content-Length", ""), "belongs to the connection" },
		{ M("m.headers.customrequestheaders.Content_Length", ""), "belongs to the connection" },
		{ M("m.headers.customrequestheaders.transfer_encoding", "x"), "belongs to the connection" },
		{ M("m.basicauth.users", "a:{SHA}2jmj7l5rSw0yVb/vlWAYkK/YBwk=") M("m.basicauth.headerfield", "Content_Length"), "headerField" },
		{ M("m.headers.customresponseheaders.Transfer-Encoding", ""), "belongs to the connection" },
		{ M("m.headers.customrequestheaders.Host", "a b"), "is no host" },
		{ M("m.headers.customrequestheaders.X", "a\\r\\nY: b"), "control character" },
		{ M("m.headers.stsseconds", "-1"), "expected a whole number" },
		{ M("m.headers.accesscontrolalloworiginlistregex", "a(b"), "is not understood" },
		{ M("m.stripprefix.prefixes", "/x") HEAD("m", "1"), "which Mola does not have" },
		{ M("m.grpcweb.alloworigins", "*"), "which Mola does not have" },
		{ M("m.addprefix.prefix", "x"), "begins with a slash" },
		{ M("m.replacepath.path", "/%2"), "whole escapes" },
		{ M("m.redirectscheme.port", "80"), "it has no scheme" },
		{ M("m.redirectscheme.scheme", "https:"), "expected a scheme" },
		{ M("m.redirectscheme.scheme", "https") M("m.redirectscheme.port", "${PORT}"), "expected a port" },
		{ M("m.ipallowlist.ipstrategy.depth", "1"), "it has no sourceRange" },
		{ M("m.ipallowlist.sourcerange", "10.0.0.0/33"), "no address or network" },
		{ M("m.ipallowlist.sourcerange", "10.0.0.0/8") M("m.ipallowlist.rejectstatuscode", "299"), "no status" },
		{ M("m.ipwhitelist.sourcerange", "10.0.0.0/8") M("m.ipwhitelist.rejectstatuscode", "404"), "has no option" },
		{ M("m.ipallowlist.sourcerange", "10.0.0.0/8") M("m.ipallowlist.ipstrategy.ipv6subnet", "0"), "whole number" },
		{ M("m.inflightreq.amount", "-1"), "whole number" },
		{ M("m.inflightreq.amount", "1") M("m.inflightreq.sourcecriterion.requesthost", "true") M("m.inflightreq.sourcecriterion.ipstrategy.depth", "1"),
		    "expected one of" },
		{ M("m.ratelimit.average", "1") M("m.ratelimit.sourcecriterion.requestheadername", "a b"), "no name of a field" },
		{ M("m.ratelimit.average", "1") M("m.ratelimit.sourcecriterion.requestheadername", "a") M("m.ratelimit.sourcecriterion.requesthost", "true"),
		    "expected one of" },
		{ M("m.retry.initialinterval", "1s"), "it has no attempts" },
		{ M("m.retry.attempts", "3") M("m.retry.timeout", "1s"), "has no option timeout" },
		{ M("m.circuitbreaker.checkperiod", "1s"), "it has no expression" },
		{ M("m.circuitbreaker.expression", "NetworkErrorRatio() > 1"), "with a point" },
		{ M("m.circuitbreaker.expression", "NetworkErrorRatio() > 0.1") M("m.circuitbreaker.responsecode", "299"), "no status" },
		{ M("m.ratelimit.period", "-1s"), "expected a duration" },
		{ M("m.ratelimit.period", "1d"), "expected a duration" },
		{ M("m.ratelimit.period", ".s"), "expected a duration" },
		{ M("m.ratelimit.period", "1..5s"), "expected a duration" },
		{ M("m.ratelimit.period", "1s1"), "expected a duration" },
		{ M("m.ratelimit.period", "1e9h"), "expected a duration" },
		{ M("m.ratelimit.period", "99999999h"), "expected a duration" },
		{ M("m.ratelimit.period", ""), "expected a duration" },
		{ M("m.ratelimit.redis.endpoints", "redis:6379"), "has no option redis.endpoints" },
		{ M("m.chain.middlewares", "m"), "cycle" },
		{ M("m.chain.middlewares", "nobody"), "no label defines it" },
		{ M("m.chain.middlewares", "") M("m.chain.x", "y"), "" },
	};
	struct stage *s = *state;
	char labels[800];

	for (unsigned i = 0; i < sizeof odd / sizeof *odd; i++) {
		snprintf(labels, sizeof labels, RULE("r", "Host(`a.org`)") THROUGH("r", "m") "%s" PORT, odd[i].middleware);
		services_aged(s, labels, NULL);
		if (strcmp(way(s, "a.org", "/", false), "refused") != 0)
			fail_msg("%s: %s", odd[i].middleware, way(s, "a.org", "/", false));
		expect_trouble(s, "s0", WHY_NEEDS_MIDDLEWARE, odd[i].part);
	}
	/* two services, two meanings */
	services_aged(s, RULE("r", "Host(`a.org`)") THROUGH("r", "m") HEAD("m", "1") PORT, HEAD("m", "2") PORT, NULL);
	assert_string_equal(way(s, "a.org", "/", false), "refused");
	expect_trouble(s, "s0", WHY_NEEDS_MIDDLEWARE, "services define it differently");
	services_aged(s, RULE("r", "Host(`a.org`)") THROUGH("r", "m") HEAD("m", "1") PORT, HEAD("m", "1") PORT, NULL);
	assert_string_equal(way(s, "a.org", "/", false), "s0 by m");
	services_aged(s, RULE("r", "Host(`a.org`)") THROUGH("r", "m") HEAD("m", "1") PORT, HEAD("m", "1") M("m.headers.framedeny", "true") PORT, NULL);
	assert_string_equal(way(s, "a.org", "/", false), "refused");
}

static void
a_name_that_is_none_refuses_its_router(void **state)
{
	const struct { const char *list, *middleware; } odd[] = {
		{ ",m", M("m.stripprefix.prefixes", "/x") M(".headers.framedeny", "true") },
		{ "a\\u001fb", M("a\\u001fb.headers.framedeny", "true") },
		{ "a\\u001eb", M("a\\u001eb.headers.framedeny", "true") },
		{ "a\\u001e", M("a\\u001e.headers.framedeny", "true") },
		{ "a\\nb", M("a\\nb.headers.framedeny", "true") },
	};
	struct stage *s = *state;
	char labels[800];

	for (unsigned i = 0; i < sizeof odd / sizeof *odd; i++) {
		snprintf(labels, sizeof labels, RULE("r", "Host(`a.org`)") "\"traefik.http.routers.r.middlewares\":\"%s\",%s" PORT, odd[i].list, odd[i].middleware);
		services_aged(s, labels, NULL);
		if (strcmp(way(s, "a.org", "/", false), "refused") != 0)
			fail_msg("%u: %s", i, way(s, "a.org", "/", false));
	}
}

static void
what_can_be_applied_is_not_ignored(void **state)
{
	static const char *const names[] = { "m", "gzip" };
	struct stage *s = *state;

	s->traefik.ignore_middlewares = (struct traefik_names){ names, 2 };
	services_aged(s, RULE("r", "Host(`a.org`)") THROUGH("r", "gzip,m") HEAD("m", "1") M("gzip.grpcweb.alloworigins", "*") PORT, NULL);
	assert_string_equal(way(s, "a.org", "/", false), "s0 by m");
	expect_label(s, "s0", "traefik.http.routers.r.middlewares", LABEL_UNUSED, "left out");
	services_aged(s, RULE("r", "Host(`a.org`)") THROUGH("r", "m") HEAD("m", "1") PORT, NULL);
	expect_label(s, "s0", "traefik.http.routers.r.middlewares", LABEL_VALID, "Mola has them now");
}

/* A chain may have a password beside what Mola does not have. */
static void
of_a_chain_no_more_is_left_out_than_that(void **state)
{
	static const char *const names[] = { "p", "c" };
	struct stage *s = *state;

#define CHAINED RULE("r", "Host(`a.org`)") THROUGH("r", "c") M("c.chain.middlewares", "m,d") M("d.chain.middlewares", "p,n") HEAD("m", "1") \
	HEAD("n", "2") M("p.plugin.ban.time", "3h") PORT
	services_aged(s, CHAINED, NULL);
	assert_string_equal(way(s, "a.org", "/", false), "refused");
	expect_trouble(s, "s0", WHY_NEEDS_MIDDLEWARE, "c (chain), which has p (plugin), which Mola does not have");
	for (int i = 0; i < 2; i++) {
		s->traefik.ignore_middlewares = (struct traefik_names){ names + i, 1 };
		services_aged(s, CHAINED, NULL);
		assert_string_equal(way(s, "a.org", "/", false), "s0 by m, n");
		expect_label(s, "s0", "traefik.http.routers.r.middlewares", i == 0 ? LABEL_VALID : LABEL_UNUSED, i == 0 ? NULL : "left out");
	}
	/* round and round */
	s->traefik.ignore_middlewares = (struct traefik_names){ names + 1, 1 };
	services_aged(s, RULE("r", "Host(`a.org`)") THROUGH("r", "c") M("c.chain.middlewares", "d,c,m") M("d.chain.middlewares", "c,d") HEAD("m", "1") PORT, NULL);
	assert_string_equal(way(s, "a.org", "/", false), "refused");
}

static void
those_of_the_entry_point_come_first(void **state)
{
	static const char *const one[] = { "m@swarm" }, *const other[] = { "n@swarm" };
	struct traefik_entry_point points[] = { { .name = "web", .served = true, .middlewares = { one, 1 } },
		{ .name = "websecure", .served = true, .middlewares = { one, 1 } } };
	struct stage *s = *state;

#define DEFINED HEAD("m", "1") HEAD("n", "2") STRIP("o")
	s->traefik.entry_point = points;
	s->traefik.nentry_points = 2;
	services_aged(s, RULE("r", "Host(`a.org`)") THROUGH("r", "o") L("routers.r.entrypoints", "web") DEFINED PORT, NULL);
	assert_string_equal(way(s, "a.org", "/", false), "s0 by m, o");
	services_aged(s, RULE("r", "Host(`a.org`)") L("routers.r.entrypoints", "web,websecure") DEFINED PORT, NULL);
	assert_string_equal(way(s, "a.org", "/", false), "s0 by m");
	points[1].middlewares.name = other;
	services_aged(s, RULE("r", "Host(`a.org`)") L("routers.r.entrypoints", "web,websecure") DEFINED PORT, NULL);
	assert_string_equal(way(s, "a.org", "/", false), "s0 by m");
	assert_string_equal(way(s, "a.org", "/", true), "s0 by n");
	points[1].tls = false;
	points[1].name = "http";	/* nothing shows by which of both a plain request has come */
	services_aged(s, RULE("r", "Host(`a.org`)") L("routers.r.entrypoints", "web,http") DEFINED PORT, NULL);
	assert_string_equal(way(s, "a.org", "/", false), "refused");
	expect_trouble(s, "s0", WHY_NEEDS_MIDDLEWARE, "its entry points have different middlewares");
	points[1].name = "web";		/* two Traefiks */
	services_aged(s, RULE("r", "Host(`a.org`)") L("routers.r.entrypoints", "web") DEFINED PORT, NULL);
	assert_string_equal(way(s, "a.org", "/", false), "refused");
	points[0].middlewares.name = (const char *const[]){ "auth@file" };
	services_aged(s, RULE("r", "Host(`a.org`)") L("routers.r.entrypoints", "web") DEFINED PORT, NULL);
	assert_string_equal(way(s, "a.org", "/", false), "refused");
}

static void
plain_requests_and_those_by_tls_have_ways_of_their_own(void **state)
{
	struct stage *s = *state;

#define TLS(router) L("routers." router ".tls", "true")
	services_aged(s, RULE("p", "Host(`a.org`)") THROUGH("p", "m") RULE("t", "Host(`a.org`)") TLS("t") THROUGH("t", "n") HEAD("m", "1") HEAD("n", "2") PORT, NULL);
	assert_string_equal(way(s, "a.org", "/", false), "s0 by m");
	assert_string_equal(way(s, "a.org", "/", true), "s0 by n");
	services_aged(s, RULE("p", "Host(`a.org`)") RULE("t", "Host(`a.org`)") TLS("t") THROUGH("t", "n") HEAD("n", "2") PORT, NULL);
	assert_string_equal(way(s, "a.org", "/", false), "s0");
	assert_string_equal(way(s, "a.org", "/", true), "s0 by n");
	assert_string_equal(way_said(s, "a.org", "/"), "s0 by n");
	/* one with TLS has none of the other's */
	services_aged(s, RULE("t", "Host(`a.org`)") TLS("t") THROUGH("t", "n") HEAD("n", "2") PORT, NULL);
	assert_string_equal(way(s, "a.org", "/", false), "-");
	assert_string_equal(way_said(s, "a.org", "/"), "s0 by n");
	/* one without it has those by TLS where nobody says what its entry point is, or somebody in front has ended it */
	services_aged(s, RULE("p", "Host(`a.org`)") THROUGH("p", "m") HEAD("m", "1") PORT, NULL);
	assert_string_equal(way(s, "a.org", "/", true), "s0 by m");
	services_aged(s, RULE("p", "Host(`a.org`)") L("routers.p.entrypoints", "web") THROUGH("p", "m") HEAD("m", "1") PORT, NULL);
	assert_string_equal(way(s, "a.org", "/", false), "s0 by m");
	assert_string_equal(way(s, "a.org", "/", true), "-");
	assert_string_equal(way_said(s, "a.org", "/"), "s0 by m");
	/* of two rules the one by the request's own way, whatever their priorities are */
	services_aged(s, RULE("p", "Host(`a.org`)") THROUGH("p", "m") RULE("t", "Host(`a.org`) && PathPrefix(`/x`)") TLS("t") HEAD("m", "1") PORT, NULL);
	assert_string_equal(way(s, "a.org", "/x", false), "s0 by m");
	assert_string_equal(way(s, "a.org", "/x", true), "s0");
	assert_string_equal(way(s, "a.org", "/", true), "s0 by m");
	/* the same way twice: the greater priority, and of equal ones what guards */
	services_aged(s, RULE("p", "Host(`a.org`)") RULE("t", "Host(`a.org`)") THROUGH("t", "n") HEAD("n", "2") PORT, NULL);
	assert_string_equal(way(s, "a.org", "/", false), "s0 by n");
	services_aged(s, RULE("p", "Host(`a.org`)") PORT, RULE("t", "Host(`a.org`)") THROUGH("t", "n") HEAD("n", "2") PORT, NULL);
	assert_string_equal(way(s, "a.org", "/", false), "s1 by n");
	services_aged(s, RULE("p", "Host(`a.org`)") RULE("t", "Host(`a.org`)") THROUGH("t", "n") L("routers.t.priority", "999") HEAD("n", "2") PORT, NULL);
	assert_string_equal(way(s, "a.org", "/", false), "s0 by n");
}

#define ON(router, points) L("routers." router ".entrypoints", points)

static void
a_listener_of_its_name_is_an_entry_points_own(void **state)
{
	static const char *const one[] = { "m@swarm" };
	static const struct swarm_listener listeners[] = { { .name = "web" }, { .name = "WebSecure", .tls = true }, { .name = ":8080" },
		{ .name = ":8443", .tls = true }, { .name = "lan" } };
	struct traefik_entry_point points[] = { { .name = "web", .served = true, .owner = "t", .as_default = true, .middlewares = { one, 1 } },
		{ .name = "websecure", .served = true, .owner = "t", .as_default = true, .tls = true }, { .name = "other", .served = true, .owner = "t" } };
	struct stage *s = *state;

#define AT(name) way_on(s, name, strcmp(name, "WebSecure") == 0 || strcmp(name, ":8443") == 0)
	s->traefik.entry_point = points;
	s->traefik.nentry_points = 3;
	s->conf.listener = listeners;
	s->conf.nlisteners = 5;
	/* each with its middlewares and its TLS */
	services_aged(s, RULE("r", "Host(`a.org`)") ON("r", "web,websecure") HEAD("m", "1") PORT, NULL);
	assert_string_equal(AT("web"), "s0 by m");
	assert_string_equal(AT("WebSecure"), "s0");
	assert_string_equal(AT(":8080"), "-");
	assert_string_equal(AT(":8443"), "-");
	assert_string_equal(AT("lan"), "-");
	assert_string_equal(AT(""), "-");
	/* the default ones */
	services_aged(s, RULE("r", "Host(`a.org`)") HEAD("m", "1") PORT, NULL);
	assert_string_equal(AT("web"), "s0 by m");
	assert_string_equal(AT("WebSecure"), "s0");
	assert_string_equal(AT(":8080"), "-");
	/* those without a listener have what nobody has */
	services_aged(s, RULE("r", "Host(`a.org`)") ON("r", "other") PORT, NULL);
	assert_string_equal(AT("web"), "-");
	assert_string_equal(AT("WebSecure"), "-");
	assert_string_equal(AT(":8080"), "s0");
	assert_string_equal(AT(":8443"), "-");
	assert_string_equal(AT("lan"), "s0");
	/* a name that no Traefik has: its routers are nowhere else, but it is not theirs alone, whatever labels say */
	services_aged(s, RULE("r", "Host(`a.org`)") ON("r", "lan") PORT, RULE("o", "PathPrefix(`/`)") L("routers.o.priority", "1") ON("o", "other") PORT, NULL);
	assert_string_equal(AT("lan"), "s0");
	assert_string_equal(AT(":8080"), "s1");
	/* one with TLS gets nothing in plain, whoever listens */
	services_aged(s, RULE("r", "Host(`a.org`)") TLS("r") ON("r", "web,websecure") HEAD("m", "1") PORT, NULL);
	assert_string_equal(AT("web"), "-");
	assert_string_equal(way_on(s, "web", true), "s0 by m");
	assert_string_equal(AT("WebSecure"), "s0");
	/* there is none for it */
	s->conf.nlisteners = 2;
	services_aged(s, RULE("r", "Host(`a.org`)") ON("r", "other") PORT, NULL);
	assert_string_equal(AT("web"), "-");
	expect_trouble(s, "s0", WHY_LISTENER, "all listeners have the names of other entry points than other");
}

/* As entry points are for routers. */
static void
own_labels_name_listeners(void **state)
{
	static const struct swarm_listener listeners[] = { { .name = "in" }, { .name = "out" }, { .name = "tls", .tls = true } };
	struct stage *s = *state;

#define OWN_ON(names, host) "\"mola.port\":\"80\",\"mola.host\":\"" host "\",\"mola.listen\":\"" names "\""
	s->conf.listener = listeners;
	s->conf.nlisteners = 3;
	services_aged(s, OWN_ON("in,tls", "a.org"), OWN_ON("out", "a.org"), NULL);
	assert_string_equal(way_on(s, "in", false), "s0");
	assert_string_equal(way_on(s, "tls", true), "s0");
	assert_string_equal(way_on(s, "out", false), "s1");
	assert_string_equal(way_on(s, "", false), "-");
	/* the older one keeps what both name */
	services_aged(s, OWN_ON("in,tls", "a.org"), OWN_ON("in,out", "a.org"), NULL);
	assert_string_equal(way_on(s, "in", false), "s0");
	assert_string_equal(way_on(s, "out", false), "s1");
	services_aged(s, OWN_ON("in,out", "a.org"), OWN_ON("out", "a.org"), NULL);
	assert_string_equal(way_on(s, "out", false), "s0");
	expect_trouble(s, "s1", WHY_ROUTE_TAKEN, "a.org/");
	/* some go before all, and nothing is wider than it says */
	services_aged(s, OWN_ON("in", "a.org"), "\"mola.port\":\"80\",\"mola.host\":\"a.org\"", NULL);
	assert_string_equal(way_on(s, "in", false), "s0");
	assert_string_equal(way_on(s, "out", false), "s1");
	services_aged(s, OWN_ON("inn", "a.org"), NULL);
	assert_string_equal(way_on(s, "in", false), "-");
	expect_trouble(s, "s0", WHY_LISTENER, "there is no listener inn; the listeners are in, out, tls");
	services_aged(s, "\"mola.port\":\"80\",\"mola.rule\":\"Host(`a.org`)\",\"mola.listen\":\"tls\"", NULL);
	assert_string_equal(way_on(s, "tls", true), "s0");
	assert_string_equal(way_on(s, "in", false), "-");
	services_aged(s, RULE("r", "Host(`a.org`)") PORT ",\"mola.listen\":\"in\"", NULL);
	expect_label(s, "s0", "mola.listen", LABEL_UNUSED, "entry points");
}

/* Those of mola.yaml and of labels, for hosts and rules of Mola's own labels. */
static void
own_labels_name_middlewares_of_either(void **state)
{
#define OWN(more) "\"mola.port\":\"80\"," more
#define BY(names) "\"mola.middlewares\":\"" names "\""
	const struct { const char *labels, *part; } odd[] = {
		{ OWN("\"mola.host\":\"a.org\",") BY("nobody"), "mola.middlewares names nobody, no label defines it" },
		{ OWN("\"mola.rule\":\"Host(`a.org`)\",") BY("slim,nobody@file"), "names nobody@file, nothing that Mola reads defines it" },
		{ OWN("\"mola.host\":\"a.org\",") BY(","), NULL },
		{ OWN("\"mola.host\":\"a.org\",") HEAD("slim", "1") BY("slim"), "both mola.yaml and labels define it" },
		{ RULE("r", "Host(`a.org`)") BY("slim"), "expected NAME@mola" },
	};
	struct stage *s = *state;

	s->conf.middlewares = "slim.stripprefix.prefixes=/a,/b\nall.chain.middlewares=slim,lan\nlan.ipallowlist.sourcerange=10.0.0.0/8\n";
	services_aged(s, OWN("\"mola.host\":\"a.org\",") HEAD("head", "1") BY("slim, head,all@mola"), NULL);
	assert_string_equal(way(s, "a.org", "/", false), "s0 by slim@mola, head, slim@mola, lan@mola");
	assert_true(s->world->services.lh_first->route[0].guards);
	services_aged(s, OWN("\"mola.rule\":\"Host(`a.org`)\",") HEAD("slim", "1") BY("slim@swarm"), NULL);
	assert_string_equal(way(s, "a.org", "/", false), "s0 by slim");
	/* and routers name those of mola.yaml */
	services_aged(s, RULE("r", "Host(`a.org`)") THROUGH("r", "slim@mola") PORT, NULL);
	assert_string_equal(way(s, "a.org", "/", false), "s0 by slim@mola");
	services_aged(s, RULE("r", "Host(`a.org`)") THROUGH("r", "slim") PORT, NULL);
	assert_string_equal(way(s, "a.org", "/", false), "refused");
	for (unsigned i = 0; i < sizeof odd / sizeof *odd; i++) {
		services_aged(s, odd[i].labels, OWN("\"mola.host\":\"*\""), NULL);
		if (i < 4)		/* nor has a wider route what it leaves */
			assert_string_equal(way(s, "a.org", "/", false), "refused");
		assert_string_equal(way(s, "b.org", "/", false), "s1");
		if (odd[i].part != NULL)
			expect_trouble(s, "s0", WHY_NEEDS_MIDDLEWARE, odd[i].part);
	}
}

/* Traefik gives TLS to every router of an entry point that has it. */
static void
an_entry_point_has_tls_for_its_routers(void **state)
{
	struct traefik_entry_point points[] = { { .name = "web", .served = true, .owner = "edge" },
		{ .name = "secure", .served = true, .owner = "edge", .tls = true }, { .name = "websecure", .served = true, .owner = "edge" } };
	struct stage *s = *state;

#define ON(router, points) L("routers." router ".entrypoints", points)
#define ALL_AND_ADMIN(points) RULE("all", "Host(`a.org`)") TLS("all") RULE("admin", "Host(`a.org`) && PathPrefix(`/admin`)") ON("admin", points) \
	THROUGH("admin", "m") HEAD("m", "1")
	s->traefik.entry_point = points;
	s->traefik.nentry_points = 3;
	services_aged(s, ON("all", "secure") ALL_AND_ADMIN("secure") PORT, NULL);
	assert_string_equal(way(s, "a.org", "/admin", true), "s0 by m");
	assert_string_equal(way(s, "a.org", "/", true), "s0");
	services_aged(s, ON("all", "secure") ALL_AND_ADMIN("web,secure") RULE("p", "Host(`a.org`)") ON("p", "web") PORT, NULL);
	assert_string_equal(way(s, "a.org", "/admin", true), "s0 by m");
	assert_string_equal(way(s, "a.org", "/admin", false), "s0 by m");
	/* one that is read, and has none, gives none */
	services_aged(s, ON("all", "websecure") ALL_AND_ADMIN("websecure") PORT, NULL);
	assert_string_equal(way(s, "a.org", "/admin", true), "s0");
	/* a router of the other way takes no plain request from one that is there for them */
	services_aged(s, RULE("q", "Host(`a.org`) && PathPrefix(`/`)") ON("q", "secure") RULE("p", "Host(`a.org`)") ON("p", "web") THROUGH("p", "m") HEAD("m", "1")
	    PORT, NULL);
	assert_string_equal(way(s, "a.org", "/", false), "s0 by m");
	assert_string_equal(way(s, "a.org", "/", true), "s0");
	/* all of the default ones */
	points[0].as_default = points[1].as_default = true;
	services_aged(s, RULE("all", "Host(`a.org`)") TLS("all") RULE("admin", "Host(`a.org`) && PathPrefix(`/admin`)") THROUGH("admin", "m") HEAD("m", "1") PORT,
	    NULL);
	assert_string_equal(way(s, "a.org", "/admin", true), "s0 by m");
	/* where nothing is known: one that is called so */
	s->traefik.nentry_points = 0;
	services_aged(s, ON("all", "websecure") ALL_AND_ADMIN("websecure") PORT, NULL);
	assert_string_equal(way(s, "a.org", "/admin", true), "s0 by m");
	/* or that the operator has named, or whose Traefik cannot be read whole: it may have it */
	points[0] = (struct traefik_entry_point){ .name = "public", .served = true };
	s->traefik.nentry_points = 1;
	services_aged(s, ON("all", "public") ALL_AND_ADMIN("public") PORT, NULL);
	assert_string_equal(way(s, "a.org", "/admin", true), "s0 by m");
	points[0].owner = "edge";
	s->traefik.unreadable = "it has a file";
	services_aged(s, ON("all", "public") ALL_AND_ADMIN("public") PORT, NULL);
	assert_string_equal(way(s, "a.org", "/admin", true), "s0 by m");
}

/* A path that goes up when a task has decoded it leaves what a filter puts it below. */
static void
what_passes_filters_does_not_go_up(void **state)
{
	static const char *const paths[] = { "/..%2fprivate", "/x/..%2f..%2fprivate", "/..;/private", "/..\\private", "/%2e%2e%2fprivate", "/..%5cprivate",
		"/..%2F..;x/private" };
	struct stage *s = *state;

	services_aged(s, RULE("r", "Host(`a.org`)") THROUGH("r", "m") M("m.addprefix.prefix", "/public") PORT, NULL);
	for (unsigned i = 0; i < sizeof paths / sizeof *paths; i++)
		if (strcmp(way(s, "a.org", paths[i], false), "refused") != 0)
			fail_msg("%s: %s", paths[i], way(s, "a.org", paths[i], false));
	assert_string_equal(way(s, "a.org", "/x/../private", false), "s0 by m");	/* is /public/private */
	assert_string_equal(way(s, "a.org", "/x%2fy/..a/a../...;b", false), "s0 by m");
}

static void
a_guarded_path_is_guarded_however_it_is_spelled(void **state)
{
	static const char *const paths[] = { "/admin", "/admin/", "/administrator", "/%61dmin/x", "//admin", "/./admin", "/x/../admin", "/admin;x",
		"/x/%2e%2e/admin" };
	struct stage *s = *state;

	services_aged(s, RULE("all", "Host(`a.org`)") RULE("admin", "Host(`a.org`) && PathPrefix(`/admin`)") THROUGH("admin", "m") HEAD("m", "1") PORT, NULL);
	assert_string_equal(way(s, "a.org", "/", false), "s0");
	assert_string_equal(way(s, "a.org", "/adm", false), "s0");
	for (unsigned i = 0; i < sizeof paths / sizeof *paths; i++)
		if (strcmp(way(s, "a.org", paths[i], false), "s0") == 0)
			fail_msg("%s is open", paths[i]);
	assert_string_equal(way(s, "a.org", "/administrator", false), "s0 by m");
	/* it is cleaned before it is looked for, and before it passes */
	assert_string_equal(way(s, "a.org", "/admin/../x", false), "refused");
	/* a wider host, with a greater priority */
	services_aged(s, RULE("r", "Host(`a.org`)") PORT, RULE("g", "PathPrefix(`/metrics`)") THROUGH("g", "m") L("routers.g.priority", "99") HEAD("m", "1") PORT, NULL);
	assert_string_equal(way(s, "b.org", "/metrics", false), "s1 by m");
	assert_string_equal(way(s, "a.org", "/metrics", false), "s1 by m");
	assert_string_equal(way(s, "a.org", "/", false), "s0");
}

/* Names without case are one middleware, and as many texts of chains. */
static char *
many_chains(char letter, const char *domain)
{
	static char value[64001];
	struct buf b;
	char *text;

	memset(value, 'a', sizeof value - 1);
	buf_init(&b, 1 << 20);
	for (unsigned i = 0; i < 64; i++) {
		char name[7] = "";
		for (unsigned k = 0; k < 6; k++)
			name[k] = (char)(i >> k & 1 ? letter : letter - 32);
		buf_printf(&b, "\"traefik.http.routers.%c%u.rule\":\"Host(`h%u.%s`)\",\"traefik.http.routers.%c%u.middlewares\":\"%s\",", letter, i, i, domain,
		    letter, i, name);
	}
	buf_printf(&b, "\"traefik.http.middlewares.%c%c%c%c%c%c.headers.customrequestheaders.X\":\"%s\"," PORT, letter, letter, letter, letter, letter, letter,
	    value);
	assert_false(b.full);
	text = strndup(b.p, b.len);
	buf_fini(&b);
	return text;
}

static void
those_of_one_do_not_keep_others_from_being_served(void **state)
{
	char *one = many_chains('m', "one.org"), *two = many_chains('n', "two.org"), host[40];
	struct stage *s = *state;
	unsigned refused = 0;

	services_aged(s, one, two, RULE("r", "Host(`a.org`)") PORT, NULL);
	assert_string_equal(way(s, "a.org", "/", false), "s2");
	for (unsigned i = 0; i < 128; i++) {
		snprintf(host, sizeof host, "h%u.%s.org", i / 2, i % 2 ? "one" : "two");
		refused += strcmp(way(s, host, "/", false), "refused") == 0;
	}
	assert_true(refused > 0 && refused < 70);
	free(one);
	free(two);
}

/* ---- routers as they come ---- */

enum { OPEN, REFUSED, BY_M, BY_N, GUARDS };
static const char *const through[] = { "", "auth@file", "m", "n" };

struct drawn {
	const char	*host, *path;
	int		 priority, guard, of;
	char		 rule[120];
};

static void
drawn_make(struct drawn *d, struct rng *rng, int services)
{
	static const char *const hosts[] = { "", "a.o.org", "b.o.org", "*.o.org", "c.org" };
	static const char *const paths[] = { "/", "/x", "/x/y", "/xy", "/x/", "/z" };

	d->host = hosts[rng_below(rng, 5)];
	d->path = paths[rng_below(rng, 6)];
	d->guard = (int)rng_below(rng, GUARDS);
	d->of = (int)rng_below(rng, (uint32_t)services);
	if (*d->host == '\0')
		snprintf(d->rule, sizeof d->rule, "PathPrefix(`%s`)", d->path);
	else
		snprintf(d->rule, sizeof d->rule, "Host(`%s`) && PathPrefix(`%s`)", d->host, d->path);
	d->priority = rng_below(rng, 2) == 0 ? (int)strlen(d->rule) : 1 + (int)rng_below(rng, 60);
}

static bool
drawn_matches(const struct drawn *d, const char *host, const char *path)
{
	bool fits = *d->host == '\0' || strcmp(d->host, host) == 0;

	if (*d->host == '*')
		fits = strchr(host, '.') != NULL && strcmp(strchr(host, '.'), d->host + 1) == 0;
	return fits && strncmp(path, d->path, strlen(d->path)) == 0;
}

static void
drawn_play(struct stage *s, const struct drawn *d, int n, int services)
{
	char labels[4096], name[16], age[40];

	for (int k = 0; k < services; k++) {
		size_t at = (size_t)snprintf(labels, sizeof labels, HEAD("m", "1") HEAD("n", "2") PORT);
		for (int i = 0; i < n; i++)
			if (d[i].of == k)
				at += (size_t)snprintf(labels + at, sizeof labels - at, ",\"traefik.http.routers.r%d.rule\":\"%s\","
				    "\"traefik.http.routers.r%d.priority\":\"%d\",\"traefik.http.routers.r%d.middlewares\":\"%s\"", i, d[i].rule, i, d[i].priority, i,
				    through[d[i].guard]);
		snprintf(name, sizeof name, "s%d", k);
		snprintf(age, sizeof age, "2026-01-01T00:00:%02dZ", k);
		service(s, name, age, labels, "");
	}
	play(s);
}

/* Whether what became of the request is as closed as every router of the greatest priority would have it, or one of them. */
static bool
is_closed_enough(const struct drawn *d, int n, const char *host, const char *path, const char *got)
{
	bool all_open = true, fits = false;
	char by[20];
	int best = 0;

	if (*got != 's')
		return true;
	for (int i = 0; i < n; i++)
		if (drawn_matches(&d[i], host, path) && d[i].priority > best)
			best = d[i].priority;
	for (int i = 0; i < n; i++)
		if (drawn_matches(&d[i], host, path) && d[i].priority == best) {
			snprintf(by, sizeof by, " by %s", through[d[i].guard]);
			all_open &= d[i].guard == OPEN;
			fits |= d[i].guard > REFUSED && strcmp(got + 2, by) == 0;
		}
	return all_open || fits;
}

static void
no_request_of_a_guarded_router_passes_by_its_filters(void **state)
{
	static const char *const hosts[] = { "a.o.org", "b.o.org", "q.o.org", "c.org", "d.org" };
	static const char *const paths[] = { "/", "/x", "/x/", "/x/y", "/xy", "/xyz", "/x/yz", "/z", "/q", "/x/y/z" };
	struct stage *s = *state;
	struct drawn d[8];
	struct rng rng;
	int served = 0;

	rng_seed(&rng, 1);
	for (int round = 0; round < 300; round++) {
		int n = 2 + (int)rng_below(&rng, 6), services = 1 + (int)rng_below(&rng, 3);
		for (int i = 0; i < n; i++)
			drawn_make(&d[i], &rng, services);
		drawn_play(s, d, n, services);
		for (size_t h = 0; h < 5; h++)
			for (size_t p = 0; p < 10; p++) {
				const char *got = way(s, hosts[h], paths[p], false);
				served += strchr(got, 'b') != NULL;
				if (is_closed_enough(d, n, hosts[h], paths[p], got))
					continue;
				for (int i = 0; i < n; i++)
					print_message("s%d %s %d %s\n", d[i].of, d[i].rule, d[i].priority, through[d[i].guard]);
				fail_msg("%s%s: %s", hosts[h], paths[p], got);
			}
	}
	assert_true(served > 1000);
}

/* ---- files of users ---- */

static const char *
users_file(void *arg, const char *path, const char **problem)
{
	assert_ptr_equal(arg, &users_file);
	*problem = "it is away";
	return strcmp(path, "/run/secrets/users") == 0 ? "# ours\n\none:{SHA}EfatjsUqKYSrqv18O1FlA3hcIHI=\r\n  two:$1$qq$v1LnfI4z3rvTIXN/eJW7U.\n" :
	    strcmp(path, "/run/secrets/odd") == 0 ? "one,two\n" : strcmp(path, "/run/secrets/none") == 0 ? "# nobody\n" : NULL;
}

static const char *
users_of(struct stage *s)
{
	static char out[400];
	const struct filter_chain *chain = NULL;
	const struct why *why;
	struct table *t;
	size_t n = 0;
	int fd;

	assert_null(world_table(s->world, &fd));
	assert_null(table_open(fd, &t));
	table_find(t, &(struct request_view){ .host = STR("a.org"), .path = STR("/"), .method = STR("GET") }, &chain, &why);
	out[0] = '\0';
	for (unsigned i = 0; chain != NULL && i < chain->filter[0].of.basic_auth.users.n; i++)
		n += (size_t)snprintf(out + n, sizeof out - n, "%.*s ", STR_ARG(chain->filter[0].of.basic_auth.users.item[i]));
	table_unref(&t);
	return out;
}

#define OURS "one:{SHA}EfatjsUqKYSrqv18O1FlA3hcIHI= two:$1$qq$v1LnfI4z3rvTIXN/eJW7U. "

static void
users_of_a_file_stand_before_those_of_the_label(void **state)
{
	struct stage *s = *state;

	s->conf.file = users_file;
	s->conf.file_arg = (void *)&users_file;
	services_aged(s, RULE("r", "Host(`a.org`)") THROUGH("r", "a") M("a.basicauth.usersFile", "/run/secrets/users") PORT, NULL);
	assert_string_equal(users_of(s), OURS);
	services_aged(s, RULE("r", "Host(`a.org`)") THROUGH("r", "a") M("a.basicauth.usersfile", "/run/secrets/users")
	    M("a.basicauth.users", "joe:{SHA}EfatjsUqKYSrqv18O1FlA3hcIHI=") PORT, NULL);
	assert_string_equal(users_of(s), OURS "joe:{SHA}EfatjsUqKYSrqv18O1FlA3hcIHI= ");
	/* what cannot be read, or has no users, serves nothing */
	services_aged(s, RULE("r", "Host(`a.org`)") THROUGH("r", "a") M("a.basicauth.usersfile", "/run/secrets/other")
	    M("a.basicauth.users", "joe:{SHA}EfatjsUqKYSrqv18O1FlA3hcIHI=") PORT, NULL);
	assert_string_equal(way(s, "a.org", "/", false), "refused");
	services_aged(s, RULE("r", "Host(`a.org`)") THROUGH("r", "a") M("a.basicauth.usersfile", "/run/secrets/none") PORT, NULL);
	assert_string_equal(way(s, "a.org", "/", false), "refused");
	services_aged(s, RULE("r", "Host(`a.org`)") THROUGH("r", "a") M("a.basicauth.usersfile", "/run/secrets/odd") PORT, NULL);
	assert_string_equal(way(s, "a.org", "/", false), "refused");
	services_aged(s, RULE("r", "Host(`a.org`)") THROUGH("r", "a") M("a.basicauth.usersfile", "users") PORT, NULL);
	assert_string_equal(way(s, "a.org", "/", false), "refused");
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, stage_setup, stage_teardown)
	const struct CMUnitTest tests[] = { T(what_a_router_names_is_passed_in_its_order), T(what_is_not_understood_of_one_refuses_its_router), T(what_leads_to_noop_reaches_no_task), T(pages_are_of_a_service_that_labels_define),
		T(a_name_that_is_none_refuses_its_router), T(what_can_be_applied_is_not_ignored), T(of_a_chain_no_more_is_left_out_than_that), T(those_of_the_entry_point_come_first), T(plain_requests_and_those_by_tls_have_ways_of_their_own),
		T(a_listener_of_its_name_is_an_entry_points_own), T(own_labels_name_listeners),
		T(an_entry_point_has_tls_for_its_routers),
		T(users_of_a_file_stand_before_those_of_the_label),
		T(own_labels_name_middlewares_of_either),
		T(what_passes_filters_does_not_go_up), T(a_guarded_path_is_guarded_however_it_is_spelled), T(those_of_one_do_not_keep_others_from_being_served),
		T(no_request_of_a_guarded_router_passes_by_its_filters) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
