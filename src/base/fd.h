/*
 * fd: what all who read and write descriptors need. A signal interrupts neither.
 */
#ifndef BASE_FD_H
#define BASE_FD_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/str.h"

struct buf;

/* A descriptor that a process cannot be without, at boot: where there is none, the process ends
 * with status 1, and says for `what` and why. */
int	must_fd(int fd, const char *what);

/* All of it, to a file, a pipe or a socket that blocks; false: errno says why not. */
bool	fd_write(int fd, struct str);

/* Closes it where it is one, which makes it -1. */
void	fd_close(int *fd);

/* As read(2). */
ssize_t	fd_read(int fd, void *, size_t bytes);

/* All up to its end, behind what `out` has; false: errno says why not, EFBIG: it is more than
 * fits. */
bool	fd_read_all(int fd, struct buf *out);

#endif
