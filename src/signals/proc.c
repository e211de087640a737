/*
 * Every file is lines of words; two eaters, of a line and of a word, do for all of them. Must
 * not open anything.
 */
#include <math.h>
#include <string.h>

#include "base/bug.h"
#include "base/str.h"
#include "signals/proc.h"

#define TICKS_PER_SECOND	100.0		/* USER_HZ, the unit of these files whatever the kernel's own HZ */
#define SHARES_MOST		262144.0	/* of v1; v2 has WEIGHT_MOST */
#define SHARES_IDLE		3.0
#define WEIGHT_MOST		10000.0

static bool
eat_line(struct str *text, struct str *line)
{
	return text->len > 0 && str_split(text, '\n', line);
}

static struct str
eat_word(struct str *line)
{
	struct str word;

	while (line->len > 0 && (*line->p == ' ' || *line->p == '\t'))
		line->p++, line->len--;
	word = (struct str){ line->p, 0 };
	while (line->len > 0 && *line->p != ' ' && *line->p != '\t')
		line->p++, line->len--, word.len++;
	return word;
}

static double
eat_number(struct str *line)
{
	uint64_t v;

	return str_to_u64(eat_word(line), &v) ? (double)v : NAN;
}

/* The n-th number from here, counted from 1. */
static double
nth_number(struct str *line, int n)
{
	while (--n > 0)
		eat_word(line);
	return eat_number(line);
}

void
proc_clear(struct proc_view *v)
{
	for (int f = 0; f < FACT_COUNT; f++)
		v->value[f] = NAN;
	v->ncpus = v->ndisks = v->nnets = v->ncontainers = 0;
}

static void
cpu_steady(struct proc_cpu *now, const struct proc_cpu *before)
{
	ASSERT(now->number == before->number);
	for (int m = 0; m < MODE_COUNT; m++)
		if (before->seconds[m] - now->seconds[m] > FACT_CPU_BACK_SECONDS)
			return;
	for (int m = 0; m < MODE_COUNT; m++)
		now->seconds[m] = fmax(now->seconds[m], before->seconds[m]);
}

/* Both views have their CPUs in the kernel's order, which is that of their numbers. */
void
proc_steady(struct proc_view *now, const struct proc_view *before)
{
	unsigned k = 0;

	ASSERT(now->ncpus <= PROC_CPUS_MAX && before->ncpus <= PROC_CPUS_MAX);
	for (unsigned i = 0; i < now->ncpus; i++) {
		while (k < before->ncpus && before->cpu[k].number < now->cpu[i].number)
			k++;
		if (k < before->ncpus && before->cpu[k].number == now->cpu[i].number)
			cpu_steady(&now->cpu[i], &before->cpu[k]);
	}
}

/* cpu3 user nice system idle iowait irq softirq steal guest guest_nice; old kernels end earlier */
static void
stat_cpu(struct str word, struct str line, struct proc_view *v)
{
	struct proc_cpu *c = &v->cpu[v->ncpus];
	uint64_t number;

	ASSERT(v->ncpus <= PROC_CPUS_MAX && word.len >= 3);
	if (!str_to_u64((struct str){ word.p + 3, word.len - 3 }, &number) || number >= PROC_CPUS_MAX ||
	    v->ncpus == PROC_CPUS_MAX)
		return;		/* the sum of all has no number */
	c->number = (unsigned)number;
	for (int m = 0; m < MODE_COUNT; m++) {
		double ticks = eat_number(&line);
		c->seconds[m] = isnan(ticks) ? 0 : ticks / TICKS_PER_SECOND;
	}
	v->ncpus++;
}

bool
proc_stat(struct str text, struct proc_view *v)
{
	struct str line, word;

	while (eat_line(&text, &line)) {
		word = eat_word(&line);
		if (str_starts(word, STR("cpu")))
			stat_cpu(word, line, v);
		else if (str_eq(word, STR("procs_running")))
			v->value[FACT_RUNNING] = eat_number(&line);
		else if (str_eq(word, STR("procs_blocked")))
			v->value[FACT_BLOCKED] = eat_number(&line);
		else if (str_eq(word, STR("btime")))
			v->value[FACT_BOOTED] = eat_number(&line);
	}
	return v->ncpus > 0;
}

bool
proc_meminfo(struct str text, struct proc_view *v)
{
	static const struct {
		struct str	key;
		enum fact_id	fact;
	} keys[] = {
		{ { "MemTotal:", 9 }, FACT_MEM_TOTAL }, { { "MemFree:", 8 }, FACT_MEM_FREE },
		{ { "MemAvailable:", 13 }, FACT_MEM_AVAILABLE }, { { "Buffers:", 8 }, FACT_MEM_BUFFERS },
		{ { "Cached:", 7 }, FACT_MEM_CACHED }, { { "Slab:", 5 }, FACT_MEM_SLAB },
	};
	struct str line, word;

	while (eat_line(&text, &line)) {
		word = eat_word(&line);
		for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
			if (str_eq(word, keys[i].key))
				v->value[keys[i].fact] = eat_number(&line) * 1024;
	}
	return !isnan(v->value[FACT_MEM_TOTAL]);
}

bool
proc_loadavg(struct str text, struct proc_view *v)
{
	static const enum fact_id facts[] = { FACT_LOAD1, FACT_LOAD5, FACT_LOAD15 };
	double x;

	for (int i = 0; i < 3; i++) {
		if (!str_to_double(eat_word(&text), &x) || !(x >= 0) || isinf(x))
			return false;
		v->value[facts[i]] = x;
	}
	return true;
}

/* some avg10=0.00 avg60=0.00 avg300=0.00 total=MICROSECONDS */
static double
pressure_total(struct str text, struct str kind)
{
	struct str line, word;
	uint64_t usec;

	while (eat_line(&text, &line)) {
		if (!str_eq(eat_word(&line), kind))
			continue;
		while ((word = eat_word(&line)).len > 0)
			if (str_starts(word, STR("total=")) &&
			    str_to_u64((struct str){ word.p + 6, word.len - 6 }, &usec))
				return (double)usec / 1e6;
	}
	return NAN;
}

bool
proc_pressure_cpu(struct str text, struct proc_view *v)
{
	v->value[FACT_PSI_CPU] = pressure_total(text, STR("some"));
	return !isnan(v->value[FACT_PSI_CPU]);
}

bool
proc_pressure_memory(struct str text, struct proc_view *v)
{
	v->value[FACT_PSI_MEM] = pressure_total(text, STR("some"));
	v->value[FACT_PSI_MEM_FULL] = pressure_total(text, STR("full"));
	return !isnan(v->value[FACT_PSI_MEM]);
}

bool
proc_pressure_io(struct str text, struct proc_view *v)
{
	v->value[FACT_PSI_IO] = pressure_total(text, STR("some"));
	v->value[FACT_PSI_IO_FULL] = pressure_total(text, STR("full"));
	return !isnan(v->value[FACT_PSI_IO]);
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* sda1 is a part of sda, nvme0n1p2 of nvme0n1: the disk's time counts, its parts would count it
 * again. */
static bool
is_part_of(struct str name, struct str disk)
{
	size_t i = disk.len;

	if (disk.len == 0 || !str_starts(name, disk) || name.len == disk.len)
		return false;
	if (is_digit(disk.p[disk.len - 1]) && name.p[i++] != 'p')
		return false;
	if (i == name.len)
		return false;
	while (i < name.len && is_digit(name.p[i]))
		i++;
	return i == name.len;
}

/* major minor name, then eleven numbers and more; the tenth is the milliseconds in which the
 * disk had work */
bool
proc_diskstats(struct str text, struct proc_view *v)
{
	struct str line, name, disk = { NULL, 0 };
	double msec;

	ASSERT(v->ndisks <= PROC_DEVICES_MAX);
	while (eat_line(&text, &line) && v->ndisks < PROC_DEVICES_MAX) {
		eat_word(&line);
		eat_word(&line);
		name = eat_word(&line);
		msec = nth_number(&line, 10);
		if (isnan(msec) || name.len >= PROC_NAME_BYTES || !fact_real_disk(name) || is_part_of(name, disk))
			continue;
		disk = name;
		str_copy(v->disk[v->ndisks].name, PROC_NAME_BYTES, name);
		v->disk[v->ndisks++].io_seconds = msec / 1e3;
	}
	return v->ndisks > 0;
}

/* name: received bytes and seven more, sent bytes and seven more; two lines of headings, which
 * have no colon */
bool
proc_net_dev(struct str text, struct proc_view *v)
{
	struct str line, name;
	double received, sent;

	ASSERT(v->nnets <= PROC_DEVICES_MAX);
	while (eat_line(&text, &line) && v->nnets < PROC_DEVICES_MAX) {
		if (!str_split(&line, ':', &name) || line.p == NULL)
			continue;
		name = str_trim(name);
		received = eat_number(&line);
		sent = nth_number(&line, 8);
		if (isnan(received) || isnan(sent) || name.len >= PROC_NAME_BYTES || !fact_real_net(name))
			continue;
		str_copy(v->net[v->nnets].name, PROC_NAME_BYTES, name);
		v->net[v->nnets].received = received;
		v->net[v->nnets++].sent = sent;
	}
	return v->nnets > 0;
}

bool
proc_cpuacct_usage(struct str text, double *seconds)
{
	struct str line;
	double nsec;

	if (!eat_line(&text, &line) || isnan(nsec = eat_number(&line)))
		return false;
	*seconds = nsec / 1e9;
	return true;
}

/* The number after a word that begins a line; NaN: there is none. */
static double
keyed_number(struct str text, struct str key)
{
	struct str line;

	while (eat_line(&text, &line))
		if (str_eq(eat_word(&line), key))
			return eat_number(&line);
	return NAN;
}

bool
proc_cpu_stat(struct str text, double *seconds)
{
	double usec = keyed_number(text, STR("usage_usec"));

	if (isnan(usec))
		return false;
	*seconds = usec / 1e6;
	return true;
}

bool
proc_throttled(struct str text, double *seconds)
{
	double usec = keyed_number(text, STR("throttled_usec"));

	if (isnan(usec))
		usec = keyed_number(text, STR("throttled_time")) / 1e3;
	if (isnan(usec))
		return false;
	*seconds = usec / 1e6;
	return true;
}

bool
proc_cpu_shares(struct str text, double *weight)
{
	struct str line;
	double shares;

	if (!eat_line(&text, &line) || !((shares = eat_number(&line)) >= 1 && shares <= SHARES_MOST))
		return false;
	*weight = shares;
	return true;
}

/* As the kernel turns one into the other. A group that only gets what nobody wants (cpu.idle)
 * reads 0. */
bool
proc_cpu_weight(struct str text, double *weight)
{
	struct str line;
	double w;

	if (!eat_line(&text, &line) || !((w = eat_number(&line)) >= 0 && w <= WEIGHT_MOST))
		return false;
	*weight = w > 0 ? w * 1024 / 100 : SHARES_IDLE;
	return true;
}

/* A quota of no time at all is none that a kernel has. */
static bool
quota_cores(double quota, double period, double *cores)
{
	if (!(quota > 0 && period > 0))
		return false;
	*cores = quota / period;
	return true;
}

bool
proc_cpu_max(struct str text, double *cores)
{
	struct str line, quota;
	uint64_t usec;

	if (!eat_line(&text, &line))
		return false;
	quota = eat_word(&line);
	if (str_eq(quota, STR("max"))) {
		*cores = INFINITY;
		return true;
	}
	return str_to_u64(quota, &usec) && quota_cores((double)usec, eat_number(&line), cores);
}

bool
proc_cfs_quota(struct str quota, struct str period, double *cores)
{
	struct str used, of;

	if (!eat_line(&quota, &used))
		return false;
	if (str_eq(str_trim(used), STR("-1"))) {
		*cores = INFINITY;
		return true;
	}
	return eat_line(&period, &of) && quota_cores(eat_number(&used), eat_number(&of), cores);
}

bool
proc_cpu_list(struct str text, double *cpus)
{
	struct str line, part, first;
	uint64_t a, b;
	double n = 0;

	if (!eat_line(&text, &line))
		return false;
	while (line.len > 0 && str_split(&line, ',', &part)) {
		str_split(&part, '-', &first);
		if (!str_to_u64(str_trim(first), &a) || a >= PROC_CPUS_MAX)
			return false;
		b = a;
		if (part.p != NULL && (!str_to_u64(str_trim(part), &b) || b < a || b >= PROC_CPUS_MAX))
			return false;
		n += (double)(b - a + 1);
	}
	if (!(n > 0))
		return false;
	*cpus = n;
	return true;
}

bool
proc_container_id(struct str directory, char id[PROC_ID_BYTES])
{
	struct str before = STR("docker-"), after = STR(".scope");

	if (str_starts(directory, before) && directory.len == before.len + PROC_ID_BYTES - 1 + after.len &&
	    memcmp(directory.p + directory.len - after.len, after.p, after.len) == 0) {
		directory.p += before.len;
		directory.len = PROC_ID_BYTES - 1;
	}
	if (directory.len != PROC_ID_BYTES - 1)
		return false;
	for (size_t i = 0; i < directory.len; i++)
		if (!is_digit(directory.p[i]) && (directory.p[i] < 'a' || directory.p[i] > 'f'))
			return false;
	str_copy(id, PROC_ID_BYTES, directory);
	return true;
}
