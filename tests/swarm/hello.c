/*
 * hello: the task of all services in the test Swarm, one static program in an image that holds nothing else.
 *
 *   hello [serve]      GET anything: 200, X-Node and X-Task say who answers, so does the body; a query makes it work:
 *                      ?work=SECONDS burns CPU time, ?io=SECONDS waits, in that order. GET /health: 200, while it stops 503.
 *                      With Upgrade: 101, and then what comes goes back. HTTP/2 without TLS (as of gRPC), too: there,
 *                      each request waits by itself, and work is not done.
 *   hello health       asks itself for /health: a health check for images without a shell
 *   hello burn         a bad neighbour: burns what CPU it gets until it is told to stop
 * From the environment: PORT (8080), NODE_NAME, TASK_NAME, GRACE (seconds, 1), START (seconds until it listens, 0).
 *
 * It stops as a good task does: at SIGTERM it says so in /health and in every answer (Connection: close), serves newcomers for
 * GRACE seconds more, then takes no more connections and ends when the last answer has gone out. On a connection of HTTP/2 it takes
 * no more requests at once, as servers of gRPC do (GOAWAY).
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <nghttp2/nghttp2.h>
#include <poll.h>
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

/* From here on the connection is not HTTP. Its first echo is an answer that is waited for in stopping. */
static void
echo(int fd)
{
	static const char yes[] = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
	char bytes[HEAD_MAX];
	ssize_t n;

	answering++;
	if ((n = write(fd, yes, sizeof yes - 1)) > 0 && (n = read(fd, bytes, sizeof bytes)) > 0)
		n = write(fd, bytes, (size_t)n);
	answering--;
	while (n > 0 && (n = read(fd, bytes, sizeof bytes)) > 0)
		n = write(fd, bytes, (size_t)n);
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

/* ---- HTTP/2 ---- */

#define STREAMS_MAX	64
#define LOOK_MSEC	20		/* at streams that wait, and at whether it stops */

struct stream {
	int32_t		 id;		/* 0: free */
	double		 due;		/* seconds; 0: its head is not whole */
};

struct h2 {
	int		 fd;
	nghttp2_session	*session;
	struct stream	 stream[STREAMS_MAX];
	bool		 leaving;
};

static double
seconds_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static struct stream *
stream_of(struct h2 *h, int32_t id)
{
	for (int i = 0; i < STREAMS_MAX; i++)
		if (h->stream[i].id == id)
			return &h->stream[i];
	return NULL;
}

static ssize_t
h2_send(nghttp2_session *session, const uint8_t *bytes, size_t len, int flags, void *arg)
{
	const struct h2 *h = arg;
	ssize_t n = write(h->fd, bytes, len);

	(void)session, (void)flags;
	return n > 0 ? n : NGHTTP2_ERR_CALLBACK_FAILURE;
}

static int
h2_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name, size_t len, const uint8_t *value, size_t vlen,
    uint8_t flags, void *arg)
{
	struct h2 *h = arg;
	struct stream *s = stream_of(h, frame->hd.stream_id);
	char path[512];

	(void)session, (void)flags;
	if (len != 5 || memcmp(name, ":path", 5) != 0)
		return 0;
	if (s == NULL && (s = stream_of(h, 0)) == NULL)
		return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
	snprintf(path, sizeof path, "%.*s", (int)vlen, (const char *)value);
	*s = (struct stream){ frame->hd.stream_id, seconds_now() + wanted(path, "io=") };
	answering++;
	return 0;
}

static int
h2_closed(nghttp2_session *session, int32_t id, uint32_t code, void *arg)
{
	struct stream *s = stream_of(arg, id);

	(void)session, (void)code;
	if (s != NULL) {
		s->id = 0;
		answering--;
	}
	return 0;
}

static void
h2_answer(struct h2 *h, struct stream *s)
{
	nghttp2_nv head[] = {
		{ (uint8_t *)":status", (uint8_t *)"200", 7, 3, 0 },
		{ (uint8_t *)"x-node", (uint8_t *)(uintptr_t)node_name, 6, strlen(node_name), 0 },
	};

	s->due = 1e18;
	nghttp2_submit_response(h->session, s->id, head, sizeof head / sizeof *head, NULL);
}

/* True: there is more to do. */
static bool
h2_turn(struct h2 *h)
{
	struct pollfd p = { .fd = h->fd, .events = POLLIN };
	uint8_t bytes[HEAD_MAX];
	ssize_t n;

	if (poll(&p, 1, LOOK_MSEC) > 0) {
		if ((n = read(h->fd, bytes, sizeof bytes)) <= 0)
			return false;
		if (nghttp2_session_mem_recv(h->session, bytes, (size_t)n) < 0)
			return false;
	}
	if (stopping && !h->leaving) {
		h->leaving = true;
		nghttp2_submit_goaway(h->session, NGHTTP2_FLAG_NONE, nghttp2_session_get_last_proc_stream_id(h->session),
		    NGHTTP2_NO_ERROR, NULL, 0);
	}
	for (int i = 0; i < STREAMS_MAX; i++)
		if (h->stream[i].id != 0 && h->stream[i].due <= seconds_now())
			h2_answer(h, &h->stream[i]);
	return nghttp2_session_send(h->session) == 0 &&
	    (nghttp2_session_want_read(h->session) || nghttp2_session_want_write(h->session));
}

/* What the client sends first is HTTP/2; nothing of it is taken. */
static bool
h2_begins(int fd)
{
	char first[4];

	return recv(fd, first, sizeof first, MSG_PEEK | MSG_WAITALL) == sizeof first && memcmp(first, "PRI ", 4) == 0;
}

static void
h2_serve(int fd)
{
	struct h2 h = { .fd = fd };
	nghttp2_session_callbacks *calls;

	nghttp2_session_callbacks_new(&calls);
	nghttp2_session_callbacks_set_send_callback(calls, h2_send);
	nghttp2_session_callbacks_set_on_header_callback(calls, h2_header);
	nghttp2_session_callbacks_set_on_stream_close_callback(calls, h2_closed);
	nghttp2_session_server_new(&h.session, calls, &h);
	nghttp2_submit_settings(h.session, NGHTTP2_FLAG_NONE, NULL, 0);
	while (h2_turn(&h))
		;
	for (int i = 0; i < STREAMS_MAX; i++)
		answering -= h.stream[i].id != 0;
	nghttp2_session_del(h.session);
	nghttp2_session_callbacks_del(calls);
}

static void *
serve(void *arg)
{
	int fd = (int)(intptr_t)arg;
	char head[HEAD_MAX + 1];
	bool more = !h2_begins(fd);

	if (!more)
		h2_serve(fd);
	while (more && read_head(fd, head)) {
		if (strcasestr(head, "\r\nUpgrade:") != NULL) {
			echo(fd);
			break;
		}
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
