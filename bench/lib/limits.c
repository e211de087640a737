#include <sys/resource.h>

#include "limits.h"

unsigned
limits_raise(void)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) != 0)
		return 256;
	r.rlim_cur = r.rlim_max;
	setrlimit(RLIMIT_NOFILE, &r);
	return r.rlim_max > 1000000 ? 1000000 : (unsigned)r.rlim_max;
}
