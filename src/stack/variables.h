/*
 * variables: ${NAME} and the like in the values of a stack file, as `docker stack deploy` has them:
 * $NAME, ${NAME}, ${NAME:-else}, ${NAME-else}, ${NAME:?text}, ${NAME?text}; $$ is a dollar. With a
 * colon, a variable that is empty counts as one that is not set. Also what Docker Compose has:
 * ${NAME:+then}, ${NAME+then}, and ${OTHER} in `else`, which is doubtful.
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

/* What is doubtful: UNSET: the variable is not set and has nothing in its place: it becomes
 * nothing. NESTED: a variable in what stands for it, which is for Docker Compose alone. GREEDY:
 * $NAME without braces, whose `else` reaches to the end of the value. */
enum variables_doubt { VARIABLES_UNSET, VARIABLES_NESTED, VARIABLES_GREEDY };
typedef void	variables_doubt_f(void *arg, enum variables_doubt, struct str name);

/* Adds `text` to `out`. False: `problem`; or `out` is full, and there is none. */
bool	variables_expand(const struct variables *, struct str text, variables_doubt_f *, void *arg,
	    struct buf *out, char problem[VARIABLES_PROBLEM]);

#endif
