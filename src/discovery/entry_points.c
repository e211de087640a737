/*
 * entry_points: on which a router is. Mola's listeners stand for the usual public entry points and
 * for those that the operator names; what an entry point requires of every router on it is in no
 * label of the router's.
 * Its middlewares are filters of every router on it. Must not know what else a router requires.
 */
#include <string.h>

#include "base/bug.h"
#include "discovery/middlewares.h"
#include "discovery/traefik_priv.h"

/* Whether it keeps requests out, or may. */
static bool
entry_point_guards(const struct traefik_reading *r, const struct traefik_entry_point *e)
{
	bool guards = e->unreadable != NULL || (e->tls_options != NULL &&
	    reading_tls_problem(r, str_of(e->tls_options)) != NULL);

	for (unsigned i = 0; i < e->middlewares.n; i++) {
		struct str name = str_of(e->middlewares.name[i]);
		guards |= !reading_ignores_middleware(r, name) && middlewares_guards(r->middlewares, name);
	}
	return e->served && guards;
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
	if (!e->served)
		return arena_printf(r->l->arena, "entry point %s%s is not one that Mola "
		    "serves; list it in swarm.traefik.entry_points if it is open to everybody",
		    e->name, whose);
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
	if (e->tls_options != NULL &&
	    (problem = reading_tls_problem(r, str_of(e->tls_options))) != NULL) {
		*why = WHY_TLS_OPTIONS;
		return arena_printf(r->l->arena, "entry point %s%s has the TLS options %s: %s", e->name, whose,
		    e->tls_options, problem);
	}
	*why = WHY_NEEDS_MIDDLEWARE;
	return e->redirect == NULL ? NULL : arena_printf(r->l->arena,
	    "entry point %s%s sends everybody to %s; put the router on that one", e->name, whose,
	    e->redirect);
}

/* The same by name. All rows of the name count, and their chains must be one. */
static const char *
name_refusal(const struct traefik_reading *r, struct str name, const struct why **why,
    bool *guarded, const char **chain)
{
	const char *text = NULL, *one;
	bool known = false;

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
	if (!known && traefik_is_usual(name)) {
		*guarded |= r->rules->unreadable != NULL;
		return r->rules->unreadable == NULL ? NULL :
		    arena_printf(r->l->arena, "entry point %.*s: %s; name it in "
		    "swarm.traefik.entry_points if it demands nothing", STR_ARG(name),
		    r->rules->unreadable);
	}
	return known ? NULL : arena_printf(r->l->arena,
	    "entry point %.*s is not one that Mola serves; list it in "
	    "swarm.traefik.entry_points if it is open to everybody", STR_ARG(name));
}

/* ---- TLS ---- */

#define SIDE_PLAIN	1U
#define SIDE_TLS	2U

/* Where it is not known, its name says so, or it may have TLS or not. */
static unsigned
name_sides(const struct traefik_reading *r, struct str name)
{
	bool secure = str_eq_nocase(name, STR("websecure")) || str_eq_nocase(name, STR("https"));
	unsigned sides = 0, else_sides = secure ? SIDE_TLS : traefik_is_usual(name) ? SIDE_PLAIN :
	    SIDE_PLAIN | SIDE_TLS;

	for (unsigned i = 0; i < r->rules->nentry_points; i++) {
		const struct traefik_entry_point *e = &r->rules->entry_point[i];
		if (str_eq_nocase(str_of(e->name), name))
			sides |= e->tls ? SIDE_TLS : e->owner == NULL || r->rules->unreadable != NULL ? else_sides :
			    SIDE_PLAIN;
	}
	return sides != 0 ? sides : else_sides;
}

enum route_by
entry_points_by(const struct traefik_reading *r, const struct swarm_label *label)
{
	struct str rest = label == NULL ? (struct str){ NULL, 0 } : str_of(label->value), name;
	unsigned sides = 0;

	while (str_split(&rest, ',', &name))
		if (str_trim(name).len > 0)
			sides |= name_sides(r, str_trim(name));
	for (unsigned i = 0; i < r->rules->nentry_points && label == NULL; i++)
		if (r->rules->entry_point[i].as_default)
			sides |= name_sides(r, str_of(r->rules->entry_point[i].name));
	return sides == (SIDE_PLAIN | SIDE_TLS) ? BY_ANY : sides == SIDE_TLS ? BY_TLS : BY_PLAIN;
}

/* ---- all that it names ---- */

/* Of several: the first reason, unless one of them is open. */
struct entry_point_names {
	const char	*text;
	const struct why *why;
	bool		 any, open, guarded;
	const char	*chain;		/* of the open ones; NULL: they differ */
};

static void
names_add(const struct traefik_reading *r, struct entry_point_names *n, struct str name)
{
	const struct why *why;
	const char *chain, *text = name_refusal(r, name, &why, &n->guarded, &chain);

	n->any = true;
	if (text == NULL && (!n->open || *chain == '\0'))
		n->chain = chain;
	else if (text == NULL && n->chain != NULL && *n->chain != '\0' && strcmp(n->chain, chain) != 0)
		n->chain = NULL;
	n->open |= text == NULL;
	if (n->text == NULL) {
		n->text = text;
		n->why = why;
	}
}

/* A router is served when one of its entry points lets every request in: that is how its author
 * serves it; else when all that can be served have the same middlewares. One that names none is on
 * all default entry points; where none is known, on the usual ones. */
const char *
entry_points_refusal(const struct traefik_reading *r, const struct swarm_label *label,
    const struct why **why, bool *guarded, const char **chain)
{
	struct str rest = label == NULL ? (struct str){ NULL, 0 } : str_of(label->value), name;
	struct entry_point_names n = { .any = false };

	while (str_split(&rest, ',', &name))
		if (str_trim(name).len > 0)
			names_add(r, &n, str_trim(name));
	for (unsigned i = 0; i < r->rules->nentry_points && label == NULL; i++)
		if (r->rules->entry_point[i].as_default)
			names_add(r, &n, str_of(r->rules->entry_point[i].name));
	if (!n.any && label == NULL)
		names_add(r, &n, STR("web"));
	ASSERT(!n.open || n.any);
	*why = n.any ? n.why : WHY_ENTRY_POINT;
	*guarded = n.guarded;
	*chain = n.chain;
	if (n.open && n.chain == NULL) {
		*why = WHY_NEEDS_MIDDLEWARE;
		return "its entry points have different middlewares, and Mola's listeners stand for all of "
		    "them";
	}
	return n.open ? NULL : n.any ? n.text : "it names no entry point";
}
