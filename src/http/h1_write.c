/*
 * Pure: a message and edits in, a list of slices out. Must not know where the message goes,
 * nor why it is edited.
 *
 * Every piece is a start line, or a field behind the line end before it: "\r\nName: value". So
 * lines that stay, and that stood next to each other, are one slice of the buffer, and the
 * empty line at the end may be the buffer's, too.
 */
#include <string.h>

#include "base/bug.h"
#include "http/chars.h"
#include "http/h1_write.h"

/* Behind the last field: Connection, and the empty line. */
static const struct str ends[] = {
	[H1_UNSAID] = { "\r\n\r\n", 4 },
	[H1_CLOSE] = { "\r\nConnection: close\r\n\r\n", 23 },
	[H1_KEEP_ALIVE] = { "\r\nConnection: keep-alive\r\n\r\n", 28 },
	[H1_UPGRADE] = { "\r\nConnection: upgrade\r\n\r\n", 25 },
};

/* A field that cannot be sent as it stands: its message is untidy, or did not come as HTTP/1. */
static void
add_field(struct gather *g, const struct field *f)
{
	gather_add(g, STR("\r\n"));
	if (f->line.len > 0) {		/* up to the value: what follows is ours to write */
		gather_add(g, str_between(f->line.p, f->value.p + f->value.len));
		return;
	}
	gather_add(g, f->name);
	gather_add(g, STR(": "));
	gather_add(g, f->value);
}

/*
 * All that comes behind the start line; `run` is what of that is still to be added, a slice of
 * the buffer.
 */
static void
add_fields(struct gather *g, struct str run, const struct message *m, const struct edits *e,
    uint32_t dropped, enum h1_connection c)
{
	bool stands = m->h1.start_line.len > 0 && !m->h1.untidy;	/* CRLF around each line */
	const struct field *f = m->field, *end = f + m->nfields;

	for (; f < end; f++) {
		struct str piece;
		if (f->hop && !(f->id == FIELD_UPGRADE && c == H1_UPGRADE))
			continue;
		if ((dropped & FIELD_BIT(f->id)) != 0)
			continue;
		if (stands) {
			piece = (struct str){ f->line.p - 2, f->line.len };
			if (f == e->extended)
				piece = str_between(piece.p, f->value.p + f->value.len);
			if (run.len > 0 && run.p + run.len == piece.p)
				run.len += piece.len;
			else {
				gather_add(g, run);
				run = piece;
			}
		} else
			add_field(g, f);
		if (f == e->extended) {
			gather_add(g, run);
			gather_add(g, STR(", "));
			gather_add(g, e->extension);
			run = (struct str){ NULL, 0 };
		}
	}
	if (stands && e->nadded == 0 && m->length_text.len == 0 && c == H1_UNSAID && run.len > 0
	    && m->nfields > 0 && run.p + run.len == end[-1].line.p + end[-1].line.len - 2) {
		ASSERT(memcmp(run.p + run.len, "\r\n\r\n", 4) == 0);
		run.len += 4;
		gather_add(g, run);
		return;
	}
	gather_add(g, run);
	if (m->length_text.len > 0) {
		gather_add(g, STR("\r\nContent-Length: "));
		gather_add(g, m->length_text);
	}
	for (int i = 0; i < e->nadded; i++) {
		gather_add(g, e->added[i].name);
		gather_add(g, e->added[i].value);
	}
	gather_add(g, ends[c]);
}

static struct str
without_end(struct str line)
{
	ASSERT(line.len > 2 && line.p[line.len - 2] == '\r' && line.p[line.len - 1] == '\n');
	return (struct str){ line.p, line.len - 2 };
}

bool
h1_write_request(struct gather *g, const struct message *m, const struct edits *e,
    enum h1_connection c)
{
	bool h1 = m->h1.start_line.len > 0;
	bool origin_form = h1 && m->target.p == m->method.p + m->method.len + 1;
	struct str authority = e->authority, run = { NULL, 0 };
	uint32_t dropped = e->dropped;

	ASSERT(m->status == 0 && m->method.len > 0 && m->target.len > 0 && m->nfields <= m->limits.fields);
	gather_clear(g);
	if (origin_form && m->h1.minor == 1)
		run = without_end(m->h1.start_line);
	else {
		gather_add(g, m->method);
		gather_add(g, h1 ? (struct str){ m->method.p + m->method.len, 1 } : STR(" "));
		gather_add(g, m->target);
		gather_add(g, STR(" HTTP/1.1"));
	}
	if (authority.len == 0 && !origin_form)
		authority = m->authority;
	if (authority.len > 0) {
		gather_add(g, run);
		gather_add(g, STR("\r\nHost: "));
		gather_add_slot(g, authority);
		run = (struct str){ NULL, 0 };
		dropped |= FIELD_BIT(FIELD_HOST);
	}
	add_fields(g, run, m, e, dropped, c);
	return !g->full;
}

bool
h1_write_response(struct gather *g, const struct message *m, const struct edits *e,
    enum h1_connection c)
{
	struct str run = { NULL, 0 };

	ASSERT(m->status >= 100 && m->h1.status_text.len >= 3 && m->nfields <= m->limits.fields);
	ASSERT(c != H1_UPGRADE || m->status == 101);
	gather_clear(g);
	if (m->h1.minor == 1 && !m->h1.untidy)
		run = without_end(m->h1.start_line);
	else {
		gather_add(g, STR("HTTP/1.1 "));
		gather_add(g, m->h1.status_text);
	}
	add_fields(g, run, m, e, e->dropped, c);
	return !g->full;
}
