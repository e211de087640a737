/*
 * hook: posix_spawn, a pipe for what the program says, and a pidfd that tells when it has
 * ended. The program leads a process group, so that its children end with it.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "acme/hook.h"
#include "base/alloc.h"
#include "base/bug.h"
#include "base/fd.h"
#include "base/str.h"

struct hook {
	struct loop	*loop;
	hook_done_f	*done;
	void		*arg;
	pid_t		 pid;		/* 0: it did not start, or was waited for */
	struct io	 ended, output;	/* a pidfd, and the reading end of the pipe */
	int		 pidfd, pipe;
	struct timer	 timer;		/* the time-out, or the end of what never began */
	bool		 late;
	char		 said[HOOK_SAID_MAX];	/* the end of what it wrote */
	struct deferred	 deferred;
};

/* ---- what it says ---- */

static void
said_add(struct hook *h, const char *p, size_t n)
{
	size_t have = strlen(h->said), most = sizeof h->said - 1;

	if (n >= most) {
		p += n - most;
		n = most;
	}
	if (have + n > most) {
		memmove(h->said, h->said + (have + n - most), most - n + 1);
		have = most - n;
	}
	for (size_t i = 0; i < n; i++)
		h->said[have + i] = p[i] == '\0' ? ' ' : p[i];
	h->said[have + n] = '\0';
}

static void
output_read(struct hook *h)
{
	char bytes[1024];
	ssize_t n;

	while (h->pipe >= 0 && (n = fd_read(h->pipe, bytes, sizeof bytes)) > 0)
		said_add(h, bytes, (size_t)n);
}

static void
on_output(void *arg, uint32_t events)
{
	struct hook *h = arg;

	output_read(h);
	if (events & (EPOLLHUP | EPOLLERR))
		loop_unwatch(h->loop, &h->output);
}

/* The last line, as one of printable ASCII. */
static void
last_line(struct hook *h)
{
	size_t len = strlen(h->said);
	char *at;

	while (len > 0 && strchr("\n\r ", h->said[len - 1]) != NULL)
		h->said[--len] = '\0';
	at = strrchr(h->said, '\n');
	if (at != NULL)
		memmove(h->said, at + 1, strlen(at + 1) + 1);
	for (char *p = h->said; *p != '\0'; p++)
		if (*p < ' ' || *p > '~')
			*p = '?';
}

/* ---- its end ---- */

static void
hook_close(struct hook *h)
{
	timer_clear(h->loop, &h->timer);
	if (h->ended.fd >= 0)
		loop_unwatch(h->loop, &h->ended);
	if (h->output.fd >= 0)
		loop_unwatch(h->loop, &h->output);
	if (h->pidfd >= 0)
		close(h->pidfd);
	if (h->pipe >= 0)
		close(h->pipe);
	h->pidfd = h->pipe = -1;
}

static void
hook_tell(struct hook *h, const struct why *why)
{
	hook_close(h);
	h->done(h->arg, why, h->said);
}

static void
on_end(void *arg, uint32_t events)
{
	struct hook *h = arg;
	siginfo_t how = { 0 };

	(void)events;
	if (waitid(P_PID, (id_t)h->pid, &how, WEXITED | WNOHANG) != 0 || how.si_pid == 0)
		return;
	output_read(h);
	kill(-h->pid, SIGKILL);		/* what it left behind */
	h->pid = 0;
	if (how.si_code == CLD_EXITED && how.si_status == 0) {
		hook_tell(h, NULL);
		return;
	}
	last_line(h);
	if (h->late)
		snprintf(h->said, sizeof h->said, "it did not end in time");
	else if (h->said[0] == '\0')
		snprintf(h->said, sizeof h->said, "it ended with %s %d and wrote nothing",
		    how.si_code == CLD_EXITED ? "status" : "signal", how.si_status);
	hook_tell(h, WHY_ACME_HOOK);
}

static void
on_late(void *arg)
{
	struct hook *h = arg;

	h->late = true;
	kill(-h->pid, SIGKILL);		/* on_end follows */
}

static void
on_unstarted(void *arg)
{
	hook_tell(arg, WHY_ACME_HOOK);
}

/* ---- its beginning ---- */

static int
spawn(struct hook *h, const char *const argv[5], int out)
{
	static char path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
	char *env[] = { path, NULL };
	char *args[] = { (char *)argv[0], (char *)argv[1], (char *)argv[2], (char *)argv[3],
	    (char *)argv[4], NULL };
	posix_spawn_file_actions_t fa;
	posix_spawnattr_t attr;
	sigset_t none, all;
	int error;

	sigemptyset(&none);
	sigfillset(&all);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setflags(&attr,
	    POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	posix_spawnattr_setpgroup(&attr, 0);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setsigdefault(&attr, &all);
	posix_spawn_file_actions_init(&fa);
	posix_spawn_file_actions_addopen(&fa, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&fa, out, 1);
	posix_spawn_file_actions_adddup2(&fa, out, 2);
	posix_spawn_file_actions_addclosefrom_np(&fa, 3);
	error = posix_spawn(&h->pid, argv[0], &fa, &attr, args, env);
	posix_spawn_file_actions_destroy(&fa);
	posix_spawnattr_destroy(&attr);
	return error;
}

static int
hook_start(struct hook *h, const char *const argv[5])
{
	int ends[2], error;

	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0)
		return errno;
	fcntl(ends[1], F_SETFL, 0);		/* a program expects its output to wait */
	error = spawn(h, argv, ends[1]);
	close(ends[1]);
	h->pipe = ends[0];
	if (error != 0) {
		h->pid = 0;
		return error;
	}
	h->pidfd = (int)syscall(SYS_pidfd_open, h->pid, 0);
	if (h->pidfd < 0) {
		error = errno;
		kill(-h->pid, SIGKILL);
		waitpid(h->pid, NULL, 0);
		h->pid = 0;
	}
	return error;
}

struct hook *
hook_new(struct loop *l, const char *const argv[5], int64_t timeout_usec, hook_done_f *done,
    void *arg)
{
	struct hook *h = must_zalloc(sizeof *h);
	int error;

	ASSERT(argv[0] != NULL && argv[0][0] == '/' && timeout_usec > 0);
	h->loop = l;
	h->done = done;
	h->arg = arg;
	h->ended.fd = h->output.fd = h->pidfd = h->pipe = -1;
	error = hook_start(h, argv);
	if (error != 0) {
		snprintf(h->said, sizeof h->said, "%s: %s", argv[0], strerror(error));
		timer_set(l, &h->timer, loop_now(l), on_unstarted, h);
		return h;
	}
	loop_watch(l, &h->ended, h->pidfd, EPOLLIN, on_end, h);
	loop_watch(l, &h->output, h->pipe, EPOLLIN, on_output, h);
	timer_set(l, &h->timer, loop_now(l) + timeout_usec, on_late, h);
	return h;
}

void
hook_free(struct hook **hp)
{
	struct hook *h = *hp;

	*hp = NULL;
	if (h == NULL)
		return;
	if (h->pid != 0) {
		kill(-h->pid, SIGKILL);
		waitpid(h->pid, NULL, 0);	/* it has been killed: this does not wait long */
	}
	hook_close(h);
	loop_defer(h->loop, &h->deferred, free, h);
}
