/*
 * Around the workers of Mola: their table, the clients and tasks of a plan, and what happens to all of them.
 */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "audit.h"
#include "base/bug.h"
#include "auth.h"
#include "brains.h"
#include "certs.h"
#include "client.h"
#include "client_h2.h"
#include "rush.h"
#include "ejected.h"
#include "engine.h"
#include "exporter.h"
#include "fetch.h"
#include "follower.h"
#include "haproxy.h"
#include "kernel.h"
#include "knock.h"
#include "ledger.h"
#include "memory.h"
#include "mirror.h"
#include "moved.h"
#include "operator.h"
#include "pings.h"
#include "precedence.h"
#include "proxy/proxy.h"
#include "relay.h"
#include "resets.h"
#include "retry_ledger.h"
#include "secure.h"
#include "table_make.h"
#include "task.h"
#include "task_h2.h"
#include "watcher.h"
#include "workers.h"
#include "world.h"
#include "world/table.h"

#define LONGEST		(120 * USEC_PER_SEC)	/* that clients may take */
#define NODE_SLOTS	(2 * NODES)		/* more than there can be, also when some leave and come back */
#define TASK_SLOTS	(4 * SERVICES * TASKS)
#define AFTERWARDS	(35 * USEC_PER_SEC)
#define CHECKED_USEC	(3 * USEC_PER_SEC)	/* since the last check of a task, at most */
/* of memory */
#define BYTES_ANYWAY	(64 * 1024)		/* for each worker */
#define BYTES_EACH	(64 * 1024)
#define BYTES_CHECK	(24 * 1024)
#define BYTES_CHECKS	(288 * 1024)		/* of all together */
#define BYTES_AFTERWARDS (48 * 1024)

static struct {
	const struct plan *plan;
	struct host	 host, node[NODES];
	struct client	*client[CLIENTS];
	struct task	*task[SERVICES][TASKS];
	struct task_h2	*task_h2[SERVICES][TASKS];
	struct client_h2 *client_h2[CLIENTS];
	struct relay	*relay[RELAYS];
	struct addr	 front[FRONTS], at[ALL_SERVICES][TASKS], detour[ALL_SERVICES][TASKS];
	struct host	 nowhere;
	struct port	 swallows[SERVICES][TASKS];

	struct live	*live;
	struct phys	*phys;
	uint64_t	 serial, turns;
	size_t		 bytes;			/* of memory, before the first client */
	int64_t		 most;			/* clients at once, so far */
	bool		 over, drains;
} w;

/* ---- where everybody is ---- */

static struct addr
addr_at(const char *fmt, unsigned n, unsigned port)
{
	char name[40];
	struct addr a;

	snprintf(name, sizeof name, fmt, n, port);
	ASSERT(addr_parse(str_of(name), &a) == NULL);
	return a;
}

static struct weather
weather(const struct addr *to)
{
	static uint64_t calls;
	struct weather of = w.plan->weather;

	of.seed += ++calls * 7 + addr_port(to);
	return of;
}

/* ---- what else happens ---- */

static void
table_come(void)
{
	w.serial++;
	workers_set_table(table_make(w.plan, w.at, w.detour, w.serial), w.serial);
	wire_note("table", w.serial, 0);
}

static void
on_table(void *arg, uint64_t n)
{
	(void)arg;
	(void)n;
	if (!w.over && !w.plan->brain.there)
		table_come();
}

static void
on_reconf(void *arg, uint64_t n)
{
	(void)arg;
	(void)n;
	wire_note("reconf", 0, 0);
	workers_reconf();
}

static void
on_renew(void *arg, uint64_t n)
{
	(void)arg;
	(void)n;
	wire_note("renewed", 0, 0);
	if (!w.over)
		workers_set_secrets(certs_secrets(w.plan, true));
}

static void
on_drain(void *arg, uint64_t n)
{
	(void)arg;
	(void)n;
	wire_note("drain", 0, 0);
	w.drains = true;
	workers_drain();
}

static void
on_descriptors(void *arg, uint64_t most)
{
	(void)arg;
	wire_note("descriptors", most, 0);
	kernel_set_most((unsigned)most);
}

static void
on_ports(void *arg, uint64_t none)
{
	(void)arg;
	kernel_set_no_ports(none != 0);
}

static void
on_log(void *arg, uint64_t trouble)
{
	(void)arg;
	wire_note("log", trouble, 0);
	kernel_set_log((enum log_trouble)trouble);
}

static void
happens(int64_t usec, wire_f *fn, uint64_t n)
{
	if (usec > 0)
		wire_at(wire_now() + usec, fn, NULL, n);
}

static void
events_begin(const struct plan *p)
{
	for (unsigned s = 0; s < ALL_SERVICES; s++)
		for (unsigned i = 0; i < p->service[s].ntasks; i++) {
			const struct plan_task *t = &p->service[s].task[i];
			happens(t->drains_usec, on_table, 0);
			happens(t->gone_usec, on_table, 0);
			happens(t->back_usec, on_table, 0);
		}
	happens(p->reconf_usec, on_reconf, 0);
	happens(p->drain_usec, on_drain, 0);
	happens(p->tls.renew_usec, on_renew, 0);
	happens(p->starved_usec, on_descriptors, p->descriptors);
	happens(p->fed_usec, on_descriptors, 4096);
	happens(p->log_usec, on_log, p->log_trouble);
	happens(p->log_until_usec, on_log, LOG_GOOD);
	happens(p->no_ports_usec, on_ports, 1);
	happens(p->ports_usec, on_ports, 0);
}

/* The address of a task that nothing comes from, or nothing but a refusal. */
static void
detour_begin(unsigned service, unsigned number)
{
	struct addr *a = &w.detour[service][number];

	*a = addr_at("10.0.4.%u:%u", 1 + service * TASKS + number, 8000);
	if (w.plan->service[service].task[number].detour != SWALLOWS_ALL)
		return;
	w.swallows[service][number] = (struct port){ .addr = *a, .host = &w.nowhere };
	port_open(&w.swallows[service][number]);
}

static void
people_begin(const struct plan *p)
{
	w.nowhere.heals_usec = INT64_MAX;
	for (unsigned i = 0; i < NODES; i++) {
		w.node[i] = (struct host){ .addr = addr_at("10.0.2.%u:%u", i + 1, 1) };
		if (p->node[i].cut_usec > 0) {
			w.node[i].cut_usec = wire_now() + p->node[i].cut_usec;
			w.node[i].heals_usec = wire_now() + p->node[i].heals_usec;
		}
	}
	for (unsigned s = 0; s < ALL_SERVICES; s++)
		for (unsigned i = 0; i < p->service[s].ntasks; i++) {
			struct host *h = &w.node[p->service[s].task[i].node];
			w.at[s][i] = addr_at("10.0.3.%u:%u", s * TASKS + i + 1, 8000 + s);
			if (p->service[s].h2c)
				w.task_h2[s][i] = task_h2_new(p, s, i, h, &w.at[s][i]);
			else if (s < SERVICES)
				w.task[s][i] = task_new(p, s, i, h, &w.at[s][i]);
			else
				relay_task_new(p, s, i, h, &w.at[s][i]);
			if (s < SERVICES)
				detour_begin(s, i);
		}
	mirror_begin(p, w.node);
	for (unsigned i = 0; i < CLIENTS; i++)
		if (p->client[i].there && p->client[i].h2)
			w.client_h2[i] = client_h2_new(p, i, &w.front[p->client[i].secure.on ? FRONT_TLS : 0]);
		else if (p->client[i].there)
			w.client[i] = client_new(p, i, &w.front[p->client[i].secure.on ? FRONT_TLS : 0]);
	for (unsigned i = 0; i < RELAYS; i++)
		if (p->relay[i].there)
			w.relay[i] = relay_new(p, i, &w.front[1 + p->relay[i].service - SERVICES]);
}

/* ---- turns ---- */

/* What a service may have in flight is counted over all workers. (Of tasks in the table: one that comes back has more.) */
static void
check_limits(unsigned s)
{
	const struct plan_service *of = &w.plan->service[s];
	uint32_t sum = 0, n;
	bool goes = false;

	for (unsigned i = 0; i < of->ntasks; i++) {
		n = live_task_inflight(w.live, s * TASKS + i);
		sum += n;
		goes |= of->task[i].gone_usec > 0;
		if (of->task_max_inflight > 0 && n > of->task_max_inflight)
			broken("%u requests are in flight on s%u.%u, of %u", n, s, i, of->task_max_inflight);
	}
	if (of->max_inflight > 0 && !goes && sum > of->max_inflight)
		broken("%u requests of s%u are in flight, of %u", sum, s, of->max_inflight);
}

/* What is true at any time. */
static void
check_now(void)
{
	struct kernel_count c = kernel_count();
	int64_t clients = live_gauge_total(w.live, LIVE_CLIENTS), idle = live_gauge_total(w.live, LIVE_IDLE_UPSTREAMS);
	uint32_t nodes = 0, tasks = 0;

	for (unsigned i = 0; i < NODE_SLOTS; i++)
		nodes += live_node_inflight(w.live, i);
	for (unsigned i = 0; i < TASK_SLOTS; i++)
		tasks += live_task_inflight(w.live, i);
	for (unsigned i = 0; i < ALL_SERVICES && !w.plan->brain.there; i++)	/* which gives slots as it likes */
		check_limits(i);
	rush_check_now(w.plan, w.live);
	ejected_look();
	precedence_look();
	if (clients != (int64_t)c.accepted)
		broken("%u connections of clients are open, and %lld are counted", c.accepted, (long long)clients);
	if (idle < 0 || idle > (int64_t)c.called)
		broken("%u connections to tasks are open, and %lld are counted as idle", c.called, (long long)idle);
	if (nodes != tasks)
		broken("%u requests are in flight on nodes, and %u on tasks", nodes, tasks);
	if (tasks > EXCHANGES + RELAYS)
		broken("%u requests are in flight", tasks);
	if (clients > (int64_t)(w.plan->clients_max * w.plan->nworkers))
		broken("%lld clients are connected, of %u", (long long)clients, w.plan->clients_max * w.plan->nworkers);
}

/* Of a process: brains and workers take turns while both have something to do. */
static bool
turn(int64_t *until)
{
	int64_t other;
	bool done;

	w.turns++;
	done = w.turns % 2 == 0 ? brains_turn(until) || workers_turn(&other) : workers_turn(until) || brains_turn(&other);
	if (!done && other < *until)
		*until = other;
	return done;
}

/* Checks may be under way. */
static unsigned
checks_most(void)
{
	unsigned n = 0;

	for (unsigned s = 0; s < SERVICES; s++)
		n += w.plan->service[s].checked ? w.plan->service[s].ntasks : 0;
	return n;
}

/* All of it is the workers', and of those that run. */
static bool
knows_memory(void)
{
	return !workers_were_killed() && !w.plan->brain.there && plan_is_all_plain(w.plan);
}

/* What workers have without clients: another one may check tasks than did at first. */
static size_t
bytes_of_workers(size_t each)
{
	return w.bytes + w.plan->nworkers * each + (w.plan->nworkers - 1) * BYTES_CHECKS;
}

/* Each exchange has pages for both directions, and one for what may be sent again; each check has one. */
static void
check_memory(void)
{
	int64_t clients = live_gauge_total(w.live, LIVE_CLIENTS);
	size_t now = sim_product_bytes();

	w.most = clients > w.most ? clients : w.most;
	if (now > bytes_of_workers(BYTES_ANYWAY) + (size_t)w.most * BYTES_EACH + checks_most() * BYTES_CHECK &&
	    knows_memory())
		broken("%zu bytes of memory are in use, of %lld clients", now - w.bytes, (long long)w.most);
}

/* Until then, or until `done`. */
static void
pass_until(int64_t end, bool (*done)(void))
{
	int64_t until, next;

	while (wire_now() < end && !done() && broken_text() == NULL) {
		wire_run();
		if (turn(&until)) {
			wire_pass(1 + (int64_t)(w.turns * 7 % 23));
			check_now();
			if (workers_turns() % 4 == 0)
				check_memory();
			continue;
		}
		next = wire_next() < until ? wire_next() : until;
		wire_pass(next > end ? end - wire_now() : next > wire_now() ? next - wire_now() : 0);
	}
}

static bool
clients_are_done(void)
{
	for (unsigned i = 0; i < CLIENTS; i++)
		if ((w.client[i] != NULL && !client_is_done(w.client[i])) ||
		    (w.client_h2[i] != NULL && !client_h2_is_done(w.client_h2[i])))
			return false;
	for (unsigned i = 0; i < RELAYS; i++)
		if (w.relay[i] != NULL && !relay_is_done(w.relay[i]))
			return false;
	return true;
}

/* It sleeps when there is nothing to do: a turn for each beat, and some for deadlines that have moved. */
static void
check_sleep(int64_t usec)
{
	uint64_t beats = (uint64_t)(usec / PROXY_BEAT_USEC);

	if (workers_vain_turns() > (beats + 50) * w.plan->nworkers + 4 * ledger_lines())
		broken("%llu turns had nothing to do, in %llu beats with %llu exchanges", (unsigned long long)workers_vain_turns(),
		    (unsigned long long)beats, (unsigned long long)ledger_lines());
}

/* What a peak needed goes back in some pieces, and then there is nothing that could. (Brains have their own reasons.) */
static void
check_trims(unsigned n)
{
	if (n > w.plan->nworkers && !w.plan->brain.there)
		broken("the heap was walked %u times, and there are no clients", n);
}

/* Lines that nobody read are counted, once. */
static void
check_lost(void)
{
	uint64_t counted = 0;

	for (unsigned i = 0; i < w.plan->nworkers; i++)
		counted += live_log_dropped_total(w.live, i);
	if (counted != kernel_log_lost() && !workers_were_killed())
		broken("%llu lines of the log are lost, and %llu counted", (unsigned long long)kernel_log_lost(),
		    (unsigned long long)counted);
}

static void
check_waiting(void)
{
	if (!workers_wait_calmly())
		broken("it looked for room for requests too often");
}

static bool
never(void)
{
	return false;
}

/* Tasks are checked for as long as they are there; those that were cut off meanwhile may not have been reached. */
static void
check_checks(void)
{
	for (unsigned i = 0; i < SERVICES * TASKS; i++) {
		const struct plan_service *s = &w.plan->service[i / TASKS];
		const struct task *t = w.task[i / TASKS][i % TASKS];
		if (!s->checked || t == NULL || s->tls.on || w.plan->node[s->task[i % TASKS].node].cut_usec > 0)
			continue;
		if (wire_now() - task_checked_usec(t) > CHECKED_USEC)
			broken("task s%u.%u was last checked %lld us ago", i / TASKS, i % TASKS, (long long)(wire_now() - task_checked_usec(t)));
	}
}

/* Everybody has gone. */
static void
check_end(void)
{
	struct kernel_count c = kernel_count();
	uint64_t lines = 0;
	struct live_task t;

	for (unsigned i = 0; i < TASK_SLOTS; i++) {
		live_task_read(w.live, i, &t);
		if (t.inflight != 0)
			broken("task %u has %u requests in flight, and there are no clients", i, t.inflight);
	}
	if (c.accepted != 0)
		broken("%u connections of clients are open, and there are no clients", c.accepted);
	if (live_gauge_total(w.live, LIVE_WAITING) != 0)
		broken("requests wait, and there are no clients");
	if (live_gauge_total(w.live, LIVE_IDLE_UPSTREAMS) != 0)
		broken("connections to tasks are idle long after their time");
	if (c.called > checks_most() && !w.plan->brain.there && plan_is_all_plain(w.plan))
		broken("%u connections to tasks are open, and there are no clients", c.called);
	if (sim_product_bytes() > bytes_of_workers(BYTES_AFTERWARDS) + checks_most() * BYTES_CHECK && knows_memory())
		broken("%zu bytes of memory are in use, and there are no clients", sim_product_bytes() - w.bytes);
	for (unsigned why = 0; why < WHY_COUNT; why++)
		lines += live_why_total(w.live, (enum why_id)why);
	if (lines < ledger_lines())
		broken("%llu exchanges were counted, and %llu logged", (unsigned long long)lines, (unsigned long long)ledger_lines());
	if (!w.drains && !w.plan->brain.there)
		check_checks();
	if (w.drains && !workers_are_empty())
		broken("it does not stop, and there are no clients");
}

/* With a brain, its tables say which slots are a service's, and these may be another's later. */
static void
check_retries(void)
{
	for (unsigned s = 0; s < SERVICES && !w.plan->brain.there; s++)
		retry_check_service(w.live, s);
}

static void
check_free(size_t bytes)
{
	struct kernel_count c = kernel_count();
	size_t now = sim_product_bytes();

	if (c.accepted + c.called + c.listening + c.others > 0)
		broken("descriptors are left open: %u of clients, %u of tasks, %u listening, %u others", c.accepted, c.called,
		    c.listening, c.others);
	if (now > bytes && !workers_were_killed() && !brains_were_killed())
		broken("%zu bytes of memory are left", now - bytes);
}

static unsigned
node_busy(unsigned node)
{
	unsigned n = 0;

	for (unsigned s = 0; s < SERVICES; s++)
		for (unsigned i = 0; i < w.plan->service[s].ntasks; i++)
			n += w.plan->service[s].task[i].node == node ? task_busy(w.task[s][i]) : 0;
	return n;
}

/* Who makes the tables: a brain that sees a Swarm, or the simulator. */
static void
makers_begin(const struct plan *p)
{
	fetch_begin(&w.host);
	auth_begin(p);
	if (!p->brain.there) {
		brains_none();
		table_come();
		return;
	}
	engine_begin(p, w.at);
	moved_begin(p);
	exporters_begin(p, w.node, node_busy);
	haproxy_begin(p);
	watcher_begin(p);
	follower_begin(p);
	operator_begin(p);
	brains_begin(p, w.at, w.live, w.phys, workers_set_table);
}

void
world_run(const struct plan *p, struct result *out)
{
	int64_t began;
	unsigned trims;
	size_t bytes;

	memset(&w, 0, sizeof w);
	sim_begin();
	wire_begin();
	ledger_begin(p);
	w.plan = p;
	w.host.addr = addr_at("10.0.0.%u:%u", 1, 1);
	for (unsigned i = 0; i < FRONTS; i++)
		w.front[i] = addr_at("10.0.0.%u:%u", 1, i == 0 ? 80 : 90 + i);
	kernel_begin(&w.host, p->seed);
	kernel_set_weather(weather);
	kernel_set_signals(p->signals);
	secure_begin(p->seed);
	secure_settle();
	for (unsigned i = 0; i < SERVICES; i++)
		if (p->service[i].h2c)
			kernel_set_shares(true);
	w.live = live_init(sim_zeroes(live_bytes()), p->nworkers);
	w.phys = phys_init(sim_zeroes(phys_bytes()));
	began = wire_now();
	bytes = sim_product_bytes();
	people_begin(p);
	knocks_begin(p, &w.front[FRONT_TLS]);
	pings_begin(p, &w.front[0]);
	resets_begin(p, &w.front[0]);
	workers_begin(p, w.front, w.live, w.phys, ledger_lost);
	if (p->tls.there)
		workers_set_secrets(certs_secrets(p, false));
	makers_begin(p);
	w.bytes = sim_product_bytes();
	events_begin(p);
	rush_begin(p, w.phys);
	ejected_begin(p, w.live);
	precedence_begin(p, w.live);
	pass_until(began + LONGEST, clients_are_done);
	if (!clients_are_done())
		broken("clients are not done after %d s", (int)(LONGEST / USEC_PER_SEC));
	trims = sim_trims();
	pass_until(wire_now() + AFTERWARDS + (p->brain.there && p->brain.moves ? 25 * USEC_PER_SEC : 0), never);
	w.over = true;
	if (broken_text() == NULL) {
		check_end();
		check_sleep(wire_now() - began);
		check_trims(sim_trims() - trims);
		check_waiting();
		check_lost();
		mirror_check(w.live);
		ledger_check();
		rush_check(p);
		knocks_check(w.live);
		pings_check();
		resets_check();
		/* what was on its way was counted, and has no line; a brain gives slots as it likes */
		if (!workers_were_killed() && !p->brain.there)
			audit_live(w.live);
		check_retries();
	}
	if (broken_text() == NULL) {
		watcher_end();
		follower_end();
		if (p->brain.there) {
			moved_end();
			brains_end();
		}
		workers_end();
		for (unsigned i = 0; i < SERVICES * TASKS; i++)
			if (w.task_h2[i / TASKS][i % TASKS] != NULL)
				task_h2_stop(w.task_h2[i / TASKS][i % TASKS]);
		secure_end();
		secure_settle();
		check_free(bytes);
	}
	*out = (struct result){ .hash = wire_hash(), .usec = wire_now() - began, .exchanges = ledger_lines(), .turns = workers_turns() + brains_turns(),
	    .choices = p->choices };
	if (broken_text() != NULL)
		snprintf(out->broken, sizeof out->broken, "%s", broken_text());
	munmap(w.live, live_bytes());
	munmap(w.phys, phys_bytes());
}
