/*
 * upgrade: the Mola that runs: it begins its successor, hands over what can be shared, and goes on
 * if the other one does not come to serve.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "base/clock.h"
#include "base/fd.h"
#include "main/memfile.h"
#include "main/notify.h"
#include "main/parent_priv.h"
#include "main/reload.h"
#include "main/upgrade_priv.h"
#include "net/sock.h"
#include "world/handover.h"

/* More than a Mola gives itself for its first table. */
#define LATE_USEC	(15 * USEC_PER_SEC)
#define HANDED_TEXT	(16 * UPGRADE_SOCKETS + 64)

void
upgrade_before_close(struct parent *p)
{
	int fd = p->upgrade.before.fd;

	loop_unwatch(p->loop, &p->upgrade.before);
	p->upgrade.before.fd = -1;
	close(fd);
}

void
upgrade_note_program(struct parent *p)
{
	ssize_t n = readlink("/proc/self/exe", p->upgrade.program, sizeof p->upgrade.program - 1);

	p->upgrade.program[n > 0 ? n : 0] = '\0';
}

/* This Mola goes on: its brain is started again as after any other end. */
static void
refuse(struct parent *p, const char *reason)
{
	struct upgrade *u = &p->upgrade;

	ASSERT(u->running && !u->served);
	timer_clear(p->loop, &u->late);
	u->running = false;
	u->pid = 0;
	log_event(LOG_ERROR, "upgrade.refused", "program", u->program, "reason", reason, "kept",
	    "the Mola that runs", NULL);
	if (p->brain.pid == 0 && !p->stopping) {
		timer_clear(p->loop, &p->brain.again);
		parent_start_brain(p);
	}
	if (u->reload && !p->stopping)
		reload_run(p);
	u->reload = false;
}

static void
ready_close(struct parent *p)
{
	int fd = p->upgrade.ready.fd;

	if (fd < 0)
		return;
	loop_unwatch(p->loop, &p->upgrade.ready);
	p->upgrade.ready.fd = -1;
	close(fd);
}

/* A byte: it serves. More: why it could not be executed. */
static bool
ready_read(struct upgrade *u)
{
	char text[sizeof u->cause];
	ssize_t n = u->ready.fd < 0 ? 0 : recv(u->ready.fd, text, sizeof text - 1, 0);

	if (n > 1)
		str_copy(u->cause, sizeof u->cause, (struct str){ text, (size_t)n });
	return n == 1;
}

/* The end without a word: it is about to die, or runs something else. */
static void
on_ready(void *arg, uint32_t events)
{
	struct parent *p = arg;
	struct upgrade *u = &p->upgrade;
	bool serves = ready_read(u);

	(void)events;
	if (u->served || !serves)
		ready_close(p);
	if (u->served)			/* it has ended already, or wants nothing more */
		return;
	if (!serves) {
		kill(u->pid, SIGKILL);		/* its end refuses the upgrade */
		return;
	}
	if (p->stopping)		/* it has been asked to stop, too */
		return;
	timer_clear(p->loop, &u->late);
	u->served = true;
	if (!notify_successor(u->pid))
		log_event(LOG_WARN, "upgrade.unsaid", "error", strerror(errno), NULL);
	log_event(LOG_INFO, "upgrade.done", "pid", LOG_N(u->pid), NULL);
	parent_stop(p);
}

static void
on_late(void *arg)
{
	struct parent *p = arg;

	ASSERT(p->upgrade.running && !p->upgrade.served);
	if (p->upgrade.pid != 0)
		kill(p->upgrade.pid, SIGKILL);
	else
		refuse(p, "the brain does not end");
}

/* The text of world/handover.h, sealed; -1: it could not be made. Reads what workers write. */
static int
handover_make(struct parent *p)
{
	int fd = p->table < 0 ? -1 : fcntl(p->table, F_DUPFD_CLOEXEC, 0);
	struct table *t;
	struct buf text;

	if (fd < 0 || table_open(fd, &t) != NULL)
		return -1;
	fd = -1;
	buf_init(&text, HANDOVER_BYTES);
	handover_write(p->live, p->phys, t, clock_mono_usec(), &text);
	if (!text.full)
		fd = memfile_seal(buf_str(&text));
	buf_fini(&text);
	table_unref(&t);
	if (fd < 0)
		log_event(LOG_WARN, "handover.unsent", "error", strerror(errno), NULL);
	return fd;
}

static void
hand(char *text, int fd)
{
	size_t n = strlen(text);

	if (fd >= 0)
		fcntl(fd, F_SETFD, 0);
	snprintf(text + n, HANDED_TEXT - n, " %d", fd);
}

/* In the child. */
static void
become(struct parent *p, int tell)
{
	char *argv[] = { p->upgrade.program, "run", "--config", (char *)p->conf->file, NULL };
	char text[HANDED_TEXT] = "";

	snprintf(text, sizeof text, "%u", p->nworkers);
	hand(text, tell);
	hand(text, p->table);
	hand(text, p->secrets);
	hand(text, p->admin_tcp);
	hand(text, p->admin_unix);
	for (unsigned i = 0; i < p->listeners.count; i++)
		for (unsigned w = 0; w < p->nworkers; w++)
			hand(text, p->listeners.one[i].fd[w]);
	if (setenv(HANDED, text, 1) != 0)
		_exit(127);
	text[0] = '\0';
	hand(text, handover_make(p));
	if (setenv(HANDED_STATE, text + 1, 1) == 0)
		execv(argv[0], argv);
	snprintf(text, sizeof text, "it cannot be executed: %s", strerror(errno));
	fd_write(tell, str_of(text));
	_exit(127);
}

static void
spawn(struct parent *p)
{
	struct upgrade *u = &p->upgrade;
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) != 0) {
		refuse(p, strerror(errno));
		return;
	}
	if ((u->pid = fork()) == 0)
		become(p, pair[1]);		/* with the parent's signals blocked: none is lost */
	close(pair[1]);
	if (u->pid < 0) {
		close(pair[0]);
		refuse(p, strerror(errno));
		return;
	}
	loop_watch(p->loop, &u->ready, pair[0], LOOP_LEVEL, on_ready, p);
}

void
upgrade_begin(struct parent *p)
{
	struct upgrade *u = &p->upgrade;
	const char *reason = p->table < 0 ? "it has just begun" :
	    u->program[0] != '/' ? "the path of the program is not known" :
	    p->listeners.count * p->nworkers > UPGRADE_SOCKETS - 2 ? "it has too many sockets" : NULL;

	if (p->stopping || u->running)
		return;
	u->after_reload = p->reloading;
	if (p->reloading)
		return;
	log_event(LOG_INFO, "upgrade.begin", "program", u->program, NULL);
	u->running = true;
	u->cause[0] = '\0';
	if (reason != NULL) {
		refuse(p, reason);
		return;
	}
	timer_set(p->loop, &u->late, loop_now(p->loop) + LATE_USEC, on_late, p);
	timer_clear(p->loop, &p->brain.again);
	/* one brain at a time: two would move tasks and configure proxies against each other */
	if (p->brain.pid != 0)
		child_dismiss(&p->brain);
	else
		spawn(p);
}

void
upgrade_reloaded(struct parent *p)
{
	ASSERT(!p->reloading);
	if (p->upgrade.after_reload)
		upgrade_begin(p);
}

bool
upgrade_brain_ended(struct parent *p)
{
	ASSERT(p->brain.pid == 0);
	if (p->upgrade.running && p->upgrade.pid == 0)
		spawn(p);
	return p->upgrade.running;
}

bool
upgrade_reap(struct parent *p, pid_t pid, int status)
{
	struct upgrade *u = &p->upgrade;
	char text[CHILD_END_TEXT];

	if (u->pid != pid)
		return false;
	ready_read(u);
	ready_close(p);
	if (u->served || p->stopping)
		u->pid = 0;
	else
		refuse(p, u->cause[0] != '\0' ? u->cause : child_end_text(status, text));
	return true;
}

void
upgrade_pass_signal(struct parent *p, int signal)
{
	struct upgrade *u = &p->upgrade;

	if (u->pid != 0 && !u->served)
		kill(u->pid, signal);
	u->reload |= u->running && signal == SIGHUP;
}

void
upgrade_end(struct parent *p)
{
	struct upgrade *u = &p->upgrade;
	int fd = -1;

	if (u->served && u->ready.fd >= 0 && (fd = handover_make(p)) >= 0)
		sock_send_fd(u->ready.fd, "c", 1, fd);
	fd_close(&fd);
	ready_close(p);
	fd_close(&u->handover);
	if (u->before.fd >= 0)
		upgrade_before_close(p);
}

void
upgrade_stop(struct parent *p)
{
	upgrade_pass_signal(p, SIGTERM);
	timer_clear(p->loop, &p->upgrade.late);
}

bool
upgrade_stops(const struct parent *p)
{
	return p->upgrade.pid != 0 && !p->upgrade.served;
}
