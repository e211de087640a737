/*
 * part: one list on its way into the snapshot: what all kinds of lists have in common.
 * Must not know what nodes, services and tasks are, besides their ports.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "discovery/part.h"

#define PORTS_MAX	64		/* of one service or task */

void
part_clear(struct swarm_part *p)
{
	arena_free(&p->arena);
	free(p->item);
	free(p->fingerprint);
	*p = (struct swarm_part){ 0 };
}

bool
part_add_id(struct part_reader *r, struct json_reader *jr, const json_t *j, const char *key)
{
	struct str id = json_reader_text(jr, j, key);

	if (id.len == 0) {
		json_reader_mismatch(jr, key, "an id");
		return false;
	}
	if (map_get(r->ids, id) != NULL)
		return false;
	map_put(r->ids, id, r);
	return true;
}

void *
part_add_item(struct part_reader *r)
{
	void *at;

	ASSERT(r->part.n <= r->room);
	if (r->part.n == r->room) {
		r->room = r->room == 0 ? 64 : r->room * 2;
		r->part.item = must_realloc(r->part.item, r->room * r->size);
	}
	at = (char *)r->part.item + r->part.n++ * r->size;
	return memset(at, 0, r->size);
}

const char *
part_text(struct part_reader *r, struct json_reader *jr, const json_t *j, const char *path)
{
	return arena_text(r->part.arena, json_reader_text(jr, j, path));
}

/* "services[3] (web).Spec.Labels: expected strings": with the name by which people know it. */
static void
add_skipped_name(struct part_reader *r, const struct json_reader *jr, const json_t *j)
{
	static const char *const paths[][2] = { { "Spec", "Name" }, { "Description", "Hostname" },
	    { NULL, "Name" }, { NULL, "ID" } };
	const char *name = NULL, *rest = strchr(jr->detail, ']');
	size_t at = strlen(r->skipped);

	for (unsigned i = 0; i < sizeof paths / sizeof *paths && (name == NULL || *name == '\0'); i++) {
		const json_t *in = paths[i][0] == NULL ? j : json_object_get(j, paths[i][0]);
		name = json_string_value(json_object_get(in, paths[i][1]));
	}
	if (rest == NULL || at + 100 > sizeof r->skipped)	/* the first few are enough */
		return;
	snprintf(r->skipped + at, sizeof r->skipped - at, "%s%.*s%s%.60s%s%s", at > 0 ? "; " : "",
	    (int)(rest + 1 - jr->detail), jr->detail, name != NULL ? " (" : "",
	    name != NULL ? name : "", name != NULL ? ")" : "", rest + 1);
}

/* Removes what it has left behind, so that the same bytes in the next response are skipped
 * again. */
static bool
skip_element(void *arg, struct json_reader *jr, const json_t *j)
{
	struct part_reader *r = arg;
	const char *id;

	if (j != NULL && r->essential != NULL && r->essential(j))
		return false;
	add_skipped_name(r, jr, j);
	r->part.nskipped++;
	if (j == NULL)
		return true;
	ASSERT(r->part.n >= r->nbefore && r->part.n - r->nbefore <= 1);
	r->part.n = r->nbefore;
	if (r->fingerprints) {
		ASSERT(r->part.nfingerprints > 0);
		r->part.nfingerprints--;
	}
	if ((id = json_string_value(json_object_get(j, "ID"))) != NULL && *id != '\0')
		map_put(r->ids, str_of(id), r);
	return true;
}

static void
read_element(void *arg, struct json_reader *jr, const json_t *j)
{
	struct part_reader *r = arg;

	r->nbefore = r->part.n;
	r->read(r, jr, j);
}

const struct why *
part_read(struct part_reader *r, struct swarm_part *into, const char *what, struct str json,
    json_known_f *known, json_item_f *read, void (*finish)(struct part_reader *),
    char detail[SWARM_DETAIL])
{
	struct json_reader jr = { .what = what, .may_skip = skip_element };

	ASSERT(r->size > 0 && r->part.arena == NULL && r->part.n == 0);		/* a reader reads one list */
	r->ids = map_new();
	r->part.arena = arena_new();
	r->read = read;
	r->fingerprints = known != NULL;
	json_reader_each(&jr, json, SWARM_JSON_MAX, known, read_element, r);
	ASSERT(r->part.nskipped <= jr.item + 1 && r->part.n <= r->room);
	ASSERT(jr.why != NULL || !r->fingerprints || r->part.nfingerprints == jr.item - r->part.nskipped);
	if (r->part.nskipped > 0)
		r->part.skipped = arena_text(r->part.arena, str_of(r->skipped));
	if (jr.why == NULL && r->part.nskipped > 0 && r->part.nskipped == jr.item) {
		/* this is not an Engine, or one of an unknown kind */
		jr.why = WHY_ENGINE_SHAPE;
		str_copy(jr.detail, sizeof jr.detail, str_of(r->skipped));
	}
	if (jr.why == NULL) {
		if (finish != NULL)
			finish(r);
		part_clear(into);
		*into = r->part;
	} else {
		str_copy(detail, SWARM_DETAIL, str_of(jr.detail));
		part_clear(&r->part);
	}
	map_free(&r->ids);
	return jr.why;
}

static unsigned
port_number(struct json_reader *jr, const json_t *j, const char *path)
{
	double x = json_reader_number(jr, j, path);

	if (x < 0 || x > 65535)
		json_reader_mismatch(jr, path, "a port");
	return jr->why != NULL ? 0 : (unsigned)x;
}

unsigned
part_read_ports(struct part_reader *r, struct json_reader *jr, const json_t *list,
    struct swarm_port **out)
{
	size_t n = json_array_size(list), i;
	struct swarm_port *p;
	unsigned k = 0;
	json_t *j;

	if (n == 0)
		return 0;
	p = *out = arena_zalloc(r->part.arena, (n < PORTS_MAX ? n : PORTS_MAX) * sizeof *p);
	json_array_foreach((json_t *)(uintptr_t)list, i, j) {
		struct str protocol = json_reader_text(jr, j, "Protocol");
		if (k < PORTS_MAX && (protocol.len == 0 || str_eq(protocol, STR("tcp"))))
			p[k++] = (struct swarm_port){ port_number(jr, j, "TargetPort"),
			    port_number(jr, j, "PublishedPort"),
			    str_eq(json_reader_text(jr, j, "PublishMode"), STR("host")) };
	}
	return k;
}
