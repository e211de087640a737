/*
 * atomic_file: a file that another program watches, and that is never seen half written or empty:
 * a new one is written beside it under a name that no program reads, is synced to the disk, and
 * takes its place in one step.
 */
#ifndef TARGETS_ATOMIC_FILE_H
#define TARGETS_ATOMIC_FILE_H

#include <stddef.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/str.h"
#include "base/why.h"

#define FILE_DETAIL_MAX	200

/* Identifies what was written last: a file that another program has put there, or changed since,
 * is another. */
struct atomic_file_id {
	dev_t		 dev;
	ino_t		 ino;
	off_t		 bytes;
	struct timespec	 changed;
};

/* `path` is absolute; `text` is not empty. PROXY_FILE: the old file is still there, `detail` has
 * the reason, and the id is untouched. The mode and owner of a file that is replaced are kept. */
const struct why *atomic_file_write(const char *path, struct str text, struct atomic_file_id *,
		    char detail[FILE_DETAIL_MAX]);
/* Appends its contents. False, with errno: ENOENT, EFBIG (more than `out` can hold), or it cannot
 * be read. */
bool		 atomic_file_read(const char *path, struct buf *out);
bool		 atomic_file_is_same(const struct atomic_file_id *, const char *path);

#endif
