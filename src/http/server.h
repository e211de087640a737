/*
 * server: a small HTTP/1.1 server for our own interfaces: admin API, agent, emulated nodes.
 * Requests are whole (body included, up to a ceiling) when the callback sees them; responses are
 * whole too, late if wished, or an endless stream. Slow or hostile clients cost one connection
 * slot and bounded memory; all clients together get a few milliseconds of each turn of the loop,
 * and the others that live on it their turn.
 */
#ifndef HTTP_SERVER_H
#define HTTP_SERVER_H

#include "base/buf.h"
#include "http/message.h"
#include "net/loop.h"
#include "net/sock.h"

struct server;
struct request;		/* one request of a client, and its response */

/* One text for the responses to many; freed with the last that holds it. Takes over what the
 * buffer has. */
struct shared;
struct shared	*shared_new(struct buf *);
struct shared	*shared_ref(struct shared *);
void		 shared_unref(struct shared **);
struct str	 shared_text(const struct shared *);

struct server_conf {
	int	 connections_max;	/* default 256 when 0; the oldest idle one makes room */
	size_t	 body_max;		/* bytes of a request body, default 64 KiB when 0 */
	int64_t	 idle_usec;		/* keep-alive and head time-out, default 30 s when 0 */
	int64_t	 stall_usec;		/* a client that does not read its response, default 10 s when 0 */
};

/* Called once per request, in the loop. Must lead to exactly one request_reply or request_stream,
 * now or later; until then the request stays valid even if the client goes away. */
typedef void	server_f(void *arg, struct request *);
typedef void	request_gone_f(void *arg, struct request *);

struct server	*server_new(struct loop *, const struct server_conf *, server_f *, void *arg);
/* Adds a listening socket, which the server then owns. `tag` is handed to requests
 * (request_tag). */
void		 server_listen(struct server *, int listener_fd, void *tag);
/* Closes all; streams' gone callbacks are called. Requests without a response stay valid: respond
 * to them before the loop is freed. */
void		 server_free(struct server **);

/* The request. Slices live as long as the request. */
const struct message *request_head(const struct request *);
struct str	 request_path(const struct request *);
bool		 request_query(const struct request *, const char *name, char *out, size_t cap);	/* decoded */
struct str	 request_body(const struct request *);
void		*request_tag(const struct request *);		/* of the listener it came through */
const struct addr *request_peer(const struct request *);

/* Responds, and ends the request. `body` is copied. `fields`: more header lines, each with CRLF,
 * or NULL. */
void		 request_reply(struct request *, int status, const char *content_type, struct str body,
		    const char *fields);
/* The same, with a text that is not copied; the caller keeps its own hold of it. */
void		 request_reply_shared(struct request *, int status, const char *content_type, struct shared *,
		    const char *fields);
/* Starts an endless chunked response; `gone` is called once when the client has left or was too
 * slow. `fields` as in request_reply. */
void		 request_stream(struct request *, const char *content_type, const char *fields,
    request_gone_f *gone, void *arg);
/* Adds a piece to a stream. A client whose backlog of such pieces passes 1 MiB is dropped (its
 * `gone` follows in a later turn). */
void		 request_write(struct request *, struct str piece);
/* The same with a text that is not copied; the caller keeps its own hold of it. How many may wait
 * for a slow client is the caller's: see request_backlog. */
void		 request_write_shared(struct request *, struct shared *);
size_t		 request_backlog(const struct request *);	/* bytes of a stream that still wait */
uint64_t	 request_written(const struct request *);	/* bytes that the client's socket has taken */
void		 request_end(struct request *);		/* ends a stream from our side; no `gone` follows */

#endif
