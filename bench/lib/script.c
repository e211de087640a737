#include <math.h>
#include <stdio.h>

#include "base/bug.h"
#include "script.h"

#define THREADS_MOST	4096
#define FOR_GOOD_USEC	1e12		/* more work than anybody will wait for */

bool
script_hog_parse(struct script *s, const char *text)
{
	double from, to = -1;
	struct script_hog *h = &s->hog[s->nhogs];
	int n = sscanf(text, "%u,%u,%lf,%lf", &h->node, &h->threads, &from, &to);

	if (n < 3 || s->nhogs == SCRIPT_HOGS_MAX - 1 || h->node < 1 || h->threads > THREADS_MOST || from < 0)
		return false;
	h->from = (int64_t)(from * 1e6);
	h->to = n == 4 ? (int64_t)(to * 1e6) : INT64_MAX;
	s->nhogs++;
	return true;
}

static void
tenant_add(struct script *s, unsigned i, int container, const double *work_usec, unsigned threads, int64_t at)
{
	for (unsigned k = 0; k < s->nsets; k++)
		emu_tenant(s->node[k][i], container, work_usec, threads, at);
}

/* All threads of a tenant in one container, or each in one of its own. */
static void
tenant_arrive(struct script *s, unsigned i, int64_t at)
{
	struct tenants *t = &s->tenants[i];
	bool apart = s->tenants_conf.in == TENANTS_MANY;
	int container = t->lasting > 0 ? (int)tenants_container(t) : EMU_OWN;
	double work[THREADS_MOST];

	ASSERT(t->threads <= THREADS_MOST);
	for (unsigned k = 0; k < t->threads; k++)
		work[k] = tenants_work(t);
	for (unsigned k = 0; k < t->threads; k += apart ? 1 : t->threads)
		tenant_add(s, i, container, work + k, apart ? 1 : t->threads, at);
	tenants_step(t);
}

static void
permanent_start(struct script *s, unsigned i, double cores, int64_t at)
{
	double work = FOR_GOOD_USEC;

	for (unsigned k = 0; k < (unsigned)ceil(s->permanent * cores); k++)
		tenant_add(s, i, s->tenants_conf.in == TENANTS_ONE ? 0 : EMU_OWN, &work, 1, at);
}

static void
hog_turn(struct script *s, struct script_hog *h, bool on, int64_t at)
{
	int by = on ? (int)h->threads : -(int)h->threads;

	for (unsigned k = 0; k < s->nsets; k++)
		emu_hog(s->node[k][h->node - 1], by, at);
	h->on = on;
	h->over = !on;
}

static int64_t
hog_next(const struct script *s, const struct script_hog *h)
{
	if (h->over)
		return INT64_MAX;
	if (!h->on)
		return s->start + h->from;
	return h->to == INT64_MAX ? INT64_MAX : s->start + h->to;
}

void
script_start(struct script *s, const struct plan *plan, struct emu *node[][PLAN_NODES_MAX], uint64_t seed, int64_t born, int64_t start)
{
	s->nnodes = plan->nnodes;
	s->nsets = plan->nsets;
	s->node = node;
	s->start = start;
	s->next = born;
	for (unsigned i = 0; i < s->nnodes; i++) {
		tenants_init(&s->tenants[i], seed * 1000 + i, &s->tenants_conf, plan->cores[i], born);
		permanent_start(s, i, plan->cores[i], born);
	}
}

void
script_run(struct script *s, int64_t now)
{
	while (s->next <= now) {
		int64_t at = s->next;

		s->next = INT64_MAX;
		for (unsigned i = 0; i < s->nnodes; i++) {
			if (s->tenants[i].next <= at)
				tenant_arrive(s, i, at);
			if (s->tenants[i].next < s->next)
				s->next = s->tenants[i].next;
		}
		for (unsigned i = 0; i < s->nhogs; i++) {
			if (hog_next(s, &s->hog[i]) <= at)
				hog_turn(s, &s->hog[i], !s->hog[i].on, at);
			if (hog_next(s, &s->hog[i]) < s->next)
				s->next = hog_next(s, &s->hog[i]);
		}
	}
}

void
script_hog_by_hand(struct script *s, unsigned node, unsigned threads, int64_t now)
{
	struct script_hog h = { .node = node };

	script_run(s, now);
	h.threads = s->node[0][node - 1]->hog;
	if (h.threads > 0)
		hog_turn(s, &h, false, now);
	h.threads = threads;
	hog_turn(s, &h, true, now);
	for (unsigned i = 0; i < s->nhogs; i++)
		if (s->hog[i].node == node && s->hog[i].on)
			s->hog[i].over = true;
}
