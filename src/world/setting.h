/*
 * setting: what each service has of its own (tbl/service.h), and what the types of settings
 * are: how a text becomes a value and a value a text, when two are the same, and who owns their
 * memory. The configuration file and the labels of Swarm services read their values through the
 * same functions.
 */
#ifndef WORLD_SETTING_H
#define WORLD_SETTING_H

#include "base/arena.h"
#include "base/buf.h"
#include "world/profile.h"
#include "world/table.h"
#include "world/term.h"

/* What a service wants of TLS with clients. ACME: certificates for its hosts. Either of ACME and
 * TERMINATE: of a tcp service, its TLS ends here. */
enum service_tls { SERVICE_TLS_NONE, SERVICE_TLS_ACME, SERVICE_TLS_TERMINATE };

/* What a member of each type is in C. */
#define MEMBER_POLICY		enum policy
#define MEMBER_KIND		enum service_kind
#define MEMBER_PROXY_VERSION	enum proxy_version
#define MEMBER_PROFILE		struct profile	/* zeroed: balanced */
#define MEMBER_DURATION		int64_t		/* usec */
#define MEMBER_COUNT		unsigned
#define MEMBER_SWITCH		bool
#define MEMBER_PATH_OR_NONE	char *		/* NULL: none */
#define MEMBER_SERVICE_TLS	enum service_tls
#define MEMBER_TENANTS		enum tenancy
#define MEMBER_PRECEDENCE		enum precedence
#define MEMBER_LOAD		enum load_reports
#define MEMBER_SCHEME		enum scheme
#define MEMBER_TLS_CA		char *		/* NULL: the system's */
#define MEMBER_TLS_NAME		char *		/* NULL: the service's name */
#define MEMBER_TLS_CERT		char *		/* NULL: none */
#define MEMBER_ALPN		char *		/* NULL: none */
#define MEMBER_COOKIE_NAME	char *		/* NULL: none */
#define MEMBER_COOKIE_PATH	char *		/* NULL: none */
#define MEMBER_COOKIE_DOMAIN	char *		/* NULL: none */
#define MEMBER_SAME_SITE	enum same_site
#define MEMBER_METHOD		char *		/* NULL: GET */
#define MEMBER_CHECK_HOST	char *		/* NULL: the task's address */
#define MEMBER_HEADERS		char *		/* NULL: none */
#define MEMBER_CHECK_MODE	enum check_mode
#define MEMBER_CHECK_SERVICE	char *		/* NULL: the whole server */
#define MEMBER_CHECK_BYTES	char *		/* as it was written: setting_bytes; NULL: none */
#define MEMBER_CHECK_SCHEME	enum check_scheme
#define MEMBER_ALL_DOWN		enum all_down
#define MEMBER_DURATION_OR_SAME	int64_t		/* usec; 0: the same */
#define MEMBER_PORT_OR_SAME	unsigned	/* 0: the same */
#define MEMBER_RETRY_ON		struct retry_on
#define MEMBER_RETRY_METHODS	enum retry_methods
#define MEMBER_PERCENT		unsigned
#define MEMBER_BYTES		unsigned
#define MEMBER_DURATION_OR_NONE	int64_t		/* usec; 0: none */
#define MEMBER_QUERIES		struct terms

/*
 * How to treat a service's requests, and what the mover may do with its tasks (scale_max 0:
 * their number is not Mola's to change). Zeroed memory owns nothing.
 */
struct service_conf {
#define SETTING(type, field, ...) MEMBER_##type field;
#include "tbl/service.h"
#undef SETTING
};

/* Makes *at the same as *from, with memory of its own; members that are the same already stay
 * untouched, so that others may hold on to their texts. True: something differed. */
bool	service_conf_set(struct service_conf *at, const struct service_conf *from);
bool	service_conf_same(const struct service_conf *, const struct service_conf *);
void	service_conf_clear(struct service_conf *);	/* leaves it zeroed */
/* Whether its tasks are checked. */
static inline bool
service_conf_checks(const struct service_conf *c)
{
	return c->kind == SERVICE_TCP ? c->health_connect :
	    c->health_path != NULL || c->health_mode != CHECK_HTTP;
}

#define SETTING_PROBLEM_MAX	200

struct setting_range {		/* as users write them; "" for types without a range */
	const char	*least, *most;
};

struct setting_type {
	size_t		 size;		/* of a member */
	/* Into the member, which stays as it is on failure. Its memory is of the arena; without one it
	 * is its own, and its old memory is freed. False: `problem` has what is wrong and what was
	 * expected, to be read after the text: "is out of range; expected 10ms to 5m". NULL: the
	 * setting consists of parts that are read one by one. */
	bool		(*read)(struct str, struct setting_range, void *member, struct arena *,
	    char problem[SETTING_PROBLEM_MAX]);
	bool		(*write)(const void *member, struct buf *);	/* as read reads it */
	/* NULL: as plain memory is compared, copied and zeroed. */
	bool		(*same)(const void *member, const void *other);
	void		(*set)(void *member, const void *from);	/* frees the old memory, copies the other's */
	void		(*clear)(void *member);		/* frees, and leaves it zeroed */
};
extern const struct setting_type setting_POLICY, setting_PROFILE, setting_DURATION, setting_COUNT,
    setting_SWITCH, setting_PATH_OR_NONE, setting_SERVICE_TLS, setting_QUERIES, setting_KIND,
    setting_PROXY_VERSION, setting_LOAD, setting_TENANTS, setting_PRECEDENCE,
    setting_SCHEME, setting_TLS_CA, setting_TLS_NAME, setting_TLS_CERT, setting_ALPN,
    setting_COOKIE_NAME, setting_COOKIE_PATH, setting_COOKIE_DOMAIN, setting_SAME_SITE,
    setting_METHOD, setting_CHECK_HOST, setting_HEADERS, setting_CHECK_MODE, setting_CHECK_SCHEME,
    setting_DURATION_OR_SAME, setting_PORT_OR_SAME, setting_RETRY_ON, setting_RETRY_METHODS,
    setting_PERCENT, setting_BYTES, setting_DURATION_OR_NONE, setting_ALL_DOWN,
    setting_CHECK_SERVICE, setting_CHECK_BYTES;

/* One line of HEADERS, as Name and value; false: it is none that a check may send. */
bool	setting_header_split(struct str line, struct str *name, struct str *value);

/* The bytes that CHECK_BYTES stands for; returns how many, -1: it is not written so. `out` has room
 * for as many as the text has. */
int	setting_bytes(struct str, char *out);

/* The place of a word among `words`, which end with NULL; -1 and a problem that names them all. */
int	setting_word(struct str, const char *const *words, char problem[SETTING_PROBLEM_MAX]);

#endif
