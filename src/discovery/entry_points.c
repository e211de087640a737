/*
 * entry_points: what one requires of every router on it, which is in no label of the router's; and
 * where its requests come from. A listener of its name stands for it alone; for the usual public
 * ones and for those that the operator names, all listeners that have no entry point's name do.
 * Its middlewares are filters of every router on it. Must not know what else a router requires.
 */
#include <string.h>

#include "base/bug.h"
#include "discovery/entry_points.h"
#include "discovery/middlewares.h"

const struct swarm_listener *
entry_point_listener(const struct traefik_reading *r, struct str name)
{
	for (unsigned i = 0; i < r->l->nlisteners; i++)
		if (str_eq_nocase(str_of(r->l->listener[i].name), name))
			return &r->l->listener[i];
	return NULL;
}

/* Whether it keeps requests out, or may. */
static bool
entry_point_guards(const struct traefik_reading *r, const struct traefik_entry_point *e)
{
	bool guards = e->unreadable != NULL;

	for (unsigned i = 0; i < e->middlewares.n; i++) {
		struct str name = str_of(e->middlewares.name[i]);
		guards |= !middlewares_left_out(r->middlewares, name) && middlewares_guards(r->middlewares, name);
	}
	return (e->served || entry_point_listener(r, str_of(e->name)) != NULL) && guards;
}

/* Its listener sends requests that come in plain where it does. */
static bool
redirects_itself(const struct traefik_reading *r, const struct traefik_entry_point *e)
{
	const struct swarm_listener *l = entry_point_listener(r, str_of(e->name));

	return l != NULL && l->redirect_port != 0 && l->redirect_port == e->redirect_port;
}

/* Why requests by this entry point may not go to the tasks; NULL: they may, behind *chain ("":
 * none). */
static const char *
entry_point_refusal(const struct traefik_reading *r, const struct traefik_entry_point *e,
    const struct why **why, const char **chain)
{
	const char *problem, *with;

	const char *whose = e->owner == NULL ? "" : arena_printf(r->l->arena, " of Traefik %s", e->owner);

	*why = WHY_ENTRY_POINT;
	if (!e->served && entry_point_listener(r, str_of(e->name)) == NULL)
		return arena_printf(r->l->arena, "entry point %s%s is not one that Mola "
		    "serves; give a listener its name, or list it in swarm.traefik.entry_points if it is open "
		    "to everybody", e->name, whose);
	if (e->unreadable != NULL)
		return arena_printf(r->l->arena, "entry point %s: %s; name it in "
		    "swarm.traefik.entry_points if it demands nothing", e->name, e->unreadable);
	for (unsigned i = 0; i < e->middlewares.n; i++) {
		with = reading_add_middleware(r, *chain, str_of(e->middlewares.name[i]), &problem);
		*why = WHY_NEEDS_MIDDLEWARE;
		if (with == NULL)
			return arena_printf(r->l->arena, "entry point %s%s has middleware %s, %s; name it in "
			    "swarm.traefik.ignore_middlewares if it protects nothing", e->name, whose,
			    e->middlewares.name[i], problem);
		*chain = with;
	}
	*why = WHY_NEEDS_MIDDLEWARE;
	return e->redirect == NULL || redirects_itself(r, e) ? NULL : arena_printf(r->l->arena,
	    "entry point %s%s sends everybody to %s; put the router on that one", e->name, whose,
	    e->redirect);
}

/* The same by name. All rows of the name count, and their chains must be one. */
const char *
entry_point_refuses(const struct traefik_reading *r, struct str name, const struct why **why,
    bool *guarded, const char **chain)
{
	const char *text = NULL, *one;
	bool known = false, meant = traefik_is_usual(name) || entry_point_listener(r, name) != NULL;

	*chain = "";

	for (unsigned i = 0; i < r->rules->nentry_points; i++) {
		const struct traefik_entry_point *e = &r->rules->entry_point[i];
		if (!str_eq_nocase(str_of(e->name), name))
			continue;
		*guarded |= entry_point_guards(r, e);
		one = "";
		if (text == NULL)
			text = entry_point_refusal(r, e, why, &one);
		if (text == NULL && known && strcmp(one, *chain) != 0) {
			*why = WHY_NEEDS_MIDDLEWARE;
			text = arena_printf(r->l->arena, "entry point %s has other middlewares in one Traefik than in "
			    "another", e->name);
		}
		*chain = one;
		known = true;
	}
	ASSERT(known || text == NULL);
	if (text != NULL)
		return text;
	*why = WHY_ENTRY_POINT;
	if (!known && meant) {
		*guarded |= r->rules->unreadable != NULL;
		return r->rules->unreadable == NULL ? NULL :
		    arena_printf(r->l->arena, "entry point %.*s: %s; name it in "
		    "swarm.traefik.entry_points if it demands nothing", STR_ARG(name),
		    r->rules->unreadable);
	}
	return known ? NULL : arena_printf(r->l->arena,
	    "entry point %.*s is not one that Mola serves; give a listener its name, or list it in "
	    "swarm.traefik.entry_points if it is open to everybody", STR_ARG(name));
}

/* ---- TLS ---- */

/* Where it is not known, its listener has TLS or not, or its name says so, or it may be either. */
static unsigned
unknown_sides(const struct traefik_reading *r, struct str name)
{
	const struct swarm_listener *l = entry_point_listener(r, name);

	if (l != NULL)
		return l->tls ? SIDE_TLS : SIDE_PLAIN;
	if (str_eq_nocase(name, STR("websecure")) || str_eq_nocase(name, STR("https")))
		return SIDE_TLS;
	return traefik_is_usual(name) ? SIDE_PLAIN : SIDE_PLAIN | SIDE_TLS;
}

unsigned
entry_point_sides(const struct traefik_reading *r, struct str name, bool *certain)
{
	unsigned sides = 0;

	for (unsigned i = 0; i < r->rules->nentry_points; i++) {
		const struct traefik_entry_point *e = &r->rules->entry_point[i];
		bool known = e->tls || (e->owner != NULL && r->rules->unreadable == NULL);
		if (!str_eq_nocase(str_of(e->name), name))
			continue;
		*certain &= known;
		sides |= !known ? unknown_sides(r, name) : e->tls ? SIDE_TLS : SIDE_PLAIN;
	}
	*certain &= sides != 0;
	return sides != 0 ? sides : unknown_sides(r, name);
}

void
entry_point_mark(const struct traefik_reading *r, struct str name, bool tls,
    struct entry_groups *g)
{
	for (unsigned i = 0; i < r->rules->nentry_points; i++) {
		const struct traefik_entry_point *e = &r->rules->entry_point[i];
		if (!str_eq_nocase(str_of(e->name), name))
			continue;
		g->orders |= e->orders && !tls;
		g->wider |= e->wider;
		g->semicolons |= e->semicolons;
	}
}
