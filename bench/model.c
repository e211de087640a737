/*
 * model: policies on scenarios in virtual time. Prints for each scenario and policy the mean, p50, p99 and p99.9 of all
 * requests, the cores that other tenants used, and how much longer than alone their threads took; then the ratios that
 * are asked for: law-new against the law before and against least connections weighted by cores. Figures are medians
 * over the seeds, ratios medians of the ratios within a seed.
 *
 * --draw SEED N DIR writes N scenarios, drawn from the ranges in sim/draw.c, into a folder.
 */
#include <getopt.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/bug.h"
#include "base/clock.h"
#include "sim/draw.h"
#include "sim/run.h"

#define SEEDS_MAX	64
#define WAYS_MAX	32

struct model {
	const struct way *way[WAYS_MAX];
	unsigned	 nways, jobs;
	/* in place of what the scenario says; 0: as it does */
	double		 seconds;
	unsigned	 seeds;
	uint64_t	 first_seed;
	bool		 quiet;
	FILE		*runs;			/* a line for each run; NULL: none is wanted */
	struct result	*result;		/* shared by all processes: by way, by seed */
	double		 virtual_seconds;
	uint64_t	 events;
};

static struct result *
result_at(const struct model *m, unsigned way, unsigned seed)
{
	return &m->result[way * SEEDS_MAX + seed];
}

/* ---- running ---- */

/* Every jobs'th of the runs. */
static void
play_part(const struct model *m, const struct scenario *s, unsigned part)
{
	for (unsigned i = part; i < m->nways * s->seeds; i += m->jobs)
		run_play(s, m->way[i % m->nways], m->first_seed + i / m->nways, result_at(m, i % m->nways, i / m->nways));
}

static bool
play(struct model *m, const struct scenario *s)
{
	bool ok = true;
	int status;

	if (m->jobs == 1) {
		play_part(m, s, 0);
		return true;
	}
	for (unsigned i = 0; i < m->jobs; i++) {
		pid_t pid = fork();
		if (pid == 0) {
			play_part(m, s, i);
			_exit(0);
		}
		ok &= pid > 0;
	}
	while (wait(&status) > 0)
		ok &= WIFEXITED(status) && WEXITSTATUS(status) == 0;
	return ok;
}

/* ---- printing ---- */

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double
median(double *v, unsigned n)
{
	qsort(v, n, sizeof *v, by_value);
	return n % 2 == 1 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

/* Of the field at this place of struct result; `to`: divided by that of another way. */
static double
middle(const struct model *m, const struct scenario *s, unsigned way, int to, size_t field)
{
	double v[SEEDS_MAX];

	for (unsigned k = 0; k < s->seeds; k++) {
		v[k] = *(const double *)((const char *)result_at(m, way, k) + field);
		if (to >= 0)
			v[k] /= *(const double *)((const char *)result_at(m, (unsigned)to, k) + field);
	}
	return median(v, s->seeds);
}

static const struct {
	const char	*name;
	size_t		 at;
} fields[] = {
	{ "mean", offsetof(struct result, mean) }, { "p50", offsetof(struct result, p50) }, { "p99", offsetof(struct result, p99) },
	{ "p999", offsetof(struct result, p999) }, { "tenants", offsetof(struct result, tenants) },
	{ "slowed", offsetof(struct result, slowed) },
};
#define NFIELDS (sizeof fields / sizeof *fields)

static int
way_at(const struct model *m, const char *name)
{
	for (unsigned i = 0; i < m->nways; i++)
		if (strcmp(m->way[i]->name, name) == 0)
			return (int)i;
	return -1;
}

static void
print_ratios(const struct model *m, const struct scenario *s, const char *to)
{
	int law = way_at(m, "law-new"), other = way_at(m, to);

	if (law < 0 || other < 0)
		return;
	for (unsigned f = 0; f < NFIELDS; f++) {
		double v = middle(m, s, (unsigned)law, other, fields[f].at);
		if (isfinite(v) && middle(m, s, (unsigned)other, -1, fields[f].at) > 0.01)	/* there are tenants */
			printf("ratio law-new/%s-%s-%s %.3f\n", to, s->name, fields[f].name, v);
	}
}

static void
print_table(const struct model *m, const struct scenario *s)
{
	printf("\n# %s (%s): %u nodes, %.0f cores, %.0f requests per second, %u seeds of %.0f s\n%-18s", s->name, s->world, s->nnodes,
	    scenario_cores(s), scenario_rate(s), s->seeds, s->seconds, "msec");
	for (unsigned f = 0; f < NFIELDS; f++)
		printf(" %9s", fields[f].name);
	printf(" %9s %7s\n", "failed", "share");
	for (unsigned w = 0; w < m->nways; w++) {
		uint64_t failed = 0;
		printf("%-18s", m->way[w]->name);
		for (unsigned f = 0; f < NFIELDS; f++)
			printf(" %9.*f", fields[f].at == offsetof(struct result, slowed) ? 3 : 2, middle(m, s, w, -1, fields[f].at));
		for (unsigned k = 0; k < s->seeds; k++)
			failed += result_at(m, w, k)->failed;
		printf(" %9llu %7.2f\n", (unsigned long long)failed, middle(m, s, w, -1, offsetof(struct result, least)));
	}
}

/* Each run, for others to reckon with: what print_table has, without its medians. */
static void
write_runs(const struct model *m, const struct scenario *s)
{
	for (unsigned w = 0; w < m->nways; w++)
		for (unsigned k = 0; k < s->seeds; k++) {
			const struct result *r = result_at(m, w, k);
			fprintf(m->runs, "%s %s %llu", s->name, m->way[w]->name, (unsigned long long)(m->first_seed + k));
			for (unsigned f = 0; f < NFIELDS; f++)
				fprintf(m->runs, " %.5g", *(const double *)((const char *)r + fields[f].at));
			fprintf(m->runs, " %llu %.3f\n", (unsigned long long)r->failed, r->least);
		}
	fflush(m->runs);
}

static bool
scenario_play(struct model *m, struct scenario *s)
{
	if (m->seconds > 0)
		s->seconds = m->seconds;
	if (m->seeds > 0)
		s->seeds = m->seeds;
	if (!play(m, s)) {
		fprintf(stderr, "model: %s: a process of it has failed\n", s->name);
		return false;
	}
	for (unsigned w = 0; w < m->nways; w++)
		for (unsigned k = 0; k < s->seeds; k++) {
			m->virtual_seconds += result_at(m, w, k)->virtual_seconds;
			m->events += result_at(m, w, k)->events;
		}
	if (m->runs != NULL)
		write_runs(m, s);
	if (!m->quiet)
		print_table(m, s);
	print_ratios(m, s, "before");
	print_ratios(m, s, "least-conn-cores");
	fflush(stdout);
	return true;
}

/* ---- options ---- */

static int
usage(void)
{
	fputs("usage: model [--ways A,B,...|all] [--seconds S] [--seeds N] [--first-seed N] [--jobs N] [--quiet] [--runs FILE] SCENARIO...\n"
	    "       model --draw SEED N FOLDER\n"
	    "--quiet prints ratios alone. --runs adds a line for each run to a file: scenario, policy, seed, and the columns of the table.\n--draw writes N scenarios of the proof set into a folder.\nPolicies:", stderr);
	for (unsigned i = 0; i < ways_count; i++)
		fprintf(stderr, " %s", ways[i].name);
	fputs("\n", stderr);
	return 2;
}

static bool
ways_choose(struct model *m, char *list)
{
	char *save;

	m->nways = 0;
	for (char *w = strtok_r(list, ",", &save); w != NULL; w = strtok_r(NULL, ",", &save)) {
		const struct way *way = way_named(w);
		if (way == NULL || !way_exists(way) || m->nways == WAYS_MAX) {
			fprintf(stderr, "model: --ways: %s: there is no such policy\n", w);
			return false;
		}
		m->way[m->nways++] = way;
	}
	return m->nways > 0;
}

static void
ways_default(struct model *m, bool all)
{
	m->nways = 0;
	for (unsigned i = 0; i < ways_count; i++)
		if (way_exists(&ways[i]) && (all || !ways[i].slow))
			m->way[m->nways++] = &ways[i];
}

static bool
whole_number(const char *text, double least, double most, uint64_t *to)
{
	char *end;
	double v = strtod(text, &end);

	if (*text == '\0' || *end != '\0' || !(v >= least && v <= most) || v != floor(v)) {
		fprintf(stderr, "model: %s: expected a whole number from %g to %g\n", text, least, most);
		return false;
	}
	*to = (uint64_t)v;
	return true;
}

static bool
options_parse(struct model *m, int argc, char **argv, bool *draw)
{
	static const struct option options[] = { { "ways", 1, NULL, 'w' }, { "seconds", 1, NULL, 's' }, { "seeds", 1, NULL, 'n' },
		{ "first-seed", 1, NULL, 'f' }, { "jobs", 1, NULL, 'j' }, { "quiet", 0, NULL, 'q' }, { "draw", 0, NULL, 'd' },
		{ "runs", 1, NULL, 'r' }, { 0 } };
	uint64_t v = 0;
	bool ok = true;
	int o;

	while (ok && (o = getopt_long(argc, argv, "", options, NULL)) != -1)
		switch (o) {
		case 'w':
			if (strcmp(optarg, "all") == 0)
				ways_default(m, true);
			else
				ok = ways_choose(m, optarg);
			break;
		case 's': ok = whole_number(optarg, 1, 1e6, &v); m->seconds = (double)v; break;
		case 'n': ok = whole_number(optarg, 1, SEEDS_MAX, &v); m->seeds = (unsigned)v; break;
		case 'f': ok = whole_number(optarg, 0, 1e15, &m->first_seed); break;
		case 'j': ok = whole_number(optarg, 1, 64, &v); m->jobs = (unsigned)v; break;
		case 'r': ok = (m->runs = fopen(optarg, "ae")) != NULL || (perror(optarg), false); break;
		case 'q': m->quiet = true; break;
		case 'd': *draw = true; break;
		default: ok = false;
		}
	return ok && (*draw ? argc - optind == 3 : argc > optind);
}

static int
draw_all(char **argv)
{
	uint64_t seed, n;

	if (!whole_number(argv[0], 0, 1e15, &seed) || !whole_number(argv[1], 1, 1000, &n))
		return 2;
	return draw_write(seed, (unsigned)n, argv[2]) ? 0 : 1;
}

int
main(int argc, char **argv)
{
	static struct scenario s;
	struct model m = { .jobs = (unsigned)sysconf(_SC_NPROCESSORS_ONLN), .first_seed = 1 };
	int64_t began = clock_mono_usec();
	double took;
	bool draw = false;

	ways_default(&m, false);
	if (!options_parse(&m, argc, argv, &draw))
		return usage();
	if (draw)
		return draw_all(argv + optind);
	m.result = mmap(NULL, WAYS_MAX * SEEDS_MAX * sizeof *m.result, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT(m.result != MAP_FAILED);
	for (int i = optind; i < argc; i++)
		if (!scenario_read(&s, argv[i]) || !scenario_play(&m, &s))
			return 1;
	took = (double)(clock_mono_usec() - began) / 1e6;
	printf("\n# %.0f s of virtual time in %.1f s: %.0f times as fast; %.2f million events per second\n", m.virtual_seconds, took,
	    m.virtual_seconds / took, (double)m.events / 1e6 / took);
	return 0;
}
