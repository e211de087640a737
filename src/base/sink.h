/*
 * sink: a descriptor that lines are written to without ever waiting for whoever reads them.
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
 * At the start of a process, before rights are given up: the pipe or terminal at `fd` is opened anew without blocking and
 * takes its place. The description that others may share with us is left as it is. Where that is refused, nothing changes.
 */
void	sink_unblock(int fd);
/* Looks what kind of a descriptor it is, and keeps it. */
void	sink_init(struct sink *, int fd);
#define SINK_ATOMIC 4096	/* so many bytes a pipe takes whole or not at all: nobody else's come between */
/* Bytes that were taken: 0 when the reader must read first, -1 when it is gone. `n` at most SINK_ATOMIC. */
long	sink_write(const struct sink *, const void *, size_t n);
/* The same for any number of lines, none longer than SINK_ATOMIC: a pipe gets whole ones only. */
long	sink_write_lines(const struct sink *, const char *, size_t n);

#endif
