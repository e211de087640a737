/*
 * labels: what a service's labels ask for. Each label is understood by itself: a wrong one spoils nothing but itself.
 */
#ifndef DISCOVERY_LABELS_H
#define DISCOVERY_LABELS_H

#include "base/arena.h"
#include "discovery/picture.h"
#include "discovery/traefik.h"

#define ROUTES_MAX	256		/* of one service */
#define PROBLEM_MAX	200

struct texts {
	unsigned	 n;
	char		**item;
	bool		 given;		/* even if nothing of it was any good */
};

struct labels {
	enum { ENABLE_ABSENT, ENABLE_NO, ENABLE_YES } enable;
	unsigned	 port;			/* 0: not told */
	bool		 self;			/* counted by swarm_balancers */
	struct texts	 host, path;		/* hosts in lower case, "" for any */
	struct service_conf conf;
	/* what becomes of them */
	bool		 enabled;
	bool		 ruled;			/* there is a rule of Traefik's, whatever became of it */
	struct route_conf *route;		/* each once */
	unsigned	 nroutes;
	struct arena	*arena;			/* everything here and in the report */
	struct report_service *report;
	unsigned	 room;			/* for labels in the report */
};

/* Reads all of a service's labels into `l`, and tells of each in l->report. `l` has arena and report; begins the rest. */
void	labels_read(struct labels *, const struct swarm_service *, const struct service_conf *defaults,
	    const struct traefik_rules *);

/* traefik.c: what traefik.* labels say, where mola.* say nothing. Called last by labels_read. */
void	traefik_read(struct labels *, const struct swarm_service *, const struct traefik_rules *);

/* promql.c: what mola.promql and the like say. */
bool	promql_label(const char *name);
void	promql_read(struct labels *, const struct swarm_service *);

/* Tells of a label; `text` NULL or of the arena. */
void	labels_tell(struct labels *, const struct swarm_label *, enum label_state, char *text);
/* A reason for which something of the service is not served; the text is the arena's. */
void	labels_refuse(struct labels *, const struct why *, char *text);
void	labels_route(struct labels *, const char *host, const char *path);

/* label_value.c: values in. False: `problem` says what was wrong and what was expected. */
struct label_row {
	const char	*name;
	bool		(*read)(const struct label_row *, struct str, void *member, struct arena *, char problem[PROBLEM_MAX]);
	size_t		 at;			/* in struct labels */
	const char	*fallback, *least, *most, *help;
};
extern const struct label_row label_rows[];
extern const char *const label_names[];	/* NULL at the end */

const struct label_row *label_row(const char *name);
bool	label_later(const struct label_row *);
bool	label_switch(struct str, bool *on);		/* "true", "false" */
bool	label_port(struct str, unsigned *port);

#endif
