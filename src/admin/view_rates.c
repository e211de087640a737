/*
 * view_rates: how long requests of a service or a task took, and what failed, as JSON.
 */
#include <math.h>
#include <stdio.h>

#include "admin/view.h"
#include "base/bug.h"

#define ERRORS_SHOWN	8

/* Three digits are more than a histogram has. */
static json_t *
view_seconds(double x)
{
	char text[32];
	double rounded;

	if (!isfinite(x))
		return json_null();
	snprintf(text, sizeof text, "%.3g", x);
	ASSERT(sscanf(text, "%lf", &rounded) == 1);
	return json_real(rounded);
}

static json_t *
cause_text(const struct live_cause *c)
{
	if (c->why == NULL)
		return json_string("other reasons");
	if (c->why == WHY_UPSTREAM_STATUS && c->status != 0)
		return json_sprintf("the task responded with status %d", c->status);
	if (c->why == WHY_COMPLETE && c->status != 0)
		return json_sprintf("a middleware responded with status %d", c->status);
	return json_string(c->why->text);
}

static json_t *
view_errors(const struct rates_state *r)
{
	json_t *list = json_array();

	ASSERT(r->ncauses <= LIVE_ERRORS);
	for (unsigned i = 0; i < r->ncauses && i < ERRORS_SHOWN; i++) {
		const struct rates_cause *c = &r->by_cause[i];
		json_array_append_new(list, json_pack("{s:s, s:o, s:o, s:I, s:o}",
		    "why", c->cause.why == NULL ? "other" : why_name(c->cause.why),
		    "status", c->cause.status == 0 ? json_null() : json_integer(c->cause.status),
		    "text", cause_text(&c->cause), "count", (json_int_t)c->ever,
		    "per_second", view_seconds((double)c->count / r->seconds)));
	}
	return list;
}

void
view_rates(json_t *j, const struct rates_state *r)
{
	bool known = r->seconds > 0;

	json_object_set_new(j, "p50_seconds", view_seconds(r->p50));
	json_object_set_new(j, "p99_seconds", view_seconds(r->p99));
	json_object_set_new(j, "errors_per_second",
	    known ? view_seconds((double)r->errors / r->seconds) : json_null());
	json_object_set_new(j, "window_seconds", known ? view_seconds(r->seconds) : json_null());
	json_object_set_new(j, "errors", view_errors(r));
}
