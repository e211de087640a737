/*
 * engine: a client of Docker's Engine API over a unix socket or TCP, with TLS or without.
 * Several endpoints (managers) are one engine: when one is gone, or responds that it is not a
 * manager, the next is tried. The version is negotiated on first contact and after each
 * failure; calls that are made meanwhile wait for that.
 *
 * Two versions are used. What is only read is requested in the newest that Mola has been tried
 * with, or in the Engine's own if that is older, or if the Engine takes nothing older. What is
 * to be written is read and sent in the Engine's own: an Engine silently drops from a
 * specification what is newer than the version of the request.
 */
#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H

#include "net/fetch.h"
#include "net/loop.h"

struct engine;
struct engine_call;

#define ENGINE_ENDPOINTS_MAX 16
#define ENGINE_BODY_MAX	((size_t)64 << 20)	/* bytes of a response */

struct engine_conf {			/* strings are copied */
	char *const	*endpoint;	/* form_endpoint; the first is preferred */
	unsigned	 nendpoints;	/* > 0 */
	const char	*ca, *cert, *key;	/* files, NULL: none. With any of them, tcp:// uses TLS */
	int64_t		 timeout_usec;	/* of each attempt of a call; 0: 10 s */
};

struct engine_response {
	const struct why *why;	/* NULL: 2xx. ENGINE_GONE: no endpoint was reached or responded in time;
				 * ENGINE_OLD: none has API 1.40; ENGINE_REFUSED: the Engine refused it, see status;
				 * ENGINE_CLIENT: no endpoint is a manager; ENGINE_LARGE: more than ENGINE_BODY_MAX;
				 * ENGINE_VERSION: nothing was sent, see engine_post */
	const char	*detail;	/* the Engine's own message, or libcurl's; "" when there is none */
	long		 status;	/* HTTP status, 0: none came */
	unsigned	 minor;		/* of the version of the request: 41 for 1.41 */
	struct str	 body;		/* valid during the callback; of a refusal, too */
};

typedef void	engine_done_f(void *arg, const struct engine_response *);

struct engine	*engine_new(struct loop *, struct fetcher *, const struct engine_conf *);
void		 engine_free(struct engine **);		/* cancels what is under way, without callbacks */

/*
 * `path` begins with '/' and carries no version: "/services?status=true". `done` is called
 * exactly once, in a later turn, unless engine_cancel comes first. A GET is tried at each
 * endpoint once. A POST goes to another endpoint only if the first cannot have acted on it (no
 * connection; not a manager): ENGINE_GONE after a POST means that it may or may not have been
 * done.
 */
struct engine_call *engine_get(struct engine *, const char *path, engine_done_f *, void *arg);
/* In the Engine's own version: for what will be changed and posted. */
struct engine_call *engine_get_own(struct engine *, const char *path, engine_done_f *, void *arg);
/* In the Engine's own version, which has to be `minor`, in which the body was read: else
 * ENGINE_VERSION. */
struct engine_call *engine_post(struct engine *, const char *path, unsigned minor, struct str json,
	    engine_done_f *, void *arg);
/*
 * What is not a specification: sent in the version of reads, with a time limit of its own, and
 * otherwise as engine_post. `method` is "POST" or "DELETE" and outlives the call; `json` may be
 * empty.
 */
struct engine_call *engine_write(struct engine *, const char *method, const char *path,
	    struct str json, int64_t timeout_usec, engine_done_f *, void *arg);
/* A response without end (/events): each piece goes to `on_data`, whose false ends it;
 * `done` when it has ended. */
struct engine_call *engine_stream(struct engine *, const char *path, fetch_data_f *on_data,
	    engine_done_f *, void *arg);
void		 engine_cancel(struct engine_call *);	/* no callback follows; the pointer is invalid */

/* For people. "" until first contact. */
const char	*engine_endpoint(const struct engine *);	/* the one in use */
const char	*engine_version(const struct engine *);		/* of reads from it: "1.41" */
/* Whether that version is newer than any that Mola was tried with. */
bool		 engine_is_untried(const struct engine *);

#endif
