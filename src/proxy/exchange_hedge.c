/*
 * exchange_hedge: a request whose response takes longer than 95 % of its service's goes to a second
 * task, too (retry.hedge). Whichever responds first has it, and the other one is left. It is all
 * here as long as there are two; the winner's attempt and flow become the exchange's own.
 *
 * Only what has gone up whole, is still here whole, and does no harm twice. Events of the second
 * task come to exchange_on_second(), which calls hedge_turn(); those of the first one do not.
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "proxy/exchange_priv.h"

struct hedge {
	struct attempt	 attempt;
	struct gather	 head;		/* the exchange's, with marks of its own */
	size_t		 body_at;	/* bytes of the body that have gone */
	bool		 sent;
	struct flow	 down;
};

static struct pace *
pace_of(struct exchange *x)
{
	struct pace **p = &x->proxy->pace[x->attempt.service->slot];

	if (*p == NULL && (*p = try_alloc(sizeof **p)) != NULL)
		memset(*p, 0, sizeof **p);
	return *p;
}

void
hedge_note_response(struct exchange *x)
{
	struct pace *p = x->attempt.service->retry_hedge ? pace_of(x) : NULL;

	if (p != NULL)
		pace_note(p, exchange_now(x) - x->attempt.asked_usec);
}

/* Where the task's own address is the Host, the head is another one for each. What a client that is
 * bound to its task has there, no other task has. */
static bool
may_hedge(const struct exchange *x)
{
	return x->hedge == NULL && !x->hedged && !x->attempt.bound && x->up.over && x->up.whole
	    && x->status == 0 && x->attempt.interims == 0 && !x->upgrade && !x->names_task
	    && retry_is_harmless(x) && flow_data_bytes(&x->up) <= x->attempt.service->retry_body;
}

struct wait
hedge_wait(const struct exchange *x)
{
	const struct table_service *s = x->attempt.service;
	const struct pace *p = s->retry_hedge ? x->proxy->pace[s->slot] : NULL;
	int64_t p95 = p == NULL ? INT64_MAX : pace_p95(p);

	return (struct wait){ p95 == INT64_MAX || !may_hedge(x) ? INT64_MAX :
	    x->attempt.asked_usec + p95, WHY_HEDGED };
}

/* ---- the end ---- */

void
hedge_drop(struct exchange *x, const struct why *why)
{
	struct hedge *h = x->hedge;

	if (h == NULL)
		return;
	x->hedge = NULL;
	attempt_leave(&h->attempt, why, false);
	flow_fini(&h->down);
	attempt_fini(&h->attempt);
	free(h);
}

enum state
hedge_take_over(struct exchange *x, const struct why *why)
{
	struct hedge *h = x->hedge;
	bool connected = h->attempt.connected;

	x->hedge = NULL;
	hedge_note_response(x);			/* it took that long at least */
	attempt_leave(&x->attempt, why, false);
	attempt_fini(&x->attempt);
	flow_fini(&x->down);
	x->attempt = h->attempt;
	x->down = h->down;
	x->down.scanned = 0;		/* its head is read once more */
	flow_rewind(&x->up);
	if (connected) {
		x->up.head.first = h->head.first;
		x->up.head.offset = h->head.offset;
		x->up.at += h->body_at;
		x->up.over = h->sent;
		x->up.sink = x->down.source;
		x->up.moved_usec = exchange_now(x);
	}
	free(h);
	return connected ? AWAIT : CONNECT;
}

/* ---- two at once ---- */

enum state
hedge_begin(struct exchange *x)
{
	struct hedge *h = try_alloc(sizeof *h);
	const struct why *why;

	x->hedged = true;
	if (h == NULL)
		return STAY;
	memset(h, 0, sizeof *h);
	if (!attempt_hedge(&h->attempt, &x->attempt, exchange_on_second)) {
		free(h);
		return STAY;
	}
	x->hedge = h;
	h->head = x->up.head;
	gather_rewind(&h->head);
	flow_init(&h->down, x->proxy->pages, &x->proxy->share, NULL, x->down.sink, exchange_now(x));
	if ((why = attempt_connect(&h->attempt, false)) != NULL)
		hedge_drop(x, why);
	return x->hedge == NULL ? STAY : hedge_turn(x);
}

/* NULL: it is, or is not yet. Else it has failed. */
static const struct why *
connect_on(struct exchange *x, struct hedge *h)
{
	const struct why *why;

	switch (attempt_check(&h->attempt, &why)) {
	case IO_AGAIN:
		return NULL;
	case IO_DONE:
		h->down.source = upconn_stream(h->attempt.conn);
		h->down.moved_usec = exchange_now(x);
		return NULL;
	default:
		return why;
	}
}

static void
send_on(struct exchange *x, struct hedge *h)
{
	struct str body = flow_body(&x->up);
	size_t put = 0;
	enum io_result res;

	if (h->sent)
		return;
	res = gather_write(&h->head, h->down.source, (struct str){ body.p + h->body_at,
	    body.len - h->body_at }, &put);
	h->body_at += put;
	h->sent = res != IO_AGAIN;
	h->attempt.deaf = res == IO_FAIL;
}

/* A response that would be dropped, or is none yet, does not win. */
static enum state
head_came(struct exchange *x, const struct message *m)
{
	if (m->status < 200 || retry_is_wanted(x, m)) {
		x->hedge->attempt.status = m->status < 200 ? 0 : m->status;
		hedge_drop(x, m->status < 200 ? WHY_HEDGED : WHY_COMPLETE);
		return STAY;
	}
	return hedge_take_over(x, WHY_HEDGED);
}

enum state
hedge_turn(struct exchange *x)
{
	struct hedge *h = x->hedge;
	struct message *m = &x->proxy->head;
	const struct why *why = NULL;
	size_t used;

	ASSERT(x->state == AWAIT);
	if (!h->attempt.connected)
		why = connect_on(x, h);
	if (why != NULL || !h->attempt.connected) {
		if (why != NULL)
			hedge_drop(x, why);
		return STAY;
	}
	send_on(x, h);
	m->limits = x->proxy->conf.response_head;
	switch (flow_read_head(&h->down, x->is_head ? FLOW_RESPONSE_TO_HEAD : FLOW_RESPONSE, m, &used,
	    &why, exchange_now(x))) {
	case FLOW_DONE:
		return head_came(x, m);
	case FLOW_MORE:
		return STAY;
	case FLOW_BAD:
		hedge_drop(x, why);
		return STAY;
	case FLOW_STARVED:
		hedge_drop(x, WHY_NO_MEMORY);
		return STAY;
	default:
		hedge_drop(x, attempt_broken(&h->attempt));
		return STAY;
	}
}
