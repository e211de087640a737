/*
 * All fields that go on do so in their order, with their bytes; those that are for the next server only do not; what Mola says of the
 * client stands behind them. Fields that say how long a body is, and which connection goes on, are for those who read bodies
 * (message.c), and so is what middlewares add.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/bug.h"
#include "heads.h"
#include "memory.h"

#define FIELDS	100

struct part {
	const char	*p;
	size_t		 len;
};

struct head {
	struct part	 line;			/* the first */
	struct { struct part name, value; } field[FIELDS];
	unsigned	 n;
};

const char *
heads_keep(const char *text, size_t len)
{
	char *p = sim_alloc(len + 1);

	memcpy(p, text, len);
	p[len] = '\0';
	return p;
}

/* The field before it is one, too: they are one in HTTP/1 (RFC 9113, 8.2.3). */
static bool
is_crumb(const struct head_text *h, const char *name)
{
	const char *end = h->fields + h->len, *last = h->len > 2 ? memrchr(h->fields, '\n', h->len - 1) : NULL;

	last = last == NULL ? h->fields : last + 1;
	return strcmp(name, "cookie") == 0 && end - last > 8 && memcmp(last, "cookie: ", 8) == 0;
}

void
head_text_add(struct head_text *h, const char *name, const char *value)
{
	size_t n = strlen(h->line);

	if (strcmp(name, ":status") == 0)
		snprintf(h->line, sizeof h->line, "HTTP/2 %s", value);
	else if (strcmp(name, ":method") == 0 || strcmp(name, ":path") == 0)
		snprintf(h->line + n, sizeof h->line - n, "%s ", value);
	else if (strcmp(name, ":authority") == 0)
		snprintf(h->host, sizeof h->host, "Host: %s\r\n", value);
	else if (is_crumb(h, name))
		h->len += (size_t)snprintf(h->fields + h->len - 2, sizeof h->fields - h->len, "; %s\r\n", value) - 2;
	else if (name[0] != ':' && h->len < sizeof h->fields)
		h->len += (size_t)snprintf(h->fields + h->len, sizeof h->fields - h->len, "%s: %s\r\n", name, value);
}

const char *
head_text_keep(const struct head_text *h)
{
	size_t room = strlen(h->line) + strlen(h->host) + strlen(h->fields) + 16;
	char *p = sim_alloc(room);

	snprintf(p, room, "%s%s\r\n%s%s\r\n", h->line, strncmp(h->line, "HTTP/", 5) == 0 ? "" : "HTTP/2", h->host, h->fields);
	return p;
}

/* ---- parts ---- */

static bool
is(struct part p, const char *text)
{
	return p.len == strlen(text) && strncasecmp(p.p, text, p.len) == 0;
}

static bool
begins(struct part p, const char *text)
{
	return p.len >= strlen(text) && strncasecmp(p.p, text, strlen(text)) == 0;
}

static bool
same(struct part a, struct part b)
{
	return a.len == b.len && memcmp(a.p, b.p, a.len) == 0;
}

static struct part
trim(struct part p)
{
	for (; p.len > 0 && (*p.p == ' ' || *p.p == '\t'); p.len--)
		p.p++;
	for (; p.len > 0 && (p.p[p.len - 1] == ' ' || p.p[p.len - 1] == '\t'); p.len--)
		continue;
	return p;
}

static struct part
part_of(const char *text)
{
	return (struct part){ text, strlen(text) };
}

static void
add(struct head *h, struct part name, struct part value)
{
	ASSERT(h->n < FIELDS);
	h->field[h->n].name = name;
	h->field[h->n++].value = value;
}

/* Lines may end in LF alone where a task sends them, and nowhere else: what is left of a CR belongs to the value then. */
static void
parse(struct head *h, const char *text, bool lenient)
{
	const char *end, *colon;

	h->n = 0;
	h->line = (struct part){ NULL, 0 };
	for (; (end = strchr(text, '\n')) != NULL; text = end + 1) {
		struct part line = { text, (size_t)(end - text) };
		if (line.len > 0 && line.p[line.len - 1] == '\r')
			line.len--;
		else if (!lenient)
			line.len++;
		if (line.len == 0)
			break;
		if (h->line.p == NULL)
			h->line = line;
		else if ((colon = memchr(line.p, ':', line.len)) != NULL)
			add(h, (struct part){ line.p, (size_t)(colon - line.p) },
			    trim((struct part){ colon + 1, line.len - (size_t)(colon + 1 - line.p) }));
	}
}

static struct part
value_of(const struct head *h, const char *name)
{
	for (unsigned i = 0; i < h->n; i++)
		if (is(h->field[i].name, name))
			return h->field[i].value;
	return part_of("");
}

/* The word at *line, which goes on behind it. */
static struct part
word(struct part *line)
{
	struct part w = { line->p, 0 };

	while (w.len < line->len && w.p[w.len] != ' ')
		w.len++;
	line->p += w.len;
	line->len -= w.len;
	while (line->len > 0 && *line->p == ' ') {
		line->p++;
		line->len--;
	}
	return w;
}

/* ---- what fields are ---- */

static bool
is_for_next(struct part name)
{
	static const char *const names[] = { "Connection", "Keep-Alive", "Proxy-Connection", "TE", "Upgrade", "Proxy-Authenticate",
	    "Proxy-Authorization" };

	for (unsigned i = 0; i < sizeof names / sizeof *names; i++)
		if (is(name, names[i]))
			return true;
	return false;
}

/* How bodies are read, and what others check. */
static bool
is_for_others(struct part name, struct part value)
{
	return is(name, "Content-Length") || is(name, "Transfer-Encoding") || is(name, "Trailer") || is(name, "X-Added") ||
	    is(name, "X-Also") || (is(name, "Set-Cookie") && begins(value, "at="));
}

static bool
is_of_client(struct part name)
{
	return begins(name, "X-Forwarded") || is(name, "X-Real-IP") || is(name, "Forwarded");
}

/* With '_' in place of '-' a field that Mola goes by. */
static bool
is_twin(struct part name)
{
	return is(name, "Content_Length") || is(name, "X_Forwarded_For") || is(name, "X-Forwarded_Host");
}

/* What may not be taken away by Connection. */
static bool
must_stay(struct part name)
{
	return is(name, "Host") || is_of_client(name) || is(name, "Content-Length") || is(name, "Transfer-Encoding");
}

static bool
is_listed(const struct head *h, struct part name)
{
	for (unsigned i = 0; i < h->n; i++) {
		struct part list = h->field[i].value;
		while (is(h->field[i].name, "Connection") && list.len > 0) {
			const char *comma = memchr(list.p, ',', list.len);
			struct part one = { list.p, comma == NULL ? list.len : (size_t)(comma - list.p) };
			list.p += one.len + (comma != NULL);
			list.len -= one.len + (comma != NULL);
			one = trim(one);
			if (one.len == name.len && strncasecmp(one.p, name.p, name.len) == 0)
				return true;
		}
	}
	return false;
}

/* ---- comparing ---- */

static void
differ(const struct entry *e, const char *whose, const char *what, const struct head *h, unsigned i)
{
	struct part name = h->field[i].name, value = h->field[i].value;

	broken("x%u: the head of its %s has %s: %.*s: %.*s", e->call->id, whose, what, (int)name.len, name.p, (int)value.len, value.p);
}

/* All of these, and no others but those that others check; of one name too many, or in another order, are others. */
static void
compare(const struct entry *e, const char *whose, const struct head *want, const struct head *got, bool any_case)
{
	unsigned k = 0;

	for (unsigned i = 0; i < got->n; i++) {
		struct part name = got->field[i].name, value = got->field[i].value, due;
		if (is_for_others(name, value) || is(name, "Host") || is(name, "Connection") ||
		    is(name, "X-Forwarded-For"))
			continue;
		if (k == want->n) {
			differ(e, whose, "too much", got, i);
			return;
		}
		due = want->field[k].name;
		if (due.len != name.len || (any_case ? strncasecmp : strncmp)(due.p, name.p, due.len) != 0 ||
		    !same(want->field[k].value, value)) {
			differ(e, whose, "something else than was sent", got, i);
			return;
		}
		k++;
	}
	if (k < want->n)
		differ(e, whose, "lost", want, k);
}

/* Middlewares change its head (chain.h), and so do proxies in front (front.h) and traces (traced.h). */
static bool
is_for_all_to_check(const struct entry *e)
{
	const struct plan *p = ledger_plan();

	return !e->call->upgrades && p->service[e->call->service].chain.kinds == 0 && !p->service[e->call->service].asks && !p->proxied && !p->trusts && !p->traces;
}

/* ---- requests ---- */

static char peer[24], address[32];

/* What Mola says of the client. */
static void
add_forwarded(struct head *want, const struct entry *e, struct part host)
{
	const char *colon = memchr(host.p, ':', host.len);
	bool tls = ledger_plan()->client[e->call->id / CALLS].secure.on;
	struct part port = part_of(tls ? "443" : "80");

	if (colon != NULL)
		port = (struct part){ colon + 1, host.len - (size_t)(colon + 1 - host.p) };
	snprintf(peer, sizeof peer, "10.0.1.%u", 1 + e->call->id / CALLS / 2);
	add(want, part_of("X-Real-IP"), part_of(peer));
	add(want, part_of("X-Forwarded-Proto"), part_of(tls ? "https" : "http"));
	add(want, part_of("X-Forwarded-Host"), host);
	add(want, part_of("X-Forwarded-Port"), port);
}

/* To tasks of gRPC: how often it was tried before, and that trailers are welcome. */
static void
add_rpc(struct head *want, const struct entry *e)
{
	if (e->rpc.tries_text[0] != '\0')
		add(want, part_of("grpc-previous-rpc-attempts"), part_of(e->rpc.tries_text));
	if (e->call->rpc.on)
		add(want, part_of("te"), part_of("trailers"));
}

/* It stands before them or behind them. */
static void
check_sender(const struct entry *e, const struct head *got)
{
	unsigned n = 0;

	for (unsigned i = 0; i < got->n; i++)
		n += is(got->field[i].name, "X-Forwarded-For");
	if (n != 1 || !same(value_of(got, "X-Forwarded-For"), part_of(peer)))
		broken("x%u came with %u senders in place of %s", e->call->id, n, peer);
}

/* The host is the client's, or the task's address. */
static void
check_host(const struct entry *e, const struct head *got, struct part host, unsigned task)
{
	const struct plan_service *s = &ledger_plan()->service[e->call->service];
	struct part due = host, is_so = value_of(got, "Host");
	unsigned n = 0;

	for (unsigned i = 0; i < got->n; i++)
		n += is(got->field[i].name, "Host");
	if (s->names_task) {
		bool detour = s->task[task].detour != NO_DETOUR && begins(is_so, "10.0.4.");
		snprintf(address, sizeof address, "10.0.%u.%u:%u", detour ? 4 : 3, e->call->service * TASKS + task + 1,
		    detour ? 8000 : 8000 + e->call->service);
		due = part_of(address);
	}
	if (n != 1 || !same(is_so, due))
		broken("x%u came with %u hosts, %.*s in place of %.*s", e->call->id, n, (int)is_so.len, is_so.p, (int)due.len, due.p);
}

/* Method and target, without scheme and host where it had these, and the version of the connection to the task. */
static void
check_request_line(const struct entry *e, struct part sent, struct part got, struct part *host, bool h2)
{
	struct part method = word(&sent), target = word(&sent);

	if (begins(target, "http://")) {
		const char *path = memchr(target.p + 7, '/', target.len - 7);
		ASSERT(path != NULL);
		*host = (struct part){ target.p + 7, (size_t)(path - target.p - 7) };
		target = (struct part){ path, target.len - (size_t)(path - target.p) };
	}
	if (!same(word(&got), method) || !same(word(&got), target) || !is(got, h2 ? "HTTP/2" : "HTTP/1.1"))
		broken("x%u came with another line than it was sent with", e->call->id);
}

void
heads_check_request(const struct entry *e, const char *text, unsigned task, bool h2)
{
	static struct head sent, got, want;
	struct part host;

	if (!is_for_all_to_check(e))
		return;
	parse(&sent, e->asked, false);
	parse(&got, text, false);
	host = value_of(&sent, "Host");
	check_request_line(e, sent.line, got.line, &host, h2);
	check_host(e, &got, host, task);
	want.n = 0;
	for (unsigned i = 0; i < sent.n; i++) {
		struct part name = sent.field[i].name;
		if (is_for_next(name) || is_for_others(name, sent.field[i].value) || is_of_client(name) || is_twin(name) ||
		    is(name, "Host") || (is(name, "Expect") && e->call->minor == 0) || (is_listed(&sent, name) && !must_stay(name)))
			continue;
		add(&want, name, sent.field[i].value);
	}
	add_forwarded(&want, e, host);
	add_rpc(&want, e);
	check_sender(e, &got);
	compare(e, "request", &want, &got, h2 || ledger_plan()->client[e->call->id / CALLS].h2);
}

/* ---- responses ---- */

/* The number of the task that it says it is of; TASKS: of none. */
static unsigned
task_of(const struct head *h)
{
	struct part by = value_of(h, "X-By");
	unsigned service, task;

	return by.len > 0 && sscanf(by.p, "s%u.%u", &service, &task) == 2 && task < TASKS ? task : TASKS;
}

static void
check_status_line(const struct entry *e, struct part sent, struct part got, bool told)
{
	word(&sent);
	if (!is(word(&got), "HTTP/1.1") || !same(word(&got), word(&sent)))
		broken("x%u got another status than was sent", e->call->id);
	if (told && !same(trim(got), trim(sent)))
		broken("x%u got another reason than was sent: %.*s", e->call->id, (int)got.len, got.p);
}

void
heads_check_response(const struct entry *e, const char *text, bool h2)
{
	const struct plan *p = ledger_plan();
	static struct head sent, got, want;
	unsigned task;

	if (!is_for_all_to_check(e))
		return;
	parse(&got, text, false);
	task = task_of(&got);
	if (task == TASKS || e->answered[task] == NULL) {
		broken("x%u got a response of no task", e->call->id);
		return;
	}
	parse(&sent, e->answered[task], true);
	if (!h2)
		check_status_line(e, sent.line, got.line, !p->service[e->call->service].h2c);
	want.n = 0;
	for (unsigned i = 0; i < sent.n; i++) {
		struct part name = sent.field[i].name;
		if (!is_for_next(name) && !is_for_others(name, sent.field[i].value) && (!is_listed(&sent, name) || must_stay(name)))
			add(&want, name, sent.field[i].value);
	}
	compare(e, "response", &want, &got, h2 || p->service[e->call->service].h2c);
}
