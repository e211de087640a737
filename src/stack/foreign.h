/*
 * foreign: what the labels and variables by which a service is meant for another proxy would be in
 * Mola's words: those of Traefik 1, 2 and 3, of caddy-docker-proxy, and of nginx-proxy. All of a
 * service is said, or nothing: what is not understood may have been meant to keep people out.
 */
#ifndef STACK_FOREIGN_H
#define STACK_FOREIGN_H

#include "base/buf.h"
#include "conf/conf.h"
#include "stack/stack.h"

struct foreign_line {
	const char	*label, *value;		/* label NULL: the comment alone */
	const char	*comment;		/* NULL: none */
	struct stack_at	 secret;		/* where the value stands that is not to be shown; file NULL: it may */
};

struct foreign {
	const char	*dialect;		/* whose they are, for people; NULL: there are none */
	struct stack_at	 at;			/* the first of them */
	struct foreign_line *line;		/* in the order in which people read them */
	unsigned	 nlines;
	struct stack_texts problem;		/* "FILE:LINE: why": then there are no lines */
	bool		 same;			/* there is nothing to write: the lines are comments */
	bool		 beside;		/* the lines are read beside the labels that it has */
};

/*
 * For each of several stacks of one Swarm, what there is to say of its services, in their order.
 * All texts are the stack's arena's. Nothing is said of a service that has labels of Mola's. Where
 * Mola would not serve by the new labels what it serves by those of Traefik, these stay.
 */
void	stack_foreign_all(struct stack *const *, unsigned nstacks, const struct conf *,
	    struct foreign *all[]);
/*
 * Labels of all services of a stack as a file that is put over the one that was read (docker
 * stack deploy -c FILE -c FRAGMENT). Secrets are not in it: a comment says where each stands.
 */
void	foreign_print(const struct stack *, const struct foreign *, struct buf *);

#endif
