#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/bug.h"
#include "base/buf.h"
#include "base/fd.h"

bool
fd_write(int fd, struct str s)
{
	while (s.len > 0) {
		ssize_t n = write(fd, s.p, s.len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		ASSERT((size_t)n <= s.len);
		s.p += n;
		s.len -= (size_t)n;
	}
	return true;
}

int
must_fd(int fd, const char *what)
{
	if (fd >= 0)
		return fd;
	fprintf(stderr, "mola: %s: %s\n", what, strerror(errno));
	_exit(1);
}

void
fd_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

ssize_t
fd_read(int fd, void *p, size_t n)
{
	ssize_t got;

	do
		got = read(fd, p, n);
	while (got < 0 && errno == EINTR);
	return got;
}

bool
fd_read_all(int fd, struct buf *out)
{
	char piece[16384];
	ssize_t n;

	while ((n = fd_read(fd, piece, sizeof piece)) > 0)
		if (!buf_add(out, piece, (size_t)n)) {
			errno = EFBIG;
			return false;
		}
	return n == 0;
}
