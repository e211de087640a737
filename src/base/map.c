/*
 * Open addressing with linear probing and backward-shift deletion; at most 3/4 full.
 */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "base/map.h"

struct map_entry {
	const char	*key;		/* NULL: a free place */
	void		*value;
	uint32_t	 hash;
	uint32_t	 len : 31, lent : 1;	/* lent: the key is the caller's */
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

static void
key_free(struct map_entry *e)
{
	if (!e->lent)
		free((char *)(uintptr_t)e->key);
}

void
map_free(struct map **mp)
{
	struct map *m = *mp;

	*mp = NULL;
	if (m == NULL)
		return;
	for (size_t i = 0; i < m->cap; i++)
		key_free(&m->entry[i]);
	free(m->entry);
	free(m);
}

static uint32_t
hash_of(struct str key)
{
	return (uint32_t)str_hash(key);
}

static size_t
map_find(const struct map *m, struct str key, uint32_t hash)
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
	return m->entry[map_find(m, key, hash_of(key))].value;
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

static void
map_add(struct map *m, struct map_entry *e, const struct map_entry *new)
{
	ASSERT(e->key == NULL && new->value != NULL);
	*e = *new;
	if (++m->count * 4 > m->cap * 3)
		map_grow(m);
}

void
map_put(struct map *m, struct str key, void *value)
{
	uint32_t hash = hash_of(key);
	struct map_entry *e = &m->entry[map_find(m, key, hash)];

	ASSERT(value != NULL && key.len <= INT32_MAX);
	if (e->key != NULL)
		e->value = value;
	else
		map_add(m, e, &(struct map_entry){ str_dup(key), value, hash, (uint32_t)key.len, false });
}

void
map_put_lent(struct map *m, struct str key, void *value)
{
	uint32_t hash = hash_of(key);

	ASSERT(key.len <= INT32_MAX);
	map_add(m, &m->entry[map_find(m, key, hash)],
	    &(struct map_entry){ key.p, value, hash, (uint32_t)key.len, true });
}

void *
map_remove(struct map *m, struct str key)
{
	size_t hole = map_find(m, key, hash_of(key)), mask = m->cap - 1;
	void *value = m->entry[hole].value;

	if (m->entry[hole].key == NULL)
		return NULL;
	ASSERT(m->count > 0 && value != NULL);
	key_free(&m->entry[hole]);
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
