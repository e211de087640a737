/*
 * report: what a discovery pass made of each Swarm service: its labels one by one, its routes,
 * its tasks, and why it is not served when it is not. For people: the admin API and the log
 * show it.
 */
#ifndef DISCOVERY_REPORT_H
#define DISCOVERY_REPORT_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/str.h"
#include "base/why.h"

enum label_state {
	LABEL_VALID,		/* understood and in force */
	LABEL_INVALID,		/* its value is wrong: the default applies */
	LABEL_UNKNOWN,		/* mola.* or traefik.*, but not known */
	LABEL_UNSUPPORTED,	/* known, and not done yet */
	LABEL_UNUSED,		/* understood, but another label has precedence */
	LABEL_STATES
};
/* For people: "understood", "wrong", "unknown", "not yet", "unused". */
const char	*label_state_name(enum label_state);

struct report_label {
	char		*name, *value;
	enum label_state state;
	char		*text;		/* what was expected, what applies instead, or what it is here; or NULL */
};

struct report_trouble {
	const struct why *why;
	char		*text;		/* a sentence with names in it */
};

struct report_service {
	char		*name, *id;
	bool		 enabled;	/* its labels ask for it to be served */
	bool		 served;	/* it is in the world, though perhaps without a task */
	bool		 served_before;	/* a Mola 0.1.0 would have served it (upgrade.h) */
	/* by what its labels define together with others, its tasks serve, or its routers lead, under this
	 * name; NULL: none do */
	const char	*with;
	unsigned	 port;		/* inside the task; 0: not known */
	struct report_label *label;	/* and what is shown like one: a default rule, Traefik's settings */
	unsigned	 nlabels;
	struct report_trouble *trouble;
	unsigned	 ntroubles;
	char		**route;	/* "host/path", "*" for any host; "tcp listener host" */
	unsigned	 nroutes;
	unsigned	 ntasks;	/* that run, on nodes that are ready and active */
	unsigned	 nserving;	/* tasks in the world that take requests */
	unsigned	 ndraining;
};

struct swarm_report {
	struct report_service *service;	/* every service of the Swarm, in order of name */
	unsigned	 nservices;
	struct report_trouble *trouble;	/* of no service in particular: nodes, the snapshot itself */
	unsigned	 ntroubles;
	struct arena	*arena;		/* private: everything here, the report included */
};

/* Adds one more; beyond a small number they are dropped. The text is the arena's, and is
 * made printable in place. */
void	report_add_trouble(struct arena *, struct report_trouble **, unsigned *n,
	    const struct why *, char *text);
/* All of this reason. */
void	report_drop_trouble(struct report_service *, const struct why *);
void	swarm_report_free(struct swarm_report **);
/* The one of that name, or NULL; "web:9000" is one port of "web". */
const struct report_service *swarm_report_find(const struct swarm_report *, struct str name);
/* Whether people would read the same in both: labels and troubles, not the numbers of tasks.
 * NULL equals NULL alone. */
bool	report_service_same(const struct report_service *, const struct report_service *);

#endif
