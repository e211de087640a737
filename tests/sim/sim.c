/*
 * Deterministic simulation (doc/simulation.md).
 *	sim [-j JOBS] [-s SECONDS] FIRST COUNT	so many seeds, or as many as fit into so many seconds
 *	sim [-v] [-k CHOICE,...] SEED		one; -v: all that happens; -k: only these choices of its plan
 * -q: the first that fails ends it, as it is.
 * -x: what one exchange leaves in the log is taken for a failure, to see that failures are found and made smaller.
 * Each seed runs in a process of its own. One that fails is made smaller by leaving out of its plan what it does without.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/bug.h"
#include "chain.h"
#include "memory.h"
#include "secure.h"
#include "world.h"

#define JOBS_MOST	64
#define HANGS_SEC	60		/* no seed takes as long */

struct shared {
	struct result	 result;
	bool		 done;
};

static struct shared *shared[JOBS_MOST];
static bool verbose, plants, quick;

void	__gcov_dump(void) __attribute__((weak));

static void *
share(size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	ASSERT(p != MAP_FAILED);
	return p;
}

/* ---- one seed ---- */

static void
run_here(uint64_t seed, const unsigned char mask[CHOICES], struct shared *s)
{
	static struct plan p;

	plan_draw(&p, seed, mask);
	s->done = false;
	s->result.choices = p.choices;
	world_run(&p, &s->result);
	if (plants && s->result.exchanges > 0 && s->result.broken[0] == '\0')
		strcpy(s->result.broken, "planted");
	s->done = true;
}

static pid_t
run_begin(uint64_t seed, const unsigned char mask[CHOICES], struct shared *s, bool quiet)
{
	pid_t pid;

	fflush(stdout);
	s->done = false;
	if ((pid = fork()) != 0)
		return pid;
	if (quiet)
		ASSERT(freopen("/dev/null", "w", stderr) != NULL);
	alarm(HANGS_SEC);
	wire_verbose = verbose && !quiet;
	run_here(seed, mask, s);
	fflush(stdout);
	if (__gcov_dump != NULL)
		__gcov_dump();
	_exit(0);
}

static void
run_end(struct shared *s, int status)
{
	char *text = s->result.broken;

	if (s->done)
		return;
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
		snprintf(text, sizeof s->result.broken, "it does not end");
	else
		snprintf(text, sizeof s->result.broken, "it crashed: status %d, signal %d",
		    WIFEXITED(status) ? WEXITSTATUS(status) : 0, WIFSIGNALED(status) ? WTERMSIG(status) : 0);
}

/* The same but for the numbers in them. */
static bool
is_alike(const char *a, const char *b)
{
	while (*a != '\0' && *b != '\0') {
		a += strspn(a, "0123456789");
		b += strspn(b, "0123456789");
		if (*a != *b)
			return false;
		if (*a != '\0') {
			a++;
			b++;
		}
	}
	return *a == *b;
}

/* In this way. */
static bool
run_fails(uint64_t seed, const unsigned char mask[CHOICES], const char *how, struct shared *s)
{
	pid_t pid = run_begin(seed, mask, s, true);
	int status;

	ASSERT(pid > 0 && waitpid(pid, &status, 0) == pid);
	run_end(s, status);
	return s->result.broken[0] != '\0' && is_alike(s->result.broken, how);
}

/* ---- one that fails ---- */

static unsigned
minimise(uint64_t seed, const struct result *r, unsigned char mask[CHOICES])
{
	unsigned choices = r->choices;
	struct shared *s = share(sizeof *s);
	unsigned char tried[CHOICES];
	unsigned kept = 0;

	for (unsigned piece = (choices + 1) / 2; piece > 0; piece /= 2)
		for (unsigned at = 0; at < choices; at += piece) {
			unsigned n = at + piece < choices ? piece : choices - at;
			if (memchr(mask + at, 0, n) == NULL)
				continue;
			memcpy(tried, mask, CHOICES);
			memset(tried + at, 1, n);
			if (run_fails(seed, tried, r->broken, s))
				memcpy(mask, tried, CHOICES);
		}
	for (unsigned i = 0; i < choices; i++)
		kept += mask[i] == 0;
	munmap(s, sizeof *s);
	return kept;
}

static void
report(uint64_t seed, const struct result *r)
{
	unsigned char mask[CHOICES] = { 0 };
	static struct plan p;
	const char *between = "";

	printf("not ok seed %llu: %s\n", (unsigned long long)seed, r->broken);
	if (quick)
		return;
	printf("# %u of %u choices are needed for it:\n", minimise(seed, r, mask), r->choices);
	plan_draw(&p, seed, mask);
	plan_print(&p);
	printf("# once more, with all that happens: sim -v -k ");
	for (unsigned i = 0; i < r->choices; i++)
		if (mask[i] == 0) {
			printf("%s%u", between, i);
			between = ",";
		}
	printf("%s %llu\n", *between == '\0' ? "none" : "", (unsigned long long)seed);
	fflush(stdout);
}

static int
run_one(uint64_t seed, const char *keep)
{
	unsigned char mask[CHOICES] = { 0 };
	struct shared *s = share(sizeof *s);
	static struct plan p;
	char *end;
	int status;
	pid_t pid;

	if (keep != NULL) {
		memset(mask, 1, sizeof mask);
		for (; *keep >= '0' && *keep <= '9'; keep = *end == ',' ? end + 1 : end)
			mask[strtoul(keep, &end, 10) % CHOICES] = 0;
	}
	if (verbose) {
		plan_draw(&p, seed, mask);
		plan_print(&p);
	}
	pid = run_begin(seed, mask, s, false);
	ASSERT(pid > 0 && waitpid(pid, &status, 0) == pid);
	run_end(s, status);
	if (s->result.broken[0] != '\0') {
		printf("not ok seed %llu: %s\n", (unsigned long long)seed, s->result.broken);
		return 1;
	}
	printf("ok seed %llu: %016llx\n", (unsigned long long)seed, (unsigned long long)s->result.hash);
	return 0;
}

/* ---- many ---- */

struct tally {
	uint64_t	 seeds, failed, exchanges, turns;
	int64_t		 usec;
};

static int64_t
real_usec(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * USEC_PER_SEC + t.tv_nsec / 1000;
}

static void
account(struct tally *t, uint64_t seed, const struct result *r)
{
	t->seeds++;
	t->exchanges += r->exchanges;
	t->turns += r->turns;
	t->usec += r->usec;
	if (r->broken[0] == '\0')
		return;
	t->failed++;
	report(seed, r);
}

static int
run_many(uint64_t first, uint64_t count, unsigned jobs, int64_t seconds)
{
	static const unsigned char nothing[CHOICES];
	int64_t began = real_usec(), took;
	struct tally t = { 0 };
	struct { pid_t pid; uint64_t seed; } job[JOBS_MOST] = { 0 };
	uint64_t next = first;
	unsigned under_way = 0, j;
	int status;
	pid_t pid;

	for (;;) {
		bool more = next < first + count && t.failed < (quick ? 1 : 5) && (seconds == 0 || real_usec() - began < seconds * USEC_PER_SEC);
		if (!more && under_way == 0)
			break;
		if (more && under_way < jobs) {
			for (j = 0; job[j].pid != 0; j++)
				continue;
			job[j].seed = next++;
			job[j].pid = run_begin(job[j].seed, nothing, shared[j], false);
			under_way++;
			continue;
		}
		pid = waitpid(-1, &status, 0);
		for (j = 0; j < jobs && job[j].pid != pid; j++)
			continue;
		ASSERT(j < jobs);
		job[j].pid = 0;
		under_way--;
		run_end(shared[j], status);
		account(&t, job[j].seed, &shared[j]->result);
	}
	took = real_usec() - began;
	printf("%sok %llu seeds from %llu on, %llu failed: %llu exchanges, %llu turns, %.1f hours in %.1f s (%.0f hours per hour)\n",
	    t.failed > 0 ? "not " : "", (unsigned long long)t.seeds, (unsigned long long)first, (unsigned long long)t.failed,
	    (unsigned long long)t.exchanges, (unsigned long long)t.turns, (double)t.usec / 3.6e9, (double)took / 1e6,
	    (double)t.usec / (double)took);
	return t.failed > 0;
}

/* What is made once for the whole process is made here, and is the same for all seeds: what libraries keep, and the key of all
 * maps. */
static void
warm_up(void)
{
	static const unsigned char most[CHOICES] = { [1 ... CHOICES - 1] = 1 };	/* all but the first client */
	static struct plan p;
	struct result r;

	plan_draw(&p, 0, most);
	for (unsigned i = 0; i < SERVICES; i++)
		p.service[i].sticky = true;
	p.brain.there = true;
	p.tls = (struct plan_tls){ .there = true, .fallback = true, .tickets = true };
	for (unsigned i = 0; i < 6; i++) {	/* all kinds of keys, both versions, and sessions that are resumed */
		static const char *const names[] = { "all", "a.w", "s0" };
		p.client[i].there = true;
		p.client[i].secure = (struct plan_secure){ .on = true, .name = names[i / 2], .comes_back = true, .old = i % 2 != 0 };
		for (unsigned k = 0; k < CALLS; k++)
			p.client[i].call[k].closes = true;
	}
	alarm(HANGS_SEC);
	world_run(&p, &r);
	chain_warm_up();
	alarm(0);
}

int
main(int argc, char **argv)
{
	unsigned jobs = 1;
	int64_t seconds = 0;
	const char *keep = NULL;
	int c;

	sim_exact(argv);
	while ((c = getopt(argc, argv, "j:s:k:vqx")) != -1)
		switch (c) {
		case 'j':
			jobs = (unsigned)atoi(optarg);
			break;
		case 's':
			seconds = atoll(optarg);
			break;
		case 'k':
			keep = optarg;
			break;
		case 'v':
			verbose = true;
			break;
		case 'q':
			quick = true;
			break;
		case 'x':
			plants = true;
			break;
		default:
			return 2;
		}
	if (jobs < 1 || jobs > JOBS_MOST || optind == argc) {
		fprintf(stderr, "usage: sim [-j jobs] [-s seconds] first count | [-v] [-k choices] seed\n");
		return 2;
	}
	for (unsigned i = 0; i < jobs; i++)
		shared[i] = share(sizeof *shared[i]);
	secure_init();
	warm_up();
	if (argc - optind == 2)
		return run_many(strtoull(argv[optind], NULL, 10), strtoull(argv[optind + 1], NULL, 10), jobs, seconds);
	return run_one(strtoull(argv[optind], NULL, 10), keep);
}
