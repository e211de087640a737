/*
 * table: what workers need to know, immutable once built: routes, services, tasks, nodes, as
 * one block in a sealed memfd. The brain builds it, the parent keeps the last one, workers map
 * it and read it in place. It changes with configuration and discovery only; what changes with
 * every sample is in phys.h, what changes with every request in live.h, both addressed by the
 * slots written here.
 */
#ifndef WORLD_TABLE_H
#define WORLD_TABLE_H

#include "base/addr.h"
#include "base/str.h"
#include "base/why.h"
#include "world/condition.h"
#include "world/filter.h"
#include "world/group.h"
#include "world/law.h"
#include "world/retry_on.h"
#include "world/tls_options.h"

enum policy {
#define POLICY(id, name, text) POLICY_##id,
#include "tbl/policies.h"
#undef POLICY
	POLICY_COUNT
};
const char	*policy_name(enum policy);
bool		 policy_parse(struct str, enum policy *);

/* What a service's tasks speak: requests are routed, or whole connections. */
enum service_kind { SERVICE_HTTP, SERVICE_TCP };
/* The header of the PROXY protocol that its tasks get before the bytes of a connection. */
enum proxy_version { PROXY_NONE, PROXY_V1, PROXY_V2, PROXY_VERSIONS };
/* What tasks speak. HTTPS: TLS with HTTP/2 where the task chooses it; H2: with HTTP/2 only. */
enum scheme { SCHEME_HTTP, SCHEME_H2C, SCHEME_HTTPS, SCHEME_H2, SCHEME_COUNT };
const char	*scheme_name(enum scheme);
/* Whether tasks report their own load, and clients get that, too. */
enum load_reports { LOAD_NONE, LOAD_ORCA, LOAD_ORCA_PASS, LOAD_REPORTS };
/* Of services that share nodes: whose requests wait first. */
enum precedence { PRECEDENCE_NORMAL, PRECEDENCE_LOW, PRECEDENCE_HIGH, PRECEDENCES };

enum same_site { SAME_SITE_UNSAID, SAME_SITE_NONE, SAME_SITE_LAX, SAME_SITE_STRICT, SAME_SITES };
/* What a health check of a service of HTTP is. */
enum check_mode { CHECK_HTTP, CHECK_GRPC, CHECK_TCP, CHECK_MODES };
/* What becomes of requests when all tasks are down. */
enum all_down { ALL_DOWN_REFUSE, ALL_DOWN_USE, ALL_DOWNS };
/* What it speaks, SAME: what requests do; behind that as enum scheme. */
enum check_scheme {
	CHECK_SAME,
	CHECK_SCHEME_FIRST,
	CHECK_SCHEMES = CHECK_SCHEME_FIRST + SCHEME_COUNT
};
/* Which requests may be sent again that a task may have processed. */
enum retry_methods { RETRY_IDEMPOTENT, RETRY_ALL, RETRY_METHODS };
#define TLS_NAME_ADDRESS	"address"	/* as tls_name: the address of the task */

/* A string inside the table. */
struct table_ref {
	uint32_t	at, len;
};

struct table_node {
	struct table_ref name;
	uint32_t	 slot;		/* below NODES_MAX; the same node keeps its slot for life */
	bool		 drained;
};

#define TASK_ADDRS	4		/* that a task may be reached at */

struct table_task {
	struct table_ref name;		/* "web.1" */
	struct addr	 addr;
	struct addr	 other[TASK_ADDRS - 1];	/* to be tried where the first cannot be reached */
	uint32_t	 nothers;
	uint32_t	 node;		/* index into nodes */
	uint32_t	 node_slot;
	uint32_t	 slot;		/* below TASKS_MAX; the same task keeps its slot for life */
	uint32_t	 service;	/* index into services */
	bool		 draining;	/* takes no new requests: itself or its node */
	bool		 drained;	/* by an operator's command; for the brain that starts again */
};

/* What a setting that reaches the workers is in a row, by its type. */
#define ROW_POLICY		enum policy
#define ROW_KIND		enum service_kind
#define ROW_PROXY_VERSION	enum proxy_version
#define ROW_DURATION		int64_t
#define ROW_COUNT		uint32_t
#define ROW_SWITCH		bool
#define ROW_PATH_OR_NONE	struct table_ref	/* empty: none */
#define ROW_TENANTS		enum tenancy
#define ROW_PRECEDENCE		enum precedence
#define ROW_LOAD		enum load_reports
#define ROW_SCHEME		enum scheme
#define ROW_TLS_CA		struct table_ref	/* empty: the system's */
#define ROW_TLS_NAME		struct table_ref	/* empty: the service's name */
#define ROW_TLS_CERT		struct table_ref	/* empty: none */
#define ROW_COOKIE_NAME		struct table_ref	/* empty: none */
#define ROW_COOKIE_PATH		struct table_ref	/* empty: none */
#define ROW_COOKIE_DOMAIN	struct table_ref	/* empty: none */
#define ROW_SAME_SITE		enum same_site
#define ROW_ALPN		struct table_ref	/* empty: none */
#define ROW_METHOD		struct table_ref	/* empty: GET */
#define ROW_CHECK_HOST		struct table_ref	/* empty: the task's address */
#define ROW_HEADERS		struct table_ref	/* 'Name: value' in each line; empty: none */
#define ROW_CHECK_MODE		enum check_mode
#define ROW_CHECK_SERVICE	struct table_ref	/* empty: the whole server */
#define ROW_CHECK_BYTES		struct table_ref	/* setting_bytes; empty: none */
#define ROW_CHECK_SCHEME	enum check_scheme
#define ROW_ALL_DOWN		enum all_down
#define ROW_DURATION_OR_SAME	int64_t		/* 0: the same */
#define ROW_PORT_OR_SAME	uint32_t	/* 0: the same */

#define ROW_RETRY_ON		struct retry_on
#define ROW_RETRY_METHODS	enum retry_methods
#define ROW_PERCENT		uint32_t
#define ROW_BYTES		uint32_t
#define ROW_DURATION_OR_NONE	int64_t		/* 0: none */

/* For a column `reach` of tbl/service.h: what is for workers, and nothing for the brain's. */
#define IN_ROW_WORKERS(...)	__VA_ARGS__
#define IN_ROW_BRAIN(...)

struct table_service {
	struct table_ref name;
	/* slot, below PROFILE_SLOTS: which of phys.h's columns the node's state is in */
	uint32_t	 profile;
	/* below LIVE_SERVICES, which of live.h's rows is its own, for life; 0: none is */
	uint32_t	 slot;
	uint32_t	 first_task, ntasks;	/* a service's tasks stand together */
	uint32_t	 group;		/* number of what it leads to, of table_group; 0: to its tasks */
#define SETTING(type, field, reach, ...) IN_ROW_##reach(ROW_##type field;)
#include "tbl/service.h"
#undef SETTING
};

/* Whether its tasks are checked. */
static inline bool
table_service_checks(const struct table_service *s)
{
	return s->kind == SERVICE_TCP ? s->health_connect :
	    s->health_path.len > 0 || s->health_mode != CHECK_HTTP;
}

/* What a service without tasks of its own leads to. */
struct table_group {
	enum group_kind	 kind;
	uint32_t	 first, n;	/* of table_children */
	/* of mirroring: copies have no body, or none is made of a body of more bytes */
	uint32_t	 bodiless, body_most;
};

struct table_child {
	uint32_t	 service;	/* of the group's kind, or TABLE_REFUSED: it is not there */
	uint32_t	 weight;
	struct table_ref name;		/* by which cookies name it */
};

#define TABLE_REFUSED	UINT32_MAX

/*
 * How the requests of a route come. Where a trusted proxy in front has ended a client's TLS, a
 * plain route gets those that no route by TLS has. BY_UNSAID is as BY_PLAIN, and gets what comes by
 * TLS and no other route has: nobody says whether its entry points have TLS.
 */
enum route_by { BY_ANY, BY_PLAIN, BY_TLS, BY_UNSAID, ROUTE_BYS };

#define TABLE_LISTENERS	64

/*
 * What leads requests to a service. A plain route does so by its host and path alone, and of
 * several the most specific one has a request. A route of a rule has the host and path that each
 * request which its rule matches has, and a condition when that is not all of the rule; of several
 * the one of the greatest priority has a request.
 */
struct table_route {
	/* lower case; "*.example.com" for all below, "+.example.com" for one label more; empty: any */
	struct table_ref host;
	struct table_ref path;		/* prefix, begins with '/'; of rules by characters, else by segments */
	uint32_t	 service;	/* TABLE_REFUSED: requests end here, whatever other route there is */
	uint64_t	 on;		/* bits of the listeners that it is for (table_maker_listener); 0: all of them */
	/* of rules: */
	bool		 by_rule;
	bool		 whole;		/* the path is all of it, no prefix */
	/* Refused: it has what no served route has, and beyond that the requests of those that it takes
	 * precedence over: they have no greater priority and no entry point (`ways`) that it has not. */
	bool		 gives_way;
	uint32_t	 condition;	/* of table_maker_condition; 0: none */
	int64_t		 priority;
	uint64_t	 ways;
	/* Filled in by table_maker_seal: */
	uint32_t	 place;		/* among all routes of rules, the one with precedence first */
	uint32_t	 first;		/* route of the same host and path */
	uint32_t	 parent;	/* last route of this host with the next shorter path; UINT32_MAX: none */
	enum route_by	 by;
	uint32_t	 chain;		/* of table_maker_chain, what its requests pass first; 0: none */
	bool		 guards;	/* it may keep requests out */
	struct table_ref name;		/* of its router, for people; empty: it has none */
	struct table_ref to;		/* the same of the service that the router names */
};

/* Connections that are relayed. */
struct table_tcp {
	struct table_ref listener;	/* its name */
	struct table_ref host;		/* as in a route; empty: all that no other row has */
	uint32_t	 service;	/* or TABLE_REFUSED */
	bool		 ends_tls;	/* clients' TLS ends here: what is relayed is what was in it */
	uint32_t	 tls;		/* with ends_tls: number of table_tls, from 1 on; 0: none */
	uint32_t	 chain;		/* as of a route: ipAllowList and inFlightReq alone; 0: none */
};

/* A listener that routes are for, or that sends plain requests elsewhere. */
struct table_listener {
	struct table_ref name;
	/* As an entry point's redirection does: port of https; 0: it does not. */
	uint32_t	 redirect_port;
	bool		 redirect_temporary;
};

/* As struct tls_options. */
struct table_tls {
	struct table_ref name, ca, protocols;
	uint32_t	 min_version, max_version, suites, groups;
	enum tls_auth	 auth;
	bool		 strict, no_tickets, broken;
};

struct table_tls_host {
	struct table_ref host;
	uint64_t	 on;
	uint32_t	 options;	/* of table_tls */
};

struct table;	/* mapped, read-only, checked */

/* Reading. table_open checks every offset and index, takes ownership of the descriptor in
 * success and failure, and gives a table with one reference. */
const struct why	*table_open(int fd, struct table **);
struct table		*table_ref(struct table *);
void			 table_unref(struct table **);
uint64_t		 table_serial(const struct table *);
const struct table_service *table_services(const struct table *, uint32_t *n);
/* NULL: there is none of this name and kind. */
const struct table_service *table_service_named(const struct table *, struct str name,
    enum service_kind);
const struct table_task	*table_tasks(const struct table *, uint32_t *n);
const struct table_node	*table_nodes(const struct table *, uint32_t *n);
const struct table_route *table_routes(const struct table *, uint32_t *n);
const struct table_group *table_groups(const struct table *, uint32_t *n);
const struct table_child *table_children(const struct table *, uint32_t *n);
const struct table_tcp	*table_tcp(const struct table *, uint32_t *n);
const struct table_listener *table_listeners(const struct table *, uint32_t *n);
bool			 table_redirects(const struct table *);	/* one of them does */
/* NULL: the table has nothing to say about it. */
const struct table_listener *table_listener_named(const struct table *, struct str name);
const struct table_tls	*table_tls(const struct table *, uint32_t *n);
const struct table_tls_host *table_tls_hosts(const struct table *, uint32_t *n);
/* Of a connection that is relayed. */
const struct table_tls	*table_tls_of(const struct table *, const struct table_tcp *);
/* The options of a handshake with this listener whose client names this host, empty: none; and of
 * requests for it. NULL: the listener's own. */
const struct table_tls	*table_tls_find(const struct table *, struct str listener, struct str host);
struct str		 table_text(const struct table *, struct table_ref);

/*
 * The service for a request. Of plain routes: exact host first, then "+.suffix" and "*.suffix"
 * hosts, the longest suffix first, then routes for any host; among those the longest path prefix
 * that ends at a '/' or at the end of the path. A host whose paths do not match falls through to
 * the next. Of routes of rules, which match the path as Traefik reads it (table_path.h): the
 * greatest priority, and among equal ones what is refused. Where there is one of both kinds: the
 * more specific host, then the longer path, then the plain one. Of equal plain routes one for some
 * listeners goes before one for all. NULL with a reason: NO_ROUTE or
 * ROUTE_REFUSED. What is refused is compared with what the path may mean to a task, too (escapes
 * decoded, empty and dot segments taken out).
 */
const struct table_service *table_match(const struct table *, const struct request_view *,
    const struct why **);

/* The route itself, and the chain of filters that its requests pass first; NULL: none. */
const struct table_route *table_find(const struct table *, const struct request_view *,
    const struct filter_chain **, const struct why **);

/* What is relayed of the connections to a listener, and what must be known of each for that. */
enum table_relays {
	RELAYS_NONE,
	RELAYS_NAMED,		/* those of TLS clients that name certain servers */
	RELAYS_ALL,
	RELAYS_BOTH		/* all, and how depends on what they begin with */
};
enum table_relays	 table_relays(const struct table *, struct str listener);
/*
 * The row for a connection whose client names this server, empty: none. The exact name first,
 * then as for a route. NULL with a reason: NO_ROUTE, and the connection is not to be relayed; or
 * ROUTE_REFUSED, and it ends.
 */
const struct table_tcp *table_match_tcp(const struct table *, struct str listener, struct str name,
    const struct why **);
/* What its connections pass first; NULL: nothing. */
const struct filter_chain *table_tcp_chain(const struct table *, const struct table_tcp *);
#define TCP_COUNTED	4	/* filters of one chain that count connections, at most */

/* Building, in the brain. Strings are copied. Services' tasks must be added right after their
 * service; nodes before the tasks on them. Returned numbers are indexes. */
struct table_maker;
struct table_maker	*table_maker_new(uint64_t serial);
void			 table_maker_free(struct table_maker **);
struct table_ref	 table_maker_text(struct table_maker *, struct str);
uint32_t		 table_maker_node(struct table_maker *, const struct table_node *);
/* first_task, ntasks are filled in */
uint32_t		 table_maker_service(struct table_maker *, const struct table_service *);
/* service, node_slot are filled in */
uint32_t		 table_maker_task(struct table_maker *, const struct table_task *);
/* A chain of filters, as text; "" and NULL are none: *number is 0. The same text has the same
 * number. False: there is no room for one more; the table has the others. */
bool			 table_maker_chain(struct table_maker *, const char *, uint32_t *number);
void			 table_maker_route(struct table_maker *, const struct table_route *);	/* in any order */
/* What the service leads to; after all services, once for each. */
void			 table_maker_group(struct table_maker *, uint32_t service, const struct table_group *,
    const struct table_child *);	/* `first` is filled in */
uint32_t		 table_maker_condition(struct table_maker *, const struct condition *);
void			 table_maker_tcp(struct table_maker *, const struct table_tcp *);	/* the same */
/* At most TABLE_LISTENERS; the first has bit 0 of a route's `on`. */
void			 table_maker_listener(struct table_maker *, const struct table_listener *);
uint32_t		 table_maker_tls(struct table_maker *, const struct table_tls *);
void			 table_maker_tls_host(struct table_maker *, const struct table_tls_host *);
/* Seals. On success *fd belongs to the caller. WHY_TABLE_LARGE, WHY_SYSTEM (errno). */
const struct why	*table_maker_seal(struct table_maker *, int *fd);

#endif
