#include "lag.h"

void
lag_start(struct lag *l, int64_t now)
{
	hist_clear(&l->hist);
	l->late = 0;
	l->next = now + LAG_BEAT_USEC;
}

void
lag_beat(struct lag *l, int64_t now)
{
	for (; l->next <= now; l->next += LAG_BEAT_USEC) {
		hist_add(&l->hist, now - l->next);
		if (now - l->next > LAG_LATE_USEC)
			l->late++;
	}
}

double
lag_late_share(const struct lag *l)
{
	return l->hist.count == 0 ? 0 : (double)l->late / (double)l->hist.count;
}

bool
lag_colours(const struct lag *l)
{
	return lag_late_share(l) > LAG_TOLERATED;
}
