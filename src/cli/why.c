/*
 * `mola why SERVICE`: in words, why each task gets what it gets.
 */
#include <stdio.h>
#include <stdlib.h>

#include "cli/ask.h"
#include "cli/cli.h"
#include "cli/sheet.h"

static void
task_print(const json_t *task)
{
	const json_t *share = json_object_get(task, "share");
	const char *state = text_of(task, "state");
	struct clean name, node;

	printf("\n%s on %s, %s%s%s", clean(text_of(task, "name"), &name), clean(text_of(task, "node"), &node),
	    hue_on(hue_of(state)), state, hue_of(state) == HUE_PLAIN ? "" : hue_off());
	if (json_is_number(share))
		printf(", %.0f%% of the requests", 100 * json_number_value(share));
	printf("\n");
	print_wrapped(text_of(task, "reason"), 2);
}

/* What the mover and the scaler make of the service; nothing where it asks for neither. */
static void
mover_print(const json_t *mover)
{
	const json_t *scale = json_object_get(mover, "scale");

	if (json_is_true(json_object_get(mover, "migrate"))) {
		printf("\nmoving\n");
		print_wrapped(text_of(mover, "text"), 2);
	}
	if (json_is_object(scale)) {
		printf("\nscaling\n");
		print_wrapped(text_of(scale, "text"), 2);
	}
}

static json_t *
why_get(const struct ask *a)
{
	char path[1100], *name = ask_escape(a->arg[0]);
	json_t *answer;

	snprintf(path, sizeof path, "/api/v1/why?service=%s", name);
	answer = ask_get(a, path);
	free(name);
	return answer;
}

int
why_main(int argc, char **argv)
{
	struct ask a;
	json_t *answer, *task;
	size_t i;
	int status = ask_init(&a, argc, argv, 1, 1);

	if (status != ASK_GO_ON)
		return status;
	answer = why_get(&a);
	if (answer == NULL)
		return 1;
	if (a.json)
		ask_print(answer);
	else {
		print_wrapped(text_of(answer, "summary"), 0);
		mover_print(json_object_get(answer, "mover"));
		json_array_foreach(json_object_get(answer, "tasks"), i, task)
			task_print(task);
	}
	json_decref(answer);
	return 0;
}
