#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "base/bug.h"
#include "discovery/json_reader.h"
#include "engine/configs.h"
#include "vault/vault.h"

#define LIST_MAX	((size_t)64 << 20)
#define DATA_MAX	(1u << 20)

struct configs_reader {
	struct json_reader json;
	configs_known_f	*known;
	configs_f	*fn;
	void		*arg;
	uint64_t	 tag;		/* of the one that is read */
};

/* "2026-11-27T22:00:00.123456789Z"; 0: it is not. */
static int64_t
read_time(const char *text)
{
	struct tm tm = { 0 };
	const char *rest = text == NULL ? NULL : strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);

	return rest == NULL || (*rest != '.' && *rest != 'Z') ? 0 : timegm(&tm);
}

/* An id becomes part of a path. */
static bool
id_is_valid(const char *id)
{
	return id != NULL && *id != '\0' && strlen(id) <= 64 &&
	    strspn(id, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") == strlen(id);
}

static bool
copy_lower(char out[CONFIGS_NAME_MAX + 1], const char *name)
{
	size_t n = name == NULL ? 0 : strlen(name);

	if (n == 0 || n > CONFIGS_NAME_MAX)
		return false;
	for (size_t i = 0; i <= n; i++)
		out[i] = (char)(name[i] >= 'A' && name[i] <= 'Z' ? name[i] - 'A' + 'a' : name[i]);
	return true;
}

/* What the Engine leaves out is empty. */
static json_t *
read_labels(const json_t *spec)
{
	json_t *labels = json_object_get(spec, "Labels");

	return labels == NULL || json_is_null(labels) ? json_object() : json_incref(labels);
}

static const char *
text_of(const json_t *o, const char *name)
{
	return json_string_value(json_object_get(o, name));
}

static void
read_config(void *arg, struct json_reader *jr, const json_t *j)
{
	const json_t *spec = json_object_get(j, "Spec"),
	    *index = json_object_get(json_object_get(j, "Version"), "Index");
	struct configs_reader *r = arg;
	char name[CONFIGS_NAME_MAX + 1];
	struct config_object o = { .name = name, .id = text_of(j, "ID"),
	    .created_sec = read_time(text_of(j, "CreatedAt")), .tag = r->tag };
	struct str data = str_of(text_of(spec, "Data"));
	json_t *labels = read_labels(spec);
	char *bytes;

	(void)jr;
	if (id_is_valid(o.id) && copy_lower(name, text_of(spec, "Name")) && json_is_number(index) &&
	    json_number_value(index) >= 0 &&
	    json_number_value(index) < 9e15 &&
	    vault_labels_are_texts(labels) && data.len / 4 * 3 <= DATA_MAX) {
		bytes = must_alloc(data.len + 1);
		o.version = (uint64_t)json_number_value(index);
		o.labels = labels;
		if (base64_read(data, bytes, &o.data.len))
			o.data.p = bytes;
		else
			o.data = STR("");
		r->fn(r->arg, &o);
		free(bytes);
	}
	json_decref(labels);
}

/* Reading a thousand certificates takes half a second; hashing them, some milliseconds. */
static bool
is_known(void *arg, struct str raw)
{
	struct configs_reader *r = arg;

	r->tag = str_hash(raw) | 1;
	return r->known != NULL && r->known(r->arg, r->tag);
}

static bool
may_skip(void *arg, struct json_reader *jr, const json_t *j)
{
	(void)arg;
	(void)jr;
	(void)j;
	return true;
}

const struct why *
configs_read(struct str json, configs_known_f *known, configs_f *fn, void *arg,
    char detail[CONFIGS_DETAIL_MAX])
{
	struct configs_reader r = { .json = { .what = "configs", .may_skip = may_skip },
	    .known = known, .fn = fn, .arg = arg };

	json_reader_each(&r.json, json, LIST_MAX, is_known, read_config, &r);
	if (r.json.why != NULL)
		snprintf(detail, CONFIGS_DETAIL_MAX, "%s", r.json.detail);
	return r.json.why;
}

/* ?filters={"name":["PREFIX"]} */
void
configs_path(struct buf *b, const char *prefix)
{
	ASSERT(strspn(prefix, "abcdefghijklmnopqrstuvwxyz0123456789.-") == strlen(prefix));
	buf_printf(b, "/configs?filters=%%7B%%22name%%22%%3A%%5B%%22%s%%22%%5D%%7D", prefix);
}

static char *
dump(json_t *j)
{
	char *text = json_dumps(j, JSON_COMPACT);

	ASSERT(text != NULL);
	json_decref(j);
	return text;
}

char *
configs_create(const char *name, const json_t *labels, struct str data)
{
	struct buf b;
	json_t *j;

	buf_init(&b, 2 * DATA_MAX);
	base64_add(&b, data);
	ASSERT(!b.full);
	j = json_pack("{s:s, s:O, s:s%}", "Name", name, "Labels", labels, "Data", b.p == NULL ? "" : b.p,
	    b.len);
	buf_fini(&b);
	return dump(j);
}

char *
configs_relabel(const char *name, const json_t *labels)
{
	return dump(json_pack("{s:s, s:O}", "Name", name, "Labels", labels));
}
