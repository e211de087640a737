/*
 * As Swarm has it: a task whose node is excluded is replaced, start-first: for a while there are two, and an update that comes then
 * finds them so. Somebody else changes the service now and then.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "engine.h"
#include "ledger.h"
#include "moved.h"

#define SETTLES_USEC	(30 * USEC_PER_SEC)
#define LATEST_USEC	(45 * USEC_PER_SEC)	/* no move is to begin after the nodes have cooled down */

struct one {
	bool		 there;
	unsigned	 node, life;
};

static struct {
	const struct plan *plan;
	json_t		*spec, *previous, *first;	/* first: as it was at the beginning */
	const char	*status;			/* NULL: none */
	struct one	 task[2];
	unsigned	 lives, generation;
	uint64_t	 version;
	int64_t		 began, changed;
	bool		 meddled;
} m;

static const char spec_text[] = "{\"Name\":\"m0\",\"Labels\":{\"mola.host\":\"m0\",\"mola.port\":\"8100\",\"mola.migrate\":\"true\"},"
	"\"TaskTemplate\":{\"ContainerSpec\":{\"Image\":\"some\"},\"Placement\":{\"Constraints\":[\"node.role==worker\"]},\"ForceUpdate\":0},"
	"\"Mode\":{\"Replicated\":{\"Replicas\":1}},\"UpdateConfig\":{\"Parallelism\":1,\"Order\":\"stop-first\"}}";

/* ---- what the Swarm does ---- */

static bool
is_allowed(unsigned node)
{
	const json_t *list = json_object_get(json_object_get(json_object_get(m.spec, "TaskTemplate"), "Placement"), "Constraints");
	char id[16];
	const json_t *v;
	size_t i;

	snprintf(id, sizeof id, "node%u", node);
	json_array_foreach(list, i, v) {
		const char *text = json_string_value(v), *at = strstr(text, "=node");
		bool same = at != NULL && strcmp(at + 1, id) == 0;
		if (at == NULL)
			continue;
		if (at[-1] == '!' ? same : !same)
			return false;
	}
	return true;
}

static bool
all_are_allowed(void)
{
	for (unsigned i = 0; i < 2; i++)
		if (m.task[i].there && !is_allowed(m.task[i].node))
			return false;
	return true;
}

/* The task that stays is one of an allowed node, the newest first. */
static void
on_stopped(void *arg, uint64_t generation)
{
	(void)arg;
	if (generation != m.generation)
		return;
	if (m.task[0].there && m.task[1].there)
		m.task[is_allowed(m.task[1].node) ? 0 : 1].there = false;
	m.status = "completed";
	m.version++;
	wire_note("moved", m.task[0].there ? m.task[0].node : m.task[1].node, 0);
}

static void
on_started(void *arg, uint64_t generation)
{
	unsigned node = 0, free = m.task[0].there;

	(void)arg;
	if (generation != m.generation)
		return;
	while (node < NODES && !is_allowed(node))
		node++;
	if (!all_are_allowed() && !(m.task[0].there && m.task[1].there) && node < NODES)
		m.task[free] = (struct one){ true, node, ++m.lives };
	wire_at(wire_now() + 700 * USEC_PER_MSEC, on_stopped, NULL, generation);
}

const char *
moved_update(const char *path, struct str text)
{
	const char *version = strstr(path, "version=");
	json_t *spec = json_loadb(text.p, text.len, 0, NULL);
	bool same;

	if (spec == NULL)
		broken("the Engine is sent a specification that is no JSON");
	if (spec == NULL || version == NULL || strtoull(version + 8, NULL, 10) != m.version) {
		json_decref(spec);
		return "rpc error: code = Unknown desc = update out of sequence";
	}
	if (strstr(path, "rollback=previous") != NULL) {
		json_decref(spec);
		spec = json_deep_copy(m.previous);
	}
	same = json_equal(json_object_get(spec, "TaskTemplate"), json_object_get(m.spec, "TaskTemplate"));
	json_decref(m.previous);
	m.previous = m.spec;
	m.spec = spec;
	m.version++;
	m.changed = wire_now();
	if (!same) {
		m.status = "updating";
		wire_at(wire_now() + 400 * USEC_PER_MSEC, on_started, NULL, ++m.generation);
	}
	wire_note("update", m.version, same);
	return NULL;
}

/* ---- what the Engine tells ---- */

char *
moved_service(void)
{
	json_t *j;
	char *text;

	if (m.spec == NULL)
		return NULL;
	j = json_pack("{s:s, s:{s:I}, s:s, s:s, s:O}", "ID", "service9", "Version", "Index", (json_int_t)m.version, "CreatedAt",
	    "2023-11-14T22:13:20.5Z", "UpdatedAt", "2023-11-14T22:13:20.5Z", "Spec", m.spec);
	if (m.previous != NULL)
		json_object_set(j, "PreviousSpec", m.previous);
	if (m.status != NULL)
		json_object_set_new(j, "UpdateStatus", json_pack("{s:s}", "State", m.status));
	text = json_dumps(j, JSON_COMPACT);
	json_decref(j);
	return text;
}

size_t
moved_tasks(char *to, size_t cap)
{
	size_t len = 0;

	for (unsigned i = 0; i < 2 && m.spec != NULL; i++)
		if (m.task[i].there)
			len += (size_t)snprintf(to + len, cap - len, "%s{\"ID\":\"m0l%05u00000000\",\"Version\":{\"Index\":%llu},"
			    "\"ServiceID\":\"service9\",\"Slot\":1,\"NodeID\":\"node%u\",\"DesiredState\":\"running\",\"Status\":{\"State\":"
			    "\"running\"},\"NetworksAttachments\":[{\"Network\":{\"ID\":\"netid\",\"Spec\":{\"Name\":\"" ENGINE_NETWORK
			    "\"}},\"Addresses\":[\"10.0.3.%u/24\"]}]}", len > 0 ? "," : "", m.task[i].life, (unsigned long long)m.version,
			    m.task[i].node, 100 + m.task[i].life % 100);
	ASSERT(len < cap);
	return len;
}

/* ---- life ---- */

/* Somebody else's hand. */
static void
on_meddle(void *arg, uint64_t n)
{
	(void)arg;
	(void)n;
	json_object_set_new(json_object_get(m.spec, "Labels"), "somebody", json_string("else"));
	json_object_set_new(json_object_get(m.first, "Labels"), "somebody", json_string("else"));
	m.version++;
	m.meddled = true;
	wire_note("somebody else", m.version, 0);
}

void
moved_begin(const struct plan *p)
{
	const struct plan_brain *b = &p->brain;

	memset(&m, 0, sizeof m);
	m.plan = p;
	if (!b->moves)
		return;
	m.spec = json_loads(spec_text, 0, NULL);
	m.first = json_deep_copy(m.spec);
	m.version = 20;
	m.began = wire_now();
	m.task[0] = (struct one){ true, b->hot, 0 };
	for (unsigned i = 0; i < 2; i++)
		if (b->meddle_usec[i] > 0)
			wire_at(wire_now() + b->meddle_usec[i], on_meddle, NULL, 0);
}

void
moved_end(void)
{
	int64_t now = wire_now();
	char *text;

	if (m.spec == NULL)
		return;
	if (now - m.began >= LATEST_USEC && now - engine_good_usec() >= SETTLES_USEC && !json_equal(m.spec, m.first)) {
		text = json_dumps(m.spec, JSON_COMPACT | JSON_SORT_KEYS);
		broken("a trace of a move is left: %.400s", text);
		free(text);
	}
	if (m.task[0].there == m.task[1].there)
		broken("there is not one task of what is moved");
	json_decref(m.spec);
	json_decref(m.first);
	json_decref(m.previous);
	m.spec = NULL;
}
