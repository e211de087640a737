#include <stdatomic.h>
#include <string.h>

#include "base/bug.h"
#include "world/phys.h"

struct phys_slot {
	_Atomic uint32_t	seq;		/* odd while the brain writes */
	_Atomic uint64_t	word[sizeof(struct phys_row) / 8];
};

struct phys {
	struct phys_slot	slot[NODES_MAX];
};

_Static_assert(sizeof(struct phys_row) % 8 == 0, "rows are copied in words");

size_t
phys_bytes(void)
{
	return sizeof(struct phys);
}

struct phys *
phys_init(void *memory)
{
	return memory;
}

void
phys_write(struct phys *p, unsigned slot, const struct phys_row *row)
{
	struct phys_slot *s = &p->slot[slot];
	uint64_t word[sizeof *row / 8];
	uint32_t seq;

	ASSERT(slot < NODES_MAX && row->law.cores > 0 && row->law.period_usec > 0);
	memcpy(word, row, sizeof word);
	/* a brain that died in the middle of a write left seq odd: begin from there */
	seq = atomic_load_explicit(&s->seq, memory_order_relaxed) | 1;
	atomic_store_explicit(&s->seq, seq, memory_order_relaxed);
	atomic_thread_fence(memory_order_release);
	for (size_t i = 0; i < sizeof word / 8; i++)
		atomic_store_explicit(&s->word[i], word[i], memory_order_relaxed);
	atomic_store_explicit(&s->seq, seq + 1, memory_order_release);
}

/* A row that stays odd belongs to a dead brain: after a few looks what stands there must do, it is
 * one half-written row of doubles until the next brain's first tick. */
void
phys_read(const struct phys *p, unsigned slot, struct phys_row *row)
{
	const struct phys_slot *s = &p->slot[slot];
	uint64_t word[sizeof *row / 8];
	uint32_t before, after;

	ASSERT(slot < NODES_MAX);
	for (int look = 0; look < 64; look++) {
		before = atomic_load_explicit(&s->seq, memory_order_acquire);
		for (size_t i = 0; i < sizeof word / 8; i++)
			word[i] = atomic_load_explicit(&s->word[i], memory_order_relaxed);
		atomic_thread_fence(memory_order_acquire);
		after = atomic_load_explicit(&s->seq, memory_order_relaxed);
		if (before == after && (before & 1) == 0)
			break;
	}
	memcpy(row, word, sizeof word);
	if (!(row->law.cores > 0))		/* never written */
		row->law.cores = 1;
	if (row->law.period_usec <= 0)
		row->law.period_usec = 1000000;
	if (!(row->law.balancers >= 1))
		row->law.balancers = 1;
}
