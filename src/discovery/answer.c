/*
 * answer: one answer on its way into the picture: what all kinds of them have in common.
 * Must not know what nodes, services and tasks are, beside their ports.
 */
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "discovery/answer.h"

#define PORTS_MAX	64		/* of one service or task */

void
answer_forget(struct swarm_part *p)
{
	arena_free(&p->arena);
	free(p->item);
	free(p->seen);
	*p = (struct swarm_part){ 0 };
}

bool
answer_id_new(struct answer *r, struct shape *sh, const json_t *j, const char *key)
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

void *
answer_item(struct answer *r)
{
	void *at;

	if (r->part.n == r->room) {
		r->room = r->room == 0 ? 64 : r->room * 2;
		r->part.item = must_realloc(r->part.item, r->room * r->size);
	}
	at = (char *)r->part.item + r->part.n++ * r->size;
	return memset(at, 0, r->size);
}

const char *
answer_text(struct answer *r, struct shape *sh, const json_t *j, const char *path)
{
	return arena_text(r->part.arena, shape_text(sh, j, path));
}

const struct why *
answer_read(struct answer *r, struct swarm_part *into, const char *what, struct str json, shape_known_f *known,
    shape_item_f *hear, void (*finish)(struct answer *), char detail[SWARM_DETAIL])
{
	struct shape sh = { .what = what };

	r->ids = map_new();
	r->part.arena = arena_new();
	shape_each(&sh, json, SWARM_JSON_MAX, known, hear, r);
	if (sh.why == NULL) {
		if (finish != NULL)
			finish(r);
		answer_forget(into);
		*into = r->part;
	} else {
		str_copy(detail, SWARM_DETAIL, str_of(sh.detail));
		answer_forget(&r->part);
	}
	map_free(&r->ids);
	return sh.why;
}

static unsigned
port_number(struct shape *sh, const json_t *j, const char *path)
{
	double x = shape_number(sh, j, path);

	if (x < 0 || x > 65535)
		shape_wrong(sh, path, "a port");
	return sh->why != NULL ? 0 : (unsigned)x;
}

unsigned
answer_ports(struct answer *r, struct shape *sh, const json_t *list, struct swarm_port **out)
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
