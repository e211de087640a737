/*
 * SO_REUSEPORT lets two processes of one user listen on one address, and the kernel deals
 * connections to both. So it is tried without first; the process in the way is looked up in
 * /proc, as ss(8) does it.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bug.h"
#include "base/fd.h"
#include "main/holder.h"

#define LISTENS	0x0a		/* TCP_LISTEN in /proc/net/tcp */

bool
holder_is_there(const struct addr *a)
{
	int fd;

	if (a->sa.any.sa_family == AF_UNIX)	/* those are not shared */
		return false;
	if (sock_listen(a, false, &fd) != NULL)
		return errno == EADDRINUSE;
	close(fd);
	return false;
}

static unsigned
port_of(const struct addr *a)
{
	return ntohs(a->sa.any.sa_family == AF_INET6 ? a->sa.v6.sin6_port : a->sa.v4.sin_port);
}

static bool
is_any(const struct addr *a)
{
	return a->sa.any.sa_family == AF_INET6 ? IN6_IS_ADDR_UNSPECIFIED(&a->sa.v6.sin6_addr) :
	    a->sa.v4.sin_addr.s_addr == INADDR_ANY;
}

bool
holder_overlap(const struct addr *a, const struct addr *b)
{
	return a->sa.any.sa_family != AF_UNIX && b->sa.any.sa_family != AF_UNIX &&
	    port_of(a) == port_of(b) && (is_any(a) || is_any(b));
}

/* As /proc/net/tcp and tcp6 write it. */
static void
hex_of(const struct addr *a, char out[40])
{
	const uint32_t *w = a->sa.v6.sin6_addr.s6_addr32;

	if (a->sa.any.sa_family == AF_INET6)
		snprintf(out, 40, "%08X%08X%08X%08X", w[0], w[1], w[2], w[3]);
	else
		snprintf(out, 40, "%08X", a->sa.v4.sin_addr.s_addr);
}

/* The inode of a socket that listens on the address, or on any, or on any one when `a` is any;
 * 0: there is none. */
static unsigned long
inode_find(const char *table, const struct addr *a)
{
	unsigned long inode = 0, one;
	unsigned at, state;
	char line[512], host[40], wanted[40];
	FILE *f = fopen(table, "re");

	hex_of(a, wanted);
	while (f != NULL && inode == 0 && fgets(line, sizeof line, f) != NULL)
		if (sscanf(line, " %*d: %39[0-9A-Fa-f]:%x %*s %x %*s %*s %*s %*s %*s %lu", host,
		    &at, &state, &one) == 4 && at == port_of(a) && state == LISTENS &&
		    (is_any(a) || strcmp(host, wanted) == 0 || strspn(host, "0") == strlen(host)))
			inode = one;
	if (f != NULL)
		fclose(f);
	return inode;
}

static bool
process_has(const char *pid, const char *socket)
{
	char path[300], to[64];
	struct dirent *e;
	bool has = false;
	DIR *d;

	snprintf(path, sizeof path, "/proc/%.20s/fd", pid);
	if ((d = opendir(path)) == NULL)
		return false;
	while (!has && (e = readdir(d)) != NULL) {
		ssize_t n = readlinkat(dirfd(d), e->d_name, to, sizeof to - 1);
		to[n > 0 ? n : 0] = '\0';
		has = strcmp(to, socket) == 0;
	}
	closedir(d);
	return has;
}

/* Its arguments as one line. */
static void
command_add(const char *pid, char *out, size_t cap)
{
	char path[64];
	ssize_t n = -1;
	int fd;

	snprintf(path, sizeof path, "/proc/%.20s/cmdline", pid);
	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) >= 0) {
		n = fd_read(fd, out, cap - 1);
		close(fd);
	}
	out[n > 0 ? n : 0] = '\0';
	for (ssize_t i = 0; i + 1 < n; i++)
		if (out[i] == '\0')
			out[i] = ' ';
}

const char *
holder_text(const struct addr *a, char out[HOLDER_TEXT])
{
	unsigned long inode = inode_find("/proc/net/tcp", a);
	char socket[40], command[200];
	struct dirent *e;
	DIR *d;

	ASSERT(a->sa.any.sa_family != AF_UNIX);
	snprintf(out, HOLDER_TEXT, "another process");
	if (inode == 0 && (inode = inode_find("/proc/net/tcp6", a)) == 0)
		return out;
	snprintf(socket, sizeof socket, "socket:[%lu]", inode);
	if ((d = opendir("/proc")) == NULL)
		return out;
	while ((e = readdir(d)) != NULL)
		if (e->d_name[0] >= '1' && e->d_name[0] <= '9' && process_has(e->d_name, socket)) {
			command_add(e->d_name, command, sizeof command);
			snprintf(out, HOLDER_TEXT, "pid %.20s: %s", e->d_name, command);
			break;
		}
	closedir(d);
	return out;
}
