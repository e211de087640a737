/*
 * memory_limit: what the control group that Mola is in (a container's, a unit's) may have of
 * memory, and a worker's share of it. When a group reaches its limit the kernel ends a process: no
 * allocation fails before that, and so no client gives way (doc/why/0058).
 */
#ifndef MAIN_MEMORY_LIMIT_H
#define MAIN_MEMORY_LIMIT_H

#include <stdint.h>

#define MEMORY_UNLIMITED UINT64_MAX

/* In bytes, the least of the group and those that it is in. `groups`: the text of
 * /proc/self/cgroup; `top`: where hierarchies are mounted. */
uint64_t	memory_limit_of(const char *groups, const char *top);
/* How much more than at its start each of so many workers may have. */
uint64_t	memory_limit_room(uint64_t limit, unsigned workers);
/* For a worker that begins, while it may read files: what it allocates beyond its share fails. */
void		memory_limit_share(unsigned workers);

#endif
