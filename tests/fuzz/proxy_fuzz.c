/*
 * A client and a task of the proxy, in parts with a line of "----" between them: the client speaks first, then in turn. An empty
 * part ends the speaker's direction. However it goes, nothing is in flight in the end.
 * With RELAYED, by tcp_fuzz.c: the service is of kind tcp.
 */
#include "base/alloc.h"
#include "base/clock.h"
#include "proxy/proxy.h"
#include "talk.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

#define LATER (60 * USEC_PER_SEC)

static struct loop *l;
static struct live *live;
static struct phys *phys;
static int origin;			/* where tasks are called */
static struct addr front, task_at;

#ifdef RELAYED
static void	relayed(struct table_maker *);
#endif

static struct table *
table_of_one(void)
{
	struct table_maker *m = table_maker_new(1);
	struct table_service s = { .policy = POLICY_ROUND_ROBIN, .connect_usec = LATER, .response_usec = LATER, .idle_usec = LATER,
		.tunnel_usec = LATER };
	struct table_route r = { .host = { 0 } };
	struct table *t;
	int fd;

#ifdef RELAYED
	s.kind = SERVICE_TCP;
	s.proxy_version = PROXY_V2;
#endif
	table_maker_node(m, &(struct table_node){ .name = table_maker_text(m, STR("n")) });
	s.name = table_maker_text(m, STR("web"));
	r.service = table_maker_service(m, &s);
	table_maker_task(m, &(struct table_task){ .name = table_maker_text(m, STR("web.1")), .addr = task_at });
	r.path = table_maker_text(m, STR("/"));
	table_maker_route(m, &r);
#ifdef RELAYED
	relayed(m);
#endif
	ASSERT(table_maker_seal(m, &fd) == NULL);
	table_maker_free(&m);
	ASSERT(table_open(fd, &t) == NULL);
	return t;
}

static struct proxy *
proxy_of_one(void)
{
	struct proxy_conf conf = { .live = live, .phys = phys, .seed = 1, .client_head_usec = LATER, .client_idle_usec = LATER,
		.client_body_usec = LATER, .client_write_usec = LATER, .clients_max = 4, .request_head = { 32768, 256 },
		.response_head = { 65536, 256 }, .upstream_idle_max = 4, .upstream_idle_usec = LATER };
	struct proxy *p = proxy_new(l, &conf);
	struct table *t = table_of_one();

	proxy_listen(p, talk_listen("front", &front), &front);
#ifdef RELAYED
	conf.listener[0] = proxy_listener_of(&front);
	strcpy(conf.listener[0].name, "front");
	conf.nlisteners = 1;
	conf.tls_min_version = 12;
	proxy_reconf(p, &conf);
#endif
	proxy_set_table(p, t);
	table_unref(&t);
	return p;
}

static void
speak(int fd, struct str part)
{
	if (part.len > 0)
		talk_say(l, fd, part);
	else if (fd >= 0)
		shutdown(fd, SHUT_WR);
	talk_turn(l);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct str rest = { (const char *)bytes, len }, part;
	struct proxy *p;
	int client, task = -1;
	bool clients_turn = true;

	if (l == NULL) {
		l = loop_new();
		live = live_init(must_zalloc(live_bytes()), 1);
		phys = phys_init(must_zalloc(phys_bytes()));
		origin = talk_listen("task", &task_at);
	}
	p = proxy_of_one();
	client = talk_dial(&front);
	talk_turn(l);
	for (; talk_part(&rest, &part); clients_turn = !clients_turn) {
		if (clients_turn || task >= 0)
			speak(clients_turn ? client : task, part);
		if (task >= 0 && !talk_hear(task)) {
			close(task);
			task = -1;
		}
		if (task < 0)
			task = accept4(origin, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		talk_hear(client);
		talk_turn(l);
	}
	close(client);
	if (task >= 0)
		close(task);
	while ((task = accept4(origin, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0)
		close(task);
	talk_turn(l);
	proxy_free(&p);
	talk_turn(l);
	while ((task = accept4(origin, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0)		/* it was called again meanwhile */
		close(task);
	ASSERT(live_node_inflight(live, 0) == 0 && live_task_inflight(live, 0) == 0);
	return 0;
}
