/*
 * parent: waits for three things: signals from people, tables from the brain, deaths. Everything it
 * owns is what a successor of a dead child needs; children are in parent_children.c.
 */
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/sink.h"
#include "filter/filter_means.h"
#include "main/backtrace.h"
#include "main/beat.h"
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

/* ---- memory that outlives children ---- */

static void *
shared_block(size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		BUG("no shared memory");
	return p;
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
void
parent_stop_go_on(struct parent *p)
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
	parent_stop_go_on(p);
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
			parent_reap(p);
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
	fd_close(&p->table);
	fd_close(&p->secrets);
	reload_forget(p);
	fd_close(&p->access);
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
