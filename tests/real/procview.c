/*
 * procview: gives a node that is only a cgroup a /proc of its own, for those who read one:
 *
 *   procview [--in-place] [--every MS] CGROUP_ROOT GROUP VIEW [GROUP VIEW]...
 *
 * For every group (its path below the root, the same in every hierarchy of v1) it keeps VIEW/stat and VIEW/loadavg
 * true, and VIEW/meminfo if memory is counted for the group, anew every 50 ms if nothing else is said. The model: a node with a quota of Q cores is a machine of
 * V = ceil(Q) slow CPUs. Its busy time is the group's CPU time times V/Q, and busy and idle together advance by V
 * seconds per second: a node that eats its whole quota is 100 % busy, an idle one 0 %. What a group gets beyond its quota
 * within one period of the kernel's is carried over, so that nothing is ever more than busy. Whoever reads /proc/stat
 * runs meanwhile and is counted there, so one more runs than does in the group.
 * Files are replaced whole, so a reader never sees half of one. Where they are mounted over others they must stay the
 * files they are: --in-place overwrites them, each with one write that never gets shorter.
 * A group may be taken away and made anew: a node that was switched off stands still meanwhile.
 */
#include <dirent.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define EVERY_MSEC	50
#define CARRY_MOST	2.0		/* seconds per CPU */
#define TICKS_PER_SECOND 100		/* in which /proc/stat counts */
#define NODES_MAX	16
#define PATH_BYTES	512
#define TEXT_BYTES	65536
#define GROUPS_DEEP	3		/* node, container, what a container makes */

struct node {
	char		 cpu[PATH_BYTES], usage[PATH_BYTES], memory[PATH_BYTES];	/* directories of the group */
	const char	*view;
	double		 cores;			/* Q */
	int		 cpus;			/* V */
	double		 used;			/* CPU seconds of the group when last read */
	double		 carry, busy, idle;	/* seconds of the node */
	double		 load;
	int		 running, blocked, threads;
};

static bool v2, in_place;
static volatile sig_atomic_t ending;

static void
on_signal(int number)
{
	(void)number;
	ending = 1;
}

static double
now_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static bool
read_text(const char *directory, const char *file, char *text, size_t cap)
{
	char path[PATH_BYTES + 64];
	size_t n;
	FILE *f;

	snprintf(path, sizeof path, "%s/%s", directory, file);
	text[0] = '\0';
	if ((f = fopen(path, "re")) == NULL)
		return false;
	n = fread(text, 1, cap - 1, f);
	text[n] = '\0';
	fclose(f);
	return n > 0;
}

static double
cores_of(const struct node *n)
{
	char text[128], period_text[128];
	double quota = -1, period = 100000;

	if (v2) {
		if (!read_text(n->cpu, "cpu.max", text, sizeof text) || sscanf(text, "%lf %lf", &quota, &period) != 2)
			quota = -1;		/* "max 100000" */
	} else if (read_text(n->cpu, "cpu.cfs_quota_us", text, sizeof text) &&
	    read_text(n->cpu, "cpu.cfs_period_us", period_text, sizeof period_text)) {
		quota = atof(text);
		period = atof(period_text);
	}
	return quota > 0 && period > 0 ? quota / period : (double)sysconf(_SC_NPROCESSORS_ONLN);
}

static double
used_by(const struct node *n)
{
	char text[4096];
	const char *at;

	if (v2 && read_text(n->usage, "cpu.stat", text, sizeof text) && (at = strstr(text, "usage_usec ")) != NULL)
		return atof(at + 11) / 1e6;
	if (!v2 && read_text(n->usage, "cpuacct.usage", text, sizeof text))
		return atof(text) / 1e9;
	return n->used;
}

static void
count_thread(struct node *n, long id)
{
	char directory[64], text[1024];
	const char *state;

	snprintf(directory, sizeof directory, "/proc/%ld", id);
	n->threads++;
	if (!read_text(directory, "stat", text, sizeof text) || (state = strrchr(text, ')')) == NULL || state[1] == '\0')
		return;
	n->running += state[2] == 'R';
	n->blocked += state[2] == 'D';
}

/* Those of the group and of all groups in it: containers have their own. */
static void
count_threads(struct node *n, const char *group, int deep)
{
	char text[TEXT_BYTES / 4], inner[PATH_BYTES], *at, *end;
	struct dirent *entry;
	DIR *d;

	if (read_text(group, v2 ? "cgroup.threads" : "tasks", text, sizeof text))
		for (at = text; ; at = end) {
			long id = strtol(at, &end, 10);
			if (end == at)
				break;
			count_thread(n, id);
		}
	if (deep == GROUPS_DEEP || (d = opendir(group)) == NULL)
		return;
	while ((entry = readdir(d)) != NULL)
		if (entry->d_type == DT_DIR && entry->d_name[0] != '.' &&
		    (size_t)snprintf(inner, sizeof inner, "%s/%s", group, entry->d_name) < sizeof inner)
			count_threads(n, inner, deep + 1);
	closedir(d);
}

static void
node_tick(struct node *n, double seconds)
{
	double used = used_by(n), room = seconds * n->cpus, show;

	if (used < n->used)
		n->used = used;		/* a new group of the same name */
	n->cores = cores_of(n);
	n->cpus = (int)ceil(n->cores - 1e-6);
	show = (used - n->used) * n->cpus / n->cores + n->carry;
	n->used = used;
	n->carry = fmin(fmax(show - room, 0), CARRY_MOST * n->cpus);
	show = fmin(show, room);
	n->busy += show;
	n->idle += room - show;
	n->running = n->blocked = n->threads = 0;
	count_threads(n, n->cpu, 1);
	n->load += (n->running + n->blocked - n->load) * (1 - exp(-seconds / 60));
}

/* Numbers may get shorter, but not the text: it is filled up with spaces before its last newline. */
static void
overwrite(const char *path, char *text)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	size_t len = strlen(text), whole = fd >= 0 ? (size_t)lseek(fd, 0, SEEK_END) : 0;

	if (len < whole && whole < TEXT_BYTES) {
		memset(text + len - 1, ' ', whole - len);
		text[whole - 1] = '\n';
		len = whole;
	}
	if (fd < 0 || pwrite(fd, text, len, 0) != (ssize_t)len) {
		perror(path);
		exit(1);
	}
	close(fd);
}

/* `text` has room for TEXT_BYTES. */
static void
replace(const struct node *n, const char *file, char *text)
{
	char path[PATH_BYTES], fresh[PATH_BYTES];
	FILE *f;

	snprintf(path, sizeof path, "%s/%s", n->view, file);
	snprintf(fresh, sizeof fresh, "%s/.%s", n->view, file);
	if (in_place) {
		overwrite(path, text);
		return;
	}
	if ((f = fopen(fresh, "we")) == NULL) {
		perror(fresh);
		exit(1);
	}
	fputs(text, f);
	if (fclose(f) != 0 || rename(fresh, path) != 0)
		perror(path);
}

static void
node_show(const struct node *n)
{
	static char text[TEXT_BYTES];
	long busy = (long)(n->busy * TICKS_PER_SECOND), idle = (long)(n->idle * TICKS_PER_SECOND);
	size_t at;

	at = (size_t)snprintf(text, sizeof text, "cpu  %ld 0 0 %ld 0 0 0 0 0 0\n", busy, idle);
	for (int c = 0; c < n->cpus; c++)
		at += (size_t)snprintf(text + at, sizeof text - at, "cpu%d %ld 0 0 %ld 0 0 0 0 0 0\n", c, busy / n->cpus, idle / n->cpus);
	snprintf(text + at, sizeof text - at, "intr 0\nctxt 0\nbtime 1\nprocesses 0\nprocs_running %d\nprocs_blocked %d\n"
	    "softirq 0 0 0 0 0 0 0 0 0 0 0\n", n->running + 1, n->blocked);
	replace(n, "stat", text);
	snprintf(text, sizeof text, "%.2f %.2f %.2f %d/%d 1\n", n->load, n->load, n->load, n->running, n->threads);
	replace(n, "loadavg", text);
}

/* A line of memory.stat: "NAME NUMBER". */
static double
stat_value(const char *text, const char *name)
{
	size_t len = strlen(name);
	const char *at;

	for (at = text; at != NULL; at = (at = strchr(at, '\n')) != NULL ? at + 1 : NULL)
		if (strncmp(at, name, len) == 0 && at[len] == ' ')
			return atof(at + len);
	return 0;
}

/* The group's limit is the machine's memory; what it uses, without files that could be read again, is not available. */
static void
node_show_memory(const struct node *n)
{
	static char text[TEXT_BYTES];
	double total, used, cache, all = (double)sysconf(_SC_PHYS_PAGES) * (double)sysconf(_SC_PAGESIZE);

	if (!read_text(n->memory, v2 ? "memory.current" : "memory.usage_in_bytes", text, sizeof text))
		return;
	used = atof(text);
	total = read_text(n->memory, v2 ? "memory.max" : "memory.limit_in_bytes", text, sizeof text) ? atof(text) : 0;
	if (total <= 0 || total > all)		/* "max" */
		total = all;
	read_text(n->memory, "memory.stat", text, sizeof text);
	cache = stat_value(text, v2 ? "inactive_file" : "total_inactive_file") +
	    stat_value(text, v2 ? "active_file" : "total_active_file");
	snprintf(text, sizeof text, "MemTotal:       %12.0f kB\nMemFree:        %12.0f kB\nMemAvailable:   %12.0f kB\n"
	    "Buffers:        %12d kB\nCached:         %12.0f kB\nSwapTotal:      %12d kB\nSwapFree:       %12d kB\n",
	    total / 1024, fmax(total - used, 0) / 1024, fmin(fmax(total - used, 0) + cache, total) / 1024, 0, cache / 1024, 0, 0);
	replace(n, "meminfo", text);
}

static void
node_begin(struct node *n, const char *root, const char *group, const char *view)
{
	snprintf(n->cpu, sizeof n->cpu, v2 ? "%s/%s" : "%s/cpu/%s", root, group);
	snprintf(n->usage, sizeof n->usage, v2 ? "%s/%s" : "%s/cpuacct/%s", root, group);
	snprintf(n->memory, sizeof n->memory, v2 ? "%s/%s" : "%s/memory/%s", root, group);
	n->view = view;
	n->cores = cores_of(n);
	n->cpus = (int)ceil(n->cores - 1e-6);
	n->used = used_by(n);
	node_show_memory(n);
	node_show(n);
}

int
main(int argc, char **argv)
{
	static struct node nodes[NODES_MAX];
	char sign[PATH_BYTES];
	int n, every_msec = EVERY_MSEC;
	double last, t;

	if (argc > 1 && (in_place = strcmp(argv[1], "--in-place") == 0)) {
		argv++;
		argc--;
	}
	if (argc > 2 && strcmp(argv[1], "--every") == 0) {
		every_msec = atoi(argv[2]);
		argv += 2;
		argc -= 2;
	}
	n = (argc - 2) / 2;
	if (every_msec < 1 || every_msec > 1000 || argc < 4 || argc % 2 != 0 || n > NODES_MAX) {
		fputs("usage: procview [--in-place] [--every MS] CGROUP_ROOT GROUP VIEW [GROUP VIEW]...\n", stderr);
		return 2;
	}
	snprintf(sign, sizeof sign, "%s/cgroup.controllers", argv[1]);
	v2 = access(sign, F_OK) == 0;
	signal(SIGTERM, on_signal);
	signal(SIGINT, on_signal);
	for (int i = 0; i < n; i++)
		node_begin(&nodes[i], argv[1], argv[2 + 2 * i], argv[3 + 2 * i]);
	for (last = now_seconds(); !ending; last = t) {
		usleep((useconds_t)every_msec * 1000);
		t = now_seconds();
		for (int i = 0; i < n; i++) {
			node_tick(&nodes[i], t - last);
			node_show_memory(&nodes[i]);
			node_show(&nodes[i]);
		}
	}
	return 0;
}
