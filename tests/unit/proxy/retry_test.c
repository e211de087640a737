/*
 * Requests that one task fails and another one serves: which may be repeated, how often, and what the client receives.
 */
#include <netinet/tcp.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "stage.h"

#define SOON	(50 * MSEC)
#define BUSY	"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\n\r\nbusy"
#define BUSY_CLOSE "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 4\r\n\r\nbusy"
#define OK_CLOSE "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"
#define PUT	"PUT / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 5\r\n\r\n"
#define PUT_GOT	"PUT / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 5\r\n" FORWARDED "\r\n"
#define POST	"POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 1\r\n\r\nx"
#define POST_GOT "POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 1\r\n" FORWARDED "\r\nx"

/* Whichever task the proxy has connected to. */
static int
call(int *origin)
{
	int fd = -1;

	WAIT_UNTIL((fd = answer_any(origin)) >= 0);
	return fd;
}

/* `said` to the first task that the request reaches; its connection, and which task it is. */
static int
first_task(int c, const char *ask, const char *asked, int *origin)
{
	int t;

	say(c, ask);
	t = call(origin);
	hear(t, asked);
	return t;
}

static uint64_t
retries(bool done)
{
	struct live_task t;
	uint64_t n = 0;

	for (int i = 0; i < stage.norigins; i++) {
		live_task_read(stage.live, (unsigned)i, &t);
		n += done ? t.retries : t.retries_refused;
	}
	return n;
}

/* Requests of the service, whose durations are known, and errors that their clients saw; errors of tasks. */
static void
counted(unsigned requests, unsigned errors, unsigned of_tasks)
{
	static struct live_traffic t;

	live_service_traffic(stage.live, 1, &t);
	for (unsigned i = 0; i < LATENCY_STEPS; i++)
		requests -= t.step[i];
	assert_int_equal(requests, 0);
	for (unsigned i = 0; i < LIVE_ERRORS; i++)
		errors -= t.error[i];
	assert_int_equal(errors, 0);
	for (unsigned k = 0; k < (unsigned)stage.norigins; k++) {
		live_task_traffic(stage.live, k, &t);
		for (unsigned i = 0; i < LIVE_ERRORS; i++)
			of_tasks -= t.error[i];
	}
	assert_int_equal(of_tasks, 0);
}

static void
served_by_another(const char *said, bool close_it)
{
	int c, t, u, first, second;

	stage_open(3);
	c = dial();
	t = first_task(c, GET("/"), GOT("/"), &first);
	say(t, said);
	if (close_it)
		close(t);
	u = call(&second);
	assert_int_not_equal(first, second);
	hear(u, GOT("/"));
	assert_int_equal(inflight(), 1);
	say(u, OK(2, "ok"));
	hear(c, OK(2, "ok"));
	assert_int_equal(retries(true), 1);
	assert_int_equal(whys(WHY_COMPLETE), 1);
	counted(1, 0, 1);
	if (!close_it)
		close(t);
	close(u);
	close(c);
	stage_close();
}

/* Whatever a task does instead of a response, and whatever of one did not reach the client. */
static void
test_another_task(void **state)
{
	static const char *const said[] = {
		BUSY,
		"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 100000\r\n\r\nonly some of it",
		"HTTP/1.1 504 Gateway Timeout\r\nTransfer-Encoding: chunked\r\n\r\n",
		"220 smtp.example ready\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof said / sizeof said[0]; i++)
		served_by_another(said[i], false);
	served_by_another("", true);
	served_by_another("HTTP/1.1 200 OK\r\nContent-Le", true);
}

static void
test_slow_task(void **state)
{
	int c, t, u, first, second;

	(void)state;
	stage_open(2);
	stage.service.response_usec = SOON;
	stage_table();
	c = dial();
	t = first_task(c, GET("/"), GOT("/"), &first);
	u = call(&second);
	assert_int_not_equal(first, second);
	hear(u, GOT("/"));
	say(u, OK(2, "ok"));
	hear(c, OK(2, "ok"));
	hear_end(t);
	close(t);
	close(u);
	close(c);
	stage_close();
}

/* What the kernel reports of connections while a node is cut off. */
static bool cut_off;

int
getsockopt(int fd, int level, int name, void *value, socklen_t *len)
{
	int res = (int)syscall(SYS_getsockopt, fd, level, name, value, len);

	if (res == 0 && cut_off && level == IPPROTO_TCP && name == TCP_INFO) {
		((struct tcp_info *)value)->tcpi_unacked = 1;
		((struct tcp_info *)value)->tcpi_retransmits = 3;
	}
	return res;
}

/* Long before the response is late another task has it; what cannot be repeated waits on. */
static void
test_node_cut_off(void **state)
{
	int c, d, t, u, v, first, second, third;

	(void)state;
	stage_open(2);
	c = dial();
	d = dial();
	u = first_task(d, POST, POST_GOT, &second);
	t = first_task(c, GET("/"), GOT("/"), &first);
	cut_off = true;
	v = call(&third);
	assert_int_not_equal(third, first);
	hear(v, GOT("/"));
	say(v, OK(2, "ok"));
	hear(c, OK(2, "ok"));
	hear_end(t);
	cut_off = false;
	say(u, OK(2, "ok"));
	hear(d, OK(2, "ok"));
	assert_int_equal(retries(true), 1);
	close(t);
	close(u);
	close(v);
	close(c);
	close(d);
	stage_close();
}

/* What was sent of a body is kept for the next task, and the rest follows when it comes. */
static void
test_body_again(void **state)
{
	int c, t, u, first, second;

	(void)state;
	stage_open(2);
	c = dial();
	t = first_task(c, PUT "ab", PUT_GOT "ab", &first);
	say(c, "c");
	hear(t, "c");
	close(t);
	u = call(&second);
	hear(u, PUT_GOT "abc");
	say(c, "de");
	hear(u, "de");
	say(u, OK(2, "ok"));
	hear(c, OK(2, "ok"));
	close(u);
	close(c);
	stage_close();
}

/* More than is kept: the client must repeat it. */
static void
test_large_body(void **state)
{
	char body[40000];
	int c, t, first;

	(void)state;
	memset(body, 'x', sizeof body);
	stage_open(2);
	c = dial();
	say(c, "PUT / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 50000\r\n\r\n");
	t = call(&first);
	hear(t, "PUT / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 50000\r\n" FORWARDED "\r\n");
	say_bytes(c, body, sizeof body);
	hear_bytes(t, body, sizeof body);
	say(t, BUSY);
	hear(c, "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\nConnection: close\r\n\r\nbusy");
	assert_int_equal(retries(true) + retries(false), 0);
	close(t);
	close(c);
	stage_close();
}

static void
test_not_idempotent(void **state)
{
	int c, t, first;

	(void)state;
	stage_open(2);
	c = dial();
	t = first_task(c, POST, POST_GOT, &first);
	say(t, BUSY);
	hear(c, BUSY);
	close(t);
	t = first_task(c, POST, POST_GOT, &first);
	close(t);
	hear_why(c, 502, WHY_UPSTREAM_GONE);
	counted(2, 2, 2);
	assert_int_equal(retries(true) + retries(false), 0);
	close(c);
	stage_close();
}

/* The client has seen that a task is at work: a second one would not be what it saw. */
static void
test_interim_seen(void **state)
{
	int c, t, first;

	(void)state;
	stage_open(2);
	c = dial();
	t = first_task(c, GET("/"), GOT("/"), &first);
	say(t, "HTTP/1.1 103 Early Hints\r\n\r\n");
	hear(c, "HTTP/1.1 103 Early Hints\r\n\r\n");
	say(t, BUSY);
	hear(c, BUSY);
	close(t);
	close(c);
	stage_close();
}

/* Two repeats, no more: the client receives what the third task says. */
static void
test_at_most_twice(void **state)
{
	int c, t[3], origin[3];

	(void)state;
	stage_open(4);
	c = dial();
	say(c, GET("/"));
	for (int i = 0; i < 3; i++) {
		t[i] = call(&origin[i]);
		hear(t[i], GOT("/"));
		say(t[i], BUSY);
		for (int k = 0; k < i; k++)
			assert_int_not_equal(origin[k], origin[i]);
	}
	hear(c, BUSY);
	assert_int_equal(retries(true), 2);
	for (int i = 0; i < 3; i++)
		close(t[i]);
	close(c);
	stage_close();
}

/* One task: what it says is what there is. */
static void
test_nobody_else(void **state)
{
	int c, t, first;

	(void)state;
	stage_open(1);
	c = dial();
	t = first_task(c, GET("/"), GOT("/"), &first);
	say(t, BUSY);
	hear(c, BUSY);
	assert_int_equal(retries(true) + retries(false), 0);
	close(t);
	close(c);
	stage_close();
}

/* Clients' requests, one after the other, each of which fails on each task that gets it. Tables come meanwhile. */
static void
all_fail(int requests)
{
	for (int i = 0; i < requests; i++) {
		int c = dial(), t, first;

		if (i % 3 == 0)
			stage_table();
		t = first_task(c, GET("/"), GOT("/"), &first);
		say(t, BUSY_CLOSE);
		for (;;) {			/* the client's response, or a second task */
			char head[12];
			ssize_t n = recv(c, head, sizeof head, 0);
			int u = n > 0 ? -1 : answer_any(&first);
			if (u >= 0) {
				hear(u, GOT("/"));
				say(u, BUSY_CLOSE);
				close(u);
			} else if (n > 0)
				break;
			else
				stage_turn();
		}
		close(t);
		close(c);
	}
}

/* A quiet service's few repeats are soon spent, and then clients receive what the first task says. */
static void
test_budget(void **state)
{
	(void)state;
	stage_open(2);
	all_fail(60);
	assert_int_equal(retries(true), 60 / 5);
	assert_int_equal(retries(false), 60 - 60 / 5);
	stage_close();
}

/* The budget is spent, and one of two tasks is gone: where nothing of a request was sent, the other one gets it all the same. */
static void
test_unsent_is_no_load(void **state)
{
	uint64_t before;
	int64_t until;
	int c;

	(void)state;
	stage_open(2);
	all_fail(60);
	before = retries(true);
	close(stage.origin[0]);
	until = clock_mono_usec() + OUTLIER_TRIED_USEC;
	WAIT_UNTIL(clock_mono_usec() >= until);
	c = dial();
	for (int i = 0; i < 200 && retries(true) < before + 2; i++) {
		int t, origin;

		say(c, GET("/"));
		t = call(&origin);
		hear(t, GOT("/"));
		say(t, OK_CLOSE);
		hear(c, OK(2, "ok"));
		close(t);
	}
	assert_true(retries(true) >= before + 2);
	stage.origin[0] = stage_listen(&stage.origin_addr[0]);
	close(c);
	stage_close();
}

/* Where all of them refuse, there is no such task: the budget bounds what they are asked, but for a try each 0.1 s. */
static void
test_all_refuse(void **state)
{
	int64_t begun;
	int c;

	(void)state;
	stage_open(2);
	close(stage.origin[0]);
	close(stage.origin[1]);
	begun = clock_mono_usec();
	c = dial();
	for (int i = 0; i < 300; i++) {
		say(c, GET("/"));
		hear_why(c, 502, WHY_CONNECT_REFUSED);
	}
	assert_true(retries(true) <= 300 / 5 + 2 * (1 + (uint64_t)((clock_mono_usec() - begun) / OUTLIER_TRIED_USEC)));
	stage.origin[0] = stage_listen(&stage.origin_addr[0]);
	stage.origin[1] = stage_listen(&stage.origin_addr[1]);
	close(c);
	stage_close();
}

/* ---- another table meanwhile ---- */

/* The other task that there was is drained since, and there is a new one. */
static void
test_another_table(void **state)
{
	int c, t, u, first, second;

	(void)state;
	stage_open(3);
	stage.state[2] = GONE;
	stage_table();
	c = dial();
	t = first_task(c, GET("/"), GOT("/"), &first);
	stage.state[1 - first] = DRAINS;
	stage.state[2] = SERVES;
	stage_table();
	close(t);
	u = call(&second);
	assert_int_equal(second, 2);
	hear(u, GOT("/"));
	say(u, OK(2, "ok"));
	hear(c, OK(2, "ok"));
	assert_int_equal(retries(true), 1);
	close(u);
	close(c);
	stage_close();
}

/* And by its settings: the new table has a shorter time for the response. */
static void
test_another_table_settings(void **state)
{
	int c, t, u, first, second;

	(void)state;
	stage_open(2);
	c = dial();
	t = first_task(c, GET("/"), GOT("/"), &first);
	stage.service.response_usec = SOON;
	stage_table();
	close(t);
	u = call(&second);
	assert_int_equal(second, 1 - first);
	hear(u, GOT("/"));
	hear_why(c, 504, WHY_UPSTREAM_SLOW_HEAD);
	close(u);
	close(c);
	stage_close();
}

static void
test_service_gone(void **state)
{
	int c, t, first;

	(void)state;
	stage_open(2);
	c = dial();
	t = first_task(c, GET("/"), GOT("/"), &first);
	stage.name = "renamed";
	stage_table();
	close(t);
	hear_why(c, 502, WHY_UPSTREAM_GONE);
	assert_int_equal(retries(true) + retries(false), 0);
	close(c);
	stage_close();
}

/* An idle connection that died is opened again to a task that is still there, also a drained one: it had the request before.
 * One that is gone may not even refuse a connection. */
static void
test_idle_died(void **state)
{
	int c, t, u, first, second;

	(void)state;
	for (int gone = 0; gone < 2; gone++) {
		stage_open(2);
		stage.state[1] = GONE;
		stage_table();
		c = dial();
		t = first_task(c, GET("/1"), GOT("/1"), &first);
		say(t, OK(2, "ok"));
		hear(c, OK(2, "ok"));
		say(c, GET("/2"));
		hear(t, GOT("/2"));
		stage.state[0] = gone ? GONE : DRAINS;
		stage.state[1] = SERVES;
		stage_table();
		close(t);
		u = call(&second);
		assert_int_equal(second, gone ? 1 : 0);
		hear(u, GOT("/2"));
		say(u, OK(2, "ok"));
		hear(c, OK(2, "ok"));
		close(u);
		close(c);
		stage_close();
	}
}

/* What a task closed may be read: without a budget it does not get it a second time. */
static void
test_idle_died_without_budget(void **state)
{
	int c, t;

	(void)state;
	stage_open(2);
	all_fail(50);
	stage.state[1] = GONE;
	stage_table();
	c = dial();
	t = first_task(c, GET("/1"), GOT("/1"), &(int){ 0 });
	say(t, OK(2, "ok"));
	hear(c, OK(2, "ok"));
	say(c, GET("/2"));
	hear(t, GOT("/2"));
	close(t);
	hear_why(c, 502, WHY_UPSTREAM_GONE);
	assert_true(nobody_calls(0));
	close(c);
	stage_close();
}

/* ---- as the service says ---- */

static void
open_with(int norigins, const char *on, unsigned attempts)
{
	stage_open(norigins);
	stage_retry_on(on);
	stage.service.retry_attempts = attempts;
	stage_table();
}

/* The first task says `said`, to this request; whether another one gets the request then, or the client what was said. */
static bool
goes_on(const char *on, const char *ask, const char *asked, const char *said)
{
	int c, t, u = -1, first, second;
	char got[2];
	bool on_it_goes;

	open_with(2, on, 3);
	c = dial();
	t = first_task(c, ask, asked, &first);
	if (said != NULL)
		say(t, said);
	else
		hang_up(t);
	WAIT_UNTIL((u = answer_any(&second)) >= 0 || recv(c, got, sizeof got, MSG_PEEK) > 0);
	if ((on_it_goes = u >= 0)) {
		assert_int_equal(second, 1 - first);
		hear(u, asked);
		say(u, OK(2, "ok"));
		hear(c, OK(2, "ok"));
		close(u);
	} else if (said != NULL)
		hear(c, said);
	if (said != NULL)
		close(t);
	close(c);
	stage_close();
	return on_it_goes;
}

#define SAYS(status, more)	"HTTP/1.1 " status " So\r\nContent-Length: 0\r\n" more "\r\n"

static void
test_what_it_is_sent_again_for(void **state)
{
	(void)state;
	assert_true(goes_on("500, 429", GET("/"), GOT("/"), SAYS("500", "")));
	assert_true(goes_on("5xx", GET("/"), GOT("/"), SAYS("599", "")));
	assert_false(goes_on("5xx", GET("/"), GOT("/"), SAYS("404", "")));
	assert_false(goes_on("500, 429", GET("/"), GOT("/"), SAYS("503", "")));
	assert_true(goes_on("503", GET("/"), GOT("/"), SAYS("503", "Retry-After: 1\r\n")));
	/* the client is to wait, and no other task to be asked */
	assert_true(goes_on("429", GET("/"), GOT("/"), SAYS("429", "")));
	assert_false(goes_on("429", GET("/"), GOT("/"), SAYS("429", "Retry-After: 1\r\n")));
	/* a connection that breaks is another matter */
	assert_true(goes_on("reset", GET("/"), GOT("/"), NULL));
	assert_false(goes_on("connect, timeout, 5xx", GET("/"), GOT("/"), NULL));
	assert_false(goes_on("none", GET("/"), GOT("/"), NULL));
	/* and what the method forbids, no number of attempts allows */
	assert_false(goes_on("connect, reset, timeout, 5xx", POST, POST_GOT, NULL));
	assert_false(goes_on("5xx", POST, POST_GOT, SAYS("503", "")));
}

/* Its status was good: what is wrong is how it goes on. */
static void
test_malformed_is_a_break(void **state)
{
	static const char *const on[] = { "connect, timeout, 5xx", "reset" };

	(void)state;
	for (int i = 0; i < 2; i++) {
		int c, t, u, first, second;

		open_with(2, on[i], 3);
		c = dial();
		t = first_task(c, GET("/"), GOT("/"), &first);
		say(t, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n");
		if (i == 1) {
			u = call(&second);
			hear(u, GOT("/"));
			say(u, OK(2, "ok"));
			hear(c, OK(2, "ok"));
			close(u);
		} else
			hear_why(c, 502, WHY_UPSTREAM_BAD_BODY);
		assert_int_equal(live_retries_total(stage.live, 1, RETRY_RESET), i);
		close(t);
		close(c);
		stage_close();
	}
}

static void
test_refused_connections(void **state)
{
	static const char *const on[] = { "reset, timeout, 5xx", "connect" };

	(void)state;
	for (int i = 0; i < 2; i++) {
		int c;

		open_with(2, on[i], 3);
		close(stage.origin[0]);
		close(stage.origin[1]);
		c = dial();
		say(c, POST);
		hear_why(c, 502, WHY_CONNECT_REFUSED);
		assert_int_equal(live_retries_total(stage.live, 1, RETRY_CONNECT), i);
		stage.origin[0] = stage_listen(&stage.origin_addr[0]);
		stage.origin[1] = stage_listen(&stage.origin_addr[1]);
		close(c);
		stage_close();
	}
}

/* The client gets the last response. */
static void
test_attempts(void **state)
{
	static const unsigned attempts[] = { 1, 2, 4, 10 };

	(void)state;
	for (size_t k = 0; k < sizeof attempts / sizeof attempts[0]; k++) {
		unsigned most = attempts[k] < TASKS ? attempts[k] : TASKS;
		char said[] = SAYS("503", "X-Try: 0\r\n");
		int c, t[TASKS], o;

		open_with(TASKS, "503", attempts[k]);
		c = dial();
		say(c, GET("/"));
		for (unsigned i = 0; i < most; i++) {
			t[i] = call(&o);
			hear(t[i], GOT("/"));
			strstr(said, "X-Try: ")[7] = (char)('0' + i);
			say(t[i], said);
		}
		hear(c, said);
		assert_int_equal(live_retries_total(stage.live, 1, RETRY_STATUS), most - 1);
		for (unsigned i = 0; i < most; i++)
			close(t[i]);
		close(c);
		stage_close();
	}
}

static void
test_no_budget_at_all(void **state)
{
	int c, t, first;

	(void)state;
	stage_open(2);
	stage.service.retry_budget = 0;
	stage_table();
	c = dial();
	t = first_task(c, GET("/"), GOT("/"), &first);
	say(t, BUSY);
	hear(c, BUSY);
	assert_int_equal(retries(false), 1);
	close(t);
	close(c);
	stage_close();
}

static void
test_every_method(void **state)
{
	int c, t, u, first, second;

	(void)state;
	stage_open(2);
	stage.service.retry_methods = RETRY_ALL;
	stage_table();
	c = dial();
	t = first_task(c, POST, POST_GOT, &first);
	close(t);
	u = call(&second);
	assert_int_equal(second, 1 - first);
	hear(u, POST_GOT);
	say(u, OK(2, "ok"));
	hear(c, OK(2, "ok"));
	close(u);
	close(c);
	stage_close();
}

/* A response that is dropped was read to its end: its connection is used again. */
static void
test_connection_of_a_dropped_response(void **state)
{
	int c, t, u, first, second;

	(void)state;
	stage_open(2);
	c = dial();
	t = first_task(c, GET("/"), GOT("/"), &first);
	say(t, BUSY);
	u = call(&second);
	hear(u, GOT("/"));
	say(u, OK(2, "ok"));
	hear(c, OK(2, "ok"));
	stage.state[second] = GONE;
	stage_table();
	say(c, GET("/again"));
	hear(t, GOT("/again"));
	say(t, OK(2, "ok"));
	hear(c, OK(2, "ok"));
	close(t);
	close(u);
	close(c);
	stage_close();
}

/* No other task has room when it takes too long. It has not failed by that: when it does, and there is room, another has it. */
static void
test_try_that_takes_long_and_fails(void **state)
{
	int c, d, t, u, first, second;

	(void)state;
	stage_open(2);
	stage.service.retry_per_try_usec = SOON;
	stage.service.retry_attempts = 2;
	stage.service.task_max_inflight = 1;
	stage_table();
	c = dial();
	d = dial();
	t = first_task(c, GET("/"), GOT("/"), &first);
	u = first_task(d, POST, POST_GOT, &second);
	assert_int_equal(second, 1 - first);
	stage_turns(3 * SOON);
	say(u, OK(2, "ok"));
	hear(d, OK(2, "ok"));
	hang_up(t);
	hear(u, GOT("/"));
	say(u, OK(2, "ok"));
	hear(c, OK(2, "ok"));
	assert_int_equal(live_retries_total(stage.live, 1, RETRY_RESET), 1);
	close(u);
	close(c);
	close(d);
	stage_close();
}

/* As long as another task may have it; else it is waited for. */
static void
test_try_that_takes_long(void **state)
{
	int c, t, u, first, second;

	(void)state;
	stage_open(2);
	stage.service.retry_per_try_usec = SOON;
	stage_table();
	c = dial();
	t = first_task(c, GET("/"), GOT("/"), &first);
	u = call(&second);
	assert_int_equal(second, 1 - first);
	hear(u, GOT("/"));
	hear_end(t);
	assert_int_equal(live_retries_total(stage.live, 1, RETRY_TIMEOUT), 1);
	/* this one is the last */
	stage_turns(3 * SOON);
	say(u, OK(2, "ok"));
	hear(c, OK(2, "ok"));
	close(t);
	close(u);
	close(c);
	stage_close();
}

/* A client that sends its body slowly is not its task's failure: the try begins to take long when the task has all of it. */
static void
test_try_of_a_slow_client(void **state)
{
	int c, t, u, first, second;

	(void)state;
	stage_open(2);
	stage.service.retry_per_try_usec = SOON;
	stage_table();
	c = dial();
	say(c, "PUT / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 4\r\n\r\nab");
	t = call(&first);
	hear(t, "PUT / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 4\r\n" FORWARDED "\r\nab");
	stage_turns(3 * SOON);
	assert_int_equal(live_retries_total(stage.live, 1, RETRY_TIMEOUT), 0);
	say(c, "cd");
	hear(t, "cd");
	assert_int_equal(live_retries_total(stage.live, 1, RETRY_TIMEOUT), 0);
	u = call(&second);
	assert_int_equal(second, 1 - first);
	assert_int_equal(live_retries_total(stage.live, 1, RETRY_TIMEOUT), 1);
	hear(u, "PUT / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 4\r\n" FORWARDED "\r\nabcd");
	say(u, OK(2, "ok"));
	hear(c, OK(2, "ok"));
	close(t);
	close(u);
	close(c);
	stage_close();
}

/* `most` is body; the request has a body of so many bytes, in chunks or with its length. */
static void
large_body(unsigned most, size_t bytes, bool chunked, bool again)
{
	static char body[300000];
	char head[64], got[512];
	int c, t, u, first, second;

	for (size_t i = 0; i < sizeof body; i++)
		body[i] = (char)('a' + i % 23);
	stage_open(2);
	stage.service.retry_body = most;
	stage_table();
	if (chunked)
		snprintf(head, sizeof head, "Transfer-Encoding: chunked\r\n");
	else
		snprintf(head, sizeof head, "Content-Length: %zu\r\n", bytes);
	snprintf(got, sizeof got, "PUT / HTTP/1.1\r\nHost: a.example\r\n%s%s\r\n", head, FORWARDED);
	c = dial();
	say(c, "PUT / HTTP/1.1\r\nHost: a.example\r\n");
	say(c, head);
	say(c, "\r\n");
	t = call(&first);
	hear(t, got);
	/* in pieces, so that a page has to grow more than once */
	for (size_t at = 0; at < bytes; at += 5000) {
		size_t n = bytes - at < 5000 ? bytes - at : 5000;
		if (chunked) {
			snprintf(head, sizeof head, "%zx\r\n", n);
			say(c, head);
			hear(t, head);
		}
		say_bytes(c, body + at, n);
		hear_bytes(t, body + at, n);
		if (chunked) {
			say(c, "\r\n");
			hear(t, "\r\n");
		}
	}
	if (chunked) {
		say(c, "0\r\n\r\n");
		hear(t, "0\r\n\r\n");
	}
	say(t, BUSY);
	if (again) {
		u = call(&second);
		hear(u, got);
		for (size_t at = 0; at < bytes; at += 5000) {
			size_t n = bytes - at < 5000 ? bytes - at : 5000;
			snprintf(head, sizeof head, "%zx\r\n", n);
			hear(u, chunked ? head : "");
			hear_bytes(u, body + at, n);
			hear(u, chunked ? "\r\n" : "");
		}
		hear(u, chunked ? "0\r\n\r\n" : "");
		say(u, OK(2, "ok"));
		hear(c, OK(2, "ok"));
		close(u);
	} else
		hear(c, BUSY);
	close(t);
	close(c);
	stage_close();
}

static void
test_bodies_that_are_kept(void **state)
{
	(void)state;
	for (int chunked = 0; chunked < 2; chunked++) {
		large_body(65536, 40000, chunked, true);
		large_body(65536, 65536, chunked, true);
		large_body(65536, 65537, chunked, false);
		large_body(1 << 20, 300000, chunked, true);
		large_body(100, 99, chunked, true);
		large_body(100, 101, chunked, false);
		large_body(0, 1, chunked, false);
	}
}

/* ---- a second task, before the first one has responded ---- */

/* So many that what 95 % take is known: next to nothing. */
static void
open_with_hedge(int norigins)
{
	int c, t = -1, o;

	stage_open(norigins);
	stage.service.retry_hedge = true;
	for (int i = 1; i < norigins; i++)
		stage.state[i] = GONE;
	stage_table();
	c = dial();
	for (int i = 0; i < 120; i++) {
		say(c, GET("/"));
		if (t < 0)
			t = call(&o);
		hear(t, GOT("/"));
		say(t, OK(2, "ok"));
		hear(c, OK(2, "ok"));
	}
	close(c);
	close(t);
	for (int i = 1; i < norigins; i++)
		stage.state[i] = SERVES;
	stage_table();
}

static uint64_t
hedges(void)
{
	return live_retries_total(stage.live, 1, RETRY_HEDGE);
}

static void
test_hedge_wins(void **state)
{
	int c, t, u, first, second;

	(void)state;
	open_with_hedge(3);
	c = dial();
	t = first_task(c, GET("/slow"), GOT("/slow"), &first);
	u = call(&second);
	assert_int_not_equal(first, second);
	hear(u, GOT("/slow"));
	assert_int_equal(inflight(), 2);
	say(u, OK(2, "ok"));
	hear(c, OK(2, "ok"));
	hear_end(t);
	assert_int_equal(inflight(), 0);
	assert_int_equal(hedges(), 1);
	assert_int_equal(retries(true), 0);
	assert_int_equal(whys(WHY_COMPLETE), 121);
	assert_int_equal(whys(WHY_HEDGED), 0);
	counted(121, 0, 0);
	close(t);
	/* its connection is as good as any */
	for (int i = 0; i < 3; i++)
		stage.state[i] = i == second ? SERVES : GONE;
	stage_table();
	say(c, GET("/next"));
	hear(u, GOT("/next"));
	say(u, OK(2, "ok"));
	hear(c, OK(2, "ok"));
	close(u);
	close(c);
	stage_close();
}

/* The client gets what the first one says, and of the second one nothing is left. */
static void
test_hedge_loses(void **state)
{
	static const char *const said[] = { NULL, BUSY, "HTTP/1.1 200", "nonsense\r\n\r\n", "HTTP/1.1 103 Hints\r\n\r\n" };

	(void)state;
	for (size_t i = 0; i < sizeof said / sizeof said[0]; i++) {
		int c, t, u, first, second;

		open_with_hedge(2);
		c = dial();
		t = first_task(c, GET("/slow"), GOT("/slow"), &first);
		u = call(&second);
		hear(u, GOT("/slow"));
		if (said[i] != NULL)
			say(u, said[i]);
		for (int k = 0; k < 20; k++)
			stage_turn();
		say(t, OK(2, "ok"));
		hear(c, OK(2, "ok"));
		hear_end(u);
		assert_int_equal(inflight(), 0);
		assert_int_equal(hedges(), 1);
		assert_int_equal(whys(WHY_COMPLETE), 121);
		close(t);
		close(u);
		close(c);
		stage_close();
	}
}

/* The first one fails while there are two: the second one has it, and nothing is sent a third time. */
static void
test_hedge_takes_over(void **state)
{
	(void)state;
	for (int busy = 0; busy < 2; busy++) {
		int c, t, u, first, second;

		open_with_hedge(3);
		c = dial();
		t = first_task(c, GET("/slow"), GOT("/slow"), &first);
		u = call(&second);
		hear(u, GOT("/slow"));
		if (busy)
			say(t, BUSY);
		else
			hang_up(t);
		WAIT_UNTIL(inflight() == 1);
		say(u, OK(2, "ok"));
		hear(c, OK(2, "ok"));
		assert_int_equal(hedges(), 1);
		assert_int_equal(retries(true), 0);
		assert_int_equal(whys(WHY_COMPLETE), 121);
		if (busy)
			close(t);
		close(u);
		close(c);
		stage_close();
	}
}

/* The client leaves: both do. */
static void
test_hedge_and_no_client(void **state)
{
	int c, t, u, first, second;

	(void)state;
	open_with_hedge(2);
	c = dial();
	t = first_task(c, GET("/slow"), GOT("/slow"), &first);
	u = call(&second);
	hear(u, GOT("/slow"));
	close(c);
	hear_end(t);
	hear_end(u);
	assert_int_equal(inflight(), 0);
	assert_int_equal(whys(WHY_CLIENT_GONE), 1);
	close(t);
	close(u);
	stage_close();
}

static void
test_no_hedge(void **state)
{
	static const char *const asks[][2] = { { POST, POST_GOT }, { GET("/"), GOT("/") } };

	(void)state;
	for (int i = 0; i < 2; i++) {
		int c, t, first;

		open_with_hedge(2);
		stage.service.retry_budget = i == 0 ? 20 : 0;
		stage_table();
		c = dial();
		t = first_task(c, asks[i][0], asks[i][1], &first);
		stage_turns(2 * SOON);
		assert_true(nobody_calls(0) && nobody_calls(1));
		assert_int_equal(hedges(), 0);
		assert_int_equal(retries(false), i);
		say(t, OK(2, "ok"));
		hear(c, OK(2, "ok"));
		close(t);
		close(c);
		stage_close();
	}
}

/* What it has at its task, the second one would not know. */
static void
test_no_hedge_of_a_bound_client(void **state)
{
	static const char named[] = "GET /slow HTTP/1.1\r\nHost: a.example\r\nCookie: ";
	char head[512] = "", *cookie, *end;
	int c, t, u, first, second;

	(void)state;
	open_with_hedge(2);
	stage.sticky = "stick";
	stage_table();
	c = dial();
	t = first_task(c, GET("/slow"), GOT("/slow"), &first);
	u = call(&second);			/* it is not bound yet */
	hear(u, GOT("/slow"));
	say(u, OK(2, "ok"));
	for (size_t at = 0; strstr(head, "\r\n\r\nok") == NULL; at++)
		WAIT_UNTIL(recv(c, head + at, 1, 0) == 1);
	assert_non_null(cookie = strstr(head, "stick="));
	assert_non_null(end = strchr(cookie, ';'));
	*end = '\0';
	say(c, named);
	say(c, cookie);
	say(c, "\r\n\r\n");
	hear(u, named);
	stage_turns(2 * SOON);
	assert_true(nobody_calls(first));
	assert_int_equal(hedges(), 1);
	hear(u, cookie);
	hear(u, "\r\n" FORWARDED "\r\n");
	say(u, OK(2, "ok"));
	hear(c, OK(2, "ok"));
	close(t);
	close(u);
	close(c);
	stage_close();
}

/* All tasks have what they may have in flight; or the service has. */
static void
test_no_hedge_beyond_limits(void **state)
{
	(void)state;
	for (unsigned clients = 1; clients <= 2; clients++) {
		int c[2], t[2], o;

		open_with_hedge(2);
		stage.service.max_inflight = clients == 1;
		stage.service.task_max_inflight = clients == 2;
		stage_table();
		for (unsigned i = 0; i < clients; i++)
			c[i] = dial();
		for (unsigned i = 0; i < clients; i++)
			say(c[i], GET("/slow"));
		for (unsigned i = 0; i < clients; i++)
			t[i] = call(&o);
		stage_turns(2 * SOON);
		assert_int_equal(inflight(), clients);
		assert_int_equal(hedges(), 0);
		for (unsigned i = 0; i < clients; i++) {
			hear(t[i], GOT("/slow"));
			say(t[i], OK(2, "ok"));
		}
		for (unsigned i = 0; i < clients; i++) {
			hear(c[i], OK(2, "ok"));
			close(t[i]);
			close(c[i]);
		}
		stage_close();
	}
}

/* ---- as a middleware says ---- */

#define POST_PASSED "POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 1\r\nX-Real-IP: 127.0.0.1\r\nX-Forwarded-Proto: http\r\n" \
	"X-Forwarded-Host: a.example\r\nX-Forwarded-Port: 80\r\nX-Forwarded-For: 127.0.0.1\r\n\r\nx"

static struct arena *arena;

static void
open_with_retry(int norigins, const char *attempts, const char *interval)
{
	const struct filter_setting s[] = { { STR("attempts"), str_of(attempts) }, { STR("initialInterval"), str_of(interval) } };

	arena = arena_new();
	stage_open(norigins);
	stage.chain = filter_chain_add(arena, "", STR("again"), FILTER_RETRY, s, 2);
	stage_table();
}

static void
close_with_retry(void)
{
	stage_close();
	arena_free(&arena);
}

/* The head that a task gets where its own address is its Host. */
static void
hear_named(int t, int origin, const char *fields)
{
	char want[1024], addr[ADDR_TEXT_MAX];

	snprintf(want, sizeof want, "GET / HTTP/1.1\r\nHost: %s\r\n%s\r\n",
	    addr_text(&stage.origin_addr[origin], addr), fields);
	hear(t, want);
}

/* Each task that is tried gets its own; the client's is in X-Forwarded-Host. With filters, and without. */
static void
test_host_of_the_task(void **state)
{
	static const char filtered[] = "X-Real-IP: 127.0.0.1\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: a.example\r\n"
	    "X-Forwarded-Port: 80\r\nX-Forwarded-For: 127.0.0.1\r\n";
	int c, t, u, first, second;

	(void)state;
	for (int filters = 0; filters < 2; filters++) {
		filters ? open_with_retry(3, "3", "1ms") : stage_open(3);
		stage.service.pass_host = false;
		stage_table();
		c = dial();
		say(c, GET("/"));
		t = call(&first);
		hear_named(t, first, filters ? filtered : FORWARDED);
		say(t, BUSY);
		u = call(&second);
		assert_int_not_equal(first, second);
		hear_named(u, second, filters ? filtered : FORWARDED);
		say(u, OK(2, "ok"));
		hear(c, OK(2, "ok"));
		close(t);
		close(u);
		close(c);
		filters ? close_with_retry() : stage_close();
	}
}

static uint64_t
requests(void)
{
	struct live_task t;
	uint64_t n = 0;

	for (int i = 0; i < stage.norigins; i++) {
		live_task_read(stage.live, (unsigned)i, &t);
		n += t.requests;
	}
	return n;
}

/* The only task is not there yet. */
static void
test_task_that_comes_back(void **state)
{
	int c, t;

	(void)state;
	open_with_retry(1, "1000", "2ms");
	close(stage.origin[0]);
	c = dial();
	say(c, POST);
	WAIT_UNTIL(retries(true) >= 5);
	assert_int_equal(inflight() <= 1, 1);
	stage.origin[0] = -1;
	assert_null(sock_listen(&stage.origin_addr[0], false, &stage.origin[0]));
	t = answer_call(0);
	hear(t, POST_PASSED);
	say(t, OK(2, "ok"));
	hear(c, OK(2, "ok"));
	assert_int_equal(whys(WHY_COMPLETE), 1);
	close(c);
	close(t);
	close_with_retry();
}

/* Between two tries they are not in flight, and others may have come meanwhile: not more of them than may be. */
static void
test_so_many_that_come_back(void **state)
{
	int c[2], t;

	(void)state;
	open_with_retry(1, "1000", "20ms");
	stage.service.max_inflight = 1;
	stage_table();
	close(stage.origin[0]);
	for (int i = 0; i < 2; i++) {
		c[i] = dial();
		say(c[i], POST);
		WAIT_UNTIL(retries(true) >= 1u + 2 * (unsigned)i);
	}
	stage.origin[0] = -1;
	assert_null(sock_listen(&stage.origin_addr[0], false, &stage.origin[0]));
	t = answer_call(0);
	hear(t, POST_PASSED);
	WAIT_UNTIL(whys(WHY_MAX_INFLIGHT) == 1);
	assert_int_equal(inflight(), 1);
	say(t, OK(2, "ok"));
	WAIT_UNTIL(inflight() == 0);
	assert_int_equal(whys(WHY_COMPLETE), 1);
	for (int i = 0; i < 2; i++)
		close(c[i]);
	close(t);
	close_with_retry();
}

static void
test_tries_are_as_many_as_allowed(void **state)
{
	static const char *const attempts[] = { "1", "2", "7" };

	(void)state;
	for (int i = 0; i < 3; i++)
		for (int norigins = 1; norigins <= 3; norigins++) {
			uint64_t most = strtoul(attempts[i], NULL, 10);
			int c;
			open_with_retry(norigins, attempts[i], "1ms");
			for (int o = 0; o < norigins; o++)
				close(stage.origin[o]);
			c = dial();
			say(c, GET("/"));
			hear_why(c, 502, WHY_CONNECT_REFUSED);
			assert_int_equal(requests(), most);
			assert_int_equal(retries(true), most - 1);
			assert_int_equal(inflight(), 0);
			for (int o = 0; o < norigins; o++)
				stage.origin[o] = stage_listen(&stage.origin_addr[o]);
			close(c);
			close_with_retry();
		}
}

/* The budget is for what tasks have to do twice. */
static void
test_no_budget_for_what_was_not_sent(void **state)
{
	int c;

	(void)state;
	open_with_retry(1, "3", "0");
	close(stage.origin[0]);
	c = dial();
	for (int i = 0; i < 60; i++) {
		say(c, GET("/"));
		hear_why(c, 502, WHY_CONNECT_REFUSED);
	}
	assert_int_equal(requests(), 180);
	stage.origin[0] = stage_listen(&stage.origin_addr[0]);
	close(c);
	close_with_retry();
}

static void
test_what_was_sent_stays_so(void **state)
{
	int c, t, origin;

	(void)state;
	open_with_retry(1, "9", "1ms");
	c = dial();
	t = first_task(c, POST, POST_PASSED, &origin);
	close(t);
	hear_why(c, 502, WHY_UPSTREAM_GONE);
	assert_int_equal(requests(), 1);
	close(c);
	close_with_retry();
}

static void
test_a_client_may_leave_meanwhile(void **state)
{
	int c;

	(void)state;
	open_with_retry(1, "5", "10m");
	close(stage.origin[0]);
	c = dial();
	say(c, GET("/"));
	WAIT_UNTIL(retries(true) == 1);
	close(c);
	WAIT_UNTIL(whys(WHY_CLIENT_GONE) == 1);
	assert_int_equal(requests(), 1);
	stage.origin[0] = stage_listen(&stage.origin_addr[0]);
	close_with_retry();
	/* nobody waits for longer than a quarter of an hour */
	open_with_retry(1, "5", "1h");
	close(stage.origin[0]);
	c = dial();
	say(c, GET("/"));
	hear_why(c, 502, WHY_CONNECT_REFUSED);
	stage.origin[0] = stage_listen(&stage.origin_addr[0]);
	close(c);
	close_with_retry();
}

/* While the next try waits. */
static void
test_service_goes_meanwhile(void **state)
{
	int c;

	(void)state;
	open_with_retry(1, "1000", "5ms");
	close(stage.origin[0]);
	c = dial();
	say(c, GET("/"));
	WAIT_UNTIL(retries(true) == 2);
	stage.name = "another";
	stage_table();
	hear_why(c, 503, WHY_NO_TASK);
	stage.origin[0] = stage_listen(&stage.origin_addr[0]);
	close(c);
	close_with_retry();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_another_task),
		cmocka_unit_test(test_host_of_the_task),
		cmocka_unit_test(test_slow_task),
		cmocka_unit_test(test_node_cut_off),
		cmocka_unit_test(test_body_again),
		cmocka_unit_test(test_large_body),
		cmocka_unit_test(test_not_idempotent),
		cmocka_unit_test(test_interim_seen),
		cmocka_unit_test(test_at_most_twice),
		cmocka_unit_test(test_nobody_else),
		cmocka_unit_test(test_budget),
		cmocka_unit_test(test_unsent_is_no_load),
		cmocka_unit_test(test_all_refuse),
		cmocka_unit_test(test_another_table),
		cmocka_unit_test(test_another_table_settings),
		cmocka_unit_test(test_service_gone),
		cmocka_unit_test(test_idle_died),
		cmocka_unit_test(test_idle_died_without_budget),
		cmocka_unit_test(test_what_it_is_sent_again_for),
		cmocka_unit_test(test_malformed_is_a_break),
		cmocka_unit_test(test_refused_connections),
		cmocka_unit_test(test_attempts),
		cmocka_unit_test(test_no_budget_at_all),
		cmocka_unit_test(test_every_method),
		cmocka_unit_test(test_connection_of_a_dropped_response),
		cmocka_unit_test(test_try_that_takes_long),
		cmocka_unit_test(test_try_that_takes_long_and_fails),
		cmocka_unit_test(test_try_of_a_slow_client),
		cmocka_unit_test(test_bodies_that_are_kept),
		cmocka_unit_test(test_hedge_wins),
		cmocka_unit_test(test_hedge_loses),
		cmocka_unit_test(test_hedge_takes_over),
		cmocka_unit_test(test_hedge_and_no_client),
		cmocka_unit_test(test_no_hedge),
		cmocka_unit_test(test_no_hedge_of_a_bound_client),
		cmocka_unit_test(test_no_hedge_beyond_limits),
		cmocka_unit_test(test_task_that_comes_back),
		cmocka_unit_test(test_so_many_that_come_back),
		cmocka_unit_test(test_tries_are_as_many_as_allowed),
		cmocka_unit_test(test_no_budget_for_what_was_not_sent),
		cmocka_unit_test(test_what_was_sent_stays_so),
		cmocka_unit_test(test_a_client_may_leave_meanwhile),
		cmocka_unit_test(test_service_goes_meanwhile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
