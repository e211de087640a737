/* Files of Traefik's file provider: what they define serves as labels would, for labels and by itself. */
#include "stage.h"

#include "world/filter.h"

#define AGE "2026-01-01T00:00:00Z"
#define L(name, value) "\"traefik.http." name "\":\"" value "\","
#define PORT(name) "\"traefik.http.services." name ".loadbalancer.server.port\":\"80\""

static struct swarm_file file[4];

/* One service of labels, "web", beside these files. */
static void
swarm(struct stage *s, const char *labels, const char *first, ...)
{
	static const char *const path[] = { "/a.yml", "/b.yml", "/c.yml", "/d.yml" };
	va_list ap;

	s->conf.nprovided = 0;
	va_start(ap, first);
	for (const char *lines = first; lines != NULL; lines = va_arg(ap, const char *)) {
		file[s->conf.nprovided] = (struct swarm_file){ path[s->conf.nprovided], lines, NULL };
		s->conf.nprovided++;
	}
	va_end(ap);
	s->conf.provided = file;
	node(s, "n1", "one", "10.0.1.1", "ready", "active");
	service(s, "web", AGE, labels, "");
	task(s, "aaaaaaaaaa", "web", 1, "n1", RUNNING, ON_SHARED("10.0.9.5"), "");
	swarm_detach(s->swarm);
	swarm_attach(s->swarm, "net1");
	play(s);
}

/* "web", "s@file by one, two", "refused" or "-". */
static const char *
way_by(struct stage *s, const char *host, bool tls)
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
	route = table_find(t, &(struct request_view){ .host = str_of(host), .path = STR("/"), .method = STR("GET"), .tls = tls }, &chain, &why);
	to = route == NULL ? NULL : &table_services(t, NULL)[route->service];
	n = str_copy(out, sizeof out, to != NULL ? table_text(t, to->name) : why == WHY_ROUTE_REFUSED ? STR("refused") : STR("-"));
	for (unsigned i = 0; to != NULL && chain != NULL && i < chain->n; i++)
		n += (size_t)snprintf(out + n, sizeof out - n, "%s%.*s", i == 0 ? " by " : ", ", STR_ARG(chain->filter[i].name));
	table_unref(&t);
	return out;
}

static const char *
way(struct stage *s, const char *host)
{
	return way_by(s, host, false);
}

static void
expect_file_trouble(struct stage *s, const char *part)
{
	for (unsigned i = 0; i < s->report->ntroubles; i++)
		if (s->report->trouble[i].why == WHY_TRAEFIK_FILE && strstr(s->report->trouble[i].text, part) != NULL)
			return;
	fail_msg("no trouble of a file with '%s'; first: %s", part, s->report->ntroubles > 0 ? s->report->trouble[0].text : "none");
}

#define ROUTER(name, key, value) "1 http.routers." name "." key "=" value "\n"
#define SERVER(name, n, url) "2 http.services." name ".loadBalancer.servers[" n "].url=" url "\n"
#define ONE "3 http.middlewares.one.headers.customRequestHeaders.X-One=1\n"
#define ALL "4 http.middlewares.all.chain.middlewares=one\n"
#define OWN L("routers.w.rule", "Host(`a.org`)") PORT("w")
#define OWN2 PORT("w")

static void
labels_name_middlewares_of_files(void **state)
{
	struct stage *s = *state;

	swarm(s, L("routers.w.middlewares", "one@file,all@file") OWN, ONE ALL, NULL);
	assert_string_equal(way(s, "a.org"), "web by one@file, one@file");
	swarm(s, L("routers.w.middlewares", "one") OWN, ONE ALL, NULL);
	assert_string_equal(way(s, "a.org"), "refused");
}

static void
names_of_files_have_one_spelling(void **state)
{
	struct stage *s = *state;

	swarm(s, L("routers.w.middlewares", "ONE@file") OWN, ONE, NULL);
	assert_string_equal(way(s, "a.org"), "refused");
	swarm(s, OWN, ROUTER("r", "rule", "Host(`b.org`)") ROUTER("r", "service", "S") SERVER("s", "0", "http://10.0.0.7"), NULL);
	assert_string_equal(way(s, "b.org"), "refused");
}

static void
a_file_has_routers_and_services(void **state)
{
	struct stage *s = *state;

	swarm(s, OWN, ROUTER("r", "rule", "Host(`b.org`)") ROUTER("r", "service", "s") ROUTER("r", "middlewares", "one") ONE
	    SERVER("s", "0", "http://10.0.0.7:8080/base") SERVER("s", "1", "http://10.0.1.1") SERVER("s", "2", "http://10.0.1.1"), NULL);
	assert_string_equal(way(s, "b.org"), "s@file by one@file");
	assert_string_equal(way(s, "a.org"), "web");
	expect_tasks(s, "s@file", "s@file.10.0.0.7:8080=10.0.0.7:8080 s@file.10.0.1.1:80=10.0.1.1:80");
	/* one of them is on a node of the Swarm */
	assert_string_equal(world_task(s->world, STR("s@file.10.0.1.1:80"))->node->name, "one");
	assert_string_equal(world_task(s->world, STR("s@file.10.0.0.7:8080"))->node->name, "10.0.0.7");
	expect_label(s, "s@file", "http.routers.r.rule", LABEL_VALID, NULL);
	assert_true(reported(s, "s@file")->served);
}

static void
routers_of_labels_lead_to_services_of_files(void **state)
{
	struct stage *s = *state;

	swarm(s, L("routers.x.rule", "Host(`x.org`)") L("routers.x.service", "s@file") L("routers.w.service", "w") OWN,
	    SERVER("s", "0", "http://10.0.0.7"), NULL);
	assert_string_equal(way(s, "x.org"), "s@file");
	assert_string_equal(way(s, "a.org"), "web");
	swarm(s, L("routers.x.rule", "Host(`x.org`)") L("routers.x.service", "t@file") L("routers.w.service", "w") OWN,
	    SERVER("s", "0", "http://10.0.0.7"), NULL);
	assert_string_equal(way(s, "x.org"), "refused");
	expect_trouble(s, "web", WHY_ROUTER_SERVICE, "t@file, which no file");
}

static void
routers_of_files_lead_to_services_of_labels(void **state)
{
	struct stage *s = *state;

	swarm(s, OWN, ROUTER("r", "rule", "Host(`b.org`)") ROUTER("r", "service", "w@swarm") ROUTER("r", "middlewares", "one") ONE, NULL);
	assert_string_equal(way(s, "b.org"), "web by one@file");
	swarm(s, OWN, ROUTER("r", "rule", "Host(`b.org`)") ROUTER("r", "service", "v@swarm"), NULL);
	assert_string_equal(way(s, "b.org"), "refused");
	expect_trouble(s, "@file", WHY_ROUTER_SERVICE, "/a.yml:1: router r@file is not served: it leads to v@swarm");
}

/* For the access log: "r@file to w@swarm". */
static const char *
called(struct stage *s, const char *host)
{
	static char out[200];
	const struct filter_chain *chain;
	const struct table_route *route;
	const struct why *why;
	struct table *t;
	int fd;

	assert_null(world_table(s->world, &fd));
	assert_null(table_open(fd, &t));
	route = table_find(t, &(struct request_view){ .host = str_of(host), .path = STR("/"), .method = STR("GET") }, &chain, &why);
	assert_non_null(route);
	snprintf(out, sizeof out, "%.*s to %.*s", STR_ARG(table_text(t, route->name)), STR_ARG(table_text(t, route->to)));
	table_unref(&t);
	return out;
}

static void
routers_and_services_have_the_names_that_traefik_gives_them(void **state)
{
	struct stage *s = *state;

	swarm(s, L("routers.x.rule", "Host(`x.org`)") L("routers.x.service", "s@file") L("routers.w.service", "w") OWN,
	    ROUTER("r", "rule", "Host(`b.org`)") ROUTER("r", "service", "w@swarm")
	    ROUTER("q", "rule", "Host(`c.org`)") ROUTER("q", "service", "s") SERVER("s", "0", "http://10.0.0.7"), NULL);
	assert_string_equal(called(s, "a.org"), "w@swarm to w@swarm");
	assert_string_equal(called(s, "x.org"), "x@swarm to s@file");
	assert_string_equal(called(s, "b.org"), "r@file to w@swarm");
	assert_string_equal(called(s, "c.org"), "q@file to s@file");
	swarm(s, L("routers.x.rule", "Host(`a.org`)") L("services.shop.loadbalancer.server.port", "80") "\"other\":\"1\"", NULL);
	assert_string_equal(called(s, "a.org"), "x@swarm to shop@swarm");
	swarm(s, L("routers.x.rule", "Host(`a.org`)") "\"mola.port\":\"80\"", NULL);
	assert_string_equal(called(s, "a.org"), "x@swarm to web@swarm");
}

/* The service is there, and its labels do not ask for it to be served. */
static void
a_router_to_a_service_that_is_not_served_keeps_its_requests(void **state)
{
	struct stage *s = *state;

	swarm(s, "\"traefik.enable\":\"false\"," OWN, ROUTER("r", "rule", "Host(`b.org`)") ROUTER("r", "service", "w@swarm")
	    ROUTER("all", "rule", "PathPrefix(`/`)") ROUTER("all", "service", "s") ROUTER("all", "priority", "1") SERVER("s", "0", "http://10.0.0.7"), NULL);
	assert_string_equal(way(s, "b.org"), "refused");
	assert_string_equal(way(s, "c.org"), "s@file");
}

/* It needs no service of a file, and no port. */
static void
a_router_may_lead_to_noop(void **state)
{
	struct stage *s = *state;

	swarm(s, OWN, ROUTER("r", "rule", "Host(`b.org`)") ROUTER("r", "service", "noop@internal"), NULL);
	assert_string_equal(way(s, "b.org"), "@file by noop@internal");
	assert_string_equal(called(s, "b.org"), "r@file to noop@internal");
}

static void
what_is_not_understood_refuses_its_router(void **state)
{
	struct stage *s = *state;
	static const char *const odd[] = { ROUTER("r", "odd", "1"), ROUTER("r", "service", "api@internal"), ROUTER("r", "middlewares", "none"),
		"5 http.services.s.loadBalancer.odd=1\n", "5 http.services.s.loadBalancer.servers[0].preservePath=maybe\n",
		"5 http.services.s.loadBalancer.servers[1].url=10.0.0.1\n", "5 http.services.s.loadBalancer.servers[1].url=https://10.0.0.1\n",
		"5 http.services.s.loadBalancer.servers[1].url=http://u:p@10.0.0.1\n" };

	for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
		char lines[600];
		snprintf(lines, sizeof lines, "%s%s", odd[i], ROUTER("r", "rule", "Host(`b.org`)") ROUTER("r", "service", "s")
		    SERVER("s", "0", "http://10.0.0.7"));
		swarm(s, OWN, lines, NULL);
		assert_string_equal(way(s, "b.org"), "refused");
		assert_string_equal(way(s, "a.org"), "web");
	}
}

static void
of_two_definitions_the_first_one_counts(void **state)
{
	struct stage *s = *state;

	swarm(s, OWN, ROUTER("r", "rule", "Host(`b.org`)") ROUTER("r", "service", "s") SERVER("s", "0", "http://10.0.0.7"),
	    ROUTER("r", "rule", "Host(`c.org`)") SERVER("s", "0", "http://10.0.0.8") SERVER("s", "1", "http://10.0.0.9"), NULL);
	assert_string_equal(way(s, "b.org"), "s@file");
	assert_string_equal(way(s, "c.org"), "-");
	expect_tasks(s, "s@file", "s@file.10.0.0.7:80=10.0.0.7:80");
	expect_file_trouble(s, "/b.yml:1: http.routers.r: not used, as in Traefik: /a.yml defines it, too");
	expect_file_trouble(s, "/b.yml:2: http.services.s: ");
}

static void
without_a_file_that_was_never_read_nothing_of_traefik_is_served(void **state)
{
	struct stage *s = *state;

	swarm(s, OWN, NULL);
	assert_string_equal(way(s, "a.org"), "web");
	file[0] = (struct swarm_file){ "/a.yml", NULL, "7: not YAML" };
	s->conf.provided = file;
	s->conf.nprovided = 1;
	world_pass_begin(s->world);
	pass(s);
	world_pass_end(s->world);
	assert_string_equal(way(s, "a.org"), "refused");
	expect_trouble(s, "web", WHY_TRAEFIK_FILE, "/a.yml");
	expect_file_trouble(s, "/a.yml:7: not YAML; until it is read");
	/* what was read before stays */
	file[0].lines = ROUTER("r", "rule", "Host(`b.org`)") ROUTER("r", "service", "w@swarm");
	world_pass_begin(s->world);
	pass(s);
	world_pass_end(s->world);
	assert_string_equal(way(s, "a.org"), "web");
	assert_string_equal(way(s, "b.org"), "web");
	expect_file_trouble(s, "/a.yml:7: not YAML; what was read of it before");
}

static void
what_of_a_file_cannot_be_used_is_reported(void **state)
{
	struct stage *s = *state;

	swarm(s, OWN, "5 http.middlewares.limit.rateLimit.average=many\n6 udp.routers.u.service=x\n7 http=true\n8 http.routers=true\n", NULL);
	expect_file_trouble(s, "/a.yml:5: http.middlewares.limit: routers that name it are not served: ");
	expect_file_trouble(s, "/a.yml:6: udp.routers.u: not served: ");
	assert_string_equal(way(s, "a.org"), "web");
}

/* Pages of errors may be of a service that no router leads to. */
static void
pages_are_of_services_of_files(void **state)
{
	struct stage *s = *state;
#define PAGES(of) "5 http.middlewares.pages.errors.status=500-599\n6 http.middlewares.pages.errors.query=/{status}\n" \
	"7 http.middlewares.pages.errors.service=" of "\n"

	swarm(s, L("routers.w.middlewares", "pages@file") OWN, PAGES("s") SERVER("s", "0", "http://10.0.0.7"), NULL);
	assert_string_equal(way(s, "a.org"), "web by pages@file");
	expect_tasks(s, "s@file", "s@file.10.0.0.7:80=10.0.0.7:80");
	swarm(s, L("routers.w.middlewares", "pages@file") OWN, PAGES("w@swarm") SERVER("s", "0", "http://10.0.0.7"), NULL);
	assert_string_equal(way(s, "a.org"), "web by pages@file");
	swarm(s, L("routers.w.middlewares", "pages@file") OWN, PAGES("t") SERVER("s", "0", "http://10.0.0.7"), NULL);
	assert_string_equal(way(s, "a.org"), "refused");
}

#define TRANSPORT(key, value) "8 http.serversTransports.t." key "=" value "\n"
#define SECURE ROUTER("r", "rule", "Host(`b.org`)") ROUTER("r", "service", "s") SERVER("s", "0", "https://10.0.0.7") \
	"9 http.services.s.loadBalancer.serversTransport=t\n"

static void
transports_of_files_count(void **state)
{
	struct stage *s = *state;
	const struct service_conf *c;

	swarm(s, OWN, SECURE TRANSPORT("serverName", "inner.org") TRANSPORT("rootCAs", "/ca.pem") TRANSPORT("certificates[0].certFile", "/c.pem")
	    TRANSPORT("certificates[0].keyFile", "/c.key") TRANSPORT("forwardingTimeouts.dialTimeout", "3s")
	    TRANSPORT("forwardingTimeouts.responseHeaderTimeout", "7") TRANSPORT("forwardingTimeouts.idleConnTimeout", "90s")
	    TRANSPORT("maxIdleConnsPerHost", "5"), NULL);
	assert_string_equal(way(s, "b.org"), "s@file");
	c = &world_service(s->world, STR("s@file"))->conf;
	assert_int_equal(c->scheme, SCHEME_HTTPS);
	assert_true(c->tls_verify);
	assert_string_equal(c->tls_ca, "file:/ca.pem");
	assert_string_equal(c->tls_cert, "file:/c.pem");
	assert_string_equal(c->tls_name, "inner.org");
	assert_int_equal(c->connect_usec, 3000000);
	assert_int_equal(c->response_usec, 7000000);
	swarm(s, OWN, SECURE TRANSPORT("insecureSkipVerify", "true"), NULL);
	assert_string_equal(way(s, "b.org"), "s@file");
	c = &world_service(s->world, STR("s@file"))->conf;
	assert_false(c->tls_verify);
	assert_string_equal(c->tls_name, TLS_NAME_ADDRESS);
}

static void
services_of_labels_name_transports_of_files(void **state)
{
	struct stage *s = *state;

	swarm(s, L("services.w.loadbalancer.server.scheme", "https") L("services.w.loadbalancer.serverstransport", "t@file") OWN,
	    TRANSPORT("insecureSkipVerify", "true"), NULL);
	assert_string_equal(way(s, "a.org"), "web");
	assert_false(world_service(s->world, STR("web"))->conf.tls_verify);
	expect_label(s, "web", "traefik.http.services.w.loadbalancer.serverstransport", LABEL_VALID, NULL);
	swarm(s, L("services.w.loadbalancer.serverstransport", "u@file") OWN, TRANSPORT("insecureSkipVerify", "true"), NULL);
	assert_string_equal(way(s, "a.org"), "refused");
}

static void
a_transport_that_cannot_be_done_refuses(void **state)
{
	struct stage *s = *state;
	static const char *const odd[] = { TRANSPORT("peerCertURI", "spiffe://a"), TRANSPORT("spiffe", "true"), TRANSPORT("spiffe.ids", "a"),
		TRANSPORT("disableHTTP2", "maybe"), TRANSPORT("rootCAs", "/a.pem,b.pem"), TRANSPORT("rootCAs", "-----BEGIN"),
		TRANSPORT("maxIdleConnsPerHost", "-1"), TRANSPORT("certificates[1].certFile", "/c.pem"), TRANSPORT("insecureSkipVerify", "maybe"),
		TRANSPORT("forwardingTimeouts.dialTimeout", "0s"), TRANSPORT("serverName", "a b"), "" };

	for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
		char lines[600];
		snprintf(lines, sizeof lines, "%s%s", SECURE, odd[i]);
		swarm(s, OWN, lines, NULL);
		if (strcmp(way(s, "b.org"), "refused") != 0)
			fail_msg("served with %s", odd[i]);
	}
}

static void
several_cas_and_one_protocol(void **state)
{
	struct stage *s = *state;
	const struct world_service *ws;

	swarm(s, OWN, SECURE TRANSPORT("rootCAs", "/a.pem, /b.pem") TRANSPORT("disableHTTP2", "true"), NULL);
	ws = world_service(s->world, STR("s@file"));
	assert_string_equal(ws->conf.tls_ca, "file:/a.pem,file:/b.pem");
	assert_true(ws->conf.tls_http1);
	swarm(s, OWN, SECURE TRANSPORT("disableHTTP2", "false"), NULL);
	assert_false(world_service(s->world, STR("s@file"))->conf.tls_http1);
}

#define KEPT(name, n) "2 http.services." name ".loadBalancer.servers[" n "].preservePath=true\n"
#define LEADS(name, host, service) ROUTER(name, "rule", "Host(`" host "`)") ROUTER(name, "service", service)

static void
paths_of_servers_that_count(void **state)
{
	static const char *const odd[] = { SERVER("s", "0", "http://10.0.0.7/a?b") KEPT("s", "0"), SERVER("s", "0", "http://10.0.0.7/a%2fb") KEPT("s", "0"),
		SERVER("s", "0", "http://10.0.0.7/a") KEPT("s", "0") SERVER("s", "1", "http://10.0.0.8/b") KEPT("s", "1"), SERVER("s", "0", "http://10.0.0.7/a//b/") KEPT("s", "0"),
		SERVER("s", "0", "http://10.0.0.7/a") KEPT("s", "0") SERVER("s", "1", "http://10.0.0.8/a") };
	struct stage *s = *state;
	char lines[600];

	swarm(s, L("routers.w.rule", "Host(`a.org`)") L("routers.w.service", "s@file") "\"x\":\"\"", LEADS("r", "b.org", "s") ROUTER("r", "middlewares", "one") ONE
	    SERVER("s", "0", "http://10.0.0.7/base/") KEPT("s", "0") SERVER("s", "1", "http://10.0.0.8:81/base") KEPT("s", "1"), NULL);
	assert_string_equal(way(s, "b.org"), "s@file by one@file, preservePath");
	assert_string_equal(way(s, "a.org"), "s@file by preservePath");
	swarm(s, OWN, LEADS("r", "b.org", "s") SERVER("s", "0", "http://10.0.0.7/") KEPT("s", "0"), NULL);
	assert_string_equal(way(s, "b.org"), "s@file");
	for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
		snprintf(lines, sizeof lines, "%s%s", LEADS("r", "b.org", "s"), odd[i]);
		swarm(s, OWN, lines, NULL);
		if (strcmp(way(s, "b.org"), "refused") != 0)
			fail_msg("served: %s", odd[i]);
	}
	/* requests of groups pass the filters of the group alone */
	swarm(s, OWN, LEADS("r", "b.org", "g") SERVER("s", "0", "http://10.0.0.7/a") KEPT("s", "0") "3 http.services.g.weighted.services[0].name=s\n", NULL);
	assert_string_equal(way(s, "b.org"), "refused");
	expect_trouble(s, "g@file", WHY_ROUTER_SERVICE, "preservePath");
}

/* As in Traefik, whose services need no router. */
static void
pages_come_from_services_without_a_router(void **state)
{
	struct stage *s = *state;

	service(s, "pages", AGE, L("routers.p.rule", "Host(`p.org`)") L("routers.p.middlewares", "none") PORT("p"), "");
	task(s, "bbbbbbbbbb", "pages", 1, "n1", RUNNING, ON_SHARED("10.0.9.6"), "");
	swarm(s, L("routers.w.middlewares", "show") L("middlewares.show.errors.status", "404") L("middlewares.show.errors.service", "p@swarm") OWN, "", NULL);
	assert_string_equal(way(s, "a.org"), "web by show");
	assert_string_equal(way(s, "p.org"), "refused");
	expect_tasks(s, "pages", "pages.1.bbbbbbbb=10.0.9.6:80");
	service(s, "pages", AGE, "\"traefik.enable\":\"false\"," L("routers.p.middlewares", "none") PORT("p"), "");
	swarm(s, L("routers.w.middlewares", "show") L("middlewares.show.errors.status", "404") L("middlewares.show.errors.service", "p@swarm") OWN, "", NULL);
	assert_null(world_service(s->world, STR("pages")));
}

/* Go verifies each server by the name in its URL. */
static void
servers_over_tls_have_the_name_of_their_url(void **state)
{
	struct stage *s = *state;
#define TO_B ROUTER("r", "rule", "Host(`b.org`)") ROUTER("r", "service", "s")

	s->conf.host = NULL;
	swarm(s, OWN, TO_B SERVER("s", "0", "https://a.lan:1") SERVER("s", "1", "https://a.lan:2"), NULL);
	assert_string_equal(world_service(s->world, STR("s@file"))->conf.tls_name, "a.lan");
	swarm(s, OWN, TO_B SERVER("s", "0", "https://a.lan") SERVER("s", "1", "https://b.lan"), NULL);
	assert_string_equal(way(s, "b.org"), "refused");
	swarm(s, OWN, TO_B SERVER("s", "0", "https://10.0.0.1") SERVER("s", "1", "https://b.lan"), NULL);
	assert_string_equal(way(s, "b.org"), "refused");
	swarm(s, OWN, TO_B SERVER("s", "0", "https://10.0.0.1") SERVER("s", "1", "https://10.0.0.2"), NULL);
	assert_string_equal(way(s, "b.org"), "s@file");
}

/* Which TLS options a handshake has: "NAME >=MIN <=MAX suites S groups G auth A ca CA alpn P strict no-tickets", as far as
 * these are said; "broken", or "-". */
static const char *
options_at(struct stage *s, const char *listener, const char *host)
{
	static char out[400];
	const struct table_tls *o;
	struct buf b;
	struct table *t;
	int fd;

	assert_null(world_table(s->world, &fd));
	assert_null(table_open(fd, &t));
	o = table_tls_find(t, str_of(listener), str_of(host));
	buf_init(&b, sizeof out - 1);
	if (o == NULL || o->broken)
		buf_printf(&b, "%s", o == NULL ? "-" : "broken");
	else {
		buf_printf(&b, "%.*s", STR_ARG(table_text(t, o->name)));
		if (o->min_version != 0)
			buf_printf(&b, " >=%u", o->min_version);
		if (o->max_version != 0)
			buf_printf(&b, " <=%u", o->max_version);
		if (o->suites != 0)
			buf_printf(&b, " suites %u", o->suites);
		if (o->groups != 0)
			buf_printf(&b, " groups %u", o->groups);
		if (o->auth != 0)
			buf_printf(&b, " auth %u", o->auth);
		if (o->ca.len > 0)
			buf_printf(&b, " ca %.*s", STR_ARG(table_text(t, o->ca)));
		if (o->protocols.len > 0)
			buf_printf(&b, " alpn %.*s", STR_ARG(table_text(t, o->protocols)));
		buf_printf(&b, "%s%s", o->strict ? " strict" : "", o->no_tickets ? " no-tickets" : "");
	}
	str_copy(out, sizeof out, buf_str(&b));
	buf_fini(&b);
	table_unref(&t);
	return out;
}

static const char *
options_of(struct stage *s, const char *host)
{
	return options_at(s, "", host);
}

#define PEM_OF(who) "-----BEGIN CERTIFICATE-----" who
static const char *
ca_file(void *arg, const char *path, const char **problem)
{
	(void)arg;
	*problem = "no such file";
	return strcmp(path, "/ca.pem") == 0 ? PEM_OF("one") : strcmp(path, "/other.pem") == 0 ? PEM_OF("other") : strcmp(path, "/none.pem") == 0 ? "x" : NULL;
}

/* What becomes of these options as the default ones: of handshakes; "refused", and nothing is served by TLS. */
static void
expect_options(struct stage *s, const char *lines, struct swarm_tls mola, const char *want)
{
	const char *got;

	s->conf.tls = mola;
	s->conf.file = ca_file;
	swarm(s, L("routers.x.rule", "Host(`x.org`)") L("routers.x.tls", "true") OWN, lines, NULL);
	got = strcmp(way_by(s, "x.org", true), "web") == 0 ? options_of(s, "any.org") : way_by(s, "x.org", true);
	if (strcmp(got, want) != 0)
		fail_msg("'%s' by TLS with %s", got, lines);
	assert_string_equal(way_by(s, "a.org", false), "web");
	s->conf.tls = (struct swarm_tls){ .min_version = 12 };
}

#define OPTION(key, value) "5 tls.options.default." key "=" value "\n"
#define CA	OPTION("clientAuth.caFiles", "/ca.pem")
#define TYPE(type) OPTION("clientAuth.clientAuthType", type)

static void
default_options_hold_for_all_routers_with_tls(void **state)
{
	struct stage *s = *state;
	const struct swarm_tls old = { .min_version = 12 }, new = { .min_version = 13 }, few = { .min_version = 12, .suites = 1 << 1 | 1 << 3 };

	expect_options(s, OPTION("minVersion", "VersionTLS12"), old, "default >=12");
	expect_options(s, OPTION("minVersion", "VersionTLS10"), old, "default >=12");
	expect_options(s, OPTION("minVersion", "VersionTLS13"), old, "default >=13");
	expect_options(s, OPTION("minVersion", "VersionTLS14"), old, "refused");
	expect_trouble(s, "web", WHY_TLS_OPTIONS, "/a.yml:5: tls.options.default.minVersion: ");
	expect_options(s, OPTION("maxVersion", "VersionTLS12"), old, "default <=12");
	expect_options(s, OPTION("maxVersion", "VersionTLS12"), new, "refused");
	expect_options(s, OPTION("maxVersion", "VersionTLS12") OPTION("minVersion", "VersionTLS13"), old, "refused");
	expect_options(s, OPTION("maxVersion", "VersionTLS11"), old, "refused");
	expect_options(s, OPTION("sniStrict", "true"), old, "default strict");
	expect_options(s, OPTION("sniStrict", "perhaps"), old, "refused");
	expect_options(s, OPTION("disableSessionTickets", "true"), old, "default no-tickets");
	expect_options(s, OPTION("preferServerCipherSuites", "true"), old, "default");
	expect_options(s, OPTION("brandNew", "true"), old, "refused");
	expect_options(s, OPTION("cipherSuites", "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, TLS_RSA_WITH_AES_128_CBC_SHA"), old, "default suites 8");
	expect_options(s, OPTION("cipherSuites", "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305"), old, "default suites 48");
	expect_options(s, OPTION("cipherSuites", "TLS_RSA_WITH_AES_128_CBC_SHA"), old, "default >=13");
	expect_options(s, OPTION("cipherSuites", "TLS_RSA_WITH_AES_128_CBC_SHA") OPTION("maxVersion", "VersionTLS12"), old, "refused");
	expect_options(s, OPTION("cipherSuites", "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305"), few, "default >=13 suites 32");
	expect_options(s, OPTION("cipherSuites", "TLS_NULL"), old, "refused");
	expect_options(s, OPTION("curvePreferences", "CurveP521,x25519"), old, "default groups 18");
	expect_options(s, OPTION("curvePreferences", "CurveP999"), old, "refused");
	expect_options(s, OPTION("alpnProtocols", "http/1.1,h2,acme-tls/1"), old, "default alpn http/1.1,h2");
	expect_options(s, OPTION("alpnProtocols", "spdy/3"), old, "refused");
}

static void
options_demand_certificates_of_clients(void **state)
{
	struct stage *s = *state;
	const struct swarm_tls old = { .min_version = 12 }, mutual = { .min_version = 12, .client_ca = "/ca.pem", .client_certs = true },
	    some = { .min_version = 12, .client_certs = true };

	expect_options(s, TYPE("NoClientCert"), old, "default");
	expect_options(s, CA, old, "default auth 4 ca " PEM_OF("one"));
	expect_options(s, CA TYPE("RequireAndVerifyClientCert"), old, "default auth 4 ca " PEM_OF("one"));
	expect_options(s, CA TYPE("VerifyClientCertIfGiven"), old, "default auth 3 ca " PEM_OF("one"));
	expect_options(s, CA TYPE("RequestClientCert"), old, "default auth 1 ca " PEM_OF("one"));
	expect_options(s, TYPE("RequireAnyClientCert"), old, "default auth 2");
	expect_options(s, CA TYPE("NoClientCert"), old, "default ca " PEM_OF("one"));
	expect_options(s, TYPE("RequireAndVerifyClientCert"), old, "refused");
	expect_options(s, TYPE("VerifyClientCertIfGiven"), old, "refused");
	expect_options(s, CA TYPE("Whatever"), old, "refused");
	expect_options(s, OPTION("clientAuth.caFiles", "/ca.pem,/other.pem"), old, "default auth 4 ca " PEM_OF("one") "\n" PEM_OF("other"));
	expect_options(s, OPTION("clientAuth.caFiles", PEM_OF("inner")), old, "default auth 4 ca " PEM_OF("inner"));
	expect_options(s, OPTION("clientAuth.caFiles", "ca.pem"), old, "refused");
	expect_options(s, OPTION("clientAuth.caFiles", "/none.pem"), old, "refused");
	expect_trouble(s, "web", WHY_TLS_OPTIONS, "there is no certificate in /none.pem");
	expect_options(s, OPTION("clientAuth.caFiles", "/gone.pem"), old, "refused");
	expect_trouble(s, "web", WHY_TLS_OPTIONS, "Mola cannot read /gone.pem: no such file");
	expect_options(s, CA, mutual, "default ca " PEM_OF("one"));	/* listeners have it */
	expect_options(s, OPTION("clientAuth.caFiles", "/other.pem"), mutual, "refused");
	expect_options(s, CA, some, "refused");
	expect_options(s, CA TYPE("RequestClientCert"), mutual, "refused");
	expect_options(s, CA TYPE("NoClientCert"), some, "default ca " PEM_OF("one"));
}

#define NAMED "5 tls.options.strict.minVersion=VersionTLS13\n6 tls.options.loose.maxVersion=VersionTLS12\n7 tls.options.odd.brandNew=1\n" \
	"8 tls.options.mutual.clientAuth.clientAuthType=RequireAnyClientCert\n"
#define ON(name, at) L("routers." name ".entrypoints", at)
#define AT(name, rule, options) L("routers." name ".rule", rule) L("routers." name ".tls", "true") L("routers." name ".tls.options", options)

static void
options_are_named_by_routers(void **state)
{
	struct stage *s = *state;

	s->conf.tls.min_version = 12;
	swarm(s, AT("w", "Host(`a.org`) || Host(`B.org`) && Path(`/`)", "strict@file") AT("x", "Host(`c.org`)", "loose@file") OWN2, NAMED, NULL);
	assert_string_equal(way_by(s, "a.org", true), "web");
	assert_string_equal(options_of(s, "a.org"), "strict@file >=13");
	assert_string_equal(options_of(s, "B.ORG."), "strict@file >=13");
	assert_string_equal(options_of(s, "c.org"), "loose@file <=12");
	assert_string_equal(options_of(s, "d.org"), "-");
	assert_string_equal(options_of(s, ""), "-");
	swarm(s, AT("w", "Host(`a.org`)", "loose") OWN2, NAMED, NULL);		/* one of labels, which have none */
	assert_string_equal(way_by(s, "a.org", true), "refused");
	assert_string_equal(options_of(s, "a.org"), "broken");
	swarm(s, AT("w", "Host(`a.org`)", "none@file") AT("x", "Host(`b.org`)", "odd@file") AT("y", "Host(`c.org`)", "default@file") OWN2, NAMED, NULL);
	assert_string_equal(way_by(s, "a.org", true), "refused");
	assert_string_equal(options_of(s, "a.org"), "broken");
	assert_string_equal(options_of(s, "b.org"), "broken");
	assert_string_equal(options_of(s, "c.org"), "broken");
	expect_trouble(s, "web", WHY_TLS_OPTIONS, "/a.yml:7: tls.options.odd.brandNew: Mola does not have this");
	swarm(s, AT("w", "PathPrefix(`/`)", "strict@file") OWN2, NAMED, NULL);	/* no name, no options: as in Traefik */
	assert_string_equal(way_by(s, "a.org", true), "web");
	assert_string_equal(options_of(s, "a.org"), "-");
	swarm(s, AT("w", "Host(`a.org`) || PathPrefix(`/`)", "mutual@file") OWN2, NAMED, NULL);	/* but not where it is to keep clients out */
	assert_string_equal(way_by(s, "a.org", true), "refused");
	assert_string_equal(options_of(s, "a.org"), "mutual@file auth 2");
	swarm(s, AT("w", "HostRegexp(`^a.org$`)", "mutual@file") OWN2, NAMED, NULL);
	assert_string_equal(way_by(s, "a.org", true), "refused");
	swarm(s, AT("w", "HostRegexp(`^a[.]org$`)", "mutual@file") OWN2, NAMED, NULL);
	assert_string_equal(way_by(s, "a.org", true), "refused");
	swarm(s, AT("w", "Host(`a.org`) && PathPrefix(`/`)", "mutual@file") OWN2, NAMED, NULL);
	assert_string_equal(way_by(s, "a.org", true), "web");
}

static void
different_options_of_one_name_are_the_default_ones(void **state)
{
	struct stage *s = *state;

	s->conf.tls.min_version = 12;
	swarm(s, AT("w", "Host(`a.org`)", "strict@file") AT("x", "Host(`a.org`) && Path(`/x`)", "loose@file") OWN2, NAMED OPTION("sniStrict", "true"), NULL);
	assert_string_equal(way_by(s, "a.org", true), "web");
	assert_string_equal(options_of(s, "a.org"), "default strict");
	expect_trouble(s, "web", WHY_TLS_OPTIONS_DIFFER, "for a.org");
	swarm(s, AT("w", "Host(`a.org`)", "strict@file") L("routers.x.rule", "Host(`a.org`) && Path(`/x`)") L("routers.x.tls", "true") OWN2, NAMED, NULL);
	assert_string_equal(options_of(s, "a.org"), "-");
	expect_trouble(s, "web", WHY_TLS_OPTIONS_DIFFER, "for a.org");
	swarm(s, AT("w", "Host(`a.org`)", "strict@file") AT("x", "Host(`a.org`) && Path(`/x`)", "none@file") OWN2, NAMED, NULL);
	assert_string_equal(options_of(s, "a.org"), "-");
	swarm(s, AT("w", "Host(`a.org`)", "strict@file") AT("x", "Host(`a.org`) && Path(`/x`)", "strict@file") OWN2, NAMED, NULL);
	assert_string_equal(options_of(s, "a.org"), "strict@file >=13");
}

/* Traefik does not have its routers, which then differ from nothing. */
static void
a_service_without_tasks_changes_no_options(void **state)
{
	struct stage *s = *state;

	service(s, "older", "2020-01-01T00:00:00Z", AT("x", "Host(`a.org`) && Path(`/x`)", "loose@file") PORT("x"), "");
	swarm(s, AT("w", "Host(`a.org`)", "strict@file") OWN2, NAMED, NULL);
	assert_string_equal(options_of(s, "a.org"), "strict@file >=13");
	service(s, "older", "2020-01-01T00:00:00Z", AT("x", "Host(`a.org`) && Path(`/x`)", "loose@file") PORT("x"), "");
	task(s, "bbbbbbbbbb", "older", 1, "n1", RUNNING, ON_SHARED("10.0.9.6"), "");
	swarm(s, AT("w", "Host(`a.org`)", "strict@file") OWN2, NAMED, NULL);
	assert_string_equal(options_of(s, "a.org"), "-");
}

static void
routers_have_those_of_their_entry_point(void **state)
{
	struct traefik_entry_point points[] = { { .name = "web", .served = true, .owner = "t" },
		{ .name = "websecure", .served = true, .tls = true, .tls_options = "strict@file", .owner = "t" } };
	struct stage *s = *state;

	s->conf.tls.min_version = 12;
	s->traefik.entry_point = points;
	s->traefik.nentry_points = 2;
	swarm(s, L("routers.w.rule", "Host(`a.org`)") ON("w", "websecure") L("routers.x.rule", "Host(`b.org`)") ON("x", "websecure") L("routers.x.tls", "true")
	    L("routers.y.rule", "Host(`c.org`)") ON("y", "web") OWN2, NAMED, NULL);
	assert_string_equal(way_by(s, "a.org", true), "web");
	assert_string_equal(options_of(s, "a.org"), "strict@file >=13");
	assert_string_equal(options_of(s, "b.org"), "-");	/* with TLS of its own, it has the default ones: as in Traefik */
	assert_string_equal(options_of(s, "c.org"), "-");	/* no TLS */
	points[1].tls_options = "gone@file";
	swarm(s, L("routers.w.rule", "Host(`a.org`)") ON("w", "websecure") OWN2, NAMED, NULL);
	assert_string_equal(way_by(s, "a.org", true), "refused");
	assert_string_equal(options_of(s, "a.org"), "broken");
	expect_trouble(s, "web", WHY_TLS_OPTIONS, "entry point websecure has the TLS options gone@file: nothing");
	s->traefik.nentry_points = 0;
}

static void
what_demands_certificates_is_not_opened_by_another(void **state)
{
	struct stage *s = *state;

	s->conf.tls.min_version = 12;
	swarm(s, AT("w", "Host(`a.org`)", "mutual@file") AT("x", "Host(`a.org`) && Path(`/x`)", "strict@file") OWN2, NAMED, NULL);
	assert_string_equal(options_of(s, "a.org"), "broken");
	expect_trouble(s, "web", WHY_TLS_OPTIONS_DIFFER, "no handshakes");
	swarm(s, AT("w", "Host(`a.org`)", "mutual@file") L("routers.x.rule", "Host(`a.org`) && Path(`/x`)") L("routers.x.tls", "true") OWN2, NAMED, NULL);
	assert_string_equal(options_of(s, "a.org"), "broken");
	swarm(s, AT("w", "Host(`a.org`)", "loose@file") AT("x", "Host(`a.org`)", "mutual@file") AT("y", "Host(`a.org`)", "strict@file") OWN2, NAMED, NULL);
	assert_string_equal(options_of(s, "a.org"), "broken");
}

static void
routers_of_tcp_name_options(void **state)
{
	static const struct swarm_listener pg = { .name = "pg" };
	static const struct { const char *options, *lines, *tls; } rows[] = {
		{ "strict@file", NAMED, "strict@file" }, { "default", NAMED, NULL }, { "default", NAMED OPTION("sniStrict", "true"), "default" },
		{ "odd@file", NAMED, "refused" },
	};
	struct stage *s = *state;
	char labels[1000];

	s->conf.tls.min_version = 12;
	s->conf.listener = &pg;
	s->conf.nlisteners = 1;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct world_service *web;

		snprintf(labels, sizeof labels, "\"traefik.tcp.routers.x.rule\":\"HostSNI(`a.org`)\",\"traefik.tcp.routers.x.entrypoints\":\"pg\","
		    "\"traefik.tcp.routers.x.tls.options\":\"%s\",\"traefik.tcp.services.x.loadbalancer.server.port\":\"80\"", rows[i].options);
		swarm(s, labels, rows[i].lines, NULL);
		web = world_service(s->world, STR("web"));
		if (rows[i].tls != NULL && strcmp(rows[i].tls, "refused") == 0) {
			assert_int_equal(s->world->nrefused, 1);
			continue;
		}
		assert_int_equal(web->nroutes, 1);
		if (rows[i].tls == NULL)
			assert_null(web->route[0].tls);
		else {
			assert_string_equal(web->route[0].tls, rows[i].tls);
			assert_string_equal(s->world->tls[0].name, rows[i].tls);
		}
	}
	s->conf.listener = NULL;
	s->conf.nlisteners = 0;
}

/* Options of a name are those of one entry point. */
static void
options_are_those_of_an_entry_point(void **state)
{
	struct stage *s = *state;
	const struct swarm_listener two[] = { { .name = "inner", .tls = true }, { .name = "websecure", .tls = true } };

	s->conf.tls.min_version = 12;
	s->conf.listener = two;
	s->conf.nlisteners = 2;
	swarm(s, AT("w", "Host(`a.org`)", "strict@file") ON("w", "websecure") AT("x", "Host(`a.org`)", "loose@file") ON("x", "inner") OWN2, NAMED, NULL);
	assert_string_equal(options_at(s, "websecure", "a.org"), "strict@file >=13");
	assert_string_equal(options_at(s, "inner", "a.org"), "loose@file <=12");
	s->conf.nlisteners = 0;
	swarm(s, AT("w", "Host(`a.org`)", "strict@file") ON("w", "websecure") AT("x", "Host(`a.org`)", "loose@file") ON("x", "https") OWN2, NAMED, NULL);
	assert_string_equal(options_of(s, "a.org"), "broken");	/* nobody knows by which of them a client comes */
	expect_trouble(s, "web", WHY_TLS_OPTIONS_DIFFER, "no handshakes");
	s->conf.listener = NULL;
}

#define WEIGHT(of, n, name, weight) "5 http.services." of ".weighted.services[" n "].name=" name "\n" \
	"6 http.services." of ".weighted.services[" n "].weight=" weight "\n"
#define FAILOVER(of, first, second) "7 http.services." of ".failover.service=" first "\n7 http.services." of ".failover.fallback=" second "\n"
#define MIRRORING(of, key, value) "7 http.services." of ".mirroring." key "=" value "\n"
#define MIRROR(of, n, name, percent) MIRRORING(of, "mirrors[" n "].name", name) MIRRORING(of, "mirrors[" n "].percent", percent)
#define TO(of) ROUTER("r", "rule", "Host(`b.org`)") ROUTER("r", "service", of)
#define S SERVER("s", "0", "http://10.0.0.7")
#define T SERVER("t", "0", "http://10.0.0.8")

/* "weighted s@file 3, web 1" */
static const char *
group(struct stage *s, const char *name)
{
	const struct world_service *ws = world_service(s->world, str_of(name));
	static char out[200];
	size_t n;

	if (ws == NULL || ws->group == NULL)
		return "none";
	n = (size_t)snprintf(out, sizeof out, "%s", group_kind_name(ws->group->kind));
	for (unsigned i = 0; i < ws->group->n; i++)
		n += (size_t)snprintf(out + n, sizeof out - n, "%s %s %u", i > 0 ? "," : "", ws->group->child[i].service, ws->group->child[i].weight);
	return out;
}

static void
services_lead_to_others(void **state)
{
	struct stage *s = *state;

	swarm(s, OWN, TO("g") S T WEIGHT("g", "0", "s", "3") WEIGHT("g", "1", "t@file", "0") WEIGHT("g", "2", "w@swarm", "1")
	    "8 http.services.g.weighted.sticky.cookie.name=c\n8 http.services.g.weighted.healthCheck=true\n", NULL);
	assert_string_equal(way(s, "b.org"), "g@file");
	assert_string_equal(group(s, "g@file"), "weighted s@file 3, t@file 0, web 1");
	assert_string_equal(world_service(s->world, STR("g@file"))->conf.sticky_cookie, "c");
	assert_string_equal(world_service(s->world, STR("g@file"))->group->child[1].name, "t@file");
	swarm(s, OWN, TO("f") S T FAILOVER("f", "g", "t") WEIGHT("g", "0", "s", "1"), NULL);
	assert_string_equal(way(s, "b.org"), "f@file");
	assert_string_equal(group(s, "f@file"), "failover g@file 1, t@file 1");
	assert_string_equal(group(s, "g@file"), "weighted s@file 1");
	swarm(s, L("routers.x.rule", "Host(`x.org`)") L("routers.x.service", "f@file") L("routers.w.service", "w") OWN, S T FAILOVER("f", "s", "t"), NULL);
	assert_string_equal(way(s, "x.org"), "f@file");
}

static void
services_are_mirrored(void **state)
{
	struct stage *s = *state;
	const struct service_group *g;

	swarm(s, OWN, TO("m") S T MIRRORING("m", "service", "s") MIRROR("m", "0", "t", "10") MIRROR("m", "1", "w@swarm", "100"), NULL);
	assert_string_equal(way(s, "b.org"), "m@file");
	assert_string_equal(group(s, "m@file"), "mirroring s@file 0, t@file 10, web 100");
	g = world_service(s->world, STR("m@file"))->group;
	assert_int_equal(g->body_most, GROUP_BODY_MOST);	/* no bound, in Traefik */
	assert_false(g->bodiless);
	swarm(s, OWN, TO("m") S T MIRRORING("m", "service", "s") MIRRORING("m", "mirrorBody", "false") MIRRORING("m", "maxBodySize", "0")
	    MIRRORING("m", "healthCheck", "true") MIRRORING("m", "mirrors[0].name", "t"), NULL);
	assert_string_equal(group(s, "m@file"), "mirroring s@file 0, t@file 0");
	g = world_service(s->world, STR("m@file"))->group;
	assert_int_equal(g->body_most, 0);
	assert_true(g->bodiless);
	swarm(s, OWN, TO("m") S MIRRORING("m", "service", "s") MIRRORING("m", "maxBodySize", "-1"), NULL);	/* without mirrors */
	assert_string_equal(group(s, "m@file"), "mirroring s@file 0");
}

/* Labels define its port, and no router leads there. */
static void
a_service_that_only_a_group_leads_to_is_there(void **state)
{
	struct stage *s = *state;

	swarm(s, "\"traefik.enable\":\"true\"," PORT("w"), TO("g") WEIGHT("g", "0", "w@docker", "1"), NULL);
	assert_string_equal(way(s, "b.org"), "g@file");
	expect_tasks(s, "web", "web.1.aaaaaaaa=10.0.9.5:80");
}

static void
groups_that_cannot_be_done_are_refused(void **state)
{
	struct stage *s = *state;
	static const char *const odd[] = { WEIGHT("g", "0", "none", "1"), WEIGHT("g", "0", "none@swarm", "1"), WEIGHT("g", "0", "s", "-1"),
		WEIGHT("g", "64", "s", "1"), WEIGHT("g", "1", "s", "1"), WEIGHT("g", "0", "g", "1"), WEIGHT("g", "0", "h", "1") WEIGHT("h", "0", "g", "1"),
		FAILOVER("g", "s", "g"), "5 http.services.g.failover.service=s\n",
		MIRROR("g", "0", "s", "1"), MIRRORING("g", "service", "none"), MIRRORING("g", "service", "s") MIRROR("g", "0", "none", "1"),
		MIRRORING("g", "service", "s") MIRROR("g", "0", "s", "101"), MIRRORING("g", "service", "s") MIRRORING("g", "mirrorBody", "maybe"),
		MIRRORING("g", "service", "s") MIRRORING("g", "maxBodySize", "1m"), MIRRORING("g", "service", "s") MIRROR("g", "63", "s", "1"),
		MIRRORING("g", "service", "s") WEIGHT("g", "0", "s", "1"), MIRRORING("g", "service", "g"),
		WEIGHT("g", "0", "s", "1") FAILOVER("g", "s", "s"), WEIGHT("g", "0", "s", "1") SERVER("g", "0", "http://10.0.0.9"),
		WEIGHT("g", "0", "odd", "1") "9 http.services.odd.loadBalancer.odd=1\n", WEIGHT("g", "0", "s", "1") "9 http.services.g.weighted.odd=1\n",
		WEIGHT("g", "0", "h", "1") WEIGHT("h", "0", "i", "1") WEIGHT("i", "0", "j", "1") WEIGHT("j", "0", "k", "1") WEIGHT("k", "0", "s", "1") };

	for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
		char lines[900];
		snprintf(lines, sizeof lines, "%s%s", odd[i], TO("g") S);
		swarm(s, OWN, lines, NULL);
		if (strcmp(way(s, "b.org"), "refused") != 0)
			fail_msg("%s with %s", way(s, "b.org"), odd[i]);
		assert_string_equal(way(s, "a.org"), "web");
	}
}

static bool
host(void *arg, const char *name, unsigned port, struct addr *out)
{
	char text[64];

	(void)arg;
	if (strcmp(name, "nas.lan") != 0)
		return false;
	snprintf(text, sizeof text, "10.0.7.7:%u", port);
	return addr_parse(str_of(text), out) == NULL;
}

static void
servers_may_have_names(void **state)
{
	struct stage *s = *state;

	s->conf.host = host;
	swarm(s, OWN, ROUTER("r", "rule", "Host(`b.org`)") ROUTER("r", "service", "s") SERVER("s", "0", "h2c://nas.lan:81")
	    SERVER("s", "1", "h2c://gone.lan"), NULL);
	expect_tasks(s, "s@file", "s@file.nas.lan:81=10.0.7.7:81");
	expect_trouble(s, "s@file", WHY_SERVICE_UNREACHABLE, "gone.lan");
	assert_int_equal(world_service(s->world, STR("s@file"))->conf.scheme, SCHEME_H2C);
}

int
main(void)
{
#define STAGED(test) cmocka_unit_test_setup_teardown(test, stage_setup, stage_teardown)
	const struct CMUnitTest tests[] = {
		STAGED(labels_name_middlewares_of_files),
		STAGED(names_of_files_have_one_spelling),
		STAGED(a_file_has_routers_and_services),
		STAGED(routers_of_labels_lead_to_services_of_files),
		STAGED(routers_of_files_lead_to_services_of_labels),
		STAGED(routers_and_services_have_the_names_that_traefik_gives_them),
		STAGED(a_router_to_a_service_that_is_not_served_keeps_its_requests),
		STAGED(a_router_may_lead_to_noop),
		STAGED(what_is_not_understood_refuses_its_router),
		STAGED(of_two_definitions_the_first_one_counts),
		STAGED(without_a_file_that_was_never_read_nothing_of_traefik_is_served),
		STAGED(what_of_a_file_cannot_be_used_is_reported),
		STAGED(pages_are_of_services_of_files),
		STAGED(transports_of_files_count),
		STAGED(services_of_labels_name_transports_of_files),
		STAGED(a_transport_that_cannot_be_done_refuses),
		STAGED(several_cas_and_one_protocol),
		STAGED(pages_come_from_services_without_a_router),
		STAGED(paths_of_servers_that_count),
		STAGED(servers_over_tls_have_the_name_of_their_url),
		STAGED(default_options_hold_for_all_routers_with_tls),
		STAGED(options_demand_certificates_of_clients),
		STAGED(options_are_named_by_routers),
		STAGED(different_options_of_one_name_are_the_default_ones),
		STAGED(a_service_without_tasks_changes_no_options),
		STAGED(options_are_those_of_an_entry_point),
		STAGED(routers_have_those_of_their_entry_point),
		STAGED(what_demands_certificates_is_not_opened_by_another),
		STAGED(routers_of_tcp_name_options),
		STAGED(services_lead_to_others),
		STAGED(services_are_mirrored),
		STAGED(a_service_that_only_a_group_leads_to_is_there),
		STAGED(groups_that_cannot_be_done_are_refused),
		STAGED(servers_may_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
