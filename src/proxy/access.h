/*
 * access: one line per request on stdout, off by default. Lines of a turn are written together; a
 * reader of the log that is too slow loses lines and never slows a request.
 */
#ifndef PROXY_ACCESS_H
#define PROXY_ACCESS_H

#include "base/str.h"
#include "base/why.h"
#include "http/message.h"
#include "net/loop.h"

struct access;
struct tls_facts;

#define ACCESS_REQUEST_MAX 384

/* The request, kept from the head until the end of the exchange. */
struct access_request {
	size_t	len;
	bool	connection;			/* it is none, but a connection that is relayed */
	char	text[ACCESS_REQUEST_MAX];
};

/* What the request came in; UNKNOWN: there was no whole head. */
enum access_version { ACCESS_UNKNOWN, ACCESS_HTTP_1_0, ACCESS_HTTP_1_1, ACCESS_HTTP_2 };

struct access_line {
	struct str	 client;
	enum access_version version;
	const struct access_request *request;
	int		 status;		/* 0: none was sent */
	uint64_t	 bytes;			/* to the client, heads included */
	uint64_t	 received;		/* from it, where it is a connection that is logged */
	int64_t		 took_usec;
	const struct tls_facts *tls;		/* NULL: the connection is plain */
	struct str	 service, task;		/* empty when it did not come to that */
	const struct why *why;
};

struct access	*access_new(struct loop *, int fd);
void		 access_free(struct access **);		/* writes what is left */
void		 access_on(struct access *, bool on);

void		 access_note_request(const struct access *, struct access_request *, const struct message *);
/* The same for a connection that is relayed. */
void		 access_note_connection(const struct access *, struct access_request *, struct str listener,
    struct str server_name);
void		 access_log(struct access *, const struct access_line *);
void		 access_flush(struct access *);		/* once more what its reader did not take */
uint64_t	 access_lost_take(struct access *);	/* lines lost since the last call */

#endif
