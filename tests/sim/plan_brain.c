/*
 * What a seed draws for the brain. Everything that is wrong begins after the first table, and is over before clients are.
 */
#include <stdio.h>

#include "plan_priv.h"

#define BRAINS		30		/* percent of the seeds */

static void
draw_trouble(struct trouble *t, struct rng *r, unsigned percent, unsigned first, unsigned count)
{
	if (!may(r, percent))
		return;
	t->what = first + rng_below(&own, count - first);
	t->from_usec = between(&own, USEC_PER_SEC, 12 * USEC_PER_SEC);
	t->until_usec = t->from_usec + (rng_below(&own, 3) ? between(&own, 1000, 2 * USEC_PER_SEC) : between(&own, 1000, 15 * USEC_PER_SEC));
	t->usec = between(&own, 10000, 4 * USEC_PER_SEC);
}

/* So long that nobody could take it for the truth. */
static void
doubt(struct trouble *t)
{
	const int64_t most = 1500 * USEC_PER_MSEC;

	if (t->what == ENGINE_EMPTY && t->until_usec - t->from_usec > most)
		t->until_usec = t->from_usec + most;
}

void
brain_draw(struct plan_brain *b, struct rng r)
{
	b->there = may(&r, BRAINS);
	for (unsigned i = 0; i < TROUBLES; i++) {
		draw_trouble(&b->engine[i], &r, 25, 0, ENGINE_TROUBLES);
		doubt(&b->engine[i]);
	}
	for (unsigned i = 0; i < NODES * TROUBLES; i++)
		draw_trouble(&b->exporter[i / TROUBLES][i % TROUBLES], &r, 15, 1, EXPORTER_TROUBLES);
	b->drives = may(&r, 50);
	for (unsigned i = 0; i < TROUBLES; i++)
		draw_trouble(&b->target[i], &r, 20, 0, TARGET_TROUBLES);
	b->deaf = may(&r, 20);
	for (unsigned i = 0; i < NODES; i++)
		if (may(&r, 10)) {
			b->node[i].what = (enum node_trouble)(1 + rng_below(&own, NODE_TROUBLES - 1));
			b->node[i].leaves_usec = between(&own, USEC_PER_SEC, 6 * USEC_PER_SEC);
			b->node[i].back_usec = b->node[i].leaves_usec + between(&own, 100000, 8 * USEC_PER_SEC);
		}
	for (unsigned i = 0; i < ENDS; i++)
		if (may(&r, 20)) {
			b->end[i].usec = between(&own, 100000, 10 * USEC_PER_SEC);
			b->end[i].again_usec = between(&own, 1000, 3 * USEC_PER_SEC);
			b->end[i].kills = rng_below(&own, 2);
		}
	b->watched = may(&r, 40);
	b->agents = may(&r, 40);
	b->hot = rng_below(&r, NODES);
	b->moves = may(&r, 30);
	for (unsigned i = 0; i < 2; i++)
		if (may(&r, 20))
			b->meddle_usec[i] = between(&own, USEC_PER_SEC, 15 * USEC_PER_SEC);
	if (may(&r, 25)) {
		b->drain_node = rng_below(&own, NODES);
		b->drain_usec = between(&own, 100000, 8 * USEC_PER_SEC);
		if (b->node[b->drain_node].what == NODE_LEFT)	/* with one that is removed from the Swarm its drain may go */
			b->node[b->drain_node].what = NODE_LOST;
		b->undrain_usec = rng_below(&own, 2) ? b->drain_usec + between(&own, 100000, 10 * USEC_PER_SEC) : 0;
	}
	if (may(&r, 10)) {
		b->wall_usec = between(&own, 0, 12 * USEC_PER_SEC) + 1;
		b->wall_ahead_usec = between(&own, -1, 1) + (rng_below(&own, 2) ? between(&own, -30, 30) : between(&own, -86400, 86400)) * USEC_PER_SEC;
	}
	for (unsigned i = 0; i < 2; i++)
		if (may(&r, 15))
			b->reload_usec[i] = between(&own, 0, 12 * USEC_PER_SEC) + 1;
	if (may(&r, 10)) {
		b->hang_usec = between(&own, 100000, 8 * USEC_PER_SEC);
		b->wakes_usec = b->hang_usec + between(&own, 100000, 8 * USEC_PER_SEC);
	}
}

bool
plan_takes_away(const struct plan *p, unsigned node)
{
	const struct plan_brain *b = &p->brain;

	return b->there && (b->node[node].leaves_usec > 0 || (b->drain_usec > 0 && b->drain_node == node));
}

static void
print_trouble(const char *whose, unsigned number, const struct trouble *t)
{
	if (t->from_usec > 0)
		printf("#   %s %u: trouble %u %lld-%lld, %lld us\n", whose, number, t->what, (long long)t->from_usec,
		    (long long)t->until_usec, (long long)t->usec);
}

void
brain_print(const struct plan_brain *b)
{
	if (!b->there)
		return;
	printf("# brain:%s%s%s%s hangs %lld-%lld\n", b->deaf ? " deaf" : "", b->drives ? " drives" : "", b->watched ? " watched" : "", b->agents ? " agents" : "", (long long)b->hang_usec, (long long)b->wakes_usec);
	if (b->moves)
		printf("#   moves off node %u, somebody else at %lld and %lld\n", b->hot, (long long)b->meddle_usec[0],
		    (long long)b->meddle_usec[1]);
	if (b->wall_usec > 0)
		printf("#   wall clock %lld ms ahead at %lld\n", (long long)b->wall_ahead_usec / 1000, (long long)b->wall_usec);
	for (unsigned i = 0; i < 2; i++)
		if (b->reload_usec[i] > 0)
			printf("#   reload at %lld\n", (long long)b->reload_usec[i]);
	if (b->drain_usec > 0)
		printf("#   node %u is drained by an operator %lld-%lld\n", b->drain_node, (long long)b->drain_usec,
		    (long long)b->undrain_usec);
	for (unsigned i = 0; i < ENDS; i++)
		if (b->end[i].usec > 0)
			printf("#   %s at %lld, again after %lld us\n", b->end[i].kills ? "killed" : "stopped",
			    (long long)b->end[i].usec, (long long)b->end[i].again_usec);
	for (unsigned i = 0; i < TROUBLES; i++)
		print_trouble("engine", i, &b->engine[i]);
	for (unsigned i = 0; b->drives && i < TROUBLES; i++)
		print_trouble("haproxy", i, &b->target[i]);
	for (unsigned i = 0; i < NODES; i++) {
		for (unsigned k = 0; k < TROUBLES; k++)
			print_trouble("exporter of node", i, &b->exporter[i][k]);
		if (b->node[i].leaves_usec > 0)
			printf("#   node %u: trouble %d %lld-%lld\n", i, (int)b->node[i].what, (long long)b->node[i].leaves_usec,
			    (long long)b->node[i].back_usec);
	}
}
