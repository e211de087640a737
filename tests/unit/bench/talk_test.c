/*
 * The small server and the small client of the proving ground, talking to each other.
 */
#include "../../../bench/lib/serve.c"
#define field caller_field
#include "../../../bench/lib/caller.c"
#undef field
#include "../../../bench/lib/caller_h2.c"
#include "../../../bench/lib/lag.c"
#include "../../../bench/lib/hist.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

struct talk {
	struct loop	*loop;
	struct serve	*serve;
	struct addr	 addr;
	struct serve_request	*held[8];		/* without a response yet */
	unsigned	 nheld;
};

struct asking {
	struct call	 call;
	bool		 over;
	enum call_end	 end;
	int		 status;
	char		 node[32];
};

static void
on_ask(void *tag, struct serve_request *a)
{
	struct talk *t = tag;
	struct str path = serve_path(a);

	if (str_eq(path, STR("/late")))
		t->held[t->nheld++] = a;
	else if (str_eq(path, STR("/sum")))
		serve_respond(a, serve_number(a, "a", 0) + serve_number(a, "b", 0) == 5.5 ? 200 : 400, NULL, STR(""));
	else
		serve_respond(a, str_eq(path, STR("/")) ? 200 : 404, "X-Node: n7\r\n", STR("hello"));
}

static void
on_done(struct call *c, enum call_end end, int status, struct str node)
{
	struct asking *a = (struct asking *)c;

	a->over = true;
	a->end = end;
	a->status = status;
	str_copy(a->node, sizeof a->node, node);
}

static void
ask_for(struct caller *c, struct asking *a, const char *path)
{
	*a = (struct asking){ .call.done = on_done };
	a->call.len = (unsigned)snprintf(a->call.text, sizeof a->call.text, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", path);
	caller_ask(c, &a->call);
}

static void
wait_for(struct talk *t, const bool *what)
{
	int64_t until = clock_mono_usec() + 5 * USEC_PER_SEC;

	while (!*what && clock_mono_usec() < until)
		loop_turn(t->loop, 100000);
	assert_true(*what);
}

static int
begin(void **state)
{
	struct talk *t = must_zalloc(sizeof *t);
	char path[64];

	snprintf(path, sizeof path, "unix:/tmp/mola-talk-%d.sock", (int)getpid());
	assert_null(addr_parse(str_of(path), &t->addr));
	t->loop = loop_new();
	t->serve = serve_new(t->loop);
	assert_true(serve_listen(t->serve, &t->addr, on_ask, t));
	*state = t;
	return 0;
}

static int
end(void **state)
{
	struct talk *t = *state;

	unlink(t->addr.sa.un.sun_path);
	loop_turn(t->loop, 0);
	serve_free(&t->serve);
	loop_free(&t->loop);
	free(t);
	return 0;
}

static void
one_connection_serves_many_calls(void **state)
{
	struct talk *t = *state;
	struct caller *c = caller_new(t->loop, &(struct caller_conf){ .addr = t->addr, .connections_max = 10 });
	struct asking a;

	for (int i = 0; i < 20; i++) {
		ask_for(c, &a, i % 2 ? "/" : "/nothing");
		wait_for(t, &a.over);
		assert_int_equal(a.end, i % 2 ? CALL_DONE : CALL_STATUS);
		assert_int_equal(a.status, i % 2 ? 200 : 404);
		assert_string_equal(a.node, "n7");
	}
	assert_int_equal(caller_connections(c), 1);
	ask_for(c, &a, "/sum?a=2.5&b=3");
	wait_for(t, &a.over);
	assert_int_equal(a.end, CALL_DONE);
	caller_free(&c);
}

static void
calls_wait_for_a_connection(void **state)
{
	struct talk *t = *state;
	struct caller *c = caller_new(t->loop, &(struct caller_conf){ .addr = t->addr, .connections_max = 2 });
	struct asking a[3];

	t->nheld = 0;
	for (int i = 0; i < 3; i++)
		ask_for(c, &a[i], "/late");
	while (t->nheld < 2)
		loop_turn(t->loop, 100000);
	assert_int_equal(caller_connections(c), 2);
	assert_int_equal(caller_waited(c), 1);
	serve_respond(t->held[0], 200, NULL, STR(""));
	while (t->nheld < 3)
		loop_turn(t->loop, 100000);
	serve_respond(t->held[1], 200, NULL, STR(""));
	serve_respond(t->held[2], 200, NULL, STR(""));
	for (int i = 0; i < 3; i++)
		wait_for(t, &a[i].over);
	caller_free(&c);
}

/* A call in HTTP/1.0 is over when the server has ended the connection, not before. */
static void
the_end_can_be_awaited(void **state)
{
	static const char text[] = "GET / HTTP/1.0\r\n\r\n";
	struct talk *t = *state;
	struct caller *c = caller_new(t->loop, &(struct caller_conf){ .addr = t->addr, .connections_max = 2 });
	struct asking a = { .call = { .done = on_done, .until_end = true, .len = sizeof text - 1 } };

	memcpy(a.call.text, text, sizeof text);
	caller_ask(c, &a.call);
	wait_for(t, &a.over);
	assert_int_equal(a.end, CALL_DONE);
	assert_int_equal(caller_connections(c), 0);
	caller_free(&c);
}

static void
nobody_there_is_an_outcome(void **state)
{
	struct talk *t = *state;
	struct addr nowhere;
	struct asking a;
	struct caller *c;

	assert_null(addr_parse(STR("127.93.1.1:1"), &nowhere));
	c = caller_new(t->loop, &(struct caller_conf){ .addr = nowhere, .connections_max = 2 });
	ask_for(c, &a, "/");
	wait_for(t, &a.over);
	assert_int_equal(a.end, CALL_CONNECT);
	caller_free(&c);
}

/* A client that leaves before its response does no harm. */
static void
an_answer_nobody_waits_for_is_dropped(void **state)
{
	struct talk *t = *state;
	struct caller *c = caller_new(t->loop, &(struct caller_conf){ .addr = t->addr, .connections_max = 2 });
	struct asking a;
	int fd;

	t->nheld = 0;
	assert_null(sock_connect(&t->addr, &fd));
	assert_int_equal(send(fd, "GET /late HTTP/1.1\r\n\r\n", 22, 0), 22);
	while (t->nheld < 1)
		loop_turn(t->loop, 100000);
	close(fd);
	ask_for(c, &a, "/");
	wait_for(t, &a.over);
	serve_respond(t->held[0], 200, NULL, STR("gone"));
	ask_for(c, &a, "/");
	wait_for(t, &a.over);
	assert_int_equal(a.end, CALL_DONE);
	caller_free(&c);
}

static void
lag_is_a_share_of_time(void **state)
{
	struct lag *l = must_zalloc(sizeof *l);

	(void)state;
	lag_start(l, 0);
	for (int64_t now = 0; now <= 10 * USEC_PER_SEC; now += 10000)
		lag_beat(l, now);
	assert_false(lag_colours(l));
	lag_beat(l, 10 * USEC_PER_SEC + 300000);		/* stolen for 300 ms */
	assert_true(lag_late_share(l) > .025 && lag_late_share(l) < .03);
	assert_true(lag_colours(l));
	free(l);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_connection_serves_many_calls),
		cmocka_unit_test(calls_wait_for_a_connection),
		cmocka_unit_test(the_end_can_be_awaited),
		cmocka_unit_test(nobody_there_is_an_outcome),
		cmocka_unit_test(an_answer_nobody_waits_for_is_dropped),
		cmocka_unit_test(lag_is_a_share_of_time),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, begin, end);
}
