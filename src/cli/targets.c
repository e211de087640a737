/*
 * `mola targets`: the external proxies that Mola configures, what was published to them, and what
 * they have; and the verbs that withdraw it.
 */
#include <stdio.h>
#include <string.h>

#include "base/bug.h"
#include "cli/api.h"
#include "cli/cli.h"
#include "cli/grid.h"
#include "cli/list.h"

static enum hue
hue_of_target(const char *state)
{
	if (strcmp(state, "taken") == 0 || strcmp(state, "published") == 0)
		return HUE_GOOD;
	return strcmp(state, "waiting") == 0 ? HUE_WARN : HUE_BAD;
}

/* The state that was read from the proxy, if any. */
static void
has_cell(struct grid *s, const json_t *server)
{
	const json_t *weight = json_object_get(server, "has_weight");
	const char *state = text_of(server, "has_state");
	char text[96];

	if (json_is_integer(weight))
		snprintf(text, sizeof text, "%lld %.60s", (long long)json_integer_value(weight), state);
	else
		snprintf(text, sizeof text, "%.60s", *state == '\0' ? "-" : state);
	grid_text(s, text, HUE_PLAIN);
}

static void
server_row(struct grid *s, const json_t *target, const json_t *service, const json_t *server)
{
	bool draining = json_is_true(json_object_get(server, "draining"));
	const char *state = text_of(target, "state");

	grid_text(s, text_of(target, "name"), HUE_PLAIN);
	grid_text(s, text_of(target, "kind"), HUE_PLAIN);
	grid_text(s, state, hue_of_target(state));
	grid_text(s, text_of(service, "name"), HUE_PLAIN);
	grid_text(s, server == NULL ? "-" : text_of(server, "task"), HUE_PLAIN);
	grid_text(s, server == NULL ? "-" : text_of(server, "node"), HUE_PLAIN);
	if (draining)
		grid_text(s, "drain", HUE_WARN);
	else
		grid_number(s, json_object_get(server, "weight"), 0);
	grid_percent(s, json_object_get(server, "share"));
	has_cell(s, server);
}

/* Publishing and reading back may fail for the same reason: it is shown once. */
static bool
same_trouble(const json_t *target)
{
	return strcmp(text_of(target, "text"), text_of(target, "taken_text")) == 0 &&
	    strcmp(text_of(target, "detail"), text_of(target, "taken_detail")) == 0;
}

static void
notes(struct grid *s, const json_t *target, const char *text_key, const char *detail_key)
{
	const char *text = text_of(target, text_key), *detail = text_of(target, detail_key);
	char note[512];

	if (*text == '\0')
		return;
	snprintf(note, sizeof note, "%.200s%s%.240s", text, *detail == '\0' ? "" : ": ", detail);
	grid_note(s, note);
}

/* Sentences of the target's kind: services without a router though routers are written, and
 * others. */
static void
kind_notes(struct grid *s, const json_t *target)
{
	const json_t *one;
	char note[400];
	size_t i;

	json_array_foreach(json_object_get(target, "withheld"), i, one) {
		snprintf(note, sizeof note, "no router for %.100s: %.200s", text_of(one, "service"),
		    text_of(one, "text"));
		grid_note(s, note);
	}
	json_array_foreach(json_object_get(target, "notes"), i, one)
		if (json_is_string(one))
			grid_note(s, json_string_value(one));
}

static void
target_rows(struct grid *s, const json_t *target)
{
	const json_t *service, *server, *servers;
	bool any = false;
	char note[512];
	size_t i, k;

	json_array_foreach(json_object_get(target, "services"), i, service) {
		servers = json_object_get(service, "servers");
		json_array_foreach(servers, k, server)
			server_row(s, target, service, server);
		if (json_array_size(servers) == 0)
			server_row(s, target, service, NULL);
		any = true;
	}
	if (!any)
		server_row(s, target, NULL, NULL);
	notes(s, target, "text", "detail");
	if (!same_trouble(target))
		notes(s, target, "taken_text", "taken_detail");
	kind_notes(s, target);
	snprintf(note, sizeof note, "%.120s; weights %lld to %lld, every %g s at most; weight 0 would "
	    "mean: %.80s; to drain: %.140s", text_of(target, "how"),
	    (long long)json_integer_value(json_object_get(target, "weight_least")),
	    (long long)json_integer_value(json_object_get(target, "weight_most")),
	    json_number_value(json_object_get(target, "interval_seconds")), text_of(target, "weight_zero"),
	    text_of(target, "drain"));
	grid_note(s, note);
}

/* ---- withdraw and resume ---- */

static void
change_print(const struct api *a, const json_t *response)
{
	const char *state = text_of(response, "state");
	struct printable name, text;
	const json_t *one;
	size_t i;

	json_array_foreach(json_object_get(response, "does"), i, one)
		printf("%s%s\n", a->dry_run ? "would " : "",
		    json_is_string(one) ? printable(json_string_value(one), &text) : "?");
	if (!a->dry_run)
		printf("%s: %s%s\n", printable(a->arg[1], &name), printable(state, &text),
		    strcmp(state, "withdrawing") == 0 ? "; `mola targets` shows when it is done" : "");
}

static int
targets_change(struct api *a, const char *path)
{
	json_t *body = json_pack("{s:s}", "target", a->arg[1]), *response;

	ASSERT(a->nargs == 2);
	if (body == NULL)
		return help_misuse(a->verb, "the name is not UTF-8");
	if (a->dry_run)
		json_object_set_new(body, "dry_run", json_true());
	response = api_post(a, path, body);
	json_decref(body);
	if (response == NULL)
		return 1;
	if (a->json)
		api_print(response);
	else
		change_print(a, response);
	json_decref(response);
	return 0;
}

static int
change_main(int argc, char **argv)
{
	struct api a;
	int status = api_init(&a, argc, argv, 2, 2);

	if (status != API_GO_ON)
		return status;
	if (strcmp(a.arg[0], "withdraw") == 0)
		return targets_change(&a, "/api/v1/targets/withdraw");
	if (strcmp(a.arg[0], "resume") != 0 || a.dry_run)
		return help_misuse(a.verb, "expected withdraw NAME or resume NAME");
	return targets_change(&a, "/api/v1/targets/resume");
}

int
targets_main(int argc, char **argv)
{
	static const char *const titles[] = { "TARGET", "KIND", "STATE", "SERVICE", "TASK", "NODE",
		">WEIGHT", ">SHARE", "IT HAS", NULL };
	static const struct list_view view = { .path = "/api/v1/targets", .list = "targets",
		.titles = titles, .row = target_rows };

	if (api_is_called(argc, argv, "withdraw", "resume"))
		return change_main(argc, argv);
	return list_main(&view, argc, argv);
}
