/*
 * `mola drain [--task] NAME [--undo]`: no new requests for a node, or for a task; those under way go on.
 */
#include <stdio.h>

#include "cli/ask.h"
#include "cli/cli.h"
#include "cli/sheet.h"

int
drain_main(int argc, char **argv)
{
	struct ask a;
	struct clean name;
	json_t *body, *answer;
	int status = ask_init(&a, argc, argv, 1, 1);

	if (status != ASK_GO_ON)
		return status;
	body = json_pack("{s:s, s:b}", a.task ? "task" : "node", a.arg[0], "drain", !a.undo);
	if (body == NULL)
		return help_misuse(a.verb, "the name is not UTF-8");
	answer = ask_post(&a, "/api/v1/drain", body);
	json_decref(body);
	if (answer == NULL)
		return 1;
	if (a.json)
		ask_print(answer);
	else
		printf("%s %s\n", clean(a.arg[0], &name), a.undo ? "is sent new requests again" :
		    "is sent no new requests, until `mola drain --undo` or until Mola is started again");
	json_decref(answer);
	return 0;
}
