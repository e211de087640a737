/*
 * The whole of the data plane between clients, tasks and the servers that filters ask, on a clock that the input turns. An input
 * is a script of parts with a line of "----" between them; each begins with a line that says what happens:
 *	cN L	client N says what follows; it dials listener L first if it is not there
 *	CN	client N ends its direction;	xN	hangs up;	hN	reads nothing, or does again
 *	tN	end N of the connections of tasks, in the order in which they were called, says what follows
 *	TN	ends its direction;		kN	hangs up;	HN	reads nothing, or does again
 *	yN M	client N says M KB of a letter; YN M	end N of a task does
 *	wN	N tenths of a second pass
 *	qN M	client N says what follows M times, and each time the task that gets it says 204; QN M: but task 1 says 500
 *	gN	another table: bits of N say which tasks are gone, and which drain, and what else (exchange_parts.h)
 *	fN	another configuration; nN: secrets; b0: a beat; s0: spans are taken
 *	pN	what is known of the node: nothing, it is full, it is idle
 *	aN	who reads the access log: nobody, one who has gone, one who does not read
 *	lN	listener N is closed;	LN	a listener of another worker is borrowed, or given back
 *	dN	the proxy drains, and waits N seconds for requests of those who are there;	e0	it ends, whoever is there
 * With TRACE in the environment, what happens and what everybody gets is printed. exchange_set.h has the routes. What a client of HTTP/1 gets begins with a status line. However it goes, in the end everybody has
 * hung up, nothing is in flight, and no gauge has anything.
 */
#include "clock.h"
#include "exchange_set.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

#define CLIENTS	6
#define ENDS	10
#define TURNS	6

/* ---- those who talk ---- */

struct end {
	int	 fd;		/* -1: there is none */
	bool	 deaf;
	bool	 plain;		/* what it hears is HTTP/1 */
	bool	 heard;
	int	 origin;	/* which task this is the end of */
};

static struct end client[CLIENTS], task[ENDS];
static struct proxy *proxy;
static bool drained, ended;
static int reader = -1;		/* of the access log */

/* "c0", "t3" of an end. */
static void
trace(const struct end *e, const char *what, struct str s)
{
	if (getenv("TRACE") == NULL)
		return;
	if (e != NULL)
		printf("%c%td ", e < task || e >= task + ENDS ? 'c' : 't', e < task || e >= task + ENDS ? e - client : e - task);
	printf("%s %zu: %.*s\n", what, s.len, s.len > 600 ? 600 : (int)s.len, s.len > 0 ? s.p : "");
	fflush(stdout);
}

static void
end_close(struct end *e)
{
	struct linger none = { .l_onoff = 1 };

	if (e->fd < 0)
		return;
	setsockopt(e->fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);	/* TCP's: no port waits for what may still come */
	close(e->fd);
	e->fd = -1;
}

static void
end_hear(struct end *e)
{
	char some[16384];
	ssize_t n;

	if (e->fd < 0 || e->deaf)
		return;
	while ((n = recv(e->fd, some, sizeof some, MSG_DONTWAIT)) > 0) {
		if (e->plain && !e->heard)
			ASSERT(memcmp(some, "HTTP/1.1 ", n < 9 ? (size_t)n : 9) == 0);
		e->heard = true;
		trace(e, "gets", (struct str){ some, (size_t)n });
	}
	if (n == 0 || errno != EAGAIN) {
		trace(e, "sees the end", STR(""));
		end_close(e);
	}
}

static void
calls_take(void)
{
	int fd, k;

	for (int i = 0; i < ORIGINS; i++)
		while ((fd = accept4(origin[i], NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
			for (k = 0; k < ENDS && task[k].fd >= 0; k++)
				continue;
			if (k < ENDS) {
				task[k] = (struct end){ .fd = fd, .origin = i };
				trace(&task[k], "is called", str_of(&"0\0001\0002\0003"[2 * i]));
			} else
				end_close(&(struct end){ .fd = fd });
		}
}

static void
turn(void)
{
	for (int i = 0; i < TURNS; i++) {
		now_usec++;		/* what is to happen in the next turn of the loop is due then */
		loop_turn(l, 0);
		loop_turn(l, 0);
		calls_take();
		for (int k = 0; k < CLIENTS; k++)
			end_hear(&client[k]);
		for (int k = 0; k < ENDS; k++)
			end_hear(&task[k]);
	}
}

static void
say(struct end *e, struct str s)
{
	if (e->fd < 0)
		return;
	if (s.len > 0)
		talk_say(l, e->fd, s);
}

/* In as many pieces as it takes: who is slow to read gets less. */
static void
say_much(struct end *e, unsigned kilobytes)
{
	char some[1024];

	memset(some, 'a', sizeof some);
	for (unsigned i = 0; i < kilobytes % 1000 && e->fd >= 0; i++)
		if (send(e->fd, some, sizeof some, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
			turn();
}

static void
client_says(struct end *e, unsigned listener, struct str s)
{
	if (e->fd < 0) {
		listener %= LISTENERS;
		*e = (struct end){ .fd = drained ? -1 : talk_dial(&front[listener]) };
		e->plain = listener == FRONT && s.len > 0 && !str_starts(s, STR("PRI")) && !str_starts(STR("PRI"), s);
		turn();
	}
	say(e, s);
}

/* So that it is known how long tasks take. */
static void
ask_often(struct end *e, unsigned times, struct str s, bool some_fail)
{
	for (unsigned i = 0; i < times % 200; i++) {
		for (int k = 0; k < ENDS; k++)
			task[k].heard = false;
		client_says(e, FRONT, s);
		turn();
		for (int k = 0; k < ENDS; k++)
			if (task[k].heard)
				say(&task[k], some_fail && task[k].origin == 1 ? STR("HTTP/1.1 500 x\r\nContent-Length: 0\r\n\r\n") :
				    STR("HTTP/1.1 204 No Content\r\n\r\n"));
		turn();
	}
}

/* ---- what else happens ---- */

static void
on_empty(void *arg)
{
	(void)arg;
}

static void
time_passes(unsigned tenths)
{
	for (unsigned i = 0; i < tenths; i++) {
		now_usec += USEC_PER_SEC / 10;
		proxy_beat(proxy);
		if (i % 8 == 0 || i + 1 == tenths)
			turn();
		else
			loop_turn(l, 0);
	}
}

static void
table_comes(unsigned gone)
{
	struct table *t = set_table(gone);

	proxy_set_table(proxy, t);
	table_unref(&t);
}

static void
conf_comes(unsigned n)
{
	struct proxy_conf c = set_conf(n);

	proxy_reconf(proxy, &c);
}

static void
spans_go(void)
{
	struct proxy_failed failed;
	char lines[16384];
	unsigned count;

	(void)proxy_spans_take(proxy, lines, sizeof lines, &count);
	(void)proxy_spans_lost_take(proxy);
	while (proxy_failed_take(proxy, &failed))
		ASSERT(failed.count > 0 && failed.why != NULL);
}

/* Whoever reads the access log. */
static void
reader_comes(unsigned n)
{
	int p[2];

	if (reader >= 0)
		close(reader);
	reader = -1;
	if (n % 3 == 0) {
		proxy_set_access(proxy, open("/dev/null", O_WRONLY | O_CLOEXEC));
		return;
	}
	ASSERT(pipe2(p, O_NONBLOCK | O_CLOEXEC) == 0);
	proxy_set_access(proxy, p[1]);
	if (n % 3 == 1)
		close(p[0]);
	else
		reader = p[0];
}

static void
borrow(unsigned n)
{
	if (n % 2 == 0)
		proxy_give_back(proxy, 7);
	else if (!drained)
		proxy_borrow(proxy, fcntl(front_fd[INNER], F_DUPFD_CLOEXEC, 0), &front[INNER], 7);
}

/* Whoever talks to it still. */
static void
proxy_ends(void)
{
	proxy_free(&proxy);
	ended = true;
}

static void
happen(char verb, unsigned n)
{
	switch (verb) {
	case 'w':
		time_passes(n % 100);
		break;
	case 'g':
		table_comes(n);
		break;
	case 'f':
		conf_comes(n);
		break;
	case 'n':
		set_secrets(proxy, n);
		break;
	case 'b':
		proxy_beat(proxy);
		break;
	case 's':
		spans_go();
		break;
	case 'p':
		set_node(n, now_usec);
		break;
	case 'a':
		reader_comes(n);
		break;
	case 'l':
		proxy_unlisten(proxy, &front[n % LISTENERS]);
		break;
	case 'L':
		borrow(n);
		break;
	case 'd':
		if (!drained) {
			proxy_set_patience(proxy, n % 10 * USEC_PER_SEC);
			proxy_drain(proxy, on_empty, NULL);
		}
		drained = true;
		break;
	case 'e':
		proxy_ends();
	}
}

static void
step(struct str part)
{
	const char *line_end = part.len == 0 ? NULL : memchr(part.p, '\n', part.len);
	unsigned n = 0, m = 0;
	size_t i = 1;
	char verb = part.len == 0 ? 0 : *part.p;
	struct str s = { NULL, 0 };

	for (; i < part.len && part.p[i] >= '0' && part.p[i] <= '9'; i++)
		n = (n * 10 + (unsigned)(part.p[i] - '0')) % 10000;
	for (i++; i < part.len && part.p[i] >= '0' && part.p[i] <= '9'; i++)
		m = (m * 10 + (unsigned)(part.p[i] - '0')) % 10000;
	if (line_end != NULL)
		s = (struct str){ line_end + 1, part.len - (size_t)(line_end + 1 - part.p) };
	trace(NULL, "----", part);
	if (verb == 'c')
		client_says(&client[n % CLIENTS], m, s);
	else if (verb == 'q' || verb == 'Q')
		ask_often(&client[n % CLIENTS], m, s, verb == 'Q');
	else if (verb == 'y' || verb == 'Y')
		say_much(verb == 'y' ? &client[n % CLIENTS] : &task[n % ENDS], m);
	else if (verb == 't')
		say(&task[n % ENDS], s);
	else if ((verb == 'C' && client[n % CLIENTS].fd >= 0) || (verb == 'T' && task[n % ENDS].fd >= 0))
		shutdown(verb == 'C' ? client[n % CLIENTS].fd : task[n % ENDS].fd, SHUT_WR);
	else if (verb == 'x' || verb == 'k')
		end_close(verb == 'x' ? &client[n % CLIENTS] : &task[n % ENDS]);
	else if (verb == 'h')
		client[n % CLIENTS].deaf = !client[n % CLIENTS].deaf;
	else if (verb == 'H')
		task[n % ENDS].deaf = !task[n % ENDS].deaf;
	else
		happen(verb, n);
	turn();
}

static void
all_hang_up(void)
{
	for (int i = 0; i < CLIENTS; i++)
		end_close(&client[i]);
	for (int i = 0; i < ENDS; i++)
		end_close(&task[i]);
}

/* Who has called while the proxy accepted nobody any more. */
static void
fronts_hang_up(void)
{
	int fd;

	for (int i = 0; i < LISTENERS; i++)
		while ((fd = accept4(front_fd[i], NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0)
			end_close(&(struct end){ .fd = fd });
}

static void
nothing_is_left(void)
{
	struct live_task t;

	ASSERT(live_node_inflight(live, 0) == 0);
	for (unsigned i = 0; i < 64; i++) {
		live_task_read(live, i, &t);
		ASSERT(t.inflight == 0);
	}
	ASSERT(live_gauge_total(live, LIVE_CLIENTS) == 0);
	ASSERT(live_gauge_total(live, LIVE_IDLE_UPSTREAMS) == 0);
	ASSERT(live_gauge_total(live, LIVE_WAITING) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct str rest = { (const char *)bytes, len }, part;

	if (l == NULL)
		set_begin();
	drained = ended = false;
	for (int i = 0; i < CLIENTS; i++)
		client[i] = (struct end){ .fd = -1 };
	for (int i = 0; i < ENDS; i++)
		task[i] = (struct end){ .fd = -1 };
	proxy = set_proxy(0);
	reader_comes(0);
	table_comes(0);
	turn();
	while (!ended && talk_part(&rest, &part))
		step(part);
	if (!ended) {
		all_hang_up();
		turn();
		time_passes(20);
		all_hang_up();
		turn();
		proxy_free(&proxy);
	}
	turn();
	if (reader >= 0)
		close(reader);
	reader = -1;
	all_hang_up();
	loop_turn(l, 0);
	nothing_is_left();
	fronts_hang_up();
	return 0;
}
