/* A stream with a transport, seen from its owner: one toy at either end of a connection, or a peer without manners. */
#include "../until.h"

#include "toy_transport.h"

struct end {
	struct stream	 s;
	int		 calls;
};

struct pair {
	struct loop	*loop;
	struct end	 near, far;	/* near has connected, far was accepted */
	int		 listener;
};

static void
on_change(void *arg)
{
	struct end *e = arg;

	e->calls++;
}

static struct pair *
pair_new(void)
{
	struct pair *p = must_zalloc(sizeof *p);
	struct addr at, peer;
	int fd = -1;

	p->loop = loop_new();
	p->listener = listen_anywhere(&at);
	assert_null(stream_connect(&p->near.s, p->loop, &at, on_change, &p->near));
	UNTIL(p->loop, (fd = sock_accept(p->listener, &peer)) >= 0);
	stream_open(&p->far.s, p->loop, fd, on_change, &p->far);
	return p;
}

static void
pair_shake(struct pair *p)
{
	assert_true(stream_is_connecting(&p->near.s) && stream_is_connecting(&p->far.s));
	UNTIL(p->loop, (stream_connected(&p->near.s) == IO_DONE) & (stream_connected(&p->far.s) == IO_DONE));
	assert_false(stream_is_connecting(&p->near.s) || stream_is_connecting(&p->far.s));
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
put(struct pair *p, struct stream *s, const char *text)
{
	struct iovec v = { (char *)(uintptr_t)text, strlen(text) };
	size_t n = 0;

	UNTIL(p->loop, stream_writev(s, &v, 1, &n) == IO_DONE);
	assert_int_equal(n, v.iov_len);
}

static void
bytes_wait_above_the_socket(void **state)
{
	struct pair *p = pair_new();
	char got[16];
	size_t n = 0;

	(void)state;
	pair_shake(p);
	put(p, &p->near.s, "hello");
	UNTIL(p->loop, stream_read(&p->far.s, got, 2, &n) == IO_DONE);
	assert_int_equal(n, 2);
	assert_true(stream_can_read(&p->far.s));	/* though the socket is drained */
	assert_int_equal(recv(p->far.s.private.io.fd, got, 1, MSG_PEEK), -1);
	assert_int_equal(stream_peek(&p->far.s, got, sizeof got, &n), IO_DONE);
	assert_memory_equal(got, "llo", n);
	assert_int_equal(stream_look(&p->far.s), IO_DONE);
	assert_int_equal(stream_read(&p->far.s, got, sizeof got, &n), IO_DONE);
	assert_memory_equal(got, "llo", n);
	assert_int_equal(stream_read(&p->far.s, got, sizeof got, &n), IO_AGAIN);
	assert_false(stream_can_read(&p->far.s));
	assert_int_equal(stream_look(&p->far.s), IO_AGAIN);
	assert_int_equal(stream_bytes_in(&p->far.s), 5);
	assert_int_equal(stream_bytes_out(&p->near.s), 5);	/* its owner's bytes, not the wire's */
	pair_free(p);
}

static void
reads_and_writes_carry_the_handshake_on(void **state)
{
	struct iovec early = { (char *)(uintptr_t)"early", 5 };
	struct pair *p = pair_new();
	char got[16];
	size_t n = 0;

	(void)state;
	UNTIL(p->loop, stream_read(&p->far.s, got, sizeof got, &n) == IO_AGAIN
	    && stream_writev(&p->near.s, &early, 1, &n) == IO_DONE);
	UNTIL(p->loop, stream_read(&p->far.s, got, sizeof got, &n) == IO_DONE);
	assert_memory_equal(got, "early", n);
	assert_false(stream_is_connecting(&p->far.s));
	pair_free(p);
}

static void
an_end_is_no_cut(void **state)
{
	struct pair *p = pair_new();
	enum io_result r = IO_AGAIN;
	char got[16];
	size_t n = 0;

	(void)state;
	pair_shake(p);
	put(p, &p->far.s, "bye");
	assert_int_equal(stream_shut(&p->far.s), IO_AGAIN);
	UNTIL(p->loop, stream_shut(&p->far.s) == IO_DONE);
	assert_int_equal(stream_shut(&p->far.s), IO_DONE);
	assert_true(stream_may_close(&p->far.s));
	UNTIL(p->loop, stream_read(&p->near.s, got, sizeof got, &n) == IO_DONE);
	assert_memory_equal(got, "bye", n);
	UNTIL(p->loop, (r = stream_read(&p->near.s, got, sizeof got, &n)) != IO_AGAIN);
	assert_int_equal(r, IO_EOF);
	assert_true(stream_peer_ended(&p->near.s));
	assert_false(stream_was_cut(&p->near.s));
	put(p, &p->near.s, "and to you");		/* that direction is still open */
	UNTIL(p->loop, stream_read(&p->far.s, got, sizeof got, &n) == IO_DONE);
	assert_int_equal(n, 10);
	pair_free(p);
}

static void
a_bare_end_is_a_cut(void **state)
{
	struct pair *p = pair_new();
	enum io_result r = IO_AGAIN;
	char got[16];
	size_t n = 0;

	(void)state;
	pair_shake(p);
	put(p, &p->far.s, "bye");
	UNTIL(p->loop, stream_read(&p->near.s, got, sizeof got, &n) == IO_DONE);
	shutdown(p->far.s.private.io.fd, SHUT_WR);
	UNTIL(p->loop, (r = stream_read(&p->near.s, got, sizeof got, &n)) != IO_AGAIN);
	assert_int_equal(r, IO_FAIL);
	assert_true(stream_was_cut(&p->near.s));
	assert_int_equal(stream_error(&p->near.s), ECONNRESET);
	pair_free(p);
}

/* The loop reports nothing any more, and the end goes all the same with the close that follows. */
static void
a_close_ends_as_far_as_that_goes_at_once(void **state)
{
	struct pair *p = pair_new();
	enum io_result r = IO_AGAIN;
	char got[16];
	size_t n = 0;

	(void)state;
	pair_shake(p);
	assert_true(stream_may_close(&p->near.s));
	stream_close(&p->near.s);
	assert_false(stream_is_open(&p->near.s));
	UNTIL(p->loop, (r = stream_read(&p->far.s, got, sizeof got, &n)) != IO_AGAIN);
	assert_int_equal(r, IO_EOF);
	pair_free(p);
}

static void
a_reset_sends_no_end(void **state)
{
	struct pair *p = pair_new();
	enum io_result r = IO_AGAIN;
	char got[16];
	size_t n = 0;

	(void)state;
	pair_shake(p);
	stream_reset(&p->near.s);
	UNTIL(p->loop, (r = stream_read(&p->far.s, got, sizeof got, &n)) != IO_AGAIN);
	assert_int_equal(r, IO_FAIL);
	pair_free(p);
}

static void
a_peer_that_leaves_in_the_handshake(void **state)
{
	struct loop *l = loop_new();
	struct end e = { 0 };
	enum io_result r = IO_AGAIN;
	struct addr at, peer;
	int listener = listen_anywhere(&at), fd = -1;

	(void)state;
	assert_null(stream_connect(&e.s, l, &at, on_change, &e));
	UNTIL(l, (fd = sock_accept(listener, &peer)) >= 0);
	UNTIL(l, stream_connected(&e.s) == IO_AGAIN && !e.s.private.connecting);
	close(fd);
	UNTIL(l, (r = stream_connected(&e.s)) != IO_AGAIN);
	assert_int_equal(r, IO_FAIL);
	assert_true(stream_error(&e.s) != 0);
	stream_close(&e.s);
	close(listener);
	loop_free(&l);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_wait_above_the_socket),
		cmocka_unit_test(reads_and_writes_carry_the_handshake_on),
		cmocka_unit_test(an_end_is_no_cut),
		cmocka_unit_test(a_bare_end_is_a_cut),
		cmocka_unit_test(a_close_ends_as_far_as_that_goes_at_once),
		cmocka_unit_test(a_reset_sends_no_end),
		cmocka_unit_test(a_peer_that_leaves_in_the_handshake),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
