/*
 * trace: the ID of a request, and the trace that it belongs to: which of its client's are kept,
 * what the task is sent, and the spans that are left when it is over. A request has a struct trace
 * only where the configuration wants one of both.
 */
#ifndef PROXY_TRACE_H
#define PROXY_TRACE_H

#include "base/buf.h"
#include "http/message.h"
#include "proxy/span.h"

#define TRACE_FIELD_MAX	64		/* of the name of the field that IDs are in, with its NUL */
#define TRACE_ID_MAX	128		/* bytes of an ID: a longer one is none */

/* KEEP: those that trusted clients send. MAKE: the same, and others have one of ours. */
enum trace_ids { TRACE_IDS_OFF, TRACE_IDS_KEEP, TRACE_IDS_MAKE };
/* Whose traceparent counts. Of others a trace of our own begins. */
enum trace_parents { TRACE_PARENTS_TRUSTED, TRACE_PARENTS_ANY, TRACE_PARENTS_NONE };

struct trace_conf {
	enum trace_ids	 ids;
	char		 id_field[TRACE_FIELD_MAX];
	bool		 spans;			/* are made, and tasks are sent a traceparent */
	enum trace_parents parents;
	double		 ratio;			/* of traces that begin here, how many are recorded */
};

/* What a worker needs for all of them. */
struct tracer {
	struct trace_conf conf;
	bool		 on;			/* one of both is wanted */
	const char	*id_edit;		/* the field, as edits have its name; kept as long as the proxy */
	uint8_t		 random[512];
	unsigned	 used;			/* of these */
	struct buf	 spans;			/* lines that are to be handed over */
	uint64_t	 lost;			/* that had no room there */
};

struct trace {
	struct trace_context context;
	uint8_t		 own[TRACE_SPAN_BYTES], parent[TRACE_SPAN_BYTES];
	bool		 spans;			/* `context` is there, and the task is sent it */
	char		 traceparent[TRACE_CONTEXT_TEXT];
	char		 id[TRACE_ID_MAX + 1];	/* empty: none */
	bool		 made;			/* the ID is ours, and the task is sent it */
	/* of the one that is recorded; else NULL */
	struct span_request *request;
	char		 target[512];
};

void	tracer_init(struct tracer *);
void	tracer_fini(struct tracer *);
/* id_edit is the caller's. */
void	tracer_set_conf(struct tracer *, const struct trace_conf *);

/*
 * A request has come. Fields of its message that are not believed are marked as not to go on.
 * NULL: there is no memory for it, and the request goes on without.
 */
struct trace	*trace_begin(struct tracer *, struct message *, bool trusted);
void		 trace_edit(const struct trace *, const struct tracer *, struct edits *);
/* What the task is sent: as filters have left it. */
void		 trace_set_target(struct trace *, struct str target);
/* Which router it has (empty: of none), and the path of its route. */
void		 trace_set_route(struct trace *, struct str router, struct str path);
bool		 trace_is_recorded(const struct trace *);
/* Adds its spans; the caller has filled in what the exchange knows. */
void		 trace_record(const struct trace *, struct tracer *, struct span_exchange *);
void		 trace_free(struct trace **);

#endif
