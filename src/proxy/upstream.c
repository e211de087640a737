/*
 * A connection is in exactly one place: idle in its task's pool, busy with a request, or dead;
 * upstream_move() is the only function that moves it. There is a pool per task slot. A slot that
 * begins a new life has another address, and the connections to the old one are closed.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/bug.h"
#include "base/clock.h"
#include "http/slab.h"
#include "proxy/upstream.h"

#define CONNS_KEPT	1024	/* memory of closed connections that waits for the next ones */
#define RECENT_USEC	(5 * USEC_PER_SEC)	/* over which "busy at once lately" is taken */
/* idle time that any task is assumed to allow */
#define SAFE_USEC	(100 * USEC_PER_MSEC)
/* closed sooner than this: not taken for an idle time-out, unless it happens again */
#define HASTY_USEC	(5 * USEC_PER_MSEC)
/* of a busy task's connections, that are used again at once */
#define FRESH_USEC	(1 * USEC_PER_MSEC)
/* in which an address that could not be reached is not tried */
#define AVOID_USEC	(60 * USEC_PER_SEC)
/* this many are kept until the idle time-out even when there is little traffic */
#define IDLE_FEW	16

enum place { PLACE_NEW, PLACE_BUSY, PLACE_IDLE, PLACE_DEAD };

TAILQ_HEAD(upconn_list, upconn);

struct upconn {
	TAILQ_ENTRY(upconn) link;	/* idle: of the pool; first, as slab.c requires */
	struct upstream	*home;
	struct pool	*pool;
	enum place	 place;
	bool		 reused;
	int64_t		 idle_since_usec;
	int64_t		 age_usec;	/* idle time when it was taken */
	int64_t		 announced_usec;	/* how long the task keeps it idle, as announced; negative: unknown */
	unsigned	 life;		/* of the pool when this was opened */
	unsigned	 at;		/* which of the task's addresses */
	struct stream	 stream;
	struct timer	 timer;		/* only of interest while idle: a busy one lets it pass */
};

struct pool {
	struct addr	   addr;
	unsigned	   naddrs;		/* of the task, the first among them */
	int64_t		   avoid_until_usec[TASK_ADDRS];	/* such as could not be reached */
	struct upconn_list idle;	/* the most recently used first */
	unsigned	   nidle, nbusy;
	unsigned	   peak;	/* most that were busy at once lately */
	struct timer	   recent;	/* set while connections are idle */
	/* idle time after which the task closes, as learnt; 0: nothing is known */
	int64_t		   closes_usec;
	bool		   hasty;	/* the last one that it closed had only just become idle */
	unsigned	   life;	/* counts addresses: a connection of an earlier life is not kept */
};

/*
 * After a time of many requests at once, the next such time should find as many connections open;
 * but a task may spend a process on each. So more than IDLE_FEW are kept only while as many
 * connections are busy at once now and then.
 */
struct upstream {
	struct loop	*loop;
	struct live	*live;
	unsigned	 worker;
	unsigned	 idle_max;
	int64_t		 idle_usec;
	struct slab	*conns;
	struct pool	*pool[TASKS_MAX];	/* by slot, NULL where nothing ever was */
};

struct upstream *
upstream_new(struct loop *l, struct live *live, unsigned worker)
{
	struct upstream *u = must_zalloc(sizeof *u);

	u->loop = l;
	u->live = live;
	u->worker = worker;
	u->conns = slab_new(l, sizeof(struct upconn), CONNS_KEPT);
	return u;
}

void
upstream_set_limits(struct upstream *u, unsigned idle_max, int64_t idle_usec)
{
	u->idle_max = idle_max;
	u->idle_usec = idle_usec;
}

static void
leave_place(struct upconn *c)
{
	if (c->place == PLACE_IDLE) {
		ASSERT(c->pool->nidle > 0 && !TAILQ_EMPTY(&c->pool->idle));
		TAILQ_REMOVE(&c->pool->idle, c, link);
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
		TAILQ_INSERT_HEAD(&c->pool->idle, c, link);
		c->pool->nidle++;
		live_gauge_add(c->home->live, c->home->worker, LIVE_IDLE_UPSTREAMS, 1);
	} else if (to == PLACE_BUSY) {
		if (++c->pool->nbusy > c->pool->peak)
			c->pool->peak = c->pool->nbusy;
	} else {
		stream_close(&c->stream);
		timer_clear(c->home->loop, &c->timer);
		slab_give_later(c->home->conns, c);
	}
}

/* An idle connection ends; no request waits for it, but the reason counts. */
static void
idle_end(struct upconn *c, const struct why *why)
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
	switch (stream_look(&c->stream)) {
	case IO_AGAIN:
		return true;
	case IO_DONE:
		idle_end(c, WHY_UPSTREAM_EARLY);
		return false;
	default:
		closing_learn(c->pool, idle_age(c));
		idle_end(c, WHY_UPSTREAM_IDLE);
		return false;
	}
}

/*
 * Its event may be the next of this turn, or be on its way: so each is looked at before it is
 * used. The system call is spared when the kernel was polled a moment ago, for this connection as
 * it became idle or for all that the loop watches, and reported nothing that is still pending.
 */
static bool
idle_usable(struct upconn *c)
{
	if (!stream_has_event(&c->stream)
	    && (idle_age(c) < FRESH_USEC || loop_knows(c->home->loop, FRESH_USEC)))
		return true;
	return idle_look(c);
}

static void
on_idle(void *arg)
{
	struct upconn *c = arg;

	if (stream_can_read(&c->stream))
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
	idle_end(c, WHY_UPSTREAM_IDLE);
}

void
upconn_died_idle(struct upconn *c)
{
	ASSERT(c->reused);
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
		idle_end(TAILQ_LAST(&s->idle, upconn_list), WHY_UPSTREAM_IDLE);
	if ((c = TAILQ_FIRST(&s->idle)) != NULL)
		timer_set(c->home->loop, &s->recent, loop_now(c->home->loop) + RECENT_USEC, on_recent_over, s);
}

static void
pool_free(struct upstream *u, struct pool *s)
{
	ASSERT(s->nbusy == 0 && s->nidle == 0);
	timer_clear(u->loop, &s->recent);
	free(s);
}

/* Ends a life of the pool. */
static void
pool_clear(struct pool *s)
{
	s->life++;
	while (!TAILQ_EMPTY(&s->idle))
		idle_end(TAILQ_FIRST(&s->idle), WHY_UPSTREAM_IDLE);
}

static bool
same_addr(const struct addr *a, const struct addr *b)
{
	return a->len == b->len && memcmp(&a->sa, &b->sa, a->len) == 0;
}

/* The pool of the task's slot, emptied if it belonged to another address. */
static struct pool *
pool_of(struct upstream *u, const struct table_task *t)
{
	struct pool *s;

	ASSERT(t->slot < TASKS_MAX && t->nothers < TASK_ADDRS);
	s = u->pool[t->slot];
	if (s == NULL) {
		s = u->pool[t->slot] = must_zalloc(sizeof *s);
		TAILQ_INIT(&s->idle);
		s->addr = t->addr;
	} else if (!same_addr(&s->addr, &t->addr)) {
		pool_clear(s);
		s->addr = t->addr;
		s->closes_usec = 0;
		memset(s->avoid_until_usec, 0, sizeof s->avoid_until_usec);
	}
	s->naddrs = 1 + t->nothers;
	return s;
}

/* ---- one address after another ---- */

/* The first one that is not avoided; when all are, the one that is so least long. */
static unsigned
address_choose(const struct pool *s, int64_t now)
{
	unsigned best = 0;

	ASSERT(s->naddrs > 0 && s->naddrs <= TASK_ADDRS);
	for (unsigned i = 0; i < s->naddrs; i++) {
		if (s->avoid_until_usec[i] <= now)
			return i;
		if (s->avoid_until_usec[i] < s->avoid_until_usec[best])
			best = i;
	}
	return best;
}

static bool
address_left(const struct pool *s, unsigned but, int64_t now)
{
	for (unsigned i = 0; i < s->naddrs; i++)
		if (i != but && s->avoid_until_usec[i] <= now)
			return true;
	return false;
}

static bool
address_avoid(struct pool *s, unsigned at, int64_t now)
{
	if (s->naddrs < 2 || at >= s->naddrs)
		return false;
	s->avoid_until_usec[at] = now + AVOID_USEC;
	return address_left(s, at, now);
}

bool
upconn_unreachable(struct upconn *c)
{
	return c->life == c->pool->life && address_avoid(c->pool, c->at, loop_now(c->home->loop));
}

bool
upconn_has_other(const struct upconn *c)
{
	return c->life == c->pool->life && address_left(c->pool, c->at, loop_now(c->home->loop));
}

const struct why *
upstream_open(struct upstream *u, const struct table_task *t, stream_f *fn, void *arg,
    struct upconn **out)
{
	struct upconn *c = slab_take(u->conns);
	struct pool *s = pool_of(u, t);
	const struct why *why;
	bool more;

	if (c == NULL) {
		errno = ENOMEM;
		return WHY_NO_MEMORY;
	}
	do {
		memset(c, 0, sizeof *c);
		c->at = address_choose(s, loop_now(u->loop));
		why = stream_connect(&c->stream, u->loop, c->at == 0 ? &t->addr : &t->other[c->at - 1], fn, arg);
		more = why != NULL && upstream_why(errno)->blame == BLAME_UPSTREAM
		    && address_avoid(s, c->at, loop_now(u->loop));
	} while (more);
	if (why != NULL) {
		slab_give(u->conns, c);
		return why;
	}
	c->home = u;
	c->pool = s;
	c->life = s->life;
	upstream_move(c, PLACE_BUSY);
	*out = c;
	return NULL;
}

const struct why *
upstream_take(struct upstream *u, const struct table_task *t, bool careful, stream_f *fn,
    void *arg, struct upconn **out)
{
	struct pool *s = pool_of(u, t);
	struct upconn *c;

	while ((c = TAILQ_FIRST(&s->idle)) != NULL && !(careful && idle_age(c) > idle_safe(c))
	    && !idle_usable(c))
		;
	if (c == NULL || (careful && idle_age(c) > idle_safe(c)))
		return upstream_open(u, t, fn, arg, out);
	ASSERT(c->pool == s && c->life == s->life);	/* its address is the task's */
	c->age_usec = idle_age(c);
	upstream_move(c, PLACE_BUSY);
	c->reused = true;
	stream_adopt(&c->stream, fn, arg);
	*out = c;
	return NULL;
}

size_t
upstream_tidy(struct upstream *u)
{
	return slab_tidy(u->conns);
}

struct stream *
upconn_stream(struct upconn *c)
{
	return &c->stream;
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

	ASSERT(c->place == PLACE_BUSY && stream_is_open(&c->stream));
	*cp = NULL;
	c->announced_usec = announced;
	c->idle_since_usec = loop_now(u->loop);
	if (u->idle_max == 0 || c->life != s->life || idle_most(c) <= 0) {
		upstream_move(c, PLACE_DEAD);
		return;
	}
	if (s->nidle >= u->idle_max)
		idle_end(TAILQ_LAST(&s->idle, upconn_list), WHY_UPSTREAM_IDLE);
	upstream_move(c, PLACE_IDLE);
	if (s->recent.node.at == 0)
		timer_set(u->loop, &s->recent, loop_now(u->loop) + RECENT_USEC, on_recent_over, s);
	stream_adopt(&c->stream, on_idle, c);
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

/* What a failed connect means: the task's failure, or ours when it is our side that has run out
 * of something. */
const struct why *
upstream_why(int error)
{
	switch (error) {
	case ECONNREFUSED:
		return WHY_CONNECT_REFUSED;
	case ETIMEDOUT:
		return WHY_CONNECT_TIMEOUT;
	case EMFILE: case ENFILE:
		return WHY_NO_DESCRIPTORS;
	case EADDRNOTAVAIL:
		return WHY_NO_PORTS;
	case ENOBUFS: case ENOMEM:
		return WHY_NO_MEMORY;
	default:
		return WHY_CONNECT_FAILED;
	}
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
	slab_free(&u->conns);
	free(u);
}
