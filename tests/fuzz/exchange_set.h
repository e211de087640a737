/*
 * What exchange_fuzz.c plays on: a proxy with all that routes can lead to. Where TLS and HTTP/2 go to a task, that task is another
 * listener of the same proxy, so that both ends are Mola's.
 *
 *	Host		goes to
 *	web		tasks 0 and 1
 *	checked		tasks 1 and 2, with health checks, a cookie, ejection
 *	load		tasks 0 and 2, with load reports of theirs (ORCA), which clients get
 *	dead		a task that cannot be reached, and task 0 at its second address
 *	h2c, https, h2 ...	as web, over other listeners of the same proxy; some fail at TLS (`inner`)
 *	grpc		task 2 in HTTP/2, with health checks of gRPC
 *	split, spare, copied	groups of web and checked: by weight, with a fallback, with a mirror
 *	ruled		web, for requests with a field and an argument
 *	refuses		a task that cannot be reached, behind a middleware that retries
 *	odd		tasks 1 and 2 with checks of another method, host and status
 * Connections to the listener `names` go to a service of TCP with checks, by the name that the client asks for: pass.test as they are,
 * end.test without their TLS, kept.test to nobody from here, refused.test to nobody.
 *	m0, m1 ...	web, behind one of the chains of filters of exchange_parts.h
 * exchange_tuned.h has more, which are in some tables alone.
 */
#ifndef FUZZ_EXCHANGE_SET_H
#define FUZZ_EXCHANGE_SET_H

#include "exchange_parts.h"
#include "exchange_tuned.h"

/* ---- the rest of the table ---- */

static void
checked_add(struct table_maker *m, unsigned gone, uint32_t *at)
{
	struct table_service s = service_of(m, "checked");

	s.health_path = text(m, (gone & MOVED) != 0 ? "/up2" : "/up");
	s.health_headers = text(m, "X-Check: 1");
	s.health_interval_usec = USEC_PER_SEC;
	s.health_follow_redirects = true;
	s.sticky_cookie = text(m, "at");
	s.sticky_path = text(m, "/");
	s.eject_failures = 2;
	*at = table_maker_service(m, &s);
	task_add(m, gone, 1, &origin_at[(gone & MOVED) != 0 ? 2 : 1]);
	task_add(m, gone, 2, &origin_at[2]);
	route_add(m, "checked", *at, 0, 0);
}

/* What of these is dead. */
static uint32_t
more_add(struct table_maker *m, unsigned gone)
{
	struct table_service load = service_of(m, "load"), dead = service_of(m, "dead"), grpc = service_of(m, "grpc");
	struct table_task t = { .name = text(m, "dead.1"), .slot = 8, .nothers = 1, .other = { origin_at[0] } };
	uint32_t at, nobody;

	load.load = LOAD_ORCA_PASS;
	load.orca_reports = true;
	load.policy = POLICY_MARGINAL;
	at = table_maker_service(m, &load);
	task_add(m, gone, 0, &origin_at[0]);
	task_add(m, gone, 2, &origin_at[2]);
	route_add(m, "load", at, 0, 0);
	dead.health_connect = true;
	dead.health_interval_usec = USEC_PER_SEC;
	nobody = table_maker_service(m, &dead);
	ASSERT(addr_parse(STR(NOBODY), &t.addr) == NULL);
	table_maker_task(m, &t);
	route_add(m, "dead", nobody, 0, 0);
	grpc.idle_usec = grpc.response_usec = 600 * USEC_PER_SEC;
	grpc.scheme = SCHEME_H2C;
	grpc.health_mode = CHECK_GRPC;
	grpc.health_path = text(m, "/");
	grpc.health_interval_usec = USEC_PER_SEC;
	at = table_maker_service(m, &grpc);
	task_add(m, gone, 10, &origin_at[2]);
	route_add(m, "grpc", at, 0, 0);
	return nobody;
}

/* How a task is checked, and a chain with which one that refuses is tried again. */
static void
odd_add(struct table_maker *m, unsigned gone)
{
	struct table_service odd = service_of(m, "odd"), refuses = service_of(m, "refuses");
	struct table_task t = { .name = text(m, "refuses.1"), .slot = 14 };
	uint32_t at, chain;

	odd.health_path = text(m, "/odd");
	odd.health_method = text(m, "POST");
	odd.health_hostname = text(m, "odd.test");
	odd.health_status = 204;
	odd.health_port = 81;
	odd.health_interval_usec = 3 * USEC_PER_SEC;
	odd.health_unhealthy_interval_usec = USEC_PER_SEC;
	odd.policy = POLICY_LEAST_CONN;
	odd.sticky_cookie = text(m, "odd");
	odd.sticky_max_age = 60;
	odd.sticky_http_only = odd.sticky_secure = true;
	at = table_maker_service(m, &odd);
	task_add(m, gone, 17, &origin_at[1]);
	task_add(m, gone, 18, &origin_at[2]);
	route_add(m, "odd", at, 0, 0);
	at = table_maker_service(m, &refuses);
	ASSERT(addr_parse(STR(NOBODY), &t.addr) == NULL);
	table_maker_task(m, &t);
	t.slot = 15;
	table_maker_task(m, &t);
	ASSERT(table_maker_chain(m, set_chain(RETRY_CHAIN), &chain));
	route_add(m, "refuses", at, chain, 0);
}

/* Services whose only task is another listener of this proxy. */
struct inner {
	const char *host;
	enum scheme scheme;
	int listener;
	const char *tls_name, *ca, *cert;	/* ca NULL: whatever certificate it has will do */
	bool checked;
};

static void
inner_add(struct table_maker *m, const struct inner *of, unsigned slot)
{
	struct table_service s = service_of(m, of->host);
	uint32_t at;

	s.scheme = of->scheme;
	s.tls_name = text(m, of->tls_name);
	s.tls_verify = of->ca != NULL;
	s.tls_ca = text(m, of->ca == NULL ? "" : of->ca);
	s.tls_cert = text(m, of->cert == NULL ? "" : of->cert);
	s.tls_http1 = str_eq(str_of(of->host), STR("mutual"));
	s.load = LOAD_ORCA;
	if (of->checked) {
		s.health_path = text(m, "/up");
		s.health_interval_usec = 2 * USEC_PER_SEC;
	}
	at = table_maker_service(m, &s);
	task_add(m, 0, slot, &front[of->listener]);
	route_add(m, of->host, at, 0, 0);
}

static void
groups_add(struct table_maker *m, uint32_t web, uint32_t checked)
{
	static const char *const name[] = { "split", "spare", "copied" };
	struct table_child c[] = { { .service = web, .weight = 1, .name = text(m, "web") },
		{ .service = checked, .weight = 2, .name = text(m, "checked") } };
	uint32_t at[GROUP_KINDS];

	for (unsigned k = 0; k < GROUP_KINDS; k++) {
		struct table_service s = service_of(m, name[k]);
		s.sticky_cookie = text(m, k == GROUP_WEIGHTED ? "split" : "");
		at[k] = table_maker_service(m, &s);
	}
	for (unsigned k = 0; k < GROUP_KINDS; k++) {
		if (k == GROUP_MIRRORING)
			c[1].weight = 100;
		table_maker_group(m, at[k], &(struct table_group){ .kind = (enum group_kind)k, .n = 2, .body_most = 100 }, c);
		route_add(m, name[k], at[k], 0, 0);
	}
}

static void
relay_add(struct table_maker *m, unsigned gone)
{
	static const struct filter_setting amount = { { "amount", 6 }, { "2", 1 } };
	struct table_service s = service_of(m, "relay");
	uint32_t at, chain;

	s.kind = SERVICE_TCP;
	s.proxy_version = PROXY_V1;
	at = table_maker_service(m, &s);
	task_add(m, gone, 13, &origin_at[1]);
	ASSERT(table_maker_chain(m, filter_chain_add(chains, "", STR("g"), FILTER_IN_FLIGHT_REQ, &amount, 1), &chain));
	table_maker_tcp(m, &(struct table_tcp){ .listener = text(m, listener_name[RELAY]), .host = text(m, ""), .service = at,
	    .chain = chain });
}

/* By the name that clients ask for. */
static void
names_add(struct table_maker *m)
{
	static const struct filter_setting nobody = { { "sourceRange", 11 }, { "10.0.0.0/8", 10 } };
	struct table_service s = service_of(m, "names");
	struct addr nobody_at;
	uint32_t chain;
	struct table_tcp t = { .listener = text(m, listener_name[NAMES]), .host = text(m, "pass.test") };

	s.kind = SERVICE_TCP;
	s.proxy_version = PROXY_V2;
	s.health_connect = true;
	s.health_interval_usec = 2 * USEC_PER_SEC;
	t.service = table_maker_service(m, &s);
	task_add(m, 0, 16, &origin_at[0]);
	ASSERT(addr_parse(STR(NOBODY), &nobody_at) == NULL);
	task_add(m, 0, 19, &nobody_at);
	table_maker_tcp(m, &t);
	t.host = text(m, "end.test");
	t.ends_tls = true;
	table_maker_tcp(m, &t);
	t.listener = text(m, listener_name[SECURE]);
	t.host = text(m, "tcp.test");
	table_maker_tcp(m, &t);
	t.listener = text(m, listener_name[NAMES]);
	t.host = text(m, "kept.test");
	t.ends_tls = false;
	ASSERT(table_maker_chain(m, filter_chain_add(chains, "", STR("k"), FILTER_IP_ALLOW_LIST, &nobody, 1), &chain));
	t.chain = chain;
	table_maker_tcp(m, &t);
	t.host = text(m, "refused.test");
	t.service = TABLE_REFUSED;
	t.chain = 0;
	table_maker_tcp(m, &t);
}

/* As a router of Traefik's with the rule Header and Query. */
static void
ruled_add(struct table_maker *m, uint32_t web)
{
	const struct condition_node field = { .kind = CONDITION_TEST, .matcher = MATCHER_HEADER, .name = STR("X-One"), .value = STR("1") },
	    query = { .kind = CONDITION_TEST, .matcher = MATCHER_QUERY, .name = STR("a"), .value = STR("b") },
	    both = { .kind = CONDITION_AND, .left = &field, .right = &query };

	table_maker_route(m, &(struct table_route){ .host = text(m, "ruled"), .path = text(m, "/"), .service = web, .by_rule = true,
	    .priority = 1, .condition = table_maker_condition(m, condition_make(chains, &both)) });
}

/* What the listeners are to routes; and whose handshakes are special. */
static void
listeners_add(struct table_maker *m, unsigned gone)
{
	bool other = (gone & OTHER_TLS) != 0;
	uint32_t old, closed, mutual, any;

	for (int i = 0; i < LISTENERS; i++)
		table_maker_listener(m, &(struct table_listener){ .name = text(m, listener_name[i]),
		    .redirect_port = i == ELSEWHERE ? 8443 : 0, .redirect_temporary = true });
	old = table_maker_tls(m, &(struct table_tls){ .name = text(m, "old"), .ca = text(m, ""), .protocols = text(m, "http/1.1"),
	    .max_version = 12, .suites = other ? 1 : 0, .auth = other ? TLS_AUTH_NONE : TLS_AUTH_REQUEST, .no_tickets = true });
	closed = table_maker_tls(m, &(struct table_tls){ .name = text(m, "closed"), .ca = text(m, ""), .protocols = text(m, ""),
	    .broken = true });
	mutual = table_maker_tls(m, &(struct table_tls){ .name = text(m, "mutual"), .ca = text(m, ca_pem), .protocols = text(m, ""),
	    .min_version = other ? 13 : 12, .auth = other ? TLS_AUTH_IF_GIVEN : TLS_AUTH_VERIFY });
	any = table_maker_tls(m, &(struct table_tls){ .name = text(m, "any"), .ca = text(m, ""), .protocols = text(m, ""),
	    .auth = TLS_AUTH_ANY, .strict = other });
	table_maker_tls_host(m, &(struct table_tls_host){ text(m, "mutual.test"), 0, mutual });
	table_maker_tls_host(m, &(struct table_tls_host){ text(m, "any.test"), 0, any });
	table_maker_tls_host(m, &(struct table_tls_host){ text(m, "old.test"), 0, old });
	table_maker_tls_host(m, &(struct table_tls_host){ text(m, "closed.test"), 0, closed });
}

static const struct inner inner[] = {
	{ "h2c", SCHEME_H2C, INNER, "", NULL, NULL, false }, { "https", SCHEME_HTTPS, SECURE, "web.test", NULL, NULL, false },
	{ "h2", SCHEME_H2, SECURE, "web.test", NULL, NULL, false }, { "old", SCHEME_HTTPS, SECURE, "old.test", NULL, NULL, false },
	{ "closed", SCHEME_HTTPS, SECURE, "closed.test", NULL, NULL, false }, { "strict", SCHEME_HTTPS, SECURE, "address", "", NULL, false },
	{ "unnamed", SCHEME_HTTPS, FRONT, "web.test", NULL, NULL, false }, { "verified", SCHEME_HTTPS, SECURE, "web.test", "own", NULL, false },
	{ "several", SCHEME_H2, SECURE, "web.test", "own,other", NULL, false }, { "misnamed", SCHEME_HTTPS, SECURE, "misnamed.test", "own", NULL, true },
	{ "foreign", SCHEME_HTTPS, SECURE, "web.test", "other", NULL, false }, { "expired", SCHEME_HTTPS, SECURE, "expired.test", "own", NULL, false },
	{ "missing", SCHEME_HTTPS, SECURE, "web.test", "none", NULL, false }, { "mutual", SCHEME_HTTPS, SECURE, "mutual.test", NULL, "own", false },
	{ "uncertain", SCHEME_HTTPS, SECURE, "mutual.test", NULL, NULL, false }, { "stranger", SCHEME_H2, SECURE, "mutual.test", NULL, "other", false },
	{ "any", SCHEME_HTTPS, SECURE, "any.test", NULL, "other", false }, { "tcps", SCHEME_HTTPS, SECURE, "tcp.test", NULL, NULL, false },
	{ "ends", SCHEME_HTTPS, NAMES, "end.test", NULL, NULL, false }, { "plain", SCHEME_H2, INNER, "web.test", NULL, NULL, true },
	{ "spoken", SCHEME_H2C, FRONT, "", NULL, NULL, false }
};

static struct table *
set_table(unsigned gone)
{
	static uint64_t serial;
	struct table_maker *m = table_maker_new(++serial);
	struct table_service s;
	struct table *t;
	uint32_t web, checked, dead, chain;
	char host[8];
	int fd;

	table_maker_node(m, &(struct table_node){ .name = text(m, "n") });
	s = service_of(m, "web");
	web = table_maker_service(m, &s);
	task_add(m, gone, 0, &origin_at[(gone & MOVED) != 0]);
	task_add(m, gone, 1, &origin_at[(gone & MOVED) == 0]);
	checked_add(m, gone, &checked);
	dead = more_add(m, gone);
	for (unsigned i = 0; i < sizeof inner / sizeof *inner; i++) {
		inner_add(m, &inner[i], 20 + i);
		route_add(m, inner[i].host, web, 0, 1u << INNER | 1u << SECURE);
	}
	odd_add(m, gone);
	names_add(m);
	if ((gone & TUNED) != 0)
		tuned_add(m, gone, dead);
	else
		relay_add(m, gone);
	groups_add(m, web, checked);
	listeners_add(m, gone);
	ruled_add(m, web);
	route_add(m, "web", web, 0, 0);
	route_add(m, "", web, 0, 1u << INNER | 1u << SECURE);
	for (size_t i = 0; i < FILTERS; i++) {
		snprintf(host, sizeof host, "m%zu", i);
		ASSERT(table_maker_chain(m, set_chain(i), &chain));
		route_add(m, host, web, chain, 0);
	}
	ASSERT(table_maker_seal(m, &fd) == NULL);
	table_maker_free(&m);
	ASSERT(table_open(fd, &t) == NULL);
	return t;
}

/* ---- the proxy ---- */

/* What is known of the only node: nothing, that it is full, that it is idle. */
static void
set_node(unsigned n, int64_t now)
{
	struct phys_row full = { .law = { .cores = 0.2, .others = 9, .neutral = 1, .sampled_usec = now, .period_usec = USEC_PER_SEC,
	    .balancers = 1, .lasting = 1 }, .score = 1, .memory = 0.9, .wanted = 9 };
	struct phys_row idle = { .law = { .cores = 8, .sampled_usec = now, .period_usec = USEC_PER_SEC, .balancers = 1 }, .score = 90,
	    .memory = 0.1, .wanted = 1 };
	struct phys_row none = { .law = { .cores = 1, .period_usec = USEC_PER_SEC, .balancers = 1 } };

	phys_write(phys, 0, n % 3 == 0 ? &none : n % 3 == 1 ? &full : &idle);
}

#define TOKEN	"evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA"	/* of a challenge over HTTP */

/* Once: a CA, who has a certificate of it and who does not. */
static void
certs_make(void)
{
	struct made ca = make_cert(EVP_EC_gen("P-256"), "own", NULL, NULL, 30), other = make_cert(EVP_EC_gen("P-256"), "other", NULL, NULL, 30);
	struct made web = make_cert(EVP_EC_gen("P-256"), "web", "DNS:web.test,DNS:old.test,DNS:closed.test,DNS:https,DNS:h2,DNS:old,"
	    "DNS:mutual.test,DNS:any.test,DNS:tcp.test,DNS:end.test", &ca, 30);
	struct made expired = make_cert(EVP_EC_gen("P-256"), "expired", "DNS:expired.test", &ca, -1);

	ca_pem = pem_add(NULL, ca.x, NULL);
	web_pem = pem_add(NULL, web.x, web.key);
	expired_pem = pem_add(NULL, expired.x, expired.key);
	other_pem = pem_add(NULL, other.x, other.key);
	made_free(&ca);
	made_free(&other);
	made_free(&web);
	made_free(&expired);
}

static void
set_secrets(struct proxy *p, unsigned n)
{
	static const char zeros[TLS_TICKET_BYTES];
	struct secrets_maker *m = secrets_maker_new(1);
	struct secrets *s;
	int fd;

	secrets_maker_add(m, STR("cert/file:web"), str_of(web_pem));
	secrets_maker_add(m, STR("cert/file:expired"), str_of(expired_pem));
	secrets_maker_add(m, STR("task-ca/own"), str_of(ca_pem));
	secrets_maker_add(m, STR("task-ca/other"), str_of(other_pem));
	secrets_maker_add(m, STR("task-ca/system"), str_of(ca_pem));
	secrets_maker_add(m, STR("task-cert/own"), str_of(web_pem));
	secrets_maker_add(m, STR("task-cert/other"), str_of(other_pem));
	secrets_maker_add(m, STR("challenge/http-01/" TOKEN), STR(TOKEN ".response"));
	if (n % 2 == 0)
		secrets_maker_add(m, STR("acme"), STR("1"));	/* others may come */
	if ((n & 32) != 0)
		secrets_maker_add(m, STR("ticket/0"), (struct str){ zeros, TLS_TICKET_BYTES });
	if ((n & 64) != 0)
		secrets_maker_add(m, STR("client-ca/secure"), str_of((n & 128) != 0 ? other_pem : ca_pem));
	if ((n & 4) != 0)
		secrets_maker_add(m, STR("cert/file:broken"), STR("x"));
	if ((n & 16) != 0)
		secrets_maker_add(m, STR("challenge/tls-alpn-01/web.test"), str_of(web_pem));
	if ((n & 8) != 0)
		secrets_maker_add(m, STR("default"), STR("file:web"));
	ASSERT(secrets_maker_seal(m, &fd) == NULL);
	secrets_maker_free(&m);
	ASSERT(secrets_open(fd, &s) == NULL);
	ASSERT(proxy_set_secrets(p, s) == ((n & 4) == 0));
	secrets_unref(&s);
}

/* Conf number `n`: the access log's format, what is traced, how clients that leave are served. */
static struct proxy_conf
set_conf(unsigned n)
{
	struct proxy_conf c = { .live = live, .phys = phys, .seed = 1, .client_head_usec = 2 * USEC_PER_SEC,
		.client_idle_usec = 5 * USEC_PER_SEC, .client_body_usec = 2 * USEC_PER_SEC, .client_write_usec = 2 * USEC_PER_SEC,
		.client_request_usec = 60 * USEC_PER_SEC, .client_min_rate = n & 8 ? 100 : 0, .client_grace_usec = USEC_PER_SEC,
		.client_abort_on_close = (n & 1) != 0, .clients_max = n & 512 ? 3 : 24, .clients_per_address = n & 16 ? 3 : 0, .request_head = { 4096, 64 }, .response_head = { 4096, 64 },
		.upstream_idle_max = 2, .upstream_idle_usec = 2 * USEC_PER_SEC, .tls_min_version = 12, .hsts_seconds = 60,
		.probe = (n & 64) == 0,
		.trusted = { { { { 0 } }, 0 } }, .ntrusted = n & 4 ? 1 : 0, .nlisteners = LISTENERS };

	c.access.format = (enum access_format)(n % ACCESS_FORMATS);
	c.access.nstatuses = n & 128 ? 1 : 0;
	c.access.status[0].least = 500;
	c.access.status[0].most = 599;
	c.access.least_usec = n & 256 ? USEC_PER_SEC : 0;
	c.access.tried = (n & 256) != 0;
	c.access.nfields = 2;
	c.access.field[0] = (struct access_field){ ACCESS_SIDE_REQUEST, "X-One" };
	c.access.field[1] = (struct access_field){ ACCESS_SIDE_ORIGIN, "X-Two" };
	c.trace = (struct trace_conf){ .ids = n & 2 ? TRACE_IDS_MAKE : TRACE_IDS_OFF, .id_field = "X-Request-Id", .spans = (n & 2) != 0,
		.parents = n & 4 ? TRACE_PARENTS_ANY : TRACE_PARENTS_TRUSTED, .ratio = 1 };
	for (int i = 0; i < LISTENERS; i++) {
		c.listener[i] = proxy_listener_of(&front[i]);
		strcpy(c.listener[i].name, listener_name[i]);
		c.listener[i].http2 = true;
	}
	c.listener[SECURE].http2 = (n & 4096) == 0;
	c.listener[PROXIED].proxy_protocol = true;
	c.listener[SECURE].tls = true;
	c.listener[SECURE].client_cert = n & 1024 ? PROXY_CLIENT_CERT_OPTIONAL : n & 2048 ? PROXY_CLIENT_CERT_REQUIRE : PROXY_CLIENT_CERT_NONE;
	c.listener[INNER].redirect_port = n & 32 ? 443 : 0;
	return c;
}

static int
listen_tcp(struct addr *a)
{
	int fd;

	ASSERT(addr_parse(STR("127.0.0.1:0"), a) == NULL);
	ASSERT(sock_listen(a, false, &fd) == NULL);
	ASSERT(getsockname(fd, &a->sa.any, &a->len) == 0);
	return fd;
}

static void
set_begin(void)
{
	char name[16];

	signal(SIGPIPE, SIG_IGN);	/* as all processes of Mola's */
	l = loop_new();
	phys = phys_init(must_zalloc(phys_bytes()));
	chains = arena_new();
	for (int i = 0; i < ORIGINS - 1; i++) {
		snprintf(name, sizeof name, "task%d", i);
		origin[i] = talk_listen(name, &origin_at[i]);
	}
	origin[ORIGINS - 1] = listen_tcp(&origin_at[ORIGINS - 1]);
	for (int i = 0; i < LISTENERS; i++)
		front_fd[i] = listen_tcp(&front[i]);
	certs_make();
	snprintf(secure_url, sizeof secure_url, "https://127.0.0.1:%u/auth", addr_port(&front[SECURE]));
	snprintf(auth_url, sizeof auth_url, "http://127.0.0.1:%u/auth", addr_port(&origin_at[ORIGINS - 1]));
}

static struct proxy *
set_proxy(unsigned n)
{
	struct proxy_conf c;
	struct proxy *p;

	live = live_fresh(live);	/* nothing of the input before is remembered */
	set_node(0, 0);
	c = set_conf(n);
	p = proxy_new(l, &c);
	for (int i = 0; i < LISTENERS; i++)
		proxy_listen(p, fcntl(front_fd[i], F_DUPFD_CLOEXEC, 0), &front[i]);
	set_secrets(p, n);
	return p;
}

#endif
