/*
 * h2_response: the fields of an HTTP/2 response, one by one, become the head of the HTTP/1.1
 * response that they mean. Strict as h2_request.h is: what is malformed is a failure of the task.
 *
 * Pure: knows no connection.
 */
#ifndef HTTP_H2_RESPONSE_H
#define HTTP_H2_RESPONSE_H

#include "base/why.h"
#include "http/message.h"
#include "http/queue.h"
#include "http/websocket.h"

struct h2_response {
	int		 status;	/* 0: there was no field yet */
	unsigned	 nfields;
	size_t		 bytes;		/* of the head */
	bool		 has_length;
	bool		 has_trailer;	/* trailers are announced */
	uint64_t	 length;
	bool		 is_chunked;	/* the body is to follow in chunks */
	bool		 is_tunnel;	/* the request was a CONNECT: any 2xx opens it */
	char		 accept[WEBSOCKET_ACCEPT_LEN];	/* of that */
	struct queue	 lines;		/* fields as lines; the start line goes before them */
	const struct why *why;		/* the first thing that was wrong with it */
};

void			 h2_response_init(struct h2_response *);
void			 h2_response_fini(struct h2_response *);
/* The next field. WHY_UPSTREAM_BAD_HEAD, WHY_UPSTREAM_HEAD_LARGE, or memory; once something was
 * wrong, all that follows is passed over. */
const struct why	*h2_response_field(struct h2_response *, struct str name, struct str value,
			    struct head_limits);
/* The request with this key opens a tunnel if the response is a 2xx: it becomes a 101 then. */
void			 h2_response_tunnel(struct h2_response *, struct str key);
bool			 h2_response_opens(const struct h2_response *);
/*
 * That was all; `ended`: no body follows, or none may, as behind HEAD (`to_head`). NULL: the head
 * is added to `to`, and the struct is as new if it was an interim response.
 */
const struct why	*h2_response_end(struct h2_response *, bool ended, bool to_head,
			    struct queue *to);

#endif
