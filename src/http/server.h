/*
 * server: a small HTTP/1.1 server for our own interfaces: admin API, agent, emulated nodes. Requests are
 * whole (body included, up to a ceiling) when the callback sees them; answers are whole too, late if wished,
 * or an endless stream. Slow or hostile clients cost one connection slot and bounded memory; all clients together
 * get a few milliseconds of each turn of the loop, and the others that live on it their turn.
 */
#ifndef HTTP_SERVER_H
#define HTTP_SERVER_H

#include "base/buf.h"
#include "http/msg.h"
#include "net/loop.h"
#include "net/sock.h"

struct server;
struct exchange;	/* one request and its answer */

/* One text for the answers of many; freed with the last that holds it. Takes over what the buffer has. */
struct shared;
struct shared	*shared_new(struct buf *);
void		 shared_unref(struct shared **);

struct server_conf {
	int	 connections_max;	/* default 256 when 0; the oldest idle one makes room */
	size_t	 body_max;		/* bytes of a request body, default 64 KiB when 0 */
	int64_t	 idle_usec;		/* keep-alive and head time-out, default 30 s when 0 */
	int64_t	 stall_usec;		/* a client that does not read its answer, default 10 s when 0 */
};

/* Called once per request, in the loop. Must lead to exactly one exchange_reply or exchange_stream, now or
 * later; until then the exchange stays valid even if the client goes away. */
typedef void	server_f(void *arg, struct exchange *);
typedef void	exchange_gone_f(void *arg, struct exchange *);

struct server	*server_new(struct loop *, const struct server_conf *, server_f *, void *arg);
/* Adds a listening socket, which the server then owns. `tag` is handed to exchanges (exchange_tag). */
void		 server_listen(struct server *, int listener_fd, void *tag);
/* Closes all; streams' gone callbacks are called. Exchanges not yet answered stay valid: answer them before the
 * loop is freed. */
void		 server_free(struct server **);

/* What was asked. Slices live as long as the exchange. */
const struct head *exchange_head(const struct exchange *);
struct str	 exchange_path(const struct exchange *);
bool		 exchange_query(const struct exchange *, const char *name, char *out, size_t cap);	/* decoded */
struct str	 exchange_body(const struct exchange *);
void		*exchange_tag(const struct exchange *);		/* of the listener it came through */
const struct addr *exchange_peer(const struct exchange *);

/* Answers and ends the exchange. `body` is copied. `fields`: more header lines, each with CRLF, or NULL. */
void		 exchange_reply(struct exchange *, int status, const char *content_type, struct str body,
		    const char *fields);
/* The same, with a text that is not copied; the caller keeps its own hold of it. */
void		 exchange_reply_shared(struct exchange *, int status, const char *content_type, struct shared *,
		    const char *fields);
/* Starts an endless chunked answer; `gone` is called once when the client has left or was too slow. */
void		 exchange_stream(struct exchange *, const char *content_type, exchange_gone_f *gone, void *arg);
/* Adds a piece to a stream. A client whose backlog passes 1 MiB is dropped (its `gone` follows in a later turn). */
void		 exchange_write(struct exchange *, struct str piece);
void		 exchange_end(struct exchange *);		/* ends a stream from our side; no `gone` follows */

#endif
