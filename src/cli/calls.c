/*
 * calls: one multi handle of libcurl, one easy handle for each call. Ends are collected first and
 * reported then, as libcurl wants it. Must not know what responses mean, but the text of an error.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "cli/api_priv.h"
#include "cli/calls.h"
#include "cli/grid.h"

#define BODY_MAX	(64u << 20)
#define SILENCE_SECONDS	40L		/* a stream has a comment every 15 s at least */

struct call {
	LIST_ENTRY(call) link;
	struct calls	*calls;
	CURL		*c;
	struct curl_slist *headers;
	char		*content;	/* of a POST */
	struct buf	 body;
	call_piece_f	*piece;		/* NULL: the body is collected */
	call_end_f	*end;
	void		*arg;
};

struct calls {
	const struct api *api;
	CURLM		*multi;
	LIST_HEAD(, call) list;
};

struct calls *
calls_new(const struct api *a)
{
	struct calls *cs = must_zalloc(sizeof *cs);

	cs->api = a;
	cs->multi = curl_multi_init();
	ASSERT(cs->multi != NULL);
	LIST_INIT(&cs->list);
	return cs;
}

static void
call_free(struct call *k)
{
	LIST_REMOVE(k, link);
	if (k->c != NULL) {
		curl_multi_remove_handle(k->calls->multi, k->c);
		curl_easy_cleanup(k->c);
	}
	curl_slist_free_all(k->headers);
	free(k->content);
	buf_fini(&k->body);
	free(k);
}

void
calls_cancel(struct call **kp)
{
	if (*kp != NULL)
		call_free(*kp);
	*kp = NULL;
}

void
calls_free(struct calls **csp)
{
	struct calls *cs = *csp;

	while (!LIST_EMPTY(&cs->list))
		call_free(LIST_FIRST(&cs->list));
	curl_multi_cleanup(cs->multi);
	free(cs);
	*csp = NULL;
}

static size_t
on_bytes(char *p, size_t size, size_t n, void *arg)
{
	struct call *k = arg;
	long status = 0;

	n *= size;
	curl_easy_getinfo(k->c, CURLINFO_RESPONSE_CODE, &status);
	if (k->piece != NULL && status == 200)
		return k->piece(k->arg, p, n) ? n : 0;
	return buf_add(&k->body, p, n) ? n : 0;
}

static struct call *
call_new(struct calls *cs, const char *path, call_end_f *end, void *arg)
{
	struct call *k = must_zalloc(sizeof *k);

	k->calls = cs;
	k->end = end;
	k->arg = arg;
	buf_init(&k->body, BODY_MAX);
	LIST_INSERT_HEAD(&cs->list, k, link);
	k->c = api_handle(cs->api, path, &k->headers);
	if (k->c == NULL) {
		call_free(k);
		return NULL;
	}
	curl_easy_setopt(k->c, CURLOPT_WRITEFUNCTION, on_bytes);
	curl_easy_setopt(k->c, CURLOPT_WRITEDATA, k);
	curl_easy_setopt(k->c, CURLOPT_PRIVATE, k);
	curl_easy_setopt(k->c, CURLOPT_NOSIGNAL, 1L);
	return k;
}

/* From here on its functions may be called. */
static struct call *
call_go(struct call *k)
{
	curl_easy_setopt(k->c, CURLOPT_HTTPHEADER, k->headers);
	if (curl_multi_add_handle(k->calls->multi, k->c) != CURLM_OK)
		BUG("a handle that libcurl does not take");
	return k;
}

struct call *
calls_start(struct calls *cs, const char *path, const json_t *body, call_end_f *end, void *arg)
{
	struct call *k = call_new(cs, path, end, arg);

	if (k == NULL)
		return NULL;
	if (body != NULL) {
		k->content = json_dumps(body, JSON_COMPACT);
		k->headers = curl_slist_append(k->headers, "Content-Type: application/json");
		curl_easy_setopt(k->c, CURLOPT_POSTFIELDS, k->content);
	}
	return call_go(k);
}

struct call *
calls_stream(struct calls *cs, const char *path, const char *last_id, call_piece_f *piece,
    call_end_f *end, void *arg)
{
	struct call *k = call_new(cs, path, end, arg);
	char id[160];

	if (k == NULL)
		return NULL;
	k->piece = piece;
	k->headers = curl_slist_append(k->headers, "Accept: text/event-stream");
	if (last_id != NULL && *last_id != '\0') {
		snprintf(id, sizeof id, "Last-Event-ID: %.120s", last_id);
		k->headers = curl_slist_append(k->headers, id);
	}
	curl_easy_setopt(k->c, CURLOPT_TIMEOUT, 0L);
	curl_easy_setopt(k->c, CURLOPT_LOW_SPEED_LIMIT, 1L);
	curl_easy_setopt(k->c, CURLOPT_LOW_SPEED_TIME, SILENCE_SECONDS);
	return call_go(k);
}

/* The text of an error of the API, else of what came instead of a response. */
static const char *
problem_of(const struct call *k, CURLcode rc, long status, struct printable *out)
{
	char text[API_TROUBLE_MAX];
	json_t *j;

	if (rc != CURLE_OK) {
		api_trouble(k->calls->api, rc, text);
		return printable(text, out);
	}
	if (status >= 200 && status < 300)
		return NULL;
	j = json_loadb(k->body.len > 0 ? k->body.p : "", k->body.len, 0, NULL);
	snprintf(text, sizeof text, "the response has status %ld", status);
	printable(json_is_string(json_object_get(j, "error")) ? text_of(j, "error") : text, out);
	json_decref(j);
	return out->text;
}

static void
call_ended(struct call *k, CURLcode rc)
{
	struct printable words;
	struct call_end e = { 0 };
	call_end_f *end = k->end;
	void *arg = k->arg;
	struct buf body;

	if (rc == CURLE_OK || rc == CURLE_WRITE_ERROR)
		curl_easy_getinfo(k->c, CURLINFO_RESPONSE_CODE, &e.status);
	e.problem = problem_of(k, rc, e.status, &words);
	if (rc != CURLE_OK)
		e.status = 0;
	body = k->body;
	buf_init(&k->body, 1);
	e.body = body.len > 0 ? buf_str(&body) : (struct str){ "", 0 };
	call_free(k);
	end(arg, &e);
	buf_fini(&body);
}

static void
ends_report(struct calls *cs)
{
	CURLMsg *m;
	void *k;
	int left;

	while ((m = curl_multi_info_read(cs->multi, &left)) != NULL) {
		ASSERT(m->msg == CURLMSG_DONE);
		CURLcode rc = m->data.result;	/* the message dies with the handle */
		curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, (char **)&k);
		call_ended(k, rc);
	}
}

bool
calls_turn(struct calls *cs, int fd, int msec)
{
	struct curl_waitfd wait = { .fd = fd, .events = CURL_WAIT_POLLIN };
	int running;

	curl_multi_perform(cs->multi, &running);
	ends_report(cs);
	curl_multi_poll(cs->multi, &wait, fd >= 0, msec, NULL);
	curl_multi_perform(cs->multi, &running);
	ends_report(cs);
	return fd >= 0 && wait.revents != 0;
}
