/*
 * conf_section: walks over structs by the tables of sections and keys.
 * Must not know what a value means, nor how it is written.
 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "conf/conf_section.h"

#define MAP			SHAPE_MAP, 0, 0
#define MAP_AT(owner, member)	SHAPE_MAP, offsetof(owner, member), 0
#define LIST(owner, array, n)	SHAPE_LIST, offsetof(owner, array), offsetof(owner, n)
#define FEW(owner, array, n)	SHAPE_FEW, offsetof(owner, array), offsetof(owner, n)
#define SECTION(id, parent, name, shape, type, help) \
	{ SECTION_##parent, #name, sizeof(type), help, shape },
#define KEY(section, name, type, field, fallback, least, most, help)
const struct conf_section conf_sections[SECTION_COUNT] = {
#include "tbl/conf.h"
};
#undef SECTION
#undef KEY

_Static_assert(offsetof(struct conf_listen, line) == 0 && offsetof(struct conf_node, line) == 0 &&
    offsetof(struct conf_service, line) == 0 && offsetof(struct conf_task, line) == 0 &&
    offsetof(struct conf_target, line) == 0 && offsetof(struct conf_weighted, line) == 0 &&
    offsetof(struct conf_certificate, line) == 0 && offsetof(struct conf_mirror, line) == 0 &&
    offsetof(struct conf_acme_ca, line) == 0 && offsetof(struct conf_admin_token, line) == 0 &&
    offsetof(struct conf_task_ca, line) == 0 && offsetof(struct conf_task_cert, line) == 0,
    "an item of a list begins with its line");

void *
section_map(enum conf_section_id id, const void *base)
{
	ASSERT(conf_sections[id].shape == SHAPE_MAP);
	return (char *)(uintptr_t)base + conf_sections[id].at;
}

void *
section_items(enum conf_section_id id, const void *base, unsigned *n)
{
	const struct conf_section *s = &conf_sections[id];
	void *array = (char *)(uintptr_t)base + s->at;

	ASSERT(s->shape != SHAPE_MAP);
	*n = *(const unsigned *)((const char *)base + s->count_at);
	return s->shape == SHAPE_FEW ? array : *(void **)array;
}

void *
section_add(enum conf_section_id id, void *base, int line)
{
	const struct conf_section *s = &conf_sections[id];
	unsigned n;
	char *item = section_items(id, base, &n);

	ASSERT(line > 0 && (s->shape == SHAPE_LIST || n < TERMS_MAX));
	if (s->shape == SHAPE_LIST) {
		item = must_realloc(item, (n + 1) * s->size);
		*(void **)((char *)base + s->at) = item;
	}
	*(unsigned *)((char *)base + s->count_at) = n + 1;
	item += n * s->size;
	memset(item, 0, s->size);
	if (s->shape == SHAPE_LIST)
		*(int *)item = line;
	return item;
}

bool
section_same(enum conf_section_id id, const void *base, const void *other)
{
	for (unsigned k = 0; k < KEY_COUNT; k++)
		if (conf_keys[k].section == id && !value_same(&conf_keys[k], base, other))
			return false;
	return true;
}

void
section_copy(enum conf_section_id id, void *base)
{
	for (unsigned k = 0; k < KEY_COUNT; k++)
		if (conf_keys[k].section == id)
			value_copy(&conf_keys[k], base);
}

static void
list_free(enum conf_section_id id, void *base)
{
	const struct conf_section *s = &conf_sections[id];
	unsigned n;
	char *first = section_items(id, base, &n);

	ASSERT(n == 0 || first != NULL);
	for (unsigned i = 0; i < n; i++)
		section_free(id, first + i * s->size);
	if (s->shape == SHAPE_LIST) {
		free(first);
		*(void **)((char *)base + s->at) = NULL;
	}
	*(unsigned *)((char *)base + s->count_at) = 0;
}

/* Settings of services know themselves what they own; routes are made of hosts and paths, and
 * no key's. */
void
section_free(enum conf_section_id id, void *base)
{
	if (id == SECTION_DEFAULTS) {
		service_conf_clear(base);
		return;
	}
	if (id == SECTION_SERVICE) {
		struct conf_service *service = base;
		service_conf_clear(&service->conf);
		for (unsigned i = 0; i < service->nroutes; i++)
			route_conf_clear(&service->route[i]);
		free(service->route);
		group_free(&service->group);
		service->route = NULL;
		service->nroutes = 0;
	}
	for (unsigned k = 0; k < KEY_COUNT; k++)
		if (conf_keys[k].section == id)
			value_free(&conf_keys[k], base);
	for (enum conf_section_id s = SECTION_TOP + 1; s < SECTION_COUNT; s++)
		if (conf_sections[s].parent == id && conf_sections[s].shape == SHAPE_MAP)
			section_free(s, section_map(s, base));
		else if (conf_sections[s].parent == id)
			list_free(s, base);
}
