/*
 * check_traefik: `mola check FILE`: the files of Traefik's file provider that it names. What cannot
 * be read is an error; what of it would not be served is a warning, as far as that can be seen
 * without the Swarm.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "engine/discover.h"
#include "engine/traefik_files.h"
#include "engine/user_files.h"
#include "main/check.h"

struct empty_swarm {
	struct live	*live;
	struct phys	*phys;
	struct world	*world;
	struct swarm	*swarm;
};

static void
empty_init(struct empty_swarm *e)
{
	const struct str none = STR("[]");
	char detail[SWARM_DETAIL];

	*e = (struct empty_swarm){ .live = aligned_alloc(64, live_bytes()),
	    .phys = aligned_alloc(64, phys_bytes()), .swarm = swarm_new() };
	ASSERT(e->live != NULL && e->phys != NULL);
	live_init(memset(e->live, 0, live_bytes()), 1);
	phys_init(memset(e->phys, 0, phys_bytes()));
	e->world = world_new(e->live, e->phys);
	if (swarm_read_nodes(e->swarm, none, detail) != NULL ||
	    swarm_read_services(e->swarm, none, detail) != NULL ||
	    swarm_read_tasks(e->swarm, none, detail) != NULL)
		BUG("an empty list is none");
}

static void
empty_fini(struct empty_swarm *e)
{
	swarm_free(&e->swarm);
	world_free(&e->world);
	free(e->live);
	free(e->phys);
}

/* What labels define is not known here, and names have no addresses. */
static bool
needs_swarm(const struct report_trouble *t)
{
	return strstr(t->text, "@swarm") != NULL || strstr(t->text, "@docker") != NULL ||
	    t->why == WHY_SERVICE_UNREACHABLE || t->why == WHY_SERVICE_NO_ROUTE;
}

static void
print_report(const struct conf *c, const struct swarm_report *r)
{
	for (unsigned i = 0; i < r->ntroubles; i++)
		fprintf(stderr, "%s: warning: swarm.traefik.files: %s\n", c->file, r->trouble[i].text);
	for (unsigned i = 0; i < r->nservices; i++)
		for (unsigned k = 0; k < r->service[i].ntroubles; k++)
			if (!needs_swarm(&r->service[i].trouble[k]))
				fprintf(stderr, "%s: warning: swarm.traefik.files: %s\n", c->file,
				    r->service[i].trouble[k].text);
}

static void
check_files(const struct conf *c, const struct swarm_file *file, unsigned n)
{
	struct user_files *users = user_files_new(NULL, NULL, NULL);
	struct arena *a = arena_new();
	struct swarm_conf conf = discover_conf(a, c);
	struct swarm_report *report;
	struct empty_swarm e;

	conf.provided = file;
	conf.nprovided = n;
	conf.file = user_files_read;
	conf.file_arg = users;
	empty_init(&e);
	world_pass_begin(e.world);
	swarm_pass(e.swarm, &conf, e.world, &report);
	world_pass_end(e.world);
	print_report(c, report);
	swarm_report_free(&report);
	empty_fini(&e);
	arena_free(&a);
	user_files_free(&users);
}

bool
check_traefik(const struct conf *c)
{
	struct traefik_files *t = traefik_files_new(NULL, NULL, NULL);
	const struct swarm_file *file;
	unsigned n, bad = 0;

	traefik_files_reconf(t, c->traefik_files.item, c->traefik_files.n);
	file = traefik_files_all(t, &n);
	for (unsigned i = 0; i < n; i++)
		if (file[i].problem != NULL) {
			fprintf(stderr, "%s:%s%s\n", file[i].path, file[i].problem[0] >= '0' &&
			    file[i].problem[0] <= '9' ? "" : " ", file[i].problem);
			bad++;
		}
	if (bad == 0 && n > 0)
		check_files(c, file, n);
	traefik_files_free(&t);
	return bad == 0;
}
