/*
 * flow: one direction of an exchange: bytes come in at one stream, are checked against their
 * framing, and go out at another. A page is read only when the one before has been written: that
 * is the back-pressure, and the bound on memory. A flow without bytes holds no page.
 */
#ifndef HTTP_FLOW_H
#define HTTP_FLOW_H

#include "http/encode.h"
#include "http/gather.h"
#include "http/h1_body.h"
#include "http/h1_read.h"
#include "http/share.h"
#include "http/slab.h"
#include "http/tap.h"
#include "net/stream.h"

#define PAGE_BYTES	16384		/* a larger head gets a page of its own size */

enum flow_wait { FLOW_SOURCE, FLOW_SINK };

enum flow_result {
	FLOW_MORE,		/* waits: `wait` is for which side */
	FLOW_YIELD,		/* could go on, but others want a turn too */
	FLOW_DONE,		/* the message is complete and written */
	FLOW_SOURCE_END,	/* the source ended its direction; all that came is written */
	FLOW_SOURCE_BROKEN,
	FLOW_SINK_BROKEN,
	FLOW_STARVED,		/* there is no memory for a page */
	FLOW_LARGE,		/* the body is larger than its reader takes */
	FLOW_BAD		/* the framing is malformed: nothing of the last piece was written */
};

struct flow {
	struct stream	*source, *sink;
	struct slab	*pages;			/* NULL: pages come from the heap */
	struct share	*share;
	char		*page;			/* NULL when empty */
	size_t		 cap;			/* of the page */
	/* of page: at..good may be written, good..end is not (yet) of this message */
	size_t		 at, good, end;
	size_t		 scanned;		/* bytes of an incomplete head that were looked at */
	bool		 starved;		/* the last flow_fill failed for want of memory */
	struct gather	 head;			/* goes before at..good; its slices lie in 0..at */
	size_t		 body_at;		/* of page: where the body began */
	bool		 keep;			/* the page keeps what was written, for flow_rewind, until it is full */
	size_t		 keep_most;		/* to so many bytes a page that is full grows for that; 0: it does not */
	bool		 whole;			/* it still holds the message from its beginning on */
	struct h1_body	 body;
	bool		 last;			/* the owner ends the sink's direction as soon as this message is written */
	bool		 bare;			/* chunked framing stays here: only data goes on */
	h1_watch_f	*watch;			/* of trailers, the owner's; NULL: nobody looks at them */
	void		*watch_arg;
	struct tap	*tap;			/* the owner's: gets a copy of the body; NULL: none is made */
	struct flow_stage *stage;		/* the body is encoded on its way; NULL: it is not */
	uint64_t	 body_bytes;		/* that came, framing included */
	uint64_t	 most;			/* bytes that the body may have, without framing */
	bool		 large;			/* it has more */
	int64_t		 moved_usec;		/* when bytes last moved, or were first waited for */
	enum flow_wait	 wait;
	int64_t		 since_usec;		/* when this wait began, 0: none is under way */
	int64_t		 waited_usec[2];	/* for either, during this message, up to this wait */
	bool		 over;			/* the owner's note: nothing more is to be moved */
};

/* An empty flow at the loop's present time. source and sink may be filled in later; without a
 * sink, what comes is dropped, once it was checked. */
void			 flow_init(struct flow *, struct slab *pages, struct share *,
    struct stream *source, struct stream *sink, int64_t now_usec);
void			 flow_fini(struct flow *);

/* Adds bytes at `end`; a page must have room. For heads, which are read whole before anything is
 * written. IO_FAIL and `starved`: there is no memory. */
enum io_result		 flow_fill(struct flow *, int64_t now_usec);
/* For a head that is still incomplete: a page that is full gets room up to `most` bytes.
 * False: there is no memory. */
bool			 flow_widen(struct flow *, size_t most);
struct str		 flow_unread(const struct flow *);	/* what came and is not consumed: good..end */

/* Whose head is read; a response to HEAD has no body. */
enum flow_head { FLOW_REQUEST, FLOW_RESPONSE, FLOW_RESPONSE_TO_HEAD };
/*
 * Reads until the whole head of a message is there, within the message's limits; nothing of it is
 * consumed. FLOW_DONE: it is, it takes *used bytes of flow_unread, and the message's slices point
 * into the page: flow_begin is next. FLOW_MORE: more of it must come. FLOW_SOURCE_END,
 * FLOW_SOURCE_BROKEN: no more comes. FLOW_STARVED. FLOW_BAD: *why is which rule of HTTP/1 it
 * breaks.
 */
enum flow_result	 flow_read_head(struct flow *, enum flow_head, struct message *, size_t *used,
			    const struct why **why, int64_t now_usec);
/*
 * Reads on behind a head that is there, until `most` bytes are unread. FLOW_DONE: more is there.
 * FLOW_LARGE: so much is there already. Else as flow_read_head. Whatever it returns, the head may
 * have moved, and is to be read again.
 */
enum flow_result	 flow_read_on(struct flow *, size_t most, int64_t now_usec);
/* The head took `used` bytes of flow_unread; its body begins. False: what already came of it is
 * malformed. */
bool			 flow_begin(struct flow *, size_t used, enum body_kind, uint64_t length);
/* From now on trailers of bodies that begin are shown to `watch`, until flow_next or flow_fini. */
void			 flow_watch_trailers(struct flow *, h1_watch_f *watch, void *arg);
/* No trailer of a request goes on; nothing of it has been sent, nor begun otherwise. */
void			 flow_drop_trailers(struct flow *);
/* The same for a response, whose framing is read leniently (h1_body.h). */
bool			 flow_begin_lenient(struct flow *, size_t used, enum body_kind, uint64_t length);
/* The same for a chunked response of which only the data goes on. */
bool			 flow_begin_bare(struct flow *, size_t used);
/*
 * The same for a response whose body is encoded on its way; the stage is the flow's. It goes on in
 * chunks, or until the connection's end.
 */
bool			 flow_begin_encoded(struct flow *, size_t used, enum body_kind, uint64_t length,
    struct flow_stage *);
struct flow_stage	*flow_stage_new(enum encoding, bool chunked,
    struct encode_budget *);		/* NULL: there is no memory */
uint64_t		 flow_stage_bytes(const struct flow_stage *);	/* of the encoded body, so far */
/* The same for a request whose body is to be read whole, without its framing: flow_read_body is
 * next. */
bool			 flow_begin_whole(struct flow *, size_t used, enum body_kind, uint64_t length);
/*
 * Reads until the whole body is there, of at most `most` bytes with its framing. FLOW_DONE:
 * flow_body has it, and the head is where it was unless the page had to grow (flow_head_bytes).
 * FLOW_MORE: more of it must come. FLOW_SOURCE_END, FLOW_SOURCE_BROKEN: no more comes.
 * FLOW_STARVED, FLOW_LARGE, FLOW_BAD.
 */
enum flow_result	 flow_read_body(struct flow *, size_t most, int64_t now_usec);
struct str		 flow_body(const struct flow *);	/* what came of it so far, while the flow is whole */
/* the head as it came, while the flow is whole */
struct str		 flow_head_bytes(const struct flow *);
/* The body that has begun may have no more bytes. False: it has more already. Once it has,
 * flow_run returns FLOW_LARGE, and nothing of the last piece was written. */
bool			 flow_limit(struct flow *, uint64_t most);
/* The body that has begun, none of which has been written, is copied from here on, to its end. */
void			 flow_set_tap(struct flow *, struct tap *);
uint64_t		 flow_data_bytes(const struct flow *);	/* of the body so far, without its framing */
/* Writes the head and moves body bytes, as far as they go now. */
enum flow_result	 flow_run(struct flow *, int64_t now_usec);
/* Only the writing half: IO_DONE when head and at..good are out. */
enum io_result		 flow_write(struct flow *, int64_t now_usec);
/* Another message goes out in the place of one that need not go on: it has no body. False: the
 * body of the first is not there to its end, and its rest has no reader. */
bool			 flow_replace(struct flow *);
/* The message goes out once more from its beginning, to another sink. It must be whole. */
void			 flow_rewind(struct flow *);
bool			 flow_begun(const struct flow *);	/* some of the message has gone out */
/* When a flow that waits will have waited so long in all for whom it waits for; never, if it does
 * not wait. */
int64_t			 flow_waits_until(const struct flow *, int64_t usec_in_all);
/* The waits so far do not count. */
void			 flow_excuse(struct flow *);
/* Forgets the message and its head; bytes beyond it move to the front of the page. */
void			 flow_next(struct flow *, int64_t now_usec);

#endif
