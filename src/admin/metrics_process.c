/*
 * metrics_process: the CPU time and memory of each process of Mola, from /proc/PID/stat. The
 * parent notes pids in shared memory.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "admin/metrics_page.h"
#include "base/bug.h"
#include "base/fd.h"

struct process_stat {
	int		 pid;			/* 0: it is not running */
	double		 cpu_seconds, resident_bytes;
};

/* "PID (NAME) STATE ..." with 11 fields between the name and utime, stime; rss is the 24th of
 * all. */
static bool
stat_read(const char *text, struct process_stat *p)
{
	const char *after = strrchr(text, ')');		/* a name may hold anything */
	unsigned long long utime, stime;
	long long pages;

	if (after == NULL || sscanf(after + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu "
	    "%*d %*d %*d %*d %*d %*d %*u %*u %lld", &utime, &stime, &pages) != 3)
		return false;
	p->cpu_seconds = (double)(utime + stime) / (double)sysconf(_SC_CLK_TCK);
	p->resident_bytes = (double)pages * (double)sysconf(_SC_PAGESIZE);
	return true;
}

static bool
process_read(struct process_stat *p)
{
	char path[32], text[1024];
	ssize_t n = -1;
	int fd;

	snprintf(path, sizeof path, "/proc/%d/stat", p->pid);
	if (p->pid == 0 || (fd = open(path, O_RDONLY | O_CLOEXEC)) < 0)
		return false;
	n = fd_read(fd, text, sizeof text - 1);
	close(fd);
	text[n > 0 ? n : 0] = '\0';
	return stat_read(text, p);
}

static void
put_process(struct metrics_page *page, enum family f, unsigned number, const char *name)
{
	const struct live *live = page->v->world->live;
	struct live_process is = number == LIVE_PARENT ?
	    (struct live_process){ getppid(), 1 } : live_process(live, number);
	struct process_stat p = { .pid = is.pid };
	double x;

	switch (f) {
	case FAMILY_STARTS:
		if (number == LIVE_PARENT)
			return;
		x = (double)is.starts;
		break;
	case FAMILY_WORKER_TABLE:
		if (number >= LIVE_BRAIN)	/* LIVE_PARENT, too */
			return;
		x = (double)live_table(live, number);
		break;
	case FAMILY_LOG_DROPPED:
		x = (double)live_log_dropped_total(live, number);
		break;
	case FAMILY_PROCESS_CPU:
	case FAMILY_PROCESS_MEMORY:
		if (!process_read(&p))
			return;
		x = f == FAMILY_PROCESS_CPU ? p.cpu_seconds : p.resident_bytes;
		break;
	default:
		BUG("no family of processes");
	}
	page_open(page);
	page_label(page, "process", name);
	page_close(page, x);
}

void
metrics_processes(struct metrics_page *p, enum family f)
{
	char name[16];

	put_process(p, f, LIVE_PARENT, "parent");
	put_process(p, f, LIVE_BRAIN, "brain");
	ASSERT(live_workers(p->v->world->live) <= WORKERS_MAX);
	for (unsigned w = 0; w < live_workers(p->v->world->live); w++) {
		snprintf(name, sizeof name, "worker-%u", w & (WORKERS_MAX - 1));
		put_process(p, f, w, name);
	}
}
