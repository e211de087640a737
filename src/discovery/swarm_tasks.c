/*
 * swarm_tasks: the largest list. Of megabytes, the ids, states and addresses of tasks that run are
 * kept, and elements whose bytes are the same as before are not read again.
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "discovery/part.h"

#define NETWORKS_MAX	64		/* of one task */
#define CORES_MOST	65536.0

/* "10.0.1.5/24": to connect, the prefix length is not needed. */
static const char *
read_address(struct part_reader *r, const json_t *list, size_t at)
{
	struct str a = str_of(json_string_value(json_array_get(list, at))), ip;

	if (!str_split(&a, '/', &ip))
		ip = STR("");
	return arena_text(r->part.arena, ip);
}

/* One for each address: in a network with IPv6 a task has two. */
static void
read_attachments(struct part_reader *r, struct json_reader *jr, const json_t *j,
    struct swarm_task *t)
{
	const json_t *list = json_reader_list(jr, j, "NetworksAttachments");
	size_t i;
	json_t *a;

	if (json_array_size(list) == 0)
		return;
	t->attachment = arena_zalloc(r->part.arena, NETWORKS_MAX * sizeof *t->attachment);
	json_array_foreach((json_t *)(uintptr_t)list, i, a) {
		const json_t *addresses = json_reader_list(jr, a, "Addresses");
		size_t n = json_array_size(addresses), k = 0;
		do
			if (t->nattachments < NETWORKS_MAX)
				t->attachment[t->nattachments++] = (struct swarm_attachment){ part_text(r, jr, a, "Network.ID"),
				    part_text(r, jr, a, "Network.Spec.Name"), read_address(r, addresses, k),
				    json_reader_bool(jr, a, "Network.Spec.Ingress") };
		while (++k < n);
	}
}

static struct swarm_port *
copy_ports(struct part_reader *r, const struct swarm_task *t)
{
	return t->nports == 0 ? NULL : memcpy(arena_zalloc(r->part.arena,
	    t->nports * sizeof *t->port), t->port, t->nports * sizeof *t->port);
}

static struct swarm_attachment *
copy_attachments(struct part_reader *r, const struct swarm_task *t)
{
	struct swarm_attachment *to = arena_zalloc(r->part.arena, (t->nattachments + 1) * sizeof *to);

	for (unsigned i = 0; i < t->nattachments; i++)
		to[i] = (struct swarm_attachment){ arena_text(r->part.arena,
		    str_of(t->attachment[i].network)), arena_text(r->part.arena,
		    str_of(t->attachment[i].name)), arena_text(r->part.arena,
		    str_of(t->attachment[i].address)), t->attachment[i].ingress };
	return to;
}

static struct swarm_task *
copy_task(struct part_reader *r, const struct swarm_task *was)
{
	struct swarm_task *t = part_add_item(r);

	*t = (struct swarm_task){
		.id = arena_text(r->part.arena, str_of(was->id)),
		.service = arena_text(r->part.arena, str_of(was->service)),
		.node = arena_text(r->part.arena, str_of(was->node)),
		.container = arena_text(r->part.arena, str_of(was->container)),
		.slot = was->slot,
		.limit = was->limit,
		.wanted = was->wanted,
		.attachment = copy_attachments(r, was), .nattachments = was->nattachments,
		.port = copy_ports(r, was), .nports = was->nports,
	};
	return t;
}

static struct swarm_fingerprint *
fingerprint_add(struct part_reader *r, struct str raw)
{
	struct swarm_part *p = &r->part;

	ASSERT(p->nfingerprints <= r->fingerprint_room);
	if (p->nfingerprints == r->fingerprint_room) {
		r->fingerprint_room = r->fingerprint_room == 0 ? 64 : r->fingerprint_room * 2;
		p->fingerprint = must_realloc(p->fingerprint, r->fingerprint_room * sizeof *p->fingerprint);
	}
	p->fingerprint[p->nfingerprints] = (struct swarm_fingerprint){ .hash = str_hash(raw),
	    .len = raw.len };
	return &p->fingerprint[p->nfingerprints++];
}

/* Of ten thousand tasks, few differ from a second ago. Lists have the same order, so that the next
 * element is nearly always the one that was next then. */
static bool
reuse_task(void *arg, struct str raw)
{
	struct part_reader *r = arg;
	const struct swarm_part *before = &r->before->tasks;
	struct swarm_fingerprint *now = fingerprint_add(r, raw);
	unsigned i = r->cursor;
	const struct swarm_task *was;

	ASSERT(r->cursor <= before->nfingerprints);
	while (i < before->nfingerprints && (before->fingerprint[i].hash != now->hash ||
	    before->fingerprint[i].len != now->len))
		i++;
	if (i == before->nfingerprints)
		return false;
	r->cursor = i + 1;
	if (before->fingerprint[i].item == 0)
		return true;
	ASSERT(before->fingerprint[i].item <= before->n);
	was = &SWARM_TASKS(r->before)[before->fingerprint[i].item - 1];
	if (map_get(r->ids, str_of(was->id)) != NULL)
		return true;
	copy_task(r, was);
	now->item = r->part.n;
	map_put(r->ids, str_of(was->id), (void *)(uintptr_t)r->part.n);
	return true;
}

/* That of its own specification: while a service is updated, tasks of both exist. What no machine
 * has is no limit. */
static double
read_limit(struct json_reader *jr, const json_t *j)
{
	double cores = json_reader_number(jr, j, "Spec.Resources.Limits.NanoCPUs") / 1e9;

	return cores > 0 && cores <= CORES_MOST ? cores : 0;
}

static void
read_task(void *arg, struct json_reader *jr, const json_t *j)
{
	struct part_reader *r = arg;
	struct swarm_task *t;
	double slot = json_reader_number(jr, j, "Slot");

	if (!part_add_id(r, jr, j, "ID") || !str_eq(json_reader_text(jr, j, "Status.State"),
	    STR("running")))
		return;
	if (slot < 0 || slot > 1e9)
		json_reader_mismatch(jr, "Slot", "a small number");
	if (jr->why != NULL)
		return;
	ASSERT(r->size == sizeof *t && r->part.nfingerprints > 0);
	t = part_add_item(r);
	r->part.fingerprint[r->part.nfingerprints - 1].item = r->part.n;
	map_put(r->ids, json_reader_text(jr, j, "ID"), (void *)(uintptr_t)r->part.n);
	t->id = part_text(r, jr, j, "ID");
	t->service = part_text(r, jr, j, "ServiceID");
	t->node = part_text(r, jr, j, "NodeID");
	t->container = part_text(r, jr, j, "Status.ContainerStatus.ContainerID");
	t->slot = (unsigned)slot;
	t->limit = read_limit(jr, j);
	t->wanted = str_eq(json_reader_text(jr, j, "DesiredState"), STR("running"));
	read_attachments(r, jr, j, t);
	t->nports = part_read_ports(r, jr, json_reader_list(jr, j, "Status.PortStatus.Ports"), &t->port);
}

/*
 * A task keeps the ports of its node for as long as it lives, but when the managers' leader
 * changes, its node reports it again without them, and they are never reported later.
 * A list of running tasks alone no longer names those that are being stopped: they do not
 * vanish at once, but stay for one more snapshot.
 */
static void
carry_over(struct part_reader *r)
{
	const struct swarm_task *before = SWARM_TASKS(r->before), *was;
	unsigned nread = r->part.n;
	uintptr_t after;
	struct swarm_task *t;

	for (unsigned i = 0; i < r->before->tasks.n; i++) {
		was = &before[i];
		after = (uintptr_t)map_get(r->ids, str_of(was->id));
		t = after > 0 && after <= nread ? (struct swarm_task *)r->part.item + after - 1 : NULL;
		if (t != NULL && t->nports == 0) {
			t->port = copy_ports(r, was);
			t->nports = was->nports;
		} else if (after == 0 && was->wanted) {
			ASSERT(!was->gone);		/* else it is leaving for the second time */
			t = copy_task(r, was);
			t->wanted = false;
			t->gone = true;
		}
	}
}

const struct why *
swarm_read_tasks(struct swarm *s, struct str json, char detail[SWARM_DETAIL])
{
	struct part_reader r = { .size = sizeof(struct swarm_task), .before = s };

	return part_read(&r, &s->tasks, "tasks", json, reuse_task, read_task, carry_over, detail);
}
