/*
 * Where two servers could draw different conclusions from the same fields, there is one here: refusal
 * (RFC 9110, RFC 9112). Sees fields that the grammar has let pass; knows nothing of bytes on the way.
 */
#include <string.h>

#include "http/chars.h"
#include "http/h1_sense.h"

#define CONNECTION_NAMES_MAX 32		/* fields that Connection may name: each is looked for among all fields */

void
sense_note(struct sense *s, struct field *f)
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
	    || (id >= FIELD_X_FORWARDED_FOR && id <= FIELD_FORWARDED);
}

static void
hop_mark(struct message *h, struct str name)
{
	for (int i = 0; i < h->nfields; i++) {
		struct field *f = &h->field[i];
		if (f->name.len == name.len && !hop_forbidden(f->id) && str_eq_nocase(f->name, name))
			f->hop = true;
	}
}

static const struct why *
read_connection(struct message *h, struct sense *s, struct str list, int *names)
{
	struct str option;

	while (str_split(&list, ',', &option)) {
		option = str_trim(option);
		if (str_eq_nocase(option, STR("close")))
			s->close = true;
		else if (str_eq_nocase(option, STR("keep-alive")))
			s->keep_alive = true;
		else if (str_eq_nocase(option, STR("upgrade")))
			h->upgrade = s->upgrade && h->h1.minor == 1;
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
read_connections(struct message *h, struct sense *s)
{
	const struct why *why;
	int names = 0;

	for (int i = 0; s->connection && i < h->nfields; i++)
		if (h->field[i].id == FIELD_CONNECTION
		    && (why = read_connection(h, s, h->field[i].value, &names)) != NULL)
			return why;
	h->h1.keep_alive = !s->close && (h->h1.minor == 1 || s->keep_alive);
	return NULL;
}

/* The length that was announced, one way at most (RFC 9112, 6.1 and 6.3; stricter than it demands). */
static const struct why *
read_framing(struct message *h, const struct sense *s, struct str length)
{
	if (s->lengths > 0 && s->codings > 0)
		return WHY_BAD_LENGTH;
	if (s->codings > 0) {
		if (s->codings > 1 || !str_eq_nocase(s->coding->value, STR("chunked")))
			return WHY_BAD_CODING;
		h->body = BODY_CHUNKED;
	}
	if (s->lengths > 0) {
		if (!str_to_u64(length, &h->length) || h->length > INT64_MAX)
			return WHY_BAD_LENGTH;
		h->body = h->length > 0 ? BODY_LENGTH : BODY_NONE;
	}
	return NULL;
}

static const struct why *
request_framing(struct message *h, const struct sense *s)
{
	if (s->lengths > 1)
		return WHY_BAD_LENGTH;
	if (s->codings > 0 && h->h1.minor == 0)
		return WHY_BAD_CODING;
	return read_framing(h, s, s->lengths > 0 ? s->length->value : STR(""));
}

/* Some tasks say the same length twice, or "5, 5": as long as it is the same one, there is no doubt, and we say it once. */
static const struct why *
response_framing(struct message *h, const struct sense *s)
{
	struct str list, part, first = { NULL, 0 };

	if (s->lengths == 0)
		return read_framing(h, s, STR(""));
	if (s->lengths == 1 && memchr(s->length->value.p, ',', s->length->value.len) == NULL)
		return read_framing(h, s, s->length->value);
	for (int i = 0; i < h->nfields; i++) {
		if (h->field[i].id != FIELD_CONTENT_LENGTH)
			continue;
		h->field[i].hop = true;
		for (list = h->field[i].value; str_split(&list, ',', &part);) {
			part = str_trim(part);
			if (first.p == NULL)
				first = part;
			else if (!str_eq(part, first))
				return WHY_BAD_LENGTH;
		}
	}
	h->length_text = first;
	return read_framing(h, s, first);
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
read_host(struct message *h, const struct sense *s)
{
	if (s->hosts > 1 || (s->hosts == 0 && h->h1.minor == 1))
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
read_absolute(struct message *h, size_t scheme_len)
{
	const char *p = h->target.p + scheme_len, *end = h->target.p + h->target.len, *from = p;

	while (p < end && *p != '/' && *p != '?')
		p++;
	if (p < end && *p == '?')	/* "/?..." would have to be made; nobody sends this */
		return WHY_BAD_TARGET;
	h->authority = str_between(from, p);
	if (!split_authority(h->authority, &h->host))
		return WHY_BAD_TARGET;
	h->target = p == end ? STR("/") : str_between(p, end);
	return NULL;
}

/* After read_host: an absolute-form target overrules it. */
static const struct why *
read_target(struct message *h)
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
	h->path = query == NULL ? h->target : str_between(h->target.p, query);
	return NULL;
}

static const struct why *
read_expect(struct message *h)
{
	for (int i = 0; i < h->nfields; i++) {
		if (h->field[i].id != FIELD_EXPECT)
			continue;
		if (!str_eq_nocase(h->field[i].value, STR("100-continue")))
			return WHY_BAD_EXPECT;
		h->expect_continue = h->h1.minor == 1;
	}
	return NULL;
}

static void
read_method(struct message *h)
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

/*
 * A tunnel in which HTTP goes on would carry requests past routes and counters. A server may ignore an upgrade
 * (RFC 9110, 7.8), so we do, and the task hears nothing of it.
 */
static bool
names_http(const struct message *h)
{
	struct str list, name;

	for (int i = 0; i < h->nfields; i++)
		if (h->field[i].id == FIELD_UPGRADE)
			for (list = h->field[i].value; str_split(&list, ',', &name);)
				if (starts_nocase(str_trim(name), STR("h2")) || starts_nocase(str_trim(name), STR("http")))
					return true;
	return false;
}

const struct why *
sense_request(struct message *h, struct sense *s)
{
	const struct why *why;

	read_method(h);
	if ((why = read_host(h, s)) == NULL && (why = read_target(h)) == NULL
	    && (why = request_framing(h, s)) == NULL && (why = read_connections(h, s)) == NULL)
		why = read_expect(h);
	if (h->upgrade && names_http(h))
		h->upgrade = false;
	return why;
}

/* These never have a body: a length that a task announces all the same would make some clients wait for one. */
static void
forget_length(struct message *h, struct sense *s)
{
	if (h->status >= 200 && h->status != 204)
		return;
	if (s->length != NULL)
		s->length->hop = true;
	h->length_text = STR("");
	if (s->coding != NULL)
		s->coding->hop = true;
}

const struct why *
sense_response(struct message *h, struct sense *s, bool to_head)
{
	const struct why *why;

	if ((why = response_framing(h, s)) != NULL || (why = read_connections(h, s)) != NULL)
		return why;
	if (to_head || h->status < 200 || h->status == 204 || h->status == 304) {
		h->body = BODY_NONE;
		h->length = 0;
		forget_length(h, s);
	} else if (s->lengths == 0 && s->codings == 0) {
		h->body = BODY_UNTIL_CLOSE;
		h->h1.keep_alive = false;
	} else if (s->codings > 0 && h->h1.minor == 0)
		h->h1.keep_alive = false;		/* who mixes the versions may mean anything by it */
	return NULL;
}
