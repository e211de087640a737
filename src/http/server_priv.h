/*
 * server_priv: one client's connection and the request it is about. For server.c, request.c and response.c only;
 * everybody else sees server.h.
 */
#ifndef HTTP_SERVER_PRIV_H
#define HTTP_SERVER_PRIV_H

#include <sys/queue.h>

#include "http/h1_body.h"
#include "http/server.h"
#include "net/stream.h"

#define REQUEST_HEAD_MAX 16384		/* bytes of a request head */
#define REQUEST_FIELDS_MAX 100
#define RESPONSE_MAX (64u << 20)	/* bytes of a whole answer */

TAILQ_HEAD(request_list, request);

struct server {
	struct loop		*loop;
	struct server_conf	 conf;		/* defaults filled in */
	server_f		*fn;
	void			*arg;
	struct request_list	 requests;	/* those who last changed their place come last */
	int			 count;
	struct server_listener	*listeners;
	struct deferred		 deferred;
	int64_t			 turn_usec, spent_usec;	/* the loop's turn, and what clients took of it */
};

enum place {
	AT_HEAD,		/* waiting for a request, or within its head */
	AT_BODY,
	AT_WORK,		/* the callback has it; the client may be gone: then the stream is closed */
	AT_ANSWER,		/* the answer is being written */
	AT_STREAM,
	AT_GONE,		/* the client of a stream is gone and the callback not yet told */
	AT_LINGER,		/* all is said; what the client still sends is thrown away, so that it can read our last words */
	AT_END
};

struct request {
	struct server	*server;	/* NULL: freed before the answer came */
	TAILQ_ENTRY(request) link;
	struct stream	 stream;
	struct timer	 deadline, again;
	struct deferred	 deferred;
	struct addr	 peer;
	void		*tag;

	enum place	 place;
	bool		 running;	/* request_run is under way: it will see what the callback did */
	bool		 closing;	/* after this answer */
	bool		 chunked;	/* the stream's framing; HTTP/1.0 has none */

	struct buf	 in;		/* the request, and what came after it */
	size_t		 scanned, head_len, raw_len;	/* raw: the body as it came, framing included */
	struct message	 head;
	struct field	 field[REQUEST_FIELDS_MAX];	/* the head's */
	struct h1_body	 framing;
	struct str	 body;

	struct buf	 out;
	struct shared	*shared;	/* follows out; NULL: nothing does */
	size_t		 sent;		/* of both */
	uint64_t	 mark;		/* bytes written when the deadline was last moved */
	size_t		 lingered;
	request_gone_f	*gone;
	void		*gone_arg;
};

/* ---- request.c: its life, and what is asked ---- */

/* A client has connected: a slot for it and for the requests it will send, one after another. */
void		request_open(struct server *, int fd, const struct addr *peer, void *tag);
/* Ends the connection that has been without an unanswered request for longest; false when all are at work. */
bool		request_make_room(struct server *);
/* The server ends: so does the connection. One whose request is no result yet lives on without either. */
void		request_orphan(struct request *);

void		request_move(struct request *, enum place to);	/* the only door between places */
void		request_allow(struct request *, int64_t usec);	/* a new deadline for this place */
void		request_close(struct request *);
/* The client has left or is thrown out: whoever holds the request keeps it until they have been told. */
void		request_lose(struct request *);
/* Does what can be done now, or in the next turn when clients have had enough of this one. From within a callback it does nothing: the turn that called sees to it. */
void		request_run(struct request *);
void		request_run_later(struct request *);	/* in the next turn of the loop */

/* ---- response.c: how answers leave. Steps are true when there may be more to do at once. ---- */

enum io_result	request_flush(struct request *);
bool		request_step_answer(struct request *);
bool		request_step_stream(struct request *);
bool		request_step_linger(struct request *);

#endif
