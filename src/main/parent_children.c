/*
 * parent_children: the brain and the workers: how each begins, what they send, and who follows one
 * that has died.
 */
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "base/clock.h"
#include "base/pages.h"
#include "main/backtrace.h"
#include "main/brain.h"
#include "main/memory_limit.h"
#include "main/notify.h"
#include "main/parent_priv.h"
#include "main/reload.h"
#include "main/upgrade.h"
#include "main/watchdog.h"
#include "main/worker.h"

static void	worker_start(struct parent *, struct child *);

/* ---- their channels ---- */

void
parent_send_workers(struct parent *p, const struct channel_msg *m, int fd)
{
	for (unsigned i = 0; i < p->nworkers; i++) {
		struct child *c = &p->worker[i];
		if (c->pid == 0 || channel_send(&c->channel, m, fd))
			continue;
		log_event(LOG_ERROR, "worker.deaf", "worker", c->name, NULL);	/* hundreds of messages unread */
		kill(c->pid, SIGKILL);
	}
}

/* Keeps `fd` for workers to come, in place of the one before, and sends it to those that are
 * there. */
static void
pass_on(struct parent *p, enum channel_kind kind, int *kept, int fd)
{
	struct channel_msg m = { .kind = kind };

	ASSERT(fd >= 0 && fd != *kept);
	if (*kept >= 0)
		close(*kept);
	*kept = fd;
	parent_send_workers(p, &m, fd);
}

/* Of one that takes over, its predecessor notifies systemd. */
static void
note_serving(struct parent *p)
{
	bool on_trial = upgrade_is_on_trial(p);

	upgrade_serves(p);
	if (on_trial || p->table < 0 || p->serves)
		return;
	p->serves = true;
	notify_ready();
}

static void
take_table(struct parent *p, int fd)
{
	pass_on(p, CHANNEL_TABLE, &p->table, fd);
	timer_clear(p->loop, &p->last_call);
	for (unsigned i = 0; i < p->nworkers; i++)
		if (p->worker[i].pid == 0 && p->worker[i].again.node.at == 0)
			worker_start(p, &p->worker[i]);
	note_serving(p);
}

static void
on_brain_message(void *arg, const struct channel_msg *m, int fd)
{
	struct parent *p = arg;

	if (m == NULL)
		return;				/* SIGCHLD follows */
	ASSERT(m->kind == CHANNEL_TABLE || m->kind == CHANNEL_SECRETS || m->kind == CHANNEL_READY ||
	    m->kind == CHANNEL_KEEP);
	ASSERT((fd >= 0) == (m->kind != CHANNEL_READY && m->kind != CHANNEL_KEEP));
	if (m->kind == CHANNEL_READY) {
		reload_ready(p);
		upgrade_taken(p);
		note_serving(p);
		pages_let_go();		/* what a start or a reload needed, this process needs no more */
	} else if (p->stopping) {
		if (fd >= 0)
			close(fd);
	} else if (m->kind == CHANNEL_KEEP) {
		if (p->table < 0 && (fd = upgrade_table(p)) >= 0)
			take_table(p, fd);
	} else if (m->kind == CHANNEL_TABLE)
		take_table(p, fd);
	else if (!reload_keeps(p, fd))
		pass_on(p, CHANNEL_SECRETS, &p->secrets, fd);
}

/* Workers send nothing but spans, which nobody waits for. */
static void
on_worker_message(void *arg, const struct channel_msg *m, int fd)
{
	struct parent *p = arg;

	if (fd >= 0)
		close(fd);
	if (m == NULL || m->kind != CHANNEL_SPANS)
		return;
	if (p->brain.pid == 0 || !channel_has_room(&p->brain.channel) ||
	    !channel_send(&p->brain.channel, m, -1))
		live_count_spans(p->live, SPANS_LOST, m->spans.count);
}

/* ---- births ---- */

/* In a child: what belongs to the parent or to a sibling. Closing is enough; the loop's epoll is
 * shared with the parent, so nothing may be unwatched here. */
static void
close_others(struct parent *p, unsigned keep_listeners_of)
{
	for (unsigned i = 0; i < p->nworkers; i++)
		if (p->worker[i].pid != 0)
			channel_shed(&p->worker[i].channel);
	if (p->brain.pid != 0)
		channel_shed(&p->brain.channel);
	close(p->signals.fd);
	upgrade_shed(p);
	listeners_shed(&p->listeners, keep_listeners_of);
	loop_drop(&p->loop);
}

static void
child_later(struct parent *p, struct child *c, int64_t pause, timer_f *start)
{
	ASSERT(c->pid == 0 && pause > 0 && !p->stopping);
	timer_set(p->loop, &c->again, loop_now(p->loop) + pause, start, c);
}

static void
brain_again(void *arg)
{
	struct child *c = arg;

	parent_start_brain((struct parent *)((char *)c - offsetof(struct parent, brain)));
}

void
parent_start_brain(struct parent *p)
{
	struct brain_conf b = { .conf = p->conf, .live = p->live, .phys = p->phys,
	    .table_fd = p->table >= 0 ? p->table : p->upgrade.table,
	    .secrets_fd = p->next_secrets >= 0 ? p->next_secrets : p->secrets >= 0 ? p->secrets :
	    p->upgrade.secrets,
	    .handover_fd = p->upgrade.handover, .counts_only = p->upgrade.counts_only,
	    .on_trial = upgrade_is_on_trial(p) };
	pid_t pid;

	ASSERT(p->brain.pid == 0 && !p->stopping);
	if (p->admin_due)
		parent_open_admin(p);
	b.admin_tcp_fd = p->admin_tcp;
	b.admin_unix_fd = p->admin_unix;
	pid = child_fork(&p->brain, p->loop, on_brain_message, p, &b.channel_fd);
	if (pid == 0) {
		backtrace_answer(LIVE_BRAIN);
		close_others(p, WORKERS_MAX);
		if (p->access >= 0)
			close(p->access);
		exit(brain_run(&b));
	}
	if (pid < 0)
		child_later(p, &p->brain, USEC_PER_SEC, brain_again);
	else {
		p->unready = 1;
		live_started(p->live, LIVE_BRAIN, pid);
		watchdog_born(p, &p->brain);
		log_event(LOG_INFO, "brain.started", "pid", LOG_N(pid), NULL);
	}
}

static void
worker_again(void *arg)
{
	struct child *c = arg;

	worker_start((struct parent *)((char *)(c - c->index) - offsetof(struct parent, worker)), c);
}

static void
worker_become(struct parent *p, unsigned index, int channel_fd)
{
	struct worker_listener *ls = must_zalloc((p->listeners.count + 1) * sizeof *ls);
	struct worker_conf w = { .index = index, .live = p->live, .phys = p->phys,
	    .channel_fd = channel_fd, .table_fd = p->table, .secrets_fd = p->secrets,
	    .access_fd = p->access >= 0 ? p->access : STDOUT_FILENO, .listener = ls,
	    .nlisteners = p->listeners.count,
	    .user = p->other_user ? &p->user : NULL, .stop_usec = p->conf->stop_usec };

	ASSERT(index < p->nworkers);
	backtrace_answer(index);
	if (p->conf->memory_limit)
		memory_limit_share(p->nworkers);
	w.limits = p->limits;
	if (p->next_secrets >= 0)
		close(p->next_secrets);
	for (unsigned i = 0; i < p->listeners.count; i++)
		ls[i] = (struct worker_listener){ p->listeners.one[i].addr, p->listeners.one[i].fd[index] };
	parent_close_admin(p);
	upgrade_taken(p);
	close_others(p, index);
	worker_run(&w);
}

static void
worker_start(struct parent *p, struct child *c)
{
	int channel_fd;
	pid_t pid;

	ASSERT(p->table >= 0 && c->pid == 0 && c == &p->worker[c->index] && !p->stopping);
	pid = child_fork(c, p->loop, on_worker_message, p, &channel_fd);
	if (pid == 0)
		worker_become(p, c->index, channel_fd);
	if (pid < 0)
		child_later(p, c, USEC_PER_SEC, worker_again);
	else {
		live_started(p->live, c->index, pid);
		watchdog_born(p, c);
		log_event(LOG_INFO, "worker.started", "worker", c->name, "pid", LOG_N(pid), NULL);
	}
}

/* ---- deaths ---- */

static void
child_died(struct parent *p, struct child *c, int status, timer_f *again)
{
	bool expected = p->stopping || c->dismissed;
	char text[CHILD_END_TEXT];
	int64_t pause;

	ASSERT(c->pid != 0);
	channel_close(&c->channel);
	live_stopped(p->live, c == &p->brain ? LIVE_BRAIN : c->index);
	if (c != &p->brain)
		live_forget_worker(p->live, c->index);
	log_event(expected ? LOG_INFO : LOG_ERROR, expected ? "child.ended" : "child.died",
	    "child", c->name, "pid", LOG_N(c->pid), "by", child_end_text(status, text), NULL);
	c->pid = 0;
	if (p->stopping) {
		parent_stop_go_on(p);
		return;
	}
	if (c == &p->brain && upgrade_brain_ended(p))
		return;
	if ((pause = child_pause(c, clock_mono_usec())) == 0)
		again(c);
	else
		child_later(p, c, pause, again);
}

void
parent_reap(struct parent *p)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (upgrade_reap(p, pid, status)) {
			if (p->stopping)
				parent_stop_go_on(p);
			continue;
		}
		if (pid == p->brain.pid)
			child_died(p, &p->brain, status, brain_again);
		for (unsigned i = 0; i < p->nworkers; i++)
			if (pid == p->worker[i].pid)
				child_died(p, &p->worker[i], status, worker_again);
	}
}
