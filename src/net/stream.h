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
	IO_FAIL		/* broken; `error` holds the errno */
};

struct stream;
typedef void	stream_f(void *arg);	/* something changed: try what you wanted to do */

/* Lives inside its owner; zeroed memory is a closed stream. Fields are for reading. */
struct stream {
	struct io	 io;
	struct loop	*loop;
	stream_f	*fn;
	void		*arg;
	bool		 open;
	bool		 connecting;	/* until first writable */
	bool		 readable, writable;
	bool		 hup;		/* both directions are over or the connection broke */
	bool		 ending;	/* the owner's: our end follows the next write at once, they may share a packet */
	bool		 eof_hint;	/* EPOLLRDHUP was seen: an EOF follows the bytes still unread */
	int		 error;
	uint64_t	 bytes_in, bytes_out;
};

/* Adopts a connected descriptor. */
void			 stream_open(struct stream *, struct loop *, int fd, stream_f *, void *arg);
/* Starts to connect; `fn` is called when it is done or failed: see stream_connected(). */
const struct why	*stream_connect(struct stream *, struct loop *, const struct addr *, stream_f *, void *arg);
/* IO_AGAIN: still waiting. IO_DONE: connected. IO_FAIL: `error` says why. */
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

#endif
