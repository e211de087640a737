/*
 * The kernel deals connections to the sockets of all workers, whether they accept or not. The
 * parent holds all of those sockets: those of a worker that shows no sign of life are lent to
 * every other one, and taken back when it does. A worker that was taken for hung and only was
 * slow has lost nothing by it.
 */
#include <signal.h>

#include "base/bug.h"
#include "base/clock.h"
#include "main/backtrace.h"
#include "main/doing.h"
#include "main/watchdog.h"

/* then its queue is lent; a beat is due every PROXY_BEAT_USEC */
#define SILENT_USEC	(300 * USEC_PER_MSEC)
#define BRAIN_SILENT_USEC	(1 * USEC_PER_SEC)
/* When it is logged, and when it is ended and replaced. A worker's connections end with it, so one
 * that was stopped has long to come back; a brain has nothing that its successor does not get. */
#define WORKER_REPORT_USEC	(1 * USEC_PER_SEC)
#define WORKER_END_USEC		(60 * USEC_PER_SEC)
#define BRAIN_REPORT_USEC	(2 * USEC_PER_SEC)
#define BRAIN_END_USEC		(10 * USEC_PER_SEC)
/* One that took so much of a processor without a sign of life is in an endless loop. */
#define LOOP_CPU_USEC		(5 * USEC_PER_SEC)

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
	bool is_brain = c == &p->brain;

	ASSERT(c->pid != 0 && (is_brain || c == &p->worker[c->index]));
	live_beat(p->live, is_brain ? LIVE_BRAIN : c->index, clock_mono_usec());
	c->asked = c->ended = c->silence_logged = false;
	if (is_brain)
		c->silent = false;
	else
		lend_all_to(p, c);
}

/* What it means for clients that a worker hangs. */
static const char *
hung_text(const struct parent *p)
{
	for (unsigned i = 0; i < p->nworkers; i++)
		if (p->worker[i].pid != 0 && !p->worker[i].silent)
			return "it does nothing; the other workers serve its new connections";
	return "it does nothing, and no other worker runs: new connections wait";
}

static void
hung_log(const struct parent *p, const struct child *c, unsigned process, int64_t silence,
    const struct doing *d)
{
	char stack[BACKTRACE_TEXT_MAX], seconds[40];

	log_float(seconds, (double)silence / (double)USEC_PER_SEC, 1);
	backtrace_text(process, stack);
	if (c->ended)
		log_event(LOG_ERROR, "child.replaced", "child", c->name, "pid", LOG_N(c->pid), "seconds",
		    seconds, "state", doing_word(d->state), "stack", stack, NULL);
	else if (process == LIVE_BRAIN)
		log_event(LOG_ERROR, "brain.hung", "pid", LOG_N(c->pid), "seconds", seconds, "state",
		    doing_word(d->state), "stack", stack, "text",
		    "it does nothing; requests are served as before, and steering stands still", NULL);
	else
		log_event(LOG_ERROR, "worker.hung", "worker", c->name, "pid", LOG_N(c->pid), "seconds",
		    seconds, "state", doing_word(d->state), "stack", stack, "text",
		    hung_text(p), NULL);
}

/* Of one that gives no sign of life. It is asked where it is at once and, for the second line,
 * when the first one is logged: two places tell an endless loop from a long wait. */
static void
hung_look(const struct parent *p, struct child *c, unsigned process, int64_t silence)
{
	bool is_brain = process == LIVE_BRAIN;
	struct doing d = { .state = '?', .cpu_usec = -1 };
	bool loops;

	ASSERT(c->pid != 0 && silence > 0);
	if (c->ended)		/* the kernel has not done it yet */
		return;
	doing_read(c->pid, &d);
	if (!c->asked) {
		c->asked = true;
		c->silent_cpu_usec = d.cpu_usec;
		backtrace_ask(process, c->pid);
		return;
	}
	if (!c->silence_logged
	    && silence > (is_brain ? BRAIN_REPORT_USEC : WORKER_REPORT_USEC)) {
		hung_log(p, c, process, silence, &d);
		c->silence_logged = true;
		backtrace_ask(process, c->pid);
	}
	loops = c->silent_cpu_usec >= 0 && d.cpu_usec - c->silent_cpu_usec > LOOP_CPU_USEC;
	if (!loops && silence <= (is_brain ? BRAIN_END_USEC : WORKER_END_USEC))
		return;
	c->ended = true;
	hung_log(p, c, process, silence, &d);
	kill(c->pid, SIGKILL);
}

/* True: it was logged that it hung. */
static bool
back_again(struct child *c)
{
	bool logged = c->silence_logged;

	ASSERT(c->silent && c->pid != 0);
	c->silent = c->silence_logged = c->asked = false;
	return logged;
}

static void
worker_silent(struct parent *p, struct child *c, int64_t since)
{
	ASSERT(!c->silent && !c->silence_logged);
	c->silent = true;
	c->asked = false;
	c->silent_usec = since;
	for (unsigned i = 0; i < p->nworkers; i++)
		lend(p, c, &p->worker[i]);
}

static void
worker_back(struct parent *p, struct child *c, int64_t now)
{
	struct channel_msg m = { .kind = CHANNEL_TAKE_BACK, .worker = c->index };

	if (back_again(c))
		log_event(LOG_WARN, "worker.back", "worker", c->name, "seconds",
		    LOG_F((double)(now - c->silent_usec) / (double)USEC_PER_SEC, 1), NULL);
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
	if (c->silent && c->pid != 0)
		hung_look(p, c, c->index, now - last);
}

/* It has no queue to be lent: others do nothing in its place. */
static void
brain_look(struct parent *p, int64_t now)
{
	struct child *c = &p->brain;
	int64_t last = live_last_beat(p->live, LIVE_BRAIN);
	bool silent = now - last > BRAIN_SILENT_USEC;

	if (c->pid == 0)
		return;
	if (silent && !c->silent) {
		c->silent = true;
		c->silent_usec = last;
	} else if (!silent && c->silent && back_again(c))
		log_event(LOG_WARN, "brain.back", "seconds",
		    LOG_F((double)(now - c->silent_usec) / (double)USEC_PER_SEC, 1), NULL);
	if (c->silent)
		hung_look(p, c, LIVE_BRAIN, now - last);
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
	brain_look(p, now);
	prober_choose(p);
}
