/*
 * hammer: clients that ask again as soon as they are answered, and keep the books strictly.
 *   hammer ADDRESS:PORT THREADS PATH [strict]        until SIGTERM; then prints
 *   ok N failed N cut N status N refused N stale N longest_ms N
 * Each thread is one client with one connection, as HTTP/1.1 wants it: it goes on with a connection that is kept, leaves
 * one that says Connection: close, and asks once more over a new one when a kept connection ends before the first byte
 * of an answer ("stale"; with `strict` that too is "cut"). Failed: cut off answers, and those that are not 200.
 * Nobody there ("refused") is counted apart.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define THREADS_MAX 256

static struct sockaddr_in target;
static char question[512];
static bool strict;
static atomic_bool over;
static atomic_ulong ok, cut, status, refused, stale, longest_usec;

enum end { WHOLE, WRONG, BROKEN, SILENT };	/* SILENT: not a byte of an answer came */

static long
now_usec(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int
reach(void)
{
	struct timeval patience = { .tv_sec = 20 };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
	if (connect(fd, (struct sockaddr *)&target, sizeof target) == 0)
		return fd;
	close(fd);
	return -1;
}

/* An answer with Content-Length, as the tasks here give it; *keep says what becomes of the connection. */
static enum end
listen_to(int fd, bool *keep)
{
	char in[16384], *end, *length;
	size_t len = 0, whole = 0;
	ssize_t got;

	while ((got = read(fd, in + len, sizeof in - 1 - len)) > 0) {
		len += (size_t)got;
		in[len] = '\0';
		if ((end = strstr(in, "\r\n\r\n")) == NULL)
			continue;
		if ((length = strcasestr(in, "\r\nContent-Length:")) == NULL)
			return BROKEN;
		whole = (size_t)(end + 4 - in) + (size_t)atol(length + 17);
		if (len < whole)
			continue;
		*keep = strcasestr(in, "\r\nConnection: close") == NULL && len == whole;
		return strncmp(in, "HTTP/1.1 200 ", 13) == 0 ? WHOLE : WRONG;
	}
	return len == 0 ? SILENT : BROKEN;
}

static enum end
ask(int fd, bool *keep)
{
	size_t n = strlen(question);

	return send(fd, question, n, MSG_NOSIGNAL) == (ssize_t)n ? listen_to(fd, keep) : SILENT;
}

static void
took(long usec)
{
	unsigned long before = longest_usec;

	while ((unsigned long)usec > before && !atomic_compare_exchange_weak(&longest_usec, &before, (unsigned long)usec))
		;
}

/* One request, with its second try. Returns the connection for the next one, -1: none. */
static int
request(int fd)
{
	bool kept = fd >= 0, keep = false;
	enum end end;

	if (fd < 0 && (fd = reach()) < 0) {
		refused++;
		usleep(20000);
		return -1;
	}
	end = ask(fd, &keep);
	if (end == SILENT && kept && !strict) {
		stale++;
		close(fd);
		return request(-1);
	}
	if (end == WHOLE)
		ok++;
	else if (end == WRONG)
		status++;
	else
		cut++;
	if (keep)
		return fd;
	close(fd);
	return -1;
}

static void *
client(void *arg)
{
	int fd = -1;

	while (!over) {
		long began = now_usec();
		fd = request(fd);
		took(now_usec() - began);
	}
	return arg;
}

int
main(int argc, char **argv)
{
	pthread_t thread[THREADS_MAX];
	char host[64];
	unsigned port;
	int n, sig;
	sigset_t term;

	if (argc < 4 || sscanf(argv[1], "%63[0-9.]:%u", host, &port) != 2 || (n = atoi(argv[2])) < 1 || n > THREADS_MAX)
		return 2;
	target = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	inet_pton(AF_INET, host, &target.sin_addr);
	snprintf(question, sizeof question, "GET %s HTTP/1.1\r\nHost: %s\r\n\r\n", argv[3], argv[1]);
	strict = argc > 4 && strcmp(argv[4], "strict") == 0;
	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &term, NULL);
	for (int i = 0; i < n; i++)
		pthread_create(&thread[i], NULL, client, NULL);
	sigwait(&term, &sig);
	over = true;
	for (int i = 0; i < n; i++)
		pthread_join(thread[i], NULL);
	printf("ok %lu failed %lu cut %lu status %lu refused %lu stale %lu longest_ms %lu\n", ok, cut + status, cut, status,
	    refused, stale, longest_usec / 1000);
	return 0;
}
