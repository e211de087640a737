/*
 * view_conf: the configuration in force as JSON, in the shape of the file and with its keys
 * (tbl/conf.h). Durations and addresses are strings, as in the file; secrets are left out.
 */
#include "admin/view.h"
#include "conf/conf_check.h"
#include "conf/conf_section.h"

static json_t	*section(enum conf_section_id, const struct conf *, const void *base);

static json_t *
texts(const struct conf_list *l)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < l->n; i++)
		json_array_append_new(list, json_string(l->item[i]));
	return list;
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
put_keys(json_t *j, enum conf_section_id id, const struct conf *c, const void *base)
{
	for (size_t k = 0; k < KEY_COUNT; k++)
		if (conf_keys[k].section == id)
			put_key(j, &conf_keys[k], base);
	for (unsigned s = SECTION_TOP + 1; s < SECTION_COUNT; s++)
		if (conf_sections[s].parent == id)
			json_object_set_new(j, conf_sections[s].name, section(s, c, base));
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
items(enum conf_section_id id, const struct conf *c, const void *base)
{
	json_t *list = json_array(), *j;
	unsigned n;
	const char *item = section_items(id, base, &n);

	for (; n > 0; n--, item += conf_sections[id].size) {
		j = json_object();
		put_keys(j, id, c, item);
		if (id == SECTION_SERVICE) {
			const struct conf_service *s = (const void *)item;
			put_keys(j, SECTION_DEFAULTS, c, &s->conf);
			drop_misplaced(j, s->conf.kind);
			drop_of_others(j, s);
		}
		json_array_append_new(list, j);
	}
	return list;
}

/* `base` is the struct of the section around it. Depth is that of the table: a service holds
 * tasks, and that is all. */
static json_t *
section(enum conf_section_id id, const struct conf *c, const void *base)
{
	json_t *j;

	if (id == SECTION_SWARM && c->swarm_endpoints.n == 0)
		return json_null();		/* without the section there is no Swarm */
	if (id == SECTION_ACME && c->nacme_cas == 0)
		return json_null();
	if (id == SECTION_PROMETHEUS && c->prom.servers.n == 0)
		return json_null();
	if (conf_sections[id].shape != SHAPE_MAP)
		return items(id, c, base);
	j = json_object();
	put_keys(j, id, c, section_map(id, base));
	return j;
}

json_t *
view_conf(const struct conf *c)
{
	return section(SECTION_TOP, c, c);
}
