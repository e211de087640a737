/*
 * message: an HTTP request or response without its body. A reader (h1_read.h) fills it in
 * place: every slice points into the buffer that the head was read from, and lives as long as
 * the bytes there.
 */
#ifndef HTTP_MESSAGE_H
#define HTTP_MESSAGE_H

#include "base/bug.h"
#include "base/str.h"

/* What a head may be at most. */
struct head_limits {
	size_t	bytes;		/* its empty line included */
	int	fields;
};

/* The same for a head that has come and to which fields were added since. */
static inline struct head_limits
head_limits_more(struct head_limits l)
{
	return (struct head_limits){ l.bytes + 8192, l.fields + 32 };
}

/* Fields that mean something to us; all others are FIELD_OTHER and are passed on untouched. */
enum field_id {
	FIELD_OTHER,
	FIELD_HOST, FIELD_CONTENT_LENGTH, FIELD_TRANSFER_ENCODING, FIELD_CONNECTION, FIELD_KEEP_ALIVE,
	FIELD_PROXY_CONNECTION, FIELD_TE, FIELD_TRAILER, FIELD_UPGRADE, FIELD_EXPECT, FIELD_COOKIE,
	FIELD_ACCEPT,
	FIELD_DATE, FIELD_STRICT_TRANSPORT_SECURITY,
	FIELD_LOAD, FIELD_LOAD_BIN,	/* endpoint-load-metrics(-bin): a server's load (orca.h) */
	/* what proxies add about the client: */
	FIELD_X_FORWARDED_FOR, FIELD_X_FORWARDED_PROTO, FIELD_X_FORWARDED_HOST, FIELD_X_FORWARDED_PORT,
	FIELD_X_REAL_IP,
	FIELD_FORWARDED,		/* Forwarded (RFC 7239), and every other X-Forwarded-... */
	/*
	 * '_' where one of the above has '-': to a CGI variable, and so to many programs, both
	 * are the same
	 */
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

/* What HTTP/1 alone has: how a head was written, and what becomes of its connection. */
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
	struct str	 authority;		/* as given, with port: from Host or from the target */
	struct str	 host;			/* of it, without port; empty when Host is, or is absent in HTTP/1.0 */
	bool		 is_head;
	bool		 idempotent;		/* RFC 9110, 9.2.2 */
	bool		 expect_continue;
	bool		 event_stream;		/* server-sent events are the first that it accepts */
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
/* the same by name, in whatever case */
const struct field	*message_find_named(const struct message *, struct str name);
/* Of Keep-Alive: timeout=5, max=100. Negative: its sender does not announce for how long. */
int64_t			 message_keeps_usec(const struct message *);

/*
 * What shall be different in a message when it goes on. The message itself stays as it was
 * read; edits are applied by whatever writes it: h1_write.h for HTTP/1, message_next() for
 * versions that want names and values. Their texts must live as long as what is written.
 * Hop-by-hop fields never go on, without any edit.
 */
struct edit {
	struct str	name;		/* as HTTP/1 writes it: "\r\nName: " */
	struct str	value;
};

#define EDITS_MAX	10

struct edits {
	uint32_t	 dropped;		/* ids, as bits */
	struct str	 authority;		/* instead of the message's own; empty: that stays */
	const struct field *extended;		/* its value goes on with ", " and `extension`; NULL: none */
	struct str	 extension;
	int		 nadded;
	struct edit	 added[EDITS_MAX];	/* in this order, after the message's fields */
};

#define EDIT_NAME(text)	((struct str){ "\r\n" text ": ", sizeof text + 3 })
#define FIELD_BIT(id)	(UINT32_C(1) << (id))

extern const struct edits edits_none;
/* The field goes on, whichever version it is written in. */
static inline bool
edits_pass(const struct edits *e, const struct field *f)
{
	return !f->hop && (e->dropped & FIELD_BIT(f->id)) == 0;
}

static inline void
edits_init(struct edits *e)
{
	e->dropped = 0;
	e->authority = (struct str){ NULL, 0 };
	e->extended = NULL;
	e->nadded = 0;
}

/* Leaves all fields of these ids out. What has no id cannot be dropped. */
static inline void
edits_drop(struct edits *e, uint32_t field_bits)
{
	ASSERT((field_bits & FIELD_BIT(FIELD_OTHER)) == 0);
	e->dropped |= field_bits;
}

/* The name is an EDIT_NAME(). */
static inline void
edits_add(struct edits *e, struct str name, struct str value)
{
	ASSERT(e->nadded < EDITS_MAX && name.p[0] == '\r' && name.p[name.len - 2] == ':');
	e->added[e->nadded++] = (struct edit){ name, value };
}

/* A line that is constant as a whole, such as "\r\nX-Mine: yes". */
static inline void
edits_add_line(struct edits *e, struct str line, size_t name_len)
{
	size_t value = name_len + 4;	/* behind the line end before it, and ": " */

	ASSERT(value < line.len);
	edits_add(e, (struct str){ line.p, value }, (struct str){ line.p + value, line.len - value });
}

/* The field's value goes on: at most one field of a message. */
static inline void
edits_extend(struct edits *e, const struct field *f, struct str with)
{
	ASSERT(e->extended == NULL && edits_pass(e, f) && with.len > 0);
	e->extended = f;
	e->extension = with;
}

/*
 * A message with its edits as names and values: pseudo-fields first (RFC 9113, 8.3), then what
 * stays, then what is added. Host and Transfer-Encoding, whose place others take there, are
 * left out; names are spelled as they came.
 */
struct message_walk {
	const struct message *message;
	const struct edits *edits;
	struct str	 scheme;	/* of requests */
	int		 at;
	char		 status[4];
};

struct message_pair {
	struct str	 name, value;
	struct str	 extension;	/* follows the value after ", "; empty: nothing does */
};

void			 message_walk(struct message_walk *, const struct message *,
			    const struct edits *, struct str scheme);
/* False: that was all. */
bool			 message_next(struct message_walk *, struct message_pair *);

/* True when a comma-separated list such as Connection contains the token (case-insensitive). */
bool			 list_has(struct str list, struct str token);
const char		*status_reason(int status);	/* of the statuses in tbl/status.h */

#endif
