/*
 * placement: what a service object of the Engine API says on where its tasks may run, and the
 * edits that make a move: exclude nodes, and leave no trace. Everything else in a specification
 * passes through untouched.
 *
 * While a move is under way the service carries the label `mola.moving`: which Mola began it,
 * until when it may take, and what was added, so that any Mola that finds it, this one after a
 * restart or another one, can finish it.
 */
#ifndef DISCOVERY_PLACEMENT_H
#define DISCOVERY_PLACEMENT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "world/refusal.h"

#define PLACEMENT_LABEL	"mola.moving"
#define PLACEMENT_ID_MAX 64

/* Of a service object: what prevents moving it, and what prevents scaling it. */
enum refusal	placement_refusal(const json_t *service);
enum refusal	placement_scale_refusal(const json_t *service);
/* May its tasks run on this node object: it is ready and active, and satisfies the constraints. */
bool		placement_allows(const json_t *service, const json_t *node);

struct placement_mark {
	char	 by[PLACEMENT_ID_MAX];		/* which Mola moves it */
	int64_t	 since, until;			/* Unix seconds */
	char	 from[PLACEMENT_ID_MAX], to[PLACEMENT_ID_MAX];	/* node ids */
};

/* In a specification without a mark: excludes nodes by id, makes this update start-first,
 * and marks it. */
void	placement_begin(json_t *spec, const struct placement_mark *, const char *const *excluded,
	    unsigned n);
/* Of a service object: false, it is not being moved. A label that cannot be read gives an
 * empty mark, of no Mola. */
bool	placement_mark(const json_t *service, struct placement_mark *);
/* In a marked specification: makes the tasks on the node they came from the right ones again. */
void	placement_back(json_t *spec, const char *from);
/* Removes exactly what the two above have added. False: there was no mark, nothing changed. */
bool	placement_end(json_t *spec);

/* Of a service object */
enum update_state {
	UPDATE_NONE,
	UPDATE_RUNNING,
	UPDATE_PAUSED,
	UPDATE_COMPLETED,
	UPDATE_ROLLED_BACK
};
enum update_state placement_update(const json_t *service);
int64_t		placement_changed(const json_t *);	/* Unix seconds of the last change, 0: not known */
int		placement_replicas(const json_t *);	/* desired; -1: not a replicated service */
/* In a specification. False: not a replicated service. */
bool		placement_scale(json_t *spec, unsigned replicas);

#endif
