/*
 * view_steps: why a task gets what it gets, step by step, as JSON.
 */
#include <math.h>

#include "admin/view.h"
#include "base/bug.h"
#include "score/explain_steps.h"

static json_t *
view_values(const struct explain_step *s)
{
	json_t *j = json_object();

	ASSERT(s->nvalues <= STEP_VALUES);
	for (unsigned i = 0; i < s->nvalues; i++)
		json_object_set_new(j, s->value[i].name, s->value[i].text != NULL ?
		    view_text(s->value[i].text) : view_number(s->value[i].number));
	return j;
}

json_t *
view_steps(const struct admin_view *v, const struct world_task *t, const struct explain_field *f,
    const struct explain_got *got)
{
	struct explain_steps steps;
	json_t *list = json_array();

	explain_steps(v->world, t, f, got, v->now_usec, &steps);
	ASSERT(steps.n <= STEPS_MAX);
	for (unsigned i = 0; i < steps.n; i++)
		json_array_append_new(list, json_pack("{s:s, s:o, s:o}", "step",
		    step_name(steps.step[i].step), "text", view_text(steps.step[i].text), "values",
		    view_values(&steps.step[i])));
	return list;
}
