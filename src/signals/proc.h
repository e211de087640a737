/*
 * proc: what an agent reads. The text of a file under /proc or of a cgroup in, values out; opening
 * files is the caller's. What is absent or makes no sense stays NaN or is left out, and nothing
 * else suffers.
 */
#ifndef SIGNALS_PROC_H
#define SIGNALS_PROC_H

#include "signals/facts.h"

#define PROC_CPUS_MAX		4096
#define PROC_DEVICES_MAX	64
#define PROC_CONTAINERS_MAX	1024
#define PROC_NAME_BYTES		32
#define PROC_ID_BYTES		65		/* 64 hexadecimal digits */

struct proc_cpu {
	unsigned	number;
	double		seconds[MODE_COUNT];
};

struct proc_disk {
	char		name[PROC_NAME_BYTES];
	double		io_seconds;
};

struct proc_net {
	char		name[PROC_NAME_BYTES];
	double		received, sent;
};

/* What is not known is NaN. */
struct proc_container {
	char		id[PROC_ID_BYTES];
	double		cpu_seconds, throttled_seconds;
	double		available;		/* cores that it could have if it asked for all it can get */
	double		used;			/* cores, over the interval that `available` is of */
	double		quota;			/* cores, its own or of what it is in; INFINITY: none */
	double		weight;			/* 1024 is the usual */
};

/* One look at a machine. Large: allocate it; what is not used is not touched. */
struct proc_view {
	double		value[FACT_COUNT];	/* of metrics without labels; NaN: not known */
	unsigned	ncpus, ndisks, nnets, ncontainers;
	struct proc_disk disk[PROC_DEVICES_MAX];
	struct proc_net	net[PROC_DEVICES_MAX];
	struct proc_container container[PROC_CONTAINERS_MAX];
	struct proc_cpu	cpu[PROC_CPUS_MAX];
};

void	proc_clear(struct proc_view *);
/* The kernel's counters slip back a little now and then: `now` never shows less than `before`,
 * except for a CPU that lost more than FACT_CPU_BACK_SECONDS, which was away and begins again. */
void	proc_steady(struct proc_view *now, const struct proc_view *before);

/* Files under /proc. False: nothing of use was found. */
typedef bool proc_text_f(struct str text, struct proc_view *);
proc_text_f	proc_stat, proc_meminfo, proc_loadavg, proc_diskstats, proc_net_dev;
proc_text_f	proc_pressure_cpu, proc_pressure_memory, proc_pressure_io;

/* Files of a cgroup; false, and the output is as it was: nothing of use was found. */
typedef bool proc_group_f(struct str text, double *);
proc_group_f proc_cpuacct_usage, proc_cpu_stat;		/* seconds; v1 cpuacct.usage, v2 cpu.stat */
proc_group_f proc_throttled;		/* seconds; cpu.stat of both */
/* v1 cpu.shares, v2 cpu.weight; both as the former: 1024 is what a group has that was given none */
proc_group_f proc_cpu_shares, proc_cpu_weight;
proc_group_f proc_cpu_max;		/* cores, INFINITY: no quota; v2 cpu.max */
proc_group_f proc_cpu_list;		/* how many CPUs; of both: "0-3,7" */
/* cores, INFINITY: no quota; v1 cpu.cfs_quota_us and cpu.cfs_period_us */
bool	proc_cfs_quota(struct str quota, struct str period, double *);
/* Is this the name of the cgroup of a container of Docker's? "<64 hex>" (cgroupfs) or
 * "docker-<64 hex>.scope" (systemd). */
bool	proc_container_id(struct str directory, char id[PROC_ID_BYTES]);

#endif
