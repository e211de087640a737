#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/bug.h"
#include "chain.h"
#include "client_priv.h"
#include "heads.h"
#include "odd.h"

#define CONTINUE_USEC	USEC_PER_SEC	/* for which a 100 is waited for */

static const char *const spoilt[BADS] = {
	[WELL] = "", [BAD_FIELD] = "X y: 1\r\n", [BAD_LENGTHS] = "Content-Length: 1\r\nContent-Length: 2\r\n",
	[BAD_HOST] = "Host: other\r\n",
};

static void
head_make(struct client *c, const struct call *l)
{
	char *p = c->head, *end = c->head + sizeof c->head;
	struct chain_ask asks[CHAIN_ASKS];

	p += snprintf(p, 200, "%s %s/x%u HTTP/1.%d\r\nHost: s%u\r\n%s", l->method, l->bad == BAD_LINE ? "%% " : "", l->id, l->minor,
	    l->service, spoilt[l->bad] == NULL ? "" : spoilt[l->bad]);
	if (l->upgrades)
		p += snprintf(p, 100, "Connection: Upgrade\r\nUpgrade: websocket\r\n");
	else if (l->closes)
		p += snprintf(p, 100, "Connection: close\r\n");
	else if (l->minor == 0)
		p += snprintf(p, 100, "Connection: keep-alive\r\n");
	if (c->bound[l->service].cookie[0] != '\0') {
		p += snprintf(p, 100, "Cookie: a=b; at=%s\r\n", c->bound[l->service].cookie);
		memcpy(ledger_of(l->id)->bound, c->bound[l->service].by, sizeof c->bound[l->service].by);
	}
	for (unsigned i = 0, n = chain_asks(c->plan, l, asks); i < n; i++)
		p += snprintf(p, 200, "%s: %s\r\n", asks[i].name, asks[i].value);
	if (l->odd)
		p += snprintf(p, 100, "Content_Length: 7\r\nX_Forwarded_For: 1.2.3.4\r\nKeep-Alive: 5\r\n");
	if (l->odd && l->minor == 1 && !l->closes)
		p += snprintf(p, 100, "Connection: X-Hop\r\nX-Hop: 1\r\n");
	if (l->chunked)
		p += snprintf(p, 100, "Transfer-Encoding: chunked\r\n");
	else if (l->body > 0 || strcmp(l->method, "POST") == 0)
		p += snprintf(p, 100, "Content-Length: %llu\r\n", (unsigned long long)l->body);
	if (l->expects)
		p += snprintf(p, 100, "Expect: 100-continue\r\n");
	p = odd_fields(l, c->head, p);
	if (l->bad == HEAD_LARGE || l->full) {
		size_t n = HEAD_BYTES + (l->bad == HEAD_LARGE) - (size_t)(p - c->head) - 13;
		n += l->bad == HEAD_LARGE && !l->full ? 800 : 0;
		p += snprintf(p, 100, "X-Large: ");
		memset(p, 'x', n);
		p += n;
		p += snprintf(p, 100, "\r\n");
	}
	if (l->bad != HEAD_STOPS)
		p += snprintf(p, 100, "\r\n");
	if (l->bad == HEAD_WRONG)
		p = odd_wrong(l, c->head);
	ASSERT(p < end);
	c->head_len = (size_t)(p - c->head);
	ledger_of(l->id)->asked = heads_keep(c->head, c->head_len);
	c->head_sent = 0;
}

static void
call_begin(struct client *c)
{
	const struct call *l = call(c, c->sending);

	client_check_idle(c, false);
	c->idle_usec = 0;
	head_make(c, l);
	c->body = (struct writing){ .exchange = l->id, .side = UP, .chunked = l->chunked, .wrong = l->bad == BAD_CHUNK,
	    .length = l->body + l->tunnel, .chunk = 900 };
	c->all = c->head_len + (l->bad == HEAD_STOPS ? 0 : writing_bytes(&c->body));
	c->sent = 0;
	c->out_len = c->out_sent = 0;
	c->begun = true;
	c->stalled = c->continued = c->switched = false;
	entry(c, c->sending)->fate = WAITING;
	entry(c, c->sending)->end = c->end;
	entry(c, c->sending)->began_usec = wire_now();
	handshake_note(&c->handshake, entry(c, c->sending));
	entry(c, c->sending)->port = addr_port(end_addr(c->end));
	wire_note("send", l->id, c->all);
}

static int64_t
stall_of(const struct client *c, const struct call *l)
{
	return l->stall_at == BEHIND_HEAD ? (int64_t)c->head_len : l->stall_at;
}

/* Bytes for the wire, of what is to be sent now. */
static void
out_fill(struct client *c, const struct call *l)
{
	int64_t stall_at = stall_of(c, l);
	size_t n = sizeof c->out;

	if (c->out_sent < c->out_len)
		return;
	c->out_sent = c->out_len = 0;
	if (l->piece > 0 && l->piece < n)
		n = l->piece;
	if (stall_at >= 0 && !c->stalled && c->sent + n > (uint64_t)stall_at)
		n = (size_t)((uint64_t)stall_at - c->sent);
	if (l->leave_at >= 0 && c->sent + n > (uint64_t)l->leave_at)
		n = (size_t)((uint64_t)l->leave_at - c->sent);
	if (c->head_sent < c->head_len) {
		if (n > c->head_len - c->head_sent)
			n = c->head_len - c->head_sent;
		memcpy(c->out, c->head + c->head_sent, n);
		c->head_sent += n;
		c->out_len = n;
	} else
		c->out_len = writing_take(&c->body, c->out, n);
}

/* False: nothing is to be sent now. */
static bool
may_send(struct client *c, const struct call *l)
{
	int64_t now = wire_now();

	if (now < c->due_usec)
		return false;
	if (l->stall_at >= 0 && !c->stalled && c->out_sent == c->out_len && c->sent == (uint64_t)stall_of(c, l)) {
		c->stalled = true;
		c->due_usec = now + l->stall_usec;
		client_at(c, c->due_usec);
		return false;
	}
	if (l->upgrades && !c->switched && c->sent == c->head_len)
		return false;
	if (l->expects && !c->continued && c->sent == c->head_len) {
		c->continued = true;
		c->due_usec = l->insists ? INT64_MAX : now + CONTINUE_USEC;
		if (!l->insists)
			client_at(c, c->due_usec);
		return false;
	}
	return true;
}

static void
call_sent(struct client *c)
{
	const struct call *l = call(c, c->sending);

	entry(c, c->sending)->sent_usec = wire_now();
	if (l->shuts || c->switched)
		end_shut(c->end);
	c->begun = false;
	c->sending++;
	c->due_usec = 0;
	client_at(c, wire_now() + GRACE_USEC);
	if (l->leave_usec >= 0)
		client_at(c, wire_now() + l->leave_usec);
}

void
client_upgraded(struct client *c, bool yes)
{
	c->switched = yes;
	if (!yes) {
		c->all = c->sent;
		call_sent(c);
	}
}

/* It may come before the client waits for it: between the last piece of the head and the next one. To calls behind, it says nothing. */
void
client_go_on(struct client *c)
{
	bool waits = c->continued && c->sent == c->head_len;

	if (!c->begun || c->waiting != c->sending)
		return;
	if (waits)
		c->due_usec = 0;
	c->continued = true;
}

/* Whether the next call may begin. */
static bool
may_begin(struct client *c)
{
	if (c->sending >= c->how->ncalls || c->ending)
		return false;
	if (c->sending > c->waiting) {
		const struct call *before = call(c, c->sending - 1);
		return call(c, c->sending)->pipelined && !before->closes && before->bad == WELL && !before->shuts;
	}
	return true;
}

/* True: it has sent something, or nobody is there any more. */
static bool
send_some(struct client *c)
{
	const struct call *l = call(c, c->sending);
	ssize_t n;

	if (!may_send(c, l))
		return false;
	if (l->leave_at >= 0 && c->sent == (uint64_t)l->leave_at && c->out_sent == c->out_len) {
		client_hang_up(c, l->leaves_by_reset, LEFT);
		return false;
	}
	out_fill(c, l);
	if (c->out_len == 0) {
		if (c->sent == c->all)
			call_sent(c);
		return c->end != NULL;
	}
	n = end_write(c->end, c->out + c->out_sent, c->out_len - c->out_sent);
	if (n < 0) {			/* a break is found when reading; of a reset only one call is told, and the next read finds an end */
		c->is_reset |= errno == ECONNRESET;
		return false;
	}
	c->out_sent += (size_t)n;
	c->sent += (size_t)n;
	entry(c, c->sending)->sent = c->sent;
	entry(c, c->sending)->put_usec = wire_now();
	if (c->sent == c->all)
		call_sent(c);
	else if (l->piece > 0) {
		c->due_usec = wire_now() + l->piece_usec;
		client_at(c, c->due_usec);
	}
	return true;
}

void
client_send(struct client *c)
{
	while (c->end != NULL && (c->begun || may_begin(c)) && wire_now() >= c->due_usec) {
		if (!c->begun)
			call_begin(c);
		if (!send_some(c))
			break;
	}
}
