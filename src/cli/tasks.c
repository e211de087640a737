/*
 * `mola tasks [SERVICE]`: who answers the requests.
 */
#include <stdio.h>
#include <stdlib.h>

#include "cli/ask.h"
#include "cli/cli.h"
#include "cli/sheet.h"

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

static json_t *
tasks_get(const struct ask *a)
{
	char path[1100], *name;
	json_t *answer;

	if (a->nargs == 0)
		return ask_get(a, "/api/v1/tasks");
	name = ask_escape(a->arg[0]);
	snprintf(path, sizeof path, "/api/v1/tasks?service=%s", name);
	answer = ask_get(a, path);
	free(name);
	return answer;
}

int
tasks_main(int argc, char **argv)
{
	static const char *const titles[] = { "TASK", "NODE", "ADDRESS", "STATE", ">INFLIGHT", ">REQUESTS", ">FAILED",
		">COST", ">SHARE", NULL };
	struct ask a;
	struct sheet *s;
	json_t *answer, *task;
	size_t i;
	int status = ask_init(&a, argc, argv, 0, 1);

	if (status != ASK_GO_ON)
		return status;
	answer = tasks_get(&a);
	if (answer == NULL)
		return 1;
	if (a.json)
		ask_print(answer);
	else {
		s = sheet_new(titles);
		json_array_foreach(json_object_get(answer, "tasks"), i, task)
			task_row(s, task);
		sheet_print(&s);
	}
	json_decref(answer);
	return 0;
}
