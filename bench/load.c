/*
 * load: an open-loop generator. Requests start at random moments (Poisson) whatever the responses do, and
 * latency counts from the moment a request was meant to start: nothing hides in a client that waits. Several
 * targets get the same requests at the same moments. Every request counts: one without a response when the
 * run ends with the time it had taken until then, one that failed as slower than all others.
 *
 * --closed N is the other kind: N connections, each requesting again as soon as it has the response.
 */
#include <getopt.h>
#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/rng.h"
#include "lib/caller.h"
#include "lib/hist.h"
#include "lib/lag.h"
#include "lib/limits.h"
#include "lib/wake.h"
#include "net/tls.h"

#define TARGETS_MAX	16
#define ADDRESSES_MAX	4	/* of one target */
#define NAMES_MAX	64
#define STEPS_MAX	16

enum dist { DIST_EXP, DIST_HEAVY, DIST_CONST };
/* How connections are used: kept, ended by us with each response, or by the server, as HTTP/1.0 had it. */
enum how { HOW_KEEP, HOW_CLOSE, HOW_HTTP10 };
/* What carries requests: TCP, TLS, HTTP/2 over TLS. */
enum over { OVER_TCP, OVER_TLS, OVER_H2 };

struct load;

struct target {
	struct load	*load;
	char		 name[32], host[64];
	struct addr	 addr[ADDRESSES_MAX];	/* of balancers side by side, each request to one of them at random */
	struct caller	*caller[ADDRESSES_MAX];
	unsigned	 naddrs;
	uint64_t	 sent, inflight, done, end[CALL_ENDS], unfinished;
	struct hist	 hist, recent;		/* of the whole run after warm-up; since the last report of progress */
	unsigned	 nnodes;
	struct answerer {
		char		 name[32];
		uint64_t	 count;
	} node[NAMES_MAX];
	LIST_HEAD(, shot) shots;
};

struct shot {				/* one request under way */
	struct call	 call;
	LIST_ENTRY(shot) link;
	struct target	*target;
	struct caller	*caller;
	struct timer	 patience;
	int64_t		 intended;
	bool		 counts;	/* not warm-up */
};

struct load {
	struct loop	*loop;
	struct target	*target[TARGETS_MAX];
	unsigned	 ntargets;
	double		 patience;		/* seconds; 0: clients wait for ever */
	double		 rate, seconds, warmup, work, io, hold, every, grace;
	unsigned	 nsteps, at_step;	/* --steps: `rate` changes */
	struct step {
		double		 rate;
		int64_t		 until;		/* usec from the start */
	} step[STEPS_MAX];
	enum dist	 dist;
	enum how	 how;
	enum over	 over;
	struct tls_client *tls;
	uint64_t	 seed, arrivals;
	unsigned	 closed, connections_max;
	bool		 json;
	const char	*prefix, *path;
	struct buf	 fields;		/* of every request, a line each */
	FILE		*progress, *each_file;
	struct rng	 rng, spread;		/* of requests and their moments; of addresses */
	struct wake	 wake;
	struct timer	 tick;
	struct io	 signals;
	struct lag	 lag;
	int64_t		 start, stop, next;
	bool		 ended;
};

/* One request. */

static void	shot_fire(struct target *, int64_t intended, const char *query);

static void
answerer_count(struct target *t, struct str name)
{
	if (name.len == 0)
		return;
	for (unsigned i = 0; i < t->nnodes; i++)
		if (str_eq(str_of(t->node[i].name), name)) {
			t->node[i].count++;
			return;
		}
	if (t->nnodes == NAMES_MAX)
		return;
	str_copy(t->node[t->nnodes].name, sizeof t->node[0].name, name);
	t->node[t->nnodes++].count = 1;
}

static void
shot_record(struct shot *s, enum call_end end, int64_t now)
{
	if (end == CALL_DONE)
		hist_add(&s->target->recent, now - s->intended);
	if (s->counts && end == CALL_DONE)
		hist_add(&s->target->hist, now - s->intended);
	else if (s->counts)
		hist_add_never(&s->target->hist);
}

/* What became of it, for those who reckon themselves. */
static void
shot_write(const struct shot *s, enum call_end end, int status, int64_t now)
{
	const struct load *l = s->target->load;

	if (l->each_file != NULL)
		fprintf(l->each_file, "%s %.6f %.6f %s %d\n", s->target->name, (double)(s->intended - l->start) / 1e6,
		    (double)(now - s->intended) / 1e6, end == CALL_DONE ? "done" : end == CALL_STATUS ? "status" : end == CALL_LEFT ? "left" : "broken", status);
}

static void
shot_done(struct call *call, enum call_end end, int status, struct str node)
{
	struct shot *s = (struct shot *)call;		/* call is its first member */
	struct target *t = s->target;
	int64_t now = clock_mono_usec();

	shot_record(s, end, now);
	shot_write(s, end, status, now);
	answerer_count(t, node);
	if (s->counts)
		t->end[end]++;
	t->done++;
	t->inflight--;
	timer_clear(t->load->loop, &s->patience);
	LIST_REMOVE(s, link);
	free(s);
	if (t->load->closed > 0 && !t->load->ended)
		shot_fire(t, now, "");
}

static void
shot_leave(void *arg)
{
	struct shot *s = arg;

	caller_leave(s->caller, &s->call);
}

static void
shot_fire(struct target *t, int64_t intended, const char *query)
{
	struct shot *s = must_zalloc(sizeof *s);

	s->target = t;
	s->intended = intended;
	s->counts = intended >= t->load->start + (int64_t)(t->load->warmup * 1e6);
	s->call.done = shot_done;
	s->call.until_end = t->load->how == HOW_HTTP10;
	s->call.len = (unsigned)snprintf(s->call.text, sizeof s->call.text, "GET %s%s HTTP/1.%d\r\nHost: %s\r\n%s%.*s\r\n",
	    t->load->path, query, t->load->how != HOW_HTTP10, t->host, t->load->how == HOW_CLOSE ? "Connection: close\r\n" : "",
	    STR_ARG(buf_str(&t->load->fields)));
	ASSERT(s->call.len < sizeof s->call.text);
	LIST_INSERT_HEAD(&t->shots, s, link);
	t->sent++;
	t->inflight++;
	s->caller = t->caller[rng_below(&t->load->spread, t->naddrs)];
	if (t->load->patience > 0 && t->load->over != OVER_H2)
		timer_set(t->load->loop, &s->patience, intended + (int64_t)(t->load->patience * 1e6), shot_leave, s);
	caller_ask(s->caller, &s->call);
}

/* The arrivals. */

/* Seconds of work. Heavy: Pareto with exponent 1.5, cut at 1000 times its least, scaled to the mean. */
static double
draw_work(struct load *l)
{
	const double a = 1.5, most = 1000;
	double least, u;

	switch (l->dist) {
	case DIST_EXP:
		return rng_exp(&l->rng, l->work);
	case DIST_HEAVY:
		least = l->work * (a - 1) / a * (1 - pow(most, -a)) / (1 - pow(most, 1 - a));
		u = rng_double(&l->rng) * (1 - pow(most, -a));
		return least * pow(1 - u, -1 / a);
	default:
		return l->work;
	}
}

static void
arrive(struct load *l, int64_t intended)
{
	char query[96] = "";
	unsigned first = (unsigned)(l->arrivals++ % l->ntargets);	/* none is always first */

	if (l->io > 0 || l->hold > 0)
		snprintf(query, sizeof query, "?work=%.6f&io=%.6f&hold=%.3f", draw_work(l), l->io, l->hold);
	else
		snprintf(query, sizeof query, "?work=%.6f", draw_work(l));
	for (unsigned i = 0; i < l->ntargets; i++)
		shot_fire(l->target[(first + i) % l->ntargets], intended, query);
}

static bool
all_answered(const struct load *l)
{
	for (unsigned i = 0; i < l->ntargets; i++)
		if (l->target[i]->inflight > 0)
			return false;
	return true;
}

static void
on_wake(void *arg)
{
	struct load *l = arg;
	int64_t now = clock_mono_usec();

	lag_beat(&l->lag, now);
	while (l->closed == 0 && l->next <= now && l->next < l->stop) {
		arrive(l, l->next);
		while (l->at_step + 1 < l->nsteps && l->next >= l->start + l->step[l->at_step].until)
			l->rate = l->step[++l->at_step].rate;
		l->next += 1 + (int64_t)rng_exp(&l->rng, 1e6 / l->rate);
	}
	if (now >= l->stop) {
		l->ended = true;
		if (all_answered(l) || now >= l->stop + (int64_t)(l->grace * 1e6))
			loop_stop(l->loop);
	} else if (l->closed == 0) {
		wake_by(&l->wake, l->next < l->stop ? l->next : l->stop);
	}
	wake_by(&l->wake, l->lag.next);
}

static void
closed_start(struct load *l)
{
	for (unsigned i = 0; i < l->ntargets; i++)
		for (unsigned k = 0; k < l->closed; k++)
			shot_fire(l->target[i], clock_mono_usec(), "");
}

/* What others may watch while it runs: lines of words. */

static double
ms(int64_t usec)
{
	return usec == HIST_NEVER ? INFINITY : (double)usec / 1e3;
}

static uint64_t
failed(const struct target *t)
{
	uint64_t n = 0;

	for (int e = CALL_STATUS; e < CALL_ENDS; e++)
		n += t->end[e];
	return n;
}

static void
progress_write(struct load *l, int64_t now)
{
	fprintf(l->progress, "time %.3f lag-ms %.3f late-share %.5f\n", (double)(now - l->start) / 1e6,
	    ms(hist_quantile(&l->lag.hist, .99)), lag_late_share(&l->lag));
	for (unsigned i = 0; i < l->ntargets; i++) {
		struct target *t = l->target[i];
		fprintf(l->progress, "target %s sent %" PRIu64 " done %" PRIu64 " failed %" PRIu64 " inflight %" PRIu64 " p50 %.2f p99 %.2f recent-p50 %.2f recent-p99 %.2f\n",
		    t->name, t->sent, t->done, failed(t), t->inflight, ms(hist_quantile(&t->hist, .5)), ms(hist_quantile(&t->hist, .99)),
		    ms(hist_quantile(&t->recent, .5)), ms(hist_quantile(&t->recent, .99)));
		for (unsigned k = 0; k < t->nnodes; k++)
			fprintf(l->progress, "answered %s %s %" PRIu64 "\n", t->name, t->node[k].name, t->node[k].count);
		hist_clear(&t->recent);
	}
	fputs("end\n", l->progress);
	fflush(l->progress);
}

static void
on_tick(void *arg)
{
	struct load *l = arg;
	int64_t now = loop_now(l->loop);

	for (unsigned i = 0; i < l->ntargets; i++)
		for (unsigned k = 0; k < l->target[i]->naddrs; k++)
			caller_tidy(l->target[i]->caller[k]);
	if (l->progress != NULL)
		progress_write(l, now);
	timer_set(l->loop, &l->tick, now + (int64_t)(l->every * 1e6), on_tick, l);
}

/* The report. */

static uint64_t
sum(const struct target *t, uint64_t (*of)(const struct caller *))
{
	uint64_t n = 0;

	for (unsigned k = 0; k < t->naddrs; k++)
		n += of(t->caller[k]);
	return n;
}

static void
count_unfinished(struct load *l)
{
	int64_t now = clock_mono_usec();
	struct shot *s;

	for (unsigned i = 0; i < l->ntargets; i++)
		LIST_FOREACH(s, &l->target[i]->shots, link)
			if (s->counts && l->closed == 0) {
				shot_record(s, CALL_DONE, now);
				l->target[i]->unfinished++;
			}
}

static void
report_table(const struct load *l)
{
	printf("%-16s %9s %9s %9s %9s %9s %9s %9s %7s %7s\n", "target", "requests", "mean ms", "p50", "p90", "p99", "p99.9", "max",
	    "failed", "unended");
	for (unsigned i = 0; i < l->ntargets; i++) {
		const struct target *t = l->target[i];
		const struct hist *h = &t->hist;
		printf("%-16s %9" PRIu64 " %9.2f %9.2f %9.2f %9.2f %9.2f %9.2f %7" PRIu64 " %7" PRIu64 "\n", t->name, h->count, hist_mean(h) / 1e3,
		    ms(hist_quantile(h, .5)), ms(hist_quantile(h, .9)), ms(hist_quantile(h, .99)), ms(hist_quantile(h, .999)),
		    ms((int64_t)h->max), failed(t), t->unfinished);
		for (int e = CALL_STATUS; e < CALL_ENDS; e++)
			if (t->end[e] > 0)
				printf("  %s: %" PRIu64 " failed: %s\n", t->name, t->end[e], call_end_name((enum call_end)e));
		if (sum(t, caller_waited) > 0)
			printf("  %s: %" PRIu64 " requests waited for one of %u connections\n", t->name, sum(t, caller_waited), l->connections_max);
	}
	printf("own lag: p50 %.2f ms, p99 %.2f ms, max %.1f ms, late %.2f %% of the time%s\n", ms(hist_quantile(&l->lag.hist, .5)),
	    ms(hist_quantile(&l->lag.hist, .99)), ms((int64_t)l->lag.hist.max), 100 * lag_late_share(&l->lag),
	    lag_colours(&l->lag) ? ": COLOURED" : "");
}

static void
report_bench(const struct load *l)
{
	static const struct { const char *name; double q; } column[] = { { "p50", .5 }, { "p99", .99 } };

	for (unsigned i = 0; i < l->ntargets; i++)
		for (unsigned k = 0; k < 2; k++) {
			int64_t v = hist_quantile(&l->target[i]->hist, column[k].q);
			if (v != HIST_NEVER)
				printf("bench %s%s-%s %.3f ms\n", l->prefix, l->target[i]->name, column[k].name, ms(v));
		}
}

/* A quantile that lies among the failed is null. */
static void
quantile_json(const struct hist *h, const char *name, double q)
{
	int64_t v = hist_quantile(h, q);

	if (v == HIST_NEVER)
		printf("\"%s\":null,", name);
	else
		printf("\"%s\":%.3f,", name, ms(v));
}

static void
target_json(const struct target *t)
{
	const struct hist *h = &t->hist;

	printf("{\"name\":\"%s\",\"requests\":%" PRIu64 ",\"mean_ms\":%.3f,", t->name, h->count, hist_mean(h) / 1e3);
	quantile_json(h, "p50_ms", .5);
	quantile_json(h, "p90_ms", .9);
	quantile_json(h, "p99_ms", .99);
	quantile_json(h, "p999_ms", .999);
	printf("\"max_ms\":%.3f,\"unfinished\":%" PRIu64 ",\"waited\":%" PRIu64 ",\"bytes\":%" PRIu64 ",\"failed\":%" PRIu64 ",\"failures\":{", ms((int64_t)h->max),
	    t->unfinished, sum(t, caller_waited), sum(t, caller_bytes), failed(t));
	for (int e = CALL_STATUS; e < CALL_ENDS; e++)
		printf("%s\"%s\":%" PRIu64, e > CALL_STATUS ? "," : "", call_end_name((enum call_end)e), t->end[e]);
	printf("},\"answered\":{");
	for (unsigned k = 0; k < t->nnodes; k++)
		printf("%s\"%s\":%" PRIu64, k > 0 ? "," : "", t->node[k].name, t->node[k].count);
	printf("}}");
}

static void
report_json(const struct load *l)
{
	printf("{\"seconds\":%.3f,\"targets\":[", (double)(clock_mono_usec() - l->start) / 1e6);
	for (unsigned i = 0; i < l->ntargets; i++) {
		printf("%s", i > 0 ? "," : "");
		target_json(l->target[i]);
	}
	printf("],\"lag\":{\"p50_ms\":%.3f,\"p99_ms\":%.3f,\"max_ms\":%.3f,\"late_share\":%.5f,\"coloured\":%s}}\n",
	    ms(hist_quantile(&l->lag.hist, .5)), ms(hist_quantile(&l->lag.hist, .99)), ms((int64_t)l->lag.hist.max),
	    lag_late_share(&l->lag), lag_colours(&l->lag) ? "true" : "false");
}

/* Birth. */

static int
usage(void)
{
	fputs("usage: load --target NAME=ADDRESS:PORT[+ADDRESS:PORT...][,HOST]... [option...]\n"
	    "  --rate R          requests per second, to each target (100)\n"
	    "  --steps RATE:SECONDS,...   instead of both: one rate after another\n"
	    "  --seconds S       how long (10); --warmup S of them at the start do not count (0)\n"
	    "  --patience S      clients leave when they have waited for so long: they count as failed (0: never)\n"
	    "  --grace S         wait for the last responses (2)\n"
	    "  --work S          CPU work of a request, mean seconds (0.02); --dist exp|heavy|const (exp)\n"
	    "  --io S            wait after the work (0)\n"
	    "  --hold MIB        memory that a request holds while it runs (0)\n"
	    "  --seed N          the same seed gives the same requests (1)\n"
	    "  --connections N   most per target (4000)\n"
	    "  --closed N        N connections that request again at once, instead of --rate\n"
	    "  --how H           keep: connections are kept (default); close: one request each; http10: the same in HTTP/1.0\n"
	    "  --path P          of each request (/); --field 'NAME: VALUE' more fields, one each\n"
	    "  --over O          tcp (default); tls: HTTP/1.1 over TLS, no certificate is verified; h2: HTTP/2 over TLS\n"
	    "  --progress FD     lines on this descriptor, every --every S (0.5)\n"
	    "  --each FILE       a line for each request: target, start and duration in s, done|status|left|broken, status\n"
	    "  --json            report as JSON; --prefix P for the names in `bench` lines\n", stderr);
	return 2;
}

static bool
target_parse(struct load *l, const char *text)
{
	struct target *t = must_zalloc(sizeof *t);
	struct str rest = str_of(text), name, addresses, address;

	if (l->ntargets == TARGETS_MAX || !str_split(&rest, '=', &name) || !str_split(&rest, ',', &addresses))
		return false;
	str_copy(t->name, sizeof t->name, name);
	str_copy(t->host, sizeof t->host, rest.len > 0 ? rest : addresses);
	t->load = l;
	LIST_INIT(&t->shots);
	l->target[l->ntargets++] = t;
	while (str_split(&addresses, '+', &address))
		if (t->naddrs == ADDRESSES_MAX || addr_parse(address, &t->addr[t->naddrs++]) != NULL)
			return false;
	return true;
}

static bool
steps_parse(struct load *l, const char *text)
{
	struct str rest = str_of(text), one;
	char copy[64];
	double seconds, sum = 0;

	while (str_split(&rest, ',', &one)) {
		struct step *step = &l->step[l->nsteps];
		str_copy(copy, sizeof copy, one);
		if (l->nsteps++ == STEPS_MAX || sscanf(copy, "%lf:%lf", &step->rate, &seconds) != 2 || !(step->rate > 0 && seconds > 0))
			return false;
		sum += seconds;
		step->until = (int64_t)(sum * 1e6);
	}
	l->rate = l->step[0].rate;
	l->seconds = sum;
	return l->nsteps > 0;
}

static bool
word_parse(const char *const names[3], const char *name, unsigned *which)
{
	for (unsigned i = 0; i < 3; i++)
		if (strcmp(name, names[i]) == 0) {
			*which = i;
			return true;
		}
	return false;
}

static bool
options_parse(struct load *l, int argc, char **argv)
{
	static const struct option options[] = { { "target", 1, NULL, 't' }, { "rate", 1, NULL, 'r' }, { "seconds", 1, NULL, 's' }, { "steps", 1, NULL, 'E' }, { "each", 1, NULL, 'R' },
		{ "warmup", 1, NULL, 'w' }, { "grace", 1, NULL, 'g' }, { "patience", 1, NULL, 'a' }, { "work", 1, NULL, 'W' }, { "dist", 1, NULL, 'd' },
		{ "io", 1, NULL, 'i' }, { "hold", 1, NULL, 'H' }, { "seed", 1, NULL, 'S' }, { "connections", 1, NULL, 'c' }, { "closed", 1, NULL, 'C' },
		{ "how", 1, NULL, 'o' }, { "over", 1, NULL, 'O' }, { "progress", 1, NULL, 'p' }, { "every", 1, NULL, 'e' }, { "json", 0, NULL, 'j' }, { "prefix", 1, NULL, 'P' }, { "path", 1, NULL, 'u' },
		{ "field", 1, NULL, 'f' }, { 0 } };
	static const char *const dists[] = { "exp", "heavy", "const" }, *const hows[] = { "keep", "close", "http10" },
		*const overs[] = { "tcp", "tls", "h2" };
	bool ok = true;
	int o;

	while (ok && (o = getopt_long(argc, argv, "", options, NULL)) != -1)
		switch (o) {
		case 't': ok = target_parse(l, optarg); break;
		case 'r': ok = (l->rate = atof(optarg)) > 0; break;
		case 's': ok = (l->seconds = atof(optarg)) > 0; break;
		case 'E': ok = steps_parse(l, optarg); break;
		case 'R': ok = (l->each_file = fopen(optarg, "w")) != NULL; break;
		case 'w': l->warmup = atof(optarg); break;
		case 'g': l->grace = atof(optarg); break;
		case 'a': ok = (l->patience = atof(optarg)) > 0; break;
		case 'W': ok = (l->work = atof(optarg)) > 0; break;
		case 'd': ok = word_parse(dists, optarg, &l->dist); break;
		case 'o': ok = word_parse(hows, optarg, &l->how); break;
		case 'O': ok = word_parse(overs, optarg, &l->over); break;
		case 'H': l->hold = atof(optarg); break;
		case 'i': l->io = atof(optarg); break;
		case 'S': l->seed = strtoull(optarg, NULL, 10); break;
		case 'c': l->connections_max = (unsigned)atoi(optarg); break;
		case 'C': ok = (l->closed = (unsigned)atoi(optarg)) > 0; break;
		case 'p': ok = (l->progress = fdopen(atoi(optarg), "w")) != NULL; break;
		case 'e': ok = (l->every = atof(optarg)) > 0; break;
		case 'j': l->json = true; break;
		case 'P': l->prefix = optarg; break;
		case 'u': ok = *(l->path = optarg) == '/'; break;
		case 'f': ok = buf_printf(&l->fields, "%s\r\n", optarg); break;
		default: ok = false;
		}
	return ok && optind == argc && l->ntargets > 0 && l->connections_max > 0 && (l->over != OVER_H2 || l->how == HOW_KEEP);
}

/* A ceiling that we cannot reach would turn waiting into failing. */
static void
connections_limit(struct load *l)
{
	unsigned each = (limits_raise() - 64) / l->ntargets;

	if (l->connections_max > each)
		l->connections_max = each;
}

/* Told to stop, it reports what it has. */
static void
on_signal(void *arg, uint32_t events)
{
	(void)events;
	loop_stop(((struct load *)arg)->loop);
}

static void
signals_watch(struct load *l)
{
	sigset_t set;
	int fd;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	ASSERT(fd >= 0);
	loop_watch(l->loop, &l->signals, fd, LOOP_LEVEL, on_signal, l);
}

static void
callers_make(struct load *l)
{
	const struct tls_client_conf tls = { .verify = TLS_VERIFY_NONE, .offer = l->over == OVER_H2 ? TLS_HTTP_BOTH : TLS_HTTP1 };

	if (l->over != OVER_TCP && tls_client_new(&tls, &l->tls) != NULL)
		BUG("no settings for TLS");
	for (unsigned i = 0; i < l->ntargets; i++) {
		struct target *t = l->target[i];
		for (unsigned k = 0; k < t->naddrs; k++) {
			struct caller_conf conf = { t->addr[k], l->connections_max / t->naddrs, l->tls, l->over == OVER_H2, "" };
			str_copy(conf.host, sizeof conf.host, str_of(t->host));
			t->caller[k] = caller_new(l->loop, &conf);
		}
	}
}

static void
load_start(struct load *l)
{
	rng_seed(&l->rng, l->seed);
	rng_seed(&l->spread, ~l->seed);
	callers_make(l);
	wake_open(&l->wake, l->loop, on_wake, l);
	l->start = clock_mono_usec();
	l->next = l->start;
	l->stop = l->start + (int64_t)(l->seconds * 1e6);
	lag_start(&l->lag, l->start);
	wake_by(&l->wake, l->start);
	timer_set(l->loop, &l->tick, l->start + (int64_t)(l->every * 1e6), on_tick, l);
	if (l->closed > 0)
		closed_start(l);
}

int
main(int argc, char **argv)
{
	struct load *l = must_zalloc(sizeof *l);

	*l = (struct load){ .rate = 100, .seconds = 10, .grace = 2, .work = 0.02, .every = 0.5, .seed = 1, .connections_max = 4000,
		.prefix = "", .path = "/" };
	buf_init(&l->fields, CALL_TEXT_MAX / 2);
	if (!options_parse(l, argc, argv))
		return usage();
	connections_limit(l);
	l->loop = loop_new();
	signals_watch(l);
	load_start(l);
	loop_run(l->loop);
	count_unfinished(l);
	if (l->json) {
		report_json(l);
	} else {
		report_table(l);
		report_bench(l);
	}
	fflush(NULL);
	_exit(0);			/* the kernel frees faster than we could */
}
