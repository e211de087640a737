/*
 * sink: a descriptor that lines are written to without ever waiting for the reader.
 */
#ifndef BASE_SINK_H
#define BASE_SINK_H

#include <stdbool.h>
#include <stddef.h>

struct sink {
	int	 fd;
	enum sink_kind { SINK_FILE, SINK_PIPE, SINK_SOCKET, SINK_POLLED } kind;
};

/*
 * At the start of a process, before rights are given up: the pipe or terminal at `fd` is opened
 * again, non-blocking, and takes its place. The open file description, which other processes may
 * share, stays as it is. Where that is refused, nothing changes.
 */
void	sink_unblock(int fd);
/* Finds out what kind of descriptor it is, and keeps it. */
void	sink_init(struct sink *, int fd);
/* a pipe takes a write of up to this many bytes whole or not at all, never mixed with another */
#define SINK_ATOMIC 4096
/* Bytes that were taken: 0 when the reader must read first, -1 when it is gone. `n` is 1 to
 * SINK_ATOMIC. */
long	sink_write(const struct sink *, const void *, size_t n);
/* The same for any number of lines, none longer than SINK_ATOMIC: a pipe gets whole ones only. */
long	sink_write_lines(const struct sink *, const char *, size_t n);

#endif
