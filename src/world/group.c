/*
 * Values only. Must not know whether a service is there.
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "world/group.h"

const char *
group_kind_name(enum group_kind k)
{
	static const char *const names[GROUP_KINDS] = { "weighted", "failover", "mirroring" };

	ASSERT((unsigned)k < GROUP_KINDS);
	return names[k];
}

static char *
text_copy(const char *s)
{
	return s == NULL ? NULL : must_strdup(s);
}

static bool
text_same(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

struct service_group *
group_copy(const struct service_group *g)
{
	struct service_group *copy;

	if (g == NULL)
		return NULL;
	ASSERT(g->n <= GROUP_CHILDREN);
	copy = must_zalloc(sizeof *copy);
	copy->kind = g->kind;
	copy->n = g->n;
	copy->bodiless = g->bodiless;
	copy->body_most = g->body_most;
	copy->child = must_zalloc((g->n + 1) * sizeof *copy->child);
	for (unsigned i = 0; i < g->n; i++)
		copy->child[i] = (struct group_child){ text_copy(g->child[i].service),
		    text_copy(g->child[i].name), g->child[i].weight };
	return copy;
}

bool
group_same(const struct service_group *a, const struct service_group *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	if (a->kind != b->kind || a->n != b->n || a->bodiless != b->bodiless ||
	    a->body_most != b->body_most)
		return false;
	for (unsigned i = 0; i < a->n; i++)
		if (!text_same(a->child[i].service, b->child[i].service) ||
		    !text_same(a->child[i].name, b->child[i].name) ||
		    a->child[i].weight != b->child[i].weight)
			return false;
	return true;
}

void
group_free(struct service_group **gp)
{
	struct service_group *g = *gp;

	*gp = NULL;
	if (g == NULL)
		return;
	for (unsigned i = 0; i < g->n; i++) {
		free(g->child[i].service);
		free(g->child[i].name);
	}
	free(g->child);
	free(g);
}
