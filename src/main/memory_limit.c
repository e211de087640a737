/*
 * memory_limit: the limits of control groups, v1 and v2, read once at a worker's start. Must not
 * know who gives way when memory is short, or what for.
 */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/bug.h"
#include "base/fd.h"
#include "base/str.h"
#include "main/memory_limit.h"

#define MB		(UINT64_C(1) << 20)
#define MARGIN_PART	8		/* of the limit: the kernel's buffers of sockets, pages of files */
#define OTHERS_BYTES	(24 * MB)	/* the parent, the brain, what processes share */
#define START_BYTES	(8 * MB)	/* that a worker takes at its start, with its reserves */
/* For one thread, and some clients: in less it could not serve anybody. */
#define ROOM_LEAST	(16 * MB)

static bool
file_read(const char *path, char *text, size_t cap)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t n = 0;
	ssize_t got;

	if (fd < 0)
		return false;
	while (n + 1 < cap && (got = fd_read(fd, text + n, cap - 1 - n)) > 0)
		n += (size_t)got;
	close(fd);
	text[n] = '\0';
	return n > 0;
}

/* v1 has a number near the greatest where there is no limit, v2 the word max. */
static uint64_t
limit_in(const char *top, struct str path, const char *file)
{
	char full[PATH_MAX], text[64];
	struct str rest, number;
	uint64_t n;

	if (snprintf(full, sizeof full, "%s%.*s/%s", top, STR_ARG(path), file) >= (int)sizeof full ||
	    !file_read(full, text, sizeof text))
		return MEMORY_UNLIMITED;
	rest = str_of(text);
	if (!str_split(&rest, '\n', &number) || !str_to_u64(number, &n) || n >= UINT64_C(1) << 60)
		return MEMORY_UNLIMITED;
	return n;
}

/* From the group itself up. In a container its path may be one of the host, of which the mount
 * has the last part alone, as its root: what is not there is passed over. */
static uint64_t
limit_along(const char *top, struct str path, const char *file)
{
	uint64_t least = MEMORY_UNLIMITED, one;

	for (;;) {
		while (path.len > 0 && path.p[path.len - 1] == '/')
			path.len--;
		one = limit_in(top, path, file);
		least = one < least ? one : least;
		if (path.len == 0)
			return least;
		while (path.len > 0 && path.p[path.len - 1] != '/')
			path.len--;
	}
}

static bool
has_memory(struct str controllers)
{
	struct str one;

	while (str_split(&controllers, ',', &one))
		if (str_eq(one, STR("memory")))
			return true;
	return false;
}

uint64_t
memory_limit_of(const char *groups, const char *top)
{
	struct str rest = str_of(groups), line, number, controllers;
	uint64_t least = MEMORY_UNLIMITED;
	char path[PATH_MAX];

	while (str_split(&rest, '\n', &line)) {
		uint64_t one = MEMORY_UNLIMITED, hybrid = MEMORY_UNLIMITED;

		if (!str_split(&line, ':', &number) || !str_split(&line, ':', &controllers))
			continue;
		if (controllers.len == 0 && str_eq(number, STR("0"))) {
			snprintf(path, sizeof path, "%s/unified", top);
			hybrid = limit_along(path, line, "memory.max");
			one = limit_along(top, line, "memory.max");
		} else if (has_memory(controllers)) {
			snprintf(path, sizeof path, "%s/memory", top);
			one = limit_along(path, line, "memory.limit_in_bytes");
		}
		one = hybrid < one ? hybrid : one;
		least = one < least ? one : least;
	}
	return least;
}

uint64_t
memory_limit_room(uint64_t limit, unsigned workers)
{
	uint64_t taken = limit / MARGIN_PART + OTHERS_BYTES + workers * START_BYTES;

	ASSERT(workers > 0);
	if (limit == MEMORY_UNLIMITED)
		return MEMORY_UNLIMITED;
	if (limit < taken + workers * ROOM_LEAST)
		return ROOM_LEAST;
	return (limit - taken) / workers;
}

/* Bytes of memory of this process that are its own and may be written, as RLIMIT_DATA counts. */
static uint64_t
data_bytes(void)
{
	char text[256];
	unsigned long long pages;

	if (!file_read("/proc/self/statm", text, sizeof text) ||
	    sscanf(text, "%*u %*u %*u %*u %*u %llu", &pages) != 1)
		return 0;
	return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

void
memory_limit_share(unsigned workers)
{
	uint64_t room, has = data_bytes();
	struct rlimit r;
	char groups[8192];

	if (!file_read("/proc/self/cgroup", groups, sizeof groups) || has == 0)
		return;
	room = memory_limit_room(memory_limit_of(groups, "/sys/fs/cgroup"), workers);
	if (room == MEMORY_UNLIMITED || getrlimit(RLIMIT_DATA, &r) != 0)
		return;
	if (r.rlim_cur != RLIM_INFINITY && r.rlim_cur < has + START_BYTES + room)
		return;				/* somebody else's limit is less */
	r.rlim_cur = has + START_BYTES + room;
	setrlimit(RLIMIT_DATA, &r);		/* refused: it goes on as without */
}
