/*
 * A page is read into the `now` side of every counter, checked, turned into a sample against the
 * `was` side, and then becomes `was`. A page that is refused leaves `was` as it stood. Must not
 * know where pages come from.
 *
 * A CPU's share is its busy time over all its time, not over the clock: so it does not matter
 * that a page is read some milliseconds before or after its neighbours, nor that virtual
 * machines count time oddly.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "base/clock.h"
#include "signals/facts.h"
#include "signals/node.h"
#include "signals/prom_text.h"

#define NAME_MAX_BYTES	32
#define STUCK_USEC	(5 * USEC_PER_SEC)
#define QUOTA_LEAST	0.01		/* cores */
#define COUNTER_MOST	1e18		/* more seconds or bytes than any machine has seen: a lie */

struct cpu {
	double	was[MODE_COUNT], now[MODE_COUNT];
	bool	before, here;		/* on the last page, on this one */
	bool	odd;			/* its idle time cannot be: it would look busy without */
};

struct device {
	char	name[NAME_MAX_BYTES];
	double	was[2], now[2];		/* a disk: time; an interface: received, sent */
	bool	before, here;
};

struct devices {
	struct device	*of;
	unsigned	n, room;
	unsigned	next;		/* pages keep their order: the next one is most likely here */
};

struct node_counters {
	enum sample_source source;
	int64_t		 at_usec;	/* of the page that is `was`; 0: none */
	struct cpu	*cpu;		/* by number */
	unsigned	 ncpus;		/* room */
	struct devices	 disks, nets;
	struct containers containers;
	double		 was[FACT_COUNT], now[FACT_COUNT];	/* of metrics without labels; NAN: absent */
	char		 odd[80];	/* the first CPU time of the page that cannot be; "": none */
	char		 detail[NODE_DETAIL_MAX];
};

struct node_counters *
node_new(enum sample_source source)
{
	struct node_counters *n = must_zalloc(sizeof *n);

	ASSERT(source == SOURCE_NODE_EXPORTER || source == SOURCE_AGENT);
	n->source = source;
	return n;
}

void
node_free(struct node_counters **np)
{
	if (*np != NULL) {
		free((*np)->cpu);
		containers_fini(&(*np)->containers);
		free((*np)->disks.of);
		free((*np)->nets.of);
	}
	free(*np);
	*np = NULL;
}

void
node_forget(struct node_counters *n)
{
	n->at_usec = 0;
	n->disks.n = n->nets.n = 0;
	for (unsigned i = 0; i < n->ncpus; i++)
		n->cpu[i].before = false;
}

const char *
node_detail(const struct node_counters *n)
{
	return n->detail;
}

const struct containers *
node_containers(const struct node_counters *n)
{
	return &n->containers;
}

/* ---- reading a page into `now` ---- */

static struct cpu *
cpu_of(struct node_counters *n, struct str number)
{
	uint64_t i;

	if (!str_to_u64(number, &i) || i >= NODE_CPUS_MAX)
		return NULL;
	if (i >= n->ncpus) {
		unsigned room = (unsigned)i + 1 > 2 * n->ncpus ? (unsigned)i + 1 : 2 * n->ncpus;
		n->cpu = must_realloc(n->cpu, room * sizeof n->cpu[0]);
		memset(n->cpu + n->ncpus, 0, (room - n->ncpus) * sizeof n->cpu[0]);
		n->ncpus = room;
	}
	ASSERT(i < n->ncpus);
	return &n->cpu[i];
}

static void
take_odd_cpu(struct node_counters *n, const struct prom_value *v)
{
	struct str mode = prom_label(v, STR("mode")), number = prom_label(v, STR("cpu"));
	struct cpu *cpu = cpu_of(n, number);

	if (cpu == NULL)
		return;
	for (int m = 0; m < MODE_COUNT; m++)
		if (str_eq(mode, mode_all[m].name))
			cpu->now[m] = cpu->was[m];	/* absent, it would have fallen to zero */
	cpu->odd |= str_eq(mode, mode_all[MODE_IDLE].name);
	if (n->odd[0] == '\0')
		snprintf(n->odd, sizeof n->odd, "CPU %.*s has %g s of mode %.*s", STR_ARG(number), v->value,
		    mode.len > 12 ? 12 : (int)mode.len, mode.len > 0 ? mode.p : "");
	for (char *c = n->odd; *c != '\0'; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
}

static void
take_cpu(struct node_counters *n, const struct prom_value *v)
{
	struct str mode = prom_label(v, STR("mode"));
	struct cpu *cpu;

	for (int m = 0; m < MODE_COUNT; m++) {
		if (!str_eq(mode_all[m].name, mode))
			continue;
		if ((cpu = cpu_of(n, prom_label(v, STR("cpu")))) != NULL) {
			cpu->now[m] = v->value;
			cpu->here = true;
		}
		return;
	}
}

static struct device *
device_of(struct devices *d, struct str name)
{
	ASSERT(d->n <= NODE_DEVICES_MAX && d->next <= d->n);
	if (name.len >= NAME_MAX_BYTES)
		return NULL;
	for (unsigned i = 0; i < d->n; i++) {
		unsigned k = (d->next + i) % d->n;
		if (strlen(d->of[k].name) == name.len && memcmp(d->of[k].name, name.p, name.len) == 0) {
			d->next = k;
			return &d->of[k];
		}
	}
	if (d->n == NODE_DEVICES_MAX)
		return NULL;
	if (d->n == d->room) {		/* most machines have few */
		d->room = d->room == 0 ? 2 : 2 * d->room;
		d->of = must_realloc(d->of, d->room * sizeof d->of[0]);
	}
	d->next = d->n++;
	memset(&d->of[d->next], 0, sizeof d->of[0]);
	str_copy(d->of[d->next].name, NAME_MAX_BYTES, name);
	return &d->of[d->next];
}

static void
take_device(struct devices *d, struct str name, int which, double value)
{
	struct device *dev = device_of(d, name);

	if (dev != NULL) {
		dev->now[which] = value;
		dev->here = true;
	}
}

static enum fact_id
fact_of(struct str name)
{
	int f = 0;

	if (str_starts(name, STR("node_")) || str_starts(name, STR("mola_node_")))
		while (f < FACT_COUNT && !(fact_all[f].sampled && str_eq(fact_all[f].name, name)))
			f++;
	else
		f = FACT_COUNT;
	return (enum fact_id)f;
}

/* Values that cannot be, NaN among them, are as good as absent. */
static void
take_value(void *arg, const struct prom_value *v)
{
	enum fact_id f = fact_of(v->name);
	struct node_counters *n = arg;
	struct str device;

	if (f == FACT_COUNT) {
		containers_take(&n->containers, v);
		return;
	}
	if (!(v->value >= 0 && v->value <= COUNTER_MOST)) {
		if (f == FACT_CPU)
			take_odd_cpu(n, v);
		return;
	}
	device = prom_label(v, STR("device"));
	if (f == FACT_CPU)
		take_cpu(n, v);
	else if (f == FACT_DISK_IO_TIME && fact_real_disk(device))
		take_device(&n->disks, device, 0, v->value);
	else if ((f == FACT_NET_RECEIVE || f == FACT_NET_TRANSMIT) && fact_real_net(device))
		take_device(&n->nets, device, f == FACT_NET_TRANSMIT, v->value);
	else if (v->nlabels == 0)
		n->now[f] = v->value;
}

static void
devices_clear(struct devices *d)
{
	for (unsigned i = 0; i < d->n; i++)
		d->of[i].here = false;
	d->next = 0;
}

static void
page_clear(struct node_counters *n)
{
	for (unsigned i = 0; i < n->ncpus; i++) {
		memset(n->cpu[i].now, 0, sizeof n->cpu[i].now);
		n->cpu[i].here = n->cpu[i].odd = false;
	}
	n->odd[0] = '\0';
	containers_clear(&n->containers);
	devices_clear(&n->disks);
	devices_clear(&n->nets);
	for (int f = 0; f < FACT_COUNT; f++)
		n->now[f] = NAN;
}

/* The start of the line that was refused, fit for a terminal. */
static void
excerpt(struct str page, unsigned long line, char *out, size_t cap)
{
	struct str part = { NULL, 0 };
	size_t i;

	while (line-- > 0 && str_split(&page, '\n', &part))
		;
	for (i = 0; i < part.len && i + 1 < cap; i++)
		out[i] = part.p[i] >= ' ' && part.p[i] <= '~' ? part.p[i] : '?';
	out[i] = '\0';
}

static const struct why *
page_read(struct node_counters *n, struct str page)
{
	char found[40];
	struct prom_text t;
	size_t used;

	page_clear(n);
	prom_text_init(&t, take_value, n);
	if (prom_text_read(&t, page, true, &used) != NULL) {
		excerpt(page, t.line, found, sizeof found);
		snprintf(n->detail, sizeof n->detail, "line %lu: expected %s, found: %s", t.line,
		    t.expected, found);
		return WHY_METRICS_SYNTAX;
	}
	for (unsigned i = 0; i < n->ncpus; i++)
		n->cpu[i].here = n->cpu[i].here && !n->cpu[i].odd;
	for (unsigned i = 0; i < n->ncpus; i++)
		if (n->cpu[i].here)
			return NULL;
	if (n->odd[0] != '\0') {
		snprintf(n->detail, sizeof n->detail, "%s", n->odd);
		return WHY_METRICS_VALUE;
	}
	snprintf(n->detail, sizeof n->detail, "%lu lines and no %s", t.line, fact_all[FACT_CPU].name.p);
	return WHY_METRICS_INCOMPLETE;
}

/* ---- `now` becomes `was` ---- */

static void
devices_keep(struct devices *d)
{
	for (unsigned i = 0; i < d->n; ) {
		struct device *dev = &d->of[i];
		if (!dev->here) {		/* gone: the last one takes its place */
			*dev = d->of[--d->n];
			continue;
		}
		memcpy(dev->was, dev->now, sizeof dev->was);
		dev->before = true;
		i++;
	}
}

static bool
cpu_fell(const struct cpu *c)
{
	for (int m = 0; m < MODE_COUNT; m++)
		if (c->was[m] - c->now[m] > FACT_CPU_BACK_SECONDS)
			return true;
	return false;
}

/* A counter that slipped back a little keeps its height until it has caught up: nothing is
 * counted twice. */
static void
cpu_keep(struct cpu *c)
{
	bool restart = !c->before || cpu_fell(c);

	for (int m = 0; m < MODE_COUNT; m++)
		if (restart || c->now[m] > c->was[m])
			c->was[m] = c->now[m];
	c->before = c->here;
}

static void
page_keep(struct node_counters *n, int64_t at_usec)
{
	for (unsigned i = 0; i < n->ncpus; i++)
		cpu_keep(&n->cpu[i]);
	devices_keep(&n->disks);
	devices_keep(&n->nets);
	memcpy(n->was, n->now, sizeof n->was);
	n->at_usec = at_usec;
}

/* ---- from `was` and `now` to a sample ---- */

struct cpu_tally {
	unsigned	here;		/* CPUs on the page */
	unsigned	ran;		/* of those, with time that moved since the last page */
	unsigned	fell;		/* with counters that were reset */
	unsigned	stood;
	double		share;		/* sum of the busy shares of those that ran */
};

static void
tally_cpu(struct cpu_tally *t, const struct cpu *c)
{
	double busy = 0, idle = 0;

	t->here++;
	if (!c->before)
		return;
	if (cpu_fell(c)) {
		t->fell++;
		return;
	}
	for (int m = 0; m < MODE_COUNT; m++) {
		double d = c->now[m] - c->was[m];
		if (d > 0)
			*(mode_all[m].busy ? &busy : &idle) += d;
	}
	if (busy + idle > 0) {
		t->ran++;
		t->share += busy / (busy + idle);
	} else
		t->stood++;
}

static double
clamp(double x, double low, double high)
{
	return x < low ? low : x > high ? high : x;
}

/* Of a counter of seconds: the part of the time in which it ran. */
static double
ratio_of(const struct node_counters *n, enum fact_id f, double seconds)
{
	return isnan(n->was[f]) || isnan(n->now[f]) ? NAN : clamp((n->now[f] - n->was[f]) / seconds, 0, 1);
}

static double
disks_busiest(const struct devices *d, double seconds)
{
	double most = NAN;

	ASSERT(seconds > 0 && d->n <= NODE_DEVICES_MAX);
	for (unsigned i = 0; i < d->n; i++)
		if (d->of[i].here && d->of[i].before)
			most = fmax(most, clamp((d->of[i].now[0] - d->of[i].was[0]) / seconds, 0, 1));
	return most;
}

static double
nets_rate(const struct devices *d, int which, double seconds)
{
	double sum = NAN;

	ASSERT(seconds > 0 && d->n <= NODE_DEVICES_MAX);
	for (unsigned i = 0; i < d->n; i++)
		if (d->of[i].here && d->of[i].before)
			sum = fmax(d->of[i].now[which] - d->of[i].was[which], 0) + (isnan(sum) ? 0 : sum);
	return sum / seconds;
}

static double
memory_available(const double v[FACT_COUNT])
{
	double available = v[FACT_MEM_AVAILABLE];

	if (isnan(available))		/* kernels before 3.14 */
		available = v[FACT_MEM_FREE] + v[FACT_MEM_BUFFERS] + v[FACT_MEM_CACHED] + v[FACT_MEM_SLAB];
	return available > v[FACT_MEM_TOTAL] ? v[FACT_MEM_TOTAL] : available;
}

static void
fill_sample(const struct node_counters *n, const struct cpu_tally *t, int64_t at_usec,
    struct sample *out)
{
	double seconds = (double)(at_usec - n->at_usec) / USEC_PER_SEC, running = n->now[FACT_RUNNING];
	double quota = n->now[FACT_QUOTA];
	double cores = quota >= QUOTA_LEAST && quota < t->here ? quota : t->here;

	ASSERT(n->at_usec != 0 && at_usec - n->at_usec >= NODE_APART_USEC);
	ASSERT(t->ran > 0 && t->ran + t->fell + t->stood <= t->here);
	ASSERT(t->share >= 0 && t->share <= t->ran);
	*out = (struct sample){
		.taken_usec = at_usec, .span_usec = at_usec - n->at_usec, .source = n->source,
		.cores = cores, .busy = cores * clamp(t->share / t->ran, 0, 1),
		.running = running < 1 ? 0 : running - 1,	/* one of them is the reader */
		.load1 = n->now[FACT_LOAD1],
		.memory_total_bytes = n->now[FACT_MEM_TOTAL] > 0 ? n->now[FACT_MEM_TOTAL] : NAN,
		.memory_available_bytes = memory_available(n->now),
		.psi_cpu_waiting = ratio_of(n, FACT_PSI_CPU, seconds),
		.psi_memory_waiting = ratio_of(n, FACT_PSI_MEM, seconds),
		.psi_memory_stalled = ratio_of(n, FACT_PSI_MEM_FULL, seconds),
		.psi_io_waiting = ratio_of(n, FACT_PSI_IO, seconds),
		.psi_io_stalled = ratio_of(n, FACT_PSI_IO_FULL, seconds),
		.disk_busy = disks_busiest(&n->disks, seconds),
		.net_receive = nets_rate(&n->nets, 0, seconds),
		.net_transmit = nets_rate(&n->nets, 1, seconds),
	};
}

const struct why *
node_page(struct node_counters *n, struct str page, int64_t at_usec, bool *sampled,
    struct sample *out)
{
	const struct why *why = page_read(n, page);
	struct cpu_tally t = { .here = 0 };

	ASSERT(at_usec >= n->at_usec);
	if (why != NULL)
		return why;
	if (n->at_usec != 0 && at_usec - n->at_usec < NODE_APART_USEC) {
		*sampled = false;
		return NULL;
	}
	for (unsigned i = 0; i < n->ncpus; i++)
		if (n->cpu[i].here)
			tally_cpu(&t, &n->cpu[i]);
	if (t.ran == 0 && t.fell == 0 && t.stood > 0) {	/* `was` stays, so that the next span is longer */
		if (n->odd[0] != '\0') {
			snprintf(n->detail, sizeof n->detail, "%s", n->odd);
			return WHY_METRICS_VALUE;
		}
		if (at_usec - n->at_usec > STUCK_USEC) {
			snprintf(n->detail, sizeof n->detail, "no CPU's time has moved for %.0f s",
			    (double)(at_usec - n->at_usec) / USEC_PER_SEC);
			return WHY_METRICS_STUCK;
		}
		*sampled = false;
		return NULL;
	}
	if (t.ran > 0)
		fill_sample(n, &t, at_usec, out);
	page_keep(n, at_usec);
	if (t.ran == 0 && t.fell > 0) {
		snprintf(n->detail, sizeof n->detail,
		    "counters of %u of %u CPUs fell by more than %.0f s", t.fell, t.here,
		    FACT_CPU_BACK_SECONDS);
		return WHY_METRICS_BACKWARDS;
	}
	*sampled = t.ran > 0;
	return NULL;
}
