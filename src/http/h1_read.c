/*
 * The grammar: walks the bytes once, cuts them into a start line and fields, and refuses what
 * it does not know. What fields mean together is h1_sense.c's business. Neither allocates, and
 * neither keeps anything between calls.
 *
 * Heads usually come in one piece, so the first call parses at once. When a head trickles in,
 * later calls only look for its end, from where the last look ended, and parse again when it is
 * there: linear time.
 */
#include <endian.h>
#include <string.h>

#include "base/bug.h"
#include "http/chars.h"
#include "http/h1_read.h"
#include "http/h1_sense.h"

struct input {
	const char	*p, *end;
	bool		 lenient;	/* a response: see h1_read.h */
	bool		 bare_lf;	/* a line ended in one */
};

static enum parse
bad(const struct why **why, const struct why *reason)
{
	*why = reason;
	return PARSE_BAD;
}

/* ---- names ---- */

struct known_field {
	uint8_t		 id;
	bool		 hop;
	const char	*name;
};

/*
 * By length of the name; no length has more than three. Framing passes through verbatim: not
 * hop-by-hop here.
 */
static const struct known_field known_fields[26][3] = {
	[2] = { { FIELD_TE, true, "te" } },
	[4] = { { FIELD_HOST, false, "host" }, { FIELD_DATE, false, "date" } },
	[6] = { { FIELD_COOKIE, false, "cookie" }, { FIELD_EXPECT, false, "expect" },
		{ FIELD_ACCEPT, false, "accept" } },
	[7] = { { FIELD_UPGRADE, true, "upgrade" }, { FIELD_TRAILER, false, "trailer" } },
	[9] = { { FIELD_X_REAL_IP, false, "x-real-ip" }, { FIELD_FORWARDED, false, "forwarded" } },
	[10] = { { FIELD_CONNECTION, true, "connection" }, { FIELD_KEEP_ALIVE, true, "keep-alive" } },
	[14] = { { FIELD_CONTENT_LENGTH, false, "content-length" } },
	[15] = { { FIELD_X_FORWARDED_FOR, false, "x-forwarded-for" } },
	[16] = { { FIELD_X_FORWARDED_HOST, false, "x-forwarded-host" },
		 { FIELD_X_FORWARDED_PORT, false, "x-forwarded-port" },
		 { FIELD_PROXY_CONNECTION, true, "proxy-connection" } },
	[17] = { { FIELD_TRANSFER_ENCODING, false, "transfer-encoding" },
		 { FIELD_X_FORWARDED_PROTO, false, "x-forwarded-proto" } },
	/* what a client and its proxy say to each other (RFC 9110, 11.7) */
	[18] = { { FIELD_OTHER, true, "proxy-authenticate" } },
	[19] = { { FIELD_OTHER, true, "proxy-authorization" } },
	[21] = { { FIELD_LOAD, false, "endpoint-load-metrics" } },
	[25] = { { FIELD_STRICT_TRANSPORT_SECURITY, false, "strict-transport-security" },
		 { FIELD_LOAD_BIN, false, "endpoint-load-metrics-bin" } },
};

static const struct str forwarded = { "x-forwarded", 11 };

static bool
is_dash(char c)
{
	return c == '-' || c == '_';
}

/*
 * `lower` holds letters and '-' only, so that setting bit 5 of a token byte folds case and
 * nothing else. *twin: a '_' stands where `lower` has '-'.
 */
static bool
name_is(const char *name, const char *lower, size_t len, bool *twin)
{
	*twin = false;
	for (size_t i = 0; i < len; i++)
		if ((name[i] | 0x20) != lower[i]) {
			if (lower[i] != '-' || name[i] != '_')
				return false;
			*twin = true;
		}
	return true;
}

static void
field_identify(struct field *f)
{
	const struct known_field *k;
	bool twin;

	f->id = FIELD_OTHER;
	f->hop = false;
	if (f->name.len < sizeof known_fields / sizeof known_fields[0]) {
		k = known_fields[f->name.len];
		for (int i = 0; i < 3 && k[i].name != NULL; i++)
			if (name_is(f->name.p, k[i].name, f->name.len, &twin)) {
				f->id = twin ? FIELD_TWIN : k[i].id;
				f->hop = !twin && k[i].hop;
				return;
			}
	}
	if (f->name.len >= forwarded.len && name_is(f->name.p, forwarded.p, forwarded.len, &twin)
	    && (f->name.len == forwarded.len || is_dash(f->name.p[forwarded.len])))
		f->id = twin || memchr(f->name.p, '_', f->name.len) != NULL ? FIELD_TWIN : FIELD_FORWARDED;
}

/* ---- grammar ---- */

#define EACH_BYTE UINT64_C(0x0101010101010101)

/*
 * Eight bytes at a time. Of control bytes HTAB alone may pass; the caller judges what else ends
 * the run.
 */
static const char *
value_skip(const char *p, const char *end)
{
	ASSERT(p <= end);
	while (end - p >= 8) {
		uint64_t w, del, stop;

		memcpy(&w, p, 8);
		w = le64toh(w);
		del = w ^ EACH_BYTE * 0x7f;
		stop = ((w - EACH_BYTE * 0x20) & ~w) | ((del - EACH_BYTE) & ~del);
		stop &= EACH_BYTE * 0x80;
		if (stop == 0) {
			p += 8;
			continue;
		}
		/* below the lowest mark all bytes are fine: borrows only travel upwards */
		p += __builtin_ctzll(stop) / 8;
		if (*p != '\t')
			return p;
		p++;
	}
	return chars_skip(p, end, CHAR_VALUE);
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/*
 * At a byte that ended a run. DONE: the line ends here, and *next begins behind it. MORE: there
 * is too little to know.
 */
static enum parse
line_end(struct input *in, const char *p, const char **next)
{
	ASSERT(p >= in->p && p <= in->end);
	if (p == in->end || (*p == '\r' && in->end - p == 1))
		return PARSE_MORE;
	if (p[0] == '\r' && p[1] == '\n') {
		*next = p + 2;
		return PARSE_DONE;
	}
	if (p[0] != '\n' || !in->lenient)
		return PARSE_BAD;
	in->bare_lf = true;
	*next = p + 1;
	return PARSE_DONE;
}

static enum parse
parse_field(struct input *in, struct field *f)
{
	const char *line = in->p, *end = in->end, *from, *to, *p, *next;
	enum parse r;

	p = chars_skip(line, end, CHAR_TOKEN);
	if (p == end)
		return PARSE_MORE;
	if (*p != ':' || p == line)
		return PARSE_BAD;
	f->name = str_between(line, p);
	do
		p++;
	while (p < end && is_blank(*p));
	from = p;
	to = p = value_skip(p, end);
	if ((r = line_end(in, p, &next)) != PARSE_DONE)
		return r;
	while (to > from && is_blank(to[-1]))
		to--;
	f->value = str_between(from, to);
	f->line = str_between(line, next);
	in->p = next;
	return PARSE_DONE;
}

static enum parse
parse_fields(struct message *m, struct input *in, struct sense *s, const struct why **why)
{
	for (;; m->nfields++) {
		struct field *f = &m->field[m->nfields];
		enum parse r;

		if (in->p == in->end)
			return PARSE_MORE;
		if (*in->p == '\r' || *in->p == '\n') {
			r = line_end(in, in->p, &in->p);
			return r == PARSE_BAD ? bad(why, WHY_BAD_FIELD) : r;
		}
		if (m->nfields == m->limits.fields)
			return bad(why, WHY_TOO_MANY_FIELDS);
		if ((r = parse_field(in, f)) != PARSE_DONE)
			return r == PARSE_BAD ? bad(why, WHY_BAD_FIELD) : r;
		field_identify(f);
		if (f->id != FIELD_OTHER)
			sense_note(s, f);
	}
}

/* "HTTP/1.x" at p, where eight bytes are. */
static const struct why *
version(const char *p, int *minor)
{
	if (memcmp(p, "HTTP/", 5) != 0 || p[5] < '0' || p[5] > '9' || p[6] != '.' || p[7] < '0'
	    || p[7] > '9')
		return WHY_BAD_REQUEST_LINE;
	if (p[5] != '1' || p[7] > '1')
		return WHY_BAD_VERSION;
	*minor = p[7] - '0';
	return NULL;
}

static enum parse
parse_request_line(struct message *m, struct input *in, const struct why **why)
{
	const char *start = in->p, *end = in->end, *p, *target;
	const struct why *w;

	p = chars_skip(start, end, CHAR_TOKEN);
	if (p == end)
		return PARSE_MORE;
	if (*p != ' ' || p == start)
		return bad(why, WHY_BAD_REQUEST_LINE);
	m->method = str_between(start, p);
	if (str_eq(m->method, STR("CONNECT")))
		return bad(why, WHY_METHOD_REFUSED);
	target = ++p;
	p = chars_skip(p, end, CHAR_TARGET);
	if (p == end)
		return PARSE_MORE;
	if (*p != ' ' || p == target)
		return bad(why, *p == '\r' || *p == '\n' ? WHY_BAD_REQUEST_LINE : WHY_BAD_TARGET);
	m->target = str_between(target, p++);
	if (end - p < 10)
		return memchr(p, '\n', (size_t)(end - p)) == NULL ? PARSE_MORE
		    : bad(why, WHY_BAD_REQUEST_LINE);
	if ((w = version(p, &m->h1.minor)) != NULL)
		return bad(why, w);
	if (p[8] != '\r' || p[9] != '\n')
		return bad(why, WHY_BAD_REQUEST_LINE);
	in->p = p + 10;
	m->h1.start_line = str_between(start, in->p);
	return PARSE_DONE;
}

/*
 * "HTTP/1.x NNN", then a reason or none. The space before an empty reason may be missing, and
 * there may be more of them.
 */
static enum parse
parse_status_line(struct message *m, struct input *in, const struct why **why)
{
	const char *start = in->p, *end = in->end, *p = start + 8, *text;
	enum parse r;

	if (end - start < 13)
		return memchr(start, '\n', (size_t)(end - start)) == NULL ? PARSE_MORE
		    : bad(why, WHY_BAD_REQUEST_LINE);
	if (version(start, &m->h1.minor) != NULL || *p != ' ')
		return bad(why, WHY_BAD_REQUEST_LINE);
	while (p < end && *p == ' ')
		p++;
	text = p;
	for (; p < text + 3; p++) {
		if (p == end)
			return PARSE_MORE;
		if (*p < '0' || *p > '9')
			return bad(why, WHY_BAD_REQUEST_LINE);
		m->status = m->status * 10 + *p - '0';
	}
	if (m->status < 100)
		return bad(why, WHY_BAD_REQUEST_LINE);
	if (p < end && *p == ' ') {
		const char *reason = ++p;
		p = value_skip(p, end);
		m->h1.reason = str_between(reason, p);
	}
	m->h1.status_text = str_between(text, p);
	if ((r = line_end(in, p, &in->p)) != PARSE_DONE)
		return r == PARSE_BAD ? bad(why, WHY_BAD_REQUEST_LINE) : r;
	m->h1.start_line = str_between(start, in->p);
	m->h1.untidy = text > start + 9;
	return PARSE_DONE;
}

/* ---- whole heads ---- */

/* True when there is something to parse: a whole head, or a line end that no head may have. */
static bool
end_seen(struct str in, size_t scanned, bool lenient)
{
	const char *p = in.p + scanned, *end = in.p + in.len, *lf;

	for (; p < end && (lf = memchr(p, '\n', (size_t)(end - p))) != NULL; p = lf + 1) {
		size_t at = (size_t)(lf - in.p);
		bool cr = at >= 1 && lf[-1] == '\r';
		if (!cr && (!lenient || at == 0 || lf[-1] == '\n'))
			return true;
		if (cr && at >= 2 && lf[-2] == '\n')
			return true;
	}
	return false;
}

static enum parse
begin(struct message *m, struct str *in, const size_t *scanned, bool lenient)
{
	ASSERT(m->limits.fields > 0 && m->limits.bytes > 0 && m->field != NULL);
	ASSERT(*scanned <= in->len);
	if (in->len > m->limits.bytes)
		in->len = m->limits.bytes;
	if (in->len == 0 || (*scanned > 0 && !end_seen(*in, *scanned, lenient)))
		return PARSE_MORE;
	memset(m, 0, offsetof(struct message, limits));
	return PARSE_DONE;
}

static enum parse
incomplete(const struct message *m, struct str in, size_t *scanned, const struct why **why)
{
	if (in.len >= m->limits.bytes)
		return bad(why, WHY_HEAD_TOO_LARGE);
	*scanned = in.len;
	return PARSE_MORE;
}

/*
 * What writers of the head rely on: fields that were counted, lines that lie behind
 * each other in `in`.
 */
static size_t
head_length(const struct message *m, struct str in, const struct input *at)
{
	const struct field *last = &m->field[m->nfields > 0 ? m->nfields - 1 : 0];
	const char *end = m->h1.start_line.p + m->h1.start_line.len;

	ASSERT(at->p > in.p && at->p <= at->end && m->h1.start_line.p >= in.p);
	ASSERT(m->nfields <= m->limits.fields && (m->h1.minor == 0 || m->h1.minor == 1));
	ASSERT(m->nfields == 0 || (m->field[0].line.p == end && last->line.p + last->line.len < at->p));
	ASSERT((m->body == BODY_LENGTH) == (m->length > 0));
	return (size_t)(at->p - in.p);
}

static enum parse
request(struct message *m, struct input *in, const struct why **why)
{
	struct sense s = { 0 };
	enum parse r;

	if (*in->p == '\r' && (r = line_end(in, in->p, &in->p)) != PARSE_DONE)
		return r == PARSE_BAD ? bad(why, WHY_BAD_REQUEST_LINE) : r;
	if ((r = parse_request_line(m, in, why)) != PARSE_DONE
	    || (r = parse_fields(m, in, &s, why)) != PARSE_DONE)
		return r;
	*why = sense_request(m, &s);
	return *why == NULL ? PARSE_DONE : PARSE_BAD;
}

static enum parse
response(struct message *m, struct input *in, bool to_head, const struct why **why)
{
	struct sense s = { 0 };
	enum parse r;

	if ((r = parse_status_line(m, in, why)) != PARSE_DONE
	    || (r = parse_fields(m, in, &s, why)) != PARSE_DONE)
		return r;
	m->h1.untidy |= in->bare_lf;
	*why = sense_response(m, &s, to_head);
	return *why == NULL ? PARSE_DONE : PARSE_BAD;
}

enum parse
h1_read_request(struct message *m, struct str in, size_t *scanned, size_t *used,
    const struct why **why)
{
	enum parse r = begin(m, &in, scanned, false);
	struct input at = { .p = in.p, .end = in.p + in.len };

	if (r == PARSE_DONE)
		r = request(m, &at, why);
	if (r == PARSE_MORE)
		return incomplete(m, in, scanned, why);
	if (r == PARSE_DONE)
		*used = head_length(m, in, &at);
	return r;
}

enum parse
h1_read_response(struct message *m, struct str in, bool to_head, size_t *scanned, size_t *used,
    const struct why **why)
{
	enum parse r = begin(m, &in, scanned, true);
	struct input at = { .p = in.p, .end = in.p + in.len, .lenient = true };

	if (r == PARSE_DONE)
		r = response(m, &at, to_head, why);
	if (r == PARSE_MORE)
		r = incomplete(m, in, scanned, why);
	if (r == PARSE_DONE)
		*used = head_length(m, in, &at);
	else if (r == PARSE_BAD)
		*why = *why == WHY_HEAD_TOO_LARGE || *why == WHY_TOO_MANY_FIELDS
		    ? WHY_UPSTREAM_HEAD_LARGE : WHY_UPSTREAM_BAD_HEAD;
	return r;
}
