/*
 * compare_fetch: a request over libcurl, and its response as texts that can be compared. Must not
 * know what a difference means, nor keep what nobody compares: of cookies their names alone.
 */
#include <curl/curl.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "cli/compare_fetch.h"

#define CONNECT_SECONDS	3L
#define RESPONSE_SECONDS 10L
#define HEAD_MAX	(256u << 10)	/* bytes of all heads of a response */
#define BODY_MAX	(1u << 20)	/* what is beyond is not read */
#define COOKIES_MAX	64
#define URL_MAX		8192

static const char *const compared_names[COMPARED_COUNT] = {
#define COMPARED(id, name, of_page) name,
#include "tbl/compared.h"
#undef COMPARED
};

/* ---- where the server is ---- */

bool
compare_side_set(struct compare_side *s, const char *url, bool tls)
{
	char *scheme = NULL, *host = NULL, *port = NULL, *path = NULL, *other = NULL;
	CURLU *u = curl_url();
	bool ok = u != NULL && strlen(url) < sizeof s->url &&
	    curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK &&
	    curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
	    curl_url_get(u, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
	    curl_url_get(u, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK &&
	    curl_url_get(u, CURLUPART_PATH, &path, 0) == CURLUE_OK && strcmp(path, "/") == 0 &&
	    curl_url_get(u, CURLUPART_USER, &other, 0) == CURLUE_NO_USER &&
	    curl_url_get(u, CURLUPART_QUERY, &other, 0) == CURLUE_NO_QUERY &&
	    curl_url_get(u, CURLUPART_FRAGMENT, &other, 0) == CURLUE_NO_FRAGMENT &&
	    (strcmp(scheme, "http") == 0 || (tls && strcmp(scheme, "https") == 0));

	if (ok) {
		snprintf(s->url, sizeof s->url, "%s", url);
		snprintf(s->host, sizeof s->host, "%s", host);
		ok = (size_t)snprintf(s->to, sizeof s->to, "::%s:%s", host, port) < sizeof s->to;
		s->port = (unsigned)strtoul(port, NULL, 10);
		s->stated = tls && strcmp(scheme, "http") == 0;
	}
	curl_free(scheme);
	curl_free(host);
	curl_free(port);
	curl_free(path);
	curl_free(other);
	curl_url_cleanup(u);
	return ok;
}

/* ---- the response ---- */

struct compare_reading {
	struct compare_answer *answer;
	struct buf	 value[COMPARED_COUNT];
	struct buf	 cookies;		/* names, each with a NUL behind it */
	unsigned	 ncookies;
	struct buf	 body;
	size_t		 head_bytes;
	bool		 in_head;		/* its empty line has not come */
	bool		 large;			/* the head */
	bool		 more;			/* of the body than is read */
};

static void
reading_clear(struct compare_reading *r)
{
	for (int i = 0; i < COMPARED_COUNT; i++)
		buf_clear(&r->value[i]);
	buf_clear(&r->cookies);
	r->ncookies = 0;
	r->answer->why[0] = '\0';
}

static void
take_cookie(struct compare_reading *r, struct str value)
{
	struct str name = { value.p, 0 };

	while (name.len < value.len && value.p[name.len] != '=' && value.p[name.len] != ';')
		name.len++;
	name = str_trim(name);
	if (name.len == 0 || r->ncookies == COOKIES_MAX || memchr(name.p, '\0', name.len) != NULL)
		return;
	if (name.len > r->cookies.max - r->cookies.len - 1 || r->cookies.max - r->cookies.len < 2)
		return;
	buf_adds(&r->cookies, name);
	buf_add(&r->cookies, "", 1);
	r->ncookies++;
}

static void
take_field(struct compare_reading *r, struct str line)
{
	struct str name, value = line;

	if (!str_split(&value, ':', &name))
		return;
	while (value.len > 0 && (value.p[value.len - 1] == '\n' || value.p[value.len - 1] == '\r'))
		value.len--;
	value = str_trim(value);
	if (str_eq_nocase(name, STR("Mola-Why")))
		str_copy(r->answer->why, sizeof r->answer->why, value);
	if (str_eq_nocase(name, str_of(compared_names[COMPARED_COOKIES]))) {
		take_cookie(r, value);
		return;
	}
	for (int i = COMPARED_STATUS + 1; i < COMPARED_BODY; i++)
		if (str_eq_nocase(name, str_of(compared_names[i]))) {
			if (r->value[i].len > 0)
				buf_adds(&r->value[i], STR(", "));
			buf_adds(&r->value[i], value);
		}
}

/* Interim heads come before the one that counts, and trailers behind the empty line. */
static size_t
on_head(char *p, size_t one, size_t len, void *arg)
{
	struct compare_reading *r = arg;
	struct str line = { p, len };

	ASSERT(one == 1);
	if (str_starts(line, STR("HTTP/"))) {
		r->in_head = true;
		reading_clear(r);
	} else if (r->in_head)
		take_field(r, line);
	r->in_head = r->in_head && len > 2;
	r->head_bytes += len;
	r->large = r->head_bytes > HEAD_MAX;
	return r->large ? 0 : len;
}

/* Less than was given ends the transfer. */
static size_t
on_body(char *p, size_t one, size_t len, void *arg)
{
	struct compare_reading *r = arg;
	size_t room = BODY_MAX - r->body.len;

	ASSERT(one == 1 && r->body.len <= BODY_MAX);
	r->more = len > room;
	buf_add(&r->body, p, r->more ? room : len);
	return r->more ? 0 : len;
}

static int
name_order(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void
join_cookies(struct compare_reading *r)
{
	struct buf *out = &r->value[COMPARED_COOKIES];
	const char *name[COOKIES_MAX], *p = r->cookies.p;

	for (unsigned i = 0; i < r->ncookies; i++, p += strlen(p) + 1)
		name[i] = p;
	qsort(name, r->ncookies, sizeof *name, name_order);
	for (unsigned i = 0; i < r->ncookies; i++)
		buf_printf(out, "%s%s", i == 0 ? "" : ", ", name[i]);
}

/* "1234 bytes, SHA-256 0123456789abcdef", and how it ended where that is not its end. */
static void
describe_body(struct compare_reading *r, CURLcode rc)
{
	unsigned char hash[SHA256_DIGEST_LENGTH];
	struct buf *out = &r->value[COMPARED_BODY];
	const char *how = r->more ? "more than " : rc == CURLE_OK ? "" :
	    rc == CURLE_OPERATION_TIMEDOUT ? "not complete in time, " : "broken off, ";

	/* how much of it comes before the time is over differs, and means nothing */
	if (rc == CURLE_OPERATION_TIMEDOUT) {
		buf_adds(out, STR("not complete in time"));
		return;
	}
	SHA256((const unsigned char *)(r->body.len > 0 ? r->body.p : ""), r->body.len, hash);
	buf_printf(out, "%s%zu bytes, SHA-256 ", how, r->body.len);
	for (int i = 0; i < 8; i++)
		buf_printf(out, "%02x", hash[i]);
}

static void
describe_silence(struct compare_reading *r, CURLcode rc)
{
	struct buf *out = &r->value[COMPARED_STATUS];

	reading_clear(r);
	buf_printf(out, "no response (%s)", r->large ? "its head is too large" : r->in_head ?
	    "its head broke off" : curl_easy_strerror(rc));
}

static void
answer_make(struct compare_reading *r, CURLcode rc, long status)
{
	struct compare_answer *a = r->answer;
	bool all = rc == CURLE_OK || (r->more && rc == CURLE_WRITE_ERROR);

	/* curl takes a head that breaks off for all of it */
	a->came = status >= 200 && !r->in_head && !r->large &&
	    (all || rc == CURLE_OPERATION_TIMEDOUT || rc == CURLE_PARTIAL_FILE || rc == CURLE_RECV_ERROR);
	if (a->came) {
		buf_printf(&r->value[COMPARED_STATUS], "%ld", status);
		join_cookies(r);
		describe_body(r, all ? CURLE_OK : rc);
	} else
		describe_silence(r, rc);
	for (int i = 0; i < COMPARED_COUNT; i++)
		if (r->value[i].len > 0)
			a->text[i] = str_dup(buf_str(&r->value[i]));
}

/* ---- the request ---- */

static void
set_request(CURL *c, const struct compare_side *s, const struct compare_address *at,
    struct compare_reading *r)
{
	char url[URL_MAX];
	int n = snprintf(url, sizeof url, "%s://%s%s", at->tls && !s->stated ? "https" : "http",
	    at->host, at->path);

	ASSERT(n > 0 && (size_t)n < sizeof url);
	curl_easy_setopt(c, CURLOPT_URL, url);
	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(c, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(c, CURLOPT_PROXY, "");
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(c, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(c, CURLOPT_FORBID_REUSE, 1L);
	curl_easy_setopt(c, CURLOPT_USERAGENT, "mola/" MOLA_VERSION);
	curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, CONNECT_SECONDS);
	curl_easy_setopt(c, CURLOPT_TIMEOUT, RESPONSE_SECONDS);
	/* that a certificate is the right one is not what is compared: Traefik's may be its own */
	curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 0L);
	curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 0L);
	curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, on_head);
	curl_easy_setopt(c, CURLOPT_HEADERDATA, r);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, r);
}

void
compare_fetch(const struct compare_side *s, const struct compare_address *at,
    struct compare_answer *out)
{
	struct curl_slist *to = curl_slist_append(NULL, s->to), *fields = NULL;
	struct compare_reading r = { .answer = out };
	CURL *c = curl_easy_init();
	curl_off_t connected = 0;
	long status = 0;
	CURLcode rc;

	ASSERT(c != NULL && to != NULL && s->to[0] != '\0');
	*out = (struct compare_answer){ .came = false };
	for (int i = 0; i < COMPARED_COUNT; i++)
		buf_init(&r.value[i], COMPARE_VALUE_MAX);
	buf_init(&r.cookies, COMPARE_VALUE_MAX);
	buf_init(&r.body, BODY_MAX);
	set_request(c, s, at, &r);
	curl_easy_setopt(c, CURLOPT_CONNECT_TO, to);
	if (at->tls && s->stated)
		fields = curl_slist_append(NULL, "X-Forwarded-Proto: https");
	curl_easy_setopt(c, CURLOPT_HTTPHEADER, fields);
	rc = curl_easy_perform(c);
	curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(c, CURLINFO_CONNECT_TIME_T, &connected);
	out->away = connected == 0 && (rc == CURLE_COULDNT_CONNECT || rc == CURLE_COULDNT_RESOLVE_HOST ||
	    rc == CURLE_OPERATION_TIMEDOUT);
	answer_make(&r, rc, status);
	for (int i = 0; i < COMPARED_COUNT; i++)
		buf_fini(&r.value[i]);
	buf_fini(&r.cookies);
	buf_fini(&r.body);
	curl_slist_free_all(to);
	curl_slist_free_all(fields);
	curl_easy_cleanup(c);
}

void
compare_answer_fini(struct compare_answer *a)
{
	for (int i = 0; i < COMPARED_COUNT; i++)
		free(a->text[i]);
	*a = (struct compare_answer){ .came = false };
}
