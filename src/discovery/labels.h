/*
 * labels: what a service's labels ask for. Each label is understood by itself: a wrong one
 * spoils nothing but itself.
 */
#ifndef DISCOVERY_LABELS_H
#define DISCOVERY_LABELS_H

#include "base/arena.h"
#include "discovery/rule.h"
#include "discovery/swarm_priv.h"
#include "discovery/traefik.h"
#include "world/group.h"

#define ROUTES_MAX	256		/* of one service */
#define PROBLEM_MAX	SETTING_PROBLEM_MAX
#define CLAIMS_MAX	1024		/* of one service, and of them, of no exact host: */
#define WIDE_MAX	256
#define LABELS_PORTS_MAX 64		/* of one service, besides its first */

#define LABELS_MADE_MAX	64		/* reported of a service, and not its labels: the default rule */
#define NOOP_SERVICE	"noop@internal"	/* no task gets requests of its routers */

struct text_list {
	unsigned	 n;
	char		**item;
	bool		 given;		/* even if nothing of it is valid */
};

#define ROUTE_OWN	INT64_MAX	/* priority of routes of mola.* labels: they give way to nothing */

struct labels_route {
	struct route_conf at;
	unsigned	 port;			/* that it leads to; 0: the service's first */
	int64_t		 priority;		/* among rules, the greater first */
	const char	*entry;			/* entry points and whether by TLS, to be compared; "" for mola.* */
	const struct swarm_service *to;		/* whose tasks it leads to; NULL: those of the service itself */
	/* of connections: what it wants of that service; and as name and to in struct route_rule, NULL:
	 * none of Traefik's */
	enum service_tls tls;
	const char	*tcp_name, *tcp_to;
};

struct labels_rule {			/* mola.rule */
	bool		 given;			/* even if it is not valid */
	const char	*text;			/* NULL: it is not valid */
};

/*
 * A claim: requests that belong to a router which is not served. They must not fall to another
 * route. A claim is guarded when its router requires a password or something that is not
 * understood: then it keeps its requests from all routes of rules of the same or a lower priority.
 * Any other claim, such as a redirection, keeps them from routes by the same entry points alone,
 * and otherwise takes what no route has.
 * A claim is supposed when it is not certain whether its entry points have TLS: it keeps its
 * requests however they come, where there may be other routes on these entry points.
 */
struct labels_claim {
	struct route_conf at;
	int64_t		 priority;
	bool		 guarded;
	const char	*router, *entry;	/* entry NULL: the router may not cover all that its rule seems to */
	bool		 supposed;
};

struct labels_port {			/* of a service that has more than one */
	unsigned	 port;
	struct service_conf conf;
};

/* A router or a service of Traefik's that labels define, and those of other services may, too. */
enum definition_kind {
	DEFINES_ROUTER,
	DEFINES_SERVICE,
	DEFINES_TCP_ROUTER,
	DEFINES_TCP_SERVICE,
	DEFINITION_KINDS
};
struct labels_definition {
	enum definition_kind kind;
	const char	*name;			/* as in struct route_rule: "web@swarm" */
	const char	*text;			/* all of it, but the ports of services */
	/* of a service: */
	unsigned	 port;
	bool		 broken;		/* nothing may lead to it */
	struct service_conf conf;		/* of requests to that port */
};

struct labels_server {			/* of a service that Traefik's files define */
	struct str	 host;
	unsigned	 port;
};

struct labels_child {			/* of one that leads to others */
	const char	*name;			/* as it is written; NULL: it has none */
	unsigned	 weight;
};

struct labels_group {
	enum group_kind	 kind;
	bool		 bodiless;		/* this and the next as in struct service_group */
	uint32_t	 body_most;
	struct labels_child child[GROUP_CHILDREN];
	unsigned	 n;
};

struct labels_tls {			/* a name of a router with TLS */
	const char	*host, *router;
	const char	*entry, *options;	/* as in struct entry_tls */
	uint64_t	 on;
	bool		 idle;		/* its service has no tasks: Traefik has no such router */
	struct report_service *report;
};

struct files;
struct middlewares;

struct labels {
	enum { ENABLE_ABSENT, ENABLE_NO, ENABLE_YES } enable;
	unsigned	 port;			/* 0: no label names it */
	bool		 self;			/* counted by swarm_balancers */
	struct text_list host, path;		/* hosts in lower case, "" for any */
	struct labels_rule rule;
	int64_t		 priority;		/* of mola.rule; 0: its length */
	struct text_list middlewares;		/* of mola.host and mola.rule */
	struct text_list listen;		/* names of listeners */
	uint64_t	 on;			/* those of them that there are, for requests; 0: all */
	struct service_conf conf;
	const char	*network;		/* on which its tasks are reached, where Mola is on it, too; NULL: on any */
	/* what is made of them */
	bool		 enabled;
	const char	*chain;			/* of `middlewares`, NULL: none */
	bool		 chain_guards, chain_wrong; /* wrong: nothing is served without it */
	bool		 blocked;		/* a guarded router may cover any request: no route of Traefik's is served */
	struct labels_route *route;		/* each once */
	unsigned	 nroutes;
	struct labels_claim *claim;
	unsigned	 nclaims, nwide;	/* nwide: those of no exact host */
	struct route_conf *refused;		/* connections that are kept from all services, as by a claim */
	unsigned	 nrefused;
	struct labels_tls *tls;
	unsigned	 ntls, tls_cap;
	struct labels_port *other;		/* besides `port`, which has `conf` */
	unsigned	 nothers;
	struct labels_definition *definition;	/* what Traefik reads, of labels alone */
	unsigned	 ndefinitions;
	struct labels_server *server;		/* in place of tasks */
	unsigned	 nservers;
	struct str	 prefix;		/* that paths get on their way to these; empty: none */
	struct labels_group *group;		/* NULL: it does not lead to others */
	bool		 needed;		/* a group leads to it, perhaps no route does */
	bool		 broken;		/* nothing may lead to it: something of it is not understood */
	const struct swarm_listener *listener;	/* all that there are */
	unsigned	 nlisteners;
	const struct files *files;		/* what they define; NULL: nothing */
	struct arena	*arena;			/* of everything here and in the report */
	struct report_service *report;
	unsigned	 label_cap;		/* of the report's list of labels */
};

/* Reads all of a service's labels into `l`, and reports each in l->report. The caller sets
 * arena, report and the listeners. */
void	labels_read(struct labels *, const struct swarm_service *, const struct service_conf *defaults,
	    const struct traefik_rules *, const struct middlewares *);

/* traefik.c: what traefik.* labels ask for, where there are no mola.* labels. Called last by
 * labels_read. */
void	traefik_read(struct labels *, const struct swarm_service *, const struct traefik_rules *,
	    const struct middlewares *);

/* Of requests to this port, 0: to the service's first; NULL: it has no such port. */
struct service_conf *labels_port_conf(struct labels *, unsigned port);

/* labels_tcp.c: the routes of a service of kind tcp, by mola.* labels. */
void	labels_make_tcp(struct labels *);
/* Of a service of kind http: which listeners its requests come by. False: none that there is. */
bool	labels_read_listeners(struct labels *);
/* labels_chain.c: what the routes of mola.* labels pass; and that there are such routes. */
void	labels_make_chain(struct labels *, const struct middlewares *);
void	labels_check_chain(struct labels *);
/* Labels that are for services of another kind are reported as such. */
void	labels_check_kind(struct labels *);
/* NULL: none */
const struct swarm_listener *labels_listener(const struct labels *, struct str name);
/* Connections on this listener to this host go to no service. */
void	labels_add_refused(struct labels *, const char *listener, const char *host);

/* promql.c: labels of user queries: mola.promql and the like. */
bool	promql_is_label(const char *name);
void	promql_read(struct labels *, const struct swarm_service *);

/* Reports what became of a label; `text` is the arena's. One that is valid may have none: NULL. */
void	labels_report(struct labels *, const struct swarm_label *, enum label_state, char *text);
/* The label's name, or the key of a file and its line. */
const char *label_key(struct arena *, const struct swarm_label *);
/* Why something of the service is not served; the text is the arena's. */
void	labels_add_trouble(struct labels *, const struct why *, char *text);
/* Hosts and paths are copied, all else is the arena's. Of the same route, the greatest priority
 * stays. */
void	labels_add_route(struct labels *, const struct labels_route *);
void	labels_add_claim(struct labels *, const struct labels_claim *);

void	labels_add_tls(struct labels *, const struct labels_tls *);

/* One term of a rule, as a route, or as a claim of a router that is not served. */
struct labels_rule_route {
	const struct rule *rule;
	const struct rule_term *term;
	const char	*text, *entry;		/* of the rule; as in labels_route */
	const char	*name, *service;	/* as name and to in struct route_rule */
	const struct swarm_service *to;		/* as in labels_route */
	int64_t		 priority;
	unsigned	 port;
	const char	*router;		/* NULL: it is served */
	bool		 guarded, supposed;	/* as in labels_claim */
	uint64_t	 on;			/* as in struct route_conf */
	enum route_by	 by;
	/* of one that is served, its filters: */
	const char	*chain;			/* NULL: none */
	bool		 chain_guards;
};
void	labels_add_rule(struct labels *, const struct labels_rule_route *);
/* The settings of requests to another port than the first: a copy of `conf`, to be changed,
 * when the port is new; else NULL. */
struct service_conf *labels_add_port(struct labels *, unsigned port);

/* label_value.c: reads values. False: `problem` says what is wrong and what was expected. */
struct label_row {
	const char	*name;
	size_t		 at;			/* of the member in struct labels */
	bool		(*read)(const struct label_row *, struct str, void *member, struct arena *,
			    char problem[PROBLEM_MAX]);
	const struct setting_type *setting;	/* for read: the setting that it is; NULL: none */
	struct setting_range range;
	const char	*fallback, *help;
};
extern const struct label_row label_rows[];
extern const char *const label_names[];	/* NULL at the end */

const struct label_row *label_row(const char *name);	/* NULL: no label of Mola's */
bool	label_is_planned(const struct label_row *);	/* known, but not done yet */
bool	label_switch(struct str, bool *on);		/* "true", "false" */
bool	label_port(struct str, unsigned *port);

#endif
