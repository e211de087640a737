/*
 * target_envoy_priv: what target_envoy.c (what is said), target_envoy_rest.c (who asks for it) and target_envoy_readback.c
 * (reading it back) share. Nobody else's.
 */
#ifndef TARGETS_TARGET_ENVOY_PRIV_H
#define TARGETS_TARGET_ENVOY_PRIV_H

#include "drive/envoy_admin.h"
#include "targets/atomic_file.h"
#include "targets/target.h"

/* What was said last of one service. It is renewed as long as there are tasks; without them, it is not taken back. */
struct envoy_resource {
	char		*service, *cluster;
	char		*path;			/* its file, NULL: it is asked for */
	json_t		*assignment;
	struct buf	 text;			/* the whole answer with it alone */
	char		 version[ENVOY_VERSION];
	bool		 current;		/* has tasks now */
	bool		 placed;		/* the text stands in the file */
	struct atomic_file_id mark;
	bool		 keeps;			/* Envoy's cluster does not give up hosts that pass its health checks */
	double		 rejected;		/* Envoy's count of refused updates when it last had what was said; -1: not seen */
};

struct envoy_subscribers;
struct envoy_readback;

struct envoy {
	struct target	*target;
	const struct conf_target *conf;
	struct envoy_resource *resource;
	unsigned	 nresources;
	int64_t		 published_usec;		/* something new was, 0: nothing yet */
	int64_t		 beat_usec;		/* the files were put in place last, all of them */
	int64_t		 minded_usec;		/* and looked after */
	bool		 withdrawn;		/* nothing is to be said, until the next publication */
	struct envoy_subscribers *subscribers;		/* NULL: files */
	struct envoy_readback *look;		/* NULL: nothing is read back */
};

struct envoy_resource *envoy_find_resource(const struct envoy *, const char *cluster);	/* NULL: of none */

struct envoy_subscribers *envoy_subscribers_new(void);
void	envoy_subscribers_free(struct envoy_subscribers **);
void	envoy_respond(struct envoy *, struct request *);
bool	envoy_has_subscribers(const struct envoy *);		/* of late, by anybody */
void	envoy_subscribers_check(struct envoy *, int64_t now_usec);	/* what those that ask have taken */
void	envoy_subscribers_view(const struct envoy *, json_t *);

struct envoy_readback *envoy_readback_new(struct envoy *);
void	envoy_readback_free(struct envoy_readback **);
void	envoy_readback_tick(struct envoy_readback *, int64_t now_usec);

#endif
