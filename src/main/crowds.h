/*
 * crowds: logs when the work of others crowds a node (a hog was noticed), and when that is over.
 */
#ifndef MAIN_CROWDS_H
#define MAIN_CROWDS_H

#include "world/world.h"

/* After samples may have come. Only nodes that were sampled since are looked at. */
void	crowds_tick(struct world *);

#endif
