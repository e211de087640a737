/*
 * h1_body: how many of the bytes that arrive belong to this message. Looks at framing, keeps no
 * bytes. Chunked framing is checked strictly and may be passed on as it came, but for the cuts:
 * bytes that do not go on.
 */
#ifndef HTTP_H1_BODY_H
#define HTTP_H1_BODY_H

#include "base/why.h"
#include "http/h1_read.h"

#define H1_CUTS_MAX 8

struct h1_cut {
	size_t	at, len;	/* in the piece that was eaten last */
};

/* Looks at a trailer that may go on. True: it shall not. */
typedef bool	h1_watch_f(void *arg, struct str name, struct str value);

struct h1_body {
	enum body_kind	kind;
	uint64_t	left;		/* bytes left of the length, or of this chunk's data */
	uint8_t		state;		/* place within chunked framing: private to h1_body.c */
	bool		lenient;	/* a response: blanks after a chunk's size are cut, not refused */
	bool		trailerless;	/* no trailer goes on */
	bool		done;
	uint64_t	data;		/* bytes of chunks so far, without their framing */
	uint16_t	line;		/* bytes of the present size line */
	uint32_t	trailer;	/* bytes of all trailer lines */
	h1_watch_f	*watch;		/* the owner's, for trailers; NULL: nobody looks */
	void		*watch_arg;
	unsigned	ncuts;
	struct h1_cut	cut[H1_CUTS_MAX];	/* in order, within the *used bytes */
};

void		h1_body_init(struct h1_body *, enum body_kind, uint64_t length);
/*
 * DONE: the body ends after *used bytes (0 <= *used <= len). MORE: *used bytes belong to it,
 * and more follow; *used < len when no more cuts fit, or a trailer line is still
 * incomplete: call again with what was not used and more. BAD: the framing is broken, nothing of
 * this piece may be passed on. BODY_UNTIL_CLOSE never ends here: the connection's end is the
 * body's.
 * Cut are trailers that may not be such (RFC 9110, 6.5.1): a server that merges them into the
 * head would read another length, host, user or client there than the one that we went by.
 */
enum parse	h1_body_eat(struct h1_body *, const char *p, size_t len, size_t *used);
/*
 * The same, when the data alone goes on: of the *used bytes, *data are left, at the front of p;
 * what was not used stays where it is. For BODY_CHUNKED.
 */
enum parse	h1_body_bare(struct h1_body *, char *p, size_t len, size_t *used, size_t *data);
/* The same, and `trailer` is called with each trailer that may go on: its line without the CRLF. */
typedef void	h1_trailer_f(void *arg, struct str line);
enum parse	h1_body_split(struct h1_body *, char *p, size_t len, size_t *used, size_t *data,
		    h1_trailer_f *trailer, void *arg);

#endif
