/*
 * stream: topics are made by pages.c, in slices, all of a round one after another, and go to each
 * watcher that has not still the one before of that topic before it. Events come from the log, and
 * each watcher has its own place in them; where it is that of others, so is the text.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "admin/reply.h"
#include "admin/stream.h"
#include "base/alloc.h"
#include "base/bug.h"
#include "base/clock.h"

#define PERIOD_MOST_SECONDS	60
#define COST_PERCENT	2		/* of the loop's time for all watchers, by the period */
#define CALM_ROUNDS	3		/* that would do with a shorter period before it becomes shorter */
#define PING_USEC	(10 * USEC_PER_SEC)
#define EVENTS_MOST	200		/* of one frame */
#define FRAME_MAX	(1u << 20)
#define TYPE		"text/event-stream"
#define FIELDS		PAGES_FIELDS "X-Accel-Buffering: no\r\n"

/* STATE: sent in each round. CHANGES: when the text is another, leaving ages aside. */
enum topic_kind { STATE, CHANGES };

static const struct topic_def {
	const char	*name, *before;
	enum page_kind	 page;
	enum topic_kind	 kind;
} topics[] = {
	{ "nodes", "event: nodes\ndata: ", PAGE_NODES, STATE },
	{ "services", "event: services\ndata: ", PAGE_SERVICES, STATE },
	{ "tasks", "event: tasks\ndata: ", PAGE_TASKS, STATE },
	{ "warnings", "event: warnings\ndata: ", PAGE_WARNINGS, CHANGES },
	{ "targets", "event: targets\ndata: ", PAGE_TARGETS, CHANGES },
	{ "certs", "event: certs\ndata: ", PAGE_CERTS, CHANGES },
	{ "swarm", "event: swarm\ndata: ", PAGE_SWARM, CHANGES },
};
#define TOPICS		(sizeof topics / sizeof *topics)
#define EVENTS_BIT	(1u << TOPICS)

struct topic {
	struct shared	*frame;		/* the last one; NULL: none, or too old */
	uint64_t	 serial;	/* of what it says; 0: there was none */
	uint64_t	 hash;
	unsigned	 wanted;	/* by so many watchers */
	bool		 making;
};

struct watcher {
	LIST_ENTRY(watcher) link;
	struct streams	*home;
	struct request	*request;
	unsigned	 topics;
	uint64_t	 sent[TOPICS];		/* serial of the last frame, 0: none yet */
	uint64_t	 until[TOPICS];		/* where in its bytes that ends */
	uint64_t	 event;			/* the last one that it has */
	bool		 began;			/* it got a frame of events */
	unsigned	 period;		/* that it knows, in seconds */
	int64_t		 sent_usec;		/* when it last got anything */
};

struct streams {
	struct loop	*loop;
	struct pages	*pages;
	pages_view_f	*view;
	const void	*arg;
	LIST_HEAD(, watcher) watchers;
	unsigned	 count;
	struct topic	 topic[TOPICS];
	struct shared	*events;	/* the last frame of events; NULL: none */
	/* those after `after`, up to `last`, when there were `known` */
	uint64_t	 events_after, events_last, events_known;
	char		 brain[STREAM_BRAIN_MAX];
	unsigned	 period;		/* seconds between rounds */
	unsigned	 calm;			/* rounds that would do with less */
	int64_t		 round_usec;		/* when the last round began; 0: none since somebody watches */
	int64_t		 cost_usec, last_cost_usec;	/* of this round so far, and of the one before */
};

static void on_made(void *arg, enum page_kind, struct shared *, int64_t cpu_usec);

struct streams *
streams_new(struct loop *l, struct pages *pages, pages_view_f *view, const void *arg)
{
	struct streams *ss = must_zalloc(sizeof *ss);

	ss->loop = l;
	ss->pages = pages;
	ss->view = view;
	ss->arg = arg;
	ss->period = 1;
	snprintf(ss->brain, sizeof ss->brain, "%lld", (long long)clock_wall_usec());
	return ss;
}

/* ---- what clients send ---- */

bool
stream_topics(struct str list, unsigned *set, struct str *unknown)
{
	unsigned found = 0, bit;
	struct str one;

	while (str_split(&list, ',', &one)) {
		bit = 0;
		for (size_t i = 0; i < TOPICS; i++)
			if (str_eq(one, str_of(topics[i].name)))
				bit = 1u << i;
		if (str_eq(one, STR("events")))
			bit = EVENTS_BIT;
		if (bit == 0) {
			*unknown = one;
			return false;
		}
		found |= bit;
	}
	*unknown = STR("");
	*set = found;
	return found != 0;
}

uint64_t
stream_last_event(struct str field, const char *brain)
{
	struct str b = str_of(brain);
	uint64_t id;

	if (!str_starts(field, b) || field.len <= b.len + 1 || field.p[b.len] != '-')
		return 0;
	return str_to_u64((struct str){ field.p + b.len + 1, field.len - b.len - 1 }, &id) ? id : 0;
}

static bool
is_age(struct str key)
{
	static const char end[] = "_seconds\"";

	return key.len > sizeof end - 1 &&
	    memcmp(key.p + key.len - (sizeof end - 1), end, sizeof end - 1) == 0;
}

uint64_t
stream_hash(struct str json)
{
	uint64_t h = 0xcbf29ce484222325;

	for (size_t i = 0; i < json.len; i++) {
		h = (h ^ (unsigned char)json.p[i]) * 0x100000001b3;
		if (json.p[i] == ':' && is_age((struct str){ json.p, i }))
			while (i + 1 < json.len && strchr("+-.0123456789eE", json.p[i + 1]) != NULL)
				i++;
	}
	return h;
}

/* ---- to one watcher ---- */

static void
send_hello(struct watcher *w)
{
	struct streams *ss = w->home;
	char frame[200];

	w->period = ss->period;
	w->sent_usec = loop_now(ss->loop);
	snprintf(frame, sizeof frame, "event: hello\ndata: {\"version\":\"" MOLA_VERSION "\","
	    "\"brain\":\"%s\",\"period_seconds\":%u}\n\n", ss->brain, ss->period);
	request_write(w->request, str_of(frame));
}

/* The last frame of the topic, unless it has it, or is still busy with the one before. */
static void
send_topic(struct watcher *w, size_t i)
{
	struct topic *t = &w->home->topic[i];

	if ((w->topics & 1u << i) == 0 || t->frame == NULL || w->sent[i] == t->serial ||
	    request_written(w->request) < w->until[i])
		return;
	w->sent[i] = t->serial;
	w->sent_usec = loop_now(w->home->loop);
	request_write_shared(w->request, t->frame);
	w->until[i] = request_written(w->request) + request_backlog(w->request);
}

/* The frame of the events after this one, as many as fit. All who have the same get the same. */
static struct shared *
events_frame(struct streams *ss, const struct admin_view *v, uint64_t after)
{
	struct buf frame;

	if (ss->events != NULL && ss->events_after == after &&
	    ss->events_known == events_last(v->events))
		return ss->events;
	shared_unref(&ss->events);
	buf_init(&frame, FRAME_MAX);
	buf_adds(&frame, STR("event: events\ndata: "));
	view_put(&frame, view_events(v, after, EVENTS_MOST, &ss->events_last));
	buf_printf(&frame, "\nid: %s-%llu\n\n", ss->brain, (unsigned long long)ss->events_last);
	if (frame.full)
		buf_clear(&frame);		/* not a part of it */
	ss->events = shared_new(&frame);
	ss->events_after = after;
	ss->events_known = events_last(v->events);
	return ss->events;
}

/* The next events that it has not; those that do not fit into a frame come in a later turn. */
static void
send_events(struct watcher *w, const struct admin_view *v)
{
	struct streams *ss = w->home;

	if ((w->topics & EVENTS_BIT) == 0 || request_backlog(w->request) > 0 ||
	    (w->began && w->event == events_last(v->events)))
		return;
	request_write_shared(w->request, events_frame(ss, v, w->event));
	w->event = ss->events_last;
	w->began = true;
	w->sent_usec = loop_now(ss->loop);
}

static void
on_gone(void *arg, struct request *req)
{
	struct watcher *w = arg;
	struct streams *ss = w->home;

	ASSERT(w->request == req && ss->count > 0);
	LIST_REMOVE(w, link);
	ss->count--;
	for (size_t i = 0; i < TOPICS; i++)
		if ((w->topics & 1u << i) != 0 && --ss->topic[i].wanted == 0)
			shared_unref(&ss->topic[i].frame);
	if (ss->count == 0)
		shared_unref(&ss->events);
	free(w);
}

/* ---- rounds ---- */

static void
topic_make(struct streams *ss, size_t i)
{
	if (ss->topic[i].wanted == 0 || ss->topic[i].making)
		return;
	ss->topic[i].making = true;
	pages_make(ss->pages, topics[i].page, topics[i].before, "\n\n", on_made, ss);
}

static unsigned
period_for(int64_t cost_usec)
{
	int64_t seconds = (cost_usec * 100 / COST_PERCENT + USEC_PER_SEC - 1) / USEC_PER_SEC;

	return seconds < 1 ? 1 : seconds > PERIOD_MOST_SECONDS ? PERIOD_MOST_SECONDS : (unsigned)seconds;
}

/* So long that this round's work is a small part of it. A single round that took long, for others
 * on the machine were in its way, counts for nothing, and the period does not go back and forth. */
static void
period_adapt(struct streams *ss)
{
	int64_t cost = ss->cost_usec < ss->last_cost_usec ? ss->cost_usec : ss->last_cost_usec;
	unsigned longer = period_for(cost), shorter = period_for(ss->cost_usec * 3 / 2);

	ss->last_cost_usec = ss->cost_usec;
	ss->cost_usec = 0;
	ss->calm = shorter < ss->period ? ss->calm + 1 : 0;
	if (longer > ss->period)
		ss->period = longer;
	else if (ss->calm >= CALM_ROUNDS) {
		ss->period = shorter;
		ss->calm = 0;
	}
}

static void
round_begin(struct streams *ss, int64_t now)
{
	if (ss->round_usec != 0)
		period_adapt(ss);
	ss->round_usec = now;
	for (size_t i = 0; i < TOPICS; i++)
		topic_make(ss, i);
}

static size_t
topic_of(enum page_kind page)
{
	for (size_t i = 0; i < TOPICS; i++)
		if (topics[i].page == page)
			return i;
	BUG("a page that is no topic");
}

/* What a watcher does with it (it may go away) touches nothing here before its `gone`, which comes
 * in a later turn. */
static void
on_made(void *arg, enum page_kind page, struct shared *frame, int64_t cpu_usec)
{
	struct streams *ss = arg;
	size_t i = topic_of(page);
	struct topic *t = &ss->topic[i];
	int64_t cpu = clock_thread_usec();
	struct watcher *w;
	uint64_t hash;

	t->making = false;
	ss->cost_usec += cpu_usec;
	if (frame == NULL || t->wanted == 0)
		return;
	shared_unref(&t->frame);
	t->frame = shared_ref(frame);
	hash = topics[i].kind == CHANGES ? stream_hash(shared_text(frame)) : 0;
	if (topics[i].kind == STATE || t->serial == 0 || t->hash != hash)
		t->serial++;
	t->hash = hash;
	LIST_FOREACH(w, &ss->watchers, link)
		send_topic(w, i);
	ss->cost_usec += clock_thread_usec() - cpu;
}

void
streams_tick(struct streams *ss, int64_t now)
{
	struct admin_view v;
	struct watcher *w;

	if (ss->count == 0) {
		ss->round_usec = 0;
		return;
	}
	v = ss->view(ss->arg);
	if (ss->round_usec == 0 || now - ss->round_usec >= ss->period * USEC_PER_SEC)
		round_begin(ss, now);
	LIST_FOREACH(w, &ss->watchers, link) {
		if (w->period != ss->period)
			send_hello(w);
		send_events(w, &v);
		/* what it was too slow for before */
		for (size_t i = 0; i < TOPICS; i++)
			if (topics[i].kind == CHANGES)
				send_topic(w, i);
		if (now - w->sent_usec < PING_USEC)
			continue;
		w->sent_usec = now;
		if (request_backlog(w->request) == 0)
			request_write(w->request, STR(": ping\n\n"));
	}
}

/* ---- those who watch ---- */

static struct str
field_of(const struct request *req, const char *name)
{
	const struct message *h = request_head(req);

	for (int i = 0; i < h->nfields; i++)
		if (str_eq_nocase(h->field[i].name, str_of(name)))
			return h->field[i].value;
	return STR("");
}

static bool
topics_read(struct request *req, unsigned *set)
{
	char list[256], error[400];
	struct str unknown;
	bool plain;

	if (!request_query(req, "topics", list, sizeof list))
		list[0] = '\0';
	if (stream_topics(str_of(list), set, &unknown))
		return true;
	plain = unknown.len > 0 && unknown.len < 64;
	for (size_t i = 0; i < unknown.len; i++)
		plain &= unknown.p[i] > ' ' && unknown.p[i] < 0x7f;
	snprintf(error, sizeof error, "%s%.*s%sname topics: ?topics=nodes,services, of: events",
	    plain ? "there is no topic '" : "", plain ? (int)unknown.len : 0, unknown.p,
	    plain ? "'; " : "");
	for (size_t i = 0; i < TOPICS; i++) {
		strcat(error, ", ");
		strcat(error, topics[i].name);
	}
	reply_error(req, 400, error, NULL);
	return false;
}

/* An event that has not been yet is one of a brain before: then all are sent. */
static bool
after_read(const struct streams *ss, struct request *req, uint64_t *after)
{
	struct admin_view v = ss->view(ss->arg);
	struct str field = field_of(req, "Last-Event-ID");
	char text[32];

	*after = 0;
	if (field.len > 0)
		*after = stream_last_event(field, ss->brain);
	else if (request_query(req, "after", text, sizeof text) && !str_to_u64(str_of(text), after)) {
		reply_error(req, 400, "after must be the id of an event", NULL);
		return false;
	}
	if (*after > events_last(v.events))
		*after = 0;
	return true;
}

void
streams_open(struct streams *ss, struct request *req)
{
	struct admin_view v = ss->view(ss->arg);
	struct watcher *w;
	uint64_t after;
	unsigned set;

	if (!topics_read(req, &set) || !after_read(ss, req, &after))
		return;
	if (ss->count == STREAM_WATCHERS_MAX) {
		reply_error(req, 503, "there are too many watchers already", "Retry-After: 5\r\n");
		return;
	}
	w = must_zalloc(sizeof *w);
	w->home = ss;
	w->request = req;
	w->topics = set;
	w->event = after;
	LIST_INSERT_HEAD(&ss->watchers, w, link);
	ss->count++;
	for (size_t i = 0; i < TOPICS; i++)
		ss->topic[i].wanted += (set & 1u << i) != 0;
	request_stream(req, TYPE, FIELDS, on_gone, w);
	send_hello(w);
	send_events(w, &v);
	for (size_t i = 0; i < TOPICS; i++)
		if ((set & 1u << i) != 0 && ss->topic[i].frame != NULL)
			send_topic(w, i);
		else
			topic_make(ss, i);
	if (ss->round_usec == 0)
		ss->round_usec = loop_now(ss->loop);
}

unsigned
streams_watchers(const struct streams *ss)
{
	return ss->count;
}

const char *
streams_brain(const struct streams *ss)
{
	return ss->brain;
}

void
streams_end(struct streams *ss)
{
	struct watcher *w;

	while ((w = LIST_FIRST(&ss->watchers)) != NULL) {
		struct request *req = w->request;
		on_gone(w, req);
		request_end(req);
	}
}

void
streams_free(struct streams **sp)
{
	struct streams *ss = *sp;

	ASSERT(ss->count == 0);
	for (size_t i = 0; i < TOPICS; i++)
		ASSERT(!ss->topic[i].making && ss->topic[i].frame == NULL);
	free(ss);
	*sp = NULL;
}
