#include <errno.h>
#include <unistd.h>

#include "base/bug.h"
#include "base/fd.h"

bool
fd_write(int fd, struct str s)
{
	while (s.len > 0) {
		ssize_t n = write(fd, s.p, s.len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		ASSERT((size_t)n <= s.len);
		s.p += n;
		s.len -= (size_t)n;
	}
	return true;
}
