/*
 * promql: looks for a range, past strings and comments. No parser: the server has one.
 */
#include <ctype.h>
#include <string.h>

#include "base/bug.h"
#include "base/clock.h"
#include "signals/promql.h"

#define RANGE_MAX (INT64_C(86400) * 366 * USEC_PER_SEC)

static const struct {
	const char	*unit;
	int64_t		 usec;
} units[] = {		/* "ms" before "m" */
	{ "ms", USEC_PER_MSEC }, { "s", USEC_PER_SEC }, { "m", 60 * USEC_PER_SEC },
	{ "h", 3600 * USEC_PER_SEC }, { "d", 86400 * USEC_PER_SEC },
	{ "w", 604800 * USEC_PER_SEC }, { "y", 31536000 * USEC_PER_SEC },
};

/* What begins with a number: 90, 1.5 or 90s; its length, 0: nothing known. A number alone is
 * seconds. */
static size_t
amount(struct str s, int64_t *usec)
{
	struct str unit;
	size_t n = 0;
	double x;

	while (n < s.len && (isdigit((unsigned char)s.p[n]) || s.p[n] == '.'))
		n++;
	if (n > 12 || !str_to_double((struct str){ s.p, n }, &x))
		return 0;
	unit = (struct str){ s.p + n, s.len - n };
	for (size_t i = 0; i < sizeof units / sizeof *units; i++)
		if (str_starts(unit, str_of(units[i].unit))) {
			x *= (double)units[i].usec;
			*usec = x < (double)RANGE_MAX ? (int64_t)x : RANGE_MAX;
			return n + strlen(units[i].unit);
		}
	*usec = x * USEC_PER_SEC < (double)RANGE_MAX ? (int64_t)(x * USEC_PER_SEC) : RANGE_MAX;
	return unit.len == 0 || isspace((unsigned char)unit.p[0]) ? n : 0;
}

/* 1h30m and then the bracket or a colon. */
static bool
range(struct str s, int64_t *usec)
{
	int64_t sum = 0, part;
	size_t n = 0;

	while (n < s.len && s.p[n] != ']' && s.p[n] != ':')
		n++;
	s.len = n;
	for (s = str_trim(s); s.len > 0; s = (struct str){ s.p + n, s.len - n }) {
		if ((n = amount(s, &part)) == 0)
			return false;
		ASSERT(n <= s.len && part >= 0 && part <= RANGE_MAX);
		sum += part;
		if (sum > RANGE_MAX)
			sum = RANGE_MAX;
	}
	*usec = sum;
	return sum > 0;
}

static size_t
skip_string(struct str s, size_t i)
{
	char quote = s.p[i];

	ASSERT(i < s.len);
	for (i++; i < s.len && s.p[i] != quote; i++)
		if (s.p[i] == '\\' && quote != '`')
			i++;
	return i;
}

bool
promql_range(struct str s, int64_t *usec)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] == '"' || s.p[i] == '\'' || s.p[i] == '`')
			i = skip_string(s, i);
		else if (s.p[i] == '#')
			while (i + 1 < s.len && s.p[i] != '\n')
				i++;
		else if (s.p[i] == '[' && range((struct str){ s.p + i + 1, s.len - i - 1 }, usec))
			return true;
	return false;
}
