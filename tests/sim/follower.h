/*
 * follower: who has the brain's stream of events open all the time, as the dashboard does. As long as the brain is there, and its
 * configuration the same, it is not ended, and something comes on it every few seconds.
 */
#ifndef SIM_FOLLOWER_H
#define SIM_FOLLOWER_H

#include "plan.h"

void	follower_begin(const struct plan *);
void	follower_end(void);

#endif
