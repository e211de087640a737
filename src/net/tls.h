/*
 * tls: TLS 1.2 and 1.3 as what carries a stream's bytes, for both roles. Who owns the stream
 * reads and writes as ever; this is for those who set it up, and who ask what came of it.
 *
 *	stream_set_transport(s, tls_accept(server, arg));	then stream_connected() until it is done
 *
 * The end of a direction is a message of TLS (close_notify): a socket that ends without it is a
 * cut (stream_was_cut), and reads fail.
 */
#ifndef NET_TLS_H
#define NET_TLS_H

#include "net/cert_index.h"
#include "net/stream.h"

/* Once per process, before it gives up its rights: reads OpenSSL's configuration. */
void	tls_init(void);

/* ---- tickets: keys by which clients resume sessions, with any worker that has the same ---- */

#define TLS_TICKETS_MAX		8
#define TLS_TICKET_BYTES	80	/* of a key: name 16, HMAC 32, AES-256 32 */

struct tls_tickets {
	unsigned	n;
	unsigned char	key[TLS_TICKETS_MAX][TLS_TICKET_BYTES];	/* the first encrypts, all decrypt */
};

void	tls_tickets_make(struct tls_tickets *);		/* one of our own, of chance */
/* False, and nothing has changed: there are none, too many, or one is not as long as a key. */
bool	tls_tickets_set(struct tls_tickets *, const struct str *keys, unsigned n);
void	tls_tickets_fini(struct tls_tickets *);		/* overwritten */

/* ---- the server's side ---- */

struct tls_server;

/* The bit of a row of tbl/suites.h, by its name in the standards; 0: there is none. */
unsigned	tls_suite(struct str name);

/* ASK, ANY: whatever certificate comes; ANY: one must. It is not verified, and nobody's. */
enum tls_client_cert { TLS_CLIENT_CERT_NONE, TLS_CLIENT_CERT_OPTIONAL, TLS_CLIENT_CERT_REQUIRE,
    TLS_CLIENT_CERT_ASK, TLS_CLIENT_CERT_ANY };

struct tls_server_conf {
	unsigned	 min_version;		/* 12 or 13 */
	unsigned	 max_version;		/* the same; 0: the newest */
	unsigned	 groups;		/* bits: rows of tbl/groups.h; 0: those that all servers have */
	unsigned	 suites;		/* of TLS 1.2: bits as of tls_suite; 0: all that there are */
	/* by ALPN, the preferred first, with commas between them, and a client that offers others alone
	 * is refused; empty: what clients offer is not looked at */
	struct str	 protocols;
	enum tls_client_cert client_cert;
	/* PEM; not looked at without client certificates; may be empty where they are not verified */
	struct str	 client_ca;
	struct str	 scope;			/* sessions are resumed only where all this is the same */
	void		*rules;			/* the owner's, NULL: none; the server's from here on */
	void		(*rules_free)(void *);
};

/* What a client asks for. */
struct tls_wanted {
	struct str	host;			/* in lower case; empty: none */
	bool		challenge;		/* a CA's challenge TLS-ALPN-01 (RFC 8737) */
	const void	*rules;			/* of the server that it has come to */
};

/*
 * Gives the certificates for a client, NULL for kinds that there are not; they are not the
 * caller's. IO_AGAIN: not yet; stream_connected() asks again. IO_FAIL: there is none.
 * `client`: as passed to tls_accept().
 */
typedef enum io_result	tls_choose_f(void *arg, void *client, const struct tls_wanted *,
			    struct cert_group *);

/*
 * Connections hold what they need of it: it may be freed while they go on. `tickets` may change
 * at any time; NULL: sessions are not resumed. WHY_CERT_*: about client_ca; TLS_CLASH: OpenSSL has
 * none of the groups.
 */
const struct why	*tls_server_new(const struct tls_server_conf *, tls_choose_f *, void *arg,
			    const struct tls_tickets *, struct tls_server **);
void			 tls_server_free(struct tls_server **);
/* For a stream that has not read anything yet. NULL: there is no memory. */
struct transport	*tls_accept(struct tls_server *, void *client);

/* ---- the client's side ---- */

struct tls_client;

/* NAME: the certificate must be of a trusted CA, and name the host; CA: any name will do. */
enum tls_verify { TLS_VERIFY_NAME, TLS_VERIFY_CA, TLS_VERIFY_NONE };

/* What is offered by ALPN. ACME: a challenge's protocol alone, as a CA does. */
enum tls_offer { TLS_HTTP1, TLS_HTTP2, TLS_HTTP_BOTH, TLS_ACME };

struct tls_client_conf {
	enum tls_verify	 verify;
	struct str	 ca;			/* PEM: who is trusted; not looked at with NONE */
	struct cert	*cert;			/* to be shown when the server asks; NULL: none */
	enum tls_offer	 offer;
};

/*
 * The session of the newest connection, for the next one to the same server with the same
 * struct tls_client; zeroed: there is none. It outlives the connections that it is given for.
 */
struct tls_resume {
	struct ssl_session_st *session;
	uint64_t	 of;			/* which struct tls_client */
};
void			 tls_resume_clear(struct tls_resume *);

const struct why	*tls_client_new(const struct tls_client_conf *, struct tls_client **);
void			 tls_client_free(struct tls_client **);
/*
 * `name`: of the server, as asked for (SNI, unless it is an address) and as verified. `resume` may
 * be NULL: then nothing is resumed. NULL: there is no memory, or no name where one is verified.
 */
struct transport	*tls_connect(struct tls_client *, struct str name, struct tls_resume *);
/* This instead, by one such connection whose handshake has not begun. False: there is no memory. */
bool			 tls_offer(struct stream *, enum tls_offer);

/* ---- what came of it; all of it is empty for streams without TLS ---- */

struct tls_facts {
	const char	*version, *cipher;	/* "TLSv1.3"; the name in IANA's registry */
	struct str	 host;			/* that the client asked for, in lower case */
	const struct cert *cert;		/* ours, which was shown or would have been; NULL in the client's role */
	const void	*rules;			/* as in tls_server_conf; as long as the stream is open */
	bool		 resumed;
	bool		 challenge;		/* tls_wanted.challenge: nothing more is to be said */
	const char	*peer;			/* the subject of the other side's certificate, verified; NULL: none */
};

bool		 stream_is_tls(const struct stream *);
/* The protocol that both sides chose: "h2", "http/1.1"; empty: none. Once it is connected. */
struct str	 stream_protocol(const struct stream *);
/* That the client has asked for, in lower case: known from its first message on. Empty: none. */
struct str	 tls_host(const struct stream *);
/* The client's first message has come as a whole. Of the server's side. */
bool		 tls_has_heard(const struct stream *);
/* False: not TLS, or not connected. What it points to lives as long as the stream is open. */
bool		 tls_facts(const struct stream *, struct tls_facts *);

/* The other side's certificate, which was verified, and what it sent with it, in DER, one behind
 * the other; of a resumed session, the certificate alone. Empty: none. The caller frees p. */
struct str	 tls_peer_certs(const struct stream *);

/* Why TLS failed. */
enum tls_fault {
	TLS_NO_FAULT,		/* it has not, or the socket is at fault: stream_error() */
	TLS_GONE,		/* the socket ended too early */
	TLS_FAULT_BROKEN,	/* what came is not TLS, or breaks its rules */
	TLS_FAULT_VERSION,	/* no version in common */
	TLS_FAULT_SHARED,	/* no cipher, group, signature or protocol in common */
	TLS_FAULT_NO_CERT,	/* no certificate of ours for what the client asks for */
	TLS_FAULT_PEER_NONE,	/* the other side showed no certificate, and must */
	TLS_FAULT_PEER,		/* its certificate does not verify, for another reason than these: */
	TLS_FAULT_PEER_CA,	/* it is of no CA that is trusted */
	TLS_FAULT_PEER_NAME,	/* it is for other names */
	TLS_FAULT_PEER_EXPIRED,	/* it has expired, or one above it */
	TLS_FAULT_ALERT		/* the other side refused: our certificate, or anything else */
};

#define TLS_FAULTS	(TLS_FAULT_ALERT + 1)

enum tls_fault	 tls_fault(const struct stream *);
const char	*tls_fault_text(const struct stream *);	/* for people, never NULL; constant */

#endif
