/*
 * previous: what `docker service rollback` would restore. Swarm keeps one previous
 * specification of a service, which a move or a step in the number of tasks replaces as any
 * update does: then a rollback undoes that step, and the version before the people's own last
 * update is gone. What can be done is to say so, and to remember its image.
 */
#ifndef ENGINE_PREVIOUS_H
#define ENGINE_PREVIOUS_H

#include <jansson.h>

#include "base/buf.h"

struct previous;

struct previous	*previous_new(void);
void		 previous_free(struct previous **);

/* Reads a service object, out of spec_read. */
void		 previous_update(struct previous *, const char *name, const json_t *service);
/* Forgets services that were not updated since the last sweep. */
void		 previous_sweep(struct previous *);

/* The image that a rollback restores, or did before the last step; "" when nothing is known. */
const char	*previous_image(const struct previous *, const char *name);
/* Writes a sentence when a rollback would only undo a step; false: it does what people expect. */
bool		 previous_explain(const struct previous *, const char *name, struct buf *);

#endif
