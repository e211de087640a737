/*
 * addr: an address of a socket: IPv4 or IPv6 with a port, or the path of a unix socket. What has
 * many that are no paths keeps them in a quarter of the memory.
 */
#ifndef BASE_ADDR_H
#define BASE_ADDR_H

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/str.h"
#include "base/why.h"

struct addr {
	socklen_t	len;
	union {
		struct sockaddr		any;
		struct sockaddr_in	v4;
		struct sockaddr_in6	v6;
		struct sockaddr_un	un;
	} sa;
};

/* "10.0.0.1:80", "[::1]:80", ":80" (any address), "unix:/path". Numbers only: no name is looked
 * up. */
const struct why	*addr_parse(struct str, struct addr *);
#define ADDR_TEXT_MAX	128
const char		*addr_text(const struct addr *, char out[ADDR_TEXT_MAX]);	/* the same forms */
const char		*addr_host_text(const struct addr *, char out[ADDR_TEXT_MAX]);	/* without the port */
unsigned		 addr_port(const struct addr *);	/* 0 of a unix socket */
void			 addr_set_port(struct addr *, unsigned);		/* a unix socket stays as it is */
bool			 addr_eq(const struct addr *, const struct addr *);
/* for qsort and bsearch: some order of IP addresses and ports */
int			 addr_order(const struct addr *, const struct addr *);

/* No unix socket; the family is 0 where there is none. */
struct addr_ip {
	union {
		struct sockaddr		any;
		struct sockaddr_in	v4;
		struct sockaddr_in6	v6;
	} sa;
};

struct addr_ip		 addr_to_ip(const struct addr *);
struct addr		 addr_of_ip(const struct addr_ip *);
bool			 addr_is_ip(const struct addr *, const struct addr_ip *);	/* the same */

#endif
