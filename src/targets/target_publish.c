/*
 * target_publish: when a target is published, and what; when it is withdrawn. The world is looked
 * at a few times a second, and the plan of this moment is compared with the one that was
 * published last. Members are published soon, weights in the target's interval, and best-node in
 * rounds, as in the reference. A publication that failed is tried again with a growing backoff;
 * what was published last stays in force in the proxy. Must not know how any proxy is spoken to.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/bug.h"
#include "base/clock.h"
#include "score/guard.h"
#include "score/score.h"
#include "targets/target_priv.h"

#define LOOK_USEC	(100 * USEC_PER_MSEC)	/* between two looks at the world */
#define LOOK_CPU_PART	50			/* looks take at most 1/50 of this thread's time */
/* Between two changes of members, unless the target's interval is shorter. */
#define MEMBERS_USEC	USEC_PER_SEC
/* A publication that its driver has not reported by then has failed. */
#define TIMEOUT_USEC	(30 * USEC_PER_SEC)

/* ---- the plan of this moment ---- */

static double
weight_of(void *arg, const struct world_service *s, const struct world_node *n)
{
	const struct target *t = arg;

	return weigh_node(t->weigh, s->profile, n);
}

/* NAN, so that it is never chosen, for a node without fresh samples or with only half of them; as
 * in the reference. */
static double
score_of(const struct target *t, unsigned profile, const struct world_node *n)
{
	if (guard_state(n, loop_now(t->all->loop)) != GUARD_FRESH ||
	    score_is_partial(&t->all->balanced, &n->observed.sample))
		return NAN;
	return profile == 0 ? score_plain(&t->all->balanced, &n->observed.sample, NULL) :
	    phys_score(&n->steering.row, profile);
}

static double
service_score_of(void *arg, const struct world_service *s, const struct world_node *n)
{
	return score_of(arg, s->profile, n);
}

static struct plan *
plan_now(struct target *t, int64_t now)
{
	const struct target_kind *kind = &target_kinds[t->conf.kind];
	struct plan_rules r = {
		.only = t->conf.services.item, .nonly = t->conf.services.n,
		.least = kind->least, .most = kind->most, .power = t->conf.power,
		.best = t->conf.best_node, .before = t->plan
	};

	return plan_make(t->all->world, &r, t->conf.best_node ? service_score_of : weight_of, t, now);
}

static bool
has_choice(const struct plan *p)
{
	for (unsigned i = 0; i < p->nservices; i++)
		if (p->service[i].nserving > 0)
			return true;
	return false;
}

/* Best-node without a node that could be chosen: the choice that was made before stays, for as long
 * as its server exists. True: that leaves nothing to publish. */
static bool
lacks_choice(const struct target *t, struct plan *p, enum plan_change *change)
{
	bool kept = t->conf.best_node && t->conf.fallback == NULL && plan_keep_choices(p, t->plan);

	*change = plan_compare(t->plan, p, t->conf.hysteresis);
	return kept && (t->plan == NULL ? !has_choice(p) : *change == PLAN_SAME);
}

static bool
plan_has_node(const struct plan *p, const char *node)
{
	for (unsigned i = 0; i < p->nservices; i++)
		for (unsigned k = 0; k < p->service[i].nservers; k++)
			if (strcmp(p->service[i].server[k].node, node) == 0)
				return true;
	return false;
}

/* What the reference logged in each round: every node's score, and the choices. */
static void
round_log(const struct target *t, const struct plan *p)
{
	const struct world_node *n;

	LIST_FOREACH(n, &t->all->world->nodes, link) {
		const struct sample *s = &n->observed.sample;
		double score = score_of(t, 0, n), ram = 1 - s->memory_available_bytes / s->memory_total_bytes;
		if (isnan(score))
			log_event(plan_has_node(p, n->name) ? LOG_WARN : LOG_DEBUG, "best_node.unseen",
			    "target", t->conf.name, "node", n->name, NULL);
		else
			log_event(LOG_INFO, "best_node.score", "target", t->conf.name, "node", n->name,
			    "cpu", LOG_F(100 * s->busy / s->cores, 1), "ram", LOG_F(100 * ram, 1),
			    "score", LOG_F(score, 1), NULL);
	}
	for (unsigned i = 0; i < p->nservices; i++) {
		const struct plan_service *s = &p->service[i];
		for (unsigned k = 0; k < s->nservers; k++)
			if (!s->server[k].draining)
				log_event(LOG_INFO, "best_node.chosen", "target", t->conf.name,
				    "service", s->name, "node", s->server[k].node,
				    "task", s->server[k].name, NULL);
	}
}

/* ---- publishing ---- */

/* A proxy that runs has weights that were right a moment ago; Mola's are once it has seen the
 * nodes. */
static bool
has_settled(const struct target *t, int64_t now)
{
	const struct world_node *n;

	if (t->plan != NULL || now - t->first_look_usec > t->all->settle_usec)
		return true;
	LIST_FOREACH(n, &t->all->world->nodes, link) {
		bool sampled = t->all->has_prometheus || n->exporter_url != NULL || n->agent_url != NULL;
		if (sampled && !n->drained && n->observed.samples < GUARD_SAMPLES)
			return false;
	}
	return true;
}

static bool
is_due(const struct target *t, enum plan_change change, int64_t now)
{
	int64_t gap = t->conf.interval_usec;

	if (change == PLAN_SAME && !t->retry && !t->conf.best_node)
		return false;
	if (t->retry && change == PLAN_SAME)	/* a service that a proxy lacks must not delay the others */
		gap = t->backoff_usec;
	else if (change == PLAN_MEMBERS && !t->conf.best_node && gap > MEMBERS_USEC)
		gap = MEMBERS_USEC;
	return t->attempt_usec == 0 || now - t->attempt_usec >= gap;
}

/* Takes the plan. */
static void
target_publish(struct target *t, struct plan *p, enum plan_change change, int64_t now)
{
	struct plan *old = t->plan;

	ASSERT(t->phase == TARGET_PUBLISHING && p != old && p->nservices > 0);
	if (t->republish || plan_adds_server(old, p))
		t->joined_usec = now;
	t->plan = p;
	t->change = change;
	t->attempt_usec = now;
	t->in_progress = true;
	t->republish = false;
	if (change == PLAN_MEMBERS)
		target_forget_reported(t);
	t->driver->publish(t->driver_state, p);
	plan_free(&old);			/* now: the driver may have used it until here */
}

/* One look at the world. */
static void
target_look(struct target *t, int64_t now)
{
	struct weigh_rules r = { .lean = t->conf.lean, .trim = t->conf.trim, .floor = t->conf.floor };
	enum plan_change change;
	struct plan *p;
	bool blind;

	if (t->phase != TARGET_PUBLISHING)
		return;
	if (t->first_look_usec == 0)
		t->first_look_usec = now;
	if (!t->conf.best_node)
		weigh_update(t->weigh, t->all->world, &r, now);
	if (t->in_progress && now - t->attempt_usec > TIMEOUT_USEC)
		target_failed(t, WHY_PROXY_GONE, "no response");
	if (!has_settled(t, now))
		return;
	p = plan_now(t, now);
	blind = lacks_choice(t, p, &change);
	if (t->republish)
		change = PLAN_MEMBERS;
	if (change == PLAN_SAME && t->fault.why == WHY_PROXY_NOTHING)	/* what was published is back */
		target_fault_set(&t->fault, NULL, "");
	if (!is_due(t, change, now)) {
		plan_free(&p);
		return;
	}
	if (t->conf.best_node)
		round_log(t, p);
	if (p->nservices > 0 && !blind) {
		target_publish(t, p, change, now);
		return;
	}
	target_hold(t, p->nservices == 0 ? WHY_PROXY_NOTHING : WHY_PROXY_CHOICE, "");
	t->attempt_usec = now;
	plan_free(&p);
}

/* ---- withdrawing ---- */

static void
target_withdraw(struct target *t, int64_t now)
{
	target_set_phase(t, TARGET_WITHDRAWING);
	t->attempt_usec = now;
	t->in_progress = true;
	t->driver->withdraw(t->driver_state);
}

/* A withdrawal that failed, or that the driver has not reported in time, is tried again. */
static void
withdraw_retry(struct target *t, int64_t now)
{
	if (t->phase != TARGET_WITHDRAWING)
		return;
	if (t->in_progress && now - t->attempt_usec > TIMEOUT_USEC)
		target_failed(t, WHY_PROXY_GONE, "no response");
	if (!t->in_progress && now - t->attempt_usec >= t->backoff_usec)
		target_withdraw(t, now);
}

json_t *
targets_withdraw(struct targets *all, const char *name, bool dry)
{
	struct target *t = target_find(all, name);
	json_t *does;

	if (t == NULL)
		return NULL;
	does = json_array();
	t->driver->describe_withdraw(t->driver_state, does);
	if (!dry && t->phase != TARGET_WITHDRAWN) {
		target_set_paused(t, true);
		target_withdraw(t, loop_now(all->loop));
	}
	return json_pack("{s:s, s:s, s:o}", "target", t->conf.name, "state", target_state(t),
	    "does", does);
}

json_t *
targets_resume(struct targets *all, const char *name)
{
	struct target *t = target_find(all, name);

	if (t == NULL)
		return NULL;
	if (t->phase != TARGET_PUBLISHING) {
		target_set_paused(t, false);
		target_set_phase(t, TARGET_PUBLISHING);
		t->republish = t->plan != NULL;
		t->attempt_usec = 0;
		t->backoff_usec = 0;
		t->in_progress = t->retry = false;
		target_fault_set(&t->fault, NULL, "");
		log_event(LOG_INFO, "target.resumed", "target", t->conf.name, NULL);
	}
	return json_pack("{s:s, s:s, s:[]}", "target", t->conf.name, "state", target_state(t), "does");
}

bool
targets_is_withdrawn(const struct targets *all, const char *name, const struct why **why,
    const char **detail)
{
	const struct target *t = target_find(all, name);

	ASSERT(t != NULL && t->phase != TARGET_PUBLISHING);
	*why = t->fault.why;
	*detail = t->fault.detail;
	return t->phase == TARGET_WITHDRAWN || t->fault.why != NULL;
}

const char *
targets_online_only(const struct targets *all, const char *name)
{
	return target_find(all, name)->driver->online_only;
}

/* ---- the tick ---- */

/* CPU time of this thread: neither the disk nor other tenants of the machine count. */
static int64_t
cpu_usec(void)
{
	struct timespec t;

	if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t) != 0)
		BUG("this thread has no CPU clock");
	return t.tv_sec * USEC_PER_SEC + t.tv_nsec / 1000;
}

void
targets_tick(struct targets *all, int64_t now, bool world_complete)
{
	struct target *t;
	int64_t begun, gap;

	ASSERT(!world_complete || all->world != NULL);
	all->world_complete = world_complete;
	LIST_FOREACH(t, &all->list, link) {
		if (t->driver->tick != NULL)
			t->driver->tick(t->driver_state, now);
		withdraw_retry(t, now);
	}
	if (!world_complete || now < all->due_usec)
		return;
	begun = cpu_usec();
	LIST_FOREACH(t, &all->list, link)
		target_look(t, now);
	gap = LOOK_CPU_PART * (cpu_usec() - begun);
	ASSERT(gap >= 0);
	all->due_usec = now + (gap > LOOK_USEC ? gap : LOOK_USEC);
}
