/*
 * join_traefik: which proxy takes a service, and which rules apply to its traefik.* labels:
 * Mola's configuration file goes before the configuration of the Traefiks in the Swarm; what
 * their entry points require applies in either case.
 */
#include <string.h>
#include <strings.h>

#include "base/bug.h"
#include "discovery/constraint.h"
#include "discovery/join.h"
#include "discovery/traefik_static.h"

/* ---- the Traefiks ---- */

static void
add_traefik(struct join *j, const struct swarm_service *s)
{
	const struct swarm_config *c = s->traefik->config == NULL ? NULL :
	    swarm_config_find(j->swarm, s->traefik->config);
	const char *unreadable = c != NULL ? c->unreadable :
	    s->traefik->config == NULL ? NULL : "has not been read yet";
	struct join_traefik *t = &j->traefik[j->ntraefiks];
	char problem[CONSTRAINT_PROBLEM];

	*t = (struct join_traefik){ .from = s, .config = traefik_static_read(j->arena,
	    arena_text(j->arena, str_of(s->name)), s->traefik,
	    c == NULL ? (struct str){ NULL, 0 } : (struct str){ c->text, c->len }, unreadable) };
	if (!t->config->swarm)
		return;
	if (t->config->constraints != NULL && j->conf->traefik_constraint == NULL) {
		t->constraint = constraint_parse(j->arena, str_of(t->config->constraints), problem);
		if (t->constraint == NULL && t->config->unreadable == NULL)
			t->config->unreadable = arena_printf(j->arena, "its constraint is not understood (%s)", problem);
	}
	j->ntraefiks++;
}

void
join_traefiks(struct join *j)
{
	unsigned n = 0;

	for (unsigned i = 0; i < j->swarm->services.n; i++)
		n += SWARM_SERVICES(j->swarm)[i].traefik != NULL;
	j->traefik = arena_zalloc(j->arena, (n + 1) * sizeof *j->traefik);
	for (unsigned i = 0; i < j->swarm->services.n; i++)
		if (SWARM_SERVICES(j->swarm)[i].traefik != NULL)
			add_traefik(j, &SWARM_SERVICES(j->swarm)[i]);
}

/* ---- what holds for a service ---- */

static bool
traefik_takes(const struct join_traefik *t, const struct swarm_service *s)
{
	return t->constraint == NULL || constraint_match(t->constraint, s->all, s->nall);
}

/* Whether the operator has named the entry point. */
static bool
is_configured(const struct join *j, const char *name)
{
	const struct traefik_rules *configured = j->conf->traefik;

	for (unsigned i = 0; i < configured->nentry_points; i++)
		if (strcasecmp(configured->entry_point[i].name, name) == 0)
			return true;
	return false;
}

struct entry_point_rows {
	struct traefik_entry_point *row;
	unsigned	 n, room;
};

static struct traefik_entry_point *
rows_add(struct entry_point_rows *r, const struct traefik_entry_point *e)
{
	ASSERT(r->n < r->room);
	r->row[r->n] = *e;
	return &r->row[r->n++];
}

static bool
rows_have(const struct entry_point_rows *r, const char *name)
{
	for (unsigned i = 0; i < r->n; i++)
		if (strcasecmp(r->row[i].name, name) == 0)
			return true;
	return false;
}

/* Of one Traefik that takes the service; what an earlier one has said stays. */
static void
rules_take(struct join *j, const struct traefik_static *t, struct traefik_rules *r,
    struct entry_point_rows *rows)
{
	if (r->rule_syntax == RULE_ANY)
		r->rule_syntax = t->rule_syntax;
	if (r->default_rule == NULL)
		r->default_rule = t->default_rule != NULL || t->unreadable != NULL ? t->default_rule :
		    TRAEFIK_DEFAULT_RULE;
	if (r->network == NULL)
		r->network = t->network;
	if (t->unreadable != NULL && r->unreadable == NULL)
		r->unreadable = arena_printf(j->arena, "the configuration of Traefik %s cannot "
		    "be read whole: %s", t->owner, t->unreadable);
	for (unsigned k = 0; k < t->nentry_points; k++) {
		struct traefik_entry_point *e = rows_add(rows, &t->entry_point[k]);
		e->wider = join_trust_is_wider(j, e);
		e->served = is_configured(j, e->name) || traefik_is_usual(str_of(e->name));
	}
}

/* What was not read of some, what no Traefik has open, and what is configured here in addition. */
static void
rows_complete(struct join *j, const struct traefik_rules *r, struct entry_point_rows *rows,
    const char *owner)
{
	const struct traefik_rules *configured = j->conf->traefik;

	for (unsigned i = 0; i < rows->n; i++)
		if (is_configured(j, rows->row[i].name))
			rows->row[i].unreadable = NULL;
		else if (rows->row[i].unreadable == NULL)
			rows->row[i].unreadable = r->unreadable;
	for (size_t i = 0; i < TRAEFIK_USUAL && r->unreadable == NULL; i++)
		if (!rows_have(rows, traefik_usual[i]) && !is_configured(j, traefik_usual[i]))
			rows_add(rows, &(struct traefik_entry_point){ .name = traefik_usual[i], .owner = owner,
			    .unreadable = "no Traefik of the Swarm has an entry point of this name" });
	for (unsigned i = 0; i < configured->nentry_points; i++)
		if (!rows_have(rows, configured->entry_point[i].name))
			rows_add(rows, &configured->entry_point[i]);
}

/*
 * The entry points of all Traefiks that take the service, then those that are configured in
 * addition. Where a Traefik cannot be read whole, any entry point may have what was not read,
 * unless the operator has named it. Where all were read, a usual entry point that none of them
 * has is not open.
 */
static void
fill_rules(struct join *j, const struct swarm_service *s, struct traefik_rules *r)
{
	const struct traefik_rules *configured = j->conf->traefik;
	struct entry_point_rows rows = { .room = configured->nentry_points + TRAEFIK_USUAL };
	const char *owner = NULL;
	bool exposed = false, unknown = false;

	for (unsigned i = 0; i < j->ntraefiks; i++)
		rows.room += j->traefik[i].config->nentry_points;
	rows.row = arena_zalloc(j->arena, rows.room * sizeof *rows.row);
	for (unsigned i = 0; i < j->ntraefiks; i++) {
		const struct traefik_static *t = j->traefik[i].config;
		if (!s->provided && !traefik_takes(&j->traefik[i], s))
			continue;
		owner = t->owner;
		/* what was not read may set it to false */
		exposed |= t->exposed_by_default && t->unreadable == NULL;
		unknown |= t->exposed_by_default && t->unreadable != NULL;
		rules_take(j, t, r, &rows);
	}
	rows_complete(j, r, &rows, owner);
	if (!j->conf->traefik_exposed_configured) {
		r->exposed_by_default = exposed;
		r->exposed_unknown = !exposed && unknown;
	}
	r->entry_point = rows.row;
	r->nentry_points = rows.n;
}

static bool
service_is_taken(const struct join *j, const struct swarm_service *s)
{
	bool taken = j->ntraefiks == 0;

	if (j->conf->traefik_constraint != NULL)
		return constraint_match(j->conf->traefik_constraint, s->all, s->nall);
	for (unsigned i = 0; i < j->ntraefiks; i++)
		taken |= traefik_takes(&j->traefik[i], s);
	return taken;
}

const struct traefik_rules *
join_traefik_rules(struct join *j, const struct swarm_service *s, const char **reason)
{
	struct traefik_rules *r;

	*reason = NULL;
	if (!j->conf->traefik->enable)
		return j->conf->traefik;
	r = arena_zalloc(j->arena, sizeof *r);
	*r = *j->conf->traefik;
	if (!s->provided && !service_is_taken(j, s)) {
		*reason = j->conf->traefik_constraint != NULL ?
		    "swarm.traefik.constraint does not take the service: its traefik labels are "
		    "left to another proxy" :
		    "the constraint of no Traefik in the Swarm takes the service: its traefik "
		    "labels are left to another proxy; swarm.traefik.constraint would override that";
		r->enable = false;
	} else if (j->ntraefiks > 0)
		fill_rules(j, s, r);
	else if (r->default_rule == NULL)
		r->default_rule = TRAEFIK_DEFAULT_RULE;
	if (s->provided) {		/* nothing but labels has to be exposed */
		r->exposed_by_default = true;
		r->default_rule = NULL;
	}
	return r;
}
