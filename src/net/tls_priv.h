/*
 * tls_priv: one connection's TLS, shared by its transport (tls.c), its way to the socket
 * (tls_socket.c) and both roles (tls_server.c, tls_client.c).
 */
#ifndef NET_TLS_PRIV_H
#define NET_TLS_PRIV_H

#include <openssl/ssl.h>

#include "net/cert_priv.h"
#include "net/tls.h"
#include "net/transport_priv.h"

#define PEER_CERTS_BYTES	32768	/* of a client's certificate with its chain */

struct tls {
	struct transport transport;	/* first */
	SSL		*ssl;
	int		 fd;		/* the stream's; -1 until the handshake begins */
	int		 error;		/* errno of the socket, 0: it works */
	bool		 socket_ended;
	bool		 drained, full;	/* the socket: until it says otherwise */
	bool		 ends;		/* the socket's end was announced: reading will show it */
	bool		 failed;	/* nothing more goes either way */
	bool		 read_waits;	/* for room in `out` */
	bool		 heard;		/* the client's first message */
	bool		 chosen;	/* certificates */
	bool		 challenge;
	enum tls_fault	 fault;
	const char	*fault_text;
	char		*in;		/* what the socket gave and OpenSSL has not asked for; NULL: nothing */
	size_t		 in_at, in_len;
	bool		 spoken;	/* OpenSSL has written something */
	bool		 holds;		/* what it writes: to be sent together with what comes next */
	bool		 held;		/* `out` waits for that, not for the socket */
	bool		 ending;	/* what is sent is our end, and that of the socket follows */
	char		*out;		/* what the socket did not take; NULL: nothing */
	size_t		 out_at, out_len, out_cap;
	/* the server's side */
	struct tls_server *server;
	void		*client;
	char		*host;		/* that the client asked for; NULL: none */
	struct cert	*cert;		/* after the handshake: that was shown */
	struct cert_group group;	/* until then */
	/* the client's side */
	struct tls_resume *resume;	/* where sessions go; NULL: nowhere */
	uint64_t	 of;
	char		*peer;		/* subject of the other side's certificate, NULL: none */
};

/* A connection of this SSL_CTX; NULL: there is no memory. */
struct tls	*tls_new(SSL_CTX *);
/* What both roles have in common; never NULL. */
SSL_CTX		*tls_context_new(const SSL_METHOD *, unsigned min_version);
/* Of TLS 1.2, these alone: bits as of tls_suite; 0: all. */
void		 tls_context_limit(SSL_CTX *, unsigned suites);
/* These alone: bits, rows of tbl/groups.h; 0: all that are usual. False: OpenSSL has none. */
bool		 tls_context_groups(SSL_CTX *, unsigned groups);
/* Whom to trust, by a PEM text. `names`: collects the names of CAs; NULL: not. */
const struct why *tls_context_trust(SSL_CTX *, struct str pem, STACK_OF(X509_NAME) *names);

/* tls_server.c */
const void	*tls_server_rules(const struct tls_server *);	/* NULL of NULL */
/* Which of its certificates the client has seen, also when it resumes a session; -1: not known. */
int		 tls_kind_shown(const struct tls *);

/* ---- tls_socket.c ---- */

const BIO_METHOD *tls_bio_method(void);		/* its data is the struct tls */
/* All that waits in `out`. IO_AGAIN: the socket does not take it yet. */
enum io_result	 tls_flush(struct tls *);

static inline struct tls *
tls_of(const SSL *ssl)
{
	return SSL_get_app_data(ssl);
}

/* tls_client.c: the handshake failed, or TLS later, not the socket */
void		 tls_client_failed(struct tls *);

/* tls_server.c: drops a reference */
void		 tls_server_unref(struct tls_server *);

#endif
