/*
 * previous: where `docker service rollback` leads. Swarm keeps one previous specification of a service, which a move or a step
 * in the number of tasks replaces as any update does: then a rollback undoes that step, and the people's own version before
 * their last update is gone. What can be done is to say so, and to remember its image.
 */
#ifndef ENGINE_PREVIOUS_H
#define ENGINE_PREVIOUS_H

#include <jansson.h>

#include "base/buf.h"

struct previous;

struct previous	*previous_new(void);
void		 previous_free(struct previous **);

/* One look at a service object, out of spec_read. */
void		 previous_update(struct previous *, const char *name, const json_t *service);
/* Those that were not seen since the last sweep are forgotten. */
void		 previous_sweep(struct previous *);

/* The image that a rollback leads to, or led to before the last step; "" when nothing is known. */
const char	*previous_image(const struct previous *, const char *name);
/* Writes a sentence when a rollback would only undo a step; false: it leads where people expect. */
bool		 previous_explain(const struct previous *, const char *name, struct buf *);

#endif
