/*
 * inner: a stream without a socket. At its other end is code of this process, such as an HTTP/2
 * connection that offers each of its streams as one. To its owner it is a stream as any other;
 * the other end is asked to read, write, shut and close through inner_ops, and reports what has
 * changed with inner_mark().
 *
 * Nothing is buffered here, and nothing is called on its own: after marks, the other end calls
 * inner_call() at a moment when the stream's owner may do anything, close it included.
 */
#ifndef NET_INNER_H
#define NET_INNER_H

#include "net/stream.h"

struct inner;

/* None may be missing. Results are those of the stream's operations; outputs come with IO_DONE. */
struct inner_ops {
	/* IO_EOF: the end, after all bytes. None of these three is called on a broken one. */
	enum io_result	(*read)(struct inner *, void *, size_t cap, size_t *got);
	enum io_result	(*peek)(struct inner *, void *, size_t cap, size_t *got);
	enum io_result	(*writev)(struct inner *, const struct iovec *, int n, size_t *put);
	/* The owner's direction has ended: once, and not after a break. Never waits. */
	void		(*shut)(struct inner *);
	/*
	 * The last call: the owner has closed it. `broken`: it wants that to be seen as a break;
	 * else shut came before, unless the other end had broken off.
	 */
	void		(*close)(struct inner *, bool broken);
};

/* Lives inside the other end's struct; zeroed, then `ops` and `under` are set. */
struct inner {
	struct inner_private {
		struct transport transport;
		struct stream	*stream;	/* NULL: closed */
		bool		 reset;
	} private;
	const struct inner_ops *ops;
	const struct stream *under;	/* whose address is ours; NULL: there is none */
};

enum inner_mark {
	INNER_READABLE = 1,	/* a read is worth trying: bytes wait, or the end */
	INNER_WRITABLE = 2,	/* there is room again */
	INNER_BROKEN = 4	/* it is over in both directions, and unread bytes are lost */
};

/* A stream that is connected at once, and neither readable nor writable until it is marked. */
void	inner_open(struct stream *, struct loop *, struct inner *, stream_f *, void *arg);
/* Does not call the owner. */
void	inner_mark(struct inner *, unsigned marks);
/* In a read: it took all that there is, and another is worth trying only after the next mark. */
void	inner_drained(struct inner *);
/* The owner learns of the marks. It may have closed the stream when this returns. */
void	inner_call(struct inner *);

/* The other end of a stream that is of this kind; NULL: it is not, or it is closed. */
const struct inner *inner_under(const struct stream *, const struct inner_ops *);

static inline bool
inner_is_open(const struct inner *n)
{
	return n->private.stream != NULL;
}

#endif
