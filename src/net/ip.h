/*
 * ip: addresses without ports, and networks. An IPv4 address is held as its IPv4-mapped IPv6
 * address (::ffff:a.b.c.d), so a client is the same whether it came to an IPv4 listener or to
 * an IPv6 one.
 */
#ifndef NET_IP_H
#define NET_IP_H

#include "net/sock.h"

struct ip {
	uint8_t	b[16];		/* all zero: none */
};

struct ip_net {
	struct ip	ip;
	unsigned	bits;	/* of the 128 */
};

#define IP_TEXT_MAX	48	/* NUL included */

struct ip	 ip_of(const struct addr *);		/* none for a unix socket */
struct ip	 ip_of_v4(const void *four_bytes);
/* 10.0.0.1 or 2001:db8::1; no port, no brackets, no zone. */
bool		 ip_parse(struct str, struct ip *);
/* IPv4 as such; "unix" when there is none. */
struct str	 ip_text(const struct ip *, char out[IP_TEXT_MAX]);
bool		 ip_eq(const struct ip *, const struct ip *);
bool		 ip_is_v4(const struct ip *);
struct ip	 ip_masked(const struct ip *, unsigned bits);

/*
 * "10.0.0.0/8", "2001:db8::/32", or one address. False when it is none of them, or when bits
 * beyond the mask are set.
 */
bool		 ip_net_parse(struct str, struct ip_net *);
bool		 ip_net_has(const struct ip_net *, const struct ip *);
bool		 ip_nets_have(const struct ip_net *, unsigned n, const struct ip *);

#endif
