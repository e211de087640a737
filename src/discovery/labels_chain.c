/*
 * labels_chain: the middlewares that mola.middlewares names. A name without a provider is one of
 * mola.yaml's, or one that labels define; where both have it, neither is meant.
 * Must not know routers of Traefik's.
 */
#include <string.h>

#include "base/bug.h"
#include "discovery/labels.h"
#include "discovery/middlewares.h"
#include "world/filter.h"

/* Whose it is: NULL with a reason when that is not known. */
static const char *
reference_of(struct labels *l, const struct middlewares *m, const char *name, const char **problem)
{
	const char *own = middlewares_qualify(l->arena, str_of(name), MOLA_PROVIDER);

	if (strcmp(own, name) == 0 || middlewares_kind(m, str_of(own)) == NULL)
		return name;
	if (middlewares_kind(m, str_of(name)) == NULL)
		return own;
	*problem = arena_printf(l->arena, "both mola.yaml and labels define it: expected %s@mola or "
	    "%s@swarm", name, name);
	return NULL;
}

void
labels_make_chain(struct labels *l, const struct middlewares *m)
{
	const struct filter_chain *filters;
	const char *chain = "", *of, *problem = NULL;

	ASSERT(l->nroutes == 0 && l->chain == NULL);
	l->chain_wrong = l->middlewares.given && l->middlewares.n == 0;
	for (unsigned i = 0; i < l->middlewares.n; i++) {
		const char *name = l->middlewares.item[i], *with = NULL;
		if ((of = reference_of(l, m, name, &problem)) != NULL)
			with = middlewares_add(m, l->arena, chain, str_of(of), &problem);
		if (with == NULL) {
			labels_add_trouble(l, WHY_NEEDS_MIDDLEWARE, arena_printf(l->arena,
			    "its hosts are not served: mola.middlewares names %s, %s", name, problem));
			l->chain_wrong = true;
		} else
			chain = with;
	}
	if (l->chain_wrong || *chain == '\0')
		return;
	filters = filter_chain_parse(l->arena, str_of(chain));
	ASSERT(filters != NULL);		/* each of them was read */
	l->chain = chain;
	l->chain_guards = filters->guards;
}

void
labels_check_chain(struct labels *l)
{
	if (!l->middlewares.given || l->host.given || l->rule.given || l->conf.kind == SERVICE_TCP)
		return;
	labels_add_trouble(l, WHY_NEEDS_MIDDLEWARE, arena_text(l->arena, STR("mola.middlewares is for the "
	    "requests of mola.host and mola.rule, and there is neither; expected NAME@mola in the "
	    "middlewares of its routers")));
	l->nroutes = 0;
}
