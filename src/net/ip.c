#include <arpa/inet.h>
#include <string.h>

#include "base/bug.h"
#include "net/ip.h"

static const uint8_t v4_mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

struct ip
ip_of_v4(const void *four_bytes)
{
	struct ip ip;

	memcpy(ip.b, v4_mapped, sizeof v4_mapped);
	memcpy(ip.b + 12, four_bytes, 4);
	return ip;
}

struct ip
ip_of(const struct addr *a)
{
	struct ip ip = { { 0 } };

	if (a->sa.any.sa_family == AF_INET)
		return ip_of_v4(&a->sa.v4.sin_addr);
	if (a->sa.any.sa_family == AF_INET6)
		memcpy(ip.b, &a->sa.v6.sin6_addr, sizeof ip.b);
	return ip;
}

bool
ip_parse(struct str s, struct ip *out)
{
	char text[IP_TEXT_MAX];
	struct in_addr v4;

	if (s.len == 0 || s.len >= sizeof text || memchr(s.p, '\0', s.len) != NULL)
		return false;
	str_copy(text, sizeof text, s);
	if (inet_pton(AF_INET, text, &v4) == 1) {
		*out = ip_of_v4(&v4);
		return true;
	}
	return inet_pton(AF_INET6, text, out->b) == 1;
}

bool
ip_is_v4(const struct ip *ip)
{
	return memcmp(ip->b, v4_mapped, sizeof v4_mapped) == 0;
}

struct str
ip_text(const struct ip *ip, char out[IP_TEXT_MAX])
{
	static const struct ip none;

	if (ip_eq(ip, &none))
		return (struct str){ strcpy(out, "unix"), 4 };
	if (ip_is_v4(ip))
		inet_ntop(AF_INET, ip->b + 12, out, IP_TEXT_MAX);
	else
		inet_ntop(AF_INET6, ip->b, out, IP_TEXT_MAX);
	return str_of(out);
}

bool
ip_eq(const struct ip *a, const struct ip *b)
{
	return memcmp(a->b, b->b, sizeof a->b) == 0;
}

struct ip
ip_masked(const struct ip *ip, unsigned bits)
{
	struct ip out = { { 0 } };

	ASSERT(bits <= 128);
	memcpy(out.b, ip->b, bits / 8);
	if (bits % 8 != 0)
		out.b[bits / 8] = (uint8_t)(ip->b[bits / 8] & (0xff << (8 - bits % 8)));
	return out;
}

bool
ip_net_parse(struct str s, struct ip_net *out)
{
	struct ip_net net = { .bits = 128 };
	struct str rest = s, host;
	struct ip masked;
	unsigned above;
	uint64_t bits;

	if (!str_split(&rest, '/', &host) || !ip_parse(host, &net.ip))
		return false;
	if (host.len < s.len) {
		above = memchr(host.p, ':', host.len) == NULL ? 96 : 0;
		if (!str_to_u64(rest, &bits) || bits > 128 - above)
			return false;
		net.bits = above + (unsigned)bits;
	}
	masked = ip_masked(&net.ip, net.bits);
	if (!ip_eq(&masked, &net.ip))
		return false;
	*out = net;
	return true;
}

bool
ip_net_has(const struct ip_net *net, const struct ip *ip)
{
	struct ip masked = ip_masked(ip, net->bits);

	return ip_eq(&masked, &net->ip);
}

bool
ip_nets_have(const struct ip_net *net, unsigned n, const struct ip *ip)
{
	for (unsigned i = 0; i < n; i++)
		if (ip_net_has(&net[i], ip))
			return true;
	return false;
}
