/*
 * The room's entry points: makes the parts, connects them with each other, and takes them
 * apart. What happens to a connection is in listener.c, client.c and exchange.c, in this order.
 */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "base/clock.h"
#include "http/flow.h"
#include "proxy/client.h"
#include "proxy/client_tls.h"
#include "proxy/exchange.h"
#include "proxy/h2_client.h"
#include "proxy/listener.h"
#include "proxy/mirroring.h"
#include "proxy/outcall.h"
#include "proxy/task_tls.h"
#include "proxy/tcp.h"

/* Unused memory that is kept for the next ones; beyond it, what a peak left behind goes back. */
#define ENCODERS_BYTES	(64 * 1024 * 1024)	/* what bodies under way take to be compressed, at most */
#define COPIED_BYTES	(64 * 1024 * 1024)	/* the same of bodies that are copied */
#define CLIENTS_KEPT	4096
#define EXCHANGES_KEPT	4096
#define RELAYS_KEPT	1024
#define RELAY_FLOWS_KEPT 64
#define PAGES_KEPT	2048

/* After the last response. */
#define FIRST_USEC		(250 * USEC_PER_MSEC)
#define LINGER_USEC		(2 * USEC_PER_SEC)
#define LINGER_MOST_USEC	(30 * USEC_PER_SEC)
#define LINGER_BYTES		(64u << 20)
#define LINGER_TURN_BYTES	(256u << 10)

#define TIDY_USEC	(10 * USEC_PER_SEC)
#define LOOSE_BYTES	(1u << 20)	/* less is not worth walking the heap for */

/* What clients may not use up: tables, checks and logs go on when a memory limit is reached.
 * Touched only then. */
#define RESERVE_BYTES	(4u << 20)
/* What clients may use up until others have given memory back. */
#define CUSHION_BYTES	(1u << 20)

_Static_assert(PAGE_BYTES <= ALLOC_PIECE_BYTES, "a buffer of TLS that is freed makes room for it");

struct kept_text {
	SLIST_ENTRY(kept_text) link;
	char		 text[];
};

/* A head that waits for its client points at it: so each text that a configuration brings is
 * there once, as long as the proxy is. */
static const char *
text_keep(struct proxy *p, const char *text)
{
	size_t bytes = strlen(text) + 1;
	struct kept_text *k;

	SLIST_FOREACH(k, &p->texts, link)
		if (strcmp(k->text, text) == 0)
			return k->text;
	k = must_zalloc(sizeof *k + bytes);
	memcpy(k->text, text, bytes);
	SLIST_INSERT_HEAD(&p->texts, k, link);
	return k->text;
}

static void
texts_free(struct proxy *p)
{
	struct kept_text *k;

	while ((k = SLIST_FIRST(&p->texts)) != NULL) {
		SLIST_REMOVE_HEAD(&p->texts, link);
		free(k);
	}
}

static void
hsts_apply(struct proxy *p)
{
	char text[48];

	snprintf(text, sizeof text, "max-age=%lld", (long long)p->conf.hsts_seconds);
	p->hsts = p->conf.hsts_seconds >= 0 ? text_keep(p, text) : NULL;
}

static void
trace_apply(struct proxy *p)
{
	char name[TRACE_FIELD_MAX + 8];

	tracer_set_conf(&p->tracer, &p->conf.trace);
	snprintf(name, sizeof name, "\r\n%s: ", p->conf.trace.id_field);
	p->tracer.id_edit = text_keep(p, name);
}

static void
conf_apply(struct proxy *p)
{
	int request = p->conf.request_head.fields, response = p->conf.response_head.fields;

	p->sessions.limits = (struct session_limits){
		.most = p->conf.clients_max, .first_usec = FIRST_USEC, .idle_usec = p->conf.client_idle_usec,
		.linger_usec = LINGER_USEC, .linger_most_usec = LINGER_MOST_USEC,
		.linger_bytes = LINGER_BYTES, .linger_turn_bytes = LINGER_TURN_BYTES,
	};
	p->streams.limits = p->sessions.limits;
	h2_set_conf(p->h2, &(struct h2_conf){ .head_usec = p->conf.client_head_usec,
	    .write_usec = p->conf.client_write_usec, .request = p->conf.request_head,
	    .response = p->conf.response_head });
	/* a client's and a request's timer each, also of streams; tasks' connections and probes */
	loop_reserve(p->loop, 8 * p->conf.clients_max + 4096);
	p->head.field = must_realloc(p->head.field,
	    (size_t)(request > response ? request : response) * sizeof *p->head.field);
	upstream_set_heads(p->upstream, p->conf.request_head, p->conf.response_head);
	upstream_set_limits(p->upstream, p->conf.upstream_idle_max, p->conf.upstream_idle_usec);
	access_set_conf(p->access, &p->conf.access);
	trace_apply(p);
	hsts_apply(p);
}

static void
on_means(void *arg, uint32_t events)
{
	struct proxy *p = arg;

	(void)events;
	filter_means_turn(p->means);
}

struct proxy *
proxy_new(struct loop *l, const struct proxy_conf *conf)
{
	struct proxy *p = must_zalloc(sizeof *p);
	struct filter_fetch_ops calls;

	alloc_reserve(RESERVE_BYTES);
	alloc_cushion(CUSHION_BYTES);
	p->loop = l;
	p->conf = *conf;
	LIST_INIT(&p->listeners);
	sessions_init(&p->sessions, l, &client_ops, p);
	sessions_init(&p->streams, l, &client_ops, p);
	p->h2 = h2_new(l, &h2_client_ops);
	share_init(&p->share, l);
	waiting_init(&p->waiting, l, conf->live, conf->worker);
	p->encoders.most = ENCODERS_BYTES;
	p->copied.most = COPIED_BYTES;
	LIST_INIT(&p->copies);
	p->clients = slab_new(l, sizeof(struct client), CLIENTS_KEPT);
	p->exchanges = slab_new(l, exchange_bytes(), EXCHANGES_KEPT);
	p->relays = slab_new(l, tcp_bytes(), RELAYS_KEPT);
	p->relay_flows = slab_new(l, tcp_flows_bytes(), RELAY_FLOWS_KEPT);
	p->pages = slab_new(l, ALLOC_PIECE_BYTES, PAGES_KEPT);
	p->tally = tally_new();
	p->keys = keys_new(l, conf->live, client_tls_choose, p);
	p->pick = pick_new(conf->live, conf->phys, conf->seed);
	p->sticky = sticky_new();
	p->groups = groups_new(p->conf.live, p->conf.seed);
	p->budget = budget_new();
	p->tls = task_tls_new();
	p->upstream = upstream_new(l, conf->live, conf->worker, p->tls);
	p->access = access_new(l, STDOUT_FILENO);
	tracer_init(&p->tracer);
	p->outcalls = outcalls_new(l, conf->resolver);
	calls = outcalls_ops(p->outcalls);
	p->means = filter_means_new(&calls);
	p->means_io.fd = -1;
	if (filter_means_fd(p->means) >= 0)
		loop_watch(l, &p->means_io, filter_means_fd(p->means), LOOP_LEVEL, on_means, p);
	if (conf->probe)
		p->health = health_new(l, conf->live, conf->seed, conf->worker, p->tls);
	conf_apply(p);
	return p;
}

void
proxy_free(struct proxy **pp)
{
	struct proxy *p = *pp;

	*pp = NULL;
	if (p == NULL)
		return;
	listener_close_all(p);
	sessions_end(&p->sessions);
	sessions_end(&p->streams);
	ASSERT(p->collected == 0);
	mirroring_end(p);
	listener_names_free(p);		/* lines of the access log have had them */
	h2_free(&p->h2);
	timer_clear(p->loop, &p->empty_timer);
	share_fini(&p->share);
	waiting_fini(&p->waiting);
	health_free(&p->health);
	upstream_free(&p->upstream);
	task_tls_free(&p->tls);
	pick_free(&p->pick);
	sticky_free(&p->sticky);
	groups_free(&p->groups);
	budget_free(&p->budget);
	access_free(&p->access);
	tracer_fini(&p->tracer);
	tally_free(&p->tally);
	keys_free(&p->keys);
	if (p->means_io.fd >= 0)
		loop_unwatch(p->loop, &p->means_io);
	filter_means_free(&p->means);
	outcalls_free(&p->outcalls);
	slab_free(&p->clients);
	slab_free(&p->exchanges);
	for (unsigned i = 0; i < LIVE_SERVICES; i++)
		free(p->pace[i]);
	slab_free(&p->relays);
	slab_free(&p->relay_flows);
	slab_free(&p->pages);
	table_unref(&p->table);
	free(p->head.field);
	texts_free(p);
	free(p);
	alloc_cushion(0);
	alloc_reserve(0);
}

struct proxy_listener
proxy_listener_of(const struct addr *a)
{
	bool v6 = a->sa.any.sa_family == AF_INET6;

	return (struct proxy_listener){ .ip = ip_of(a),
	    .port = ntohs(v6 ? a->sa.v6.sin6_port : a->sa.v4.sin_port) };
}

void
proxy_listen(struct proxy *p, int fd, const struct addr *a)
{
	listener_open(p, fd, a);
}

void
proxy_borrow(struct proxy *p, int fd, const struct addr *a, unsigned worker)
{
	listener_borrow(p, fd, a, worker);
}

void
proxy_give_back(struct proxy *p, unsigned worker)
{
	listener_give_back(p, worker);
}

void
proxy_unlisten(struct proxy *p, const struct addr *a)
{
	listener_close(p, a);
}

void
proxy_set_table(struct proxy *p, struct table *t)
{
	struct table *old = p->table;

	p->table = table_ref(t);
	pick_set_table(p->pick, t);
	sticky_set_table(p->sticky, t);
	groups_set_table(p->groups, t);
	budget_set_table(p->budget, t);
	upstream_set_table(p->upstream, t);
	listener_set_table(p);
	keys_set_table(p->keys, t);
	if (p->health != NULL)
		health_set_table(p->health, t);
	table_unref(&old);
}

bool
proxy_set_secrets(struct proxy *p, struct secrets *s)
{
	unsigned bad;

	keys_set_secrets(p->keys, s, &bad);
	task_tls_set_secrets(p->tls, s);
	outcalls_set_secrets(p->outcalls, s);
	return bad == 0;
}

void
proxy_reconf(struct proxy *p, const struct proxy_conf *conf)
{
	struct proxy_conf now = *conf;

	now.worker = p->conf.worker;
	now.live = p->conf.live;
	now.phys = p->conf.phys;
	now.seed = p->conf.seed;
	now.resolver = p->conf.resolver;
	now.probe = p->conf.probe;
	p->conf = now;
	conf_apply(p);
	clients_trust(p);
	listener_reconf(p);
	keys_reconf(p->keys);
}

/* The health checks are ours now, or no longer. */
static void
probe_or_not(struct proxy *p)
{
	bool ours = live_prober(p->conf.live) == p->conf.worker;

	if (ours && p->health == NULL) {
		p->health = health_new(p->loop, p->conf.live, p->conf.seed, p->conf.worker, p->tls);
		if (p->table != NULL)
			health_set_table(p->health, p->table);
	} else if (!ours)
		health_free(&p->health);
}

/* What a peak needed goes back to the system: a slab frees it, and the heap is trimmed of
 * its holes. */
static void
memory_tidy(struct proxy *p)
{
	if (loop_now(p->loop) < p->tidy_usec)
		return;
	p->tidy_usec = loop_now(p->loop) + TIDY_USEC;
	clients_rest(p, TIDY_USEC / 2);
	p->loose += slab_tidy(p->clients) + slab_tidy(p->exchanges) + slab_tidy(p->relays) +
	    slab_tidy(p->relay_flows) + slab_tidy(p->pages) + upstream_tidy(p->upstream) +
	    h2_tidy(p->h2);
	if (p->loose < LOOSE_BYTES)
		return;
	p->loose = 0;
	malloc_trim(0);
}

void
proxy_set_access(struct proxy *p, int fd)
{
	access_set_fd(p->access, fd);
}

uint64_t
proxy_spans_lost_take(struct proxy *p)
{
	uint64_t n = p->tracer.lost;

	p->tracer.lost = 0;
	return n;
}

size_t
proxy_spans_take(struct proxy *p, char *out, size_t cap, unsigned *count)
{
	struct buf *b = &p->tracer.spans;
	size_t end = 0;

	ASSERT(cap >= SPAN_LINE_MAX);
	*count = 0;
	for (size_t i = 0; i < b->len && i < cap; i++)
		if (b->p[i] == '\n') {
			end = i + 1;
			++*count;
		}
	if (end > 0) {
		memcpy(out, b->p, end);
		buf_eat(b, end);
	}
	return end;
}

void
proxy_beat(struct proxy *p)
{
	memory_tidy(p);
	live_beat(p->conf.live, p->conf.worker, clock_mono_usec());
	probe_or_not(p);
	access_flush(p->access);
	live_log_dropped(p->conf.live, p->conf.worker, access_lost_take(p->access));
}

/* ---- draining ---- */

static void
on_empty(void *arg)
{
	struct proxy *p = arg;

	p->empty(p->empty_arg);		/* may free us */
}

/* Called in a turn of its own, so that nothing is left that still holds a pointer to us. */
void
proxy_gone(struct proxy *p)
{
	if (p->sessions.draining && p->empty_timer.fn == NULL && p->sessions.count == 0
	    && LIST_EMPTY(&p->listeners))
		timer_set(p->loop, &p->empty_timer, loop_now(p->loop) + 1, on_empty, p);
}

void
proxy_set_patience(struct proxy *p, int64_t usec)
{
	ASSERT(!p->sessions.draining && usec >= 0);
	p->sessions.patience_usec = usec;
}

void
proxy_drain(struct proxy *p, proxy_empty_f *empty, void *arg)
{
	ASSERT(!p->sessions.draining && empty != NULL);
	p->empty = empty;
	p->empty_arg = arg;
	listener_drain(p);
	sessions_drain(&p->sessions);
	clients_drain(p);
	proxy_gone(p);
}
