/*
 * Files under /proc and of cgroups, as a broken or hostile mount may show them. The first byte chooses the reader.
 * Whatever was read, the page that the agent makes of it is sound Prometheus text.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "signals/proc.h"
#include "signals/proc_page.h"
#include "signals/prom_text.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
ignore(void *arg, const struct prom_value *v)
{
	(void)arg;
	ASSERT(v->name.len > 0);
}

static void
check_page(const struct proc_view *v, void (*write)(struct buf *, const struct proc_view *))
{
	struct prom_text t;
	struct buf page;
	size_t used;

	buf_init(&page, 16 << 20);
	write(&page, v);
	prom_text_init(&t, ignore, NULL);
	ASSERT(!page.full && prom_text_read(&t, buf_str(&page), true, &used) == NULL);
	buf_fini(&page);
}

/* Files of a container's cgroup, below a directory named by the first line. */
static void
read_container(struct str text, struct proc_view *v)
{
	struct proc_container *c = &v->container[0];
	struct str name;

	*c = (struct proc_container){ .cpu_seconds = NAN, .throttled_seconds = NAN, .available = NAN, .quota = NAN, .weight = NAN };
	if (!str_split(&text, '\n', &name) || !proc_container_id(name, c->id))
		return;
	proc_cpu_stat(text, &c->cpu_seconds);
	proc_throttled(text, &c->throttled_seconds);
	proc_cpu_list(text, &c->available);
	proc_cpu_max(text, &c->quota);
	proc_cpu_weight(text, &c->weight);
	v->ncontainers = 1;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static proc_text_f *const readers[] = { proc_stat, proc_meminfo, proc_loadavg, proc_diskstats, proc_net_dev,
	    proc_pressure_cpu, proc_pressure_memory, proc_pressure_io };
	static proc_group_f *const group_files[] = { proc_cpuacct_usage, proc_cpu_stat, proc_throttled, proc_cpu_shares,
	    proc_cpu_weight, proc_cpu_max, proc_cpu_list };
	static struct proc_view now, before;
	char id[PROC_ID_BYTES];
	struct str text;
	double number;

	if (len == 0)
		return 0;
	text = (struct str){ (const char *)bytes + 1, len - 1 };
	proc_clear(&now);
	proc_clear(&before);
	readers[bytes[0] % 8](text, &now);
	readers[bytes[0] % 8]((struct str){ text.p, text.len / 2 }, &before);
	proc_steady(&now, &before);
	read_container(text, &now);
	check_page(&now, proc_page);
	check_page(&now, proc_block);
	for (size_t i = 0; i < sizeof group_files / sizeof *group_files; i++)
		ASSERT(!group_files[i](text, &number) || number >= 0);
	ASSERT(!proc_cpu_shares(text, &number) || number > 0);
	ASSERT(!proc_cpu_weight(text, &number) || number > 0);
	ASSERT(!proc_cfs_quota(text, text, &number) || number > 0);
	if (proc_container_id(text, id))
		ASSERT(strlen(id) == PROC_ID_BYTES - 1);
	return 0;
}
