#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "main/beat.h"

#define SHORT_USEC	(10 * USEC_PER_SEC)	/* between two lines that memory is short */

/* While clients hold all that there is, it is so many times a second. */
static void
short_report(struct live *l, unsigned process, unsigned long spent)
{
	static unsigned long times;
	static int64_t last_usec;	/* 0: never */
	int64_t now = clock_mono_usec();

	if (spent > 0)
		live_memory_short(l, process, spent);
	times += spent;
	if (times == 0 || (last_usec != 0 && now - last_usec < SHORT_USEC))
		return;
	last_usec = now;
	log_event(LOG_WARN, "memory.short", "times", LOG_N(times), "text",
	    "an allocation failed; the memory that is kept for that was used", NULL);
	times = 0;
}

void
beat_report(struct live *l, unsigned process)
{
	short_report(l, process, alloc_restore());
	log_flush();
	live_log_dropped(l, process, log_dropped_take());
}
