/*
 * target: an external proxy that Mola configures, and what is common to all kinds of them: when it
 * is time to publish (members changed, or a share moved by more than the hysteresis, but not within
 * the interval), what was published last, and what became of it. A driver (target_*.c) speaks to
 * one kind of proxy.
 */
#ifndef TARGETS_TARGET_H
#define TARGETS_TARGET_H

#include <jansson.h>

#include "conf/conf.h"
#include "drive/plan.h"
#include "http/server.h"
#include "net/fetch.h"

struct targets;				/* all of them */
struct target;

/* ---- for drivers ---- */

/* `state` is what open returned: the driver's own, for one target. */
struct target_driver {
	void	*(*open)(struct target *);	/* never NULL */
	void	 (*close)(void *state);
	/*
	 * Publish this plan, and keep it up. Leads to target_published or target_failed, in this turn or
	 * later; a publication that comes while another is in progress replaces it. The plan stays valid
	 * until the next publish has returned, or close.
	 */
	void	 (*publish)(void *state, const struct plan *);
	/*
	 * Remove what was published, by this process or by one before it, and nothing else; until the
	 * next publish, leave the proxy alone. Leads to target_withdrawn or target_failed, in this turn or
	 * later. May be called again, and when nothing was published.
	 */
	void	 (*withdraw)(void *state);
	/* Appends a sentence for each thing that withdraw would do. */
	void	 (*describe_withdraw)(const void *state, json_t *sentences);
	/* Why only a running Mola can withdraw it; NULL: `mola targets withdraw` alone can, too. */
	const char *online_only;
	void	 (*tick)(void *state, int64_t now_usec);	/* every 100 ms; NULL: not needed */
	/* Replies to a proxy that polls an endpoint of the admin server; NULL: this kind does not poll. */
	void	 (*respond)(void *state, struct request *);
	/* Adds the driver's own fields to the target's JSON; NULL: it has none. */
	void	 (*view)(const void *state, json_t *target);
};

/* By hand, not from tbl/targets.h: a row there without its driver does not compile. */
extern const struct target_driver target_driver_traefik_file, target_driver_traefik_http,
    target_driver_haproxy, target_driver_haproxy_agent, target_driver_envoy_file,
    target_driver_envoy_rest;

/* What a driver may use for as long as it is open. */
struct loop		*target_loop(const struct target *);
struct fetcher		*target_fetcher(const struct target *);
const struct conf_target *target_conf(const struct target *);
const char		*target_name(const struct target *);
/* Was it opened without a brain, only to be withdrawn (main/withdraw.c)? */
bool			 target_is_standalone(const struct target *);
/* When a server last began to take requests: monotonic, of the publication that brought it; 0:
 * never. */
int64_t			 target_joined_usec(const struct target *);
/* The plan of the last publish; NULL: there was none. */
const struct plan	*target_plan(const struct target *);

/* The publication is out: a file is in place, commands were accepted, or a response is ready. */
void	target_published(struct target *);
/* It is not out; the last good one stays in force. It is tried again after a while. */
void	target_failed(struct target *, const struct why *, const char *detail);
/* What was published is removed, or as good as. */
void	target_withdrawn(struct target *);
/*
 * Results of reading back: the proxy has what was published last; or it has not (PROXY_DIFFERS,
 * PROXY_REFUSED), or could not be read (any other reason). To be called with every reading.
 */
void	target_applied(struct target *);
void	target_not_applied(struct target *, const struct why *, const char *detail);
/* The same when what is expected at the URL ("Traefik's API") did not respond, or not well; a
 * password in the URL is not shown. */
void	target_unreachable(struct target *, const char *url, const char *expected,
	    const struct fetch_result *);
/* What the proxy reports of one server: weight < 0: not known; state: in its own words, or NULL. */
void	target_server_reported(struct target *, const char *server, int weight, const char *state);

/* ---- for the brain and the admin API ---- */

/* `world` NULL: there is no brain, and targets can only be withdrawn. */
struct targets	*targets_new(struct loop *, struct fetcher *, const struct world *);
void		 targets_free(struct targets **);
/* Targets whose configuration is the same live on. */
void		 targets_reconf(struct targets *, const struct conf *);
/* world_complete false: the world is not all that there is (yet), so nothing new is published. */
void		 targets_tick(struct targets *, int64_t now_usec, bool world_complete);
/* Replies with the target of this kind that `?target=` names; it may be missing if there is one. */
void		 targets_respond(struct targets *, const char *kind, struct request *);
/*
 * Withdraws what was published, and publishes no more until targets_resume, a reload that changes
 * the target, or a new start of Mola. Dry: nothing is done. Returns what is (or would be) done:
 * {"target", "state", "does": [sentence, ...]}, owned by the caller; NULL: there is no such target.
 */
json_t		*targets_withdraw(struct targets *, const char *name, bool dry);
json_t		*targets_resume(struct targets *, const char *name);	/* publishes everything again */
/* Without a brain: is the withdrawal over? *why: what went wrong; NULL: nothing. */
bool		 targets_is_withdrawn(const struct targets *, const char *name, const struct why **why,
		    const char **detail);
const char	*targets_online_only(const struct targets *, const char *name);	/* as in the driver */
json_t		*targets_view(const struct targets *, int64_t now_usec);	/* owned by the caller */

struct target_facts {			/* for metrics */
	const char	*name, *kind;
	const char	*state;		/* as in the API */
	const struct why *why;		/* it failed, or was refused; NULL: neither */
	const char	*detail;	/* of that */
	bool		 good;		/* the last publication succeeded */
	int		 applied;	/* 1: the proxy has it, 0: it has not, -1: not known */
	uint64_t	 publications, failures;
	int64_t		 published_usec;	/* monotonic, 0: never */
	const struct plan *plan;	/* NULL: none yet */
};
/* One after another, from *at 0 on; false: there are no more. */
bool		 targets_next(const struct targets *, unsigned *at, struct target_facts *);

#endif
