/*
 * Links: HTTP/2 connections to a task, each shared by the requests of this worker that are under
 * way there. While one is being made, those that want it wait in its queue, so that many requests
 * at once do not make many connections. Where the task chooses HTTP/1.1 instead (scheme https), the
 * first of them gets the socket, and the others make connections of their own.
 */
#include "base/bug.h"
#include "base/clock.h"
#include "proxy/upstream_priv.h"

/* a stream that is given up after this time without a response, on a link that has been silent
 * since soon after its beginning, is the link's last */
#define SILENT_USEC	USEC_PER_SEC

/* ---- life ---- */

static void
link_idle(struct link *k, bool idle)
{
	if (k->idle == idle)
		return;
	k->idle = idle;
	live_gauge_add(k->home->live, k->home->worker, LIVE_IDLE_UPSTREAMS, idle ? 1 : -1);
}

/* No longer the pool's: nobody can find it. */
static void
link_remove(struct link *k)
{
	if (k->state == LINK_OVER)
		return;
	k->state = LINK_OVER;
	link_idle(k, false);
	timer_clear(k->home->loop, &k->timer);
	TAILQ_REMOVE(&k->pool->links, k, entry);
}

static void
link_free(struct link *k)
{
	link_remove(k);
	h2_up_conn_free(&k->h2);
	ASSERT(TAILQ_EMPTY(&k->waiting) && TAILQ_EMPTY(&k->users));
	stream_close(&k->stream);
	slab_give_later(k->home->links, k);
}

static void on_link(void *arg);

static const struct why *
link_new(struct upstream *u, struct pool *s, struct link **out)
{
	struct link *k = slab_take(u->links);
	const struct why *why;

	if (k == NULL)
		return WHY_NO_MEMORY;
	*k = (struct link){ .home = u, .pool = s, .state = LINK_CONNECTING, .life = s->life };
	TAILQ_INIT(&k->waiting);
	TAILQ_INIT(&k->users);
	if ((why = pool_connect(u, s, false, &k->stream, on_link, k, &k->at)) != NULL) {
		slab_give(u->links, k);
		return why;
	}
	TAILQ_INSERT_TAIL(&s->links, k, entry);
	*out = k;
	return NULL;
}

/* ---- who uses it ---- */

static bool
link_open(struct link *k, struct upconn *c)
{
	c->reused = h2_up_streams(k->h2) > 0 || k->idle;
	if (!h2_up_open(k->h2, &c->own, c->fn, c->arg))
		return false;
	link_idle(k, false);
	c->link = k;
	c->at = k->at;
	c->stream = &c->own;
	TAILQ_INSERT_TAIL(&k->users, c, entry);
	return true;
}

/*
 * What came on an idle link since it was last looked at, such as its end, is taken note of now.
 * False: the link is gone.
 */
static bool
link_look(struct link *k)
{
	if (!k->idle || (!stream_has_event(&k->stream) && !stream_can_read(&k->stream)
	    && loop_knows(k->home->loop, USEC_PER_MSEC)))
		return true;
	if (stream_look(&k->stream) == IO_AGAIN)
		return true;
	h2_up_conn_run(k->h2);
	return false;
}

/* One with room; NULL: there is none. */
static struct link *
link_with_room(struct pool *s)
{
	struct link *k, *next;

	for (k = TAILQ_FIRST(&s->links); k != NULL; k = next) {
		next = TAILQ_NEXT(k, entry);
		if (k->state != LINK_OPEN || k->life != s->life || !h2_up_room(k->h2))
			continue;
		if (link_look(k))
			return k;
		next = TAILQ_FIRST(&s->links);
	}
	return NULL;
}

/* One that is being made, to the address that is the best now. */
static struct link *
link_connecting(const struct upstream *u, const struct pool *s)
{
	unsigned at = pool_address(u, s);
	struct link *k;

	TAILQ_FOREACH(k, &s->links, entry)
		if (k->state == LINK_CONNECTING && k->life == s->life && k->at == at)
			return k;
	return NULL;
}

const struct why *
link_take(struct upconn *c)
{
	struct link *k = link_with_room(c->pool);
	const struct why *why;

	ASSERT(c->link == NULL && c->stream == NULL);
	if (k != NULL)
		return link_open(k, c) ? NULL : WHY_NO_MEMORY;
	if ((k = link_connecting(c->home, c->pool)) == NULL
	    && (why = link_new(c->home, c->pool, &k)) != NULL)
		return why;
	c->link = k;
	c->at = k->at;
	TAILQ_INSERT_TAIL(&k->waiting, c, entry);
	return NULL;
}

/* The task may be gone without a word: others are not to wait for that, too. */
static bool
is_silent(const struct upconn *c)
{
	return loop_now(c->home->loop) - c->opened_usec >= SILENT_USEC && !h2_up_has_head(c->stream)
	    && h2_up_heard_usec(c->link->h2) <= c->opened_usec + SILENT_USEC / 2;
}

void
link_leave(struct upconn *c, bool clean)
{
	struct link *k = c->link;

	if (c->carrier != NULL) {
		stream_close(&c->carrier->stream);
		slab_give_later(c->home->links, c->carrier);
		c->carrier = NULL;
		c->stream = NULL;
	}
	if (k == NULL)
		return;
	c->link = NULL;
	if (c->stream == NULL) {
		TAILQ_REMOVE(&k->waiting, c, entry);
		if (k->state == LINK_CONNECTING && TAILQ_EMPTY(&k->waiting))
			link_free(k);
		return;
	}
	TAILQ_REMOVE(&k->users, c, entry);
	c->link = k;
	if (!clean && k->state == LINK_OPEN && is_silent(c))
		h2_up_retire(k->h2);
	c->link = NULL;
	clean ? stream_close(&c->own) : stream_reset(&c->own);
}

/* ---- it is made, or not ---- */

/* All that wait learn of it; each call may change anything but what is still in the queue. */
static void
link_fail(struct link *k, const struct why *why)
{
	struct upconn *c;

	ASSERT(why != NULL);
	link_remove(k);
	while ((c = TAILQ_FIRST(&k->waiting)) != NULL) {
		TAILQ_REMOVE(&k->waiting, c, entry);
		c->link = NULL;
		c->why = why;
		c->fn(c->arg);
	}
	link_free(k);
}

/* More wait than it has room for: they begin again. */
static void
requeue(struct link *k)
{
	struct upconn *c;

	while ((c = TAILQ_FIRST(&k->waiting)) != NULL) {
		TAILQ_REMOVE(&k->waiting, c, entry);
		c->link = NULL;
		c->life = c->pool->life;
		if ((c->why = link_take(c)) != NULL || c->stream != NULL)
			c->fn(c->arg);
	}
}

static void
link_serve(struct link *k)
{
	bool secure = scheme_is_tls(k->pool->how.scheme);
	struct upconn *c;

	if ((k->h2 = h2_up_conn_new(k->home->h2, &k->stream, secure, k)) == NULL) {
		link_fail(k, WHY_NO_MEMORY);
		return;
	}
	k->state = LINK_OPEN;
	stream_adopt(&k->stream, h2_up_conn_run, k->h2);
	while (k->state == LINK_OPEN && (c = TAILQ_FIRST(&k->waiting)) != NULL && h2_up_room(k->h2)) {
		TAILQ_REMOVE(&k->waiting, c, entry);
		c->link = NULL;
		if (!link_open(k, c))
			c->why = WHY_NO_MEMORY;
		c->fn(c->arg);
	}
	requeue(k);
}

/* The task speaks HTTP/1.1: the first of the queue gets what there is. */
static void
link_turn_http1(struct link *k)
{
	struct upconn *c = TAILQ_FIRST(&k->waiting);

	k->pool->chose_http1 = true;
	link_remove(k);
	TAILQ_REMOVE(&k->waiting, c, entry);
	c->link = NULL;
	c->carrier = k;
	c->stream = &k->stream;
	stream_adopt(c->stream, c->fn, c->arg);
	c->fn(c->arg);
}

static void
link_turn_all_http1(struct link *k)
{
	struct upconn *c, *first = TAILQ_FIRST(&k->waiting);

	while ((c = TAILQ_NEXT(first, entry)) != NULL) {
		TAILQ_REMOVE(&k->waiting, c, entry);
		c->link = NULL;
		if ((c->why = upconn_connect(c)) != NULL)
			timer_set(k->home->loop, &c->timer, loop_now(k->home->loop), c->fn, c->arg);
	}
	link_turn_http1(k);
}

static void
on_link(void *arg)
{
	struct link *k = arg;
	const struct why *why;

	ASSERT(k->state == LINK_CONNECTING && !TAILQ_EMPTY(&k->waiting));
	switch (stream_connected(&k->stream)) {
	case IO_AGAIN:
		return;
	case IO_DONE:
		break;
	default:
		why = task_tls_why(&k->stream);
		link_fail(k, why != NULL ? why : upstream_why(stream_error(&k->stream)));
		return;
	}
	if (k->pool->how.scheme == SCHEME_H2C || str_eq(stream_protocol(&k->stream), STR("h2")))
		link_serve(k);
	else if (k->pool->how.scheme == SCHEME_HTTPS)
		link_turn_all_http1(k);
	else
		link_fail(k, WHY_UPSTREAM_NOT_HTTP2);
}

/* ---- while it is open ---- */

static void
on_idle_late(void *arg)
{
	struct link *k = arg;

	if (!k->idle)
		return;
	live_count_why(k->home->live, k->home->worker, WHY_UPSTREAM_IDLE);
	link_free(k);
}

static void
on_changed(void *owner)
{
	struct link *k = owner;
	struct upstream *u = k->home;

	if (h2_up_streams(k->h2) > 0 || k->state != LINK_OPEN || !TAILQ_EMPTY(&k->users))
		return;
	link_idle(k, true);
	timer_set(u->loop, &k->timer, loop_now(u->loop) + u->idle_usec, on_idle_late, k);
	if (u->idle_max == 0 || k->life != k->pool->life)
		h2_up_retire(k->h2);
}

/* Whoever still has a stream of it finds it broken. */
static void
on_over(void *owner, const struct why *why)
{
	struct link *k = owner;
	struct upconn *c;

	if (why != NULL || k->idle)
		live_count_why(k->home->live, k->home->worker, why != NULL ? why : WHY_UPSTREAM_IDLE);
	link_remove(k);
	while ((c = TAILQ_FIRST(&k->users)) != NULL) {
		TAILQ_REMOVE(&k->users, c, entry);
		c->link = NULL;
	}
	link_free(k);
}

const struct h2_up_ops link_ops = { .changed = on_changed, .over = on_over };

/* ---- all of a pool's ---- */

void
links_clear(struct pool *s)
{
	struct link *k, *next;

	for (k = TAILQ_FIRST(&s->links); k != NULL; k = next) {
		next = TAILQ_NEXT(k, entry);
		if (k->state == LINK_OPEN && k->idle)
			link_free(k);
		else if (k->state == LINK_OPEN)
			h2_up_retire(k->h2);
	}
}

void
links_end(struct pool *s)
{
	while (!TAILQ_EMPTY(&s->links))
		link_free(TAILQ_FIRST(&s->links));
}
