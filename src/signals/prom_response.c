/*
 * prom_response: jansson makes a tree of the body, and this walks it once, trusting nothing: a
 * value that is not where the API promises it is a failure of the whole response. Numbers that
 * are none (NaN, infinite) are passed on: what they mean depends on the query. Must not know
 * what was queried, nor why.
 */
#include <jansson.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/bug.h"
#include "signals/prom_response.h"
#include "signals/prom_text.h"

#define WORDS_MAX 400		/* bytes of a warning that are kept */
/* Brackets and braces; a series has three. A tree takes much more room than its text. */
#define OPENINGS_MAX (4 * PROM_SERIES_MAX)

struct response_reader {
	struct prom_response *response;
	struct prom_series *series;	/* the same as the response's, writable */
	char		*detail;
};

static void
printable(char *s)
{
	for (; *s != '\0'; s++)
		if (*s < ' ' || *s > '~')
			*s = *s == '\n' || *s == '\t' ? ' ' : '?';
}

static const struct why *
reject(struct response_reader *r, const struct why *why, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static const struct why *
reject(struct response_reader *r, const struct why *why, const char *fmt, ...)
{
	va_list ap;

	ASSERT(why != NULL);
	va_start(ap, fmt);
	vsnprintf(r->detail, PROM_DETAIL, fmt, ap);
	va_end(ap);
	printable(r->detail);
	return why;
}

static struct str
text_of(const json_t *j)
{
	return json_is_string(j) ? (struct str){ json_string_value(j), json_string_length(j) } : STR("");
}

static bool
text_is(const json_t *j, const char *what)
{
	return json_is_string(j) && str_eq(text_of(j), str_of(what));
}

/* ---- values ---- */

/* [1700000000.123, "1.5"] */
static const struct why *
read_value(struct response_reader *r, const json_t *pair, struct prom_series *s)
{
	const json_t *at = json_array_get(pair, 0), *value = json_array_get(pair, 1);

	if (json_array_size(pair) != 2 || !json_is_number(at) || !json_is_string(value))
		return reject(r, WHY_PROM_SYNTAX, "a value is not of the form [time, \"number\"]");
	s->at = json_number_value(at);
	if (!prom_number(text_of(value), &s->value))
		return reject(r, WHY_PROM_SYNTAX, "'%.40s' is not a number", json_string_value(value));
	r->response->at = s->at;
	return NULL;
}

static const struct why *
read_labels(struct response_reader *r, const json_t *metric, struct prom_series *s)
{
	size_t n = json_object_size(metric);
	struct prom_pair *label = arena_zalloc(r->response->arena, (n + 1) * sizeof *label);
	const char *name;
	json_t *value;

	if (!json_is_object(metric))
		return reject(r, WHY_PROM_SYNTAX, "a series has no labels, not even an empty set of them");
	s->label = label;
	json_object_foreach((json_t *)(uintptr_t)metric, name, value) {
		if (!json_is_string(value))
			return reject(r, WHY_PROM_SYNTAX, "the value of label '%.40s' is not a string", name);
		label[s->nlabels++] = (struct prom_pair){ arena_text(r->response->arena, str_of(name)),
		    arena_text(r->response->arena, text_of(value)) };
	}
	return NULL;
}

static const struct why *
read_vector(struct response_reader *r, const json_t *list)
{
	const struct why *why;
	const json_t *item;
	size_t i;

	if (!json_is_array(list))
		return reject(r, WHY_PROM_SYNTAX, "the result is not a list");
	if (json_array_size(list) > PROM_SERIES_MAX)
		return reject(r, WHY_PROM_LARGE, "%zu series; at most %d are read", json_array_size(list),
		    PROM_SERIES_MAX);
	r->series = arena_zalloc(r->response->arena, (json_array_size(list) + 1) * sizeof *r->series);
	json_array_foreach((json_t *)(uintptr_t)list, i, item) {
		struct prom_series *s = &r->series[r->response->nseries];
		const json_t *value = json_object_get(item, "value");
		if (value == NULL && json_is_array(json_object_get(item, "histogram"))) {
			r->response->histograms++;
			continue;
		}
		*s = (struct prom_series){ .nlabels = 0 };
		if ((why = read_labels(r, json_object_get(item, "metric"), s)) != NULL ||
		    (why = read_value(r, value, s)) != NULL)
			return why;
		r->response->nseries++;
	}
	ASSERT(r->response->nseries + r->response->histograms == json_array_size(list));
	return NULL;
}

static const struct why *
read_scalar(struct response_reader *r, const json_t *pair)
{
	r->series = arena_zalloc(r->response->arena, sizeof *r->series);
	r->response->nseries = 1;
	r->response->scalar = true;
	return read_value(r, pair, r->series);
}

static const struct why *
read_data(struct response_reader *r, const json_t *data)
{
	const json_t *type = json_object_get(data, "resultType");
	const json_t *result = json_object_get(data, "result");

	if (text_is(type, "vector"))
		return read_vector(r, result);
	if (text_is(type, "scalar"))
		return read_scalar(r, result);
	if (text_is(type, "matrix"))
		return reject(r, WHY_PROM_SHAPE, "a range of values for each series; "
		    "a function such as rate() or last_over_time() makes one of it");
	if (text_is(type, "string"))
		return reject(r, WHY_PROM_SHAPE, "a string");
	return reject(r, WHY_PROM_SYNTAX, "the response has no result of a known type");
}

/* ---- what surrounds them ---- */

/* How many texts there are, and the first. */
static unsigned
read_words(struct response_reader *r, const json_t *list, const char **first)
{
	unsigned n = (unsigned)json_array_size(list);
	struct str words = text_of(json_array_get(list, 0));
	char *copy;

	if (n == 0)
		return 0;
	if (words.len > WORDS_MAX)
		words.len = WORDS_MAX;
	copy = arena_text(r->response->arena, words);
	printable(copy);
	*first = copy;
	return n;
}

/* Whose fault it is, by the kind that the server gives. */
static const struct why *
read_error(struct response_reader *r, const json_t *root)
{
	struct str type = text_of(json_object_get(root, "errorType"));
	struct str words = text_of(json_object_get(root, "error"));
	bool query = str_eq(type, STR("bad_data")) || str_eq(type, STR("execution"));

	if (type.len > 30)
		type.len = 30;
	if (words.len > PROM_DETAIL)
		words.len = PROM_DETAIL;
	return reject(r, query ? WHY_PROM_QUERY : WHY_PROM_REFUSED, "%.*s: %.*s", STR_ARG(type),
	    STR_ARG(words));
}

static const struct why *
read_root(struct response_reader *r, const json_t *root)
{
	const json_t *status = json_object_get(root, "status");

	if (text_is(status, "error"))
		return read_error(r, root);
	if (!text_is(status, "success"))
		return reject(r, WHY_PROM_SYNTAX, "its status is neither success nor error");
	r->response->nwarnings = read_words(r, json_object_get(root, "warnings"), &r->response->warning);
	read_words(r, json_object_get(root, "infos"), &r->response->info);
	return read_data(r, json_object_get(root, "data"));
}

/* Its tree would take too much memory. */
static bool
is_too_branched(struct str body)
{
	size_t n = 0;

	for (size_t i = 0; i < body.len; i++)
		n += body.p[i] == '{' || body.p[i] == '[';
	return n > OPENINGS_MAX;
}

const struct why *
prom_response_read(struct str body, struct prom_response **out, char detail[PROM_DETAIL])
{
	struct arena *arena = arena_new();
	struct prom_response *a = arena_zalloc(arena, sizeof *a);
	struct response_reader r = { .response = a, .detail = detail };
	const struct why *why;
	json_error_t e;
	json_t *root;

	a->arena = arena;
	a->at = NAN;
	detail[0] = '\0';
	if (body.len > PROM_RESPONSE_MAX)
		why = reject(&r, WHY_PROM_LARGE, "more than %u bytes", PROM_RESPONSE_MAX);
	else if (is_too_branched(body))
		why = reject(&r, WHY_PROM_LARGE, "at most %d series are read", PROM_SERIES_MAX);
	else if ((root = json_loadb(body.len > 0 ? body.p : "", body.len,
	    JSON_DECODE_INT_AS_REAL | JSON_ALLOW_NUL, &e)) == NULL)
		why = reject(&r, WHY_PROM_SYNTAX, "not JSON: %.80s", e.text);
	else {
		why = read_root(&r, root);
		json_decref(root);
	}
	a->series = r.series;
	ASSERT(why != NULL || a->nseries == 0 || a->series != NULL);
	if (why == NULL)
		*out = a;
	else
		arena_free(&arena);
	return why;
}

void
prom_response_free(struct prom_response **ap)
{
	struct arena *arena = *ap == NULL ? NULL : (*ap)->arena;

	*ap = NULL;
	arena_free(&arena);
}

const char *
prom_series_label(const struct prom_series *s, const char *name)
{
	for (unsigned i = 0; i < s->nlabels; i++)
		if (strcmp(s->label[i].name, name) == 0)
			return s->label[i].value;
	return "";
}

const char *
prom_series_text(const struct prom_series *s, char *out, size_t cap)
{
	size_t at = (size_t)snprintf(out, cap, "{");

	ASSERT(cap > 0);
	for (unsigned i = 0; i < s->nlabels && at < cap; i++)
		at += (size_t)snprintf(out + at, cap - at, "%s%.40s=\"%.60s\"", i > 0 ? ", " : "",
		    s->label[i].name, s->label[i].value);
	if (at + 1 < cap)
		snprintf(out + at, cap - at, "}");
	else if (cap > 4)
		strcpy(out + cap - 4, "...");
	printable(out);
	return out;
}
