/*
 * addr: an address of a socket: IPv4 or IPv6 with a port, or the path of a unix socket.
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

#endif
