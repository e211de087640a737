/*
 * recorder: what exists is written when it is new or has changed, samples as they come, arrivals
 * with each tick, and what happened on each task once a second. Must not know who reads it.
 */
#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "base/clock.h"
#include "recording/recorder_priv.h"

#define SECOND_USEC	USEC_PER_SEC	/* between two lines of a task */

static enum recorded_state
state_of(const struct live *l, unsigned slot, enum live_health health, int64_t now)
{
	return !live_is_healthy(l, slot, now) ? RECORDED_DOWN :
	    !live_is_usable(l, slot, now) ? RECORDED_EJECTED :
	    health == HEALTH_DEGRADED ? RECORDED_DEGRADED : RECORDED_USED;
}

/* Since when it is in use; nothing where it does not matter any more. */
static void
look_since(const struct recorder *r, unsigned slot, struct task_mark *m, int64_t since, int64_t now,
    struct buf *out)
{
	if (since == m->since_usec || now - since >= r->service[m->service].slow_start_usec)
		return;
	m->since_usec = since;
	buf_printf(out, "since %u %lld\n", slot, (long long)(since - r->began_usec));
}

/* What its container could have; nothing where nobody tells it. */
static void
look_available(struct recorder *r, unsigned slot, struct task_mark *m, struct buf *out)
{
	double cores = phys_available(r->world->phys, slot);
	double known = isnan(cores) ? 0 : cores;

	if (known == m->available)
		return;
	m->available = known;
	buf_printf(out, "available %u", slot);
	put_number(out, cores);
	buf_adds(out, STR("\n"));
}

static void
look_task(struct recorder *r, unsigned slot, struct task_mark *m, int64_t now, struct buf *out)
{
	static const char *const states[] = { "used", "ejected", "down", "degraded" };
	const struct live *l = r->world->live;
	enum recorded_state state;
	double penalty = live_has_penalty(l, now) ? live_penalty(l, slot, now) : 0;
	struct live_task t;

	live_task_read(l, slot, &t);
	if (t.lives != m->lives) {		/* another tenant, counted from 0 */
		memset(m->step, 0, sizeof m->step);
		m->lives = t.lives;
		m->requests = m->requests_then = m->looks_sum = 0;
		m->inflight_then = m->looks = 0;
		m->duration_usec = 0;
	}
	if (t.requests > m->requests)
		r->service[m->service].arrived += (uint32_t)(t.requests - m->requests);
	m->requests = t.requests;
	m->looks_sum += t.inflight;
	m->looks++;
	state = state_of(l, slot, t.health, now);
	if (state != m->state)
		buf_printf(out, "state %u %s\n", slot, states[state]);
	/* it fades by itself: only what adds to it is written */
	if (penalty > m->penalty * 1.001)
		buf_printf(out, "penalty %u %.6g\n", slot, penalty);
	m->state = state;
	m->penalty = penalty;
	look_since(r, slot, m, t.since_usec, now, out);
	look_available(r, slot, m, out);
}

static void
write_values(struct recorder *r, struct buf *out)
{
	struct world_node *n;

	LIST_FOREACH(n, &r->world->nodes, link)
		for (unsigned q = 0; q < QUERIES_MAX; q++) {
			const struct world_user_metric *v = &n->observed.user_metric[q];
			int64_t *written = &r->node[n->slot].value_usec[q];
			if (r->world->query[q].text == NULL || v->at_usec == 0 || v->at_usec == *written)
				continue;
			*written = v->at_usec;
			buf_printf(out, "value %u %u", n->slot, q);
			put_time(r, out, v->at_usec);
			put_number(out, v->value);
			buf_adds(out, STR("\n"));
		}
}

/* The last second of a task; nothing where nothing was. */
static void
write_did(struct recorder *r, unsigned slot, struct task_mark *m, struct buf *out)
{
	const struct live *l = r->world->live;
	struct live_traffic traffic;
	struct live_task t;
	uint64_t picks, begun;

	live_task_read(l, slot, &t);
	picks = m->requests - m->requests_then;
	if (picks == 0 && m->looks_sum == 0 && t.duration_usec == m->duration_usec) {
		m->looks = 0;
		return;
	}
	begun = picks + m->inflight_then;
	buf_printf(out, "did %u %llu %llu %u %llu %lld", slot, (unsigned long long)picks,
	    (unsigned long long)m->looks_sum, m->looks,
	    (unsigned long long)(begun > t.inflight ? begun - t.inflight : 0),
	    (long long)(t.duration_usec - m->duration_usec));
	live_task_traffic(l, slot, &traffic);
	for (unsigned i = 0; i < LATENCY_STEPS; i++)
		if (traffic.step[i] != m->step[i])
			buf_printf(out, " %u:%u", i, traffic.step[i] - m->step[i]);
	buf_adds(out, STR("\n"));
	memcpy(m->step, traffic.step, sizeof m->step);
	m->requests_then = m->requests;
	m->inflight_then = t.inflight;
	m->duration_usec = t.duration_usec;
	m->looks_sum = m->looks = 0;
}

static void
write_second(struct recorder *r, int64_t now, struct buf *out)
{
	if (now < r->line_due)
		return;
	r->line_due = now + SECOND_USEC - USEC_PER_MSEC;	/* ticks may be a little early */
	for (unsigned i = 0; i < TASKS_MAX; i++)
		if (r->task[i] != NULL)
			write_did(r, i, r->task[i], out);
}

void
recorder_tick(struct recorder *r, const struct recorded_law *law, int64_t now, struct buf *out)
{
	if (law_differs(law, &r->law))
		write_law(r, law, out);
	write_world(r, out);
	buf_printf(out, "tick %lld\n", (long long)(now - r->began_usec));
	write_values(r, out);
	for (unsigned i = 0; i < TASKS_MAX; i++)
		if (r->task[i] != NULL)
			look_task(r, i, r->task[i], now, out);
	for (unsigned i = 1; i < RECORDING_SERVICES; i++)
		if (r->service[i].arrived > 0) {
			buf_printf(out, "in %u %u\n", i, r->service[i].arrived < RECORDING_COUNT_MAX ?
			    r->service[i].arrived : RECORDING_COUNT_MAX);
			r->service[i].arrived = 0;
		}
	write_second(r, now, out);
}

void
recorder_sample(struct recorder *r, const struct world_node *n, const struct sample *s,
    double inflight, int64_t now, struct buf *out)
{
	if (!r->node[n->slot].known)		/* the next tick has it, and what it knew */
		return;
	buf_printf(out, "sample %u %lld", n->slot, (long long)(now - r->began_usec));
	put_number(out, inflight);
	put_number(out, n->observed.inflight);
	put_sample(r, out, s);
	buf_adds(out, STR("\n"));
}

void
recorder_end(struct recorder *r, int64_t now, struct buf *out)
{
	r->line_due = 0;
	write_second(r, now, out);
	buf_printf(out, "end %lld\n", (long long)(now - r->began_usec));
}

/* ---- life ---- */

struct recorder *
recorder_new(const struct world *w, const struct recorded_law *law, bool names, int64_t now,
    int64_t wall, struct buf *out)
{
	struct recorder *r = must_zalloc(sizeof *r);

	ASSERT(now > 0 && wall > 0);
	r->world = w;
	r->names = names;
	r->began_usec = now;
	r->line_due = now + SECOND_USEC;
	r->passes = UINT64_MAX;
	buf_printf(out, "mola-recording %d %lld %s\n", RECORDING_VERSION, (long long)wall,
	    names ? "names" : "numbers");
	write_law(r, law, out);
	write_world(r, out);
	return r;
}

void
recorder_free(struct recorder **rp)
{
	struct recorder *r = *rp;

	*rp = NULL;
	if (r == NULL)
		return;
	for (unsigned i = 0; i < TASKS_MAX; i++)
		free(r->task[i]);
	for (unsigned i = 0; i < RECORDING_SERVICES; i++)
		free(r->service[i].line);
	free(r);
}
