/*
 * What must be true of tables: whoever is in one keeps his slot, and when the Engine has been well for a while, a table is what it
 * says. All is looked at twice a second.
 */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/bug.h"
#include "base/log.h"
#include "brains.h"
#include "engine.h"
#include "exporter.h"
#include "fetch.h"
#include "haproxy.h"
#include "kernel.h"
#include "ledger.h"
#include "main/brain.h"
#include "memory.h"
#include "net/sock.h"
#include "operator.h"
#include "watcher.h"

#define LOOK_USEC	(USEC_PER_SEC / 2)
#define SETTLES_USEC	(15 * USEC_PER_SEC)	/* after the Engine's, or the brain's, last trouble */
#define FOLLOWS_USEC	(3 * USEC_PER_SEC)	/* after the Swarm's last change */
#define TELLS_USEC	(15 * USEC_PER_SEC)	/* to a target: a round is a connection for each command, one after the other */
#define MEMORY_MOST	(16 << 20)		/* bytes */

static struct {
	const struct plan *plan;
	struct addr	(*at)[TASKS];
	struct live	*live;
	struct phys	*phys;
	brains_table_f	*on_table;
	struct brain_conf boot;
	struct brain	*brain;			/* NULL: there is none */
	int		 channel;		/* the parent's end; -1: none */
	int		 listener;		/* of its admin server */
	int		 table, secrets;	/* in force; -1: none */
	struct table	*seen;			/* the one in force */
	int64_t		 unwell[SERVICES];	/* when a task of it was down or ejected last */
	bool		 hangs, ended, killed;
	int64_t		 troubled;		/* when it began, or went on */
	size_t		 bytes;
	uint64_t	 turns;
} b;

/* ---- its configuration ---- */

static const char conf_text[] =
    "listen: [ { address: '10.0.0.1:80', name: front } ]\n"
    "admin: { address: '" WATCHER_AT "', socket: none, token: '" OPERATOR_TOKEN "' }\n"
    "log: { level: %s }\n"
    "swarm: { endpoint: 'tcp://" ENGINE_AT "', network: " ENGINE_NETWORK ", node_exporter: '{address}:9100' }\n"
    "defaults:\n"
    "  connect: 1500ms\n"
    "  response: 6s\n"
    "  idle: 2500ms\n"
    "  tunnel: 3s\n"
    "  health: { interval: 1s, timeout: 500ms, rise: 1, fall: 2 }\n"
    "  eject: { window: 1s }\n"
    "mover: { dwell: 3s, cool_down: 8s, patience: 10s }\n";
static const char conf_target[] = "targets: [ { name: ha, kind: haproxy, socket: '" HAPROXY_AT "' } ]\n";

static struct conf *
conf_make(void)
{
	char text[sizeof conf_text + sizeof conf_target + 10];
	struct buf errors;
	struct conf *c;

	snprintf(text, sizeof text, conf_text, wire_verbose ? "debug" : "error");
	if (b.plan->brain.drives)
		strcat(text, conf_target);
	buf_init(&errors, CONF_ERRORS_MAX);
	c = conf_parse(str_of(text), "mola.yaml", &errors);
	if (c == NULL)
		BUG(errors.p);
	buf_fini(&errors);
	return c;
}

/* ---- tables ---- */

static const struct table_task *
task_named(const struct table *t, struct str name)
{
	const struct table_task *task;
	uint32_t n;

	task = table_tasks(t, &n);
	for (uint32_t i = 0; i < n; i++)
		if (str_eq(table_text(t, task[i].name), name))
			return &task[i];
	return NULL;
}

/* A task keeps its slot, and with it all that was counted of it, for as long as it lives. */
static void
check_slots(const struct table *old, const struct table *new)
{
	const struct table_task *task, *was;
	uint32_t n;

	task = table_tasks(new, &n);
	for (uint32_t i = 0; i < n; i++) {
		was = task_named(old, table_text(new, task[i].name));
		if (was != NULL && was->slot != task[i].slot)
			broken("task %.*s had slot %u, and has %u", STR_ARG(table_text(new, task[i].name)), was->slot, task[i].slot);
	}
}

/* A drain lasts, whichever brain makes the table. */
static void
check_drain(const struct table *t)
{
	const struct table_node *node;
	char name[16];
	uint32_t n;

	snprintf(name, sizeof name, "host%u", b.plan->brain.drain_node);
	node = table_nodes(t, &n);
	for (uint32_t i = 0; i < n && operator_node(b.plan->brain.drain_node) != UNSURE; i++)
		if (str_eq(table_text(t, node[i].name), str_of(name)) &&
		    node[i].drained != (operator_node(b.plan->brain.drain_node) == DRAINS))
			broken("node %s is drained: %d", name, node[i].drained);
}

static void
table_take(int fd)
{
	struct table *t;

	if (table_open(dup(fd), &t) != NULL) {
		broken("a table cannot be read");
		close(fd);
		return;
	}
	if (b.seen != NULL) {
		if (table_serial(t) <= table_serial(b.seen))
			broken("table %llu comes after %llu", (unsigned long long)table_serial(t), (unsigned long long)table_serial(b.seen));
		check_slots(b.seen, t);
		table_unref(&b.seen);
		close(b.table);
	}
	check_drain(t);
	wire_note("table", table_serial(t), 0);
	b.seen = t;
	b.table = fd;
	b.on_table(dup(fd), table_serial(t));
}

bool
brains_have_table(void)
{
	uint32_t n = 0;

	if (b.seen != NULL)
		table_tasks(b.seen, &n);
	return n > 0;
}

enum rank { SURE, LEAVING, LOST, NONE };

static enum rank
rank_of(unsigned service, unsigned task)
{
	int64_t t = wire_now() - 1000 * USEC_PER_SEC;
	unsigned node = b.plan->service[service].task[task].node;
	bool away = b.plan->brain.node[node].leaves_usec > 0 && t >= b.plan->brain.node[node].leaves_usec &&
	    t < b.plan->brain.node[node].back_usec;

	if (engine_says(service, task) != ENGINE_RUNS)
		return NONE;
	return !away ? SURE : b.plan->brain.node[node].what == NODE_LOST ? LOST : LEAVING;
}

/* The service of a plan, as the table has it; NULL: it has not. */
static const struct table_service *
service_row(unsigned service)
{
	char name[8];

	snprintf(name, sizeof name, "s%u", service);
	return b.seen == NULL ? NULL : table_service_named(b.seen, str_of(name), SERVICE_HTTP);
}

static void
check_task(unsigned service, unsigned task, enum rank rank, bool wanted)
{
	const struct table_task *row, *found = NULL;
	const struct table_service *s = service_row(service);
	uint32_t n;

	row = table_tasks(b.seen, &n);
	for (uint32_t i = 0; s != NULL && i < s->ntasks; i++)
		if (addr_eq(&row[s->first_task + i].addr, &b.at[service][task]))
			found = &row[s->first_task + i];
	if (wanted != (found != NULL))
		broken("task s%u.%u (rank %d) is %s the table", service, task, (int)rank, wanted ? "not in" : "still in");
	else if (found != NULL && found->draining != (rank == LEAVING || operator_node(b.plan->service[service].task[task].node) == DRAINS))
		broken("task s%u.%u is draining: %d", service, task, found->draining);
}

/* As discovery/join_tasks.c has it. */
static void
check_table(void)
{
	if (operator_node(b.plan->brain.drain_node) == UNSURE)
		return;
	for (unsigned s = 0; s < SERVICES; s++) {
		enum rank best = NONE, rank[TASKS];
		for (unsigned i = 0; i < b.plan->service[s].ntasks; i++) {
			rank[i] = rank_of(s, i);
			best = rank[i] < best ? rank[i] : best;
		}
		for (unsigned i = 0; i < b.plan->service[s].ntasks; i++)
			if (best != LEAVING)	/* then who leaves serves */
				check_task(s, i, rank[i], rank[i] != NONE && (rank[i] == best || rank[i] == LEAVING));
	}
}

/* Mola finds something wrong with one of its tasks, and says so to a target. */
static bool
is_unwell(const struct table_service *s)
{
	const struct table_task *row;
	struct live_task t;
	uint32_t n;

	row = table_tasks(b.seen, &n) + s->first_task;
	for (uint32_t i = 0; i < s->ntasks; i++) {
		live_task_read(b.live, row[i].slot, &t);
		if (t.health == HEALTH_DOWN || t.ejected_until_usec > wire_now())
			return true;
	}
	return false;
}

/* The HAProxy has the tasks of the service. */
static void
check_target(unsigned service, const struct table_service *s)
{
	const struct table_task *row;
	struct haproxy_seen seen;
	unsigned serving = 0;
	uint32_t n;

	row = table_tasks(b.seen, &n) + s->first_task;
	for (uint32_t i = 0; i < s->ntasks; i++) {
		seen = haproxy_server_at(service, &row[i].addr);
		serving += !row[i].draining;
		if (!row[i].draining && !seen.ready)
			broken("HAProxy has no %sserver for a task of s%u", seen.there ? "ready " : "", service);
	}
	if (serving > 0 && haproxy_servers(service) > s->ntasks)
		broken("HAProxy has %u servers of s%u, for %u tasks", haproxy_servers(service), service, s->ntasks);
}

/* `calm`: the table is the Swarm's. */
static void
targets_look(bool calm)
{
	int64_t now = wire_now();

	for (unsigned i = 0; i < SERVICES; i++) {
		const struct table_service *s = service_row(i);
		if (s != NULL && is_unwell(s))
			b.unwell[i] = now;
		if (s != NULL && calm && now - b.unwell[i] >= TELLS_USEC && now - haproxy_good_usec() >= SETTLES_USEC)
			check_target(i, s);
	}
}

static void
on_look(void *arg, uint64_t n)
{
	int64_t now = wire_now();
	bool calm;

	if (b.ended)
		return;
	wire_at(now + LOOK_USEC, on_look, arg, n);
	if (b.brain == NULL || b.hangs)
		b.troubled = now;
	calm = now - b.troubled >= SETTLES_USEC && now - engine_good_usec() >= SETTLES_USEC && now - engine_changed_usec() >= FOLLOWS_USEC;
	if (calm)
		check_table();
	if (b.plan->brain.drives)
		targets_look(calm);
	if (b.bytes > MEMORY_MOST)
		broken("the brain has %zu bytes", b.bytes);
}

/* ---- the parent ---- */

static void
hear(void)
{
	struct channel_msg m;
	int fd;

	while (b.channel >= 0 && sock_recv_fd(b.channel, &m, sizeof m, &fd) > 0)
		switch (m.kind) {
		case CHANNEL_TABLE:
			table_take(fd);
			break;
		case CHANNEL_SECRETS:
			if (b.secrets >= 0)
				close(b.secrets);
			b.secrets = fd;
			break;
		case CHANNEL_READY:
			break;
		default:
			broken("the brain sends a message of kind %d", (int)m.kind);
		}
}

static int
dup_or_none(int fd)
{
	return fd < 0 ? -1 : dup(fd);
}

/* What it allocates counts as its own. */
static void
account_begin(size_t *before)
{
	kernel_enter(BRAIN);
	*before = sim_product_bytes();
}

static void
account_end(size_t before)
{
	b.bytes += sim_product_bytes() - before;
	kernel_enter(0);
	hear();
}

static void
born(void)
{
	size_t before;
	int fd[2];

	ASSERT(b.brain == NULL && channel_pair(fd));
	b.channel = fd[0];
	kernel_give(fd[1], BRAIN);
	b.boot = (struct brain_conf){ .live = b.live, .phys = b.phys, .channel_fd = fd[1], .table_fd = dup_or_none(b.table),
	    .secrets_fd = dup_or_none(b.secrets), .handover_fd = -1, .admin_tcp_fd = kernel_pass(b.listener, BRAIN), .admin_unix_fd = -1 };
	b.troubled = wire_now();
	b.bytes = 0;
	account_begin(&before);
	b.boot.conf = conf_make();
	log_setup("brain", b.boot.conf->log_level, false);
	b.brain = brain_new(&b.boot);
	account_end(before);
}

static void
turn(void)
{
	size_t before;

	account_begin(&before);
	loop_turn(brain_loop(b.brain), -1);
	account_end(before);
	b.turns++;
}

static void
stop(void)
{
	size_t before;

	close(b.channel);
	b.channel = -1;
	turn();
	account_begin(&before);
	brain_free(&b.brain);
	account_end(before);
}

static void
lost(void *arg, const struct end *e)
{
	(void)arg;
	(void)e;
}

static void
die(void)
{
	hear();
	kernel_kill(BRAIN, lost, NULL);
	fetch_forget(BRAIN);
	log_tap(NULL, NULL);
	close(b.channel);
	b.channel = -1;
	b.brain = NULL;
	b.killed = true;
}

/* ---- what happens to it ---- */

static void
on_again(void *arg, uint64_t n)
{
	(void)arg;
	(void)n;
	if (!b.ended && b.brain == NULL)
		born();
}

static void
on_end(void *arg, uint64_t kills)
{
	int64_t again = (int64_t)(uintptr_t)arg;

	if (b.ended || b.brain == NULL)
		return;
	wire_note(kills ? "brain dies" : "brain stops", 0, 0);
	b.hangs = false;
	kills ? die() : stop();
	wire_at(wire_now() + again, on_again, NULL, 0);
}

static void
on_hang(void *arg, uint64_t begins)
{
	(void)arg;
	wire_note(begins ? "brain hangs" : "brain goes on", 0, 0);
	b.hangs = begins;
}

void
brains_begin(const struct plan *p, struct addr at[SERVICES][TASKS], struct live *live, struct phys *phys, brains_table_f *on_table)
{
	const struct plan_brain *how = &p->brain;
	struct addr admin;

	memset(&b, 0, sizeof b);
	b.plan = p;
	b.at = at;
	b.live = live;
	b.phys = phys;
	b.on_table = on_table;
	b.table = b.secrets = -1;
	ASSERT(addr_parse(STR(WATCHER_AT), &admin) == NULL && sock_listen(&admin, false, &b.listener) == NULL);
	born();
	for (unsigned i = 0; i < ENDS; i++)
		if (how->end[i].usec > 0)
			wire_at(wire_now() + how->end[i].usec, on_end, (void *)(uintptr_t)how->end[i].again_usec, how->end[i].kills);
	if (how->hang_usec > 0) {
		wire_at(wire_now() + how->hang_usec, on_hang, NULL, 1);
		wire_at(wire_now() + how->wakes_usec, on_hang, NULL, 0);
	}
	wire_at(wire_now() + LOOK_USEC, on_look, NULL, 0);
}

void
brains_end(void)
{
	if (b.brain != NULL)
		stop();
	b.ended = true;
	table_unref(&b.seen);
	close(b.listener);
	close(b.table);
	if (b.secrets >= 0)
		close(b.secrets);
}

bool
brains_turn(int64_t *until)
{
	*until = INT64_MAX;
	if (b.brain == NULL || b.hangs)
		return false;
	if (!kernel_is_ready(BRAIN) && kernel_until(BRAIN) > wire_now()) {
		*until = kernel_until(BRAIN);
		return false;
	}
	turn();
	return true;
}

bool
brains_were_killed(void)
{
	return b.killed;
}

void
brains_none(void)
{
	memset(&b, 0, sizeof b);
}

uint64_t
brains_turns(void)
{
	return b.turns;
}
