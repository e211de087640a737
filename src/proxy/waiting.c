/*
 * Room is made by what ends here, and by other workers and new samples, of which nobody tells: so
 * those that wait are also called every few milliseconds. Of each service, the newest is called
 * until one stays: the others of that service would stay, too.
 *
 * The bound: multiplied by .8 for each period in which more than one of a hundred clients left,
 * else by 1.03. Not below 1, where each of our requests has a core of its own: what clients leave
 * then, they do not leave for want of room.
 */
#include <math.h>

#include "base/bug.h"
#include "proxy/waiting.h"
#include "world/room.h"

#define LOOK_USEC	5000
#define PERIOD_USEC	250000
#define BOUND_LEAST	1.0
#define LEFT_PART	0.01
#define FALL		0.8
#define RISE		1.03

void
waiting_init(struct waiting *w, struct loop *l, struct live *live, unsigned worker)
{
	*w = (struct waiting){ .loop = l, .live = live, .worker = worker, .bound = ROOM_BOUND };
	TAILQ_INIT(&w->waiters);
	live_set_bound(live, worker, w->bound);
}

void
waiting_fini(struct waiting *w)
{
	ASSERT(w->n == 0);
	timer_clear(w->loop, &w->timer);
}

double
waiting_bound(const struct waiting *w)
{
	return w->bound;
}

/* ---- who waits ---- */

bool
waiting_is_over(const struct waiting *w, const struct waiter *one)
{
	return one->in && one->until_usec <= loop_now(w->loop);
}

/* The newest of a service of which none has stayed in this turn. */
static struct waiter *
next_to_call(struct waiting *w)
{
	struct waiter *one;

	TAILQ_FOREACH(one, &w->waiters, link)
		if (w->stayed[one->service % LIVE_SERVICES] != w->turn)
			return one;
	return NULL;
}

static void
on_turn(void *arg)
{
	struct waiting *w = arg;
	struct waiter *one;

	w->turn++;
	/* those whose time is over do not stay */
	while ((one = TAILQ_LAST(&w->waiters, waiter_list)) != NULL && waiting_is_over(w, one))
		one->fn(one->arg);
	while ((one = next_to_call(w)) != NULL) {
		uint32_t service = one->service % LIVE_SERVICES;
		unsigned n = w->n;

		one->fn(one->arg);
		if (w->n >= n)
			w->stayed[service] = w->turn;
	}
	if (w->n > 0)
		timer_set(w->loop, &w->timer, loop_now(w->loop) + LOOK_USEC, on_turn, w);
}

/* Of those whose time is not over yet. It is called in the next turn. */
static void
end_oldest(struct waiting *w)
{
	struct waiter *one;

	TAILQ_FOREACH_REVERSE(one, &w->waiters, waiter_list, link)
		if (!waiting_is_over(w, one)) {
			one->until_usec = loop_now(w->loop);
			break;
		}
	waiting_room_made(w);
}

void
waiting_enter(struct waiting *w, struct waiter *one, uint32_t service, waiting_f *fn, void *arg)
{
	ASSERT(!one->in);
	*one = (struct waiter){ .in = true, .service = service, .fn = fn, .arg = arg,
	    .until_usec = loop_now(w->loop) + WAITING_USEC };
	if (w->n >= WAITING_MOST)
		end_oldest(w);
	else if (w->n == 0)
		timer_set(w->loop, &w->timer, loop_now(w->loop) + LOOK_USEC, on_turn, w);
	TAILQ_INSERT_HEAD(&w->waiters, one, link);
	w->n++;
	live_gauge_add(w->live, w->worker, LIVE_WAITING, 1);
}

void
waiting_leave(struct waiting *w, struct waiter *one)
{
	if (!one->in)
		return;
	TAILQ_REMOVE(&w->waiters, one, link);
	one->in = false;
	ASSERT(w->n > 0);
	w->n--;
	live_gauge_add(w->live, w->worker, LIVE_WAITING, -1);
	if (w->n == 0)
		timer_clear(w->loop, &w->timer);
}

/* In the next turn: whatever ended is still being put in order. */
void
waiting_room_made(struct waiting *w)
{
	if (w->n > 0)
		timer_set(w->loop, &w->timer, loop_now(w->loop), on_turn, w);
}

/* ---- the bound ---- */

void
waiting_note_end(struct waiting *w, bool left)
{
	int64_t passed = loop_now(w->loop) - w->period_usec;
	double periods;

	w->ended++;
	w->left += left;
	if (passed < PERIOD_USEC)
		return;
	periods = (double)passed / PERIOD_USEC;
	if (w->left > LEFT_PART * w->ended)
		w->bound = fmax(BOUND_LEAST, w->bound * FALL);
	else
		w->bound = fmin(ROOM_BOUND, w->bound * pow(RISE, fmin(periods, 100)));
	live_set_bound(w->live, w->worker, w->bound);
	w->ended = w->left = 0;
	w->period_usec = loop_now(w->loop);
}
