/*
 * route_rule: what makes a route one of a rule, as a value that is copied and compared.
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
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
	return a->by == b->by && a->priority == b->priority && a->ways == b->ways &&
	    a->whole == b->whole && a->gives_way == b->gives_way && strcmp(a->text, b->text) == 0 &&
	    text_same(a->name, b->name) && text_same(a->to, b->to) &&
	    conditions_same(a->condition, b->condition);
}

bool
route_conf_same(const struct route_conf *a, const struct route_conf *b)
{
	return strcmp(a->host, b->host) == 0 && strcmp(a->path, b->path) == 0 &&
	    text_same(a->listener, b->listener) && a->ends_tls == b->ends_tls &&
	    text_same(a->tls, b->tls) &&
	    a->guards == b->guards && a->on == b->on && text_same(a->chain, b->chain) &&
	    route_rule_same(a->rule, b->rule);
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
	copy->to = r->to == NULL ? NULL : must_strdup(r->to);
	if (r->condition != NULL) {
		condition = must_alloc(condition_bytes(r->condition));
		memcpy(condition, r->condition, condition_bytes(r->condition));
	}
	copy->condition = condition;
	return copy;
}

struct route_conf
route_conf_copy(const struct route_conf *r)
{
	struct route_conf copy = *r;

	copy.host = must_strdup(r->host);
	copy.path = must_strdup(r->path);
	copy.listener = r->listener == NULL ? NULL : must_strdup(r->listener);
	copy.tls = r->tls == NULL ? NULL : must_strdup(r->tls);
	copy.rule = route_rule_copy(r->rule);
	copy.chain = r->chain == NULL ? NULL : must_strdup(r->chain);
	return copy;
}

void
route_conf_clear(struct route_conf *r)
{
	free(r->host);
	free(r->path);
	free(r->listener);
	free(r->tls);
	free(r->chain);
	if (r->rule != NULL) {
		free(r->rule->text);
		free(r->rule->name);
		free(r->rule->to);
		free((void *)(uintptr_t)r->rule->condition);
		free(r->rule);
	}
	*r = (struct route_conf){ .host = NULL };
}
