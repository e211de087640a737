/*
 * view_conf: the configuration in force as JSON, in the shape of the file and with its keys
 * (tbl/conf.h). Durations and addresses are strings, as in the file; secrets are left out.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/view.h"
#include "base/alloc.h"
#include "conf/conf_check.h"
#include "conf/conf_section.h"

/* Where one is in the configuration, and what is noted of it. */
struct conf_walk {
	const struct conf *conf;
	char		 path[256];	/* "services.0.health" */
	json_t		*defaults, *secrets;	/* paths; NULL: not wanted */
};

/* `base` is the struct of the section around it, and so is `other`, with the values that are there
 * without the keys; NULL: those are the table's. */
static json_t	*section(struct conf_walk *, enum conf_section_id, const void *base,
    const void *other);

static json_t *
texts(const struct conf_list *l)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < l->n; i++)
		json_array_append_new(list, json_string(l->item[i]));
	return list;
}

/* Goes into `name`, or into the item of that number; returns where to go back to. */
static size_t
walk_into(struct conf_walk *w, const char *name, unsigned number)
{
	size_t n = strlen(w->path);

	if (name != NULL)
		snprintf(w->path + n, sizeof w->path - n, "%s%.60s", n == 0 ? "" : ".", name);
	else
		snprintf(w->path + n, sizeof w->path - n, "%s%u", n == 0 ? "" : ".", number);
	return n;
}

static bool
value_is_default(const struct conf_key *k, const void *base, const void *other)
{
	char problem[CONF_PROBLEM_MAX];
	bool same = other != NULL && value_same(k, base, other);
	void *empty;

	if (other != NULL || k->fallback == conf_required)
		return same;
	empty = must_zalloc(conf_sections[k->section].size);
	if (k->fallback == NULL || value_read(k, str_of(k->fallback), empty, problem))
		same = value_same(k, base, empty);
	value_free(k, empty);
	free(empty);
	return same;
}

static void
note_key(struct conf_walk *w, const struct conf_key *k, const void *base, const void *other)
{
	bool secret = value_is_secret(k), same;
	size_t back;

	if (w->defaults == NULL)
		return;
	back = walk_into(w, k->name, 0);
	same = value_is_default(k, base, other);
	if (!secret && same)
		json_array_append_new(w->defaults, json_string(w->path));
	else if (secret && !same)
		json_array_append_new(w->secrets, json_string(w->path));
	w->path[back] = '\0';
}

static void
put_key(json_t *j, const struct conf_key *k, const void *base)
{
	struct buf out;
	json_t *bare;

	if (value_is_secret(k))
		return;
	if (value_is_list(k)) {
		json_object_set_new(j, k->name, texts(value_list(k, base)));
		return;
	}
	buf_init(&out, 4096);
	if (!value_write(k, base, &out))
		json_object_set_new(j, k->name, json_null());
	else if (value_is_bare(k) && (bare = json_loadb(out.p, out.len, JSON_DECODE_ANY, NULL)) != NULL)
		json_object_set_new(j, k->name, bare);
	else
		json_object_set_new(j, k->name, json_stringn(out.p, out.len));
	buf_fini(&out);
}

static void
put_keys(struct conf_walk *w, json_t *j, enum conf_section_id id, const void *base,
    const void *other)
{
	size_t back;

	for (size_t k = 0; k < KEY_COUNT; k++)
		if (conf_keys[k].section == id) {
			put_key(j, &conf_keys[k], base);
			note_key(w, &conf_keys[k], base, other);
		}
	for (unsigned s = SECTION_TOP + 1; s < SECTION_COUNT; s++)
		if (conf_sections[s].parent == id) {
			back = walk_into(w, conf_sections[s].name, 0);
			json_object_set_new(j, conf_sections[s].name, section(w, s, base, other));
			w->path[back] = '\0';
		}
}

/* Keys that the service may not have are not there, whatever defaults say of them. */
static void
drop_misplaced(json_t *j, enum service_kind kind)
{
	size_t n;
	const struct conf_misplaced *m = kind_misplaced(kind, &n);

	for (size_t i = 0; i < n; i++)
		json_object_set_new(m[i].section == NULL ? j : json_object_get(j, m[i].section),
		    m[i].key, json_null());
}

/* A service has tasks, or leads to others in one way. */
static void
drop_of_others(json_t *j, const struct conf_service *s)
{
	const char *key;
	json_t *v;
	void *next;

	json_object_foreach_safe(j, next, key, v)
		if (s->group != NULL ? !conf_group_has(key, s->group->kind) :
		    strcmp(key, "weighted") == 0 || strcmp(key, "failover") == 0 || strcmp(key, "mirroring") == 0)
			json_object_set_new(j, key, json_null());
}

static json_t *
items(struct conf_walk *w, enum conf_section_id id, const void *base)
{
	json_t *list = json_array(), *j;
	unsigned n;
	const char *item = section_items(id, base, &n);

	for (unsigned i = 0; i < n; i++, item += conf_sections[id].size) {
		size_t back = walk_into(w, NULL, i);
		j = json_object();
		put_keys(w, j, id, item, NULL);
		if (id == SECTION_SERVICE) {
			const struct conf_service *s = (const void *)item;
			put_keys(w, j, SECTION_DEFAULTS, &s->conf, &w->conf->defaults);
			drop_misplaced(j, s->conf.kind);
			drop_of_others(j, s);
		}
		json_array_append_new(list, j);
		w->path[back] = '\0';
	}
	return list;
}

/* Depth is that of the table: a service holds tasks, and that is all. */
static json_t *
section(struct conf_walk *w, enum conf_section_id id, const void *base, const void *other)
{
	const struct conf *c = w->conf;
	json_t *j;

	if (id == SECTION_SWARM && c->swarm_endpoints.n == 0)
		return json_null();		/* without the section there is no Swarm */
	if (id == SECTION_ACME && c->nacme_cas == 0)
		return json_null();
	if (id == SECTION_PROMETHEUS && c->prom.servers.n == 0)
		return json_null();
	if (conf_sections[id].shape != SHAPE_MAP)
		return items(w, id, base);
	j = json_object();
	put_keys(w, j, id, section_map(id, base), other == NULL ? NULL : section_map(id, other));
	return j;
}

json_t *
view_conf(const struct conf *c)
{
	struct conf_walk w = { .conf = c };

	return section(&w, SECTION_TOP, c, NULL);
}

json_t *
view_conf_marked(const struct conf *c)
{
	struct conf_walk w = { .conf = c, .defaults = json_array(), .secrets = json_array() };
	json_t *config = section(&w, SECTION_TOP, c, NULL);

	return json_pack("{s:o, s:o, s:o}", "config", config, "defaults", w.defaults, "secrets",
	    w.secrets);
}
