/* stage: a Swarm in JSON, as small as the readers need it, and the world it is passed into. */
#ifndef STAGE_H
#define STAGE_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "discovery/swarm.h"

struct stage {
	struct live	*live;
	struct phys	*phys;
	struct world	*world;
	struct swarm	*swarm;
	struct swarm_report *report;
	struct swarm_conf conf;
	struct traefik_rules traefik;		/* conf.traefik */
	struct buf	 nodes, services, tasks;
	bool		 changed;
};

static const struct service_conf stage_defaults = { .pass_host = true, .connect_usec = 5000000, .response_usec = 60000000, .idle_usec = 60000000,
	.tunnel_usec = 3600000000, .health_interval_usec = 2000000, .health_timeout_usec = 1000000, .health_rise = 2, .health_fall = 3 };

static inline void
list_add(struct buf *b, const char *fmt, ...)
{
	char *text;
	va_list ap;

	va_start(ap, fmt);
	assert_true(vasprintf(&text, fmt, ap) > 0);
	va_end(ap);
	buf_printf(b, "%s%s", b->len == 0 ? "[" : ",", text);
	free(text);
}

/* Before each scene's own lists. */
static inline void
stage_clear(struct stage *s)
{
	buf_clear(&s->nodes);
	buf_clear(&s->services);
	buf_clear(&s->tasks);
}

static inline int
stage_setup(void **state)
{
	struct stage *s = must_zalloc(sizeof *s);

	s->live = live_init(memset(aligned_alloc(64, live_bytes()), 0, live_bytes()), 1);
	s->phys = phys_init(must_zalloc(phys_bytes()));
	s->world = world_new(s->live, s->phys);
	s->swarm = swarm_new();
	s->traefik = traefik_rules_default;
	s->conf = (struct swarm_conf){ .defaults = &stage_defaults, .traefik = &s->traefik };
	buf_init(&s->nodes, 1 << 24);
	buf_init(&s->services, 1 << 24);
	buf_init(&s->tasks, 1 << 26);
	*state = s;
	return 0;
}

static inline int
stage_teardown(void **state)
{
	struct stage *s = *state;

	swarm_report_free(&s->report);
	swarm_free(&s->swarm);
	world_free(&s->world);
	buf_fini(&s->nodes);
	buf_fini(&s->services);
	buf_fini(&s->tasks);
	free(s->live);
	free(s->phys);
	free(s);
	return 0;
}

static inline void
node(struct stage *s, const char *id, const char *hostname, const char *address, const char *state, const char *availability)
{
	list_add(&s->nodes, "{\"ID\":\"%s\",\"Version\":{\"Index\":9},\"Spec\":{\"Labels\":{},\"Role\":\"worker\",\"Availability\":\"%s\"},"
	    "\"Description\":{\"Hostname\":\"%s\",\"Resources\":{\"NanoCPUs\":4000000000,\"MemoryBytes\":8589934592}},"
	    "\"Status\":{\"State\":\"%s\",\"Addr\":\"%s\"}}", id, availability, hostname, state, address);
}

/* `labels` is the inside of an object; `ports` of a list. */
static inline void
service(struct stage *s, const char *name, const char *created, const char *labels, const char *ports)
{
	list_add(&s->services, "{\"ID\":\"id-%s\",\"CreatedAt\":\"%s\",\"Spec\":{\"Name\":\"%s\",\"Labels\":{%s},\"Mode\":{\"Replicated\":"
	    "{\"Replicas\":18446744073709551615}},\"EndpointSpec\":{\"Mode\":\"vip\",\"Ports\":[%s]}}}", name, created, name, labels, ports);
}

#define ON_SHARED(ip) "{\"Network\":{\"ID\":\"net1\",\"Spec\":{\"Name\":\"shared\"}},\"Addresses\":[\"" ip "/24\"]}"
#define ON_INGRESS(ip) "{\"Network\":{\"ID\":\"net0\",\"Spec\":{\"Name\":\"ingress\",\"Ingress\":true}},\"Addresses\":[\"" ip "/24\"]}"
#define ON_OTHER(ip) "{\"Network\":{\"ID\":\"net2\",\"Spec\":{\"Name\":\"other\"}},\"Addresses\":[\"" ip "/24\"]}"
#define HOST_PORT(target, published) \
	"{\"Protocol\":\"tcp\",\"TargetPort\":" #target ",\"PublishedPort\":" #published ",\"PublishMode\":\"host\"}"

static inline void
task(struct stage *s, const char *id, const char *of, unsigned slot, const char *on, const char *state, const char *desired,
    const char *attachments, const char *ports)
{
	list_add(&s->tasks, "{\"ID\":\"%s\",\"ServiceID\":\"id-%s\",\"NodeID\":\"%s\",\"Slot\":%u,\"DesiredState\":\"%s\",\"Status\":"
	    "{\"State\":\"%s\",\"PortStatus\":{\"Ports\":[%s]}},\"NetworksAttachments\":[%s]}", id, of, on, slot, desired, state, ports, attachments);
}

/* The labels of the service with this number, whose service x of Traefik's is its own; of the first one as they are. */
static inline const char *
own_x(const char *labels, int number)
{
	static char out[1 << 17];
	const char *at;
	size_t n = 0;

	while (number > 0 && (at = strstr(labels, ".services.x.")) != NULL) {
		n += (size_t)snprintf(out + n, sizeof out - n, "%.*s.services.x%d.", (int)(at - labels), labels, number);
		labels = at + strlen(".services.x.");
	}
	n += (size_t)snprintf(out + n, sizeof out - n, "%s", labels);
	assert_true(n < sizeof out);
	return out;
}

#define RUNNING "running", "running"

static inline void
must_read(const struct why *(*read)(struct swarm *, struct str, char *), struct swarm *s, struct buf *b)
{
	char detail[SWARM_DETAIL] = "";
	const struct why *why;

	buf_printf(b, b->len == 0 ? "[]" : "]\n");
	why = read(s, buf_str(b), detail);
	if (why != NULL)
		fail_msg("%s: %s", why_name(why), detail);
}

static inline void
pass(struct stage *s)
{
	swarm_report_free(&s->report);
	assert_true(swarm_pass(s->swarm, &s->conf, s->world, &s->report));
}

/* Reads the three lists and passes. */
static inline void
play(struct stage *s)
{
	must_read(swarm_read_nodes, s->swarm, &s->nodes);
	must_read(swarm_read_services, s->swarm, &s->services);
	must_read(swarm_read_tasks, s->swarm, &s->tasks);
	world_pass_begin(s->world);
	pass(s);
	s->changed = world_pass_end(s->world);
	stage_clear(s);
}

/* "web.1.aaaa=10.0.1.5:80 web.2.bbbb=10.0.1.6:80(draining)" */
static inline void
expect_tasks(struct stage *s, const char *name, const char *wanted)
{
	struct world_service *ws = world_service(s->world, str_of(name));
	char out[2048] = "", addr[ADDR_TEXT_MAX];
	struct world_task *t;

	assert_non_null(ws);
	LIST_FOREACH(t, &ws->tasks, link) {
		size_t n = strlen(out);
		snprintf(out + n, sizeof out - n, "%s%s=%s%s", n > 0 ? " " : "", t->name, addr_text((struct addr[]){ addr_of_ip(&t->addr) }, addr), t->draining ? "(draining)" : "");
	}
	assert_string_equal(out, wanted);
}

static inline const struct report_service *
reported(struct stage *s, const char *name)
{
	const struct report_service *r = swarm_report_find(s->report, str_of(name));

	assert_non_null(r);
	return r;
}

static inline void
expect_trouble(struct stage *s, const char *name, const struct why *why, const char *part)
{
	const struct report_service *r = reported(s, name);

	for (unsigned i = 0; i < r->ntroubles; i++)
		if (r->trouble[i].why == why && strstr(r->trouble[i].text, part) != NULL)
			return;
	fail_msg("%s: no trouble %s with '%s'; first: %s", name, why_name(why), part, r->ntroubles > 0 ? r->trouble[0].text : "none");
}

static inline void
expect_label(struct stage *s, const char *name, const char *label, enum label_state state, const char *part)
{
	const struct report_service *r = reported(s, name);

	for (unsigned i = 0; i < r->nlabels; i++)
		if (strcmp(r->label[i].name, label) == 0) {
			assert_string_equal(label_state_name(r->label[i].state), label_state_name(state));
			if (part == NULL)
				assert_null(r->label[i].text);
			else if (r->label[i].text == NULL || strstr(r->label[i].text, part) == NULL)
				fail_msg("%s: %s", label, r->label[i].text == NULL ? "(nothing)" : r->label[i].text);
			return;
		}
	fail_msg("%s: label %s is not reported", name, label);
}

/* Services with these labels, in this order of age; NULL at the end. */
static inline void
services_aged(struct stage *s, const char *first, ...)
{
	char name[16], age[40];
	const char *labels = first;
	va_list ap;

	va_start(ap, first);
	for (int i = 0; labels != NULL; i++) {
		snprintf(name, sizeof name, "s%d", i);
		snprintf(age, sizeof age, "2026-01-01T00:00:%02dZ", i);
		service(s, name, age, own_x(labels, i), "");
		labels = va_arg(ap, const char *);
	}
	va_end(ap);
	play(s);
}

#endif
