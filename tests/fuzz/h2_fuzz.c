/*
 * A client of HTTP/2 and the task behind it, in steps: an octet that says what it is, and what belongs to it.
 *	0..127		a frame of the client's: type, flags, stream, length, and as many octets
 *	128..191	octets of the client's that are no frame: length, octets
 *	192..254	the task speaks: length, octets; of length 0: its direction ends
 *	255		the client reads all that has come
 * What is missing at the end is not there. The preface and empty SETTINGS come first. However it goes, nothing is in
 * flight in the end.
 */
#include "base/alloc.h"
#include "base/clock.h"
#include "http/h2.h"
#include "proxy/proxy.h"
#include "talk.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

#define LATER (60 * USEC_PER_SEC)

static struct loop *l;
static struct live *live;
static struct phys *phys;
static int origin;			/* where tasks are called */
static struct addr front, task_at;

static struct table *
table_of_one(void)
{
	struct table_maker *m = table_maker_new(1);
	struct table_service s = { .policy = POLICY_ROUND_ROBIN, .connect_usec = LATER, .response_usec = LATER, .idle_usec = LATER,
		.tunnel_usec = LATER };
	struct table_route r = { .host = { 0 } };
	struct table *t;
	int fd;

	table_maker_node(m, &(struct table_node){ .name = table_maker_text(m, STR("n")) });
	s.name = table_maker_text(m, STR("web"));
	r.service = table_maker_service(m, &s);
	table_maker_task(m, &(struct table_task){ .name = table_maker_text(m, STR("web.1")), .addr = task_at });
	r.path = table_maker_text(m, STR("/"));
	table_maker_route(m, &r);
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
	struct table *t = table_of_one();
	int fd = talk_listen("front", &front);
	struct proxy *p;

	conf.listener[0] = proxy_listener_of(&front);
	conf.listener[0].http2 = true;
	conf.nlisteners = 1;
	p = proxy_new(l, &conf);
	proxy_listen(p, fd, &front);
	proxy_set_table(p, t);
	table_unref(&t);
	return p;
}

/* ---- steps ---- */

static struct str
take(struct str *rest, size_t n)
{
	struct str s = { rest->p, n < rest->len ? n : rest->len };

	rest->p += s.len;
	rest->len -= s.len;
	return s;
}

static uint8_t
octet(struct str *rest)
{
	struct str s = take(rest, 1);

	return s.len == 0 ? 0 : (uint8_t)*s.p;
}

static void
frame_send(int client, struct str *rest)
{
	char type = (char)octet(rest), flags = (char)octet(rest), id = (char)octet(rest);
	size_t len = octet(rest);
	struct str payload = take(rest, len);
	char head[9] = { 0, 0, (char)len, type, flags, 0, 0, 0, id };

	talk_say(l, client, (struct str){ head, sizeof head });
	if (payload.len > 0)
		talk_say(l, client, payload);
}

static void
step(int client, int task, struct str *rest)
{
	uint8_t kind = octet(rest);
	struct str part;

	if (kind < 128) {
		frame_send(client, rest);
		return;
	}
	if (kind == 255) {
		talk_hear(client);
		return;
	}
	part = take(rest, octet(rest));
	if (kind < 192) {
		if (part.len > 0)
			talk_say(l, client, part);
	} else if (task >= 0 && part.len > 0)
		talk_say(l, task, part);
	else if (task >= 0)
		shutdown(task, SHUT_WR);
}

static void
tasks_hang_up(void)
{
	int task;

	while ((task = accept4(origin, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0)
		close(task);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct str rest = { (const char *)bytes, len };
	struct proxy *p;
	int client, task = -1;

	if (l == NULL) {
		l = loop_new();
		live = live_init(must_zalloc(live_bytes()), 1);
		phys = phys_init(must_zalloc(phys_bytes()));
		origin = talk_listen("task", &task_at);
	}
	p = proxy_of_one();
	client = talk_dial(&front);
	talk_turn(l);
	talk_say(l, client, (struct str){ H2_PREFACE "\0\0\0\4\0\0\0\0\0", H2_PREFACE_LEN + 9 });
	while (rest.len > 0) {
		step(client, task, &rest);
		talk_turn(l);
		if (task >= 0 && !talk_hear(task)) {
			close(task);
			task = -1;
		}
		if (task < 0)
			task = accept4(origin, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	}
	close(client);
	if (task >= 0)
		close(task);
	tasks_hang_up();
	talk_turn(l);
	proxy_free(&p);
	talk_turn(l);
	tasks_hang_up();		/* they were called again meanwhile */
	ASSERT(live_node_inflight(live, 0) == 0 && live_task_inflight(live, 0) == 0);
	return 0;
}
