/*
 * h2_fields: what HTTP/1.1 says, as fields of HTTP/2 in the form that nghttp2 takes: names and
 * values that lie elsewhere and are copied when they are submitted. Names are spelled as they
 * came; nghttp2 writes them in lower case.
 */
#ifndef HTTP_H2_FIELDS_H
#define HTTP_H2_FIELDS_H

#include <nghttp2/nghttp2.h>

#include "http/message.h"

struct h2_fields {
	nghttp2_nv	*nv;
	size_t		 n, cap;
	char		 status[3];
};

void	h2_fields_fini(struct h2_fields *);
/*
 * A response's head; what HTTP/1.1 says of its connection and of framing is left out. `opens`:
 * it is the 101 that opens a tunnel, which is 200 here (RFC 8441, 5). False: there is no memory.
 */
bool	h2_fields_response(struct h2_fields *, const struct message *, bool opens);
/*
 * A request's head, likewise. What goes to a task of gRPC says that trailers are welcome, which its
 * servers insist on.
 */
bool	h2_fields_request(struct h2_fields *, const struct message *, struct str scheme);
/* The same for one that wants a WebSocket: extended CONNECT (RFC 8441). */
bool	h2_fields_tunnel(struct h2_fields *, const struct message *, struct str scheme);
/* Content-Type: application/grpc, with or without a format behind it. */
bool	h2_is_grpc(struct str content_type);
/* Trailers: lines that end in CRLF. */
bool	h2_fields_trailers(struct h2_fields *, struct str lines);

#endif
