/*
 * sock: raw sockets, all non-blocking and close-on-exec. Descriptors that are returned
 * belong to the caller.
 */
#ifndef NET_SOCK_H
#define NET_SOCK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/addr.h"
#include "base/why.h"

/* On failure WHY_SYSTEM with errno set. A unix path without a listener is replaced. */
const struct why	*sock_listen(const struct addr *, bool reuseport, int *fd);
/* Started, not finished: writable or failed later. */
const struct why	*sock_connect(const struct addr *, int *fd);
/* -1 with errno EAGAIN when no connection waits; TCP_NODELAY is set. */
int			 sock_accept(int listener, struct addr *peer);
int			 sock_error(int fd);	/* takes SO_ERROR */
/* The other machine has acknowledged nothing of what is on its way, though it was sent again
 * several times. */
bool			 sock_is_cut_off(int fd);

/* One datagram (SOCK_SEQPACKET pair) with at most one descriptor; -1 stands for none.
 * send: false with errno. recv: bytes, 0 at the end, -1 with errno; *fd is -1 when none came. */
bool			 sock_send_fd(int sock, const void *, size_t, int fd);
long			 sock_recv_fd(int sock, void *, size_t cap, int *fd);

#endif
