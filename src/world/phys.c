/*
 * phys: rows that one process writes and others read. Each slot holds two copies: the writer
 * fills the one that is not in force and then counts up, the readers take the one that the
 * count names and see whether it still does. So a writer that is held up or dies in the middle
 * of a row delays no reader, and no reader sees half of a row. What is known of a task is two
 * numbers, each written and read at once.
 */
#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "base/bug.h"
#include "world/phys.h"

#define WORDS	(sizeof(struct phys_row) / 8)
#define LOOKS	1000		/* at a row that changes all the time */

struct phys_slot {
	_Atomic uint32_t	count;		/* of writes; its last bit names the copy in force */
	_Atomic uint64_t	word[2][WORDS];
};

struct phys {
	struct phys_slot	slot[NODES_MAX];
	struct {
		_Atomic double	available;		/* 0: not known */
		_Atomic double	waited;
	} task[TASKS_MAX];
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
	uint32_t count = atomic_load_explicit(&s->count, memory_order_relaxed);
	_Atomic uint64_t *to = s->word[(count + 1) & 1];
	uint64_t word[WORDS];

	ASSERT(slot < NODES_MAX && row->law.cores > 0 && row->law.period_usec > 0);
	ASSERT(row->law.balancers >= 1 && row->law.sampled_usec >= 0);
	memcpy(word, row, sizeof word);
	/* a reader that sees a word of this write sees the last one's count, and reads again */
	atomic_thread_fence(memory_order_release);
	for (size_t i = 0; i < WORDS; i++)
		atomic_store_explicit(&to[i], word[i], memory_order_relaxed);
	atomic_store_explicit(&s->count, count + 1, memory_order_release);
}

bool
phys_holds(const struct phys *p, unsigned slot, const struct phys_row *row)
{
	const struct phys_slot *s = &p->slot[slot];
	const _Atomic uint64_t *in_force;
	uint64_t word;

	ASSERT(slot < NODES_MAX);
	in_force = s->word[atomic_load_explicit(&s->count, memory_order_relaxed) & 1];
	for (size_t i = 0; i < WORDS; i++) {
		memcpy(&word, (const char *)row + i * sizeof word, sizeof word);
		if (atomic_load_explicit(&in_force[i], memory_order_relaxed) != word)
			return false;
	}
	return true;
}

/*
 * Only a writer that writes this very row twice while we read it makes us read again. The brain
 * writes a row once per sample; whatever it does, a worker that compares nodes cannot wait for it.
 * Returns the count of the writes that were read, or that of a look in vain.
 */
static uint32_t
row_copy(const struct phys_slot *s, struct phys_row *row, bool *whole)
{
	uint64_t word[WORDS];
	uint32_t before = 0;

	*whole = false;
	for (int look = 0; look < LOOKS && !*whole; look++) {
		before = atomic_load_explicit(&s->count, memory_order_acquire);
		for (size_t i = 0; i < WORDS; i++)
			word[i] = atomic_load_explicit(&s->word[before & 1][i], memory_order_relaxed);
		atomic_thread_fence(memory_order_acquire);
		*whole = atomic_load_explicit(&s->count, memory_order_relaxed) == before;
	}
	if (*whole)
		memcpy(row, word, sizeof word);
	if (!(row->law.cores > 0))		/* never written, or never read */
		row->law.cores = 1;
	if (row->law.period_usec <= 0)
		row->law.period_usec = 1000000;
	if (!(row->law.balancers >= 1))
		row->law.balancers = 1;
	return before;
}

bool
phys_read(const struct phys *p, unsigned slot, struct phys_row *row)
{
	bool whole;

	ASSERT(slot < NODES_MAX);
	row_copy(&p->slot[slot], row, &whole);
	return whole;
}

void
phys_follow(const struct phys *p, unsigned slot, struct phys_row *row, uint32_t *seen)
{
	uint32_t count;
	bool whole;

	ASSERT(slot < NODES_MAX);
	count = atomic_load_explicit(&p->slot[slot].count, memory_order_acquire);
	if (count == *seen && row->law.cores > 0)
		return;
	count = row_copy(&p->slot[slot], row, &whole);
	if (whole)
		*seen = count;
}

void
phys_set_available(struct phys *p, unsigned task_slot, double cores)
{
	ASSERT(task_slot < TASKS_MAX);
	atomic_store_explicit(&p->task[task_slot].available, cores > 0 ? cores : 0, memory_order_relaxed);
	if (!(cores > 0))
		phys_set_waited(p, task_slot, 0);
}

double
phys_available(const struct phys *p, unsigned task_slot)
{
	double cores;

	ASSERT(task_slot < TASKS_MAX);
	cores = atomic_load_explicit(&p->task[task_slot].available, memory_order_relaxed);
	return cores > 0 ? cores : NAN;
}

void
phys_set_waited(struct phys *p, unsigned task_slot, double requests)
{
	ASSERT(task_slot < TASKS_MAX && requests >= 0);
	atomic_store_explicit(&p->task[task_slot].waited, requests, memory_order_relaxed);
}

double
phys_waited(const struct phys *p, unsigned task_slot)
{
	ASSERT(task_slot < TASKS_MAX);
	return atomic_load_explicit(&p->task[task_slot].waited, memory_order_relaxed);
}
