/*
 * stage: a proxy on its loop, with clients and tasks played by the test over loopback sockets, all in one
 * thread. Whoever waits turns the loop meanwhile, and gives up after PATIENCE.
 */
#ifndef STAGE_H
#define STAGE_H

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "net/resolve.h"
#include "proxy/proxy.h"

#pragma GCC diagnostic ignored "-Wunused-function"	/* no test plays every part */

#define PATIENCE	(10 * USEC_PER_SEC)
#define MSEC		USEC_PER_MSEC
#define TASKS		4

struct stage {
	struct loop	*loop;
	struct proxy	*proxy;
	struct live	*live;
	struct phys	*phys;
	struct addr	 front;
	int		 origin[TASKS];		/* listening sockets of the tasks */
	struct addr	 origin_addr[TASKS];
	int		 norigins;
	enum { SERVES, DRAINS, GONE } state[TASKS];	/* in the next stage_table */
	const char	*name;			/* of the service, in the next stage_table; NULL: web */
	struct addr	 first;			/* when its length is not 0: the tasks' first address, before that of the origin */
	struct table_service service;		/* as in the next stage_table */
	const char	*health_path;		/* the same; /health when NULL */
	const char	*health_method, *health_hostname, *health_headers, *health_service, *health_send, *health_expect;
	const char	*sticky;		/* the same: the name of its cookie; NULL: none */
	const char	*chain;			/* of filters, as world/filter.h has it; NULL: none */
	const char	*server;		/* NULL: HTTP. Else the service is of kind tcp: for clients that name this one; "": for all */
	bool		 ends_tls;		/* the TLS of these clients ends at the proxy, */
	const char	*alpn;			/* with these protocols; NULL: none */
	const struct tls_options *tls;		/* and whose: of the listener "front"; NULL: nobody's */
	const struct tls_host *tls_host;
	unsigned	 ntls, ntls_hosts;	/* a tcp service whose TLS ends here has the last of them */
	struct proxy_conf conf;
	int		 drained;
	uint64_t	 serial;
};

static struct stage stage;

static int
stage_listen(struct addr *a)
{
	int fd;

	assert_null(addr_parse(STR("127.0.0.1:0"), a));
	assert_null(sock_listen(a, false, &fd));
	assert_int_equal(getsockname(fd, &a->sa.any, &a->len), 0);
	return fd;
}

static void
stage_tls(struct table_maker *m)
{
	table_maker_listener(m, &(struct table_listener){ .name = table_maker_text(m, STR("front")) });
	for (unsigned i = 0; i < stage.ntls; i++) {
		const struct tls_options *o = &stage.tls[i];

		table_maker_tls(m, &(struct table_tls){ .ca = table_maker_text(m, str_of(o->ca)), .protocols = table_maker_text(m, str_of(o->protocols)),
		    .min_version = o->min_version, .max_version = o->max_version, .suites = o->suites, .groups = o->groups, .auth = o->auth,
		    .strict = o->strict, .no_tickets = o->no_tickets, .broken = o->broken });
	}
	for (unsigned i = 0; i < stage.ntls_hosts; i++)
		table_maker_tls_host(m, &(struct table_tls_host){ table_maker_text(m, str_of(stage.tls_host[i].host)), stage.tls_host[i].on,
		    stage.tls_host[i].options });
}

/* One node per origin; the service "web" on any host has one task per origin. */
static void
stage_table(void)
{
	struct table_maker *m = table_maker_new(++stage.serial);
	struct table_service s = stage.service;
	struct table_route r = { .host = { 0 } };
	struct table *t;
	char name[16];
	int fd;

	for (int i = 0; i < stage.norigins; i++) {
		snprintf(name, sizeof name, "n%d", i);
		table_maker_node(m, &(struct table_node){ .name = table_maker_text(m, str_of(name)), .slot = (uint32_t)i });
	}
	s.name = table_maker_text(m, str_of(stage.name != NULL ? stage.name : "web"));
	if (s.health_interval_usec > 0)
		s.health_path = table_maker_text(m, str_of(stage.health_path != NULL ? stage.health_path : "/health"));
	s.health_method = table_maker_text(m, str_of(stage.health_method));
	s.health_hostname = table_maker_text(m, str_of(stage.health_hostname));
	s.health_headers = table_maker_text(m, str_of(stage.health_headers));
	s.health_service = table_maker_text(m, str_of(stage.health_service));
	s.health_send = table_maker_text(m, str_of(stage.health_send));
	s.health_expect = table_maker_text(m, str_of(stage.health_expect));
	s.alpn = table_maker_text(m, str_of(stage.alpn));
	s.sticky_cookie = table_maker_text(m, str_of(stage.sticky));
	s.sticky_path = table_maker_text(m, str_of(stage.sticky == NULL ? NULL : "/"));
	r.service = table_maker_service(m, &s);
	for (int i = 0; i < stage.norigins; i++) {
		if (stage.state[i] == GONE)
			continue;
		snprintf(name, sizeof name, "web.%d", i);
		struct table_task k = { .name = table_maker_text(m, str_of(name)), .addr = stage.origin_addr[i], .node = (uint32_t)i,
		    .slot = (uint32_t)i, .draining = stage.state[i] == DRAINS };
		if (stage.first.len != 0) {
			k.other[k.nothers++] = k.addr;
			k.addr = stage.first;
		}
		table_maker_task(m, &k);
	}
	r.path = table_maker_text(m, STR("/"));
	assert_true(table_maker_chain(m, stage.chain, &r.chain));
	if (stage.server == NULL)
		table_maker_route(m, &r);
	else
		table_maker_tcp(m, &(struct table_tcp){ .listener = table_maker_text(m, STR("front")),
		    .host = table_maker_text(m, str_of(stage.server)), .service = r.service, .ends_tls = stage.ends_tls, .tls = stage.ends_tls ? stage.ntls : 0, .chain = r.chain });
	stage_tls(m);
	assert_null(table_maker_seal(m, &fd));
	table_maker_free(&m);
	assert_null(table_open(fd, &t));
	proxy_set_table(stage.proxy, t);
	table_unref(&t);
}

/* In the next stage_table. */
static void
stage_retry_on(const char *on)
{
	struct str wrong;

	assert_true(retry_on_read(str_of(on), &stage.service.retry_on, &wrong));
}

static void
stage_open(int norigins)
{
	int fd;

	memset(&stage, 0, sizeof stage);
	stage.loop = loop_new();
	stage.live = live_init(must_zalloc(live_bytes()), 2);
	stage.phys = phys_init(must_zalloc(phys_bytes()));
	stage.conf = (struct proxy_conf){ .live = stage.live, .phys = stage.phys, .seed = 1, .client_head_usec = PATIENCE,
		.client_idle_usec = PATIENCE, .client_body_usec = PATIENCE, .client_write_usec = PATIENCE, .client_abort_on_close = true,
		.client_request_usec = 24 * 3600 * USEC_PER_SEC, .clients_max = 16,
		.request_head = { 32768, 256 }, .response_head = { 65536, 256 },
		.upstream_idle_max = 4, .upstream_idle_usec = PATIENCE, .probe = true };
	stage.service = (struct table_service){ .slot = 1, .policy = POLICY_ROUND_ROBIN, .pass_host = true, .connect_usec = PATIENCE,
		.response_usec = PATIENCE, .idle_usec = PATIENCE, .tunnel_usec = PATIENCE, .health_interval_usec = 0,
		.health_timeout_usec = PATIENCE, .health_rise = 1, .health_fall = 1,
		.retry_attempts = 3, .retry_budget = 20, .retry_body = 16384 };
	stage_retry_on("connect, reset, timeout, 502, 503, 504");
	stage.norigins = norigins;
	for (int i = 0; i < norigins; i++)
		stage.origin[i] = stage_listen(&stage.origin_addr[i]);
	stage.conf.resolver = resolver_new(stage.loop, NULL);
	stage.proxy = proxy_new(stage.loop, &stage.conf);
	fd = stage_listen(&stage.front);
	proxy_listen(stage.proxy, fd, &stage.front);
	if (norigins > 0)
		stage_table();
}

static void
stage_turn(void)
{
	loop_turn(stage.loop, 1 * MSEC);
}

/* For so long: what must not come has had the time to. */
static void
stage_turns(int64_t usec)
{
	for (int64_t until = clock_mono_usec() + usec; clock_mono_usec() < until;)
		stage_turn();
}

static void
stage_close(void)
{
	struct live_task t;

	proxy_free(&stage.proxy);
	resolver_free(&stage.conf.resolver);
	loop_turn(stage.loop, 0);
	for (int i = 0; i < stage.norigins; i++) {
		live_task_read(stage.live, (unsigned)i, &t);
		assert_int_equal(t.inflight, 0);
		assert_int_equal(live_node_inflight(stage.live, (unsigned)i), 0);
		close(stage.origin[i]);
	}
	assert_int_equal(live_gauge_total(stage.live, LIVE_CLIENTS), 0);
	assert_int_equal(live_gauge_total(stage.live, LIVE_IDLE_UPSTREAMS), 0);
	loop_free(&stage.loop);
	free(stage.live);
	free(stage.phys);
}

#define WAIT_UNTIL(condition) do { \
	int64_t until_ = clock_mono_usec() + PATIENCE; \
	while (!(condition)) { \
		if (clock_mono_usec() > until_) \
			fail_msg("waited in vain: %s", #condition); \
		stage_turn(); \
	} \
} while (0)

/* ---- playing a client, or a task ---- */

static int
dial_addr(const struct addr *a)
{
	int fd;

	assert_null(sock_connect(a, &fd));
	return fd;
}

static int
dial(void)
{
	return dial_addr(&stage.front);
}

/* The proxy has connected to this task. */
static int
answer_call(int origin)
{
	struct addr peer;
	int fd;

	WAIT_UNTIL((fd = sock_accept(stage.origin[origin], &peer)) >= 0);
	return fd;
}

/* Whichever task the proxy has connected to; -1: none yet. */
static int
answer_any(int *origin)
{
	struct addr peer;
	int fd = -1;

	for (int i = 0; i < stage.norigins && fd < 0; i++)
		if (stage.origin[i] >= 0 && (fd = sock_accept(stage.origin[i], &peer)) >= 0)
			*origin = i;
	return fd;
}

static bool
nobody_calls(int origin)
{
	struct addr peer;

	return sock_accept(stage.origin[origin], &peer) < 0;
}

static void
say_bytes(int fd, const char *p, size_t len)
{
	while (len > 0) {
		ssize_t n;
		WAIT_UNTIL((n = send(fd, p, len, MSG_NOSIGNAL)) > 0 || errno != EAGAIN);
		assert_true(n > 0);
		p += n;
		len -= (size_t)n;
	}
}

static void
say(int fd, const char *text)
{
	say_bytes(fd, text, strlen(text));
}

/* One byte per turn: nothing may depend on how bytes are cut. */
static void
say_slowly(int fd, const char *text)
{
	for (; *text != '\0'; text++) {
		say_bytes(fd, text, 1);
		stage_turn();
	}
}

/* Exactly this comes next. */
static void
hear_bytes(int fd, const char *want, size_t len)
{
	char *got = must_alloc(len + 1);
	size_t at = 0;
	ssize_t n = 0;

	while (at < len) {
		WAIT_UNTIL((n = recv(fd, got + at, len - at, 0)) >= 0 || errno != EAGAIN);
		if (n <= 0)
			break;
		at += (size_t)n;
	}
	got[at] = '\0';
	if (len < 4096) {
		char *text = strndup(want, len);
		assert_string_equal(got, text);
		free(text);
	}
	assert_true(at == len && memcmp(got, want, len) == 0);
	free(got);
}

static void
hear(int fd, const char *want)
{
	hear_bytes(fd, want, strlen(want));
}

static void
hear_end(int fd)
{
	char c;
	ssize_t n;

	WAIT_UNTIL((n = recv(fd, &c, 1, 0)) >= 0 || errno != EAGAIN);
	assert_int_equal(n, 0);
}

static void
hear_break(int fd)
{
	char c;
	ssize_t n;

	WAIT_UNTIL((n = recv(fd, &c, 1, 0)) >= 0 || errno != EAGAIN);
	assert_int_equal(n, -1);
	assert_int_equal(errno, ECONNRESET);
}

/* One of our own answers: its status and its reason. The rest of it is eaten. */
static void
hear_why(int fd, int status, const struct why *why)
{
	char got[2048] = "", want[64];
	size_t at = 0;
	ssize_t n;
	char *body;

	for (;;) {
		unsigned long length;
		WAIT_UNTIL((n = recv(fd, got + at, 1, 0)) >= 0 || errno != EAGAIN);
		assert_true(n == 1 && at < sizeof got - 1);
		got[++at] = '\0';
		if ((body = strstr(got, "\r\n\r\n")) == NULL)
			continue;
		length = strtoul(strstr(got, "Content-Length:") + 15, NULL, 10);
		if (strlen(body + 4) == length)
			break;
	}
	snprintf(want, sizeof want, "HTTP/1.1 %d ", status);
	assert_memory_equal(got, want, strlen(want));
	snprintf(want, sizeof want, "\r\nMola-Why: %s\r\n", why->name);
	assert_non_null(strstr(got, want));
}

static void
hang_up(int fd)
{
	struct linger none = { .l_onoff = 1 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
	close(fd);
}

static unsigned
inflight(void)
{
	unsigned n = 0;

	for (int i = 0; i < stage.norigins; i++)
		n += live_task_inflight(stage.live, (unsigned)i);
	return n;
}

static uint64_t
whys(const struct why *w)
{
	return live_why_total(stage.live, w->id);
}

/* ---- what is said most often ---- */

#define GET(path)	"GET " path " HTTP/1.1\r\nHost: a.example\r\n\r\n"
#define FORWARDED	"X-Forwarded-For: 127.0.0.1\r\nX-Real-IP: 127.0.0.1\r\nX-Forwarded-Proto: http\r\n" \
	"X-Forwarded-Host: a.example\r\nX-Forwarded-Port: 80\r\n"
#define GOT(path)	"GET " path " HTTP/1.1\r\nHost: a.example\r\n" FORWARDED "\r\n"
#define OK(length, body) "HTTP/1.1 200 OK\r\nContent-Length: " #length "\r\n\r\n" body

/* One plain exchange on open connections. */
static void
exchange(int client, int task)
{
	say(client, GET("/"));
	hear(task, GOT("/"));
	say(task, OK(2, "ok"));
	hear(client, OK(2, "ok"));
}

#endif
