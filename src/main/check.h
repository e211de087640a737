/*
 * check: what `mola check` looks at besides the file.
 */
#ifndef MAIN_CHECK_H
#define MAIN_CHECK_H

#include "conf/conf.h"

int	check_swarm(const struct conf *);	/* the exit status */

#endif
