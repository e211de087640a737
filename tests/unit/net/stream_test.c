#include "base/alloc.h"
#include "net/stream.c"

#include "../until.h"

struct end {
	struct stream	 s;
	int		 told;
};

struct pair {
	struct loop	*loop;
	struct end	 near, far;
	int		 listener;
	struct addr	 at;
};

static void
told(void *arg)
{
	struct end *e = arg;

	e->told++;
}

static struct pair *
pair_new(void)
{
	struct pair *p = must_zalloc(sizeof *p);
	struct addr peer;
	int fd = -1;

	p->loop = loop_new();
	p->listener = listen_anywhere(&p->at);
	assert_null(stream_connect(&p->near.s, p->loop, &p->at, told, &p->near));
	assert_true(stream_is_connecting(&p->near.s));
	assert_int_equal(stream_connected(&p->near.s), IO_AGAIN);
	UNTIL(p->loop, stream_connected(&p->near.s) == IO_DONE);
	UNTIL(p->loop, (fd = sock_accept(p->listener, &peer)) >= 0);
	stream_open(&p->far.s, p->loop, fd, told, &p->far);
	return p;
}

static void
pair_free(struct pair *p)
{
	stream_close(&p->near.s);
	stream_close(&p->far.s);
	close(p->listener);
	loop_free(&p->loop);
	free(p);
}

static void
put(struct stream *s, const char *text)
{
	struct iovec v[2] = { { (char *)(uintptr_t)text, 1 }, { (char *)(uintptr_t)text + 1, strlen(text) - 1 } };
	size_t n = 0;

	assert_int_equal(stream_writev(s, v, 2, &n), IO_DONE);
	assert_int_equal(n, strlen(text));
}

static void
bytes_arrive_and_a_drained_stream_waits(void **state)
{
	struct pair *p = pair_new();
	char got[16];
	size_t n;

	(void)state;
	assert_int_equal(stream_read(&p->far.s, got, sizeof got, &n), IO_AGAIN);
	put(&p->near.s, "hello");
	UNTIL(p->loop, stream_can_read(&p->far.s));
	assert_true(p->far.told > 0);
	assert_int_equal(stream_read(&p->far.s, got, 3, &n), IO_DONE);
	assert_int_equal(n, 3);
	assert_int_equal(stream_read(&p->far.s, got, sizeof got, &n), IO_DONE);
	assert_memory_equal(got, "lo", n);
	assert_false(stream_can_read(&p->far.s));		/* known without asking the kernel */
	assert_int_equal(stream_bytes_in(&p->far.s), 5);
	assert_int_equal(stream_bytes_out(&p->near.s), 5);
	pair_free(p);
}

/* Whether they are short enough to be copied or not, and some empty: what arrives is the same. */
static void
pieces_arrive_in_order(void **state)
{
	static const size_t lens[] = { 0, 1, 100, JOIN_MAX / 2, JOIN_MAX, JOIN_MAX + 1, 3 * JOIN_MAX };
	char all[4 * JOIN_MAX + 200], got[sizeof all];
	struct pair *p = pair_new();

	(void)state;
	for (size_t i = 0; i < sizeof all; i++)
		all[i] = (char)(i * 7 + i / 255);
	for (unsigned i = 0; i < sizeof lens / sizeof *lens; i++) {
		struct iovec v[] = { { all, 3 }, { all + 3, 0 }, { all + 3, lens[i] }, { all + 3 + lens[i], 50 } };
		size_t whole = 53 + lens[i], came = 0, n;

		assert_int_equal(stream_writev(&p->near.s, v, 4, &n), IO_DONE);
		assert_int_equal(n, whole);
		UNTIL(p->loop, (came += stream_read(&p->far.s, got + came, sizeof got - came, &n) == IO_DONE ? n : 0) == whole);
		assert_memory_equal(got, all, whole);
	}
	pair_free(p);
}

static void
the_end_follows_the_last_bytes(void **state)
{
	struct pair *p = pair_new();
	char got[16];
	size_t n;

	(void)state;
	put(&p->near.s, "bye");
	stream_shut(&p->near.s);
	UNTIL(p->loop, stream_peer_ended(&p->far.s));
	assert_int_equal(stream_read(&p->far.s, got, sizeof got, &n), IO_DONE);
	assert_int_equal(n, 3);
	assert_int_equal(stream_read(&p->far.s, got, sizeof got, &n), IO_EOF);
	put(&p->far.s, "and to you");			/* our direction is still open */
	UNTIL(p->loop, stream_can_read(&p->near.s));
	assert_int_equal(stream_read(&p->near.s, got, sizeof got, &n), IO_DONE);
	assert_int_equal(n, 10);
	pair_free(p);
}

static void
a_full_socket_says_again_and_then_tells(void **state)
{
	static char big[1 << 20], got[1 << 20];
	struct pair *p = pair_new();
	struct iovec v = { big, sizeof big };
	enum io_result r;
	size_t n, before;
	int64_t until = clock_mono_usec() + UNTIL_USEC;

	(void)state;
	while ((r = stream_writev(&p->near.s, &v, 1, &n)) == IO_DONE)
		assert_true(clock_mono_usec() < until);
	assert_int_equal(r, IO_AGAIN);
	assert_false(p->near.s.private.writable);
	before = stream_bytes_out(&p->near.s);
	while (!p->near.s.private.writable) {
		assert_true(clock_mono_usec() < until);
		stream_read(&p->far.s, got, sizeof got, &n);
		loop_turn(p->loop, 5 * USEC_PER_MSEC);
	}
	assert_int_equal(stream_writev(&p->near.s, &v, 1, &n), IO_DONE);
	assert_int_equal(stream_bytes_out(&p->near.s), before + n);
	pair_free(p);
}

static void
a_break_is_seen_on_both_sides(void **state)
{
	struct pair *p = pair_new();
	char got[16];
	size_t n;

	(void)state;
	stream_reset(&p->far.s);
	assert_false(stream_is_open(&p->far.s));
	UNTIL(p->loop, stream_is_broken(&p->near.s));
	assert_int_equal(stream_read(&p->near.s, got, sizeof got, &n), IO_FAIL);
	assert_int_equal(stream_error(&p->near.s), ECONNRESET);
	assert_int_equal(stream_writev(&p->near.s, &(struct iovec){ got, 1 }, 1, &n), IO_FAIL);
	assert_int_equal(stream_error(&p->near.s), EPIPE);		/* and no signal */
	pair_free(p);
}

/* A write that meets the break takes its error; what is read then must not look like an end. */
static void
a_break_that_a_write_met_is_no_end(void **state)
{
	struct pair *p = pair_new();
	struct iovec v = { (char *)(uintptr_t)"hello", 5 };
	char got[16];
	size_t n;

	(void)state;
	put(&p->far.s, "half");
	UNTIL(p->loop, stream_can_read(&p->near.s));
	stream_reset(&p->far.s);
	UNTIL(p->loop, stream_is_broken(&p->near.s));
	assert_int_equal(stream_writev(&p->near.s, &v, 1, &n), IO_FAIL);
	assert_int_equal(stream_writev(&p->near.s, &v, 1, &n), IO_FAIL);
	while (stream_read(&p->near.s, got, sizeof got, &n) == IO_DONE)
		;
	assert_int_equal(stream_read(&p->near.s, got, sizeof got, &n), IO_FAIL);
	assert_int_equal(stream_peek(&p->near.s, got, sizeof got, &n), IO_FAIL);
	assert_int_equal(stream_error(&p->near.s), ECONNRESET);
	pair_free(p);
}

/* An end that came before the break is one, and what is before it is all. */
static void
a_break_behind_an_end_leaves_the_end(void **state)
{
	struct pair *p = pair_new();
	struct iovec v = { (char *)(uintptr_t)"hello", 5 };
	char got[16];
	size_t n;

	(void)state;
	put(&p->far.s, "whole");
	assert_int_equal(stream_shut(&p->far.s), IO_DONE);
	UNTIL(p->loop, stream_peer_ended(&p->near.s));
	stream_reset(&p->far.s);
	UNTIL(p->loop, stream_is_broken(&p->near.s));
	assert_int_equal(stream_writev(&p->near.s, &v, 1, &n), IO_FAIL);
	assert_int_equal(stream_read(&p->near.s, got, sizeof got, &n), IO_DONE);
	assert_int_equal(n, 5);
	assert_int_equal(stream_read(&p->near.s, got, sizeof got, &n), IO_EOF);
	pair_free(p);
}

static void
nobody_listens(void **state)
{
	struct loop *l = loop_new();
	struct end e = { 0 };
	struct addr at;

	(void)state;
	close(listen_anywhere(&at));
	assert_null(stream_connect(&e.s, l, &at, told, &e));
	UNTIL(l, stream_connected(&e.s) == IO_FAIL);
	assert_int_equal(stream_error(&e.s), ECONNREFUSED);
	stream_close(&e.s);
	stream_close(&e.s);
	loop_free(&l);
}

static void
a_stream_may_change_hands(void **state)
{
	struct pair *p = pair_new();
	struct end heir = { 0 };
	int before;

	(void)state;
	loop_turn(p->loop, 0);
	before = p->near.told;
	stream_adopt(&p->near.s, told, &heir);
	put(&p->far.s, "news");
	UNTIL(p->loop, heir.told > 0);
	assert_int_equal(p->near.told, before);
	pair_free(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_arrive_and_a_drained_stream_waits),
		cmocka_unit_test(pieces_arrive_in_order),
		cmocka_unit_test(the_end_follows_the_last_bytes),
		cmocka_unit_test(a_full_socket_says_again_and_then_tells),
		cmocka_unit_test(a_break_is_seen_on_both_sides),
		cmocka_unit_test(a_break_that_a_write_met_is_no_end),
		cmocka_unit_test(a_break_behind_an_end_leaves_the_end),
		cmocka_unit_test(nobody_listens),
		cmocka_unit_test(a_stream_may_change_hands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
