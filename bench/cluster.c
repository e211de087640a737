/*
 * cluster: N emulated nodes in one process. Each serves HTTP on an address of its own (its task), with the
 * CPU work that the request brings: GET /?work=0.0234 (seconds of one core), optionally &io=0.1 (a wait after
 * the work) and &hold=64 (MiB of memory while it runs). Cores are shared as the kernel shares them (sharing/cores.h): the task,
 * each tenant and hogs are containers of their own. Two more ports serve node_exporter's text and that of Mola's agent, which
 * agree with it. Clones of the whole cluster ("sets") have the same tenants and hogs at the same time, so that several balancers
 * meet the same cluster.
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

#include "base/alloc.h"
#include "base/bug.h"
#include "base/clock.h"
#include "base/rng.h"
#include "lib/agent.h"
#include "lib/config.h"
#include "lib/emu.h"
#include "lib/exporter.h"
#include "lib/lag.h"
#include "lib/limits.h"
#include "lib/plan.h"
#include "lib/script.h"
#include "world/law.h"

#define GIB		(1024.0 * 1024 * 1024)
#define YOUTH_USEC	(60 * USEC_PER_SEC)

struct cluster;

struct oracle {
	struct cluster	*cluster;
	unsigned	 set;
};

struct cluster {
	struct loop	*loop;
	struct serve	*serve;
	struct plan	 plan;
	struct script	 script;
	struct emu_conf	 conf;			/* of a node, but for what the plan says */
	bool		 agents;		/* in the configuration that is printed */
	uint64_t	 seed;
	struct rng	 rng;
	int64_t		 start, born;		/* the nodes were born earlier, so that tenants are there from the start */
	struct emu	*node[PLAN_SETS_MAX][PLAN_NODES_MAX];
	struct oracle	 oracle[PLAN_SETS_MAX];
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

static void
on_agent(void *tag, struct serve_request *a)
{
	struct emu *e = tag;

	agent_take(e, serve_loop(a), a, clock_mono_usec());
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
		cost = law_cost_task(&truth, emu_others(e), emu_ours(e), cores_group_most(&e->cpu, e->ours->group), emu_ours(e));
		if (best != NULL && cost > least)
			continue;
		ties = best != NULL && cost == least ? ties + 1 : 1;
		if (rng_below(&c->rng, ties) == 0)
			best = e;
		least = cost;
	}
	emu_take(best, a, now);
}

static void
on_wake(void *arg)
{
	struct cluster *c = arg;
	int64_t now = clock_mono_usec();

	script_run(&c->script, now);
	herd_run(&c->herd, now);
	lag_beat(&c->lag, now);
	wake_by(&c->herd.wake, c->script.next);
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

static unsigned
containers(const struct emu *e)
{
	const struct emu_box *b;
	unsigned n = 0;

	LIST_FOREACH(b, &e->boxes, link)
		n++;
	return n;
}

static void
node_json(const struct emu *e, struct buf *b)
{
	buf_printf(b, "{\"node\":\"n%u\",\"cores\":%g,\"jobs\":%u,\"waiting\":%zu,\"foreign\":%u,\"hog\":%u,\"busy_seconds\":%.6f,"
	    "\"others_seconds\":%.6f,\"containers\":%u,\"available\":%.4f,\"memory_used\":%.4f,\"stall\":%.4f,\"thrash_seconds\":%.3f,"
	    "\"arrived\":%" PRIu64 ",\"done\":%" PRIu64 "}", e->number, e->cpu.cores, emu_ours(e), (size_t)e->waits.threads, emu_others(e), e->hog,
	    e->cpu.busy_usec / 1e6, e->others_usec / 1e6, containers(e), cores_group_most(&e->cpu, e->ours->group),
	    (e->ram.parked + e->ram.held) / e->ram.total, e->cpu.stall, e->ram.thrash_usec / 1e6, e->arrived, e->done);
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
			buf_printf(b, "%s", i > 0 ? "," : "");
			node_json(e, b);
		}
		buf_printf(b, "]");
	}
	buf_printf(b, "]}\n");
}

static int
hog_by_hand(struct cluster *c, const struct serve_request *a)
{
	double node = serve_number(a, "node", 0), threads = serve_number(a, "threads", -1);

	if (!(node >= 1 && node <= c->plan.nnodes) || !(threads >= 0 && threads <= 4096))
		return 400;
	script_hog_by_hand(&c->script, (unsigned)node, (unsigned)threads, clock_mono_usec());
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
	struct emu_conf conf = c->conf;
	struct emu *e;

	conf.cores = c->plan.cores[i];
	conf.ram = (struct ram){ .total = total, .parked = total * c->plan.parked[i] };
	conf.ours.quota = c->plan.quota[i] > 0 ? c->plan.quota[i] : INFINITY;
	c->node[set][i] = e = emu_new(&c->herd, set, i + 1, &conf, c->born);
	listen_or_die(c, set, e->number, c->plan.task_port, on_task, e);
	listen_or_die(c, set, e->number, c->plan.exporter_port, on_exporter, e);
	listen_or_die(c, set, e->number, c->plan.agent_port, on_agent, e);
}

static void
cluster_start(struct cluster *c)
{
	c->start = clock_mono_usec();
	c->born = c->start - YOUTH_USEC;
	rng_seed(&c->rng, c->seed);
	herd_init(&c->herd, c->loop, on_wake, c);
	for (unsigned k = 0; k < c->plan.nsets; k++) {
		for (unsigned i = 0; i < c->plan.nnodes; i++)
			node_start(c, k, i);
		c->oracle[k] = (struct oracle){ c, k };
		listen_or_die(c, k, PLAN_ORACLE, c->plan.task_port, on_oracle, &c->oracle[k]);
	}
	listen_or_die(c, 0, PLAN_CONTROL, c->plan.task_port, on_control, c);
	script_start(&c->script, &c->plan, c->node, c->seed, c->born, c->start);
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
	    "  --agent-port P     of the emulated agents (29101)\n"
	    "  --sharing HOW      container: cores are shared by container, as the kernel does (by itself);\n"
	    "                     thread: as if all threads of a node were in one container\n"
	    "  --quota LIST       cores that the task of each node may use at most, or of all (no limit)\n"
	    "  --weight W         cpu.shares of a task's container (1024)\n"
	    "  --tenants F        work of others, as a fraction of the cores (0)\n"
	    "  --size F           threads of one tenant, as a fraction of its node's cores (2)\n"
	    "  --burst SECONDS    mean work of one such thread (2)\n"
	    "  --permanent F      threads of others that never end, as a fraction of the cores (0)\n"
	    "  --tenant-containers HOW   each: one for each tenant that comes (by itself); one: for all tenants of a node;\n"
	    "                     many: for each thread; small: 8 for each core that stay, in which short work comes and goes\n"
	    "  --tenant-quota C, --tenant-weight W   of each container of others (no limit, 1024)\n"
	    "  --seed N           of the tenants (1)\n"
	    "  --hog NODE,THREADS,FROM[,TO]   seconds from the start; may be given again\n"
	    "  --hog-containers N   among which the threads of a hog are divided (1)\n"
	    "  --orca             responses report the load of their node (endpoint-load-metrics)\n"
	    "  --config LISTEN,ADMIN,SOCKET,PERIOD,POLICY,...   do not run: print a configuration of Mola for this cluster,\n"
	    "                     policy k on set k, chosen by the host of that name;\n"
	    "                     NAME=PROFILE is policy marginal for that profile\n"
	    "  --agents           there: nodes have agents, not node_exporters, and tasks say which container they are\n", stderr);
	return 2;
}

/* Never returns: prints, and that was it. */
static bool
config_print(const struct cluster *c, char *list)
{
	char *word[PLAN_SETS_MAX + 4], *rest = list;
	struct config conf = { .plan = &c->plan, .agents = c->agents };
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
tenants_in_parse(enum tenants_in *in, const char *text)
{
	static const char *const names[] = { [TENANTS_EACH] = "each", [TENANTS_ONE] = "one", [TENANTS_MANY] = "many",
		[TENANTS_SMALL] = "small" };

	for (unsigned i = 0; i < sizeof names / sizeof *names; i++)
		if (strcmp(text, names[i]) == 0) {
			*in = (enum tenants_in)i;
			return true;
		}
	return false;
}

static bool
sharing_parse(bool *by_thread, const char *text)
{
	*by_thread = strcmp(text, "thread") == 0;
	return *by_thread || strcmp(text, "container") == 0;
}

static bool
positive(const char *text, double *out)
{
	return (*out = atof(text)) > 0;
}

static const struct option options[] = { { "cores", 1, NULL, 'c' }, { "ram", 1, NULL, 'm' },
	{ "parked", 1, NULL, 'P' }, { "sets", 1, NULL, 'k' }, { "net", 1, NULL, 'n' }, { "port", 1, NULL, 'p' },
	{ "exporter-port", 1, NULL, 'e' }, { "agent-port", 1, NULL, 'a' }, { "sharing", 1, NULL, 'S' }, { "quota", 1, NULL, 'q' },
	{ "weight", 1, NULL, 'w' }, { "tenants", 1, NULL, 't' }, { "burst", 1, NULL, 's' }, { "size", 1, NULL, 'z' },
	{ "permanent", 1, NULL, 'f' }, { "tenant-containers", 1, NULL, 'T' }, { "tenant-quota", 1, NULL, 'Q' },
	{ "tenant-weight", 1, NULL, 'W' }, { "seed", 1, NULL, 'r' }, { "hog", 1, NULL, 'h' }, { "hog-containers", 1, NULL, 'H' },
	{ "orca", 0, NULL, 'o' }, { "config", 1, NULL, 'C' }, { "agents", 0, NULL, 'A' }, { 0 } };

static bool
option_parse(struct cluster *c, int o, const char *value)
{
	struct tenants_conf *t = &c->script.tenants_conf;

	switch (o) {
	case 'c': return plan_cores(&c->plan, value);
	case 'k': return (c->plan.nsets = (unsigned)atoi(value)) >= 1 && c->plan.nsets <= PLAN_SETS_MAX;
	case 'n': return plan_net(&c->plan, value);
	case 'p': return (c->plan.task_port = (unsigned)atoi(value)) > 0;
	case 'e': return (c->plan.exporter_port = (unsigned)atoi(value)) > 0;
	case 'a': return (c->plan.agent_port = (unsigned)atoi(value)) > 0;
	case 'S': return sharing_parse(&c->conf.by_thread, value);
	case 'w': return positive(value, &c->conf.ours.weight);
	case 't': return (t->load = atof(value)) >= 0;
	case 's': return positive(value, &t->work_seconds);
	case 'z': return positive(value, &t->size);
	case 'f': return (c->script.permanent = atof(value)) >= 0;
	case 'T': return tenants_in_parse(&t->in, value);
	case 'Q': return positive(value, &c->conf.tenants.quota);
	case 'W': return positive(value, &c->conf.tenants.weight);
	case 'r': c->seed = strtoull(value, NULL, 10); return true;
	case 'h': return script_hog_parse(&c->script, value);
	case 'H': return (c->conf.hogs = (unsigned)atoi(value)) >= 1 && c->conf.hogs <= EMU_HOGS_MAX;
	case 'o': return c->herd.orca = true;
	case 'A': return c->agents = true;
	default: return false;
	}
}

static bool
options_parse(struct cluster *c, int argc, char **argv)
{
	char *config = NULL, *ram = NULL, *parked = NULL, *quota = NULL;
	bool ok = true;
	int o;

	while (ok && (o = getopt_long(argc, argv, "", options, NULL)) != -1)
		switch (o) {		/* lists are as long as there are nodes */
		case 'm': ram = optarg; break;
		case 'P': parked = optarg; break;
		case 'q': quota = optarg; break;
		case 'C': config = optarg; break;
		default: ok = option_parse(c, o, optarg);
		}
	ok = ok && (ram == NULL || plan_ram(&c->plan, ram)) && (parked == NULL || plan_parked(&c->plan, parked))
	    && (quota == NULL || plan_quota(&c->plan, quota));
	for (unsigned i = 0; i < c->script.nhogs; i++)
		ok = ok && c->script.hog[i].node <= c->plan.nnodes;
	return ok && optind == argc && (config == NULL || config_print(c, config));
}

int
main(int argc, char **argv)
{
	struct cluster *c = must_zalloc(sizeof *c);
	struct buf b;

	plan_default(&c->plan);
	c->script.tenants_conf = (struct tenants_conf)TENANTS_DEFAULT;
	c->conf = (struct emu_conf){ .hogs = 1, .ours = { CORES_WEIGHT, INFINITY }, .tenants = { CORES_WEIGHT, INFINITY } };
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
