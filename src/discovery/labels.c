/*
 * labels: from the labels of one service to what it asks for: whether, where, how; and what is to be said of each.
 * A label that is wrong leaves what would hold without it, except that a list of hosts or paths never opens more
 * than what is good of it.
 * Must not know other services, nor who runs where.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/bug.h"
#include "base/word.h"
#include "discovery/labels.h"
#include "discovery/placement.h"
#include "discovery/secret.h"

void
labels_tell(struct labels *l, const struct swarm_label *of, enum label_state state, char *text)
{
	struct report_service *r = l->report;

	ASSERT(r->nlabels < l->room);
	r->label[r->nlabels++] = (struct report_label){ arena_text(l->arena, str_of(of->name)),
	    arena_text(l->arena, str_of(secret_value(l->arena, of->name, of->value))), state,
	    text == NULL ? NULL : arena_text(l->arena, str_of(secret_text(l->arena, of->name, text))) };
}

void
labels_refuse(struct labels *l, const struct why *why, char *text)
{
	report_trouble(l->arena, &l->report->trouble, &l->report->ntroubles, why, text);
}

static struct report_label *
told(const struct labels *l, const char *name)
{
	for (unsigned i = 0; i < l->report->nlabels; i++)
		if (strcmp(l->report->label[i].name, name) == 0)
			return &l->report->label[i];
	return NULL;
}

static bool
has(const struct swarm_service *s, const char *name)
{
	for (unsigned i = 0; i < s->nlabels; i++)
		if (strcmp(s->label[i].name, name) == 0)
			return true;
	return false;
}

/* --- one label --- */

static char *
meant(struct labels *l, const char *name)
{
	const char *near = word_near(str_of(name), label_names);

	return near == NULL ? arena_printf(l->arena, "no label of Mola's") :
	    arena_printf(l->arena, "no label of Mola's; did you mean %s?", near);
}

static void
read_label(struct labels *l, const struct swarm_label *label)
{
	const struct label_row *row = label_row(label->name);
	char problem[PROBLEM_MAX];

	if (strcmp(label->name, PLACEMENT_LABEL) == 0)
		return;				/* our own, while the service is moved */
	if (row == NULL)
		labels_tell(l, label, LABEL_STRANGE, meant(l, label->name));
	else if (label_later(row))
		labels_tell(l, label, LABEL_LATER, arena_text(l->arena, str_of(row->help)));
	else if (row->read(row, str_trim(str_of(label->value)), (char *)l + row->at, l->arena, problem))
		labels_tell(l, label, LABEL_GOOD, NULL);
	else
		labels_tell(l, label, LABEL_BAD, arena_printf(l->arena, "%s", problem));
}

/* --- all of them together --- */

static void
scale_sound(struct labels *l, const struct swarm_service *s)
{
	struct report_label *min = told(l, "mola.scale.min"), *max = told(l, "mola.scale.max");

	if (min != NULL && min->state == LABEL_GOOD && l->conf.scale_max == 0) {
		min->state = LABEL_IDLE;
		min->text = arena_text(l->arena, STR("mola.scale.max is missing: the number of tasks is not Mola's to change"));
	}
	if (!has(s, "mola.scale.min") && max != NULL && l->conf.scale_min == 0)
		l->conf.scale_min = 1;
	if (l->conf.scale_max == 0 || l->conf.scale_min <= l->conf.scale_max)
		return;
	for (int i = 0; i < 2; i++) {
		struct report_label *r = i == 0 ? min : max;
		if (r != NULL) {
			r->state = LABEL_BAD;
			r->text = arena_text(l->arena, STR("expected mola.scale.min to be at most mola.scale.max"));
		}
	}
	l->conf.scale_min = l->conf.scale_max = 0;
}

void
labels_route(struct labels *l, const char *host, const char *path)
{
	for (unsigned i = 0; i < l->nroutes; i++)
		if (strcmp(l->route[i].host, host) == 0 && strcmp(l->route[i].path, path) == 0)
			return;
	if (l->nroutes == ROUTES_MAX)
		return;
	if (l->route == NULL)
		l->route = arena_zalloc(l->arena, ROUTES_MAX * sizeof *l->route);
	l->route[l->nroutes++] = (struct route_conf){ arena_text(l->arena, str_of(host)), arena_text(l->arena, str_of(path)) };
}

static void
routes_make(struct labels *l)
{
	unsigned nhosts = l->host.given ? l->host.n : 1, npaths = l->path.given ? l->path.n : 1;

	for (unsigned h = 0; h < nhosts; h++)
		for (unsigned p = 0; p < npaths; p++)
			labels_route(l, l->host.given ? l->host.item[h] : "", l->path.given ? l->path.item[p] : "/");
}

static int
label_order(const void *a, const void *b)
{
	const struct report_label *x = a, *y = b;

	return strcmp(x->name, y->name);
}

void
labels_read(struct labels *l, const struct swarm_service *s, const struct service_conf *defaults,
    const struct traefik_rules *rules)
{
	bool ours;

	l->conf = *defaults;
	l->room = s->nlabels;
	l->report->label = arena_zalloc(l->arena, l->room * sizeof *l->report->label);
	for (unsigned i = 0; i < s->nlabels; i++)
		if (strncasecmp(s->label[i].name, "mola.", 5) == 0 && !promql_label(s->label[i].name))
			read_label(l, &s->label[i]);
	promql_read(l, s);
	scale_sound(l, s);
	ours = l->enable == ENABLE_YES || (l->enable == ENABLE_ABSENT && (has(s, "mola.port") || has(s, "mola.host")));
	l->enabled = ours;
	if (l->enabled && (l->host.given || l->path.given))
		routes_make(l);
	if (rules->enable)
		traefik_read(l, s, rules);
	if (ours && !l->ruled && !l->host.given && !l->path.given)
		routes_make(l);
	qsort(l->report->label, l->report->nlabels, sizeof *l->report->label, label_order);
	l->report->enabled = l->enabled;
}
