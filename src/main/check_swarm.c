/*
 * check_swarm: `mola check --swarm FILE`: one look at the Swarm that the file names, and which of
 * its services are not served as Mola 0.1.0 served them. Nothing is changed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/clock.h"
#include "discovery/upgrade.h"
#include "engine/discover.h"
#include "main/check.h"

#define LOOK_USEC	(15 * USEC_PER_SEC)	/* for the Engine to show all of it */

struct swarm_look {
	struct loop	*loop;
	struct fetcher	*fetcher;
	struct live	*live;
	struct phys	*phys;
	struct world	*world;
	struct discover	*discover;
	bool		 late;
};

static void
on_change(void *arg)
{
	(void)arg;
}

static void
on_late(void *arg)
{
	struct swarm_look *l = arg;

	l->late = true;
}

static void
look_init(struct swarm_look *l, const struct conf *c)
{
	*l = (struct swarm_look){ .loop = loop_new(), .live = aligned_alloc(64, live_bytes()),
	    .phys = aligned_alloc(64, phys_bytes()) };
	ASSERT(l->live != NULL && l->phys != NULL);
	live_init(memset(l->live, 0, live_bytes()), 1);
	phys_init(memset(l->phys, 0, phys_bytes()));
	l->fetcher = fetcher_new(l->loop);
	l->world = world_new(l->live, l->phys);
	l->discover = discover_new(l->loop, l->fetcher, l->world, on_change, l);
	discover_reconf(l->discover, c);
}

static void
look_fini(struct swarm_look *l)
{
	discover_free(&l->discover);
	fetcher_free(&l->fetcher);
	loop_turn(l->loop, 0);
	world_free(&l->world);
	loop_free(&l->loop);
	free(l->live);
	free(l->phys);
}

static void
print_lost(const struct report_service *r)
{
	printf("%s: Mola 0.1.0 served %s of it\n", r->name, r->served ? "more" : "this, or parts");
	for (unsigned i = 0; i < r->ntroubles; i++)
		printf("  %s\n", r->trouble[i].text);
}

static void
print_report(const struct swarm_report *r)
{
	unsigned lost = 0;

	for (unsigned i = 0; i < r->nservices; i++)
		if (upgrade_lost(&r->service[i])) {
			lost++;
			print_lost(&r->service[i]);
		}
	printf("%u of %u services in the Swarm are not served as Mola 0.1.0 served them\n", lost,
	    r->nservices);
}

int
check_swarm(const struct conf *c)
{
	struct timer late = { 0 };
	const struct world_service *s;
	const struct why *why;
	struct swarm_look l;

	if (c->swarm_endpoints.n == 0) {
		fprintf(stderr, "%s: no swarm; expected a section of this name for --swarm\n", c->file);
		return 1;
	}
	look_init(&l, c);
	timer_set(l.loop, &late, loop_now(l.loop) + LOOK_USEC, on_late, &l);
	while (!discover_is_ready(l.discover) &&
	    watch_status(discover_watch(l.discover)).why == NULL && !l.late)
		loop_turn(l.loop, -1);
	timer_clear(l.loop, &late);
	why = watch_status(discover_watch(l.discover)).why;
	if (discover_is_ready(l.discover)) {
		discover_pass(l.discover);
		LIST_FOREACH(s, &l.world->services, link)
			check_unchecked(c, s);
		print_report(discover_report(l.discover));
	} else
		fprintf(stderr, "%s: %s%s%s\n", c->file,
		    why == NULL ? "the Docker Engine does not respond" : why->text,
		    why == NULL ? "" : ": ",
		    why == NULL ? "" : watch_status(discover_watch(l.discover)).detail);
	look_fini(&l);
	return why == NULL && !l.late ? 0 : 1;
}
