/*
 * reply: what a CA says (RFC 8555, RFC 9773, RFC 7807): JSON in, checked structs out. Pure. All
 * of it is foreign: texts are bounded, URLs are https, what is not known is passed over, and
 * what is needed and missing makes a reply BAD. Everything lives in the arena.
 */
#ifndef ACME_REPLY_H
#define ACME_REPLY_H

#include "acme/when.h"
#include "base/arena.h"
#include "base/buf.h"

#define REPLY_AUTHZ_MAX		100	/* names of an order; Let's Encrypt's own limit */
#define REPLY_CHALLENGES_MAX	32
#define REPLY_PROFILES_MAX	32
#define REPLY_URL_MAX		1024	/* bytes */
#define REPLY_TOKEN_MIN		20
#define REPLY_TOKEN_MAX		100

struct reply_directory {
	const char	*new_nonce, *new_account, *new_order;
	const char	*renewal_info;			/* NULL: the CA has no ARI */
	const char	*profile[REPLY_PROFILES_MAX];
	unsigned	 nprofiles;
	bool		 needs_eab;
};

enum reply_status {			/* of orders, authorizations and challenges alike */
	REPLY_PENDING, REPLY_READY, REPLY_PROCESSING, REPLY_VALID, REPLY_INVALID,
	REPLY_OTHER			/* deactivated, expired, revoked, or not known: as good as invalid */
};

struct reply_problem {
	const char	*type;		/* without "urn:ietf:params:acme:error:"; "" when there is none */
	const char	*text;		/* for people: one line, printable, with what its parts say */
};

struct reply_order {
	enum reply_status status;
	const char	*authz[REPLY_AUTHZ_MAX];
	unsigned	 nauthz;
	const char	*finalize;
	const char	*certificate;	/* NULL unless it is valid */
	struct reply_problem problem;	/* of an invalid one */
};

enum challenge_kind { CHALLENGE_HTTP_01, CHALLENGE_TLS_ALPN_01, CHALLENGE_DNS_01 };
#define CHALLENGE_KINDS 3
extern const char *const challenge_names[CHALLENGE_KINDS + 1];	/* ends with NULL */

struct reply_challenge {
	enum challenge_kind kind;
	const char	*url, *token;
	enum reply_status status;
	struct reply_problem problem;
};

struct reply_authz {
	enum reply_status status;
	const char	*name;		/* lower case, without "*." */
	bool		 wildcard;
	struct reply_challenge challenge[CHALLENGE_KINDS];	/* one of each kind at most */
	unsigned	 nchallenges;	/* of kinds that are known */
};

bool	reply_directory(struct arena *, struct str json, struct reply_directory *);
bool	reply_order(struct arena *, struct str json, struct reply_order *);
bool	reply_authz(struct arena *, struct str json, struct reply_authz *);
/* Of anything, also what is no JSON: there is always a text. */
void	reply_problem(struct arena *, struct str body, struct reply_problem *);
bool	reply_renewal(struct str json, struct when_window *);
bool	reply_token(struct str);	/* base64url, of a length that tokens have */

/*
 * A field of a header, for a JSON text, a log line or a URL: "" if it is too long or not printable
 * ASCII without quotation marks and backslashes.
 */
void	reply_field(struct str value, char *out, size_t cap);

#endif
