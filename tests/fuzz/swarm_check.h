/*
 * swarm_check: what holds of the world and of the report after a pass over a Swarm, whatever the Engine said.
 */
#ifndef FUZZ_SWARM_CHECK_H
#define FUZZ_SWARM_CHECK_H

#include <string.h>

#include "base/bug.h"
#include "discovery/secret.h"
#include "discovery/swarm_priv.h"
#include "discovery/upgrade.h"

static inline void
check_words(const char *s)
{
	for (; s != NULL && *s != '\0'; s++)
		ASSERT(*s >= ' ' && *s != 0x7f);
}

static inline void
check_read(const struct why *(*read)(struct swarm *, struct str, char *), struct swarm *s, struct str json)
{
	char detail[SWARM_DETAIL] = "";

	if (read(s, json, detail) != NULL)
		ASSERT(detail[0] != '\0');
	check_words(detail);
}

static inline void
check_report(const struct swarm_report *r)
{
	struct arena *a = arena_new();

	for (unsigned i = 0; i < r->ntroubles; i++)
		check_words(r->trouble[i].text);
	for (unsigned i = 0; i < r->nservices; i++) {
		const struct report_service *s = &r->service[i];
		ASSERT(s->name != NULL && s->id != NULL && report_service_same(s, s));
		ASSERT(i == 0 || report_service_same(s, s - 1) == report_service_same(s - 1, s));
		ASSERT(swarm_report_find(r, str_of(s->name)) != NULL || strchr(s->name, ':') != NULL);	/* "web:80" is a port of web */
		for (unsigned k = 0; k < s->nlabels; k++) {
			ASSERT(s->label[k].state == LABEL_VALID || s->label[k].text != NULL);
			ASSERT(secret_value(a, s->label[k].name, s->label[k].value) != NULL);
			ASSERT((secret_text(a, s->label[k].name, s->label[k].text) == NULL) == (s->label[k].text == NULL));
		}
		for (unsigned k = 0; k < s->ntroubles; k++)
			ASSERT(s->trouble[k].text[0] != '\0');
		(void)upgrade_lost(s);
	}
	arena_free(&a);
}

static inline void
check_world(const struct world *w)
{
	const struct world_service *s;
	const struct world_task *t;

	LIST_FOREACH(s, &w->services, link) {
		ASSERT(s->conf.connect_usec > 0 && s->conf.health_rise > 0);
		ASSERT(s->conf.scale_max == 0 || s->conf.scale_min <= s->conf.scale_max);
		for (unsigned i = 0; i < s->nroutes; i++)
			ASSERT(s->route[i].path[0] == '/');
		LIST_FOREACH(t, &s->tasks, link)
			ASSERT(t->addr.sa.any.sa_family != 0 && t->node != NULL);
	}
}

#endif
