/*
 * websocket: the key of a handshake of HTTP/1.1 (RFC 6455, 4), which HTTP/2 has none of, and the
 * response to one.
 */
#ifndef HTTP_WEBSOCKET_H
#define HTTP_WEBSOCKET_H

#include "http/message.h"

#define WEBSOCKET_KEY_LEN	24	/* base64 of 16 random octets */
#define WEBSOCKET_ACCEPT_LEN	28

void	websocket_key(char key[WEBSOCKET_KEY_LEN]);
/* What Sec-WebSocket-Accept says to that key. */
void	websocket_accept(struct str key, char accept[WEBSOCKET_ACCEPT_LEN]);
/* The request is for a WebSocket: its key. NULL: it is not. */
const struct str *websocket_wanted(const struct message *);

#endif
