/*
 * h1_write: heads of HTTP/1.1 messages as they leave us. What stays is sent from where it was
 * read, in as few pieces as possible; edits come behind it. Framing is never touched.
 */
#ifndef HTTP_H1_WRITE_H
#define HTTP_H1_WRITE_H

#include "http/gather.h"
#include "http/message.h"

/*
 * The Connection field that is written; UNSAID: none is. UPGRADE: the Upgrade field goes on,
 * too.
 */
enum h1_connection { H1_UNSAID, H1_CLOSE, H1_KEEP_ALIVE, H1_UPGRADE };

/*
 * Always as HTTP/1.1, whatever the message came in: the version is that of the sender, and that
 * is us (RFC 9110, 2.5). What the gather held is forgotten; its slices lie where the message
 * and the edits have their texts. False: there is no memory.
 *
 * A request that did not come in origin-form, or not as HTTP/1, gets a request line of ours and
 * a Host behind it.
 */
bool	h1_write_request(struct gather *, const struct message *, const struct edits *,
	    enum h1_connection);
/* A response that h1_read has read; tidily: lines end in CRLF. */
bool	h1_write_response(struct gather *, const struct message *, const struct edits *,
	    enum h1_connection);

#endif
