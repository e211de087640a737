/*
 * Two layers. The lower one knows the grammar: it walks the bytes once, cuts them into a start line and
 * fields, and refuses whatever the grammar does not know. The upper one knows what fields mean together:
 * host, framing, persistence. Neither allocates, and neither keeps anything between calls.
 *
 * Heads usually come in one piece, so the first call parses at once. When a head trickles in, later calls only
 * look for its end, from where the last look ended, and parse again when it is there: linear time.
 */
#include <endian.h>
#include <string.h>

#include "http/chars.h"
#include "http/h1_parse.h"

#define CONNECTION_NAMES_MAX 32		/* fields that Connection may name: each is looked for among all fields */

struct input {
	const char	*p, *end;
};

/* Where the fields with a meaning stand, how often, and what Connection said. */
struct sense {
	int			 hosts, lengths, codings;
	const struct field	*host, *length, *coding;
	bool			 connection, upgrade;	/* there is such a field */
	bool			 close, keep_alive;	/* Connection says so */
};

static enum parse
bad(const struct why **why, const struct why *reason)
{
	*why = reason;
	return PARSE_BAD;
}

static struct str
slice(const char *from, const char *to)
{
	return (struct str){ from, (size_t)(to - from) };
}

/* ---- names ---- */

struct known {
	uint8_t		 id;
	bool		 hop;
	const char	*name;
};

/* By length of the name; no length has more than two. Framing passes through verbatim: not hop-by-hop here. */
static const struct known known[18][2] = {
	[2] = { { FIELD_TE, true, "te" } },
	[4] = { { FIELD_HOST, false, "host" }, { FIELD_DATE, false, "date" } },
	[6] = { { FIELD_COOKIE, false, "cookie" }, { FIELD_EXPECT, false, "expect" } },
	[7] = { { FIELD_UPGRADE, true, "upgrade" }, { FIELD_TRAILER, false, "trailer" } },
	[10] = { { FIELD_CONNECTION, true, "connection" }, { FIELD_KEEP_ALIVE, true, "keep-alive" } },
	[14] = { { FIELD_CONTENT_LENGTH, false, "content-length" } },
	[15] = { { FIELD_X_FORWARDED_FOR, false, "x-forwarded-for" } },
	[16] = { { FIELD_X_FORWARDED_HOST, false, "x-forwarded-host" },
		 { FIELD_PROXY_CONNECTION, true, "proxy-connection" } },
	[17] = { { FIELD_TRANSFER_ENCODING, false, "transfer-encoding" },
		 { FIELD_X_FORWARDED_PROTO, false, "x-forwarded-proto" } },
};

/* `lower` holds letters and '-' only, so that setting bit 5 of a token byte folds case and nothing else. */
static bool
name_is(const char *name, const char *lower, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((name[i] | 0x20) != lower[i])
			return false;
	return true;
}

static void
field_know(struct field *f)
{
	const struct known *k;

	f->id = FIELD_OTHER;
	f->hop = false;
	if (f->name.len >= sizeof known / sizeof known[0])
		return;
	k = known[f->name.len];
	for (int i = 0; i < 2 && k[i].name != NULL; i++)
		if (name_is(f->name.p, k[i].name, f->name.len)) {
			f->id = k[i].id;
			f->hop = k[i].hop;
			return;
		}
}

/* ---- grammar ---- */

#define EACH_BYTE UINT64_C(0x0101010101010101)

/* Eight bytes at a time while none is a control byte; the table decides about the byte that stopped us. */
static const char *
value_skip(const char *p, const char *end)
{
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

/* At a byte that ended a run: CRLF, or not enough to know, or wrong. */
static enum parse
crlf(const char *p, const char *end)
{
	if (p == end || (*p == '\r' && end - p == 1))
		return PARSE_MORE;
	return p[0] == '\r' && p[1] == '\n' ? PARSE_DONE : PARSE_BAD;
}

static enum parse
parse_field(struct input *in, struct field *f)
{
	const char *line = in->p, *end = in->end, *from, *to, *p;
	enum parse r;

	p = chars_skip(line, end, CHAR_TOKEN);
	if (p == end)
		return PARSE_MORE;
	if (*p != ':' || p == line)
		return PARSE_BAD;
	f->name = slice(line, p);
	do
		p++;
	while (p < end && is_blank(*p));
	from = p;
	to = p = value_skip(p, end);
	if ((r = crlf(p, end)) != PARSE_DONE)
		return r;
	while (to > from && is_blank(to[-1]))
		to--;
	f->value = slice(from, to);
	f->line = slice(line, p + 2);
	in->p = p + 2;
	return PARSE_DONE;
}

static void sense_note(struct sense *, const struct field *);

static enum parse
parse_fields(struct head *h, struct input *in, struct sense *s, const struct why **why)
{
	for (;; h->nfields++) {
		struct field *f = &h->field[h->nfields];
		enum parse r;

		if (in->p == in->end)
			return PARSE_MORE;
		if (*in->p == '\r') {
			if ((r = crlf(in->p, in->end)) == PARSE_DONE)
				in->p += 2;
			return r == PARSE_BAD ? bad(why, WHY_BAD_FIELD) : r;
		}
		if (h->nfields == MSG_FIELDS_MAX)
			return bad(why, WHY_TOO_MANY_FIELDS);
		if ((r = parse_field(in, f)) != PARSE_DONE)
			return r == PARSE_BAD ? bad(why, WHY_BAD_FIELD) : r;
		field_know(f);
		if (f->id != FIELD_OTHER)
			sense_note(s, f);
	}
}

/* "HTTP/1.x" at p, where eight bytes are. */
static const struct why *
version(const char *p, int *minor)
{
	if (memcmp(p, "HTTP/", 5) != 0 || p[5] < '0' || p[5] > '9' || p[6] != '.' || p[7] < '0' || p[7] > '9')
		return WHY_BAD_REQUEST_LINE;
	if (p[5] != '1' || p[7] > '1')
		return WHY_BAD_VERSION;
	*minor = p[7] - '0';
	return NULL;
}

static enum parse
parse_request_line(struct head *h, struct input *in, const struct why **why)
{
	const char *start = in->p, *end = in->end, *p, *target;
	const struct why *w;

	p = chars_skip(start, end, CHAR_TOKEN);
	if (p == end)
		return PARSE_MORE;
	if (*p != ' ' || p == start)
		return bad(why, WHY_BAD_REQUEST_LINE);
	h->method = slice(start, p);
	if (str_eq(h->method, STR("CONNECT")))
		return bad(why, WHY_METHOD_REFUSED);
	target = ++p;
	p = chars_skip(p, end, CHAR_TARGET);
	if (p == end)
		return PARSE_MORE;
	if (*p != ' ' || p == target)
		return bad(why, *p == '\r' || *p == '\n' ? WHY_BAD_REQUEST_LINE : WHY_BAD_TARGET);
	h->target = slice(target, p++);
	if (end - p < 10)
		return memchr(p, '\n', (size_t)(end - p)) == NULL ? PARSE_MORE : bad(why, WHY_BAD_REQUEST_LINE);
	if ((w = version(p, &h->minor)) != NULL)
		return bad(why, w);
	if (p[8] != '\r' || p[9] != '\n')
		return bad(why, WHY_BAD_REQUEST_LINE);
	in->p = p + 10;
	h->start_line = slice(start, in->p);
	return PARSE_DONE;
}

/* "HTTP/1.x NNN", then a reason or none; that the space before an empty reason is missing is forgiven. */
static enum parse
parse_status_line(struct head *h, struct input *in, const struct why **why)
{
	const char *start = in->p, *end = in->end, *p = start + 12;
	enum parse r;

	if (end - start < 14)
		return memchr(start, '\n', (size_t)(end - start)) == NULL ? PARSE_MORE : bad(why, WHY_BAD_REQUEST_LINE);
	if (version(start, &h->minor) != NULL || start[8] != ' ')
		return bad(why, WHY_BAD_REQUEST_LINE);
	for (int i = 9; i < 12; i++) {
		if (start[i] < '0' || start[i] > '9')
			return bad(why, WHY_BAD_REQUEST_LINE);
		h->status = h->status * 10 + start[i] - '0';
	}
	if (h->status < 100 || h->status > 599)
		return bad(why, WHY_BAD_REQUEST_LINE);
	if (*p == ' ') {
		const char *reason = ++p;
		p = value_skip(p, end);
		h->reason = slice(reason, p);
	}
	if ((r = crlf(p, end)) != PARSE_DONE)
		return r == PARSE_BAD ? bad(why, WHY_BAD_REQUEST_LINE) : r;
	in->p = p + 2;
	h->start_line = slice(start, in->p);
	return PARSE_DONE;
}

/* ---- sense ---- */

static void
sense_note(struct sense *s, const struct field *f)
{
	switch (f->id) {
	case FIELD_HOST:
		s->host = f;
		s->hosts++;
		break;
	case FIELD_CONTENT_LENGTH:
		s->length = f;
		s->lengths++;
		break;
	case FIELD_TRANSFER_ENCODING:
		s->coding = f;
		s->codings++;
		break;
	case FIELD_CONNECTION:
		s->connection = true;
		break;
	case FIELD_UPGRADE:
		s->upgrade = true;
		break;
	default:
		break;
	}
}

/* Naming these in Connection would take from the next server what we decided by, or what says who asked. */
static bool
hop_forbidden(enum field_id id)
{
	return id == FIELD_HOST || id == FIELD_CONTENT_LENGTH || id == FIELD_TRANSFER_ENCODING
	    || id == FIELD_X_FORWARDED_FOR || id == FIELD_X_FORWARDED_PROTO || id == FIELD_X_FORWARDED_HOST;
}

static void
hop_mark(struct head *h, struct str name)
{
	for (int i = 0; i < h->nfields; i++) {
		struct field *f = &h->field[i];
		if (f->name.len == name.len && !hop_forbidden(f->id) && str_eq_nocase(f->name, name))
			f->hop = true;
	}
}

static const struct why *
read_connection(struct head *h, struct sense *s, struct str list, int *names)
{
	struct str option;

	while (str_split(&list, ',', &option)) {
		option = str_trim(option);
		if (str_eq_nocase(option, STR("close")))
			s->close = true;
		else if (str_eq_nocase(option, STR("keep-alive")))
			s->keep_alive = true;
		else if (str_eq_nocase(option, STR("upgrade")))
			h->upgrade = s->upgrade && h->minor == 1;
		else if (option.len > 0) {
			if (++*names > CONNECTION_NAMES_MAX)
				return WHY_BAD_FIELD;
			hop_mark(h, option);
		}
	}
	return NULL;
}

/* What both kinds of message say of their connection. */
static const struct why *
read_connections(struct head *h, struct sense *s)
{
	const struct why *why;
	int names = 0;

	for (int i = 0; s->connection && i < h->nfields; i++)
		if (h->field[i].id == FIELD_CONNECTION
		    && (why = read_connection(h, s, h->field[i].value, &names)) != NULL)
			return why;
	h->keep_alive = !s->close && (h->minor == 1 || s->keep_alive);
	return NULL;
}

/* The length that was announced, one way at most (RFC 9112, 6.1 and 6.3; stricter than it demands). */
static const struct why *
read_framing(struct head *h, const struct sense *s)
{
	if (s->lengths > 1 || (s->lengths > 0 && s->codings > 0))
		return WHY_BAD_LENGTH;
	if (s->codings > 0) {
		if (s->codings > 1 || h->minor == 0 || !str_eq_nocase(s->coding->value, STR("chunked")))
			return WHY_BAD_CODING;
		h->body = BODY_CHUNKED;
	}
	if (s->lengths > 0) {
		if (!str_to_u64(s->length->value, &h->length) || h->length > INT64_MAX)
			return WHY_BAD_LENGTH;
		h->body = h->length > 0 ? BODY_LENGTH : BODY_NONE;
	}
	return NULL;
}

/* host[:digits], where host is a registered name, an IPv4 address or [IPv6]. */
static bool
split_authority(struct str a, struct str *host)
{
	const char *end = a.p + a.len, *p;

	if (a.len == 0)
		return false;
	if (*a.p == '[') {
		for (p = a.p + 1; p < end && (char_is(*p, CHAR_HOST) || *p == ':'); p++)
			;
		if (p == end || *p != ']' || p == a.p + 1)
			return false;
		p++;
	} else
		p = chars_skip(a.p, end, CHAR_HOST);
	*host = slice(a.p, p);
	if (host->len == 0)
		return false;
	if (p == end)
		return true;
	if (*p != ':' || end - p > 6)
		return false;
	while (++p < end)
		if (*p < '0' || *p > '9')
			return false;
	return true;
}

static const struct why *
read_host(struct head *h, const struct sense *s)
{
	if (s->hosts > 1 || (s->hosts == 0 && h->minor == 1))
		return WHY_BAD_HOST;
	if (s->hosts == 0)
		return NULL;
	h->authority = s->host->value;
	if (h->authority.len > 0 && !split_authority(h->authority, &h->host))
		return WHY_BAD_HOST;
	return NULL;
}

static bool
starts_nocase(struct str s, struct str prefix)
{
	return s.len >= prefix.len && str_eq_nocase((struct str){ s.p, prefix.len }, prefix);
}

/* scheme://authority/path: the authority replaces Host (RFC 9112, 3.2.2), the rest becomes the target. */
static const struct why *
read_absolute(struct head *h, size_t scheme_len)
{
	const char *p = h->target.p + scheme_len, *end = h->target.p + h->target.len, *from = p;

	while (p < end && *p != '/' && *p != '?')
		p++;
	if (p < end && *p == '?')	/* "/?..." would have to be made; nobody sends this */
		return WHY_BAD_TARGET;
	h->authority = slice(from, p);
	if (!split_authority(h->authority, &h->host))
		return WHY_BAD_TARGET;
	h->target = p == end ? STR("/") : slice(p, end);
	return NULL;
}

/* After read_host: an absolute-form target overrules it. */
static const struct why *
read_target(struct head *h)
{
	const char *query;
	const struct why *why = NULL;

	if (*h->target.p != '/') {
		if (starts_nocase(h->target, STR("http://")))
			why = read_absolute(h, 7);
		else if (starts_nocase(h->target, STR("https://")))
			why = read_absolute(h, 8);
		else if (!str_eq(h->target, STR("*")) || !str_eq(h->method, STR("OPTIONS")))
			why = WHY_BAD_TARGET;
		if (why != NULL)
			return why;
	}
	query = memchr(h->target.p, '?', h->target.len);
	h->path = query == NULL ? h->target : slice(h->target.p, query);
	return NULL;
}

static const struct why *
read_expect(struct head *h)
{
	for (int i = 0; i < h->nfields; i++) {
		if (h->field[i].id != FIELD_EXPECT)
			continue;
		if (!str_eq_nocase(h->field[i].value, STR("100-continue")))
			return WHY_BAD_EXPECT;
		h->expect_continue = h->minor == 1;
	}
	return NULL;
}

static void
read_method(struct head *h)
{
	static const struct str idempotent[] = {	/* RFC 9110, 9.2.2 */
		{ "GET", 3 }, { "HEAD", 4 }, { "PUT", 3 }, { "DELETE", 6 }, { "OPTIONS", 7 }, { "TRACE", 5 }
	};

	for (size_t i = 0; i < sizeof idempotent / sizeof idempotent[0]; i++)
		if (str_eq(h->method, idempotent[i])) {
			h->idempotent = true;
			h->is_head = i == 1;
			return;
		}
}

static const struct why *
read_request(struct head *h, struct sense *s)
{
	const struct why *why;

	read_method(h);
	if ((why = read_host(h, s)) == NULL && (why = read_target(h)) == NULL
	    && (why = read_framing(h, s)) == NULL && (why = read_connections(h, s)) == NULL)
		why = read_expect(h);
	return why;
}

static const struct why *
read_response(struct head *h, struct sense *s, bool to_head)
{
	const struct why *why;

	if ((why = read_framing(h, s)) != NULL || (why = read_connections(h, s)) != NULL)
		return why;
	if (to_head || h->status < 200 || h->status == 204 || h->status == 304) {
		h->body = BODY_NONE;
		h->length = 0;
	} else if (s->lengths == 0 && s->codings == 0) {
		h->body = BODY_UNTIL_CLOSE;
		h->keep_alive = false;
	}
	return NULL;
}

/* ---- the doors ---- */

/* True when there is something to parse: a whole head, or a line end that no head may have. */
static bool
end_seen(struct str in, size_t scanned)
{
	const char *p = in.p + scanned, *end = in.p + in.len, *lf;

	for (; p < end && (lf = memchr(p, '\n', (size_t)(end - p))) != NULL; p = lf + 1) {
		size_t at = (size_t)(lf - in.p);
		if (at == 0 || lf[-1] != '\r' || (at >= 3 && lf[-2] == '\n'))
			return true;
	}
	return false;
}

static enum parse
begin(struct head *h, struct str *in, const size_t *scanned)
{
	if (in->len > MSG_HEAD_MAX)
		in->len = MSG_HEAD_MAX;
	if (in->len == 0 || (*scanned > 0 && !end_seen(*in, *scanned)))
		return PARSE_MORE;
	memset(h, 0, offsetof(struct head, field));
	return PARSE_DONE;
}

static enum parse
incomplete(struct str in, size_t *scanned, const struct why **why)
{
	if (in.len >= MSG_HEAD_MAX)
		return bad(why, WHY_HEAD_TOO_LARGE);
	*scanned = in.len;
	return PARSE_MORE;
}

static enum parse
request(struct head *h, struct input *in, const struct why **why)
{
	struct sense s = { 0 };
	enum parse r;

	if (*in->p == '\r') {
		if ((r = crlf(in->p, in->end)) != PARSE_DONE)
			return r == PARSE_BAD ? bad(why, WHY_BAD_REQUEST_LINE) : r;
		in->p += 2;
	}
	if ((r = parse_request_line(h, in, why)) != PARSE_DONE || (r = parse_fields(h, in, &s, why)) != PARSE_DONE)
		return r;
	*why = read_request(h, &s);
	return *why == NULL ? PARSE_DONE : PARSE_BAD;
}

static enum parse
response(struct head *h, struct input *in, bool to_head, const struct why **why)
{
	struct sense s = { 0 };
	enum parse r;

	if ((r = parse_status_line(h, in, why)) != PARSE_DONE || (r = parse_fields(h, in, &s, why)) != PARSE_DONE)
		return r;
	*why = read_response(h, &s, to_head);
	return *why == NULL ? PARSE_DONE : PARSE_BAD;
}

enum parse
h1_parse_request(struct head *h, struct str in, size_t *scanned, size_t *used, const struct why **why)
{
	enum parse r = begin(h, &in, scanned);
	struct input at = { in.p, in.p + in.len };

	if (r == PARSE_DONE)
		r = request(h, &at, why);
	if (r == PARSE_MORE)
		return incomplete(in, scanned, why);
	if (r == PARSE_DONE)
		*used = (size_t)(at.p - in.p);
	return r;
}

enum parse
h1_parse_response(struct head *h, struct str in, bool to_head, size_t *scanned, size_t *used, const struct why **why)
{
	enum parse r = begin(h, &in, scanned);
	struct input at = { in.p, in.p + in.len };

	if (r == PARSE_DONE)
		r = response(h, &at, to_head, why);
	if (r == PARSE_MORE)
		r = incomplete(in, scanned, why);
	if (r == PARSE_DONE)
		*used = (size_t)(at.p - in.p);
	else if (r == PARSE_BAD)
		*why = *why == WHY_HEAD_TOO_LARGE || *why == WHY_TOO_MANY_FIELDS
		    ? WHY_UPSTREAM_HEAD_LARGE : WHY_UPSTREAM_BAD_HEAD;
	return r;
}
