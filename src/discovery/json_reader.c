/*
 * json_reader: a list is scanned by hand, element by element, so that only one of its thousands of
 * trees is in memory at a time and none is deep; jansson reads what is inside an element.
 * Must not know what the Engine's objects are called.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/bug.h"
#include "discovery/json_reader.h"

#define DEPTH_MAX 48

static void
json_reader_fail(struct json_reader *s, const struct why *why, const char *fmt,
    ...) __attribute__((format(printf, 3, 4)));

static void
json_reader_fail(struct json_reader *s, const struct why *why, const char *fmt, ...)
{
	va_list ap;

	if (s->why != NULL)
		return;
	s->why = why;
	va_start(ap, fmt);
	vsnprintf(s->detail, sizeof s->detail, fmt, ap);
	va_end(ap);
	for (char *c = s->detail; *c != '\0'; c++)	/* jansson quotes what it could not read */
		if (*c < ' ' || *c > '~')
			*c = '?';
}

void
json_reader_mismatch(struct json_reader *s, const char *path, const char *expected)
{
	json_reader_fail(s, WHY_ENGINE_SHAPE, "%s[%u].%s: expected %s", s->what, s->item, path, expected);
}

/* ---- a list, element by element ---- */

static bool
is_blank(char c)
{
	return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static void
skip_blanks(struct str *s)
{
	while (s->len > 0 && is_blank(*s->p)) {
		s->p++;
		s->len--;
	}
}

static bool
take_char(struct str *s, char c)
{
	skip_blanks(s);
	if (s->len == 0 || *s->p != c)
		return false;
	s->p++;
	s->len--;
	return true;
}

/* Behind the closing quote of the string that begins at `i`, or the length when it has none. */
static size_t
string_end(struct str s, size_t i)
{
	ASSERT(i < s.len && s.p[i] == '"');
	for (i++; i < s.len; i++) {
		if (s.p[i] == '"')
			return i + 1;
		if (s.p[i] == '\\')
			i++;
	}
	return s.len;
}

/* The object at the front: the place after its last brace, brackets of both kinds counted
 * alike. 0: there is no end. */
static size_t
object_end(struct str s, bool *deep)
{
	unsigned depth = 0;

	ASSERT(s.len > 0 && (*s.p == '{' || *s.p == '['));
	for (size_t i = 0; i < s.len; )
		switch (s.p[i]) {
		case '"':
			i = string_end(s, i);
			break;
		case '{':
		case '[':
			if (++depth > DEPTH_MAX) {
				*deep = true;
				return 0;
			}
			i++;
			break;
		case '}':
		case ']':
			ASSERT(depth > 0);
			i++;
			if (--depth == 0)
				return i;
			break;
		default:
			i++;
		}
	return 0;
}

static void
skip_or_fail(struct json_reader *s, const json_t *j, void *arg)
{
	ASSERT(s->why != NULL);
	if (s->may_skip != NULL && s->why == WHY_ENGINE_SHAPE && s->may_skip(arg, s, j)) {
		s->why = NULL;
		s->detail[0] = '\0';
	}
}

/* Numbers as reals: what people may write into a service's specification may not fit into 64
 * signed bits. */
static void
decode_element(struct json_reader *s, struct str text, json_item_f *read, void *arg)
{
	json_error_t e;
	json_t *j = json_loadb(text.p, text.len, JSON_DECODE_INT_AS_REAL | JSON_ALLOW_NUL, &e);

	if (j == NULL)
		json_reader_fail(s, WHY_ENGINE_SYNTAX, "%s[%u]: %.80s", s->what, s->item, e.text);
	else
		read(arg, s, j);
	if (j != NULL && s->why != NULL)
		skip_or_fail(s, j, arg);
	json_decref(j);
}

/* The end of something that is not an object, where one should be. 0: there is none. */
static size_t
other_end(struct str s, bool *deep)
{
	size_t i = 0;

	if (*s.p == '[')
		return object_end(s, deep);
	if (*s.p == '"')
		return string_end(s, 0);
	while (i < s.len && s.p[i] != ',' && s.p[i] != ']')
		i++;
	return i == s.len ? 0 : i;
}

static bool
read_next(struct json_reader *s, struct str *rest, json_known_f *known, json_item_f *read,
    void *arg)
{
	bool deep = false, object;
	size_t end;

	skip_blanks(rest);
	if (rest->len == 0 || *rest->p == ',' || *rest->p == ']') {
		json_reader_fail(s, rest->len == 0 ? WHY_ENGINE_SYNTAX : WHY_ENGINE_SHAPE,
		    rest->len == 0 ? "%s[%u]: the response ends here" :
		    "%s[%u]: expected an object", s->what, s->item);
		return false;
	}
	object = *rest->p == '{';
	end = object ? object_end(*rest, &deep) : other_end(*rest, &deep);
	if (end == 0) {
		json_reader_fail(s, deep ? WHY_ENGINE_LARGE : WHY_ENGINE_SYNTAX,
		    deep ? "%s[%u]: nested deeper than any response of an Engine" :
		    "%s[%u]: the response ends here", s->what, s->item);
		return false;
	}
	if (!object) {
		json_reader_fail(s, WHY_ENGINE_SHAPE, "%s[%u]: expected an object", s->what, s->item);
		skip_or_fail(s, NULL, arg);
	} else if (known == NULL || !known(arg, (struct str){ rest->p, end }))
		decode_element(s, (struct str){ rest->p, end }, read, arg);
	ASSERT(end <= rest->len);
	*rest = (struct str){ rest->p + end, rest->len - end };
	s->item++;
	return s->why == NULL;
}

static void
list_end(struct json_reader *s, struct str rest)
{
	if (s->why != NULL)
		return;
	if (!take_char(&rest, ']'))
		json_reader_fail(s, WHY_ENGINE_SYNTAX, "%s[%u]: expected a comma or the list's end",
		    s->what, s->item);
	skip_blanks(&rest);
	if (rest.len > 0)
		json_reader_fail(s, WHY_ENGINE_SYNTAX, "%s: something follows the list", s->what);
}

void
json_reader_each(struct json_reader *s, struct str json, size_t max, json_known_f *known,
    json_item_f *read, void *arg)
{
	struct str rest = json;

	ASSERT(s->why == NULL && s->item == 0);		/* a reader reads one list */
	if (json.len > max) {
		json_reader_fail(s, WHY_ENGINE_LARGE, "%s: %zu bytes; at most %zu are read",
		    s->what, json.len, max);
		return;
	}
	if (!take_char(&rest, '[')) {
		bool null = str_eq(str_trim(json), STR("null\n")) || str_eq(str_trim(json), STR("null"));
		if (!null)		/* an empty list of Go's */
			json_reader_fail(s,
			    str_starts(json, STR("{")) ? WHY_ENGINE_SHAPE : WHY_ENGINE_SYNTAX,
			    "%s: expected a list", s->what);
		return;
	}
	skip_blanks(&rest);
	if (rest.len == 0 || *rest.p != ']')
		do {
			if (!read_next(s, &rest, known, read, arg))
				break;
		} while (take_char(&rest, ','));
	list_end(s, rest);
}

/* ---- members ---- */

/* The value at a path, NULL when it or an object on the way is absent or null. */
static const json_t *
find(struct json_reader *s, const json_t *j, const char *path)
{
	const char *name = path;
	char key[64];
	size_t n;

	while (j != NULL && !json_is_null(j)) {
		if (!json_is_object(j)) {
			json_reader_mismatch(s, path, "objects on the way");
			return NULL;
		}
		n = strcspn(name, ".");
		ASSERT(n > 0 && n < sizeof key);
		str_copy(key, sizeof key, (struct str){ name, n });
		j = json_object_get(j, key);
		if (name[n] == '\0')
			return json_is_null(j) ? NULL : j;
		name += n + 1;
	}
	return NULL;
}

struct str
json_reader_text(struct json_reader *s, const json_t *j, const char *path)
{
	const json_t *v = find(s, j, path);

	if (v != NULL && !json_is_string(v))
		json_reader_mismatch(s, path, "a string");
	return str_of(json_string_value(v));
}

double
json_reader_number(struct json_reader *s, const json_t *j, const char *path)
{
	const json_t *v = find(s, j, path);

	if (v != NULL && !json_is_number(v))
		json_reader_mismatch(s, path, "a number");
	return v == NULL ? 0 : json_number_value(v);
}

bool
json_reader_bool(struct json_reader *s, const json_t *j, const char *path)
{
	const json_t *v = find(s, j, path);

	if (v != NULL && !json_is_boolean(v))
		json_reader_mismatch(s, path, "true or false");
	return json_is_true(v);
}

const json_t *
json_reader_list(struct json_reader *s, const json_t *j, const char *path)
{
	const json_t *v = find(s, j, path);

	if (v != NULL && !json_is_array(v))
		json_reader_mismatch(s, path, "a list");
	return json_is_array(v) ? v : NULL;
}

const json_t *
json_reader_object(struct json_reader *s, const json_t *j, const char *path)
{
	const json_t *v = find(s, j, path);

	if (v != NULL && !json_is_object(v))
		json_reader_mismatch(s, path, "an object");
	return json_is_object(v) ? v : NULL;
}
