/* door: the port of a simulated task of any protocol, which is closed for a while where the plan says so. */
#ifndef SIM_DOOR_H
#define SIM_DOOR_H

#include "plan.h"

struct door {
	struct port	 port;
	port_f		*accept;
	void		(*breaks)(void *task);
	bool		 resets;
	unsigned	 service, number;	/* of the task */
};

/* Open from now on. `accept` gets each connection; `breaks` is called when the door closes of a task whose plan says that its
 * connections break then. Both get `task`. */
void	door_open(struct door *, const struct plan *, unsigned service, unsigned number, struct host *, const struct addr *at,
	    port_f *accept, void (*breaks)(void *), void *task);

#endif
