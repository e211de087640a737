/*
 * join_listeners: which listeners have the name of an entry point, and what that one does with
 * every request. Which names are entry points' is the operator's to say: labels of a service must
 * not take a listener from the others.
 */
#include <string.h>
#include <strings.h>

#include "base/bug.h"
#include "discovery/join.h"
#include "discovery/traefik_static.h"

static bool
is_configured(const struct join *j, const char *name)
{
	for (unsigned i = 0; i < j->conf->traefik->nentry_points; i++)
		if (strcasecmp(j->conf->traefik->entry_point[i].name, name) == 0)
			return true;
	return false;
}

/* Where nothing is known of some entry points, the usual names stand for some, too. */
static bool
usual_count(const struct join *j)
{
	bool unreadable = false;

	for (unsigned i = 0; i < j->ntraefiks; i++)
		unreadable |= j->traefik[i].config->unreadable != NULL;
	return unreadable || (j->ntraefiks == 0 && j->conf->traefik->nentry_points == 0);
}

/* Several Traefiks that have it must agree on where it sends requests. */
static void
take_entry_point(struct swarm_listener *l, const struct traefik_entry_point *e, bool first)
{
	bool same = first || (l->redirect_port == e->redirect_port &&
	    l->redirect_temporary == e->redirect_temporary);

	l->entry_point = true;
	l->redirect_port = same && !l->tls ? e->redirect_port : 0;
	l->redirect_temporary = e->redirect_temporary;
}

static void
listener_read(struct join *j, struct swarm_listener *l)
{
	bool first = true;

	for (unsigned i = 0; i < j->ntraefiks; i++) {
		const struct traefik_static *t = j->traefik[i].config;
		for (unsigned k = 0; k < t->nentry_points; k++)
			if (strcasecmp(t->entry_point[k].name, l->name) == 0) {
				take_entry_point(l, &t->entry_point[k], first);
				first = false;
			}
	}
	l->entry_point |= is_configured(j, l->name) ||
	    (usual_count(j) && traefik_is_usual(str_of(l->name)));
}

void
join_listeners(struct join *j)
{
	unsigned n = j->conf->nlisteners;
	struct world_listener *l = arena_zalloc(j->arena, (n + 1) * sizeof *l);

	ASSERT(n <= TABLE_LISTENERS);
	j->listener = arena_zalloc(j->arena, (n + 1) * sizeof *j->listener);
	for (unsigned i = 0; i < n; i++) {
		j->listener[i] = j->conf->listener[i];
		if (j->conf->traefik->enable)
			listener_read(j, &j->listener[i]);
		l[i] = (struct world_listener){ (char *)(uintptr_t)j->listener[i].name,
		    j->listener[i].redirect_port, j->listener[i].redirect_temporary };
	}
	world_pass_listeners(j->world, l, n);
}
