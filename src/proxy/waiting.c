/*
 * Room is made by what ends here, and by other workers and new samples, of which nobody tells: so
 * those that wait are also called every few milliseconds. Of each lane, one after another is called
 * until one stays: the others that wait for the same room would stay, too. (Lanes of tasks are
 * shared by tasks that wait for different room: then one is called a little later.)
 *
 * In a burst the oldest is first: all are served in the end, and none waits much longer than
 * others. Once the time of one is over it is no burst: then the newest is first until nobody waits.
 *
 * The bound falls by a fifth when clients leave full nodes. Not below 1, where each of our requests
 * has a core of its own: what clients leave then, they do not leave for want of room. Clients leave
 * for other reasons, too, browsers all the time: as many as leave where there is room do not count,
 * nor do so few of so few that it may be chance.
 *
 * It also falls with each period in which somebody waited at every moment, down to BOUND_LASTING:
 * that is no burst, and more in flight would not serve more, but take longer for each. Else it
 * rises.
 */
#include <math.h>

#include "base/bug.h"
#include "proxy/waiting.h"
#include "world/room.h"

static const enum precedence in_order[PRECEDENCES] = { PRECEDENCE_HIGH, PRECEDENCE_NORMAL,
    PRECEDENCE_LOW };

#define PERIOD_USEC	250000
#define BOUND_LASTING	2.0
#define BOUND_LEAST	1.0
#define LEFT_PART	0.01	/* of clients, beside those that leave in any case */
#define ENDS_LEAST	300.0	/* of fewer ends than that, as many must leave as of so many */
#define FALL		0.8
#define RISE		1.25
#define RISE_LASTING	1.03
#define KEEP		0.9	/* of the ends of full nodes, from one period to the next: 2.5 s */
#define KEEP_CALM	0.99	/* 25 s */

void
waiting_init(struct waiting *w, struct loop *l, struct live *live, unsigned worker)
{
	*w = (struct waiting){ .loop = l, .live = live, .worker = worker, .bound = ROOM_BOUND,
	    .emptied = true };
	for (unsigned r = 0; r < PRECEDENCES; r++)
		TAILQ_INIT(&w->waiters[r]);
	live_set_bound(live, worker, w->bound);
}

void
waiting_fini(struct waiting *w)
{
	ASSERT(w->n == 0);
	timer_clear(w->loop, &w->timer);
}

struct pick_bound
waiting_bound(const struct waiting *w, const struct table_service *s)
{
	return (struct pick_bound){ .belief = room_belief(w->bound),
	    .most = room_bound(w->bound, s->overload_bound, s->overload_priority),
	    .shared = s->overload_priority == PRECEDENCE_LOW, .task_most = s->task_max_inflight };
}

uint32_t
waiting_lane(const struct table_service *s)
{
	return s->slot % LIVE_SERVICES;
}

uint32_t
waiting_lane_of_task(const struct table_task *t)
{
	return LIVE_SERVICES + t->slot % LIVE_SERVICES;
}

/* ---- who waits ---- */

bool
waiting_is_over(const struct waiting *w, const struct waiter *one)
{
	return one->in && one->until_usec <= loop_now(w->loop);
}

static struct waiter *
first_of(const struct waiting *w, enum precedence precedence)
{
	return w->newest_first ? TAILQ_FIRST(&w->waiters[precedence]) :
	    TAILQ_LAST(&w->waiters[precedence], waiter_list);
}

static struct waiter *
next_of(const struct waiting *w, struct waiter *one)
{
	return w->newest_first ? TAILQ_NEXT(one, link) : TAILQ_PREV(one, waiter_list, link);
}

/* What is called may leave, and others with it, or come in again. */
static void
call_all(struct waiting *w, enum precedence precedence)
{
	struct waiter *one;

	for (w->next = first_of(w, precedence); (one = w->next) != NULL; ) {
		uint32_t lane = one->lane;

		w->next = next_of(w, one);
		if (w->stayed[lane] == w->turn)
			continue;
		w->called = one;
		one->fn(one->arg);
		if (w->called == one)		/* it has not left */
			w->stayed[lane] = w->turn;
	}
	w->called = NULL;
}

/* Those whose time is over do not stay. Where some of the same precedence wait longer than others,
 * each goes by its own timer. */
static void
end_late(struct waiting *w, enum precedence precedence)
{
	struct waiter *one;

	while ((one = TAILQ_LAST(&w->waiters[precedence], waiter_list)) != NULL &&
	    waiting_is_over(w, one))
		one->fn(one->arg);
}

static bool
any_is_late(const struct waiting *w)
{
	const struct waiter *one;

	for (unsigned i = 0; i < PRECEDENCES; i++)
		if ((one = TAILQ_LAST(&w->waiters[i], waiter_list)) != NULL && waiting_is_over(w, one))
			return true;
	return false;
}

static void
on_turn(void *arg)
{
	struct waiting *w = arg;

	w->turn++;
	w->newest_first |= any_is_late(w);
	for (unsigned i = 0; i < PRECEDENCES; i++)
		call_all(w, in_order[i]);
	/* Were they first, much of the room would go to them: with 2 waiting for each that is served,
	 * p99 is then that of the oldest. */
	for (unsigned i = 0; i < PRECEDENCES; i++)
		end_late(w, in_order[i]);
	if (w->n > 0)
		timer_set(w->loop, &w->timer, loop_now(w->loop) + WAITING_LOOK_USEC, on_turn, w);
}

/* Of those whose time is not over yet, of the lowest precedence that has some. It is called in the
 * next turn. */
static void
end_oldest(struct waiting *w)
{
	struct waiter *one;

	for (unsigned i = PRECEDENCES; i-- > 0; )
		TAILQ_FOREACH_REVERSE(one, &w->waiters[in_order[i]], waiter_list, link)
			if (!waiting_is_over(w, one)) {
				one->until_usec = loop_now(w->loop);
				waiting_room_made(w);
				return;
			}
}

void
waiting_enter(struct waiting *w, struct waiter *one, uint32_t lane, const struct table_service *s,
    waiting_f *fn, void *arg)
{
	ASSERT(!one->in && lane < WAITING_LANES);
	*one = (struct waiter){ .in = true, .lane = lane, .fn = fn, .arg = arg,
	    .precedence = s->overload_priority, .until_usec = loop_now(w->loop) + s->overload_wait_usec };
	if (w->n >= WAITING_MOST)
		end_oldest(w);
	else if (w->n == 0)
		timer_set(w->loop, &w->timer, loop_now(w->loop) + WAITING_LOOK_USEC, on_turn, w);
	TAILQ_INSERT_HEAD(&w->waiters[one->precedence], one, link);
	w->n++;
	live_gauge_add(w->live, w->worker, LIVE_WAITING, 1);
}

void
waiting_leave(struct waiting *w, struct waiter *one)
{
	if (!one->in)
		return;
	if (w->next == one)
		w->next = next_of(w, one);
	if (w->called == one)
		w->called = NULL;
	TAILQ_REMOVE(&w->waiters[one->precedence], one, link);
	one->in = false;
	ASSERT(w->n > 0);
	w->n--;
	live_gauge_add(w->live, w->worker, LIVE_WAITING, -1);
	waiting_is_for(w, one, false);
	if (w->n == 0) {
		w->newest_first = false;
		timer_clear(w->loop, &w->timer);
	}
}

void
waiting_is_for(struct waiting *w, struct waiter *one, bool cores)
{
	if (one->for_cores == cores)
		return;
	one->for_cores = cores;
	if (cores)
		w->for_cores++;
	else if (--w->for_cores == 0)
		w->emptied = true;
}

/* In the next turn: whatever ended is still being put in order. */
void
waiting_room_made(struct waiting *w)
{
	if (w->n > 0)
		timer_set(w->loop, &w->timer, loop_now(w->loop), on_turn, w);
}

/* ---- the bound ---- */

static bool
too_many_left(const struct waiting *w)
{
	double usual = w->calm.left / fmax(w->calm.ended, ENDS_LEAST);

	return w->full.left > (LEFT_PART + usual) * fmax(w->full.ended, ENDS_LEAST);
}

static void
ends_fade(struct waiting_ends *e, double part)
{
	e->ended *= part;
	e->left *= part;
}

static void
period_end(struct waiting *w, double periods)
{
	if (too_many_left(w)) {
		w->bound = fmax(BOUND_LEAST, w->bound * FALL);
		w->full = (struct waiting_ends){ 0 };	/* by the new one others have to leave */
	} else if (w->emptied)
		w->bound = fmin(ROOM_BOUND, w->bound * pow(RISE, periods));
	else if (w->bound < BOUND_LASTING)
		w->bound = fmin(BOUND_LASTING, w->bound * pow(RISE_LASTING, periods));
	else
		w->bound = fmax(BOUND_LASTING, w->bound * FALL);
	w->emptied = w->for_cores == 0;
	ends_fade(&w->full, pow(KEEP, periods));
	ends_fade(&w->calm, pow(KEEP_CALM, periods));
	live_set_bound(w->live, w->worker, w->bound);
}

void
waiting_note_end(struct waiting *w, bool full, bool left)
{
	struct waiting_ends *e = full ? &w->full : &w->calm;
	int64_t passed = loop_now(w->loop) - w->period_usec;

	e->ended++;
	e->left += left;
	if (passed < PERIOD_USEC)
		return;
	period_end(w, fmin((double)passed / PERIOD_USEC, 100));
	w->period_usec = loop_now(w->loop);
}
