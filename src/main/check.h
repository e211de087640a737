/*
 * check: what `mola check` looks at besides the file.
 */
#ifndef MAIN_CHECK_H
#define MAIN_CHECK_H

#include "conf/conf.h"

int	check_swarm(const struct conf *);	/* the exit status */
/* The files of swarm.traefik.files. False: one of them cannot be used. */
bool	check_traefik(const struct conf *);

#endif
