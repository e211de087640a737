/*
 * Open addressing with linear probing and backward-shift deletion; at most 3/4 full.
 */
#include <stdlib.h>

#include "base/bug.h"
#include "base/map.h"

struct map_entry {
	char		*key;		/* NULL: a free place */
	size_t		 len;
	uint64_t	 hash;
	void		*value;
};

struct map {
	struct map_entry	*entry;
	size_t		 cap, count;	/* cap is a power of two */
};

struct map *
map_new(void)
{
	struct map *m = must_zalloc(sizeof *m);

	m->cap = 16;
	m->entry = must_zalloc(m->cap * sizeof *m->entry);
	return m;
}

void
map_free(struct map **mp)
{
	struct map *m = *mp;

	*mp = NULL;
	if (m == NULL)
		return;
	for (size_t i = 0; i < m->cap; i++)
		free(m->entry[i].key);
	free(m->entry);
	free(m);
}

static size_t
map_find(const struct map *m, struct str key, uint64_t hash)
{
	size_t i = hash & (m->cap - 1);

	ASSERT(m->count < m->cap);		/* there is a free place, at which the search ends */
	while (m->entry[i].key != NULL) {
		const struct map_entry *e = &m->entry[i];
		if (e->hash == hash && str_eq((struct str){ e->key, e->len }, key))
			break;
		i = (i + 1) & (m->cap - 1);
	}
	return i;
}

void *
map_get(const struct map *m, struct str key)
{
	return m->entry[map_find(m, key, str_hash(key))].value;
}

static void
map_grow(struct map *m)
{
	struct map_entry *old = m->entry;
	size_t n = m->cap;

	m->cap *= 2;
	m->entry = must_zalloc(m->cap * sizeof *m->entry);
	for (size_t i = 0; i < n; i++)
		if (old[i].key != NULL)
			m->entry[map_find(m, (struct str){ old[i].key, old[i].len }, old[i].hash)] = old[i];
	free(old);
	ASSERT(m->count * 4 <= m->cap * 3);
}

void
map_put(struct map *m, struct str key, void *value)
{
	uint64_t hash = str_hash(key);
	struct map_entry *e = &m->entry[map_find(m, key, hash)];

	ASSERT(value != NULL);
	if (e->key != NULL) {
		e->value = value;
		return;
	}
	*e = (struct map_entry){ str_dup(key), key.len, hash, value };
	if (++m->count * 4 > m->cap * 3)
		map_grow(m);
}

void *
map_remove(struct map *m, struct str key)
{
	size_t hole = map_find(m, key, str_hash(key)), mask = m->cap - 1;
	void *value = m->entry[hole].value;

	if (m->entry[hole].key == NULL)
		return NULL;
	ASSERT(m->count > 0 && value != NULL);
	free(m->entry[hole].key);
	m->count--;
	/* move back each entry that was placed past the hole because of it, until a free place */
	for (size_t i = (hole + 1) & mask; m->entry[i].key != NULL; i = (i + 1) & mask) {
		size_t home = m->entry[i].hash & mask;
		if (((i - home) & mask) >= ((i - hole) & mask)) {
			m->entry[hole] = m->entry[i];
			hole = i;
		}
	}
	m->entry[hole] = (struct map_entry){ 0 };
	return value;
}

size_t
map_count(const struct map *m)
{
	return m->count;
}

bool
map_next(const struct map *m, size_t *at, struct str *key, void **value)
{
	ASSERT(*at <= m->cap);
	for (; *at < m->cap; (*at)++) {
		const struct map_entry *e = &m->entry[*at];
		if (e->key == NULL)
			continue;
		*key = (struct str){ e->key, e->len };
		*value = e->value;
		(*at)++;
		return true;
	}
	return false;
}
