/*
 * model: the emulated cluster without sockets or clocks: the same virtual CPUs, tenants and requests in virtual
 * time, and the real law choosing. 200 s take about a second. What it says is what a balancer could do if it cost
 * nothing; the difference from the measured comparison is what processes and protocols cost.
 *
 * Each policy has its own clone of the cluster and meets the same requests and the same tenants. The driven ones are
 * external proxies, with weights from the real score/weigh.c: "fewest" as HAProxy's leastconn, "root" as Envoy's
 * least request, "turns" as Traefik's.
 */
#include <getopt.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/clock.h"
#include "base/rng.h"
#include "lib/hist.h"
#include "lib/plan.h"
#include "lib/tenants.h"
#include "lib/vcpu.h"
#include "score/weigh.h"
#include "world/law.h"

#define SEEDS_MAX	32
#define HYSTERESIS	0.1		/* of proxies that are driven: less is not published */

struct model;
struct set;

struct node {
	struct vcpu	 cpu;
	struct heap	 waits;
	double		 inflight;
	double		 tenants;		/* their threads */
	struct law_node	 sampled;		/* as the policy last saw it */
	double		 busy_usec;		/* of its CPU at the last sample */
	/* of a target, driven by weights */
	struct world_node seen;			/* by who drives it */
	double		 weight, due;		/* as published; its next turn */
};

struct model_request {				/* ours, or a tenant's thread */
	struct job	 job;
	struct heap_node wait;
	struct node	*node;
	int64_t		 began, io;
	bool		 tenant, counts;
};

struct set {
	const struct way *way;
	struct node	 node[PLAN_NODES_MAX];
	unsigned	 turn;			/* of round robin */
	unsigned	 best;			/* of best-node */
	double		 credit[PLAN_NODES_MAX];	/* of weighted round robin */
	struct world	 world;			/* of who drives it: nodes alone */
	struct weigh	*weigh;
	int64_t		 published;
	struct rng	 rng;
	struct hist	 hist;
};

typedef unsigned pick_f(struct model *, struct set *);

struct way {
	const char	*name;
	pick_f		*pick;
	int64_t		 every;			/* driven: least time between two publications; else 0 */
};

struct model {
	struct plan	 plan;
	struct tenants_conf tenants_conf;
	double		 load, work, io, seconds, warmup, period;
	uint64_t	 seed;
	unsigned	 nseeds;
	int64_t		 now;
	struct rng	 rng;
	struct tenants	 tenants[PLAN_NODES_MAX];
	struct set	*set;			/* one per policy */
};

/* The policies. `least` finds the smallest cost, ties at random. */

typedef double	cost_f(const struct model *, const struct node *);

static unsigned
least(struct model *m, struct set *s, cost_f *cost)
{
	double lowest = INFINITY, c;
	unsigned best = 0, ties = 0;

	for (unsigned i = 0; i < m->plan.nnodes; i++) {
		c = cost(m, &s->node[i]);
		if (c > lowest)
			continue;
		ties = c < lowest ? 1 : ties + 1;
		if (rng_below(&s->rng, ties) == 0)
			best = i;
		lowest = c;
	}
	return best;
}

static double
cost_law(const struct model *m, const struct node *n)
{
	return law_cost(&n->sampled, law_others(&n->sampled, m->now), n->inflight);
}

static double
cost_oracle(const struct model *m, const struct node *n)
{
	(void)m;
	return law_cost(&n->sampled, n->tenants, (double)n->cpu.jobs.count - n->tenants);
}

static double
cost_conn(const struct model *m, const struct node *n)
{
	(void)m;
	return n->inflight;
}

static double
cost_conn_cores(const struct model *m, const struct node *n)
{
	(void)m;
	return (n->inflight + 1) / n->cpu.cores;
}

static unsigned
pick_law(struct model *m, struct set *s)
{
	return least(m, s, cost_law);
}

static unsigned
pick_oracle(struct model *m, struct set *s)
{
	return least(m, s, cost_oracle);
}

static unsigned
pick_conn(struct model *m, struct set *s)
{
	return least(m, s, cost_conn);
}

static unsigned
pick_conn_cores(struct model *m, struct set *s)
{
	return least(m, s, cost_conn_cores);
}

static unsigned
pick_turns(struct model *m, struct set *s)
{
	return s->turn++ % m->plan.nnodes;
}

/* Smooth: everybody earns by weight, the richest pays for all. */
static unsigned
pick_turns_cores(struct model *m, struct set *s)
{
	unsigned best = 0;

	for (unsigned i = 0; i < m->plan.nnodes; i++) {
		s->credit[i] += m->plan.cores[i];
		if (s->credit[i] > s->credit[best])
			best = i;
	}
	s->credit[best] -= plan_total_cores(&m->plan);
	return best;
}

static unsigned
pick_two(struct model *m, struct set *s)
{
	unsigned a = rng_below(&s->rng, m->plan.nnodes), b = rng_below(&s->rng, m->plan.nnodes - 1);

	b += b >= a;
	return s->node[b].inflight < s->node[a].inflight ? b : a;
}

static unsigned
pick_best(struct model *m, struct set *s)
{
	(void)m;
	return s->best;
}

/* Targets. The fewest requests per weight; no request waits on an idle node (HAProxy). */
static unsigned
pick_fewest(struct model *m, struct set *s)
{
	double lowest = INFINITY;
	unsigned best = 0, ties = 0;

	for (unsigned i = 0; i < m->plan.nnodes; i++) {
		struct node *n = &s->node[i];
		double c = n->inflight == 0 ? 0 : (n->inflight + 1) / n->weight;
		if (c > lowest)
			continue;
		ties = c < lowest ? 1 : ties + 1;
		if (rng_below(&s->rng, ties) == 0)
			best = i;
		lowest = c;
	}
	return best;
}

/* Turns, the earliest first; one that was had comes again after `span` per weight. */
static unsigned
turn(struct model *m, struct set *s, bool by_requests)
{
	struct node *n = s->node;

	for (unsigned i = 1; i < m->plan.nnodes; i++)
		if (s->node[i].due < n->due)
			n = &s->node[i];
	n->due += by_requests ? (n->inflight + 1) / (n->weight * n->weight) : 1 / n->weight;
	return (unsigned)(n - s->node);
}

static unsigned
pick_turns_driven(struct model *m, struct set *s)
{
	return turn(m, s, false);
}

/* Weights are squared, for shares go by their root (Envoy's least request). */
static unsigned
pick_root(struct model *m, struct set *s)
{
	return turn(m, s, true);
}

static const struct way policies[] = {
	{ "marginal", pick_law, 0 }, { "oracle", pick_oracle, 0 }, { "least-conn-cores", pick_conn_cores, 0 }, { "least-conn", pick_conn, 0 },
	{ "random-two", pick_two, 0 }, { "rr-cores", pick_turns_cores, 0 }, { "round-robin", pick_turns, 0 },
	{ "best-node", pick_best, 0 }, { "driven-fewest", pick_fewest, USEC_PER_SEC }, { "driven-root", pick_root, USEC_PER_SEC },
	{ "driven-turns", pick_turns_driven, 5 * USEC_PER_SEC },
};
#define NPOLICIES (sizeof policies / sizeof *policies)

/* What happens on a node. */

static void
request_end(struct set *s, struct model_request *r, int64_t at)
{
	if (r->tenant)
		r->node->tenants--;
	else
		r->node->inflight--;
	if (r->counts)
		hist_add(&s->hist, at - r->began);
	free(r);
}

static void
node_catch_up(struct set *s, struct node *n, int64_t now)
{
	struct heap_node *w;
	struct job *j;

	while ((j = vcpu_done(&n->cpu, now)) != NULL) {
		struct model_request *r = (struct model_request *)j;	/* job is its first member */
		if (r->io > 0)
			heap_push(&n->waits, &r->wait, n->cpu.now + r->io);
		else
			request_end(s, r, n->cpu.now);
	}
	while ((w = heap_min(&n->waits)) != NULL && w->key <= now) {
		heap_remove(&n->waits, w);
		request_end(s, (struct model_request *)((char *)w - offsetof(struct model_request, wait)), w->key);
	}
}

static void
all_catch_up(struct model *m)
{
	for (unsigned p = 0; p < NPOLICIES; p++)
		for (unsigned i = 0; i < m->plan.nnodes; i++)
			node_catch_up(&m->set[p], &m->set[p].node[i], m->now);
}

static void
arrive(struct model *m)
{
	double work = rng_exp(&m->rng, m->work) * 1e6;

	for (unsigned p = 0; p < NPOLICIES; p++) {
		struct set *s = &m->set[p];
		struct model_request *r = must_zalloc(sizeof *r);
		r->node = &s->node[policies[p].pick(m, s)];
		r->began = m->now;
		r->io = (int64_t)(m->io * 1e6);
		r->counts = (double)m->now >= m->warmup * 1e6;
		r->node->inflight++;
		vcpu_add(&r->node->cpu, &r->job, work);
	}
}

static void
publish(struct model *m, struct set *s)
{
	for (unsigned i = 0; i < m->plan.nnodes; i++)
		s->node[i].weight = weigh_node(s->weigh, 0, &s->node[i].seen);
	s->published = m->now;
}

/* What a Mola that drives a proxy does with the samples; it knows nothing of requests. */
static void
drive(struct model *m, struct set *s, int64_t every)
{
	const struct weigh_rules rules = WEIGH_RULES_DEFAULT;
	bool moved = false;

	for (unsigned i = 0; i < m->plan.nnodes; i++) {
		struct node *n = &s->node[i];
		n->seen.observed.sample = (struct sample){ .taken_usec = m->now + 1, .span_usec = (int64_t)(m->period * 1e6), .cores = n->cpu.cores,
			.busy = fmin(n->cpu.cores, (n->cpu.busy_usec - n->busy_usec) / (m->period * 1e6)), .running = vcpu_threads(&n->cpu) };
		n->seen.steering.row.law.sampled_usec = m->now + 1;
		n->busy_usec = n->cpu.busy_usec;
	}
	weigh_update(s->weigh, &s->world, &rules, m->now + 1);
	for (unsigned i = 0; i < m->plan.nnodes; i++)
		moved |= fabs(weigh_node(s->weigh, 0, &s->node[i].seen) / s->node[i].weight - 1) > HYSTERESIS;
	if (moved && m->now - s->published >= every)
		publish(m, s);
}

/* Samples as an agent takes them: threads running or waiting at this instant. */
static void
sample(struct model *m)
{
	for (unsigned p = 0; p < NPOLICIES; p++) {
		for (unsigned i = 0; i < m->plan.nnodes; i++) {
			struct node *n = &m->set[p].node[i];
			n->sampled.others = vcpu_threads(&n->cpu) - n->inflight;
			n->sampled.sampled_usec = m->now;
		}
		if (policies[p].every > 0)
			drive(m, &m->set[p], policies[p].every);
	}
}

static void
best_renew(struct model *m)
{
	for (unsigned p = 0; p < NPOLICIES; p++) {
		struct set *s = &m->set[p];
		double most = -1;
		for (unsigned i = 0; i < m->plan.nnodes; i++) {
			double idle = 1 - vcpu_threads(&s->node[i].cpu) / s->node[i].cpu.cores;
			idle = (idle > 0 ? idle : 0) + 1e-6 * rng_double(&s->rng);	/* ties at random */
			if (idle > most) {
				most = idle;
				s->best = i;
			}
		}
	}
}

static void
tenant_arrive(struct model *m, unsigned i)
{
	for (unsigned k = 0; k < m->tenants[i].threads; k++) {
		double work = tenants_work(&m->tenants[i]);
		for (unsigned p = 0; p < NPOLICIES; p++) {
			struct model_request *r = must_zalloc(sizeof *r);
			r->node = &m->set[p].node[i];
			r->tenant = true;
			r->node->tenants++;
			vcpu_add(&r->node->cpu, &r->job, work);
		}
	}
	tenants_step(&m->tenants[i]);
}

/* A run of one seed. */

static void
model_begin(struct model *m)
{
	m->now = 0;
	rng_seed(&m->rng, m->seed);
	for (unsigned i = 0; i < m->plan.nnodes; i++)
		tenants_init(&m->tenants[i], m->seed * 1000 + i, &m->tenants_conf, m->plan.cores[i], 0);
	for (unsigned p = 0; p < NPOLICIES; p++) {
		struct set *s = &m->set[p];
		memset(s, 0, sizeof *s);
		rng_seed(&s->rng, m->seed + 77);
		for (unsigned i = 0; i < m->plan.nnodes; i++) {
			struct node *n = &s->node[i];
			vcpu_init(&n->cpu, m->plan.cores[i], 0);
			heap_init(&n->waits);
			n->sampled = (struct law_node){ .cores = m->plan.cores[i], .balancers = 1,
				.period_usec = (int64_t)(m->period * 1e6) };
			n->seen = (struct world_node){ .slot = i, .observed.samples = 2, .steering.row.law = n->sampled };
			LIST_INSERT_HEAD(&s->world.nodes, &n->seen, link);
		}
		s->weigh = weigh_new();
		publish(m, s);
		for (unsigned i = 0; i < m->plan.nnodes; i++)
			s->node[i].due = rng_double(&s->rng) / s->node[i].weight;
	}
}

/* Requests that are still there count with the time they have taken so far. */
static void
model_end(struct model *m)
{
	struct heap_node *n;

	for (unsigned p = 0; p < NPOLICIES; p++) {
		weigh_free(&m->set[p].weigh);
		for (unsigned i = 0; i < m->plan.nnodes; i++) {
			struct set *s = &m->set[p];
			while ((n = heap_min(&s->node[i].cpu.jobs)) != NULL) {
				heap_remove(&s->node[i].cpu.jobs, n);
				request_end(s, (struct model_request *)n, m->now);
			}
			while ((n = heap_min(&s->node[i].waits)) != NULL) {
				heap_remove(&s->node[i].waits, n);
				request_end(s, (struct model_request *)((char *)n - offsetof(struct model_request, wait)), m->now);
			}
			vcpu_fini(&s->node[i].cpu);
			heap_fini(&s->node[i].waits);
		}
	}
}

static void
model_run(struct model *m)
{
	double rate = (m->load - m->tenants_conf.load) * plan_total_cores(&m->plan) / m->work;
	int64_t end = (int64_t)(m->seconds * 1e6), arrival = 0, sampling = 0, renewal = 0;

	model_begin(m);
	while (m->now < end) {
		int64_t next = arrival < sampling ? arrival : sampling;
		for (unsigned i = 0; i < m->plan.nnodes; i++)
			next = m->tenants[i].next < next ? m->tenants[i].next : next;
		m->now = next;
		all_catch_up(m);
		for (unsigned i = 0; i < m->plan.nnodes; i++)
			if (m->tenants[i].next <= next)
				tenant_arrive(m, i);
		if (sampling <= next) {
			sample(m);
			sampling += (int64_t)(m->period * 1e6);
			if (renewal <= next) {
				best_renew(m);
				renewal += 5 * USEC_PER_SEC;
			}
		}
		if (arrival <= next) {
			arrive(m);
			arrival += 1 + (int64_t)rng_exp(&m->rng, 1e6 / rate);
		}
	}
	model_end(m);
}

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void
report(double p99[NPOLICIES][SEEDS_MAX], unsigned nseeds)
{
	double marginal = 0;

	printf("%-18s %12s %12s %12s %10s\n", "p99 in ms", "median", "least", "most", "marginal/");
	for (unsigned p = 0; p < NPOLICIES; p++) {
		qsort(p99[p], nseeds, sizeof p99[p][0], by_value);
		marginal = p == 0 ? p99[p][nseeds / 2] : marginal;
		printf("%-18s %12.1f %12.1f %12.1f %10.3f\n", policies[p].name, p99[p][nseeds / 2], p99[p][0], p99[p][nseeds - 1],
		    marginal / p99[p][nseeds / 2]);
	}
}

static int
usage(void)
{
	fputs("usage: model [--cores LIST] [--load F] [--tenants F] [--size F] [--burst S] [--work S] [--io S] [--period S]\n"
	    "             [--seconds S] [--seed N] [--seeds N]\n"
	    "--load is the whole load, --tenants the part of it that other tenants cause, both as fractions of all cores.\n", stderr);
	return 2;
}

static bool
options_parse(struct model *m, int argc, char **argv)
{
	static const struct option options[] = { { "cores", 1, NULL, 'c' }, { "load", 1, NULL, 'l' }, { "tenants", 1, NULL, 't' },
		{ "size", 1, NULL, 'z' }, { "burst", 1, NULL, 's' }, { "work", 1, NULL, 'w' }, { "io", 1, NULL, 'i' },
		{ "period", 1, NULL, 'p' }, { "seconds", 1, NULL, 'S' }, { "seed", 1, NULL, 'r' }, { "seeds", 1, NULL, 'n' }, { 0 } };
	bool ok = true;
	int o;

	while (ok && (o = getopt_long(argc, argv, "", options, NULL)) != -1)
		switch (o) {
		case 'c': ok = plan_cores(&m->plan, optarg); break;
		case 'l': m->load = atof(optarg); break;
		case 't': m->tenants_conf.load = atof(optarg); break;
		case 'z': m->tenants_conf.size = atof(optarg); break;
		case 's': ok = (m->tenants_conf.work_seconds = atof(optarg)) > 0; break;
		case 'w': ok = (m->work = atof(optarg)) > 0; break;
		case 'i': m->io = atof(optarg); break;
		case 'p': ok = (m->period = atof(optarg)) > 0; break;
		case 'S': m->seconds = atof(optarg); break;
		case 'r': m->seed = strtoull(optarg, NULL, 10); break;
		case 'n': ok = (m->nseeds = (unsigned)atoi(optarg)) >= 1 && m->nseeds <= SEEDS_MAX; break;
		default: ok = false;
		}
	return ok && optind == argc && m->load > m->tenants_conf.load;
}

int
main(int argc, char **argv)
{
	static double p99[NPOLICIES][SEEDS_MAX];
	struct model m = { .load = .7, .tenants_conf = TENANTS_DEFAULT, .work = .02, .seconds = 200, .warmup = 10, .period = 1,
		.seed = 1, .nseeds = 1 };

	m.tenants_conf.load = .15;
	plan_default(&m.plan);
	if (!options_parse(&m, argc, argv))
		return usage();
	m.set = must_zalloc(NPOLICIES * sizeof *m.set);
	for (unsigned k = 0; k < m.nseeds; k++, m.seed++) {
		model_run(&m);
		for (unsigned p = 0; p < NPOLICIES; p++)
			p99[p][k] = (double)hist_quantile(&m.set[p].hist, .99) / 1e3;
	}
	report(p99, m.nseeds);
	free(m.set);
	return 0;
}
