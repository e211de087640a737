/*
 * burnd: a real HTTP server that really works: a thread per connection, and every request burns CPU time.
 *
 *   burnd NAME ADDRESS PORT COUNT_FILE
 *
 * GET /?work=SECONDS burns that much of its thread's own CPU time (0.005 by default) and answers with X-Node: NAME.
 * COUNT_FILE always holds how many requests have arrived.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define HEAD_MAX	8192
#define WORK_MOST	1.0
#define STACK_BYTES	65536

static const char *node_name;
static int count_fd;
static atomic_ulong arrived;

static void
die(const char *what)
{
	perror(what);
	exit(1);
}

static void
count(void)
{
	char text[32];
	int n = snprintf(text, sizeof text, "%20lu\n", atomic_fetch_add(&arrived, 1) + 1);

	if (pwrite(count_fd, text, (size_t)n, 0) != n)
		die("count");
}

static double
cpu_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
burn(double seconds)
{
	double until = cpu_seconds() + seconds;

	while (cpu_seconds() < until)
		for (volatile int i = 0; i < 2000; i++)
			;
}

/* One request without a body. False: the client has gone or makes no sense. */
static bool
serve_one(int fd)
{
	char head[HEAD_MAX + 1], answer[256];
	const char *work;
	double seconds = 0.005;
	size_t have = 0;
	ssize_t n;

	do {
		n = read(fd, head + have, HEAD_MAX - have);
		if (n <= 0)
			return false;
		have += (size_t)n;
		head[have] = '\0';
	} while (strstr(head, "\r\n\r\n") == NULL && have < HEAD_MAX);
	if (strncmp(head, "GET ", 4) != 0)
		return false;
	count();
	*strchr(head, '\r') = '\0';
	if ((work = strstr(head, "work=")) != NULL)
		seconds = atof(work + 5);
	burn(seconds < WORK_MOST ? seconds : WORK_MOST);
	n = snprintf(answer, sizeof answer, "HTTP/1.1 200 OK\r\nX-Node: %s\r\nContent-Length: 5\r\n\r\ndone\n", node_name);
	return write(fd, answer, (size_t)n) == n;
}

static void *
serve(void *arg)
{
	int fd = (int)(intptr_t)arg;

	while (serve_one(fd))
		;
	close(fd);
	return NULL;
}

static int
listen_on(const char *address, const char *port)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port)) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

	if (fd < 0 || inet_pton(AF_INET, address, &at.sin_addr) != 1)
		die(address);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	if (bind(fd, (const struct sockaddr *)&at, sizeof at) != 0 || listen(fd, 1024) != 0)
		die(address);
	return fd;
}

int
main(int argc, char **argv)
{
	pthread_attr_t attr;
	pthread_t thread;
	int listener, fd;

	if (argc != 5) {
		fputs("usage: burnd NAME ADDRESS PORT COUNT_FILE\n", stderr);
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	node_name = argv[1];
	if ((count_fd = open(argv[4], O_RDWR | O_CREAT | O_CLOEXEC, 0644)) < 0)
		die(argv[4]);
	listener = listen_on(argv[2], argv[3]);
	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attr, STACK_BYTES);
	while ((fd = accept(listener, NULL, NULL)) >= 0)
		if (pthread_create(&thread, &attr, serve, (void *)(intptr_t)fd) != 0)
			close(fd);
	die("accept");
}
