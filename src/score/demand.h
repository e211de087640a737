/*
 * demand: R of the law, how many threads wanted a core on a node when it was sampled.
 */
#ifndef SCORE_DEMAND_H
#define SCORE_DEMAND_H

#include "world/sample.h"

#define DEMAND_SATURATED	0.9	/* of all cores: from here on "busy" says little about what waits behind it */

double	demand_threads(const struct sample *);

#endif
