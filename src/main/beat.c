#include "base/bug.h"
#include "base/log.h"
#include "main/beat.h"

void
beat_report(struct live *l, unsigned process)
{
	unsigned long spent = alloc_restore();

	if (spent > 0) {
		live_memory_short(l, process, spent);
		log_event(LOG_WARN, "memory.short", "times", LOG_N(spent), "text",
		    "an allocation failed; the memory that is kept for that was used", NULL);
	}
	log_flush();
	live_log_dropped(l, process, log_dropped_take());
}
