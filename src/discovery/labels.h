/*
 * labels: what a service's labels ask for. Each label is understood by itself: a wrong one spoils nothing but itself.
 */
#ifndef DISCOVERY_LABELS_H
#define DISCOVERY_LABELS_H

#include "base/arena.h"
#include "discovery/swarm_priv.h"
#include "discovery/traefik.h"

#define ROUTES_MAX	256		/* of one service */
#define PROBLEM_MAX	SETTING_PROBLEM_MAX
#define CLAIMS_MAX	1024		/* and of them, of no exact host: */
#define WIDE_MAX	256
#define LABELS_PORTS_MAX 64		/* of one service, beside its first */

struct text_list {
	unsigned	 n;
	char		**item;
	bool		 given;		/* even if nothing of it was any good */
};

#define ROUTE_OWN	INT64_MAX	/* priority of what mola.* labels say: it gives way to nothing */

struct labels_route {
	struct route_conf at;
	unsigned	 port;			/* that it leads to; 0: the service's first */
	int64_t		 priority;		/* among Traefik's routers, the greater first */
	const char	*entry;			/* its entry points and whether by TLS, to be compared; "" for mola.* */
};

/*
 * Requests that belong to a router which is not served. They must not fall to a wider route. One that is guarded (a
 * password is asked for, or something that is not understood) has its requests to itself, against any route of the same or
 * a lower priority; any other one, such as a redirection, against those by the same way, and else holds what no route has.
 */
struct labels_claim {
	struct route_conf at;
	int64_t		 priority;
	bool		 guarded;
	const char	*router, *entry;		/* way NULL: it may not hold all of what it names */
};

struct labels_port {			/* of a service that has more than one */
	unsigned	 port;
	struct service_conf conf;
};

struct middlewares;

struct labels {
	enum { ENABLE_ABSENT, ENABLE_NO, ENABLE_YES } enable;
	unsigned	 port;			/* 0: not told */
	bool		 self;			/* counted by swarm_balancers */
	struct text_list	 host, path;		/* hosts in lower case, "" for any */
	struct service_conf conf;
	/* what becomes of them */
	bool		 enabled;
	bool		 blocked;			/* a guarded router may stand for anything: no route of Traefik's holds */
	struct labels_route *route;		/* each once */
	unsigned	 nroutes;
	struct labels_claim *claim;
	unsigned	 nclaims, nwide;	/* nwide: those of no exact host */
	struct labels_port *other;		/* beside `port`, which has `conf` */
	unsigned	 nothers;
	struct arena	*arena;			/* everything here and in the report */
	struct report_service *report;
	unsigned	 label_cap;			/* for labels in the report */
};

/* Reads all of a service's labels into `l`, and tells of each in l->report. `l` has arena and report; begins the rest. */
void	labels_read(struct labels *, const struct swarm_service *, const struct service_conf *defaults,
	    const struct traefik_rules *, const struct middlewares *);

/* traefik.c: what traefik.* labels say, where mola.* say nothing. Called last by labels_read. */
void	traefik_read(struct labels *, const struct swarm_service *, const struct traefik_rules *, const struct middlewares *);

/* promql.c: what mola.promql and the like say. */
bool	promql_is_label(const char *name);
void	promql_read(struct labels *, const struct swarm_service *);

/* Tells of a label; `text` NULL or of the arena. */
void	labels_report(struct labels *, const struct swarm_label *, enum label_state, char *text);
/* A reason for which something of the service is not served; the text is the arena's. */
void	labels_add_trouble(struct labels *, const struct why *, char *text);
/* Hosts and paths are copied, other texts are the arena's. */
void	labels_add_route(struct labels *, const struct labels_route *);
void	labels_add_claim(struct labels *, const struct labels_claim *);
/* What holds for requests to another port than the first: a copy of `conf`, to be changed, when the port is new; else NULL. */
struct service_conf *labels_add_port(struct labels *, unsigned port);

/* label_value.c: values in. False: `problem` says what was wrong and what was expected. */
struct label_row {
	const char	*name;
	size_t		 at;			/* of the member in struct labels */
	bool		(*read)(const struct label_row *, struct str, void *member, struct arena *, char problem[PROBLEM_MAX]);
	const struct setting_type *setting;	/* for read: the setting that it is; NULL: none */
	struct setting_range range;
	const char	*fallback, *help;
};
extern const struct label_row label_rows[];
extern const char *const label_names[];	/* NULL at the end */

const struct label_row *label_row(const char *name);
bool	label_is_planned(const struct label_row *);
bool	label_switch(struct str, bool *on);		/* "true", "false" */
bool	label_port(struct str, unsigned *port);

#endif
