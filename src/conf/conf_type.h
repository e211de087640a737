/*
 * conf_type: what the types of configuration values are made of. For conf_value.c and the files
 * that hold types.
 */
#ifndef CONF_CONF_TYPE_H
#define CONF_CONF_TYPE_H

#include "conf/conf_value.h"

/* All but plain ones own memory; secrets are never shown. */
enum conf_kind { KIND_PLAIN, KIND_TEXT, KIND_LIST, KIND_SECRET, KIND_SECRETS };

struct conf_type {
	bool		(*read)(const struct conf_key *, struct str, void *member, char *problem);
	bool		(*write)(const void *member, struct buf *);	/* NULL: as the setting, or not written */
	enum conf_kind	 kind;
	bool		 bare;		/* what is written is a number or true or false, in JSON too */
	const struct setting_type *setting;	/* NULL: it is none that services have of their own */
};

/* The read of types that are settings: their problem behind the text. */
bool	read_setting(const struct conf_key *, struct str, void *member, char *problem);

/* What a member of each type is in C, as in world/setting.h: a row of tbl/conf.h whose member
 * is of another does not compile. */
#define MEMBER_STRING		char *
#define MEMBER_NAME		char *
#define MEMBER_LISTEN_NAME	char *
#define MEMBER_SECRET		char *
#define MEMBER_PASSWORD		char *
#define MEMBER_FILE		char *
#define MEMBER_SOCKET		char *
#define MEMBER_EXPORTER		char *
#define MEMBER_AGENT		char *
#define MEMBER_CONTAINER	char *
#define MEMBER_URL		char *
#define MEMBER_TEMPLATE		char *
#define MEMBER_PROMQL		char *
#define MEMBER_PROMQL_OR_NONE	char *
#define MEMBER_CONSTRAINT	char *
#define MEMBER_DEFAULT_RULE	char *
#define MEMBER_STRATEGY		char *
#define MEMBER_PEER		char *
#define MEMBER_OPTIONS		char *
#define MEMBER_BACKEND		char *
#define MEMBER_RULE		char *
#define MEMBER_PRIORITY		int64_t
#define MEMBER_HOSTS		struct conf_list
#define MEMBER_LISTEN_NAMES	struct conf_list
#define MEMBER_PATHS		struct conf_list
#define MEMBER_ENDPOINTS	struct conf_list
#define MEMBER_NETWORKS		struct conf_list
#define MEMBER_NETS		struct conf_list
#define MEMBER_NAMES		struct conf_list
#define MEMBER_PROM_SERVERS	struct conf_list
#define MEMBER_MIDDLEWARES	struct conf_list
#define MEMBER_MIDDLEWARE_MAP	char *
#define MEMBER_ENTRY_POINTS	struct conf_list
#define MEMBER_TARGET_SERVICES	struct conf_list
#define MEMBER_LISTEN_ADDRESS	struct addr
#define MEMBER_ADMIN_ADDRESS	struct addr
#define MEMBER_TASK_ADDRESS	struct addr_ip
#define MEMBER_PEER_LISTEN	struct addr
#define MEMBER_TLS_DEFAULT	char *
#define MEMBER_TLS_VERSION	unsigned
#define MEMBER_TLS_SUITES	struct conf_list
#define MEMBER_REDIRECT		unsigned
#define MEMBER_CLIENT_CERT	enum conf_client_cert
#define MEMBER_HSTS		int64_t
#define MEMBER_EMAIL		char *
#define MEMBER_ACME_URL		char *
#define MEMBER_ACME_NAMES	struct conf_list
#define MEMBER_ACME_ALLOW	struct conf_list
#define MEMBER_ACME_CHALLENGES	struct conf_list
#define MEMBER_FILES		struct conf_list
#define MEMBER_SCOPES		struct conf_list
#define MEMBER_USERS		struct conf_list
#define MEMBER_REAL		double
#define MEMBER_WEIGHT		double
#define MEMBER_BALANCERS	double
#define MEMBER_COUNT_OR_AUTO	unsigned
#define MEMBER_WORKERS		unsigned
#define MEMBER_FORMAT		bool
#define MEMBER_TARGET_POLICY	bool
#define MEMBER_MAYBE		enum conf_maybe
#define MEMBER_LEVEL		enum log_level
#define MEMBER_ACCESS_FORMAT	enum conf_access_format
#define MEMBER_STATUSES		struct conf_list
#define MEMBER_ACCESS_FACTS	struct conf_list
#define MEMBER_ACCESS_FIELDS	struct conf_list
#define MEMBER_REQUEST_IDS	enum conf_request_ids
#define MEMBER_TRACE_PARENTS	enum conf_trace_parents
#define MEMBER_FIELD_NAME	char *
#define MEMBER_OTLP_URL		char *
#define MEMBER_OTLP_HEADERS	char *
#define MEMBER_TARGET_KIND	enum target_id
#define MEMBER_LIMITS		struct profile_limit

/* conf_text.c */
extern const struct conf_type type_STRING, type_NAME, type_SECRET, type_FILE, type_SOCKET,
    type_PATH_OR_NONE, type_TLS_CA, type_TLS_NAME, type_TLS_CERT, type_ALPN,
    type_COOKIE_NAME, type_COOKIE_PATH, type_COOKIE_DOMAIN,
    type_METHOD, type_CHECK_HOST, type_HEADERS, type_CHECK_SERVICE, type_CHECK_BYTES,
    type_EXPORTER, type_AGENT, type_ADMIN_ADDRESS, type_TASK_ADDRESS, type_CONTAINER,
    type_LISTEN_ADDRESS, type_LISTEN_NAME, type_LISTEN_NAMES, type_HOSTS, type_PATHS,
    type_ENDPOINTS, type_NETWORKS, type_NETS, type_TEMPLATE, type_URL, type_NAMES;
/* conf_number.c */
extern const struct conf_type type_DURATION, type_REAL, type_WEIGHT, type_COUNT,
    type_COUNT_OR_AUTO, type_BYTES, type_WORKERS, type_BALANCERS, type_POLICY, type_PROFILE,
    type_KIND, type_LOAD, type_TENANTS, type_PRECEDENCE, type_SCHEME, type_SAME_SITE,
    type_PROXY_VERSION,
    type_CHECK_MODE, type_CHECK_SCHEME, type_DURATION_OR_SAME, type_PORT_OR_SAME,
    type_RETRY_ON, type_RETRY_METHODS, type_PERCENT, type_DURATION_OR_NONE,
    type_ALL_DOWN,
    type_LIMITS, type_LEVEL, type_FORMAT, type_SWITCH, type_SERVICE_TLS;
/* conf_target.c */
extern const struct conf_type type_TARGET_KIND, type_TARGET_POLICY, type_TARGET_SERVICES,
    type_STRATEGY, type_PEER, type_PEER_LISTEN, type_OPTIONS, type_BACKEND;
/* conf_prom.c */
extern const struct conf_type type_PROM_SERVERS, type_PASSWORD, type_PROMQL, type_PROMQL_OR_NONE;

/* conf_swarm.c */
extern const struct conf_type type_RULE, type_PRIORITY;		/* conf_rule.c */
extern const struct conf_type type_CONSTRAINT, type_DEFAULT_RULE, type_MIDDLEWARES,
    type_ENTRY_POINTS, type_MAYBE;

/* conf_tls.c */
extern const struct conf_type type_TLS_DEFAULT, type_TLS_VERSION, type_TLS_SUITES, type_REDIRECT,
    type_CLIENT_CERT, type_HSTS;

/* conf_access.c */
extern const struct conf_type type_ACCESS_FORMAT, type_STATUSES, type_ACCESS_FACTS,
	type_ACCESS_FIELDS;

/* conf_trace.c */
extern const struct conf_type type_REQUEST_IDS, type_TRACE_PARENTS, type_FIELD_NAME, type_OTLP_URL,
    type_OTLP_HEADERS;

/* conf_admin.c */
extern const struct conf_type type_SCOPES, type_USERS;

/* conf_middlewares.c */
extern const struct conf_type type_MIDDLEWARE_MAP;	/* text as of flat.h */

/* conf_acme.c */
extern const struct conf_type type_EMAIL, type_ACME_URL, type_ACME_NAMES, type_ACME_ALLOW,
    type_ACME_CHALLENGES, type_FILES;

/* conf_text.c, for conf_target.c, conf_prom.c, conf_swarm.c and conf_tls.c */
bool	list_append(void *member, struct str, char *problem);	/* each text once */
bool	text_set(void *member, struct str);
/* A URL whole, or host:port, to which `path` is added; so it is to a URL without a path. */
bool	url_of(struct str, const char *path, void *member, char *problem);
/* false: there is none; the same for addresses */
bool	write_text(const void *member, struct buf *);
bool	write_address(const void *member, struct buf *);
/* The place of `s` among `words`, or -1 and a problem that names them all. */
int	word_of(struct str s, const char *const *words, char *problem);
/* Writes a problem; always false. */
bool	problem_set(char *problem, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* A text as it may stand in a message: short, on one line. */
struct quote {
	char	text[64];
};
const char	*quoted(struct str, struct quote *);
#define QUOTED(s) quoted((s), &(struct quote){ { 0 } })

#endif
