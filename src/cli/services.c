/*
 * `mola services`: what is served, and its traffic.
 */
#include <stdio.h>
#include <string.h>

#include "base/bug.h"
#include "cli/cli.h"
#include "cli/note.h"
#include "cli/list.h"

/* The first route, and how many more there are. */
static void
routes_cell(struct grid *s, const json_t *routes)
{
	const json_t *first = json_array_get(routes, 0);
	const char *host = text_of(first, "host"), *listener = text_of(first, "listener");
	const char *rule = text_of(first, "rule");
	char text[400], names[NOTE_MAX];
	int len;

	if (first == NULL) {
		grid_text(s, "-", HUE_FAINT);
		return;
	}
	if (*listener != '\0')
		len = snprintf(text, sizeof text, "tcp %.100s%s%.150s", listener, *host == '\0' ? "" : " ", host);
	else if (*rule != '\0')
		len = snprintf(text, sizeof text, "%.60s%s", rule, strlen(rule) > 60 ? "..." : "");
	else
		len = snprintf(text, sizeof text, "%.150s%.150s", *host == '\0' ? "*" : host,
		    text_of(first, "path"));
	ASSERT(len >= 0 && (size_t)len < sizeof text);
	if (note_listeners(first, names))
		len += snprintf(text + len, sizeof text - (size_t)len, " on %.80s", names);
	if (json_array_size(routes) > 1)
		snprintf(text + len, sizeof text - (size_t)len, " +%zu", json_array_size(routes) - 1);
	grid_text(s, text, HUE_PLAIN);
}

static void
usable_cell(struct grid *s, const json_t *service)
{
	json_int_t usable = json_integer_value(json_object_get(service, "usable"));
	json_int_t tasks = json_integer_value(json_object_get(service, "tasks"));
	char text[64];

	snprintf(text, sizeof text, "%lld/%lld", (long long)usable, (long long)tasks);
	grid_text(s, text, usable == 0 ? HUE_BAD : usable < tasks ? HUE_WARN : HUE_GOOD);
}

/* Each chain once: the routes of one rule have the same. */
static void
middlewares_rows(struct grid *s, const json_t *routes)
{
	char text[NOTE_MAX], last[NOTE_MAX] = "", note[NOTE_MAX + 16];
	const json_t *route;
	size_t i;

	json_array_foreach(routes, i, route) {
		if (!note_middlewares(route, text) || strcmp(text, last) == 0)
			continue;
		snprintf(note, sizeof note, "middlewares: %s", text);
		grid_note(s, note);
		strcpy(last, text);
	}
}

static void
group_row(struct grid *s, const json_t *service)
{
	const json_t *children = json_object_get(service, "leads_to"), *one;
	bool copies = strcmp(text_of(service, "policy"), "mirroring") == 0;
	char note[NOTE_MAX] = "";
	size_t i, n = 0;

	json_array_foreach(children, i, one) {
		const json_t *weight = json_object_get(one, "weight");
		if (n < sizeof note)
			n += (size_t)snprintf(note + n, sizeof note - n, "%s%.100s", i == 0 ? "leads to " :
			    i == 1 && copies ? ", with copies to " : ", ", text_of(one, "service"));
		if (n < sizeof note && json_is_integer(weight))
			n += (size_t)snprintf(note + n, sizeof note - n, " (%lld%s)", json_integer_value(weight),
			    copies ? " %" : "");
	}
	if (n > 0)
		grid_note(s, note);
}

/* Below the row: where it leads, middlewares, labels that are not valid, and why it is not
 * served. */
static void
service_rows(struct grid *s, const json_t *service)
{
	const json_t *label, *trouble;
	char text[NOTE_MAX];
	size_t i;

	grid_text(s, text_of(service, "name"), HUE_PLAIN);
	grid_text(s, text_of(service, "policy"), HUE_PLAIN);
	usable_cell(s, service);
	grid_number(s, json_object_get(service, "inflight"), 0);
	grid_number(s, json_object_get(service, "requests_per_second"), 1);
	grid_count(s, json_object_get(service, "requests_total"));
	grid_count(s, json_object_get(service, "failures_total"));
	routes_cell(s, json_object_get(service, "routes"));
	group_row(s, service);
	middlewares_rows(s, json_object_get(service, "routes"));
	json_array_foreach(json_object_get(service, "labels"), i, label)
		if (note_label(label, text))
			grid_note(s, text);
	json_array_foreach(json_object_get(service, "troubles"), i, trouble) {
		note_trouble(service, trouble, text);
		grid_note(s, text);
	}
}

int
services_main(int argc, char **argv)
{
	static const char *const titles[] = { "SERVICE", "POLICY", ">TASKS", ">INFLIGHT", ">REQ/S",
		">REQUESTS", ">FAILED", "ROUTE", NULL };
	static const struct list_view view = { .path = "/api/v1/services", .list = "services",
		.titles = titles, .row = service_rows };

	return list_main(&view, argc, argv);
}
