/*
 * h2_request: the fields of an HTTP/2 request, one by one, become the head of the HTTP/1.1
 * request that they mean. Strict (RFC 9113, 8.2 and 8.3): what two servers might read differently
 * is refused, never repaired. Whoever reads the head afterwards checks it once more by the rules
 * of HTTP/1.1, such as what a host may look like.
 *
 * Pure: knows no connection, and whether the bytes were compressed.
 */
#ifndef HTTP_H2_REQUEST_H
#define HTTP_H2_REQUEST_H

#include "base/why.h"
#include "http/message.h"
#include "http/queue.h"
#include "http/websocket.h"

struct h2_span {
	uint32_t	at, len;	/* in the queue */
};

/* Pseudo-fields, and Host, which takes the place of one. */
enum h2_pseudo { H2_METHOD, H2_SCHEME, H2_AUTHORITY, H2_PATH, H2_PROTOCOL, H2_HOST, H2_PSEUDOS };

struct h2_request {
	struct queue	 head;		/* the bytes; read from the front once it has ended */
	struct head_limits limits;
	struct h2_span	 pseudo[H2_PSEUDOS];
	unsigned	 seen;		/* pseudo-fields, as bits */
	unsigned	 begun;		/* where the head begins in the queue; 0: no field yet */
	struct queue	 cookie;	/* the value of Cookie, of all its crumbs */
	unsigned	 nfields;
	size_t		 decoded;	/* bytes of all names and values, kept or not, */
	unsigned	 ncounted;	/* and how many they are */
	bool		 has_cookie, has_length;
	bool		 has_trailer;	/* trailers are announced */
	uint64_t	 length;
	bool		 is_head;
	bool		 is_grpc;	/* Content-Type says so */
	bool		 is_tunnel;	/* extended CONNECT (RFC 8441): 101 is the answer that opens it */
	bool		 is_chunked;	/* the body is to follow in chunks */
	int		 urgency;	/* Priority (RFC 9218): 0 to 7 */
	const struct why *why;		/* the first thing that was wrong with it */
};

void			 h2_request_init(struct h2_request *, struct head_limits);
void			 h2_request_fini(struct h2_request *);
/*
 * The next field. WHY_H2_MALFORMED, a head that is too large, or memory; once something was
 * wrong, all that follows is only counted.
 */
const struct why	*h2_request_field(struct h2_request *, struct str name, struct str value);
/*
 * That was all, and no body follows if `ended`. NULL: `head` has it, to its empty line. `key` is
 * the Sec-WebSocket-Key of a tunnel, which HTTP/2 has none of.
 */
const struct why	*h2_request_end(struct h2_request *, bool ended,
			    const char key[WEBSOCKET_KEY_LEN]);

/*
 * A field of the trailers of a request in chunks, as a line that is added. WHY_H2_MALFORMED:
 * it may not stand there.
 */
const struct why	*h2_trailer_field(struct queue *, struct str name, struct str value);

#endif
