/*
 * stack_judge: one pass over a Swarm that has these stacks alone.
 * Must not decide anything itself: what is served, and why something is not, is what the pass says.
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "engine/discover.h"
#include "engine/traefik_files.h"
#include "stack/stack_engine.h"
#include "stack/stack_judge.h"

struct stack_judgement {
	struct live	*live;
	struct phys	*phys;
	struct world	*world;
	struct swarm	*swarm;
	struct swarm_report *report;
	struct traefik_files *files;		/* of the configuration */
};

struct stack_judgement *
stack_judge(struct stack *const *stacks, unsigned n, const struct conf *c)
{
	struct stack_judgement *j = must_zalloc(sizeof *j);
	struct arena *a = arena_new();
	struct swarm_conf sc = discover_conf(a, c);
	struct traefik_files *files = traefik_files_new(NULL, NULL, NULL);

	traefik_files_reconf(files, c->traefik_files.item, c->traefik_files.n);
	sc.provided = traefik_files_all(files, &sc.nprovided);
	sc.files_assumed = true;
	j->files = traefik_files_new(NULL, NULL, NULL);
	traefik_files_reconf(j->files, c->traefik_files.item, c->swarm_traefik ? c->traefik_files.n : 0);
	sc.provided = traefik_files_all(j->files, &sc.nprovided);
	j->live = aligned_alloc(64, live_bytes());
	j->phys = aligned_alloc(64, phys_bytes());
	ASSERT(j->live != NULL && j->phys != NULL);
	live_init(memset(j->live, 0, live_bytes()), 1);
	phys_init(memset(j->phys, 0, phys_bytes()));
	j->world = world_new(j->live, j->phys);
	j->swarm = stack_swarm(stacks, n);
	world_pass_begin(j->world);
	if (!swarm_pass(j->swarm, &sc, j->world, &j->report))
		BUG("stacks that are no whole Swarm");
	world_pass_end(j->world);
	traefik_files_free(&files);
	arena_free(&a);
	return j;
}

void
stack_judgement_free(struct stack_judgement **jp)
{
	struct stack_judgement *j = *jp;

	*jp = NULL;
	if (j == NULL)
		return;
	swarm_report_free(&j->report);
	swarm_free(&j->swarm);
	world_free(&j->world);
	traefik_files_free(&j->files);
	free(j->live);
	free(j->phys);
	free(j);
}

const struct report_service *
stack_report(const struct stack_judgement *j, const struct stack_service *v)
{
	const struct report_service *r = swarm_report_find(j->report, str_of(v->full));

	ASSERT(r != NULL);			/* each service of a Swarm has one */
	return r;
}

const struct swarm_report *
stack_whole_report(const struct stack_judgement *j)
{
	return j->report;
}

const struct world_service *
stack_world_next(const struct stack_judgement *j, const struct stack_service *v,
    const struct world_service *after)
{
	const struct world_service *s = after == NULL ? LIST_FIRST(&j->world->services) :
	    LIST_NEXT(after, link);
	size_t len = strlen(v->full);

	while (s != NULL && (strncmp(s->name, v->full, len) != 0
	    || (s->name[len] != '\0' && s->name[len] != ':')))
		s = LIST_NEXT(s, link);
	return s;
}

/* Labels that another one takes the place of are no fault. */
static bool
all_labels_count(const struct report_service *r)
{
	for (unsigned i = 0; i < r->nlabels; i++)
		if (r->label[i].state != LABEL_VALID && r->label[i].state != LABEL_UNUSED)
			return false;
	return true;
}

/* Requests to it have no task, whatever its routes are. */
static bool
leads_nowhere(const struct report_service *r)
{
	for (unsigned i = 0; i < r->ntroubles; i++)
		if (r->trouble[i].why == WHY_SERVICE_NO_PORT && r->port == 0)
			return true;
	return false;
}

enum stack_verdict
stack_verdict(const struct stack_judgement *j, const struct stack_service *v)
{
	const struct report_service *r = stack_report(j, v);
	const struct world_service *s = NULL;
	bool routes = false;

	while ((s = stack_world_next(j, v, s)) != NULL)
		routes |= s->nroutes > 0 && (!leads_nowhere(r) || strcmp(s->name, v->full) != 0);
	if (routes)
		return r->ntroubles == 0 && all_labels_count(r) ? STACK_AS_MEANT : STACK_PARTLY;
	return r->enabled || r->ntroubles > 0 ? STACK_REFUSED : STACK_NOT_ASKED;
}

const char *
stack_verdict_name(enum stack_verdict v)
{
	static const char *const names[STACK_VERDICTS] = { "not to be served", "as meant", "in part",
	    "not served" };

	ASSERT(v < STACK_VERDICTS);
	return names[v];
}

const struct stack_pair *
stack_label_find(const struct stack *s, const struct stack_service *v, const char *name)
{
	const struct stack_pairs *p = stack_labels(s, v);

	for (unsigned i = 0; i < p->n; i++)
		if (strcmp(p->item[i].name, name) == 0)
			return &p->item[i];
	return NULL;
}
