/*
 * filter_net: addresses and networks of a middleware, as Go's net package has them: bits beyond the
 * mask do not matter, and an address of v4 is in no network of v6.
 */
#include <arpa/inet.h>
#include <string.h>

#include "base/bug.h"
#include "world/filter_priv.h"

static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

static bool
is_v4(const uint8_t ip[16])
{
	return memcmp(ip, mapped, sizeof mapped) == 0;
}

bool
filter_ip_parse(struct str s, uint8_t ip[16])
{
	char text[64];
	struct in_addr v4;

	if (s.len == 0 || s.len >= sizeof text || memchr(s.p, '\0', s.len) != NULL)
		return false;
	str_copy(text, sizeof text, s);
	if (inet_pton(AF_INET, text, &v4) == 1) {
		memcpy(ip, mapped, sizeof mapped);
		memcpy(ip + 12, &v4, 4);
		return true;
	}
	return inet_pton(AF_INET6, text, ip) == 1;
}

void
filter_ip_mask(uint8_t ip[16], unsigned bits)
{
	ASSERT(bits <= 128);
	for (unsigned i = 0; i < 16; i++)
		ip[i] &= bits >= 8 * (i + 1) ? 0xff : bits <= 8 * i ? 0 : (uint8_t)(0xff << (8 * (i + 1) - bits));
}

bool
filter_net_parse(struct str s, struct filter_net *out)
{
	const char *slash = memchr(s.p, '/', s.len);
	struct str ip = { s.p, slash == NULL ? s.len : (size_t)(slash - s.p) };
	struct filter_net net = { .bits = 128 };
	bool dotted = memchr(ip.p, ':', ip.len) == NULL;
	uint64_t bits;

	if (!filter_ip_parse(ip, net.ip))
		return false;
	if (slash != NULL) {
		struct str n = { slash + 1, s.len - ip.len - 1 };
		if (n.len > 3 || !str_to_u64(n, &bits) || bits > (dotted ? 32 : 128))
			return false;
		net.bits = (unsigned)bits + (dotted ? 96 : 0);
	}
	net.v4 = is_v4(net.ip) && net.bits >= 96;
	filter_ip_mask(net.ip, net.bits);
	*out = net;
	return true;
}

bool
filter_nets_have(const struct filter_nets *nets, const uint8_t ip[16])
{
	for (unsigned i = 0; i < nets->n; i++) {
		const struct filter_net *net = &nets->item[i];
		uint8_t masked[16];
		if (net->v4 != is_v4(ip))
			continue;
		memcpy(masked, ip, 16);
		filter_ip_mask(masked, net->bits);
		if (memcmp(masked, net->ip, 16) == 0)
			return true;
	}
	return false;
}
