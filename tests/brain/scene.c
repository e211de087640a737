/*
 * scene FILE...: plays scenes of steering on a hand-cranked clock (sim.h) and says of each whether it went as
 * expected: `ok N - text`, or `not ok N - text: why, at line L`. -v tells every value that was asked for.
 *
 *   scene "text"                                      a new cluster; everything below belongs to it
 *   seed N   period 100ms   balancers L   molas N     before the first tick; defaults 1, 1s, 1, 1
 *   node N [cores C] [busy B] [memory P%] [stalled P%] [io P%] [disk P%] [net MB] [told]   new (4 cores, memory 50%) or
 *                                                     changed; busy is how many threads of others want a core there, above
 *                                                     the cores or not; memory -1: not told; io: time stalled by disks;
 *                                                     told: the configuration knows its cores before any sample
 *   service S [policy P] [tenants T] [profile P] [load C] [work 2ms] [wait T]   load in cores of work, by default a quarter of all cores
 *   node N tells Q V, service S asks Q [weight W] [limits L] [full F]     Q: a query of the user's, V: its answer, or nothing
 *   hush Q   answer Q                                 Prometheus no longer, or again, answers it
 *   service S driven turns|fewest T                   served by a proxy that is not ours, which takes turns by its weights or
 *                                                     prefers the fewest requests per weight, and gets new ones every T
 *   service S [migrate] [scale MIN MAX]               what the mover and the scaler decide happens at once
 *   task S.N on NODE                                  the service is made when new
 *   silence N   hear N   lie N past|future|nonsense|idle|none     its exporter
 *   leave N   join N                                  discovery no longer, or again, finds it
 *   drain X   undrain X   down TASK   up TASK         X: node or task
 *   reports TASK V                                   its load, once; its service asks for that from then on
 *   retried TASK, hedged TASK                         a request that it had was sent to another task, once
 *   available TASK CORES                              what the agent reports that its container could have
 *   restart                                           the brain dies and comes back
 *   tick N                                            N sample periods pass; what is counted is counted over the second half
 *   expect share TASK R | cores X R | others NODE R | inflight NODE R | p50 S R | p99 S R | refused R
 *   expect why X = WORD | says X "part of the sentence"
 *   expect step TASK NAME "part of the sentence" | nostep TASK NAME      of the steps to its share
 *   expect told S R                                   how often weights were published
 *   expect place TASK NODE | moves R | stays S = REFUSAL      of the mover;  tasks S R | keeps S = REFUSAL  of the scaler
 *                                                     X: a node, as balanced services see it, or a task, as its service does
 *   R is: < V, > V, = V, V +-D; V may end in % or ms
 *
 * Several statements may stand on one line. Must not know how anything is decided.
 */
#include <ctype.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "score/explain_steps.h"
#include "score/explain.h"
#include "score/guard.h"
#include "sim.h"

#define WORDS_MOST	128

struct scene {
	struct sim	*sim;
	char		 text[256];
	int		 line;
	char		 wrong[512];		/* the first thing that went wrong, empty: nothing */
	bool		 verbose;
	/* the line under way */
	char		*word[WORDS_MOST];
	int		 nwords, at;
};

static void fail(struct scene *, const char *, ...) __attribute__((format(printf, 2, 3)));

static void
fail(struct scene *c, const char *fmt, ...)
{
	size_t n;
	va_list ap;

	if (c->wrong[0] != '\0')
		return;
	va_start(ap, fmt);
	vsnprintf(c->wrong, sizeof c->wrong, fmt, ap);
	va_end(ap);
	n = strlen(c->wrong);
	snprintf(c->wrong + n, sizeof c->wrong - n, ", at line %d", c->line);
	c->at = c->nwords;			/* the rest of the line is moot */
}

/* Words */

static const char *
peek(const struct scene *c)
{
	return c->at < c->nwords ? c->word[c->at] : "";
}

static const char *
take(struct scene *c, const char *what)
{
	if (c->at >= c->nwords) {
		fail(c, "expected %s at the end of the line", what);
		return "";
	}
	return c->word[c->at++];
}

static bool
take_if(struct scene *c, const char *word)
{
	if (strcmp(peek(c), word) != 0)
		return false;
	c->at++;
	return true;
}

static double
take_number(struct scene *c, const char *what)
{
	const char *w = take(c, what);
	char *end;
	double v = strtod(w, &end);

	if (end == w || (*end != '\0' && strcmp(end, "%") != 0 && strcmp(end, "ms") != 0 && strcmp(end, "s") != 0))
		fail(c, "'%s' is not %s", w, what);
	return v;
}

static double
take_usec(struct scene *c, const char *what)
{
	const char *w = peek(c);
	double v = take_number(c, what);
	size_t n = strlen(w);

	if (n > 2 && strcmp(w + n - 2, "ms") == 0)
		return v * 1e3;
	if (n > 1 && w[n - 1] == 's')
		return v * 1e6;
	fail(c, "'%s' is not %s: a time ends in ms or s", w, what);
	return 0;
}

static struct sim_node *
take_node(struct scene *c)
{
	const char *w = take(c, "a node");
	struct sim_node *n = sim_node(c->sim, w);

	if (n == NULL)
		fail(c, "no node '%s'", w);
	return n;
}

static struct sim_task *
take_task(struct scene *c)
{
	const char *w = take(c, "a task");
	struct sim_task *t = sim_task(c->sim, w);

	if (t == NULL)
		fail(c, "no task '%s'", w);
	return t;
}

/* What exists */

static void
do_seed(struct scene *c)
{
	rng_seed(&c->sim->rng, (uint64_t)take_number(c, "a seed"));
}

static void
do_period(struct scene *c)
{
	c->sim->period = (int64_t)take_usec(c, "a period");
}

static void
do_balancers(struct scene *c)
{
	c->sim->balancers = take_number(c, "a number of balancers");
}

static void
do_molas(struct scene *c)
{
	c->sim->nmolas = (unsigned)take_number(c, "a number of molas");
	if (c->sim->nmolas < 1 || c->sim->nmolas > SIM_MOLAS)
		fail(c, "between 1 and %d molas", SIM_MOLAS);
}

static int
take_query(struct scene *c)
{
	const char *text = take(c, "a query");
	int q = sim_query(c->sim, text);

	if (q < 0)
		fail(c, "no room for query '%s'", text);
	return q < 0 ? 0 : q;
}

static void
take_answer(struct scene *c, struct sim_node *n)
{
	int q = take_query(c);

	n->answer[q] = take_if(c, "nothing") ? NAN : take_number(c, "an answer");
}

/* A query that is asked again is asked otherwise. */
static void
take_term(struct scene *c, struct terms *all)
{
	char *text = c->sim->query[take_query(c)].text;
	struct term *t = all->term;

	while (t < all->term + all->n && strcmp(t->query, text) != 0)
		t++;
	if (t == all->term + TERMS_MAX) {
		fail(c, "more than %d queries", TERMS_MAX);
		return;
	}
	all->n += t == all->term + all->n;
	*t = (struct term){ text, text, TERM_WEIGHT, { 0, 0 }, 1, c->sim->period };
	for (;;) {
		if (take_if(c, "weight"))
			t->weight = take_number(c, "a weight");
		else if (take_if(c, "full"))
			t->full = take_number(c, "a value");
		else if (!take_if(c, "limits"))
			break;
		else if (!profile_limit_read(str_of(take(c, "limits")), &t->limit))
			fail(c, "no limits");
	}
	c->sim->changed = true;
}

static void
do_hush(struct scene *c)
{
	c->sim->query[take_query(c)].hushed = true;
}

static void
do_answer(struct scene *c)
{
	c->sim->query[take_query(c)].hushed = false;
}

static void
do_node(struct scene *c)
{
	const char *name = take(c, "a name");
	struct sim_node *n = sim_node(c->sim, name);

	if (n == NULL)
		n = sim_node_add(c->sim, name);
	for (;;) {
		if (take_if(c, "cores"))
			n->cores = take_number(c, "cores");
		else if (take_if(c, "busy"))
			n->busy = take_number(c, "threads");
		else if (take_if(c, "memory"))
			n->memory_used = take_number(c, "a percentage") / 100;
		else if (take_if(c, "stalled"))
			n->stalled = take_number(c, "a percentage") / 100;
		else if (take_if(c, "io"))
			n->io_stalled = take_number(c, "a percentage") / 100;
		else if (take_if(c, "disk"))
			n->disk_busy = take_number(c, "a percentage") / 100;
		else if (take_if(c, "net"))
			n->net = take_number(c, "megabytes per second") * 1e6;
		else if (take_if(c, "tells"))
			take_answer(c, n);
		else if (take_if(c, "told"))
			n->told = c->sim->changed = true;
		else
			return;
	}
}

static void
do_service(struct scene *c)
{
	const char *name = take(c, "a name");
	struct sim_service *v = sim_service(c->sim, name);

	if (v == NULL)
		v = sim_service_add(c->sim, name);
	for (;;) {
		if (take_if(c, "policy")) {
			if (!policy_parse(str_of(take(c, "a policy")), &v->conf.policy))
				fail(c, "no such policy");
			c->sim->changed = true;
		} else if (take_if(c, "tenants")) {
			if (!setting_TENANTS.read(str_of(take(c, "fair, polite or greedy")), (struct setting_range){ "", "" },
			    &v->conf.tenants, NULL, (char[SETTING_PROBLEM_MAX]){ "" }))
				fail(c, "expected fair, polite or greedy");
			c->sim->changed = true;
		} else if (take_if(c, "profile")) {
			if (profile_parse(str_of(take(c, "a profile")), &v->conf.profile) != NULL)
				fail(c, "no such profile");
			c->sim->changed = true;
		} else if (take_if(c, "asks"))
			take_term(c, &v->conf.terms);
		else if (take_if(c, "load"))
			v->load = take_number(c, "cores");
		else if (take_if(c, "work"))
			v->work_usec = take_usec(c, "a time");
		else if (take_if(c, "wait"))
			v->wait_usec = take_usec(c, "a time");
		else if (take_if(c, "driven")) {
			bool turns = take_if(c, "turns");
			if (!turns && !take_if(c, "fewest"))
				fail(c, "expected: turns or fewest");
			sim_driven_new(v, turns, (int64_t)take_usec(c, "an interval"));
		}
		else if (take_if(c, "migrate"))
			v->conf.migrate = c->sim->changed = true;
		else if (take_if(c, "scale")) {
			v->conf.scale_min = (unsigned)take_number(c, "the fewest tasks");
			v->conf.scale_max = (unsigned)take_number(c, "the most tasks");
			c->sim->changed = true;
		}
		else
			return;
	}
}

static void
do_task(struct scene *c)
{
	const char *name = take(c, "a name"), *dot = strrchr(name, '.');
	struct sim_service *v;
	struct sim_node *n;
	char service[32];

	if (dot == NULL || !take_if(c, "on")) {
		fail(c, "expected: task SERVICE.N on NODE");
		return;
	}
	str_copy(service, sizeof service, (struct str){ name, (size_t)(dot - name) });
	if ((n = take_node(c)) == NULL)
		return;
	v = sim_service(c->sim, service);
	sim_task_add(c->sim, name, v != NULL ? v : sim_service_add(c->sim, service), n);
}

/* What happens */

static void
do_silence(struct scene *c)
{
	struct sim_node *n = take_node(c);

	if (n != NULL)
		n->silent = true;
}

static void
do_hear(struct scene *c)
{
	struct sim_node *n = take_node(c);

	if (n != NULL)
		n->silent = false;
}

static void
do_lie(struct scene *c)
{
	static const char *const names[] = { "none", "past", "future", "nonsense", "idle" };
	struct sim_node *n = take_node(c);
	const char *w = take(c, "a lie");

	for (unsigned i = 0; n != NULL && i < sizeof names / sizeof *names; i++)
		if (strcmp(w, names[i]) == 0) {
			n->lie = (enum sim_lie)i;
			return;
		}
	fail(c, "no lie '%s'", w);
}

static void
present(struct scene *c, bool is)
{
	struct sim_node *n = take_node(c);

	if (n != NULL)
		n->present = is;
	c->sim->changed = true;
}

static void
do_leave(struct scene *c)
{
	present(c, false);
}

static void
do_join(struct scene *c)
{
	present(c, true);
}

static void
drain(struct scene *c, bool drained)
{
	const char *name = take(c, "a node or a task");

	if (sim_node(c->sim, name) != NULL)
		sim_drain_node(c->sim, name, drained);
	else if (sim_task(c->sim, name) != NULL)
		sim_drain_task(c->sim, name, drained);
	else
		fail(c, "no node or task '%s'", name);
}

static void
do_drain(struct scene *c)
{
	drain(c, true);
}

static void
do_undrain(struct scene *c)
{
	drain(c, false);
}

static void
do_down(struct scene *c)
{
	struct sim_task *t = take_task(c);

	if (t != NULL)
		sim_health(c->sim, t->name, HEALTH_DOWN);
}

static void
do_available(struct scene *c)
{
	struct sim_task *t = take_task(c);
	double cores = take_number(c, "cores");

	if (t != NULL)
		sim_available(c->sim, t->name, cores);
}

static void
do_reports(struct scene *c)
{
	struct sim_task *t = take_task(c);
	double utilization = take_number(c, "a utilization");

	if (t == NULL)
		return;
	t->service->conf.load = LOAD_ORCA;
	c->sim->changed = true;
	sim_report(c->sim, t->name, utilization);
}

static void
do_retried(struct scene *c)
{
	struct sim_task *t = take_task(c);

	if (t != NULL)
		sim_retry(c->sim, t->name, RETRY_RESET);
}

static void
do_hedged(struct scene *c)
{
	struct sim_task *t = take_task(c);

	if (t != NULL)
		sim_retry(c->sim, t->name, RETRY_HEDGE);
}

static void
do_up(struct scene *c)
{
	struct sim_task *t = take_task(c);

	if (t != NULL)
		sim_health(c->sim, t->name, HEALTH_UP);
}

static void
do_restart(struct scene *c)
{
	sim_restart(c->sim);
}

static void
do_tick(struct scene *c)
{
	unsigned n = (unsigned)take_number(c, "a number of periods");

	sim_tick(c->sim, n, n / 2);
}

/* What is expected */

static void
compare(struct scene *c, const char *what, const char *whose, double is)
{
	char relation = '=';
	double v, tolerance = 0;

	if (take_if(c, "<"))
		relation = '<';
	else if (take_if(c, ">"))
		relation = '>';
	else
		take_if(c, "=");
	v = take_number(c, "a value");
	if (strncmp(peek(c), "+-", 2) == 0)
		tolerance = strtod(take(c, "a tolerance") + 2, NULL);
	if (c->verbose)
		printf("# line %d: %s %s is %.4g (%c %g +-%g)\n", c->line, what, whose, is, relation, v, tolerance);
	if (relation == '<' ? !(is < v) : relation == '>' ? !(is > v) : !(fabs(is - v) <= tolerance + 1e-9))
		fail(c, "%s %s is %.4g", what, whose, is);
}

static struct world *
seen(struct scene *c)
{
	sim_discover(c->sim);
	return c->sim->mola[0].world;
}

static struct world_node *
seen_node(struct scene *c, const char *name)
{
	struct world_node *n = world_node(seen(c), str_of(name));

	if (n == NULL)
		fail(c, "Mola knows no node '%s'", name);
	return n;
}

static void
expect_share(struct scene *c)
{
	struct sim_task *t = take_task(c);

	if (t != NULL)
		compare(c, "share", t->name, t->service->requests == 0 ? 0 :
		    100 * (double)t->requests / (double)t->service->requests);
}

static void
expect_cores(struct scene *c)
{
	const char *name = take(c, "a node or a task");
	struct world_task *t = world_task(seen(c), str_of(name));
	struct world_node *n = t != NULL ? t->node : seen_node(c, name);

	if (n != NULL)
		compare(c, "cores", name, phys_cores(&n->steering.row, t != NULL ? t->service->profile : 0));
}

static void
expect_others(struct scene *c)
{
	const char *name = take(c, "a node");
	struct world_node *n = seen_node(c, name);

	if (n != NULL)
		compare(c, "others", name, law_others(&n->steering.row.law, c->sim->now));
}

static void
expect_inflight(struct scene *c)
{
	struct sim_node *n = take_node(c);

	if (n != NULL)
		compare(c, "inflight", n->name, n->inflight);
}

static void
expect_latency(struct scene *c, const char *what, double quantile)
{
	const char *name = take(c, "a service");
	struct sim_service *v = sim_service(c->sim, name);

	if (v == NULL)
		fail(c, "no service '%s'", name);
	else
		compare(c, what, name, sim_latency(v, quantile) / 1e3);
}

static void
expect_p50(struct scene *c)
{
	expect_latency(c, "p50", 0.5);
}

static void
expect_p99(struct scene *c)
{
	expect_latency(c, "p99", 0.99);
}

static void
expect_place(struct scene *c)
{
	struct sim_task *t = take_task(c);
	const char *want = take(c, "a node");

	if (t != NULL && strcmp(t->node->name, want) != 0)
		fail(c, "%s is on %s", t->name, t->node->name);
}

static void
expect_moves(struct scene *c)
{
	compare(c, "moves", "so far", c->sim->moves);
}

static void
expect_told(struct scene *c)
{
	const char *name = take(c, "a service");
	struct sim_service *v = sim_service(c->sim, name);

	if (v != NULL && v->driven != NULL)
		compare(c, "told", name, sim_driven_publications(v));
	else
		fail(c, "%s is not driven", name);
}

static void
expect_tasks(struct scene *c)
{
	const char *name = take(c, "a service");
	struct sim_service *v = sim_service(c->sim, name);

	if (v != NULL)
		compare(c, "tasks", name, sim_mover_tasks(c->sim, v));
	else
		fail(c, "no service '%s'", name);
}

static void
expect_word(struct scene *c, bool scaling)
{
	const char *name = take(c, "a service"), *is, *want;

	seen(c);
	is = sim_mover_word(c->sim, name, scaling);
	take_if(c, "=");
	want = take(c, "a refusal");
	if (strcmp(is, want) != 0)
		fail(c, "%s: %s", name, is);
}

static void
expect_stays(struct scene *c)
{
	expect_word(c, false);
}

static void
expect_keeps(struct scene *c)
{
	expect_word(c, true);
}

static void
expect_refused(struct scene *c)
{
	compare(c, "refused", "requests", (double)c->sim->refused);
}

/* The one word for a node, or for a task: its own state where that matters, else its node's. */
static const char *
word_of(struct scene *c, const char *name)
{
	struct world_task *t = world_task(seen(c), str_of(name));
	struct world_node *n = t != NULL ? t->node : seen_node(c, name);
	enum task_state s;

	if (n == NULL)
		return "";
	if (t != NULL && (s = task_state(seen(c), t, c->sim->now)) != TASK_UP && s != TASK_UNKNOWN)
		return task_state_name(s);
	return guard_state_name(guard_state(n, c->sim->now));
}

static void
expect_why(struct scene *c)
{
	const char *name = take(c, "a node or a task"), *is = word_of(c, name), *want;

	take_if(c, "=");
	want = take(c, "a word");
	if (strcmp(is, want) != 0)
		fail(c, "why %s is %s", name, is);
}

static void
expect_says(struct scene *c)
{
	const char *name = take(c, "a node or a task"), *want = take(c, "words");
	struct world_task *t = world_task(seen(c), str_of(name));
	struct buf said;

	buf_init(&said, 1024);
	if (t != NULL)
		explain_task(seen(c), t, c->sim->now, 0, 0, &said);
	else if (seen_node(c, name) != NULL)
		explain_node(seen(c), seen_node(c, name), c->sim->now, &said);
	buf_add(&said, "", 1);
	if (c->verbose)
		printf("# line %d: %s: %s\n", c->line, name, said.p);
	if (strstr(said.p, want) == NULL)
		fail(c, "of %s it is said: %s", name, said.p);
	buf_fini(&said);
}

/* The steps to the task's share; false: there is no such task. */
static bool
steps_of(struct scene *c, const char *name, struct explain_steps *steps)
{
	struct world_task *t = world_task(seen(c), str_of(name)), *k;
	struct explain_got got = { .share = NAN, .per_second = NAN };
	unsigned *rank, at = 0;
	struct explain_field f;

	if (t == NULL) {
		fail(c, "there is no task %s", name);
		return false;
	}
	rank = must_zalloc(t->service->ntasks * sizeof *rank);
	got.of = explain_ranks(seen(c), t->service, c->sim->now, rank);
	LIST_FOREACH(k, &t->service->tasks, link) {
		if (k == t)
			got.rank = rank[at];
		at++;
	}
	f = explain_field(seen(c), t->service, c->sim->now);
	explain_steps(seen(c), t, &f, &got, c->sim->now, steps);
	free(rank);
	return true;
}

static const char *
step_text(struct scene *c, const char *task, const char *name)
{
	static struct explain_steps steps;

	if (!steps_of(c, task, &steps))
		return NULL;
	for (unsigned i = 0; i < steps.n; i++)
		if (strcmp(step_name(steps.step[i].step), name) == 0)
			return steps.step[i].text;
	return NULL;
}

static void
expect_step(struct scene *c)
{
	const char *task = take(c, "a task"), *name = take(c, "a step"), *want = take(c, "words");
	const char *is = step_text(c, task, name);

	if (c->verbose && is != NULL)
		printf("# line %d: %s: %s: %s\n", c->line, task, name, is);
	if (is == NULL)
		fail(c, "of %s there is no step %s", task, name);
	else if (strstr(is, want) == NULL)
		fail(c, "of %s the step %s says: %s", task, name, is);
}

static void
expect_nostep(struct scene *c)
{
	const char *task = take(c, "a task"), *name = take(c, "a step"), *is = step_text(c, task, name);

	if (is != NULL)
		fail(c, "of %s the step %s says: %s", task, name, is);
}

typedef void	do_f(struct scene *);

struct verb {
	const char	*name;
	do_f		*fn;
};

static const struct verb expects[] = {
	{ "share", expect_share }, { "cores", expect_cores }, { "others", expect_others }, { "inflight", expect_inflight },
	{ "p50", expect_p50 }, { "p99", expect_p99 }, { "refused", expect_refused }, { "why", expect_why },
	{ "says", expect_says }, { "place", expect_place }, { "moves", expect_moves }, { "tasks", expect_tasks },
	{ "step", expect_step }, { "nostep", expect_nostep },
	{ "told", expect_told }, { "stays", expect_stays }, { "keeps", expect_keeps }, { NULL, NULL },
};

static void
do_verb(struct scene *c, const struct verb *v)
{
	const char *w = take(c, "a word");

	while (v->name != NULL && strcmp(v->name, w) != 0)
		v++;
	if (v->fn == NULL)
		fail(c, "'%s' is not understood", w);
	else
		v->fn(c);
}

static void
do_expect(struct scene *c)
{
	do_verb(c, expects);
}

static const struct verb statements[] = {
	{ "seed", do_seed }, { "period", do_period }, { "balancers", do_balancers }, { "molas", do_molas },
	{ "node", do_node }, { "service", do_service }, { "task", do_task }, { "silence", do_silence }, { "hear", do_hear },
	{ "lie", do_lie }, { "hush", do_hush }, { "answer", do_answer }, { "leave", do_leave }, { "join", do_join }, { "drain", do_drain }, { "undrain", do_undrain },
	{ "down", do_down }, { "up", do_up }, { "reports", do_reports }, { "retried", do_retried }, { "hedged", do_hedged }, { "available", do_available }, { "restart", do_restart }, { "tick", do_tick }, { "expect", do_expect },
	{ NULL, NULL },
};

/* Lines and files */

/* Cuts the line into words in place; "several words" are one. */
static void
words_cut(struct scene *c, char *line)
{
	c->nwords = c->at = 0;
	for (;;) {
		while (isspace((unsigned char)*line))
			line++;
		if (*line == '\0' || *line == '#' || c->nwords == WORDS_MOST)
			return;
		bool quoted = *line == '"';
		c->word[c->nwords++] = line += quoted;
		while (*line != '\0' && (quoted ? *line != '"' : !isspace((unsigned char)*line)))
			line++;
		if (*line != '\0')
			*line++ = '\0';
	}
}

struct tally {
	int	 passed, failed;
};

static void
scene_end(struct scene *c, struct tally *t)
{
	if (c->sim == NULL)
		return;
	if (c->wrong[0] == '\0')
		printf("ok %d - %s\n", t->passed + t->failed + 1, c->text);
	else
		printf("not ok %d - %s: %s\n", t->passed + t->failed + 1, c->text, c->wrong);
	c->wrong[0] == '\0' ? t->passed++ : t->failed++;
	fflush(stdout);
	sim_free(&c->sim);
}

static void
scene_begin(struct scene *c)
{
	c->sim = sim_new(1);
	c->wrong[0] = '\0';
	str_copy(c->text, sizeof c->text, str_of(take(c, "a text")));
}

static bool
play(const char *file, bool verbose, struct tally *t)
{
	struct scene c = { .verbose = verbose };
	FILE *f = fopen(file, "r");
	char line[1024];

	if (f == NULL)
		return false;
	while (fgets(line, sizeof line, f) != NULL) {
		c.line++;
		words_cut(&c, line);
		if (take_if(&c, "scene")) {
			scene_end(&c, t);
			scene_begin(&c);
		}
		while (c.at < c.nwords && c.sim != NULL && c.wrong[0] == '\0')
			do_verb(&c, statements);
	}
	scene_end(&c, t);
	fclose(f);
	return true;
}

int
main(int argc, char **argv)
{
	bool verbose = argc > 1 && strcmp(argv[1], "-v") == 0;
	struct tally t = { 0, 0 };

	if (argc < 2 + verbose) {
		fprintf(stderr, "usage: scene [-v] FILE...\n");
		return 2;
	}
	for (int i = 1 + verbose; i < argc; i++)
		if (!play(argv[i], verbose, &t)) {
			printf("not ok %d - %s: cannot be read\n", t.passed + t.failed + 1, argv[i]);
			t.failed++;
		}
	return t.failed == 0 && t.passed > 0 ? 0 : 1;
}
