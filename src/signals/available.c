/*
 * Siblings in the order of what they use for their weight: at a level L, those before a place
 * have all they want, the rest have L times their weight. The level at which all cores are given
 * away is found by halving that order, for each child in its turn as the one that wants all.
 */
#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "signals/available.h"

struct claim {			/* a child, or the threads of the parent itself */
	unsigned	group, parent;
	double		used, weight;
};

/* By parent, and then by the level from which on it has all it wants. */
static int
claim_compare(const void *va, const void *vb)
{
	const struct claim *a = va, *b = vb;
	double la = a->used / a->weight, lb = b->used / b->weight;

	if (a->parent != b->parent)
		return a->parent < b->parent ? -1 : 1;
	return la < lb ? -1 : la > lb;
}

/* Of the siblings before each place: what they use and weigh. */
struct before {
	double	used, weight;
};

/* What all but `one` take at the level from which on the claim at `place` has what it wants, and
 * what `one` gets there. */
static double
taken_at(const struct claim *c, const struct before *b, unsigned n, unsigned place, unsigned one)
{
	double level = c[place].used / c[place].weight;
	double rest = b[n].weight - b[place].weight;

	return b[place].used + level * rest + (one < place ? level * c[one].weight - c[one].used : 0);
}

/* What claim `one` of n siblings gets of these cores if it wants all. */
static double
claim_share(const struct claim *c, const struct before *b, unsigned n, double cores, unsigned one)
{
	unsigned low = 0, high = n;	/* claims before `low` have all they want */
	double used, weight;

	ASSERT(one < n);
	while (low < high) {
		unsigned middle = (low + high) / 2;
		if (taken_at(c, b, n, middle, one) <= cores)
			low = middle + 1;
		else
			high = middle;
	}
	used = b[low].used - (one < low ? c[one].used : 0);
	weight = b[n].weight - b[low].weight + (one < low ? c[one].weight : 0);
	if (!(weight > c[one].weight))		/* all others have what they want: rounding must not matter */
		return fmax(cores - used, 0);
	return fmax(cores - used, 0) * c[one].weight / weight;
}

/* All claims of one parent, which could have these cores. */
static void
share_among(const struct claim *c, struct before *b, unsigned n, const struct available_group *g,
    double parent, double *cores)
{
	b[0] = (struct before){ 0, 0 };
	for (unsigned i = 0; i < n; i++)
		b[i + 1] = (struct before){ b[i].used + c[i].used, b[i].weight + c[i].weight };
	for (unsigned i = 0; i < n; i++)
		if (c[i].group != c[i].parent)
			cores[c[i].group] = fmin(claim_share(c, b, n, parent, i), g[c[i].group].quota);
}

/* Of threads that use so much where the child that has most for its weight has `level`. `running`
 * are all that they can be. */
static double
threads_weight(double used, double level, double running)
{
	double least = fmax(1, ceil(used)), threads = least;

	if (level > 0)
		threads = used / (level * AVAILABLE_WEIGHT);
	else if (!isnan(running))
		threads = running;
	return AVAILABLE_WEIGHT * fmax(least, fmin(threads, running));
}

/* The threads in groups that have children, too. */
static unsigned
claims_of_threads(const struct available_group *g, unsigned n, double running, struct claim *c)
{
	unsigned count = 0;

	for (unsigned i = 0; i < n; i++)
		c[i] = (struct claim){ i, i, g[i].used, 0 };
	for (unsigned i = 1; i < n; i++) {
		struct claim *parent = &c[g[i].parent];
		parent->used -= g[i].used;
		parent->weight = fmax(parent->weight, g[i].used / g[i].weight);
		if (g[i].parent == 0)		/* they run, too */
			running -= g[i].used;
	}
	for (unsigned i = 0; i < n; i++)
		if (c[i].used > 0) {
			c[count] = c[i];
			c[count].weight = threads_weight(c[i].used, c[i].weight, running);
			count++;
		}
	return count;
}

void
available_find(const struct available_group *g, unsigned n, double machine, double running,
    double *cores)
{
	struct claim *c = must_zalloc((2 * (size_t)n + 1) * sizeof *c);
	struct before *b = must_zalloc((2 * (size_t)n + 1) * sizeof *b);
	unsigned count = claims_of_threads(g, n, running, c), end;

	ASSERT(n <= AVAILABLE_GROUPS_MAX && machine > 0);
	for (unsigned i = 1; i < n; i++) {
		ASSERT(g[i].parent < i && g[i].weight > 0 && g[i].quota >= 0 && g[i].used >= 0);
		c[count++] = (struct claim){ i, g[i].parent, g[i].used, g[i].weight };
	}
	qsort(c, count, sizeof *c, claim_compare);
	if (n > 0)
		cores[0] = fmin(machine, g[0].quota);
	for (unsigned at = 0; at < count; at = end) {	/* parents before their children */
		for (end = at; end < count && c[end].parent == c[at].parent; end++)
			;
		share_among(c + at, b, end - at, g, cores[c[at].parent], cores);
	}
	free(c);
	free(b);
}
