/*
 * form: shapes of values. Whether a value is also a sensible one is for those to say who asked for it.
 */
#include <ctype.h>
#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "base/form.h"

static const struct {
	const char	*unit;
	int64_t		 usec;
} units[] = { { "ms", USEC_PER_MSEC }, { "s", USEC_PER_SEC }, { "m", 60 * USEC_PER_SEC }, { "h", 3600 * USEC_PER_SEC } };

#define UNITS (sizeof units / sizeof *units)

bool
form_number(struct str s, double *out)
{
	bool plain = s.len > 0 && s.len <= 24 && isdigit((unsigned char)s.p[0]) && isdigit((unsigned char)s.p[s.len - 1]);

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
	return name.len > 0 && s.len <= 253 && (all_of(name, ".-_") || (name.p[0] == '[' && all_of(name, "[]:.")));
}
