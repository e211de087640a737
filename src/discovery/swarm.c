/*
 * swarm: reads the Engine's answers into the picture. Only what steers requests is kept: of a megabyte of tasks, the
 * ids, states and addresses of those that run.
 * Must not judge what the labels say nor who can be reached (labels.c, join.c).
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "discovery/picture.h"
#include "discovery/shape.h"

#define LABELS_MAX	256		/* of one service, ours and Traefik's */
#define NETWORKS_MAX	64		/* of one task */
#define PORTS_MAX	64

/* --- life --- */

struct swarm *
swarm_new(void)
{
	return must_zalloc(sizeof(struct swarm));
}

static void
part_free(struct swarm_part *p)
{
	arena_free(&p->arena);
	free(p->item);
	free(p->seen);
	*p = (struct swarm_part){ 0 };
}

void
swarm_free(struct swarm **sp)
{
	struct swarm *s = *sp;

	*sp = NULL;
	if (s == NULL)
		return;
	part_free(&s->nodes);
	part_free(&s->services);
	part_free(&s->tasks);
	part_free(&s->networks);
	swarm_detach(s);
	free(s);
}

void
swarm_detach(struct swarm *s)
{
	while (s->nattached > 0)
		free(s->attached[--s->nattached]);
	free(s->attached);
	s->attached = NULL;
}

void
swarm_attached(struct swarm *s, const char *network)
{
	s->attached = must_realloc(s->attached, (s->nattached + 1) * sizeof *s->attached);
	s->attached[s->nattached++] = must_strdup(network);
}

bool
swarm_whole(const struct swarm *s)
{
	return s->nodes.arena != NULL && s->services.arena != NULL && s->tasks.arena != NULL;
}

/* --- one answer --- */

struct reading {
	struct swarm_part part;
	size_t		 size;		/* of an item */
	unsigned	 room;
	struct map	*ids;		/* of everything in the answer; of a task that is kept: how many were, with it */
	const struct swarm *before;
	unsigned	 room_seen, cursor;	/* cursor: of before's elements, those still to come */
};

/* False: there is one of that id, or it has none. */
static bool
id_new(struct reading *r, struct shape *sh, const json_t *j, const char *key)
{
	struct str id = shape_text(sh, j, key);

	if (id.len == 0) {
		shape_wrong(sh, key, "an id");
		return false;
	}
	if (map_get(r->ids, id) != NULL)
		return false;
	map_put(r->ids, id, r);
	return true;
}

static void *
item_new(struct reading *r)
{
	void *at;

	if (r->part.n == r->room) {
		r->room = r->room == 0 ? 64 : r->room * 2;
		r->part.item = must_realloc(r->part.item, r->room * r->size);
	}
	at = (char *)r->part.item + r->part.n++ * r->size;
	return memset(at, 0, r->size);
}

static const char *
text(struct reading *r, struct shape *sh, const json_t *j, const char *path)
{
	return arena_text(r->part.arena, shape_text(sh, j, path));
}

static const struct why *
read_all(struct reading *r, struct swarm_part *into, const char *what, struct str json, shape_known_f *known,
    shape_item_f *hear, void (*finish)(struct reading *), char detail[SWARM_DETAIL])
{
	struct shape sh = { .what = what };

	r->ids = map_new();
	r->part.arena = arena_new();
	shape_each(&sh, json, SWARM_JSON_MAX, known, hear, r);
	if (sh.why == NULL) {
		if (finish != NULL)
			finish(r);
		part_free(into);
		*into = r->part;
	} else {
		str_copy(detail, SWARM_DETAIL, str_of(sh.detail));
		part_free(&r->part);
	}
	map_free(&r->ids);
	return sh.why;
}

/* --- nodes --- */

/* A new leader calls nodes unknown until they report to it, a few seconds later; their tasks run all the while. */
static enum node_state
node_state(struct str s)
{
	return str_eq(s, STR("ready")) ? NODE_READY : str_eq(s, STR("down")) ? NODE_DOWN : NODE_LIMBO;
}

static enum node_use
node_use(struct str s)
{
	return str_eq(s, STR("drain")) ? NODE_DRAINED : str_eq(s, STR("pause")) ? NODE_PAUSED : NODE_ACTIVE;
}

static bool
address_useful(struct str a)
{
	return a.len > 0 && !str_eq(a, STR("0.0.0.0")) && !str_eq(a, STR("::"));
}

/* A manager may not know how others see it and says 0.0.0.0; then the address at which managers meet is as good. */
static const char *
node_address(struct reading *r, struct shape *sh, const json_t *j)
{
	struct str a = shape_text(sh, j, "Status.Addr"), m = shape_text(sh, j, "ManagerStatus.Addr");

	while (m.len > 0 && m.p[m.len - 1] != ':')
		m.len--;
	if (m.len > 0)
		m.len--;
	if (m.len >= 2 && *m.p == '[')
		m = (struct str){ m.p + 1, m.len - 2 };
	return arena_text(r->part.arena, address_useful(a) ? a : address_useful(m) ? m : STR(""));
}

static void
hear_node(void *arg, struct shape *sh, const json_t *j)
{
	struct reading *r = arg;
	struct swarm_node *n;

	if (!id_new(r, sh, j, "ID"))
		return;
	n = item_new(r);
	n->id = text(r, sh, j, "ID");
	n->hostname = text(r, sh, j, "Description.Hostname");
	n->address = node_address(r, sh, j);
	n->state = node_state(shape_text(sh, j, "Status.State"));
	n->use = node_use(shape_text(sh, j, "Spec.Availability"));
	n->cores = shape_number(sh, j, "Description.Resources.NanoCPUs") / 1e9;
	n->memory_bytes = shape_number(sh, j, "Description.Resources.MemoryBytes");
	if (n->cores < 0 || n->cores > 65536 || n->memory_bytes < 0)
		shape_wrong(sh, "Description.Resources", "sensible amounts");
}

const struct why *
swarm_read_nodes(struct swarm *s, struct str json, char detail[SWARM_DETAIL])
{
	struct reading r = { .size = sizeof(struct swarm_node) };

	return read_all(&r, &s->nodes, "nodes", json, NULL, hear_node, NULL, detail);
}

/* --- services --- */

/* Go leaves out zeros at the end of a fraction, and a fraction that is none. */
static void
created_set(char out[32], struct str s)
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
label_ours(const char *name)
{
	return strncasecmp(name, "mola.", 5) == 0 || strncasecmp(name, "traefik.", 8) == 0;
}

static int
label_order(const void *a, const void *b)
{
	const struct swarm_label *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static void
read_labels(struct reading *r, struct shape *sh, const json_t *j, struct swarm_service *s)
{
	json_t *labels = (json_t *)(uintptr_t)shape_object(sh, j, "Spec.Labels"), *v;
	const char *name;
	size_t room;

	room = json_object_size(labels) < LABELS_MAX ? json_object_size(labels) : LABELS_MAX;
	s->label = arena_zalloc(r->part.arena, room * sizeof *s->label);
	json_object_foreach(labels, name, v) {
		if (!label_ours(name) || s->nlabels == room)
			continue;
		if (!json_is_string(v))
			shape_wrong(sh, "Spec.Labels", "strings");
		s->label[s->nlabels++] = (struct swarm_label){ arena_text(r->part.arena, str_of(name)),
		    arena_text(r->part.arena, str_of(json_string_value(v))) };
	}
	qsort(s->label, s->nlabels, sizeof *s->label, label_order);
}

static unsigned
port_number(struct shape *sh, const json_t *j, const char *path)
{
	double x = shape_number(sh, j, path);

	if (x < 0 || x > 65535)
		shape_wrong(sh, path, "a port");
	return sh->why != NULL ? 0 : (unsigned)x;
}

static unsigned
read_ports(struct reading *r, struct shape *sh, const json_t *list, struct swarm_port **out)
{
	size_t n = json_array_size(list), i;
	struct swarm_port *p;
	unsigned k = 0;
	json_t *j;

	if (n == 0)
		return 0;
	p = *out = arena_zalloc(r->part.arena, (n < PORTS_MAX ? n : PORTS_MAX) * sizeof *p);
	json_array_foreach((json_t *)(uintptr_t)list, i, j) {
		struct str protocol = shape_text(sh, j, "Protocol");
		if (k < PORTS_MAX && (protocol.len == 0 || str_eq(protocol, STR("tcp"))))
			p[k++] = (struct swarm_port){ port_number(sh, j, "TargetPort"), port_number(sh, j, "PublishedPort"),
			    str_eq(shape_text(sh, j, "PublishMode"), STR("host")) };
	}
	return k;
}

static void
hear_service(void *arg, struct shape *sh, const json_t *j)
{
	struct reading *r = arg;
	struct swarm_service *s;

	if (!id_new(r, sh, j, "ID"))
		return;
	s = item_new(r);
	s->id = text(r, sh, j, "ID");
	s->name = text(r, sh, j, "Spec.Name");
	created_set(s->created, shape_text(sh, j, "CreatedAt"));
	read_labels(r, sh, j, s);
	s->nports = read_ports(r, sh, shape_list(sh, j, "Spec.EndpointSpec.Ports"), &s->port);
}

const struct why *
swarm_read_services(struct swarm *s, struct str json, char detail[SWARM_DETAIL])
{
	struct reading r = { .size = sizeof(struct swarm_service) };

	return read_all(&r, &s->services, "services", json, NULL, hear_service, NULL, detail);
}

/* --- tasks --- */

/* "10.0.1.5/24": the prefix length says nothing to those who dial. */
static const char *
first_address(struct reading *r, struct shape *sh, const json_t *attachment)
{
	const json_t *list = shape_list(sh, attachment, "Addresses");
	struct str a = str_of(json_string_value(json_array_get(list, 0))), ip;

	if (!str_split(&a, '/', &ip))
		ip = STR("");
	return arena_text(r->part.arena, ip);
}

static void
read_attachments(struct reading *r, struct shape *sh, const json_t *j, struct swarm_task *t)
{
	const json_t *list = shape_list(sh, j, "NetworksAttachments");
	size_t n = json_array_size(list), i;
	json_t *a;

	if (n == 0)
		return;
	t->on = arena_zalloc(r->part.arena, (n < NETWORKS_MAX ? n : NETWORKS_MAX) * sizeof *t->on);
	json_array_foreach((json_t *)(uintptr_t)list, i, a)
		if (t->non < NETWORKS_MAX)
			t->on[t->non++] = (struct swarm_attachment){ text(r, sh, a, "Network.ID"),
			    text(r, sh, a, "Network.Spec.Name"), first_address(r, sh, a),
			    shape_bool(sh, a, "Network.Spec.Ingress") };
}

static struct swarm_port *
ports_copy(struct reading *r, const struct swarm_task *t)
{
	return t->nports == 0 ? NULL : memcpy(arena_zalloc(r->part.arena, t->nports * sizeof *t->port), t->port,
	    t->nports * sizeof *t->port);
}

static struct swarm_attachment *
attachments_copy(struct reading *r, const struct swarm_task *t)
{
	struct swarm_attachment *to = arena_zalloc(r->part.arena, (t->non + 1) * sizeof *to);

	for (unsigned i = 0; i < t->non; i++)
		to[i] = (struct swarm_attachment){ arena_text(r->part.arena, str_of(t->on[i].network)),
		    arena_text(r->part.arena, str_of(t->on[i].name)), arena_text(r->part.arena, str_of(t->on[i].address)),
		    t->on[i].ingress };
	return to;
}

static struct swarm_task *
task_copy(struct reading *r, const struct swarm_task *was)
{
	struct swarm_task *t = item_new(r);

	*t = (struct swarm_task){
		.id = arena_text(r->part.arena, str_of(was->id)),
		.service = arena_text(r->part.arena, str_of(was->service)),
		.node = arena_text(r->part.arena, str_of(was->node)),
		.slot = was->slot,
		.wanted = was->wanted,
		.on = attachments_copy(r, was), .non = was->non,
		.port = ports_copy(r, was), .nports = was->nports,
	};
	return t;
}

static struct swarm_seen *
seen_new(struct reading *r, struct str raw)
{
	struct swarm_part *p = &r->part;

	if (p->nseen == r->room_seen) {
		r->room_seen = r->room_seen == 0 ? 64 : r->room_seen * 2;
		p->seen = must_realloc(p->seen, r->room_seen * sizeof *p->seen);
	}
	p->seen[p->nseen] = (struct swarm_seen){ .hash = str_hash(raw), .len = raw.len };
	return &p->seen[p->nseen++];
}

/* Of ten thousand tasks, few are another than a second ago. Answers have the same order, so that who comes next is
 * nearly always who came next then. */
static bool
known_task(void *arg, struct str raw)
{
	struct reading *r = arg;
	const struct swarm_part *before = &r->before->tasks;
	struct swarm_seen *now = seen_new(r, raw);
	unsigned i = r->cursor;
	const struct swarm_task *was;

	while (i < before->nseen && (before->seen[i].hash != now->hash || before->seen[i].len != now->len))
		i++;
	if (i == before->nseen)
		return false;
	r->cursor = i + 1;
	if (before->seen[i].item == 0)
		return true;
	was = &SWARM_TASKS(r->before)[before->seen[i].item - 1];
	if (map_get(r->ids, str_of(was->id)) != NULL)
		return true;
	task_copy(r, was);
	now->item = r->part.n;
	map_put(r->ids, str_of(was->id), (void *)(uintptr_t)r->part.n);
	return true;
}

static void
hear_task(void *arg, struct shape *sh, const json_t *j)
{
	struct reading *r = arg;
	struct swarm_task *t;
	double slot = shape_number(sh, j, "Slot");

	if (!id_new(r, sh, j, "ID") || !str_eq(shape_text(sh, j, "Status.State"), STR("running")))
		return;
	if (slot < 0 || slot > 1e9)
		shape_wrong(sh, "Slot", "a small number");
	if (sh->why != NULL)
		return;
	t = item_new(r);
	r->part.seen[r->part.nseen - 1].item = r->part.n;
	map_put(r->ids, shape_text(sh, j, "ID"), (void *)(uintptr_t)r->part.n);
	t->id = text(r, sh, j, "ID");
	t->service = text(r, sh, j, "ServiceID");
	t->node = text(r, sh, j, "NodeID");
	t->slot = (unsigned)slot;
	t->wanted = str_eq(shape_text(sh, j, "DesiredState"), STR("running"));
	read_attachments(r, sh, j, t);
	t->nports = read_ports(r, sh, shape_list(sh, j, "Status.PortStatus.Ports"), &t->port);
}

/* Who asks for the running ones alone no longer hears of those that are told to stop: they do not vanish at once. */
static void
task_leave(struct reading *r, const struct swarm_task *was)
{
	struct swarm_task *t = task_copy(r, was);

	t->wanted = false;
	t->left = true;
}

/*
 * A task keeps the ports of its node for as long as it lives, but when the managers' leader changes, its node reports
 * it anew without them, and they are never told again.
 */
static void
tasks_compare(struct reading *r)
{
	const struct swarm_task *before = SWARM_TASKS(r->before), *was;
	unsigned heard = r->part.n;
	uintptr_t after;
	struct swarm_task *t;

	for (unsigned i = 0; i < r->before->tasks.n; i++) {
		was = &before[i];
		after = (uintptr_t)map_get(r->ids, str_of(was->id));
		t = after > 0 && after <= heard ? (struct swarm_task *)r->part.item + after - 1 : NULL;
		if (t != NULL && t->nports == 0) {
			t->port = ports_copy(r, was);
			t->nports = was->nports;
		} else if (after == 0 && was->wanted) {
			task_leave(r, was);
		}
	}
}

const struct why *
swarm_read_tasks(struct swarm *s, struct str json, char detail[SWARM_DETAIL])
{
	struct reading r = { .size = sizeof(struct swarm_task), .before = s };

	return read_all(&r, &s->tasks, "tasks", json, known_task, hear_task, tasks_compare, detail);
}

/* --- networks --- */

static void
hear_network(void *arg, struct shape *sh, const json_t *j)
{
	struct reading *r = arg;
	struct swarm_network *n;

	if (!id_new(r, sh, j, "Id"))
		return;
	n = item_new(r);
	n->id = text(r, sh, j, "Id");
	n->name = text(r, sh, j, "Name");
	n->ingress = shape_bool(sh, j, "Ingress");
}

const struct why *
swarm_read_networks(struct swarm *s, struct str json, char detail[SWARM_DETAIL])
{
	struct reading r = { .size = sizeof(struct swarm_network) };

	return read_all(&r, &s->networks, "networks", json, NULL, hear_network, NULL, detail);
}

/* --- others like us --- */

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
			n += strcmp(t->service, v->id) == 0 && t->wanted && !t->left && node_is_ready(s, t->node);
		}
	}
	return n;
}
