/*
 * backend_group: services of Traefik's files that lead to others: by weight, or to a second one
 * while the first cannot be used. They are services without tasks here, too (world/group.h).
 * Must not know which others there are.
 */
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "discovery/traefik_priv.h"

static struct labels_group *
group_of(struct traefik_reading *r, struct backend *b, const struct swarm_label *label,
    enum group_kind kind)
{
	struct labels *l = r->l;

	if (l->group == NULL) {
		l->group = arena_zalloc(l->arena, sizeof *l->group);
		l->group->kind = kind;
		for (unsigned i = 0; i < GROUP_CHILDREN; i++)
			l->group->child[i].weight = 1;
	}
	if (l->group->kind != kind || b->nurls > 0) {
		reading_mark_unknown(r, &b->unknown, label, "the service is of another kind by another key");
		return NULL;
	}
	return l->group;
}

/* "services[12]" */
static struct labels_child *
child_of(struct labels_group *g, struct str word)
{
	const struct str begins = STR("services[");
	uint64_t n;

	if (!str_starts(word, begins) || !str_to_u64((struct str){ word.p + begins.len,
	    word.len - begins.len - 1 }, &n) || n >= GROUP_CHILDREN)
		return NULL;
	g->n = n + 1 > g->n ? (unsigned)n + 1 : g->n;
	return &g->child[n];
}

static void
gather_weighted(struct traefik_reading *r, struct backend *b, const struct swarm_label *label,
    const struct str *word, unsigned n)
{
	struct labels_group *g = group_of(r, b, label, GROUP_WEIGHTED);
	struct labels_child *c = g == NULL || n != 2 ? NULL : child_of(g, word[0]);
	uint64_t weight;

	if (g == NULL)
		return;
	if (c != NULL && word_is(word[1], "name")) {
		c->name = label->value;
		reading_report(r, label, LABEL_VALID, NULL);
	} else if (c != NULL && word_is(word[1], "weight") &&
	    str_to_u64(str_trim(str_of(label->value)), &weight) && weight <= GROUP_WEIGHT_MOST) {
		c->weight = (unsigned)weight;
		reading_report(r, label, LABEL_VALID, NULL);
	} else
		reading_mark_unknown(r, &b->unknown, label,
		    "expected name and weight of up to 64 services, weights from 0 to "
		    "1000000");
}

static void
gather_failover(struct traefik_reading *r, struct backend *b, const struct swarm_label *label,
    struct str key)
{
	struct labels_group *g = group_of(r, b, label, GROUP_FAILOVER);

	if (g == NULL)
		return;
	if (!word_is(key, "service") && !word_is(key, "fallback")) {
		reading_mark_unknown(r, &b->unknown, label, "expected service and fallback");
		return;
	}
	g->n = 2;
	g->child[word_is(key, "fallback")].name = label->value;
	reading_report(r, label, LABEL_VALID, NULL);
}

/* What follows the name of a service. */
bool
group_gather(struct traefik_reading *r, struct backend *b, const struct swarm_label *label,
    const struct str *word, unsigned n)
{
	bool weighted = word_is(word[0], "weighted"), failover = word_is(word[0], "failover");

	if (!r->service->provided || !(weighted || failover || word_is(word[0], "mirroring")))
		return false;
	if (!weighted && !failover)
		reading_mark_unknown(r, &b->unknown, label,
		    "Mola does not send copies of requests: nothing leads to this service");
	else if (n == 2 && word_is(word[1], "healthcheck"))
		reading_report(r, label, LABEL_VALID, NULL);	/* what cannot be used is left out anyway */
	else if (n >= 2 && weighted && word_is(word[1], "sticky"))
		sticky_gather(r, b, label, word + 2, n - 2);
	else if (n == 3 && weighted)
		gather_weighted(r, b, label, word + 1, n - 1);
	else if (n == 2 && failover)
		gather_failover(r, b, label, word[1]);
	else
		reading_mark_unknown(r, &b->unknown, label, "not understood: nothing leads to this service");
	return true;
}
