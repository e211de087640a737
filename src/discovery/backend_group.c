/*
 * backend_group: services of Traefik's files that lead to others: by weight, to a second one while
 * the first cannot be used, or with copies to others. They are services without tasks here, too
 * (world/group.h).
 * Must not know which others there are.
 */
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/go.h"
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
			l->group->child[i].weight = kind == GROUP_MIRRORING ? 0 : 1;
		l->group->body_most = GROUP_BODY_MOST;
	}
	if (l->group->kind != kind || b->nurls > 0) {
		reading_mark_unknown(r, &b->unknown, label, "the service is of another kind by another key");
		return NULL;
	}
	return l->group;
}

/* "services[12]"; `before`: others that are no items of this list */
static struct labels_child *
child_of(struct labels_group *g, struct str word, struct str begins, unsigned before)
{
	uint64_t n;

	if (!str_starts(word, begins) || !str_to_u64((struct str){ word.p + begins.len,
	    word.len - begins.len - 1 }, &n) || n >= GROUP_CHILDREN - before)
		return NULL;
	n += before;
	g->n = n + 1 > g->n ? (unsigned)n + 1 : g->n;
	return &g->child[n];
}

static void
gather_weighted(struct traefik_reading *r, struct backend *b, const struct swarm_label *label,
    const struct str *word, unsigned n)
{
	struct labels_group *g = group_of(r, b, label, GROUP_WEIGHTED);
	struct labels_child *c = g == NULL || n != 2 ? NULL : child_of(g, word[0], STR("services["), 0);
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

/* maxBodySize: negative ones have no bound, in Traefik. */
static bool
body_most_read(struct str s, uint32_t *most)
{
	uint64_t n;

	if (s.len > 1 && s.p[0] == '-' && str_to_u64((struct str){ s.p + 1, s.len - 1 }, &n)) {
		*most = GROUP_BODY_MOST;
		return true;
	}
	if (!str_to_u64(s, &n))
		return false;
	*most = n < GROUP_BODY_MOST ? (uint32_t)n : GROUP_BODY_MOST;
	return true;
}

/* A key of the group, or of one of its mirrors. False: it is not understood. */
static bool
mirroring_read(struct labels_group *g, const struct swarm_label *label, const struct str *word,
    unsigned n)
{
	struct str value = str_trim(str_of(label->value));
	struct labels_child *c = n != 2 ? NULL : child_of(g, word[0], STR("mirrors["), 1);
	uint64_t percent;
	bool copied;

	if (n == 1 && word_is(word[0], "service"))
		g->child[0].name = label->value;
	else if (n == 1 && word_is(word[0], "mirrorbody")) {
		if (!go_bool(value, &copied))
			return false;
		g->bodiless = !copied;
	} else if (n == 1 && word_is(word[0], "maxbodysize"))
		return body_most_read(value, &g->body_most);
	else if (c != NULL && word_is(word[1], "name"))
		c->name = label->value;
	else if (c != NULL && word_is(word[1], "percent") && str_to_u64(value, &percent) && percent <= 100)
		c->weight = (unsigned)percent;
	else
		return false;
	return true;
}

static void
gather_mirroring(struct traefik_reading *r, struct backend *b, const struct swarm_label *label,
    const struct str *word, unsigned n)
{
	struct labels_group *g = group_of(r, b, label, GROUP_MIRRORING);

	if (g == NULL)
		return;
	g->n = g->n > 0 ? g->n : 1;
	if (mirroring_read(g, label, word, n))
		reading_report(r, label, LABEL_VALID, NULL);
	else
		reading_mark_unknown(r, &b->unknown, label, "expected service, mirrorBody, maxBodySize, and name "
		    "and percent of up to 63 mirrors, percent from 0 to 100");
}

/* What follows the name of a service. */
bool
group_gather(struct traefik_reading *r, struct backend *b, const struct swarm_label *label,
    const struct str *word, unsigned n)
{
	bool weighted = word_is(word[0], "weighted"), failover = word_is(word[0], "failover"),
	    mirroring = word_is(word[0], "mirroring");

	if (!r->service->provided || !(weighted || failover || mirroring))
		return false;
	if (n == 2 && word_is(word[1], "healthcheck"))
		reading_report(r, label, LABEL_VALID, NULL);	/* what cannot be used is left out anyway */
	else if (n >= 2 && weighted && word_is(word[1], "sticky"))
		sticky_gather(r, b, label, word + 2, n - 2);
	else if (n == 3 && weighted)
		gather_weighted(r, b, label, word + 1, n - 1);
	else if (n >= 2 && mirroring)
		gather_mirroring(r, b, label, word + 1, n - 1);
	else if (n == 2 && failover)
		gather_failover(r, b, label, word[1]);
	else
		reading_mark_unknown(r, &b->unknown, label, "not understood: nothing leads to this service");
	return true;
}
