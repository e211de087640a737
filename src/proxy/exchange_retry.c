/*
 * exchange_retry: a request goes to a task once more: whether it may, for all that is known of it
 * and of its client, what is kept for that, and what becomes of a response that is dropped.
 * Whether there is a task for it, and a budget, attempt_retry.c knows.
 */
#include <stdio.h>

#include "base/bug.h"
#include "proxy/exchange_priv.h"

#define COUNT_NAME	"grpc-previous-rpc-attempts"
#define WITH_FRAMING(bytes)	((bytes) + (bytes) / 4 + 4096)	/* of chunks */
#define KEEPS_MOST	((size_t)64 << 20)	/* bytes of bodies that a worker keeps beyond pages */

/* ---- whether ---- */

bool
retry_is_harmless(const struct exchange *x)
{
	return x->idempotent || x->attempt.service->retry_methods == RETRY_ALL;
}

static bool
unavailable_is_named(const struct exchange *x)
{
	return retry_on_has(&x->attempt.service->retry_on, RETRY_UNAVAILABLE);
}

static enum attempt_repeats
repeats(const struct exchange *x)
{
	if (x->status != 0 || (flow_begun(&x->up) && !x->up.whole))
		return ATTEMPT_ONCE;
	if (!flow_begun(&x->up) || attempt_unprocessed(&x->attempt))
		return ATTEMPT_UNSENT;
	if (flow_data_bytes(&x->up) > x->attempt.service->retry_body)
		return ATTEMPT_ONCE;
	return retry_is_harmless(x) || (x->attempt.unavailable && unavailable_is_named(x)) ?
	    ATTEMPT_REPEATABLE : ATTEMPT_ONCE;
}

/* ---- what is kept ---- */

/*
 * All that fits into the page is, in any case, where it may be needed: a task that speaks HTTP/2
 * may say that it has not processed a request. Of a body whose length is known to be too large,
 * nothing.
 */
void
retry_keep(struct exchange *x, const struct message *h)
{
	const struct table_service *s = x->attempt.service;
	bool harmless = retry_is_harmless(x);
	size_t most = x->up.body_at + (h->body == BODY_LENGTH ? h->length : WITH_FRAMING(s->retry_body));

	x->is_counted = x->client->is_grpc && message_find_named(h, STR(COUNT_NAME)) == NULL;
	x->up.keep = harmless || s->scheme != SCHEME_HTTP;
	if (x->up.body.done || !harmless)
		return;
	if (h->body == BODY_LENGTH && h->length > s->retry_body)
		x->up.keep = s->scheme != SCHEME_HTTP;
	else if (most > x->up.cap && x->proxy->collected + most <= KEEPS_MOST) {
		x->keeps_body = most;
		x->proxy->collected += most;
		x->up.keep_most = most;
	}
}

void
retry_end(struct exchange *x)
{
	ASSERT(x->keeps_body <= x->proxy->collected);
	x->proxy->collected -= x->keeps_body;
	x->keeps_body = 0;
}

/* Behind all other fields of the head, in the place of the empty line. */
bool
retry_count_tries(struct exchange *x)
{
	char field[64];
	int n;

	if (!x->is_counted || x->attempt.tries == 0)
		return true;
	n = snprintf(field, sizeof field, COUNT_NAME ": %u\r\n\r\n", x->attempt.tries);
	if (!gather_set_end(&x->up.head, x->counted + 2, (struct str){ field, (size_t)n }))
		return false;
	x->counted = (unsigned)n - 2;
	return true;
}

/* ---- once more ---- */

bool
exchange_retry(struct exchange *x, const struct why *why, enum state *next)
{
	if (x->hedge != NULL) {			/* it has gone to another one already */
		*next = hedge_take_over(x, why);
		return true;
	}
	if (!attempt_repeat(&x->attempt, why, repeats(x)))
		return false;
	flow_rewind(&x->up);
	flow_fini(&x->down);
	*next = reach_connect(x);
	return true;
}

enum state
exchange_try_other(struct exchange *x, const struct why *why)
{
	enum state next;

	if (exchange_retry(x, why, &next))
		return next;
	if (!attempt_again(&x->attempt, why, repeats(x)))
		return exchange_fail(x, why);
	flow_rewind(&x->up);
	flow_fini(&x->down);
	return RETRY;
}

enum state
retry_late(struct exchange *x, const struct why *why)
{
	why = attempt_pick_again(&x->attempt);
	return why == NULL ? reach_connect(x) : exchange_fail(x, why);
}

struct wait
retry_wait(const struct exchange *x)
{
	return (struct wait){ x->attempt.again_usec, NULL };
}

enum state
exchange_task_lost(struct exchange *x)
{
	const struct why *why;

	if (x->hedge != NULL)
		return hedge_take_over(x, attempt_broken(&x->attempt));
	why = attempt_lost(&x->attempt, x->down.end == 0, repeats(x));
	if (why != NULL)
		return exchange_try_other(x, why);
	flow_rewind(&x->up);
	return CONNECT;
}

/* ---- a try that takes too long ---- */

/* A client that sends its body slowly is not its task's failure. */
struct wait
retry_try_wait(const struct exchange *x)
{
	const struct attempt *a = &x->attempt;
	int64_t most = a->service->retry_per_try_usec;

	return (struct wait){ most == 0 || a->patient || relay_waits_for_client(x) ? INT64_MAX :
	    a->asked_usec + most, WHY_UPSTREAM_TRY_SLOW };
}

/* False: no other task may have it, and this one, which keeps it, has not failed. */
bool
retry_elsewhere(struct exchange *x, const struct why *why, enum state *next)
{
	unsigned failed = x->attempt.avoid.n;

	if (exchange_retry(x, why, next))
		return true;
	x->attempt.avoid.n = failed;
	return false;
}

enum state
retry_try_late(struct exchange *x)
{
	enum state next;

	if (retry_elsewhere(x, WHY_UPSTREAM_TRY_SLOW, &next))
		return next;
	x->attempt.patient = true;
	return STAY;
}

/* ---- a response that is dropped ---- */

/* A call that has ended before it began: all of the response is its head. For the task that is what
 * a 503 is, whether or not it is sent again. */
static bool
is_unavailable(const struct exchange *x, const struct message *h)
{
	const struct field *status;

	if (!x->client->is_grpc || h->status != 200 || h->body != BODY_NONE)
		return false;
	status = message_find_named(h, STR("grpc-status"));
	return status != NULL && str_eq(status->value, STR("14"));
}

/* The task's connection may be used again when all of the response is here. */
static void
note_spent(struct exchange *x, const struct message *h, size_t used)
{
	uint64_t length = h->body == BODY_LENGTH ? h->length : 0;
	bool here = h->body <= BODY_LENGTH && flow_unread(&x->down).len == used + length;

	x->attempt.keeps = here && h->h1.keep_alive && x->up.over && !x->attempt.deaf;
	x->attempt.keeps_usec = x->attempt.keeps ? message_keeps_usec(h) : -1;
}

/* Whoever sends 429 with Retry-After wants the client to wait, and not another task to be asked. */
bool
retry_is_wanted(const struct exchange *x, const struct message *h)
{
	if (h->status == 429 && message_find_named(h, STR("Retry-After")) != NULL)
		return false;
	return retry_on_has_status(&x->attempt.service->retry_on, h->status)
	    || (unavailable_is_named(x) && is_unavailable(x, h));
}

bool
retry_response(struct exchange *x, const struct message *h, size_t used, enum state *next)
{
	bool heavy = h->status == 502 || h->status == 503 || h->status == 504;

	x->attempt.unavailable = is_unavailable(x, h);
	if (!retry_is_wanted(x, h))
		return false;
	note_spent(x, h, used);
	return exchange_retry(x, heavy || x->attempt.unavailable ? WHY_UPSTREAM_STATUS : WHY_COMPLETE,
	    next);
}
