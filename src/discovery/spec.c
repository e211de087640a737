/*
 * spec: the text is scanned beside the values that were read from it. Where a value was not
 * edited its text is copied; where an object was, its members are compared one by one; only
 * what was edited is written from its value.
 *
 * Must not know what a specification means (placement.c does), nor what an Engine will do with
 * it.
 */
#include <stdio.h>
#include <string.h>

#include "base/bug.h"
#include "discovery/spec.h"

#define DIGITS_MAX	18		/* what fits into 63 bits whatever the digits are */
#define PATH_BYTES	400

/* ---- the text ---- */

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static struct str
rest_of(struct str s, size_t from)
{
	ASSERT(from <= s.len);
	return (struct str){ s.p + from, s.len - from };
}

static struct str
skip_blanks(struct str s)
{
	while (s.len > 0 && is_blank(*s.p))
		s = rest_of(s, 1);
	return s;
}

/* Of a string, both quotes included; 0: it has no end. */
static size_t
string_length(struct str s)
{
	ASSERT(s.len > 0 && *s.p == '"');
	for (size_t i = 1; i < s.len; i++) {
		if (s.p[i] == '"')
			return i + 1;
		if (s.p[i] == '\\')
			i++;
	}
	return 0;
}

static size_t
digits_length(struct str s, size_t at)
{
	size_t n = 0;

	while (at + n < s.len && is_digit(s.p[at + n]))
		n++;
	return n;
}

/* Of a number by JSON's grammar; 0: there is none. `plain`: it is an integer that a
 * json_int_t can hold. */
static size_t
number_length(struct str s, bool *plain)
{
	size_t i = s.len > 0 && *s.p == '-', n = digits_length(s, i);

	if (n == 0 || (n > 1 && s.p[i] == '0'))
		return 0;
	*plain = n <= DIGITS_MAX;
	i += n;
	if (i < s.len && s.p[i] == '.') {
		*plain = false;
		n = digits_length(s, ++i);
		if (n == 0)
			return 0;
		i += n;
	}
	if (i < s.len && (s.p[i] == 'e' || s.p[i] == 'E')) {
		*plain = false;
		i++;
		i += i < s.len && (s.p[i] == '+' || s.p[i] == '-');
		n = digits_length(s, i);
		if (n == 0)
			return 0;
		i += n;
	}
	return i;
}

/* Of a value of any kind in sound JSON; 0: it has no end. */
static size_t
value_length(struct str s)
{
	size_t depth = 0, n;

	for (size_t i = 0; i < s.len; i++) {
		char c = s.p[i];
		if (c == '"') {
			n = string_length(rest_of(s, i));
			if (n == 0)
				return 0;
			i += n - 1;
			if (depth == 0)
				return i + 1;
		} else if (c == '{' || c == '[')
			depth++;
		else if (depth == 0 && (c == '}' || c == ']' || c == ',' || is_blank(c)))
			return i;
		else if ((c == '}' || c == ']') && --depth == 0)
			return i + 1;
	}
	return 0;
}

struct member {
	struct str	 key, value;	/* text; the key's with its quotes */
};

/* The next member of an object whose text begins after its '{', or after the previous member. */
static bool
next_member(struct str *rest, struct member *m)
{
	struct str s = skip_blanks(*rest);

	if (s.len > 0 && *s.p == ',')
		s = skip_blanks(rest_of(s, 1));
	if (s.len == 0 || *s.p != '"')
		return false;
	m->key = (struct str){ s.p, string_length(s) };
	s = skip_blanks(rest_of(s, m->key.len));
	if (m->key.len == 0 || s.len == 0 || *s.p != ':')
		return false;
	s = skip_blanks(rest_of(s, 1));
	m->value = (struct str){ s.p, value_length(s) };
	*rest = rest_of(s, m->value.len);
	return m->value.len > 0;
}

static json_t *
parse_string(struct str text)
{
	return json_loadb(text.p, text.len, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
}

/* The value of an object's member; of several, the last one, as JSON's readers have it. */
static struct str
find_member(struct str object, const char *name)
{
	struct str rest = skip_blanks(object), found = { 0 };
	struct member m;

	if (rest.len == 0 || *rest.p != '{')
		return found;
	rest = rest_of(rest, 1);
	while (next_member(&rest, &m)) {
		json_t *key = parse_string(m.key);
		if (json_is_string(key) && strcmp(json_string_value(key), name) == 0)
			found = m.value;
		json_decref(key);
	}
	return found;
}

/* ---- reading ---- */

/* A number in the place of a key must not become a string: it is not JSON. */
static bool
is_before_colon(struct str rest)
{
	rest = skip_blanks(rest);
	return rest.len > 0 && *rest.p == ':';
}

json_t *
spec_read(struct str json)
{
	struct buf b;
	json_t *j;

	buf_init(&b, 3 * json.len + 16);
	for (size_t i = 0, n; i < json.len; i += n) {
		struct str s = rest_of(json, i);
		bool number = *s.p == '-' || is_digit(*s.p), plain = false;
		n = *s.p == '"' ? string_length(s) : number ? number_length(s, &plain) : 0;
		if (n == 0)		/* punctuation, a word; or not JSON, as the reader will find */
			n = 1, number = false;
		if (number && !plain && !is_before_colon(rest_of(s, n)))
			buf_printf(&b, "\"%.*s\"", STR_ARG(((struct str){ s.p, n })));
		else
			buf_add(&b, s.p, n);
	}
	ASSERT(!b.full);
	j = json_loadb(b.len > 0 ? b.p : "", b.len, JSON_ALLOW_NUL, NULL);
	buf_fini(&b);
	return j;
}

/* ---- writing; `out` shows at the end whether all had room ---- */

static void	patch(struct str raw, const json_t *before, const json_t *after, struct buf *out);

static int
dump_piece(const char *p, size_t len, void *arg)
{
	return buf_add(arg, p, len) ? 0 : -1;
}

static void
dump(const json_t *j, struct buf *out)
{
	json_dump_callback(j, dump_piece, out, JSON_ENCODE_ANY | JSON_COMPACT | JSON_PRESERVE_ORDER);
}

static void
add_comma(struct buf *out, bool *first)
{
	if (!*first)
		buf_add(out, ",", 1);
	*first = false;
}

static void
patch_members(struct str raw, const json_t *before, const json_t *after, bool *first,
    struct buf *out)
{
	struct str rest = rest_of(raw, 1);
	struct member m;

	while (next_member(&rest, &m)) {
		json_t *key = parse_string(m.key), *value = json_object_get(after, json_string_value(key));
		if (value != NULL) {
			add_comma(out, first);
			buf_adds(out, m.key);
			buf_add(out, ":", 1);
			patch(m.value, json_object_get(before, json_string_value(key)), value, out);
		}
		json_decref(key);
	}
}

static void
patch_object(struct str raw, const json_t *before, const json_t *after, struct buf *out)
{
	bool first = true;
	const char *name;
	json_t *value, *key;

	ASSERT(raw.len >= 2 && raw.p[0] == '{' && raw.p[raw.len - 1] == '}');
	buf_add(out, "{", 1);
	patch_members(raw, before, after, &first, out);
	json_object_foreach((json_t *)after, name, value) {
		if (json_object_get(before, name) != NULL)
			continue;
		add_comma(out, &first);
		key = json_string(name);
		dump(key, out);
		json_decref(key);
		buf_add(out, ":", 1);
		dump(value, out);
	}
	buf_add(out, "}", 1);
}

static void
patch(struct str raw, const json_t *before, const json_t *after, struct buf *out)
{
	if (json_equal(before, after))
		buf_adds(out, raw);
	else if (json_is_object(before) && json_is_object(after) && *raw.p == '{')
		patch_object(raw, before, after, out);
	else
		dump(after, out);
}

bool
spec_write(struct str json, const json_t *before, const json_t *after, struct buf *out)
{
	struct str raw = find_member(json, "Spec");

	if (raw.len == 0 || !json_is_object(before) || !json_is_object(after))
		return false;
	patch(raw, before, after, out);
	return !out->full;
}

/* ---- comparing ---- */

struct difference {
	struct buf	*paths;
	unsigned	 count;
	char		 path[PATH_BYTES];	/* of what is being compared */
};

static bool
is_empty(const json_t *j)
{
	return j == NULL || json_is_null(j) || (json_is_object(j) && json_object_size(j) == 0) ||
	    (json_is_array(j) && json_array_size(j) == 0);
}

static void
difference_add(struct difference *d)
{
	if (d->count++ > 0)
		buf_adds(d->paths, STR(", "));
	buf_adds(d->paths, str_of(d->path));
}

static void	compare(struct difference *, const json_t *before, const json_t *sent,
    const json_t *now);

static void
compare_member(struct difference *d, const char *name, const json_t *before, const json_t *sent,
    const json_t *now)
{
	size_t len = strlen(d->path);

	snprintf(d->path + len, sizeof d->path - len, "%s%s", len == 0 ? "" : ".", name);
	compare(d, json_object_get(before, name), json_object_get(sent, name), json_object_get(now, name));
	d->path[len] = '\0';
}

static void
compare_objects(struct difference *d, const json_t *before, const json_t *sent, const json_t *now)
{
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)sent, name, value)
		compare_member(d, name, before, sent, now);
	json_object_foreach((json_t *)now, name, value)
		if (json_object_get(sent, name) == NULL && json_is_object(before))
			compare_member(d, name, before, sent, now);
}

static void
compare_items(struct difference *d, const json_t *before, const json_t *sent, const json_t *now)
{
	size_t len = strlen(d->path);

	for (size_t i = 0; i < json_array_size(sent); i++) {
		snprintf(d->path + len, sizeof d->path - len, "[%zu]", i);
		compare(d, json_array_get(before, i), json_array_get(sent, i), json_array_get(now, i));
		d->path[len] = '\0';
	}
}

static void
compare(struct difference *d, const json_t *before, const json_t *sent, const json_t *now)
{
	if (json_equal(sent, now) || (is_empty(sent) && is_empty(now)))
		return;
	if (json_is_object(sent) && json_is_object(now))
		compare_objects(d, before, sent, now);
	else if (json_is_array(sent) && json_is_array(now) &&
	    json_array_size(sent) == json_array_size(now))
		compare_items(d, before, sent, now);
	else
		difference_add(d);
}

unsigned
spec_differ(const json_t *before, const json_t *sent, const json_t *now, struct buf *paths)
{
	struct difference d = { .paths = paths };

	compare(&d, before, sent, now);
	ASSERT(d.path[0] == '\0');		/* each step was taken back */
	return d.count;
}
