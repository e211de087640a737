/*
 * metrics_process: what each process of Mola costs, from /proc/PID/stat. The parent notes who they are in shared memory.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "admin/metrics_page.h"
#include "base/bug.h"

struct process {
	int		 pid;			/* 0: it is not running */
	double		 cpu_seconds, resident_bytes;
};

/* "PID (NAME) STATE ..." with 11 fields between the name and utime, stime; rss is the 24th of all. */
static bool
stat_read(const char *text, struct process *p)
{
	const char *after = strrchr(text, ')');		/* a name may hold anything */
	unsigned long long utime, stime;
	long long pages;

	if (after == NULL || sscanf(after + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu %*d %*d %*d %*d %*d %*d %*u "
	    "%*u %lld", &utime, &stime, &pages) != 3)
		return false;
	p->cpu_seconds = (double)(utime + stime) / (double)sysconf(_SC_CLK_TCK);
	p->resident_bytes = (double)pages * (double)sysconf(_SC_PAGESIZE);
	return true;
}

static bool
process_look(struct process *p)
{
	char path[32], text[1024];
	ssize_t n = -1;
	int fd;

	snprintf(path, sizeof path, "/proc/%d/stat", p->pid);
	if (p->pid == 0 || (fd = open(path, O_RDONLY | O_CLOEXEC)) < 0)
		return false;
	n = read(fd, text, sizeof text - 1);
	close(fd);
	text[n > 0 ? n : 0] = '\0';
	return stat_read(text, p);
}

static void
put_process(struct page *page, enum family f, const char *name, struct live_process is)
{
	struct process p = { .pid = is.pid };

	if (f != FAMILY_STARTS && !process_look(&p))
		return;
	page_open(page);
	page_label(page, "process", name);
	page_close(page, f == FAMILY_STARTS ? (double)is.starts : f == FAMILY_PROCESS_CPU ? p.cpu_seconds : p.resident_bytes);
}

void
metrics_processes(struct page *p, enum family f)
{
	const struct live *live = p->v->world->live;
	char name[16];

	ASSERT(f == FAMILY_STARTS || f == FAMILY_PROCESS_CPU || f == FAMILY_PROCESS_MEMORY);
	if (f != FAMILY_STARTS)
		put_process(p, f, "parent", (struct live_process){ getppid(), 1 });
	put_process(p, f, "brain", live_process(live, LIVE_BRAIN));
	for (unsigned w = 0; w < live_workers(live); w++) {
		snprintf(name, sizeof name, "worker-%u", w & (WORKERS_MAX - 1));
		put_process(p, f, name, live_process(live, w));
	}
}
