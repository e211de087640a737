/*
 * cluster: N emulated nodes in one process. Each serves HTTP on an address of its own (its task), with the
 * CPU work that the request brings: GET /?work=0.0234 (seconds of one core), optionally &io=0.1 (a wait after
 * the work) and &hold=64 (MiB of memory while it runs). Work is done by a virtual CPU (lib/vcpu.h), shared with tenants and hogs; a second port serves
 * node_exporter text that agrees with it. Clones of the whole cluster ("sets") have the same tenants and
 * hogs at the same time, so that several balancers meet the same cluster.
 *
 * When this process could not run, what happens on the nodes is made up for exactly (lib/emu.h). Only the responses
 * are late then, and the lag says how late.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/bug.h"
#include "base/clock.h"
#include "base/rng.h"
#include "lib/config.h"
#include "lib/emu.h"
#include "lib/exporter.h"
#include "lib/lag.h"
#include "lib/limits.h"
#include "lib/plan.h"
#include "lib/tenants.h"
#include "world/law.h"

#define HOGS_MAX	64
#define GIB		(1024.0 * 1024 * 1024)
#define YOUTH_USEC	(60 * USEC_PER_SEC)

struct cluster;

struct hog {
	unsigned	 node, threads;
	int64_t		 from, to;		/* usec since the start */
	bool		 on, over;
};

struct oracle {
	struct cluster	*cluster;
	unsigned	 set;
};

struct cluster {
	struct loop	*loop;
	struct serve	*serve;
	struct plan	 plan;
	struct tenants_conf tenants_conf;
	uint64_t	 seed;
	struct rng	 rng;
	int64_t		 start, born;		/* the nodes were born earlier, so that tenants are there from the start */
	struct emu	*node[PLAN_SETS_MAX][PLAN_NODES_MAX];
	struct oracle	 oracle[PLAN_SETS_MAX];
	struct tenants	 tenants[PLAN_NODES_MAX];
	struct hog	 hog[HOGS_MAX];
	unsigned	 nhogs;
	int64_t		 script_next;
	struct herd	 herd;
	struct lag	 lag;
	struct io	 signals;
};

/* What the nodes respond. */

static void
on_task(void *tag, struct serve_request *a)
{
	emu_take(tag, a, clock_mono_usec());
}

static void
on_exporter(void *tag, struct serve_request *a)
{
	struct emu *e = tag;
	struct buf text;
	char name[16];

	if (!str_eq(serve_path(a), STR("/metrics"))) {
		serve_respond(a, 404, NULL, STR("see /metrics\n"));
		return;
	}
	emu_catch_up(e, clock_mono_usec());
	buf_init(&text, 1 << 20);
	snprintf(name, sizeof name, "n%u", e->number);
	exporter_text(&text, &e->cpu, &e->ram, e->born, name);
	serve_respond(a, 200, "Content-Type: text/plain; version=0.0.4\r\n", buf_str(&text));
	buf_fini(&text);
}

/* The oracle: the law with nothing stale and nothing guessed. */

static void
on_oracle(void *tag, struct serve_request *a)
{
	struct oracle *o = tag;
	struct cluster *c = o->cluster;
	struct emu *best = NULL;
	int64_t now = clock_mono_usec();
	double least = 0;
	unsigned ties = 0;

	for (unsigned i = 0; i < c->plan.nnodes; i++) {
		struct emu *e = c->node[o->set][i];
		struct law_node truth = { .cores = e->cpu.cores, .balancers = 1 };
		double cost;

		emu_catch_up(e, now);
		cost = law_cost(&truth, emu_others(e), emu_ours(e));
		if (best != NULL && cost > least)
			continue;
		ties = best != NULL && cost == least ? ties + 1 : 1;
		if (rng_below(&c->rng, ties) == 0)
			best = e;
		least = cost;
	}
	emu_take(best, a, now);
}

/* The script: tenants and hogs, the same on all sets. */

static void
tenant_arrive(struct cluster *c, unsigned i, int64_t at)
{
	for (unsigned t = 0; t < c->tenants[i].threads; t++) {
		double work = tenants_work(&c->tenants[i]);
		for (unsigned k = 0; k < c->plan.nsets; k++)
			emu_tenant(c->node[k][i], work, at);
	}
	tenants_step(&c->tenants[i]);
}

static void
hog_turn(struct cluster *c, struct hog *h, bool on, int64_t at)
{
	int by = on ? (int)h->threads : -(int)h->threads;

	for (unsigned k = 0; k < c->plan.nsets; k++)
		emu_hog(c->node[k][h->node - 1], by, at);
	h->on = on;
	h->over = !on;
}

static int64_t
hog_next(const struct cluster *c, const struct hog *h)
{
	if (h->over)
		return INT64_MAX;
	if (!h->on)
		return c->start + h->from;
	return h->to == INT64_MAX ? INT64_MAX : c->start + h->to;
}

static void
script_run(struct cluster *c, int64_t now)
{
	while (c->script_next <= now) {
		int64_t at = c->script_next;

		c->script_next = INT64_MAX;
		for (unsigned i = 0; i < c->plan.nnodes; i++) {
			if (c->tenants[i].next <= at)
				tenant_arrive(c, i, at);
			if (c->tenants[i].next < c->script_next)
				c->script_next = c->tenants[i].next;
		}
		for (unsigned i = 0; i < c->nhogs; i++) {
			if (hog_next(c, &c->hog[i]) <= at)
				hog_turn(c, &c->hog[i], !c->hog[i].on, at);
			if (hog_next(c, &c->hog[i]) < c->script_next)
				c->script_next = hog_next(c, &c->hog[i]);
		}
	}
}

static void
on_wake(void *arg)
{
	struct cluster *c = arg;
	int64_t now = clock_mono_usec();

	script_run(c, now);
	herd_run(&c->herd, now);
	lag_beat(&c->lag, now);
	wake_by(&c->herd.wake, c->script_next);
	wake_by(&c->herd.wake, c->lag.next);
}

/* Control: what is, and hogs by hand. */

static void
lag_json(const struct lag *l, struct buf *b)
{
	buf_printf(b, "{\"p50_ms\":%.3f,\"p99_ms\":%.3f,\"max_ms\":%.3f,\"late_share\":%.5f,\"coloured\":%s}",
	    (double)hist_quantile(&l->hist, .5) / 1e3, (double)hist_quantile(&l->hist, .99) / 1e3, (double)l->hist.max / 1e3,
	    lag_late_share(l), lag_colours(l) ? "true" : "false");
}

static void
state_json(struct cluster *c, struct buf *b)
{
	int64_t now = clock_mono_usec();

	buf_printf(b, "{\"seconds\":%.3f,\"lag\":", (double)(now - c->start) / 1e6);
	lag_json(&c->lag, b);
	buf_printf(b, ",\"sets\":[");
	for (unsigned k = 0; k < c->plan.nsets; k++) {
		buf_printf(b, "%s[", k > 0 ? "," : "");
		for (unsigned i = 0; i < c->plan.nnodes; i++) {
			struct emu *e = c->node[k][i];
			emu_catch_up(e, now);
			buf_printf(b, "%s{\"node\":\"n%u\",\"cores\":%g,\"jobs\":%u,\"waiting\":%zu,\"foreign\":%u,\"hog\":%u,"
			    "\"busy_seconds\":%.6f,\"memory_used\":%.4f,\"stall\":%.4f,\"thrash_seconds\":%.3f,\"arrived\":%" PRIu64 ",\"done\":%" PRIu64 "}", i > 0 ? "," : "", e->number, e->cpu.cores,
			    emu_ours(e), e->waits.jobs.count, emu_others(e), e->hog, e->cpu.busy_usec / 1e6,
			    (e->ram.parked + e->ram.held) / e->ram.total, e->cpu.stall, e->ram.thrash_usec / 1e6, e->arrived, e->done);
		}
		buf_printf(b, "]");
	}
	buf_printf(b, "]}\n");
}

/* A hog by hand replaces what an earlier one by hand left there. */
static int
hog_by_hand(struct cluster *c, const struct serve_request *a)
{
	double node = serve_number(a, "node", 0), threads = serve_number(a, "threads", -1);
	int64_t now = clock_mono_usec();
	struct hog h;

	if (!(node >= 1 && node <= c->plan.nnodes) || !(threads >= 0 && threads <= 4096))
		return 400;
	script_run(c, now);
	h = (struct hog){ .node = (unsigned)node, .threads = c->node[0][(unsigned)node - 1]->hog };
	if (h.threads > 0)
		hog_turn(c, &h, false, now);
	h.threads = (unsigned)threads;
	hog_turn(c, &h, true, now);
	for (unsigned i = 0; i < c->nhogs; i++)		/* the script's own is gone with it */
		if (c->hog[i].node == h.node && c->hog[i].on)
			c->hog[i].over = true;
	return 200;
}

static void
on_control(void *tag, struct serve_request *a)
{
	struct cluster *c = tag;
	struct str path = serve_path(a);
	struct buf b;
	int status = 200;

	buf_init(&b, 8 << 20);
	if (str_eq(path, STR("/lag"))) {
		lag_json(&c->lag, &b);
		buf_printf(&b, "\n");
	} else if (str_eq(path, STR("/lag/reset"))) {
		lag_start(&c->lag, clock_mono_usec());
	} else if (str_eq(path, STR("/state"))) {
		state_json(c, &b);
	} else if (str_eq(path, STR("/hog")) && str_eq(serve_method(a), STR("POST"))) {
		status = hog_by_hand(c, a);
	} else {
		status = 404;
		buf_printf(&b, "GET /state, GET /lag, POST /lag/reset, POST /hog?node=N&threads=T\n");
	}
	serve_respond(a, status, NULL, buf_str(&b));
	buf_fini(&b);
}

/* Birth. */

static void
listen_or_die(struct cluster *c, unsigned set, unsigned node, unsigned port, serve_f *fn, void *tag)
{
	char text[PLAN_TEXT_MAX];
	struct addr addr;

	plan_addr(&c->plan, set, node, port, &addr);
	if (serve_listen(c->serve, &addr, fn, tag))
		return;
	fprintf(stderr, "cluster: cannot listen on %s: %s\n", plan_address(&c->plan, set, node, port, text), strerror(errno));
	exit(1);
}

static void
node_start(struct cluster *c, unsigned set, unsigned i)
{
	double total = (c->plan.ram[i] > 0 ? c->plan.ram[i] : 4 * ceil(c->plan.cores[i])) * GIB;
	struct ram ram = { .total = total, .parked = total * c->plan.parked[i] };
	struct emu *e = emu_new(&c->herd, i + 1, c->plan.cores[i], &ram, c->born);

	c->node[set][i] = e;
	listen_or_die(c, set, e->number, c->plan.task_port, on_task, e);
	listen_or_die(c, set, e->number, c->plan.exporter_port, on_exporter, e);
}

static void
cluster_start(struct cluster *c)
{
	c->start = clock_mono_usec();
	c->born = c->start - YOUTH_USEC;
	c->script_next = c->born;
	rng_seed(&c->rng, c->seed);
	for (unsigned i = 0; i < c->plan.nnodes; i++)
		tenants_init(&c->tenants[i], c->seed * 1000 + i, &c->tenants_conf, c->plan.cores[i], c->born);
	herd_init(&c->herd, c->loop, on_wake, c);
	for (unsigned k = 0; k < c->plan.nsets; k++) {
		for (unsigned i = 0; i < c->plan.nnodes; i++)
			node_start(c, k, i);
		c->oracle[k] = (struct oracle){ c, k };
		listen_or_die(c, k, PLAN_ORACLE, c->plan.task_port, on_oracle, &c->oracle[k]);
	}
	listen_or_die(c, 0, PLAN_CONTROL, c->plan.task_port, on_control, c);
	lag_start(&c->lag, c->start);
	wake_by(&c->herd.wake, c->start);
}

static void
on_signal(void *arg, uint32_t events)
{
	(void)events;
	loop_stop(((struct cluster *)arg)->loop);
}

static void
signals_watch(struct cluster *c)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	ASSERT(fd >= 0);
	loop_watch(c->loop, &c->signals, fd, LOOP_LEVEL, on_signal, c);
}

static int
usage(void)
{
	fputs("usage: cluster [option...]\n"
	    "  --cores LIST       cores of each node (default \"1 1 2 2 4 4 8 8\")\n"
	    "  --ram LIST         memory of each node in GiB, or one for all (4 for each core)\n"
	    "  --parked LIST      how much of it others hold for good, up to 1 (0.5)\n"
	    "  --sets K           clones of the whole cluster (1)\n"
	    "  --net A.B.C        addresses: node i of set k is A.B.(C+k).i (127.0.10)\n"
	    "  --port P           of the tasks, the oracles (.250) and the control (.254 of set 0) (20080)\n"
	    "  --exporter-port P  of the emulated node_exporters (29100)\n"
	    "  --tenants F        work of others, as a fraction of the cores (0)\n"
	    "  --size F           threads of one tenant, as a fraction of its node's cores (2)\n"
	    "  --burst SECONDS    mean work of one such thread (2)\n"
	    "  --seed N           of the tenants (1)\n"
	    "  --hog NODE,THREADS,FROM[,TO]   seconds from the start; may be given again\n"
	    "  --orca             responses report the load of their node (endpoint-load-metrics)\n"
	    "  --config LISTEN,ADMIN,SOCKET,PERIOD,POLICY,...   do not run: print a configuration of Mola for this cluster,\n"
	    "                     policy k on set k, chosen by the host of that name;\n"
	    "                     NAME=PROFILE is policy marginal for that profile\n", stderr);
	return 2;
}

/* Never returns: prints, and that was it. */
static bool
config_print(const struct cluster *c, char *list)
{
	char *word[PLAN_SETS_MAX + 4], *rest = list;
	struct config conf = { .plan = &c->plan };
	unsigned n = 0;

	while (n < PLAN_SETS_MAX + 4 && (word[n] = strsep(&rest, ",")) != NULL)
		n++;
	if (n < 5 || n - 4 > c->plan.nsets)
		return false;
	conf.listen = word[0];
	conf.admin = word[1];
	conf.socket = word[2];
	conf.period = word[3];
	conf.npolicies = n - 4;
	memcpy(conf.policy, word + 4, conf.npolicies * sizeof *word);
	config_write(&conf, stdout);
	exit(0);
}

static bool
hog_parse(struct cluster *c, const char *text)
{
	double from, to = -1;
	struct hog *h = &c->hog[c->nhogs];
	int n = sscanf(text, "%u,%u,%lf,%lf", &h->node, &h->threads, &from, &to);

	if (n < 3 || c->nhogs == HOGS_MAX - 1 || h->node < 1 || h->threads > 4096 || from < 0)
		return false;
	h->from = (int64_t)(from * 1e6);
	h->to = n == 4 ? (int64_t)(to * 1e6) : INT64_MAX;
	c->nhogs++;
	return true;
}

static bool
options_parse(struct cluster *c, int argc, char **argv)
{
	static const struct option options[] = { { "cores", 1, NULL, 'c' }, { "ram", 1, NULL, 'm' },
		{ "parked", 1, NULL, 'P' }, { "sets", 1, NULL, 'k' }, { "net", 1, NULL, 'n' },
		{ "port", 1, NULL, 'p' }, { "exporter-port", 1, NULL, 'e' }, { "tenants", 1, NULL, 't' }, { "burst", 1, NULL, 's' },
		{ "size", 1, NULL, 'z' }, { "seed", 1, NULL, 'r' }, { "hog", 1, NULL, 'h' },
		{ "orca", 0, NULL, 'o' }, { "config", 1, NULL, 'C' }, { 0 } };
	char *config = NULL, *ram = NULL, *parked = NULL;
	bool ok = true;
	int o;

	while (ok && (o = getopt_long(argc, argv, "", options, NULL)) != -1)
		switch (o) {
		case 'c': ok = plan_cores(&c->plan, optarg); break;
		case 'm': ram = optarg; break;
		case 'P': parked = optarg; break;
		case 'k': ok = (c->plan.nsets = (unsigned)atoi(optarg)) >= 1 && c->plan.nsets <= PLAN_SETS_MAX; break;
		case 'n': ok = plan_net(&c->plan, optarg); break;
		case 'p': c->plan.task_port = (unsigned)atoi(optarg); break;
		case 'e': c->plan.exporter_port = (unsigned)atoi(optarg); break;
		case 't': ok = (c->tenants_conf.load = atof(optarg)) >= 0; break;
		case 's': ok = (c->tenants_conf.work_seconds = atof(optarg)) > 0; break;
		case 'z': ok = (c->tenants_conf.size = atof(optarg)) > 0; break;
		case 'r': c->seed = strtoull(optarg, NULL, 10); break;
		case 'h': ok = hog_parse(c, optarg); break;
		case 'o': c->herd.orca = true; break;
		case 'C': config = optarg; break;
		default: ok = false;
		}
	ok = ok && (ram == NULL || plan_ram(&c->plan, ram)) && (parked == NULL || plan_parked(&c->plan, parked));
	for (unsigned i = 0; i < c->nhogs; i++)
		ok = ok && c->hog[i].node <= c->plan.nnodes;
	return ok && optind == argc && (config == NULL || config_print(c, config));
}

int
main(int argc, char **argv)
{
	struct cluster *c = must_zalloc(sizeof *c);
	struct buf b;

	plan_default(&c->plan);
	c->tenants_conf = (struct tenants_conf)TENANTS_DEFAULT;
	c->seed = 1;
	if (!options_parse(c, argc, argv))
		return usage();
	limits_raise();
	c->loop = loop_new();
	c->serve = serve_new(c->loop);
	signals_watch(c);
	cluster_start(c);
	puts("ready");
	fflush(stdout);
	loop_run(c->loop);
	buf_init(&b, 1024);
	lag_json(&c->lag, &b);
	printf("lag %.*s\n", STR_ARG(buf_str(&b)));
	fflush(stdout);
	_exit(0);			/* the kernel frees faster than we could */
}
