/*
 * listener: where clients come in.
 */
#ifndef PROXY_LISTENER_H
#define PROXY_LISTENER_H

#include "proxy/proxy_priv.h"

void	listener_open(struct proxy *, int fd, const struct addr *);
/* One of another worker's; none is borrowed twice. */
void	listener_borrow(struct proxy *, int fd, const struct addr *, unsigned owner);
void	listener_give_back(struct proxy *, unsigned owner);
void	listener_close(struct proxy *, const struct addr *);
/* After a reload: the modes of those to come. */
void	listener_reconf(struct proxy *);
/* Takes the connections that wait already, then closes all. */
void	listener_drain(struct proxy *);
void	listener_close_all(struct proxy *);

#endif
