/*
 * secure: TLS on ends of simulated clients and tasks, by OpenSSL as they have it. From end_secure() on, end_read() and the others of
 * wire.h are those of what is in it: END_OUT comes first when the handshake is done, END_BROKEN when it has failed. An end without
 * close_notify is a break.
 */
#ifndef SIM_SECURE_H
#define SIM_SECURE_H

#include <openssl/ssl.h>

#include "certs.h"
#include "wire.h"

#define TICKET_BYTES	80		/* of a key of tickets (net/tls.h) */
#define SECURE_RECORD	4096		/* plain bytes of a record that an end sends, at the most, */
#define SECURE_MORE	64		/* and what TLS adds */

/* What a client may come back by. */
struct secure_session {
	SSL_SESSION	*session;	/* NULL: nothing */
	struct secure_session *next;	/* private */
	bool		 known;
};

/* Handshakes that were done. */
struct secure_count {
	unsigned	 full, resumed;
};

struct secure_how {
	const char	*name;		/* that the client wants; NULL: it does not say */
	const char	*alpn;		/* as TLS writes lists of them; NULL: none; of a task: the one that it chooses */
	struct secure_session *session;	/* of a client; NULL: it does not come back */
	bool		 server;
	enum cert_id	 cert;		/* of a server */
	struct secure_count *count;	/* of handshakes; NULL: nobody counts them */
	bool		 old;		/* TLS 1.2 at most */
	bool		 older;		/* TLS 1.1 */
	bool		 mute;		/* ends without close_notify */
	bool		 distrusts;	/* its CA is another one */
	/* of what it sends: so many bytes at once, 0: all; and nothing more after so many, -1: all */
	uint32_t	 piece;
	int64_t		 piece_usec;
	int64_t		 stop_at;
	bool		 hello_alone;	/* the first message is all that a client sends */
};

#define SECURE_HOW (struct secure_how){ .stop_at = -1 }

void		 secure_init(void);		/* once for the process, before OpenSSL was used */
void		 secure_begin(uint64_t seed);	/* of a world */
void		 secure_end(void);		/* all that was secured is let go */

void		 end_secure(struct end *, const struct secure_how *);
bool		 end_is_secure(struct end *);
/* NULL while the handshake is not done. */
const SSL	*end_ssl(struct end *);
/* Why its handshake failed; NULL: it did not. */
const char	*end_secure_failure(struct end *);
bool		 end_heard_alert(struct end *, int *alert);	/* which the other side ended it by */

/* What OpenSSL keeps of errors is let go. */
void		 secure_settle(void);
/* OpenSSL's memory that is the simulator's own. */
size_t		 secure_bytes(void);

#endif
