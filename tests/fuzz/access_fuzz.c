/*
 * Lines of the access log about a hostile client and a hostile task. An input begins with four bytes:
 *	0	the format
 *	1	bits: the lines that are wanted: by status, by duration, by tries; facts are dropped; redacted; fields are shown;
 *		a connection that is relayed
 *	2	what was responded, and which facts nobody is to see
 *	3	how long it took, and what else came of it
 * The head of a request follows, and, with lines of "----" between them, the head of its response, what the client got instead,
 * the name of its router, the name of its user. However those are: a line is one line, without anything that controls a terminal, and
 * whoever reads its format finds in it as many words as it has; what nobody is to see is not there.
 */
#include <fcntl.h>
#include <jansson.h>

#include "h1_check.h"
#include "http/gather.h"
#include "net/tls.h"
#include "proxy/access_fact.h"
#include "proxy/access_line.h"
#include "talk.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

#define LINES	2

static struct loop *l;
static struct access *written;
static int reader;

static void
begin(void)
{
	int p[2];

	ASSERT(pipe2(p, O_NONBLOCK | O_CLOEXEC) == 0);
	l = loop_new();
	written = access_new(l, p[1]);
	reader = p[0];
}

static struct access_conf
conf_of(const uint8_t *b)
{
	struct access_conf c = { .format = (enum access_format)(1 + b[0] % (ACCESS_FORMATS - 1)), .tried = (b[1] & 4) != 0 };

	if ((b[1] & 1) != 0) {
		c.nstatuses = 2;
		c.status[0].least = c.status[0].most = 404;
		c.status[1].least = 500;
		c.status[1].most = 599;
	}
	c.least_usec = (b[1] & 2) != 0 ? 100 : 0;
	for (int f = 0; f < ACCESS_FACTS; f++)
		if ((b[2] >> f % 8 & 1) != 0) {
			c.dropped |= (b[1] & 8) != 0 ? access_fact_bits((enum access_fact)f) : 0;
			c.redacted |= (b[1] & 16) != 0 ? access_fact_bits((enum access_fact)f) : 0;
		}
	if ((b[1] & 32) != 0) {
		c.nfields = 3;
		c.field[0] = (struct access_field){ ACCESS_SIDE_REQUEST, "X-One" };
		c.field[1] = (struct access_field){ ACCESS_SIDE_ORIGIN, "X-Two" };
		c.field[2] = (struct access_field){ ACCESS_SIDE_DOWNSTREAM, "X-Two" };
	}
	return c;
}

/* ---- what a line is ---- */

/* "key=value key=\"text\"" */
static void
own_check(struct str line)
{
	const char *p = line.p, *end = line.p + line.len;

	while (p < end) {
		const char *key = p;
		while (p < end && *p != '=' && *p != ' ' && *p != '"')
			p++;
		ASSERT(p < end && *p == '=' && p > key);
		if (++p < end && *p == '"') {
			for (p++; p < end && *p != '"'; p++)
				p += *p == '\\';
			ASSERT(p < end && *p == '"');
			p++;
		} else
			while (p < end && *p != ' ') {
				ASSERT(*p != '"');
				p++;
			}
		ASSERT(p == end || *p == ' ');
		p += p < end;
	}
}

/* Words, but for those in quotes: as many as the format has. */
static void
words_check(struct str line, unsigned words)
{
	unsigned n = 1;
	bool quoted = false;

	for (size_t i = 0; i < line.len; i++) {
		if (line.p[i] == '\\')
			i++;
		else if (line.p[i] == '"')
			quoted = !quoted;
		n += !quoted && line.p[i] == ' ';
	}
	ASSERT(!quoted && n == words);
}

static void
json_check(const struct access_conf *c, struct str line)
{
	json_error_t error;
	json_t *j = json_loadb(line.p, line.len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error), *value;
	enum access_fact fact;
	const char *key;

	ASSERT(json_is_object(j) && strcmp(json_string_value(json_object_get(j, "level")), "info") == 0);
	json_object_foreach(j, key, value)
		if (access_fact_parse(str_of(key), &fact)) {
			ASSERT((c->dropped & ACCESS_BIT(fact)) == 0);
			ASSERT((c->redacted & ACCESS_BIT(fact)) == 0 || strcmp(json_string_value(value), "REDACTED") == 0);
		}
	json_decref(j);
}

static void
line_check(const struct access_conf *c, struct str line)
{
	ASSERT(line.len < ACCESS_LINE_MAX);
	for (size_t i = 0; i < line.len; i++)
		ASSERT((unsigned char)line.p[i] >= ' ' && line.p[i] != 0x7f);
	switch (c->format) {
	case ACCESS_FORMAT_MOLA:
		own_check(line);
		break;
	case ACCESS_FORMAT_COMMON:		/* the time has two words */
		words_check(line, 8);
		break;
	case ACCESS_FORMAT_COMBINED:
		words_check(line, 10);
		break;
	case ACCESS_FORMAT_TRAEFIK:
		words_check(line, 14);
		break;
	case ACCESS_FORMAT_JSON:
		json_check(c, line);
		break;
	case ACCESS_FORMAT_OFF:
	case ACCESS_FORMATS:
		BUG("no such format");
	}
}

/* ---- what happens ---- */

static bool
request_note(struct access_request *r, struct str head)
{
	static struct field field[CHECK_FIELDS_MAX];
	static struct message h = CHECK_HEAD(field);
	const struct why *why;
	size_t used, scanned = 0;

	if (h1_read_request(&h, head, &scanned, &used, &why) != PARSE_DONE)
		return false;
	access_note_request(written, r, &h);
	return true;
}

static void
response_note(struct access_request *r, struct str head)
{
	static struct field field[CHECK_FIELDS_MAX];
	static struct message h = CHECK_HEAD(field);
	const struct why *why;
	size_t used, scanned = 0;

	if (h1_read_response(&h, head, false, &scanned, &used, &why) == PARSE_DONE)
		access_note_origin(written, r, &h);
}

static void
downstream_note(struct access_request *r, struct str head)
{
	struct gather g;

	gather_init(&g);
	gather_add(&g, head);
	access_note_downstream(written, r, &g);
	gather_clear(&g);
}

static void
lines_check(const struct access_conf *c, unsigned wanted)
{
	char text[LINES * ACCESS_LINE_MAX + 1];
	ssize_t n;
	struct str rest, line;

	loop_turn(l, 0);
	n = read(reader, text, sizeof text);
	ASSERT(wanted == 0 ? n < 0 : n > 0 && (size_t)n < sizeof text && text[n - 1] == '\n');
	rest = (struct str){ text, wanted == 0 ? 0 : (size_t)n - 1 };
	while (wanted > 0 && str_split(&rest, '\n', &line)) {
		wanted--;
		line_check(c, line);
	}
	ASSERT(wanted == 0 && rest.len == 0 && access_lost_take(written) == 0);
}

/* The same request twice, as a client may send it: nothing is left of the first one. */
static void
exchange(const struct access_conf *c, const uint8_t *b, struct str rest)
{
	static const struct tls_facts tls = { .version = "TLSv1.3", .cipher = "TLS_AES_128_GCM_SHA256", .peer = "CN=\"a\" \x1b, b" };
	static const int status[] = { 0, 200, 404, 503 };
	struct access_request request = { .connection = false };
	struct access_line line = { .client = STR("192.0.2.1"), .peer = STR("::1"), .port = b[3], .version = (enum access_version)(b[3] % 4),
		.request = &request, .status = status[b[2] % 4], .bytes = 99, .content = b[2], .took_usec = b[3], .tls = b[3] & 4 ? &tls : NULL,
		.listener = STR("front"), .service = STR("web"), .task = STR("web.1"), .scheme = "http", .origin_status = status[b[3] % 4],
		.tried = b[3] & 1, .why = WHY_COMPLETE };
	struct str part;
	bool wanted = c->nstatuses == 0 && c->least_usec == 0 && !c->tried;

	wanted |= c->nstatuses > 0 && (line.status == 404 || line.status >= 500);
	wanted |= (c->least_usec > 0 && line.took_usec >= c->least_usec) || (c->tried && line.tried > 0);
	if ((b[1] & 64) != 0)
		access_note_connection(written, &request, STR("front"), rest);
	else if (talk_part(&rest, &part) && request_note(&request, part)) {
		if (talk_part(&rest, &part))
			response_note(&request, part);
		if (talk_part(&rest, &part))
			downstream_note(&request, part);
		if (talk_part(&rest, &part)) {
			line.middleware = part;
			access_note_router(&request, part, part);
		}
		if (talk_part(&rest, &part))
			access_note_user(&request, part);
	}
	access_log(written, &line);
	access_log(written, &line);
	access_forget(written, &request);
	lines_check(c, wanted ? LINES : 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct access_conf c;

	if (len < 4)
		return 0;
	if (written == NULL)
		begin();
	c = conf_of(bytes);
	access_set_conf(written, &c);
	exchange(&c, bytes, (struct str){ (const char *)bytes + 4, len - 4 });
	return 0;
}
