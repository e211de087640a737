/*
 * filter_priv: what a kind of filter sees: the message in its hands, and how it responds. Each kind
 * is a file, filter_KIND.c, with up to two functions. Private to filter/.
 */
#ifndef FILTER_FILTER_PRIV_H
#define FILTER_FILTER_PRIV_H

#include "base/buf.h"
#include "filter/filter_run.h"

#define TEXTS_MOST	65536	/* bytes of texts that the filters of one exchange make */

struct url {
	struct str	 path;		/* decoded; may become empty */
	struct str	 raw;		/* as spelled; empty: as url.c spells the path */
};

struct filter_run {
	struct arena	*arena;		/* texts that filters make */
	size_t		 spent;		/* bytes of it */
	bool		 full;		/* something did not fit, or there is no memory: looked at once, at
					 * the end */
	const struct filter_chain *chain;
	unsigned	 done;		/* filters that the request has passed, and the response passes */
	unsigned	 passed;	/* that the request has passed, whatever became of it then */
	/* the filter that is next, if it has waited */
	int64_t		 now_usec, until_usec;
	bool		 waited;
	void		*held;		/* its own, while it waits; NULL: nothing */
	void		(*drop)(void *held);	/* the run ends before it has it */
	uint8_t		 note[FILTERS_MAX];	/* of each filter, for its response */
	union filter_mark {		/* of each that counts requests, until the exchange is over */
		uint32_t	 place;	/* where it is counted */
		int64_t		 usec;	/* when it passed, or may pass */
	} mark[FILTERS_MAX];
	struct filter_end end;		/* of the exchange */
	struct filter_tries tries;
	struct filter_facts facts;
	/* the request */
	struct message	 request;
	struct url	 url;
	struct str	 query;		/* from its '?' on */
	bool		 pathless;	/* its target is no path: "*" */
	bool		 bad_target;	/* its path has a malformed escape */
	bool		 unforwarded;	/* no X-Forwarded-For at all */
	struct str	 origin;	/* its Origin, when it had passed */
	/* its body */
	enum { BODY_UNSEEN, BODY_WANTED, BODY_HERE, BODY_LARGE } body_state;
	size_t		 body_most;
	struct buf	 request_body;
	/* a response of a filter */
	int		 status;	/* 0: none */
	struct str	 user;		/* as the client says; not verified, if there is a response */
	bool		 inside;	/* the filter's own response function applies to it, too */
	const struct why *why;
	struct buf	 fields;
	struct str	 body;
	struct buf	 body_kept;	/* that `body` is of; or empty */
	struct auth_cookies *cookies;	/* of filter_forward_auth.c */
	bool		 finished;	/* run_finish was called */
	bool		 catches;	/* one of the filters that were passed may catch a response */
	struct str	 page_url;	/* of the request that the page is for */
	struct str	 page_forwarded;	/* X-Forwarded-For, without our part; empty: none */
	int		 page_status;	/* of the response, which is a page of one that has; 0: it is not */
	/* the response */
	struct message	 response;
	bool		 may_encode;
	bool		 guesses;	/* the type of a body that has none, once all filters have seen it */
	struct str	 start;		/* of the body, for that; empty: nothing of it is known */
	struct filter_body bodies;
	unsigned	 bounds_request, bounds_response;	/* which filters do */
};

/* fields.c: fields by name, without case. A name and a value live as long as the run. */
/* the value of the first; p NULL: there is none */
struct str	fields_get(const struct message *, struct str name);
/* the value of the last that is not empty: what the nearest proxy has said */
struct str	fields_last(const struct message *, struct str name);
void		fields_add(struct filter_run *, struct message *, struct str name, struct str value);
/* One field with this value, where the first of the name stood. */
void		fields_set(struct filter_run *, struct message *, struct str name, struct str value);
void		fields_remove(struct message *, struct str name);
/* For a request that becomes another one, without a body and an upgrade. */
void		fields_unframe(struct message *);
/* The message with its edits, whose fields are then the run's to change. */
void		fields_begin(struct filter_run *, struct message *, const struct message *,
		    const struct edits *);

/* run_text.c: texts of the run; empty, and `full`, when there is no room; run_room is NULL then */
char		*run_room(struct filter_run *, size_t bytes);
struct str	run_join(struct filter_run *, struct str, struct str);	/* of any bytes */
struct str	run_text(struct filter_run *, const char *fmt, ...)
		    __attribute__((format(printf, 2, 3)));

/* The matches in a text replaced; empty, and `full`, as well when looking for them takes too
 * long. */
struct str	run_replaced(struct filter_run *, const struct filter_pattern *, struct str,
		    struct str template);

struct str	run_target(struct filter_run *);	/* as it is now */
void		run_finish(struct filter_run *);	/* the request is as it is sent */
/* run_answer.c: the filter responds, with a status and a reason; then its fields; last its body. */
void		run_answer(struct filter_run *, const struct why *, int status);
void		run_answer_field(struct filter_run *, struct str name, struct str value);
void		run_answer_body(struct filter_run *, struct str);
/* That the client is to go elsewhere. */
void		run_redirect(struct filter_run *, bool permanent, struct str location);
/* The status of `why`, as Go's http.Error has it. */
void		run_failed(struct filter_run *, const struct why *, struct str text);
/* The body is all that is in the buffer, which becomes the run's. */
void		run_keep_body(struct filter_run *, struct buf *);

/*
 * FILTER_WAIT, to be returned: the filter is called again when it has been woken (facts.wake), or
 * then at the latest. Its note and `held` say what it was at; it may be woken for nothing.
 */
enum filter_verdict run_wait(struct filter_run *, int64_t until_usec);

/* For filters that count requests: what they have noted of this one, and as whom they count it. */
union filter_mark *run_mark(struct filter_run *);
uint64_t	run_limiter(const struct filter_run *, const union filter_mark *);
/* 429 */
enum filter_verdict run_limited(struct filter_run *, const struct why *, struct str body);

/* The same, until the request's body is here, or known to be larger: body_state says so. */
enum filter_verdict run_want_body(struct filter_run *, size_t most, int64_t until_usec);

/* Requests. `note` is the filter's own, 0 at first. */
#define FILTER_REQUEST(kind) \
	enum filter_verdict kind##_request(struct filter_run *, const struct filter_##kind *, \
	    uint8_t *note)
#define FILTER_RESPONSE(kind) \
	void kind##_response(struct filter_run *, const struct filter_##kind *, uint8_t note)

/* filter_basic_auth.c, also for digestAuth: the request is this user's; the task is told in the
 * field, if there is one, and gets Authorization unless it is removed. */
enum filter_verdict auth_pass(struct filter_run *, struct str field, bool remove, struct str user);
struct str	auth_realm(struct str realm);		/* or the usual one */

FILTER_REQUEST(basic_auth);
FILTER_REQUEST(digest_auth);
/* Of a filter that counts requests: the exchange, whose request has passed it, is over. */
#define FILTER_OVER(kind) \
	void kind##_over(const struct filter_run *, const union filter_mark *)

FILTER_REQUEST(in_flight_req);
FILTER_OVER(in_flight_req);
FILTER_REQUEST(rate_limit);
FILTER_REQUEST(forward_auth);
FILTER_RESPONSE(forward_auth);
FILTER_REQUEST(retry);
FILTER_REQUEST(circuit_breaker);
void	circuit_breaker_over(const struct filter_run *, const struct filter_circuit_breaker *,
	    const union filter_mark *);
FILTER_REQUEST(compress);
FILTER_RESPONSE(compress);
FILTER_REQUEST(errors);
void	errors_keep(struct filter_run *);	/* what its page needs of the request */
FILTER_REQUEST(buffering);
FILTER_RESPONSE(buffering);
FILTER_REQUEST(add_prefix);
FILTER_REQUEST(replace_path);
FILTER_REQUEST(replace_path_regex);
FILTER_REQUEST(redirect_regex);
FILTER_REQUEST(redirect_scheme);
FILTER_REQUEST(ip_allow_list);
FILTER_REQUEST(ip_white_list);
FILTER_REQUEST(headers);
FILTER_RESPONSE(headers);
FILTER_REQUEST(strip_prefix);
FILTER_REQUEST(strip_prefix_regex);
FILTER_REQUEST(pass_client_cert);
FILTER_REQUEST(content_type);
FILTER_REQUEST(noop);
void	content_type_guess(struct filter_run *);	/* the response, as it is sent */
/* those that leave responses as they are */
#define basic_auth_response(r, f, note)		((void)(r), (void)(f), (void)(note))
#define digest_auth_response(r, f, note)	((void)(r), (void)(f), (void)(note))
#define in_flight_req_response(r, f, note)	((void)(r), (void)(f), (void)(note))
#define rate_limit_response(r, f, note)		((void)(r), (void)(f), (void)(note))
#define retry_response(r, f, note)		((void)(r), (void)(f), (void)(note))
#define circuit_breaker_response(r, f, note)	((void)(r), (void)(f), (void)(note))
#define strip_prefix_response(r, f, note)	((void)(r), (void)(f), (void)(note))
#define errors_response(r, f, note)		((void)(r), (void)(f), (void)(note))
#define add_prefix_response(r, f, note)		((void)(r), (void)(f), (void)(note))
#define replace_path_response(r, f, note)	((void)(r), (void)(f), (void)(note))
#define strip_prefix_regex_response(r, f, note)	((void)(r), (void)(f), (void)(note))
#define replace_path_regex_response(r, f, note)	((void)(r), (void)(f), (void)(note))
#define redirect_regex_response(r, f, note)	((void)(r), (void)(f), (void)(note))
#define redirect_scheme_response(r, f, note)	((void)(r), (void)(f), (void)(note))
#define ip_allow_list_response(r, f, note)	((void)(r), (void)(f), (void)(note))
#define content_type_response(r, f, note)	((void)(r), (void)(f), (void)(note))
#define pass_client_cert_response(r, f, note)	((void)(r), (void)(f), (void)(note))
#define noop_response(r, f, note)		((void)(r), (void)(f), (void)(note))
#define ip_white_list_response(r, f, note)	((void)(r), (void)(f), (void)(note))

#endif
