#include <stdio.h>
#include <string.h>

#include "base/bug.h"
#include "front.h"

#define NAMED_PORT	4000

void
front_draw(struct plan *p, struct rng r)
{
	p->proxied = may(&r, 6);
	p->trusts = may(&r, 10);
	for (unsigned i = 0; i < CLIENTS; i++)
		p->client[i].front = rng_below(&r, FRONT_KINDS);
}

static bool
is_named(const struct plan *p, unsigned client)
{
	return p->proxied && !p->client[client].secure.on && p->client[client].front != FRONT_LOCAL;
}

bool
front_is_trusted(const struct plan *p, unsigned client)
{
	if (p->proxied && p->client[client].secure.on)		/* who might be a proxy, and needs no header there */
		return true;
	return client / 2 < 3 && p->trusts && (!p->proxied || is_named(p, client));
}

static void
trust(struct proxy_conf *c, const char *net)
{
	ASSERT(ip_net_parse(str_of(net), &c->trusted[c->ntrusted++]));
}

void
front_conf(const struct plan *p, struct proxy_conf *c)
{
	c->listener[0].proxy_protocol = p->proxied;
	if (p->proxied)
		trust(c, "10.0.1.0/24");
	if (p->trusts)
		trust(c, p->proxied ? "203.0.113.0/30" : "10.0.1.0/30");
}

void
front_name(const struct plan *p, unsigned client, char out[FRONT_TEXT_MOST])
{
	snprintf(out, FRONT_TEXT_MOST, "%s.%u", is_named(p, client) ? "203.0.113" : "10.0.1", 1 + client / 2);
}

void
front_nets(unsigned pair, char *out, size_t cap)
{
	snprintf(out, cap, ",10.0.1.%u,203.0.113.%u", pair + 1, pair + 1);
}

static unsigned
port_of(const struct plan *p, unsigned client, unsigned port)
{
	return is_named(p, client) ? NAMED_PORT + client : port;
}

size_t
front_header(const struct plan *p, unsigned client, unsigned port, char out[128])
{
	static const char begins[] = "\r\n\r\n\0\r\nQUIT\n";
	unsigned named = port_of(p, client, port);
	char name[FRONT_TEXT_MOST];
	size_t n = sizeof begins - 1;

	if (!p->proxied || p->client[client].secure.on)
		return 0;
	front_name(p, client, name);
	if (p->client[client].front == FRONT_TEXT)
		return (size_t)snprintf(out, 128, "PROXY TCP4 %s 10.0.0.1 %u 80\r\n", name, named);
	memcpy(out, begins, n);
	out[n++] = p->client[client].front == FRONT_LOCAL ? 0x20 : 0x21;
	out[n++] = 0x11;
	out[n++] = 0;
	out[n++] = 12;
	memcpy(out + n, (const unsigned char[]){ 203, 0, 113, (unsigned char)(1 + client / 2), 10, 0, 0, 1, (unsigned char)(named >> 8),
	    (unsigned char)named, 0, 80 }, 12);
	return n + 12;
}

static void
expect(const struct call *l, const char *what, const char *seen, const char *due)
{
	if (strcmp(seen, due) != 0)
		broken("x%u came with %s \"%s\" in place of \"%s\"", l->id, what, seen, due);
}

void
front_request(const struct plan *p, const struct call *l, const struct chain_seen *s)
{
	bool names = l->odd && front_is_trusted(p, l->id / CALLS), secure = p->client[l->id / CALLS].secure.on;
	char name[FRONT_TEXT_MOST], list[64], host[8];

	front_name(p, l->id / CALLS, name);
	snprintf(list, sizeof list, "%s%s", names ? FRONT_LIST ", " : "", name);
	snprintf(host, sizeof host, "s%u", l->service);
	expect(l, "X-Forwarded-For", s->forwarded, list);
	expect(l, "X-Real-IP", s->real_ip, names ? FRONT_LIST : name);
	expect(l, "X-Forwarded-Proto", s->proto, secure ? "https" : "http");
	expect(l, "X-Forwarded-Host", s->host, host);
	expect(l, "X-Forwarded-Port", s->port, secure ? "443" : "80");
}

static void
says(const struct entry *e, const char *line, const char *key, const char *due)
{
	const char *v = line_value(line, key);
	size_t n = strlen(due);

	if (v == NULL || v[0] != '"' || strncmp(v + 1, due, n) != 0 || v[1 + n] != '"')
		broken("x%u is not logged with %s %s: %s", e->call->id, key, due, line);
}

void
front_line(const struct plan *p, const struct entry *e, const char *line)
{
	unsigned client = e->call->id / CALLS, port = port_of(p, client, e->port);
	char name[FRONT_TEXT_MOST], addr[FRONT_TEXT_MOST + 12], text[12];

	front_name(p, client, name);
	snprintf(addr, sizeof addr, "%s:%u", name, port);
	snprintf(text, sizeof text, "%u", port);
	says(e, line, "ClientHost", e->call->odd && front_is_trusted(p, client) ? FRONT_LIST : name);
	says(e, line, "ClientAddr", addr);
	says(e, line, "ClientPort", text);
}
