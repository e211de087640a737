/*
 * entry_groups: from the entry points that a router names to the requests that it gets. Traefik
 * makes a router of its own for each of them, with its middlewares and its TLS. Here a request
 * shows its listener, and whether it came by TLS: entry points that have a listener of their name
 * are apart, and of the others those in plain and those by TLS.
 * Must not know what an entry point requires.
 */
#include <string.h>

#include "base/bug.h"
#include "discovery/entry_points.h"
#include "discovery/provided.h"

struct grouping {
	const struct traefik_reading *r;
	struct entry_groups *out;
	const struct router *router;
};

/* All listeners that are no entry point's; 0: all that there are. */
static uint64_t
common_listeners(const struct traefik_reading *r, bool *none)
{
	uint64_t on = 0;
	bool own = false;

	ASSERT(r->l->nlisteners <= TABLE_LISTENERS);
	for (unsigned i = 0; i < r->l->nlisteners; i++)
		if (r->l->listener[i].entry_point)
			own = true;
		else
			on |= UINT64_C(1) << i;
	*none = own && on == 0;
	return own ? on : 0;
}

static struct entry_group *
group_of(struct entry_groups *g, uint64_t on, enum route_by by)
{
	for (unsigned i = 0; i < g->n; i++)
		if (g->group[i].on == on && g->group[i].by == by)
			return &g->group[i];
	ASSERT(g->n < ENTRY_GROUPS_MAX);
	g->group[g->n] = (struct entry_group){ .on = on, .by = by, .certain = true };
	return &g->group[g->n++];
}

/* Of several in one group: the first reason, unless one of them is open; else when all that can be
 * served have the same middlewares. */
static void
group_add(struct entry_group *g, const char *text, const struct why *why, const char *chain,
    bool guarded, bool certain)
{
	bool open = g->any && g->text == NULL;

	if (text == NULL && (!open || *chain == '\0'))
		g->chain = chain;
	else if (text == NULL && g->chain != NULL && *g->chain != '\0' && strcmp(g->chain, chain) != 0)
		g->chain = NULL;
	if (!g->any || text == NULL) {
		g->text = text;
		g->why = why;
	}
	g->any = true;
	g->guarded |= guarded;
	g->certain &= certain;
}

/* On listeners that are not there. */
static const char *
nowhere(const struct traefik_reading *r, struct str name)
{
	return arena_printf(r->l->arena, "all listeners have the names of other entry points than %.*s; "
	    "expected a listener of its name", STR_ARG(name));
}

/* Its own, also where it names none; else those of the entry point, as each Traefik has them. Where
 * there is no room, those that count are not known. */
static void
tls_put(struct entry_groups *g, const struct entry_tls *t)
{
	for (unsigned i = 0; i < g->ntls; i++)
		if (g->tls[i].on == t->on && strcmp(g->tls[i].entry, t->entry) == 0 &&
		    strcmp(g->tls[i].options, t->options) == 0)
			return;
	if (g->ntls < ENTRY_GROUPS_MAX)
		g->tls[g->ntls++] = *t;
	else
		g->tls_lost = true;
}

static void
add_tls(struct grouping *g, struct str name, uint64_t on)
{
	const struct traefik_reading *r = g->r;
	struct entry_tls t = { provided_lower(r->l->arena, name).p, "default", on };
	const struct swarm_label *own = g->router->tls_options;
	bool known = g->router->tls;

	if (g->router->tls)
		t.options = reading_tls_name(r, own == NULL ? STR("") : str_trim(str_of(own->value)));
	for (unsigned i = 0; i < r->rules->nentry_points && !g->router->tls; i++) {
		const struct traefik_entry_point *e = &r->rules->entry_point[i];
		if (!str_eq_nocase(str_of(e->name), name) || !(e->tls || e->tls_options != NULL))
			continue;
		t.options = reading_tls_name(r, str_of(e->tls_options == NULL ? "" : e->tls_options));
		tls_put(g->out, &t);
		known = true;
	}
	if (!known || g->router->tls)
		tls_put(g->out, &t);
}

static void
add_name(struct grouping *g, struct str name)
{
	const struct traefik_reading *r = g->r;
	const struct swarm_listener *l = entry_point_listener(r, name);
	bool certain = r->rules->unreadable == NULL, guarded = false, none = false;
	unsigned sides = g->router->tls ? SIDE_TLS : entry_point_sides(r, name, &certain);
	uint64_t on = l != NULL ? UINT64_C(1) << (l - r->l->listener) : common_listeners(r, &none);
	const struct why *why;
	const char *chain, *text = entry_point_refuses(r, name, &why, &guarded, &chain);

	if (text == NULL && none) {
		why = WHY_LISTENER;
		text = nowhere(r, name);
	}
	if (text == NULL)
		entry_point_mark(r, name, g->router->tls, g->out);
	for (unsigned side = SIDE_PLAIN; side <= SIDE_TLS; side++)
		if ((sides & side) != 0) {
			struct entry_group *one = group_of(g->out, on, side == SIDE_TLS ? BY_TLS : BY_PLAIN);
			group_add(one, text, why, chain, guarded, certain);
			one->nowhere = none;
			if (side == SIDE_TLS && !none)
				add_tls(g, name, on);
		}
}

/* No entry point is named, and none is known: whether it has TLS, nobody says. */
static void
add_unknown(struct grouping *g)
{
	bool guarded = false;
	const struct why *why;
	const char *chain, *text = entry_point_refuses(g->r, STR("web"), &why, &guarded, &chain);

	group_add(group_of(g->out, 0, g->router->tls ? BY_TLS : BY_UNSAID), text, why, chain, guarded,
	    false);
	if (g->router->tls)
		add_tls(g, STR(""), 0);
}

static bool
groups_are_one(const struct entry_group *a, const struct entry_group *b)
{
	return a->on == b->on && a->by != b->by && (a->text == NULL) == (b->text == NULL) &&
	    a->guarded == b->guarded && a->certain == b->certain &&
	    (a->chain == NULL || b->chain == NULL ? a->chain == b->chain :
	    strcmp(a->chain, b->chain) == 0);
}

/* Plain and by TLS alike: one group for any. */
static void
merge(struct entry_groups *g)
{
	for (unsigned i = 0; i < g->n; i++)
		for (unsigned k = i + 1; k < g->n; k++)
			if (groups_are_one(&g->group[i], &g->group[k])) {
				g->group[i].by = BY_ANY;
				g->group[k] = g->group[--g->n];
				break;
			}
}

/* Of those that differ in their listeners alone. */
static void
join(struct entry_groups *g)
{
	for (unsigned i = 0; i < g->n; i++)
		for (unsigned k = i + 1; k < g->n; ) {
			struct entry_group *a = &g->group[i], other = g->group[k];
			if (a->text != NULL || other.text != NULL || a->by != other.by || a->chain == NULL ||
			    other.chain == NULL || strcmp(a->chain, other.chain) != 0 || a->on == 0 ||
			    other.on == 0) {
				k++;
				continue;
			}
			a->on |= other.on;
			a->guarded |= other.guarded;
			a->certain &= other.certain;
			g->group[k] = g->group[--g->n];
		}
}

static void
settle(struct entry_groups *g)
{
	for (unsigned i = 0; i < g->n; i++)
		if (g->group[i].text == NULL && g->group[i].chain == NULL) {
			g->group[i].why = WHY_NEEDS_MIDDLEWARE;
			g->group[i].text = "its entry points have different middlewares, and the same listeners "
			    "stand for all of them";
		}
	merge(g);
	join(g);
}

/* One that names none is on all default entry points; where none is known, on the usual ones. */
void
entry_groups_read(const struct traefik_reading *r, const struct router *router,
    struct entry_groups *out)
{
	const struct swarm_label *label = router->entry_points;
	struct grouping g = { .r = r, .out = out, .router = router };
	struct str rest = label == NULL ? (struct str){ NULL, 0 } : str_of(label->value), name;

	*out = (struct entry_groups){ .n = 0 };
	while (str_split(&rest, ',', &name))
		if (str_trim(name).len > 0)
			add_name(&g, str_trim(name));
	for (unsigned i = 0; i < r->rules->nentry_points && label == NULL; i++)
		if (r->rules->entry_point[i].as_default)
			add_name(&g, str_of(r->rules->entry_point[i].name));
	if (out->n == 0 && label == NULL)
		add_unknown(&g);
	if (out->n == 0)
		group_add(group_of(out, 0, BY_ANY), "it names no entry point", WHY_ENTRY_POINT, "", false, true);
	settle(out);
}
