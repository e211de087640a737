/*
 * certs: the CA of a simulation and the certificates that it has signed, made once for the whole process, always the same; and the
 * sets of secrets that workers get them in.
 */
#ifndef SIM_CERTS_H
#define SIM_CERTS_H

#include <openssl/x509.h>

#include "plan.h"

enum cert_id {
	CERT_OLD, CERT_NEW,		/* of s0 and s1, one after the other */
	CERT_ED,			/* of s2 and *.w, with a key of another kind */
	CERT_ALL,			/* of all services, of which s0 and s1 have one that is valid longer */
	CERT_REST,			/* for who names none of these */
	CERT_TASK,			/* of s0 to s3 */
	CERT_TASK_NAME, CERT_TASK_EXPIRED, CERT_TASK_FOREIGN,	/* that is not: of another name, expired, of another CA */
	CERTS
};

void		 certs_init(void);
X509		*certs_x509(enum cert_id);
EVP_PKEY	*certs_key(enum cert_id);
X509		*certs_ca(void);
/* That a client that names this host is to see; CERTS: there is none. `renewed`: after the change. */
enum cert_id	 certs_for(const struct plan *, const char *host, bool renewed);
/* What it is for a client that named this host and requests another one. */
bool		 certs_misdirect(const struct plan *, const char *host, unsigned service);
/* A sealed set of them, as it is then. */
int		 certs_secrets(const struct plan *, bool renewed);

#endif
