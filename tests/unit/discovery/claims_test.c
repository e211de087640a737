/* claims: no request reaches a task by a wider route that Traefik would have given to a router with a password. */
#include "stage.h"

#include "base/rng.h"
#include "discovery/claims.c"

#define AGE "2026-01-01T00:00:00Z"
#define RULE(router, rule) "\"traefik.http.routers." router ".rule\":\"" rule "\","
#define AUTH(router) "\"traefik.http.routers." router ".middlewares\":\"auth\",\"traefik.http.middlewares.auth.basicauth.users\":\"x\","
#define REDIRECT(router) "\"traefik.http.routers." router ".middlewares\":\"https\",\"traefik.http.middlewares.https.redirectregex.regex\":\"x\","
#define ON(router, point) "\"traefik.http.routers." router ".entrypoints\":\"" point "\","
#define PRIORITY(router, n) "\"traefik.http.routers." router ".priority\":\"" #n "\","
#define PORT(name) "\"traefik.http.services." name ".loadbalancer.server.port\":\"80\""

/* "s0", "refused" or "-". */
static const char *
reach_by(struct stage *s, const char *host, const char *path, bool tls)
{
	static char name[64];
	const struct table_service *to;
	const struct why *why;
	struct table *t;
	int fd;

	assert_null(world_table(s->world, &fd));
	assert_null(table_open(fd, &t));
	to = table_match(t, &(struct request_view){ .host = str_of(host), .path = str_of(path), .method = STR("GET"), .tls = tls }, &why);
	str_copy(name, sizeof name, to != NULL ? table_text(t, to->name) : why == WHY_ROUTE_REFUSED ? STR("refused") : STR("-"));
	table_unref(&t);
	return name;
}

static const char *
reach(struct stage *s, const char *host, const char *path)
{
	return reach_by(s, host, path, false);
}

static void
a_guarded_path_does_not_fall_to_the_rest(void **state)
{
	struct stage *s = *state;

	services_aged(s, RULE("all", "Host(`a.org`)") RULE("admin", "Host(`a.org`) && PathPrefix(`/admin`)") AUTH("admin") PORT("x"), NULL);
	assert_string_equal(reach(s, "a.org", "/"), "s0");
	assert_string_equal(reach(s, "a.org", "/admin"), "refused");
	assert_string_equal(reach(s, "a.org", "/administrator"), "refused");	/* Traefik's prefixes are of characters */
	assert_string_equal(reach(s, "a.org", "/%61dmin/x"), "refused");
	expect_trouble(s, "s0", WHY_NEEDS_MIDDLEWARE, "router admin is not served");
	/* nor to another service, older or for any host */
	services_aged(s, RULE("r", "PathPrefix(`/`)") PORT("x"), RULE("admin", "Host(`a.org`) && PathPrefix(`/admin`)") AUTH("admin") PORT("y"), NULL);
	assert_string_equal(reach(s, "a.org", "/admin"), "refused");
	assert_string_equal(reach(s, "a.org", "/x"), "s0");
	services_aged(s, "\"mola.host\":\"*\",\"mola.port\":\"80\"", RULE("r", "Host(`a.org`)") AUTH("r") PORT("y"), NULL);
	assert_string_equal(reach(s, "a.org", "/x"), "refused");
	assert_string_equal(reach(s, "b.org", "/x"), "s0");
}

static void
what_is_open_below_a_guarded_path_stays_open(void **state)
{
	struct stage *s = *state;

	services_aged(s, RULE("all", "Host(`a.org`)") AUTH("all") RULE("hook", "Host(`a.org`) && PathPrefix(`/hook`)") PORT("x"), NULL);
	assert_string_equal(reach(s, "a.org", "/"), "refused");
	assert_string_equal(reach(s, "a.org", "/hook/x"), "s0");
	/* but not where the guarded one has precedence */
	services_aged(s, RULE("all", "Host(`a.org`)") AUTH("all") PRIORITY("all", 1000) RULE("hook", "Host(`a.org`) && PathPrefix(`/hook`)") PORT("x"), NULL);
	assert_string_equal(reach(s, "a.org", "/hook/x"), "refused");
	expect_trouble(s, "s0", WHY_ROUTE_CLAIMED, "it belongs to router all of s0");
	/* the same rule twice: which one answers is chance */
	services_aged(s, RULE("one", "Host(`a.org`)") RULE("two", "Host(`a.org`)") AUTH("two") PORT("x"), NULL);
	assert_string_equal(reach(s, "a.org", "/"), "refused");
	services_aged(s, RULE("one", "Host(`a.org`)") PRIORITY("one", 1000) RULE("two", "Host(`a.org`)") AUTH("two") PORT("x"), NULL);
	assert_string_equal(reach(s, "a.org", "/"), "s0");
}

/* The table looks for hosts first, Traefik for priorities. */
static void
a_guard_with_a_wider_host_reaches_into_narrower_ones(void **state)
{
	struct stage *s = *state;

	services_aged(s, RULE("r", "Host(`a.org`)") PORT("x"), RULE("g", "PathPrefix(`/metrics`)") AUTH("g") PRIORITY("g", 99) PORT("y"), NULL);
	assert_string_equal(reach(s, "a.org", "/metrics"), "refused");
	assert_string_equal(reach(s, "a.org", "/"), "s0");
	assert_string_equal(reach(s, "b.org", "/metrics"), "refused");
	assert_string_equal(reach(s, "b.org", "/"), "-");
	services_aged(s, RULE("r", "Host(`a.org`)") PORT("x"), RULE("g", "PathPrefix(`/metrics`)") AUTH("g") PRIORITY("g", 1) PORT("y"), NULL);
	assert_string_equal(reach(s, "a.org", "/metrics"), "s0");
	services_aged(s, RULE("r", "Host(`a.b.org`)") PORT("x"), RULE("g", "HostRegexp(`^.+\\\\.b\\\\.org$`)") AUTH("g") PORT("y"),
	    RULE("o", "Host(`c.org`)") PORT("z"), NULL);
	assert_string_equal(reach(s, "a.b.org", "/"), "refused");
	assert_string_equal(reach(s, "x.y.b.org", "/"), "refused");
	assert_string_equal(reach(s, "c.org", "/"), "s2");
	services_aged(s, RULE("r", "Host(`a.b.org`)") PORT("x"), RULE("g", "Host(`*.b.org`) && Method(`GET`)") AUTH("g") PORT("y"), NULL);
	assert_string_equal(reach(s, "a.b.org", "/"), "refused");
}

/* Routers as they come, against what Traefik would do: the greatest priority of all that match, and of several either one. */
struct drawn {
	const char	*host, *path;
	int		 priority;
	bool		 guarded;
	int		 of;		/* service */
	char		 rule[120];
};

static const char *const drawn_hosts[] = { "", "a.o.org", "b.o.org", "*.o.org", "c.org" };
static const char *const drawn_paths[] = { "/", "/x", "/x/y", "/xy", "/x/", "/z" };

static void
drawn_make(struct drawn *d, struct rng *rng, int services)
{
	d->host = drawn_hosts[rng_below(rng, 5)];
	d->path = drawn_paths[rng_below(rng, 6)];
	d->guarded = rng_below(rng, 3) == 0;
	d->of = (int)rng_below(rng, (uint32_t)services);
	if (*d->host == '\0')
		snprintf(d->rule, sizeof d->rule, "PathPrefix(`%s`)", d->path);
	else if (strcmp(d->path, "/") == 0)
		snprintf(d->rule, sizeof d->rule, "Host(`%s`)", d->host);
	else
		snprintf(d->rule, sizeof d->rule, "Host(`%s`) && PathPrefix(`%s`)", d->host, d->path);
	d->priority = rng_below(rng, 2) == 0 ? (int)strlen(d->rule) : 1 + (int)rng_below(rng, 60);
}

static bool
drawn_matches(const struct drawn *d, const char *host, const char *path)
{
	bool wild = *d->host == '*', fits = *d->host == '\0' || strcmp(d->host, host) == 0;

	if (wild)
		fits = strchr(host, '.') != NULL && strcmp(strchr(host, '.'), d->host + 1) == 0;
	return fits && strncmp(path, d->path, strlen(d->path)) == 0;
}

static bool
drawn_guards(const struct drawn *d, int n, const char *host, const char *path)
{
	int best = 0;
	bool guards = false;

	for (int i = 0; i < n; i++)
		if (drawn_matches(&d[i], host, path) && d[i].priority >= best) {
			guards = d[i].guarded || (guards && d[i].priority == best);
			best = d[i].priority;
		}
	return guards;
}

/* The service that has a request, where Traefik does not leave it to chance; -1: it does, or none. */
static int
drawn_owner(const struct drawn *d, int n, const char *host, const char *path)
{
	int best = -1, owner = -1;

	for (int i = 0; i < n; i++)
		if (drawn_matches(&d[i], host, path) && d[i].priority >= best) {
			owner = d[i].guarded || (d[i].priority == best && d[i].of != owner) ? -1 : d[i].of;
			best = d[i].priority;
		}
	return owner;
}

static void
drawn_play(struct stage *s, const struct drawn *d, int n, int services)
{
	char labels[4096], name[16], age[40];

	for (int k = 0; k < services; k++) {
		size_t at = (size_t)snprintf(labels, sizeof labels, PORT("x"));
		for (int i = 0; i < n; i++)
			if (d[i].of == k)
				at += (size_t)snprintf(labels + at, sizeof labels - at, ",\"traefik.http.routers.r%d.rule\":\"%s\","
				    "\"traefik.http.routers.r%d.priority\":\"%d\",\"traefik.http.routers.r%d.middlewares\":\"%s\"", i, d[i].rule, i, d[i].priority, i,
				    d[i].guarded ? "auth@file" : "");
		snprintf(name, sizeof name, "s%d", k);
		snprintf(age, sizeof age, "2026-01-01T00:00:%02dZ", k);
		service(s, name, age, own_x(labels, k), "");
	}
	play(s);
}

static bool
drawn_is_right(struct stage *s, const struct drawn *d, int n, const char *host, const char *path)
{
	const char *to = reach(s, host, path);
	int owner = drawn_owner(d, n, host, path);

	if (drawn_guards(d, n, host, path))
		return to[0] != 's';
	return owner < 0 || (to[0] == 's' && atoi(to + 1) == owner);
}

static void
no_request_of_a_guarded_router_is_served(void **state)
{
	static const char *const hosts[] = { "a.o.org", "b.o.org", "q.o.org", "c.org", "d.org" };
	static const char *const paths[] = { "/", "/x", "/x/", "/x/y", "/xy", "/xyz", "/x/yz", "/z", "/q", "/x/y/z" };
	struct stage *s = *state;
	struct drawn d[8];
	struct rng rng;

	rng_seed(&rng, 1);
	for (int round = 0; round < 300; round++) {
		int n = 2 + (int)rng_below(&rng, 6), services = 1 + (int)rng_below(&rng, 3);
		for (int i = 0; i < n; i++)
			drawn_make(&d[i], &rng, services);
		drawn_play(s, d, n, services);
		for (size_t h = 0; h < 5; h++)
			for (size_t p = 0; p < 10; p++)
				if (!drawn_is_right(s, d, n, hosts[h], paths[p])) {
					for (int i = 0; i < n; i++)
						print_message("s%d %s %d%s\n", d[i].of, d[i].rule, d[i].priority, d[i].guarded ? " guarded" : "");
					fail_msg("%s%s is served by %s", hosts[h], paths[p], reach(s, hosts[h], paths[p]));
				}
	}
}

/* Whichever of its demands is told. */
static void
an_entry_point_guards_by_any_of_its_demands(void **state)
{
	static const char *const names[] = { "gzip", "auth@file" };
	struct traefik_entry_point points[] = { { .name = "web", .served = true }, { .name = "websecure", .served = true,
		.middlewares = { names, 2 } }, { .name = "websecure", .served = true, .tls_options = "mtls@file" } };
	struct stage *s = *state;

	s->traefik.entry_point = points;
	for (int i = 0; i < 3; i++) {
		points[1].middlewares.n = i == 0 ? 2 : 1;
		points[1].tls_options = i == 1 ? "mtls@file" : NULL;
		s->traefik.nentry_points = i == 2 ? 3 : 2;
		services_aged(s, RULE("one", "Host(`a.org`)") ON("one", "web") RULE("two", "Host(`a.org`)") ON("two", "websecure") PRIORITY("two", 99)
		    "\"traefik.http.middlewares.gzip.compress\":\"true\"," PORT("x"), NULL);
		assert_string_equal(reach(s, "a.org", "/"), "s0");	/* on the other one there is nothing to pass */
		assert_string_equal(reach_by(s, "a.org", "/", true), "refused");
		services_aged(s, RULE("one", "Host(`a.org`)") RULE("two", "Host(`a.org`)") ON("two", "websecure") PRIORITY("two", 99)
		    "\"traefik.http.middlewares.gzip.compress\":\"true\"," PORT("x"), NULL);
		assert_string_equal(reach(s, "a.org", "/"), "refused");
	}
}

/* Where nobody says which entry points have TLS: a router keeps its requests from those that may share one with it. */
static void
a_twin_on_another_entry_point_is_served(void **state)
{
#define TLS(router) "\"traefik.http.routers." router ".tls\":\"true\","
#define GUARDED(point) RULE("g", "Host(`a.org`)") ON("g", point) AUTH("g")
	static const struct {
		const char	*labels, *plain, *tls;
	} odd[] = {
		{ GUARDED("web") RULE("t", "Host(`a.org`)") ON("t", "websecure"), "refused", "s0" },
		{ GUARDED("web") RULE("t", "Host(`a.org`)") ON("t", "websecure") TLS("t"), "refused", "s0" },
		{ GUARDED("websecure") RULE("t", "Host(`a.org`)") ON("t", "web"), "s0", "refused" },
		{ GUARDED("web") RULE("t", "Host(`a.org`)") ON("t", "Web") TLS("t"), "refused", "refused" },
		{ GUARDED("web") RULE("t", "Host(`a.org`)") ON("t", "websecure,web") TLS("t"), "refused", "refused" },
		{ GUARDED("web") RULE("t", "Host(`a.org`)") TLS("t"), "refused", "refused" },
		{ GUARDED("web") RULE("t", "HostRegexp(`^.*$`)") ON("t", "web") PRIORITY("t", 1) TLS("t"), "refused", "refused" },
		{ GUARDED("web") RULE("t", "PathPrefix(`/`)") ON("t", "websecure") PRIORITY("t", 1), "refused", "s0" },
		{ RULE("g", "Host(`a.org`)") AUTH("g") RULE("t", "Host(`a.org`)") ON("t", "websecure"), "refused", "refused" },
		/* it may be about the entry point */
		{ GUARDED("web") "\"traefik.http.routers.g.strange\":\"1\"," RULE("t", "Host(`a.org`)") ON("t", "websecure"), "refused", "refused" },
	};
	struct stage *s = *state;
	char labels[1000];

	for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
		snprintf(labels, sizeof labels, "%s" PORT("x"), odd[i].labels);
		services_aged(s, labels, NULL);
		assert_string_equal(reach(s, "a.org", "/"), odd[i].plain);
		assert_string_equal(reach_by(s, "a.org", "/", true), odd[i].tls);
	}
	/* rules of Mola's own know no entry points */
	services_aged(s, GUARDED("web") PORT("x"), "\"mola.rule\":\"PathPrefix(`/`)\",\"mola.priority\":\"1\",\"mola.port\":\"80\"", NULL);
	assert_string_equal(reach_by(s, "a.org", "/", true), "refused");
	assert_string_equal(reach_by(s, "b.org", "/", true), "s1");
}

/* Of routers on web, websecure, both, or without any: whether Traefik would let the request in somewhere, if these have TLS. */
struct placed {
	struct drawn	 of;
	unsigned	 on;		/* bits; 0: none is named */
	bool		 tls;
};

static bool
placed_is_open(const struct placed *p, int n, const char *host, const char *path, unsigned have_tls)
{
	for (unsigned at = 0; at < 2; at++)
		for (int tls = 0; tls < 2; tls++) {
			struct drawn d[8];
			int m = 0, owner = -1;
			for (int i = 0; i < n; i++)
				if ((p[i].on == 0 || (p[i].on >> at & 1) != 0) && (p[i].tls || (have_tls >> at & 1) != 0) == (tls != 0))
					d[m++] = p[i].of;
			for (int i = 0; i < m; i++)
				if (drawn_matches(&d[i], host, path))
					owner = i;
			if (owner >= 0 && !drawn_guards(d, m, host, path))
				return true;
		}
	return false;
}

static void
placed_play(struct stage *s, const struct placed *p, int n)
{
	static const char *const points[] = { NULL, "web", "websecure", "websecure,web" };
	char labels[4096];
	size_t at = (size_t)snprintf(labels, sizeof labels, PORT("x"));

	for (int i = 0; i < n; i++) {
		at += (size_t)snprintf(labels + at, sizeof labels - at, ",\"traefik.http.routers.r%d.rule\":\"%s\",\"traefik.http.routers.r%d.priority\":\"%d\","
		    "\"traefik.http.routers.r%d.middlewares\":\"%s\",\"traefik.http.routers.r%d.tls\":\"%s\"", i, p[i].of.rule, i, p[i].of.priority, i,
		    p[i].of.guarded ? "auth@file" : "", i, p[i].tls ? "true" : "false");
		if (p[i].on != 0)
			at += (size_t)snprintf(labels + at, sizeof labels - at, ",\"traefik.http.routers.r%d.entrypoints\":\"%s\"", i, points[p[i].on]);
	}
	service(s, "s0", AGE, labels, "");
	play(s);
}

/* Whichever have TLS. */
static void
what_is_served_is_open_somewhere(void **state)
{
	static const char *const hosts[] = { "a.o.org", "c.org", "d.org" }, *const paths[] = { "/", "/x", "/x/y", "/xy", "/z" };
	struct stage *s = *state;
	struct placed p[6];
	unsigned served = 0;
	struct rng rng;

	rng_seed(&rng, 2);
	for (int round = 0; round < 500; round++) {
		int n = 2 + (int)rng_below(&rng, 4);
		for (int i = 0; i < n; i++) {
			drawn_make(&p[i].of, &rng, 1);
			p[i].on = (unsigned)rng_below(&rng, 4);
			p[i].tls = !p[i].of.guarded && rng_below(&rng, 2) == 0;
		}
		placed_play(s, p, n);
		for (size_t k = 0; k < 3 * 5 * 2; k++) {
			const char *host = hosts[k % 3], *path = paths[k / 3 % 5];
			if (reach_by(s, host, path, k >= 15)[0] != 's')
				continue;
			served++;
			for (unsigned have = 0; have < 4; have++)
				if (!placed_is_open(p, n, host, path, have)) {
					for (int i = 0; i < n; i++)
						print_message("%s %d%s on %u%s\n", p[i].of.rule, p[i].of.priority, p[i].of.guarded ? " guarded" : "", p[i].on,
						    p[i].tls ? " tls" : "");
					fail_msg("%s%s is served %s, and is open nowhere with %u", host, path, k >= 15 ? "by TLS" : "in plain", have);
				}
		}
	}
	assert_true(served > 1000);
}

/* Where it is known how requests to an entry point come, those that come otherwise are no claim's. */
static void
a_claim_has_the_requests_of_its_entry_points(void **state)
{
	static const struct swarm_listener listeners[] = { { .name = "web" }, { .name = "websecure", .tls = true }, { .name = "more", .tls = true } };
	struct traefik_entry_point points[] = { { .name = "web", .served = true, .owner = "t" },
		{ .name = "websecure", .served = true, .tls = true, .owner = "t" } };
	struct stage *s = *state;

	s->traefik.entry_point = points;
	s->traefik.nentry_points = 2;
	for (int i = 0; i < 2; i++) {		/* with listeners of their names, too */
		s->conf.listener = listeners;
		s->conf.nlisteners = i == 0 ? 0 : 3;
		services_aged(s, RULE("one", "Host(`a.org`)") ON("one", "web") RULE("two", "Host(`a.org`)") ON("two", "websecure") AUTH("two") PORT("x"), NULL);
		if (i == 0) {
			assert_string_equal(reach(s, "a.org", "/"), "s0");
			assert_string_equal(reach_by(s, "a.org", "/", true), "refused");
		}
		assert_int_equal(s->world->nrefused, 1);
		assert_int_equal(s->world->refused[0].on, i == 0 ? 0 : 2);
		assert_int_equal(s->world->refused[0].rule->by, BY_TLS);
		/* a label that is not understood may be about just that */
		services_aged(s, RULE("one", "Host(`a.org`)") ON("one", "web") RULE("two", "Host(`a.org`)") ON("two", "websecure")
		    "\"traefik.http.routers.two.strange\":\"1\"," PORT("x"), NULL);
		assert_int_equal(s->world->refused[0].on, 0);
		assert_int_equal(s->world->refused[0].rule->by, BY_ANY);
		assert_string_equal(reach(s, "a.org", "/"), "refused");
	}
}

/* Their twin for https is as open as its author made it. */
static void
a_redirection_takes_only_what_is_its_own(void **state)
{
	struct stage *s = *state;

	services_aged(s, RULE("h", "Host(`a.org`)") ON("h", "web") REDIRECT("h") RULE("s", "Host(`a.org`)") ON("s", "websecure") PORT("x"), NULL);
	assert_string_equal(reach_by(s, "a.org", "/", true), "s0");
	assert_string_equal(reach(s, "a.org", "/"), "refused");
	expect_trouble(s, "s0", WHY_NEEDS_MIDDLEWARE, "redirectregex");
	services_aged(s, RULE("h", "Host(`a.org`)") ON("h", "web") REDIRECT("h") RULE("s", "Host(`a.org`)") ON("s", "websecure") AUTH("s") PORT("x"),
	    RULE("any", "PathPrefix(`/`)") PRIORITY("any", 1) PORT("y"), NULL);
	assert_string_equal(reach(s, "a.org", "/"), "refused");
	assert_string_equal(reach(s, "b.org", "/"), "s1");
	/* for Traefik, the longer rule goes first, whatever it says */
	services_aged(s, RULE("s", "Host(`a.org`)") AUTH("s") PORT("x"), RULE("any", "PathPrefix(`/`)") PORT("y"), NULL);
	assert_string_equal(reach(s, "a.org", "/"), "s1");
	services_aged(s, RULE("h", "HostRegexp(`{host:.+}`)") ON("h", "web") REDIRECT("h") PORT("x"), RULE("r", "Host(`a.org`)") PORT("y"), NULL);
	assert_string_equal(reach(s, "a.org", "/"), "s1");
	assert_string_equal(reach(s, "b.org", "/"), "-");
	services_aged(s, RULE("h", "Host(`a.org`) && Method(`POST`)") RULE("s", "Host(`a.org`)") PORT("x"), NULL);
	assert_string_equal(reach(s, "a.org", "/"), "s0");
	/* by the same way it has precedence, as anybody has */
	services_aged(s, RULE("h", "Host(`a.org`)") ON("h", "web") REDIRECT("h") PRIORITY("h", 99) RULE("s", "Host(`a.org`)") ON("s", "web") PORT("x"), NULL);
	assert_string_equal(reach(s, "a.org", "/"), "refused");
	services_aged(s, RULE("h", "Host(`a.org`)") ON("h", "lan, Web") REDIRECT("h") RULE("s", "Host(`a.org`)") ON("s", "web") PORT("x"), NULL);
	assert_string_equal(reach(s, "a.org", "/"), "refused");
	services_aged(s, RULE("h", "Host(`a.org`)") ON("h", "web") REDIRECT("h") RULE("s", "Host(`a.org`)") ON("s", "web,websecure") PORT("x"), NULL);
	assert_string_equal(reach(s, "a.org", "/"), "s0");
	services_aged(s, RULE("h", "Host(`a.org`)") REDIRECT("h") RULE("s", "Host(`a.org`)") "\"traefik.http.routers.s.tls\":\"true\"," PORT("x"), NULL);
	assert_string_equal(reach_by(s, "a.org", "/", true), "s0");
	services_aged(s, RULE("i", "Host(`a.org`)") ON("i", "internal") RULE("w", "Host(`a.org`)") ON("w", "web") PORT("x"), NULL);
	assert_string_equal(reach(s, "a.org", "/"), "s0");
}

static void
a_chain_guards_what_its_links_guard(void **state)
{
#define CHAIN(links) "\"traefik.http.routers.h.middlewares\":\"c\",\"traefik.http.middlewares.c.chain.middlewares\":\"" links "\"," \
	"\"traefik.http.middlewares.https.redirectregex.regex\":\"x\",\"traefik.http.middlewares.auth.basicauth.users\":\"x\","
	struct stage *s = *state;

	services_aged(s, RULE("h", "Host(`a.org`)") ON("h", "web") RULE("s", "Host(`a.org`)") CHAIN("https, https@swarm") PORT("x"), NULL);
	assert_string_equal(reach(s, "a.org", "/"), "s0");
	services_aged(s, RULE("h", "Host(`a.org`)") RULE("s", "Host(`a.org`)") CHAIN("https,auth") PORT("x"), NULL);
	assert_string_equal(reach(s, "a.org", "/"), "refused");
	services_aged(s, RULE("h", "Host(`a.org`)") RULE("s", "Host(`a.org`)") CHAIN("c") PORT("x"), NULL);
	assert_string_equal(reach(s, "a.org", "/"), "refused");
	services_aged(s, RULE("h", "Host(`a.org`)") RULE("s", "Host(`a.org`)") CHAIN("https,lan@file") PORT("x"), NULL);
	assert_string_equal(reach(s, "a.org", "/"), "refused");
	/* defined twice, in two ways: known as neither */
	services_aged(s, RULE("h", "Host(`a.org`)") RULE("s", "Host(`a.org`)") REDIRECT("h") PORT("x"),
	    "\"traefik.http.middlewares.HTTPS.basicauth.users\":\"x\"", NULL);
	assert_string_equal(reach(s, "a.org", "/"), "refused");
}

/* Where it cannot be known what a guarded router stands for, nothing beside it is served. */
static void
a_guard_without_a_rule_closes_the_service(void **state)
{
	struct stage *s = *state;

	services_aged(s, RULE("web", "Host(`a.org`)") AUTH("wbe") PORT("x"), NULL);
	assert_string_equal(reach(s, "a.org", "/"), "-");
	expect_trouble(s, "s0", WHY_ROUTE_CLAIMED, "what that one stands for is not known");
	services_aged(s, RULE("web", "Host(`a.org`)") RULE("g", "Host(a.org") AUTH("g") PORT("x"), NULL);
	assert_string_equal(reach(s, "a.org", "/"), "-");
	services_aged(s, RULE("web", "Host(`a.org`)") RULE("g", "Host(a.org") PORT("x"), NULL);
	assert_string_equal(reach(s, "a.org", "/"), "s0");
	services_aged(s, RULE("web", "Host(`a.org`)") "\"traefik.http.routers.wbe.tls\":\"true\"," PORT("x"), NULL);
	assert_string_equal(reach(s, "a.org", "/"), "s0");
}

/* 40 routers of 64 terms each are more than may be kept, and what is not kept could be what guards. */
static void
more_claims_than_are_kept_close_the_service(void **state)
{
	struct stage *s = *state;
	char *labels = must_zalloc(200000), hosts[1200] = "";
	size_t n = 0, h = 0;

	for (int i = 0; i < 64; i++)
		h += (size_t)snprintf(hosts + h, sizeof hosts - h, "%s`h%d.org`", i % 32 == 0 ? (i > 0 ? ") || Host(" : "Host(") : ",", i);
	for (int i = 0; i < 40; i++)
		n += (size_t)snprintf(labels + n, 200000 - n, "\"traefik.http.routers.r%02d.rule\":\"(%s)) && PathPrefix(`/p%d`)\","
		    "\"traefik.http.routers.r%02d.middlewares\":\"auth\",", i, hosts, i, i);
	snprintf(labels + n, 200000 - n, RULE("zz", "Host(`open.org`)") PORT("x"));
	buf_printf(&s->services, "[{\"ID\":\"id-s0\",\"Spec\":{\"Name\":\"s0\",\"Labels\":{%s}}}", labels);
	play(s);
	assert_int_equal(s->world->nrefused, CLAIMS_MAX);
	assert_string_equal(reach(s, "open.org", "/"), "-");
	free(labels);
}

static void
what_people_say_themselves_gives_way_to_nothing(void **state)
{
	struct stage *s = *state;

	services_aged(s, "\"mola.host\":\"a.org\",\"mola.port\":\"80\"," RULE("r", "Host(`a.org`)") AUTH("r") PORT("x"), NULL);
	assert_string_equal(reach(s, "a.org", "/admin"), "s0");
	services_aged(s, "\"mola.host\":\"a.org\",\"mola.port\":\"80\"", RULE("r", "PathPrefix(`/`)") AUTH("r") PRIORITY("r", 99999) PORT("x"), NULL);
	assert_string_equal(reach(s, "a.org", "/"), "s0");
	/* labels that do not count guard nothing */
	services_aged(s, RULE("r", "PathPrefix(`/`)") PORT("x"), "\"traefik.enable\":\"false\"," RULE("g", "Host(`a.org`)") AUTH("g") PORT("y"), NULL);
	assert_string_equal(reach(s, "a.org", "/"), "s0");
	services_aged(s, RULE("r", "PathPrefix(`/`)") PORT("x"), "\"mola.enable\":\"no\"," RULE("g", "Host(`a.org`)") AUTH("g") PORT("y"), NULL);
	assert_string_equal(reach(s, "a.org", "/"), "s0");
	assert_int_equal(reported(s, "s1")->ntroubles, 0);
}

static void
what_is_refused_goes_with_its_labels(void **state)
{
	struct stage *s = *state;

	services_aged(s, RULE("r", "PathPrefix(`/`)") PORT("x"), RULE("g", "Host(`a.org`)") AUTH("g") PORT("y"), NULL);
	assert_int_equal(s->world->nrefused, 1);
	services_aged(s, RULE("r", "PathPrefix(`/`)") PORT("x"), RULE("g", "Host(`a.org`)") AUTH("g") PORT("y"), NULL);
	assert_false(s->changed);
	services_aged(s, RULE("r", "PathPrefix(`/`)") PORT("x"), NULL);
	assert_true(s->changed);
	assert_string_equal(reach(s, "a.org", "/"), "s0");
}

int
main(void)
{
#define SCENE(f) cmocka_unit_test_setup_teardown(f, stage_setup, stage_teardown)
	const struct CMUnitTest tests[] = {
		SCENE(a_guarded_path_does_not_fall_to_the_rest),
		SCENE(what_is_open_below_a_guarded_path_stays_open),
		SCENE(a_guard_with_a_wider_host_reaches_into_narrower_ones),
		SCENE(no_request_of_a_guarded_router_is_served),
		SCENE(an_entry_point_guards_by_any_of_its_demands),
		SCENE(a_twin_on_another_entry_point_is_served),
		SCENE(what_is_served_is_open_somewhere),
		SCENE(a_claim_has_the_requests_of_its_entry_points),
		SCENE(a_redirection_takes_only_what_is_its_own),
		SCENE(a_chain_guards_what_its_links_guard),
		SCENE(a_guard_without_a_rule_closes_the_service),
		SCENE(more_claims_than_are_kept_close_the_service),
		SCENE(what_people_say_themselves_gives_way_to_nothing),
		SCENE(what_is_refused_goes_with_its_labels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
