/*
 * traefik_priv: the traefik.* labels of one service while they are read: traefik.c gathers
 * them, router.c checks the routers, entry_points.c their entry points, backend.c the services
 * that they lead to; tcp_router.c has all of this for TCP. Private to these.
 */
#ifndef DISCOVERY_TRAEFIK_PRIV_H
#define DISCOVERY_TRAEFIK_PRIV_H

#include "discovery/labels.h"

#define ROUTERS_MAX	64		/* of one service, and as many of what Traefik calls services */

#define ENTRY_GROUPS_MAX (2 * (TABLE_LISTENERS + 1))

/* Entry points whose requests are treated alike. */
struct entry_group {
	uint64_t	 on;			/* listeners, by their place in labels.listener; 0: all */
	enum route_by	 by;
	const char	*text;			/* why requests are not served; NULL: they are, behind `chain` */
	const struct why *why;
	const char	*chain;			/* of middlewares; of those that are served never NULL */
	bool		 guarded;		/* requests are kept out, or may be */
	bool		 nowhere;		/* no listener is left for it: there are no requests */
	bool		 certain;		/* it is known, not supposed, how requests come */
	bool		 chain_guards;		/* with the router's own */
	bool		 any;
};

/* TLS options that a router has by one of its entry points. */
struct entry_tls {
	const char	*entry;			/* in lower case; "": not known */
	const char	*options;		/* as of reading_tls_name */
	uint64_t	 on;
};

struct entry_groups {
	struct entry_group group[ENTRY_GROUPS_MAX];
	unsigned	 n;
	struct entry_tls tls[ENTRY_GROUPS_MAX];
	unsigned	 ntls;
	bool		 tls_lost;		/* there were more */
	/* by one of those that serve it: */
	bool		 orders;		/* certificates */
	bool		 wider, semicolons;	/* as in traefik_entry_point */
};

struct router {
	struct str	 name;
	/* its labels, NULL: none */
	const struct swarm_label *rule, *service, *middlewares, *entry_points, *priority, *tls_options,
	    *syntax;
	const struct swarm_label *unknown;	/* the first that is not understood */
	bool		 tls;
	bool		 authenticates;		/* by the TLS options of one of its entry points */
	/* what is made of it */
	const struct backend *backend;
	const struct swarm_service *to;		/* it leads there, to this port; NULL: to its own service */
	unsigned	 to_port;
	struct entry_groups *entries;
	bool		 noop;			/* it leads to noop@internal: no task gets its requests */
	bool		 refused;		/* and the reason is reported */
	bool		 guarded;		/* refused for what keeps requests out, or may: see struct labels_claim */
};

struct backend {			/* what Traefik calls a service */
	struct str	 name;
	const struct swarm_label *port, *scheme, *transport;
	const struct swarm_label **url;		/* of servers, in files, */
	struct str	*server;		/* and the words that stand for these: "servers[0]" */
	struct str	*kept;			/* of those whose URL's path counts */
	unsigned	 nkept;
	unsigned	 nurls;
	const struct swarm_label *unknown;	/* the first that is not understood: nothing may lead there */
	struct backend_check *check;		/* NULL: none */
	struct backend_sticky *sticky;		/* NULL: none */
	const struct swarm_label *pass_host, *strategy;	/* those that count */
	const struct swarm_label *ejects, *window;	/* passive checks: failures, and the time */
	/* what is made of it */
	bool		 passes_host;		/* where pass_host is given */
	bool		 has_policy;		/* that of the strategy */
	enum policy	 policy;
	bool		 passive;		/* what follows is given, one of both at least */
	unsigned	 eject_failures;
	int64_t		 eject_window_usec;
	enum scheme	 speaks;		/* what its tasks do */
	const char	*unspoken;		/* why that cannot be done; NULL: it can */
	/* of the servers transport, or of its servers' URLs; NULL, 0: not given */
	const char	*tls_name, *tls_ca, *tls_cert;
	bool		 names_differ;		/* of its servers */
	bool		 http1;			/* nothing else, over TLS */
	bool		 verified, insecure;	/* what the transport has of verification counts; it has none */
	int64_t		 connect_usec, response_usec;
};

struct tcp_reading;
struct backend_sticky;
struct backend_check;

struct traefik_reading {
	struct labels	*l;
	const struct swarm_service *service;
	const struct traefik_rules *rules;
	const struct middlewares *middlewares;
	struct router	 router[ROUTERS_MAX];
	struct backend	 backend[ROUTERS_MAX];
	unsigned	 nrouters, nbackends;
	enum {
		MODE_ALL,
		MODE_OFF,			/* the labels do not count */
		MODE_PORT_ONLY			/* nor do they, except for the port: mola.host or mola.path is given */
	} mode;
	bool		 enabled;		/* traefik.enable is true */
	bool		 too_many;		/* there are more routers or services than are read */
	struct tcp_reading *tcp;		/* labels of TCP, NULL: there are none */
	unsigned	 nv1, nudp;		/* labels of Traefik 1; of UDP */
	const struct swarm_label *v1;		/* the first of Traefik 1 */
	const struct swarm_label *docker, *swarm; /* the first of each of these groups */
	const struct swarm_label *unknown;	/* the first that may concern any router: none is served */
};

/*
 * backend_sticky.c: the labels of a sticky cookie: what is behind `sticky` of a label's name, in
 * words; then the settings.
 */
void	sticky_gather(struct traefik_reading *, struct backend *, const struct swarm_label *,
    const struct str *word, unsigned n);
void	sticky_conf(const struct traefik_reading *, const struct backend *, struct service_conf *);

/*
 * backend_servers.c: what is behind `servers[N]` of a key in a file; then, once, all of them.
 */
/* backend_group.c: what is behind the name of a service; false: it is of no group. */
bool	group_gather(struct traefik_reading *, struct backend *, const struct swarm_label *,
	    const struct str *word, unsigned n);

/* backend_transport.c: false: there is no transport of a file. Then what it sets. */
bool	transport_is_given(const struct traefik_reading *);	/* by labels of Mola's */
bool	transport_take(struct traefik_reading *, struct backend *);
void	transport_conf(const struct traefik_reading *, const struct backend *, struct service_conf *);

void	servers_gather(struct traefik_reading *, struct backend *, const struct swarm_label *,
    struct str server, struct str key);
void	servers_read(struct traefik_reading *, struct backend *);
/* "10.0.0.7:8080", "[::1]", "nas.lan": without a port, that of `out` stays. */
bool	server_read(struct str, struct labels_server *out);

/*
 * backend_options.c: what is behind `loadbalancer` of a label's name, in words; false: it is none
 * of its labels. Then the settings.
 */
bool	options_gather(struct traefik_reading *, struct backend *, const struct swarm_label *,
    const struct str *word, unsigned n);
void	options_conf(const struct traefik_reading *, const struct backend *, struct service_conf *);

/* backend_check.c: the labels of a health check, as those of a sticky cookie. */
void	check_gather(struct traefik_reading *, struct backend *, const struct swarm_label *,
    const struct str *word, unsigned n, bool tcp);
void	check_read(struct traefik_reading *, struct backend *);
void	check_conf(const struct traefik_reading *, const struct backend *, struct service_conf *);

static inline bool
word_is(struct str word, const char *s)
{
	return str_eq_nocase(word, str_of(s));
}

/* Reports one label; text NULL only with LABEL_VALID. */
void	reading_report(struct traefik_reading *, const struct swarm_label *, enum label_state,
	    const char *text);
/* The first that is not understood of a router or a service is kept in `unknown`. */
void	reading_mark_unknown(struct traefik_reading *, const struct swarm_label **unknown,
	    const struct swarm_label *, const char *);
bool	reading_has_label(const struct traefik_reading *, const char *label);
/* The provider behind the names of what the service has: "@swarm", "@file". */
const char *reading_provider(const struct traefik_reading *);
/* What {{ .Name }} of the default rule stands for. */
const char *reading_default_name(const struct traefik_reading *);
/* For people: what a label is called. */
const char *reading_key(const struct traefik_reading *, const struct swarm_label *);
/* "/etc/traefik/web.yml:12: ", the place of the first label that there is; "": it is in no file. */
const char *reading_place(const struct traefik_reading *, const struct swarm_label *const *,
	    size_t n);
/* The chain with a middleware behind it, without it when Mola cannot apply it and the operator
 * ignores it. NULL: it cannot be applied, and *problem says why. */
const char *reading_add_middleware(const struct traefik_reading *, const char *chain,
	    struct str reference, const char **problem);

/* The whole name of TLS options, "strict@file"; "default": where none are named. */
const char *reading_tls_name(const struct traefik_reading *, struct str name);
/* backend.c */
void	backend_gather(struct traefik_reading *, const struct swarm_label *, const struct str *word,
	    unsigned n);
/* Its port, 0: none is given, or none that is valid. */
unsigned backend_port(const struct backend *);
/* Understands its labels, and reports each. Before anything is made of it. */
void	backend_read(struct traefik_reading *, struct backend *);
/* Puts into `conf` what its tasks speak, and how they are checked. */
void	backend_conf(const struct traefik_reading *, const struct backend *, struct service_conf *);
/* TLS to tasks as Traefik does it without a servers transport, where no mola.* label says more. */
void	backend_tls_conf(const struct traefik_reading *, struct service_conf *);

/* Puts into `conf`, that of the service as a whole, what is of the port of one. */
void	backend_port_conf(const struct traefik_reading *, const struct backend *,
	    struct service_conf *);

/* definitions.c */
void	definitions_read(struct traefik_reading *);
void	definitions_read_tcp(struct traefik_reading *);

/* tcp_router.c: one label; then, once, all that is made of them. */
void	tcp_gather(struct traefik_reading *, const struct swarm_label *, const struct str *word,
	    unsigned n);
bool	tcp_is_there(const struct traefik_reading *);	/* a router or a service is */
void	tcp_read(struct traefik_reading *);

/* entry_groups.c: where the requests of a router come from, and what they pass before its own
 * middlewares, for those that its label names (NULL: the default ones). */
void	entry_groups_read(const struct traefik_reading *, const struct router *,
	    struct entry_groups *);

/* router_service.c: the service that it leads to, and why it may not; by its labels alone; and its
 * name, for people. */
void	router_find_service(struct traefik_reading *, struct router *);
const struct backend *router_backend(struct traefik_reading *, const struct router *,
	    const char **text);
const char *router_service_name(struct traefik_reading *, const struct router *);

/* router.c */
void	router_gather(struct traefik_reading *, const struct swarm_label *, const struct str *word,
	    unsigned n);
/* Of several reasons the first is reported. `guarded`: as in struct router. */
void	router_refuse(struct traefik_reading *, struct router *, bool guarded, const struct why *,
	    const char *fmt, ...) __attribute__((format(printf, 5, 6)));
/* Finds its backend, and refuses it where something of it is not understood; reports why. */
void	router_check(struct traefik_reading *, struct router *);
/* Turns its rule into routes to `port` (0: the service's first), and claims. */
void	router_resolve(struct traefik_reading *, struct router *, unsigned port);

/* router_tls.c: once its entry points are known; then with its rule, before it is known to be
 * served. */
void	router_check_tls(struct traefik_reading *, struct router *);
void	router_add_tls(struct traefik_reading *, struct router *, const struct rule *);

#endif
