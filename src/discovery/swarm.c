/*
 * swarm: reads the Engine's nodes, services and networks into the snapshot; tasks have a file of
 * their own. Only what steers requests is kept.
 * Must not interpret labels, nor know which tasks can be reached (labels.c, join.c).
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "discovery/part.h"
#include "discovery/traefik_spec.h"

/* ---- life ---- */

struct swarm *
swarm_new(void)
{
	return must_zalloc(sizeof(struct swarm));
}

void
swarm_free(struct swarm **sp)
{
	struct swarm *s = *sp;

	*sp = NULL;
	if (s == NULL)
		return;
	part_clear(&s->nodes);
	part_clear(&s->services);
	part_clear(&s->tasks);
	part_clear(&s->networks);
	swarm_configs_clear(s);
	swarm_detach(s);
	free(s);
}

void
swarm_detach(struct swarm *s)
{
	ASSERT((s->nattached == 0) == (s->attached == NULL));
	while (s->nattached > 0)
		free(s->attached[--s->nattached]);
	free(s->attached);
	s->attached = NULL;
}

void
swarm_attach(struct swarm *s, const char *network)
{
	ASSERT((s->nattached == 0) == (s->attached == NULL));
	s->attached = must_realloc(s->attached, (s->nattached + 1) * sizeof *s->attached);
	s->attached[s->nattached++] = must_strdup(network);
}

bool
swarm_is_complete(const struct swarm *s)
{
	return s->nodes.arena != NULL && s->services.arena != NULL && s->tasks.arena != NULL;
}

unsigned
swarm_skipped(const struct swarm *s, char *out, size_t cap)
{
	const struct swarm_part *part[] = { &s->nodes, &s->services, &s->tasks, &s->networks };
	unsigned n = 0;
	size_t at = 0;

	out[0] = '\0';
	for (unsigned i = 0; i < sizeof part / sizeof *part; i++)
		if (part[i]->nskipped > 0) {
			n += part[i]->nskipped;
			if (at < cap)
				at += (size_t)snprintf(out + at, cap - at, "%s%s", at > 0 ? "; " : "", part[i]->skipped);
		}
	return n;
}

/* ---- nodes ---- */

/* A new leader calls nodes unknown until they report to it, a few seconds later; their tasks keep
 * running. */
static enum node_state
node_state(struct str s)
{
	return str_eq(s, STR("ready")) ? NODE_READY :
	    str_eq(s, STR("down")) ? NODE_DOWN : NODE_UNKNOWN;
}

static enum node_use
node_use(struct str s)
{
	return str_eq(s, STR("drain")) ? NODE_DRAINED :
	    str_eq(s, STR("pause")) ? NODE_PAUSED : NODE_ACTIVE;
}

static bool
is_useful_address(struct str a)
{
	return a.len > 0 && !str_eq(a, STR("0.0.0.0")) && !str_eq(a, STR("::"));
}

/* A manager may not know its own address and report 0.0.0.0; then the one by which managers reach
 * one another is as good. */
static const char *
node_address(struct part_reader *r, struct json_reader *jr, const json_t *j)
{
	struct str a = json_reader_text(jr, j, "Status.Addr"), m = json_reader_text(jr, j,
	    "ManagerStatus.Addr");

	while (m.len > 0 && m.p[m.len - 1] != ':')
		m.len--;
	if (m.len > 0)
		m.len--;
	if (m.len >= 2 && *m.p == '[')
		m = (struct str){ m.p + 1, m.len - 2 };
	return arena_text(r->part.arena, is_useful_address(a) ? a : is_useful_address(m) ? m : STR(""));
}

static void
read_node(void *arg, struct json_reader *jr, const json_t *j)
{
	struct part_reader *r = arg;
	struct swarm_node *n;

	ASSERT(r->size == sizeof *n);
	if (!part_add_id(r, jr, j, "ID"))
		return;
	n = part_add_item(r);
	n->id = part_text(r, jr, j, "ID");
	n->hostname = part_text(r, jr, j, "Description.Hostname");
	n->address = node_address(r, jr, j);
	n->state = node_state(json_reader_text(jr, j, "Status.State"));
	n->use = node_use(json_reader_text(jr, j, "Spec.Availability"));
	n->cores = json_reader_number(jr, j, "Description.Resources.NanoCPUs") / 1e9;
	n->memory_bytes = json_reader_number(jr, j, "Description.Resources.MemoryBytes");
	if (n->cores < 0 || n->cores > 65536 || n->memory_bytes < 0)
		json_reader_mismatch(jr, "Description.Resources", "sensible amounts");
}

const struct why *
swarm_read_nodes(struct swarm *s, struct str json, char detail[SWARM_DETAIL])
{
	struct part_reader r = { .size = sizeof(struct swarm_node) };

	return part_read(&r, &s->nodes, "nodes", json, NULL, read_node, NULL, detail);
}

/* ---- services ---- */

/* Go leaves out zeros at the end of a fraction, and the whole fraction when it is zero. */
static void
set_created(char out[32], struct str s)
{
	int n = 0;

	memset(out, 0, 32);
	if (s.len < 19)
		return;
	memcpy(out, s.p, 19);
	memcpy(out + 19, ".000000000", 10);
	if (s.len > 20 && s.p[19] == '.')
		for (size_t i = 20; i < s.len && n < 9 && isdigit((unsigned char)s.p[i]); i++)
			out[20 + n++] = s.p[i];
}

static bool
label_is_for_proxy(const char *name)
{
	return strncasecmp(name, "mola.", 5) == 0 || strncasecmp(name, "traefik.", 8) == 0;
}

static int
label_order(const void *a, const void *b)
{
	const struct swarm_label *x = a, *y = b;

	return strcmp(x->name, y->name);
}

/* A zero byte would end the text earlier than it ends for Traefik. */
static const char *
label_text(struct arena *a, const json_t *v)
{
	char *text = arena_text(a, (struct str){ json_string_value(v), json_string_length(v) });

	for (size_t i = 0; i < json_string_length(v); i++)
		if (text[i] == '\0')
			text[i] = '?';
	return text;
}

/* None is left out, however many there are: a router without its middlewares would be a different
 * one. */
static void
read_labels(struct part_reader *r, struct json_reader *jr, const json_t *j, struct swarm_service *s)
{
	json_t *labels = (json_t *)(uintptr_t)json_reader_object(jr, j, "Spec.Labels"), *v;
	size_t room = json_object_size(labels);
	const char *name;

	ASSERT(s->nall == 0 && s->nlabels == 0);
	s->label = arena_zalloc(r->part.arena, room * sizeof *s->label);
	s->all = arena_zalloc(r->part.arena, room * sizeof *s->all);
	json_object_foreach(labels, name, v) {
		if (!json_is_string(v))
			json_reader_mismatch(jr, "Spec.Labels", "strings");
		s->all[s->nall++] = (struct swarm_label){ .name = arena_text(r->part.arena,
		    str_of(name)), .value = label_text(r->part.arena, v) };
	}
	ASSERT(s->nall == room);
	qsort(s->all, s->nall, sizeof *s->all, label_order);
	for (unsigned i = 0; i < s->nall; i++)
		if (label_is_for_proxy(s->all[i].name))
			s->label[s->nlabels++] = s->all[i];
}

static bool
label_is_caddy(const char *name)
{
	return strncasecmp(name, "caddy", 5) == 0 && (name[5] == '\0' || name[5] == '.' || name[5] == '_');
}

/* What its author may take for labels of the service. Values of another type are ignored. */
static void
read_misplaced(struct part_reader *r, const json_t *j, struct swarm_service *s)
{
	const json_t *task = json_object_get(json_object_get(j, "Spec"), "TaskTemplate");
	const json_t *c = json_object_get(task, "ContainerSpec");
	json_t *v;
	const char *name;
	size_t i;

	json_object_foreach(json_object_get(c, "Labels"), name, v)
		if ((label_is_for_proxy(name) || label_is_caddy(name)) &&
		    (s->misplaced == NULL || strcmp(name, s->misplaced) < 0))
			s->misplaced = arena_text(r->part.arena, str_of(name));
	json_array_foreach(json_object_get(c, "Env"), i, v)
		s->virtual_host |= json_is_string(v) && strncmp(json_string_value(v), "VIRTUAL_HOST=", 13) == 0;
}

static void
read_service(void *arg, struct json_reader *jr, const json_t *j)
{
	struct part_reader *r = arg;
	struct swarm_service *s;

	ASSERT(r->size == sizeof *s);
	if (!part_add_id(r, jr, j, "ID"))
		return;
	s = part_add_item(r);
	s->id = part_text(r, jr, j, "ID");
	s->name = part_text(r, jr, j, "Spec.Name");
	set_created(s->created, json_reader_text(jr, j, "CreatedAt"));
	read_labels(r, jr, j, s);
	read_misplaced(r, j, s);
	s->nports = part_read_ports(r, jr, json_reader_list(jr, j, "Spec.EndpointSpec.Ports"), &s->port);
	s->traefik = traefik_spec_read(r->part.arena, jr, j);
}

/* What a Traefik requires of all services must not be lost with it. */
static bool
may_be_traefik(const json_t *j)
{
	struct arena *a = arena_new();
	struct json_reader jr = { .what = "services" };
	bool may = traefik_spec_read(a, &jr, j) != NULL || jr.why != NULL;

	arena_free(&a);
	return may;
}

const struct why *
swarm_read_services(struct swarm *s, struct str json, char detail[SWARM_DETAIL])
{
	struct part_reader r = { .size = sizeof(struct swarm_service), .essential = may_be_traefik };

	return part_read(&r, &s->services, "services", json, NULL, read_service, NULL, detail);
}

/* ---- networks ---- */

static void
read_network(void *arg, struct json_reader *jr, const json_t *j)
{
	struct part_reader *r = arg;
	struct swarm_network *n;

	ASSERT(r->size == sizeof *n);
	if (!part_add_id(r, jr, j, "Id"))
		return;
	n = part_add_item(r);
	n->id = part_text(r, jr, j, "Id");
	n->name = part_text(r, jr, j, "Name");
	n->ingress = json_reader_bool(jr, j, "Ingress");
}

const struct why *
swarm_read_networks(struct swarm *s, struct str json, char detail[SWARM_DETAIL])
{
	struct part_reader r = { .size = sizeof(struct swarm_network) };

	return part_read(&r, &s->networks, "networks", json, NULL, read_network, NULL, detail);
}

/* ---- other balancers ---- */

static bool
is_balancer(const struct swarm_service *s, const char *own)
{
	if (*own != '\0' && strcmp(s->id, own) == 0)
		return true;
	for (unsigned i = 0; i < s->nlabels; i++)
		if (strcmp(s->label[i].name, "mola.self") == 0)
			return strcmp(s->label[i].value, "true") == 0;
	return false;
}

static bool
node_is_ready(const struct swarm *s, const char *id)
{
	for (unsigned i = 0; i < s->nodes.n; i++)
		if (strcmp(SWARM_NODES(s)[i].id, id) == 0)
			return SWARM_NODES(s)[i].state == NODE_READY;
	return false;
}

unsigned
swarm_balancers(const struct swarm *s, const char *own)
{
	unsigned n = 0;

	for (unsigned i = 0; i < s->services.n; i++) {
		const struct swarm_service *v = &SWARM_SERVICES(s)[i];
		if (!is_balancer(v, own))
			continue;
		for (unsigned k = 0; k < s->tasks.n; k++) {
			const struct swarm_task *t = &SWARM_TASKS(s)[k];
			n += strcmp(t->service, v->id) == 0 && t->wanted && !t->gone &&
			    node_is_ready(s, t->node);
		}
	}
	ASSERT(n <= s->tasks.n);		/* a task has one service */
	return n;
}
