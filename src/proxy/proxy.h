/*
 * proxy: the data plane. Accepts clients, reads requests, routes, picks a task, relays. Knows
 * tables, live counters and phys rows; knows nothing of how they come about. One per worker, on
 * the worker's loop.
 */
#ifndef PROXY_PROXY_H
#define PROXY_PROXY_H

#include "http/message.h"
#include "net/ip.h"
#include "net/loop.h"
#include "proxy/access.h"
#include "proxy/trace.h"
#include "world/live.h"
#include "world/phys.h"
#include "world/secrets.h"
#include "world/table.h"

struct proxy;
struct secrets;
struct resolver;

#define PROXY_TRUSTED_MAX 64
#define PROXY_LISTENERS_MAX 64

#define PROXY_LISTENER_NAME_MAX 64

enum proxy_client_cert {
	PROXY_CLIENT_CERT_NONE, PROXY_CLIENT_CERT_OPTIONAL, PROXY_CLIENT_CERT_REQUIRE
};

/* One listener: where it is, and the protocols of connections to it. */
struct proxy_listener {
	struct ip	ip;		/* the address, without what an addr has besides */
	uint16_t	port;
	char		name[PROXY_LISTENER_NAME_MAX];	/* as in the configuration, and in names of secrets */
	bool		proxy_protocol;	/* each begins with a header of it */
	bool		tls;
	bool		http2;		/* with tls: clients may choose it (ALPN); else they may begin with it */
	uint16_t	redirect_port;	/* of https, where requests are redirected to; 0: none are */
	enum proxy_client_cert client_cert;	/* verified with the secret client-ca/NAME */
};

struct proxy_conf {
	unsigned	 worker;		/* our column in live */
	struct live	*live;
	const struct phys *phys;
	struct resolver	*resolver;		/* of servers that filters ask; NULL: numbers only */
	uint64_t	 seed;			/* for tie-breaking */
	int64_t		 client_head_usec, client_idle_usec, client_body_usec, client_write_usec;
	bool		 client_abort_on_close;	/* before the response begins */
	int64_t		 client_request_usec;
	unsigned	 client_min_rate;	/* bytes per second, 0: none */
	int64_t		 client_grace_usec;	/* waits for a client that the rate does not count */
	unsigned	 clients_max;
	unsigned	 clients_per_address;	/* 0: as many as there may be */
	struct ip_net	 trusted[PROXY_TRUSTED_MAX];	/* whose X-Forwarded-* and PROXY headers are trusted */
	unsigned	 ntrusted;
	struct proxy_listener listener[PROXY_LISTENERS_MAX];
	unsigned	 nlisteners;
	unsigned	 tls_min_version;	/* 12 or 13 */
	unsigned	 tls_suites;		/* as in tls_server_conf */
	int64_t		 hsts_seconds;		/* -1: none */
	struct head_limits request_head, response_head;
	unsigned	 upstream_idle_max;	/* per task */
	int64_t		 upstream_idle_usec;
	struct access_conf access;
	struct trace_conf trace;
	/* this worker begins with the active health checks of all; later, live_prober says */
	bool		 probe;
};

struct proxy	*proxy_new(struct loop *, const struct proxy_conf *);
void		 proxy_free(struct proxy **);
struct proxy_listener proxy_listener_of(const struct addr *);	/* a plain one, without a name */
/* Listeners belong to the proxy from here on. Closing one: proxy_unlisten with the same addr. */
void		 proxy_listen(struct proxy *, int fd, const struct addr *);
void		 proxy_unlisten(struct proxy *, const struct addr *);
/* A listener of another worker's that hangs, to accept from as well until it is given back. */
void		 proxy_borrow(struct proxy *, int fd, const struct addr *, unsigned worker);
void		 proxy_give_back(struct proxy *, unsigned worker);
/* Takes a reference. Requests under way go on with the table they began with, until one of them
 * goes to another task. */
void		 proxy_set_table(struct proxy *, struct table *);
/* Takes a reference. False: a certificate in it cannot be read, and is left out. Connections keep
 * what they began with. */
bool		 proxy_set_secrets(struct proxy *, struct secrets *);
/* Where the access log goes, standard output at first; the descriptor becomes the proxy's. */
void		 proxy_set_access(struct proxy *, int fd);
/* Spans that are over, as lines (proxy/span.h): as many as fit, and how many they are. 0: there are
 * none. */
uint64_t	 proxy_spans_lost_take(struct proxy *);	/* that had no room, since the last call */
size_t		 proxy_spans_take(struct proxy *, char *out, size_t cap, unsigned *count);
/* New limits and time-outs after a reload; worker, live, phys and seed stay. */
void		 proxy_reconf(struct proxy *, const struct proxy_conf *);

/* To be called every PROXY_BEAT_USEC: a sign of life, and work that is due even without clients. */
#define PROXY_BEAT_USEC	100000
void		 proxy_beat(struct proxy *);

/*
 * Handshakes of TLS that failed for one reason since those were last taken, for people. Each
 * reason once in PROXY_FAILED_USEC at most, whoever scans us; false: there are none now.
 */
#define PROXY_FAILED_USEC (60 * INT64_C(1000000))
#define PROXY_FAILED_HOST_MAX 256
struct proxy_failed {
	const struct why *why;
	unsigned	 count;
	/* of the last of them */
	const char	*text;		/* as TLS has it */
	struct ip	 ip;		/* the client */
	char		 host[PROXY_FAILED_HOST_MAX];	/* that it asked for; empty: none */
};
bool		 proxy_failed_take(struct proxy *, struct proxy_failed *out);

/* Graceful stop: accepts what is already queued, then nothing; idle clients are closed, busy ones
 * get `Connection: close`; `empty` is called once when the last has gone. */
typedef void	proxy_empty_f(void *arg);
/* Before a drain: kept connections without a request wait so long for one more. At first not. */
void		 proxy_set_patience(struct proxy *, int64_t usec);
void		 proxy_drain(struct proxy *, proxy_empty_f *, void *arg);

#endif
