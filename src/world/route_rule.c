/*
 * route_rule: what makes a route one of a rule, as a value that is copied and compared.
 */
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "world/world.h"

static bool
conditions_same(const struct condition *a, const struct condition *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	return condition_bytes(a) == condition_bytes(b) && memcmp(a, b, condition_bytes(a)) == 0;
}

static bool
text_same(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

bool
route_rule_same(const struct route_rule *a, const struct route_rule *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	return a->by == b->by && a->guards == b->guards && text_same(a->chain, b->chain) &&
	    a->priority == b->priority && a->ways == b->ways && a->whole == b->whole &&
	    a->gives_way == b->gives_way && strcmp(a->text, b->text) == 0 && text_same(a->name, b->name) &&
	    conditions_same(a->condition, b->condition);
}

struct route_rule *
route_rule_copy(const struct route_rule *r)
{
	struct route_rule *copy;
	void *condition = NULL;

	if (r == NULL)
		return NULL;
	copy = must_alloc(sizeof *copy);
	*copy = *r;
	copy->text = must_strdup(r->text);
	copy->name = r->name == NULL ? NULL : must_strdup(r->name);
	copy->chain = r->chain == NULL ? NULL : must_strdup(r->chain);
	if (r->condition != NULL) {
		condition = must_alloc(condition_bytes(r->condition));
		memcpy(condition, r->condition, condition_bytes(r->condition));
	}
	copy->condition = condition;
	return copy;
}

void
route_conf_clear(struct route_conf *r)
{
	free(r->host);
	free(r->path);
	free(r->listener);
	if (r->rule != NULL) {
		free(r->rule->text);
		free(r->rule->name);
		free(r->rule->chain);
		free((void *)(uintptr_t)r->rule->condition);
		free(r->rule);
	}
	*r = (struct route_conf){ .host = NULL };
}
