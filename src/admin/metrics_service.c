/*
 * metrics_service: durations, errors and retries of services. Services that have no row of their
 * own in live are together as (other), which no service can be called.
 */
#include <stdio.h>

#include "admin/metrics_page.h"
#include "base/bug.h"
#include "base/clock.h"

#define OTHER	"(other)"
/* Bounds of buckets: two in each octave, from 512 us to 33.6 s. */
#define FIRST	32
#define LAST	160
#define EACH	4

static void
put_count(struct metrics_page *p, const char *suffix, const char *service, double x)
{
	page_open_of(p, suffix);
	page_label(p, "service", service);
	page_close(p, x);
}

static void
put_buckets(struct metrics_page *p, const char *service, unsigned slot)
{
	const struct live *l = p->v->world->live;
	uint64_t n = 0;

	ASSERT(latency_begin_usec(FIRST) == 512 && latency_begin_usec(LAST) == 512 << 16);
	for (unsigned s = 0; s < LATENCY_STEPS; s++) {
		if (s >= FIRST && s <= LAST && s % EACH == 0) {
			page_open_of(p, "_bucket");
			page_label(p, "service", service);
			page_bound(p, (double)latency_begin_usec(s) / (double)USEC_PER_SEC);
			page_close(p, (double)n);
		}
		n += live_service_step_total(l, slot, s);
	}
	page_open_of(p, "_bucket");
	page_label(p, "service", service);
	page_bound(p, __builtin_inf());
	page_close(p, (double)n);
	put_count(p, "_sum", service, live_service_duration_sum_seconds(l, slot));
	put_count(p, "_count", service, (double)n);
}

static void
put_errors(struct metrics_page *p, const char *service, unsigned slot)
{
	struct live_traffic t;
	char status[16];

	live_service_traffic(p->v->world->live, slot, &t);
	for (unsigned i = 0; i < LIVE_ERRORS; i++) {
		if (t.error[i] == 0)
			continue;
		snprintf(status, sizeof status, "%d", t.cause[i].status);
		page_open(p);
		page_label(p, "service", service);
		page_label(p, "why", t.cause[i].why == NULL ? "other" : why_name(t.cause[i].why));
		page_label(p, "status", t.cause[i].status == 0 ? "" : status);
		page_close(p, t.error[i]);
	}
}

static void
put_retries(struct metrics_page *p, const char *service, unsigned slot)
{
	for (unsigned r = 0; r < RETRY_REASONS; r++) {
		uint64_t n = live_retries_total(p->v->world->live, slot, r);

		if (n == 0)
			continue;
		page_open(p);
		page_label(p, "service", service);
		page_label(p, "reason", retry_reason_name(r));
		page_close(p, (double)n);
	}
}

static void
put_service(struct metrics_page *p, enum family f, const char *name, unsigned slot)
{
	ASSERT(slot < LIVE_SERVICES);
	if (f == FAMILY_SERVICE_DURATION)
		put_buckets(p, name, slot);
	else if (f == FAMILY_SERVICE_RETRIES)
		put_retries(p, name, slot);
	else
		put_errors(p, name, slot);
}

void
metrics_services(struct metrics_page *p, enum family f)
{
	const struct world_service *s;
	bool others = false;

	LIST_FOREACH(s, &p->v->world->services, link) {
		others |= s->slot == 0;
		/* of connections there are errors alone; what leads to others has no requests itself */
		if (s->slot == 0 || s->group != NULL ||
		    (f == FAMILY_SERVICE_DURATION && s->conf.kind == SERVICE_TCP))
			continue;
		put_service(p, f, s->name, s->slot);
	}
	if (others)
		put_service(p, f, OTHER, 0);
}
