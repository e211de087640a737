/*
 * h1_read: heads of HTTP/1.x messages (RFC 9112). Requests are read strictly: what one server
 * might read differently from another is refused, never repaired: bare LF, obs-fold, space
 * before the colon, repeated or signed lengths, a length beside a transfer coding, NUL and
 * control bytes, a missing or repeated Host. Responses are read as other proxies read them,
 * because many tasks send them so: bare LF, more than one space in the start line, the same
 * Content-Length several times, chunks from an HTTP/1.0 task, statuses above 599. They go on
 * tidily (h1_write.h), and what is ambiguous is refused all the same.
 */
#ifndef HTTP_H1_READ_H
#define HTTP_H1_READ_H

#include "base/why.h"
#include "http/message.h"

enum parse { PARSE_DONE, PARSE_MORE, PARSE_BAD };

/*
 * Looks for a whole head at the start of `in`. DONE: *m is filled, *used is the head's length.
 * MORE: the head is not complete, nothing was consumed. BAD: *why is the rule that was broken.
 * *m means nothing unless DONE. `scanned` remembers how much a MORE has seen, so that a head
 * that trickles in costs linear time: it starts at 0. m->limits and m->field are the caller's.
 * A single empty line before a request line is skipped, as RFC 9112, 2.2 demands.
 */
enum parse	h1_read_request(struct message *m, struct str in, size_t *scanned, size_t *used,
		    const struct why **why);
/*
 * `to_head`: the request was HEAD, so no body follows. 1xx heads are messages of their own,
 * without a body.
 */
enum parse	h1_read_response(struct message *m, struct str in, bool to_head, size_t *scanned,
		    size_t *used, const struct why **why);

#endif
