#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/bug.h"
#include "base/clock.h"
#include "main/child.h"

#define LONG_LIFE	(2 * USEC_PER_SEC)
#define PAUSE_FIRST	(100 * USEC_PER_MSEC)
#define PAUSE_MOST	(5 * USEC_PER_SEC)

/* The parent blocks signals and reads them from a descriptor. Ctrl-C reaches the whole process
 * group and a service manager's SIGTERM the whole cgroup: only the parent acts on it, and children
 * leave when it closes their channels. */
static void
child_signals(void)
{
	sigset_t none;

	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

pid_t
child_fork(struct child *c, struct loop *l, channel_f *fn, void *arg, int *fd)
{
	int pair[2];
	pid_t pid;

	ASSERT(c->pid == 0);
	if (!channel_pair(pair))
		return -1;
	pid = fork();
	if (pid < 0) {
		close(pair[0]);
		close(pair[1]);
		return -1;
	}
	if (pid == 0) {
		child_signals();
		close(pair[0]);
		*fd = pair[1];
		return 0;
	}
	close(pair[1]);
	c->pid = pid;
	c->dismissed = false;
	c->born_usec = clock_mono_usec();
	channel_open(&c->channel, l, pair[0], fn, arg);
	return pid;
}

void
child_dismiss(struct child *c)
{
	ASSERT(c->pid != 0);
	c->dismissed = true;
	channel_close(&c->channel);
}

int64_t
child_pause(struct child *c, int64_t now)
{
	int64_t pause = c->pause_usec;

	ASSERT(c->pid == 0 && now >= c->born_usec);
	if (now - c->born_usec >= LONG_LIFE)
		pause = 0;
	c->pause_usec = pause == 0 ? PAUSE_FIRST : pause * 2 < PAUSE_MOST ? pause * 2 : PAUSE_MOST;
	return pause;
}

const char *
child_end_text(int status, char out[CHILD_END_TEXT])
{
	if (WIFSIGNALED(status))
		snprintf(out, CHILD_END_TEXT, "signal %d (%s)", WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		snprintf(out, CHILD_END_TEXT, "exit %d", WEXITSTATUS(status));
	return out;
}
