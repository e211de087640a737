/*
 * A walk finds the groups and reads their limits, every few seconds and when directories have come
 * or gone. In between each group costs one read of its CPU time, from a file that stays open. Below
 * a container nothing is looked at. Must not know what the texts mean.
 */
#include <dirent.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "base/clock.h"
#include "base/map.h"
#include "main/cgroups.h"
#include "signals/available.h"

#define PATH_BYTES	1024
#define TEXT_BYTES	8192			/* a file of a cgroup: cpu.stat is the longest */
#define WALK_EVERY_USEC	(5 * USEC_PER_SEC)
#define NEW_EVERY_USEC	(USEC_PER_SEC / 2)	/* that is how soon a new group is seen */
#define WALK_DEPTH	8
#define WALK_DIRS	20000			/* cgroups looked at in one walk */
#define APART_USEC	(80 * USEC_PER_MSEC)	/* the kernel counts in ticks: closer looks give no rate */
#define RUNNING_SECONDS	1.0			/* what is seen at one instant says little */
#define LONG_AGO_USEC	(60 * USEC_PER_SEC)	/* a rate over so long says nothing of now */
#define OTHER_FILES	200			/* descriptors that are left for streams and the rest */
#define FILES_MOST	(2 * AVAILABLE_GROUPS_MAX)

/* The kinds of hierarchy that have CPU time, the better one first. Limits of v1 have their own. */
static const struct hierarchy {
	const char	*sign;		/* a file that is there if the hierarchy is */
	const char	*root, *file;
	proc_group_f	*usage;
	bool		 v2_limits;
} hierarchies[] = {
	{ "cgroup.controllers",		"",		"cpu.stat",	 proc_cpu_stat,		true },
	{ "cpuacct/cpuacct.usage",	"/cpuacct",	"cpuacct.usage", proc_cpuacct_usage,	false },
	{ "unified/cgroup.controllers",	"/unified",	"cpu.stat",	 proc_cpu_stat,		false },
};

#define HIERARCHIES (sizeof hierarchies / sizeof hierarchies[0])

struct group {
	char		*path;			/* below the hierarchy's root: "" is that, else "/a/b" */
	char		 id[PROC_ID_BYTES];	/* "": no container */
	unsigned	 parent;		/* comes before its children; the root is its own */
	int		 fd;			/* of its CPU time; -1: opened for each read */
	nlink_t		 links;			/* of its directory */
	double		 weight, quota;
	double		 seconds, was;		/* now, and when rates were last taken; NaN: not known */
	double		 available, used;
};

struct cgroups {
	const char	*top;
	const struct hierarchy *hierarchy;	/* NULL: none */
	struct group	*group;			/* the root is first; none: never walked */
	unsigned	 n, room, walked_dirs;
	int		 fd_most;
	double		 running;		/* threads that ran or waited, a mean; NaN: not known */
	bool		 changed;		/* since the last walk */
	int64_t		 walked_usec, checked_usec, rated_usec;	/* 0: never */
};

/* ---- files ---- */

static struct str
text_of(int fd, char text[TEXT_BYTES])
{
	ssize_t n = pread(fd, text, TEXT_BYTES, 0);

	return (struct str){ text, n > 0 ? (size_t)n : 0 };
}

static int
file_open(const struct cgroups *c, const char *root, const struct group *g, const char *file)
{
	char path[PATH_BYTES];
	int n = snprintf(path, sizeof path, "%s%s%s/%s", c->top, root, g->path, file);

	return n > 0 && (size_t)n < sizeof path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
}

/* Empty: it is not there. */
static struct str
file_read(const struct cgroups *c, const char *root, const struct group *g, const char *file,
    char text[TEXT_BYTES])
{
	int fd = file_open(c, root, g, file);
	struct str s = { text, 0 };

	if (fd >= 0) {
		s = text_of(fd, text);
		close(fd);
	}
	return s;
}

static void
group_read_limits(const struct cgroups *c, struct group *g)
{
	char text[TEXT_BYTES], more[TEXT_BYTES];
	double cpus;

	g->weight = AVAILABLE_WEIGHT;
	g->quota = INFINITY;
	if (c->hierarchy->v2_limits) {
		proc_cpu_weight(file_read(c, "", g, "cpu.weight", text), &g->weight);
		proc_cpu_max(file_read(c, "", g, "cpu.max", text), &g->quota);
		if (proc_cpu_list(file_read(c, "", g, "cpuset.cpus.effective", text), &cpus))
			g->quota = fmin(g->quota, cpus);
		return;
	}
	proc_cpu_shares(file_read(c, "/cpu", g, "cpu.shares", text), &g->weight);
	proc_cfs_quota(file_read(c, "/cpu", g, "cpu.cfs_quota_us", text),
	    file_read(c, "/cpu", g, "cpu.cfs_period_us", more), &g->quota);
	if (proc_cpu_list(file_read(c, "/cpuset", g, "cpuset.effective_cpus", text), &cpus))
		g->quota = fmin(g->quota, cpus);
}

/* A file that is open and cannot be read is one of a group that has gone: there may be another of
 * its name. */
static void
group_read_usage(struct cgroups *c, struct group *g)
{
	const struct hierarchy *h = c->hierarchy;
	char text[TEXT_BYTES];
	int fd;

	if (g->fd >= 0 && h->usage(text_of(g->fd, text), &g->seconds))
		return;
	if (g->fd >= 0)
		close(g->fd);
	g->fd = -1;
	if ((fd = file_open(c, h->root, g, h->file)) < 0 || !h->usage(text_of(fd, text), &g->seconds)) {
		c->changed |= g->path[0] != '\0' && !isnan(g->seconds);
		g->seconds = NAN;
	}
	if (fd >= 0 && fd < c->fd_most)
		g->fd = fd;
	else if (fd >= 0)
		close(fd);
}

static nlink_t
group_links(const struct cgroups *c, const struct group *g)
{
	char path[PATH_BYTES];
	struct stat st;

	snprintf(path, sizeof path, "%s%s%s", c->top, c->hierarchy->root, g->path);
	return stat(path, &st) == 0 ? st.st_nlink : 0;
}

/* ---- walks ---- */

static void
group_clear(struct group *g)
{
	if (g->fd >= 0)
		close(g->fd);
	free(g->path);
}

static unsigned
group_add(struct cgroups *c, unsigned parent, const char *path)
{
	struct group *g;

	if (c->n == c->room) {
		c->room = c->room == 0 ? 64 : 2 * c->room;
		c->group = must_realloc(c->group, c->room * sizeof c->group[0]);
	}
	g = &c->group[c->n];
	*g = (struct group){ .path = str_dup(str_of(path)), .parent = parent, .fd = -1,
	    .seconds = NAN, .was = NAN, .available = NAN, .used = NAN };
	return c->n++;
}

/* All directories below this group but those below containers. */
static void
walk(struct cgroups *c, unsigned at, int depth)
{
	char path[PATH_BYTES];
	const struct dirent *entry;
	unsigned child;
	DIR *d;
	int n;

	snprintf(path, sizeof path, "%s%s%s", c->top, c->hierarchy->root, c->group[at].path);
	if ((d = opendir(path)) == NULL)
		return;
	while ((entry = readdir(d)) != NULL) {
		if (entry->d_type != DT_DIR || entry->d_name[0] == '.' || ++c->walked_dirs > WALK_DIRS)
			continue;
		n = snprintf(path, sizeof path, "%s/%s", c->group[at].path, entry->d_name);
		if (n < 0 || (size_t)n >= sizeof path)
			continue;
		child = group_add(c, at, path);
		if (!proc_container_id(str_of(entry->d_name), c->group[child].id) && depth < WALK_DEPTH)
			walk(c, child, depth + 1);
	}
	closedir(d);
}

static unsigned
depth(const struct group *g)
{
	unsigned n = 0;

	for (const char *p = g->path; *p != '\0'; p++)
		n += *p == '/';
	return n;
}

/* Whoever may make groups of his own may give them any name. Of an id that is there twice the one
 * nearest to the root is the engine's. */
static void
keep_nearest(struct cgroups *c)
{
	struct map *by_id = map_new();

	for (unsigned i = 0; i < c->n; i++) {
		struct group *g = &c->group[i], *other;
		if (g->id[0] == '\0')
			continue;
		if ((other = map_get(by_id, str_of(g->id))) == NULL || depth(g) < depth(other))
			map_put(by_id, str_of(g->id), g);
		if (other != NULL)
			(depth(g) < depth(other) ? other : g)->id[0] = '\0';
	}
	map_free(&by_id);
}

/* Groups whose CPU time says nothing of a container's are forgotten, and containers that there
 * is no room for. */
static void
prune(struct cgroups *c)
{
	struct old { unsigned parent, now; bool inner; } *old = must_zalloc(c->n * sizeof *old);
	unsigned kept = 0, containers = 0;

	for (unsigned i = c->n; i-- > 1; ) {
		old[i].parent = c->group[i].parent;
		if (c->group[i].id[0] != '\0' || old[i].inner)
			old[old[i].parent].inner = true;
	}
	for (unsigned i = 0; i < c->n; i++) {
		struct group *g = &c->group[i];
		if (i > 0 && (!old[old[i].parent].inner || kept == AVAILABLE_GROUPS_MAX)) {
			group_clear(g);
			continue;
		}
		if (g->id[0] != '\0' && ++containers > PROC_CONTAINERS_MAX)
			g->id[0] = '\0';
		g->parent = old[old[i].parent].now;
		old[i].now = kept;
		c->group[kept++] = *g;
	}
	c->n = kept;
	free(old);
}

/* What is known of groups from before stays known. */
static void
inherit(struct cgroups *c, struct group *old, unsigned nold)
{
	struct map *by_path = map_new();

	for (unsigned i = 0; i < nold; i++)
		map_put(by_path, str_of(old[i].path), &old[i]);
	for (unsigned i = 0; i < c->n; i++) {
		struct group *g = &c->group[i], *o = map_get(by_path, str_of(g->path));
		if (o == NULL)
			continue;
		g->fd = o->fd;
		g->seconds = o->seconds;
		g->was = o->was;
		g->available = o->available;
		g->used = o->used;
		o->fd = -1;
	}
	for (unsigned i = 0; i < nold; i++)
		group_clear(&old[i]);
	free(old);
	map_free(&by_path);
}

static void
walk_all(struct cgroups *c, int64_t now_usec)
{
	struct group *old = c->group;
	unsigned nold = c->n;

	c->group = NULL;
	c->n = c->room = c->walked_dirs = 0;
	c->changed = false;
	c->walked_usec = c->checked_usec = now_usec;
	walk(c, group_add(c, 0, ""), 0);
	keep_nearest(c);
	prune(c);
	inherit(c, old, nold);
	for (unsigned i = 0; i < c->n; i++) {
		struct group *g = &c->group[i];
		group_read_limits(c, g);
		g->links = g->id[0] == '\0' ? group_links(c, g) : 0;
	}
}

/* A directory has as many links as it has directories in it. */
static void
look_for_new(struct cgroups *c, int64_t now_usec)
{
	int64_t apart;

	if (!c->changed && now_usec - c->checked_usec >= NEW_EVERY_USEC) {
		c->checked_usec = now_usec;
		for (unsigned i = 0; i < c->n && !c->changed; i++)
			c->changed = c->group[i].id[0] == '\0' && group_links(c, &c->group[i]) != c->group[i].links;
	}
	apart = c->changed ? NEW_EVERY_USEC : WALK_EVERY_USEC;
	if (c->walked_usec == 0 || now_usec - c->walked_usec >= apart)
		walk_all(c, now_usec);
}

/* ---- rates ---- */

static double
busy_seconds(const struct proc_view *v)
{
	double sum = 0;

	for (unsigned i = 0; i < v->ncpus; i++)
		for (int m = 0; m < MODE_COUNT; m++)
			if (mode_all[m].busy)
				sum += v->cpu[i].seconds[m];
	return sum;
}

/* A new group's time is that of threads of its parent, for once. */
static void
rate(struct cgroups *c, double span_seconds, double machine, double running)
{
	double part = 1 - exp(-span_seconds / RUNNING_SECONDS);
	struct available_group *shape = must_zalloc(c->n * sizeof *shape);
	double *cores = must_zalloc(c->n * sizeof *cores);

	for (unsigned i = 0; i < c->n; i++) {
		const struct group *g = &c->group[i];
		double used = (g->seconds - g->was) / span_seconds;
		shape[i] = (struct available_group){ g->parent, g->weight, g->quota, used > 0 ? used : 0 };
	}
	c->running = isnan(c->running) ? running : c->running + part * (running - c->running);
	available_find(shape, c->n, machine, c->running, cores);
	for (unsigned i = 0; i < c->n; i++) {
		c->group[i].available = cores[i];
		c->group[i].used = shape[i].used;
	}
	free(shape);
	free(cores);
}

static void
look_at_rates(struct cgroups *c, int64_t now_usec, const struct proc_view *v)
{
	int64_t span = now_usec - c->rated_usec;
	double running = v->value[FACT_RUNNING];	/* this process is one of them */

	if (c->rated_usec != 0 && span < APART_USEC)
		return;
	if (c->rated_usec != 0 && span <= LONG_AGO_USEC && v->ncpus > 0)
		rate(c, (double)span / USEC_PER_SEC, v->ncpus, running < 1 ? 0 : running - 1);
	else
		for (unsigned i = 0; i < c->n; i++)
			c->group[i].available = c->group[i].used = NAN;
	for (unsigned i = 0; i < c->n; i++)
		c->group[i].was = c->group[i].seconds;
	c->rated_usec = now_usec;
}

static void
show(const struct cgroups *c, const struct group *g, bool whole, struct proc_view *v)
{
	const struct hierarchy *h = c->hierarchy;
	struct proc_container *to = &v->container[v->ncontainers];
	const struct group *in = g;
	char text[TEXT_BYTES];

	ASSERT(v->ncontainers < PROC_CONTAINERS_MAX);
	*to = (struct proc_container){ .cpu_seconds = g->seconds, .throttled_seconds = NAN,
	    .available = g->available, .used = g->used, .quota = g->quota, .weight = g->weight };
	memcpy(to->id, g->id, PROC_ID_BYTES);
	for (; in != c->group; in = &c->group[in->parent])
		to->quota = fmin(to->quota, in->quota);
	if (whole)
		proc_throttled(file_read(c, h->v2_limits ? "" : "/cpu", g, "cpu.stat", text),
		    &to->throttled_seconds);
	v->ncontainers++;
}

void
cgroups_look(struct cgroups *c, int64_t now_usec, bool whole, struct proc_view *v)
{
	if (c->hierarchy == NULL)
		return;
	look_for_new(c, now_usec);
	for (unsigned i = 0; i < c->n; i++)
		group_read_usage(c, &c->group[i]);
	if (isnan(c->group[0].seconds))		/* kernels whose root of v2 has no cpu.stat */
		c->group[0].seconds = busy_seconds(v);
	look_at_rates(c, now_usec, v);
	for (unsigned i = 0; i < c->n; i++)
		if (c->group[i].id[0] != '\0' && !isnan(c->group[i].seconds))
			show(c, &c->group[i], whole, v);
}

struct cgroups *
cgroups_new(const char *directory)
{
	struct cgroups *c = must_zalloc(sizeof *c);
	char path[PATH_BYTES];
	struct rlimit r;

	c->top = directory;
	c->running = NAN;
	for (size_t i = 0; i < HIERARCHIES && c->hierarchy == NULL; i++) {
		snprintf(path, sizeof path, "%s/%s", directory, hierarchies[i].sign);
		if (access(path, R_OK) == 0)
			c->hierarchy = &hierarchies[i];
	}
	if (getrlimit(RLIMIT_NOFILE, &r) == 0 && r.rlim_cur > OTHER_FILES)
		c->fd_most = r.rlim_cur > FILES_MOST ? FILES_MOST : (int)(r.rlim_cur - OTHER_FILES);
	return c;
}

void
cgroups_free(struct cgroups **cp)
{
	struct cgroups *c = *cp;

	*cp = NULL;
	if (c == NULL)
		return;
	for (unsigned i = 0; i < c->n; i++)
		group_clear(&c->group[i]);
	free(c->group);
	free(c);
}

double
cgroups_quota(const struct cgroups *c)
{
	return c->n > 0 ? c->group[0].quota : INFINITY;
}
