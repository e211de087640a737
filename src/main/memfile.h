/*
 * memfile: a text as a sealed descriptor, to hand from process to process whole or not at all.
 */
#ifndef MAIN_MEMFILE_H
#define MAIN_MEMFILE_H

#include "base/buf.h"

int	memfile_seal(struct str text);			/* -1 with errno; the caller closes */
/* false: not sealed, too large for `out`, unreadable */
bool	memfile_read(int fd, struct buf *out);

#endif
