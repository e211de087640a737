/*
 * exchange: one client's connection and the request it is about. For server.c, exchange.c and exchange_answer.c only;
 * everybody else sees server.h.
 */
#ifndef HTTP_EXCHANGE_H
#define HTTP_EXCHANGE_H

#include <sys/queue.h>

#include "http/h1_body.h"
#include "http/server.h"
#include "net/stream.h"

#define EXCHANGE_HEAD_MAX 16384		/* bytes of a request head */
#define EXCHANGE_FIELDS_MAX 100
#define EXCHANGE_ANSWER_MAX (64u << 20)	/* bytes of a whole answer */

TAILQ_HEAD(exchange_list, exchange);

struct server {
	struct loop		*loop;
	struct server_conf	 conf;		/* defaults filled in */
	server_f		*fn;
	void			*arg;
	struct exchange_list	 exchanges;	/* those who last changed their place come last */
	int			 count;
	struct listener		*listeners;
	struct timer		 accept_again;
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

struct exchange {
	struct server	*server;	/* NULL: freed before the answer came */
	TAILQ_ENTRY(exchange) link;
	struct stream	 stream;
	struct timer	 deadline, again;
	struct deferred	 deferred;
	struct addr	 peer;
	void		*tag;

	enum place	 place;
	bool		 running;	/* exchange_run is under way: it will see what the callback did */
	bool		 closing;	/* after this answer */
	bool		 chunked;	/* the stream's framing; HTTP/1.0 has none */

	struct buf	 in;		/* the request, and what came after it */
	size_t		 scanned, head_len, raw_len;	/* raw: the body as it came, framing included */
	struct head	 head;
	struct field	 field[EXCHANGE_FIELDS_MAX];	/* the head's */
	struct h1_body	 framing;
	struct str	 body;

	struct buf	 out;
	struct shared	*shared;	/* follows out; NULL: nothing does */
	size_t		 sent;		/* of both */
	uint64_t	 mark;		/* bytes written when the deadline was last moved */
	size_t		 lingered;
	exchange_gone_f	*gone;
	void		*gone_arg;
};

/* ---- exchange.c: its life, and what is asked ---- */

/* A client has connected: a slot for it and for the requests it will send, one after another. */
void		exchange_open(struct server *, int fd, const struct addr *peer, void *tag);
/* Ends the connection that has been without an unanswered request for longest; false when all are at work. */
bool		exchange_make_room(struct server *);
/* The server ends: so does the connection. One whose request is not answered yet lives on without either. */
void		exchange_orphan(struct exchange *);

void		exchange_move(struct exchange *, enum place to);	/* the only door between places */
void		exchange_allow(struct exchange *, int64_t usec);	/* a new deadline for this place */
void		exchange_close(struct exchange *);
/* The client has left or is thrown out: whoever holds the exchange keeps it until they have been told. */
void		exchange_lose(struct exchange *);
/* Does what can be done now, or in the next turn when clients have had enough of this one. From within a callback it does nothing: the turn that called sees to it. */
void		exchange_run(struct exchange *);
void		exchange_run_later(struct exchange *);	/* in the next turn of the loop */

/* ---- exchange_answer.c: how answers leave. Steps are true when there may be more to do at once. ---- */

enum io_result	exchange_flush(struct exchange *);
bool		exchange_step_answer(struct exchange *);
bool		exchange_step_stream(struct exchange *);
bool		exchange_step_linger(struct exchange *);

#endif
