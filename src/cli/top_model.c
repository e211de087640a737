/*
 * top_model: JSON to rows. Must not know how they are shown.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "cli/grid.h"
#include "cli/top_model.h"

void
model_init(struct top_model *m)
{
	*m = (struct top_model){ 0 };
}

void
model_fini(struct top_model *m)
{
	free(m->node);
	free(m->service);
	free(m->task);
	free(m->event);
	free(m->warning);
	*m = (struct top_model){ 0 };
}

static double
number(const json_t *j, const char *key)
{
	const json_t *v = json_object_get(j, key);

	return json_is_number(v) ? json_number_value(v) : NAN;
}

/* A character that does not fit is cut off whole. */
static void
text_put(char *out, size_t cap, const char *text)
{
	struct printable safe;
	size_t n = str_copy(out, cap, str_of(printable(text, &safe)));

	while (n > 0 && ((unsigned char)safe.text[n] & 0xc0) == 0x80)
		n--;
	out[n] = '\0';
}

#define TEXT(member, json, key)	text_put((member), sizeof (member), text_of((json), (key)))

static void
node_read(struct top_node *n, const json_t *j)
{
	double total = number(j, "memory_total_bytes"), free_bytes = number(j, "memory_available_bytes");

	TEXT(n->name, j, "name");
	TEXT(n->state, j, "state");
	TEXT(n->source, j, "source");
	TEXT(n->trend, j, "trend");
	TEXT(n->text, j, json_is_string(json_object_get(j, "detail")) ? "detail" : "why");
	TEXT(n->reason, j, "reason");
	n->cores = number(j, "cores");
	n->ours = number(j, "cores_ours");
	n->others = number(j, "cores_others");
	n->busy = number(j, "busy");
	n->threads = number(j, "others");
	if (n->threads < 0)			/* an estimate */
		n->threads = 0;
	n->inflight = number(j, "inflight");
	n->memory = number(j, "memory_used");
	if (isnan(n->memory) && total > 0)
		n->memory = (total - free_bytes) / total;
	n->memory_bytes = total;
	n->pressure = number(json_object_get(j, "pressure"), "cpu");
	n->cost = number(j, "cost");
	n->score = number(j, "score");
	n->share = number(j, "share");
	n->age = number(j, "age_seconds");
	n->tasks = number(j, "tasks");
}

static void
service_read(struct top_service *s, const json_t *j)
{
	const json_t *route = json_array_get(json_object_get(j, "routes"), 0);
	const char *listener = text_of(route, "listener"), *host = text_of(route, "host");
	char text[600];

	TEXT(s->name, j, "name");
	TEXT(s->policy, j, "policy");
	TEXT(s->profile, j, "profile");
	TEXT(s->text, json_array_get(json_object_get(j, "troubles"), 0), "text");
	s->served = !json_is_false(json_object_get(j, "served"));
	if (*listener != '\0')
		snprintf(text, sizeof text, "tcp %.200s %.200s", listener, host);
	else if (route != NULL)
		snprintf(text, sizeof text, "%.200s%.200s", *host == '\0' ? "*" : host, text_of(route, "path"));
	else
		text[0] = '\0';
	text_put(s->route, sizeof s->route, text);
	s->tasks = number(j, "tasks");
	s->usable = number(j, "usable");
	s->inflight = number(j, "inflight");
	s->rate = number(j, "requests_per_second");
	s->errors = number(j, "errors_per_second");
	s->p50 = number(j, "p50_seconds");
	s->p99 = number(j, "p99_seconds");
	s->requests = number(j, "requests_total");
	s->failures = number(j, "failures_total");
}

static void
warning_read(struct top_warning *w, const json_t *j)
{
	TEXT(w->severity, j, "severity");
	TEXT(w->kind, j, "kind");
	TEXT(w->name, j, "name");
	TEXT(w->text, j, "text");
	TEXT(w->remedy, j, "remedy");
	w->since = number(j, "since_seconds");
}

static void
task_read(struct top_task *t, const json_t *j)
{
	const json_t *failure = json_object_get(j, "last_failure");
	char text[600] = "";

	TEXT(t->name, j, "name");
	TEXT(t->service, j, "service");
	TEXT(t->node, j, "node");
	TEXT(t->address, j, "address");
	TEXT(t->state, j, "state");
	if (json_is_object(failure))
		snprintf(text, sizeof text, "failed %.0f s ago: %.400s", number(failure, "age_seconds"),
		    text_of(failure, "text"));
	text_put(t->text, sizeof t->text, text);
	t->inflight = number(j, "inflight");
	t->rate = number(j, "requests_per_second");
	t->share = number(j, "share");
	t->cost = number(j, "cost");
	t->errors = number(j, "errors_per_second");
	t->p99 = number(j, "p99_seconds");
	t->requests = number(j, "requests_total");
	t->failures = number(j, "failures_total");
}

static struct top_event *
event_add(struct top_model *m)
{
	if (m->nevents == TOP_EVENTS_MAX)
		memmove(m->event, m->event + 1, --m->nevents * sizeof *m->event);
	if (m->nevents == m->events_room) {
		m->events_room = m->events_room == 0 ? 32 : 2 * m->events_room;
		m->event = must_realloc(m->event, m->events_room * sizeof *m->event);
	}
	m->event[m->nevents] = (struct top_event){ 0 };
	return &m->event[m->nevents++];
}

static void
event_read(struct top_event *e, const json_t *j)
{
	const json_t *id = json_object_get(j, "id");

	e->id = json_is_integer(id) ? (uint64_t)json_integer_value(id) : 0;
	TEXT(e->time, j, "time");
	TEXT(e->level, j, "level");
	TEXT(e->name, j, "event");
	TEXT(e->text, j, "text");
}

void
model_drained(struct top_model *m, const char *name, bool task, bool drained)
{
	for (size_t i = 0; i < m->ntasks && task; i++)
		if (strcmp(m->task[i].name, name) == 0)
			strcpy(m->task[i].state, drained ? "draining" : "");
	for (size_t i = 0; i < m->nnodes && !task; i++)
		if (strcmp(m->node[i].name, name) == 0)
			strcpy(m->node[i].state, drained ? "drained" : "");
}

void
model_note(struct top_model *m, const char *text)
{
	struct top_event *e = event_add(m);

	strcpy(e->level, "note");
	text_put(e->text, sizeof e->text, text);
}

/* The rows of a list, one after the other, in place of those before. */
#define ROWS_READ(list, row, count, read) do { \
	(row) = must_realloc((row), (json_array_size(list) + 1) * sizeof *(row)); \
	(count) = 0; \
	json_array_foreach((list), i, j) \
		(read)(&(row)[(count)++], j); \
} while (0)

void
model_take(struct top_model *m, const char *topic, const json_t *value)
{
	const json_t *list = json_object_get(value, topic), *j;
	size_t i;

	if (!json_is_array(list))
		return;
	if (strcmp(topic, "nodes") == 0) {
		ROWS_READ(list, m->node, m->nnodes, node_read);
		m->has_nodes = true;
	} else if (strcmp(topic, "services") == 0) {
		ROWS_READ(list, m->service, m->nservices, service_read);
		m->has_services = true;
	} else if (strcmp(topic, "tasks") == 0) {
		ROWS_READ(list, m->task, m->ntasks, task_read);
		m->has_tasks = true;
	} else if (strcmp(topic, "warnings") == 0)
		ROWS_READ(list, m->warning, m->nwarnings, warning_read);
	else if (strcmp(topic, "events") == 0) {
		json_array_foreach(list, i, j)
			event_read(event_add(m), j);
		m->has_events = true;
	}
}
