/*
 * Reports of one subscriber are seconds apart, but there may be thousands of them, and thousands of
 * tasks to look at: what was seen goes for all for VIEW_USEC.
 */
#include <math.h>

#include "base/bug.h"
#include "base/clock.h"
#include "proxy/service_load.h"

#define VIEW_USEC	(100 * USEC_PER_MSEC)	/* nodes are looked at as often */

/* ---- nodes ---- */

struct nodes {
	uint64_t	 seen[NODES_MAX / 64];	/* by slot */
	double		 cores, demand, memory, known;	/* known: cores of nodes whose memory is */
};

static void
add_node(struct nodes *n, const struct proxy *p, uint32_t slot, int64_t now)
{
	uint64_t bit = UINT64_C(1) << slot % 64;
	struct phys_row row = { .score = 0 };
	double demand;

	ASSERT(slot < NODES_MAX);
	if (n->seen[slot / 64] & bit)
		return;
	n->seen[slot / 64] |= bit;
	if (!phys_read(p->conf.phys, slot, &row) || !(row.law.cores > 0))
		return;
	demand = law_others(&row.law, now)
	    + row.law.balancers * live_node_inflight(p->conf.live, slot);
	n->cores += row.law.cores;
	n->demand += demand > 0 ? demand : 0;
	if (row.memory > 0) {
		n->memory += row.memory * row.law.cores;
		n->known += row.law.cores;
	}
}

/* ---- tasks ---- */

static double
reported(const struct proxy *p, const struct table_task *task, uint32_t n, int64_t now)
{
	double sum = 0, ntasks = 0;
	struct live_load l;

	for (uint32_t i = 0; i < n; i++) {
		live_load_read(p->conf.live, task[i].slot, &l);
		if (l.noted_usec == 0 || now - l.noted_usec >= UTILIZATION_GONE_USEC)
			continue;
		sum += l.utilization;
		ntasks++;
	}
	return ntasks > 0 ? sum / ntasks : 0;
}

/* ---- rates ---- */

/* Counters wrap: only differences mean something. */
static void
add_rates(const struct proxy *p, const struct table_service *s, struct service_load_since *since,
    int64_t now, struct orca_report *r)
{
	double seconds = (double)(now - since->usec) / (double)USEC_PER_SEC;
	struct service_load_since is = { .usec = now };
	struct live_traffic t;

	live_service_traffic(p->conf.live, s->slot, &t);
	is.lives = t.lives;
	for (unsigned i = 0; i < LATENCY_STEPS; i++)
		is.requests += t.step[i];
	for (unsigned i = 0; i < LIVE_ERRORS; i++)
		is.errors += t.error[i];
	if (since->usec != 0 && since->lives == is.lives && seconds > 0) {
		r->rps = (is.requests - since->requests) / seconds;
		r->eps = (is.errors - since->errors) / seconds;
	}
	*since = is;
}

static double
sound(double x, double most)
{
	return x >= 0 ? (x < most ? x : most) : 0;
}

static void
look(const struct proxy *p, const struct table *t, const struct table_service *s, int64_t now,
    struct orca_report *r)
{
	const struct table_task *task = table_tasks(t, &(uint32_t){ 0 }) + s->first_task;
	struct nodes n = { .cores = 0 };

	for (uint32_t i = 0; i < s->ntasks; i++)
		if (!task[i].draining)
			add_node(&n, p, task[i].node_slot, now);
	*r = (struct orca_report){ .cpu = sound(n.cores > 0 ? n.demand / n.cores : 0, 1000),
	    .memory = sound(n.known > 0 ? n.memory / n.known : 0, 1) };
	if (s->load != LOAD_NONE)
		r->application = reported(p, task, s->ntasks, now);
}

void
service_load(struct proxy *p, const struct table *t, const struct table_service *s,
    struct service_load_since *since, struct orca_report *r)
{
	struct load_view *v = &p->load_view[s->slot % LOAD_VIEWS];
	int64_t now = loop_now(p->loop);

	if (s->slot == 0 || v->slot != s->slot || now - v->usec >= VIEW_USEC) {
		look(p, t, s, now, &v->load);
		v->slot = s->slot;
		v->usec = now;
	}
	*r = v->load;
	if (s->slot != 0)
		add_rates(p, s, since, now, r);
}
