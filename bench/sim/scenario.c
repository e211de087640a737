/*
 * scenario: each key has a list of words that follow it: plain values first, then pairs of a name and a value. A
 * table of fields does most; sizes, cores and containers have readers of their own.
 */
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "scenario.h"
#include "sharing/cores.h"

#define WORDS		80
#define TEXT_MAX	(256 * 1024)

struct reading {
	struct scenario	*to;
	const char	*path;
	unsigned	 line;
	char		*word[WORDS];
	unsigned	 n, at;			/* words of the line; the next one */
	char		*error;
	size_t		 size;
};

/* ---- sizes ---- */

double
dist_mean(const struct dist *d)
{
	return d->kind == DIST_BIMODAL ? d->mean * (1 - d->part) + d->large * d->part : d->mean;
}

/* Always takes the same number of random numbers. */
double
dist_draw(const struct dist *d, struct rng *r)
{
	double a = rng_double(r), b = rng_double(r);

	switch (d->kind) {
	case DIST_EXP:
		return -d->mean * log(1 - a);
	case DIST_BIMODAL:
		return b < d->part ? d->large : d->mean;
	case DIST_PARETO:
		return d->mean * (d->shape - 1) / d->shape * pow(1 - a, -1 / d->shape);
	case DIST_CONST:
		break;
	}
	return d->mean;
}

/* ---- words ---- */

static bool __attribute__((format(printf, 2, 3)))
wrong(struct reading *r, const char *format, ...)
{
	va_list list;
	int n = snprintf(r->error, r->size, "%s:%u: %s: ", r->path, r->line, r->word[0]);

	va_start(list, format);
	if (n >= 0 && (size_t)n < r->size)
		vsnprintf(r->error + n, r->size - (size_t)n, format, list);
	va_end(list);
	return false;
}

static bool
number(struct reading *r, const char *what, double least, double most, double *to)
{
	double v;

	if (r->at == r->n)
		return wrong(r, "expected %s, and the line ends", what);
	if (!str_to_double(str_of(r->word[r->at]), &v) || !(v >= least && v <= most))
		return wrong(r, "%s: expected %s, a number from %g to %g", r->word[r->at], what, least, most);
	r->at++;
	*to = v;
	return true;
}

static bool
count(struct reading *r, const char *what, unsigned most, unsigned *to)
{
	double v;

	if (!number(r, what, 1, most, &v))
		return false;
	if (v != floor(v))
		return wrong(r, "%s: expected %s, a whole number", r->word[r->at - 1], what);
	*to = (unsigned)v;
	return true;
}

static bool
ended(struct reading *r)
{
	return r->at == r->n || wrong(r, "%s: expected the end of the line", r->word[r->at]);
}

struct option {
	const char	*name;
	double		*to, least, most;
};

/* Pairs of a name and a number up to the end of the line. */
static bool
options(struct reading *r, const struct option *o, unsigned n)
{
	while (r->at < r->n) {
		const struct option *found = NULL;
		for (unsigned i = 0; i < n && found == NULL; i++)
			found = strcmp(o[i].name, r->word[r->at]) == 0 ? &o[i] : NULL;
		if (found == NULL)
			return wrong(r, "%s: expected one of the words that this key knows (doc/benchmarks.md)", r->word[r->at]);
		r->at++;
		if (!number(r, found->name, found->least, found->most, found->to))
			return false;
	}
	return true;
}
#define OPTIONS(r, ...) options((r), (const struct option[]){ __VA_ARGS__ }, \
	sizeof((const struct option[]){ __VA_ARGS__ }) / sizeof(struct option))

#define FAR	1e6			/* seconds, or whatever: more than anybody wants */
#define TINY	1e-6

static bool
read_dist(struct reading *r, struct dist *d)
{
	const char *kind = r->at < r->n ? r->word[r->at++] : "";

	*d = (struct dist){ .kind = DIST_CONST };
	if (strcmp(kind, "const") == 0)
		return number(r, "seconds", 0, FAR, &d->mean);
	if (strcmp(kind, "exp") == 0) {
		d->kind = DIST_EXP;
		return number(r, "the mean in seconds", TINY, FAR, &d->mean);
	}
	if (strcmp(kind, "bimodal") == 0) {
		d->kind = DIST_BIMODAL;
		return number(r, "the small ones in seconds", 0, FAR, &d->mean) && number(r, "the large ones", 0, FAR, &d->large) &&
		    number(r, "the part of large ones", 0, 1, &d->part);
	}
	if (strcmp(kind, "pareto") == 0) {
		d->kind = DIST_PARETO;
		return number(r, "the mean in seconds", TINY, FAR, &d->mean) && number(r, "the shape", 1.01, 100, &d->shape);
	}
	return wrong(r, "%s: expected const, exp, bimodal or pareto", kind);
}

/* "4", or "100x4" for a hundred nodes of 4 cores. */
static bool
read_nodes(struct reading *r)
{
	struct scenario *s = r->to;

	for (s->nnodes = 0; r->at < r->n; r->at++) {
		double times = 1, cores;
		struct str rest = str_of(r->word[r->at]), first;
		bool many = strchr(r->word[r->at], 'x') != NULL;
		if ((many && (!str_split(&rest, 'x', &first) || !str_to_double(first, &times))) || !str_to_double(rest, &cores) ||
		    !(cores >= 0.1 && cores <= 1024) || !(times >= 1 && times <= SCENARIO_NODES) || times != floor(times))
			return wrong(r, "%s: expected cores such as 4, or nodes and cores such as 100x4", r->word[r->at]);
		if (s->nnodes + times > SCENARIO_NODES)
			return wrong(r, "expected at most %d nodes", SCENARIO_NODES);
		while (times-- > 0)
			s->cores[s->nnodes++] = cores;
	}
	return s->nnodes > 0 || wrong(r, "expected the cores of each node");
}

static bool
read_others(struct reading *r, struct others *all, unsigned *n, bool lasting, bool hog)
{
	static const char *const names[] = { "one", "many", "each", "own" };
	struct others *o = &all[*n];

	if (*n == SCENARIO_KINDS)
		return wrong(r, "expected at most %d such lines", SCENARIO_KINDS);
	*o = (struct others){ .load = .15, .size = lasting || hog ? 1 : 2, .work = 2, .every = 20, .lasts = 10, .part = 1,
	    .weight = CORES_WEIGHT, .quota = INFINITY };
	for (unsigned i = 0; i < 4; i++)
		if (r->at < r->n && strcmp(r->word[r->at], names[i]) == 0) {
			o->as = (enum containers)i;
			r->at++;
			(*n)++;
			if (lasting)
				return OPTIONS(r, { "size", &o->size, TINY, 1000 }, { "part", &o->part, TINY, 1 },
				    { "weight", &o->weight, 1, 1e6 }, { "quota", &o->quota, .01, 1024 });
			if (hog)
				return OPTIONS(r, { "size", &o->size, TINY, 1000 }, { "part", &o->part, TINY, 1 }, { "every", &o->every, .1, FAR },
				    { "lasts", &o->lasts, .05, FAR }, { "weight", &o->weight, 1, 1e6 }, { "quota", &o->quota, .01, 1024 });
			return OPTIONS(r, { "load", &o->load, TINY, 2 }, { "size", &o->size, TINY, 1000 }, { "work", &o->work, TINY, FAR },
			    { "part", &o->part, TINY, 1 }, { "weight", &o->weight, 1, 1e6 }, { "quota", &o->quota, .01, 1024 });
		}
	return wrong(r, "%s: expected one, many, each or own: how they are containers", r->at < r->n ? r->word[r->at] : "");
}

static bool
read_wait(struct reading *r)
{
	struct scenario *s = r->to;

	if (!read_dist(r, &s->wait))
		return false;
	s->rounds = 1;
	s->waits_last = true;
	if (r->at == r->n)
		return true;
	if (strcmp(r->word[r->at], "rounds") != 0)
		return wrong(r, "%s: expected rounds, or the end of the line", r->word[r->at]);
	r->at++;
	s->waits_last = false;
	return count(r, "how many waits", 100, &s->rounds);
}

static bool
read_samples(struct reading *r)
{
	struct scenario *s = r->to;

	if (r->at == r->n || (strcmp(r->word[r->at], "agent") != 0 && strcmp(r->word[r->at], "exporter") != 0))
		return wrong(r, "expected agent or exporter: where they come from");
	s->agent = strcmp(r->word[r->at++], "agent") == 0;
	return number(r, "seconds between two", .05, 600, &s->period);
}

static bool
read_tasks(struct reading *r)
{
	struct scenario *s = r->to;

	return count(r, "how many on each node", SCENARIO_TASKS, &s->tasks) &&
	    OPTIONS(r, { "weight", &s->task_weight, 1, 1e6 }, { "quota", &s->task_quota, .01, 1 });
}

static bool
read_word(struct reading *r, char *to, size_t size)
{
	if (r->at == r->n || strlen(r->word[r->at]) >= size)
		return wrong(r, "expected a word of at most %zu characters", size - 1);
	snprintf(to, size, "%s", r->word[r->at++]);
	return true;
}

static bool
read_sharing(struct reading *r)
{
	if (r->at == r->n || (strcmp(r->word[r->at], "container") != 0 && strcmp(r->word[r->at], "thread") != 0))
		return wrong(r, "expected container or thread");
	r->to->by_threads = strcmp(r->word[r->at++], "thread") == 0;
	return true;
}

static bool
read_key(struct reading *r)
{
	struct scenario *s = r->to;
	const char *key = r->word[0];
#define KEY(name) if (strcmp(key, name) == 0) return
	KEY("world") read_word(r, s->world, sizeof s->world);
	KEY("nodes") read_nodes(r);
	KEY("load") number(r, "a fraction of all cores", 0, 3, &s->load);
	KEY("ours") number(r, "a fraction of all cores", TINY, 3, &s->ours);
	KEY("work") read_dist(r, &s->work);
	KEY("after") read_dist(r, &s->after);
	KEY("wait") read_wait(r);
	KEY("sharing") read_sharing(r);
	KEY("tenants") read_others(r, s->tenants, &s->ntenants, false, false);
	KEY("permanent") read_others(r, s->permanent, &s->npermanent, true, false);
	KEY("hog") read_others(r, s->hog, &s->nhogs, false, true);
	KEY("tasks") read_tasks(r);
	KEY("slow") OPTIONS(r, { "part", &s->slow_part, 0, 1 }, { "speed", &s->slow_speed, .05, 1 });
	KEY("steal") OPTIONS(r, { "part", &s->steal_part, 0, 1 }, { "mean", &s->steal_mean, 0, .9 },
	    { "every", &s->steal_every, .1, FAR });
	KEY("failures") OPTIONS(r, { "part", &s->fail_part, 0, 1 }, { "every", &s->fail_every, .1, FAR },
	    { "lasts", &s->fail_lasts, .05, FAR }, { "notice", &s->fail_notice, 0, FAR });
	KEY("sockets") OPTIONS(r, { "part", &s->socket_part, 0, 1 }, { "lasts", &s->socket_lasts, .1, FAR },
	    { "every", &s->socket_every, .001, FAR }, { "work", &s->socket_work, 0, FAR }, { "spread", &s->socket_spread, 0, 3 });
	KEY("samples") read_samples(r);
	KEY("balancers") count(r, "how many", 8, &s->balancers);
	KEY("seconds") number(r, "seconds", 1, FAR, &s->seconds);
	KEY("warmup") number(r, "seconds", 0, FAR, &s->warmup);
	KEY("emulated") number(r, "seconds of tenants alone", 0, FAR, &s->alone);
	KEY("seeds") count(r, "how many", 64, &s->seeds);
#undef KEY
	return wrong(r, "this key is not known");
}

/* ---- the whole ---- */

void
scenario_default(struct scenario *s)
{
	static const double cores[] = { 1, 1, 2, 2, 4, 4, 8, 8 };

	*s = (struct scenario){ .world = "-", .nnodes = 8, .load = .7, .work = { .kind = DIST_EXP, .mean = .02 }, .tasks = 1,
	    .task_weight = CORES_WEIGHT, .task_quota = INFINITY, .slow_speed = .6, .steal_mean = .2, .steal_every = 10,
	    .fail_every = 20, .fail_lasts = 5, .fail_notice = 1, .socket_lasts = 30, .socket_every = 1, .socket_work = .005,
	    .socket_spread = 1, .agent = true, .period = 1, .balancers = 1, .seconds = 120, .warmup = 10, .seeds = 3, .alone = -1 };
	memcpy(s->cores, cores, sizeof cores);
}

/* What bench/cluster and bench/load can do, too. */
static bool
emulated_has(const struct scenario *s)
{
	return s->ntenants <= 1 && s->npermanent + s->nhogs == 0 && s->work.kind <= DIST_EXP && dist_mean(&s->after) == 0 &&
	    s->wait.kind == DIST_CONST && (s->rounds == 0 || s->waits_last) && s->tasks == 1 &&
	    s->slow_part + s->steal_part + s->fail_part + s->socket_part == 0;
}

static bool
check(struct scenario *s, const char *path, char *error, size_t size)
{
	double least = 0;

	for (unsigned i = 0; i < s->nhogs; i++)
		if (s->hog[i].lasts >= s->hog[i].every) {
			snprintf(error, size, "%s: hog: expected that it lasts for less than every", path);
			return false;
		}
	for (unsigned i = 0; i < s->ntenants; i++)
		least += s->tenants[i].load * s->tenants[i].part;
	if (!(scenario_rate(s) > 0)) {
		snprintf(error, size, "%s: load: expected more than the tenants' %g, or `ours`", path, least);
		return false;
	}
	if (s->alone >= 0 && !emulated_has(s)) {
		snprintf(error, size, "%s: emulated: expected a scenario of nodes, load, one line of tenants, and work that is exp or const",
		    path);
		return false;
	}
	if (s->warmup > 0 && s->warmup < 2.5 * s->period)	/* nobody is judged before two samples, but who shall be */
		s->warmup = 2.5 * s->period;
	return true;
}

bool
scenario_parse(struct scenario *s, const char *text, const char *path, char *error, size_t size)
{
	struct reading r = { .to = s, .path = path, .error = error, .size = size };
	struct str rest = str_of(text), line;
	char copy[1024], *save;
	const char *base = strrchr(path, '/');

	scenario_default(s);
	str_copy(s->name, sizeof s->name, str_of(base != NULL ? base + 1 : path));
	if (strrchr(s->name, '.') != NULL)
		*strrchr(s->name, '.') = '\0';
	while (str_split(&rest, '\n', &line)) {
		char *comment;
		r.line++;
		r.n = r.at = 0;
		if (line.len >= sizeof copy) {
			snprintf(error, size, "%s:%u: expected a line of at most %zu characters", path, r.line, sizeof copy - 1);
			return false;
		}
		str_copy(copy, sizeof copy, line);
		if ((comment = strchr(copy, '#')) != NULL)
			*comment = '\0';
		for (char *w = strtok_r(copy, " \t\r", &save); w != NULL; w = strtok_r(NULL, " \t\r", &save)) {
			if (r.n == WORDS) {
				snprintf(error, size, "%s:%u: expected at most %d words", path, r.line, WORDS);
				return false;
			}
			r.word[r.n++] = w;
		}
		r.at = 1;
		if (r.n > 0 && !(read_key(&r) && ended(&r)))
			return false;
	}
	return check(s, path, error, size);
}

bool
scenario_read(struct scenario *s, const char *path)
{
	static char text[TEXT_MAX];
	char error[512];
	FILE *f = fopen(path, "re");
	size_t n;

	if (f == NULL) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		return false;
	}
	n = fread(text, 1, sizeof text - 1, f);
	fclose(f);
	text[n] = '\0';
	if (n == sizeof text - 1) {
		fprintf(stderr, "%s: expected less than %d bytes\n", path, TEXT_MAX);
		return false;
	}
	if (scenario_parse(s, text, path, error, sizeof error))
		return true;
	fprintf(stderr, "%s\n", error);
	return false;
}

bool
scenario_chosen(double part, unsigned node)
{
	return floor((node + 1) * part + 1e-9) > floor(node * part + 1e-9);
}

double
scenario_cores(const struct scenario *s)
{
	double sum = 0;

	for (unsigned i = 0; i < s->nnodes; i++)
		sum += s->cores[i] * (scenario_chosen(s->slow_part, i) ? s->slow_speed : 1) *
		    (scenario_chosen(s->steal_part, i) ? 1 - s->steal_mean : 1);
	return sum;
}

double
scenario_rate(const struct scenario *s)
{
	double work = dist_mean(&s->work) + dist_mean(&s->after), cores = scenario_cores(s), theirs = 0;
	double socket = s->socket_part > 0 ? s->socket_lasts / s->socket_every * s->socket_work : 0;

	for (unsigned i = 0; i < s->nnodes; i++)
		for (unsigned k = 0; k < s->ntenants; k++)
			theirs += scenario_chosen(s->tenants[k].part, i) ? s->tenants[k].load * s->cores[i] *
			    (scenario_chosen(s->slow_part, i) ? s->slow_speed : 1) : 0;
	work = work * (1 - s->socket_part) + socket * s->socket_part;
	return (s->ours > 0 ? s->ours * cores : s->load * cores - theirs) / work;
}
