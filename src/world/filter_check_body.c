/*
 * filter_check_body: what must hold for middlewares that are about bodies.
 */
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
