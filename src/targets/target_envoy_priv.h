/*
 * target_envoy_priv: what target_envoy.c (what is said), target_envoy_ask.c (who asks for it) and target_envoy_look.c
 * (reading it back) share. Nobody else's.
 */
#ifndef TARGETS_TARGET_ENVOY_PRIV_H
#define TARGETS_TARGET_ENVOY_PRIV_H

#include "drive/envoy_admin.h"
#include "targets/keep_file.h"
#include "targets/target.h"

/* What was said last of one service. It is renewed as long as there are tasks; without them, it is not taken back. */
struct envoy_said {
	char		*service, *cluster;
	char		*path;			/* its file, NULL: it is asked for */
	json_t		*assignment;
	struct buf	 text;			/* the whole answer with it alone */
	char		 version[ENVOY_VERSION];
	bool		 current;		/* has tasks now */
	bool		 placed;		/* the text stands in the file */
	struct keep_mark mark;
	bool		 keeps;			/* Envoy's cluster does not give up hosts that pass its health checks */
	double		 rejected;		/* Envoy's count of refused updates when it last had what was said; -1: not seen */
};

struct envoy_askers;
struct envoy_look;

struct envoy {
	struct target	*target;
	const struct conf_target *conf;
	struct envoy_said *said;
	unsigned	 nsaid;
	int64_t		 said_usec;		/* something new was, 0: nothing yet */
	int64_t		 beat_usec;		/* the files were put in place last, all of them */
	int64_t		 minded_usec;		/* and looked after */
	bool		 withdrawn;		/* nothing is to be said, until the next publication */
	struct envoy_askers *askers;		/* NULL: files */
	struct envoy_look *look;		/* NULL: nothing is read back */
};

struct envoy_said *envoy_said_of(const struct envoy *, const char *cluster);	/* NULL: of none */

struct envoy_askers *envoy_askers_new(void);
void	envoy_askers_free(struct envoy_askers **);
void	envoy_ask(struct envoy *, struct request *);
bool	envoy_is_asked(const struct envoy *);		/* of late, by anybody */
void	envoy_askers_judge(struct envoy *, int64_t now_usec);	/* what those that ask have taken */
void	envoy_askers_show(const struct envoy *, json_t *);

struct envoy_look *envoy_look_new(struct envoy *);
void	envoy_look_free(struct envoy_look **);
void	envoy_look_tick(struct envoy_look *, int64_t now_usec);

#endif
