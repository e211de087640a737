/*
 * A worker that runs out of descriptors can neither accept, nor connect to a task, nor be handed
 * a table. So it takes fewer clients instead, and idle ones make room. Knows nothing of clients
 * but what they cost.
 */
#include <sys/resource.h>

#include "main/descriptors.h"

/* the loop, the parent, listeners, tables on their way, connections to tasks that wait idle */
#define OTHERS	64

void
descriptors_raise(void)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) != 0)
		return;
	r.rlim_cur = r.rlim_max;
	setrlimit(RLIMIT_NOFILE, &r);		/* refused: what there is has to do */
}

unsigned
descriptors_clients(unsigned wanted)
{
	struct rlimit r;
	rlim_t most;

	if (getrlimit(RLIMIT_NOFILE, &r) != 0 || r.rlim_cur == RLIM_INFINITY)
		return wanted;
	most = r.rlim_cur > OTHERS + 2 ? (r.rlim_cur - OTHERS) / 2 : 1;
	return wanted < most ? wanted : (unsigned)most;
}
