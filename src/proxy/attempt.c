/*
 * attempt: a task is taken, connected and left. Which tasks may be had for another try is in
 * attempt_retry.c.
 */
#include <math.h>

#include "base/bug.h"
#include "base/clock.h"
#include "proxy/attempt_priv.h"
#include "proxy/outcome.h"
#include "proxy/proxy_priv.h"

#define BOUND_FIRST	2	/* times the bound that others have: a client that is bound to its task */
#define OTHER_USEC	USEC_PER_SEC	/* after which the next address is tried */

int64_t
attempt_now(const struct attempt *a)
{
	return loop_now(a->proxy->loop);
}

void
attempt_init(struct attempt *a, struct proxy *p, stream_f *fn, void *arg)
{
	*a = (struct attempt){ .proxy = p, .fn = fn, .arg = arg };
}

void
attempt_fini(struct attempt *a)
{
	ASSERT(!a->taken && a->conn == NULL);
	table_unref(&a->table);
}

void
attempt_reset(struct attempt *a)
{
	attempt_fini(a);
	attempt_init(a, a->proxy, a->fn, a->arg);
}

/* ---- by which table ---- */

void
attempt_route(struct attempt *a, struct table *t, const struct table_service *service)
{
	struct table *old = a->table;

	ASSERT(service != NULL && t == a->proxy->table);
	a->table = table_ref(t);
	a->service = service;
	table_unref(&old);
}

const struct table_service *
attempt_service(const struct attempt *a)
{
	struct table *t = a->proxy->table;

	if (t == a->table)
		return a->service;
	return table_service_named(t, table_text(a->table, a->service->name), a->service->kind);
}

/* The task under way in the table in force, as a task of `service`; NULL: it is no longer
 * there. */
static const struct table_task *
task_now(const struct attempt *a, const struct table_service *service)
{
	const struct table_task *task = table_tasks(a->proxy->table, &(uint32_t){ 0 });

	if (a->proxy->table == a->table)
		return a->task;
	for (uint32_t i = 0; service != NULL && i < service->ntasks; i++) {
		const struct table_task *t = &task[service->first_task + i];
		if (t->slot == a->task->slot && addr_eq(&t->addr, &a->task->addr))
			return t;
	}
	return NULL;
}

/* The task under way, by the table in force. False: it is no longer there. */
static bool
attempt_renew(struct attempt *a)
{
	const struct table_service *service = attempt_service(a);
	const struct table_task *task = task_now(a, service);

	if (task == NULL)
		return false;
	a->task = task;
	attempt_route(a, a->proxy->table, service);
	return true;
}

/* ---- choosing and connecting ---- */

void
attempt_take(struct attempt *a, const struct table_task *task)
{
	struct proxy *p = a->proxy;

	ASSERT(!a->taken && a->conn == NULL);
	a->task = task;
	a->taken = true;
	a->connected = a->reopened = a->deaf = a->keeps = false;
	a->interims = 0;
	a->taken_usec = a->asked_usec = attempt_now(a);
	a->patient = a->unavailable = a->headed = false;
	a->look_usec = 0;
	a->status = 0;
	a->served = false;
	live_take(p->conf.live, p->conf.worker, task->node_slot, task->slot);
}

bool
attempt_follow(struct attempt *a)
{
	const struct table_service *service = attempt_service(a);

	if (service != NULL && a->proxy->table != a->table)
		attempt_route(a, a->proxy->table, service);
	return service != NULL;
}

/* NULL: the client has no task, or another one has to be taken. */
static const struct table_task *
claimed_task(struct attempt *a)
{
	const struct table_task *task;
	bool renew = false;

	if (a->service->sticky_cookie.len == 0 || !a->claim.given)
		return NULL;
	task = sticky_find(a->proxy->sticky, a->table, a->service, &a->claim, &renew);
	if (task == NULL
	    || !pick_may(a->proxy->pick, a->table, a->service, &a->avoid, attempt_now(a), task))
		return NULL;
	a->bound = !renew;
	return task;
}

/* How full a task may be for this request. */
static struct pick_bound
bound_of(const struct attempt *a, const struct table_service *s)
{
	const struct proxy *p = a->proxy;
	struct pick_bound b = waiting_bound(&p->waiting, s);

	b.shared |= s->overload_priority == PRECEDENCE_NORMAL && pick_has_precedence(p->pick);
	if (!a->can_wait || !s->overload)
		b.most = PICK_ANY;
	return b;
}

const struct why *
attempt_find_room(struct attempt *a, const struct table_service *s, bool may_wait,
    const struct table_task **task)
{
	struct proxy *p = a->proxy;
	struct pick_bound bound = bound_of(a, s);
	const struct table_task *roomy;

	if (bound.most == PICK_ANY && bound.task_most == 0)
		return NULL;
	roomy = pick_roomy(p->pick, p->table, s, &a->avoid, attempt_now(a), *task, &bound);
	a->full = bound.use > 1;
	a->lane = waiting_lane(s);
	if (roomy != NULL)
		*task = roomy;
	else if (isinf(bound.use))
		return WHY_MAX_INFLIGHT;
	else if (may_wait)
		return WHY_OVERLOADED;
	return NULL;
}

/* A client that is bound to its task comes first there, but not without end. */
static const struct why *
find_room_on(struct attempt *a, const struct table_task *task)
{
	struct pick_bound bound = bound_of(a, a->service);

	if (bound.most == PICK_ANY && bound.task_most == 0)
		return NULL;
	bound.use = pick_use(a->proxy->pick, task, &bound, attempt_now(a));
	a->full = bound.use > 1;
	a->lane = waiting_lane_of_task(task);
	if (isinf(bound.use))
		return WHY_MAX_INFLIGHT;
	return bound.use > BOUND_FIRST * bound.most ? WHY_OVERLOADED : NULL;
}

bool
attempt_is_at_most(struct attempt *a, const struct table_service *s)
{
	if (s->max_inflight == 0 || pick_inflight(a->proxy->pick, s) < s->max_inflight)
		return false;
	a->lane = waiting_lane(s);
	return true;
}

const struct why *
attempt_pick(struct attempt *a, const struct ip *client)
{
	struct proxy *p = a->proxy;
	const struct table_task *task;
	const struct why *why;
	int64_t now = attempt_now(a);
	bool first = a->picked_usec == 0;

	ASSERT(a->avoid.n == 0 && a->service != NULL);
	a->client = client;
	a->picked_usec = now;
	if (!attempt_follow(a))
		return WHY_NO_TASK;
	a->bound = false;
	if (first)
		budget_add(p->budget, a->service, now);
	if (attempt_is_at_most(a, a->service))
		return WHY_MAX_INFLIGHT;
	if ((task = claimed_task(a)) != NULL)
		why = find_room_on(a, task);
	else if ((why = pick_task(p->pick, a->table, a->service, &a->avoid, now, &task)) == NULL)
		why = attempt_find_room(a, a->service, true, &task);
	if (why == NULL)
		attempt_take(a, task);
	return why;
}

static unsigned
need(const struct attempt *a, bool careful)
{
	return (careful ? UPSTREAM_CAREFUL : 0) | (a->needs_http1 ? UPSTREAM_HTTP1 : 0);
}

const struct why *
attempt_connect(struct attempt *a, bool careful)
{
	ASSERT(a->taken && a->conn == NULL);
	a->began_usec = attempt_now(a);
	return upstream_take(a->proxy->upstream, a->table, a->task, need(a, careful), a->fn, a->arg,
	    &a->conn);
}

const struct why *
attempt_connect_new(struct attempt *a)
{
	ASSERT(a->taken && a->conn == NULL);
	a->began_usec = attempt_now(a);
	return upstream_open(a->proxy->upstream, a->table, a->task, need(a, false), a->fn, a->arg,
	    &a->conn);
}

/* A new connection to the task, in place of the one that there was. */
static const struct why *
attempt_reopen(struct attempt *a)
{
	upstream_drop(&a->conn);
	return attempt_connect_new(a);
}

/* A task with several addresses may be reachable at another one: there is no need to wait for all
 * of the time-out. */
int64_t
attempt_connect_until(const struct attempt *a)
{
	int64_t most = a->service->connect_usec;

	ASSERT(a->conn != NULL && !a->connected);
	if (most > OTHER_USEC && upconn_has_other(a->conn))
		most = OTHER_USEC;
	return a->began_usec + most;
}

const struct why *
attempt_unreached(struct attempt *a, const struct why *why)
{
	ASSERT(a->conn != NULL && !a->connected);
	if (why->blame != BLAME_UPSTREAM || !upconn_unreachable(a->conn))
		return why;
	return attempt_reopen(a);
}

enum io_result
attempt_check(struct attempt *a, const struct why **why)
{
	const struct why *failed = NULL;

	switch (upconn_connected(a->conn, &failed)) {
	case IO_AGAIN:
		return IO_AGAIN;
	case IO_DONE:
		a->connected = true;
		return IO_DONE;
	default:
		break;
	}
	if ((failed = attempt_unreached(a, failed)) == NULL)
		return IO_AGAIN;
	*why = failed;
	return IO_FAIL;
}

const struct why *
attempt_late(struct attempt *a)
{
	return attempt_unreached(a, upconn_late(a->conn));
}

/* ---- what became of its connection ---- */

bool
attempt_unprocessed(const struct attempt *a)
{
	return a->conn != NULL && upconn_unprocessed(a->conn);
}

const struct why *
attempt_broken(const struct attempt *a)
{
	const struct why *why = upconn_why(a->conn);

	ASSERT(a->connected);
	return why != NULL ? why : WHY_UPSTREAM_GONE;
}

bool
attempt_is_reset(const struct attempt *a, uint32_t *code)
{
	return a->conn != NULL && upconn_is_reset(a->conn, code);
}

const struct why *
attempt_lost(struct attempt *a, bool silent, enum attempt_repeats repeats)
{
	bool unprocessed = attempt_unprocessed(a), idle_died = upconn_reused(a->conn) && silent
	    && a->interims == 0 && upconn_why(a->conn) == NULL;

	ASSERT(a->connected && a->status == 0);
	if (idle_died)
		upconn_died_idle(a->conn);
	if ((!idle_died && !unprocessed) || a->reopened || repeats == ATTEMPT_ONCE || !attempt_renew(a))
		return attempt_broken(a);
	/* the task may have read it */
	if (repeats != ATTEMPT_UNSENT && !budget_take(a->proxy->budget, a->service))
		return attempt_broken(a);
	a->reopened = true;
	a->connected = a->deaf = false;
	return attempt_reopen(a);
}

/* ---- the end ---- */

/* A taken task is given back, here and nowhere else. */
void
attempt_leave(struct attempt *a, const struct why *why, bool clean)
{
	struct proxy *p = a->proxy;

	ASSERT(a->taken || a->conn == NULL);
	if (a->conn != NULL && clean)
		upstream_give(&a->conn, a->keeps_usec);
	else
		upstream_drop(&a->conn);
	if (!a->taken)
		return;
	a->taken = false;
	outcome_note(p->conf.live, &(struct outcome){ .table = a->table, .service = a->service,
	    .task = a->task, .why = why, .status = a->unavailable ? 503 : a->status, .served = a->served,
	    .client = a->client }, attempt_now(a));
	live_give(p->conf.live, p->conf.worker, a->task->node_slot, a->task->slot);
	waiting_room_made(&p->waiting);
}
