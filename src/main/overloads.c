/*
 * A service is overloaded from the first request that is refused because every node is full until
 * none was for CALM_USEC, so that a load near the border is logged once. What was refused before
 * this brain is not logged again.
 */
#include "base/clock.h"
#include "base/log.h"
#include "main/overloads.h"

#define CALM_USEC	(10 * USEC_PER_SEC)

static void
log_service(enum log_level level, const char *event, const struct world *w,
    const struct world_service *s, const char *text)
{
	log_event(level, event, "service", s->name, "refused",
	    LOG_N(s->overload.refused - s->overload.refused_before), "bound",
	    LOG_F(live_bound(w->live), 1), "text", text, NULL);
}

static void
service_look(const struct world *w, struct world_service *s, int64_t now)
{
	uint32_t refused = live_service_errors(w->live, s->slot, WHY_OVERLOADED);
	bool more = s->overload.looked && refused != s->overload.refused;

	if (more && !s->overload.reported) {
		s->overload.refused_before = s->overload.refused;
		s->overload.since_usec = now;
	}
	s->overload.looked = true;
	s->overload.refused = refused;
	if (more) {
		s->overload.last_usec = now;
		if (!s->overload.reported)
			log_service(LOG_WARN, "service.overloaded", w, s,
			    "every node of it is full, and requests are refused");
		s->overload.reported = true;
	} else if (s->overload.reported && now - s->overload.last_usec >= CALM_USEC) {
		s->overload.reported = false;
		log_service(LOG_INFO, "service.relieved", w, s,
			    "its requests are not refused any more");
	}
}

void
overloads_tick(struct world *w, int64_t now)
{
	struct world_service *s;

	LIST_FOREACH(s, &w->services, link)
		if (s->slot != 0 && s->group == NULL)
			service_look(w, s, now);
}
