/*
 * Labels of a hostile tenant, one to a line, as name=value. Each is told exactly once or not at all, and what holds
 * in the end is within bounds.
 */
#include <string.h>

#include "base/bug.h"
#include "discovery/labels.h"
#include "discovery/middlewares.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static const struct service_conf defaults = { .connect_usec = 1, .response_usec = 1, .idle_usec = 1, .tunnel_usec = 1,
	.health_interval_usec = 1, .health_timeout_usec = 1, .health_rise = 1, .health_fall = 1 };

static const struct swarm_listener listeners[] = { { .name = "web", .tls = false }, { .name = "pg", .tls = false }, { .name = "tls", .tls = true } };

static void
check(const struct labels *l, bool provided)
{
	ASSERT(l->port <= 65535 && l->nroutes <= ROUTES_MAX && l->report->nlabels <= l->label_cap);
	ASSERT(l->conf.connect_usec > 0 && l->conf.health_interval_usec > 0 && l->conf.policy < POLICY_COUNT);
	ASSERT(l->conf.scale_max == 0 || l->conf.scale_min <= l->conf.scale_max);
	for (unsigned i = 0; i < l->nroutes; i++)
		ASSERT(l->route[i].at.path[0] == '/' && strlen(l->route[i].at.host) <= 253 && l->route[i].port <= 65535);
	for (unsigned i = 0; i < l->nroutes; i++)
		ASSERT(l->route[i].at.listener == NULL || labels_listener(l, str_of(l->route[i].at.listener)) != NULL);
	for (unsigned i = 0; i < l->nroutes; i++)	/* all connections of a listener with TLS go to nobody */
		ASSERT(l->route[i].at.listener == NULL || *l->route[i].at.host != '\0' || strcmp(l->route[i].at.listener, "tls") != 0);
	for (unsigned i = 0; i < l->nrefused; i++)
		ASSERT(l->refused[i].listener != NULL && *l->refused[i].host != '\0');
	for (unsigned i = 0; i < l->nclaims; i++)
		ASSERT(l->claim[i].at.path[0] == '/' && strlen(l->claim[i].at.host) <= 253 && l->claim[i].priority < ROUTE_OWN);
	for (unsigned i = 0; i < l->nothers; i++)
		ASSERT(l->other[i].port > 0 && l->other[i].port != l->port);
	ASSERT(!l->enabled || provided || l->nroutes > 0 || l->report->ntroubles > 0);
	ASSERT(!l->broken || l->nservers == 0);
	for (unsigned i = 0; i < l->nservers; i++)
		ASSERT(l->server[i].port > 0 && l->server[i].port <= 65535 && l->server[i].host.len > 0);
	for (unsigned i = 0; i < l->report->nlabels; i++) {
		const struct report_label *r = &l->report->label[i];
		ASSERT(r->state < LABEL_STATES && (r->state == LABEL_VALID || r->text != NULL));
		for (const char *c = r->text; c != NULL && *c != '\0'; c++)
			ASSERT(*c >= ' ' && *c <= '~');
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct str rest = { (const char *)bytes, len }, line, name;
	struct swarm_label label[64];
	struct swarm_service s = { .id = "id", .name = "web", .label = label };
	struct report_service report = { 0 };
	static const struct swarm_conf conf;
	struct middlewares *m = middlewares_new(&conf);
	struct labels l = { .arena = arena_new(), .report = &report, .listener = listeners, .nlisteners = 3 };

	s.provided = str_starts(rest, STR("file\n"));	/* as lines of Traefik's files have them */
	while (s.nlabels < 64 && str_split(&rest, '\n', &line))
		if (str_split(&line, '=', &name))
			label[s.nlabels++] = (struct swarm_label){ .name = arena_text(l.arena, name), .value = arena_text(l.arena, line) };
	middlewares_read(m, &s);
	labels_read(&l, &s, &defaults, &traefik_rules_default, m);
	check(&l, s.provided);
	middlewares_free(&m);
	arena_free(&l.arena);
	return 0;
}
