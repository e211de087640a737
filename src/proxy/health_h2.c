/*
 * A check over HTTP/2: a connection with one stream on it.
 */
#include "proxy/health_priv.h"

/* The connection may be ended then, which it may not in a call of its own. */
static void
on_exchange_event(void *arg)
{
	struct probe *p = arg;

	timer_set(p->health->loop, &p->look, loop_now(p->health->loop), probe_exchange, p);
}

static void
on_nothing(void *arg)
{
	(void)arg;
}

bool
probe_begin_h2(struct probe *p)
{
	struct health *h = p->health;

	p->h2 = h2_up_conn_new(h->h2, &p->stream, scheme_is_tls(p->scheme), p);
	if (p->h2 != NULL && h2_up_open(p->h2, &p->exchange, on_exchange_event, p)) {
		stream_adopt(&p->stream, h2_up_conn_run, p->h2);
		return true;
	}
	probe_stop(p);			/* our own shortage */
	probe_wait(p);
	return false;
}

/* The connection has gone, and the exchange on it is broken: that is noticed there. */
static void
on_h2_over(void *owner, const struct why *why)
{
	struct probe *p = owner;

	(void)why;
	stream_adopt(&p->stream, on_nothing, p);
}

static void
on_h2_changed(void *owner)
{
	(void)owner;
}

const struct h2_up_ops health_h2_ops = { .changed = on_h2_changed, .over = on_h2_over };
