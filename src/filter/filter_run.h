/*
 * filter_run: a request on its way through the filters of its route, and its response on the way
 * back. The request is what the client sent with the proxy's own edits; filters see what earlier
 * ones made of it. Response filters run in the opposite order, over those that the request has
 * passed, and on responses of our own, too.
 *
 * A filter may wait, for a moment or for what it has asked for; the run goes on where it stopped.
 */
#ifndef FILTER_FILTER_RUN_H
#define FILTER_FILTER_RUN_H

#include "base/why.h"
#include "http/encode.h"
#include "filter/filter_means.h"
#include "http/message.h"
#include "world/filter.h"
#include "world/limits.h"

struct filter_run;

struct filter_facts {			/* of the client; lives as long as the run */
	const uint8_t	*ip;		/* 16 bytes: the other end of the connection; v4 as v4-mapped */
	struct str	 peer;		/* the same as text: the last of X-Forwarded-For */
	bool		 tls;
	struct str	 certs;		/* that it has shown, in DER; the first is its own. Empty: none */
	struct filter_means *means;	/* of the worker */
	struct limits	*limits;	/* what all workers count; */
	unsigned	 worker;	/* who this one is, */
	struct str	 service, router;	/* and for whom they count it */
	/* what a filter waits for is there: filter_run_request is to be called again; not from within
	 * any function of the run. NULL: nobody listens, and only time is waited for. */
	void		(*wake)(void *arg);
	void		*wake_arg;
	/* called with what each filter made of the request; NULL: nobody counts */
	void		(*count)(void *arg, enum filter_kind, enum filter_outcome);
	void		*count_arg;
};

struct filter_end {			/* what came of an exchange */
	int		 status;	/* of its response; 0: the client got none */
	int64_t		 usec;		/* when it was over */
	bool		 no_room;	/* Mola refused it for want of room: no task was sent it */
};

struct filter_tries {			/* how often the request may be sent to tasks */
	unsigned	 most;		/* 0: no filter says anything of that */
	int64_t		 interval_usec;	/* before a task gets it once more */
};

/* What filters want to become of bodies on their way. */
struct filter_body {
	uint64_t	 request_most, response_most;	/* bytes; 0: any number */
	enum encoding	 encoding;	/* of the response that was edited last */
};

enum filter_verdict {
	FILTER_PASS,
	FILTER_RESPOND,		/* it goes no further: a filter has responded, or it cannot go on */
	FILTER_WAIT		/* until it is woken, or until its time is up */
};

/* The chain must live as long as the run, and so must what the head was read from and what its
 * edits point at; the message itself need not. NULL: there is no memory. */
struct filter_run	*filter_run_new(const struct filter_chain *, const struct filter_facts *,
			    const struct message *, const struct edits *);
/* Also while a filter waits. What was written of its messages must have been sent. */
void			 filter_run_free(struct filter_run **);
/* For filters that count requests; before it is freed. */
void			 filter_run_end(struct filter_run *, const struct filter_end *);
/* One of them counts this request until its response has ended, or, when it has become a tunnel,
 * until that has ended. */
bool			 filter_run_counts(const struct filter_run *, bool tunnel);

/*
 * Goes on with the first filter that the request has not passed. PASS: it has passed all of them,
 * and filter_run_message is what goes to the task, without any more edits. RESPOND: a filter has
 * responded, and why; or WHY_NO_MEMORY, WHY_BAD_TARGET or WHY_ROUTE_REFUSED, and none has. WAIT:
 * to be called again.
 */
enum filter_verdict	 filter_run_request(struct filter_run *, int64_t now_usec,
			    const struct why **);
int64_t			 filter_run_until(const struct filter_run *);	/* that waits */
/* What it waits for is the request's body, of no more bytes than that. */
bool			 filter_run_wants_body(const struct filter_run *, size_t *most);
/* Here it is, without framing; it is copied. `large`: it has more bytes. False: there is no memory.
 * Else filter_run_request is next. */
bool			 filter_run_body(struct filter_run *, struct str, bool large);
/* What the head was read from lies elsewhere now. */
void			 filter_run_moved(struct filter_run *, const char *old, size_t len,
			    const char *now);
const struct message	*filter_run_message(const struct filter_run *);
/* The head of a filter's response, to be edited by filter_run_response; empty: none has responded.
 * Its body is as long as the head says, or empty if `without_body`; it lives as long as the run. */
struct str		 filter_run_answer(struct filter_run *, bool without_body, struct str *body);
struct filter_tries	 filter_run_tries(const struct filter_run *);	/* once it has passed all */
/* Who the client says it is, to a filter that has looked; else empty. */
struct str		 filter_run_user(const struct filter_run *);
const struct filter_body *filter_run_bodies(const struct filter_run *);
/* The request has passed all filters, but its body, or that of the response to it, is larger than
 * one allows: as if that one had responded. */
void			 filter_run_too_large(struct filter_run *, bool response);
/*
 * A response with this status, a task's or one of ours, is caught by a filter, and a page of that
 * service takes its place: filter_run_page is the request for it. What responds to that is edited
 * as the response then.
 */
bool			 filter_run_catch(struct filter_run *, int status, struct str *service);
const struct message	*filter_run_page(const struct filter_run *);
/* The filter that has responded; NULL: none has. */
const struct filter	*filter_run_responder(const struct filter_run *);
int			 filter_run_status(const struct filter_run *);	/* of its response */
/* The body of the response that is edited next can be encoded. */
void			 filter_run_may_encode(struct filter_run *);
/* The start of the body of a response with that head is looked at: *most bytes of it, if it has so
 * many; filter_run_start gives them, without framing, before filter_run_response. */
bool			 filter_run_wants_start(const struct filter_run *, const struct message *,
			    size_t *most);
void			 filter_run_start(struct filter_run *, struct str);
/* A response with its edits, as the filters leave it: written without any more edits. NULL: it has
 * become too large, or there is no memory. */
const struct message	*filter_run_response(struct filter_run *, const struct message *,
			    const struct edits *);

#endif
