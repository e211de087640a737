/*
 * entry_points: on which a router is. Mola's listeners stand for the usual public entry points and
 * for those that the operator names; what an entry point requires of every router on it is in no
 * label of the router's.
 * Must not know what else a router requires.
 */
#include <string.h>

#include "base/bug.h"
#include "discovery/middlewares.h"
#include "discovery/traefik_priv.h"

/* Whether it keeps requests out, or may. */
static bool
entry_point_guards(const struct traefik_reading *r, const struct traefik_entry_point *e)
{
	bool guards = e->unreadable != NULL || e->tls_options != NULL;

	for (unsigned i = 0; i < e->middlewares.n; i++) {
		struct str name = str_of(e->middlewares.name[i]);
		guards |= !reading_ignores_middleware(r, name) && middlewares_guards(r->middlewares, name);
	}
	return e->served && guards;
}

/* Why requests by this entry point may not go to the tasks as they are; NULL: they may. */
static const char *
entry_point_refusal(const struct traefik_reading *r, const struct traefik_entry_point *e,
    const struct why **why)
{
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
		struct str name = str_of(e->middlewares.name[i]);
		if (reading_ignores_middleware(r, name))
			continue;
		*why = WHY_NEEDS_MIDDLEWARE;
		return arena_printf(r->l->arena, "entry point %s%s has middleware %s, which Mola "
		    "does not have; name it in swarm.traefik.ignore_middlewares if it "
		    "protects nothing", e->name, whose, e->middlewares.name[i]);
	}
	if (e->tls_options != NULL) {
		*why = WHY_TLS_OPTIONS;
		return arena_printf(r->l->arena, "entry point %s%s has the TLS options %s, which "
		    "Mola does not know", e->name, whose, e->tls_options);
	}
	*why = WHY_NEEDS_MIDDLEWARE;
	return e->redirect == NULL ? NULL : arena_printf(r->l->arena,
	    "entry point %s%s sends everybody to %s; put the router on that one", e->name, whose,
	    e->redirect);
}

/* The same by name. All rows of the name count. */
static const char *
name_refusal(const struct traefik_reading *r, struct str name, const struct why **why,
    bool *guarded)
{
	const char *text = NULL;
	bool known = false;

	for (unsigned i = 0; i < r->rules->nentry_points; i++) {
		const struct traefik_entry_point *e = &r->rules->entry_point[i];
		if (!str_eq_nocase(str_of(e->name), name))
			continue;
		*guarded |= entry_point_guards(r, e);
		if (text == NULL)
			text = entry_point_refusal(r, e, why);
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

/* Of several: the first reason, unless one of them is open. */
struct entry_point_names {
	const char	*text;
	const struct why *why;
	bool		 any, open, guarded;
};

static void
names_add(const struct traefik_reading *r, struct entry_point_names *n, struct str name)
{
	const struct why *why;
	const char *text = name_refusal(r, name, &why, &n->guarded);

	n->any = true;
	n->open |= text == NULL;
	if (n->text == NULL) {
		n->text = text;
		n->why = why;
	}
}

/* A router is served when one of its entry points lets every request in: that is how its author
 * serves it. One that names none is on all default entry points; where none is known, on the usual
 * ones. */
const char *
entry_points_refusal(const struct traefik_reading *r, const struct swarm_label *label,
    const struct why **why, bool *guarded)
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
	return n.open ? NULL : n.any ? n.text : "it names no entry point";
}
