/*
 * stack: the services of stack files, as `docker stack deploy` reads them: what of them matters to
 * whoever serves them. Files are read as a whole or not at all.
 */
#ifndef STACK_STACK_H
#define STACK_STACK_H

#include "base/arena.h"
#include "base/buf.h"
#include "stack/variables.h"

struct stack_at {			/* where something stands */
	const char	*file;
	int		 line;
};

struct stack_pair {			/* of a label, or a variable of the environment */
	const char	*name, *value;
	struct stack_at	 at;
};

struct stack_pairs {
	struct stack_pair *item;
	unsigned	 n;
};

struct stack_texts {
	const char	**item;
	unsigned	 n;
};

struct stack_port {
	unsigned	 target, published;	/* published 0: any */
	bool		 host, udp;
};

struct stack_mount {			/* a volume, or a config (`source` is its name in the stack) */
	const char	*type, *source, *target;
	const char	*file;			/* where it is written */
};

struct stack_service {
	const char	*name, *image;
	const char	*full;			/* in Docker: STACK_NAME, where the stack has a name */
	struct stack_at	 at;
	struct stack_pairs deploy;		/* deploy.labels: what Swarm has */
	struct stack_pairs container;		/* labels: what only a Docker without Swarm has */
	struct stack_pairs environment;
	struct stack_texts entrypoint, command;
	struct stack_texts networks;		/* by their names in Docker */
	struct stack_port *port;
	unsigned	 nports;
	struct stack_mount *mount, *config, *secret;
	unsigned	 nmounts, nconfigs, nsecrets;
	bool		 global;
	unsigned	 replicas;
};

struct stack_config {
	const char	*name, *path;		/* path NULL: it is not a file beside the stack */
};

struct stack {
	const char	*name;			/* NULL: nobody says it */
	struct stack_service *service;		/* in the order of the files */
	unsigned	 nservices;
	struct stack_config *config;
	unsigned	 nconfigs;
	bool		 of_compose;		/* no service has deploy.labels: labels are meant */
	struct arena	*arena;			/* of everything here, the stack included */
};

/* A line for people: "FILE:LINE: what". */
typedef void	stack_say_f(void *arg, const char *line);

/*
 * Files in their order, a later one adding to those before it. `warn` is called with what is
 * doubtful, `fail` with what is wrong: then NULL is returned.
 */
struct stack_reading {
	const char	*name;			/* of the stack, unless its files say it; may be NULL */
	const char *const *file;
	unsigned	 nfiles;
	const struct str *text;			/* of each; NULL: they are read */
	const struct variables *variables;
	stack_say_f	*warn, *fail;
	void		*arg;
};
struct stack	*stack_read(const struct stack_reading *);
void		 stack_free(struct stack **);

/* The labels by which a service is served: those of Swarm, or of a stack that is of_compose its
 * containers'. */
const struct stack_pairs *stack_labels(const struct stack *, const struct stack_service *);

#endif
