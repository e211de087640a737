/*
 * attempt_retry: whether another task is tried after, or beside, one that failed or is slow, and
 * which. Not before the facts say that no task can have processed the request, or that processing
 * it twice does no harm (its method is idempotent), and while the client has received nothing:
 * doc/why/0011-a-task-that-fails.md. The owner knows these facts (enum attempt_repeats).
 */
#include <math.h>

#include "base/bug.h"
#include "base/clock.h"
#include "proxy/attempt_priv.h"
#include "proxy/proxy_priv.h"

#define AGAIN_LEAST	1000		/* usec before a task is tried once more */
#define AGAIN_MOST	(900 * USEC_PER_SEC)	/* after which none is, as in Traefik */

/* ---- whether ---- */

/* What it is repeated for. */
static enum retry_reason
reason_of(const struct attempt *a, const struct why *why, enum attempt_repeats repeats)
{
	if (a->unavailable)
		return RETRY_UNAVAILABLE;
	if (a->status != 0 && (why == WHY_UPSTREAM_STATUS || why == WHY_COMPLETE))
		return RETRY_STATUS;
	if (!a->connected || repeats == ATTEMPT_UNSENT)
		return RETRY_CONNECT;
	return why->status == 504 ? RETRY_TIMEOUT : RETRY_RESET;
}

/* Who has said how often it may be tried has said so of what costs no task anything, too. */
static bool
is_granted(const struct attempt *a, enum attempt_repeats repeats)
{
	return a->most > 0 && repeats == ATTEMPT_UNSENT;
}

static unsigned
tries_most(const struct attempt *a, const struct table_service *s, enum attempt_repeats repeats)
{
	if (is_granted(a, repeats) || (a->most > 0 && a->most < s->retry_attempts))
		return a->most;
	return s->retry_attempts;
}

static bool
may_try(const struct attempt *a, const struct table_service *s, const struct why *why,
    enum attempt_repeats repeats)
{
	enum retry_reason r = reason_of(a, why, repeats);

	if (repeats == ATTEMPT_ONCE || a->interims > 0 || a->tries + 1 >= tries_most(a, s, repeats))
		return false;
	if (!is_granted(a, repeats) && r != RETRY_STATUS && !retry_on_has(&s->retry_on, r))
		return false;
	/* ports may be left for another task's address */
	return why->blame == BLAME_UPSTREAM || why == WHY_NO_PORTS || r == RETRY_STATUS;
}

/* What no task has read is no more load for the tasks than a request that came first. It is free
 * where one is likely to serve it: while all refuse, the budget bounds how often they are asked. */
static bool
is_free(const struct attempt *a, const struct table_service *s, const struct table_task *next,
    enum attempt_repeats repeats)
{
	return is_granted(a, repeats) || (repeats == ATTEMPT_UNSENT && s->retry_budget > 0 &&
	    live_is_worth_a_try(a->proxy->conf.live, next->slot, attempt_now(a)));
}

/* ---- of another task, after this one ---- */

bool
attempt_repeat(struct attempt *a, const struct why *why, enum attempt_repeats repeats)
{
	struct proxy *p = a->proxy;
	const struct table_service *service = attempt_service(a);
	const struct table_task *task;

	ASSERT(a->taken && a->avoid.n < PICK_TRIES);
	if (service == NULL || !may_try(a, service, why, repeats))
		return false;
	if (a->avoid.n + 1 >= service->retry_attempts || a->avoid.n + 1 >= PICK_TRIES)
		return false;
	a->avoid.slot[a->avoid.n++] = a->task->slot;
	if (pick_task(p->pick, p->table, service, &a->avoid, attempt_now(a), &task) != NULL)
		return false;
	ASSERT(task->slot != a->task->slot);
	if (attempt_find_room(a, service, false, &task) != NULL)
		return false;
	if (!is_free(a, service, task, repeats) && !budget_take(p->budget, service)) {
		live_count_retry_refused(p->conf.live, a->task->slot);
		return false;
	}
	live_count_retry(p->conf.live, a->task->slot, service->slot, reason_of(a, why, repeats));
	attempt_leave(a, why, a->keeps);
	attempt_route(a, p->table, service);
	a->bound = false;
	attempt_take(a, task);
	a->tries++;
	return true;
}

/* ---- of any task, after a moment ---- */

/* From the interval to twice as long, as the tries that are allowed pass. Not at once: a task that
 * refuses would be asked as fast as it can refuse. */
static int64_t
interval(const struct attempt *a)
{
	double far = a->most > 2 ? (double)a->tries / (a->most - 1) : 0;
	int64_t usec = (int64_t)((double)a->interval_usec * exp2(far));

	return usec > AGAIN_LEAST ? usec : AGAIN_LEAST;
}

bool
attempt_again(struct attempt *a, const struct why *why, enum attempt_repeats repeats)
{
	ASSERT(a->taken);
	if (!is_granted(a, repeats) || !may_try(a, a->service, why, repeats)
	    || attempt_now(a) + interval(a) > a->picked_usec + AGAIN_MOST)
		return false;
	live_count_retry(a->proxy->conf.live, a->task->slot, a->service->slot,
	    reason_of(a, why, repeats));
	a->again_usec = attempt_now(a) + interval(a);
	a->avoid = (struct pick_avoid){ { a->task->slot }, 1 };
	attempt_leave(a, why, false);
	a->tries++;
	return true;
}

const struct why *
attempt_pick_again(struct attempt *a)
{
	struct proxy *p = a->proxy;
	const struct table_task *task;
	const struct why *why;

	ASSERT(!a->taken && a->service != NULL && a->tries > 0);
	if (!attempt_follow(a))
		return WHY_NO_TASK;
	if (attempt_is_at_most(a, a->service))	/* it has not been in flight meanwhile, but others */
		return WHY_MAX_INFLIGHT;
	why = pick_task(p->pick, a->table, a->service, &a->avoid, attempt_now(a), &task);
	if (why != NULL) {
		a->avoid.n = 0;
		why = pick_task(p->pick, a->table, a->service, &a->avoid, attempt_now(a), &task);
	}
	if (why == NULL)
		why = attempt_find_room(a, a->service, false, &task);
	if (why == NULL)
		attempt_take(a, task);
	return why;
}

/* ---- of another task, beside this one ---- */

bool
attempt_hedge(struct attempt *second, const struct attempt *a, stream_f *fn)
{
	struct proxy *p = a->proxy;
	const struct table_service *service = attempt_service(a);
	struct attempt s;
	const struct table_task *task;

	ASSERT(a->taken && a->avoid.n < PICK_TRIES);
	if (service == NULL || a->tries + 1 >= tries_most(a, service, ATTEMPT_REPEATABLE)
	    || a->avoid.n + 1 >= PICK_TRIES)
		return false;
	attempt_init(&s, p, fn, a->arg);
	s.can_wait = a->can_wait;
	s.client = a->client;
	s.most = a->most;
	s.interval_usec = a->interval_usec;
	s.picked_usec = a->picked_usec;
	s.tries = a->tries + 1;
	s.avoid = a->avoid;
	s.avoid.slot[s.avoid.n++] = a->task->slot;
	/* one request in two places: what is full has no room for the second */
	if (attempt_is_at_most(&s, service)
	    || pick_task(p->pick, p->table, service, &s.avoid, attempt_now(a), &task) != NULL
	    || attempt_find_room(&s, service, true, &task) != NULL)
		return false;
	if (!budget_take(p->budget, service)) {
		live_count_retry_refused(p->conf.live, a->task->slot);
		return false;
	}
	live_count_hedge(p->conf.live, service->slot);
	attempt_route(&s, p->table, service);
	attempt_take(&s, task);
	*second = s;
	return true;
}
