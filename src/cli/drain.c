/*
 * `mola drain [--task] NAME [--undo]`: no new requests for a node, or for a task; those in flight
 * complete. Success means that it is so: `mola drain NODE && reboot-it` must be safe.
 */
#include <stdio.h>

#include "base/bug.h"
#include "cli/api.h"
#include "cli/cli.h"
#include "cli/grid.h"

int
drain_main(int argc, char **argv)
{
	struct api a;
	struct printable name;
	json_t *body, *response;
	bool pending;
	int status = api_init(&a, argc, argv, 1, 1);

	if (status != API_GO_ON)
		return status;
	ASSERT(a.nargs == 1);
	body = json_pack("{s:s, s:b}", a.task ? "task" : "node", a.arg[0], "drain", !a.undo);
	if (body == NULL)
		return help_misuse(a.verb, "the name is not UTF-8");
	response = api_post(&a, "/api/v1/drain", body);
	json_decref(body);
	if (response == NULL)
		return 1;
	pending = json_is_true(json_object_get(response, "pending"));
	if (a.json)
		api_print(response);
	else if (pending)
		fprintf(stderr, "mola drain: %s is %s, but not all workers know it yet: one hangs, or Mola has "
		    "not seen the Swarm yet; the same command waits again\n", printable(a.arg[0], &name),
		    a.undo ? "no longer drained" : "drained");
	else if (a.undo)
		printf("%s gets new requests again\n", printable(a.arg[0], &name));
	else
		printf("%s gets no new requests until `mola drain --undo`, or until Mola is restarted\n",
		    printable(a.arg[0], &name));
	json_decref(response);
	return pending ? 1 : 0;
}
