/*
 * parent: starts brain and workers, restarts what dies, and keeps what must outlive them:
 * listening sockets, shared blocks, the last table, the last good configuration. It parses
 * nothing foreign.
 */
#ifndef MAIN_PARENT_H
#define MAIN_PARENT_H

#include "conf/conf.h"

/* Takes the configuration. Returns the exit status when all is over. */
int	parent_run(struct conf *);

#endif
