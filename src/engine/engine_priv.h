/*
 * engine_priv: what the files of an engine share: engine.c has the endpoints, and which of them is
 * in use in which version; engine_call.c what is sent to it, and what responses mean;
 * engine_detail.c the words for what went wrong.
 */
#ifndef ENGINE_ENGINE_PRIV_H
#define ENGINE_ENGINE_PRIV_H

#include <sys/queue.h>

#include "engine/engine.h"

#define MINOR_LEAST	40		/* of API version 1.x */
#define DETAIL_MAX	256

enum engine_state { UNKNOWN, PINGING, READY };

struct endpoint {
	char		*text;		/* as configured */
	char		*base;		/* "http://docker", "https://10.0.0.1:2376" */
	char		*socket;	/* path, NULL: TCP */
	bool		 newer_only;	/* it takes nothing as old as MINOR_TRIED */
};

TAILQ_HEAD(call_list, engine_call);

struct engine_call {
	TAILQ_ENTRY(engine_call) link;
	struct engine	*engine;
	struct call_list *in;		/* waiting or active; NULL: neither yet, or it has ended */
	char		*path;
	const char	*method;	/* NULL: GET */
	char		*body;		/* NULL: none */
	int64_t		 timeout_usec;	/* of each try */
	fetch_data_f	*on_data;	/* NULL: the response is wanted whole */
	engine_done_f	*done;
	void		*arg;
	struct fetch	*fetch;
	unsigned	 endpoint;	/* that it was last sent to */
	unsigned	 tries;
	unsigned	 round;		/* of negotiation, when it began to wait */
	bool		 own_version;	/* in the Engine's own version */
	unsigned	 required_minor;	/* and that must be this one; 0: any */
	unsigned	 minor;		/* of the version it was last sent in */
	struct timer	 timer;		/* for the callback of what cannot be sent */
};

struct engine {
	struct loop	*loop;
	struct fetcher	*fetcher;
	struct endpoint	 endpoint[ENGINE_ENDPOINTS_MAX];
	unsigned	 nendpoints;
	char		*ca, *cert, *key;
	int64_t		 timeout_usec;

	enum engine_state state;
	unsigned	 at;		/* the endpoint in use, or being pinged */
	unsigned	 pinged;	/* endpoints that failed in this round */
	unsigned	 round;
	struct fetch	*ping;
	unsigned	 minor;		/* of the Engine's own version */
	unsigned	 read_minor;
	char		 version[16];	/* of reads, as text */
	const struct why *why;		/* of the last failure, with `detail` */
	char		 detail[DETAIL_MAX];

	struct call_list waiting, active;
	bool		 closing;
	struct deferred	 deferred;
};

/* engine.c */
void	engine_ping(struct engine *);		/* negotiates with the endpoint in use */
/* The endpoint is left, unless another call has already done so. */
void	engine_leave(struct engine *, unsigned endpoint);
void	engine_set_version(struct engine *);	/* of reads from the endpoint in use */
/* What all requests to the endpoint in use have in common. */
void	engine_fetch_conf(const struct engine *, struct fetch_conf *, const char *url);

/* engine_call.c */
void	call_start(struct engine_call *);	/* the engine is ready */
void	call_end(struct engine_call *, const struct engine_response *);

/* engine_detail.c: in one line, for people */
void	describe_refusal(char out[DETAIL_MAX], const struct fetch_result *);
void	describe_unreachable(char out[DETAIL_MAX], const struct endpoint *,
	    const struct fetch_result *);
/* What was requested, before the rest: proxies before an Engine pass some paths on and refuse
 * others. */
void	describe_path(char detail[DETAIL_MAX], const char *path);

#endif
