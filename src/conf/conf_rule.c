/*
 * conf_rule: services whose requests a rule says. What a rule is, discovery knows: labels have the
 * same.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "conf/conf_check.h"
#include "conf/conf_type.h"
#include "discovery/rule.h"

/* ---- values ---- */

static bool
read_rule(const struct conf_key *k, struct str s, void *member, char *problem)
{
	struct arena *a = arena_new();
	char text[RULE_PROBLEM];
	struct rule rule;
	bool good = rule_parse(s, RULE_V3, a, &rule, text);

	(void)k;
	arena_free(&a);
	if (!good)
		return problem_set(problem, "not a rule: %s", text);
	if (rule.unsupported[0] != '\0')
		return problem_set(problem, "not understood: %s", rule.unsupported);
	if (rule.n == 0)
		return problem_set(problem, "no request can match all of it");
	return text_set(member, s);
}

static bool
read_priority(const struct conf_key *k, struct str s, void *member, char *problem)
{
	return rule_priority(s, member) || problem_set(problem,
	    "'%s' is not a priority; expected a whole number, %s to %s", QUOTED(s), k->range.least,
	    k->range.most);
}

static bool
write_priority(const void *member, struct buf *out)
{
	return buf_printf(out, "%" PRId64, *(const int64_t *)member);
}

const struct conf_type
	type_RULE = { read_rule, write_text, KIND_TEXT, false, NULL },
	type_PRIORITY = { read_priority, write_priority, KIND_PLAIN, true, NULL };

/* ---- routes ---- */

static void
exclude(const struct tree *service, const char *key, struct faults *f)
{
	const struct tree *t = service == NULL ? NULL : tree_find(service, NULL, key);
	char where[40];

	if (t == NULL)
		return;
	snprintf(where, sizeof where, "services.%s", key);
	faults_add(f, t->line, where, "the service has a rule; expected one or the other");
}

static void
add_term(struct conf_service *s, const struct rule *rule, const struct rule_term *t, uint64_t on)
{
	const struct route_rule from = { .whole = t->whole, .text = s->rule, .ways = UINT64_C(1) << 63,
	    .priority = s->priority == 0 ? (int64_t)strlen(s->rule) : s->priority,
	    .condition = t->partial ? rule->condition : NULL };

	s->route[s->nroutes++] = (struct route_conf){
	    .host = must_strdup(t->host == NULL ? "" : t->host), .on = on,
	    .path = must_strdup(t->path == NULL ? "/" : t->path), .rule = route_rule_copy(&from) };
}

/* The rule has been read once, when its value was. */
void
rule_routes_check(const struct conf *c, struct conf_service *s, const struct tree *service,
    struct faults *f)
{
	uint64_t on = listeners_check_names(c, s, f);
	struct arena *a = arena_new();
	char problem[RULE_PROBLEM];
	struct rule rule;
	bool good = rule_parse(str_of(s->rule), RULE_V3, a, &rule, problem);

	ASSERT(good && s->nroutes == 0);
	exclude(service, "host", f);
	exclude(service, "path", f);
	s->route = must_zalloc((rule.n + 1) * sizeof *s->route);
	for (unsigned i = 0; i < rule.n; i++)
		add_term(s, &rule, &rule.term[i], on);
	arena_free(&a);
}
