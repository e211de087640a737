/*
 * There is a pool per task slot: at which addresses the task is reached, and how it is spoken to. A
 * slot that begins a new life has another address, and the connections to the old one are closed.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "base/clock.h"
#include "proxy/upstream_priv.h"

/* in which an address that could not be reached is not tried */
#define AVOID_USEC	(60 * USEC_PER_SEC)

void
pool_free(struct upstream *u, struct pool *s)
{
	ASSERT(s->nbusy == 0 && s->nidle == 0);
	links_end(s);
	timer_clear(u->loop, &s->recent);
	tls_resume_clear(&s->resume);
	free(s->manner);
	free(s);
}

void
pool_clear(struct pool *s)
{
	s->life++;
	links_clear(s);
	while (!TAILQ_EMPTY(&s->idle))
		upconn_idle_end(TAILQ_FIRST(&s->idle), WHY_UPSTREAM_IDLE);
}

static bool
same_addr(const struct addr *a, const struct addr *b)
{
	return a->len == b->len && memcmp(&a->sa, &b->sa, a->len) == 0;
}

/* `how` with its texts behind one another in a text of its own. */
static char *
manner_make(const struct task_tls_how *how, struct task_tls_how *own)
{
	char *text;

	*own = *how;
	text = must_printf("%d%d%d%.*s %.*s %.*s", how->scheme, how->verify, how->http1,
	    STR_ARG(how->ca), STR_ARG(how->cert), STR_ARG(how->name));
	own->ca.p = text + 3;
	own->cert.p = own->ca.p + how->ca.len + 1;
	own->name.p = own->cert.p + how->cert.len + 1;
	return text;
}

/* Connections that were made in another manner are not kept. */
static void
manner_update(struct pool *s, const struct table *t, const struct table_task *task)
{
	const struct table_service *service = &table_services(t, &(uint32_t){ 0 })[task->service];
	struct task_tls_how how = task_tls_how(t, service), own;
	char *manner = manner_make(&how, &own);

	s->serial = table_serial(t);
	s->naddrs = 1 + task->nothers;
	memcpy(s->other, task->other, task->nothers * sizeof *task->other);
	if (s->manner != NULL && strcmp(s->manner, manner) == 0) {
		free(manner);
		return;
	}
	if (s->manner != NULL)
		pool_clear(s);
	tls_resume_clear(&s->resume);
	s->chose_http1 = false;
	free(s->manner);
	s->manner = manner;
	s->how = own;
	s->how.resume = &s->resume;
}

struct pool *
pool_of(struct upstream *u, const struct table *t, const struct table_task *task)
{
	struct pool *s;

	ASSERT(task->slot < TASKS_MAX && task->nothers < TASK_ADDRS);
	s = u->pool[task->slot];
	if (s == NULL) {
		s = u->pool[task->slot] = must_zalloc(sizeof *s);
		TAILQ_INIT(&s->idle);
		TAILQ_INIT(&s->links);
		s->addr = task->addr;
	} else if (!same_addr(&s->addr, &task->addr)) {
		pool_clear(s);
		s->addr = task->addr;
		s->closes_usec = 0;
		s->serial = 0;
		s->chose_http1 = false;
		tls_resume_clear(&s->resume);
		memset(s->avoid_until_usec, 0, sizeof s->avoid_until_usec);
	}
	if (s->manner == NULL || s->serial != table_serial(t))
		manner_update(s, t, task);
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

unsigned
pool_address(const struct upstream *u, const struct pool *s)
{
	return address_choose(s, loop_now(u->loop));
}

/* Another address is tried at once where not even a socket could be started. */
const struct why *
pool_connect(struct upstream *u, struct pool *s, bool http1, struct stream *stream, stream_f *fn,
    void *arg, unsigned *at)
{
	struct task_tls_how how = s->how;
	const struct addr *addr;
	const struct why *why;
	bool more;

	do {
		*at = pool_address(u, s);
		addr = *at == 0 ? &s->addr : &s->other[*at - 1];
		why = stream_connect(stream, u->loop, addr, fn, arg);
		if (why != NULL)
			why = upstream_why(errno);
		more = why != NULL && why->blame == BLAME_UPSTREAM && address_avoid(s, *at, loop_now(u->loop));
	} while (more);
	if (why != NULL)
		return why;
	how.http1 |= http1;
	if ((why = task_tls_start(u->tls, &how, addr, stream)) != NULL)
		stream_close(stream);
	return why;
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
