/*
 * `mola nodes`: the machines, how they fare and what share of the requests they get.
 */
#include <stdio.h>

#include "cli/cli.h"
#include "cli/table.h"

/* "62% of 15.6 GiB", used. */
static void
memory_cell(struct sheet *s, const json_t *node)
{
	const json_t *total = json_object_get(node, "memory_total_bytes");
	double all = json_number_value(total), free_now = json_number_value(json_object_get(node, "memory_available_bytes"));
	char text[40] = "", size[16];

	if (json_is_number(total) && all > 0)
		snprintf(text, sizeof text, "%.0f%% of %s", 100 * (all - free_now) / all, bytes_text(all, size));
	sheet_text(s, text, HUE_PLAIN);
}

static void
node_row(struct sheet *s, const json_t *node)
{
	const char *state = text_of(node, "state"), *detail = text_of(node, "detail");

	sheet_text(s, text_of(node, "name"), HUE_PLAIN);
	sheet_text(s, state, hue_of(state));
	sheet_number(s, json_object_get(node, "cores"), 1);
	sheet_number(s, json_object_get(node, "busy"), 1);
	sheet_number(s, json_object_get(node, "others"), 1);
	sheet_number(s, json_object_get(node, "inflight"), 0);
	sheet_number(s, json_object_get(node, "cost"), 2);
	memory_cell(s, node);
	sheet_percent(s, json_object_get(node, "share"));
	if (*text_of(node, "why") != '\0')
		sheet_note(s, *detail != '\0' ? detail : text_of(node, "why"));
}

int
nodes_main(int argc, char **argv)
{
	static const char *const titles[] = { "NODE", "STATE", ">CORES", ">BUSY", ">OTHERS", ">OURS", ">COST", ">MEMORY",
		">SHARE", NULL };
	static const struct table t = { .path = "/api/v1/nodes", .list = "nodes", .titles = titles, .row = node_row };

	return table_main(&t, argc, argv);
}
