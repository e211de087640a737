/*
 * listener: where clients come in.
 */
#ifndef PROXY_LISTENER_H
#define PROXY_LISTENER_H

#include "proxy/room.h"

void	listener_open(struct proxy *, int fd, const struct addr *);
void	listener_close(struct proxy *, const struct addr *);
/* Takes those who wait already, then closes all. */
void	listener_drain(struct proxy *);
void	listener_close_all(struct proxy *);

#endif
