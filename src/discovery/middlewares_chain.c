/*
 * middlewares_chain: what definitions become: filters, in the text of a chain. What cannot be
 * applied as it is meant is a problem, unless the operator has it left out.
 */
#include <ctype.h>
#include <string.h>

#include "base/bug.h"
#include "base/map.h"
#include "discovery/middlewares_priv.h"

/* Labels are in order of their names. */
static bool
same_definition(const struct definition *a, const struct definition *b)
{
	if (a->n != b->n)
		return false;
	for (unsigned i = 0; i < a->n; i++)
		if (!str_eq_nocase(a->setting[i].path, b->setting[i].path)
		    || !str_eq(a->setting[i].value, b->setting[i].value))
			return false;
	return true;
}

static bool
defined_alike(const struct middleware *is)
{
	for (const struct definition *d = is->definition; d->next != NULL; d = d->next)
		if (!same_definition(d, d->next))
			return false;
	return true;
}

/* "contenttype=true" is all of it: the label of the kind itself. Traefik takes that of these
 * two. */
static bool
may_be_bare(const char *kind)
{
	return strcmp(kind, "contenttype") == 0 || strcmp(kind, "compress") == 0;
}

/* The settings of errors with its service as the table has it: the Swarm's name and the port. */
static const struct filter_setting *
with_page(const struct middlewares *m, struct arena *a, const char *provider,
    const struct filter_setting *s, unsigned n, const char **problem)
{
	struct filter_setting *out = arena_zalloc(a, (n + 1) * sizeof *out);

	for (unsigned i = 0; i < n; i++) {
		struct str name = middlewares_name(str_trim(s[i].value));
		struct page *page;
		out[i] = s[i];
		if (!str_eq_nocase(s[i].path, STR("service")))
			continue;
		if (str_ends(name, STR(FILE_PROVIDER)) || (strcmp(provider, FILE_PROVIDER) == 0 &&
		    memchr(name.p, '@', name.len) == NULL && name.len == str_trim(s[i].value).len)) {
			out[i].value = str_of(middlewares_qualify(a, name, FILE_PROVIDER));
			if (map_get(m->provided, out[i].value) != NULL)
				continue;
			*problem = arena_printf(a, "which is not understood: service: no file defines the service %.*s",
			    STR_ARG(name));
			return NULL;
		}
		page = middlewares_page_find(m, name);
		if (page == NULL || page->several) {
			*problem = arena_printf(a, "which is not understood: service: %s labels define the port of "
			    "the service %.*s", page == NULL ? "no" : "several", STR_ARG(name));
			return NULL;
		}
		page->wanted = true;
		out[i].value = str_of(arena_printf(a, "%s:%s", page->of->name, page->port));
	}
	return out;
}

static const char *
add_filter(const struct middlewares *m, const struct middleware *is, struct arena *a,
    const char *chain, struct str name, const char **problem)
{
	const struct definition *d = is->definition;
	const struct filter_setting *s = d->setting;
	char wrong[FILTER_PROBLEM];
	enum filter_kind kind;
	struct filter filter;
	unsigned n = d->n;

	if (!filter_kind_parse(str_of(is->kind), &kind)) {
		*problem = arena_printf(a, "which Mola does not have");
		return NULL;
	}
	if (n > 0 && s->path.p == NULL && may_be_bare(is->kind) && str_eq_nocase(s->value, STR("true"))) {
		s++;
		n--;
	}
	if (n > FILTER_SETTINGS_MAX || (n > 0 && s->path.p == NULL)) {
		*problem = arena_printf(a, "which is not understood: %s", n > FILTER_SETTINGS_MAX ?
		    "it has too many options" : "expected options below it");
		return NULL;
	}
	if (!middlewares_take_users(m->conf, a, kind, &s, &n, problem))
		return NULL;
	if (kind == FILTER_ERRORS && (s = with_page(m, a, is->provider, s, n, problem)) == NULL)
		return NULL;
	if (!filter_read(a, kind, s, n, &filter, wrong)) {
		*problem = arena_printf(a, "which is not understood: %s", wrong);
		return NULL;
	}
	chain = filter_chain_add(a, chain, name, kind, s, n);
	if (chain == NULL)
		*problem = arena_printf(a, "with which its middlewares are more than %d", FILTERS_MAX);
	return chain;
}

bool
middlewares_is_name(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (iscntrl((unsigned char)s.p[i]))
			return false;
	return s.len > 0;
}

static bool
is_chain(const struct middlewares *m, struct str reference)
{
	const struct middleware *is = middlewares_find(m, reference);

	return is != NULL && is->chain != NULL;
}

bool
middlewares_left_out(const struct middlewares *m, struct str reference)
{
	return middlewares_ignored(m, reference) && !is_chain(m, reference);
}

/* Whoever leaves out the whole chain would leave out more. */
static const char *
describe_link(const struct middlewares *m, struct arena *a, struct str one, const char *problem)
{
	const char *kind = middlewares_kind(m, one);

	if (is_chain(m, one))
		return problem;			/* it has said so itself */
	return arena_printf(a, "which has %.*s%s%s%s, %s", STR_ARG(one), kind == NULL ? "" : " (",
	    kind == NULL ? "" : kind, kind == NULL ? "" : ")", problem);
}

/* Of a chain that is ignored, or in one, all is applied that can be. */
static const char *
add(const struct middlewares *m, struct arena *a, const char *chain, struct str reference,
    bool ignored, unsigned *links, const char **problem)
{
	const struct middleware *is = middlewares_find(m, reference);
	const char *text = chain, *with, *left_out = NULL;
	struct str rest, one;

	*problem = NULL;
	if (is == NULL || is->definition == NULL)
		*problem = reference.len > 0 && memchr(reference.p, '@', reference.len) != NULL ?
		    "nothing that Mola reads defines it" : "no label defines it";
	else if (!middlewares_is_name(middlewares_name(reference)))
		*problem = "whose name is empty or has control characters";
	else if (!defined_alike(is))
		*problem = *is->provider == '\0' ? "services define it differently" :
		    "files define it differently";
	else if (*links == 0)
		*problem = "its chains form a cycle, or are too long";
	else
		--*links;
	if (*problem != NULL)
		return NULL;
	if (is->chain == NULL)
		return add_filter(m, is, a, chain, middlewares_name(reference), problem);
	if (is->definition->n != 1 || !str_eq_nocase(is->definition->setting->path, STR("middlewares"))) {
		*problem = "expected middlewares below chain, and nothing else";
		return NULL;
	}
	rest = str_of(is->chain);
	while (middlewares_next_link(m, is, &rest, &one)) {
		bool may = ignored || middlewares_ignored(m, one);
		with = add(m, a, text, one, may, links, problem);
		if (*problem != NULL)
			left_out = *problem = describe_link(m, a, one, *problem);
		if (with == NULL && (!may || is_chain(m, one)))
			return NULL;
		text = with != NULL ? with : text;
	}
	*problem = left_out;
	return text;
}

const char *
middlewares_add(const struct middlewares *m, struct arena *a, const char *chain,
    struct str reference, const char **problem)
{
	unsigned links = MIDDLEWARES_LINKS;

	return add(m, a, chain, reference, middlewares_ignored(m, reference), &links, problem);
}
