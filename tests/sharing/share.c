/*
 * share: how the kernel shares this machine's cores among containers, beside what the emulation says.
 *
 *   share FILE MOST ROUND     each constellation of the file, in rounds of so many seconds, all of it in MOST. Lines of TAP
 *
 * A round in which the machine was stolen or busy otherwise counts for nothing, and is repeated. So is, for longer, one that ends
 * beside its value: the kernel moves threads between cores in steps of some tenths of a second.
 */
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "share.h"

#define LONGER		4		/* a round that is repeated */
#define GOOD_MOST	3		/* rounds that count, of one constellation; the last one decides */
#define BUSY		.95		/* of the cores: what is left is no matter to those that want no more */
#define APART		.08		/* of the value: as far as the two may be apart */
#define APART_CORES	.003		/* and what cannot be counted */
#define STOLEN_MOST	.02		/* of all cores */
#define OUTSIDE_MOST	.2		/* of all cores: work of others that came between */

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Parts of one name but for the number, such as others1 to others4: how many follow from i, and what they have in the mean. */
static int
alike(const struct constellation *c, int i, const double *cores, double *mean)
{
	size_t stem = strcspn(c->part[i].name, "0123456789");
	int n = 0;

	for (*mean = 0; i + n < c->nparts && strncmp(c->part[i + n].name, c->part[i].name, stem) == 0; n++)
		*mean += cores[i + n];
	*mean /= n;
	return n;
}

/* The cores that there were for all of them. Where they want less, others may well have had the rest. */
static double
cores_of(const struct constellation *c, const struct round *r)
{
	double should[SHARE_MAX], sum = 0;

	expected(c, r->cpus, should);
	for (int i = 0; i < c->nparts; i++)
		sum += should[i];
	return sum < BUSY * r->cpus ? r->cpus : r->total + r->idle;
}

/* Threads that sleep do no more than they set out to, unless their clock has jumped: a machine that is emulated does not know
 * when it was stolen. */
static bool
has_jumped(const struct constellation *c, const struct round *r)
{
	double has;

	for (int i = 0, n; i < c->nparts; i += n) {
		n = alike(c, i, r->cores, &has);
		if (c->part[i].busy < 1 && has > (1 + APART / 2) * c->part[i].busy * c->part[i].threads)
			return true;
	}
	return false;
}

static bool
is_good(const struct constellation *c, const struct round *r)
{
	return !has_jumped(c, r) && r->stolen <= STOLEN_MOST * r->cpus && cores_of(c, r) >= (1 - OUTSIDE_MOST) * r->cpus;
}

/* How far the worst of them is from what it should have, as a part of that. Who sleeps most of the time does too little in a
 * round: there, those that are alike count together. */
static double
worst_of(const struct constellation *c, const struct round *r, const double *should)
{
	double worst = 0, has, ought;

	for (int i = 0, n; i < c->nparts; i += n) {
		n = alike(c, i, should, &ought);
		alike(c, i, r->cores, &has);
		if (c->part[i].busy == 1)
			n = 1, has = r->cores[i], ought = should[i];
		worst = fmax(worst, fmax(0, fabs(has - ought) - APART_CORES) / ought);
	}
	return worst;
}

static void
row_print(const struct constellation *c, const struct round *r, const double *should, const char *then)
{
	double has, ought;

	printf("# %-20s", c->name);
	for (int i = 0, n; i < c->nparts; i += n) {
		n = alike(c, i, r->cores, &has);
		alike(c, i, should, &ought);
		printf("  %.*s%s %.3f (%.3f)", (int)strcspn(c->part[i].name, "0123456789"), c->part[i].name, n > 1 ? " each" : "", has, ought);
	}
	printf("  of %.2f: %.1f %% apart%s\n", cores_of(c, r), 100 * worst_of(c, r, should), then);
}

/* 1: it is as it should be; 0: not; -1: there was no round that counts. Each is told. */
static int
rounds(const struct constellation *c, double deadline, double round)
{
	double should[SHARE_MAX], span = round;
	struct round r;
	int good = 0;

	for (; now() + span < deadline; span = LONGER * round) {
		if (!real_round(c, span, &r))
			return -1;
		if (!is_good(c, &r)) {
			printf("# %s: again, for %.1f %% of the machine was stolen, %.1f %% used by others%s\n", c->name, 100 * r.stolen / r.cpus,
			    100 * r.outside / r.cpus, has_jumped(c, &r) ? ", or its clock jumped" : "");
			continue;
		}
		expected(c, cores_of(c, &r), should);
		if (worst_of(c, &r, should) <= APART) {
			row_print(c, &r, should, "");
			return 1;
		}
		row_print(c, &r, should, ++good < GOOD_MOST ? "; again, for longer" : "");
		if (good == GOOD_MOST)
			return 0;
	}
	return good > 0 ? 0 : -1;
}

static bool
compare(const struct constellation *c, double deadline, double round)
{
	int fits = rounds(c, deadline, round);

	if (fits < 0)
		printf("not ok %s: there was no round that counts\n", c->name);
	else
		printf("%s %s: shares are within %.0f %% of the emulation's\n", fits ? "ok" : "not ok", c->name, 100 * APART);
	return fits == 1;
}

/* What is only told: its name ends with a question mark. */
static void
tell(const struct constellation *c, double round)
{
	double should[SHARE_MAX];
	struct round r;

	if (!real_round(c, round, &r))
		return;
	expected(c, cores_of(c, &r), should);
	row_print(c, &r, should, " (only told)");
}

static void
on_signal(int signal)
{
	(void)signal;
	exit(1);			/* the groups' processes end with us; the groups, by the suite */
}

int
main(int argc, char **argv)
{
	double most = argc == 4 ? atof(argv[2]) : 0, round = argc == 4 ? atof(argv[3]) : 0, deadline = now() + most;
	struct constellation *c = calloc(1, sizeof *c);
	char line[512], problem[160];
	const char *why;
	bool all = true;
	FILE *f;

	if (!(round > 0 && round < most) || c == NULL || (f = fopen(argv[1], "re")) == NULL) {
		fputs("usage: share FILE MOST ROUND      seconds: of everything, and of one round\n", stderr);
		return 2;
	}
	if ((why = real_open()) != NULL) {
		printf("ok sharing # SKIP %s\n", why);
		return 0;
	}
	signal(SIGTERM, on_signal);
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("# cgroups %s; cores that each had, and in brackets what the emulation says\n", real_version());
	while (fgets(line, sizeof line, f) != NULL) {
		if (line[0] == '#' || strspn(line, " \t\n") == strlen(line))
			continue;
		if (constellation_read(c, line, problem) && strchr(c->name, '?') != NULL) {
			tell(c, round);
		} else if (problem[0] == '\0') {
			all = compare(c, deadline, round) && all;
		} else {
			printf("not ok %s\n", problem);
			all = false;
		}
	}
	real_close();
	free(c);
	fclose(f);
	return all ? 0 : 1;
}
