/*
 * draw: what a scenario of the proof set may be. Each line below is one decision; what is drawn is written as a
 * scenario file, so that it can be read, run alone and kept.
 *
 * nodes     3 to 60 (one set in eight: to 500), of 1 to 16 cores: all equal, of two sizes, or any mix of powers of two
 * tenants   none (1 of 8); one container, many, a container for each tenant, or threads of ours; load .05 to .35 in
 *           tenants of a quarter to four threads per core, work .2 to 5 s; on all nodes or on .3 to .8 of them
 * others    1 of 5: permanent ones, .5 to 2 threads per core on .1 to .5 of the nodes; 1 of 5: hogs
 * load      .3 to .95 (1 of 10: to 1.05) of all cores, tenants among it
 * work      1 to 200 ms: exponential (1/2), bimodal, Pareto of shape 1.8 to 3; 1 of 4: waits; 1 of 6: work after the response
 * ours      1 of 6: quotas of .3 to .9 of the node; 1 of 6: another weight; 1 of 8: two or three on each node
 * nodes     1 of 8: some slower; 1 of 8: cores stolen; 1 of 12: tasks that fail; 1 of 12: WebSockets
 * samples   agent, .1 to 5 s (1 of 8: to 60 s); node_exporter in 1 of 5; one balancer (2/3), else 2 to 8
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "draw.h"
#include "scenario.h"

#define CORES_MOST	2000.0		/* of all nodes: more takes long and shows nothing else */
#define STOLEN_PART	.7		/* of the nodes, at most */
#define STOLEN_MEAN	.3		/* of their cores, at most */
#define STOLEN_MOST	(STOLEN_PART * STOLEN_MEAN)
#define RATE_MOST	20000.0		/* requests per second */

static bool
one_of(struct rng *r, unsigned n)
{
	return rng_below(r, n) == 0;
}

static double
between(struct rng *r, double least, double most)
{
	return least + (most - least) * rng_double(r);
}

/* As often in each octave. */
static double
scaled(struct rng *r, double least, double most)
{
	return least * pow(most / least, rng_double(r));
}

static double
draw_nodes(struct rng *r, FILE *f)
{
	unsigned n = (unsigned)scaled(r, 3, one_of(r, 8) ? 500 : 60), mix = rng_below(r, 3);
	double one = exp2(rng_below(r, 5)), two = exp2(rng_below(r, 5)), sum = 0;

	fprintf(f, "nodes");
	for (unsigned i = 0; i < n && i < 70; i++) {
		double times = n <= 70 ? 1 : floor(n / 70.0) + (i < n % 70);
		double cores = mix == 0 ? one : mix == 1 ? (i % 2 == 0 ? one : two) : exp2(rng_below(r, 5));
		if (sum + times * cores > CORES_MOST)
			break;
		sum += times * cores;
		if (times == 1)
			fprintf(f, " %g", cores);
		else
			fprintf(f, " %gx%g", times, cores);
	}
	fprintf(f, "\n");
	return sum;
}

/* Returns the world's name; *load: what they ask for, of all cores. */
static const char *
draw_tenants(struct rng *r, FILE *f, double *load)
{
	static const char *const as[] = { "one", "many", "each", "own" };
	static const char *const worlds[] = { "one-container", "many-containers", "each-container", "threads" };
	unsigned kind = rng_below(r, 4);
	double l = between(r, .05, .35), size = scaled(r, .25, 4), work = scaled(r, .2, 5);
	double part = one_of(r, 2) ? 1 : between(r, .3, .8);

	*load = 0;
	if (one_of(r, 8))
		return "no-tenants";
	*load = l * part;
	fprintf(f, "tenants %s load %.3f size %.2f work %.2f part %.2f", as[kind], l, size, work, part);
	if (kind < 3 && one_of(r, 5))
		fprintf(f, " weight %.0f", scaled(r, 128, 8192));
	if (kind < 3 && one_of(r, 5))
		fprintf(f, " quota %.2f", scaled(r, .3, 4));
	fprintf(f, "\n");
	return worlds[kind];
}

static void
draw_others(struct rng *r, FILE *f)
{
	static const char *const as[] = { "one", "many", "each" };

	if (one_of(r, 5))
		fprintf(f, "permanent %s size %.2f part %.2f\n", as[rng_below(r, 3)], scaled(r, .5, 2), between(r, .1, .5));
	if (one_of(r, 5))
		fprintf(f, "hog %s size %.2f part %.2f every %.1f lasts %.1f\n", as[rng_below(r, 3)], scaled(r, .5, 3), between(r, .1, .5),
		    between(r, 15, 40), between(r, 2, 12));
}

static double
draw_work(struct rng *r, FILE *f)
{
	double mean = scaled(r, .001, .2), small, part;

	switch (rng_below(r, 4)) {
	case 0:
		part = scaled(r, .01, .2);
		small = mean / (1 - part + 20 * part);
		fprintf(f, "work bimodal %.6f %.6f %.4f\n", small, 20 * small, part);
		break;
	case 1:
		fprintf(f, "work pareto %.6f %.2f\n", mean, between(r, 1.8, 3));
		break;
	default:
		fprintf(f, "work exp %.6f\n", mean);
	}
	if (one_of(r, 4)) {
		fprintf(f, "wait exp %.4f", scaled(r, .005, .5));
		if (one_of(r, 2))
			fprintf(f, " rounds %u", 1 + rng_below(r, 4));
		fprintf(f, "\n");
	}
	if (one_of(r, 6)) {
		double after = mean * between(r, .1, 1);
		fprintf(f, "after exp %.6f\n", after);
		mean += after;
	}
	return mean;
}

static void
draw_ours(struct rng *r, FILE *f)
{
	bool quota = one_of(r, 6), weight = one_of(r, 6), several = one_of(r, 8);

	if (!quota && !weight && !several)
		return;
	fprintf(f, "tasks %u", several ? 2 + rng_below(r, 2) : 1);
	if (quota)
		fprintf(f, " quota %.2f", between(r, .3, .9));
	if (weight)
		fprintf(f, " weight %.0f", scaled(r, 256, 4096));
	fprintf(f, "\n");
}

static void
draw_troubles(struct rng *r, FILE *f)
{
	if (one_of(r, 8))
		fprintf(f, "slow part %.2f speed %.2f\n", between(r, .2, .7), between(r, .4, .9));
	if (one_of(r, 8))
		fprintf(f, "steal part %.2f mean %.2f every %.1f\n", between(r, .2, STOLEN_PART), between(r, .05, STOLEN_MEAN), between(r, 1, 30));
	if (one_of(r, 12))
		fprintf(f, "failures part %.2f every %.0f lasts %.1f notice %.1f\n", between(r, .1, .5), between(r, 20, 60),
		    between(r, 1, 10), between(r, .5, 2));
	if (one_of(r, 12))
		fprintf(f, "sockets part %.3f lasts %.0f every %.2f work %.4f spread %.2f\n", between(r, .005, .05), between(r, 10, 60),
		    between(r, .2, 2), scaled(r, .001, .01), between(r, .5, 2));
}

static void
draw_one(struct rng *r, FILE *f)
{
	double cores = draw_nodes(r, f), tenants, load, work, seconds;
	const char *world = draw_tenants(r, f, &tenants);

	fprintf(f, "world %s\n", world);
	draw_others(r, f);
	work = draw_work(r, f);
	load = between(r, .3, one_of(r, 10) ? 1.05 : .95);
	load = fmax(load, tenants + .15);
	load = fmin(load, tenants + RATE_MOST * work / cores);	/* rather idle than slow to reckon */
	fprintf(f, "load %.3f\n", load);
	draw_ours(r, f);
	/* stolen cores might leave no load of ours beside so few requests */
	if (load > tenants / (1 - STOLEN_MOST))
		draw_troubles(r, f);
	fprintf(f, "samples %s %.2f\n", one_of(r, 5) ? "exporter" : "agent", one_of(r, 8) ? scaled(r, 5, 60) : scaled(r, .1, 5));
	fprintf(f, "balancers %u\n", one_of(r, 3) ? 2 + rng_below(r, 7) : 1);
	seconds = fmin(120, fmax(20, 2e5 * work / ((load - tenants) * cores)));	/* for some 200 000 requests */
	fprintf(f, "seconds %.0f\nwarmup 10\nseeds 3\n", seconds);
}

bool
draw_write(uint64_t seed, unsigned n, const char *folder)
{
	static struct scenario check;
	struct rng r;

	rng_seed(&r, seed);
	for (unsigned i = 0; i < n; i++) {
		char path[512];
		FILE *f;
		snprintf(path, sizeof path, "%s/%llu-%03u.scenario", folder, (unsigned long long)seed, i);
		if ((f = fopen(path, "we")) == NULL) {
			fprintf(stderr, "%s: %s\n", path, strerror(errno));
			return false;
		}
		draw_one(&r, f);
		if (fclose(f) != 0 || !scenario_read(&check, path))
			return false;
	}
	return true;
}
