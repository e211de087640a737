/*
 * fetch_set: what curl is to know of a fetch: the request, whom to trust, and its limits.
 */
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/clock.h"
#include "net/fetch_priv.h"

#define CONNECT_USEC	(10 * USEC_PER_SEC)	/* for fetches without a limit of their own */

static void
set_protocols(CURL *e)
{
#if LIBCURL_VERSION_NUM >= 0x075500
	curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https");
#else
	curl_easy_setopt(e, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
}

static long
msec_up(int64_t usec)
{
	return (long)((usec + USEC_PER_MSEC - 1) / USEC_PER_MSEC);
}

static void
set_limits(struct fetch *x, const struct fetch_conf *c)
{
	int64_t connect = c->timeout_usec > 0 ? c->timeout_usec : CONNECT_USEC;

	curl_easy_setopt(x->easy, CURLOPT_TIMEOUT_MS, msec_up(c->timeout_usec));
	curl_easy_setopt(x->easy, CURLOPT_CONNECTTIMEOUT_MS, msec_up(connect));
	if (x->body_max > 0)
		curl_easy_setopt(x->easy, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)x->body_max);
}

static void
field_add(struct fetch *x, const char *field)
{
	x->fields = curl_slist_append(x->fields, field);
	ASSERT(x->fields != NULL);
}

static void
lines_add(struct fetch *x, struct str lines)
{
	struct str line;
	char *one;

	while (str_split(&lines, '\n', &line)) {
		line = str_trim(line);
		if (line.len == 0)
			continue;
		one = str_dup(line);
		field_add(x, one);
		free(one);
	}
}

static bool
has_field(const struct fetch_conf *c, const char *name)
{
	for (unsigned i = 0; i < c->nfields; i++)
		if (strncasecmp(c->fields[i], name, strlen(name)) == 0)
			return true;
	return false;
}

/* curl leaves out what it would add when it is named without a value. */
static void
set_foreign(struct fetch *x, const struct fetch_conf *c)
{
	static const char *const own[] = { "User-Agent:", "Accept:", "Content-Type:", "Expect:" };
	const char *method = c->method != NULL ? c->method : "GET";
	bool has_body = c->body.len > 0 || strcmp(method, "POST") == 0 || strcmp(method, "PUT") == 0
	    || strcmp(method, "PATCH") == 0;

	for (unsigned i = 0; i < c->nfields; i++)
		field_add(x, c->fields[i]);
	for (size_t i = 0; i < sizeof own / sizeof *own; i++)
		if (!has_field(c, own[i]))
			field_add(x, own[i]);
	curl_easy_setopt(x->easy, CURLOPT_USERAGENT, NULL);
	curl_easy_setopt(x->easy, CURLOPT_HTTPHEADER, x->fields);
	if (has_body) {
		curl_easy_setopt(x->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)c->body.len);
		curl_easy_setopt(x->easy, CURLOPT_COPYPOSTFIELDS, c->body.len > 0 ? c->body.p : "");
	}
	if (strcmp(method, "HEAD") == 0)
		curl_easy_setopt(x->easy, CURLOPT_NOBODY, 1L);
	else
		curl_easy_setopt(x->easy, CURLOPT_CUSTOMREQUEST, method);
}

static void
set_request(struct fetch *x, const struct fetch_conf *c)
{
	char type[160];

	x->wanted = c->wanted;
	x->on_field = c->on_field;
	x->on_header = c->on_head;
	if (c->fields != NULL) {
		set_foreign(x, c);
		return;
	}
	if (c->body.len > 0) {
		snprintf(type, sizeof type, "Content-Type: %s",
		    c->body_type != NULL ? c->body_type : "application/json");
		field_add(x, type);
		field_add(x, "Expect:");	/* no waiting for a 100 */
		curl_easy_setopt(x->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)c->body.len);
		curl_easy_setopt(x->easy, CURLOPT_COPYPOSTFIELDS, c->body.p);
	} else if (c->method != NULL && strcmp(c->method, "POST") == 0)
		curl_easy_setopt(x->easy, CURLOPT_COPYPOSTFIELDS, "");
	if (c->method != NULL)
		curl_easy_setopt(x->easy, CURLOPT_CUSTOMREQUEST, c->method);
	if (c->field != NULL)
		field_add(x, c->field);
	if (c->lines != NULL)
		lines_add(x, str_of(c->lines));
	if (x->fields != NULL)
		curl_easy_setopt(x->easy, CURLOPT_HTTPHEADER, x->fields);
}

static CURLcode
on_tls(CURL *e, void *tls, void *arg)
{
	struct fetch *x = arg;

	(void)e;
	SSL_CTX_set1_cert_store(tls, x->trust);
	return CURLE_OK;
}

static void
set_trust_store(struct fetch *x, const struct fetch_conf *c)
{
	CURL *e = x->easy;

	x->trust = (X509_STORE *)(uintptr_t)c->trust;
	X509_STORE_up_ref(x->trust);
	curl_easy_setopt(e, CURLOPT_CAINFO, NULL);
	curl_easy_setopt(e, CURLOPT_CAPATH, NULL);
	curl_easy_setopt(e, CURLOPT_SSL_CTX_FUNCTION, on_tls);
	curl_easy_setopt(e, CURLOPT_SSL_CTX_DATA, x);
}

static void
set_way(struct fetch *x, const struct fetch_conf *c)
{
	if (c->resolved != NULL) {
		x->resolved = curl_slist_append(NULL, c->resolved);
		ASSERT(x->resolved != NULL);
		curl_easy_setopt(x->easy, CURLOPT_RESOLVE, x->resolved);
	}
	if (c->trust != NULL)
		set_trust_store(x, c);
}

static void
set_trust(CURL *e, const struct fetch_conf *c)
{
	if (c->ca != NULL) {
		curl_easy_setopt(e, CURLOPT_CAINFO, c->ca);
		curl_easy_setopt(e, CURLOPT_CAPATH, NULL);	/* else the system's are trusted, too */
	}
	if (c->cert != NULL)
		curl_easy_setopt(e, CURLOPT_SSLCERT, c->cert);
	if (c->key != NULL)
		curl_easy_setopt(e, CURLOPT_SSLKEY, c->key);
	if (c->user != NULL) {
		curl_easy_setopt(e, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
		curl_easy_setopt(e, CURLOPT_USERNAME, c->user);
		curl_easy_setopt(e, CURLOPT_PASSWORD, c->password);
	}
	curl_easy_setopt(e, CURLOPT_SSL_VERIFYPEER, c->insecure ? 0L : 1L);
	curl_easy_setopt(e, CURLOPT_SSL_VERIFYHOST, c->insecure ? 0L : 2L);
}

void
fetch_set(struct fetch *x, const struct fetch_conf *c)
{
	set_protocols(x->easy);
	set_limits(x, c);
	set_request(x, c);
	set_trust(x->easy, c);
	set_way(x, c);
}
