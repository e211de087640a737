#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "plan.h"

void
plan_default(struct plan *p)
{
	*p = (struct plan){ .nsets = 1, .net = { 127, 0, 10 }, .task_port = 20080, .exporter_port = 29100,
		.agent_port = 29101 };
	ASSERT(plan_cores(p, "1 1 2 2 4 4 8 8"));
	for (unsigned i = 0; i < PLAN_NODES_MAX; i++)
		p->parked[i] = 0.5;
}

/* Numbers in (0, most]; 0 of them when something else stands there. */
static unsigned
list_read(const char *list, double most, double out[PLAN_NODES_MAX])
{
	unsigned n = 0;
	char *end;

	while (*list != '\0') {
		double c = strtod(list, &end);
		if (end == list || !(c > 0 && c <= most) || n == PLAN_NODES_MAX)
			return 0;
		out[n++] = c;
		list = end + strspn(end, " ,");
	}
	return n;
}

bool
plan_cores(struct plan *p, const char *list)
{
	p->nnodes = list_read(list, 1024, p->cores);
	return p->nnodes > 0;
}

static bool
each_read(const struct plan *p, const char *list, double most, double out[PLAN_NODES_MAX])
{
	unsigned n = list_read(list, most, out);

	for (unsigned i = 1; n == 1 && i < p->nnodes; i++)
		out[i] = out[0];
	return n == 1 || n == p->nnodes;
}

bool
plan_ram(struct plan *p, const char *list)
{
	return each_read(p, list, 4096, p->ram);
}

bool
plan_parked(struct plan *p, const char *list)
{
	return each_read(p, list, 1, p->parked);
}

bool
plan_quota(struct plan *p, const char *list)
{
	return each_read(p, list, 1024, p->quota);
}

bool
plan_net(struct plan *p, const char *text)
{
	unsigned net[3];
	char more;

	if (sscanf(text, "%u.%u.%u%c", &net[0], &net[1], &net[2], &more) != 3 || net[0] != 127 || net[1] > 255
	    || net[2] + PLAN_SETS_MAX > 255)
		return false;
	memcpy(p->net, net, sizeof net);
	return true;
}

double
plan_total_cores(const struct plan *p)
{
	double sum = 0;

	for (unsigned i = 0; i < p->nnodes; i++)
		sum += p->cores[i];
	return sum;
}

const char *
plan_address(const struct plan *p, unsigned set, unsigned node, unsigned port, char out[PLAN_TEXT_MAX])
{
	snprintf(out, PLAN_TEXT_MAX, "%u.%u.%u.%u:%u", p->net[0], p->net[1], p->net[2] + set, node, port);
	return out;
}

void
plan_addr(const struct plan *p, unsigned set, unsigned node, unsigned port, struct addr *a)
{
	char text[PLAN_TEXT_MAX];

	if (addr_parse(str_of(plan_address(p, set, node, port, text)), a) != NULL)
		BUG("a plan's address");
}

const char *
plan_container(unsigned set, unsigned node, unsigned number, char id[PLAN_CONTAINER_BYTES])
{
	uint64_t rest = ((uint64_t)set << 40 | (uint64_t)node << 32 | number) * 0x9e3779b97f4a7c15;

	snprintf(id, PLAN_CONTAINER_BYTES, "%02x%02x%08x%016llx%016llx%016llx%04x", set & 0xff, node & 0xff, number, (unsigned long long)rest,
	    (unsigned long long)(rest * 0xbf58476d1ce4e5b9), (unsigned long long)(rest * 0x94d049bb133111eb), (unsigned)(rest >> 48));
	return id;
}
