/*
 * live_process: what each process reports of itself: signs of life, the table that it has in force,
 * starts; and what must outlast a brain.
 */
#include "base/bug.h"
#include "world/live_priv.h"

void
live_beat(struct live *l, unsigned process, int64_t now)
{
	ASSERT((process < l->workers || process == LIVE_BRAIN) && now >= 0);
	if (process == LIVE_BRAIN)
		SET(l->process[process].beat, now);
	else
		SET(l->worker[process].beat, now);
}

int64_t
live_last_beat(const struct live *l, unsigned process)
{
	ASSERT(process < l->workers || process == LIVE_BRAIN);
	return process == LIVE_BRAIN ? GET(l->process[process].beat) : GET(l->worker[process].beat);
}

void
live_set_prober(struct live *l, unsigned worker)
{
	ASSERT(worker < l->workers);
	if (GET(l->prober) != worker)
		SET(l->prober, worker);
}

unsigned
live_prober(const struct live *l)
{
	return GET(l->prober);
}

void
live_set_table(struct live *l, unsigned worker, uint64_t serial)
{
	ASSERT(worker < l->workers && serial > 0);
	SET(l->worker[worker].table, serial);
}

uint64_t
live_table(const struct live *l, unsigned worker)
{
	ASSERT(worker < l->workers);
	return GET(l->worker[worker].table);
}

/*
 * One that does not run now will begin with this table or a later one: the parent keeps a table
 * for workers to come before it sends it to those that are there. So one that has it will do,
 * but one there must be: what no worker has, the parent may not have either.
 */
bool
live_table_reached_all(const struct live *l, uint64_t serial)
{
	bool any = false;

	ASSERT(serial > 0);
	for (unsigned w = 0; w < l->workers; w++) {
		if (GET(l->process[w].pid) == 0)
			continue;
		if (GET(l->worker[w].table) < serial)
			return false;
		any = true;
	}
	return any;
}

bool
live_table_reached_any(const struct live *l)
{
	for (unsigned w = 0; w < l->workers; w++)
		if (GET(l->worker[w].table) != 0)
			return true;
	return false;
}

void
live_started(struct live *l, unsigned process, int pid)
{
	ASSERT(process <= LIVE_BRAIN && pid >= 0);
	SET(l->process[process].pid, pid);
	SET(l->process[process].starts, GET(l->process[process].starts) + 1);
}

void
live_stopped(struct live *l, unsigned process)
{
	ASSERT(process <= LIVE_BRAIN);
	SET(l->process[process].pid, 0);
}

struct live_process
live_process(const struct live *l, unsigned process)
{
	ASSERT(process <= LIVE_BRAIN);
	return (struct live_process){ GET(l->process[process].pid),
	    GET(l->process[process].starts) + GET(l->process_before[process].starts) };
}

void
live_log_dropped(struct live *l, unsigned process, uint64_t lines)
{
	ASSERT(process <= LIVE_PARENT);
	if (lines > 0)
		SET(l->process[process].log_dropped, GET(l->process[process].log_dropped) + lines);
}

uint64_t
live_log_dropped_total(const struct live *l, unsigned process)
{
	ASSERT(process <= LIVE_PARENT);
	return GET(l->process[process].log_dropped) + GET(l->process_before[process].log_dropped);
}

void
live_memory_short(struct live *l, unsigned process, uint64_t times)
{
	ASSERT(process <= LIVE_PARENT);
	SET(l->process[process].memory_short, GET(l->process[process].memory_short) + times);
}

uint64_t
live_memory_short_total(const struct live *l, unsigned process)
{
	ASSERT(process <= LIVE_PARENT);
	return GET(l->process[process].memory_short);
}

void
live_set_conf(struct live *l, struct live_conf c)
{
	SET(l->conf_read, c.read_usec);
	SET(l->conf_good, c.good);
}

struct live_conf
live_conf(const struct live *l)
{
	return (struct live_conf){ GET(l->conf_read), GET(l->conf_good) != 0 };
}

void
live_set_paused(struct live *l, uint64_t mark, bool on)
{
	ASSERT(mark != 0);
	for (unsigned i = 0; i < LIVE_PAUSED; i++)
		if (GET(l->paused[i]) == mark)
			SET(l->paused[i], 0);
	for (unsigned i = 0; on && i < LIVE_PAUSED; i++)
		if (GET(l->paused[i]) == 0) {
			SET(l->paused[i], mark);
			return;
		}
}

bool
live_is_paused(const struct live *l, uint64_t mark)
{
	for (unsigned i = 0; i < LIVE_PAUSED; i++)
		if (GET(l->paused[i]) == mark)
			return true;
	return false;
}

void
live_ask_challenges(struct live *l)
{
	ADD(l->challenges_asked, 1);
}

uint32_t
live_challenges_asked(const struct live *l)
{
	return GET(l->challenges_asked);
}
