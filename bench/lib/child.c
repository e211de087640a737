#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"

static void
become(char *const argv[], const int *fd, int n, pid_t parent)
{
	sigset_t none;

	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(127);
	setpgid(0, 0);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	for (int i = 0; i < n; i++)
		if (fd[i] >= 0)
			dup2(fd[i], i + 1);		/* ours are all close-on-exec, the copy is not */
	execv(argv[0], argv);
	_exit(127);
}

bool
child_start(struct child *c, char *const argv[], const int *fd, int n)
{
	pid_t parent = getpid();

	c->pid = fork();
	if (c->pid == 0)
		become(argv, fd, n, parent);
	return c->pid > 0;
}

bool
child_ended(struct child *c, int *status)
{
	if (c->pid > 0 && waitpid(c->pid, status, WNOHANG) != c->pid)
		return false;
	c->pid = 0;
	return true;
}

void
child_tell(const struct child *c, int sig)
{
	if (c->pid > 0)
		kill(c->pid, sig);
}

void
child_stop(struct child *c, int most_msec)
{
	int status;

	child_tell(c, SIGTERM);
	for (; !child_ended(c, &status) && most_msec > 0; most_msec -= 10)
		poll(NULL, 0, 10);
	if (c->pid > 0) {
		kill(c->pid, SIGKILL);
		waitpid(c->pid, &status, 0);
		c->pid = 0;
	}
}
