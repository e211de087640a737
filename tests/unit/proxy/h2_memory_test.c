/*
 * One allocation fails while a response goes to a client of HTTP/2, each of them in its turn: the client gets
 * the whole of it, a 503, or sees that it gets no more.
 */
#include <stdlib.h>

static unsigned left;		/* allocations; the one that makes it 0 fails */

static void *
poor_realloc(void *p, size_t n)
{
	return left > 0 && --left == 0 ? NULL : realloc(p, n);
}

#define malloc(n)	poor_realloc(NULL, n)
#define realloc		poor_realloc
#include "base/alloc.c"
#undef malloc
#undef realloc

#include "h2_peer.h"

static void
no_response_hangs(void **state)
{
	unsigned n = 0, whole = 0, cut = 0;
	struct peer *p;
	int32_t id;
	int task;

	(void)state;
	do {
		h2_open(1);
		alloc_cushion(0);	/* which would help */
		p = peer_new(65535);
		id = peer_get(p, "/");
		task = task_gets(p, "GET / HTTP/1.1\r\n");
		left = ++n;
		say(task, OK(2, "ok"));
		PEER_UNTIL(p, p->over || p->gone
		    || (p->got[id] != NULL && (p->got[id]->ended || p->got[id]->code != 0)));
		if (p->got[id] == NULL || !p->got[id]->ended)
			cut++;
		else if (has(p, id, ":status: 200\n")) {
			assert_memory_equal(p->got[id]->body, "ok", 2);
			whole++;
		}
		close(task);
		h2_close(p);
	} while (left == 0 && n < 1000);
	assert_true(whole > 1 && cut > 0);
	left = 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_response_hangs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
