/*
 * haproxy_agent: a plan, told one server at a time. HAProxy asks in the words that its configuration was given, so the
 * names may be of tasks, which come and go, or of nodes and addresses, which stay.
 */
#include <stdio.h>
#include <string.h>

#include "drive/haproxy_agent.h"

struct found {
	unsigned	 weight;	/* sum over those that take requests */
	unsigned	 ready, draining;
};

static bool
is_meant(const struct plan_server *v, struct str name)
{
	char text[ADDR_TEXT_MAX];

	return str_eq(name, str_of(v->name)) || str_eq(name, str_of(v->node)) ||
	    str_eq(name, str_of(addr_text(&v->addr, text))) || str_eq(name, str_of(addr_host_text(&v->addr, text)));
}

static void
service_look(const struct plan_service *s, struct str name, struct found *f)
{
	for (unsigned i = 0; i < s->nservers; i++) {
		const struct plan_server *v = &s->server[i];
		if (!is_meant(v, name))
			continue;
		f->ready += !v->draining;
		f->draining += v->draining;
		f->weight += v->weight;
	}
}

/* The node alone: its best weight in any service. */
static void
node_look(const struct plan *p, struct str node, struct found *out)
{
	for (unsigned i = 0; i < p->nservices; i++) {
		struct found f = { 0 };
		if (p->service[i].nserving == 0)
			continue;
		service_look(&p->service[i], node, &f);
		out->ready += f.ready;
		out->draining += f.draining;
		out->weight = f.weight > out->weight ? f.weight : out->weight;
	}
}

static void
say(const struct found *f, bool missed, char out[HAPROXY_ANSWER_MAX])
{
	if (f->ready > 0)
		snprintf(out, HAPROXY_ANSWER_MAX, "up ready %u%%\n", f->weight > 0 ? f->weight : 1);
	else if (f->draining > 0)
		snprintf(out, HAPROXY_ANSWER_MAX, "up drain\n");
	else
		snprintf(out, HAPROXY_ANSWER_MAX, "%s", missed ? "down #no healthy task\n" : "\n");
}

void
haproxy_agent_answer(const struct plan *p, struct str question, char out[HAPROXY_ANSWER_MAX])
{
	struct str rest = question, service;
	const struct plan_service *s;
	struct found f = { 0 };
	char name[64];

	snprintf(out, HAPROXY_ANSWER_MAX, "\n");
	while (rest.len > 0 && strchr("\r\n \t", rest.p[rest.len - 1]) != NULL)
		rest.len--;
	if (p == NULL || rest.len == 0)
		return;
	if (memchr(rest.p, '/', rest.len) == NULL) {
		node_look(p, rest, &f);
		say(&f, false, out);
		return;
	}
	str_split(&rest, '/', &service);
	if (service.len >= sizeof name || rest.len == 0)
		return;
	str_copy(name, sizeof name, service);
	s = plan_service(p, name);
	if (s == NULL || s->nserving == 0)
		return;
	service_look(s, rest, &f);
	say(&f, true, out);
}
