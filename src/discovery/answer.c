/*
 * answer: one answer on its way into the picture: what all kinds of them have in common.
 * Must not know what nodes, services and tasks are, beside their ports.
 */
#include <stdio.h>
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

/* "services[3] (web).Spec.Labels: expected strings": with the name by which people know it. */
static void
odd_name(struct answer *r, const struct shape *sh, const json_t *j)
{
	static const char *const paths[][2] = { { "Spec", "Name" }, { "Description", "Hostname" }, { NULL, "Name" }, { NULL, "ID" } };
	const char *name = NULL, *rest = strchr(sh->detail, ']');
	size_t at = strlen(r->odd);

	for (unsigned i = 0; i < sizeof paths / sizeof *paths && (name == NULL || *name == '\0'); i++)
		name = json_string_value(json_object_get(paths[i][0] == NULL ? j : json_object_get(j, paths[i][0]), paths[i][1]));
	if (rest == NULL || at + 100 > sizeof r->odd)	/* the first few will do */
		return;
	snprintf(r->odd + at, sizeof r->odd - at, "%s%.*s%s%.60s%s%s", at > 0 ? "; " : "", (int)(rest + 1 - sh->detail), sh->detail,
	    name != NULL ? " (" : "", name != NULL ? name : "", name != NULL ? ")" : "", rest + 1);
}

/* What it has left behind goes, so that the next answer with the same bytes is told the same of it. */
static bool
odd_element(void *arg, struct shape *sh, const json_t *j)
{
	struct answer *r = arg;
	const char *id;

	if (j != NULL && r->essential != NULL && r->essential(j))
		return false;
	odd_name(r, sh, j);
	r->part.nodd++;
	if (j == NULL)
		return true;
	r->part.n = r->sound;
	if (r->marked)
		r->part.nseen--;
	if ((id = json_string_value(json_object_get(j, "ID"))) != NULL && *id != '\0')
		map_put(r->ids, str_of(id), r);
	return true;
}

static void
hear_element(void *arg, struct shape *sh, const json_t *j)
{
	struct answer *r = arg;

	r->sound = r->part.n;
	r->hear(r, sh, j);
}

const struct why *
answer_read(struct answer *r, struct swarm_part *into, const char *what, struct str json, shape_known_f *known,
    shape_item_f *hear, void (*finish)(struct answer *), char detail[SWARM_DETAIL])
{
	struct shape sh = { .what = what, .odd = odd_element };

	r->ids = map_new();
	r->part.arena = arena_new();
	r->hear = hear;
	r->marked = known != NULL;
	shape_each(&sh, json, SWARM_JSON_MAX, known, hear_element, r);
	if (r->part.nodd > 0)
		r->part.odd = arena_text(r->part.arena, str_of(r->odd));
	if (sh.why == NULL && r->part.nodd > 0 && r->part.nodd == sh.item) {	/* this is no Engine, or one that nobody knows */
		sh.why = WHY_ENGINE_SHAPE;
		str_copy(sh.detail, sizeof sh.detail, str_of(r->odd));
	}
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
