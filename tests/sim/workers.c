/*
 * A turn of one worker is whole before another one's begins, and what is sent to a worker that hangs waits until it goes on.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/bug.h"
#include "front.h"
#include "fetch.h"
#include "kernel.h"
#include "knock.h"
#include "ledger.h"
#include "net/loop.h"
#include "net/sock.h"
#include "proxy/proxy.h"
#include "workers.h"

/* As in main/watchdog.c and main/parent.c. */
#define LOOK_USEC	(100 * USEC_PER_MSEC)
#define NO_PID		(1 << 30)	/* and more: numbers that no process has */
#define SILENT_USEC	(300 * USEC_PER_MSEC)
#define TURN_BYTES	(1600 * 1000)	/* a share (http/share.h), and what each of the clients may have without one */
#define LOOK_FOR_ROOM_USEC (5 * USEC_PER_MSEC)	/* proxy/waiting.h */

struct worker {
	const struct plan_worker *how;
	unsigned	 index;
	int		 listener[FRONTS];	/* the parent's descriptors of its listeners */
	bool		 runs, hangs, silent;	/* silent: its parent has noticed */
	int64_t		 hung_usec, woke_usec;	/* since when it has hung, or did until; 0: never */
	struct loop	*loop;
	struct proxy	*proxy;
	struct timer	 beat;
	/* what it has heard of */
	uint64_t	 serial, secrets;
	unsigned	 variant;
	bool		 drains, is_empty;
	bool		 was_vain, waits;	/* its last turn was; requests waited behind it */
	int64_t		 turn_usec;		/* when that was */
};

static struct {
	const struct plan *plan;
	struct addr	 front[FRONTS];
	struct live	*live;
	struct phys	*phys;
	workers_lost_f	*lost;
	struct worker	 worker[WORKERS];
	unsigned	 last;			/* had a turn */
	uint64_t	 turns, serial, vain, waiting;	/* waiting: turns that were vain, but that requests waited */
	int64_t		 waited_usec;
	int		 table, secrets;	/* -1: there is none yet */
	uint64_t	 secrets_serial;
	unsigned	 variant;		/* of the configuration */
	bool		 stops, ended, killed;
} g;

/* ---- one of them ---- */

static unsigned
fronts(void)
{
	return g.plan->tls.there ? FRONTS : FRONT_TLS;
}

static unsigned
process(const struct worker *w)
{
	return w->index + 1;
}

static struct proxy_conf
conf(const struct worker *w, unsigned variant)
{
	const struct plan *p = g.plan;
	struct proxy_conf c = { .worker = w->index, .live = g.live, .phys = g.phys, .seed = p->seed + w->index,
		.client_head_usec = HEAD_USEC, .client_idle_usec = IDLE_USEC, .client_body_usec = BODY_USEC,
		.client_write_usec = WRITE_USEC, .client_request_usec = REQUEST_USEC,
		.client_min_rate = p->min_rate && variant == 0 ? 100 : 0, .client_grace_usec = 2 * USEC_PER_SEC,
		.client_abort_on_close = p->abort_on_close, .clients_max = p->clients_max, .clients_per_address = p->per_address,
		.request_head = { HEAD_BYTES, 64 }, .response_head = { 8192, 64 }, .upstream_idle_max = variant == 0 ? p->idle_max : 1,
		.upstream_idle_usec = p->task_idle_usec, .tls_min_version = 12, .hsts_seconds = -1,
		.probe = live_prober(g.live) == w->index, .nlisteners = fronts() };

	c.access.format = ACCESS_FORMAT_JSON;
	c.trace.ids = p->traces ? TRACE_IDS_MAKE : TRACE_IDS_OFF;
	c.trace.spans = p->traces;
	strcpy(c.trace.id_field, "X-Request-Id");
	for (unsigned i = 0; i < fronts(); i++) {
		c.listener[i] = proxy_listener_of(&g.front[i]);
		c.listener[i].tls = i == FRONT_TLS;
		c.listener[i].http2 = i == 0 || i == FRONT_TLS;
		snprintf(c.listener[i].name, sizeof c.listener[i].name, i == 0 ? "front" : i == FRONT_TLS ? "secure" : "t%u", SERVICES + i - 1);
	}
	front_conf(p, &c);
	return c;
}

static void
on_beat(void *arg)
{
	struct worker *w = arg;
	struct proxy_failed f;

	timer_set(w->loop, &w->beat, loop_now(w->loop) + PROXY_BEAT_USEC, on_beat, w);
	proxy_beat(w->proxy);
	while (proxy_failed_take(w->proxy, &f))
		knocks_report(&f);
}

static void
on_empty(void *arg)
{
	((struct worker *)arg)->is_empty = true;
}

static void
take_table(struct worker *w)
{
	struct table *t;

	ASSERT(table_open(dup(g.table), &t) == NULL);
	proxy_set_table(w->proxy, t);
	live_set_table(g.live, w->index, table_serial(t));
	table_unref(&t);
	w->serial = g.serial;
}

static void
take_secrets(struct worker *w)
{
	struct secrets *s;

	w->secrets = g.secrets_serial;
	if (g.secrets < 0)
		return;
	ASSERT(secrets_open(dup(g.secrets), &s) == NULL && proxy_set_secrets(w->proxy, s));
	secrets_unref(&s);
}

/* All that its parent has sent since it last listened. */
static void
hear(struct worker *w)
{
	struct proxy_conf c = conf(w, g.variant);

	if (!w->runs || w->hangs)
		return;
	kernel_enter(process(w));
	if (w->secrets != g.secrets_serial)
		take_secrets(w);
	if (w->serial != g.serial)
		take_table(w);
	if (w->variant != g.variant)
		proxy_reconf(w->proxy, &c);
	w->variant = g.variant;
	if (g.stops && !w->drains) {
		w->drains = true;
		proxy_drain(w->proxy, on_empty, w);
	}
	kernel_enter(0);
}

static void
hear_all(void)
{
	for (unsigned i = 0; i < g.plan->nworkers; i++)
		hear(&g.worker[i]);
}

/* ---- the parent ---- */

static void
lend(const struct worker *whose, struct worker *to)
{
	int fd;

	if (to == whose || !to->runs || to->silent || to->hangs || g.stops)
		return;
	for (unsigned i = 0; i < fronts(); i++) {
		fd = kernel_pass(whose->listener[i], process(to));
		kernel_enter(process(to));
		if (fd >= 0)
			proxy_borrow(to->proxy, fd, &g.front[i], whose->index);
		kernel_enter(0);
	}
}

static void
take_back(const struct worker *whose, struct worker *from)
{
	if (from == whose || !from->runs)
		return;
	kernel_enter(process(from));
	proxy_give_back(from->proxy, whose->index);
	kernel_enter(0);
}

static void
born(struct worker *w)
{
	struct proxy_conf c = conf(w, g.variant);

	w->runs = true;
	w->hangs = w->drains = w->is_empty = false;
	w->variant = g.variant;
	kernel_enter(process(w));
	w->loop = loop_new();
	w->proxy = proxy_new(w->loop, &c);
	proxy_set_access(w->proxy, kernel_log(ledger_line));
	take_secrets(w);
	take_table(w);
	for (unsigned i = 0; i < fronts(); i++)
		proxy_listen(w->proxy, kernel_pass(w->listener[i], process(w)), &g.front[i]);
	w->beat = (struct timer){ .fn = NULL };
	on_beat(w);
	kernel_enter(0);
	live_beat(g.live, w->index, wire_now());
	live_started(g.live, w->index, NO_PID + (int)w->index);
	for (unsigned i = 0; i < g.plan->nworkers; i++)
		if (g.worker[i].silent)
			lend(&g.worker[i], w);
}

static void
look_at(struct worker *w)
{
	bool silent = !w->runs || wire_now() - live_last_beat(g.live, w->index) > SILENT_USEC;

	if (silent == w->silent)
		return;
	w->silent = silent;
	wire_note(silent ? "silent" : "back", w->index, 0);
	for (unsigned i = 0; i < g.plan->nworkers; i++)
		silent ? lend(w, &g.worker[i]) : take_back(w, &g.worker[i]);
	for (unsigned i = 0; i < g.plan->nworkers && !silent; i++)
		if (g.worker[i].silent)
			lend(&g.worker[i], w);
}

static void
on_look(void *arg, uint64_t n)
{
	unsigned i;

	if (g.ended || g.stops)
		return;
	for (i = 0; i < g.plan->nworkers; i++)
		look_at(&g.worker[i]);
	for (i = 0; i < g.plan->nworkers && (!g.worker[i].runs || g.worker[i].silent); i++)
		continue;
	if (i < g.plan->nworkers)
		live_set_prober(g.live, i);
	wire_at(wire_now() + LOOK_USEC, on_look, arg, n);
}

/* ---- what happens to them ---- */

static void
on_lost(void *arg, const struct end *e)
{
	(void)arg;
	g.lost(e);
}

static void
on_again(void *arg, uint64_t n)
{
	(void)n;
	if (g.ended || g.stops)
		return;
	wire_note("again", ((struct worker *)arg)->index, 0);
	born(arg);
}

static void
on_kill(void *arg, uint64_t n)
{
	struct worker *w = arg;

	(void)n;
	if (g.ended || !w->runs)
		return;
	wire_note("kill", w->index, 0);
	fetch_forget(process(w));
	kernel_kill(process(w), on_lost, NULL);
	w->runs = w->hangs = false;
	w->loop = NULL;
	w->proxy = NULL;
	live_stopped(g.live, w->index);
	live_forget_worker(g.live, w->index);
	g.killed = true;
	wire_at(wire_now() + w->how->again_usec, on_again, w, 0);
}

static void
on_hang(void *arg, uint64_t begins)
{
	struct worker *w = arg;

	if (g.ended || !w->runs || w->hangs == (begins != 0))
		return;
	wire_note(begins != 0 ? "hangs" : "goes on", w->index, 0);
	w->hangs = begins != 0;
	*(begins != 0 ? &w->hung_usec : &w->woke_usec) = wire_now();
}

/* ---- all of them ---- */

void
workers_begin(const struct plan *p, const struct addr front[FRONTS], struct live *live, struct phys *phys, workers_lost_f *lost)
{
	memset(&g, 0, sizeof g);
	g.plan = p;
	memcpy(g.front, front, sizeof g.front);
	g.live = live;
	g.phys = phys;
	g.lost = lost;
	g.table = g.secrets = -1;
	for (unsigned i = 0; i < p->nworkers; i++) {
		struct worker *w = &g.worker[i];
		const struct plan_worker *how = &p->worker[i];
		w->index = i;
		w->how = how;
		for (unsigned k = 0; k < fronts(); k++)
			ASSERT(sock_listen(&g.front[k], true, &w->listener[k]) == NULL);
		if (how->kill_usec > 0)
			wire_at(wire_now() + how->kill_usec, on_kill, w, 0);
		if (how->hang_usec > 0) {
			wire_at(wire_now() + how->hang_usec, on_hang, w, 1);
			wire_at(wire_now() + how->wakes_usec, on_hang, w, 0);
		}
	}
	if (p->nworkers > 1)
		wire_at(wire_now() + LOOK_USEC, on_look, NULL, 0);
}

static void
listeners_close(void)
{
	for (unsigned i = 0; i < g.plan->nworkers; i++)
		for (unsigned k = 0; k < fronts(); k++)
			close(g.worker[i].listener[k]);
}

void
workers_end(void)
{
	g.ended = true;
	for (unsigned i = 0; i < g.plan->nworkers; i++) {
		struct worker *w = &g.worker[i];
		if (!w->runs)
			continue;
		kernel_enter(process(w));
		timer_clear(w->loop, &w->beat);
		proxy_free(&w->proxy);
		loop_free(&w->loop);
		kernel_enter(0);
	}
	if (!g.stops)
		listeners_close();
	close(g.table);
	if (g.secrets >= 0)
		close(g.secrets);
}

void
workers_set_secrets(int fd)
{
	if (g.secrets >= 0)
		close(g.secrets);
	g.secrets = fd;
	g.secrets_serial++;
	hear_all();
}

void
workers_set_table(int fd, uint64_t serial)
{
	bool first = g.table < 0;

	if (!first)
		close(g.table);
	g.table = fd;
	g.serial = serial;
	for (unsigned i = 0; i < g.plan->nworkers && first; i++)
		born(&g.worker[i]);
	hear_all();
}

void
workers_reconf(void)
{
	g.variant = 1;
	hear_all();
}

void
workers_drain(void)
{
	g.stops = true;
	listeners_close();
	hear_all();
}

bool
workers_are_empty(void)
{
	for (unsigned i = 0; i < g.plan->nworkers; i++)
		if (g.worker[i].runs && !g.worker[i].is_empty)
			return false;
	return true;
}

bool
workers_hung(int64_t at, int64_t until)
{
	for (unsigned i = 0; i < g.plan->nworkers; i++) {
		const struct worker *w = &g.worker[i];
		if (w->hung_usec > 0 && w->hung_usec <= at && w->woke_usec >= until)
			return true;
	}
	return false;
}

bool
workers_were_killed(void)
{
	return g.killed;
}

static void
turn(struct worker *w)
{
	uint64_t calls = kernel_count().calls, bytes = kernel_count().bytes;
	bool vain, waits;

	kernel_enter(process(w));
	loop_turn(w->loop, -1);
	kernel_enter(0);
	g.turns++;
	if (kernel_count().bytes - bytes > TURN_BYTES)
		broken("%llu bytes were moved in one turn", (unsigned long long)(kernel_count().bytes - bytes));
	vain = !kernel_is_ready(process(w)) && kernel_count().calls == calls;
	/* while requests wait for room, it looks for that again and again */
	waits = live_gauge_total(g.live, LIVE_WAITING) > 0;
	if (waits && w->waits)
		g.waited_usec += wire_now() - w->turn_usec;
	*(waits || w->waits ? &g.waiting : &g.vain) += vain && w->was_vain;
	w->waits = waits;
	w->was_vain = vain;
	w->turn_usec = wire_now();
}

bool
workers_turn(int64_t *until)
{
	unsigned n = g.plan->nworkers;

	*until = INT64_MAX;
	for (unsigned k = 1; k <= n; k++) {
		struct worker *w = &g.worker[(g.last + k) % n];
		if (!w->runs || w->hangs)
			continue;
		if (!kernel_is_ready(process(w)) && kernel_until(process(w)) > wire_now()) {
			if (kernel_until(process(w)) < *until)
				*until = kernel_until(process(w));
			continue;
		}
		g.last = w->index;
		turn(w);
		hear(w);
		return true;
	}
	return false;
}

uint64_t
workers_vain_turns(void)
{
	return g.vain;
}

bool
workers_wait_calmly(void)
{
	return (int64_t)g.waiting <= g.waited_usec / LOOK_FOR_ROOM_USEC * 2 + 200;
}

uint64_t
workers_turns(void)
{
	return g.turns;
}
