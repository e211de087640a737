/*
 * join_tasks: which tasks of a service take requests, and by which addresses they are reached.
 *
 * First come tasks whose desired state is running, on nodes that are not drained. Tasks that
 * are being stopped are draining. Where there is none of the first kind, a service is better
 * served by a task that is about to stop, and then by one whose node has lost its Engine, than
 * by none: containers outlive their Engine, and a task that is dead is no worse than no task.
 * Never uses a virtual address: behind it, Swarm would choose again, without what Mola knows.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "discovery/join.h"

enum rank { RANK_SURE, RANK_LEAVING, RANK_LOST, RANK_NONE };

struct task_candidate {
	const struct swarm_task *task;
	const struct join_part *part;
	const struct join_node *on;
	enum rank	 rank;
	struct addr	 addr, other[TASK_ADDRS - 1];
	unsigned	 nothers;
};

/* ---- the port ---- */

static bool
ports_agree(unsigned *port, const struct swarm_port *p, unsigned n, bool host_only)
{
	for (unsigned i = 0; i < n; i++) {
		if (host_only && !p[i].host)
			continue;
		if (*port != 0 && *port != p[i].target)
			return false;
		*port = p[i].target;
	}
	return true;
}

/* The service's own published ports come first; those of its tasks may be all that an old
 * Engine reports. */
unsigned
join_port(const struct swarm_service *s, const struct join_tasks *tasks)
{
	unsigned host = 0, any = 0;

	if (ports_agree(&any, s->port, s->nports, false) && any != 0)
		return any;
	if (ports_agree(&host, s->port, s->nports, true) && host != 0)
		return host;
	if (s->nports > 0)
		return 0;
	for (unsigned i = 0; i < tasks->n; i++)
		if (!ports_agree(&any, tasks->task[i]->port, tasks->task[i]->nports, false))
			return 0;
	return any;
}

/* ---- the address ---- */

bool
join_address(const char *ip, unsigned port, struct addr *out)
{
	char text[128];

	if (*ip == '\0' || strlen(ip) > 64)
		return false;
	snprintf(text, sizeof text, strchr(ip, ':') != NULL ? "[%s]:%u" : "%s:%u", ip, port);
	return addr_parse(str_of(text), out) == NULL;
}

static bool
attachment_is(const struct swarm_attachment *a, const char *network)
{
	return !a->ingress && (strcmp(a->network, network) == 0 || strcmp(a->name, network) == 0);
}

/* On the first of Mola's networks that it is on, of those that are `wanted`; NULL: all are. */
static bool
find_shared_address(const struct swarm *s, const struct swarm_task *t, const char *wanted,
    unsigned port, struct addr *out)
{
	for (unsigned i = 0; i < s->nattached; i++)
		for (unsigned k = 0; k < t->nattachments; k++)
			if (attachment_is(&t->attachment[k], s->attached[i]) &&
			    (wanted == NULL || attachment_is(&t->attachment[k], wanted)) &&
			    join_address(t->attachment[k].address, port, out))
				return true;
	return false;
}

/* As Traefik does it, another network does where the task, or Mola, is not on the one wanted. */
static bool
find_address(const struct join *j, const struct join_part *part, const struct swarm_task *t,
    struct addr *out)
{
	const char *wanted = part->of->labels.network;

	return (wanted != NULL && find_shared_address(j->swarm, t, wanted, part->port, out)) ||
	    find_shared_address(j->swarm, t, NULL, part->port, out);
}

/* A Swarm of one machine may not know its address: then Mola is on that machine. */
static const char *
node_address(const struct swarm *s, const struct swarm_node *n)
{
	return *n->address == '\0' && s->nodes.n == 1 ? "127.0.0.1" : n->address;
}

static unsigned
published_port(const struct swarm_port *p, unsigned n, unsigned port)
{
	for (unsigned i = 0; i < n; i++)
		if (p[i].host && p[i].target == port && p[i].published != 0)
			return p[i].published;
	return 0;
}

/* As the task reports or, since that is lost when the managers' leader changes, as its
 * service requests. */
static bool
find_published_address(const struct join *j, const struct task_candidate *c,
    const struct swarm_service *s, unsigned port, struct addr *out)
{
	unsigned at = published_port(c->task->port, c->task->nports, port);

	if (at == 0)
		at = published_port(s->port, s->nports, port);
	return at != 0 && join_address(node_address(j->swarm, c->on->node), at, out);
}

static void
add_other_address(struct task_candidate *c, const struct addr *a)
{
	bool known = addr_eq(&c->addr, a);

	ASSERT(c->addr.len > 0 && a->len > 0 && c->nothers <= TASK_ADDRS - 1);
	for (unsigned i = 0; i < c->nothers; i++)
		known = known || addr_eq(&c->other[i], a);
	if (!known && c->nothers < TASK_ADDRS - 1)
		c->other[c->nothers++] = *a;
}

/* All other addresses by which it can be reached; the port that its node publishes comes last. */
static void
find_other_addresses(const struct join *j, struct task_candidate *c, const struct swarm_service *s,
    unsigned port)
{
	const struct swarm_task *t = c->task;
	struct addr a = { 0 };

	for (unsigned i = 0; i < j->swarm->nattached; i++)
		for (unsigned k = 0; k < t->nattachments; k++)
			if (attachment_is(&t->attachment[k], j->swarm->attached[i]) &&
			    join_address(t->attachment[k].address, port, &a))
				add_other_address(c, &a);
	if (find_published_address(j, c, s, port, &a))
		add_other_address(c, &a);
}

/* ---- the candidates ---- */

static enum rank
task_rank(const struct swarm_task *t, const struct join_node *on)
{
	if (on == NULL || on->name == NULL)
		return RANK_NONE;
	if (on->node->state == NODE_DOWN)
		return RANK_LOST;
	return t->gone || !t->wanted || on->node->use == NODE_DRAINED ? RANK_LEAVING : RANK_SURE;
}

static struct task_candidate
make_candidate(struct join *j, const struct join_part *part, const struct swarm_task *t)
{
	struct task_candidate c = { .task = t, .part = part, .on = map_get(j->nodes, str_of(t->node)) };
	const struct swarm_service *s = part->of->from;
	unsigned port = part->port;

	ASSERT(port > 0 && port <= 65535);
	c.rank = task_rank(t, c.on);
	if (c.rank == RANK_NONE)
		return c;
	if (!find_address(j, part, t, &c.addr) && !find_published_address(j, &c, s, port, &c.addr))
		c.addr.len = 0;
	else
		find_other_addresses(j, &c, s, port);
	return c;
}

/* What of a task's name is before its slot: the service's as the world has it, or the task's own,
 * where it serves under that of another one. */
static const char *
owner_name(struct join *j, const struct world_service *ws, const struct join_part *part, bool own)
{
	const char *name = part->of->from->name;

	if (own)
		return ws->name;
	return part->port == part->of->labels.port ? name :
	    arena_printf(j->arena, "%s:%u", name, part->port);
}

/* Whether the service's tasks may serve under its own name. */
static bool
serves_itself(const struct join *j, const struct join_service *js)
{
	bool serves = js->labels.needed || js->nlent > 0 || j->conf->routeless;

	for (unsigned i = 0; i < js->labels.nroutes; i++)
		serves |= js->labels.route[i].to == NULL;
	return serves;
}

/* Names of tasks are unique: one that serves under its own service's name, too, gets the other
 * one's behind it. */
static char *
task_name(struct join *j, const struct world_service *ws, const struct task_candidate *c, bool own)
{
	const char *owner = owner_name(j, ws, c->part, own);
	bool twice = !own && serves_itself(j, c->part->of);
	char *name = c->task->slot == 0 ? arena_printf(j->arena, "%s.%.8s", owner, c->task->id) :
	    arena_printf(j->arena, "%s.%u.%.8s", owner, c->task->slot, c->task->id);

	return twice ? arena_printf(j->arena, "%s.%s", name, ws->name) : name;
}

static void
publish_task(struct join *j, struct world_service *ws, const struct task_candidate *c, bool own,
    bool draining, bool first)
{
	struct report_service *report = c->part->of->labels.report;
	char *name = task_name(j, ws, c, own);
	struct world_task *t;

	ASSERT(c->rank != RANK_NONE && c->on->name != NULL && c->addr.len > 0);
	t = world_pass_task(j->world, ws, name, c->on->name, &c->addr, draining);

	if (t == NULL) {
		join_add_trouble(j, report, WHY_TABLE_LARGE,
		    arena_printf(j->arena, "task %s: no place is left for it", name));
		return;
	}
	world_pass_task_others(j->world, t, c->other, c->nothers);
	world_pass_task_limit(j->world, t, c->task->limit);
	if (strlen(c->task->container) == 64)		/* all digits */
		world_pass_task_container(j->world, t, c->task->container);
	report->nserving += first && !draining;
	report->ndraining += first && draining;
}

/* ---- when no task can be reached ---- */

static void
add_name(char *list, size_t cap, const char *name)
{
	size_t len = strlen(list);

	if (*name != '\0' && strstr(list, name) == NULL && len + strlen(name) + 3 < cap)
		snprintf(list + len, cap - len, "%s%s", len > 0 ? ", " : "", name);
}

static const char *
network_name(const struct swarm *s, const char *network)
{
	const struct swarm_network *n = SWARM_NETWORKS(s);

	for (unsigned i = 0; i < s->networks.n; i++)
		if (strcmp(n[i].id, network) == 0 || strcmp(n[i].name, network) == 0)
			return n[i].ingress ? "" : n[i].name;
	return network;
}

static void
report_unreachable(struct join *j, const struct labels *l, const struct swarm_task *t,
    unsigned port)
{
	char theirs[200] = "", ours[200] = "";

	for (unsigned i = 0; i < t->nattachments; i++)
		if (!t->attachment[i].ingress)
			add_name(theirs, sizeof theirs, *t->attachment[i].name != '\0' ?
			    t->attachment[i].name : t->attachment[i].network);
	for (unsigned i = 0; i < j->swarm->nattached; i++)
		add_name(ours, sizeof ours, network_name(j->swarm, j->swarm->attached[i]));
	join_add_trouble(j, l->report, WHY_SERVICE_UNREACHABLE,
	    arena_printf(j->arena, "not reachable: it is on %s%s, Mola is on %s%s; "
	    "join one of them, or publish port %u with mode=host",
	    *theirs != '\0' ? "networks " : "no network of its own", theirs,
	    *ours != '\0' ? "networks " : "none that tasks can be on", ours, port));
}

/* Those of one part; the task that cannot be reached, or NULL. */
static const struct swarm_task *
add_candidates(struct join *j, const struct join_part *part, bool first, struct task_candidate *c,
    unsigned *n)
{
	const struct join_tasks *tasks = &part->of->tasks;
	const struct swarm_task *far = NULL;

	for (unsigned i = 0; i < tasks->n; i++) {
		struct task_candidate one = make_candidate(j, part, tasks->task[i]);
		part->of->labels.report->ntasks += first && one.rank == RANK_SURE;
		if (one.rank != RANK_NONE && one.addr.len == 0)
			far = one.task;
		else if (one.rank != RANK_NONE)
			c[(*n)++] = one;
	}
	return far;
}

void
join_tasks(struct join *j, struct world_service *ws, const struct join_part *part, unsigned nparts,
    bool first)
{
	struct task_candidate *c;
	enum rank best = RANK_NONE;
	unsigned n = 0, most = 0;

	ASSERT(nparts > 0);
	for (unsigned i = 0; i < nparts; i++)
		most += part[i].of->tasks.n;
	c = arena_zalloc(j->arena, (most + 1) * sizeof *c);
	for (unsigned i = 0; i < nparts; i++) {
		const struct swarm_task *far = add_candidates(j, &part[i], first || i > 0, c, &n);
		if (far != NULL)
			report_unreachable(j, &part[i].of->labels, far, part[i].port);
	}
	for (unsigned i = 0; i < n; i++)
		best = c[i].rank < best ? c[i].rank : best;
	for (unsigned i = 0; i < n; i++)
		if (c[i].rank == best || c[i].rank == RANK_LEAVING)
			publish_task(j, ws, &c[i], c[i].part == part, c[i].rank != best, first || c[i].part != part);
}

bool
join_is_read(const struct join *j, const struct join_service *js)
{
	return js->from->provided || js->tasks.n > 0 || j->swarm->tasks.n == 0;
}
