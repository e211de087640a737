/*
 * form: shapes of values. Whether a value is also a sensible one is for the caller to decide.
 */
#include <ctype.h>
#include <math.h>
#include <string.h>
#include <sys/un.h>

#include "base/bug.h"
#include "base/clock.h"
#include "base/form.h"

static const struct {
	const char	*unit;
	int64_t		 usec;
} units[] = { { "ms", USEC_PER_MSEC }, { "s", USEC_PER_SEC }, { "m", 60 * USEC_PER_SEC },
    { "h", 3600 * USEC_PER_SEC } };

#define UNITS (sizeof units / sizeof *units)

bool
form_number(struct str s, double *out)
{
	bool plain = s.len > 0 && s.len <= 24 && isdigit((unsigned char)s.p[0]) &&
	    isdigit((unsigned char)s.p[s.len - 1]);

	for (size_t i = 0; plain && i < s.len; i++)
		plain = isdigit((unsigned char)s.p[i]) || s.p[i] == '.';
	return plain && str_to_double(s, out);
}

bool
form_duration(struct str s, int64_t *usec)
{
	size_t digits = 0;
	double x;

	while (digits < s.len && (isdigit((unsigned char)s.p[digits]) || s.p[digits] == '.'))
		digits++;
	if (!form_number((struct str){ s.p, digits }, &x))
		return false;
	for (size_t i = 0; i < UNITS; i++)
		if (str_eq((struct str){ s.p + digits, s.len - digits }, str_of(units[i].unit))) {
			*usec = (int64_t)fmin(x * (double)units[i].usec, 1e15);
			return true;
		}
	return false;
}

bool
form_write_duration(struct buf *out, int64_t usec)
{
	size_t u = UNITS - 1;

	ASSERT(usec >= 0);
	if (usec == 0)
		return buf_adds(out, STR("0s"));
	while (u > 0 && usec % units[u].usec != 0)
		u--;
	return buf_printf(out, "%.15g%s", (double)usec / (double)units[u].usec, units[u].unit);
}

static bool
all_of(struct str s, const char *others)
{
	for (size_t i = 0; i < s.len; i++)
		if (!isalnum((unsigned char)s.p[i]) && (s.p[i] == '\0' || strchr(others, s.p[i]) == NULL))
			return false;
	return true;
}

bool
form_name(struct str s)
{
	return s.len > 0 && s.len <= 63 && all_of(s, "._-");
}

bool
form_path(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] <= ' ' || s.p[i] >= 0x7f || s.p[i] == '#')
			return false;
	return s.len > 0 && s.len <= 1024 && s.p[0] == '/';
}

bool
form_host(struct str s, bool wild)
{
	struct str name = s;

	if (wild && str_starts(s, STR("*.")))
		name = (struct str){ s.p + 2, s.len - 2 };
	return name.len > 0 && s.len <= 253 &&
	    (all_of(name, ".-_") || (name.p[0] == '[' && all_of(name, "[]:.")));
}

/* Behind the string that begins at `i`; 0: it has no end. Backquotes know no escapes. */
static size_t
query_string_end(struct str s, size_t i)
{
	char quote = s.p[i];

	for (i++; i < s.len; i++) {
		if (s.p[i] == quote)
			return i + 1;
		if (s.p[i] == '\n' && quote != '`')
			return 0;
		if (s.p[i] == '\\' && quote != '`')
			i++;
	}
	return 0;
}

static size_t
query_comment_end(struct str s, size_t i)
{
	const char *end = memchr(s.p + i, '\n', s.len - i);

	return end == NULL ? s.len : (size_t)(end - s.p);
}

/* One step over a query; what is open stands in `open`. 0: it cannot be right. */
static size_t
query_step(struct str s, size_t i, char *open, size_t cap, size_t *depth)
{
	static const char opening[] = "([{", closing[] = ")]}";
	const char *bracket;
	unsigned char c = (unsigned char)s.p[i];

	if (c == '"' || c == '\'' || c == '`')
		return query_string_end(s, i);
	if (c == '#')
		return query_comment_end(s, i);
	if (c == 0x7f || (c < ' ' && c != '\n' && c != '\t' && c != '\r'))
		return 0;
	if ((bracket = strchr(opening, c)) != NULL) {
		if (*depth == cap)
			return 0;
		open[(*depth)++] = closing[bracket - opening];
	} else if (strchr(closing, c) != NULL) {
		if (*depth == 0 || open[--*depth] != (char)c)
			return 0;
	}
	return i + 1;
}

bool
form_promql(struct str s)
{
	char open[64];
	size_t depth = 0, i = 0, words = 0;

	if (s.len > 4000)
		return false;
	while (i < s.len) {
		words += strchr(" \t\r\n#", s.p[i]) == NULL;
		if ((i = query_step(s, i, open, sizeof open, &depth)) == 0)
			return false;
	}
	return words > 0 && depth == 0;
}

bool
form_authority(struct str s)
{
	size_t colon = s.len;
	uint64_t port;

	while (colon > 0 && s.p[colon - 1] != ':')
		colon--;
	return colon > 1 && all_of((struct str){ s.p, colon - 1 }, ".-_[]:")
	    && str_to_u64((struct str){ s.p + colon, s.len - colon }, &port) && port > 0 && port < 65536;
}

bool
form_endpoint(struct str s)
{
	struct sockaddr_un un;

	if (str_starts(s, STR("unix:///")))
		return s.len > 8 && s.len - 7 < sizeof un.sun_path && memchr(s.p, '\0', s.len) == NULL;
	return str_starts(s, STR("tcp://")) && s.len < 300 &&
	    form_authority((struct str){ s.p + 6, s.len - 6 });
}
