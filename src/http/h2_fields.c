/*
 * Pure: slices in, slices out.
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "http/chars.h"
#include "http/h2_fields.h"

void
h2_fields_fini(struct h2_fields *f)
{
	free(f->nv);
	*f = (struct h2_fields){ 0 };
}

static bool
room(struct h2_fields *f, size_t n)
{
	nghttp2_nv *nv;

	f->n = 0;
	if (n <= f->cap)
		return true;
	if ((nv = try_alloc(n * sizeof *nv)) == NULL)
		return false;
	free(f->nv);
	f->nv = nv;
	f->cap = n;
	return true;
}

static void
add(struct h2_fields *f, struct str name, struct str value)
{
	ASSERT(f->n < f->cap && name.len > 0);
	f->nv[f->n++] = (nghttp2_nv){ (uint8_t *)(uintptr_t)name.p,
	    (uint8_t *)(uintptr_t)(value.len > 0 ? value.p : ""), name.len, value.len,
	    NGHTTP2_NV_FLAG_NONE };
}

/* HTTP/2 has no such handshake. */
static bool
is_of_handshake(struct str name)
{
	return str_eq_nocase(name, STR("sec-websocket-accept"))
	    || str_eq_nocase(name, STR("sec-websocket-key"));
}

bool
h2_fields_response(struct h2_fields *f, const struct message *m, bool opens)
{
	int status = opens ? 200 : m->status;

	ASSERT(status >= 100 && status <= 999 && (status != 101 || opens));
	if (!room(f, (size_t)m->nfields + 2))
		return false;
	for (int i = 3; i-- > 0; status /= 10)
		f->status[i] = (char)('0' + status % 10);
	add(f, STR(":status"), (struct str){ f->status, 3 });
	for (int i = 0; i < m->nfields; i++) {
		const struct field *x = &m->field[i];
		if (x->hop || x->id == FIELD_TRANSFER_ENCODING || (opens && is_of_handshake(x->name)))
			continue;
		add(f, x->name, x->value);
	}
	if (m->length_text.len > 0)
		add(f, STR("content-length"), m->length_text);
	return true;
}

bool
h2_is_grpc(struct str type)
{
	struct str grpc = STR("application/grpc");

	return type.len >= grpc.len && str_eq_nocase((struct str){ type.p, grpc.len }, grpc)
	    && (type.len == grpc.len || type.p[grpc.len] == '+' || type.p[grpc.len] == ';');
}

bool
h2_fields_tunnel(struct h2_fields *f, const struct message *m, struct str scheme)
{
	struct message_walk walk;
	struct message_pair pair;

	if (!room(f, (size_t)m->nfields + 6))
		return false;
	add(f, STR(":method"), STR("CONNECT"));
	add(f, STR(":protocol"), STR("websocket"));
	message_walk(&walk, m, &edits_none, scheme);
	while (message_next(&walk, &pair))
		if (!str_eq(pair.name, STR(":method")) && !is_of_handshake(pair.name))
			add(f, pair.name, pair.value);
	return true;
}

bool
h2_fields_request(struct h2_fields *f, const struct message *m, struct str scheme)
{
	struct message_walk walk;
	struct message_pair pair;
	bool grpc = false;

	if (!room(f, (size_t)m->nfields + 6))
		return false;
	message_walk(&walk, m, &edits_none, scheme);
	while (message_next(&walk, &pair)) {
		ASSERT(pair.extension.len == 0);
		add(f, pair.name, pair.value);
		if (str_eq_nocase(pair.name, STR("content-type")))
			grpc = h2_is_grpc(pair.value);
	}
	if (grpc)
		add(f, STR("te"), STR("trailers"));
	return true;
}

static size_t
lines_count(struct str lines)
{
	size_t n = 0;

	for (size_t i = 0; i < lines.len; i++)
		n += lines.p[i] == '\n';
	return n;
}

bool
h2_fields_trailers(struct h2_fields *f, struct str lines)
{
	struct str line;
	const char *colon;

	if (!room(f, lines_count(lines) + 1))
		return false;
	while (str_split(&lines, '\n', &line)) {
		if (line.len < 2)
			continue;
		ASSERT(line.p[line.len - 1] == '\r');
		line.len--;
		colon = memchr(line.p, ':', line.len);
		ASSERT(colon != NULL && colon > line.p);
		add(f, str_between(line.p, colon), str_trim(str_between(colon + 1, line.p + line.len)));
	}
	return true;
}
