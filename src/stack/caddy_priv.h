/*
 * caddy_priv: labels of caddy-docker-proxy as the blocks of a Caddyfile. Private to the two files
 * of stack/ that read them.
 */
#ifndef STACK_CADDY_PRIV_H
#define STACK_CADDY_PRIV_H

#include "stack/foreign_priv.h"

#define CADDY_ARGS_MAX 32

struct caddy_block {			/* a site, or a handle, handle_path or route within */
	struct foreign_reading *r;
	const struct caddy_block *in;		/* NULL: a site */
	const char	*prefix;		/* of its labels */
	const char	*where;			/* a rule: its host or path; NULL: any */
	const char	*strip;			/* what handle_path takes off; NULL: nothing */
};

struct caddy_directive {
	const char	*name;			/* "basic_auth", without numbers */
	const char	*prefix;		/* of the label with its value, and of those below it */
	struct stack_at	 at;
	const char	*arg[CADDY_ARGS_MAX];
	unsigned	 nargs;
};

/* The directives of a block, or those below a directive, one after the other: `i` is 0 at first. */
bool	caddy_next(struct foreign_reading *, const char *prefix, unsigned *i,
	    struct caddy_directive *);
/* Takes a matcher off the arguments: NULL, none, or one for all requests; else a rule. False: it is
 * one by name, and that is reported. */
bool	caddy_matcher(struct foreign_reading *, struct caddy_directive *, const char **rule);

/* caddy_apply.c: what the directives of a block do to the route's requests, and those around it. */
void	caddy_apply(const struct caddy_block *, struct foreign_route *);
/* Where reverse_proxy leads to, and what is below it. False: not to this service. */
bool	caddy_proxy(struct foreign_reading *, struct caddy_directive *, struct foreign_route *);
/* Whether this directive is known at all; what is not is reported. */
bool	caddy_knows(struct foreign_reading *, const struct caddy_directive *);

#endif
