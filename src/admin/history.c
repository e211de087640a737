/*
 * history: rings of points by the slot of their node, service or task. A point lies where its time
 * says, so that what was missed is a gap; a slot that has another tenant begins with an empty ring.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "admin/history_priv.h"
#include "base/alloc.h"
#include "base/bug.h"
#include "base/clock.h"
#include "score/demand.h"

#define STEP_USEC	(RATES_STEP_SECONDS * USEC_PER_SEC)
#define RECENT		30	/* seconds */
#define RECENT_LEAST	15	/* of them that are known, for a trend */
#define TREND_SECONDS	8	/* at the begin and at the end, that are compared */
#define TREND_LEAST	.1	/* of the cores */
#define SMOOTHING	.5	/* of the last sample in the cores of others */

struct node {
	int64_t		 taken_usec;	/* of the sample that was looked at last */
	double		 threads, others;	/* that want a core, smoothed */
	double		 sum[NODE_COLUMNS];	/* of the looks of the step under way */
	unsigned	 looks[NODE_COLUMNS];
	float		 busy[RECENT];	/* by second; NAN: not known */
	struct history_ring *ring;
};

struct task {
	struct history_counts counts;
	uint64_t	 requests;	/* at the end of the last step */
	uint32_t	 lives;
	uint32_t	 count : 31, known : 1;	/* in it */
};

struct history {
	int64_t		 second, step;	/* of the monotonic clock, that are over; 0: none yet */
	int64_t		 step_usec;	/* when the last step was seen to end */
	int64_t		 end_wall;	/* the same by the wall clock, in seconds */
	struct node	 node[NODES_MAX];
	float		 seconds[HISTORY_POINTS];	/* that each step took */
	struct history_ring *service[LIVE_SERVICES];
	struct task	 task[TASKS_MAX];
};

struct history *
history_new(void)
{
	return must_zalloc(sizeof(struct history));
}

/* ---- rings ---- */

#define PACK_BITS	10		/* of the fraction; six more are the exponent */
#define PACK_LEAST	(-30)		/* the exponent 1; 0 is the value 0 */
#define PACK_MOST	0xfbff
#define PACK_NAN	0xffff

uint16_t
history_pack(double x)
{
	int exponent;
	long fraction;

	if (isnan(x))
		return PACK_NAN;
	if (!(x > 0))
		return 0;
	/* in [1, 2), in 1024ths; 2048 is the next exponent's 1024, by the sum below */
	fraction = isinf(x) ? 0 : lround(ldexp(frexp(x, &exponent), PACK_BITS + 1));
	if (isinf(x) || exponent - 1 > PACK_LEAST + (PACK_MOST >> PACK_BITS) - 1)
		return PACK_MOST;
	if (exponent - 1 < PACK_LEAST)
		return 0;
	return (uint16_t)(((exponent - PACK_LEAST) << PACK_BITS) + fraction - (1 << PACK_BITS));
}

double
history_unpack(uint16_t v)
{
	int fraction = v & ((1 << PACK_BITS) - 1);

	if (v == PACK_NAN)
		return NAN;
	if (v == 0)
		return 0;
	return ldexp(1 + (double)fraction / (1 << PACK_BITS), (v >> PACK_BITS) - 1 + PACK_LEAST);
}

static void
ring_free(struct history_ring **rp)
{
	if (*rp != NULL)
		free((*rp)->name);
	free(*rp);
	*rp = NULL;
}

/* True: it is a new one, without a point. */
static bool
ring_of(struct history_ring **rp, const char *name, unsigned columns)
{
	if (*rp != NULL && strcmp((*rp)->name, name) == 0)
		return false;
	ring_free(rp);
	*rp = must_zalloc(sizeof **rp + columns * sizeof (*rp)->point[0]);
	(*rp)->name = must_strdup(name);
	(*rp)->columns = columns;
	return true;
}

/* The point of this step; those that were missed since the one before are not known. */
static void
ring_put(struct history_ring *r, int64_t step, const double *value)
{
	int64_t from = r->last == 0 || step - r->last > HISTORY_POINTS ? step - HISTORY_POINTS + 1
	    : r->last + 1;

	ASSERT(step > r->last);
	for (unsigned c = 0; c < r->columns; c++) {
		for (int64_t i = from; i < step; i++)
			r->point[c][i % HISTORY_POINTS] = history_pack(NAN);
		r->point[c][step % HISTORY_POINTS] = history_pack(value[c]);
	}
	r->last = step;
}

void
history_free(struct history **hp)
{
	struct history *h = *hp;

	for (unsigned i = 0; i < NODES_MAX; i++)
		ring_free(&h->node[i].ring);
	for (unsigned i = 0; i < LIVE_SERVICES; i++)
		ring_free(&h->service[i]);
	for (unsigned i = 0; i < TASKS_MAX; i++)
		free(h->task[i].counts.of.narrow);
	free(h);
	*hp = NULL;
}

/* ---- nodes ---- */

static void
node_begin(struct node *n, const char *name)
{
	if (!ring_of(&n->ring, name, NODE_COLUMNS))
		return;
	*n = (struct node){ .ring = n->ring };
	for (unsigned i = 0; i < RECENT; i++)
		n->busy[i] = NAN;
}

/* Of all threads that want a core, how many are others': as the law has it, over the last samples,
 * since one of them alone may have met a moment of either side. */
static void
node_sample(struct node *n, const struct world_node *w)
{
	const struct sample *s = &w->observed.sample;
	double threads = demand_of(s).threads, others = w->steering.row.law.others;
	bool first = n->taken_usec == 0 ||
	    s->taken_usec - n->taken_usec > LAW_FRESH_PERIODS * w->steering.row.law.period_usec;
	double part = first ? 1 : SMOOTHING;

	n->taken_usec = s->taken_usec;
	n->threads += part * (threads - n->threads);
	n->others += part * (others - n->others);
}

static bool
is_sampled(const struct world_node *w)
{
	return w->observed.samples > 0 && w->observed.sample.taken_usec != 0 &&
	    w->observed.sample.taken_usec == w->steering.row.law.sampled_usec;
}

static double
cores_others(const struct node *n, double busy, double inflight)
{
	double others = n->others > 0 ? n->others : 0;

	if (n->threads < 0.01)
		return inflight > 0 ? 0 : busy;
	return others < n->threads ? busy * others / n->threads : busy;
}

/* What is known of it now; a sample that is old says nothing of this second. */
static void
node_values(const struct node *n, const struct world_node *w, int64_t now,
    double value[NODE_COLUMNS])
{
	const struct sample *s = &w->observed.sample;
	double more[] = { s->psi_cpu_waiting, s->psi_memory_waiting, s->psi_io_waiting };

	for (unsigned c = 0; c < NODE_COLUMNS; c++)
		value[c] = NAN;
	if (n->taken_usec == 0 ||
	    now - n->taken_usec > LAW_FRESH_PERIODS * w->steering.row.law.period_usec)
		return;
	value[NODE_OTHERS] = cores_others(n, s->busy, w->observed.inflight);
	value[NODE_OURS] = s->busy - value[NODE_OTHERS];
	if (s->memory_total_bytes > 0)
		value[NODE_MEMORY] = 1 - s->memory_available_bytes / s->memory_total_bytes;
	for (unsigned i = 0; i < 3; i++)
		if (!isnan(more[i]) && !(more[i] <= value[NODE_PRESSURE]))
			value[NODE_PRESSURE] = more[i];
}

/* Once a second; of those that were missed since the one before, nothing is known. */
static void
node_look(struct node *n, const struct world_node *w, int64_t before, int64_t second, int64_t now)
{
	double value[NODE_COLUMNS];

	node_values(n, w, now, value);
	for (int64_t i = second - before < RECENT ? before + 1 : second - RECENT + 1; i < second; i++)
		n->busy[i % RECENT] = NAN;
	n->busy[second % RECENT] = (float)(value[NODE_OURS] + value[NODE_OTHERS]);
	for (unsigned c = 0; c < NODE_COLUMNS; c++)
		if (!isnan(value[c])) {
			n->sum[c] += value[c];
			n->looks[c]++;
		}
}

static void
node_step(struct node *n, int64_t step)
{
	double mean[NODE_COLUMNS];

	for (unsigned c = 0; c < NODE_COLUMNS; c++) {
		mean[c] = n->looks[c] == 0 ? (double)NAN : n->sum[c] / n->looks[c];
		n->sum[c] = 0;
		n->looks[c] = 0;
	}
	ring_put(n->ring, step, mean);
}

/* The mean of these seconds; NAN: too few are known. */
static double
mean_of(const struct node *n, int64_t first, unsigned seconds)
{
	double sum = 0;
	unsigned known = 0;

	for (int64_t i = first; i < first + seconds; i++)
		if (!isnan(n->busy[i % RECENT])) {
			sum += n->busy[i % RECENT];
			known++;
		}
	return known < seconds / 2 ? (double)NAN : sum / known;
}

static const char *
trend_of(const struct node *n, int64_t second, double cores)
{
	double before = mean_of(n, second - RECENT + 1, TREND_SECONDS);
	double after = mean_of(n, second - TREND_SECONDS + 1, TREND_SECONDS);
	unsigned known = 0;

	for (unsigned i = 0; i < RECENT; i++)
		known += !isnan(n->busy[i]);
	if (known < RECENT_LEAST || isnan(before) || isnan(after))
		return NULL;
	if (after - before > TREND_LEAST * cores)
		return "rising";
	return before - after > TREND_LEAST * cores ? "falling" : "steady";
}

struct history_recent
history_recent(const struct history *h, const struct world_node *w)
{
	const struct node *n = &h->node[w->slot];
	struct history_recent r = { NAN, NAN, NULL };
	double busy = w->observed.sample.busy;

	ASSERT(w->slot < NODES_MAX);
	if (n->ring == NULL || strcmp(n->ring->name, w->name) != 0 || n->taken_usec == 0)
		return r;
	r.others = cores_others(n, busy, w->observed.inflight);
	r.ours = busy - r.others;
	if (h->second >= RECENT)
		r.trend = trend_of(n, h->second, w->observed.sample.cores);
	return r;
}

/* ---- services and tasks ---- */

/* Its requests in the step are known if it was there all the time. */
static void
task_count(struct task *t, const struct live_task *l)
{
	bool is_new = t->counts.of.narrow == NULL || t->lives != l->lives;
	uint64_t count = l->requests - t->requests;

	if (is_new)
		history_counts_clear(&t->counts);
	t->known = !is_new && l->requests >= t->requests && count <= INT32_MAX;
	t->count = t->known ? count & INT32_MAX : 0;
	t->lives = l->lives;
	t->requests = l->requests;
}

struct step {
	int64_t		 number;
	double		 seconds;	/* that it took; 0: not known, as of the first one */
};

static void
task_step(struct task *t, const struct step *step)
{
	double count = t->known && step->seconds > 0 ? t->count : (double)NAN;

	history_counts_put(&t->counts, step->number, count);
}

static void
service_put(struct history_ring **rp, const struct rates_state *state, double rate, double inflight,
    const struct world_service *s, const struct step *step)
{
	double value[SERVICE_COLUMNS];

	value[SERVICE_RATE] = rate;
	value[SERVICE_ERRORS] = state->seconds > 0 ? (double)state->errors / state->seconds : (double)NAN;
	value[SERVICE_INFLIGHT] = inflight;
	value[SERVICE_P50] = state->p50;
	value[SERVICE_P99] = state->p99;
	ring_of(rp, s->name, SERVICE_COLUMNS);
	ring_put(*rp, step->number, value);
}

static void
service_step(struct history *h, const struct world *w, const struct rates *r,
    const struct world_service *s, const struct step *step)
{
	double rate = NAN, inflight = 0;
	struct rates_state state;
	const struct world_task *t;
	struct live_task l;
	uint64_t all = 0;

	LIST_FOREACH(t, &s->tasks, link) {
		ASSERT(t->slot < TASKS_MAX);
		live_task_read(w->live, t->slot, &l);
		inflight += l.inflight;
		task_count(&h->task[t->slot], &l);
		all += h->task[t->slot].count;
	}
	LIST_FOREACH(t, &s->tasks, link)
		task_step(&h->task[t->slot], step);
	if (s->slot == 0)
		return;
	rates_step_of_service(r, s->slot, &state);
	if (step->seconds > 0 && s->ntasks > 0)
		rate = (double)all / step->seconds;
	else if (state.seconds > 0)
		rate = (double)state.requests / state.seconds;
	service_put(&h->service[s->slot], &state, rate, inflight, s, step);
}

/* What has gone is let go of: a task at once, for its name does not come back. */
static void
tidy(struct history *h, int64_t step)
{
	for (unsigned i = 0; i < TASKS_MAX; i++)
		if (h->task[i].counts.of.narrow != NULL && h->task[i].counts.last < step)
			history_counts_clear(&h->task[i].counts);
	for (unsigned i = 0; i < LIVE_SERVICES; i++)
		if (h->service[i] != NULL && h->service[i]->last < step - HISTORY_POINTS)
			ring_free(&h->service[i]);
	for (unsigned i = 0; i < NODES_MAX; i++)
		if (h->node[i].ring != NULL && h->node[i].ring->last < step - HISTORY_POINTS)
			ring_free(&h->node[i].ring);
}

static void
step_end(struct history *h, const struct world *w, const struct rates *r, int64_t number,
    int64_t now)
{
	struct step step = { number, h->step_usec == 0 ? 0
	    : (double)(now - h->step_usec) / (double)USEC_PER_SEC };
	const struct world_service *s;
	const struct world_node *n;

	LIST_FOREACH(n, &w->nodes, link)
		node_step(&h->node[n->slot], number);
	LIST_FOREACH(s, &w->services, link)
		service_step(h, w, r, s, &step);
	tidy(h, number);
	h->seconds[number % HISTORY_POINTS] = (float)step.seconds;
	h->step = number;
	h->step_usec = now;
	h->end_wall = clock_wall_usec() / USEC_PER_SEC;
}

void
history_tick(struct history *h, const struct world *w, const struct rates *r, int64_t now)
{
	int64_t second = now / USEC_PER_SEC, step = now / STEP_USEC;
	const struct world_node *n;

	LIST_FOREACH(n, &w->nodes, link) {
		struct node *of = &h->node[n->slot];
		node_begin(of, n->name);
		if (is_sampled(n) && n->observed.sample.taken_usec != of->taken_usec)
			node_sample(of, n);
	}
	if (second == h->second)
		return;
	LIST_FOREACH(n, &w->nodes, link)
		node_look(&h->node[n->slot], n, h->second, second, now);
	h->second = second;
	if (h->step == 0)
		h->step = step;		/* the first one is not whole */
	else if (step > h->step)
		step_end(h, w, r, step, now);
}

/* ---- for history_view.c ---- */

/* The tenant's; NULL: it has none yet. */
static const struct history_ring *
ring_if(const struct history_ring *r, const char *name)
{
	return r != NULL && strcmp(r->name, name) == 0 ? r : NULL;
}

const struct history_ring *
history_of_node(const struct history *h, const struct world_node *n)
{
	return ring_if(h->node[n->slot].ring, n->name);
}

const struct history_ring *
history_of_service(const struct history *h, const struct world_service *s)
{
	return ring_if(h->service[s->slot], s->name);
}

void
history_of_task(const struct history *h, const struct live *live, const struct world_task *t,
    int64_t step, double rate[HISTORY_POINTS])
{
	const struct task *of = &h->task[t->slot];
	struct live_task l;

	live_task_read(live, t->slot, &l);
	for (int64_t i = step - HISTORY_POINTS + 1; i <= step; i++)
		rate[i - (step - HISTORY_POINTS + 1)] = of->lives != l.lives ? (double)NAN
		    : history_counts_at(&of->counts, i) / (double)h->seconds[i % HISTORY_POINTS];
}

double
history_at(const struct history_ring *r, unsigned column, int64_t step)
{
	if (r == NULL || r->last == 0 || step > r->last || step <= r->last - HISTORY_POINTS)
		return NAN;
	return history_unpack(r->point[column][step % HISTORY_POINTS]);
}

int64_t
history_last(const struct history *h, int64_t *end_wall)
{
	*end_wall = h->end_wall;
	return h->step;
}
