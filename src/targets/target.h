/*
 * target: one proxy that is not ours and that is told what to do, and the life that all kinds share: when it is time
 * to publish (members changed, or a share moved by more than the hysteresis, but not within the interval), what
 * was published last, what became of it, and what people are told. A kind knows one way to speak: target_*.c.
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

/* --- for kinds --- */

struct target_driver {
	void	*(*open)(struct target *);	/* never NULL */
	void	 (*close)(void *);
	/*
	 * Say this from now on. Leads to target_published or target_failed, now or later, once; a publication that comes
	 * while one is under way replaces it. The plan stays valid until the next publish has returned, or close.
	 */
	void	 (*publish)(void *, const struct plan *);
	/*
	 * Take away what was published, by this process or by one before it, and nothing else; until the next publish, leave the
	 * proxy alone. Leads to target_withdrawn or target_failed, now or later; may come again, and without any plan.
	 */
	void	 (*withdraw)(void *);
	/* Adds a sentence for each thing that withdraw would do. */
	void	 (*would)(const void *, json_t *sentences);
	const char *offline;			/* why nobody but a running Mola can withdraw it; NULL: anybody can */
	void	 (*tick)(void *, int64_t now_usec);	/* every 100 ms; NULL: not needed */
	/* Somebody has asked one of our doors for it (targets_respond); NULL: this kind has none. */
	void	 (*answer)(void *, struct request *);
	void	 (*show)(const void *, json_t *target);	/* adds what is its own to /api/v1/targets; NULL: nothing */
};

extern const struct target_driver target_driver_traefik_file, target_driver_traefik_http, target_driver_haproxy,
    target_driver_haproxy_agent, target_driver_envoy_file, target_driver_envoy_rest;

/* What a kind has to work with, for as long as it is open. */
struct loop		*target_loop(const struct target *);
struct fetcher		*target_fetcher(const struct target *);
const struct conf_target *target_conf(const struct target *);
const char		*target_name(const struct target *);
/* There is no brain: it was opened to be withdrawn (main/withdraw.c). */
bool			 target_is_standalone(const struct target *);
/* When a server last came to take requests (monotonic, of the publication that said so); 0: none yet. */
int64_t			 target_joined_usec(const struct target *);
/* What it should say now: the plan of the last publish; NULL: nothing yet. */
const struct plan	*target_plan(const struct target *);

/* The publication is out (a file is in place, commands were answered, an answer lies ready). */
void	target_published(struct target *);
/* It is not; the last good one stays in force. It is tried again after a while. */
void	target_failed(struct target *, const struct why *, const char *detail);
/* What was published is taken away, or as good as. */
void	target_withdrawn(struct target *);
/* Read back: the proxy has what was published last, or has something else (PROXY_DIFFERS, PROXY_REFUSED); any other
 * reason says that it could not be seen. Say it as often as you look. */
void	target_applied(struct target *);
void	target_not_applied(struct target *, const struct why *, const char *detail);
/* The same when what is expected at the URL ("Traefik's API") did not answer, or not well; a password in the URL is not told. */
void	target_unreachable(struct target *, const char *url, const char *expected, const struct fetch_result *);
/* What the proxy itself says of one server; weight < 0: nothing of it. `state` is its own word, or NULL. */
void	target_server_reported(struct target *, const char *service, const char *server, int weight, const char *state);

/* --- for the brain and the admin API --- */

struct targets	*targets_new(struct loop *, struct fetcher *, const struct world *);
void		 targets_free(struct targets **);
void		 targets_reconf(struct targets *, const struct conf *);	/* those that are the same live on */
/* Not known: the world is not all that there is, so nobody is told of it; what was said is kept up. */
void		 targets_tick(struct targets *, int64_t now_usec, bool known);
bool		 targets_any(const struct targets *);
/* Lets the target of this kind answer that `?target=` names; without it, there must be one alone. */
void		 targets_respond(struct targets *, const char *kind, struct request *);
/*
 * What people want taken away, and publications to stop until they resume, a reload changes the target, or Mola starts anew. Dry:
 * nothing is done. Returns what is (or would be) done, {"target", "state", "does": [sentence, ...]}; NULL: there is no such target.
 */
json_t		*targets_withdraw(struct targets *, const char *name, bool dry);
json_t		*targets_resume(struct targets *, const char *name);		/* publishes all again */
/* For one that is run without a brain: whether it is over, and if so, what was wrong; NULL: nothing. */
bool		 targets_is_withdrawn(const struct targets *, const char *name, const struct why **, const char **detail);
const char	*targets_online_only(const struct targets *, const char *name);	/* as in the kind */
json_t		*targets_view(const struct targets *, int64_t now_usec);

struct target_facts {			/* for metrics */
	const char	*name, *kind;
	bool		 good;		/* the last publication went well */
	int		 taken;		/* 1: the proxy has it, 0: it has not, -1: not known */
	uint64_t	 publications, failures;
	int64_t		 published_usec;	/* monotonic, 0: never */
	const struct plan *plan;	/* NULL: none yet */
};
bool		 targets_next(const struct targets *, unsigned *at, struct target_facts *);

#endif
