/*
 * mover_read: nodes and services as they are in the Swarm: what prevents a move is mostly in their
 * specifications, and moves that nobody ended are found by their labels.
 */
#include <string.h>

#include "base/bug.h"
#include "base/clock.h"
#include "base/log.h"
#include "discovery/spec.h"
#include "engine/mover_priv.h"

#define READ_USEC	(30 * USEC_PER_SEC)
#define RETRY_USEC	(5 * USEC_PER_SEC)	/* after a failure */
#define ABANDONED_SECONDS 10	/* another Mola's move that is overdue by so much is abandoned */

static void
read_finished(struct mover *m, bool good, const char *detail)
{
	int64_t now = loop_now(m->loop);

	ASSERT(m->call == NULL && m->began_usec > 0 && m->began_usec <= now);
	json_decref(m->nodes);
	m->nodes = NULL;
	if (good)
		m->read_usec = m->began_usec;
	if (!good && !m->lost)
		log_event(LOG_WARN, "mover.blind", "detail", detail, NULL);
	m->lost = !good;
	m->read_due_usec = now + (good ? READ_USEC : RETRY_USEC);
}

static int64_t
to_monotonic(int64_t wall_seconds, int64_t now)
{
	int64_t ago = clock_wall_usec() - wall_seconds * USEC_PER_SEC;

	return wall_seconds == 0 ? 0 : ago < 0 ? now : now - ago;
}

static void
update_allowed_nodes(struct mover *m, struct heat_service *e, const json_t *service)
{
	struct world_node *n;
	const json_t *node;
	size_t i;

	LIST_FOREACH(n, &m->world->nodes, link) {
		bool allowed = false;
		json_array_foreach(m->nodes, i, node) {
			const char *id = json_string_value(json_object_get(node, "ID"));
			if (id == NULL || n->swarm_id == NULL || strcmp(id, n->swarm_id) != 0)
				continue;
			allowed = placement_allows(service, node);
			break;
		}
		heat_set_barred(e, n->slot, !allowed);
	}
}

static void
update_service(struct mover *m, const struct world_service *s, const json_t *service, int64_t now)
{
	struct heat_service *e = heat_service(m->heat, s);
	int replicas = placement_replicas(service);
	int64_t changed = to_monotonic(placement_changed(service), now);

	e->refusal = e->altered ? REFUSAL_ALTERED : placement_refusal(service);
	e->scale_refusal = e->altered ? REFUSAL_ALTERED : placement_scale_refusal(service);
	e->replicas = replicas < 0 ? 0 : (unsigned)replicas;
	if (changed > e->changed_usec || e->changed_usec == 0)
		e->changed_usec = changed;
	update_allowed_nodes(m, e, service);
}

/* Finishes a move that is this Mola's, or that its owner has abandoned. */
static void
check_mark(struct mover *m, const char *name, const json_t *service)
{
	struct placement_mark mark;

	if (!placement_mark(service, &mark) || (m->change != NULL &&
	    strcmp(change_service(m->change), name) == 0))
		return;
	if (strcmp(mark.by, m->by) != 0 &&
	    clock_wall_usec() / USEC_PER_SEC - ABANDONED_SECONDS < mark.until)
		m->other_active = true;
	else if (m->change == NULL) {
		log_event(LOG_WARN, "mover.resumed", "service", name, "begun_by", mark.by, "text",
		    "a move that was begun and not ended was found by its label", NULL);
		m->change = change_adopt_new(m->loop, m->engine, m->world, name, &mark, mover_on_ended, m);
	}
}

static void
update_services(struct mover *m, const json_t *services)
{
	int64_t now = loop_now(m->loop);
	const json_t *service;
	size_t i;

	m->other_active = false;
	json_array_foreach(services, i, service) {
		const char *name = json_string_value(json_object_get(json_object_get(service, "Spec"), "Name"));
		const struct world_service *s = name == NULL ? NULL : world_service(m->world, str_of(name));
		if (name == NULL)
			continue;
		if (s != NULL && (s->conf.migrate || s->conf.scale_max > 0)) {
			update_service(m, s, service, now);
			previous_update(m->previous, name, service);
		}
		check_mark(m, name, service);
	}
	previous_sweep(m->previous);
}

static json_t *
list_of(const struct engine_response *a)
{
	json_t *list = a->why != NULL ? NULL : spec_read(a->body);

	if (json_is_array(list))
		return list;
	json_decref(list);
	return NULL;
}

static const char *
detail_of(const struct engine_response *a)
{
	return a->why == NULL ? "the response is not a list" : a->detail[0] != '\0' ? a->detail :
	    a->why->text;
}

static void
on_services(void *arg, const struct engine_response *a)
{
	json_t *list = list_of(a);
	struct mover *m = arg;

	m->call = NULL;
	if (list != NULL)
		update_services(m, list);
	read_finished(m, list != NULL, detail_of(a));
	json_decref(list);
}

static void
on_nodes(void *arg, const struct engine_response *a)
{
	struct mover *m = arg;

	m->nodes = list_of(a);
	m->call = NULL;
	if (m->nodes == NULL)
		read_finished(m, false, detail_of(a));
	else
		m->call = engine_get(m->engine, "/services", on_services, m);
}

void
mover_read(struct mover *m, int64_t now)
{
	ASSERT(m->call == NULL && m->nodes == NULL && m->read_usec <= now);
	m->began_usec = now;
	m->call = engine_get(m->engine, "/nodes", on_nodes, m);
}
