/*
 * A datagram for each. The socket is opened for each, too: there are few, and a descriptor that is
 * kept would go to all children.
 */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "main/notify.h"

/* True also where nobody wants to know. */
static bool
notify(const char *text)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	size_t len = path == NULL ? 0 : strlen(path);
	ssize_t n;
	int fd, error;

	if (len < 2 || len >= sizeof a.sun_path || (*path != '/' && *path != '@'))
		return true;
	memcpy(a.sun_path, path, len);
	if (*path == '@')
		a.sun_path[0] = '\0';
	if ((fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) < 0)
		return false;
	n = sendto(fd, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT, (struct sockaddr *)&a,
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len));
	error = errno;
	close(fd);
	errno = error;
	return n >= 0;
}

void
notify_ready(void)
{
	notify("READY=1");
}

void
notify_reloading(void)
{
	char text[64];

	snprintf(text, sizeof text, "RELOADING=1\nMONOTONIC_USEC=%lld", (long long)clock_mono_usec());
	notify(text);
}

void
notify_stopping(void)
{
	notify("STOPPING=1");
}

bool
notify_successor(pid_t pid)
{
	char text[32];

	snprintf(text, sizeof text, "MAINPID=%d", (int)pid);
	return notify(text);
}

/* Twice as often as it must be. WATCHDOG_PID is the process that systemd started; one that has
 * taken over from it is watched as well. */
void
notify_beat(int64_t now)
{
	static int64_t due_usec;
	const char *text = getenv("WATCHDOG_USEC");
	long long usec = text == NULL ? 0 : strtoll(text, NULL, 10);

	if (usec <= 0 || now < due_usec)
		return;
	due_usec = now + usec / 2;
	notify("WATCHDOG=1");
}
