/* A stream without a socket, seen from both ends: its owner, and the code at the other end. */
#include "net/inner.c"

#include "../until.h"

struct end {
	struct inner	 inner;		/* first */
	struct stream	 s;
	char		 in[64];	/* what the stream reads */
	size_t		 len, room;
	char		 out[64];	/* what it wrote */
	size_t		 put;
	bool		 over;		/* its end follows `in` */
	int		 calls, shuts, closes, breaks;
	struct loop	*loop;
};

static enum io_result
take(struct inner *n, void *p, size_t cap, size_t *got, bool peek)
{
	struct end *e = (struct end *)n;

	if (e->len == 0)
		return e->over ? IO_EOF : IO_AGAIN;
	*got = e->len < cap ? e->len : cap;
	memcpy(p, e->in, *got);
	if (peek)
		return IO_DONE;
	memmove(e->in, e->in + *got, e->len - *got);
	e->len -= *got;
	if (e->len == 0 && !e->over)
		inner_drained(n);
	return IO_DONE;
}

static enum io_result
end_read(struct inner *n, void *p, size_t cap, size_t *got)
{
	return take(n, p, cap, got, false);
}

static enum io_result
end_peek(struct inner *n, void *p, size_t cap, size_t *got)
{
	return take(n, p, cap, got, true);
}

static enum io_result
end_writev(struct inner *n, const struct iovec *iov, int count, size_t *put)
{
	struct end *e = (struct end *)n;
	size_t before = e->put;

	for (int i = 0; i < count && e->room > 0; i++) {
		size_t part = iov[i].iov_len < e->room ? iov[i].iov_len : e->room;
		memcpy(e->out + e->put, iov[i].iov_base, part);
		e->put += part;
		e->room -= part;
	}
	if (e->put == before)
		return IO_AGAIN;
	*put = e->put - before;
	return IO_DONE;
}

static void
end_shut(struct inner *n)
{
	struct end *e = (struct end *)n;

	assert_int_equal(e->closes, 0);
	e->shuts++;
}

static void
end_close(struct inner *n, bool broken)
{
	struct end *e = (struct end *)n;

	assert_false(inner_is_open(n));
	e->closes++;
	e->breaks += broken;
}

static const struct inner_ops ops = { end_read, end_peek, end_writev, end_shut, end_close };

static void
on_change(void *arg)
{
	struct end *e = arg;

	e->calls++;
}

static void
end_open(struct end *e, struct loop *l)
{
	memset(e, 0, sizeof *e);
	e->loop = l;
	e->inner.ops = &ops;
	inner_open(&e->s, l, &e->inner, on_change, e);
}

static void
come(struct end *e, const char *text)
{
	strcpy(e->in, text);
	e->len = strlen(text);
	inner_mark(&e->inner, INNER_READABLE);
}

static void
reads_follow_the_marks(void **state)
{
	struct loop *l = loop_new();
	struct end e;
	char got[8];
	size_t n = 0;

	(void)state;
	end_open(&e, l);
	assert_true(stream_is_open(&e.s) && !stream_is_connecting(&e.s) && !stream_can_read(&e.s));
	assert_int_equal(stream_connected(&e.s), IO_DONE);
	assert_int_equal(stream_read(&e.s, got, sizeof got, &n), IO_AGAIN);
	come(&e, "hello");
	assert_int_equal(e.calls, 0);
	inner_call(&e.inner);
	assert_int_equal(e.calls, 1);
	assert_int_equal(stream_peek(&e.s, got, sizeof got, &n), IO_DONE);
	assert_int_equal(n, 5);
	assert_int_equal(stream_read(&e.s, got, 2, &n), IO_DONE);
	assert_true(stream_can_read(&e.s));
	assert_int_equal(stream_read(&e.s, got, sizeof got, &n), IO_DONE);
	assert_memory_equal(got, "llo", n);
	assert_false(stream_can_read(&e.s));		/* drained: not tried in vain */
	assert_int_equal(stream_look(&e.s), IO_AGAIN);
	assert_int_equal(stream_bytes_in(&e.s), 5);
	e.over = true;
	inner_mark(&e.inner, INNER_READABLE);
	assert_int_equal(stream_read(&e.s, got, sizeof got, &n), IO_EOF);
	assert_false(stream_peer_ended(&e.s) || stream_is_broken(&e.s) || stream_was_cut(&e.s));
	stream_close(&e.s);
	assert_int_equal(e.closes, 1);
	loop_free(&l);
}

static void
writes_wait_for_room(void **state)
{
	struct iovec v[2] = { { (char *)(uintptr_t)"ab", 2 }, { (char *)(uintptr_t)"cdef", 4 } };
	struct loop *l = loop_new();
	struct end e;
	size_t n = 0;

	(void)state;
	end_open(&e, l);
	assert_int_equal(stream_writev(&e.s, v, 2, &n), IO_AGAIN);
	e.room = 3;
	assert_int_equal(stream_writev(&e.s, v, 2, &n), IO_AGAIN);	/* nobody said that there is room */
	inner_mark(&e.inner, INNER_WRITABLE);
	assert_int_equal(stream_writev(&e.s, v, 2, &n), IO_DONE);
	assert_int_equal(n, 3);
	assert_memory_equal(e.out, "abc", 3);
	assert_int_equal(stream_writev(&e.s, v, 2, &n), IO_AGAIN);
	assert_int_equal(stream_bytes_out(&e.s), 3);
	stream_close(&e.s);
	loop_free(&l);
}

static void
an_end_is_passed_on_once(void **state)
{
	struct loop *l = loop_new();
	struct end e;

	(void)state;
	end_open(&e, l);
	assert_int_equal(stream_shut(&e.s), IO_DONE);
	assert_int_equal(stream_shut(&e.s), IO_DONE);
	assert_true(stream_may_close(&e.s));
	assert_int_equal(e.shuts, 1);
	stream_close(&e.s);
	stream_close(&e.s);
	assert_int_equal(e.shuts, 1);
	assert_int_equal(e.closes, 1);
	assert_int_equal(e.breaks, 0);

	end_open(&e, l);
	stream_close(&e.s);			/* a close is an end, as a socket's is */
	assert_int_equal(e.shuts, 1);
	assert_int_equal(e.breaks, 0);

	end_open(&e, l);
	stream_reset(&e.s);			/* a reset is none */
	assert_int_equal(e.shuts, 0);
	assert_int_equal(e.closes, 1);
	assert_int_equal(e.breaks, 1);
	loop_free(&l);
}

static void
nothing_is_asked_of_a_broken_end(void **state)
{
	struct iovec v = { (char *)(uintptr_t)"x", 1 };
	struct loop *l = loop_new();
	struct end e;
	char got[8];
	size_t n = 0;

	(void)state;
	end_open(&e, l);
	come(&e, "lost");
	e.room = sizeof e.out;
	inner_mark(&e.inner, INNER_BROKEN);
	inner_call(&e.inner);
	assert_true(stream_is_broken(&e.s) && stream_can_read(&e.s));
	assert_int_equal(stream_read(&e.s, got, sizeof got, &n), IO_FAIL);
	assert_int_equal(stream_error(&e.s), ECONNRESET);
	assert_int_equal(stream_peek(&e.s, got, sizeof got, &n), IO_FAIL);
	assert_int_equal(stream_look(&e.s), IO_FAIL);
	assert_int_equal(stream_writev(&e.s, &v, 1, &n), IO_FAIL);
	assert_int_equal(stream_shut(&e.s), IO_FAIL);
	stream_close(&e.s);
	assert_int_equal(e.shuts, 0);
	assert_int_equal(e.closes, 1);
	loop_free(&l);
}

static void
its_address_is_that_of_what_is_under_it(void **state)
{
	struct loop *l = loop_new();
	struct stream under = { 0 };
	struct addr at, a, b;
	struct end e;
	int fd = listen_anywhere(&at);

	(void)state;
	end_open(&e, l);
	assert_false(stream_local_addr(&e.s, &a));
	assert_null(stream_connect(&under, l, &at, on_change, &e));
	e.inner.under = &under;
	assert_true(stream_local_addr(&e.s, &a) && stream_local_addr(&under, &b));
	assert_true(addr_eq(&a, &b));
	stream_close(&e.s);
	stream_close(&under);
	close(fd);
	loop_free(&l);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_follow_the_marks),
		cmocka_unit_test(writes_wait_for_room),
		cmocka_unit_test(an_end_is_passed_on_once),
		cmocka_unit_test(nothing_is_asked_of_a_broken_end),
		cmocka_unit_test(its_address_is_that_of_what_is_under_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
