/*
 * foreign_check: the labels of all services, and whether Mola would serve by them what it serves by
 * those that the services have: what keeps people out, such as a middleware of an entry point, may
 * stand where no label says it.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "stack/foreign_priv.h"
#include "stack/stack_judge.h"
#include "stack/stack_priv.h"
#include "world/filter.h"

/* ---- the stack with the new labels ---- */

static void
add_pair(struct stack *s, struct stack_pairs *p, struct stack_pair one)
{
	for (unsigned i = 0; i < p->n; i++)
		if (strcasecmp(p->item[i].name, one.name) == 0) {
			p->item[i] = one;
			return;
		}
	p->item = stack_grow(s, p->item, p->n, sizeof *p->item);
	p->item[p->n++] = one;
}

/* Traefik's own stay beside the new ones; those of other proxies mean nothing to Mola. */
static struct stack_pairs
labels_with(struct stack *s, const struct stack_service *v, const struct foreign *f)
{
	const struct stack_pairs *had = stack_labels(s, v);
	struct stack_pairs now = { NULL, 0 };
	bool replaced = f->dialect != NULL && f->nlines > 0 && !f->same;

	for (unsigned i = 0; i < had->n; i++) {
		const char *name = had->item[i].name;
		bool goes = replaced && (strncasecmp(name, "traefik.", 8) == 0 ||
		    strncasecmp(name, "caddy", 5) == 0);
		if (!goes || strncasecmp(name, "traefik.http.", 13) == 0)
			add_pair(s, &now, had->item[i]);
	}
	for (unsigned i = 0; replaced && i < f->nlines; i++)
		if (f->line[i].label != NULL)
			add_pair(s, &now, (struct stack_pair){ f->line[i].label, f->line[i].value, f->at });
	return now;
}

static struct stack *
rewritten(struct stack *s, const struct foreign *all)
{
	struct stack *to = arena_zalloc(s->arena, sizeof *to);

	*to = *s;
	to->of_compose = false;
	to->service = arena_zalloc(s->arena, (s->nservices + 1) * sizeof *to->service);
	for (unsigned i = 0; i < s->nservices; i++) {
		to->service[i] = s->service[i];
		to->service[i].deploy = labels_with(s, &s->service[i], &all[i]);
	}
	return to;
}

/* ---- what differs ---- */

/* Whether `chain` ends with all that `with` has, options included. */
static bool
chain_ends(const char *with, const char *chain)
{
	struct str rest = str_of(chain), name, kind;
	size_t n = with == NULL ? 0 : strlen(with);

	while (rest.len > n && filter_chain_next(&rest, &name, &kind))
		;
	return rest.len == n && (n == 0 || memcmp(rest.p, with, n) == 0);
}

static bool
same_place(const struct route_conf *a, const struct route_conf *b)
{
	return strcmp(a->host, b->host) == 0 && strcmp(a->path, b->path) == 0;
}

/* A route by TLS before; there must be one, and what guarded it guards the new one. */
static bool
is_as_before(const struct stack_judgement *before, const struct stack_service *v,
    const struct route_conf *now)
{
	const struct world_service *s = NULL;
	bool found = false;

	while ((s = stack_world_next(before, v, s)) != NULL)
		for (unsigned i = 0; i < s->nroutes; i++) {
			const struct route_conf *r = &s->route[i];
			if (!same_place(r, now) || (r->rule != NULL && r->rule->by == BY_PLAIN))
				continue;
			if (!chain_ends(r->chain, now->chain))
				return false;
			found = true;
		}
	return found;
}

static unsigned
count_routes(const struct stack_judgement *j, const struct stack_service *v)
{
	const struct world_service *s = NULL;
	unsigned n = 0;

	while ((s = stack_world_next(j, v, s)) != NULL)
		for (unsigned i = 0; i < s->nroutes; i++)
			n += s->route[i].rule == NULL || s->route[i].rule->by != BY_PLAIN;
	return n;
}

static bool
is_same(const struct stack_judgement *before, const struct stack_judgement *after,
    const struct stack_service *v)
{
	const struct world_service *s = NULL;

	while ((s = stack_world_next(after, v, s)) != NULL)
		for (unsigned i = 0; i < s->nroutes; i++)
			if (!is_as_before(before, v, &s->route[i]))
				return false;
	return count_routes(before, v) == count_routes(after, v) &&
	    stack_verdict(after, v) == stack_verdict(before, v);
}

/* What Mola has to say of the new labels, as comments. */
static void
add_troubles(struct stack *s, const struct stack_judgement *j, const struct stack_service *v,
    struct foreign *f)
{
	const struct report_service *r = stack_report(j, v);

	for (unsigned i = 0; i < r->ntroubles; i++) {
		f->line = stack_grow(s, f->line, f->nlines, sizeof *f->line);
		f->line[f->nlines++] = (struct foreign_line){ NULL, NULL, arena_printf(s->arena,
		    "with these, Mola reports: %s", r->trouble[i].text), { NULL, 0 } };
	}
}

static void
set_same(struct stack *s, struct foreign *f)
{
	f->same = true;
	f->line = arena_zalloc(s->arena, 8 * sizeof *f->line);
	f->nlines = 1;
	f->line[0].comment = "its labels of Traefik stay, Mola reads them: more goes for it than is in "
	    "them, such as middlewares of its entry points";
}

/* The reading of all of them, by the labels that they have. */
static void
read_all(struct stack *const *stack, unsigned n, struct foreign *all[])
{
	for (unsigned k = 0; k < n; k++) {
		all[k] = arena_zalloc(stack[k]->arena, (stack[k]->nservices + 1) * sizeof *all[k]);
		for (unsigned i = 0; i < stack[k]->nservices; i++) {
			struct foreign_reading r = { .s = stack[k], .stack = stack, .nstacks = n,
			    .v = &stack[k]->service[i] };
			foreign_read(&r, &all[k][i]);
		}
	}
}

void
stack_foreign_all(struct stack *const *stack, unsigned n, const struct conf *c,
    struct foreign *all[])
{
	struct stack_judgement *before = stack_judge(stack, n, c), *after;
	struct stack **now = must_zalloc((n + 1) * sizeof *now);

	read_all(stack, n, all);
	for (unsigned k = 0; k < n; k++)
		now[k] = rewritten(stack[k], all[k]);
	after = stack_judge(now, n, c);
	for (unsigned k = 0; k < n; k++)
		for (unsigned i = 0; i < stack[k]->nservices; i++) {
			struct foreign *f = &all[k][i];
			if (f->dialect == NULL || f->nlines == 0 || f->same)
				continue;
			if (!f->beside)
				add_troubles(stack[k], after, &now[k]->service[i], f);
			else if (!is_same(before, after, &now[k]->service[i]))
				set_same(stack[k], f);
		}
	stack_judgement_free(&before);
	stack_judgement_free(&after);
	free(now);
}
