/*
 * addr: text to a socket's address and back. No name is ever looked up.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "base/addr.h"
#include "base/bug.h"

static const struct why *
addr_parse_unix(struct str path, struct addr *a)
{
	if (path.len == 0 || path.len >= sizeof a->sa.un.sun_path ||
	    memchr(path.p, '\0', path.len) != NULL)
		return WHY_BAD_ADDRESS;
	memset(a, 0, sizeof *a);
	a->sa.un.sun_family = AF_UNIX;
	str_copy(a->sa.un.sun_path, sizeof a->sa.un.sun_path, path);
	a->len = sizeof a->sa.un;
	return NULL;
}

const struct why *
addr_parse(struct str s, struct addr *out)
{
	char host[64];
	struct addr a = { 0 };
	struct str h;
	uint64_t port;
	size_t colon = s.len;

	if (str_starts(s, STR("unix:")))
		return addr_parse_unix((struct str){ s.p + 5, s.len - 5 }, out);
	while (colon > 0 && s.p[colon - 1] != ':')
		colon--;
	if (colon == 0 || !str_to_u64((struct str){ s.p + colon, s.len - colon }, &port) || port > 65535)
		return WHY_BAD_ADDRESS;
	h = (struct str){ s.p, colon - 1 };
	if (h.len >= sizeof host || memchr(h.p, '\0', h.len) != NULL)
		return WHY_BAD_ADDRESS;
	if (h.len >= 2 && h.p[0] == '[' && h.p[h.len - 1] == ']') {
		str_copy(host, sizeof host, (struct str){ h.p + 1, h.len - 2 });
		a.sa.v6.sin6_family = AF_INET6;
		a.sa.v6.sin6_port = htons((uint16_t)port);
		a.len = sizeof a.sa.v6;
		if (inet_pton(AF_INET6, host, &a.sa.v6.sin6_addr) != 1)
			return WHY_BAD_ADDRESS;
	} else {
		str_copy(host, sizeof host, h.len == 0 ? STR("0.0.0.0") : h);
		a.sa.v4.sin_family = AF_INET;
		a.sa.v4.sin_port = htons((uint16_t)port);
		a.len = sizeof a.sa.v4;
		if (inet_pton(AF_INET, host, &a.sa.v4.sin_addr) != 1)
			return WHY_BAD_ADDRESS;
	}
	*out = a;
	return NULL;
}

const char *
addr_host_text(const struct addr *a, char out[ADDR_TEXT_MAX])
{
	out[0] = '\0';
	if (a->sa.any.sa_family == AF_INET)
		inet_ntop(AF_INET, &a->sa.v4.sin_addr, out, ADDR_TEXT_MAX);
	else if (a->sa.any.sa_family == AF_INET6)
		inet_ntop(AF_INET6, &a->sa.v6.sin6_addr, out, ADDR_TEXT_MAX);
	else
		snprintf(out, ADDR_TEXT_MAX, "unix");
	return out;
}

const char *
addr_text(const struct addr *a, char out[ADDR_TEXT_MAX])
{
	char host[ADDR_TEXT_MAX];

	addr_host_text(a, host);
	if (a->sa.any.sa_family == AF_INET)
		snprintf(out, ADDR_TEXT_MAX, "%.64s:%u", host, ntohs(a->sa.v4.sin_port));
	else if (a->sa.any.sa_family == AF_INET6)
		snprintf(out, ADDR_TEXT_MAX, "[%.64s]:%u", host, ntohs(a->sa.v6.sin6_port));
	else
		snprintf(out, ADDR_TEXT_MAX, "unix:%s", a->sa.un.sun_path);
	return out;
}

unsigned
addr_port(const struct addr *a)
{
	switch (a->sa.any.sa_family) {
	case AF_INET:
		return ntohs(a->sa.v4.sin_port);
	case AF_INET6:
		return ntohs(a->sa.v6.sin6_port);
	default:
		return 0;
	}
}

void
addr_set_port(struct addr *a, unsigned port)
{
	ASSERT(port > 0 && port <= 65535);
	if (a->sa.any.sa_family == AF_INET)
		a->sa.v4.sin_port = htons((uint16_t)port);
	else if (a->sa.any.sa_family == AF_INET6)
		a->sa.v6.sin6_port = htons((uint16_t)port);
}

bool
addr_eq(const struct addr *a, const struct addr *b)
{
	char x[ADDR_TEXT_MAX], y[ADDR_TEXT_MAX];

	if (a->sa.any.sa_family != b->sa.any.sa_family)
		return false;
	if (a->sa.any.sa_family == AF_INET)
		return a->sa.v4.sin_port == b->sa.v4.sin_port &&
		    a->sa.v4.sin_addr.s_addr == b->sa.v4.sin_addr.s_addr;
	if (a->sa.any.sa_family == AF_INET6)
		return a->sa.v6.sin6_port == b->sa.v6.sin6_port &&
		    memcmp(&a->sa.v6.sin6_addr, &b->sa.v6.sin6_addr, sizeof a->sa.v6.sin6_addr) == 0;
	return strcmp(addr_text(a, x), addr_text(b, y)) == 0;
}

int
addr_order(const struct addr *a, const struct addr *b)
{
	int family = a->sa.any.sa_family, other = b->sa.any.sa_family, d;

	if (family != other)
		return family < other ? -1 : 1;
	if (family == AF_INET6)
		d = memcmp(&a->sa.v6.sin6_addr, &b->sa.v6.sin6_addr, sizeof a->sa.v6.sin6_addr);
	else
		d = memcmp(&a->sa.v4.sin_addr, &b->sa.v4.sin_addr, sizeof a->sa.v4.sin_addr);
	return d != 0 ? d : (int)ntohs(a->sa.v4.sin_port) - (int)ntohs(b->sa.v4.sin_port);
}

struct addr_ip
addr_to_ip(const struct addr *a)
{
	struct addr_ip ip = { 0 };

	ASSERT(a->sa.any.sa_family != AF_UNIX && a->len <= sizeof ip.sa);
	memcpy(&ip.sa, &a->sa, sizeof ip.sa);
	return ip;
}

struct addr
addr_of_ip(const struct addr_ip *ip)
{
	sa_family_t family = ip->sa.any.sa_family;
	struct addr a = { .len = family == 0 ? 0 : family == AF_INET ? sizeof a.sa.v4 : sizeof a.sa.v6 };

	memcpy(&a.sa, &ip->sa, sizeof ip->sa);
	return a;
}

bool
addr_is_ip(const struct addr *a, const struct addr_ip *ip)
{
	struct addr other = addr_of_ip(ip);

	return addr_eq(a, &other);
}
