/*
 * `mola events [-f]`: what the brain has logged, a line for each event, and with -f what it logs
 * from now on, also after a restart of the brain.
 */
#include <stdio.h>
#include <string.h>

#include "base/bug.h"
#include "base/word.h"
#include "cli/cli.h"
#include "cli/follow.h"
#include "cli/grid.h"

static const char *const levels[] = { "debug", "info", "warn", "error", NULL };

struct lines {
	const struct api *a;
	struct follow	*follow;
	int		 least;		/* a place in levels */
	unsigned	 restarts;	/* reported */
	bool		 lost, connected;
};

static enum hue
level_hue(const char *level)
{
	return strcmp(level, "error") == 0 ? HUE_BAD : strcmp(level, "warn") == 0 ? HUE_WARN : HUE_PLAIN;
}

static void
event_print(const struct lines *l, const json_t *e)
{
	const char *level = text_of(e, "level");
	struct printable time, name, text, safe;
	enum hue hue = level_hue(level);

	if (word_place(str_of(level), levels) < l->least)
		return;
	if (l->a->json) {
		json_dumpf(e, stdout, JSON_COMPACT | JSON_ENSURE_ASCII | JSON_PRESERVE_ORDER);
		putchar('\n');
		return;
	}
	printf("%6lld  %s  %s%-5s%s  %-20s  %s\n",
	    (long long)json_integer_value(json_object_get(e, "id")), printable(text_of(e, "time"), &time),
	    hue_on(hue), printable(level, &safe), hue == HUE_PLAIN ? "" : hue_off(),
	    printable(text_of(e, "event"), &name), printable(text_of(e, "text"), &text));
}

static void
events_print(const struct lines *l, const json_t *response)
{
	const json_t *e;
	size_t i;

	json_array_foreach(json_object_get(response, "events"), i, e)
		event_print(l, e);
	fflush(stdout);
}

static void
on_events(void *arg, const char *topic, const json_t *response)
{
	struct lines *l = arg;

	(void)topic;
	/* before the first events of a new brain, and after the last of the old one */
	if (follow_restarts(l->follow) != l->restarts) {
		l->restarts = follow_restarts(l->follow);
		fprintf(stderr, "mola events: the brain has restarted; the ids of its events begin again\n");
	}
	events_print(l, response);
}

/* What the events on stdout leave out: that there may be a gap. */
static void
connection_report(struct lines *l)
{
	enum follow_state s = follow_state(l->follow);

	if (s == FOLLOW_LOST && !l->lost)
		fprintf(stderr, "mola events: %s; it is tried again\n", follow_problem(l->follow));
	else if (s != FOLLOW_LOST && l->lost)
		fprintf(stderr, "mola events: connected again\n");
	l->lost = s == FOLLOW_LOST;
	l->connected = l->connected || s == FOLLOW_STREAM || s == FOLLOW_POLLS;
}

/* Without an end, unless no Mola responds at first. */
static int
events_follow(struct lines *l, uint64_t after)
{
	static const char *const topics[] = { "events", NULL };
	struct calls *cs = calls_new(l->a);
	int msec;

	l->follow = follow_new(cs, topics, after, on_events, l);
	do {
		msec = follow_step(l->follow);
		calls_turn(cs, -1, msec);
		if (l->connected || follow_state(l->follow) != FOLLOW_LOST)
			connection_report(l);
	} while (l->connected || follow_state(l->follow) != FOLLOW_LOST);
	fprintf(stderr, "mola events: %s\n", follow_problem(l->follow));
	follow_free(&l->follow);
	calls_free(&cs);
	return 1;
}

int
events_main(int argc, char **argv)
{
	struct api a;
	struct lines l = { .a = &a };
	const char *since;
	json_t *response;
	uint64_t after;
	int status = api_init(&a, argc, argv, 0, 0);

	if (status != API_GO_ON)
		return status;
	l.least = a.level == NULL ? 0 : word_place(str_of(a.level), levels);
	if (l.least < 0)
		return help_misuse(a.verb, "--level expects debug, info, warn or error");
	since = a.since == NULL ? "0" : a.since;
	if (!str_to_u64(str_of(since), &after))
		return help_misuse(a.verb, "--since expects the id of an event, such as 28");
	if (a.follow)
		return events_follow(&l, after);
	response = api_get(&a, "/api/v1/events", "after", since);
	if (response == NULL)
		return 1;
	events_print(&l, response);
	json_decref(response);
	return 0;
}
