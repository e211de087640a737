/*
 * No memory: whoever holds some without a request gives way to whoever has one; where nobody does,
 * the newest is refused, and nothing else happens.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>

static void	*poor_malloc(size_t);

#define malloc	poor_malloc
#include "base/alloc.c"
#undef malloc

#include "proxy/proxy_priv.h"
#include "h2_peer.h"

static bool starved;
static uint64_t enough;		/* sessions that have given way: then there is some again */

/* What a client's page needs is not to be had meanwhile. */
static void *
poor_malloc(size_t n)
{
	return n >= ALLOC_PIECE_BYTES && starved && whys(WHY_MEMORY_GAVE_WAY) < enough ? NULL : malloc(n);
}

/* From now on there is none, until so many have given way. */
static void
starve(uint64_t until)
{
	starved = until > 0;
	enough = until;
	while (starved && cushion_spend())
		;
	if (!starved)
		alloc_restore();
}

static int
dial_from(const char *ip)
{
	struct sockaddr_in from = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(inet_pton(AF_INET, ip, &from.sin_addr), 1);
	assert_int_equal(bind(fd, (struct sockaddr *)&from, sizeof from), 0);
	assert_int_equal(connect(fd, &stage.front.sa.any, stage.front.len), 0);
	assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	return fd;
}

/* A client with so much of a head; Mola has that. */
static int
half_head(const char *ip)
{
	int fd = dial_from(ip);

	say(fd, "GET /half HTTP/1.1\r\n");
	for (int i = 0; i < 3; i++)
		stage_turn();
	return fd;
}

/* Plain connections between requests hold next to nothing: they stay, and the newest is refused. */
static void
test_newest_is_refused(void **state)
{
	int b, c, d, t, u;

	(void)state;
	stage_open(1);
	c = dial();
	say(c, GET("/"));
	t = answer_call(0);
	hear(t, GOT("/"));
	say(t, OK(2, "ok"));
	hear(c, OK(2, "ok"));
	WAIT_UNTIL(!TAILQ_EMPTY(&stage.proxy->sessions.idle));

	say(c, GET("/c"));
	hear(t, GOT("/c"));
	starve(UINT64_MAX);
	b = dial();			/* it has the page that there still is */
	say(b, GET("/b"));
	u = answer_call(0);
	hear(u, GOT("/b"));
	d = dial();
	say(d, GET("/d"));
	hear_why(d, 503, WHY_NO_MEMORY);
	hear_end(d);
	close(d);
	assert_int_equal(whys(WHY_NO_MEMORY), 1);
	assert_int_equal(whys(WHY_MEMORY_GAVE_WAY), 0);

	starve(0);
	say(t, OK(2, "ok"));
	hear(c, OK(2, "ok"));
	say(u, OK(2, "ok"));
	hear(b, OK(2, "ok"));
	close(b);
	close(c);
	close(t);
	close(u);
	stage_close();
}

/* Who has sent half a head gives way to who has a request. */
static void
test_half_heads_give_way(void **state)
{
	int half[4], d, t;

	(void)state;
	stage_open(1);
	for (int i = 0; i < 4; i++)
		half[i] = half_head("127.0.0.1");
	starve(3);
	d = dial();
	say(d, GET("/d"));
	t = answer_call(0);
	hear(t, GOT("/d"));
	say(t, OK(2, "ok"));
	hear(d, OK(2, "ok"));
	for (int i = 0; i < 3; i++) {		/* the oldest, and no more than are needed */
		hear_why(half[i], 503, WHY_MEMORY_GAVE_WAY);
		close(half[i]);
	}
	starve(0);
	assert_int_equal(whys(WHY_MEMORY_GAVE_WAY), 3);
	assert_int_equal(whys(WHY_NO_MEMORY), 0);
	say(half[3], "Host: a.example\r\n\r\n");
	hear(t, GOT("/half"));
	say(t, OK(2, "ok"));
	hear(half[3], OK(2, "ok"));
	close(half[3]);
	close(d);
	close(t);
	stage_close();
}

/* A crowd of one address does not make others give way, though they have waited longer. */
static void
test_crowds_give_way_first(void **state)
{
	int honest, crowd[4], d, t;

	(void)state;
	stage_open(1);
	honest = half_head("127.0.0.9");
	for (int i = 0; i < 4; i++)
		crowd[i] = half_head("127.0.0.2");
	starve(3);
	d = dial();
	say(d, GET("/d"));
	t = answer_call(0);
	hear(t, GOT("/d"));
	starve(0);
	assert_int_equal(whys(WHY_MEMORY_GAVE_WAY), 3);
	say(t, OK(2, "ok"));
	hear(d, OK(2, "ok"));
	say(honest, "Host: a.example\r\n\r\n");
	hear(t, "GET /half HTTP/1.1\r\nHost: a.example\r\nX-Forwarded-For: 127.0.0.9\r\n"
	    "X-Real-IP: 127.0.0.9\r\nX-Forwarded-Proto: http\r\n"
	    "X-Forwarded-Host: a.example\r\nX-Forwarded-Port: 80\r\n\r\n");
	say(t, OK(2, "ok"));
	hear(honest, OK(2, "ok"));
	for (int i = 0; i < 4; i++)
		close(crowd[i]);
	close(honest);
	close(d);
	close(t);
	stage_close();
}

/* A connection of HTTP/2 holds a lot between requests; those who wait for a response keep theirs. */
static void
test_idle_ones_give_way_last(void **state)
{
	struct peer *idle;
	int c, d, t, u;
	int32_t id;

	(void)state;
	h2_open(1);
	idle = peer_new(65535);
	id = peer_get(idle, "/");
	t = task_gets(idle, "GET / HTTP/1.1\r\n");
	say(t, OK(2, "ok"));
	PEER_UNTIL(idle, idle->got[id] != NULL && idle->got[id]->ended);
	close(t);
	WAIT_UNTIL(!TAILQ_EMPTY(&stage.proxy->sessions.idle));
	c = dial();
	say(c, GET("/c"));
	t = answer_call(0);
	hear(t, GOT("/c"));
	starve(1);
	d = dial();
	say(d, GET("/d"));
	u = answer_call(0);
	hear(u, GOT("/d"));
	starve(0);
	assert_int_equal(whys(WHY_MEMORY_GAVE_WAY), 1);
	assert_true(TAILQ_EMPTY(&stage.proxy->sessions.idle));
	say(t, OK(2, "ok"));
	hear(c, OK(2, "ok"));
	say(u, OK(2, "ok"));
	hear(d, OK(2, "ok"));
	close(c);
	close(d);
	close(t);
	close(u);
	h2_close(idle);
}

/* A head that wants more than a page does not get it. */
static void
test_large_heads(void **state)
{
	char line[1000];
	int c, t;

	(void)state;
	memset(line, 'x', sizeof line);
	memcpy(line, "A: ", 3);
	memcpy(line + sizeof line - 3, "\r\n", 3);
	stage_open(1);
	c = dial();
	say(c, GET("/"));
	t = answer_call(0);
	hear(t, GOT("/"));
	say(t, OK(2, "ok"));
	hear(c, OK(2, "ok"));
	say(c, GET("/"));
	hear(t, GOT("/"));
	starve(UINT64_MAX);
	say(t, "HTTP/1.1 200 OK\r\n");
	for (int i = 0; i < 17; i++)
		say(t, line);
	hear_why(c, 503, WHY_NO_MEMORY);
	close(t);
	starve(0);
	say(c, GET("/"));
	t = answer_call(0);
	hear(t, GOT("/"));
	starve(UINT64_MAX);
	say(t, OK(2, "ok"));
	hear(c, OK(2, "ok"));
	say(c, "GET / HTTP/1.1\r\n");
	for (int i = 0; i < 17; i++)
		say(c, line);
	hear_why(c, 503, WHY_NO_MEMORY);
	close(c);
	close(t);
	starve(0);
	stage_close();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_newest_is_refused),
		cmocka_unit_test(test_half_heads_give_way),
		cmocka_unit_test(test_crowds_give_way_first),
		cmocka_unit_test(test_idle_ones_give_way_last),
		cmocka_unit_test(test_large_heads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
