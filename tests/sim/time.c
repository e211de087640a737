/*
 * Time, and a heap of what is to happen.
 */
#include <stdio.h>
#include <string.h>

#include "base/bug.h"
#include "memory.h"
#include "wire_priv.h"

/* ---- events ---- */

struct event {
	int64_t		 usec;
	uint64_t	 order;
	wire_f		*fn;
	void		*arg;
	uint64_t	 n;
};

static struct {
	int64_t		 now;
	uint64_t	 order, hash;
	struct event	*heap;
	size_t		 n, cap;
} net;

bool wire_verbose;

void
wire_begin(void)
{
	net.now = 1000 * USEC_PER_SEC;
	net.hash = UINT64_C(0xcbf29ce484222325);
	net.n = net.cap = 0;
	net.heap = NULL;
	net.order = 0;
	wire_forget();
}

int64_t
wire_now(void)
{
	return net.now;
}

void
wire_pass(int64_t usec)
{
	ASSERT(usec >= 0);
	net.now += usec;
}

static bool
before(const struct event *a, const struct event *b)
{
	return a->usec != b->usec ? a->usec < b->usec : a->order < b->order;
}

void
wire_at(int64_t usec, wire_f *fn, void *arg, uint64_t n)
{
	size_t at = net.n++, up;
	struct event *heap;

	if (net.n > net.cap) {
		net.cap = net.cap == 0 ? 1024 : 2 * net.cap;
		heap = sim_alloc(net.cap * sizeof *heap);
		if (at > 0)
			memcpy(heap, net.heap, at * sizeof *heap);
		net.heap = heap;
	}
	net.heap[at] = (struct event){ usec > net.now ? usec : net.now, net.order++, fn, arg, n };
	for (; at > 0 && before(&net.heap[at], &net.heap[up = (at - 1) / 2]); at = up) {
		struct event e = net.heap[up];
		net.heap[up] = net.heap[at];
		net.heap[at] = e;
	}
}

static struct event
first_take(void)
{
	struct event first = net.heap[0], e;

	net.heap[0] = net.heap[--net.n];
	for (size_t at = 0, child; (child = 2 * at + 1) < net.n; at = child) {
		if (child + 1 < net.n && before(&net.heap[child + 1], &net.heap[child]))
			child++;
		if (!before(&net.heap[child], &net.heap[at]))
			break;
		e = net.heap[at];
		net.heap[at] = net.heap[child];
		net.heap[child] = e;
	}
	return first;
}

int64_t
wire_next(void)
{
	return net.n == 0 ? INT64_MAX : net.heap[0].usec;
}

void
wire_run(void)
{
	while (net.n > 0 && net.heap[0].usec <= net.now) {
		struct event e = first_take();
		e.fn(e.arg, e.n);
	}
}

uint64_t
wire_hash(void)
{
	return net.hash;
}

static void
hash_add(uint64_t n)
{
	net.hash = (net.hash ^ n) * UINT64_C(0x100000001b3);
}

void
wire_note(const char *what, uint64_t a, uint64_t b)
{
	for (const char *p = what; *p != '\0'; p++)
		hash_add((unsigned char)*p);
	hash_add((uint64_t)net.now);
	hash_add(a);
	hash_add(b);
	if (wire_verbose)
		printf("# %10.6f  %-24s %llu %llu\n", (double)(net.now - 1000 * USEC_PER_SEC) / 1e6, what,
		    (unsigned long long)a, (unsigned long long)b);
}

