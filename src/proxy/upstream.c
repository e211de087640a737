/*
 * A connection is in exactly one place: idle in its task's pool, busy with a request, or dead;
 * upstream_move() is the only function that moves it. What belongs to the task and outlives its
 * connections is in upstream_pool.c.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "base/clock.h"
#include "proxy/upstream_priv.h"

#define CONNS_KEPT	1024	/* memory of closed connections that waits for the next ones */
#define LINKS_KEPT	64
#define RECENT_USEC	(5 * USEC_PER_SEC)	/* over which "busy at once lately" is taken */
/* idle time that any task is assumed to allow */
#define SAFE_USEC	(100 * USEC_PER_MSEC)
/* closed sooner than this: not taken for an idle time-out, unless it happens again */
#define HASTY_USEC	(5 * USEC_PER_MSEC)
/* of a busy task's connections, that are used again at once; a turn with many of them is longer */
#define FRESH_USEC	(1 * USEC_PER_MSEC)
#define FRESH_TURN_USEC	(10 * USEC_PER_MSEC)
/* this many are kept until the idle time-out even when there is little traffic */
#define IDLE_FEW	16

struct upstream *
upstream_new(struct loop *l, struct live *live, unsigned worker, struct task_tls *tls)
{
	struct upstream *u = must_zalloc(sizeof *u);

	u->loop = l;
	u->live = live;
	u->worker = worker;
	u->tls = tls;
	u->conns = slab_new(l, sizeof(struct upconn), CONNS_KEPT);
	u->links = slab_new(l, sizeof(struct link), LINKS_KEPT);
	u->h2 = h2_up_new(l, &link_ops);
	return u;
}

void
upstream_set_limits(struct upstream *u, unsigned idle_max, int64_t idle_usec)
{
	u->idle_max = idle_max;
	u->idle_usec = idle_usec;
}

void
upstream_set_heads(struct upstream *u, struct head_limits request, struct head_limits response)
{
	h2_up_set_limits(u->h2, request, response);
}

static void
leave_place(struct upconn *c)
{
	if (c->place == PLACE_IDLE) {
		ASSERT(c->pool->nidle > 0 && !TAILQ_EMPTY(&c->pool->idle));
		TAILQ_REMOVE(&c->pool->idle, c, entry);
		c->pool->nidle--;
		live_gauge_add(c->home->live, c->home->worker, LIVE_IDLE_UPSTREAMS, -1);
	} else if (c->place == PLACE_BUSY) {
		ASSERT(c->pool->nbusy > 0);
		c->pool->nbusy--;
	}
}

static void
upstream_move(struct upconn *c, enum place to)
{
	ASSERT(c->place != PLACE_DEAD && c->place != to);
	leave_place(c);
	c->place = to;
	if (to == PLACE_IDLE) {
		TAILQ_INSERT_HEAD(&c->pool->idle, c, entry);
		c->pool->nidle++;
		live_gauge_add(c->home->live, c->home->worker, LIVE_IDLE_UPSTREAMS, 1);
	} else if (to == PLACE_BUSY) {
		if (++c->pool->nbusy > c->pool->peak)
			c->pool->peak = c->pool->nbusy;
	} else {
		if (c->link != NULL || c->carrier != NULL)
			link_leave(c, false);
		stream_close(&c->own);
		timer_clear(c->home->loop, &c->timer);
		slab_give_later(c->home->conns, c);
	}
}

void
upconn_idle_end(struct upconn *c, const struct why *why)
{
	ASSERT(c->place == PLACE_IDLE);
	live_count_why(c->home->live, c->home->worker, why);
	upstream_move(c, PLACE_DEAD);
}

/* ---- how long a task keeps a connection ---- */

/* A task that has just answered may close for other reasons; one that does so again and again
 * closes always. */
static void
closing_learn(struct pool *s, int64_t age)
{
	bool hasty = age < HASTY_USEC, again = s->hasty;

	ASSERT(age >= 0);
	s->hasty = hasty;
	if (hasty && !again)
		return;
	if (s->closes_usec == 0 || age < s->closes_usec)
		s->closes_usec = age > 0 ? age : 1;
}

/* What was learnt may have been an accident: it is tried a little longer each time that we close
 * before the task does. */
static void
closing_relax(struct pool *s, int64_t idle_usec)
{
	ASSERT(s->closes_usec > 0);
	s->closes_usec += s->closes_usec / 10 + 1;
	if (s->closes_usec / 10 * 9 >= idle_usec)
		s->closes_usec = 0;
}

/* When the task closes, as far as it is known; negative: it is not. */
static int64_t
closes_after(const struct upconn *c)
{
	int64_t learnt = c->pool->closes_usec > 0 ? c->pool->closes_usec : -1;
	int64_t announced = c->announced_usec;

	if (learnt < 0 || announced < 0)
		return learnt < 0 ? announced : learnt;
	return learnt < announced ? learnt : announced;
}

/* We close first: a connection that both ends may close at any moment is no use. */
static int64_t
idle_most(const struct upconn *c)
{
	int64_t closes = closes_after(c), most = closes / 10 * 9;

	return closes >= 0 && most < c->home->idle_usec ? most : c->home->idle_usec;
}

/* Up to this age it is taken for what cannot be sent a second time. */
static int64_t
idle_safe(const struct upconn *c)
{
	int64_t closes = closes_after(c);

	return closes >= 0 ? closes / 3 * 2 : SAFE_USEC;
}

static int64_t
idle_age(const struct upconn *c)
{
	return loop_now(c->home->loop) - c->idle_since_usec;
}

/* Nothing should come on an idle connection but its end. True: nothing has. */
static bool
idle_look(struct upconn *c)
{
	ASSERT(c->place == PLACE_IDLE);
	switch (stream_look(c->stream)) {
	case IO_AGAIN:
		return true;
	case IO_DONE:
		upconn_idle_end(c, WHY_UPSTREAM_EARLY);
		return false;
	default:
		closing_learn(c->pool, idle_age(c));
		upconn_idle_end(c, WHY_UPSTREAM_IDLE);
		return false;
	}
}

/*
 * Its event may be the next of this turn, or be on its way: so each is looked at before it is
 * used. The system call is spared when the kernel was polled a moment ago, for this connection as
 * it became idle or for all that the loop watches, and reported nothing that is still pending. The
 * moment is shorter where the request could not be sent again.
 */
static bool
idle_usable(struct upconn *c, bool careful)
{
	int64_t fresh = careful ? FRESH_USEC : FRESH_TURN_USEC;

	if (!stream_has_event(c->stream)
	    && (idle_age(c) < fresh || loop_knows(c->home->loop, fresh)))
		return true;
	return idle_look(c);
}

static void
on_idle(void *arg)
{
	struct upconn *c = arg;

	if (stream_can_read(c->stream))
		idle_look(c);
}

static void
on_idle_late(void *arg)
{
	struct upconn *c = arg;

	if (c->place != PLACE_IDLE)
		return;
	if (c->pool->closes_usec > 0 && closes_after(c) == c->pool->closes_usec)
		closing_relax(c->pool, c->home->idle_usec);
	upconn_idle_end(c, WHY_UPSTREAM_IDLE);
}

void
upconn_died_idle(struct upconn *c)
{
	ASSERT(c->reused);
	if (h2_up_is_stream(c->stream))		/* a connection that others share */
		return;
	closing_learn(c->pool, c->age_usec);
}

/* What exceeds the peak of the time that is over goes, the one that was idle longest first; the
 * next time begins. */
static void
on_recent_over(void *arg)
{
	struct pool *s = arg;
	struct upconn *c;
	unsigned keep = s->peak - s->nbusy > IDLE_FEW ? s->peak - s->nbusy : IDLE_FEW;

	ASSERT(s->peak >= s->nbusy);
	s->peak = s->nbusy;
	while (s->nidle > keep)
		upconn_idle_end(TAILQ_LAST(&s->idle, upconn_list), WHY_UPSTREAM_IDLE);
	if ((c = TAILQ_FIRST(&s->idle)) != NULL)
		timer_set(c->home->loop, &s->recent, loop_now(c->home->loop) + RECENT_USEC, on_recent_over, s);
}

/* ---- connections ---- */

const struct why *
upconn_connect(struct upconn *c)
{
	const struct why *why = pool_connect(c->home, c->pool, true, &c->own, c->fn, c->arg, &c->at);

	if (why == NULL)
		c->stream = &c->own;
	return why;
}

/* Several requests share a connection, or may: the task has not chosen yet. */
static bool
is_shared(const struct pool *s, unsigned need)
{
	switch (s->how.scheme) {
	case SCHEME_H2C: case SCHEME_H2:
		return true;
	case SCHEME_HTTPS:
		return !s->chose_http1 && !s->how.http1 && (need & UPSTREAM_HTTP1) == 0;
	default:
		return false;
	}
}

const struct why *
upstream_open(struct upstream *u, const struct table *t, const struct table_task *task,
    unsigned need, stream_f *fn, void *arg, struct upconn **out)
{
	struct upconn *c = slab_take(u->conns);
	struct pool *s = pool_of(u, t, task);
	const struct why *why;

	if (c == NULL)
		return WHY_NO_MEMORY;
	memset(c, 0, sizeof *c);
	c->home = u;
	c->pool = s;
	c->life = s->life;
	c->opened_usec = loop_now(u->loop);
	c->fn = fn;
	c->arg = arg;
	if ((why = is_shared(s, need) ? link_take(c) : upconn_connect(c)) != NULL) {
		slab_give(u->conns, c);
		return why;
	}
	upstream_move(c, PLACE_BUSY);
	*out = c;
	return NULL;
}

const struct why *
upstream_take(struct upstream *u, const struct table *t, const struct table_task *task,
    unsigned need, stream_f *fn, void *arg, struct upconn **out)
{
	struct pool *s = pool_of(u, t, task);
	bool careful = (need & UPSTREAM_CAREFUL) != 0;
	struct upconn *c;

	if (is_shared(s, need))
		return upstream_open(u, t, task, need, fn, arg, out);
	while ((c = TAILQ_FIRST(&s->idle)) != NULL && !(careful && idle_age(c) > idle_safe(c))
	    && !idle_usable(c, careful))
		;
	if (c == NULL || (careful && idle_age(c) > idle_safe(c)))
		return upstream_open(u, t, task, need, fn, arg, out);
	ASSERT(c->pool == s && c->life == s->life);	/* its address is the task's */
	c->age_usec = idle_age(c);
	upstream_move(c, PLACE_BUSY);
	c->reused = true;
	stream_adopt(c->stream, fn, arg);
	*out = c;
	return NULL;
}

enum io_result
upconn_connected(struct upconn *c, const struct why **why)
{
	enum io_result res;

	if (c->why != NULL) {
		*why = c->why;
		return IO_FAIL;
	}
	if (c->stream == NULL)
		return IO_AGAIN;
	if ((res = stream_connected(c->stream)) == IO_FAIL
	    && (*why = task_tls_why(c->stream)) == NULL)
		*why = upstream_why(stream_error(c->stream));
	return res;
}

const struct why *
upconn_late(const struct upconn *c)
{
	const struct stream *s = c->link != NULL ? &c->link->stream : c->stream;

	return s != NULL && stream_is_handshaking(s) ? WHY_UPSTREAM_TLS_SLOW : WHY_CONNECT_TIMEOUT;
}

bool
upconn_unprocessed(const struct upconn *c)
{
	return c->stream != NULL && h2_up_is_unprocessed(c->stream);
}

bool
upconn_is_reset(const struct upconn *c, uint32_t *code)
{
	return c->stream != NULL && h2_up_is_reset(c->stream, code);
}

const struct why *
upconn_why(const struct upconn *c)
{
	return c->stream == NULL ? NULL : h2_up_why(c->stream);
}

size_t
upstream_tidy(struct upstream *u)
{
	return slab_tidy(u->conns) + slab_tidy(u->links) + h2_up_tidy(u->h2);
}

struct stream *
upconn_stream(struct upconn *c)
{
	return c->stream;
}

bool
upconn_is_cut_off(const struct upconn *c)
{
	return stream_is_cut_off(c->link != NULL && c->carrier == NULL ? &c->link->stream : c->stream);
}

bool
upconn_reused(const struct upconn *c)
{
	return c->reused;
}

/* Room is made by closing the one that was idle longest. Bytes or an end may be waiting already:
 * on_idle looks. */
void
upstream_give(struct upconn **cp, int64_t announced)
{
	struct upconn *c = *cp;
	struct upstream *u = c->home;
	struct pool *s = c->pool;

	ASSERT(c->place == PLACE_BUSY && stream_is_open(c->stream));
	*cp = NULL;
	if (h2_up_is_stream(c->stream)) {
		link_leave(c, true);
		upstream_move(c, PLACE_DEAD);
		return;
	}
	c->announced_usec = announced;
	c->idle_since_usec = loop_now(u->loop);
	if (u->idle_max == 0 || c->life != s->life || idle_most(c) <= 0) {
		upstream_move(c, PLACE_DEAD);
		return;
	}
	if (s->nidle >= u->idle_max)
		upconn_idle_end(TAILQ_LAST(&s->idle, upconn_list), WHY_UPSTREAM_IDLE);
	upstream_move(c, PLACE_IDLE);
	if (s->recent.node.at == 0)
		timer_set(u->loop, &s->recent, loop_now(u->loop) + RECENT_USEC, on_recent_over, s);
	stream_adopt(c->stream, on_idle, c);
	timer_set(u->loop, &c->timer, c->idle_since_usec + idle_most(c), on_idle_late, c);
	on_idle(c);
}

void
upstream_drop(struct upconn **cp)
{
	struct upconn *c = *cp;

	*cp = NULL;
	if (c == NULL)
		return;
	ASSERT(c->place == PLACE_BUSY);
	upstream_move(c, PLACE_DEAD);
}

/* ---- the whole ---- */

void
upstream_set_table(struct upstream *u, const struct table *t)
{
	uint32_t n;
	const struct table_task *task = table_tasks(t, &n);
	bool *named = must_zalloc(TASKS_MAX);

	for (uint32_t i = 0; i < n; i++)
		named[task[i].slot] = true;
	for (unsigned slot = 0; slot < TASKS_MAX; slot++) {
		struct pool *s = u->pool[slot];
		if (s == NULL || named[slot])
			continue;
		pool_clear(s);
		if (s->nbusy == 0) {
			pool_free(u, s);
			u->pool[slot] = NULL;
		}
	}
	free(named);
}

void
upstream_free(struct upstream **up)
{
	struct upstream *u = *up;

	*up = NULL;
	for (unsigned slot = 0; slot < TASKS_MAX; slot++) {
		struct pool *s = u->pool[slot];
		if (s == NULL)
			continue;
		pool_clear(s);
		pool_free(u, s);
	}
	h2_up_free(&u->h2);
	slab_free(&u->conns);
	slab_free(&u->links);
	free(u);
}
