/*
 * tenants: other people's containers on a machine, for real. They come as those of an emulated node do (lib/tenants.h): at
 * random moments, each with some threads, each thread with an amount of CPU work, after which it goes. Here a tenant is one
 * container with all its threads, or a container for each of them. A container is a process in a cgroup of its own below the
 * machine's, named as Docker names it, and the work is CPU time of its threads. The same seed brings the same tenants at
 * the same moments with the same work.
 *
 * At the end it prints in one line of JSON how many containers came, how many had done their work, what CPU time they got,
 * and how long those that had done it stayed in the mean.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/queue.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "base/clock.h"
#include "lib/tenants.h"

#define GROUPS_MAX	4		/* hierarchies of cgroup v1 that a machine is made of */
#define THREADS_MAX	64
#define ID_BYTES	65
#define PATH_BYTES	512
#define RMDIR_TRIES	200		/* 10 ms apart: a group is in use for a moment after its last process has gone */

struct container {
	LIST_ENTRY(container) link;
	pid_t		 pid;
	int64_t		 came;
	char		 id[ID_BYTES];
};

struct machine {
	const char	*group[GROUPS_MAX];
	unsigned	 ngroups;
	double		 cores, seconds, apart;
	uint64_t	 seed;
	struct tenants_conf conf;
	struct tenants	 script;
	struct rng	 names, kinds;
	LIST_HEAD(, container) here;
	unsigned	 came, done;
	double		 cpu_seconds, stayed_seconds;
};

static _Noreturn void
die(const char *what)
{
	fprintf(stderr, "tenants: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* ---- a container's process ---- */

static void *
burn(void *arg)
{
	const double *seconds = arg;
	struct timespec t;

	do {
		for (volatile int i = 0; i < 10000; i++)
			;
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	} while ((double)t.tv_sec + (double)t.tv_nsec / 1e9 < *seconds);
	return NULL;
}

static void
path_of(char path[static PATH_BYTES], const struct machine *m, unsigned group, const struct container *t, const char *file)
{
	int n = snprintf(path, PATH_BYTES, "%s/%s%s", m->group[group], t->id, file);

	ASSERT(n > 0 && n < PATH_BYTES);
}

static void
group_enter(const struct machine *m, const struct container *t)
{
	char path[PATH_BYTES];

	for (unsigned i = 0; i < m->ngroups; i++) {
		int fd;
		path_of(path, m, i, t, "/cgroup.procs");
		if ((fd = open(path, O_WRONLY | O_CLOEXEC)) < 0 || write(fd, "0\n", 2) != 2)
			die(path);
		close(fd);
	}
}

static _Noreturn void
container_run(const struct machine *m, const struct container *t, unsigned threads, double *work)
{
	pthread_t thread[THREADS_MAX];
	sigset_t none;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	group_enter(m, t);
	for (unsigned i = 0; i < threads; i++)
		if (pthread_create(&thread[i], NULL, burn, &work[i]) != 0)
			die("a thread");
	for (unsigned i = 0; i < threads; i++)
		pthread_join(thread[i], NULL);
	_exit(0);
}

/* ---- they come and go ---- */

static void
container_come(struct machine *m, unsigned threads, double *work)
{
	struct container *t = must_zalloc(sizeof *t);
	char path[PATH_BYTES];

	ASSERT(threads >= 1 && threads <= THREADS_MAX);
	for (int i = 0; i < 4; i++)
		snprintf(t->id + 16 * i, 17, "%016" PRIx64, rng_u64(&m->names));
	for (unsigned i = 0; i < m->ngroups; i++) {
		path_of(path, m, i, t, "");
		if (mkdir(path, 0755) != 0 && errno != EEXIST)	/* two hierarchies can be one */
			die(path);
	}
	t->came = clock_mono_usec();
	if ((t->pid = fork()) < 0)
		die("fork");
	if (t->pid == 0)
		container_run(m, t, threads, work);
	LIST_INSERT_HEAD(&m->here, t, link);
	m->came++;
}

static void
tenant_come(struct machine *m)
{
	bool apart = rng_double(&m->kinds) < m->apart;
	double work[THREADS_MAX];
	unsigned n = m->script.threads;

	for (unsigned i = 0; i < n; i++)
		work[i] = tenants_work(&m->script) / 1e6;
	if (!apart)
		container_come(m, n, work);
	for (unsigned i = 0; apart && i < n; i++)
		container_come(m, 1, &work[i]);
}

static void
container_go(struct machine *m, struct container *t, bool done, const struct rusage *used)
{
	const struct timespec pause = { .tv_nsec = 10000000 };
	char path[PATH_BYTES];

	m->cpu_seconds += (double)(used->ru_utime.tv_sec + used->ru_stime.tv_sec) +
	    (double)(used->ru_utime.tv_usec + used->ru_stime.tv_usec) / 1e6;
	if (done) {
		m->done++;
		m->stayed_seconds += (double)(clock_mono_usec() - t->came) / 1e6;
	}
	for (unsigned i = 0; i < m->ngroups; i++) {
		unsigned tries = 0;
		path_of(path, m, i, t, "");
		while (rmdir(path) != 0 && errno != ENOENT && ++tries < RMDIR_TRIES)
			nanosleep(&pause, NULL);
		if (tries == RMDIR_TRIES)
			die(path);
	}
	LIST_REMOVE(t, link);
	free(t);
}

static void
reap(struct machine *m, int options)
{
	struct rusage used;
	struct container *t;
	int status;
	pid_t pid;

	while (!LIST_EMPTY(&m->here) && (pid = wait4(-1, &status, options, &used)) > 0)
		LIST_FOREACH(t, &m->here, link)
			if (t->pid == pid) {
				if (WIFEXITED(status) && WEXITSTATUS(status) != 0)
					exit(1);	/* it has said why */
				container_go(m, t, WIFEXITED(status), &used);
				break;
			}
}

static void
machine_run(struct machine *m)
{
	int64_t now = clock_mono_usec(), end = now + (int64_t)(m->seconds * 1e6), next, left;
	struct container *t;
	sigset_t child;

	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child, NULL);
	rng_seed(&m->names, m->seed ^ 0x5eed);
	rng_seed(&m->kinds, m->seed ^ 0xaba7);
	tenants_init(&m->script, m->seed, &m->conf, m->cores, now);
	for (; now < end; now = clock_mono_usec()) {
		for (; m->script.next <= now; tenants_step(&m->script))
			tenant_come(m);
		reap(m, WNOHANG);
		next = m->script.next < end ? m->script.next : end;
		if ((left = next - clock_mono_usec()) > 0)
			sigtimedwait(&child, NULL, &(struct timespec){ .tv_sec = left / 1000000, .tv_nsec = left % 1000000 * 1000 });
	}
	LIST_FOREACH(t, &m->here, link)
		kill(t->pid, SIGKILL);
	reap(m, 0);
}

static int
usage(void)
{
	fputs("usage: tenants --group DIR... --cores C [option...]\n"
	    "  --group DIR       the machine's cgroup, once for each hierarchy that it is in\n"
	    "  --cores C         of the machine\n"
	    "  --seconds S       how long (10)\n"
	    "  --seed N          the same seed brings the same tenants (1)\n"
	    "  --load F          their work, as a fraction of the cores (0.2)\n"
	    "  --size F          threads of each, as a multiple of the cores, at least one (2)\n"
	    "  --work S          mean CPU seconds of a thread (2)\n"
	    "  --apart F         the part of them whose threads are a container each (0)\n", stderr);
	return 2;
}

int
main(int argc, char **argv)
{
	static const struct option options[] = { { "group", 1, NULL, 'g' }, { "cores", 1, NULL, 'c' }, { "seconds", 1, NULL, 's' },
		{ "seed", 1, NULL, 'S' }, { "load", 1, NULL, 'l' }, { "size", 1, NULL, 'z' }, { "work", 1, NULL, 'w' }, { "apart", 1, NULL, 'a' },
		{ 0 } };
	struct machine m = { .seconds = 10, .seed = 1, .conf = TENANTS_DEFAULT };
	bool ok = true;
	int o;

	m.conf.load = .2;
	LIST_INIT(&m.here);
	while (ok && (o = getopt_long(argc, argv, "", options, NULL)) != -1)
		switch (o) {
		case 'g':
			if ((ok = m.ngroups < GROUPS_MAX && strlen(optarg) < PATH_BYTES - ID_BYTES - 20))
				m.group[m.ngroups++] = optarg;
			break;
		case 'c': ok = (m.cores = atof(optarg)) > 0; break;
		case 's': ok = (m.seconds = atof(optarg)) > 0; break;
		case 'S': m.seed = strtoull(optarg, NULL, 10); break;
		case 'l': ok = (m.conf.load = atof(optarg)) >= 0; break;
		case 'z': ok = (m.conf.size = atof(optarg)) > 0 && m.conf.size * m.cores <= THREADS_MAX; break;
		case 'w': ok = (m.conf.work_seconds = atof(optarg)) > 0; break;
		case 'a': ok = (m.apart = atof(optarg)) >= 0 && m.apart <= 1; break;
		default: ok = false;
		}
	if (!ok || optind != argc || m.ngroups == 0 || !(m.cores > 0) || m.conf.size * m.cores > THREADS_MAX)
		return usage();
	machine_run(&m);
	printf("{\"came\":%u,\"done\":%u,\"cpu_seconds\":%.3f,\"stayed_seconds\":%.3f}\n", m.came, m.done, m.cpu_seconds,
	    m.done > 0 ? m.stayed_seconds / m.done : 0);
	return 0;
}
