#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "get.h"

static int
dial(const struct addr *a)
{
	struct timeval half = { .tv_usec = 500000 };
	int fd = socket(a->sa.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &half, sizeof half);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &half, sizeof half);
	if (connect(fd, &a->sa.any, a->len) == 0)
		return fd;
	close(fd);
	return -1;
}

bool
get_text(const struct addr *a, const char *method, const char *path, struct buf *body)
{
	char piece[8192], text[ADDR_TEXT_MAX];
	struct buf all;
	ssize_t n = -1;
	char *end;
	bool ok;
	int fd = dial(a);

	if (fd < 0)
		return false;
	buf_init(&all, 16 << 20);
	buf_printf(&all, "%s %s HTTP/1.1\r\nHost: %s\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", method, path, addr_text(a, text));
	if (send(fd, all.p, all.len, MSG_NOSIGNAL) == (ssize_t)all.len) {
		buf_clear(&all);
		while ((n = recv(fd, piece, sizeof piece, 0)) > 0)
			buf_add(&all, piece, (size_t)n);
	}
	close(fd);
	end = n == 0 && all.len > 0 ? memmem(all.p, all.len, "\r\n\r\n", 4) : NULL;
	ok = end != NULL && all.len > 12 && memcmp(all.p + 9, "200", 3) == 0;
	if (ok)
		buf_add(body, end + 4, (size_t)(all.p + all.len - end - 4));
	buf_fini(&all);
	return ok;
}
