/*
 * sock: addresses and raw sockets, all non-blocking and close-on-exec. Descriptors that are returned
 * belong to the caller.
 */
#ifndef NET_SOCK_H
#define NET_SOCK_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
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

/* "10.0.0.1:80", "[::1]:80", ":80" (any address), "unix:/path". Numbers only: no name is looked up. */
const struct why	*addr_parse(struct str, struct addr *);
#define ADDR_TEXT_MAX	128
const char		*addr_text(const struct addr *, char out[ADDR_TEXT_MAX]);	/* the same forms */
const char		*addr_host_text(const struct addr *, char out[ADDR_TEXT_MAX]);	/* without the port */
bool			 addr_eq(const struct addr *, const struct addr *);
int			 addr_order(const struct addr *, const struct addr *);	/* some order of IP addresses and ports, for qsort and bsearch */

/* On failure WHY_SYSTEM with errno set. A unix path that nobody listens on is replaced. */
const struct why	*sock_listen(const struct addr *, bool reuseport, int *fd);
/* Started, not finished: writable or failed later. */
const struct why	*sock_connect(const struct addr *, int *fd);
/* -1 with errno EAGAIN when nobody waits; TCP_NODELAY is set. */
int			 sock_accept(int listener, struct addr *peer);
int			 sock_error(int fd);	/* takes SO_ERROR */

/* One datagram (SOCK_SEQPACKET pair) with at most one descriptor; -1 stands for none.
 * send: false with errno. recv: bytes, 0 at the end, -1 with errno; *fd is -1 when none came. */
bool			 sock_send_fd(int sock, const void *, size_t, int fd);
long			 sock_recv_fd(int sock, void *, size_t cap, int *fd);

#endif
