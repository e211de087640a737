/*
 * One probe: when it checks, how it connects, and what follows from the results. A small state
 * machine on a timer and a stream of its own. Each check opens a new connection, as a client that
 * has just come would. Knows nothing of what is asked over it.
 */
#include <errno.h>

#include "base/bug.h"
#include "http/slab.h"
#include "proxy/health_priv.h"
#include "proxy/upstream.h"

static void
probe_set_state(struct probe *p, enum live_health state)
{
	ASSERT(p->health->probe[p->slot] == p);
	p->state = state;
	p->in_row = 0;
	if (state == HEALTH_DOWN && live_prober(p->health->live) == p->health->worker)
		live_set_health_cause(p->health->live, p->slot, p->cause);
	health_set_slot(p->health, p->slot, state);
}

/* `state`: what the last check says. The first good result counts at once: an unknown task gets
 * requests anyway; and so does whether a task that is in use is degraded. */
static void
probe_count(struct probe *p, enum live_health state)
{
	bool well = state != HEALTH_DOWN;

	if (well && live_prober(p->health->live) == p->health->worker)
		live_readmit(p->health->live, p->slot, loop_now(p->health->loop));
	if (well && p->state != HEALTH_DOWN && p->state != state)
		probe_set_state(p, state);
	else if (well == (p->state != HEALTH_DOWN))
		p->in_row = 0;
	else if (++p->in_row >= (well ? p->service->health_rise : p->service->health_fall))
		probe_set_state(p, state);
}

void
probe_wait(struct probe *p)
{
	double spread = 0.95 + 0.1 * rng_double(&p->health->rng);
	const struct table_service *s = p->service;
	int64_t usec = p->state == HEALTH_DOWN && s->health_unhealthy_interval_usec > 0 ?
	    s->health_unhealthy_interval_usec : s->health_interval_usec;

	timer_set(p->health->loop, &p->timer,
	    loop_now(p->health->loop) + (int64_t)(spread * (double)usec), probe_start, p);
}

void
probe_stop(struct probe *p)
{
	stream_close(&p->exchange);
	h2_up_conn_free(&p->h2);
	stream_close(&p->stream);
	p->ready = false;
	timer_clear(p->health->loop, &p->look);
	timer_clear(p->health->loop, &p->timer);
	if (p->response != NULL)
		slab_give(p->health->responses, p->response);
	p->response = NULL;
}

static void
probe_end(struct probe *p, enum live_health state)
{
	probe_stop(p);
	probe_count(p, state);
	probe_wait(p);
}

void
probe_passes(struct probe *p, bool degraded)
{
	probe_end(p, degraded ? HEALTH_DEGRADED : HEALTH_UP);
}

void
probe_fails(struct probe *p, const struct why *why, int status)
{
	ASSERT(why != NULL && (status == 0) == (why != WHY_UPSTREAM_STATUS));
	p->cause = (struct live_cause){ why, status };
	probe_end(p, HEALTH_DOWN);
}

/* The task's next address is tried at once; when none was reached, that is the task's failure. */
static void
probe_unreached(struct probe *p, const struct why *why)
{
	ASSERT(p->at <= p->nothers);
	p->at = (p->at + 1) % (1 + p->nothers);
	if (++p->tried > p->nothers) {
		p->tried = 0;
		probe_fails(p, why, 0);
		return;
	}
	probe_stop(p);
	timer_set(p->health->loop, &p->timer, loop_now(p->health->loop), probe_start, p);
}

static void
on_late(void *arg)
{
	struct probe *p = arg;

	if (stream_is_connecting(&p->stream))
		probe_unreached(p, stream_is_handshaking(&p->stream) ? WHY_UPSTREAM_TLS_SLOW
		    : WHY_CONNECT_TIMEOUT);
	else
		probe_fails(p, WHY_UPSTREAM_SLOW_HEAD, 0);
}

/* ---- the check under way ---- */

/* True: the request may go. */
static bool
probe_is_ready(struct probe *p)
{
	bool chosen = str_eq(stream_protocol(&p->stream), STR("h2"));

	p->ready = true;
	if (p->connects)
		return true;
	if (p->scheme == SCHEME_H2 && !chosen) {
		probe_fails(p, WHY_UPSTREAM_NOT_HTTP2, 0);
		return false;
	}
	return p->scheme == SCHEME_H2C || chosen ? probe_begin_h2(p) : true;
}

static void
on_stream(void *arg)
{
	struct probe *p = arg;
	enum io_result res = stream_connected(&p->stream);
	const struct why *why;

	if (res == IO_FAIL) {
		why = task_tls_why(&p->stream);
		probe_unreached(p, why != NULL ? why : upstream_why(stream_error(&p->stream)));
	} else if (res == IO_DONE && (p->ready || probe_is_ready(p)))
		probe_exchange(p);
}

static struct addr
probe_addr(const struct probe *p)
{
	struct addr a = p->at == 0 ? p->addr : p->other[p->at - 1];

	if (p->port > 0)
		addr_set_port(&a, p->port);
	return a;
}

/* A check by a connection does not want TLS: services of kind tcp have none. */
static const struct why *
probe_secure(struct probe *p, const struct addr *to)
{
	struct task_tls_how how = task_tls_how(p->health->table, p->service);

	how.scheme = p->scheme;
	how.http1 &= p->scheme == SCHEME_HTTPS;
	return task_tls_start(p->health->tls, &how, to, &p->stream);
}

void
probe_connect(void *arg)
{
	struct probe *p = arg;
	struct loop *l = p->health->loop;
	struct addr to = probe_addr(p);
	const struct why *why;

	ASSERT(p->response == NULL && !stream_is_open(&p->stream) && p->at <= p->nothers);
	ASSERT(p->requests <= REQUESTS_MOST && (p->request.len > 0 || p->connects));
	p->sent = p->got = 0;
	if (stream_connect(&p->stream, l, &to, on_stream, p) != NULL) {
		if (upstream_why(errno)->blame == BLAME_US)	/* our own shortage is not the task's failure */
			probe_wait(p);
		else
			probe_unreached(p, upstream_why(errno));
		return;
	}
	if ((why = probe_secure(p, &to)) != NULL) {
		probe_fails(p, why, 0);
		return;
	}
	if ((p->response = slab_take(p->health->responses)) == NULL) {	/* nor is this */
		probe_stop(p);
		probe_wait(p);
		return;
	}
	timer_set(l, &p->timer, p->deadline, on_late, p);
}

void
probe_start(void *arg)
{
	struct probe *p = arg;

	probe_forget_redirect(p);
	p->requests = 1;
	p->deadline = loop_now(p->health->loop) + p->service->health_timeout_usec;
	probe_connect(p);
}
