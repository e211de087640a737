/*
 * health_read: heads are those of HTTP/1; the bodies of gRPC's health service are one message with
 * one number in it; where a redirect leads is libcurl's to work out.
 */
#include <curl/curl.h>
#include <curl/urlapi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "base/form.h"
#include "http/h1_body.h"
#include "proxy/health_read.h"

#define URL_MAX		4096

/* ---- heads ---- */

enum parse
check_read_head(struct message *m, char *text, size_t *len, size_t *used)
{
	const struct why *why;
	size_t scanned = 0;
	enum parse res;

	while ((res = h1_read_response(m, (struct str){ text, *len }, false, &scanned, used,
	    &why)) == PARSE_DONE && m->status < 200 && m->status != 101) {
		ASSERT(*used > 0 && *used <= *len);
		memmove(text, text + *used, *len -= *used);
		scanned = 0;
	}
	return res;
}

/* ---- gRPC ---- */

/* Protocol Buffers: seven bits in each byte, the lowest first. */
static bool
varint_read(struct str *in, uint64_t *out)
{
	uint64_t v = 0;

	for (unsigned i = 0; i < 10 && i < in->len; i++) {
		unsigned char c = (unsigned char)in->p[i];
		v |= (uint64_t)(c & 0x7f) << (7 * i);
		if (c < 0x80) {
			*in = (struct str){ in->p + i + 1, in->len - i - 1 };
			*out = v;
			return true;
		}
	}
	return false;
}

/* Past a field of this wire type, whose number is not ours. */
static bool
field_skip(struct str *in, unsigned type)
{
	uint64_t n;

	if (type == 0)
		return varint_read(in, &n);
	if (type == 1 || type == 5)
		n = type == 1 ? 8 : 4;
	else if (type != 2 || !varint_read(in, &n))
		return false;
	if (n > in->len)
		return false;
	*in = (struct str){ in->p + n, in->len - n };
	return true;
}

/* HealthCheckResponse: field 1 is the status, and 1 means SERVING. */
static bool
message_serves(struct str in)
{
	uint64_t tag, status = 0;

	while (in.len > 0) {
		if (!varint_read(&in, &tag))
			return false;
		if (tag == 1 << 3 ? !varint_read(&in, &status) : !field_skip(&in, tag & 7))
			return false;
	}
	return status == 1;
}

/* One message that is not compressed, behind its length. */
static bool
body_serves(struct str body)
{
	const unsigned char *p = (const unsigned char *)body.p;

	return body.len >= 5 && p[0] == 0 &&
	    ((size_t)p[1] << 24 | (size_t)p[2] << 16 | (size_t)p[3] << 8 | p[4]) == body.len - 5 &&
	    message_serves((struct str){ body.p + 5, body.len - 5 });
}

static struct str
field_value(const struct message *m, const char *name)
{
	for (int i = 0; i < m->nfields; i++)
		if (str_eq_nocase(m->field[i].name, str_of(name)))
			return m->field[i].value;
	return STR("");
}

static void
on_trailer(void *arg, struct str line)
{
	bool *ok = arg;
	struct str name;

	if (str_split(&line, ':', &name) && str_eq_nocase(name, STR("grpc-status")))
		*ok = str_eq(str_trim(line), STR("0"));
}

/*
 * What the message in the body says, and whether trailers say that the call went well. Of a copy:
 * the next look, when more has come, begins with the bytes as they came. One call takes all that is
 * there: it leaves at most a part of a trailer's line.
 */
static enum parse
chunks_read(const char *text, size_t len, bool ok, bool *serving)
{
	struct h1_body b;
	size_t used, data = 0;
	char *copy = must_alloc(len + 1);
	enum parse res;

	memcpy(copy, text, len);
	h1_body_init(&b, BODY_CHUNKED, 0);
	if ((res = h1_body_split(&b, copy, len, &used, &data, on_trailer, &ok)) == PARSE_DONE)
		*serving = ok && body_serves((struct str){ copy, data });
	free(copy);
	return res;
}

enum parse
check_read_grpc(const struct message *head, const char *text, size_t len, bool *serving)
{
	bool ok = str_eq(field_value(head, "grpc-status"), STR("0"));

	if (head->status != 200 ||
	    !str_starts(field_value(head, "content-type"), STR("application/grpc"))) {
		*serving = false;
		return PARSE_DONE;
	}
	if (head->body == BODY_UNTIL_CLOSE)
		return PARSE_BAD;
	if (head->body == BODY_CHUNKED)
		return chunks_read(text, len, ok, serving);
	if (len < head->length)
		return PARSE_MORE;
	*serving = ok && body_serves((struct str){ text, (size_t)head->length });
	return PARSE_DONE;
}

/* ---- redirects ---- */

static bool
part_is_same(CURLU *a, CURLU *b, CURLUPart part)
{
	char *x = NULL, *y = NULL;
	bool same = curl_url_get(a, part, &x, CURLU_DEFAULT_PORT) == CURLUE_OK &&
	    curl_url_get(b, part, &y, CURLU_DEFAULT_PORT) == CURLUE_OK && strcasecmp(x, y) == 0;

	curl_free(x);
	curl_free(y);
	return same;
}

/* Whether a URL is one of this server. */
static bool
url_is_of(CURLU *u, bool secure, struct str authority)
{
	char text[URL_MAX];
	CURLU *other = curl_url();
	bool same;

	snprintf(text, sizeof text, "http%s://%.*s/", secure ? "s" : "", STR_ARG(authority));
	same = other != NULL && curl_url_set(other, CURLUPART_URL, text, 0) == CURLUE_OK &&
	    part_is_same(u, other, CURLUPART_SCHEME) && part_is_same(u, other, CURLUPART_HOST) &&
	    part_is_same(u, other, CURLUPART_PORT);
	curl_url_cleanup(other);
	return same;
}

/* The path and the query of a URL; NULL: there is none that can be requested. */
static char *
url_target(CURLU *u)
{
	char *path = NULL, *query = NULL, *target = NULL;

	if (curl_url_get(u, CURLUPART_PATH, &path, 0) == CURLUE_OK) {
		curl_url_get(u, CURLUPART_QUERY, &query, 0);
		if (asprintf(&target, "%s%s%s", path, query != NULL ? "?" : "",
		    query != NULL ? query : "") < 0)
			target = NULL;
	}
	curl_free(path);
	curl_free(query);
	if (target != NULL && !form_path(str_of(target))) {
		free(target);
		target = NULL;
	}
	return target;
}

/* The request's own URL, and the other one in relation to it. */
static bool
url_resolve(CURLU *u, const struct redirect_from *from, struct str location)
{
	char text[URL_MAX];
	int n = snprintf(text, sizeof text, "http%s://%.*s%.*s", from->secure ? "s" : "",
	    STR_ARG(from->address), STR_ARG(from->target));

	if (n < 0 || (size_t)n >= sizeof text || location.len >= sizeof text ||
	    curl_url_set(u, CURLUPART_URL, text, 0) != CURLUE_OK)
		return false;
	str_copy(text, sizeof text, location);
	return curl_url_set(u, CURLUPART_URL, text, 0) == CURLUE_OK;
}

enum redirect
check_read_redirect(const struct redirect_from *from, struct str location, char **target)
{
	CURLU *u = curl_url();
	enum redirect res = REDIRECT_BAD;

	ASSERT(from->address.len > 0 && from->host.len > 0 && from->target.len > 0);
	if (u != NULL && url_resolve(u, from, location)) {
		if (!url_is_of(u, from->secure, from->address) && !url_is_of(u, from->secure, from->host))
			res = REDIRECT_ELSEWHERE;
		else if ((*target = url_target(u)) != NULL)
			res = REDIRECT_HERE;
	}
	curl_url_cleanup(u);
	return res;
}
