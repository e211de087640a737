/*
 * serve: the smallest HTTP/1.1 server that carries thousands of requests a second for the proving ground:
 * keep-alive, one request at a time per connection, answers given at once or later. Its clients are our own
 * proxies and generators on loopback: request bodies are skipped, odd requests end the connection.
 */
#ifndef BENCH_SERVE_H
#define BENCH_SERVE_H

#include "net/stream.h"

struct serve;
struct ask;			/* one request, until it is answered */

typedef void	serve_f(void *tag, struct ask *);	/* leads to exactly one ask_answer, now or later */

struct serve	*serve_new(struct loop *);
/* Closes everything. Asks that are not answered yet are gone with it. Not from within `fn`. */
void		 serve_free(struct serve **);
/* False with errno: the address could not be had. Every request there is told to `fn` with `tag`. */
bool		 serve_listen(struct serve *, const struct addr *, serve_f *fn, void *tag);

struct str	 ask_method(const struct ask *);
struct str	 ask_path(const struct ask *);			/* without the query */
/* The value of `name=` in the query as a number, or `absent`. */
double		 ask_number(const struct ask *, const char *name, double absent);
/* `fields` are whole header lines with CRLF, or NULL. If the client has gone, nobody is told. */
void		 ask_answer(struct ask *, int status, const char *fields, struct str body);
/* The same with a body that is not copied: it must stay where it is. */
void		 ask_answer_in_place(struct ask *, int status, const char *fields, struct str body);

#endif
