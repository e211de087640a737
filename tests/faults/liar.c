/*
 * liar: a server that does not do what servers do, for those who must not be impressed.   liar WHAT ADDRESS:PORT
 *   deaf     its queue of connections is full: it never accepts
 *   mute     takes every request and never answers
 *   babble   answers each request with garbage that does not end
 *   cut      announces more than it sends
 *   page     answers each request with what the file named next holds
 *   echo     an honest one: sends back the body that it gets, framed as it came
 * Says "ready" when it listens, and ends with SIGTERM. One process per connection: nobody here is in a hurry.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define QUEUED 8	/* connections that fill a queue of length 0, and then some */

static void
on_term(int sig)
{
	(void)sig;
	_exit(0);
}

static void
die(const char *what)
{
	fprintf(stderr, "liar: %s: %s\n", what, strerror(errno));
	exit(1);
}

static struct sockaddr_in
address(const char *text)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	char host[64];
	unsigned port;

	if (sscanf(text, "%63[0-9.]:%u", host, &port) != 2 || inet_pton(AF_INET, host, &a.sin_addr) != 1)
		die(text);
	a.sin_port = htons((uint16_t)port);
	return a;
}

static int
listen_at(const struct sockaddr_in *a, int queue)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (bind(fd, (const struct sockaddr *)a, sizeof *a) != 0 || listen(fd, queue) != 0)
		die("listen");
	return fd;
}

/* Whoever comes after these waits for an answer to his SYN. */
static void
fill_queue(const struct sockaddr_in *a)
{
	for (int i = 0; i < QUEUED; i++) {
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		if (connect(fd, (const struct sockaddr *)a, sizeof *a) != 0 && errno != EINPROGRESS)
			die("connect");
	}
}

static void
say(int fd, const char *p, size_t n)
{
	while (n > 0) {
		ssize_t put = write(fd, p, n);
		if (put < 0)
			exit(0);
		p += put;
		n -= (size_t)put;
	}
}

static void
sayf(int fd, const char *fmt, ...)
{
	char line[512];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(line, sizeof line, fmt, ap);
	va_end(ap);
	say(fd, line, (size_t)n);
}

/* What was read of a request: its head, up to and including the empty line, and what came with it. */
struct heard {
	char	bytes[65536];
	size_t	head, len;
};

static size_t
read_some(int fd, char *to, size_t cap)
{
	ssize_t got = read(fd, to, cap);

	if (got <= 0)
		exit(0);
	return (size_t)got;
}

static void
hear(int fd, struct heard *h)
{
	char *end;

	h->len = 0;
	do {
		h->len += read_some(fd, h->bytes + h->len, sizeof h->bytes - 1 - h->len);
		h->bytes[h->len] = '\0';
	} while ((end = strstr(h->bytes, "\r\n\r\n")) == NULL);
	h->head = (size_t)(end + 4 - h->bytes);
}

static void
page(int fd, const char *file)
{
	static char text[1 << 20];
	FILE *f = fopen(file, "r");
	size_t n = f == NULL ? 0 : fread(text, 1, sizeof text, f);

	if (f == NULL)
		die(file);
	fclose(f);
	sayf(fd, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %zu\r\n\r\n", n);
	say(fd, text, n);
}

/* Bodies end with their length, or with what looks like the last chunk. */
static void
echo(int fd, struct heard *h)
{
	const char *length = strcasestr(h->bytes, "\r\nContent-Length:");
	long left = length != NULL && length < h->bytes + h->head ? atol(length + 17) : -1;
	char *p = h->bytes + h->head;
	size_t n = h->len - h->head;

	if (left >= 0)
		sayf(fd, "HTTP/1.1 200 OK\r\nContent-Length: %ld\r\n\r\n", left);
	else
		sayf(fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
	for (;;) {
		say(fd, p, n);
		left -= left >= 0 ? (long)n : 0;
		if (left == 0 || (left < 0 && n >= 5 && memcmp(p + n - 5, "0\r\n\r\n", 5) == 0))
			return;
		p = h->bytes;
		n = read_some(fd, p, sizeof h->bytes);
	}
}

static void
lie(int fd, const char *what, const char *file)
{
	static struct heard h;

	hear(fd, &h);
	if (strcmp(what, "mute") == 0)
		hear(fd, &h);
	else if (strcmp(what, "echo") == 0)
		echo(fd, &h);
	else if (strcmp(what, "page") == 0)
		page(fd, file);
	else if (strcmp(what, "cut") == 0) {
		sayf(fd, "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\nnode_load1 1\n");
		exit(0);
	} else {
		sayf(fd, "HTTP/1.1 200 OK\r\n\r\n");
		for (;;)
			sayf(fd, "blah{blah=\"blah\"} \001 blah blah blah\n");
	}
}

int
main(int argc, char **argv)
{
	struct sockaddr_in a;
	int door, fd;

	if (argc < 3)
		return 2;
	a = address(argv[2]);
	signal(SIGTERM, on_term);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_IGN);
	door = listen_at(&a, strcmp(argv[1], "deaf") == 0 ? 0 : 64);
	if (strcmp(argv[1], "deaf") == 0)
		fill_queue(&a);
	puts("ready");
	fflush(stdout);
	if (strcmp(argv[1], "deaf") == 0)
		for (;;)
			pause();
	while ((fd = accept(door, NULL, NULL)) >= 0) {
		if (fork() == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			close(door);
			for (;;)
				lie(fd, argv[1], argc > 3 ? argv[3] : "");
		}
		close(fd);
	}
	die("accept");
}
