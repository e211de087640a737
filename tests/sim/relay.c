/*
 * Both sides are one kind of talker: it says what its plan has, checks what it gets, and ends as its plan has it. A task knows the
 * plan when it knows whose connection it has.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "door.h"
#include "ledger.h"
#include "memory.h"
#include "relay.h"
#include "relay_ledger.h"
#include "world/table.h"

#define LEAD	8			/* bytes that say whose the others are */
#define STAYS_USEC (2 * TUNNEL_USEC)	/* after the other side's end, at most */
#define HEADER_MOST 128			/* of the PROXY protocol */

struct relay_task {
	const struct plan *plan;
	const struct plan_task *how;
	unsigned	 service, number;
	struct door	 door;
	struct relay	*talkers;
};

/* A talker. */
struct relay {
	struct relay	*next;
	const struct plan *plan;
	enum side	 side;
	const struct plan_side *how;		/* NULL: not known yet */
	int		 whose;			/* its relay, -1: not known yet; */
	unsigned	 number;		/* of the relay, or of the visit */
	struct relay_side *seen;
	struct relay_task *task;
	struct host	 host;
	const struct addr *proxy;
	struct end	*end;			/* NULL: none */
	bool		 over, connected;
	uint64_t	 said;			/* bytes behind the lead */
	char		 lead[LEAD + 1], in[HEADER_MOST + LEAD];
	size_t		 nin;
	bool		 headed, led;		/* the header of PROXY has come, and the other's lead */
	int		 from;			/* whose bytes these are */
	uint64_t	 got;			/* bytes behind that */
	int64_t		 due_usec, read_due_usec;
	bool		 paused;
};

static void relay_turn(struct relay *);

static void
on_timer(void *arg, uint64_t n)
{
	(void)n;
	relay_turn(arg);
}

static void
on_end(void *arg, unsigned what)
{
	(void)what;
	relay_turn(arg);
}

static void
part(struct relay *t, bool reset, enum parting how)
{
	end_close(t->end, reset);
	t->end = NULL;
	t->over = true;
	t->seen->parting = how;
	wire_note(t->side == UP ? "client parts" : "task parts", t->number, (uint64_t)how);
}

/* ---- what comes ---- */

/* Of a version, which the proxy has written for this client: how long it is; 0: more has to come. */
static size_t
header_length(struct relay *t, unsigned version)
{
	const char *line_end = memmem(t->in, t->nin, "\r\n", 2);

	if (version == PROXY_V1)
		return line_end == NULL ? 0 : (size_t)(line_end - t->in) + 2;
	return t->nin < 16 ? 0 : 16 + (size_t)(unsigned char)t->in[14] * 256 + (unsigned char)t->in[15];
}

/* The port of the client that it names; 0: it names none, as that of a check. */
static unsigned
header_port(const struct relay *t, unsigned version, size_t len)
{
	static const unsigned char v2[12] = { 13, 10, 13, 10, 0, 13, 10, 'Q', 'U', 'I', 'T', 10 };
	const unsigned char *in = (const unsigned char *)t->in;
	char from[40], to[40], line[HEADER_MOST];
	unsigned port, here;

	if (version == PROXY_V1) {
		snprintf(line, sizeof line, "%.*s", (int)len - 2, t->in);
		if (strcmp(line, "PROXY UNKNOWN") == 0)
			return 0;
		if (sscanf(line, "PROXY TCP4 %39s %39s %u %u", from, to, &port, &here) != 4 || strncmp(from, "10.0.6.", 7) != 0)
			broken("a task got the header %s", line);
		return port;
	}
	if (memcmp(in, v2, sizeof v2) != 0 || (in[12] != 0x20 && in[12] != 0x21))
		broken("a task got no header of the PROXY protocol");
	if (in[12] == 0x20)
		return 0;
	if (in[13] != 0x11 || len != 28 || in[16] != 10 || in[17] != 0 || in[18] != 6)
		broken("a task got another header of the PROXY protocol");
	return (unsigned)in[24] * 256 + in[25];
}

static void
in_eat(struct relay *t, size_t n)
{
	memmove(t->in, t->in + n, t->nin - n);
	t->nin -= n;
}

/* A task gets a header, where its service wants one. False: more has to come. */
static bool
header_take(struct relay *t)
{
	unsigned version = t->task == NULL ? 0 : t->plan->service[t->task->service].proxy_version, port;
	size_t len;

	if (t->headed || version == 0) {
		t->headed = true;
		return true;
	}
	if ((len = header_length(t, version)) == 0 || len > t->nin)
		return false;
	if (len > HEADER_MOST) {
		broken("a task got a header of %zu bytes", len);
		return false;
	}
	port = header_port(t, version, len);
	for (unsigned i = 0; i < RELAYS; i++)
		if (port != 0 && relay_entry(i)->port == port)
			t->whose = (int)i;
	if (port != 0 && t->whose < 0)
		broken("a task got a header of nobody's port %u", port);
	in_eat(t, len);
	t->headed = true;
	return true;
}

/* What a task learns from the lead of its client. */
static void
task_learns(struct relay *t)
{
	struct relay_entry *e = relay_entry((unsigned)t->from);

	if (t->whose >= 0 && t->whose != t->from)
		broken("the header is that of r%d, and the bytes are those of r%d", t->whose, t->from);
	if (e->how->service != t->task->service)
		broken("r%d came to a task of s%u", t->from, t->task->service);
	if (e->visit >= 0)
		broken("r%d came to two tasks", t->from);
	e->visit = (int)t->number;
	relay_visit(t->number)->relay = t->from;
	t->how = &e->how->side[DOWN];
	wire_note("relay", (uint64_t)t->from, t->number);
}

/* False: the other's lead is not complete. */
static bool
lead_take(struct relay *t)
{
	char text[LEAD + 1] = "", kind;
	unsigned n;

	if (t->led)
		return true;
	if (!header_take(t) || t->nin < LEAD)
		return false;
	memcpy(text, t->in, LEAD);
	if (sscanf(text, "%c%u", &kind, &n) != 2 || kind != (t->side == UP ? 'T' : 'C') || text[LEAD - 1] != '\n' ||
	    n >= (t->side == UP ? VISITS : RELAYS)) {
		broken("%s got bytes that nobody has sent", t->side == UP ? "a client" : "a task");
		return false;
	}
	in_eat(t, LEAD);
	t->led = true;
	t->from = (int)n;
	t->seen->received += LEAD;
	if (t->side == DOWN)
		task_learns(t);
	else
		relay_entry(t->number)->heard = t->from;
	return true;
}

static void
take_bytes(struct relay *t, const char *p, size_t n)
{
	uint32_t id = (uint32_t)t->from + (t->side == UP ? 2000 : 1000);

	for (size_t i = 0; i < n; i++, t->got++)
		if (p[i] != pattern(id, t->side == UP ? DOWN : UP, t->got)) {
			broken("%c%u got a byte at %llu that is not this connection's", t->side == UP ? 'r' : 'v', t->number,
			    (unsigned long long)t->got);
			return;
		}
	t->seen->received += n;
}

static void
take(struct relay *t, const char *p, size_t n)
{
	size_t room;

	if (t->led) {
		take_bytes(t, p, n);
		return;
	}
	room = sizeof t->in - t->nin < n ? sizeof t->in - t->nin : n;
	memcpy(t->in + t->nin, p, room);
	t->nin += room;
	if (!lead_take(t))
		return;
	take_bytes(t, t->in, t->nin);
	take_bytes(t, p + room, n - room);
	t->nin = 0;
}

/* True: there may be more. */
static bool
receive(struct relay *t)
{
	const struct plan_side *how = t->how;
	size_t cap = how != NULL && how->read_piece > 0 && how->read_piece < 16384 ? how->read_piece : 16384;
	char bytes[16384];
	ssize_t n;

	if (t->seen->saw_end || wire_now() < t->read_due_usec)
		return false;
	n = end_read(t->end, bytes, cap, false);
	if (n < 0 && errno == EAGAIN)
		return false;
	if (n < 0) {
		part(t, false, PARTED_ROUGH);
		return false;
	}
	if (n == 0) {
		t->seen->saw_end = true;
		wire_at(wire_now() + STAYS_USEC, on_timer, t, 0);
		t->read_due_usec = wire_now() + STAYS_USEC;
		return true;
	}
	take(t, bytes, (size_t)n);
	if (how != NULL && how->read_piece > 0) {
		t->read_due_usec = wire_now() + how->read_usec;
		wire_at(t->read_due_usec, on_timer, t, 0);
	}
	return t->end != NULL && broken_text() == NULL;
}

/* ---- what is said ---- */

static bool
has_unread(const struct relay *t)
{
	char one;

	return !t->seen->saw_end && end_read(t->end, &one, 1, true) > 0;
}

/* All is said. */
static void
conclude(struct relay *t)
{
	bool ended = t->seen->saw_end;

	switch (t->how->ending) {
	case SIDE_RESETS:
		part(t, true, PARTED_ROUGH);
		return;
	case SIDE_CLOSES:		/* what it has not read makes a reset of it */
		t->seen->shut = !has_unread(t);
		part(t, false, t->seen->shut ? PARTED_WELL : PARTED_ROUGH);
		return;
	case SIDE_SHUTS:
		if (!t->seen->shut)
			end_shut(t->end);
		t->seen->shut = true;
		if (ended)
			part(t, false, PARTED_WELL);
		return;
	case SIDE_WAITS:
		t->seen->shut = ended;
		if (ended)
			part(t, false, PARTED_WELL);
		return;
	default:
		if (ended && wire_now() >= t->read_due_usec) {
			t->seen->shut = true;
			part(t, false, PARTED_WELL);
		}
	}
}

/* The next bytes, no more than are to be sent now. */
static size_t
next_bytes(const struct relay *t, char *out, size_t cap)
{
	const struct plan_side *how = t->how;
	uint64_t n, sent = t->seen->sent;

	if (sent < LEAD) {
		memcpy(out, t->lead + sent, LEAD - sent);
		return LEAD - sent;
	}
	if (how == NULL)
		return 0;
	n = how->bytes - t->said;
	if (how->pauses && !t->paused && how->pause_at >= t->said && n > how->pause_at - t->said)
		n = how->pause_at - t->said;
	n = n < cap ? n : cap;
	n = how->piece > 0 && n > how->piece ? how->piece : n;
	for (uint64_t i = 0; i < n; i++)
		out[i] = pattern((uint32_t)t->number + (t->side == UP ? 1000 : 2000), t->side, t->said + i);
	return n;
}

static void
wait_for(struct relay *t, int64_t usec)
{
	t->due_usec = wire_now() + usec;
	wire_at(t->due_usec, on_timer, t, 0);
}

/* True: there may be more to say. */
static bool
say(struct relay *t)
{
	const struct plan_side *how = t->how;
	bool leads = t->seen->sent < LEAD;
	char bytes[16384];
	ssize_t n;

	if (t->seen->shut || wire_now() < t->due_usec)
		return false;
	if (how == NULL && (!leads || !t->plan->service[t->task->service].greets))
		return false;
	if (!leads && how->pauses && !t->paused && t->said == how->pause_at) {
		t->paused = true;
		wait_for(t, how->pause_usec);
		return false;
	}
	if (!leads && t->said == how->bytes) {
		conclude(t);
		return false;
	}
	n = end_write(t->end, bytes, next_bytes(t, bytes, sizeof bytes));
	if (n < 0) {		/* as with Linux: what is read after a break that was met here looks like an end */
		if (errno != EAGAIN)
			part(t, false, PARTED_ROUGH);
		return false;
	}
	t->seen->sent += (uint64_t)n;
	if (!leads)
		t->said += (uint64_t)n;
	if (how != NULL && how->piece > 0)
		wait_for(t, how->piece_usec);
	return true;
}

/* ---- turns ---- */

static bool
is_connected(struct relay *t)
{
	unsigned is = end_is(t->end);

	if (!t->connected && (is & (END_BROKEN | END_OVER)) != 0)
		part(t, false, PARTED_ROUGH);
	else
		t->connected |= (is & END_OUT) != 0;
	return t->connected;
}

static void
call(struct relay *t)
{
	struct relay_entry *e = relay_entry(t->number);

	t->end = end_connect(&t->host, t->proxy, &e->how->weather, on_end, t);
	e->end = t->end;
	e->port = addr_port(end_addr(t->end));
}

static void
relay_turn(struct relay *t)
{
	if (t->over || broken_text() != NULL)
		return;
	if (t->end == NULL)
		call(t);
	if (!is_connected(t))
		return;
	while (t->end != NULL && (receive(t) || (t->end != NULL && say(t))))
		continue;
	/* a side that has said all and has no how ends with the other's */
	if (t->end != NULL && t->seen->saw_end && t->how == NULL)
		part(t, false, PARTED_ROUGH);
	else if (t->end != NULL && t->seen->saw_end && t->seen->shut)
		part(t, false, PARTED_WELL);
}

static struct relay *
talker_new(const struct plan *p, enum side side, unsigned number, struct relay_side *seen)
{
	struct relay *t = sim_alloc(sizeof *t);

	t->plan = p;
	t->side = side;
	t->number = number;
	t->seen = seen;
	t->whose = t->from = -1;
	snprintf(t->lead, sizeof t->lead, "%c%06u\n", side == UP ? 'C' : 'T', number);
	return t;
}

struct relay *
relay_new(const struct plan *p, unsigned number, const struct addr *proxy)
{
	struct relay *t = talker_new(p, UP, number, &relay_entry(number)->side);
	char name[32];

	t->how = &p->relay[number].side[UP];
	t->headed = true;
	t->proxy = proxy;
	snprintf(name, sizeof name, "10.0.6.%u:1", 1 + number / 2);
	ASSERT(addr_parse(str_of(name), &t->host.addr) == NULL);
	wire_at(wire_now() + p->relay[number].starts_usec, on_timer, t, 0);
	return t;
}

bool
relay_is_done(const struct relay *t)
{
	return t->over;
}

/* ---- tasks ---- */

static void
on_call(void *arg, struct end *e)
{
	struct relay_task *task = arg;
	unsigned number = relay_visit_new();
	struct relay *t = talker_new(task->plan, DOWN, number, &relay_visit(number)->side);

	t->task = task;
	t->end = e;
	t->connected = true;
	t->next = task->talkers;
	task->talkers = t;
	end_adopt(e, on_end, t);
	if (task->plan->service[task->service].fails)
		part(t, true, PARTED_ROUGH);
	else
		wire_at(wire_now(), on_timer, t, 0);
}

static void
on_breaks(void *arg)
{
	struct relay_task *task = arg;

	for (struct relay *t = task->talkers; t != NULL; t = t->next)
		if (t->end != NULL)
			part(t, true, PARTED_ROUGH);
}

void
relay_task_new(const struct plan *p, unsigned service, unsigned number, struct host *h, const struct addr *at)
{
	struct relay_task *task = sim_alloc(sizeof *task);

	task->plan = p;
	task->how = &p->service[service].task[number];
	task->service = service;
	task->number = number;
	door_open(&task->door, p, service, number, h, at, on_call, on_breaks, task);
}
