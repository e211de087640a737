/*
 * brains: the process of Mola that makes tables (main/brain.c), and what its parent does: it passes tables on to workers, and when
 * the brain has ended, another one begins with the table in force (main/parent.c). The brain is the kernel's last process.
 */
#ifndef SIM_BRAINS_H
#define SIM_BRAINS_H

#include "plan.h"
#include "world/live.h"

/* A table has come; the descriptor is the callee's. */
typedef void	brains_table_f(int fd, uint64_t serial);

void		brains_none(void);		/* none ever began */
void		brains_begin(const struct plan *, struct addr at[SERVICES][TASKS], struct live *, struct phys *, brains_table_f *);
void		brains_end(void);		/* it stops, and its parent */
bool		brains_turn(int64_t *until);	/* as workers_turn */
int64_t		brains_well_since(void);	/* the same one, with this configuration; now: there is none, or it hangs */
bool		brains_were_killed(void);	/* what one had in memory is nobody's to give back */
uint64_t	brains_turns(void);

#endif
