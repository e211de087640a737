/*
 * follow: a stream, or rounds of polls. Must not know what topics are about, except that events are
 * numbered, and from 1 again in a new brain.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "base/clock.h"
#include "cli/follow.h"
#include "cli/grid.h"
#include "cli/sse.h"

#define FRAME_MAX	(64u << 20)
#define POLL_USEC	USEC_PER_SEC
#define RETRY_USEC	(300 * USEC_PER_MSEC)	/* and longer each time, up to RETRY_MOST_USEC */
#define RETRY_MOST_USEC	(2 * USEC_PER_SEC)
#define REOPEN_USEC	(50 * USEC_PER_MSEC)	/* when Mola has ended a stream in order */
#define IDLE_MSEC	1000

struct follow {
	struct calls	*calls;
	struct call	*call;		/* under way */
	const char	*topic[FOLLOW_TOPICS_MAX + 1];
	unsigned	 ntopics, at;	/* the next that is polled */
	follow_f	*fn;
	void		*arg;
	struct sse	 sse;
	enum follow_state state;
	bool		 polls, broken;
	unsigned	 failures, restarts;
	int64_t		 again_usec, heard_usec;
	uint64_t	 last;		/* event */
	double		 period;
	char		 brain[SSE_NAME_MAX];
	char		 problem[512];
};

static void	on_event(void *arg, const char *event, const char *id, struct str data);

struct follow *
follow_new(struct calls *cs, const char *const *topics, uint64_t after, follow_f *fn, void *arg)
{
	struct follow *f = must_zalloc(sizeof *f);

	f->calls = cs;
	for (; topics[f->ntopics] != NULL; f->ntopics++) {
		ASSERT(f->ntopics < FOLLOW_TOPICS_MAX);
		f->topic[f->ntopics] = topics[f->ntopics];
	}
	f->fn = fn;
	f->arg = arg;
	f->last = after;
	f->period = (double)POLL_USEC / (double)USEC_PER_SEC;
	sse_init(&f->sse, FRAME_MAX, on_event, f);
	return f;
}

void
follow_free(struct follow **fp)
{
	calls_cancel(&(*fp)->call);
	sse_fini(&(*fp)->sse);
	free(*fp);
	*fp = NULL;
}

/* ---- what comes ---- */

static void
heard(struct follow *f)
{
	f->heard_usec = clock_mono_usec();
	f->state = f->polls ? FOLLOW_POLLS : FOLLOW_STREAM;
	f->problem[0] = '\0';
	f->failures = 0;
}

static void
brain_new(struct follow *f)
{
	f->restarts++;
	f->last = 0;
}

static void
hello(struct follow *f, const json_t *j)
{
	const json_t *period = json_object_get(j, "period_seconds");
	const char *brain = text_of(j, "brain");

	if (json_is_number(period) && json_number_value(period) > 0)
		f->period = json_number_value(period);
	if (f->brain[0] != '\0' && strcmp(f->brain, brain) != 0)
		brain_new(f);
	str_copy(f->brain, sizeof f->brain, str_of(brain));
}

static void
take(struct follow *f, const char *topic, const json_t *j)
{
	const json_t *last = json_object_get(j, "last");

	if (strcmp(topic, "events") == 0 && json_is_integer(last)) {
		if ((uint64_t)json_integer_value(last) < f->last)
			brain_new(f);		/* polled: its events come with the next round */
		else
			f->last = (uint64_t)json_integer_value(last);
	}
	f->fn(f->arg, topic, j);
}

static void
on_event(void *arg, const char *event, const char *id, struct str data)
{
	struct follow *f = arg;
	json_t *j = json_loadb(data.p == NULL ? "" : data.p, data.len, 0, NULL);

	(void)id;
	if (!json_is_object(j)) {
		f->broken = true;
		json_decref(j);
		return;
	}
	heard(f);
	if (strcmp(event, "hello") == 0)
		hello(f, j);
	else
		for (unsigned i = 0; i < f->ntopics; i++)
			if (strcmp(event, f->topic[i]) == 0)
				take(f, f->topic[i], j);
	json_decref(j);
}

static bool
on_piece(void *arg, const char *bytes, size_t n)
{
	struct follow *f = arg;

	sse_feed(&f->sse, bytes, n);
	f->heard_usec = clock_mono_usec();	/* a ping is a sign of life, too */
	return !f->broken;
}

/* ---- ends ---- */

static void
lost(struct follow *f, const char *problem)
{
	int64_t pause = RETRY_USEC;

	for (unsigned i = 0; i < f->failures && pause < RETRY_MOST_USEC; i++)
		pause *= 2;
	f->failures++;
	f->state = FOLLOW_LOST;
	snprintf(f->problem, sizeof f->problem, "%s", problem);
	f->again_usec = clock_mono_usec() + (pause < RETRY_MOST_USEC ? pause : RETRY_MOST_USEC);
}

static void
on_stream_end(void *arg, const struct call_end *e)
{
	struct follow *f = arg;

	f->call = NULL;
	if (e->status == 404) {			/* an older Mola */
		f->polls = true;
		f->again_usec = 0;
	} else if (e->problem == NULL && f->failures == 0) {
		f->failures++;			/* Mola has read its configuration again, or restarts */
		f->again_usec = clock_mono_usec() + REOPEN_USEC;
	} else if (f->broken)
		lost(f, "what came is no stream of Mola's events");
	else
		lost(f, e->problem != NULL ? e->problem : "the connection has ended");
	f->broken = false;
}

static void
on_poll_end(void *arg, const struct call_end *e)
{
	struct follow *f = arg;
	json_t *j = e->problem != NULL ? NULL : json_loadb(e->body.p, e->body.len, 0, NULL);

	f->call = NULL;
	if (json_is_object(j)) {
		heard(f);
		take(f, f->topic[f->at], j);
		f->at = (f->at + 1) % f->ntopics;
		f->again_usec = f->at == 0 ? clock_mono_usec() + POLL_USEC : 0;
	} else {
		f->at = 0;
		lost(f, e->problem != NULL ? e->problem : "the response is not JSON");
		f->polls = e->problem == NULL;	/* a newer one may come up */
	}
	json_decref(j);
}

/* ---- requests ---- */

static void
stream_start(struct follow *f)
{
	char path[256] = "/api/v1/stream?topics=", after[40];
	size_t n = strlen(path);

	for (unsigned i = 0; i < f->ntopics; i++)
		n += (size_t)snprintf(path + n, sizeof path - n, "%s%s", i == 0 ? "" : ",", f->topic[i]);
	snprintf(after, sizeof after, "&after=%" PRIu64, f->last);
	ASSERT(n + strlen(after) < sizeof path);
	if (f->sse.id[0] == '\0')		/* else the id has it, with the brain that it is of */
		strcpy(path + n, after);
	sse_restart(&f->sse);
	f->call = calls_stream(f->calls, path, f->sse.id, on_piece, on_stream_end, f);
}

static void
poll_start(struct follow *f)
{
	char path[128];

	if (strcmp(f->topic[f->at], "events") == 0)
		snprintf(path, sizeof path, "/api/v1/events?after=%" PRIu64, f->last);
	else
		snprintf(path, sizeof path, "/api/v1/%s", f->topic[f->at]);
	f->call = calls_start(f->calls, path, NULL, on_poll_end, f);
}

int
follow_step(struct follow *f)
{
	int64_t now = clock_mono_usec();

	if (f->call == NULL && now >= f->again_usec) {
		if (f->polls)
			poll_start(f);
		else
			stream_start(f);
		if (f->call == NULL)
			lost(f, "the token file cannot be read");
	}
	if (f->call != NULL || f->again_usec - now > IDLE_MSEC * USEC_PER_MSEC)
		return IDLE_MSEC;
	return (int)((f->again_usec - now) / USEC_PER_MSEC) + 1;
}

/* ---- how it stands ---- */

enum follow_state
follow_state(const struct follow *f)
{
	return f->state;
}

const char *
follow_problem(const struct follow *f)
{
	return f->problem;
}

double
follow_age_seconds(const struct follow *f)
{
	return f->heard_usec == 0 ? -1 :
	    (double)(clock_mono_usec() - f->heard_usec) / (double)USEC_PER_SEC;
}

double
follow_period_seconds(const struct follow *f)
{
	return f->period;
}

unsigned
follow_restarts(const struct follow *f)
{
	return f->restarts;
}
