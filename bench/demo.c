/*
 * demo: a show for people. Starts an emulated cluster, Mola in front of it, and a load; a hog comes to the biggest
 * node and goes again. Each policy has a clone of the cluster of its own behind the same Mola and meets the same
 * requests, the same tenants and the same hog at the same time. Ends with the table that says what it was worth.
 *
 * Everything is on loopback, needs no rights, and ends with us: children are stopped by their pid, and the
 * kernel ends them should we be killed.
 */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "base/clock.h"
#include "base/form.h"
#include "lib/child.h"
#include "lib/config.h"
#include "lib/get.h"
#include "lib/lag.h"
#include "lib/limits.h"
#include "lib/look.h"
#include "lib/plan.h"
#include "lib/show.h"

#define REFRESH_MSEC	250
#define LOAD		.7		/* of all cores: requests and tenants */
#define TENANTS		.15		/* the tenants' part of it */
#define WORK		.02		/* seconds of one core, mean */
#define WARMUP		3.0		/* seconds that do not count: Mola's first samples */
#define HOG_FROM	.35		/* of the whole time */
#define HOG_TO		.65
#define BACK		.1		/* a share of the requests with which the node is back in use */

static const char *const policies[] = { "marginal", "least-conn", "round-robin", "best-node" };
#define NPOLICIES (sizeof policies / sizeof *policies)

struct demo {
	struct plan	 plan;
	struct show	 show;
	struct child	 cluster, mola, load;
	char		 dir[64], bin[512], mola_bin[600], conf[128], log[128];
	char		 listen[32], admin[32], token[25];
	struct look	 look;
	int		 signals, report;	/* descriptors */
	int64_t		 start;			/* of the load */
	double		 total;
	unsigned	 hog_node, hog_threads;	/* node from 0 */
	bool		 hogged, avoided;
	double		 hog_at, share_before;
	unsigned	 connections;		/* of the load to each policy: past it requests wait in the load */
	double		 next_line;		/* where there is no terminal */
	bool		 stopped;		/* Ctrl-C */
};

/* Where things are and listen. */

static void
find_programs(struct demo *d)
{
	ssize_t n = readlink("/proc/self/exe", d->bin, sizeof d->bin - 1);
	const char *mola = getenv("MOLA");

	ASSERT(n > 0);
	d->bin[n] = '\0';
	*strrchr(d->bin, '/') = '\0';
	if (mola != NULL)
		snprintf(d->mola_bin, sizeof d->mola_bin, "%s", mola);
	else
		snprintf(d->mola_bin, sizeof d->mola_bin, "%s/../mola", d->bin);
}

static bool
can_listen(const char *text)
{
	struct addr a;
	int fd;

	ASSERT(addr_parse(str_of(text), &a) == NULL);
	if (sock_listen(&a, false, &fd) != NULL)
		return false;
	close(fd);
	return true;
}

/* The friendly port if it is free, else the next free one above `otherwise`. */
static void
choose_port(char out[32], unsigned friendly, unsigned otherwise)
{
	snprintf(out, 32, "127.0.0.1:%u", friendly);
	while (!can_listen(out)) {
		ASSERT(otherwise < 65535);
		snprintf(out, 32, "127.0.0.1:%u", otherwise++);
	}
}

static void
choose_net(struct demo *d)
{
	char text[PLAN_TEXT_MAX];

	while (!can_listen(plan_address(&d->plan, 0, PLAN_CONTROL, d->plan.task_port, text))) {
		ASSERT(d->plan.net[1] < 255);
		d->plan.net[1]++;
	}
	plan_addr(&d->plan, 0, PLAN_CONTROL, d->plan.task_port, &d->look.control);
}

/* Whoever has it may drain nodes of the demo. */
static void
token_make(struct demo *d)
{
	unsigned char b[(sizeof d->token - 1) / 2];

	if (getrandom(b, sizeof b, 0) != sizeof b)
		BUG("there is no randomness");
	for (size_t i = 0; i < sizeof b; i++)
		snprintf(d->token + 2 * i, 3, "%02x", b[i]);
}

static void
choose_places(struct demo *d)
{
	choose_port(d->admin, 8000, 18000);
	choose_port(d->listen, 8080, 18080);
	choose_net(d);
	ASSERT(addr_parse(str_of(d->admin), &d->look.admin) == NULL);
	snprintf(d->dir, sizeof d->dir, "/tmp/mola-demo.XXXXXX");
	if (mkdtemp(d->dir) == NULL || chmod(d->dir, 0755) != 0) {
		perror("demo: /tmp");
		exit(1);
	}
	token_make(d);
	snprintf(d->conf, sizeof d->conf, "%s/mola.yaml", d->dir);
	snprintf(d->log, sizeof d->log, "%s/mola.log", d->dir);
}

/* The end. */

static void
clean_up(struct demo *d, bool keep)
{
	char socket[128];

	child_stop(&d->load, 3000);
	child_stop(&d->mola, 4000);
	child_stop(&d->cluster, 2000);
	if (keep)
		return;
	snprintf(socket, sizeof socket, "%s/admin.sock", d->dir);
	unlink(socket);
	unlink(d->conf);
	unlink(d->log);
	rmdir(d->dir);
}

static void __attribute__((noreturn))
give_up(struct demo *d, const char *what)
{
	char tail[160];

	show_end(&d->show, stdout);
	fprintf(stderr, "demo: %s\n", what);
	clean_up(d, true);
	snprintf(tail, sizeof tail, "tail -n 5 %s 2>/dev/null >&2", d->log);
	if (system(tail) == 0)
		fprintf(stderr, "demo: Mola's configuration and log are in %s\n", d->dir);
	exit(1);
}

/* The beginning. */

static void
conf_write(struct demo *d)
{
	char socket[128];
	struct config c = { .plan = &d->plan, .listen = d->listen, .admin = d->admin, .socket = socket, .period = "1s",
		.npolicies = NPOLICIES, .token = d->token, .agents = true };
	FILE *f = fopen(d->conf, "we");

	snprintf(socket, sizeof socket, "%s/admin.sock", d->dir);
	if (f == NULL)
		give_up(d, "cannot write the configuration");
	fchmod(fileno(f), 0600);
	memcpy(c.policy, policies, sizeof policies);
	config_write(&c, f);
	fclose(f);
}

static void
cluster_start(struct demo *d)
{
	char path[600], net[32], port[16], exporter[16], sets[16], tenants[16], seed[] = "7", ready[16];
	char *argv[] = { path, "--net", net, "--port", port, "--exporter-port", exporter, "--sets", sets, "--tenants", tenants,
		"--seed", seed, NULL };
	int pipe_fd[2];

	snprintf(path, sizeof path, "%s/cluster", d->bin);
	snprintf(net, sizeof net, "%u.%u.%u", d->plan.net[0], d->plan.net[1], d->plan.net[2]);
	snprintf(port, sizeof port, "%u", d->plan.task_port);
	snprintf(exporter, sizeof exporter, "%u", d->plan.exporter_port);
	snprintf(sets, sizeof sets, "%u", d->plan.nsets);
	snprintf(tenants, sizeof tenants, "%g", TENANTS);
	if (pipe2(pipe_fd, O_CLOEXEC) != 0 || !child_start(&d->cluster, argv, pipe_fd + 1, 1))
		give_up(d, "cannot start the emulated cluster");
	close(pipe_fd[1]);
	if (read(pipe_fd[0], ready, sizeof ready) < 5)
		give_up(d, "the emulated cluster did not come up");
	close(pipe_fd[0]);
}

static void
mola_start(struct demo *d)
{
	char *argv[] = { d->mola_bin, "run", "-c", d->conf, NULL };
	int fd[2], status;
	struct buf b;
	bool up = false;

	fd[0] = fd[1] = open(d->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	if (fd[0] < 0 || !child_start(&d->mola, argv, fd, 2))
		give_up(d, "cannot start mola");
	close(fd[0]);
	buf_init(&b, 4096);
	for (int look = 0; look < 100 && !up; look++) {
		if (child_ended(&d->mola, &status))
			give_up(d, "mola ended at once");
		up = get_text(&d->look.admin, "GET", "/healthz", &b);
		if (!up)
			poll(NULL, 0, 50);
	}
	buf_fini(&b);
	if (!up)
		give_up(d, "mola did not become healthy within 5 s");
}

static void
load_start(struct demo *d)
{
	char path[600], rate[16], seconds[16], warmup[16], most[16], target[NPOLICIES][128];
	char *argv[32] = { path, "--rate", rate, "--seconds", seconds, "--warmup", warmup, "--grace", "0.5", "--connections", most,
		"--seed", "7", "--progress", "3", "--json" };
	int out[2], lines[2], n = 16, fd[3];

	snprintf(path, sizeof path, "%s/load", d->bin);
	snprintf(rate, sizeof rate, "%.1f", d->show.rate);
	snprintf(seconds, sizeof seconds, "%.1f", d->total);
	snprintf(warmup, sizeof warmup, "%.1f", WARMUP);
	snprintf(most, sizeof most, "%u", d->connections);
	for (unsigned k = 0; k < NPOLICIES; k++) {
		snprintf(target[k], sizeof target[k], "%s=%s,%s", policies[k], d->listen, policies[k]);
		argv[n++] = "--target";
		argv[n++] = target[k];
	}
	if (pipe2(out, O_CLOEXEC) != 0 || pipe2(lines, O_CLOEXEC) != 0)
		give_up(d, "no pipes");
	fd[0] = out[1];
	fd[1] = -1;
	fd[2] = lines[1];
	if (!child_start(&d->load, argv, fd, 3))
		give_up(d, "cannot start the load");
	close(out[1]);
	close(lines[1]);
	d->report = out[0];
	fcntl(lines[0], F_SETFL, O_NONBLOCK);
	d->look.progress = fdopen(lines[0], "r");
	d->start = clock_mono_usec();
}

/* The hog, and whether Mola noticed. */

static void
hog_set(struct demo *d, unsigned threads)
{
	char path[64], text[120];
	struct buf b;

	snprintf(path, sizeof path, "/hog?node=%u&threads=%u", d->hog_node + 1, threads);
	buf_init(&b, 4096);
	if (!get_text(&d->look.control, "POST", path, &b))
		show_event(&d->show, stdout, "the emulated cluster did not take the hog");
	buf_fini(&b);
	if (threads > 0)
		snprintf(text, sizeof text, "a hog of %u threads starts on n%u (%g cores)", threads, d->hog_node + 1,
		    d->plan.cores[d->hog_node]);
	else
		snprintf(text, sizeof text, "the hog leaves n%u", d->hog_node + 1);
	d->share_before = d->show.node[d->hog_node].share;
	d->hog_at = d->show.seconds;
	d->hogged = threads > 0;
	d->avoided = false;
	show_event(&d->show, stdout, text);
}

static void
hog_turn(struct demo *d)
{
	double part = d->show.seconds / d->total;
	bool wanted = part >= HOG_FROM && part < HOG_TO;

	if (wanted != d->hogged)
		hog_set(d, wanted ? d->hog_threads : 0);
}

static void
hog_watch(struct demo *d)
{
	double now = look_share(&d->look, d->hog_node, 1), after = d->show.seconds - d->hog_at;
	char text[120];

	if (d->avoided || d->hog_at <= 0 || after <= 0)
		return;
	if (d->hogged ? now > .1 * d->share_before : now < BACK)
		return;
	d->avoided = true;
	if (d->hogged)
		snprintf(text, sizeof text, "%.1f s later n%u gets %.0f %% of the requests, not %.0f %%", after, d->hog_node + 1,
		    100 * now, 100 * d->share_before);
	else
		snprintf(text, sizeof text, "%.1f s later n%u gets %.0f %% of the requests again", after, d->hog_node + 1, 100 * now);
	show_event(&d->show, stdout, text);
}

static void
turn_once(struct demo *d, unsigned turn)
{
	d->show.seconds = (double)(clock_mono_usec() - d->start) / 1e6;
	if (d->show.seconds > d->total)
		d->show.seconds = d->total;
	look_truth(&d->look, &d->show);
	if (turn % 2 == 0)
		look_belief(&d->look, &d->show);
	hog_turn(d);
	hog_watch(d);
	show_draw(&d->show, stdout);
	if (d->show.seconds >= d->next_line) {
		show_line(&d->show, stdout);
		d->next_line += 5;
	}
}

static void
run(struct demo *d)
{
	struct pollfd wait = { .fd = d->signals, .events = POLLIN };
	int status;

	for (unsigned turn = 0; look_progress(&d->look, &d->show); turn++) {
		turn_once(d, turn);
		if (child_ended(&d->mola, &status))
			give_up(d, "mola ended");
		if (child_ended(&d->cluster, &status))
			give_up(d, "the emulated cluster ended");
		if (poll(&wait, 1, REFRESH_MSEC) > 0) {
			d->stopped = true;
			break;
		}
	}
}

/* The report. */

static void
report_read(struct demo *d)
{
	FILE *f = fdopen(d->report, "r");

	child_tell(&d->load, SIGTERM);			/* tells what it has, if it still runs */
	if (!look_report(f, &d->show))
		fprintf(stderr, "demo: the load left no report; what follows is the last that was seen\n");
	fclose(f);
}

static void
report(struct demo *d)
{
	double tolerated = LAG_TOLERATED;

	printf("\n%s %.0f s, the same requests, tenants and hog for every policy\n(the first %.0f s are not counted):\n\n",
	    d->stopped ? "Stopped after" : "After", d->show.seconds, WARMUP);
	show_table(&d->show, stdout);
	printf("\n marginal: Mola's own law: the state of the nodes and the requests in flight,\n"
	    " together. best-node: the best node gets everything until the next look, 5 s\n"
	    " later. Emulated: the %u nodes of %g to %g cores, their agents, and the work of\n"
	    " others on them. Each tenant is a container, as the hog and our tasks are, and\n"
	    " containers share a node's cores as Linux shares them. Real: Mola, its signals,\n"
	    " HTTP over TCP, %.0f requests a second to each policy.\n",
	    d->plan.nnodes, d->plan.cores[0], d->plan.cores[d->plan.nnodes - 1], d->show.rate);
	if (d->look.load_late > tolerated || d->look.cluster_late > tolerated)
		printf(" Note: this machine held us up %.1f %% of the time, which affects the figures.\n",
		    100 * (d->look.load_late > d->look.cluster_late ? d->look.load_late : d->look.cluster_late));
	printf("\n");
	show_words(&d->show, stdout);
	fflush(stdout);
}

static void
signals_block(struct demo *d)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	d->signals = signalfd(-1, &set, SFD_CLOEXEC);
	ASSERT(d->signals >= 0);
}

static void
scene_set(struct demo *d)
{
	const char *seconds = getenv("DEMO_SECONDS");
	struct show *s = &d->show;

	d->total = 45;
	if (seconds != NULL && (!form_number(str_of(seconds), &d->total) || d->total < 8 || d->total > 3600)) {
		fprintf(stderr, "demo: DEMO_SECONDS=%s: expected a number from 8 to 3600\n", seconds);
		exit(2);
	}
	d->connections = limits_raise() / (2 * NPOLICIES + 2);	/* a proxy needs two descriptors for one of ours */
	if (d->connections > 2500)
		d->connections = 2500;
	plan_default(&d->plan);
	d->plan.nsets = NPOLICIES;
	d->hog_node = d->plan.nnodes - 1;
	d->hog_threads = (unsigned)(3 * d->plan.cores[d->hog_node]);
	s->total = d->total;
	s->rate = round((LOAD - TENANTS) * plan_total_cores(&d->plan) / WORK);
	s->nnodes = d->plan.nnodes;
	s->npolicies = NPOLICIES;
	s->watched = d->hog_node;
	d->next_line = 1;
	for (unsigned i = 0; i < s->nnodes; i++) {
		s->node[i].cores = d->plan.cores[i];
		s->node[i].cost = NAN;
	}
	for (unsigned k = 0; k < NPOLICIES; k++)
		snprintf(s->policy[k].name, sizeof s->policy[k].name, "%s", policies[k]);
}

int
main(void)
{
	struct demo *d = must_zalloc(sizeof *d);
	int status;

	scene_set(d);
	find_programs(d);
	choose_places(d);
	signals_block(d);
	snprintf(d->show.page, sizeof d->show.page, "http://%s/#token=%s", d->admin, d->token);
	snprintf(d->show.where, sizeof d->show.where, " meanwhile: ./mola why --admin http://%s marginal", d->admin);
	if (strcmp(d->admin, "127.0.0.1:8000") == 0)
		snprintf(d->show.where, sizeof d->show.where, " meanwhile: ./mola why marginal");
	conf_write(d);
	cluster_start(d);
	mola_start(d);
	show_begin(&d->show, stdout);
	if (!d->show.terminal)
		printf("%u emulated nodes, %.0f requests/s to each of %zu policies for %.0f s.%s\nIn a browser: %s\n", d->plan.nnodes,
		    d->show.rate, NPOLICIES, d->total, d->show.where, d->show.page);
	fflush(stdout);
	load_start(d);
	run(d);
	report_read(d);
	show_end(&d->show, stdout);
	report(d);
	clean_up(d, false);
	fclose(d->look.progress);
	status = d->stopped ? 130 : 0;
	free(d);
	return status;
}
