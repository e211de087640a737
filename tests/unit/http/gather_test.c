/*
 * Pieces written through a socket that takes little at a time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "http/gather.c"

#define PIECE	5000
#define PIECES	40

static void
nobody(void *arg)
{
	(void)arg;
}

static size_t
drain(int fd, char *into)
{
	size_t at = 0;
	ssize_t n;

	while ((n = recv(fd, into + at, PIECES * PIECE, MSG_DONTWAIT)) > 0)
		at += (size_t)n;
	return at;
}

static void
test_little_at_a_time(void **state)
{
	char *all = must_alloc((PIECES + 1) * PIECE), *got = must_alloc(2 * (PIECES + 1) * PIECE);
	struct loop *l = loop_new();
	static struct stream s;
	struct gather g;
	struct str tail = { all + PIECES * PIECE, PIECE };
	size_t at = 0, tail_put = 0;
	int fd[2], stops = 0;
	enum io_result res;

	(void)state;
	for (size_t i = 0; i < (PIECES + 1) * PIECE; i++)
		all[i] = (char)(i % 251);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fd), 0);
	setsockopt(fd[0], SOL_SOCKET, SO_SNDBUF, &(int){ 8192 }, sizeof(int));
	stream_open(&s, l, fd[0], nobody, NULL);
	gather_init(&g);
	for (int i = PIECES - 1; i >= 0; i--)		/* backwards: no two touch */
		gather_add(&g, (struct str){ all + i * PIECE, PIECE });
	assert_int_equal(g.n, PIECES);
	for (int round = 0; round < 2; round++) {
		at = tail_put = 0;
		gather_rewind(&g);
		while ((res = gather_write(&g, &s, (struct str){ tail.p + tail_put, tail.len - tail_put }, &tail_put)) == IO_AGAIN) {
			at += drain(fd[1], got + at);
			loop_turn(l, 0);
			stops++;
		}
		at += drain(fd[1], got + at);
		assert_int_equal(res, IO_DONE);
		assert_int_equal(tail_put, PIECE);
		assert_int_equal(at, (PIECES + 1) * PIECE);
		for (int i = 0; i <= PIECES; i++)
			assert_memory_equal(got + i * PIECE, all + (i < PIECES ? PIECES - 1 - i : i) * PIECE, PIECE);
	}
	assert_true(stops > 2);
	stream_close(&s);
	close(fd[1]);
	loop_free(&l);
	free(all);
	free(got);
}

/* More pieces than one system call takes become one, however long. */
static void
test_many(void **state)
{
	static char text[100000], want[sizeof text / 2 + 1];
	struct gather g;
	size_t n = 0;

	(void)state;
	for (size_t i = 0; i < sizeof text; i++)
		text[i] = (char)('a' + i % 23);
	gather_init(&g);
	for (int i = 0; i < GATHER_MAX; i++)
		gather_add(&g, (struct str){ text + 2 * i, 1 });
	assert_null(g.copy);
	gather_add(&g, (struct str){ text + 2 * GATHER_MAX - 1, 1 });	/* touches the last: joins */
	assert_null(g.copy);
	gather_clear(&g);
	for (size_t i = 0; i < sizeof text; i += 2) {
		gather_add(&g, (struct str){ text + i, 1 });
		want[n++] = text[i];
	}
	assert_false(g.full);
	assert_int_equal(g.n, 1);
	assert_int_equal(g.v[0].iov_len, n);
	assert_memory_equal(g.v[0].iov_base, want, n);
	gather_clear(&g);
	assert_int_equal(g.n, 0);
}

/* What is in the slot is said late, and again; the rest stays, in pieces and in a copy of them. */
static void
test_slot(void **state)
{
	static const char text[] = "a-b-c-d-e-f-g-";
	static const char *const said[] = { "10.0.0.1:80", "x", "[fd00::1]:8080" };
	char got[4 * GATHER_MAX], want[sizeof got];
	struct gather g;

	(void)state;
	for (int before = 0; before <= 2 * GATHER_MAX; before += GATHER_MAX / 2)
		for (int behind = 1; behind <= 2 * GATHER_MAX; behind += GATHER_MAX) {
			gather_init(&g);
			for (int i = 0; i < before; i++)
				gather_add(&g, (struct str){ text + 2 * (i % 2), 1 });
			gather_add_slot(&g, STR("task"));
			for (int i = 0; i < behind; i++)
				gather_add(&g, (struct str){ text + 8 + 2 * (i % 2), 1 });
			assert_false(g.full);
			for (size_t k = 0; k < 3; k++) {
				size_t n = 0, w = 0;
				assert_true(gather_set_slot(&g, str_of(said[k])));
				for (int i = 0; i < g.n; n += g.v[i++].iov_len)
					memcpy(got + n, g.v[i].iov_base, g.v[i].iov_len);
				for (int i = 0; i < before; i++)
					want[w++] = text[2 * (i % 2)];
				memcpy(want + w, said[k], strlen(said[k]));
				w += strlen(said[k]);
				for (int i = 0; i < behind; i++)
					want[w++] = text[8 + 2 * (i % 2)];
				assert_int_equal(n, w);
				assert_memory_equal(got, want, n);
			}
			gather_clear(&g);
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_little_at_a_time),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_slot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
