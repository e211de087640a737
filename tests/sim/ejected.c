#include <string.h>

#include "ejected.h"
#include "ledger.h"

#define FIRST_USEC	USEC_PER_SEC
#define MOST_USEC	(30 * USEC_PER_SEC)
#define SLACK_USEC	(20 * USEC_PER_MSEC)	/* of a turn */

static struct {
	const struct plan *plan;
	const struct live *live;
	struct {
		uint32_t	 ejections;
		int64_t		 until_usec;
	} seen[ALL_SERVICES][TASKS];
} g;

void
ejected_begin(const struct plan *p, const struct live *live)
{
	memset(&g, 0, sizeof g);
	g.plan = p;
	g.live = live;
}

/* 0: by failures that are compared with those of other tasks, longer each time. */
static int64_t
span_of_rule(const struct plan_service *s)
{
	if (s->eject_failures == 0)
		return 0;
	return EJECT_WINDOW_USEC + (s->checked ? 2 * CHECK_EACH_USEC + CHECK_USEC : 0);
}

static bool
is_doubled(int64_t span)
{
	for (int64_t n = FIRST_USEC; n < MOST_USEC; n *= 2)
		if (span <= n)
			return span + SLACK_USEC >= n;
	return span <= MOST_USEC && span + SLACK_USEC >= MOST_USEC;
}

static void
check_span(unsigned service, unsigned task, int64_t span)
{
	int64_t wanted = span_of_rule(&g.plan->service[service]);

	if (wanted > 0 ? span > wanted || span + SLACK_USEC < wanted : !is_doubled(span))
		broken("s%u.%u is ejected for %lld us, of %lld", service, task, (long long)span, (long long)wanted);
}

/* What others see of it. A task that comes back begins anew. */
static void
look(unsigned service, unsigned task)
{
	const struct plan_service *s = &g.plan->service[service];
	struct live_task is;
	int64_t was = g.seen[service][task].until_usec, now = wire_now();

	live_task_read(g.live, service * TASKS + task, &is);
	if (is.ejections > g.seen[service][task].ejections)
		check_span(service, task, is.ejected_until_usec - now);
	else if (is.ejected_until_usec < was && is.ejected_until_usec > 0 && (s->eject_failures == 0 || !s->checked || is.health == HEALTH_DOWN))
		broken("s%u.%u is ejected no longer, %lld us before the time", service, task, (long long)(was - now));
	else if (is.ejected_until_usec > was)
		broken("s%u.%u is ejected for longer than at first", service, task);
	g.seen[service][task].ejections = is.ejections;
	g.seen[service][task].until_usec = is.ejected_until_usec;
}

void
ejected_look(void)
{
	for (unsigned i = 0; i < ALL_SERVICES && !g.plan->brain.there; i++)	/* which gives slots as it likes */
		for (unsigned k = 0; k < g.plan->service[i].ntasks; k++)
			look(i, k);
}
