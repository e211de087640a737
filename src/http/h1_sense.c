/*
 * Where two servers could draw different conclusions from the same fields, there is one here:
 * an error (RFC 9110, RFC 9112). Sees fields that are sound by the grammar; knows nothing of
 * bytes on the way.
 */
#include <string.h>

#include "base/bug.h"
#include "http/chars.h"
#include "http/h1_sense.h"

#define CONNECTION_NAMES_MAX 32	/* that Connection may list: each is looked for among all fields */

/* As browsers say it of an EventSource. Who names other types before it may get something else. */
static bool
begins_event_stream(struct str accept)
{
	const struct str type = STR("text/event-stream");

	if (accept.len < type.len || !str_eq_nocase((struct str){ accept.p, type.len }, type))
		return false;
	return accept.len == type.len || strchr(";, \t", accept.p[type.len]) != NULL;
}

void
sense_note(struct sense *s, struct field *f)
{
	ASSERT(f->id != FIELD_OTHER && f->name.len > 0);
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
	case FIELD_ACCEPT:
		s->event_stream |= begins_event_stream(f->value);
		break;
	default:
		break;
	}
}

/*
 * Listed in Connection, these would be kept from the next server: what we routed and framed by,
 * and the client's address.
 */
static bool
hop_forbidden(enum field_id id)
{
	return id == FIELD_HOST || id == FIELD_CONTENT_LENGTH || id == FIELD_TRANSFER_ENCODING
	    || (id >= FIELD_X_FORWARDED_FOR && id <= FIELD_FORWARDED);
}

static void
hop_mark(struct message *m, struct str name)
{
	for (int i = 0; i < m->nfields; i++) {
		struct field *f = &m->field[i];
		if (f->name.len == name.len && !hop_forbidden(f->id) && str_eq_nocase(f->name, name))
			f->hop = true;
	}
}

static const struct why *
read_connection(struct message *m, struct sense *s, struct str list, int *names)
{
	struct str option;

	while (str_split(&list, ',', &option)) {
		option = str_trim(option);
		if (str_eq_nocase(option, STR("close")))
			s->close = true;
		else if (str_eq_nocase(option, STR("keep-alive")))
			s->keep_alive = true;
		else if (str_eq_nocase(option, STR("upgrade")))
			m->upgrade = s->upgrade && m->h1.minor == 1;
		else if (option.len > 0) {
			if (++*names > CONNECTION_NAMES_MAX)
				return WHY_BAD_FIELD;
			hop_mark(m, option);
		}
	}
	return NULL;
}

/* Connection, in either kind of message. */
static const struct why *
read_connections(struct message *m, struct sense *s)
{
	const struct why *why;
	int names = 0;

	ASSERT(m->h1.minor == 0 || m->h1.minor == 1);
	for (int i = 0; s->connection && i < m->nfields; i++)
		if (m->field[i].id == FIELD_CONNECTION
		    && (why = read_connection(m, s, m->field[i].value, &names)) != NULL)
			return why;
	m->h1.keep_alive = !s->close && (m->h1.minor == 1 || s->keep_alive);
	return NULL;
}

/*
 * The length that was announced, one way at most (RFC 9112, 6.1 and 6.3; stricter than it
 * demands).
 */
static const struct why *
read_framing(struct message *m, const struct sense *s, struct str length)
{
	ASSERT((s->lengths > 0) == (s->length != NULL) && (s->codings > 0) == (s->coding != NULL));
	ASSERT(m->body == BODY_NONE && m->length == 0);
	if (s->lengths > 0 && s->codings > 0)
		return WHY_BAD_LENGTH;
	if (s->codings > 0) {
		if (s->codings > 1 || !str_eq_nocase(s->coding->value, STR("chunked")))
			return WHY_BAD_CODING;
		m->body = BODY_CHUNKED;
	}
	if (s->lengths > 0) {
		if (!str_to_u64(length, &m->length) || m->length > INT64_MAX)
			return WHY_BAD_LENGTH;
		m->body = m->length > 0 ? BODY_LENGTH : BODY_NONE;
	}
	return NULL;
}

static const struct why *
request_framing(struct message *m, const struct sense *s)
{
	if (s->lengths > 1)
		return WHY_BAD_LENGTH;
	if (s->codings > 0 && m->h1.minor == 0)
		return WHY_BAD_CODING;
	return read_framing(m, s, s->lengths > 0 ? s->length->value : STR(""));
}

/*
 * Some tasks send the same length twice, or "5, 5". As long as it is the same one, it is not
 * ambiguous, and goes on once.
 */
static const struct why *
response_framing(struct message *m, const struct sense *s)
{
	struct str list, part, first = { NULL, 0 };

	if (s->lengths == 0)
		return read_framing(m, s, STR(""));
	if (s->lengths == 1 && memchr(s->length->value.p, ',', s->length->value.len) == NULL)
		return read_framing(m, s, s->length->value);
	for (int i = 0; i < m->nfields; i++) {
		if (m->field[i].id != FIELD_CONTENT_LENGTH)
			continue;
		m->field[i].hop = true;
		for (list = m->field[i].value; str_split(&list, ',', &part);) {
			part = str_trim(part);
			if (first.p == NULL)
				first = part;
			else if (!str_eq(part, first))
				return WHY_BAD_LENGTH;
		}
	}
	m->length_text = first;
	return read_framing(m, s, first);
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
	*host = str_between(a.p, p);
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
read_host(struct message *m, const struct sense *s)
{
	if (s->hosts > 1 || (s->hosts == 0 && m->h1.minor == 1))
		return WHY_BAD_HOST;
	if (s->hosts == 0)
		return NULL;
	m->authority = s->host->value;
	if (m->authority.len > 0 && !split_authority(m->authority, &m->host))
		return WHY_BAD_HOST;
	return NULL;
}

static bool
starts_nocase(struct str s, struct str prefix)
{
	return s.len >= prefix.len && str_eq_nocase((struct str){ s.p, prefix.len }, prefix);
}

/*
 * scheme://authority/path: the authority replaces Host (RFC 9112, 3.2.2), the rest becomes the
 * target.
 */
static const struct why *
read_absolute(struct message *m, size_t scheme_len)
{
	const char *p = m->target.p + scheme_len, *end = m->target.p + m->target.len, *from = p;

	while (p < end && *p != '/' && *p != '?')
		p++;
	if (p < end && *p == '?')	/* "/?..." would have to be made; no client sends this */
		return WHY_BAD_TARGET;
	m->authority = str_between(from, p);
	if (!split_authority(m->authority, &m->host))
		return WHY_BAD_TARGET;
	m->target = p == end ? STR("/") : str_between(p, end);
	return NULL;
}

/* After read_host: an absolute-form target overrules it. */
static const struct why *
read_target(struct message *m)
{
	const char *query;
	const struct why *why = NULL;

	ASSERT(m->target.len > 0 && m->path.len == 0);
	if (*m->target.p != '/') {
		if (starts_nocase(m->target, STR("http://")))
			why = read_absolute(m, 7);
		else if (starts_nocase(m->target, STR("https://")))
			why = read_absolute(m, 8);
		else if (!str_eq(m->target, STR("*")) || !str_eq(m->method, STR("OPTIONS")))
			why = WHY_BAD_TARGET;
		if (why != NULL)
			return why;
	}
	query = memchr(m->target.p, '?', m->target.len);
	m->path = query == NULL ? m->target : str_between(m->target.p, query);
	return NULL;
}

static const struct why *
read_expect(struct message *m)
{
	for (int i = 0; i < m->nfields; i++) {
		if (m->field[i].id != FIELD_EXPECT)
			continue;
		if (!str_eq_nocase(m->field[i].value, STR("100-continue")))
			return WHY_BAD_EXPECT;
		m->expect_continue = m->h1.minor == 1;
	}
	return NULL;
}

static void
read_method(struct message *m)
{
	static const struct str idempotent[] = {	/* RFC 9110, 9.2.2 */
		{ "GET", 3 }, { "HEAD", 4 }, { "PUT", 3 }, { "DELETE", 6 }, { "OPTIONS", 7 }, { "TRACE", 5 }
	};

	for (size_t i = 0; i < sizeof idempotent / sizeof idempotent[0]; i++)
		if (str_eq(m->method, idempotent[i])) {
			m->idempotent = true;
			m->is_head = i == 1;
			return;
		}
}

/*
 * A tunnel in which HTTP goes on would carry requests past routes and counters. A server may
 * ignore an upgrade (RFC 9110, 7.8), so we do, and it does not reach the task.
 */
static bool
names_http(const struct message *m)
{
	struct str list, name;

	for (int i = 0; i < m->nfields; i++)
		if (m->field[i].id == FIELD_UPGRADE)
			for (list = m->field[i].value; str_split(&list, ',', &name);)
				if (starts_nocase(str_trim(name), STR("h2")) || starts_nocase(str_trim(name), STR("http")))
					return true;
	return false;
}

const struct why *
sense_request(struct message *m, struct sense *s)
{
	const struct why *why;

	read_method(m);
	if ((why = read_host(m, s)) == NULL && (why = read_target(m)) == NULL
	    && (why = request_framing(m, s)) == NULL && (why = read_connections(m, s)) == NULL)
		why = read_expect(m);
	m->event_stream = s->event_stream;
	if (m->upgrade && names_http(m))
		m->upgrade = false;
	return why;
}

/*
 * 1xx and 204 never have a body: a length that a task announces all the same would make some
 * clients wait for one.
 */
static void
forget_length(struct message *m, struct sense *s)
{
	if (m->status >= 200 && m->status != 204)
		return;
	if (s->length != NULL)
		s->length->hop = true;
	m->length_text = STR("");
	if (s->coding != NULL)
		s->coding->hop = true;
}

const struct why *
sense_response(struct message *m, struct sense *s, bool to_head)
{
	const struct why *why;

	ASSERT(m->status >= 100 && m->status <= 999);
	if ((why = response_framing(m, s)) != NULL || (why = read_connections(m, s)) != NULL)
		return why;
	if (to_head || m->status < 200 || m->status == 204 || m->status == 304) {
		m->body = BODY_NONE;
		m->length = 0;
		forget_length(m, s);
	} else if (s->lengths == 0 && s->codings == 0) {
		m->body = BODY_UNTIL_CLOSE;
		m->h1.keep_alive = false;
	} else if (s->codings > 0 && m->h1.minor == 0)
		m->h1.keep_alive = false;	/* a task that mixes the versions may mean anything by it */
	return NULL;
}
