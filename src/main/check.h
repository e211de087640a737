/*
 * check: what `mola check` looks at besides the file.
 */
#ifndef MAIN_CHECK_H
#define MAIN_CHECK_H

#include "conf/conf.h"

/* As conf_load, and waits for a pipe's end. */
struct conf *check_load(const char *file, struct buf *text, struct buf *errors);
int	check_swarm(const struct conf *);	/* the exit status */
/* The files of swarm.traefik.files. False: one of them cannot be used. */
bool	check_traefik(const struct conf *);

/* A warning for each target that would prefer its tasks that fail. Those of the file have had
 * theirs where it was read. */
void	check_unchecked(const struct conf *, const struct world_service *);

#define CHECK_STACKS_MAX 256

struct check_stack {
	const char	*stack[CHECK_STACKS_MAX];	/* each FILE[,FILE...] */
	const char	*env_file[CHECK_STACKS_MAX];
	unsigned	 nstacks, nenv_files;
	bool		 write_labels;		/* instead of what is served */
	const char	*conf;			/* NULL: the usual one */
};
/* The exit status: 0: all is served as meant, 1: something is not, 2: a file cannot be read. */
int	check_stack(const struct check_stack *);

#endif
