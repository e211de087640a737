/*
 * conf: the one YAML file. The text is parsed into plain values; keys, types, defaults and help
 * stand once in tbl/conf.h and feed this parser and the man page. Errors name file, line, key
 * and what was expected.
 */
#ifndef CONF_CONF_H
#define CONF_CONF_H

#include "base/buf.h"
#include "base/log.h"
#include "net/sock.h"
#include "world/world.h"

struct conf_list {			/* of texts, as written */
	unsigned	 n;
	char		**item;
};

enum conf_maybe { MAYBE_ABSENT, MAYBE_NO, MAYBE_YES };

#define CONF_TEXT_MAX	(4u << 20)		/* bytes of a configuration file */
#define CONF_ENDPOINTS_MAX 16
#define CONF_PROM_SERVERS_MAX 8
#define CONF_TRUSTED_MAX 64
#define CONF_ACME_CAS_MAX 8
#define CONF_ACME_SECRETS_MAX 4
#define CONF_ADMIN_TOKENS_MAX 64
#define CONF_LISTEN_MAX 64
#define CONF_LISTEN_NAME_MAX 64
#define CONF_CERTIFICATES_MAX 1024
#define CONF_CERT_PATH_MAX 480
#define CONF_TLS_NONE	"none"			/* as tls_default */
#define CONF_AUTO	UINT32_MAX
#define CONF_ERRORS_MAX	(256u << 10)		/* bytes of what is wrong with it */

#define CONF_STATUSES_MAX 16
#define CONF_FIELDS_MAX 16
#define CONF_FIELD_MAX 48

enum conf_access_format {
#define FORMAT(id, name, help) CONF_ACCESS_##id,
#define FACT(id, own, json, help)
#include "tbl/access.h"
#undef FORMAT
#undef FACT
	CONF_ACCESS_FORMATS
};

enum conf_client_cert { CLIENT_CERT_NONE, CLIENT_CERT_OPTIONAL, CLIENT_CERT_REQUIRE };

struct conf_listen {
	int		 line;
	char		*name;			/* the address as written unless given */
	struct addr	 addr;
	bool		 proxy_protocol;
	bool		 tls;
	enum conf_maybe	 http2;			/* never absent: as tls unless given */
	unsigned	 redirect_port;		/* of https, where requests are redirected to; 0: none are */
	char		*client_ca;		/* file, NULL: none */
	enum conf_client_cert client_cert;	/* none without client_ca */
	bool		 shared;		/* others may listen there, too */
};

struct conf_certificate {
	int		 line;
	char		*cert, *key;		/* files; key may be NULL: in that of cert */
};

struct conf_task_ca {
	int		 line;
	char		*name, *file;
};

struct conf_task_cert {
	int		 line;
	char		*name, *cert, *key;	/* key may be NULL: in the file of cert */
};

struct conf_node {
	int		 line;
	char		*name;
	char		*address;		/* optional */
	double		 cores;			/* 0: unknown until a sample */
	char		*node_exporter;		/* URL, NULL: none */
	char		*agent;			/* URL, NULL: none */
};

struct conf_task {
	int		 line;
	struct addr_ip	 addr;
	char		*name;			/* "<service>.<n>" unless given */
	char		*node;			/* of nodes: */
	char		*container;		/* id or the start of one, NULL: not known */
	double		 limit;			/* cores that the container may use at most, 0: not known */
};

struct conf_weighted {
	int		 line;
	char		*name;			/* of a service */
	unsigned	 weight;
};

struct conf_mirror {
	int		 line;
	char		*name;			/* of a service */
	unsigned	 percent;
};

struct conf_service {
	int		 line;
	char		*name;
	struct conf_list hosts, paths, listen;	/* as written; `route` is made of them */
	char		*rule;			/* instead of hosts and paths; NULL: none */
	int64_t		 priority;		/* of the rule; 0: its length */
	struct conf_list middlewares;		/* names; `route` has the chain of them */
	/* hosts x paths, of kind tcp: hosts x listeners; or the terms of the rule */
	struct route_conf *route;
	unsigned	 nroutes;
	struct service_conf conf;
	struct conf_task *task;
	unsigned	 ntasks;
	/* instead of tasks, as written; `group` is made of them, NULL: it has tasks */
	struct conf_weighted *weighted;
	unsigned	 nweighted;
	char		*failover_service, *failover_fallback, *mirroring_service;
	struct conf_mirror *mirror;
	unsigned	 nmirrors;
	bool		 mirroring_body;
	unsigned	 mirroring_body_max;	/* bytes */
	struct service_group *group;
};

enum target_id {
#define TARGET(id, ...) TARGET_##id,
#include "tbl/targets.h"
#undef TARGET
	TARGET_COUNT
};

struct conf_target {			/* an external proxy that Mola configures (targets/target.h) */
	int		 line;
	char		*name;
	enum target_id	 kind;
	struct conf_list services;		/* none: all */
	bool		 best_node;		/* its policy; else weighted */
	int64_t		 interval_usec;		/* least time between two publications */
	double		 hysteresis, lean, trim, floor;
	double		 power;			/* weights are shares to it */
	char		*file;			/* those that are files */
	char		*socket;		/* haproxy's: unix:/path or host:port */
	/* haproxy's: words of each server that it gets from us, "" for none; NULL: check */
	char		*server_options;
	struct addr	 listen;		/* haproxy-agent: where Mola responds to its checks */
	char		*api;			/* URL of the proxy's own API, for reading back; NULL: not read */
	int64_t		 poll_usec;		/* between two looks at what the proxy has */
	char		*backend;		/* template of the proxy's name for a service: '{service}' */
	bool		 routers;		/* Traefik's: routers, too, beside services */
	struct conf_list entry_points;		/* Traefik's, none: its default ones */
	char		*strategy;		/* Traefik's, NULL: its default */
	char		*api_entry_point;	/* Traefik's, for a router to its own API; NULL: no such router */
	/* Traefik's best-node: URL when there is no choice; NULL: the last good one stays */
	char		*fallback;
	int64_t		 stale_after_usec;	/* Envoy's: endpoints expire after it; 0: never */
};

struct conf_prom {			/* Prometheus, as a source of samples and of rules */
	struct conf_list servers;		/* URLs without a slash at the end; none: no Prometheus */
	char		*user, *password, *password_file;	/* the file's is in password, too */
	char		*token, *token_file;	/* the same */
	char		*ca, *cert, *key;	/* files, NULL: the system's, none */
	int64_t		 period_usec, timeout_usec, max_age_usec;
	bool		 signals;		/* query the state of the nodes */
	char		*cpu, *ram, *age;	/* queries: percent, percent, seconds */
	char		*cores, *memory, *running;	/* queries, NULL: none */
};

enum conf_request_ids { REQUEST_IDS_OFF, REQUEST_IDS_KEEP, REQUEST_IDS_MAKE };
enum conf_trace_parents { TRACE_PARENT_TRUSTED, TRACE_PARENT_ANY, TRACE_PARENT_NONE };
#define CONF_FIELD_NAME_MAX 64

struct conf_tracing {
	enum conf_request_ids ids;
	char		*id_field;
	char		*url;			/* of the collector, with its path; NULL: no spans */
	char		*headers, *headers_file;	/* lines; the file's are in headers, too */
	char		*ca, *cert, *key;	/* files, NULL: the system's, none */
	double		 ratio;
	enum conf_trace_parents parents;
	char		*service;		/* service.name of all spans */
	int64_t		 timeout_usec;
};

struct conf_acme_ca {
	int		 line;
	char		*url;			/* of its directory */
	char		*trust;			/* PEM file, NULL: the system's */
	char		*eab_id, *eab_key, *eab_key_file;	/* the file's is in eab_key, too; as written */
};

struct conf_admin_token {
	int		 line;
	char		*name;
	char		*token, *token_file;	/* the file's is in token, too */
	struct conf_list scopes;		/* "read", "write" */
};

struct conf {
	char		*file;			/* as named by the user, for messages */
	struct conf_listen *listen;
	unsigned	 nlisten;
	bool		 memory_limit;		/* workers heed the limit of the control group */
	unsigned	 workers;		/* 1..WORKERS_MAX; auto is resolved: one per core that we may use */
	char		*user;			/* that workers run as when Mola is started by root */
	int64_t		 stop_usec;		/* graceful stop */

	struct conf_certificate *certificate;
	unsigned	 ncertificates;
	struct conf_task_ca *task_ca;
	unsigned	 ntask_cas;
	struct conf_task_cert *task_cert;
	unsigned	 ntask_certs;
	char		*tls_default;		/* the cert of one of them, or CONF_TLS_NONE; NULL: the first */
	unsigned	 tls_min_version;	/* 12 or 13 */
	struct conf_list tls_suites;		/* each a name of tls_suite */
	int64_t		 hsts_seconds;		/* -1: none */

	struct conf_acme_ca *acme_ca;
	unsigned	 nacme_cas;		/* 0: no ACME */
	char		*acme_email;		/* NULL: none */
	struct conf_list acme_names;		/* items may have several, one blank between them */
	struct conf_list acme_allow;		/* none: any */
	unsigned	 acme_most;
	struct conf_list acme_challenges;	/* words of ACME; filled in when not given */
	char		*acme_hook;		/* NULL: none */
	int64_t		 acme_hook_usec;
	char		*acme_profile;		/* NULL: the CA's choice */
	struct conf_list acme_secrets;		/* files; none: the state directory */
	char		*acme_prefix, *acme_state, *acme_import;

	struct addr	 admin_addr;		/* len 0: none */
	char		*admin_socket;		/* path, NULL: none */
	bool		 admin_socket_given;	/* by the file; else, not to be able to listen on it is no error */
	char		*admin_group;		/* of the socket, NULL: the process' */
	char		*admin_token;		/* has both scopes; NULL: none */
	char		*admin_token_file;
	struct conf_admin_token *admin_tokens;
	unsigned	 nadmin_tokens;
	struct conf_list admin_users;		/* NAME:HASH, those of the file, too */
	char		*admin_users_file;
	struct conf_list admin_hosts;		/* names under which browsers may reach the admin address */

	enum log_level	 log_level;
	bool		 log_json;
	enum conf_access_format log_access;
	char		*log_access_file;	/* NULL: standard output */
	struct conf_list log_access_statuses;	/* "404", "500-599"; none: all */
	int64_t		 log_access_usec;
	bool		 log_access_tried;
	struct conf_list log_access_fields;	/* "request_X-Own": conf_access_field_parse */
	struct conf_list log_access_dropped, log_access_redacted;	/* facts */

	struct conf_list swarm_endpoints;	/* none: no Swarm */
	char		*swarm_ca, *swarm_cert, *swarm_key;	/* files, NULL: none */
	int64_t		 swarm_poll_usec;
	struct conf_list swarm_networks;	/* none: found out */
	char		*swarm_constraint;	/* which services Mola serves, NULL: all (discovery/constraint.h) */
	bool		 swarm_traefik;
	struct conf_list traefik_ignore;	/* middlewares */
	struct conf_list traefik_entry_points;
	struct conf_list traefik_files;		/* or directories */
	/* NULL: as each Traefik has it; so is what follows */
	char		*traefik_constraint, *traefik_default_rule;
	enum conf_maybe	 traefik_exposed;
	char		*swarm_agent, *swarm_node_exporter;	/* templates, NULL: none */

	int64_t		 signal_period_usec;	/* node_exporter scrapes and agent streams */
	int64_t		 signal_timeout_usec;
	int64_t		 best_node_period_usec;	/* renewal of scores for policy best-node */
	double		 score_cpu_weight, score_ram_weight;
	double		 balancers;		/* L; 0: as many as are seen */

	int64_t		 client_head_usec, client_idle_usec, client_body_usec, client_write_usec;
	bool		 client_abort_on_close;
	int64_t		 client_request_usec;
	unsigned	 client_min_rate;	/* bytes per second, 0: none */
	unsigned	 clients_max;		/* per worker */
	unsigned	 clients_per_address;	/* the same; 0: no limit, CONF_AUTO: made of the above */
	unsigned	 request_head_bytes, request_fields, response_head_bytes, response_fields;
	struct conf_list clients_trusted;	/* networks, as written */
	unsigned	 upstream_idle_max;	/* idle connections kept per task and worker */
	int64_t		 upstream_idle_usec;

	bool		 mover_enable, mover_dry_run;
	double		 mover_hot, mover_cold;	/* threads that want a core, per core */
	double		 mover_margin;
	int64_t		 mover_dwell_usec, mover_cool_down_usec, mover_patience_usec;

	struct conf_prom prom;
	struct conf_tracing tracing;

	struct service_conf defaults;		/* what services start from */
	struct conf_node *node;
	unsigned	 nnodes;
	struct conf_service *service;
	unsigned	 nservices;
	struct conf_target *target;
	unsigned	 ntargets;
	char		*middlewares;		/* as lines (conf/flat.h); NULL: none */
};

/* `file` is used in messages only. On failure NULL, and `errors` holds one "file:line: key: …"
 * line per error; a file that is good may have warnings there, "file:line: warning: key: …". */
struct conf	*conf_parse(struct str text, const char *file, struct buf *errors);
/* Whether a service that leads to others, in this way, may have this key. */
bool		 conf_group_has(const char *key, enum group_kind);
unsigned	 conf_tls_suites(const struct conf *);	/* as in struct tls_server_conf */
/* The line of a warning: a target for Traefik with leasttime, to which a task of this service that
 * fails would be the fastest, for nothing checks its health. False: there is none. */
#define CONF_UNCHECKED_MAX	400
bool		 conf_unchecked(const struct conf_target *, const char *service, const struct service_conf *,
		    char text[CONF_UNCHECKED_MAX]);
/* Of an item of log_access_fields: which row SIDE of tbl/access.h, and the field's name as lines
 * show it, in the case that is usual for names. */
bool	conf_access_field_parse(struct str, unsigned *side, char name[CONF_FIELD_MAX]);
/* Of an item of log_access_statuses: "404", "500-599", "0". */
bool		 conf_statuses_parse(struct str, unsigned *least, unsigned *most);
/* Adds a whole file to `text`, whose ceiling (CONF_TEXT_MAX) is the file's. False: `errors` has
 * the reason. Does not wait: of a pipe it is what is there. */
bool		 conf_read(const char *file, struct buf *text, struct buf *errors);
/* For people who wait for the result: of a pipe it is what comes until it is closed. */
bool		 conf_read_all(const char *file, struct buf *text, struct buf *errors);
/* Both at once, for a file that is to be put in force; begins both buffers, which the caller
 * ends. */
struct conf	*conf_load(const char *file, struct buf *text, struct buf *errors);
void		 conf_free(struct conf **);

#endif
