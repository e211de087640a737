#include <ctype.h>
#include <string.h>

#include "base/form.h"
#include "base/go.h"

bool
go_bool(struct str s, bool *on)
{
	static const char *const words[] = { "1", "t", "T", "TRUE", "true", "True",
		"0", "f", "F", "FALSE", "false", "False" };

	for (unsigned i = 0; i < sizeof words / sizeof *words; i++)
		if (str_eq(s, str_of(words[i]))) {
			*on = i < 6;
			return true;
		}
	return false;
}

#define DURATION_MOST	INT64_C(3155760000000000)	/* 100 years */

/* As form_number, and ".5" and "5.", too. */
static bool
go_number(struct str s, double *x)
{
	char text[32];

	if (s.len == 0 || s.len > sizeof text - 3 || (s.len == 1 && s.p[0] == '.'))
		return false;
	text[0] = '0';
	str_copy(text + 1, sizeof text - 2, s);
	if (s.p[s.len - 1] == '.')
		strcat(text, "0");
	return form_number(str_of(text), x);
}

/* "1h15m30.5s" */
static bool
with_units(struct str s, int64_t *usec)
{
	static const struct {
		struct str	 name;
		double		 usec;
	} units[] = { { STR("ns"), 1e-3 }, { STR("us"), 1 }, { STR("\u00b5s"), 1 }, { STR("\u03bcs"), 1 },
		{ STR("ms"), 1e3 }, { STR("s"), 1e6 }, { STR("m"), 6e7 }, { STR("h"), 3.6e9 } };
	double total = 0;

	while (s.len > 0) {
		size_t digits = 0, unit = 0, i = 0;
		double x;
		while (digits < s.len && (isdigit((unsigned char)s.p[digits]) || s.p[digits] == '.'))
			digits++;
		while (digits + unit < s.len && !isdigit((unsigned char)s.p[digits + unit])
		    && s.p[digits + unit] != '.')
			unit++;
		while (i < sizeof units / sizeof *units
		    && !str_eq((struct str){ s.p + digits, unit }, units[i].name))
			i++;
		if (i == sizeof units / sizeof *units || !go_number((struct str){ s.p, digits }, &x))
			return false;
		total += x * units[i].usec;
		s = (struct str){ s.p + digits + unit, s.len - digits - unit };
		if (s.len == 0) {
			*usec = (int64_t)(total + .5);
			return total <= (double)DURATION_MOST;
		}
	}
	return false;
}

bool
go_duration(struct str s, int64_t *usec)
{
	uint64_t seconds;

	if (!str_to_u64(s, &seconds))
		return with_units(s, usec);
	if (seconds > DURATION_MOST / 1000000)
		return false;
	*usec = (int64_t)seconds * 1000000;
	return true;
}
