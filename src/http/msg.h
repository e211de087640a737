/*
 * msg: the head of an HTTP/1.x message, parsed in place: every slice points into the buffer it was read from.
 */
#ifndef HTTP_MSG_H
#define HTTP_MSG_H

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

struct head {
	/* requests; the target is in origin-form after parsing: an absolute-form's authority went to `host` */
	struct str	 method, target;	/* target: path and query, or "*" */
	struct str	 path;			/* the part of target before '?' */
	struct str	 host;			/* without port; empty when Host is, or in HTTP/1.0 is not there */
	struct str	 authority;		/* as given, with port: Host, or what an absolute-form target says */
	bool		 is_head, is_connect, idempotent;	/* idempotent: RFC 9110, 9.2.2 */
	bool		 expect_continue;
	/* responses */
	int		 status;		/* 100..999 */
	struct str	 reason;
	struct str	 status_text;		/* of the start line: from the status to the end of the reason */
	bool		 untidy;		/* read leniently: lines end in LF alone, or the start line has spaces too many */
	struct str	 length_text;		/* one Content-Length instead of the same one several times; else empty */
	/* both */
	struct str	 start_line;		/* CRLF included */
	int		 minor;			/* HTTP/1.minor: 0 or 1 */
	bool		 keep_alive;		/* what this message says of its connection */
	bool		 upgrade;		/* Connection: upgrade and an Upgrade field */
	enum body_kind	 body;
	uint64_t	 length;		/* BODY_LENGTH */
	int		 nfields;
	/* the owner's, who sets them before anything is parsed */
	struct head_limits limits;
	struct field	*field;			/* limits.fields of them */
};

const struct field	*head_find(const struct head *, enum field_id);	/* the first, or NULL */
/* True when a comma-separated list such as Connection contains the token (case-insensitive). */
bool			 list_has(struct str list, struct str token);
const char		*status_reason(int status);	/* of the statuses in tbl/status.h */

#endif
