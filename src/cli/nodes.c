/*
 * `mola nodes`: the machines, their state and their share of the requests.
 */
#include <stdio.h>

#include "cli/cli.h"
#include "cli/list.h"

/* "62% of 15.6 GiB", used. */
static void
memory_cell(struct grid *s, const json_t *node)
{
	const json_t *total = json_object_get(node, "memory_total_bytes");
	double all = json_number_value(total);
	double available = json_number_value(json_object_get(node, "memory_available_bytes"));
	char text[40] = "", size[16];

	if (json_is_number(total) && all > 0)
		snprintf(text, sizeof text, "%.0f%% of %s", 100 * (all - available) / all, bytes_text(all, size));
	grid_text(s, text, HUE_PLAIN);
}

static void
node_row(struct grid *s, const json_t *node)
{
	const char *state = text_of(node, "state"), *detail = text_of(node, "detail");

	grid_text(s, text_of(node, "name"), HUE_PLAIN);
	grid_text(s, state, hue_of(state));
	grid_number(s, json_object_get(node, "cores"), 1);
	grid_number(s, json_object_get(node, "busy"), 1);
	grid_number(s, json_object_get(node, "others"), 1);
	grid_number(s, json_object_get(node, "inflight"), 0);
	grid_number(s, json_object_get(node, "cost"), 2);
	memory_cell(s, node);
	grid_percent(s, json_object_get(node, "share"));
	if (*text_of(node, "why") != '\0')
		grid_note(s, *detail != '\0' ? detail : text_of(node, "why"));
}

int
nodes_main(int argc, char **argv)
{
	static const char *const titles[] = { "NODE", "STATE", ">CORES", ">BUSY", ">OTHERS", ">OURS",
		">COST", ">MEMORY", ">SHARE", NULL };
	static const struct list_view view = { .path = "/api/v1/nodes", .list = "nodes",
		.titles = titles, .row = node_row };

	return list_main(&view, argc, argv);
}
