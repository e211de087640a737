/*
 * flat: a walk over a tree. Recursion is as deep as TREE_DEPTH_MAX at most.
 * Must not know what the keys mean.
 */
#include <stdio.h>
#include <string.h>

#include "base/bug.h"
#include "conf/flat.h"

static bool	write_map(struct flat *, const struct tree *map, struct buf *out, const char *path,
    unsigned level);

static bool
refuse(struct flat *f, const struct tree *t, const char *path, const char *problem)
{
	f->line = t->line;
	snprintf(f->path, sizeof f->path, "%s", path);
	snprintf(f->problem, sizeof f->problem, "%s", problem);
	return false;
}

static bool
write_line(struct flat *f, const struct tree *t, struct buf *out, const char *path,
    const char *value)
{
	size_t n = strlen(value), at;
	bool fits;

	if (n > 0 && value[n - 1] == '\n')
		n--;
	if (!f->numbered && memchr(value, '\n', n) != NULL)
		return refuse(f, t, path, "a line break in a value");
	fits = (!f->numbered || buf_printf(out, "%d ", t->line)) && buf_printf(out, "%s=", path);
	at = out->len;
	fits = fits && buf_add(out, value, n);
	for (; fits && at < out->len; at++)
		if (out->p[at] == '\n')
			out->p[at] = FLAT_BREAK;
	return (fits && buf_add(out, "\n", 1)) || refuse(f, t, path, "with it, all is too much");
}

static bool
write_items(struct flat *f, const struct tree *list, struct buf *out, const char *path)
{
	struct buf items;
	bool good = true;

	buf_init(&items, out->max);
	for (const struct tree *t = list->first; t != NULL && good; t = t->next) {
		if (t->shape != TREE_SCALAR || t->empty)
			good = refuse(f, t, path, "not understood; expected a list of plain values");
		else if (strchr(t->text, ',') != NULL)
			good = refuse(f, t, path, "an item of a list has a comma, which Mola cannot distinguish from "
			    "two items");
		else
			good = buf_printf(&items, "%s%s", items.len > 0 ? "," : "", t->text) ||
			    refuse(f, t, path, "with it, all is too much");
	}
	good = good && buf_add(&items, "", 1) && write_line(f, list, out, path, items.p);
	buf_fini(&items);
	return good;
}

static bool
write_list(struct flat *f, const struct tree *list, struct buf *out, const char *path,
    unsigned level)
{
	char item[FLAT_PATH];
	unsigned n = 0;

	if (list->first == NULL)
		return true;
	if (list->first->shape == TREE_SCALAR)
		return write_items(f, list, out, path);
	for (const struct tree *t = list->first; t != NULL; t = t->next) {
		if (t->shape != TREE_MAP)
			return refuse(f, t, path, "not understood; expected a list of mappings");
		if (snprintf(item, sizeof item, "%s[%u]", path, n++) >= (int)sizeof item)
			return refuse(f, t, path, "its name is too long");
		if (!write_map(f, t, out, item, level))
			return false;
	}
	return true;
}

static bool
write_member(struct flat *f, const struct tree *t, struct buf *out, const char *path,
    unsigned level)
{
	if (t->shape == TREE_MAP)
		return write_map(f, t, out, path, level + 1);
	if (t->shape == TREE_LIST)
		return write_list(f, t, out, path, level + 1);
	if (t->empty)
		return f->absent || refuse(f, t, path, "no value");
	return write_line(f, t, out, path, t->text);
}

static bool
key_is_good(const struct flat *f, const char *key, unsigned level)
{
	return *key != '\0' && strpbrk(key, "=\n") == NULL &&
	    (level >= f->names || strpbrk(key, ".[]@") == NULL);
}

static bool
write_map(struct flat *f, const struct tree *map, struct buf *out, const char *path,
    unsigned level)
{
	size_t before = out->len;
	unsigned n = 0;
	char member[FLAT_PATH];

	ASSERT(map->shape == TREE_MAP && level <= TREE_DEPTH_MAX);
	for (const struct tree *t = map->first; t != NULL; t = t->next) {
		if (snprintf(member, sizeof member, "%s%s%s", path, *path == '\0' ? "" : ".", t->key) >=
		    (int)sizeof member)
			return refuse(f, t, path, "a name in it is too long");
		if (++n > FLAT_MEMBERS_MAX)
			return refuse(f, t, path, "too many keys in one mapping");
		if (!key_is_good(f, t->key, level))
			return refuse(f, t, member, "not understood; expected a name without dots and brackets");
		if (tree_find(map, t, t->key) != NULL)
			return refuse(f, tree_find(map, t, t->key), member, "given twice");
		if (!write_member(f, t, out, member, level))
			return false;
	}
	return out->len > before || *path == '\0' || write_line(f, map, out, path, "true");
}

bool
flat_write(struct flat *f, const struct tree *map, struct buf *out)
{
	return write_map(f, map, out, "", 0);
}
