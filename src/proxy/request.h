/*
 * request: one exchange on a client's connection, from the first byte of its head to the last byte of its answer.
 */
#ifndef PROXY_REQUEST_H
#define PROXY_REQUEST_H

#include "proxy/client.h"

struct request;

size_t	request_bytes(void);
/* Something came from an idle client: bytes of a head, or its end. */
void	request_start(struct client *);
/* Its head is not there to its end, and others have no place: the client is told so, and its connection ends. */
void	request_give_way(struct request *);
/* We are going: breaks off the exchange, and the client's connection with it. */
void	request_abort(struct request *);

#endif
