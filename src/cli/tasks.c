/*
 * `mola tasks [SERVICE]`: the tasks, their state and their share of the requests.
 */
#include "cli/cli.h"
#include "cli/list.h"

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
	grid_number(s, json_object_get(task, "cost"), 2);
	grid_percent(s, json_object_get(task, "share"));
}

int
tasks_main(int argc, char **argv)
{
	static const char *const titles[] = { "TASK", "NODE", "ADDRESS", "STATE", ">INFLIGHT",
		">REQUESTS", ">FAILED", ">COST", ">SHARE", NULL };
	static const struct list_view view = { .path = "/api/v1/tasks", .list = "tasks",
		.narrow = "service", .titles = titles, .row = task_row };

	return list_main(&view, argc, argv);
}
