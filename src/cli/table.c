/* table: asks, then writes a sheet, or the answer as it came. */
#include <stdio.h>
#include <stdlib.h>

#include "cli/ask.h"
#include "cli/table.h"

static json_t *
table_get(const struct table *t, const struct ask *a)
{
	char path[1100], *value;
	json_t *answer;

	if (a->nargs == 0)
		return ask_get(a, t->path);
	value = ask_escape(a->arg[0]);
	snprintf(path, sizeof path, "%s?%s=%s", t->path, t->narrow, value);
	answer = ask_get(a, path);
	free(value);
	return answer;
}

int
table_main(const struct table *t, int argc, char **argv)
{
	struct ask a;
	struct sheet *s;
	json_t *answer, *item;
	size_t i;
	int status = ask_init(&a, argc, argv, 0, t->narrow == NULL ? 0 : 1);

	if (status != ASK_GO_ON)
		return status;
	answer = table_get(t, &a);
	if (answer == NULL)
		return 1;
	if (a.json)
		ask_print(answer);
	else {
		s = sheet_new(t->titles);
		json_array_foreach(json_object_get(answer, t->list), i, item)
			t->row(s, item);
		sheet_print(&s);
	}
	json_decref(answer);
	return 0;
}
