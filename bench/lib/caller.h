/*
 * caller: an HTTP/1.1 client of one address for load generators: keep-alive connections, as many as there are
 * calls under way, up to a ceiling; past it calls wait in order. The last connection used is the first used again.
 * Over TLS, too; and over HTTP/2, whose connections take several calls at once (caller_h2.h).
 */
#ifndef BENCH_CALLER_H
#define BENCH_CALLER_H

#include <sys/queue.h>

#include "net/stream.h"

#define CALL_TEXT_MAX	4096

enum call_end {
	CALL_DONE,		/* a whole 2xx response */
	CALL_STATUS,		/* a whole response with another status */
	CALL_CONNECT,		/* no connection could be made */
	CALL_CLOSED,		/* the connection ended before the response did */
	CALL_GARBLED,		/* not a response that we understand */
	CALL_LEFT,		/* the client did not wait any longer (caller_leave) */
	CALL_ENDS
};

struct call;
/* `node` is the X-Node of the response or empty; status is 0 when there was none. Good for this call only. */
typedef void	call_f(struct call *, enum call_end, int status, struct str node);

struct call {			/* lives inside its owner until `done` was called */
	STAILQ_ENTRY(call) link;
	call_f		*done;
	struct conn	*conn;		/* the caller's, over HTTP/1.1 */
	bool		 until_end;	/* the server ends the connection: its end is awaited, though the body is whole */
	unsigned	 len;
	char		 text[CALL_TEXT_MAX];	/* the request, whole */
};

struct tls_client;

struct caller_conf {
	struct addr	 addr;
	unsigned	 connections_max;
	struct tls_client *tls;		/* NULL: plain */
	bool		 http2;		/* over TLS as the server chooses by ALPN, else by prior knowledge */
	char		 host[64];	/* the name for TLS and HTTP/2; of HTTP/1.1 it is in the calls */
};

struct caller;

struct caller	*caller_new(struct loop *, const struct caller_conf *);
void		 caller_free(struct caller **);		/* calls under way end without `done` */
void		 caller_ask(struct caller *, struct call *);
/* The client of this call does not wait for its response: the connection is closed. Over HTTP/1.1 alone. */
void		 caller_leave(struct caller *, struct call *);
void		 caller_tidy(struct caller *);		/* closes connections that are idle for 4 s; call now and then */
unsigned	 caller_connections(const struct caller *);
uint64_t	 caller_bytes(const struct caller *);	/* received, ever */
uint64_t	 caller_waited(const struct caller *);	/* calls that had to wait for a connection, ever */
const char	*call_end_name(enum call_end);

#endif
