/*
 * buf: bytes that grow up to a limit that is set at the start. Past it, nothing more is added and
 * `full` is true; writers may go on without looking and check once at the end.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "base/str.h"

struct buf {
	char	*p;
	size_t	 len, cap, max;
	bool	 full;
};

void		buf_init(struct buf *, size_t max_bytes);
void		buf_fini(struct buf *);
void		buf_clear(struct buf *);
bool		buf_add(struct buf *, const void *, size_t);	/* false: it did not fit; not of this buffer */
bool		buf_adds(struct buf *, struct str);
bool		buf_printf(struct buf *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void		buf_eat(struct buf *, size_t from_the_front);
struct str	buf_str(const struct buf *);

#endif
