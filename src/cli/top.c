/*
 * `mola top`: a fleet at a glance, live. What is shown is in top_view, the terminal in top_screen;
 * here they meet with what Mola sends. Where there is no terminal, it is one frame of plain text.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/bug.h"
#include "base/clock.h"
#include "cli/api_priv.h"
#include "cli/cli.h"
#include "cli/follow.h"
#include "cli/top_screen.h"
#include "cli/top_view.h"

#define TICK_MSEC	500			/* ages and the clock go on, whatever comes */
#define FRAME_USEC	(40 * USEC_PER_MSEC)	/* frames follow each other no faster, keys aside */
#define WHY_USEC	(2 * USEC_PER_SEC)
#define HELD_MAX	500			/* pieces of events while it is paused */

struct top {
	const struct api *a;
	struct calls	*calls;
	struct follow	*follow;
	struct screen	*screen;
	struct canvas	 canvas;
	struct top_model model;
	struct top_view	 view;
	json_t		*held;			/* events that came while it was paused */
	unsigned	 restarts;
	bool		 changed, drawn;	/* the model, since the last frame; anything, since then */
	bool		 why_asked, why_place;	/* under way; the page is to begin at the task */
	int64_t		 frame_usec, why_usec;
};

/* ---- what comes ---- */

static void
on_topic(void *arg, const char *topic, const json_t *value)
{
	struct top *t = arg;

	if (follow_restarts(t->follow) != t->restarts) {
		t->restarts = follow_restarts(t->follow);
		model_note(&t->model, "the brain of Mola has restarted");
		view_say(&t->view, true, "the brain of Mola has restarted");
	}
	if (!t->view.paused)
		model_take(&t->model, topic, value);
	else if (strcmp(topic, "events") == 0 && json_array_size(t->held) < HELD_MAX)
		json_array_append(t->held, (json_t *)(uintptr_t)value);
	t->changed = true;
}

static void
held_take(struct top *t)
{
	json_t *value;
	size_t i;

	json_array_foreach(t->held, i, value)
		model_take(&t->model, "events", value);
	json_array_clear(t->held);
	t->changed = true;
}

/* ---- requests ---- */

static void
on_drained(void *arg, const struct call_end *e)
{
	struct top *t = arg;

	if (e->problem != NULL)
		view_say(&t->view, true, "%s", e->problem);
	else if (e->status == 202)
		view_say(&t->view, true, "it is kept, but not all workers know it yet: do the same again");
	else {
		model_drained(&t->model, t->view.drain.name, t->view.drain.task, t->view.drain.on);
		view_say(&t->view, false, "%s %s", t->view.drain.name, t->view.drain.on ?
		    "gets no new requests until this is undone" : "gets new requests again");
	}
	t->drawn = false;
}

static void
drain(struct top *t)
{
	json_t *body = json_pack("{s:s, s:b}", t->view.drain.task ? "task" : "node", t->view.drain.name,
	    "drain", t->view.drain.on);

	view_say(&t->view, false, "it is requested ...");
	if (body == NULL || calls_start(t->calls, "/api/v1/drain", body, on_drained, t) == NULL)
		view_say(&t->view, true, "it cannot be requested");
	json_decref(body);
}

/* The page of a task begins where the task does. */
static void
detail_place(struct top_detail *d)
{
	char begin[TOP_NAME_MAX + 8];

	snprintf(begin, sizeof begin, "%s on ", d->name);
	for (size_t i = 0; i < d->n; i++)
		if (strncmp(d->line[i], begin, strlen(begin)) == 0)
			d->first = i;
}

static void
on_why(void *arg, const struct call_end *e)
{
	struct top *t = arg;
	struct top_detail *d = &t->view.detail;
	json_t *j = e->problem != NULL ? NULL : json_loadb(e->body.p, e->body.len, 0, NULL);

	t->why_asked = false;
	if (d->open && !d->warnings && j != NULL && strcmp(text_of(j, "service"), d->service) == 0) {
		detail_of_why(d, j, t->canvas.cols - 2);
		if (t->why_place && d->pane == PANE_TASKS)
			detail_place(d);
		t->why_place = false;
	} else if (d->open && !d->warnings && e->problem != NULL)
		detail_of_text(d, e->problem, t->canvas.cols - 2);
	json_decref(j);
	t->drawn = false;
}

static void
why_request(struct top *t)
{
	struct buf path;

	t->why_usec = clock_mono_usec();
	if (api_path(&path, "/api/v1/why", "service", t->view.detail.service))
		t->why_asked = calls_start(t->calls, path.p, NULL, on_why, t) != NULL;
	buf_fini(&path);
}

static bool
why_is_due(const struct top *t)
{
	const struct top_detail *d = &t->view.detail;

	return d->open && !d->warnings && (d->pane == PANE_SERVICES || d->pane == PANE_TASKS) &&
	    !t->why_asked && !t->view.paused && clock_mono_usec() - t->why_usec >= WHY_USEC;
}

/* ---- the loop ---- */

static void
frame(struct top *t)
{
	static const enum top_connection connection[] = { [FOLLOW_CONNECTING] = TOP_CONNECTING,
		[FOLLOW_STREAM] = TOP_LIVE, [FOLLOW_POLLS] = TOP_POLLS, [FOLLOW_LOST] = TOP_LOST };
	struct screen_size size = screen_size(t->screen);
	time_t now = time(NULL);
	char clock[16] = "";
	struct tm tm;

	if (size.rows != t->canvas.rows || size.cols != t->canvas.cols) {
		canvas_fini(&t->canvas);
		canvas_init(&t->canvas, size.rows, size.cols);
	}
	if (localtime_r(&now, &tm) != NULL)
		strftime(clock, sizeof clock, "%H:%M:%S", &tm);
	t->view.time = clock;
	t->view.connection = connection[follow_state(t->follow)];
	t->view.problem = follow_problem(t->follow);
	t->view.age = follow_age_seconds(t->follow);
	t->view.period = follow_period_seconds(t->follow);
	if (t->changed && !t->view.paused)
		view_changed(&t->view);
	view_draw(&t->view, &t->canvas);
	t->view.time = "";
	screen_show(t->screen, &t->canvas);
	t->changed = false;
	t->drawn = true;
	t->frame_usec = clock_mono_usec();
}

/* False: the program ends. */
static bool
keys(struct top *t)
{
	bool paused = t->view.paused;
	unsigned key;

	if (!screen_goes_on(t->screen))
		return false;
	while ((key = screen_key(t->screen)) != KEY_IS_NONE) {
		if (key == 'L' - '@')			/* ^L */
			screen_redraw(t->screen);
		switch (view_key(&t->view, key)) {
		case TOP_QUIT:
			return false;
		case TOP_DETAIL:
			t->why_place = true;
			why_request(t);
			break;
		case TOP_DRAIN:
			drain(t);
			break;
		case TOP_NOTHING:
			break;
		}
	}
	if (paused && !t->view.paused)
		held_take(t);
	t->drawn = false;
	return true;
}

static void
loop(struct top *t)
{
	int64_t now;
	int msec;

	for (;;) {
		msec = follow_step(t->follow);
		now = clock_mono_usec();
		if (!t->drawn || now - t->frame_usec >= TICK_MSEC * USEC_PER_MSEC ||
		    (t->changed && now - t->frame_usec >= FRAME_USEC))
			frame(t);
		if (why_is_due(t))
			why_request(t);
		if (msec > (t->changed ? FRAME_USEC / USEC_PER_MSEC : TICK_MSEC))
			msec = (int)(t->changed ? FRAME_USEC / USEC_PER_MSEC : TICK_MSEC);
		if (calls_turn(t->calls, screen_fd(t->screen), msec) && !keys(t))
			return;
	}
}

static int
interactive(const struct api *a, bool may_write)
{
	static const char *const topics[] = { "nodes", "services", "tasks", "events", "warnings", NULL };
	struct top t = { .a = a, .held = json_array() };
	int number;

	t.screen = screen_open();
	if (t.screen == NULL) {
		json_decref(t.held);
		return -1;
	}
	model_init(&t.model);
	view_init(&t.view, &t.model);
	t.view.where = a->where;
	t.view.may_write = may_write;
	t.calls = calls_new(a);
	t.follow = follow_new(t.calls, topics, 0, on_topic, &t);
	canvas_init(&t.canvas, 1, 1);
	loop(&t);
	number = screen_signal(t.screen);
	screen_close(&t.screen);
	follow_free(&t.follow);
	calls_free(&t.calls);
	view_fini(&t.view);
	model_fini(&t.model);
	canvas_fini(&t.canvas);
	json_decref(t.held);
	if (number != 0) {			/* the shell is to see what has ended it */
		signal(number, SIG_DFL);
		raise(number);
	}
	return 0;
}

/* ---- without a terminal ---- */

static int
plain_json(const struct api *a)
{
	static const char *const lists[] = { "nodes", "services", "tasks" };
	json_t *all = json_object(), *one;
	char path[32];

	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
		snprintf(path, sizeof path, "/api/v1/%s", lists[i]);
		one = api_get(a, path, NULL, NULL);
		if (one == NULL) {
			json_decref(all);
			return 1;
		}
		json_object_set(all, lists[i], json_object_get(one, lists[i]));
		json_decref(one);
	}
	api_print(all);
	json_decref(all);
	return 0;
}

static int
plain(const struct api *a, int argc, char **argv)
{
	int status;

	if (a->json)
		return plain_json(a);
	status = nodes_main(argc, argv);		/* errors are those of `mola top` */
	if (status == 0) {
		printf("\n");
		status = services_main(argc, argv);
	}
	return status;
}

int
top_main(int argc, char **argv)
{
	struct api a;
	json_t *session;
	bool may_read, may_write;
	int status = api_init(&a, argc, argv, 0, 0);

	if (status != API_GO_ON)
		return status;
	if (a.json || !isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return plain(&a, argc, argv);
	session = api_get(&a, "/api/v1/session", NULL, NULL);
	if (session == NULL)
		return 1;
	may_read = json_is_true(json_object_get(session, "read"));
	may_write = json_is_true(json_object_get(session, "write"));
	json_decref(session);
	if (!may_read) {
		fprintf(stderr, "mola top: reading needs a token here: --token-file, or $MOLA_TOKEN\n");
		return 1;
	}
	status = interactive(&a, may_write);
	if (status >= 0)
		return status;
	fprintf(stderr, "mola top: the type of this terminal is not known (TERM): this is one frame\n");
	return plain(&a, argc, argv);
}
