/*
 * The kernel deals connections to the sockets of all workers, whether they accept or not. The
 * parent holds all of those sockets: those of a worker that shows no sign of life are lent to
 * every other one, and taken back when it does. A worker that was taken for hung and only was
 * slow has lost nothing by it.
 */
#include <signal.h>

#include "base/bug.h"
#include "base/clock.h"
#include "main/watchdog.h"

/* then its queue is lent; a beat is due every PROXY_BEAT_USEC */
#define SILENT_USEC	(300 * USEC_PER_MSEC)
#define REPORT_USEC	(1 * USEC_PER_SEC)	/* then it is logged */
/* then it is ended and replaced, with the connections it holds */
#define KILL_USEC	(60 * USEC_PER_SEC)

/* Lends the queues of `whose` to worker `to`. One that does not read its messages is not waited
 * for. */
static void
lend(struct parent *p, const struct child *whose, struct child *to)
{
	struct channel_msg m = { .kind = CHANNEL_LEND, .worker = whose->index };

	ASSERT(whose == &p->worker[whose->index] && whose->index < p->nworkers);
	if (to == whose || to->pid == 0 || to->silent)
		return;
	for (unsigned i = 0; i < p->listeners.count; i++) {
		m.addr = p->listeners.one[i].addr;
		channel_send(&to->channel, &m, p->listeners.one[i].fd[whose->index]);
	}
}

static void
lend_all_to(struct parent *p, struct child *to)
{
	for (unsigned i = 0; i < p->nworkers; i++)
		if (p->worker[i].silent)
			lend(p, &p->worker[i], to);
}

void
watchdog_listen(struct parent *p)
{
	for (unsigned i = 0; i < p->nworkers; i++)
		lend_all_to(p, &p->worker[i]);
}

void
watchdog_born(struct parent *p, struct child *c)
{
	ASSERT(c->pid != 0 && c == &p->worker[c->index]);
	live_beat(p->live, c->index, clock_mono_usec());
	lend_all_to(p, c);
}

static void
worker_silent(struct parent *p, struct child *c, int64_t since)
{
	ASSERT(!c->silent && !c->silence_logged);
	c->silent = true;
	c->silent_usec = since;
	for (unsigned i = 0; i < p->nworkers; i++)
		lend(p, c, &p->worker[i]);
}

static void
worker_back(struct parent *p, struct child *c, int64_t now)
{
	struct channel_msg m = { .kind = CHANNEL_TAKE_BACK, .worker = c->index };

	ASSERT(c->silent && c->pid != 0 && now >= c->silent_usec);
	if (c->silence_logged)
		log_event(LOG_WARN, "worker.back", "worker", c->name, "seconds",
		    LOG_F((double)(now - c->silent_usec) / (double)USEC_PER_SEC, 1), NULL);
	c->silent = c->silence_logged = false;
	for (unsigned i = 0; i < p->nworkers; i++)
		if (&p->worker[i] != c && p->worker[i].pid != 0)
			channel_send(&p->worker[i].channel, &m, -1);
	lend_all_to(p, c);
}

static void
worker_look(struct parent *p, struct child *c, int64_t now)
{
	bool waits = c->pid == 0 && c->again.node.at != 0;	/* dead, to be started again later */
	int64_t last = live_last_beat(p->live, c->index);
	bool silent = waits || (c->pid != 0 && now - last > SILENT_USEC);

	if (silent && !c->silent)
		worker_silent(p, c, last);
	else if (!silent && c->silent && c->pid != 0)
		worker_back(p, c, now);
	if (!c->silent || c->pid == 0)
		return;
	if (!c->silence_logged && now - last > REPORT_USEC) {
		c->silence_logged = true;
		log_event(LOG_ERROR, "worker.hung", "worker", c->name, "pid", LOG_N(c->pid), "text",
		    "it does nothing; the other workers serve its new connections", NULL);
	}
	if (now - last > KILL_USEC)
		kill(c->pid, SIGKILL);
}

/* The first worker that shows signs of life. With none, nothing changes. */
static void
prober_choose(struct parent *p)
{
	for (unsigned i = 0; i < p->nworkers; i++)
		if (p->worker[i].pid != 0 && !p->worker[i].silent) {
			live_set_prober(p->live, i);
			return;
		}
}

void
watchdog_look(struct parent *p, int64_t now)
{
	int64_t slept = now - p->looked_usec;

	p->looked_usec = now;
	if (slept > SILENT_USEC)	/* what stopped this process may have stopped them, too */
		p->trust_until_usec = now + SILENT_USEC;
	if (p->stopping || now < p->trust_until_usec)
		return;
	for (unsigned i = 0; i < p->nworkers; i++)
		worker_look(p, &p->worker[i], now);
	prober_choose(p);
}
