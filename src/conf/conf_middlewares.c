/*
 * conf_middlewares: middlewares that the configuration file defines, and the chains of its
 * services. What a middleware is, discovery knows: labels have the same.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "conf/conf_check.h"
#include "conf/conf_type.h"
#include "conf/flat.h"
#include "discovery/middlewares.h"
#include "world/filter.h"

/* Of flat_write. */
static bool
read_middlewares(const struct conf_key *k, struct str s, void *member, char *problem)
{
	(void)k;
	(void)problem;
	return text_set(member, s);
}

const struct conf_type
	type_MIDDLEWARE_MAP = { read_middlewares, NULL, KIND_SECRET, false, NULL };

/* ---- what they define ---- */

static const struct tree *
option_named(const struct tree *kind, const char *problem)
{
	for (const struct tree *t = kind->shape == TREE_MAP ? kind->first : NULL; t != NULL; t = t->next)
		if (strcasestr(problem, t->key) != NULL)
			return t;
	return kind;
}

/* One of each name, of one kind. */
static void
definition_check(const struct middlewares *m, struct arena *a, const struct tree *t,
    struct faults *f)
{
	const struct tree *kind = t->shape == TREE_MAP ? t->first : NULL;
	enum filter_kind known;
	const char *problem;
	char where[200];

	if (kind == NULL || kind->next != NULL || kind->shape != TREE_MAP) {
		snprintf(where, sizeof where, "middlewares.%.80s", t->key);
		faults_add(f, t->line, where, "expected one kind of middleware below it, such as %s, and below "
		    "that its options", filter_kind_name(0));
		return;
	}
	snprintf(where, sizeof where, "middlewares.%.80s.%.80s", t->key, kind->key);
	if (strcasecmp(kind->key, "chain") != 0 && (!filter_kind_parse(str_of(kind->key), &known) ||
	    known == FILTER_NOOP))
		faults_add(f, kind->line, where, "no kind of middleware that Mola has; doc/middlewares.md "
		    "lists them");
	else if (middlewares_add(m, a, "", str_of(middlewares_qualify(a, str_of(t->key), MOLA_PROVIDER)),
	    &problem) == NULL)
		faults_add(f, option_named(kind, problem)->line, where, "%s", problem);
}

/* NULL: there are none, or they are faulty. */
static struct middlewares *
middlewares_of(const struct conf *c)
{
	static const struct swarm_conf no_files;
	struct middlewares *m = middlewares_new(&no_files);

	if (c->middlewares != NULL)
		middlewares_read_settings(m, MOLA_PROVIDER, c, str_of(c->middlewares));
	return m;
}

/* ---- services ---- */

static const char *
chain_of(const struct middlewares *m, struct arena *a, const struct conf_service *s, int line,
    struct faults *f)
{
	const char *chain = "", *with, *problem;

	for (unsigned i = 0; i < s->middlewares.n; i++) {
		struct str name = str_of(s->middlewares.item[i]);
		name = str_of(middlewares_qualify(a, name, MOLA_PROVIDER));
		with = middlewares_add(m, a, chain, name, &problem);
		if (with != NULL)
			chain = with;
		else if (middlewares_kind(m, name) == NULL)
			faults_add(f, line, "services.middlewares", "there is no '%s' in middlewares; expected the name "
			    "of one of them", s->middlewares.item[i]);
		else
			faults_add(f, line, "services.middlewares", "'%s': %s", s->middlewares.item[i], problem);
	}
	return chain;
}

static void
chain_set(struct conf_service *s, struct arena *a, const char *chain)
{
	const struct filter_chain *filters = filter_chain_parse(a, str_of(chain));

	ASSERT(filters != NULL);		/* each of them was read */
	for (unsigned i = 0; i < s->nroutes; i++) {
		ASSERT(s->route[i].chain == NULL);
		s->route[i].chain = must_strdup(chain);
		s->route[i].guards = filters->guards;
	}
}

void
middlewares_check(struct conf *c, const struct tree *root, struct faults *f)
{
	const struct tree *defined = tree_find(root, NULL, "middlewares"), *list = tree_find(root, NULL,
	    "services");
	const struct tree *t = list != NULL && list->shape == TREE_LIST ? list->first : NULL;
	struct middlewares *m = middlewares_of(c);
	struct arena *a = arena_new();

	for (const struct tree *one = defined != NULL && defined->shape == TREE_MAP &&
	    c->middlewares != NULL ? defined->first : NULL; one != NULL; one = one->next)
		definition_check(m, a, one, f);
	for (unsigned i = 0; i < c->nservices; i++, t = t != NULL ? t->next : NULL) {
		struct conf_service *s = &c->service[i];
		const struct tree *key = t != NULL && t->shape == TREE_MAP ? tree_find(t, NULL,
		    "middlewares") : NULL;
		const char *chain = key == NULL ? "" : chain_of(m, a, s, key->line, f);
		if (*chain != '\0' && s->conf.kind != SERVICE_TCP)
			chain_set(s, a, chain);
	}
	arena_free(&a);
	middlewares_free(&m);
}
