/*
 * stream: a connected byte stream on a loop, in five verbs. Plain TCP and unix here; tls.c will have the
 * same five. Edge-triggered: registered once for life, `readable` and `writable` remember what the
 * kernel last said, so a busy keep-alive connection costs no epoll_ctl.
 */
#ifndef NET_STREAM_H
#define NET_STREAM_H

#include <sys/uio.h>

#include "net/loop.h"
#include "net/sock.h"

enum io_result {
	IO_DONE,	/* some bytes moved */
	IO_AGAIN,	/* none now; the callback will say when */
	IO_EOF,		/* the other side has ended its direction (reads only) */
	IO_FAIL		/* broken; stream_error() says how */
};

struct stream;
typedef void	stream_f(void *arg);	/* something changed: try what you wanted to do */

/*
 * Lives inside its owner; zeroed memory is a closed stream. `private` is for net/ alone (tools/check_layers): what a
 * byte, an end or a readable socket means depends on what carries the stream, so others ask with the questions below.
 */
struct stream {
	struct stream_private {
		struct io	 io;
		struct loop	*loop;
		stream_f	*fn;
		void		*arg;
		bool		 open : 1;
		bool		 connecting : 1;	/* until first writable */
		bool		 readable : 1, writable : 1;
		bool		 hup : 1;		/* EPOLLHUP or EPOLLERR was seen */
		bool		 rdhup : 1;		/* EPOLLRDHUP was seen */
		bool		 end_follows : 1;
		int		 error;
		uint64_t	 bytes_in, bytes_out;
	} private;
};

/* Adopts a connected descriptor. */
void			 stream_open(struct stream *, struct loop *, int fd, stream_f *, void *arg);
/* Starts to connect; `fn` is called when it is done or failed: see stream_connected(). */
const struct why	*stream_connect(struct stream *, struct loop *, const struct addr *, stream_f *, void *arg);
/* IO_AGAIN: still waiting. IO_DONE: connected. */
enum io_result		 stream_connected(struct stream *);
/* A new owner for an open stream (idle pools). */
void			 stream_adopt(struct stream *, stream_f *, void *arg);

/* A read shorter than `cap` means the socket is drained: no second system call asks. cap > 0. */
enum io_result		 stream_read(struct stream *, void *, size_t cap, size_t *got);
/* The same bytes come again with the next read. */
enum io_result		 stream_peek(struct stream *, void *, size_t cap, size_t *got);
/* Asks the kernel, whatever the last event said, and takes nothing. IO_DONE: bytes wait. IO_AGAIN: neither bytes nor an end. */
enum io_result		 stream_look(struct stream *);
/* Takes as much as the socket has room for; *put may be less than the whole. At most 64 pieces. */
enum io_result		 stream_writev(struct stream *, const struct iovec *, int n, size_t *put);
void			 stream_shut(struct stream *);	/* ends our direction */
void			 stream_close(struct stream *);	/* closes; idempotent; the memory is the owner's */
void			 stream_reset(struct stream *);	/* closes so that the other side sees a break, not an end */

/* Our end's address: what the other side connected to. False: there is none, or it is a unix socket's. A system call. */
bool			 stream_local_addr(const struct stream *, struct addr *);

/* ---- questions; none of them is a system call ---- */

static inline bool
stream_is_open(const struct stream *s)
{
	return s->private.open;
}

/* The connection is not made yet; stream_connected() finds out whether it is. */
static inline bool
stream_is_connecting(const struct stream *s)
{
	return s->private.connecting;
}

/* A read is worth trying: bytes, an end or an error may wait. False: there was nothing, and `fn` will be called. */
static inline bool
stream_can_read(const struct stream *s)
{
	return s->private.readable;
}

/* Both directions are over, or the connection broke. Bytes that came before may still be unread. */
static inline bool
stream_is_broken(const struct stream *s)
{
	return s->private.hup;
}

/* The other side has ended its direction: the end follows the bytes that are still unread. */
static inline bool
stream_peer_ended(const struct stream *s)
{
	return s->private.rdhup;
}

/* Something has happened to it, and `fn` is called for that later in this turn. */
static inline bool
stream_has_event(const struct stream *s)
{
	return s->private.io.pending;
}

/* The errno of the IO_FAIL that came last. */
static inline int
stream_error(const struct stream *s)
{
	return s->private.error;
}

static inline uint64_t
stream_bytes_in(const struct stream *s)		/* that were read */
{
	return s->private.bytes_in;
}

static inline uint64_t
stream_bytes_out(const struct stream *s)	/* that were taken by writes */
{
	return s->private.bytes_out;
}

static inline struct loop *
stream_loop(const struct stream *s)
{
	return s->private.loop;
}

/* ---- hints of the owner ---- */

/* The next read tries, whatever the last event said: for an owner that was late to look. */
static inline void
stream_assume_readable(struct stream *s)
{
	s->private.readable = true;
}

/* True: our end follows the next write at once, and may share a packet with it. Holds until it is set again. */
static inline void
stream_end_follows(struct stream *s, bool yes)
{
	s->private.end_follows = yes;
}

#endif
