/*
 * ways: the policies that are compared. Mola's own are the product's code (pick/); the others are rules of other
 * balancers, each a function here and a row below: it sees what that balancer sees, its own requests in flight and
 * what it learns of responses; `least` finds the smallest cost, ties at random.
 */
#include <limits.h>
#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "run.h"
#include "world/law.h"

/* It may not be chosen: known to be down, or tried for this request. */
static bool
is_out(const struct balancer *b, unsigned task)
{
	for (unsigned i = 0; i < b->navoid; i++)
		if (b->avoid[i] == task)
			return true;
	return b->down[task];
}

static double
cores_of(const struct balancer *b, unsigned task)
{
	return b->run->task[task].machine->declared;
}

typedef double	cost_f(const struct balancer *, unsigned task);

static unsigned
least(struct balancer *b, cost_f *cost)
{
	double lowest = INFINITY, c;
	unsigned best = UINT_MAX, ties = 0;

	for (unsigned i = 0; i < b->run->ntasks; i++) {
		if (is_out(b, i) || (c = cost(b, i)) > lowest)
			continue;
		ties = c < lowest ? 1 : ties + 1;
		if (rng_below(&b->rng, ties) == 0)
			best = i;
		lowest = c;
	}
	return best;
}

/* ---- perfect knowledge: the law with what is true at this moment ---- */

static double
cost_oracle(const struct balancer *b, unsigned task)
{
	const struct task *t = &b->run->task[task];
	const struct machine *m = t->machine;
	struct law_node n = { .cores = m->cores.cores, .balancers = 1 };
	double all = cores_threads(&m->cores), ours = 0;

	for (unsigned i = 0; i < b->run->s->tasks; i++)
		ours += b->run->task[m->first_task + i].working;
	return law_cost_task(&n, all - ours, ours, cores_group_most(&m->cores, t->group), t->working);
}

static unsigned
pick_oracle(struct balancer *b)
{
	return least(b, cost_oracle);
}

/* ---- least connections: HAProxy's leastconn, nginx's least_conn; weighted by cores: as an expert would ---- */

static double
cost_conn(const struct balancer *b, unsigned task)
{
	return b->inflight[task];
}

static double
cost_conn_cores(const struct balancer *b, unsigned task)
{
	return (b->inflight[task] + 1) / cores_of(b, task);
}

static unsigned
pick_conn(struct balancer *b)
{
	return least(b, cost_conn);
}

static unsigned
pick_conn_cores(struct balancer *b)
{
	return least(b, cost_conn_cores);
}

/* ---- HAProxy's leastconn to the letter (src/lb_fwlc.c): whole numbers, nothing for who has no request, and of equals whoever
 * has been so for longest; weights are ten times the cores (bench/lib/peers.sh). For the comparison with the real one ---- */

#define HAPROXY_SCALE	256.0			/* its greatest weight */

static unsigned
haproxy(struct balancer *b, bool by_cores)
{
	unsigned best = UINT_MAX;
	double lowest = INFINITY;

	for (unsigned i = 0; i < b->run->ntasks; i++) {
		double weight = by_cores ? 10 * cores_of(b, i) : 1;
		double key = b->inflight[i] == 0 ? 0 : floor((b->inflight[i] + 1) * HAPROXY_SCALE / weight);
		if (is_out(b, i) || key > lowest || (key == lowest && b->moved[i] > b->moved[best]))
			continue;
		best = i;
		lowest = key;
	}
	return best;
}

static unsigned
pick_haproxy(struct balancer *b)
{
	return haproxy(b, false);
}

static unsigned
pick_haproxy_cores(struct balancer *b)
{
	return haproxy(b, true);
}

/* ---- turns ---- */

static unsigned
pick_turns(struct balancer *b)
{
	for (unsigned i = 0; i < b->run->ntasks; i++) {
		unsigned task = b->turn++ % b->run->ntasks;
		if (!is_out(b, task))
			return task;
	}
	return UINT_MAX;
}

/* Smooth: everybody earns by weight, the richest pays for all (nginx). */
static unsigned
pick_turns_cores(struct balancer *b)
{
	unsigned best = UINT_MAX;
	double total = 0;

	for (unsigned i = 0; i < b->run->ntasks; i++) {
		if (is_out(b, i))
			continue;
		total += cores_of(b, i);
		b->credit[i] += cores_of(b, i);
		if (best == UINT_MAX || b->credit[i] > b->credit[best])
			best = i;
	}
	if (best != UINT_MAX)
		b->credit[best] -= total;
	return best;
}

static unsigned
pick_two(struct balancer *b)
{
	unsigned x, y, n = b->run->ntasks, tries = 0;

	do
		x = rng_below(&b->rng, n);
	while (is_out(b, x) && ++tries < 100);
	do
		y = rng_below(&b->rng, n);
	while ((y == x || is_out(b, y)) && ++tries < 200);
	if (is_out(b, x))
		return is_out(b, y) ? UINT_MAX : y;
	return !is_out(b, y) && b->inflight[y] < b->inflight[x] ? y : x;
}

/* ---- least time: nginx's least_time header (of its own since 1.31.0), as its source has it ---- */

#define LEAST_TIME_STEP		20		/* msec: response times within one step are the same */
#define LEAST_TIME_MOST		5000
#define LEAST_TIME_FAIL_USEC	(10 * USEC_PER_SEC)

/* The mean response time for each request that is there and the one that comes. A task that nobody has tried for long gets
 * half of it for each time that passes, so that it is tried again. */
static double
cost_least_time(const struct balancer *b, unsigned task)
{
	int64_t since = b->run->now - b->tried[task];
	double ms = isnan(b->mean_usec[task]) ? 0 : floor(b->mean_usec[task] / 1e3);

	if (since > LEAST_TIME_FAIL_USEC)
		ms = floor(ldexp(ms, -(int)(since / (LEAST_TIME_FAIL_USEC + USEC_PER_SEC))));
	ms = ms > LEAST_TIME_MOST ? LEAST_TIME_MOST : ms + LEAST_TIME_STEP - fmod(ms, LEAST_TIME_STEP);
	return ms * (1 + b->inflight[task]);
}

static double
cost_least_time_cores(const struct balancer *b, unsigned task)
{
	return cost_least_time(b, task) / cores_of(b, task);
}

static unsigned
tried(struct balancer *b, unsigned task)
{
	if (task != UINT_MAX && b->run->now - b->tried[task] > LEAST_TIME_FAIL_USEC)
		b->tried[task] = b->run->now;
	return task;
}

static unsigned
pick_least_time(struct balancer *b)
{
	return tried(b, least(b, cost_least_time));
}

static unsigned
pick_least_time_cores(struct balancer *b)
{
	return tried(b, least(b, cost_least_time_cores));
}

/* ---- GMSR, the greatest marginal service rate (Zhang et al., Distributed Load Balancing with Workload-Dependent Service
 * Rates, arXiv 2411.17103): the task that one more request makes work the most. Its rates are known, as the paper has
 * it: what the container could have, where an agent told; else those of threads that share alike with those of others, as
 * of the last sample. Where it gains the same everywhere (a free core each, or none at all), the fewest for each core ---- */

static double
rate(double ours, double others, double cores)
{
	return ours + others <= cores ? ours : cores * ours / (ours + others);
}

static double
cost_marginal_rate(const struct balancer *b, unsigned task)
{
	const struct law_node *n = &b->node[b->run->task[task].machine->number]->steering.row.law;
	double available = b->run->task[task].available, ours = b->inflight[task];
	bool told = available > 0;
	double others = told ? 0 : fmax(0, law_others(n, b->run->now)), cores = told ? available : n->cores;

	return rate(ours, others, cores) - rate(ours + 1, others, cores) + 1e-6 * (ours + 1) / cores;
}

static unsigned
pick_marginal_rate(struct balancer *b)
{
	return least(b, cost_marginal_rate);
}

/* ---- JFSQ, join the fastest of the shortest queues (Liu, Ying: Zero-Waiting Load Balancing with Heterogeneous Servers in
 * Heavy Traffic, arXiv 2509.23918): the fewest requests, and of those the most cores ---- */

static double
cost_fastest_shortest(const struct balancer *b, unsigned task)
{
	return b->inflight[task] - 1e-6 * cores_of(b, task);
}

static unsigned
pick_fastest_shortest(struct balancer *b)
{
	return least(b, cost_fastest_shortest);
}

/* ---- driven: external proxies with weights from score/weigh.c ---- */

/* The fewest requests per weight; no request waits on an idle node (HAProxy's leastconn). */
static double
cost_fewest(const struct balancer *b, unsigned task)
{
	return b->inflight[task] == 0 ? 0 : (b->inflight[task] + 1) / b->weight[task];
}

static unsigned
pick_fewest(struct balancer *b)
{
	return least(b, cost_fewest);
}

/* Turns, the earliest first; one that was had comes again after `span` per weight. */
static unsigned
turn(struct balancer *b, bool by_requests)
{
	unsigned best = UINT_MAX;

	for (unsigned i = 0; i < b->run->ntasks; i++)
		if (!is_out(b, i) && (best == UINT_MAX || b->due[i] < b->due[best]))
			best = i;
	if (best != UINT_MAX)
		b->due[best] += by_requests ? (b->inflight[best] + 1) / (b->weight[best] * b->weight[best]) : 1 / b->weight[best];
	return best;
}

static unsigned
pick_turns_driven(struct balancer *b)
{
	return turn(b, false);
}

/* Weights are squared, for shares go by their root (Envoy's least request). */
static unsigned
pick_root(struct balancer *b)
{
	return turn(b, true);
}

const struct way ways[] = {
	{ .name = "law-new", .policy = "marginal" },
	{ .name = "before", .policy = "marginal-1" },
	{ .name = "oracle", .pick = pick_oracle },
	{ .name = "least-conn-cores", .pick = pick_conn_cores },
	{ .name = "least-conn", .pick = pick_conn },
	{ .name = "haproxy-cores", .pick = pick_haproxy_cores, .slow = true },
	{ .name = "haproxy-leastconn", .pick = pick_haproxy, .slow = true },
	{ .name = "least-time", .pick = pick_least_time },
	{ .name = "least-time-cores", .pick = pick_least_time_cores },
	{ .name = "gmsr", .pick = pick_marginal_rate },
	{ .name = "jfsq", .pick = pick_fastest_shortest },
	{ .name = "random-two", .pick = pick_two },
	{ .name = "rr-cores", .pick = pick_turns_cores },
	{ .name = "round-robin", .pick = pick_turns, .slow = true },
	{ .name = "best-node", .policy = "best-node", .slow = true },
	{ .name = "mola-least-conn", .policy = "least-conn", .slow = true },
	{ .name = "driven-fewest", .pick = pick_fewest, .every_usec = USEC_PER_SEC },
	{ .name = "driven-root", .pick = pick_root, .every_usec = USEC_PER_SEC },
	{ .name = "driven-turns", .pick = pick_turns_driven, .every_usec = 5 * USEC_PER_SEC, .slow = true },
};
const unsigned ways_count = sizeof ways / sizeof *ways;

const struct way *
way_named(const char *name)
{
	for (unsigned i = 0; i < ways_count; i++)
		if (strcmp(ways[i].name, name) == 0)
			return &ways[i];
	return NULL;
}

bool
way_exists(const struct way *w)
{
	enum policy p;

	return w->policy == NULL || policy_parse(str_of(w->policy), &p);
}
