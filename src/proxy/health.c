/*
 * One probe per task that is checked: by a request where its service has a health path, by a
 * connection where it is one of kind tcp, or its mode is. Knows nothing of clients' requests
 * and of picks.
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "http/slab.h"
#include "proxy/health_priv.h"

struct health *
health_new(struct loop *l, struct live *live, uint64_t seed, unsigned worker, struct task_tls *tls)
{
	struct health *h = must_zalloc(sizeof *h);

	h->loop = l;
	h->live = live;
	h->worker = worker;
	h->head.limits = (struct head_limits){ RESPONSE_BYTES, FIELDS_MAX };
	h->head.field = h->field;
	rng_seed(&h->rng, seed);
	h->tls = tls;
	h->h2 = h2_up_new(l, &health_h2_ops);
	h2_up_set_limits(h->h2, (struct head_limits){ REQUEST_MAX, FIELDS_MAX }, h->head.limits);
	h->responses = slab_new(l, RESPONSE_BYTES, 1);
	return h;
}

/* A worker that hung does not know yet that another one probes; what it has missed means nothing
 * for a task. */
void
health_set_slot(const struct health *h, unsigned slot, enum live_health state)
{
	if (live_prober(h->live) == h->worker)
		live_set_health(h->live, slot, state);
}

/* ---- one probe ---- */

static void
probe_free(struct probe *p)
{
	ASSERT(p->health->probe[p->slot] == p);
	p->health->probe[p->slot] = NULL;
	probe_stop(p);
	probe_forget_redirect(p);
	buf_fini(&p->request);
	buf_fini(&p->expect);
	loop_defer(p->health->loop, &p->deferred, free, p);
}

/* The state of a task that is no longer checked is unknown. */
static void
probe_forget(struct probe *p)
{
	health_set_slot(p->health, p->slot, HEALTH_UNKNOWN);
	probe_free(p);
}

/* The first check comes soon: within a tenth of the interval. */
static struct probe *
probe_new(struct health *h, const struct table_task *t, int64_t interval_usec)
{
	struct probe *p = must_zalloc(sizeof *p);
	struct live_task known;
	int64_t soon = (int64_t)(rng_double(&h->rng) * (double)interval_usec / 10);

	ASSERT(h->probe[t->slot] == NULL);
	h->probe[t->slot] = p;
	p->health = h;
	p->slot = t->slot;
	p->addr = t->addr;
	live_task_read(h->live, t->slot, &known);
	p->state = known.health;
	timer_set(h->loop, &p->timer, loop_now(h->loop) + soon, probe_start, p);
	return p;
}

/* A task that keeps its slot and its address keeps what is known of it. */
static void
probe_table(struct health *h, const struct table *t, const struct table_task *task,
    const struct table_service *s)
{
	struct probe *p = h->probe[task->slot];

	if (p != NULL && !addr_eq(&p->addr, &task->addr)) {
		probe_forget(p);
		p = NULL;
	}
	if (p == NULL)
		p = probe_new(h, task, s->health_interval_usec);
	ASSERT(task->nothers < TASK_ADDRS && s->health_interval_usec > 0);
	p->nothers = task->nothers;
	memcpy(p->other, task->other, task->nothers * sizeof *task->other);
	if (p->at > p->nothers)
		p->at = 0;
	p->kept = probe_set_request(p, t, s);
}

void
health_set_table(struct health *h, struct table *t)
{
	uint32_t n;
	const struct table_task *task = table_tasks(t, &n);
	const struct table_service *service = table_services(t, &(uint32_t){ 0 });
	struct table *old = h->table;

	h->table = table_ref(t);
	for (uint32_t i = 0; i < n; i++)
		if (table_service_checks(&service[task[i].service]))
			probe_table(h, t, &task[i], &service[task[i].service]);
		else if (h->probe[task[i].slot] == NULL)	/* what a prober that died may have left */
			health_set_slot(h, task[i].slot, HEALTH_UNKNOWN);
	for (unsigned slot = 0; slot < TASKS_MAX; slot++) {
		struct probe *p = h->probe[slot];
		if (p != NULL && !p->kept)
			probe_forget(p);
		else if (p != NULL)
			p->kept = false;
	}
	table_unref(&old);
}

void
health_free(struct health **hp)
{
	struct health *h = *hp;

	*hp = NULL;
	if (h == NULL)
		return;
	for (unsigned slot = 0; slot < TASKS_MAX; slot++)
		if (h->probe[slot] != NULL)
			probe_free(h->probe[slot]);
	slab_free(&h->responses);
	h2_up_free(&h->h2);
	table_unref(&h->table);
	free(h);
}
