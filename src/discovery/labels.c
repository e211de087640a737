/*
 * labels: from the labels of one service to what it asks for: whether it is served, where and
 * how; and what is reported of each. A label that is wrong leaves what would apply without it,
 * except that a list of hosts or paths never opens more than its valid items.
 * Must not know other services, nor where tasks run.
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

/* What its author has written: a file has no "traefik." before its keys. */
static const char *
own_name(const struct swarm_label *label)
{
	return label->name + (label->file == NULL ? 0 : strlen("traefik."));
}

const char *
label_key(struct arena *a, const struct swarm_label *label)
{
	return label->file == NULL ? label->name : arena_printf(a, "%s (line %u of %s)", own_name(label),
	    label->line, label->file);
}

void
labels_report(struct labels *l, const struct swarm_label *of, enum label_state state, char *text)
{
	struct report_service *r = l->report;

	ASSERT(r->nlabels < l->label_cap);
	if (text != NULL)
		text = arena_text(l->arena, str_of(secret_text(l->arena, of->name, text)));
	if (text != NULL && of->file != NULL)
		text = arena_printf(l->arena, "%s:%u: %s", of->file, of->line, text);
	r->label[r->nlabels++] = (struct report_label){ arena_text(l->arena, str_of(own_name(of))),
	    arena_text(l->arena, str_of(secret_value(l->arena, of->name, of->value))), state, text };
}

void
labels_add_trouble(struct labels *l, const struct why *why, char *text)
{
	report_add_trouble(l->arena, &l->report->trouble, &l->report->ntroubles, why, text);
}

static struct report_label *
find_label(const struct labels *l, const char *name)
{
	for (unsigned i = 0; i < l->report->nlabels; i++)
		if (strcmp(l->report->label[i].name, name) == 0)
			return &l->report->label[i];
	return NULL;
}

static bool
has_label(const struct swarm_service *s, const char *name)
{
	for (unsigned i = 0; i < s->nlabels; i++)
		if (strcmp(s->label[i].name, name) == 0)
			return true;
	return false;
}

/* ---- one label ---- */

static char *
suggest_name(struct labels *l, const char *name)
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
		return;				/* the mover's, while the service is moved */
	if (row == NULL)
		labels_report(l, label, LABEL_UNKNOWN, suggest_name(l, label->name));
	else if (label_is_planned(row))
		labels_report(l, label, LABEL_UNSUPPORTED, arena_text(l->arena, str_of(row->help)));
	else if (row->read(row, str_trim(str_of(label->value)), (char *)l + row->at, l->arena, problem))
		labels_report(l, label, LABEL_VALID, NULL);
	else
		labels_report(l, label, LABEL_INVALID, arena_printf(l->arena, "%s", problem));
}

/* ---- all of them together ---- */

static void
check_scale(struct labels *l, const struct swarm_service *s)
{
	struct report_label *min = find_label(l, "mola.scale.min"), *max = find_label(l, "mola.scale.max");

	if (min != NULL && min->state == LABEL_VALID && l->conf.scale_max == 0) {
		min->state = LABEL_UNUSED;
		min->text = arena_text(l->arena, STR("mola.scale.max is missing: the number of "
		    "tasks is not Mola's to change"));
	}
	if (!has_label(s, "mola.scale.min") && max != NULL && l->conf.scale_min == 0)
		l->conf.scale_min = 1;
	if (l->conf.scale_max == 0 || l->conf.scale_min <= l->conf.scale_max)
		return;
	for (int i = 0; i < 2; i++) {
		struct report_label *r = i == 0 ? min : max;
		if (r != NULL) {
			r->state = LABEL_INVALID;
			r->text = arena_text(l->arena, STR("expected mola.scale.min to be at most mola.scale.max"));
		}
	}
	l->conf.scale_min = l->conf.scale_max = 0;
}

static struct route_conf
copy_route(struct arena *a, const struct route_conf *r)
{
	struct route_conf copy = *r;

	copy.host = arena_text(a, str_of(r->host));
	copy.path = arena_text(a, str_of(r->path));
	if (r->listener != NULL)
		copy.listener = arena_text(a, str_of(r->listener));
	return copy;
}

/* Whatever their priority is. */
static bool
same_rule(const struct route_rule *a, const struct route_rule *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	return a->by == b->by && a->whole == b->whole &&
	    (a->condition == NULL) == (b->condition == NULL) &&
	    (a->condition == NULL || strcmp(a->text, b->text) == 0);
}

static bool
same_route(const struct route_conf *a, const struct route_conf *b)
{
	return strcmp(a->host, b->host) == 0 && strcmp(a->path, b->path) == 0 && a->on == b->on &&
	    same_rule(a->rule, b->rule) &&
	    (a->listener == NULL ? b->listener == NULL :
	    b->listener != NULL && strcmp(a->listener, b->listener) == 0);
}

static bool
route_is_guarded(const struct labels_route *r)
{
	return r->at.guards;
}

static void
route_set(struct labels *l, struct labels_route *at, const struct labels_route *r)
{
	*at = *r;
	at->at = copy_route(l->arena, &r->at);
}

/* Of two with the same priority one that guards: which of them Traefik takes is chance. */
void
labels_add_route(struct labels *l, const struct labels_route *r)
{
	ASSERT(r->at.path[0] == '/' && r->port <= 65535 && l->nroutes <= ROUTES_MAX);
	for (unsigned i = 0; i < l->nroutes; i++)
		if (same_route(&l->route[i].at, &r->at)) {
			if (l->route[i].priority < r->priority || (l->route[i].priority == r->priority &&
			    route_is_guarded(r) && !route_is_guarded(&l->route[i])))
				route_set(l, &l->route[i], r);
			return;
		}
	if (l->nroutes == ROUTES_MAX)
		return;
	if (l->route == NULL)
		l->route = arena_zalloc(l->arena, ROUTES_MAX * sizeof *l->route);
	route_set(l, &l->route[l->nroutes++], r);
}

/* Beyond a limit, the service is not served at all: it must not fill the table that all
 * share, nor have every route of the Swarm compared with thousands of claims. */
void
labels_add_claim(struct labels *l, const struct labels_claim *c)
{
	bool wide = *c->at.host == '\0' || *c->at.host == '*' || *c->at.host == '+';
	struct labels_claim *more;

	ASSERT(c->at.path[0] == '/' && c->priority < ROUTE_OWN && l->nclaims <= CLAIMS_MAX);
	if (l->nclaims == CLAIMS_MAX || (wide && ++l->nwide > WIDE_MAX)) {
		l->blocked = true;
		return;
	}
	if (l->nclaims % 64 == 0) {
		more = arena_zalloc(l->arena, (l->nclaims + 64) * sizeof *more);
		if (l->nclaims > 0)
			memcpy(more, l->claim, l->nclaims * sizeof *more);
		l->claim = more;
	}
	l->claim[l->nclaims++] = (struct labels_claim){ copy_route(l->arena, &c->at), c->priority,
	    c->guarded, c->router, c->entry, c->supposed };
}

void
labels_add_rule(struct labels *l, const struct labels_rule_route *r)
{
	const struct rule_term *t = r->term;
	struct route_rule *rule = arena_zalloc(l->arena, sizeof *rule);
	struct route_conf at = { .host = (char *)(uintptr_t)(t->host == NULL ? "" : t->host),
	    .path = (char *)(uintptr_t)(t->path == NULL ? "/" : t->path), .on = r->on,
	    .rule = rule };

	ASSERT(r->priority < ROUTE_OWN && (!t->partial || r->rule->condition != NULL));
	*rule = (struct route_rule){ .priority = r->priority, .by = r->by, .whole = t->whole,
	    .text = (char *)(uintptr_t)r->text, .name = (char *)(uintptr_t)r->name,
	    .to = (char *)(uintptr_t)r->service,
	    .condition = t->partial ? r->rule->condition : NULL };
	if (r->router == NULL) {
		at.chain = (char *)(uintptr_t)r->chain;
		at.guards = r->chain_guards;
	}
	if (r->router == NULL)
		labels_add_route(l, &(struct labels_route){ .at = at, .port = r->port, .priority = r->priority,
		    .entry = r->entry, .to = r->to });
	else
		labels_add_claim(l, &(struct labels_claim){ at, r->priority, r->guarded, r->router,
		    r->rule->unsupported[0] != '\0' ? NULL : r->entry, r->supposed });
}

void
labels_add_tls(struct labels *l, const struct labels_tls *t)
{
	struct labels_tls *more;

	if (l->ntls == l->tls_cap) {
		l->tls_cap = l->tls_cap == 0 ? 8 : l->tls_cap * 2;
		more = arena_zalloc(l->arena, l->tls_cap * sizeof *more);
		if (l->ntls > 0)
			memcpy(more, l->tls, l->ntls * sizeof *more);
		l->tls = more;
	}
	l->tls[l->ntls] = *t;
	l->tls[l->ntls++].report = l->report;
}

struct service_conf *
labels_add_port(struct labels *l, unsigned port)
{
	ASSERT(port > 0 && port <= 65535 && port != l->port);
	for (unsigned i = 0; i < l->nothers; i++)
		if (l->other[i].port == port)
			return NULL;
	ASSERT(l->nothers < LABELS_PORTS_MAX);
	if (l->other == NULL)
		l->other = arena_zalloc(l->arena, LABELS_PORTS_MAX * sizeof *l->other);
	l->other[l->nothers] = (struct labels_port){ port, l->conf };
	return &l->other[l->nothers++].conf;
}

struct service_conf *
labels_port_conf(struct labels *l, unsigned port)
{
	if (port == 0 || port == l->port)
		return &l->conf;
	for (unsigned i = 0; i < l->nothers; i++)
		if (l->other[i].port == port)
			return &l->other[i].conf;
	return NULL;
}

/* Or a claim, where its middlewares cannot be applied: no wider route has its requests. */
static void
make_route(struct labels *l, char *host, char *path)
{
	struct route_conf at = { .host = host, .path = path, .on = l->on,
	    .chain = (char *)(uintptr_t)l->chain, .guards = l->chain_guards };

	if (!l->chain_wrong) {
		labels_add_route(l, &(struct labels_route){ .at = at, .priority = ROUTE_OWN, .entry = "" });
		return;
	}
	at.rule = arena_zalloc(l->arena, sizeof *at.rule);
	at.rule->text = arena_printf(l->arena, "%s%s", host, path);
	at.rule->priority = ROUTE_OWN - 1;
	labels_add_claim(l, &(struct labels_claim){ at, ROUTE_OWN - 1, true, "mola.host", NULL,
	    false });
}

/* Any host takes an explicit *: a mistyped label must not open the service to all of them. */
static void
make_routes(struct labels *l)
{
	unsigned npaths = l->path.given ? l->path.n : 1;

	ASSERT(l->nroutes == 0 && (l->host.given || l->host.n == 0));
	for (unsigned h = 0; h < l->host.n; h++)
		for (unsigned p = 0; p < npaths; p++)
			make_route(l, l->host.item[h], l->path.given ? l->path.item[p] : (char *)"/");
}

/* The rule has been understood when its label was read. */
static void
make_rule_routes(struct labels *l)
{
	char problem[RULE_PROBLEM];
	struct rule rule;
	bool good = l->rule.text != NULL &&
	    rule_parse(str_of(l->rule.text), RULE_V3, l->arena, &rule, problem);

	for (unsigned i = 0; good && i < rule.n; i++)
		labels_add_rule(l, &(struct labels_rule_route){ .rule = &rule, .term = &rule.term[i],
		    .text = l->rule.text, .entry = "mola.rule", .on = l->on, .chain = l->chain,
		    .chain_guards = l->chain_guards, .guarded = true,
		    .router = l->chain_wrong ? "mola.rule" : NULL,
		    .priority = l->priority == 0 ? (int64_t)strlen(l->rule.text) : l->priority });
}

static void
report_overridden(struct labels *l)
{
	static const char *const names[] = { "mola.host", "mola.path" };
	struct report_label *r;

	for (int i = 0; i < 2 && l->rule.given; i++)
		if ((r = find_label(l, names[i])) != NULL && r->state == LABEL_VALID) {
			r->state = LABEL_UNUSED;
			r->text = arena_text(l->arena, STR("mola.rule has precedence"));
		}
	if (!l->rule.given && !l->host.given && l->conf.kind == SERVICE_HTTP &&
	    (r = find_label(l, "mola.listen")) != NULL && r->state == LABEL_VALID) {
		r->state = LABEL_UNUSED;
		r->text = arena_text(l->arena, STR("there is neither mola.host nor mola.rule; routers of "
		    "Traefik's have entry points"));
	}
	if (!l->rule.given && (r = find_label(l, "mola.priority")) != NULL && r->state == LABEL_VALID) {
		r->state = LABEL_UNUSED;
		r->text = arena_text(l->arena, STR("there is no mola.rule: of hosts and paths the most "
		    "specific one goes first"));
	}
}

/* ---- what keeps the service out ---- */

/* One letter wrong, missing or too many, or two that have changed places: "prefix" is no
 * typo of "profile". */
static bool
is_typo(const char *a, const char *b)
{
	size_t n = strlen(a), m = strlen(b);

	for (; n > 0 && m > 0 && *a == *b; a++, b++)
		n--, m--;
	for (; n > 0 && m > 0 && a[n - 1] == b[m - 1]; n--)
		m--;
	return (n <= 1 && m <= 1) || (n == 2 && m == 2 && a[0] == b[1] && a[1] == b[0]);
}

/* An unknown label may have been meant to restrict access to the service. Not one that is
 * nearly a label which has nothing to do with access, nor the plural of one that is there. */
static bool
is_harmless(const struct swarm_service *s, const char *name)
{
	static const char *const words[] = {
#define LABEL(group, name, ...) &(LABEL_NAME(group, name))[5],
#include "tbl/labels.h"
#undef LABEL
		NULL
	};
	const char *near = word_near(str_of(name + 5), words), *whole;

	if (near == NULL || !is_typo(name + 5, near))
		return false;
	if (strcmp(near, "enable") != 0 && strcmp(near, "host") != 0 && strcmp(near, "path") != 0 &&
	    strcmp(near, "rule") != 0)
		return true;
	whole = label_names[word_place(str_of(near), words)];
	return has_label(s, whole) && strncmp(name, whole, strlen(whole)) == 0;
}

static void
check_unknown(struct labels *l, const struct swarm_service *s)
{
	for (unsigned i = 0; i < s->nlabels; i++) {
		const char *name = s->label[i].name;
		if (strncasecmp(name, "mola.", 5) != 0 || promql_is_label(name) ||
		    strcmp(name, PLACEMENT_LABEL) == 0 || label_row(name) != NULL ||
		    is_harmless(s, name))
			continue;
		labels_add_trouble(l, WHY_LABEL_UNKNOWN,
		    arena_printf(l->arena, "%s is %s; it may have been meant to restrict access: "
		    "take it away, or put it right", name, suggest_name(l, name)));
		l->nroutes = 0;
	}
}

static void
check_routes(struct labels *l, const struct swarm_service *s)
{
	if (l->blocked && l->nroutes > 0 && l->route[0].priority != ROUTE_OWN && !l->rule.given) {
		labels_add_trouble(l, WHY_ROUTE_CLAIMED,
		    arena_text(l->arena, STR("nothing of it is served: one of its routers is not, "
		    "and what that one stands for is not known")));
		l->nroutes = 0;
	}
	if (l->nroutes == 0 && l->report->ntroubles == 0 && !s->provided)
		labels_add_trouble(l, WHY_SERVICE_NO_ROUTE,
		    arena_text(l->arena, l->path.given && !l->host.given ?
		    STR("mola.path is there, but no mola.host; mola.host=* means any host") :
		    STR("no host of it is understood; expected mola.host (* for any host), or a "
		    "router of Traefik's with a rule")));
}

static int
label_order(const void *a, const void *b)
{
	const struct report_label *x = a, *y = b;

	return strcmp(x->name, y->name);
}

void
labels_read(struct labels *l, const struct swarm_service *s, const struct service_conf *defaults,
    const struct traefik_rules *rules, const struct middlewares *middlewares)
{
	ASSERT(l->report->nlabels == 0 && l->nroutes == 0 && l->nclaims == 0);
	l->conf = *defaults;
	l->label_cap = s->nlabels + LABELS_MADE_MAX;	/* with the rules that routers are given */
	l->report->label = arena_zalloc(l->arena, l->label_cap * sizeof *l->report->label);
	for (unsigned i = 0; i < s->nlabels; i++)
		if (strncasecmp(s->label[i].name, "mola.", 5) == 0 && !promql_is_label(s->label[i].name))
			read_label(l, &s->label[i]);
	promql_read(l, s);
	check_scale(l, s);
	l->enabled = l->enable == ENABLE_YES || (l->enable == ENABLE_ABSENT &&
	    (has_label(s, "mola.port") || has_label(s, "mola.host") || has_label(s, "mola.rule") ||
	    has_label(s, "mola.listen")));
	labels_make_chain(l, middlewares);
	if (l->enabled && l->conf.kind == SERVICE_TCP)
		labels_make_tcp(l);
	else if (l->enabled && labels_read_listeners(l) && l->rule.given)
		make_rule_routes(l);
	else if (l->enabled && (l->on != 0 || !l->listen.given))
		make_routes(l);
	report_overridden(l);
	if (rules->enable)
		traefik_read(l, s, rules, middlewares);
	if (l->enabled) {
		check_unknown(l, s);
		labels_check_chain(l);
		check_routes(l, s);
	}
	labels_check_kind(l);
	ASSERT(l->conf.scale_max == 0 || l->conf.scale_min <= l->conf.scale_max);
	qsort(l->report->label, l->report->nlabels, sizeof *l->report->label, label_order);
	l->report->enabled = l->enabled;
}
