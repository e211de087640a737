/*
 * The access log's reader, who may be away for a while, or gone: what is written to it goes to the simulator's function in any case.
 */
#include <errno.h>
#include <string.h>

#include "base/bug.h"
#include "base/sink.h"
#include "kernel_priv.h"

static struct {
	enum log_trouble trouble;
	uint64_t	 lost[PROCESSES];	/* since a line of the process was read last */
	uint64_t	 all;
	const char	*refused_to;		/* the end of what a write was refused of last */
} reader;

void
log_begin(void)
{
	memset(&reader, 0, sizeof reader);
}

int
kernel_log(kernel_line_f *line)
{
	k.line = line;
	reader.lost[k.process] = 0;
	return fd_of(file_new(LOG));
}

void
kernel_set_log(enum log_trouble t)
{
	reader.trouble = t;
}

uint64_t
kernel_log_lost(void)
{
	return reader.all;
}

bool
kernel_log_reads(uint64_t *lost)
{
	*lost = reader.lost[k.process];
	if (reader.trouble != LOG_BREAKS)
		reader.lost[k.process] = 0;
	return reader.trouble != LOG_BREAKS;
}

static ssize_t
lines_take(const char *p, size_t n)
{
	const char *s, *end;

	reader.refused_to = p + n;
	for (s = p; s < p + n; s = end + 1) {
		end = memchr(s, '\n', n - (size_t)(s - p));
		k.line(s, (size_t)(end - s));
		if (reader.trouble != LOG_BREAKS)
			continue;
		reader.lost[k.process]++;
		reader.all++;
	}
	return reader.trouble == LOG_BREAKS ? kernel_fail(EPIPE) : (ssize_t)n;
}

ssize_t	__wrap_write(int, const void *, size_t);
ssize_t	__real_write(int, const void *, size_t);

ssize_t
__wrap_write(int fd, const void *p, size_t n)
{
	if (!kernel_has(fd))
		return __real_write(fd, p, n);
	ASSERT(file_of(fd)->kind == LOG && ((const char *)p)[n - 1] == '\n');
	if (kernel_interrupted())
		return kernel_fail(EINTR);
	if (reader.trouble == LOG_STALLS)
		return kernel_fail(EAGAIN);
	return lines_take(p, n);
}

long	__wrap_sink_write_lines(const struct sink *, const char *, size_t);
long	__real_sink_write_lines(const struct sink *, const char *, size_t);

/* Whose first part is refused is lost as a whole: the rest comes to no write. */
long
__wrap_sink_write_lines(const struct sink *s, const char *p, size_t n)
{
	long put = __real_sink_write_lines(s, p, n);

	if (put < 0 && kernel_has(s->fd) && reader.refused_to < p + n)
		lines_take(reader.refused_to, (size_t)(p + n - reader.refused_to));
	return put;
}
