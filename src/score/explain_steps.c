/*
 * explain_steps: the chain from a sample to a share: whether the task takes requests, its node
 * (explain_node.c), the choice (explain_choice.c), and what came of it. Must not decide anything:
 * it looks up what was decided.
 */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/bug.h"
#include "score/explain_priv.h"

const char *
step_name(enum step_id s)
{
	static const char *const names[] = {
#define STEP(id, name, values, help) name,
#include "tbl/steps.h"
#undef STEP
	};

	ASSERT(s < STEP_COUNT);
	return names[s];
}

/* ---- writing ---- */

struct explain_step *
step_add(struct explain_steps *out, enum step_id step, const char *format, ...)
{
	struct explain_step *s = &out->step[out->n];
	va_list args;

	ASSERT(out->n < STEPS_MAX);
	out->n++;
	s->step = step;
	s->nvalues = 0;
	va_start(args, format);
	vsnprintf(s->text, sizeof s->text, format, args);
	va_end(args);
	return s;
}

void
step_more(struct explain_step *s, const char *format, ...)
{
	size_t len = strlen(s->text);
	va_list args;

	va_start(args, format);
	vsnprintf(s->text + len, sizeof s->text - len, format, args);
	va_end(args);
}

void
step_number(struct explain_step *s, const char *name, double x)
{
	ASSERT(s->nvalues < STEP_VALUES);
	s->value[s->nvalues].name = name;
	s->value[s->nvalues].text = NULL;
	s->value[s->nvalues++].number = x;
}

void
step_word(struct explain_step *s, const char *name, const char *text)
{
	ASSERT(s->nvalues < STEP_VALUES && text != NULL);
	s->value[s->nvalues].name = name;
	s->value[s->nvalues].number = NAN;
	s->value[s->nvalues++].text = text;
}

const char *
explain_plural(double n)
{
	return n > 0.95 && n < 1.05 ? "" : "s";
}

/* ---- whether it takes requests ---- */

static void
add_cause(struct explain_step *s, const struct live_cause *c)
{
	if (c->why == NULL)
		return;
	step_word(s, "cause", why_name(c->why));
	step_more(s, ": %s", c->why->text);
	if (c->status != 0)
		step_more(s, " (%d)", c->status);
}

/* What makes a task that takes requests get fewer. */
static void
add_handicap(const struct world_task *t, enum task_state state, const struct live_task *l,
    int64_t now, struct explain_steps *out)
{
	double left = explain_seconds(l->since_usec + t->service->conf.slow_start_usec - now);
	struct explain_step *s;

	if (state == TASK_DEGRADED) {
		s = step_add(out, STEP_DEGRADED, "it reports itself degraded: its cost counts %.0f times",
		    LIVE_DEGRADED);
		step_number(s, "factor", LIVE_DEGRADED);
	}
	if (t->service->conf.slow_start_usec == 0 || left <= 0 || l->ejected_until_usec > now)
		return;
	s = step_add(out, STEP_WARM_UP, "it is new or back, and gets less for another %.0f s", ceil(left));
	step_number(s, "left_seconds", ceil(left));
}

static void
add_retries(const struct world *w, const struct world_task *t, const struct live_task *l,
    struct explain_steps *out)
{
	double retried = (double)l->retries, refused = (double)l->retries_refused;
	double hedges = (double)live_retries_total(w->live, t->service->slot, RETRY_HEDGE);
	struct explain_step *s;

	if (retried + refused + hedges == 0)
		return;
	s = step_add(out, STEP_RETRIES, "%.0f request%s that failed here went to another task", retried,
	    explain_plural(retried));
	if (refused > 0)
		step_more(s, ", %.0f did not, for the retry budget was spent", refused);
	if (hedges > 0)
		step_more(s, "; %.0f of the service went to a second task before the first one responded",
		    hedges);
	step_number(s, "retried", retried);
	step_number(s, "refused", refused);
	step_number(s, "hedges", hedges);
}

static void
add_state(const struct world_task *t, enum task_state state, const struct live_task *l,
    int64_t now, struct explain_steps *out)
{
	double left = ceil(explain_seconds(l->ejected_until_usec - now));
	struct explain_step *s;

	if (state == TASK_DRAINING)
		step_add(out, STEP_DRAINING, "%s: it takes no new requests", t->node->drained ?
		    "its node is drained" : t->drained ? "it is drained" : "it is being stopped");
	else if (state == TASK_DOWN) {
		s = step_add(out, STEP_DOWN, "its health check fails");
		add_cause(s, &l->health_cause);
		if (t->service->conf.health_all_down == ALL_DOWN_USE)
			step_more(s, "; used where no healthy task is left");
	} else if (l->ejected_until_usec > now) {
		s = step_add(out, state == TASK_EJECTED ? STEP_EJECTED : STEP_ALL_USED,
		    "ejected for another %.0f s%s", left, state == TASK_EJECTED ? "" :
		    ", but in use, for more of the tasks are than panic allows");
		step_number(s, "left_seconds", left);
		add_cause(s, &l->ejected_cause);
	}
}

/* What must happen before it gets requests again. */
static void
add_back(const struct world_task *t, enum task_state state, struct explain_steps *out)
{
	unsigned rise = t->service->conf.health_rise;

	if (state == TASK_DOWN)
		step_add(out, STEP_BACK, "it takes requests again when it passes %u check%s in a row", rise,
		    explain_plural(rise));
	else if (state == TASK_EJECTED)
		step_add(out, STEP_BACK, "it takes requests again after that");
	else if (t->node->drained)
		step_add(out, STEP_BACK, "until mola drain --undo %s", t->node->name);
	else if (t->drained)
		step_add(out, STEP_BACK, "until mola drain --undo --task %s", t->name);
}

/* ---- the whole ---- */

static void
add_rank(const struct explain_field *f, const struct explain_got *got, struct explain_steps *out)
{
	struct explain_step *s;

	ASSERT(got->rank > 0 && got->rank <= got->of);
	s = step_add(out, STEP_RANK, "number %u of %u by cost; %s on %s costs least, %.2f",
	    got->rank, got->of, f->best->name, f->best->node->name, f->least);
	step_number(s, "rank", got->rank);
	step_number(s, "of", got->of);
	step_word(s, "best", f->best->name);
	step_number(s, "cost", f->least);
}

static void
add_share(const struct explain_got *got, struct explain_steps *out)
{
	struct explain_step *s;

	if (isnan(got->share))
		return;
	s = step_add(out, STEP_SHARE, "it got %.0f %% of the requests of the last 5 s", 100 * got->share);
	step_number(s, "share_ratio", got->share);
	step_number(s, "requests_per_second", got->per_second);
	if (!isnan(got->per_second))
		step_more(s, ", %.1f per second", got->per_second);
}

static void
add_policy(const struct world *w, const struct world_task *t, struct explain_steps *out)
{
	static const char *const texts[POLICY_COUNT] = {
#define POLICY(id, name, text) text,
#include "tbl/policies.h"
#undef POLICY
	};
	unsigned inflight = live_task_inflight(w->live, t->slot);
	const char *name = policy_name(t->service->conf.policy);
	struct explain_step *s;

	if (t->service->conf.policy == POLICY_BEST_NODE) {
		double score = phys_score(&t->node->steering.row, t->service->profile);
		s = step_add(out, STEP_SCORE,
		    "its node's score is %.1f; best-node sends all to the highest until it is renewed", score);
		step_number(s, "score", score);
		return;
	}
	s = step_add(out, STEP_POLICY, "%s: %s; %u in flight on this task", name,
	    texts[t->service->conf.policy], inflight);
	step_word(s, "policy", name);
	step_number(s, "inflight", inflight);
}

/* What its policy goes by. */
static void
add_grounds(const struct world *w, const struct world_task *t, const struct charge *c, int64_t now,
    struct explain_steps *out)
{
	enum policy policy = t->service->conf.policy;
	const char *cookie = t->service->conf.sticky_cookie;

	if (explain_is_marginal(policy) || policy == POLICY_BEST_NODE) {
		explain_add_sample(t->node, now, out);
		explain_add_guard(t->node, now, out);
	}
	if (explain_is_marginal(policy)) {
		explain_add_others(t->node, now, out);
		explain_add_inflight(w, t, out);
		explain_add_limit(w, t, now, out);
		explain_add_preference(t, out);
		explain_add_slow_start(w, t, now, out);
		explain_add_available(t, c, out);
		explain_add_cost(w, t, c, now, out);
	} else {
		if (policy != POLICY_ROUND_ROBIN && policy != POLICY_RANDOM_TWO)
			explain_add_load(w, t, now, out);
		add_policy(w, t, out);
	}
	explain_add_full(w, t, now, out);
	explain_add_limits(w, t, out);
	if (cookie != NULL)
		step_word(step_add(out, STEP_STICKY,
		    "clients with the cookie %s come back to the task that gave it, whatever it costs",
		    cookie), "cookie", cookie);
}

void
explain_steps(const struct world *w, const struct world_task *t, const struct explain_field *f,
    const struct explain_got *got, int64_t now, struct explain_steps *out)
{
	bool marginal = explain_is_marginal(t->service->conf.policy);
	enum task_state state = task_state(w, t, now);
	struct live_task l;
	struct charge c;

	out->n = 0;
	live_task_read(w->live, t->slot, &l);
	add_state(t, state, &l, now, out);
	if (explain_takes_requests(w, t, now)) {
		add_handicap(t, state, &l, now, out);
		add_retries(w, t, &l, out);
	} else {
		add_retries(w, t, &l, out);
		add_share(got, out);
		add_back(t, state, out);
		return;
	}
	if (!(t->node->steering.row.law.cores > 0))
		return;
	c = explain_charge(w, t, now);
	add_grounds(w, t, &c, now, out);
	if (marginal && f->best != NULL && got->rank > 0)
		add_rank(f, got, out);
	add_share(got, out);
	if (!marginal || f->best == NULL)
		return;
	if (c.cost <= f->least)
		explain_add_next(t, &c, t->node == f->best->node ? f->next : f->least, out);
	else
		explain_add_more(w, t, &c, f, now, out);
}
