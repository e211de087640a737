/*
 * variables: ${NAME} and the like in the values of a stack file, as Docker's own reader has them:
 * $NAME, ${NAME}, ${NAME:-else}, ${NAME-else}, ${NAME:?text}, ${NAME?text}, ${NAME:+then},
 * ${NAME+then}; $$ is a dollar. With a colon, a variable that is empty counts as one that is not
 * set. What stands for it may have variables itself.
 */
#ifndef STACK_VARIABLES_H
#define STACK_VARIABLES_H

#include "base/buf.h"

#define VARIABLES_PROBLEM	160

struct variables;		/* those of a file, before those of the environment */

struct variables	*variables_new(void);
void			 variables_free(struct variables **);
/*
 * The lines NAME=VALUE of a text such as .env; blank lines and comments (#) are skipped, a value
 * may be in quotes, NAME alone takes the environment's. Of a name twice, the last counts. False:
 * *line and `problem` say what is wrong.
 */
bool	variables_read(struct variables *, struct str text, int *line,
	    char problem[VARIABLES_PROBLEM]);
/* For tests: what would be the environment's. */
void	variables_set(struct variables *, struct str name, struct str value);

/* Called with each variable that is not set and has nothing in its place: it becomes nothing. */
typedef void	variables_unset_f(void *arg, struct str name);

/* Adds `text` to `out`. False: `problem`; or `out` is full, and there is none. */
bool	variables_expand(const struct variables *, struct str text, variables_unset_f *, void *arg,
	    struct buf *out, char problem[VARIABLES_PROBLEM]);

#endif
