/*
 * access: one line per request, off by default. Lines of a turn are written together; a reader of
 * the log that is too slow loses lines and never slows a request. access_line.c knows how a line
 * looks.
 */
#ifndef PROXY_ACCESS_H
#define PROXY_ACCESS_H

#include "base/addr.h"
#include "base/str.h"
#include "base/why.h"
#include "http/message.h"
#include "net/loop.h"

struct access;
struct gather;
struct tls_facts;

enum access_format {
#define FORMAT(id, name, help) ACCESS_FORMAT_##id,
#define FACT(id, own, json, help)
#include "tbl/access.h"
#undef FORMAT
#undef FACT
	ACCESS_FORMATS
};

enum access_fact {
#define FORMAT(id, name, help)
#define FACT(id, own, json, help) ACCESS_##id,
#include "tbl/access.h"
#undef FORMAT
#undef FACT
	ACCESS_FACTS
};
#define ACCESS_BIT(fact) (UINT64_C(1) << (fact))

/* By its name in either format. */
bool	access_fact_parse(struct str, enum access_fact *);
/* The fact, and those that say the same and more. */
uint64_t access_fact_bits(enum access_fact);

#define ACCESS_STATUSES_MAX 16
#define ACCESS_FIELDS_MAX 16
#define ACCESS_FIELD_MAX 48	/* bytes of its name, NUL included */

enum access_side {
#define FORMAT(id, name, help)
#define FACT(id, own, json, help)
#define SIDE(id, prefix) ACCESS_SIDE_##id,
#include "tbl/access.h"
#undef FORMAT
#undef FACT
#undef SIDE
};

/* A field of a request as it came, of a response as the task sent it, or as it went on. */
struct access_field {
	enum access_side side;
	char		 name[ACCESS_FIELD_MAX];	/* "X-Own": as lines show it */
};

struct access_conf {
	enum access_format format;
	/* without any of these, all lines are written; else those to which at least one applies */
	struct { unsigned least, most; } status[ACCESS_STATUSES_MAX];
	unsigned	 nstatuses;
	int64_t		 least_usec;	/* that take at least so long; 0: no such */
	bool		 tried;		/* for which a task had failed before */

	uint64_t	 dropped, redacted;	/* bits of facts that nobody is to see */

	struct access_field field[ACCESS_FIELDS_MAX];
	unsigned	 nfields;
	unsigned	 serial;	/* access.c's: of what was kept for which fields */
};

/* What is kept of a request from its head until the end of its exchange. */
enum access_text { ACCESS_TEXT_METHOD, ACCESS_TEXT_HOST, ACCESS_TEXT_TARGET, ACCESS_TEXT_REFERER,
    ACCESS_TEXT_AGENT, ACCESS_TEXT_AUTHORITY,
    /* and what comes later, in this order */
    ACCESS_TEXT_ROUTER, ACCESS_TEXT_SERVICE, ACCESS_TEXT_USER, ACCESS_TEXTS,
    /* of a connection that is relayed */
    ACCESS_TEXT_LISTENER = 0, ACCESS_TEXT_SNI };

struct access_request {
	bool		 connection;		/* it is none, but a connection that is relayed */
	uint16_t	 len[ACCESS_TEXTS];
	char		*text;			/* all of them; access_forget gives it back. NULL: nothing is kept */
	unsigned	 serial;		/* of access_conf, for the fields */
	struct access_kept *fields;		/* ours; NULL: none */
};

/* What the request came in; UNKNOWN: there was no whole head. */
enum access_version { ACCESS_UNKNOWN, ACCESS_HTTP_1_0, ACCESS_HTTP_1_1, ACCESS_HTTP_2 };

struct access_line {
	struct str	 client;
	struct str	 peer;			/* the other end of its connection */
	unsigned	 port;			/* of that; 0: not known */
	enum access_version version;
	const struct access_request *request;
	int		 status;		/* 0: none was sent */
	uint64_t	 bytes;			/* to the client, heads included */
	uint64_t	 content;		/* of these, the body's */
	uint64_t	 received;		/* from the client, without the request's head */
	int64_t		 took_usec;
	const struct tls_facts *tls;		/* NULL: the connection is plain */
	struct str	 listener;		/* that a request came by; empty: not known */
	struct str	 service, task;		/* empty when it did not come to that */
	const struct addr *address;		/* of the task; NULL: there is none */
	const char	*scheme;		/* of the URL that it is reached by */
	/* what it responded, or what was made of its failure; before a body was encoded */
	int		 origin_status;		/* 0: no task was asked */
	uint64_t	 origin_content;
	int64_t		 origin_usec;		/* since it was chosen */
	unsigned	 tried;			/* tasks that had failed before */
	unsigned	 again;			/* how often it was tried again */
	uint64_t	 count;			/* of the requests of this worker */
	/* empty: there is none */
	struct str	 middleware;		/* that responded */
	struct str	 id, trace, span;	/* of the request */
	const struct why *why;
};

struct access	*access_new(struct loop *, int fd);
/* From now on to `fd`, which becomes its own; what can be written to the one before is. */
void		 access_set_fd(struct access *, int fd);
void		 access_free(struct access **);		/* writes what is left */
void		 access_set_conf(struct access *, const struct access_conf *);

bool		 access_is_on(const struct access *);	/* lines are written, of some requests at least */
/* Keeps what a line will need of it, while lines are written; access_forget is due in any case. */
void		 access_note_request(struct access *, struct access_request *, const struct message *);
/* What nobody knew before: what Traefik calls its router and the service of that, empty if they are
 * none of Traefik's; and the user that a filter has found in it. */
void		 access_note_router(struct access_request *, struct str name, struct str service);
void		 access_note_user(struct access_request *, struct str user);
/* The response of its task has come; what the client gets instead, as HTTP/1 has it. Of several,
 * the last one counts. */
void		 access_note_origin(const struct access *, struct access_request *, const struct message *);
void		 access_note_downstream(const struct access *, struct access_request *,
    const struct gather *);
/* The same for a connection that is relayed. */
void		 access_note_connection(struct access *, struct access_request *, struct str listener,
    struct str server_name);
void		 access_forget(struct access *, struct access_request *);
uint64_t	 access_count(struct access *);		/* one more request */
void		 access_log(struct access *, const struct access_line *);
void		 access_flush(struct access *);		/* once more what its reader did not take */
uint64_t	 access_lost_take(struct access *);	/* lines lost since the last call */

#endif
