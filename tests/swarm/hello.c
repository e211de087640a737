/*
 * hello: the task of all services in the test Swarm, one static program in an image that holds nothing else.
 *
 *   hello [serve]      GET anything: 200, X-Node and X-Task say who answers, so does the body; a query makes it work:
 *                      ?work=SECONDS burns CPU time, ?io=SECONDS waits, in that order. GET /health: 200, while it stops 503.
 *   hello health       asks itself for /health: a health check for images without a shell
 *   hello burn         a bad neighbour: burns what CPU it gets until it is told to stop
 * From the environment: PORT (8080), NODE_NAME, TASK_NAME, GRACE (seconds, 1), START (seconds until it listens, 0).
 *
 * It stops as a good task does: at SIGTERM it says so in /health and in every answer (Connection: close), serves newcomers for
 * GRACE seconds more, then takes no more connections and ends when the last answer has gone out.
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define HEAD_MAX	8192
#define SECONDS_MOST	60.0
#define STACK_BYTES	65536
#define LAST_WORDS	0.2		/* for clients to read what was sent */

static const char *node_name, *task_name;
static atomic_bool stopping;
static atomic_long answering;

static void
die(const char *what)
{
	perror(what);
	exit(1);
}

static const char *
env_or(const char *name, const char *otherwise)
{
	const char *value = getenv(name);

	return value != NULL && value[0] != '\0' ? value : otherwise;
}

static void
wait_seconds(double seconds)
{
	struct timespec t = { .tv_sec = (time_t)seconds, .tv_nsec = (long)((seconds - (double)(time_t)seconds) * 1e9) };

	nanosleep(&t, NULL);
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

/* The number after `name` in the request line, 0: there is none. */
static double
wanted(const char *line, const char *name)
{
	const char *at = strstr(line, name);
	double seconds = at != NULL ? atof(at + strlen(name)) : 0;

	return seconds < SECONDS_MOST ? seconds : SECONDS_MOST;
}

/* A whole head and no more: nobody sends bodies or a second request early here. */
static bool
read_head(int fd, char head[static HEAD_MAX + 1])
{
	size_t have = 0;
	ssize_t n;

	do {
		if (have == HEAD_MAX || (n = read(fd, head + have, HEAD_MAX - have)) <= 0)
			return false;
		have += (size_t)n;
		head[have] = '\0';
	} while (strstr(head, "\r\n\r\n") == NULL);
	return strncmp(head, "GET ", 4) == 0;
}

static bool
answer(int fd, const char *line)
{
	bool last, sick = stopping && strncmp(line, "GET /health", 11) == 0;
	char body[512], text[1024];
	int n;

	burn(wanted(line, "work="));
	wait_seconds(wanted(line, "io="));
	last = stopping;
	snprintf(body, sizeof body, "node=%s task=%s\n", node_name, task_name);
	n = snprintf(text, sizeof text, "HTTP/1.1 %s\r\nX-Node: %s\r\nX-Task: %s\r\nContent-Length: %zu\r\n%s\r\n%s",
	    sick ? "503 Service Unavailable" : "200 OK", node_name, task_name, strlen(body), last ? "Connection: close\r\n" : "", body);
	return write(fd, text, (size_t)n) == n && !last;
}

static void *
serve(void *arg)
{
	int fd = (int)(intptr_t)arg;
	char head[HEAD_MAX + 1];
	bool more = true;

	while (more && read_head(fd, head)) {
		answering++;
		*strchr(head, '\r') = '\0';
		more = answer(fd, head);
		answering--;
	}
	close(fd);
	return NULL;
}

static void *
take(void *arg)
{
	int fd, listener = (int)(intptr_t)arg;
	pthread_attr_t attr;
	pthread_t thread;

	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attr, STACK_BYTES);
	while ((fd = accept(listener, NULL, NULL)) >= 0) {
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int));
		if (pthread_create(&thread, &attr, serve, (void *)(intptr_t)fd) != 0)
			close(fd);
	}
	return arg;			/* shut down */
}

static sigset_t
ends_block(void)
{
	sigset_t ends;

	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	pthread_sigmask(SIG_BLOCK, &ends, NULL);
	return ends;
}

static void *
burn_on(void *arg)
{
	for (;;)
		burn(SECONDS_MOST);
	return arg;
}

static int
run_burner(void)
{
	sigset_t ends = ends_block();
	pthread_t burner;
	int number;

	pthread_create(&burner, NULL, burn_on, NULL);
	sigwait(&ends, &number);
	return 0;
}

static int
run(uint16_t port)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(port) };
	sigset_t ends = ends_block();
	int listener, number;
	pthread_t taker;

	signal(SIGPIPE, SIG_IGN);
	wait_seconds(atof(env_or("START", "0")));
	listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &(int){ 1 }, sizeof(int));
	if (bind(listener, (const struct sockaddr *)&at, sizeof at) != 0 || listen(listener, 1024) != 0)
		die("listen");
	pthread_create(&taker, NULL, take, (void *)(intptr_t)listener);
	sigwait(&ends, &number);
	stopping = true;
	wait_seconds(atof(env_or("GRACE", "1")));
	shutdown(listener, SHUT_RDWR);
	pthread_join(taker, NULL);
	while (answering > 0)
		wait_seconds(0.01);
	wait_seconds(LAST_WORDS);
	return 0;
}

static int
ask_health(uint16_t port)
{
	static const char question[] = "GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n";
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	char text[16] = "";

	return connect(fd, (const struct sockaddr *)&at, sizeof at) == 0 &&
	    write(fd, question, sizeof question - 1) > 0 && read(fd, text, sizeof text - 1) > 0 &&
	    strncmp(text, "HTTP/1.1 200", 12) == 0 ? 0 : 1;
}

int
main(int argc, char **argv)
{
	uint16_t port = (uint16_t)atoi(env_or("PORT", "8080"));

	node_name = env_or("NODE_NAME", "nobody");
	task_name = env_or("TASK_NAME", "nobody");
	if (argc > 1 && strcmp(argv[1], "health") == 0)
		return ask_health(port);
	if (argc > 1 && strcmp(argv[1], "burn") == 0)
		return run_burner();
	if (argc > 1 && strcmp(argv[1], "serve") != 0) {
		fputs("usage: hello [serve|health|burn]\n", stderr);
		return 2;
	}
	return run(port);
}
