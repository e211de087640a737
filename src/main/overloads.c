/*
 * A service refuses from the first request that is refused for one of the reasons below until none
 * was for CALM_USEC, so that a load near the border is logged once. What was refused before this
 * brain is not logged again.
 */
#include "base/clock.h"
#include "base/log.h"
#include "main/overloads.h"

#define CALM_USEC	(10 * USEC_PER_SEC)

typedef void	log_f(const struct world *, const struct world_service *, uint32_t refused,
    bool more);

/* As a service begins to refuse, or does no more. */
static void
log_overload(const struct world *w, const struct world_service *s, uint32_t refused, bool more)
{
	double bound = live_bound(w->live);

	if (more)
		log_event(LOG_WARN, "service.overloaded", "service", s->name, "refused", LOG_N(refused),
		    "bound", LOG_F(bound, 1), "text", "every node of it is full, and requests are refused",
		    NULL);
	else
		log_event(LOG_INFO, "service.relieved", "service", s->name, "refused", LOG_N(refused),
		    "bound", LOG_F(bound, 1), "text", "its requests are not refused any more", NULL);
}

static void
log_limit(const struct world *w, const struct world_service *s, uint32_t refused, bool more)
{
	(void)w;
	if (more)
		log_event(LOG_WARN, "service.at_limit", "service", s->name, "refused", LOG_N(refused),
		    "max_inflight", LOG_N(s->conf.max_inflight), "task_max_inflight",
		    LOG_N(s->conf.task_max_inflight), "text", "it has as many in flight as max_inflight or "
		    "task_max_inflight allow, and requests are refused", NULL);
	else
		log_event(LOG_INFO, "service.below_limit", "service", s->name, "refused", LOG_N(refused),
		    "text", "its requests are not refused any more", NULL);
}

static void
log_breaker(const struct world *w, const struct world_service *s, uint32_t refused, bool more)
{
	(void)w;
	if (more)
		log_event(LOG_WARN, "service.breaker_open", "service", s->name, "refused", LOG_N(refused),
		    "text", "a circuit breaker of its routes is open, and requests are refused", NULL);
	else
		log_event(LOG_INFO, "service.breaker_closed", "service", s->name, "refused", LOG_N(refused),
		    "text", "its requests are not refused any more", NULL);
}

static const struct kind {
	const struct why *const *why;
	log_f		*log;
} kinds[REFUSALS] = {
	[REFUSALS_OVERLOADED] = { &WHY_OVERLOADED, log_overload },
	[REFUSALS_MAX_INFLIGHT] = { &WHY_MAX_INFLIGHT, log_limit },
	[REFUSALS_BREAKER] = { &WHY_BREAKER_OPEN, log_breaker },
};

static void
look(const struct world *w, struct world_service *s, enum refusals of, int64_t now)
{
	const struct kind *kind = &kinds[of];
	struct world_refusals *r = &s->refusals[of];
	uint32_t refused = live_service_errors(w->live, s->slot, *kind->why);
	bool more = r->looked && refused != r->refused;

	if (more && !r->reported) {
		r->refused_before = r->refused;
		r->since_usec = now;
	}
	r->looked = true;
	r->refused = refused;
	if (more) {
		r->last_usec = now;
		if (!r->reported)
			kind->log(w, s, refused - r->refused_before, true);
		r->reported = true;
	} else if (r->reported && now - r->last_usec >= CALM_USEC) {
		r->reported = false;
		kind->log(w, s, refused - r->refused_before, false);
	}
}

void
overloads_tick(struct world *w, int64_t now)
{
	struct world_service *s;

	LIST_FOREACH(s, &w->services, link)
		for (unsigned i = 0; s->slot != 0 && s->group == NULL && i < REFUSALS; i++)
			look(w, s, i, now);
}
