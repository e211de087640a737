/*
 * `mola tasks [SERVICE]`: the tasks, their state and their share of the requests.
 */
#include <stdio.h>

#include "cli/cli.h"
#include "cli/list.h"

#define LATELY_SECONDS	300.0

/* What went wrong lately. */
static void
task_note(struct grid *s, const json_t *task)
{
	const json_t *failure = json_object_get(task, "last_failure");
	double age = json_number_value(json_object_get(failure, "age_seconds"));
	char text[400];

	if (!json_is_object(failure) || age > LATELY_SECONDS)
		return;
	snprintf(text, sizeof text, "failed %.0f s ago: %s", age, text_of(failure, "text"));
	grid_note(s, text);
}

static void
task_row(struct grid *s, const json_t *task)
{
	const char *state = text_of(task, "state");

	grid_text(s, text_of(task, "name"), HUE_PLAIN);
	grid_text(s, text_of(task, "node"), HUE_PLAIN);
	grid_text(s, text_of(task, "address"), HUE_PLAIN);
	grid_text(s, state, hue_of(state));
	grid_number(s, json_object_get(task, "inflight"), 0);
	grid_count(s, json_object_get(task, "requests_total"));
	grid_count(s, json_object_get(task, "failures_total"));
	grid_number(s, json_object_get(task, "available_cores"), 2);
	grid_number(s, json_object_get(task, "cost"), 2);
	grid_percent(s, json_object_get(task, "share"));
	task_note(s, task);
}

int
tasks_main(int argc, char **argv)
{
	static const char *const titles[] = { "TASK", "NODE", "ADDRESS", "STATE", ">INFLIGHT",
		">REQUESTS", ">FAILED", ">CORES", ">COST", ">SHARE", NULL };
	static const struct list_view view = { .path = "/api/v1/tasks", .list = "tasks",
		.narrow = "service", .titles = titles, .row = task_row };

	return list_main(&view, argc, argv);
}
