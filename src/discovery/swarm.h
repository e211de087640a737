/*
 * swarm: the last good snapshot of a Docker Swarm: nodes, services, tasks and networks, as the
 * Engine API reported them.
 * Bytes in, values out: when bytes are fetched, and what to do while there are none, is decided
 * elsewhere.
 *
 * Each read replaces its part of the snapshot as a whole or, when it fails, leaves it as it
 * was. Single elements that are not what the API promises are left out (swarm_skipped).
 */
#ifndef DISCOVERY_SWARM_H
#define DISCOVERY_SWARM_H

#include "base/str.h"
#include "base/why.h"
#include "discovery/report.h"
#include "discovery/traefik.h"
#include "world/world.h"

#define SWARM_JSON_MAX	((size_t)64 << 20)	/* bytes of one response */
#define SWARM_DETAIL	160
#define SWARM_URL_MAX	320

#define SWARM_SETTINGS	32

struct constraint;
struct swarm;

/* Where clients connect to, for services that are bound to a listener. */
struct swarm_listener {
	const char	*name;
	bool		 tls, proxy_protocol;
	/* found by the pass: its name is an entry point's, which it alone stands for; and where that one
	 * sends plain requests: a port of https, 0: nowhere */
	bool		 entry_point;
	unsigned	 redirect_port;
	bool		 redirect_temporary;
};

/* A file of Traefik's file provider. */
struct swarm_file {
	const char	*path;
	const char	*lines;		/* as conf/traefik_file.h has them, the last good ones; NULL: there are none */
	const char	*problem;	/* what is wrong with it now, for people; NULL: nothing */
};

/* A file that a label names, such as one with users: its text, which stays until the pass is over.
 * NULL: *problem says why, for people. */
typedef const char	*swarm_file_f(void *arg, const char *path, const char **problem);

/* What Mola's listeners do about TLS. */
struct swarm_tls {
	unsigned	 min_version;		/* 12, 13 */
	unsigned	 suites;		/* of TLS 1.2: a bit for each row of tbl/suites.h; 0: all */
	bool		 strict;		/* names without a certificate of their own are refused */
	/* the file of CAs of whose certificates all that have TLS require one; NULL: not all do */
	const char	*client_ca;
	bool		 client_certs;		/* one of them wants any */
};

typedef bool	swarm_host_f(void *arg, const char *host, unsigned port, struct addr *);

/* How Swarm's nodes, services and tasks become the world's; the strings are the caller's and
 * stay. */
struct swarm_conf {
	const struct service_conf *defaults;	/* what services start from */
	/* "{address}:9101", "http://{hostname}:9101/stream", ...; NULL: none */
	const char	*agent_template;
	const char	*exporter_template;	/* likewise; {address}, {hostname}, {id} */
	const struct constraint *constraint;	/* which services Mola serves; NULL: all of them */
	const char	*middlewares;		/* as lines of middlewares_read_settings; NULL: none */
	const struct swarm_listener *listener;
	unsigned	 nlisteners;
	bool		 routeless;		/* services without a route that may be served are published, too: targets
						 * have routers of their own */
	/* for traefik.* labels, which are read where there are no mola.* labels: what is configured */
	const struct traefik_rules *traefik;
	const struct constraint *traefik_constraint;	/* NULL: those of the Traefik services */
	bool		 traefik_exposed_configured;	/* exposed_by_default is configured, not the default */
	swarm_file_f	*file;			/* NULL: no files are read */
	swarm_host_f	*host;			/* an address of a name; NULL: names have none */
	void		*file_arg;		/* of both */
	struct swarm_tls tls;
	struct traefik_names trusted;		/* clients.trusted */
	/* settings of the configuration by their keys, for people: "clients.idle" and "60s" */
	struct { const char *key, *value; } setting[SWARM_SETTINGS];
	const struct swarm_file *provided;	/* Traefik's; of two definitions of one name the first counts */
	unsigned	 nprovided;
	bool		 files_assumed;		/* they are taken to be there, and sound: nobody is served */
};

struct swarm	*swarm_new(void);
void		 swarm_free(struct swarm **);

/*
 * The bodies of GET /nodes, /services, /tasks and /networks. NULL: read. Else ENGINE_SYNTAX
 * (not JSON), ENGINE_SHAPE (JSON that is not what the API promises) or ENGINE_LARGE, and
 * `detail` says where and what was expected. Tasks may be all of them or those of
 * desired-state=["running"]; a task that served and left the list, or whose desired state is no
 * longer running, is draining in this snapshot and gone in the next.
 */
const struct why	*swarm_read_nodes(struct swarm *, struct str json, char detail[SWARM_DETAIL]);
const struct why	*swarm_read_services(struct swarm *, struct str json, char detail[SWARM_DETAIL]);
const struct why	*swarm_read_tasks(struct swarm *, struct str json, char detail[SWARM_DETAIL]);
const struct why	*swarm_read_networks(struct swarm *, struct str json, char detail[SWARM_DETAIL]);

/* How many elements of the last good responses were left out because they are not what the
 * API promises, and which, for people. */
#define SWARM_SKIPPED_MAX	1600
unsigned swarm_skipped(const struct swarm *, char *out, size_t cap);

/*
 * Configs of Swarm that hold the static configuration of a Traefik: the id of one that has not
 * been requested yet (NULL: none), and the body of GET /configs/ID, or why there is none, for
 * people. What failed is wanted again after swarm_configs_retry. A pass uses what there is: a
 * missing file makes routers not served.
 */
const char	*swarm_config_wanted(const struct swarm *);
void		 swarm_read_config(struct swarm *, const char *id, struct str json);
void		 swarm_config_failed(struct swarm *, const char *id, const char *text);
bool		 swarm_configs_retry(struct swarm *);		/* true: something is wanted now */
void		 swarm_configs_clear(struct swarm *);

/* Networks that Mola itself is on, by id or by name. Detach from all of them first, then
 * attach to each. */
void	swarm_detach(struct swarm *);
void	swarm_attach(struct swarm *, const char *network);

/* Whether nodes, services and tasks have each been read at least once. Until then a pass
 * publishes nothing of Swarm: a caller that has a table in force should rather keep it. */
bool	swarm_is_complete(const struct swarm *);

/* How many tasks run of the service `own` (an id, "" for none) and of those with the label
 * mola.self=true. */
unsigned swarm_balancers(const struct swarm *, const char *own);

/*
 * Within a world pass, after the static nodes and services: publishes all that runs in the
 * Swarm and is to be served. A Swarm node whose hostname, id or address is the name (or the
 * address) of a node published before in this pass is that node. A static service keeps its
 * name and its routes. False: the snapshot is not complete, and nothing was published. *report
 * belongs to the caller, and is made in either case; `report` may be NULL.
 */
bool	swarm_pass(const struct swarm *, const struct swarm_conf *, struct world *,
	    struct swarm_report **report);

/* For a static node, before it is published: what Swarm knows of the same machine (id,
 * cores, memory) and the templates fill what the file left out. Strings of `like` then point
 * into `urls` or into the snapshot. */
struct swarm_urls {
	char	agent[SWARM_URL_MAX], exporter[SWARM_URL_MAX];
};
void	swarm_fill_node(const struct swarm *, const struct swarm_conf *, struct world_node *like,
	    struct swarm_urls *urls);

#endif
