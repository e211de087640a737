/*
 * Two views: the one being taken and the one before, which keeps counters from slipping back. Must
 * not know what the texts mean.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "base/buf.h"
#include "base/fd.h"
#include "main/cgroups.h"
#include "main/procfs.h"
#include "signals/proc.h"

#define TEXT_MAX	(4u << 20)	/* /proc/stat of a machine with thousands of CPUs and interrupts */
#define PATH_BYTES	1024

static const struct {
	const char	*path;
	proc_text_f	*read;
} files[] = {
	{ "stat", proc_stat }, { "meminfo", proc_meminfo }, { "loadavg", proc_loadavg },
	{ "diskstats", proc_diskstats }, { "net/dev", proc_net_dev },
	{ "pressure/cpu", proc_pressure_cpu }, { "pressure/memory", proc_pressure_memory },
	{ "pressure/io", proc_pressure_io },
};

struct procfs {
	const char	*proc;
	struct cgroups	*cgroups;
	bool		 is_part;		/* PROC/stat is of a part of the machine, not the kernel's */
	struct buf	 text;
	struct proc_view *now, *before;
};

static bool
read_file(struct procfs *p, const char *path)
{
	bool all;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return false;
	buf_clear(&p->text);
	all = fd_read_all(fd, &p->text);
	close(fd);
	return all;
}

static bool
read_proc(struct procfs *p, const char *name)
{
	char path[PATH_BYTES];

	snprintf(path, sizeof path, "%s/%s", p->proc, name);
	return read_file(p, path);
}

/*
 * Who mounts a file of another filesystem over /proc/stat, as LXC does, makes a machine of a
 * cgroup. Only then is the quota of CGROUP's root the machine's: an agent in a container of
 * Docker's may see the quota of its own there.
 */
static bool
is_part_of_machine(const struct procfs *p)
{
	char path[PATH_BYTES];
	struct statfs fs;

	snprintf(path, sizeof path, "%s/stat", p->proc);
	return statfs(path, &fs) == 0 && fs.f_type != PROC_SUPER_MAGIC;
}

struct procfs *
procfs_new(const char *proc, const char *cgroup)
{
	struct procfs *p = must_zalloc(sizeof *p);

	p->proc = proc;
	buf_init(&p->text, TEXT_MAX);
	if (!read_proc(p, "stat")) {
		int error = errno;
		procfs_free(&p);
		errno = error;
		return NULL;
	}
	p->now = must_zalloc(sizeof *p->now);
	p->before = must_zalloc(sizeof *p->before);
	proc_clear(p->now);
	p->cgroups = cgroups_new(cgroup);
	p->is_part = is_part_of_machine(p);
	return p;
}

void
procfs_free(struct procfs **pp)
{
	struct procfs *p = *pp;

	*pp = NULL;
	if (p == NULL)
		return;
	cgroups_free(&p->cgroups);
	buf_fini(&p->text);
	free(p->now);
	free(p->before);
	free(p);
}

const struct proc_view *
procfs_look(struct procfs *p, int64_t now_usec, bool whole)
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
	cgroups_look(p->cgroups, now_usec, whole, p->now);
	if (p->is_part && isfinite(cgroups_quota(p->cgroups)))
		p->now->value[FACT_QUOTA] = cgroups_quota(p->cgroups);
	return p->now;
}
