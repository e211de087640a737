/*
 * swarm_tasks: the largest answer. Of megabytes, the ids, states and addresses of those that run are kept, and what
 * says the same as before is not read again.
 */
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "discovery/answer.h"

#define NETWORKS_MAX	64		/* of one task */

/* "10.0.1.5/24": the prefix length says nothing to those who dial. */
static const char *
address_at(struct answer *r, const json_t *list, size_t at)
{
	struct str a = str_of(json_string_value(json_array_get(list, at))), ip;

	if (!str_split(&a, '/', &ip))
		ip = STR("");
	return arena_text(r->part.arena, ip);
}

/* One for each address: of a network with IPv6 a task has two. */
static void
read_attachments(struct answer *r, struct shape *sh, const json_t *j, struct swarm_task *t)
{
	const json_t *list = shape_list(sh, j, "NetworksAttachments");
	size_t i;
	json_t *a;

	if (json_array_size(list) == 0)
		return;
	t->on = arena_zalloc(r->part.arena, NETWORKS_MAX * sizeof *t->on);
	json_array_foreach((json_t *)(uintptr_t)list, i, a) {
		const json_t *addresses = shape_list(sh, a, "Addresses");
		size_t n = json_array_size(addresses), k = 0;
		do
			if (t->non < NETWORKS_MAX)
				t->on[t->non++] = (struct swarm_attachment){ answer_text(r, sh, a, "Network.ID"),
				    answer_text(r, sh, a, "Network.Spec.Name"), address_at(r, addresses, k),
				    shape_bool(sh, a, "Network.Spec.Ingress") };
		while (++k < n);
	}
}

static struct swarm_port *
ports_copy(struct answer *r, const struct swarm_task *t)
{
	return t->nports == 0 ? NULL : memcpy(arena_zalloc(r->part.arena, t->nports * sizeof *t->port), t->port,
	    t->nports * sizeof *t->port);
}

static struct swarm_attachment *
attachments_copy(struct answer *r, const struct swarm_task *t)
{
	struct swarm_attachment *to = arena_zalloc(r->part.arena, (t->non + 1) * sizeof *to);

	for (unsigned i = 0; i < t->non; i++)
		to[i] = (struct swarm_attachment){ arena_text(r->part.arena, str_of(t->on[i].network)),
		    arena_text(r->part.arena, str_of(t->on[i].name)), arena_text(r->part.arena, str_of(t->on[i].address)),
		    t->on[i].ingress };
	return to;
}

static struct swarm_task *
task_copy(struct answer *r, const struct swarm_task *was)
{
	struct swarm_task *t = answer_item(r);

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
seen_new(struct answer *r, struct str raw)
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
	struct answer *r = arg;
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
	struct answer *r = arg;
	struct swarm_task *t;
	double slot = shape_number(sh, j, "Slot");

	if (!answer_id_new(r, sh, j, "ID") || !str_eq(shape_text(sh, j, "Status.State"), STR("running")))
		return;
	if (slot < 0 || slot > 1e9)
		shape_wrong(sh, "Slot", "a small number");
	if (sh->why != NULL)
		return;
	t = answer_item(r);
	r->part.seen[r->part.nseen - 1].item = r->part.n;
	map_put(r->ids, shape_text(sh, j, "ID"), (void *)(uintptr_t)r->part.n);
	t->id = answer_text(r, sh, j, "ID");
	t->service = answer_text(r, sh, j, "ServiceID");
	t->node = answer_text(r, sh, j, "NodeID");
	t->slot = (unsigned)slot;
	t->wanted = str_eq(shape_text(sh, j, "DesiredState"), STR("running"));
	read_attachments(r, sh, j, t);
	t->nports = answer_ports(r, sh, shape_list(sh, j, "Status.PortStatus.Ports"), &t->port);
}

/* Who asks for the running ones alone no longer hears of those that are told to stop: they do not vanish at once. */
static void
task_leave(struct answer *r, const struct swarm_task *was)
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
tasks_compare(struct answer *r)
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
	struct answer r = { .size = sizeof(struct swarm_task), .before = s };

	return answer_read(&r, &s->tasks, "tasks", json, known_task, hear_task, tasks_compare, detail);
}
