/*
 * report: a tree of texts in one arena.
 * Must not know how a pass makes it.
 */
#include <string.h>

#include "base/arena.h"
#include "base/bug.h"
#include "discovery/report.h"
#include "discovery/secret.h"

const char *
label_state_name(enum label_state s)
{
	static const char *const names[LABEL_STATES] = { "understood", "wrong", "unknown",
	    "not yet", "unused" };

	ASSERT(s < LABEL_STATES);
	return names[s];
}

#define TROUBLES_MAX	32		/* of one service, and of what belongs to none */

void
report_add_trouble(struct arena *a, struct report_trouble **at, unsigned *n, const struct why *why,
    char *text)
{
	ASSERT(*n <= TROUBLES_MAX && (*n == 0 || *at != NULL));
	if (*at == NULL)
		*at = arena_zalloc(a, TROUBLES_MAX * sizeof **at);
	/* names of routers and the like may contain anything, and may have been cut */
	for (char *c = text; *c != '\0'; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
	if (*n < TROUBLES_MAX)		/* it may quote a rule, or what was to be one */
		(*at)[(*n)++] = (struct report_trouble){ why,
		    arena_text(a, str_of(secret_text(a, ".rule", text))) };
}

void
report_drop_trouble(struct report_service *r, const struct why *why)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < r->ntroubles; i++)
		if (r->trouble[i].why != why)
			r->trouble[kept++] = r->trouble[i];
	r->ntroubles = kept;
}

void
swarm_report_free(struct swarm_report **rp)
{
	struct swarm_report *r = *rp;
	struct arena *a;

	*rp = NULL;
	if (r == NULL)
		return;
	a = r->arena;		/* the report itself is in it */
	arena_free(&a);
}

const struct report_service *
swarm_report_find(const struct swarm_report *r, struct str name)
{
	const char *colon = memchr(name.p, ':', name.len);
	size_t lo = 0, hi = r->nservices;

	if (colon != NULL)		/* no name of Swarm's has one */
		name.len = (size_t)(colon - name.p);
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		const char *at = r->service[mid].name;
		int c = strncmp(at, name.p, name.len);
		if (c == 0 && at[name.len] == '\0')
			return &r->service[mid];
		if (c < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

static bool
same_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool
same_labels(const struct report_service *a, const struct report_service *b)
{
	if (a->nlabels != b->nlabels)
		return false;
	for (unsigned i = 0; i < a->nlabels; i++) {
		const struct report_label *x = &a->label[i], *y = &b->label[i];
		if (x->state != y->state || strcmp(x->name, y->name) != 0 ||
		    strcmp(x->value, y->value) != 0 || !same_text(x->text, y->text))
			return false;
	}
	return true;
}

static bool
same_troubles(const struct report_service *a, const struct report_service *b)
{
	if (a->ntroubles != b->ntroubles)
		return false;
	for (unsigned i = 0; i < a->ntroubles; i++)
		if (a->trouble[i].why != b->trouble[i].why || strcmp(a->trouble[i].text, b->trouble[i].text) != 0)
			return false;
	return true;
}

bool
report_service_same(const struct report_service *a, const struct report_service *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	return a->enabled == b->enabled && a->served == b->served && a->port == b->port &&
	    same_labels(a, b) && same_troubles(a, b);
}
