/*
 * exchange: one request on a client's connection and the response to it, from the first byte of
 * the one to the last byte of the other.
 */
#ifndef PROXY_EXCHANGE_H
#define PROXY_EXCHANGE_H

#include "proxy/client.h"

struct exchange;

size_t	exchange_bytes(void);
/* Something came from an idle client: bytes of a head, or its end. */
void	exchange_start(struct client *);
/* Its head is still incomplete, and its place or its memory is needed: responds with that reason,
 * and its connection ends. */
void	exchange_give_way(struct exchange *, const struct why *);
/* It waits for the rest of its head, and for nothing else: so many bytes are taken by what of that
 * is here. 0: it does something else. */
size_t	exchange_unread_bytes(const struct exchange *);
/* We are going: breaks off the exchange, and the client's connection with it. */
void	exchange_abort(struct exchange *);

#endif
