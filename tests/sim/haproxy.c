/*
 * One command for each connection, or after `prompt` one in each line until `quit`. Servers that Mola adds are gone when it has been
 * restarted. A server that is ready must not be taken away while it is the last one of its service, and another could serve.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/bug.h"
#include "haproxy.h"
#include "ledger.h"
#include "memory.h"

#define SERVERS	64
#define MAINT	0x01			/* bits of srv_admin_state, and of srv_check_state */
#define DRAIN	0x08
#define CHECKED	0x02
#define CHECKS	0x04

struct row {
	bool		 there;
	char		 backend[16], name[64];
	struct addr	 addr;
	unsigned	 weight, admin, check;
};

struct caller {
	struct end	*end;			/* NULL: it is over */
	char		 line[16384];
	size_t		 len, out_len, sent;
	char		*out;
	bool		 heard, due;
};

static struct {
	const struct plan *plan;
	struct host	 host;
	struct port	 port;
	struct row	 row[SERVERS];
	unsigned	 pid;
	int64_t		 began, started, bad, refused;	/* refused: the last command was */
} h;

static const struct trouble *
trouble_now(void)
{
	int64_t t = wire_now() - h.began;

	for (unsigned i = 0; i < TROUBLES; i++) {
		const struct trouble *one = &h.plan->brain.target[i];
		if (one->from_usec > 0 && t >= one->from_usec && t < one->until_usec)
			return one;
	}
	return NULL;
}

int64_t
haproxy_good_usec(void)
{
	if (trouble_now() != NULL)
		h.bad = wire_now();
	return h.bad;
}

/* ---- servers ---- */

static struct row *
find(const char *backend, const char *name)
{
	for (unsigned i = 0; i < SERVERS; i++)
		if (h.row[i].there && strcmp(h.row[i].backend, backend) == 0 && strcmp(h.row[i].name, name) == 0)
			return &h.row[i];
	return NULL;
}

static bool
is_ready(const struct row *r)
{
	return r->there && (r->admin & (MAINT | DRAIN)) == 0 && r->weight > 0;
}

static unsigned
ready_of(const char *backend)
{
	unsigned n = 0;

	for (unsigned i = 0; i < SERVERS; i++)
		n += strcmp(h.row[i].backend, backend) == 0 && is_ready(&h.row[i]);
	return n;
}

struct haproxy_seen
haproxy_server_at(unsigned service, const struct addr *a)
{
	struct haproxy_seen seen = { 0 };
	char backend[16];

	snprintf(backend, sizeof backend, "s%u", service);
	for (unsigned i = 0; i < SERVERS && !seen.ready; i++) {	/* one that waits for its end may be there, too */
		const struct row *r = &h.row[i];
		if (r->there && strcmp(r->backend, backend) == 0 && addr_eq(&r->addr, a))
			seen = (struct haproxy_seen){ true, is_ready(r) };
	}
	return seen;
}

unsigned
haproxy_servers(unsigned service)
{
	char backend[16];
	unsigned n = 0;

	snprintf(backend, sizeof backend, "s%u", service);
	for (unsigned i = 0; i < SERVERS; i++)
		n += h.row[i].there && (h.row[i].admin & MAINT) == 0 && strcmp(h.row[i].backend, backend) == 0;
	return n;
}

/* ---- commands ---- */

static const char *
server_add(const char *backend, const char *name, const char *rest)
{
	char at[ADDR_TEXT_MAX];
	struct row *r = NULL;
	unsigned weight;

	if (find(backend, name) != NULL)
		return "Already exists a server with the same name in backend.\n\n";
	for (unsigned i = 0; i < SERVERS && r == NULL; i++)
		r = h.row[i].there ? NULL : &h.row[i];
	ASSERT(r != NULL);
	*r = (struct row){ .there = true, .admin = MAINT, .check = strstr(rest, " check") != NULL ? CHECKED : 0 };
	snprintf(r->backend, sizeof r->backend, "%s", backend);
	snprintf(r->name, sizeof r->name, "%s", name);
	if (sscanf(rest, "%100s weight %u", at, &weight) != 2 || weight < 1 || weight > 256 || addr_parse(str_of(at), &r->addr) != NULL)
		broken("HAProxy is to add a server as %s", rest);
	r->weight = weight;
	return "New server registered.\n\n";
}

static const char *
server_set(struct row *r, const char *rest)
{
	char at[80];
	unsigned n;

	if (strcmp(rest, "state ready") == 0)
		r->admin = 0;
	else if (strcmp(rest, "state drain") == 0)
		r->admin = DRAIN;
	else if (strcmp(rest, "state maint") == 0)
		r->admin = MAINT;
	else if (sscanf(rest, "weight %u", &n) == 1 && n <= 256)
		r->weight = n;
	else if (sscanf(rest, "addr %60s port %u", at, &n) == 2) {
		snprintf(at + strlen(at), 10, ":%u", n);
		ASSERT(addr_parse(str_of(at), &r->addr) == NULL);
		return "IP changed from '1.1.1.1' to '1.1.1.2' by 'stats socket command'\n\n";
	} else
		broken("HAProxy is told: %s", rest);
	return "\n";
}

static const char *
server_delete(struct row *r)
{
	if ((r->admin & MAINT) == 0)
		return "Only servers in maintenance mode can be deleted.\n\n";
	if (wire_now() % 3 == 0)
		return "Server still has connections attached to it, cannot remove it.\n\n";
	r->there = false;
	return "Server deleted.\n\n";
}

/* Another task of the service is there all the time, for Mola and for everybody. */
static bool
has_steady(const char *backend)
{
	const struct plan_service *s = &h.plan->service[(backend[1] - '0') % SERVICES];

	for (unsigned i = 0; backend[0] == 's' && i < s->ntasks; i++)
		if (s->task[i].gone_usec == 0 && !plan_takes_away(h.plan, s->task[i].node))
			return true;
	return false;
}

static const char *
change(const char *line)
{
	char verb[8], what[8], backend[16], name[64];
	const char *text = "No such server.\n\n";
	unsigned ready;
	struct row *r;
	int at = 0;

	if (sscanf(line, "%7s %7s %15[^/]/%63s%n", verb, what, backend, name, &at) != 4) {
		broken("HAProxy is told: %s", line);
		return "Unknown command.\n\n";
	}
	line += at + (line[at] == ' ');
	ready = ready_of(backend);
	r = find(backend, name);
	if (strcmp(verb, "add") == 0)
		text = server_add(backend, name, line);
	else if (r == NULL)
		return text;
	else if (strcmp(verb, "set") == 0)
		text = server_set(r, line);
	else if (strcmp(verb, "enable") == 0) {
		r->check |= CHECKS;
		text = "\n";
	} else if (strcmp(verb, "del") == 0)
		text = server_delete(r);
	/* a task that Mola finds down goes, whether or not the one that comes for it was refused */
	if (ready > 0 && ready_of(backend) == 0 && has_steady(backend) && wire_now() - h.refused > USEC_PER_SEC)
		broken("HAProxy has no server for %s any more after: %s %s", backend, verb, name);
	return text;
}

static const char *
refuse(void)
{
	h.refused = wire_now();
	return "Permission denied\n\n";
}

/* ---- responses ---- */

static void __attribute__((format(printf, 2, 3)))
say(struct caller *c, const char *fmt, ...)
{
	const size_t most = 16384;
	va_list args;

	c->out = c->out == NULL ? sim_alloc(most) : c->out;
	va_start(args, fmt);
	c->out_len += (size_t)vsnprintf(c->out + c->out_len, most - c->out_len, fmt, args);
	va_end(args);
	ASSERT(c->out_len < most);
}

static void
show_state(struct caller *c)
{
	char host[ADDR_TEXT_MAX];

	say(c, "1\n# be_id be_name srv_id srv_name srv_addr srv_admin_state srv_uweight srv_iweight srv_check_state srv_port\n");
	for (unsigned i = 0; i < SERVERS; i++)
		if (h.row[i].there)
			say(c, "3 %s %u %s %s %u %u %u %u %u\n", h.row[i].backend, i, h.row[i].name, addr_host_text(&h.row[i].addr, host),
			    h.row[i].admin, h.row[i].weight, h.row[i].weight, h.row[i].check, addr_port(&h.row[i].addr));
	say(c, "\n");
}

static void	respond_each(struct caller *, const struct trouble *);

static void
respond(struct caller *c)
{
	const struct trouble *t = trouble_now();

	if (strncmp(c->line, "prompt\n", 7) == 0)
		respond_each(c, t);
	else if (strcmp(c->line, "show info") == 0)
		say(c, "Name: HAProxy\nVersion: 2.6.12\nPid: %u\nUptime_sec: %lld\n\n", h.pid, (long long)(wire_now() - h.started) / 1000000);
	else if (strcmp(c->line, "show servers state") == 0)
		show_state(c);
	else if (strncmp(c->line, "show stat ", 10) == 0) {
		say(c, "# pxname,svname,qcur,scur,status\n");
		for (unsigned i = 0; i < SERVERS; i++)
			if (h.row[i].there)
				say(c, "%s,%s,0,1,UP\n", h.row[i].backend, h.row[i].name);
		say(c, "\n");
	} else
		say(c, "%s", t != NULL && t->what == TARGET_REFUSES ? refuse() : change(c->line));
	wire_note("haproxy", c->out_len, 0);
	if (wire_verbose)
		printf("#              haproxy: %s: %.40s\n", c->line, c->out);
	if (t != NULL && t->what == TARGET_BREAKS)
		c->out_len /= 2;
}

/* Its prompt ends each response, in place of an empty line. */
static void
respond_each(struct caller *c, const struct trouble *t)
{
	char *rest = c->line, *line;

	while ((line = strsep(&rest, "\n")) != NULL && strcmp(line, "quit") != 0) {
		if (strcmp(line, "prompt") != 0)
			say(c, "%s", t != NULL && t->what == TARGET_REFUSES ? refuse() : change(line));
		else
			say(c, "\n");
		c->out_len--;
		say(c, "\n> ");
	}
}

static void
send_out(struct caller *c)
{
	ssize_t n;

	while (c->sent < c->out_len && (n = end_write(c->end, c->out + c->sent, c->out_len - c->sent)) > 0)
		c->sent += (size_t)n;
	if (c->sent == c->out_len || errno != EAGAIN) {
		end_close(c->end, false);
		c->end = NULL;
	}
}

static void
on_due(void *arg, uint64_t n)
{
	struct caller *c = arg;

	(void)n;
	if (c->end == NULL)
		return;
	respond(c);
	c->due = true;
	send_out(c);
}

static void
on_end(void *arg, unsigned what)
{
	const struct trouble *t = trouble_now();
	struct caller *c = arg;
	ssize_t n;

	(void)what;
	if (c->end == NULL)
		return;
	while (!c->heard && (n = end_read(c->end, c->line + c->len, sizeof c->line - 1 - c->len, false)) > 0) {
		c->len += (size_t)n;
		c->heard = memchr(c->line, '\n', c->len) != NULL && (strncmp(c->line, "prompt\n", 7) != 0 ||
		    (c->len > 5 && memcmp(c->line + c->len - 5, "quit\n", 5) == 0));
	}
	if ((end_is(c->end) & END_BROKEN) != 0 || (!c->heard && (end_is(c->end) & END_HUNG) != 0)) {
		end_close(c->end, false);
		c->end = NULL;
	} else if (c->due)
		send_out(c);
	else if (c->heard && c->line[c->len - 1] == '\n') {
		c->line[c->len - 1] = '\0';
		if (t == NULL || t->what != TARGET_HANGS)
			wire_at(wire_now() + (t != NULL && t->what == TARGET_LATE ? t->usec : 300), on_due, c, 0);
	}
}

static void
on_call(void *arg, struct end *e)
{
	struct caller *c = sim_alloc(sizeof *c);

	(void)arg;
	c->end = e;
	end_adopt(e, on_end, c);
}

/* ---- what happens to it ---- */

static void
on_trouble(void *arg, uint64_t begins)
{
	const struct trouble *t = arg;

	h.bad = wire_now();
	wire_note("haproxy's trouble", t->what, begins);
	if (t->what == TARGET_DOWN) {
		h.port.accept = begins ? NULL : on_call;
		h.started = wire_now();
		h.pid++;
		memset(h.row, 0, sizeof h.row);
	}
	for (unsigned i = 0; t->what == TARGET_MEDDLES && begins && i < SERVERS; i++) {
		h.row[i].weight = 1 + (unsigned)(wire_now() + i) % 256;
		h.row[i].there &= i % 3 != 0;
	}
}

void
haproxy_begin(const struct plan *p)
{
	memset(&h, 0, sizeof h);
	h.plan = p;
	h.pid = 100;
	h.began = h.started = h.bad = wire_now();
	h.port = (struct port){ .host = &h.host, .accept = on_call };
	ASSERT(addr_parse(str_of(HAPROXY_AT), &h.port.addr) == NULL);
	port_open(&h.port);
	for (unsigned i = 0; i < TROUBLES; i++) {
		const struct trouble *t = &p->brain.target[i];
		if (t->from_usec > 0) {
			wire_at(h.began + t->from_usec, on_trouble, (void *)(uintptr_t)t, 1);
			wire_at(h.began + t->until_usec, on_trouble, (void *)(uintptr_t)t, 0);
		}
	}
}
