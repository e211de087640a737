/*
 * sse: lines become fields, an empty line ends an event. Most of a line is copied once, as it
 * comes. Must not know what events are about.
 */
#include "base/bug.h"
#include "cli/sse.h"

static void
event_clear(struct sse *s)
{
	buf_clear(&s->data);
	s->event[0] = '\0';
	s->any = s->cut = false;
}

void
sse_init(struct sse *s, size_t most, sse_event_f *fn, void *arg)
{
	*s = (struct sse){ .fn = fn, .arg = arg };
	buf_init(&s->line, most);
	buf_init(&s->data, most);
}

void
sse_restart(struct sse *s)
{
	buf_clear(&s->line);
	event_clear(s);
	s->after_cr = s->begun = false;
}

void
sse_fini(struct sse *s)
{
	buf_fini(&s->line);
	buf_fini(&s->data);
}

/* An event without data is none. */
static void
event_end(struct sse *s)
{
	if (s->any && !s->cut)
		s->fn(s->arg, s->event[0] == '\0' ? "message" : s->event, s->id, buf_str(&s->data));
	event_clear(s);
}

static void
data_add(struct sse *s, struct str value)
{
	if (s->any && !buf_add(&s->data, "\n", 1))
		s->cut = true;
	s->any = true;
	if (!buf_adds(&s->data, value))
		s->cut = true;
}

/* A name that does not fit is no event of ours, nor an id that can be sent back. */
static void
name_set(char name[SSE_NAME_MAX], struct str value)
{
	if (value.len >= SSE_NAME_MAX || memchr(value.p, '\0', value.len) != NULL)
		name[0] = '\0';
	else
		str_copy(name, SSE_NAME_MAX, value);
}

static void
line_read(struct sse *s, struct str line)
{
	struct str field = line, value = { "", 0 };
	const char *colon = line.len == 0 ? NULL : memchr(line.p, ':', line.len);

	if (line.len == 0) {
		event_end(s);
		return;
	}
	if (colon != NULL) {
		field.len = (size_t)(colon - line.p);
		value = (struct str){ colon + 1, line.len - field.len - 1 };
		if (value.len > 0 && value.p[0] == ' ')
			value = (struct str){ value.p + 1, value.len - 1 };
	}
	if (str_eq(field, STR("data")))
		data_add(s, value);
	else if (str_eq(field, STR("event")))
		name_set(s->event, value);
	else if (str_eq(field, STR("id")))
		name_set(s->id, value);
	/* retry, comments (an empty field) and what is not known: nothing */
}

/* `line` goes up to its end, beside what has come of it before. */
static void
line_end(struct sse *s, struct str line)
{
	bool cut = s->line.full || line.len > s->line.max - s->line.len;

	if (s->line.len > 0 && !cut) {
		buf_adds(&s->line, line);
		line = buf_str(&s->line);
	}
	if (!s->begun && str_starts(line, STR("\xef\xbb\xbf")))
		line = (struct str){ line.p + 3, line.len - 3 };
	s->begun = true;
	if (cut)
		s->cut = true;
	else
		line_read(s, line);
	buf_clear(&s->line);
}

void
sse_feed(struct sse *s, const char *bytes, size_t n)
{
	const char *end = bytes + n, *at;

	while (bytes < end) {
		if (s->after_cr && *bytes == '\n')
			bytes++;
		s->after_cr = false;
		for (at = bytes; at < end && *at != '\n' && *at != '\r'; at++)
			;
		if (at == end) {
			buf_add(&s->line, bytes, (size_t)(end - bytes));	/* does not fit: full says so */
			return;
		}
		ASSERT(*at == '\n' || *at == '\r');
		s->after_cr = *at == '\r';
		line_end(s, (struct str){ bytes, (size_t)(at - bytes) });
		bytes = at + 1;
	}
}
