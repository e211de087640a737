/*
 * metrics_accept: reads media types with parameters, as those that Prometheus sends:
 * application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3. What is
 * malformed is as if it were not there.
 */
#include "admin/metrics_accept.h"
#include "base/bug.h"

static struct str
unquoted(struct str s)
{
	return s.len >= 2 && s.p[0] == '"' && s.p[s.len - 1] == '"' ?
	    (struct str){ s.p + 1, s.len - 2 } : s;
}

/* False: of another version, or its weight is no number from 0 to 1. */
static bool
read_parameters(struct str rest, bool open, double *weight)
{
	struct str part, name;

	while (str_split(&rest, ';', &part)) {
		part = str_trim(part);
		if (!str_split(&part, '=', &name))
			continue;
		name = str_trim(name);
		part = str_trim(part);
		if (str_eq_nocase(name, STR("version")) && open && !str_eq(unquoted(part), STR("1.0.0")))
			return false;
		if (str_eq_nocase(name, STR("q")) &&
		    (!str_to_double(part, weight) || !(*weight >= 0 && *weight <= 1)))
			return false;
	}
	return true;
}

void
metrics_accept_add(struct metrics_accept *a, struct str value)
{
	struct str item, type;

	while (str_split(&value, ',', &item)) {
		double weight = 1;
		bool open, text;
		if (!str_split(&item, ';', &type))
			continue;
		type = str_trim(type);
		open = str_eq_nocase(type, STR("application/openmetrics-text"));
		text = str_eq_nocase(type, STR("text/plain"));
		if ((!open && !text) || !read_parameters(item, open, &weight))
			continue;
		if (open && weight > a->open)
			a->open = weight;
		if (text && weight > a->text)
			a->text = weight;
	}
	ASSERT(a->open >= 0 && a->open <= 1 && a->text >= 0 && a->text <= 1);
}
