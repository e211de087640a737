/*
 * `mola why SERVICE [TASK|NODE]`: in words, why each task gets its share, or why the service is not
 * served.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "base/str.h"
#include "base/word.h"
#include "cli/api.h"
#include "cli/cli.h"
#include "cli/note.h"
#include "cli/grid.h"

static void
state_print(const char *state)
{
	enum hue hue = hue_of(state);
	struct printable text;

	printf("%s%s%s", hue_on(hue), printable(state, &text), hue == HUE_PLAIN ? "" : hue_off());
}

#define CHAIN_TASKS	8	/* of more, each step is shown only when asked for */
#define STEP_INDENT	16

/* Each step from the sample to the share, under its name. */
static void
steps_print(const json_t *steps)
{
	char label[STEP_INDENT];
	const json_t *step;
	size_t i;

	json_array_foreach(steps, i, step) {
		snprintf(label, sizeof label, "  %s", text_of(step, "step"));
		for (char *c = label; *c != '\0'; c++)
			if (*c == '_')
				*c = ' ';
		print_labelled(label, text_of(step, "text"), STEP_INDENT);
	}
}

static void
task_print(const json_t *task, bool steps)
{
	const json_t *share = json_object_get(task, "share");
	struct printable name, node;

	printf("\n%s on %s, ", printable(text_of(task, "name"), &name),
	    printable(text_of(task, "node"), &node));
	state_print(text_of(task, "state"));
	if (json_is_number(share))
		printf(", %.0f%% of the requests", 100 * json_number_value(share));
	printf("\n");
	print_wrapped(text_of(task, "reason"), 2);
	if (steps)
		steps_print(json_object_get(task, "steps"));
}

static bool
is_named(const json_t *task, const char *name)
{
	return strcmp(text_of(task, "name"), name) == 0 || strcmp(text_of(task, "node"), name) == 0;
}

static bool
is_any(const json_t *tasks, const char *name)
{
	const json_t *task;
	size_t i;

	json_array_foreach(tasks, i, task)
		if (is_named(task, name))
			return true;
	return false;
}

/* Leaves the tasks that are called so, or run on the node of this name. */
static void
narrow(json_t *tasks, const char *name)
{
	for (size_t i = json_array_size(tasks); i-- > 0;)
		if (!is_named(json_array_get(tasks, i), name))
			json_array_remove(tasks, i);
}

static void
words_remove(const char **words, const char *word)
{
	size_t n = 0;

	for (size_t i = 0; words[i] != NULL; i++)
		if (strcmp(words[i], word) != 0)
			words[n++] = words[i];
	words[n] = NULL;
}

#define NEAR	3		/* names that are suggested */

/* With the names that are nearest to the one that is none; else with some that there are. */
static int
report_unknown(const json_t *response, const char *name)
{
	const json_t *tasks = json_object_get(response, "tasks");
	size_t n = json_array_size(tasks);
	const char **words = must_zalloc((2 * n + 1) * sizeof *words), *near;
	struct printable service, asked, text;

	for (size_t i = 0; i < n; i++) {
		words[2 * i] = text_of(json_array_get(tasks, i), "name");
		words[2 * i + 1] = text_of(json_array_get(tasks, i), "node");
	}
	fprintf(stderr, "mola why: %s has no task '%s', and none on a node of this name",
	    printable(text_of(response, "service"), &service), printable(name, &asked));
	near = word_near(str_of(name), words);
	for (unsigned k = 0; k < NEAR && words[0] != NULL; k++) {
		fprintf(stderr, "%s%s", k > 0 ? ", " : near == NULL ? "; there are " : "; near to it: ",
		    printable(near == NULL ? words[0] : near, &text));
		words_remove(words, near == NULL ? words[0] : near);
		if (near != NULL && (near = word_near(str_of(name), words)) == NULL)
			break;
	}
	fprintf(stderr, "\n");
	free(words);
	return 1;
}

static void
tasks_print(const json_t *response, bool narrowed)
{
	const json_t *tasks = json_object_get(response, "tasks"), *task;
	bool steps = narrowed || json_array_size(tasks) <= CHAIN_TASKS;
	struct printable service;
	size_t i;

	json_array_foreach(tasks, i, task)
		task_print(task, steps);
	if (!steps)
		printf("\nEach step: mola why %s TASK, or mola why %s NODE\n",
		    printable(text_of(response, "service"), &service), service.text);
}

/* What the mover and the scaler do with the service; nothing where it has no label for them. */
static void
mover_print(const json_t *mover)
{
	const json_t *scale = json_object_get(mover, "scale");

	if (json_is_true(json_object_get(mover, "migrate"))) {
		printf("\nmoving\n");
		print_wrapped(text_of(mover, "text"), 2);
	}
	if (json_is_object(scale)) {
		printf("\nscaling\n");
		print_wrapped(text_of(scale, "text"), 2);
	}
	if (json_is_string(json_object_get(mover, "rollback"))) {
		printf("\nrolling back\n");
		print_wrapped(text_of(mover, "rollback"), 2);
	}
}

static void
query_nodes_print(const json_t *nodes)
{
	const json_t *node, *used;
	struct printable name;
	char part[8];
	size_t i;

	json_array_foreach(nodes, i, node) {
		used = json_object_get(node, "used");
		snprintf(part, sizeof part, "%.0f%%", 100 * json_number_value(used));
		printf("  %s %s\n", printable(text_of(node, "node"), &name),
		    json_is_number(used) ? part : "not known");
	}
}

/* Of several lines or one. */
static void
query_print(const char *text)
{
	struct printable one;
	size_t n = str_copy(one.text, sizeof one.text, str_of(text));

	for (size_t i = 0; i < n; i++)
		if (one.text[i] == '\n' || one.text[i] == '\t' || one.text[i] == '\r')
			one.text[i] = ' ';
	print_wrapped(one.text, 2);
}

/* The service's own queries to Prometheus: their state and their values for the nodes. */
static void
queries_print(const json_t *queries)
{
	const json_t *q, *limits;
	struct printable name;
	size_t i;

	json_array_foreach(queries, i, q) {
		limits = json_object_get(q, "limits");
		printf("\nquery %s, ", printable(text_of(q, "name"), &name));
		state_print(text_of(q, "state"));
		printf(", weight %g", json_number_value(json_object_get(q, "weight")));
		if (json_is_array(limits))
			printf(", limits %g-%g", json_number_value(json_array_get(limits, 0)),
			    json_number_value(json_array_get(limits, 1)));
		printf("\n");
		query_print(text_of(q, "query"));
		print_wrapped(text_of(q, "text"), 2);
		query_nodes_print(json_object_get(q, "nodes"));
	}
}

/* Why a service of the Swarm is not served, or not as labelled; where it is not, the summary has
 * the first reason. */
static void
troubles_print(const json_t *response)
{
	bool unserved = json_is_false(json_object_get(response, "served"));
	const json_t *label, *trouble;
	char text[NOTE_MAX];
	size_t i;

	json_array_foreach(json_object_get(response, "troubles"), i, trouble)
		if (i > 0 || !unserved) {
			printf("\n");
			print_wrapped(text_of(trouble, "text"), 0);
		}
	json_array_foreach(json_object_get(response, "labels"), i, label)
		if (note_label(label, text)) {
			printf("\n");
			print_wrapped(text, 0);
		}
}

/* What requests pass before they come to a task. Routes of one router have the same. */
static void
middlewares_print(const json_t *routes)
{
	const char *router, *last = NULL;
	char text[NOTE_MAX];
	struct printable name;
	const json_t *route;
	size_t i;

	json_array_foreach(routes, i, route) {
		router = text_of(route, "router");
		if ((last != NULL && strcmp(router, last) == 0) || !note_middlewares(route, text))
			continue;
		last = router;
		printf("\nmiddlewares of %s\n", printable(*router == '\0' ? "its route" : router, &name));
		print_wrapped(text, 2);
	}
}

/* By which listeners requests come, where that are not all. */
static void
listeners_print(const json_t *routes)
{
	char text[NOTE_MAX], last[NOTE_MAX] = "";
	struct printable name;
	const json_t *route;
	size_t i;

	json_array_foreach(routes, i, route) {
		const char *router = text_of(route, "router"), *by = text_of(route, "by");
		if (!note_listeners(route, text) || strcmp(text, last) == 0)
			continue;
		snprintf(last, sizeof last, "%s", text);
		printf("\nlisteners of %s%s\n", printable(*router == '\0' ? "its route" : router, &name),
		    strcmp(by, "tls") == 0 ? ", by TLS" : strcmp(by, "plain") == 0 ? ", plain" : "");
		print_wrapped(text, 2);
	}
}

/* Of the whole service. */
static void
service_print(const json_t *response)
{
	print_wrapped(text_of(response, "summary"), 0);
	troubles_print(response);
	listeners_print(json_object_get(response, "routes"));
	middlewares_print(json_object_get(response, "routes"));
	mover_print(json_object_get(response, "mover"));
	queries_print(json_object_get(response, "queries"));
}

int
why_main(int argc, char **argv)
{
	struct api a;
	json_t *response;
	int status = api_init(&a, argc, argv, 1, 2);

	if (status != API_GO_ON)
		return status;
	ASSERT(a.nargs >= 1 && a.nargs <= 2);
	response = api_get(&a, "/api/v1/why", "service", a.arg[0]);
	if (response == NULL)
		return 1;
	if (a.nargs == 2 && !is_any(json_object_get(response, "tasks"), a.arg[1]))
		status = report_unknown(response, a.arg[1]);
	else {
		if (a.nargs == 2)
			narrow(json_object_get(response, "tasks"), a.arg[1]);
		if (a.json)
			api_print(response);
		else {
			if (a.nargs == 1)
				service_print(response);
			tasks_print(response, a.nargs == 2);
		}
		status = 0;
	}
	json_decref(response);
	return status;
}
