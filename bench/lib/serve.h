/*
 * serve: the smallest HTTP/1.1 server that carries thousands of requests a second for the proving ground:
 * keep-alive, one request at a time per connection, responses sent at once, later, or without end. Its clients are our own
 * proxies and generators on loopback: request bodies are skipped, odd requests end the connection.
 */
#ifndef BENCH_SERVE_H
#define BENCH_SERVE_H

#include "net/stream.h"

struct serve;
struct serve_request;			/* until its response is sent */

typedef void	serve_f(void *tag, struct serve_request *);	/* leads to exactly one serve_respond, now or later */

struct serve	*serve_new(struct loop *);
/* Closes everything. Requests without a response are gone with it. Not from within `fn`. */
void		 serve_free(struct serve **);
/* False with errno: the address could not be had. Every request there is passed to `fn` with `tag`. */
bool		 serve_listen(struct serve *, const struct addr *, serve_f *fn, void *tag);

struct loop	*serve_loop(const struct serve_request *);
struct str	 serve_method(const struct serve_request *);
struct str	 serve_path(const struct serve_request *);			/* without the query */
/* The value of `name=` in the query as a number, or `absent`. */
double		 serve_number(const struct serve_request *, const char *name, double absent);
/* The value of `name=` in the query; empty: there is none. */
struct str	 serve_value(const struct serve_request *, const char *name);
/* `fields` are whole header lines with CRLF, or NULL. If the client has gone, nothing is sent. */
void		 serve_respond(struct serve_request *, int status, const char *fields, struct str body);
/* The same with a body that is not copied: it must stay where it is. */
void		 serve_respond_in_place(struct serve_request *, int status, const char *fields, struct str body);
/* A response without an end, in pieces, in place of one at once. False: the client has gone, and the request with it. What does
 * not fit while the client reads slowly is left out. */
bool		 serve_stream(struct serve_request *, const char *fields);
bool		 serve_piece(struct serve_request *, struct str);

#endif
