/*
 * certs: the certificates and challenges that workers are to have, with the keys of session
 * tickets, and what people may know of them. Certificates come from files, which are watched here,
 * and from sources such as ACME, which put theirs in. What cannot be used takes nothing out of
 * force: the last good certificate of each kind stays. One per brain; knows nothing of how a set of
 * secrets reaches workers.
 *
 * Certificates of sources are named "SOURCE:NAME", such as acme:example.org; those of files
 * "file:PATH".
 */
#ifndef CERTS_CERTS_H
#define CERTS_CERTS_H

#include <jansson.h>

#include "base/buf.h"
#include "base/why.h"
#include "net/loop.h"
#include "world/live.h"
#include "world/secrets.h"

struct certs;
struct conf;

#define CERTS_ID_MAX	(SECRETS_NAME_MAX - 8)	/* bytes of an ID, with its NUL */
#define CERTS_DETAIL_MAX 240

/* What workers are to have has changed: certs_write would write something else. At most once in a
 * turn. */
typedef void	certs_changed_f(void *arg);

/* `live`: where workers ask for challenges. */
struct certs	*certs_new(struct loop *, struct live *, certs_changed_f *, void *arg);
void		 certs_free(struct certs **);
/* What a brain before this one published: certificates that stay in force until there are better
 * ones, challenges, ticket keys. Before the first certs_reconf. */
void		 certs_inherit(struct certs *, const struct secrets *);
/* Reads the files that this configuration names. */
void		 certs_reconf(struct certs *, const struct conf *);
/*
 * Files that something else names, such as Traefik's files, besides those of each configuration
 * that is taken from then on. False: they are the same as before.
 */
enum certs_file_kind { CERTS_FILE_CERT, CERTS_FILE_TASK_CA, CERTS_FILE_TASK_CERT };
struct certs_file {
	enum certs_file_kind kind;
	const char	*name;		/* of the last two, as task_tls settings have it */
	const char	*file, *key;	/* key NULL: in the same file, or none */
};
bool		 certs_set_files(struct certs *, const struct certs_file *, unsigned n);
/* All of it, for workers. Changes before this are in it, and are not notified any more. */
void		 certs_write(struct certs *, struct secrets_maker *);

/* ---- other sources, such as ACME ---- */

enum certs_challenge { CERTS_HTTP_01, CERTS_TLS_ALPN_01, CERTS_CHALLENGES };

/* What people ask a source for, about one certificate of it. True: it is on its way. False:
 * `detail` has why not, a sentence. */
typedef bool	certs_act_f(void *arg, const char *id, char detail[CERTS_DETAIL_MAX]);
/* A worker holds a request for a challenge that it does not know: the source looks at once. */
typedef void	certs_asked_f(void *arg);

struct certs_source {
	const char	*name;		/* "acme" */
	certs_act_f	*renew, *remove;
	certs_asked_f	*asked;			/* NULL: no challenge will come, and workers do not wait for one */
	void		*arg;
};

/* Kept by reference until certs_free, or until it is added again as NULL: then none. */
void		 certs_set_source(struct certs *, const struct certs_source *);

/*
 * In force from now on, unless the one that is there under this ID is better: it is valid, and this
 * one is not (CERT_EXPIRED, CERT_NOT_YET_VALID). `pem` is as in net/cert.h, and copied. On failure
 * nothing changes, and `detail` (may be NULL) has more than the reason.
 */
const struct why *certs_put(struct certs *, const char *id, struct str pem,
		    char detail[CERTS_DETAIL_MAX]);
/* No longer in force, and no longer shown. */
void		 certs_remove(struct certs *, const char *id);
/*
 * What people see of a certificate, which may not be there yet: when it is renewed next (seconds
 * since the epoch, 0: not known), and what keeps it from that (NULL: nothing; `detail` may be
 * NULL).
 */
void		 certs_note(struct certs *, const char *id, int64_t renew_at, const struct why *,
		    const char *detail);
/* The IDs of all that begin so, of this moment; *at starts as 0; NULL at the end. Those inherited
 * from a brain before are among them. */
const char	*certs_next(const struct certs *, const char *prefix, size_t *at);
/* The PEM in force, with the key; empty: none. Lives until the loop's next turn. */
struct str	 certs_pem(const struct certs *, const char *id);

/* HTTP-01: the token and the key authorization. TLS-ALPN-01: the host name, and the PEM of the
 * certificate with its key. Putting the same again changes nothing. */
void		 certs_put_challenge(struct certs *, enum certs_challenge, const char *name, struct str);
void		 certs_remove_challenge(struct certs *, enum certs_challenge, const char *name);
/* Those that a brain before had, and that nobody has put since. */
void		 certs_forget_challenges(struct certs *);

/* Keys that all replicas share, the first one encrypts; 0: each replica makes its own again. */
#define CERTS_TICKET_BYTES	80
#define CERTS_TICKETS_MAX	4
void		 certs_share_tickets(struct certs *, const unsigned char (*keys)[CERTS_TICKET_BYTES],
		    unsigned n);

/* ---- for people ---- */

/* {"certificates": [...]} as in doc/api.md. */
json_t		*certs_view(const struct certs *);
/* By ID, or by the one name that only one certificate of a source has. NULL: it is done, or on its
 * way. Else a sentence in `detail`, and the HTTP status that fits. */
int		 certs_renew(struct certs *, const char *name, char detail[CERTS_DETAIL_MAX]);
int		 certs_act_remove(struct certs *, const char *name, char detail[CERTS_DETAIL_MAX]);

struct certs_status {		/* of one certificate, for metrics */
	const char	*id, *state, *text;	/* text: of the state, a sentence without full stop */
	const struct why *why;		/* NULL: nothing is wrong, or the text has it */
	const char	*detail;
	bool		 file;		/* of files; else of the source in its ID */
	bool		 there;		/* one is in force, */
	bool		 good;		/* and what its source has last is it */
	int64_t		 not_after;	/* seconds since the epoch, 0: not known */
	double		 left;		/* fraction of its life */
	uint64_t	 failures;	/* ever */
};
bool		 certs_status(const struct certs *, size_t *at, struct certs_status *);
bool		 certs_clock_is_wrong(void);	/* plainly: no certificate is judged by it */

/*
 * For `mola check`: a line for each file that is wrong or doubtful. The number of those that are
 * wrong. `in_force`, not NULL, is the view of the Mola that is to take this configuration: then
 * those are not wrong that have expired, or cannot be used and are in that view, too.
 */
unsigned	 certs_check(const struct conf *, const json_t *in_force, struct buf *out);

#endif
