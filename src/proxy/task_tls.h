/*
 * task_tls: TLS to tasks, in a worker: what each service's settings mean, with the CAs and
 * certificates that came as secrets. What cannot be verified is not connected to.
 */
#ifndef PROXY_TASK_TLS_H
#define PROXY_TASK_TLS_H

#include "net/tls.h"
#include "world/secrets.h"
#include "world/table.h"

struct task_tls;

/* How one task is spoken to. Its texts are those of the table, or of the address. */
struct task_tls_how {
	enum scheme	 scheme;
	bool		 http1;		/* and nothing else, whatever the task may choose */
	bool		 verify;
	struct str	 ca, cert;	/* names; empty: the system's, none */
	struct str	 name;		/* empty: the address */
	struct tls_resume *resume;	/* of the task; NULL: sessions are not resumed */
};

struct task_tls	*task_tls_new(void);
void		 task_tls_free(struct task_tls **);
/* In force for connections from now on. Takes a reference; NULL: there are none. */
void		 task_tls_set_secrets(struct task_tls *, struct secrets *);

struct task_tls_how task_tls_how(const struct table *, const struct table_service *);
/* TLS begins on a stream that connects to `addr`, if the scheme wants it. WHY_TASK_TLS_MISSING,
 * WHY_NO_MEMORY. */
const struct why *task_tls_start(struct task_tls *, const struct task_tls_how *,
    const struct addr *addr, struct stream *);
/* What became of a stream whose connection or handshake failed; NULL: its socket did, not TLS. */
const struct why *task_tls_why(const struct stream *);

static inline bool
scheme_is_tls(enum scheme s)
{
	return s == SCHEME_HTTPS || s == SCHEME_H2;
}

#endif
