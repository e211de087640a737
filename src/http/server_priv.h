/*
 * server_priv: one client's connection and the request it is about. For server.c, request.c and
 * response.c only; others see server.h.
 */
#ifndef HTTP_SERVER_PRIV_H
#define HTTP_SERVER_PRIV_H

#include <sys/queue.h>

#include "http/flow.h"
#include "http/server.h"
#include "http/session.h"

#define REQUEST_HEAD_MAX	16384		/* bytes of a request head */
#define REQUEST_FIELDS_MAX	100
#define RESPONSE_MAX		(64u << 20)	/* bytes of a whole response */

struct server_listener;

struct server {
	struct loop		*loop;
	struct server_conf	 conf;		/* defaults filled in */
	server_f		*fn;
	void			*arg;
	struct sessions		 sessions;	/* each lies in a request */
	struct server_listener	*listeners;
	struct deferred		 deferred;
	int64_t			 turn_usec, spent_usec;	/* the loop's turn, and what clients took of it */
};

enum request_state {
	AT_REST,		/* the session is idle, or lingers after the last response */
	AT_HEAD,		/* some of the head may be here */
	AT_BODY,
	AT_WORK,		/* the callback has it; its client may be gone: then the stream is closed */
	AT_RESPONSE,		/* the response is being written */
	AT_STREAM,
	AT_GONE,		/* the client of a stream is gone, and the callback is not notified yet */
	AT_END
};

/* A shared text that is to be sent, in the frame of a chunk. */
struct piece {
	STAILQ_ENTRY(piece) link;
	struct shared	*text;
	bool		 owned;		/* made for this client alone: counts for its backlog's limit */
	char		 size[20];	/* of the chunk, with its CRLF; "": it has no frame */
};

/* A connection's requests come one after another in the same struct. */
struct request {
	struct session	 session;	/* first, as session.h requires */
	struct server	*server;	/* NULL: its connection, or the server, ended before its response came */
	struct timer	 again;
	struct deferred	 deferred;
	struct addr	 peer;
	void		*tag;

	enum request_state state;
	bool		 running;	/* request_run is under way: it will see what the callback did */
	bool		 closing;	/* after this response */
	bool		 chunked;	/* the stream's framing; HTTP/1.0 has none */

	struct flow	 in;		/* the request, and what came after it */
	const char	*head_page;	/* where the head was read */
	struct message	 head;
	struct field	 field[REQUEST_FIELDS_MAX];	/* the head's */
	struct str	 body;

	struct buf	 out;
	STAILQ_HEAD(, piece) pieces;	/* follow out */
	size_t		 pieces_bytes, owned_bytes;	/* of all of them, and of those that are owned */
	size_t		 sent;		/* of out, or else of the first piece */
	uint64_t	 mark;		/* bytes written when the deadline was last moved */
	request_gone_f	*gone;
	void		*gone_arg;
};

/* ---- request.c: its life, and how it is read ---- */

extern const struct session_ops request_ops;

/* A client has connected: a session for it and for the requests that it will send, one after
 * another. */
void		request_open(struct server *, int fd, const struct addr *peer, void *tag);
/* the only function that changes the state */
void		request_move(struct request *, enum request_state to);
void		request_allow(struct request *, int64_t usec);		/* a new deadline for this state */
/* The client has left or is thrown out; a request that the callback has stays until the callback
 * is done with it. */
void		request_lose(struct request *);
/* The callback is done with it, and its client is gone. */
void		request_drop(struct request *);
/*
 * Does what can be done now, or in the next turn when clients have had enough of this one. From
 * within a callback it does nothing: the run that called it goes on afterwards.
 */
void		request_run(struct request *);
void		request_run_later(struct request *);	/* in the next turn of the loop */

/* ---- response.c: how responses leave. Steps are true when there may be more to do at once.
 * ---- */

void		request_clear_pieces(struct request *);

enum io_result	request_flush(struct request *);
bool		request_step_response(struct request *);
bool		request_step_stream(struct request *);

static inline struct stream *
request_client(struct request *req)
{
	return &req->session.stream;
}

#endif
