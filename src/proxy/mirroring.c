/*
 * A copy goes as its request did: a task is picked, connected to, written to and read from, with
 * retries as far as those are harmless (attempt.h). What differs: nobody waits for it, so its
 * failures are counted and that is all.
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "base/clock.h"
#include "http/h1_write.h"
#include "proxy/attempt.h"
#include "proxy/mirroring.h"
#include "proxy/proxy_priv.h"

#define COPIES_MOST	1024		/* of a worker, under way or waiting for their requests */
#define INTERIMS_MAX	64		/* 1xx before a response */
#define RESPONSE_USEC	(60 * USEC_PER_SEC)	/* that the body of a response may take */

/* Of one mirror. */
struct copy {
	LIST_ENTRY(copy) link;		/* of the proxy's, as soon as it is sent */
	struct mirroring *of;
	struct attempt	 attempt;
	struct group_mirror to;		/* its service is the attempt's */
	bool		 names_task;	/* as of an exchange */
	char		 task_host[ADDR_TEXT_MAX];
	struct gather	 head;		/* all in one piece of its own */
	size_t		 body_at;	/* bytes of the body that have gone */
	bool		 sent;
	int64_t		 sent_usec;	/* when it was, or when bytes of it last went */
	struct flow	 down;
	int64_t		 responded_usec;
	struct timer	 timer;
	struct share_waiter yielded;
};

struct mirroring {
	struct proxy	*proxy;
	struct mirroring_facts facts;
	struct tap	 body;
	unsigned	 n, left;
	struct copy	 copy[];
};

/* ---- the end ---- */

static void
count(struct proxy *p, enum live_copies outcome, unsigned n)
{
	if (n > 0)
		live_count_copies(p->conf.live, p->conf.worker, outcome, n);
}

static void
copy_forget(struct copy *c)
{
	struct mirroring *m = c->of;

	attempt_fini(&c->attempt);
	gather_clear(&c->head);
	ASSERT(m->left > 0 && m->proxy->ncopies > 0);
	m->proxy->ncopies--;
	if (--m->left > 0)
		return;
	tap_fini(&m->body);
	free(m);
}

/* `clean`: the connection may be used again. */
static void
copy_end(struct copy *c, const struct why *why, bool clean)
{
	struct proxy *p = c->of->proxy;

	count(p, why == WHY_COMPLETE ? COPIES_SENT : COPIES_FAILED, 1);
	timer_clear(p->loop, &c->timer);
	share_unwait(&p->share, &c->yielded);
	LIST_REMOVE(c, link);
	attempt_leave(&c->attempt, why, clean);
	flow_fini(&c->down);
	copy_forget(c);
}

/* ---- one copy, on its way ---- */

static void	copy_go(void *arg);
static void	copy_try_other(struct copy *, const struct why *);

static int64_t
now(const struct copy *c)
{
	return loop_now(c->of->proxy->loop);
}

static struct str
body_of(const struct copy *c)
{
	if (c->to.bodiless || c->of->body.len == 0)
		return STR("");
	return (struct str){ c->of->body.p, c->of->body.len };
}

static bool
has_begun(const struct copy *c)
{
	return c->head.first > 0 || c->head.offset > 0;
}

static void
copy_rewind(struct copy *c)
{
	gather_rewind(&c->head);
	c->body_at = 0;
	c->sent = false;
	c->sent_usec = now(c);
	flow_fini(&c->down);
	flow_init(&c->down, c->of->proxy->pages, &c->of->proxy->share, NULL, NULL, now(c));
}

static void
copy_connect(struct copy *c)
{
	struct str host = str_of(addr_text(&c->attempt.task->addr, c->task_host));
	const struct why *why = WHY_NO_MEMORY;

	copy_rewind(c);
	if (!c->names_task || gather_set_slot(&c->head, host))
		why = attempt_connect(&c->attempt, !c->of->facts.idempotent);
	if (why != NULL)
		copy_try_other(c, why);
	else
		copy_go(c);
}

static enum attempt_repeats
repeats(const struct copy *c)
{
	if (c->attempt.status != 0)
		return ATTEMPT_ONCE;
	if (!has_begun(c) || attempt_unprocessed(&c->attempt))
		return ATTEMPT_UNSENT;
	return c->of->facts.idempotent ? ATTEMPT_REPEATABLE : ATTEMPT_ONCE;
}

static void
copy_try_other(struct copy *c, const struct why *why)
{
	if (attempt_repeat(&c->attempt, why, repeats(c)))
		copy_connect(c);
	else
		copy_end(c, why, false);
}

/* The task ended the connection before it responded. */
static void
copy_lost(struct copy *c)
{
	const struct why *why = attempt_lost(&c->attempt, c->down.end == 0, repeats(c));

	if (why != NULL) {
		copy_try_other(c, why);
		return;
	}
	copy_rewind(c);
	copy_go(c);
}

/* NULL: go on. Else it has ended, or goes to another task. */
static bool
is_connected(struct copy *c)
{
	const struct why *why;

	if (c->attempt.connected)
		return true;
	switch (attempt_check(&c->attempt, &why)) {
	case IO_DONE:
		c->down.source = upconn_stream(c->attempt.conn);
		c->sent_usec = c->down.moved_usec = now(c);
		return true;
	case IO_AGAIN:
		return false;
	default:
		copy_try_other(c, why);
		return false;
	}
}

/* A task that reads no more may have responded all the same. */
static void
copy_write(struct copy *c)
{
	struct str body = body_of(c);
	uint64_t before = stream_bytes_out(c->down.source);
	size_t put = 0;
	enum io_result res;

	if (c->sent)
		return;
	res = gather_write(&c->head, c->down.source, (struct str){ body.p + c->body_at,
	    body.len - c->body_at }, &put);
	c->body_at += put;
	if (stream_bytes_out(c->down.source) != before)
		c->sent_usec = now(c);
	c->sent = res != IO_AGAIN;
	c->attempt.deaf = res == IO_FAIL;
}

static void
copy_read_body(struct copy *c)
{
	bool whole;

	switch (flow_run(&c->down, now(c))) {
	case FLOW_MORE:
		return;
	case FLOW_YIELD:
		share_wait(&c->of->proxy->share, &c->yielded, copy_go, c);
		return;
	case FLOW_DONE:
		whole = c->attempt.keeps && c->sent && c->down.good == c->down.end;
		copy_end(c, WHY_COMPLETE, whole);
		return;
	case FLOW_SOURCE_END:
		copy_end(c, c->down.body.kind == BODY_UNTIL_CLOSE ? WHY_COMPLETE : WHY_UPSTREAM_GONE, false);
		return;
	case FLOW_STARVED:
		copy_end(c, WHY_NO_MEMORY, false);
		return;
	case FLOW_BAD:
		copy_end(c, WHY_UPSTREAM_BAD_BODY, false);
		return;
	default:
		copy_end(c, attempt_broken(&c->attempt), false);
	}
}

/* Of a whole head; true: it is the response's. */
static bool
head_take(struct copy *c, const struct message *h, size_t used, const struct why **why)
{
	*why = NULL;
	if (h->status == 101 || (h->status < 200 && ++c->attempt.interims > INTERIMS_MAX)) {
		*why = WHY_UPSTREAM_BAD_HEAD;
		return true;
	}
	if (h->status < 200) {
		flow_begin(&c->down, used, BODY_NONE, 0);
		flow_next(&c->down, now(c));
		return false;
	}
	c->attempt.status = h->status;
	c->responded_usec = now(c);
	c->attempt.keeps = h->h1.keep_alive && !c->attempt.deaf && h->body != BODY_UNTIL_CLOSE;
	c->attempt.keeps_usec = c->attempt.keeps ? message_keeps_usec(h) : -1;
	if (!flow_begin_lenient(&c->down, used, h->body, h->length))
		*why = WHY_UPSTREAM_BAD_BODY;
	return true;
}

static void
copy_read(struct copy *c)
{
	struct message *h = &c->of->proxy->head;
	const struct why *why = NULL;
	bool taken = c->attempt.status != 0;
	size_t used;

	while (!taken) {
		h->limits = c->of->proxy->conf.response_head;
		switch (flow_read_head(&c->down, c->of->facts.is_head ? FLOW_RESPONSE_TO_HEAD : FLOW_RESPONSE,
		    h, &used, &why, now(c))) {
		case FLOW_DONE:
			taken = head_take(c, h, used, &why);
			break;
		case FLOW_MORE:
			return;
		case FLOW_SOURCE_END:
		case FLOW_SOURCE_BROKEN:
			copy_lost(c);
			return;
		case FLOW_BAD:
			taken = true;
			break;
		default:
			copy_end(c, WHY_NO_MEMORY, false);
			return;
		}
	}
	if (why != NULL)
		copy_end(c, why, false);
	else
		copy_read_body(c);
}

/* ---- how long it may take ---- */

static int64_t
until(const struct copy *c, const struct why **why)
{
	const struct table_service *s = c->attempt.service;
	int64_t idle = c->down.moved_usec + s->idle_usec, all = c->responded_usec + RESPONSE_USEC;

	*why = WHY_CONNECT_TIMEOUT;
	if (!c->attempt.connected)
		return attempt_connect_until(&c->attempt);
	*why = WHY_UPSTREAM_SLOW_READ;
	if (!c->sent)
		return c->sent_usec + s->idle_usec;
	*why = WHY_UPSTREAM_SLOW_HEAD;
	if (c->attempt.status == 0)
		return c->sent_usec + s->response_usec;
	*why = WHY_UPSTREAM_SLOW_BODY;
	return idle < all ? idle : all;
}

static void
on_late(void *arg)
{
	struct copy *c = arg;
	const struct why *why;

	if (until(c, &why) > now(c))
		copy_go(c);
	else if (c->attempt.connected)
		copy_end(c, why, false);
	else if ((why = attempt_late(&c->attempt)) != NULL)
		copy_try_other(c, why);
	else
		copy_go(c);
}

/* The copy may be gone afterwards. */
static void
copy_go(void *arg)
{
	struct copy *c = arg;
	const struct why *why;

	timer_set(c->of->proxy->loop, &c->timer, until(c, &why), on_late, c);
	if (!is_connected(c))
		return;
	copy_write(c);
	timer_set(c->of->proxy->loop, &c->timer, until(c, &why), on_late, c);
	copy_read(c);
}

/* Nobody waits for it: where there is no room for it now, it would only take that of requests. */
static void
copy_start(struct copy *c)
{
	struct proxy *p = c->of->proxy;
	const struct why *why;

	c->attempt.can_wait = true;
	why = attempt_pick(&c->attempt, &c->of->facts.client);
	if (why == WHY_OVERLOADED || why == WHY_MAX_INFLIGHT) {
		count(p, COPIES_SKIPPED, 1);
		copy_forget(c);
		return;
	}
	LIST_INSERT_HEAD(&p->copies, c, link);
	if (why != NULL)
		copy_end(c, why, false);
	else
		copy_connect(c);
}

/* ---- all of a request ---- */

static void
copy_write_head(struct copy *c, const struct message *h, const struct edits *edits)
{
	struct edits e = *edits;

	edits_drop(&e, FIELD_BIT(FIELD_EXPECT));	/* nothing is to be waited for */
	if (c->to.bodiless)
		edits_drop(&e, FIELD_BIT(FIELD_CONTENT_LENGTH) | FIELD_BIT(FIELD_TRANSFER_ENCODING) |
		    FIELD_BIT(FIELD_TRAILER));
	c->names_task = !c->attempt.service->pass_host;
	if (c->names_task)
		e.authority = STR("task");
	c->head.full = !h1_write_request(&c->head, h, &e, H1_UNSAID);
	gather_add_copied(&c->head, STR(""));		/* its texts will be gone when it is sent */
}

struct mirroring *
mirroring_new(struct proxy *p, const struct group_mirrors *mirrors, const struct message *h,
    const struct edits *edits)
{
	struct mirroring *m = NULL;
	size_t bytes = sizeof *m + mirrors->n * sizeof m->copy[0];
	uint64_t most = 0;

	ASSERT(mirrors->n > 0);
	if (p->ncopies + mirrors->n > COPIES_MOST || (m = try_alloc(bytes)) == NULL) {
		count(p, COPIES_SKIPPED, mirrors->n);
		return NULL;
	}
	memset(m, 0, bytes);
	m->proxy = p;
	m->n = m->left = mirrors->n;
	p->ncopies += m->n;
	for (unsigned i = 0; i < m->n; i++) {
		struct copy *c = &m->copy[i];
		c->of = m;
		c->to = mirrors->of[i];
		gather_init(&c->head);
		attempt_init(&c->attempt, p, copy_go, c);
		attempt_route(&c->attempt, p->table, c->to.service);
		copy_write_head(c, h, edits);
		if (!c->to.bodiless && c->to.body_most > most)
			most = c->to.body_most;
	}
	tap_init(&m->body, &p->copied, most);
	return m;
}

void
mirroring_copy_body(struct mirroring *m, struct flow *f)
{
	bool wanted = false;

	for (unsigned i = 0; i < m->n; i++)
		wanted |= !m->copy[i].to.bodiless;
	if (wanted && f->body.kind != BODY_NONE)
		flow_set_tap(f, &m->body);
}

static bool
may_go(const struct copy *c)
{
	const struct mirroring *m = c->of;

	return !c->head.full && (c->to.bodiless || (!m->body.lost &&
	    m->facts.body_bytes <= c->to.body_most));
}

void
mirroring_send(struct mirroring **mp, const struct mirroring_facts *facts)
{
	struct mirroring *m = *mp;
	struct proxy *p = m->proxy;
	unsigned n = m->n;

	*mp = NULL;
	m->facts = *facts;
	for (unsigned i = 0; i < n; i++) {	/* with the last one, the copies are gone */
		struct copy *c = &m->copy[i];
		if (may_go(c)) {
			copy_start(c);
		} else {
			count(p, COPIES_SKIPPED, 1);
			copy_forget(c);
		}
	}
}

void
mirroring_drop(struct mirroring **mp)
{
	struct mirroring *m = *mp;
	unsigned n;

	*mp = NULL;
	if (m == NULL)
		return;
	n = m->n;
	count(m->proxy, COPIES_SKIPPED, n);
	for (unsigned i = 0; i < n; i++)
		copy_forget(&m->copy[i]);
}

void
mirroring_end(struct proxy *p)
{
	struct copy *c;

	while ((c = LIST_FIRST(&p->copies)) != NULL)
		copy_end(c, WHY_STOPPING, false);
}
