#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "plan.h"

void
plan_default(struct plan *p)
{
	*p = (struct plan){ .nsets = 1, .net = { 127, 0, 10 }, .task_port = 20080, .exporter_port = 29100 };
	ASSERT(plan_cores(p, "1 1 2 2 4 4 8 8"));
}

bool
plan_cores(struct plan *p, const char *list)
{
	unsigned n = 0;
	char *end;

	while (*list != '\0') {
		double c = strtod(list, &end);
		if (end == list || !(c > 0 && c <= 1024) || n == PLAN_NODES_MAX)
			return false;
		p->cores[n++] = c;
		list = end + strspn(end, " ,");
	}
	p->nnodes = n;
	return n > 0;
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
