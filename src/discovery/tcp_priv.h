/*
 * tcp_priv: Traefik's labels of TCP of one service while they are read: tcp_backend.c has what
 * Traefik calls services, tcp_router.c the routers. Private to these.
 */
#ifndef DISCOVERY_TCP_PRIV_H
#define DISCOVERY_TCP_PRIV_H

#include "discovery/traefik_priv.h"

struct tcp_backend {			/* what Traefik calls a service */
	struct str	 name;
	const struct swarm_label *port, *version, *proxied, *transport;
	const struct swarm_label **address;	/* of servers, in files */
	unsigned	 naddresses;
	const struct swarm_label *unknown;	/* the first that is not understood */
	struct backend	 as_http;	/* what is read as of one of HTTP: others by weight, checks */
	/* what is made of it */
	enum proxy_version sends;
	int64_t		 connect_usec;	/* 0: not given */
	const char	*unspoken;	/* why its transport cannot be had; NULL: it can */
	struct service_conf *conf;	/* NULL: none yet, or its port is one of HTTP */
};

struct tcp_router {
	struct str	 name;
	const struct swarm_label *rule, *service, *middlewares, *entry_points, *priority, *passthrough;
	const struct swarm_label *resolver, *options;
	const struct swarm_label *unknown;	/* the first that is not understood */
	bool		 tls;
	bool		 ends_tls;
	const char	*tls_rules;	/* by these options, NULL: none */
	/* what is made of it */
	struct tcp_backend *backend;
	const struct swarm_service *to;	/* it leads there, to this port; NULL: to its own service */
	unsigned	 to_port;
	const char	*chain;		/* of middlewares */
	int64_t		 first;		/* its priority */
	struct rule	 parsed;
	bool		 refused;
};

struct tcp_reading {
	struct tcp_router router[ROUTERS_MAX];
	struct tcp_backend backend[ROUTERS_MAX];
	unsigned	 nrouters, nbackends;
	bool		 too_many;
	bool		 unclear;	/* what one of the routers stands for is not known: none is served */
};

/* The same name in two spellings is set twice. */
void	tcp_set_once(struct traefik_reading *, const struct swarm_label **at,
	    const struct swarm_label **unknown, const struct swarm_label *);

/* tcp_backend.c: one label; then, once, all of them; then the settings of the port that is its own,
 * or of the service's, in files. */
void	tcp_backend_gather(struct traefik_reading *, const struct swarm_label *,
	    const struct str *word, unsigned n);
void	tcp_backends_read(struct traefik_reading *);
/* 0: none is set */
unsigned tcp_backend_port(const struct traefik_reading *, const struct tcp_backend *);
/* `b` NULL: no label defines the service. NULL: the port cannot be one of tcp, too, or none is
 * known, or another service of Traefik's has it with other settings. */
struct service_conf *tcp_backend_conf(struct traefik_reading *, struct tcp_backend *b);

#endif
