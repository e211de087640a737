/*
 * haproxy_agent: a plan, one server at a time. HAProxy sends text of its own configuration, so the
 * names may be of tasks, which come and go, or of nodes and addresses, which stay.
 */
#include <stdio.h>
#include <string.h>

#include "base/bug.h"
#include "base/map.h"
#include "drive/haproxy_agent.h"

#define WHOLE	100			/* percent */

struct agent_match {			/* the servers that a request names */
	unsigned	 weight;	/* sum over those that take requests */
	unsigned	 ready, draining;
	bool		 by_host;	/* named by a node or host: there may be several */
};

/* The name in a request. An address is parsed once, instead of printing that of each server: there
 * may be thousands, each with a check. */
struct agent_name {
	struct str	 text;
	struct addr	 addr, host;	/* len 0: it is none */
};

static struct agent_name
name_parse(struct str name)
{
	bool six = memchr(name.p, ':', name.len) != NULL;
	struct agent_name q = { .text = name };
	char text[HAPROXY_AGENT_REQUEST_MAX + 8];

	ASSERT(name.len > 0);
	if (name.p[0] != ':' && addr_parse(name, &q.addr) != NULL)
		q.addr.len = 0;
	snprintf(text, sizeof text, six ? "[%.*s]:0" : "%.*s:0", STR_ARG(name));
	if (addr_parse(str_of(text), &q.host) != NULL)
		q.host.len = 0;
	return q;
}

static bool
is_task(const struct plan_server *v, const struct agent_name *q)
{
	return (q->addr.len > 0 && addr_eq(&q->addr, &v->addr)) || str_eq(q->text, str_of(v->name));
}

static bool
is_on_host(const struct plan_server *v, const struct agent_name *q)
{
	struct addr here;

	if (q->host.len > 0 && q->host.sa.any.sa_family == v->addr.sa.any.sa_family) {
		here = v->addr;
		here.sa.v4.sin_port = 0;	/* stands where IPv6 has it, too */
		if (addr_eq(&q->host, &here))
			return true;
	}
	return str_eq(q->text, str_of(v->node));
}

/* The largest sum of weights that a node has; one task alone may have WHOLE. */
static unsigned
node_weight_max(const struct plan_service *s)
{
	struct map *sums = map_new();
	uintptr_t most = WHOLE, sum;

	for (unsigned i = 0; i < s->nservers; i++) {
		struct str node = str_of(s->server[i].node);
		if (s->server[i].weight == 0)
			continue;
		sum = (uintptr_t)map_get(sums, node) + s->server[i].weight;
		map_put(sums, node, (void *)sum);
		most = sum > most ? sum : most;
	}
	map_free(&sums);
	return (unsigned)most;
}

/* When all servers drain, they serve: there are no others. An empty response would leave those
 * drained that HAProxy has in drain. */
static void
service_match(const struct plan_service *s, const struct agent_name *q, struct agent_match *f)
{
	bool all_drain = s->nserving == 0;

	for (unsigned i = 0; i < s->nservers; i++) {
		const struct plan_server *v = &s->server[i];
		bool task = is_task(v, q);
		if (!task && !is_on_host(v, q))
			continue;
		f->by_host |= !task;
		f->ready += all_drain || !v->draining;
		f->draining += !all_drain && v->draining;
		f->weight += v->weight;
	}
	if (all_drain)
		f->weight = WHOLE;
	else if (f->by_host) {		/* HAProxy's limit is a weight of 256 */
		unsigned most = node_weight_max(s);
		ASSERT(most >= WHOLE);
		f->weight = (f->weight * WHOLE + most / 2) / most;
	}
}

/* A node alone: its largest weight in any service of which not all servers (all_drain: all)
 * drain. */
static void
node_match(const struct plan *p, const struct agent_name *node, bool all_drain,
    struct agent_match *out)
{
	for (unsigned i = 0; i < p->nservices; i++) {
		struct agent_match f = { 0 };
		if ((p->service[i].nserving == 0) != all_drain)
			continue;
		service_match(&p->service[i], node, &f);
		out->ready += f.ready;
		out->draining += f.draining;
		out->weight = f.weight > out->weight ? f.weight : out->weight;
	}
}

static void
response_write(const struct agent_match *f, bool missed, char out[HAPROXY_AGENT_RESPONSE_MAX])
{
	if (f->ready > 0)
		snprintf(out, HAPROXY_AGENT_RESPONSE_MAX, "up ready %u%%\n", f->weight > 0 ? f->weight : 1);
	else if (f->draining > 0)
		snprintf(out, HAPROXY_AGENT_RESPONSE_MAX, "up drain\n");
	else
		snprintf(out, HAPROXY_AGENT_RESPONSE_MAX, "%s", missed ? "down #no healthy task\n" : "\n");
}

void
haproxy_agent_respond(const struct plan *p, struct str request,
    char out[HAPROXY_AGENT_RESPONSE_MAX])
{
	struct str rest = request, service;
	const struct plan_service *s;
	struct agent_match f = { 0 };
	struct agent_name q;
	char name[72];			/* "web:9000", where "web" has up to 63 */

	snprintf(out, HAPROXY_AGENT_RESPONSE_MAX, "\n");
	while (rest.len > 0 && strchr("\r\n \t", rest.p[rest.len - 1]) != NULL)
		rest.len--;
	if (p == NULL || rest.len == 0)
		return;
	if (memchr(rest.p, '/', rest.len) == NULL) {
		q = name_parse(rest);
		node_match(p, &q, false, &f);
		if (f.ready + f.draining == 0)
			node_match(p, &q, true, &f);
		response_write(&f, false, out);
		return;
	}
	str_split(&rest, '/', &service);
	if (service.len >= sizeof name || rest.len == 0)
		return;
	str_copy(name, sizeof name, service);
	s = plan_find_service(p, name);
	if (s == NULL || s->nservers == 0)
		return;
	q = name_parse(rest);
	service_match(s, &q, &f);
	response_write(&f, true, out);
}
