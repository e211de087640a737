/*
 * Who is in one table and in the next keeps his slot; when the Engine has been well for a while, a table is what it says; and so is
 * the HAProxy that Mola drives.
 */
#include <stdio.h>
#include <string.h>

#include "base/bug.h"
#include "engine.h"
#include "haproxy.h"
#include "ledger.h"
#include "operator.h"
#include "tables.h"

#define FOLLOWS_USEC	(USEC_PER_SEC / 2)	/* after the Swarm's last change, of which an event tells */
#define POLLS_USEC	(3 * USEC_PER_SEC)	/* the same where events are lost */
#define TELLS_USEC	(15 * USEC_PER_SEC)	/* to a target: a round is a connection for each command, one after the other */

static struct {
	const struct plan *plan;
	struct addr	(*at)[TASKS];
	struct live	*live;
	struct table	*seen;			/* the one in force */
	int64_t		 seen_usec;		/* since then */
	int64_t		 unwell[SERVICES];	/* when a task of it was down or ejected last */
} t;

void
tables_begin(const struct plan *p, struct addr at[SERVICES][TASKS], struct live *live)
{
	memset(&t, 0, sizeof t);
	t.plan = p;
	t.at = at;
	t.live = live;
}

void
tables_end(void)
{
	table_unref(&t.seen);
}

/* ---- one after the other ---- */

static const struct table_task *
task_named(const struct table *of, struct str name)
{
	const struct table_task *task;
	uint32_t n;

	task = table_tasks(of, &n);
	for (uint32_t i = 0; i < n; i++)
		if (str_eq(table_text(of, task[i].name), name))
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
check_drain(const struct table *new)
{
	const struct table_node *node;
	char name[16];
	uint32_t n;

	snprintf(name, sizeof name, "host%u", t.plan->brain.drain_node);
	node = table_nodes(new, &n);
	for (uint32_t i = 0; i < n && operator_node(t.plan->brain.drain_node) != UNSURE; i++)
		if (str_eq(table_text(new, node[i].name), str_of(name)) &&
		    node[i].drained != (operator_node(t.plan->brain.drain_node) == DRAINS))
			broken("node %s is drained: %d", name, node[i].drained);
}

void
tables_take(struct table *new)
{
	if (t.seen != NULL) {
		if (table_serial(new) <= table_serial(t.seen))
			broken("table %llu comes after %llu", (unsigned long long)table_serial(new), (unsigned long long)table_serial(t.seen));
		check_slots(t.seen, new);
		table_unref(&t.seen);
	}
	check_drain(new);
	wire_note("table", table_serial(new), 0);
	t.seen = new;
	t.seen_usec = wire_now();
}

/* ---- the Swarm's ---- */

enum rank { SURE, LEAVING, LOST, NONE };

static enum rank
rank_of(unsigned service, unsigned task)
{
	int64_t now = wire_now() - 1000 * USEC_PER_SEC;
	unsigned node = t.plan->service[service].task[task].node;
	bool away = t.plan->brain.node[node].leaves_usec > 0 && now >= t.plan->brain.node[node].leaves_usec &&
	    now < t.plan->brain.node[node].back_usec;

	if (engine_says(service, task) != ENGINE_RUNS)
		return NONE;
	return !away ? SURE : t.plan->brain.node[node].what == NODE_LOST ? LOST : LEAVING;
}

/* The service of a plan, as the table has it; NULL: it has not. */
static const struct table_service *
service_row(unsigned service)
{
	char name[8];

	snprintf(name, sizeof name, "s%u", service);
	return t.seen == NULL ? NULL : table_service_named(t.seen, str_of(name), SERVICE_HTTP);
}

static void
check_task(unsigned service, unsigned task, enum rank rank, bool wanted)
{
	const struct table_task *row, *found = NULL;
	const struct table_service *s = service_row(service);
	uint32_t n;

	row = table_tasks(t.seen, &n);
	for (uint32_t i = 0; s != NULL && i < s->ntasks; i++)
		if (addr_eq(&row[s->first_task + i].addr, &t.at[service][task]))
			found = &row[s->first_task + i];
	if (wanted != (found != NULL))
		broken("task s%u.%u (rank %d) is %s the table", service, task, (int)rank, wanted ? "not in" : "still in");
	else if (found != NULL && found->draining != (rank == LEAVING || operator_node(t.plan->service[service].task[task].node) == DRAINS))
		broken("task s%u.%u is draining: %d", service, task, found->draining);
}

/* As discovery/join_tasks.c has it. */
static void
check_table(void)
{
	if (operator_node(t.plan->brain.drain_node) == UNSURE)
		return;
	for (unsigned s = 0; s < SERVICES; s++) {
		enum rank best = NONE, rank[TASKS];
		for (unsigned i = 0; i < t.plan->service[s].ntasks; i++) {
			rank[i] = rank_of(s, i);
			best = rank[i] < best ? rank[i] : best;
		}
		for (unsigned i = 0; i < t.plan->service[s].ntasks; i++)
			if (best != LEAVING)	/* then who leaves serves */
				check_task(s, i, rank[i], rank[i] != NONE && (rank[i] == best || rank[i] == LEAVING));
	}
}

/* Mola finds something wrong with one of its tasks, and says so to a target. */
static bool
is_unwell(const struct table_service *s)
{
	const struct table_task *row;
	struct live_task l;
	uint32_t n;

	row = table_tasks(t.seen, &n) + s->first_task;
	for (uint32_t i = 0; i < s->ntasks; i++) {
		live_task_read(t.live, row[i].slot, &l);
		if (l.health == HEALTH_DOWN || l.ejected_until_usec > wire_now())
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

	row = table_tasks(t.seen, &n) + s->first_task;
	for (uint32_t i = 0; i < s->ntasks; i++) {
		seen = haproxy_server_at(service, &row[i].addr);
		serving += !row[i].draining;
		if (!row[i].draining && !seen.ready)
			broken("HAProxy has no %sserver for a task of s%u", seen.there ? "ready " : "", service);
	}
	if (serving > 0 && haproxy_servers(service) > s->ntasks)
		broken("HAProxy has %u servers of s%u, for %u tasks", haproxy_servers(service), service, s->ntasks);
}

/* `calm`: the table is the Swarm's. An operator may have changed it just now, too. */
static void
targets_look(bool calm)
{
	int64_t now = wire_now();

	for (unsigned i = 0; i < SERVICES; i++) {
		const struct table_service *s = service_row(i);
		if (s != NULL && is_unwell(s))
			t.unwell[i] = now;
		if (s != NULL && calm && now - t.seen_usec >= TELLS_USEC && now - t.unwell[i] >= TELLS_USEC && now - haproxy_good_usec() >= SETTLES_USEC)
			check_target(i, s);
	}
}

/* Whatever was wrong with tasks has been over for so long that each is in use again. */
void
tables_check_end(void)
{
	for (unsigned i = 0; i < SERVICES; i++) {
		const struct table_service *s = service_row(i);
		if (s != NULL && is_unwell(s))
			broken("a task of s%u is out of use, and nothing is wrong with it", i);
	}
}

bool
tables_look(int64_t troubled)
{
	int64_t now = wire_now();
	bool calm = now - troubled >= SETTLES_USEC && now - engine_good_usec() >= SETTLES_USEC &&
	    now - engine_changed_usec() >= (t.plan->brain.deaf ? POLLS_USEC : FOLLOWS_USEC);

	if (calm)
		check_table();
	if (t.plan->brain.drives)
		targets_look(calm);
	return calm;
}
