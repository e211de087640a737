/*
 * filter_check_body: what must hold for middlewares that are about bodies.
 */
#include <string.h>

#include "world/filter_priv.h"

static bool
is_coding(struct str s)
{
	return str_eq(s, STR("gzip")) || str_eq(s, STR("br")) || str_eq(s, STR("zstd"));
}

static bool
check_types(const char *option, const struct filter_texts *list, char problem[FILTER_PROBLEM])
{
	char type[MEDIA_TYPE_MAX];

	for (unsigned i = 0; i < list->n; i++)
		if (!media_type_parse(list->item[i], type))
			return filter_wrong(problem, "%s: %.*s is no media type", option, STR_ARG(list->item[i]));
	return true;
}

bool
filter_check_compress(struct arena *a, struct filter_compress *c, char problem[FILTER_PROBLEM])
{
	bool has_usual = c->usual.len == 0 || (c->encodings.n == 0 && is_coding(c->usual));

	(void)a;
	for (unsigned i = 0; i < c->encodings.n; i++) {
		if (!is_coding(c->encodings.item[i]))
			return filter_wrong(problem, "encodings: expected gzip, br or zstd");
		has_usual |= str_eq(c->encodings.item[i], c->usual);
	}
	if (!has_usual)
		return filter_wrong(problem, "defaultEncoding is none of the encodings");
	if (c->excluded.n > 0 && c->included.n > 0)
		return filter_wrong(problem, "expected excludedContentTypes or includedContentTypes, not both");
	return check_types("excludedContentTypes", &c->excluded, problem)
	    && check_types("includedContentTypes", &c->included, problem);
}

/* "IsNetworkError()", maybe with "&& Attempts() < N": what Mola does anyway. */
static bool
is_own_retry(struct str s)
{
	char text[80];
	size_t n = 0;
	struct str rest;
	uint64_t times;

	if (s.len >= sizeof text)
		return false;
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] != ' ')
			text[n++] = s.p[i];
	rest = (struct str){ text, n };
	if (!str_starts(rest, STR("IsNetworkError()")))
		return false;
	rest = (struct str){ rest.p + 16, rest.len - 16 };
	if (rest.len == 0)
		return true;
	if (!str_starts(rest, STR("&&Attempts()<")))
		return false;
	rest = (struct str){ rest.p + 13, rest.len - 13 };
	if (rest.len > 0 && rest.p[0] == '=')
		rest = (struct str){ rest.p + 1, rest.len - 1 };
	return str_to_u64(rest, &times);
}

bool
filter_check_buffering(struct arena *a, struct filter_buffering *b, char problem[FILTER_PROBLEM])
{
	(void)a;
	return b->retry.len == 0 || is_own_retry(b->retry)
	    || filter_wrong(problem, "retryExpression: expected IsNetworkError() && Attempts() < N: "
	    "Mola repeats nothing else");
}

/* ---- errors ---- */

static bool
status_parse(struct str s, uint64_t *status)
{
	return str_to_u64(s, status) && *status >= 100 && *status <= 999;
}

static bool
range_parse(struct str s, uint64_t *from, uint64_t *to)
{
	struct str first = STR("");

	if (!str_split(&s, '-', &first) || !status_parse(str_trim(first), from))
		return false;
	*to = *from;
	return s.len == 0 || (status_parse(str_trim(s), to) && *from <= *to);
}

bool
filter_status_in(struct str range, int status)
{
	uint64_t from, to;

	return range_parse(range, &from, &to) && (uint64_t)status >= from && (uint64_t)status <= to;
}

/* What needs no escape, so that it is sent as it stands; braces are around words of ours. */
static bool
is_page_path(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] <= ' ' || s.p[i] >= 0x7f || strchr("\"#<>\\^`|", s.p[i]) != NULL)
			return false;
	return true;
}

bool
filter_check_errors(struct arena *a, struct filter_errors *f, char problem[FILTER_PROBLEM])
{
	uint64_t from, to;

	(void)a;
	if (f->service.len == 0)
		return filter_wrong(problem, "it has no service");
	if (f->status.n == 0)
		return filter_wrong(problem, "it has no status");
	for (unsigned i = 0; i < f->status.n; i++)
		if (!range_parse(f->status.item[i], &from, &to))
			return filter_wrong(problem, "status: expected statuses such as 404 or 500-599");
	for (unsigned i = 0; i < f->rewrites.n; i++)
		if (!range_parse(f->rewrites.item[i].name, &from, &to)
		    || !status_parse(str_trim(f->rewrites.item[i].value), &to) || to < 200)
			return filter_wrong(problem, "statusRewrites: expected 404=200 or 500-599=503");
	return is_page_path(f->query)
	    || filter_wrong(problem, "query: expected a path without blanks and what needs escapes");
}
