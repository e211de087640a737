/*
 * target_envoy_priv: shared by target_envoy.c (what is published), target_envoy_rest.c (the
 * endpoint that Envoys poll) and target_envoy_readback.c (comparing what Envoy has).
 */
#ifndef TARGETS_TARGET_ENVOY_PRIV_H
#define TARGETS_TARGET_ENVOY_PRIV_H

#include "drive/envoy_admin.h"
#include "targets/atomic_file.h"
#include "targets/target.h"

/*
 * What was published last of one service: one xDS resource. It is renewed as long as there are
 * tasks; without them it is not renewed, and not withdrawn either.
 */
struct envoy_resource {
	char		*service, *cluster;
	char		*path;			/* its file; NULL: Envoys poll for it */
	json_t		*assignment;
	struct buf	 text;			/* a whole response with it alone */
	char		 version[ENVOY_VERSION];
	bool		 current;		/* there are tasks now */
	bool		 placed;		/* the file has this text, */
	struct atomic_file_id id;		/* and is this one */
	bool		 keeps_removed;		/* Envoy's cluster keeps hosts that pass its health checks */
	double		 rejected;		/* update_rejected when Envoy last had it; -1: not seen */
};

struct envoy_subscribers;
struct envoy_readback;

struct envoy_target {
	struct target	*target;
	const struct conf_target *conf;
	struct envoy_resource *resource;
	unsigned	 nresources;
	int64_t		 published_usec;	/* of the last plan; 0: there was none */
	int64_t		 refreshed_usec;	/* all files were placed again */
	int64_t		 checked_usec;		/* and compared with what was placed */
	bool		 withdrawn;		/* nothing is published until the next plan */
	struct envoy_subscribers *subscribers;	/* NULL: files */
	struct envoy_readback *readback;	/* NULL: nothing is read back */
};

/* NULL: there is none */
struct envoy_resource *envoy_find_resource(const struct envoy_target *, const char *cluster);

struct envoy_subscribers *envoy_subscribers_new(void);
void	envoy_subscribers_free(struct envoy_subscribers **);
/* Replies to a DiscoveryRequest. */
void	envoy_respond(struct envoy_target *, struct request *);
bool	envoy_has_subscribers(const struct envoy_target *);		/* of late */
/* Reports to the target which versions they have. */
void	envoy_subscribers_check(struct envoy_target *, int64_t now_usec);
void	envoy_subscribers_view(const struct envoy_target *, json_t *);

struct envoy_readback *envoy_readback_new(struct envoy_target *);
void	envoy_readback_free(struct envoy_readback **);
void	envoy_readback_tick(struct envoy_readback *, int64_t now_usec);

#endif
