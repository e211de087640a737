/*
 * `mola tasks [SERVICE]`: who answers the requests.
 */
#include "cli/cli.h"
#include "cli/table.h"

static void
task_row(struct sheet *s, const json_t *task)
{
	const char *state = text_of(task, "state");

	sheet_text(s, text_of(task, "name"), HUE_PLAIN);
	sheet_text(s, text_of(task, "node"), HUE_PLAIN);
	sheet_text(s, text_of(task, "address"), HUE_PLAIN);
	sheet_text(s, state, hue_of(state));
	sheet_number(s, json_object_get(task, "inflight"), 0);
	sheet_count(s, json_object_get(task, "requests_total"));
	sheet_count(s, json_object_get(task, "failures_total"));
	sheet_number(s, json_object_get(task, "cost"), 2);
	sheet_percent(s, json_object_get(task, "share"));
}

int
tasks_main(int argc, char **argv)
{
	static const char *const titles[] = { "TASK", "NODE", "ADDRESS", "STATE", ">INFLIGHT", ">REQUESTS", ">FAILED",
		">COST", ">SHARE", NULL };
	static const struct table t = { .path = "/api/v1/tasks", .list = "tasks", .narrow = "service", .titles = titles, .row = task_row };

	return table_main(&t, argc, argv);
}
