/*
 * fetch: libcurl's multi interface on our loop: curl names the descriptors and the time that it
 * waits for, the loop waits. libcurl must not be called from within its own callbacks, so what
 * a reader starts or cancels while `inside` is done afterwards, in fetcher_settle(). Knows
 * nothing of what the bytes mean.
 *
 * The peer is not trusted: its head and body have ceilings, its silences a limit, and redirects
 * are not followed.
 */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/bug.h"
#include "base/clock.h"
#include "net/fetch_memory.h"
#include "net/fetch_priv.h"

#define HEAD_MAX	(256u << 10)	/* bytes of all heads of a response, interim ones included */
#define BODY_MAX	(16u << 20)	/* when neither a limit nor a reader is given */
#define CONNECTIONS_KEPT 4096L		/* curl's own default shrinks with the number of fetches */

struct fetcher {
	struct loop	*loop;
	CURLM		*multi;
	struct timer	 timer;
	TAILQ_HEAD(, fetch) fetches;
	bool		 inside;		/* curl is on the stack */
	bool		 dead;
	struct deferred	 deferred;
};

/* A descriptor that curl waits for. */
struct fetch_watch {
	struct io	 io;
	struct fetcher	*fetcher;
	struct deferred	 deferred;
};

static void fetcher_settle(struct fetcher *);

/* ---- curl and the loop ---- */

static void
fetcher_act(struct fetcher *f, curl_socket_t fd, int what)
{
	int running;

	ASSERT(!f->inside && !f->dead);
	f->inside = true;
	curl_multi_socket_action(f->multi, fd, what, &running);
	f->inside = false;
	fetcher_settle(f);
}

static void
watch_ready(void *arg, uint32_t events)
{
	struct fetch_watch *w = arg;
	int what = 0;

	if (events & (EPOLLIN | EPOLLHUP | EPOLLRDHUP))
		what |= CURL_CSELECT_IN;
	if (events & EPOLLOUT)
		what |= CURL_CSELECT_OUT;
	if (events & EPOLLERR)
		what |= CURL_CSELECT_ERR;
	fetcher_act(w->fetcher, w->io.fd, what);
}

static int
on_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *watch)
{
	uint32_t events = (what & CURL_POLL_IN ? EPOLLIN : 0) | (what & CURL_POLL_OUT ? EPOLLOUT : 0);
	struct fetcher *f = arg;
	struct fetch_watch *w = watch;

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		if (w == NULL)
			return 0;
		loop_unwatch(f->loop, &w->io);
		curl_multi_assign(f->multi, fd, NULL);
		loop_defer(f->loop, &w->deferred, free, w);
	} else if (w == NULL) {
		w = must_zalloc(sizeof *w);
		w->fetcher = f;
		curl_multi_assign(f->multi, fd, w);
		loop_watch(f->loop, &w->io, fd, events, watch_ready, w);
	} else
		loop_rewatch(f->loop, &w->io, events);
	return 0;
}

static void
timer_due(void *arg)
{
	fetcher_act(arg, CURL_SOCKET_TIMEOUT, 0);
}

static int
on_timer(CURLM *multi, long msec, void *arg)
{
	struct fetcher *f = arg;

	(void)multi;
	if (msec < 0)
		timer_clear(f->loop, &f->timer);
	else	/* never due in this very turn */
		timer_set(f->loop, &f->timer, loop_now(f->loop) + msec * USEC_PER_MSEC + 1, timer_due, f);
	return 0;
}

/* ---- the response ---- */

static void fetch_stalled(void *);

static void
fetch_received(struct fetch *x)
{
	struct loop *l = x->fetcher->loop;

	if (x->first_byte_usec == 0)
		x->first_byte_usec = clock_mono_usec();
	if (x->stall_usec > 0)
		timer_set(l, &x->stall, loop_now(l) + x->stall_usec, fetch_stalled, x);
}

static bool
status_good(long status)
{
	return status >= 200 && status < 300;
}

static void
field_take(struct fetch *x, struct str line)
{
	struct str name, value = line;

	if ((x->wanted == NULL && x->on_field == NULL) || !str_split(&value, ':', &name))
		return;
	while (value.len > 0 && (value.p[value.len - 1] == '\n' || value.p[value.len - 1] == '\r'))
		value.len--;
	value = str_trim(value);
	if (x->on_field != NULL && !x->cancelled)
		x->on_field(x->arg, name, value);
	if (x->wanted != NULL && str_eq_nocase(name, str_of(x->wanted)))
		str_copy(x->found, sizeof x->found, value);
}

/* Trailers come the same way, behind the empty line. */
static size_t
on_head(char *p, size_t one, size_t len, void *arg)
{
	struct fetch *x = arg;
	struct str line = { p, len };

	ASSERT(x->fetcher->inside && one == 1);
	fetch_received(x);
	if (str_starts(line, STR("HTTP/"))) {
		x->in_head = true;
		if (x->on_header != NULL && !x->cancelled)
			x->on_header(x->arg);
	} else if (x->in_head)
		field_take(x, line);
	x->in_head = x->in_head && len > 2;
	x->head_bytes += len;
	x->large = x->head_bytes > HEAD_MAX;
	return x->cancelled || x->large ? 0 : len;
}

/*
 * Returning less than was given makes curl end the transfer. The page of an error does not
 * reach the reader.
 */
static size_t
on_body(char *p, size_t one, size_t len, void *arg)
{
	struct fetch *x = arg;
	long status = 0;

	ASSERT(x->fetcher->inside && one == 1);
	if (x->cancelled || x->fetcher->dead)
		return 0;
	fetch_received(x);
	x->body_bytes += len;
	if (x->body_max > 0 && x->body_bytes > x->body_max) {
		x->large = true;
		return 0;
	}
	curl_easy_getinfo(x->easy, CURLINFO_RESPONSE_CODE, &status);
	if (x->on_data == NULL)
		return buf_add(&x->body, p, len) ? len : 0;
	if (!status_good(status)) {
		buf_add(&x->body, p, len);
		return len;
	}
	x->ended = !x->on_data(x->arg, (struct str){ p, len });
	return x->ended || x->cancelled || x->fetcher->dead ? 0 : len;
}

static void
fetch_free(struct fetch *x)
{
	curl_slist_free_all(x->fields);
	curl_slist_free_all(x->resolved);
	X509_STORE_free(x->trust);
	buf_fini(&x->body);
	free(x);
}

static void
fetch_leave(struct fetch *x)
{
	struct fetcher *f = x->fetcher;

	ASSERT(!f->inside && x->easy != NULL);
	timer_clear(f->loop, &x->stall);
	TAILQ_REMOVE(&f->fetches, x, link);
	if (x->added)
		curl_multi_remove_handle(f->multi, x->easy);
	curl_easy_cleanup(x->easy);
	x->easy = NULL;
}

static const struct why *
verdict(const struct fetch *x, CURLcode code, long status)
{
	if (x->large || code == CURLE_FILESIZE_EXCEEDED)
		return WHY_METRICS_LARGE;
#if LIBCURL_VERSION_NUM >= 0x080600
	if (code == CURLE_TOO_LARGE)		/* a head of more than curl itself takes */
		return WHY_METRICS_LARGE;
#endif
	if (code != CURLE_OK && !x->ended)
		return WHY_METRICS_FETCH;
	return status_good(status) ? NULL : WHY_METRICS_STATUS;
}

/*
 * Without " after 12 ms": an error that comes again and again should have the same text each
 * time.
 */
static void
error_steady(char *error)
{
	static const char word[] = " after ";
	char *at = strstr(error, word), *unit;

	if (at == NULL)
		return;
	unit = at + sizeof word - 1;
	unit += strspn(unit, "0123456789");
	if (str_starts(str_of(unit), STR(" milliseconds")))
		memmove(at, unit + 13, strlen(unit + 13) + 1);
	else if (str_starts(str_of(unit), STR(" ms")))
		memmove(at, unit + 3, strlen(unit + 3) + 1);
}

static void
fetch_finish(struct fetch *x, CURLcode code)
{
	struct fetch_result r = { .body = buf_str(&x->body), .first_byte_usec = x->first_byte_usec,
	    .wanted = str_of(x->found) };
	long sent = 0;

	ASSERT(x->added && !x->cancelled);
	curl_easy_getinfo(x->easy, CURLINFO_RESPONSE_CODE, &r.status);
	curl_easy_getinfo(x->easy, CURLINFO_REQUEST_SIZE, &sent);
	if (code == CURLE_OK && x->in_head) {	/* curl takes a head that breaks off for all of it */
		code = CURLE_RECV_ERROR;
		snprintf(x->error, sizeof x->error, "the head of the response broke off");
	}
	r.sent = sent > 0;
	r.why = verdict(x, code, r.status);
	if (r.why == WHY_METRICS_FETCH && x->error[0] == '\0')
		snprintf(x->error, sizeof x->error, "%s", curl_easy_strerror(code));
	error_steady(x->error);
	r.detail = r.why == WHY_METRICS_FETCH ? x->error : "";
	fetch_leave(x);
	x->done(x->arg, &r);
	fetch_free(x);
}

static void
fetch_stalled(void *arg)
{
	struct fetch *x = arg;

	snprintf(x->error, sizeof x->error, "nothing came for %lld ms",
	    (long long)(x->stall_usec / USEC_PER_MSEC));
	fetch_finish(x, CURLE_OPERATION_TIMEDOUT);
}

/* ---- the fetcher ---- */

static void
fetcher_end(struct fetcher *f)
{
	struct fetch *x;

	while ((x = TAILQ_FIRST(&f->fetches)) != NULL) {
		fetch_leave(x);
		fetch_free(x);
	}
	curl_multi_cleanup(f->multi);
	f->multi = NULL;
	timer_clear(f->loop, &f->timer);
	curl_global_cleanup();
	loop_defer(f->loop, &f->deferred, free, f);
}

static void
fetch_add(struct fetch *x)
{
	if (curl_multi_add_handle(x->fetcher->multi, x->easy) != CURLM_OK)
		BUG("curl_multi_add_handle");
	x->added = true;
}

/* Does what was requested while curl was on the stack, and ends what curl has finished. */
static void
fetcher_settle(struct fetcher *f)
{
	struct fetch *x, *next;
	CURLMsg *m;
	int left;

	if (f->dead) {
		fetcher_end(f);
		return;
	}
	for (x = TAILQ_FIRST(&f->fetches); x != NULL; x = next) {
		next = TAILQ_NEXT(x, link);
		if (x->cancelled) {
			fetch_leave(x);
			fetch_free(x);
		} else if (!x->added)
			fetch_add(x);
	}
	while (!f->dead && (m = curl_multi_info_read(f->multi, &left)) != NULL)
		if (m->msg == CURLMSG_DONE) {
			CURLcode code = m->data.result;
			curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, (char **)&x);
			fetch_finish(x, code);
		}
}

struct fetcher *
fetcher_new(struct loop *l)
{
	struct fetcher *f = must_zalloc(sizeof *f);

	if (!fetch_memory_init())
		BUG("curl_global_init_mem");
	f->loop = l;
	TAILQ_INIT(&f->fetches);
	f->multi = curl_multi_init();
	ASSERT(f->multi != NULL);
	curl_multi_setopt(f->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	curl_multi_setopt(f->multi, CURLMOPT_SOCKETDATA, f);
	curl_multi_setopt(f->multi, CURLMOPT_TIMERFUNCTION, on_timer);
	curl_multi_setopt(f->multi, CURLMOPT_TIMERDATA, f);
	curl_multi_setopt(f->multi, CURLMOPT_MAXCONNECTS, CONNECTIONS_KEPT);
	return f;
}

void
fetcher_free(struct fetcher **fp)
{
	struct fetcher *f = *fp;

	*fp = NULL;
	if (f == NULL)
		return;
	f->dead = true;
	if (!f->inside)
		fetcher_end(f);
}

/* ---- one fetch ---- */

static void
set_basics(struct fetch *x, const struct fetch_conf *c)
{
	CURL *e = x->easy;

	curl_easy_setopt(e, CURLOPT_URL, c->url);
	if (c->unix_socket != NULL)
		curl_easy_setopt(e, CURLOPT_UNIX_SOCKET_PATH, c->unix_socket);
	curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(e, CURLOPT_NOPROXY, "*");
#if LIBCURL_VERSION_NUM >= 0x075700
	curl_easy_setopt(e, CURLOPT_QUICK_EXIT, 1L);	/* a cancel must not wait for a name server */
#endif
	curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(e, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(e, CURLOPT_DNS_CACHE_TIMEOUT, 1L);	/* a restarted container has another address */
	curl_easy_setopt(e, CURLOPT_USERAGENT, "mola/" MOLA_VERSION);
	curl_easy_setopt(e, CURLOPT_ERRORBUFFER, x->error);
	curl_easy_setopt(e, CURLOPT_PRIVATE, (char *)x);
	curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_head);
	curl_easy_setopt(e, CURLOPT_HEADERDATA, x);
	curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(e, CURLOPT_WRITEDATA, x);
}

struct fetch *
fetch_start(struct fetcher *f, const struct fetch_conf *c, fetch_data_f *on_data,
    fetch_done_f *done, void *arg)
{
	CURL *easy = curl_easy_init();
	struct fetch *x;

	ASSERT(!f->dead && c->url != NULL && done != NULL);
	if (easy == NULL && c->fields != NULL)
		return NULL;
	x = must_zalloc(sizeof *x);
	x->fetcher = f;
	x->stall_usec = c->stall_usec;
	x->on_data = on_data;
	x->done = done;
	x->arg = arg;
	x->body_max = c->body_max == 0 && on_data == NULL ? BODY_MAX : c->body_max;
	buf_init(&x->body, x->body_max > 0 ? x->body_max : BODY_MAX);
	x->easy = easy;
	ASSERT(x->easy != NULL);
	set_basics(x, c);
	fetch_set(x, c);
	TAILQ_INSERT_TAIL(&f->fetches, x, link);
	if (x->stall_usec > 0)
		timer_set(f->loop, &x->stall, loop_now(f->loop) + x->stall_usec, fetch_stalled, x);
	if (!f->inside)
		fetch_add(x);
	return x;
}

void
fetch_cancel(struct fetch *x)
{
	ASSERT(!x->cancelled);
	x->cancelled = true;
	if (x->fetcher->inside)
		return;
	fetch_leave(x);
	fetch_free(x);
}
