/*
 * message: an HTTP request or response without its body. A reader (h1_read.h) fills it in place: every slice points
 * into the buffer that the head was read from, and lives as long as the bytes there.
 */
#ifndef HTTP_MESSAGE_H
#define HTTP_MESSAGE_H

#include "base/str.h"

/* What a head may be at most. */
struct head_limits {
	size_t	bytes;		/* its empty line included */
	int	fields;
};

/* Fields that mean something to us; all others are FIELD_OTHER and are passed on untouched. */
enum field_id {
	FIELD_OTHER,
	FIELD_HOST, FIELD_CONTENT_LENGTH, FIELD_TRANSFER_ENCODING, FIELD_CONNECTION, FIELD_KEEP_ALIVE,
	FIELD_PROXY_CONNECTION, FIELD_TE, FIELD_TRAILER, FIELD_UPGRADE, FIELD_EXPECT, FIELD_COOKIE, FIELD_DATE,
	/* what proxies say of the client: */
	FIELD_X_FORWARDED_FOR, FIELD_X_FORWARDED_PROTO, FIELD_X_FORWARDED_HOST, FIELD_X_FORWARDED_PORT, FIELD_X_REAL_IP,
	FIELD_FORWARDED,		/* Forwarded (RFC 7239), and every other X-Forwarded-... */
	/* '_' where one of the above has '-': to a CGI variable, and so to many programs, both are the same */
	FIELD_TWIN
};

struct field {
	struct str	name, value;		/* value without the spaces around it */
	struct str	line;			/* the whole line, CRLF included, as it stands in the buffer */
	enum field_id	id;
	bool		hop;			/* hop-by-hop: by its name or because Connection names it */
};

enum body_kind {
	BODY_NONE,
	BODY_LENGTH,		/* `length` bytes follow (never 0: that is BODY_NONE) */
	BODY_CHUNKED,
	BODY_UNTIL_CLOSE	/* responses only */
};

/* What HTTP/1 alone has: how a head was written, and what it says of its connection. */
struct h1_head {
	struct str	 start_line;		/* CRLF included; the first field's line follows */
	struct str	 reason;		/* responses */
	struct str	 status_text;		/* of the start line: from the status to the end of the reason */
	int		 minor;			/* HTTP/1.minor: 0 or 1 */
	bool		 keep_alive;		/* the connection may go on */
	bool		 untidy;		/* read leniently: lines end in LF alone, or the start line has
						 * too many spaces */
};

struct message {
	/* requests; in origin-form after reading: an absolute-form's authority went to `authority` */
	struct str	 method, target;	/* target: path and query, or "*" */
	struct str	 path;			/* the part of target before '?' */
	struct str	 authority;		/* as given, with port: Host, or what the target says */
	struct str	 host;			/* of it, without port; empty when Host is, or is absent in HTTP/1.0 */
	bool		 is_head;
	bool		 idempotent;		/* RFC 9110, 9.2.2 */
	bool		 expect_continue;
	/* responses */
	int		 status;		/* 100..999 */
	/* both */
	bool		 upgrade;		/* Connection: upgrade and an Upgrade field */
	enum body_kind	 body;
	uint64_t	 length;		/* BODY_LENGTH */
	struct str	 length_text;		/* the Content-Length to pass on instead of those in `field`; or empty */
	int		 nfields;
	struct h1_head	 h1;
	/* the owner's, set before anything is read */
	struct head_limits limits;
	struct field	*field;			/* limits.fields of them */
};

const struct field	*message_find(const struct message *, enum field_id);	/* the first, or NULL */
/* True when a comma-separated list such as Connection contains the token (case-insensitive). */
bool			 list_has(struct str list, struct str token);
const char		*status_reason(int status);	/* of the statuses in tbl/status.h */

#endif
