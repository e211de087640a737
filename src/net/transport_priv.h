/*
 * transport: what carries a stream's bytes when that is not the bare socket. A plain stream has
 * none: stream.c makes its system calls itself, without an indirect call. A transport embeds
 * struct transport as its first member, is handed to stream_set_transport(), and uses the
 * stream's socket and private fields; nothing outside of net/ does.
 *
 * stream.c has checked the arguments when it calls, counts bytes, and clears `readable` or
 * `writable` when an operation returned IO_AGAIN. Setting them again is up to its events and to
 * the transport's `ready`.
 */
#ifndef NET_TRANSPORT_PRIV_H
#define NET_TRANSPORT_PRIV_H

#include "net/stream.h"

struct transport_ops {
	/*
	 * Until it has returned IO_DONE, only ready and free are called besides. IO_AGAIN,
	 * IO_DONE or IO_FAIL.
	 */
	enum io_result	(*handshake)(struct stream *);
	/*
	 * IO_EOF for the transport's own end alone. The end of the socket before that is a cut:
	 * IO_FAIL with `cut` set and an errno in `error`. `readable` stays set while bytes are
	 * buffered above the socket.
	 */
	enum io_result	(*read)(struct stream *, void *, size_t cap, size_t *got);
	enum io_result	(*peek)(struct stream *, void *, size_t cap, size_t *got);
	/* What it takes and does not get out at once stays with it: see ready and shut. */
	enum io_result	(*writev)(struct stream *, const struct iovec *, int n, size_t *put);
	/* Sends its own end, after all that is unsent; stream.c ends the socket's direction then. */
	enum io_result	(*shut)(struct stream *);
	/*
	 * After each event of the socket, before the owner learns of it, and before a look at the
	 * socket: sends what is unsent, and sets `readable` when a read has waited for the socket
	 * to take bytes, or `writable` when a write has waited for bytes to come.
	 */
	void		(*ready)(struct stream *);
	/*
	 * The stream is about to close so that the other side sees a break. Only for a transport
	 * without a socket, whose io.fd is -1: where there is one, the kernel does it.
	 */
	void		(*reset)(struct stream *);
	/* Likewise: our end's address; false: there is none. */
	bool		(*local_addr)(const struct stream *, struct addr *);
	void		(*free)(struct transport *);	/* the stream closes; sends nothing */
};

#endif
