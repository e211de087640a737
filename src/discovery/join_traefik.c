/*
 * join_traefik: whose a service is, and what holds for its traefik.* labels: what people say in the configuration file goes
 * before what the Traefiks of the Swarm are told; what their entry points demand holds in either case.
 */
#include <string.h>
#include <strings.h>

#include "discovery/constraint.h"
#include "discovery/join.h"
#include "discovery/traefik_static.h"

static const char *const usual[] = { "web", "websecure", "http", "https" };
#define USUAL (sizeof usual / sizeof *usual)

/* --- the Traefiks --- */

static const struct swarm_config *
config_of(const struct swarm *s, const char *id)
{
	for (unsigned i = 0; i < s->nconfigs; i++)
		if (strcmp(s->config[i].id, id) == 0)
			return &s->config[i];
	return NULL;
}

static void
traefik_find(struct join *j, const struct swarm_service *s)
{
	const struct swarm_config *c = s->traefik->config == NULL ? NULL : config_of(j->swarm, s->traefik->config);
	const char *unread = c != NULL ? c->unread : s->traefik->config == NULL ? NULL : "has not been read yet";
	struct join_traefik *t = &j->traefik[j->ntraefiks];
	char problem[CONSTRAINT_PROBLEM];

	*t = (struct join_traefik){ .is = traefik_static_read(j->arena, arena_text(j->arena, str_of(s->name)), s->traefik,
	    c == NULL ? (struct str){ NULL, 0 } : (struct str){ c->text, c->len }, unread) };
	if (!t->is->swarm)
		return;
	if (t->is->constraints != NULL && j->conf->traefik_constraint == NULL) {
		t->constraint = constraint_parse(j->arena, str_of(t->is->constraints), problem);
		if (t->constraint == NULL && t->is->unread == NULL)
			t->is->unread = arena_printf(j->arena, "its constraint is not understood (%s)", problem);
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
			traefik_find(j, &SWARM_SERVICES(j->swarm)[i]);
}

/* --- what holds for a service --- */

static bool
takes(const struct join_traefik *t, const struct swarm_service *s)
{
	return t->constraint == NULL || constraint_match(t->constraint, s->all, s->nall);
}

static bool
is_usual(const char *name)
{
	for (size_t i = 0; i < USUAL; i++)
		if (strcasecmp(usual[i], name) == 0)
			return true;
	return false;
}

/* The operator's word on an entry point. */
static bool
is_said(const struct join *j, const char *name)
{
	const struct traefik_rules *said = j->conf->traefik;

	for (unsigned i = 0; i < said->nentry_points; i++)
		if (strcasecmp(said->entry_point[i].name, name) == 0)
			return true;
	return false;
}

struct rows {
	struct traefik_entry_point *row;
	unsigned	 n;
};

static bool
rows_have(const struct rows *r, const char *name)
{
	for (unsigned i = 0; i < r->n; i++)
		if (strcasecmp(r->row[i].name, name) == 0)
			return true;
	return false;
}

static const char *
unread_of(struct join *j, const struct traefik_static *t)
{
	return arena_printf(j->arena, "the configuration of Traefik %s cannot be read whole: %s", t->owner, t->unread);
}

static void
rows_add(struct join *j, struct rows *to, const struct traefik_static *t)
{
	for (unsigned i = 0; i < t->nentry_points; i++) {
		struct traefik_entry_point *e = &to->row[to->n++];
		*e = t->entry_point[i];
		e->served = is_said(j, e->name) || is_usual(e->name);
	}
}

/* A Traefik that is not read whole may have any of them. What was not read does not matter where people have named it. */
static void
rows_judge(struct join *j, const struct rows *r, const char *unread)
{
	for (unsigned i = 0; i < r->n; i++)
		if (is_said(j, r->row[i].name))
			r->row[i].unread = NULL;
		else if (r->row[i].unread == NULL)
			r->row[i].unread = unread;
}

/* Where every Traefik is known to its end, an entry point that none of them has is no way in. */
static void
rows_close(struct join *j, struct rows *to, const char *owner)
{
	for (size_t i = 0; i < USUAL; i++)
		if (!rows_have(to, usual[i]) && !is_said(j, usual[i]))
			to->row[to->n++] = (struct traefik_entry_point){ .name = usual[i], .owner = owner,
			    .unread = "no Traefik of the Swarm has an entry point of this name" };
}

static void
rules_fill(struct join *j, const struct swarm_service *s, struct traefik_rules *r)
{
	const struct traefik_rules *said = j->conf->traefik;
	struct rows rows = { .n = 0 };
	const char *owner = NULL;
	unsigned room = said->nentry_points + USUAL;
	bool exposed = false;

	for (unsigned i = 0; i < j->ntraefiks; i++)
		room += j->traefik[i].is->nentry_points;
	rows.row = arena_zalloc(j->arena, room * sizeof *rows.row);
	for (unsigned i = 0; i < j->ntraefiks; i++) {
		const struct traefik_static *t = j->traefik[i].is;
		if (!takes(&j->traefik[i], s))
			continue;
		owner = t->owner;
		exposed |= t->exposed_by_default && t->unread == NULL;	/* what is not read may say no */
		if (r->default_rule == NULL)
			r->default_rule = t->default_rule;
		if (t->unread != NULL && r->unread == NULL)
			r->unread = unread_of(j, t);
		rows_add(j, &rows, t);
	}
	rows_judge(j, &rows, r->unread);
	if (r->unread == NULL)
		rows_close(j, &rows, owner);
	for (unsigned i = 0; i < said->nentry_points; i++)
		if (!rows_have(&rows, said->entry_point[i].name))
			rows.row[rows.n++] = said->entry_point[i];
	if (!j->conf->traefik_exposed_said)
		r->exposed_by_default = exposed;
	r->entry_point = rows.row;
	r->nentry_points = rows.n;
}

static bool
is_taken(const struct join *j, const struct swarm_service *s)
{
	bool taken = j->ntraefiks == 0;

	if (j->conf->traefik_constraint != NULL)
		return constraint_match(j->conf->traefik_constraint, s->all, s->nall);
	for (unsigned i = 0; i < j->ntraefiks; i++)
		taken |= takes(&j->traefik[i], s);
	return taken;
}

const struct traefik_rules *
join_rules(struct join *j, const struct swarm_service *s, const char **left_to)
{
	struct traefik_rules *r;

	*left_to = NULL;
	if (!j->conf->traefik->enable)
		return j->conf->traefik;
	r = arena_zalloc(j->arena, sizeof *r);
	*r = *j->conf->traefik;
	if (!is_taken(j, s)) {
		*left_to = j->conf->traefik_constraint != NULL ? "swarm.traefik.constraint does not take the service: its traefik labels are left to "
		    "another proxy" : "the constraint of no Traefik in the Swarm takes the service: its traefik labels are left to another proxy; "
		    "swarm.traefik.constraint would say otherwise";
		r->enable = false;
	} else if (j->ntraefiks > 0)
		rules_fill(j, s, r);
	return r;
}
