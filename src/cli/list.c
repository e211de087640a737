/*
 * list: requests a list of the API, then prints it as a table, or as JSON.
 */
#include "base/bug.h"
#include "cli/api.h"
#include "cli/list.h"

int
list_main(const struct list_view *v, int argc, char **argv)
{
	struct api a;
	struct grid *g;
	json_t *response, *item;
	size_t i;
	int status = api_init(&a, argc, argv, 0, v->narrow == NULL ? 0 : 1);

	if (status != API_GO_ON)
		return status;
	response = api_get(&a, v->path, v->narrow, a.nargs == 0 ? NULL : a.arg[0]);
	if (response == NULL)
		return 1;
	if (a.json)
		api_print(response);
	else {
		g = grid_new(v->titles);
		json_array_foreach(json_object_get(response, v->list), i, item) {
			v->row(g, item);
			ASSERT(grid_is_at_row(g));
		}
		grid_print(&g);
	}
	json_decref(response);
	return 0;
}
