/*
 * Two views: the one being taken and the one before, which keeps counters from slipping back. The
 * list of cgroups that belong to containers is remembered between walks; one that has gone
 * meanwhile simply cannot be read. Must not know what the texts mean.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <unistd.h>

#include "base/bug.h"
#include "base/buf.h"
#include "base/clock.h"
#include "main/procfs.h"
#include "signals/proc.h"

#define TEXT_MAX	(4u << 20)	/* /proc/stat of a machine with thousands of CPUs and interrupts */
#define PATH_BYTES	1024
#define WALK_EVERY_USEC	(5 * USEC_PER_SEC)
#define WALK_DEPTH	8
#define WALK_DIRS	20000		/* cgroups looked at in one walk */

static const struct {
	const char	*path;
	proc_text_f	*read;
} files[] = {
	{ "stat", proc_stat }, { "meminfo", proc_meminfo }, { "loadavg", proc_loadavg },
	{ "diskstats", proc_diskstats }, { "net/dev", proc_net_dev },
	{ "pressure/cpu", proc_pressure_cpu }, { "pressure/memory", proc_pressure_memory },
	{ "pressure/io", proc_pressure_io },
};

struct box {				/* a container's cgroup */
	SLIST_ENTRY(box) link;
	char		id[PROC_ID_BYTES];
	char		file[];		/* with its CPU time */
};

/* The kinds of hierarchy that have CPU time, the better one first. */
static const struct hierarchy {
	const char	*sign;		/* a file that is there if the hierarchy is */
	const char	*root, *file;
	bool		(*usage)(struct str, double *);
} hierarchies[] = {
	{ "cgroup.controllers",			"",		"cpu.stat",	 proc_cpu_stat },	/* v2 */
	{ "cpuacct/cpuacct.usage",		"/cpuacct",	"cpuacct.usage", proc_cpuacct_usage },	/* v1 */
	{ "unified/cgroup.controllers",		"/unified",	"cpu.stat",	 proc_cpu_stat },	/* v2 beside v1 */
};

#define HIERARCHIES (sizeof hierarchies / sizeof hierarchies[0])

struct procfs {
	const char	*proc, *cgroup;
	const struct hierarchy *hierarchy;	/* NULL: none */
	struct buf	 text;
	struct proc_view *now, *before;
	SLIST_HEAD(, box) boxes;
	unsigned	 nboxes, walked_dirs;
	int64_t		 walked_usec;		/* 0: never */
};

static bool
read_file(struct procfs *p, const char *path)
{
	char piece[16384];
	ssize_t n;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return false;
	buf_clear(&p->text);
	while ((n = read(fd, piece, sizeof piece)) > 0)
		if (!buf_add(&p->text, piece, (size_t)n))
			break;
	close(fd);
	return n == 0;
}

static bool
read_proc(struct procfs *p, const char *name)
{
	char path[PATH_BYTES];

	snprintf(path, sizeof path, "%s/%s", p->proc, name);
	return read_file(p, path);
}

struct procfs *
procfs_new(const char *proc, const char *cgroup)
{
	struct procfs *p = must_zalloc(sizeof *p);
	char path[PATH_BYTES];

	p->proc = proc;
	p->cgroup = cgroup;
	buf_init(&p->text, TEXT_MAX);
	SLIST_INIT(&p->boxes);
	if (!read_proc(p, "stat")) {
		int error = errno;
		procfs_free(&p);
		errno = error;
		return NULL;
	}
	p->now = must_zalloc(sizeof *p->now);
	p->before = must_zalloc(sizeof *p->before);
	proc_clear(p->now);
	for (size_t i = 0; i < HIERARCHIES && p->hierarchy == NULL; i++) {
		snprintf(path, sizeof path, "%s/%s", cgroup, hierarchies[i].sign);
		if (access(path, R_OK) == 0)
			p->hierarchy = &hierarchies[i];
	}
	return p;
}

static void
boxes_clear(struct procfs *p)
{
	struct box *b;

	while ((b = SLIST_FIRST(&p->boxes)) != NULL) {
		SLIST_REMOVE_HEAD(&p->boxes, link);
		free(b);
	}
	p->nboxes = 0;
}

void
procfs_free(struct procfs **pp)
{
	struct procfs *p = *pp;

	*pp = NULL;
	if (p == NULL)
		return;
	boxes_clear(p);
	buf_fini(&p->text);
	free(p->now);
	free(p->before);
	free(p);
}

static void
box_add(struct procfs *p, const char *id, const char *directory)
{
	size_t bytes = strlen(directory) + 1 + strlen(p->hierarchy->file) + 1;

	struct box *b = must_zalloc(sizeof *b + bytes);

	memcpy(b->id, id, PROC_ID_BYTES);
	snprintf(b->file, bytes, "%s/%s", directory, p->hierarchy->file);
	SLIST_INSERT_HEAD(&p->boxes, b, link);
	p->nboxes++;
}

static void	walk(struct procfs *, const char *directory, int depth);

static void
walk_entry(struct procfs *p, const char *parent, const struct dirent *entry, int depth)
{
	char path[PATH_BYTES], id[PROC_ID_BYTES];
	int n;

	if (entry->d_type != DT_DIR || entry->d_name[0] == '.' || ++p->walked_dirs > WALK_DIRS)
		return;
	n = snprintf(path, sizeof path, "%s/%s", parent, entry->d_name);
	if (n < 0 || (size_t)n >= sizeof path)
		return;
	if (proc_container_id(str_of(entry->d_name), id))
		box_add(p, id, path);
	else if (depth < WALK_DEPTH)
		walk(p, path, depth + 1);
}

static void
walk(struct procfs *p, const char *directory, int depth)
{
	const struct dirent *entry;
	DIR *d = opendir(directory);

	if (d == NULL)
		return;
	while (p->nboxes < PROC_CONTAINERS_MAX && (entry = readdir(d)) != NULL)
		walk_entry(p, directory, entry, depth);
	closedir(d);
}

static void
look_at_containers(struct procfs *p, int64_t now_usec)
{
	char root[PATH_BYTES];
	struct box *b;
	double seconds;

	if (p->hierarchy == NULL)
		return;
	if (p->walked_usec == 0 || now_usec - p->walked_usec >= WALK_EVERY_USEC) {
		boxes_clear(p);
		p->walked_dirs = 0;
		p->walked_usec = now_usec;
		snprintf(root, sizeof root, "%s%s", p->cgroup, p->hierarchy->root);
		walk(p, root, 0);
	}
	SLIST_FOREACH(b, &p->boxes, link) {
		ASSERT(p->now->ncontainers < PROC_CONTAINERS_MAX);
		struct proc_container *c = &p->now->container[p->now->ncontainers];
		if (!read_file(p, b->file) || !p->hierarchy->usage(buf_str(&p->text), &seconds))
			continue;
		memcpy(c->id, b->id, PROC_ID_BYTES);
		c->cpu_seconds = seconds;
		p->now->ncontainers++;
	}
}

const struct proc_view *
procfs_look(struct procfs *p, int64_t now_usec, bool containers)
{
	struct proc_view *old = p->before;

	ASSERT(old != p->now);
	p->before = p->now;
	p->now = old;
	proc_clear(p->now);
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
		if (read_proc(p, files[i].path))
			files[i].read(buf_str(&p->text), p->now);
	proc_steady(p->now, p->before);
	if (containers)
		look_at_containers(p, now_usec);
	return p->now;
}
