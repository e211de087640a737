/*
 * The parent waits for three things: signals from people, tables from the brain, deaths.
 * Everything it owns is what a successor of a dead child needs.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/pages.h"
#include "base/sink.h"
#include "filter/filter_means.h"
#include "main/backtrace.h"
#include "main/beat.h"
#include "main/brain.h"
#include "main/descriptors.h"
#include "main/notify.h"
#include "main/parent_priv.h"
#include "main/reload.h"
#include "main/upgrade.h"
#include "main/watchdog.h"
#include "main/worker.h"
#include "net/tls.h"

#define FIRST_TABLE_MOST	(10 * USEC_PER_SEC)
#define BEAT_USEC		(100 * USEC_PER_MSEC)
/* signals to stop that come so close together are one */
#define SAME_SIGNAL_USEC		(500 * USEC_PER_MSEC)

static void	worker_start(struct parent *, struct child *);

/* ---- memory that outlives children ---- */

static void *
shared_block(size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		BUG("no shared memory");
	return p;
}

/* ---- children ---- */

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

/* ---- the end ---- */

static bool
workers_gone(const struct parent *p)
{
	for (unsigned i = 0; i < p->nworkers; i++)
		if (p->worker[i].pid != 0)
			return false;
	return true;
}

/* The brain goes last: while clients are served, people can still ask why. */
static void
stop_go_on(struct parent *p)
{
	ASSERT(p->stopping);
	if (!workers_gone(p))
		return;
	if (p->brain.pid != 0)
		child_dismiss(&p->brain);
	else if (!upgrade_stops(p))
		loop_stop(p->loop);
}

static void
stop_now(void *arg)
{
	struct parent *p = arg;

	for (unsigned i = 0; i < p->nworkers; i++)
		if (p->worker[i].pid != 0)
			kill(p->worker[i].pid, SIGKILL);
	if (p->brain.pid != 0)
		kill(p->brain.pid, SIGKILL);
	upgrade_pass_signal(p, SIGKILL);
}

void
parent_stop(struct parent *p)
{
	struct channel_msg m = { .kind = CHANNEL_DRAIN };

	/* a second signal: at once; but timeout(1) signals this process, then its whole group */
	if (p->stopping) {
		if (clock_mono_usec() - p->stop_usec > SAME_SIGNAL_USEC)
			stop_now(p);
		return;
	}
	m.patience_usec = parent_patience(p);
	p->stopping = true;
	p->stop_usec = clock_mono_usec();
	upgrade_stop(p);
	if (!p->upgrade.served)
		notify_stopping();
	log_event(LOG_INFO, "stop.begin", "seconds", LOG_N(p->conf->stop_usec / USEC_PER_SEC), NULL);
	for (unsigned i = 0; i < p->nworkers; i++)
		timer_clear(p->loop, &p->worker[i].again);
	timer_clear(p->loop, &p->brain.again);
	reload_forget(p);
	listeners_close(&p->listeners);		/* they would go on taking connections that no process accepts */
	parent_send_workers(p, &m, -1);
	/* workers cut by themselves; this is for one that hangs */
	timer_set(p->loop, &p->last_call,
	    loop_now(p->loop) + p->conf->stop_usec + 2 * USEC_PER_SEC, stop_now, p);
	stop_go_on(p);
}

static void
never_started(void *arg)
{
	struct parent *p = arg;

	ASSERT(p->table < 0);
	log_event(LOG_ERROR, "start.failed", "reason", "the brain published no table", NULL);
	p->status = 1;
	parent_stop(p);
	stop_now(p);
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
		stop_go_on(p);
		return;
	}
	if (c == &p->brain && upgrade_brain_ended(p))
		return;
	if ((pause = child_pause(c, clock_mono_usec())) == 0)
		again(c);
	else
		child_later(p, c, pause, again);
}

static void
reap_children(struct parent *p)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (upgrade_reap(p, pid, status)) {
			if (p->stopping)
				stop_go_on(p);
			continue;
		}
		if (pid == p->brain.pid)
			child_died(p, &p->brain, status, brain_again);
		for (unsigned i = 0; i < p->nworkers; i++)
			if (pid == p->worker[i].pid)
				child_died(p, &p->worker[i], status, worker_again);
	}
}

/* ---- several times a second ---- */

static void
parent_beat(void *arg)
{
	struct parent *p = arg;

	timer_set(p->loop, &p->beat, loop_now(p->loop) + BEAT_USEC, parent_beat, p);
	watchdog_look(p, clock_mono_usec());
	if (!upgrade_is_on_trial(p) && !p->upgrade.served)
		notify_beat(clock_mono_usec());
	beat_report(p->live, LIVE_PARENT);
}

/* ---- signals ---- */

static void
on_signals(void *arg, uint32_t events)
{
	struct parent *p = arg;
	struct signalfd_siginfo s;

	(void)events;
	while (p->signals.fd >= 0 && read(p->signals.fd, &s, sizeof s) == sizeof s) {
		if (s.ssi_signo == SIGCHLD)
			reap_children(p);
		else if (s.ssi_signo == SIGUSR2)
			upgrade_begin(p);
		else if (s.ssi_signo != SIGHUP)
			parent_stop(p);
		else if (p->upgrade.running)
			upgrade_pass_signal(p, SIGHUP);
		else if (!p->stopping)
			reload_run(p);
	}
}

static void
watch_signals(struct parent *p)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGUSR2);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	fd = must_fd(signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC), "no descriptor for signals");
	loop_watch(p->loop, &p->signals, fd, LOOP_LEVEL, on_signals, p);
}

static void
parent_close(struct parent *p)
{
	ASSERT(workers_gone(p) && p->brain.pid == 0);
	listeners_close(&p->listeners);
	if (p->admin_unix >= 0 && !p->upgrade.served && !upgrade_is_on_trial(p))
		unlink(p->conf->admin_socket);
	parent_close_admin(p);
	upgrade_close_rest(p);
	upgrade_end(p);
	if (p->table >= 0)
		close(p->table);
	if (p->secrets >= 0)
		close(p->secrets);
	reload_forget(p);
	if (p->access >= 0)
		close(p->access);
	if (p->signals.fd >= 0) {
		int fd = p->signals.fd;
		loop_unwatch(p->loop, &p->signals);
		close(fd);
	}
	loop_free(&p->loop);
	backtrace_forget();
	munmap(p->live, live_bytes());
	munmap(p->phys, phys_bytes());
}

int
parent_run(struct conf *conf)
{
	struct parent p = { .conf = conf, .table = -1, .secrets = -1, .next_secrets = -1,
	    .access = -1, .admin_tcp = -1, .admin_unix = -1, .signals.fd = -1 };

	sink_unblock(STDOUT_FILENO);
	sink_unblock(STDERR_FILENO);
	log_setup("parent", conf->log_level, conf->log_json);
	if (!upgrade_inherit(&p, conf)) {
		conf_free(&conf);
		return 1;
	}
	p.nworkers = p.listeners.workers = conf->workers;
	ASSERT(p.nworkers > 0 && p.nworkers <= WORKERS_MAX);
	/* the sets of secrets that it passes on are open here: not for others in /proc */
	prctl(PR_SET_DUMPABLE, 0);
	upgrade_note_program(&p);
	descriptors_raise();
	if (descriptors_clients(conf->clients_max) < conf->clients_max)
		log_event(LOG_WARN, "clients.fewer", "max", LOG_N(descriptors_clients(conf->clients_max)),
		    "reason", "a low limit of open files", NULL);
	worker_limits(conf, &p.limits);
	alloc_reserve(BEAT_RESERVE_BYTES);
	p.loop = loop_new();
	p.live = live_init(shared_block(live_bytes()), p.nworkers);
	live_set_conf(p.live, (struct live_conf){ clock_wall_usec(), true });
	p.phys = phys_init(shared_block(phys_bytes()));
	filter_means_share();
	backtrace_share();
	tls_init();		/* 340 KB that children share, and need no files for when their rights are gone */
	snprintf(p.brain.name, sizeof p.brain.name, "brain");
	for (unsigned i = 0; i < p.nworkers; i++) {
		p.worker[i].index = i;
		snprintf(p.worker[i].name, sizeof p.worker[i].name, "worker-%u", i & (WORKERS_MAX - 1));
	}
	if (parent_open(&p)) {
		watch_signals(&p);
		parent_start_brain(&p);
		parent_beat(&p);
		timer_set(p.loop, &p.last_call, loop_now(p.loop) + FIRST_TABLE_MOST, never_started, &p);
		loop_run(p.loop);
	} else
		p.status = 1;
	parent_close(&p);
	log_flush();
	conf_free(&p.conf);
	alloc_reserve(0);
	return p.status;
}
