/*
 * atomic_file: a file that somebody else watches and that is never seen half written, nor empty: a new one is made beside it
 * under a name that nobody reads, is on the disk, and takes its place in one step.
 */
#ifndef TARGETS_ATOMIC_FILE_H
#define TARGETS_ATOMIC_FILE_H

#include <stddef.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/str.h"
#include "base/why.h"

#define FILE_DETAIL_MAX	200

/* Tells what was written last from what somebody else has put there or changed since. */
struct atomic_file_id {
	dev_t		 dev;
	ino_t		 ino;
	off_t		 bytes;
	struct timespec	 changed;
};

/* `path` is absolute; `text` is not empty. PROXY_FILE: what stood there before stands there still, `detail` says
 * what was wrong, and the mark is as it was. The mode of a file that is replaced is kept. */
const struct why *atomic_file_write(const char *path, struct str text, struct atomic_file_id *, char detail[FILE_DETAIL_MAX]);
/* Adds what stands there. False, with errno: no such file (ENOENT), not to be read, or larger than `out` may become. */
bool		 atomic_file_read(const char *path, struct buf *out);
bool		 atomic_file_is_same(const struct atomic_file_id *, const char *path);

#endif
