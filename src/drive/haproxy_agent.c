/*
 * haproxy_agent: a plan, told one server at a time. HAProxy asks in the words that its configuration was given, so the
 * names may be of tasks, which come and go, or of nodes and addresses, which stay.
 */
#include <stdio.h>
#include <string.h>

#include "base/map.h"
#include "drive/haproxy_agent.h"

#define WHOLE	100			/* percent */

struct found {
	unsigned	 weight;	/* sum over those that take requests */
	unsigned	 ready, draining;
	bool		 by_place;	/* there may be several */
};

/* What was asked for. An address is read once, not written for each server: there may be thousands, each with a check. */
struct asked {
	struct str	 name;
	struct addr	 addr, host;	/* len 0: it is none */
};

static struct asked
asked_read(struct str name)
{
	bool six = memchr(name.p, ':', name.len) != NULL;
	struct asked q = { .name = name };
	char text[HAPROXY_AGENT_REQUEST_MAX + 8];

	if (name.p[0] != ':' && addr_parse(name, &q.addr) != NULL)
		q.addr.len = 0;
	snprintf(text, sizeof text, six ? "[%.*s]:0" : "%.*s:0", STR_ARG(name));
	if (addr_parse(str_of(text), &q.host) != NULL)
		q.host.len = 0;
	return q;
}

static bool
is_task(const struct plan_server *v, const struct asked *q)
{
	return (q->addr.len > 0 && addr_eq(&q->addr, &v->addr)) || str_eq(q->name, str_of(v->name));
}

static bool
is_place(const struct plan_server *v, const struct asked *q)
{
	struct addr here;

	if (q->host.len > 0 && q->host.sa.any.sa_family == v->addr.sa.any.sa_family) {
		here = v->addr;
		here.sa.v4.sin_port = 0;	/* stands where IPv6 has it, too */
		if (addr_eq(&q->host, &here))
			return true;
	}
	return str_eq(q->name, str_of(v->node));
}

/* The largest sum of a node's weights; a task alone may have WHOLE. */
static unsigned
heaviest(const struct plan_service *s)
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

/* When all drain, they serve: nobody else is there. An empty answer would leave those drained that were told to be. */
static void
service_look(const struct plan_service *s, const struct asked *q, struct found *f)
{
	bool all_drain = s->nserving == 0;

	for (unsigned i = 0; i < s->nservers; i++) {
		const struct plan_server *v = &s->server[i];
		bool task = is_task(v, q);
		if (!task && !is_place(v, q))
			continue;
		f->by_place |= !task;
		f->ready += all_drain || !v->draining;
		f->draining += !all_drain && v->draining;
		f->weight += v->weight;
	}
	if (all_drain)
		f->weight = WHOLE;
	else if (f->by_place)		/* HAProxy takes no more than 256 of a server's weight */
		f->weight = (f->weight * WHOLE + heaviest(s) / 2) / heaviest(s);
}

/* The node alone: its best weight in any service of which some, or else all, drain. */
static void
node_look(const struct plan *p, const struct asked *node, bool all_drain, struct found *out)
{
	for (unsigned i = 0; i < p->nservices; i++) {
		struct found f = { 0 };
		if ((p->service[i].nserving == 0) != all_drain)
			continue;
		service_look(&p->service[i], node, &f);
		out->ready += f.ready;
		out->draining += f.draining;
		out->weight = f.weight > out->weight ? f.weight : out->weight;
	}
}

static void
say(const struct found *f, bool missed, char out[HAPROXY_AGENT_RESPONSE_MAX])
{
	if (f->ready > 0)
		snprintf(out, HAPROXY_AGENT_RESPONSE_MAX, "up ready %u%%\n", f->weight > 0 ? f->weight : 1);
	else if (f->draining > 0)
		snprintf(out, HAPROXY_AGENT_RESPONSE_MAX, "up drain\n");
	else
		snprintf(out, HAPROXY_AGENT_RESPONSE_MAX, "%s", missed ? "down #no healthy task\n" : "\n");
}

void
haproxy_agent_respond(const struct plan *p, struct str question, char out[HAPROXY_AGENT_RESPONSE_MAX])
{
	struct str rest = question, service;
	const struct plan_service *s;
	struct found f = { 0 };
	struct asked q;
	char name[72];			/* "web:9000", where "web" has up to 63 */

	snprintf(out, HAPROXY_AGENT_RESPONSE_MAX, "\n");
	while (rest.len > 0 && strchr("\r\n \t", rest.p[rest.len - 1]) != NULL)
		rest.len--;
	if (p == NULL || rest.len == 0)
		return;
	if (memchr(rest.p, '/', rest.len) == NULL) {
		q = asked_read(rest);
		node_look(p, &q, false, &f);
		if (f.ready + f.draining == 0)
			node_look(p, &q, true, &f);
		say(&f, false, out);
		return;
	}
	str_split(&rest, '/', &service);
	if (service.len >= sizeof name || rest.len == 0)
		return;
	str_copy(name, sizeof name, service);
	s = plan_find_service(p, name);
	if (s == NULL || s->nservers == 0)
		return;
	q = asked_read(rest);
	service_look(s, &q, &f);
	say(&f, true, out);
}
