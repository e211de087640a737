/*
 * Real control groups, all below one that gets nearly all of the machine, so that what others do outside hardly matters; what
 * they still do is counted. Threads burn real time; who they are is a process for each part, counted by the kernel.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "share.h"

#define SETTLE_SECONDS	.25	/* the kernel knows a group's load as a mean over some tenths of a second */
#define PERIOD_USEC	100000		/* of quotas */
#define SHARES_MOST	262144		/* the kernel's own limit */
#define SHARES_USUAL	1024.0
#define WEIGHT_USUAL	100.0		/* what v2 calls that */
#define WEIGHT_MOST	10000
#define CHUNK		50000		/* turns of a loop: a small part of a burst */
#define PATH_BYTES	512

struct burner {				/* a process */
	pid_t		 pid;
	clockid_t	 clock;
	int		 go;		/* it waits for a byte of this */
};

struct usage {				/* seconds, ever */
	double		 at, part[SHARE_MAX], idle, stolen;
};

/* Where cgroups are: v2 in one tree, v1 in one of "cpu". */
static struct {
	char		 root[256], top[300];
	int		 version;
} where;

static bool
put(const char *directory, const char *file, const char *text)
{
	char path[PATH_BYTES];
	int fd, error;
	ssize_t n;

	snprintf(path, sizeof path, "%s/%s", directory, file);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : write(fd, text, strlen(text));
	error = errno;
	if (fd >= 0)
		close(fd);
	if (n == (ssize_t)strlen(text))
		return true;
	fprintf(stderr, "%s: cannot write '%s': %s\n", path, text, strerror(error));
	return false;
}

static bool
has_word(const char *list, const char *word, const char *separators)
{
	char copy[512], *rest = copy, *w;

	snprintf(copy, sizeof copy, "%s", list);
	while ((w = strsep(&rest, separators)) != NULL)
		if (strcmp(w, word) == 0)
			return true;
	return false;
}

static bool
offers_cpu(const char *root)
{
	char path[PATH_BYTES], list[512] = "";
	FILE *f;

	snprintf(path, sizeof path, "%s/cgroup.controllers", root);
	if ((f = fopen(path, "re")) == NULL)
		return false;
	if (fgets(list, sizeof list, f) == NULL)
		list[0] = '\0';
	fclose(f);
	return has_word(list, "cpu", " \n");
}

const char *
real_open(void)
{
	char line[1024], mounted[256], kind[32], options[512];
	FILE *f = fopen("/proc/self/mounts", "re");

	where.version = 0;
	while (f != NULL && fgets(line, sizeof line, f) != NULL) {
		if (sscanf(line, "%*s %255s %31s %511s", mounted, kind, options) != 3)
			continue;
		if (strcmp(kind, "cgroup") == 0 && has_word(options, "cpu", ","))
			where.version = 1;
		else if (strcmp(kind, "cgroup2") == 0 && offers_cpu(mounted))
			where.version = 2;
		else
			continue;
		snprintf(where.root, sizeof where.root, "%s", mounted);
	}
	if (f != NULL)
		fclose(f);
	if (where.version == 0)
		return "no control groups with the controller cpu are mounted";
	snprintf(where.top, sizeof where.top, "%s/mola-sharing.%d", where.root, (int)getpid());
	if (mkdir(where.top, 0755) != 0)
		return "control groups cannot be made here (root may, where they are mounted for writing)";
	if (where.version == 2 && (!put(where.root, "cgroup.subtree_control", "+cpu") || !put(where.top, "cgroup.subtree_control", "+cpu"))) {
		rmdir(where.top);
		return "the controller cpu cannot be had for groups below";
	}
	snprintf(line, sizeof line, "%d", where.version == 1 ? SHARES_MOST : WEIGHT_MOST);
	if (put(where.top, where.version == 1 ? "cpu.shares" : "cpu.weight", line))
		return NULL;
	rmdir(where.top);
	return "the weight of a group cannot be set";
}

const char *
real_version(void)
{
	return where.version == 1 ? "v1" : "v2";
}

void
real_close(void)
{
	rmdir(where.top);
}

/* Groups. */

static char *
path_of(const struct constellation *c, int g, char out[PATH_BYTES])
{
	char above[PATH_BYTES];

	if (g < 0)
		snprintf(out, PATH_BYTES, "%s", where.top);
	else
		snprintf(out, PATH_BYTES, "%s/%s", path_of(c, c->group[g].parent, above), c->group[g].name);
	return out;
}

static bool
group_make(const struct constellation *c, int g)
{
	const struct group *group = &c->group[g];
	char path[PATH_BYTES], text[64];
	bool v1 = where.version == 1, done;

	path_of(c, g, path);
	if (mkdir(path, 0755) != 0) {
		perror(path);
		return false;
	}
	snprintf(text, sizeof text, "%.0f", v1 ? group->weight : fmax(1, group->weight * WEIGHT_USUAL / SHARES_USUAL));
	done = put(path, v1 ? "cpu.shares" : "cpu.weight", text);
	if (!isinf(group->quota)) {
		snprintf(text, sizeof text, v1 ? "%.0f" : "%.0f %d", group->quota * PERIOD_USEC, PERIOD_USEC);
		done = done && put(path, v1 ? "cpu.cfs_quota_us" : "cpu.max", text);
	}
	if (!v1 && constellation_is_outer(c, g))
		done = done && put(path, "cgroup.subtree_control", "+cpu");
	return done;
}

static void
group_remove(const struct constellation *c, int g)
{
	char path[PATH_BYTES];

	path_of(c, g, path);
	for (int i = 0; i < 1000 && rmdir(path) != 0 && errno == EBUSY; i++)	/* its processes are still being buried */
		usleep(1000);
}

/* Burners. */

static double
seconds(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static __attribute__((noreturn)) void *
burn(void *arg)
{
	const struct part *p = arg;
	double nap = BURST_USEC / 1e6 * (1 / p->busy - 1);
	struct timespec t = { (time_t)nap, (long)((nap - floor(nap)) * 1e9) };

	for (volatile unsigned i = 0; p->busy == 1; i++)
		;
	for (;;) {
		double until = seconds(CLOCK_THREAD_CPUTIME_ID) + BURST_USEC / 1e6;
		while (seconds(CLOCK_THREAD_CPUTIME_ID) < until)
			for (volatile int i = 0; i < CHUNK; i++)	/* where the clock is slow, it is not the work */
				;
		nanosleep(&t, NULL);
	}
}

/* It waits to be let go, then all its threads burn. */
static __attribute__((noreturn)) void
burner_run(const struct part *p, int go)
{
	pthread_t thread;
	char c;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (read(go, &c, 1) < 0 && errno == EINTR)
		;
	for (unsigned i = 1; i < p->threads; i++)
		if (pthread_create(&thread, NULL, burn, (void *)p) != 0)
			_exit(1);
	burn((void *)p);
}

static bool
burner_start(const struct constellation *c, int part, struct burner *b)
{
	char path[PATH_BYTES], text[16];
	int go[2];

	*b = (struct burner){ .pid = -1, .go = -1 };
	if (pipe2(go, O_CLOEXEC) != 0 || (b->pid = fork()) < 0) {
		perror("fork");
		return false;
	}
	if (b->pid == 0) {
		close(go[1]);
		burner_run(&c->part[part], go[0]);
	}
	close(go[0]);
	b->go = go[1];
	snprintf(text, sizeof text, "%d", (int)b->pid);
	return clock_getcpuclockid(b->pid, &b->clock) == 0 && put(path_of(c, c->part[part].group, path), "cgroup.procs", text);
}

static void
burner_end(struct burner *b)
{
	if (b->go >= 0)
		close(b->go);
	if (b->pid < 0)
		return;
	kill(b->pid, SIGKILL);
	waitpid(b->pid, NULL, 0);
}

/* Counting. */

static void
usage_read(const struct constellation *c, const struct burner *b, struct usage *u)
{
	double idle, iowait, hz = (double)sysconf(_SC_CLK_TCK), stolen;
	FILE *f = fopen("/proc/stat", "re");

	if (f == NULL || fscanf(f, "cpu %*f %*f %*f %lf %lf %*f %*f %lf", &idle, &iowait, &stolen) != 3)
		abort();
	u->idle = (idle + iowait) / hz;
	u->stolen = stolen / hz;
	u->at = seconds(CLOCK_MONOTONIC);
	for (int i = 0; i < c->nparts; i++)
		u->part[i] = seconds(b[i].clock);
	fclose(f);
}

static void
sleep_seconds(double s)
{
	struct timespec t = { (time_t)s, (long)((s - floor(s)) * 1e9) };

	while (nanosleep(&t, &t) != 0 && errno == EINTR)
		;
}

static void
count(const struct constellation *c, const struct burner *b, double span, struct round *r)
{
	struct usage from, to;

	sleep_seconds(SETTLE_SECONDS);
	usage_read(c, b, &from);
	sleep_seconds(span);
	usage_read(c, b, &to);
	span = to.at - from.at;
	*r = (struct round){ .cpus = (int)sysconf(_SC_NPROCESSORS_ONLN) };
	for (int i = 0; i < c->nparts; i++) {
		r->cores[i] = (to.part[i] - from.part[i]) / span;
		r->total += r->cores[i];
	}
	r->idle = (to.idle - from.idle) / span;
	r->stolen = (to.stolen - from.stolen) / span;
	r->outside = fmax(0, r->cpus - r->total - r->idle);
}

/* Who counts comes before those who are counted. Where that is not allowed, it matters little. */
static void
go_first(void)
{
	struct sched_param first = { .sched_priority = 1 };

	sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &first);
}

bool
real_round(const struct constellation *c, double span, struct round *r)
{
	struct burner b[SHARE_MAX];
	int made = 0, started = 0;
	bool fine = true;

	go_first();
	while (fine && made < c->ngroups)
		fine = group_make(c, made++);
	while (fine && started < c->nparts)
		fine = burner_start(c, started, &b[started]), started++;
	for (int i = 0; i < started; i++)
		fine = fine && write(b[i].go, "", 1) == 1;
	if (fine)
		count(c, b, span, r);
	while (started > 0)
		burner_end(&b[--started]);
	while (made > 0)
		group_remove(c, --made);
	return fine;
}
