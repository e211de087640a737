/*
 * stream: a connected byte stream on a loop. Its bytes go over a plain TCP or unix socket, or
 * through a transport that lies on top of it, such as TLS (transport_priv.h), or to other code
 * of this process (inner.h); owners need not know which.
 *
 * Edge-triggered: registered once for life and for both directions. `fn` is called at each
 * change, and the owner then tries again what it wanted to do: to read, to write, to shut. What
 * the kernel last reported is remembered, so a busy keep-alive connection costs no epoll_ctl
 * and an idle one no system call in vain. There is no news of bytes that were there before:
 * an owner that stops reading before IO_AGAIN must come back on its own (stream_can_read).
 */
#ifndef NET_STREAM_H
#define NET_STREAM_H

#include <sys/uio.h>

#include "net/loop.h"
#include "net/sock.h"

enum io_result {
	IO_DONE,	/* some bytes moved, or the operation (if it moves none) is complete */
	IO_AGAIN,	/* not now; `fn` will be called when it is worth another try */
	IO_EOF,		/* the other side has properly ended its direction (reads only) */
	IO_FAIL		/* broken or cut; stream_error() is the errno. Reads and writes fail from now on */
};

#define STREAM_PIECES_MAX 64	/* of one stream_writev */

struct stream;
typedef void	stream_f(void *arg);

/* What a stream's bytes go through, when that is not the bare socket: transport_priv.h, inner.h. */
struct transport {
	const struct transport_ops *ops;
};

/*
 * Lives inside its owner; zeroed memory is a closed stream. `private` is for net/ alone
 * (tools/check_layers): what a byte, an end or a readable socket means depends on the
 * transport, so others use the questions below.
 */
struct stream {
	struct stream_private {
		struct io	 io;
		struct loop	*loop;
		stream_f	*fn;
		void		*arg;
		struct transport *transport;	/* ours; NULL: plain */
		bool		 open : 1;
		bool		 connecting : 1;	/* the socket: until it is first writable */
		bool		 handshaking : 1;	/* the transport */
		bool		 readable : 1, writable : 1;	/* worth trying */
		bool		 broken : 1;		/* EPOLLHUP or EPOLLERR was seen */
		bool		 gone : 1;		/* a write has met a break that no end came before */
		bool		 peer_ended : 1;	/* EPOLLRDHUP was seen, or the transport's own end */
		bool		 cut : 1;		/* the other side's socket ended before its transport did */
		bool		 shut : 1;		/* our direction is over */
		bool		 end_follows : 1;
		int		 error;
		uint64_t	 bytes_in, bytes_out;
	} private;
};

/* ---- life ---- */

/* Adopts a connected descriptor, which is the stream's from now on. */
void			 stream_open(struct stream *, struct loop *, int fd, stream_f *, void *arg);
/*
 * Starts to connect; `fn` is called when it is done or failed: see stream_connected(). On
 * failure nothing is open.
 */
const struct why	*stream_connect(struct stream *, struct loop *, const struct addr *, stream_f *,
			    void *arg);
/*
 * From here on the bytes of an open stream go through the transport, which belongs to the
 * stream now. It is connecting again until the transport's handshake is over; reads and writes
 * before that carry it on and return IO_AGAIN.
 */
void			 stream_set_transport(struct stream *, struct transport *);
/* IO_AGAIN: still waiting, for the socket or the handshake. IO_DONE: connected. Never IO_EOF. */
enum io_result		 stream_connected(struct stream *);
/* A new owner for an open stream (idle pools). */
void			 stream_adopt(struct stream *, stream_f *, void *arg);
/* Idempotent; the memory is the owner's. See stream_may_close() for when nothing is lost. */
void			 stream_close(struct stream *);
void			 stream_reset(struct stream *);	/* closes so that the other side sees a break, not an end */

/* ---- bytes; outputs are untouched unless IO_DONE ---- */

/* 0 < *got <= cap. */
enum io_result		 stream_read(struct stream *, void *, size_t cap, size_t *got);
/* The same bytes come again with the next read. */
enum io_result		 stream_peek(struct stream *, void *, size_t cap, size_t *got);
/*
 * Finds out, whatever the last event was, and takes nothing. IO_DONE: bytes wait. IO_AGAIN:
 * neither bytes nor an end.
 */
enum io_result		 stream_look(struct stream *);
/* Bytes wait in the socket, whatever the transport has of them; changes nothing. */
bool			 stream_has_bytes(const struct stream *);
/*
 * Takes as much as there is room for; *put may be less than the whole. 1 to STREAM_PIECES_MAX
 * pieces.
 */
enum io_result		 stream_writev(struct stream *, const struct iovec *, int n, size_t *put);
/*
 * Ends our direction: no write may follow, reads go on. IO_AGAIN: what a transport has to send
 * for it does not fit yet, call it again. IO_FAIL: the other side will see a cut at most. Plain
 * streams never wait, and once done it costs nothing.
 */
enum io_result		 stream_shut(struct stream *);
/*
 * True: a close ends our direction properly now, with all that writes have taken. A plain stream's
 * always does; a transport's end is sent first, and true is what stream_shut() calls done.
 */
bool			 stream_may_close(struct stream *);

/*
 * Our end's address: what the other side connected to. False: there is none, or it is a unix
 * socket's. A system call.
 */
bool			 stream_local_addr(const struct stream *, struct addr *);

/* The other machine does not acknowledge: sock_is_cut_off(). Never of an inner stream. */
bool			 stream_is_cut_off(const struct stream *);

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
	return s->private.connecting || s->private.handshaking;
}

/* The socket is, what lies on it is not yet. */
static inline bool
stream_is_handshaking(const struct stream *s)
{
	return s->private.handshaking && !s->private.connecting;
}

/*
 * A read is worth trying: bytes, an end or an error may wait, in the socket or above. False:
 * `fn` will be called.
 */
static inline bool
stream_can_read(const struct stream *s)
{
	return s->private.readable;
}

/* Both directions are over, or the connection broke. Bytes that came before may still be unread. */
static inline bool
stream_is_broken(const struct stream *s)
{
	return s->private.broken;
}

/*
 * The other side has ended its direction, or was cut off: that follows the bytes that are still
 * unread.
 */
static inline bool
stream_peer_ended(const struct stream *s)
{
	return s->private.peer_ended;
}

/*
 * The IO_FAIL of a read was an end that the transport knows to be no proper one: bytes may be
 * missing. Never if plain.
 */
static inline bool
stream_was_cut(const struct stream *s)
{
	return s->private.cut;
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
stream_bytes_in(const struct stream *s)		/* that reads have returned */
{
	return s->private.bytes_in;
}

static inline uint64_t
stream_bytes_out(const struct stream *s)	/* that writes have taken */
{
	return s->private.bytes_out;
}

static inline struct loop *
stream_loop(const struct stream *s)
{
	return s->private.loop;
}

/* ---- hints of the owner ---- */

/* The next read tries, whatever the last event was: for an owner that was late to look. */
static inline void
stream_assume_readable(struct stream *s)
{
	s->private.readable = true;
}

/*
 * True: our end follows the next write at once, and may share a packet with it. Holds until it
 * is set again.
 */
static inline void
stream_end_follows(struct stream *s, bool yes)
{
	s->private.end_follows = yes;
}

#endif
