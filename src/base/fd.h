/*
 * fd: what all who write to descriptors need.
 */
#ifndef BASE_FD_H
#define BASE_FD_H

#include <stdbool.h>

#include "base/str.h"

/* All of it, to a file, a pipe or a socket that blocks; false: errno says why not. */
bool	fd_write(int fd, struct str);

#endif
