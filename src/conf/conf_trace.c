/*
 * The types of values of section tracing, and whether it is sound as a whole.
 */
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/word.h"
#include "conf/conf_check.h"
#include "conf/conf_type.h"

#define IN		"tracing"
#define HEADERS_MAX	4096		/* bytes of all of them */

static const char *const id_words[] = { "off", "keep", "make", NULL };
static const char *const parent_words[] = { "trusted", "any", "none", NULL };

static bool
read_request_ids(const struct conf_key *k, struct str s, void *member, char *problem)
{
	/* YAML's off is false there */
	int at = str_eq(s, STR("false")) ? 0 : word_of(s, id_words, problem);
	enum conf_request_ids ids = (enum conf_request_ids)at;

	(void)k;
	if (at >= 0)
		memcpy(member, &ids, sizeof ids);
	return at >= 0;
}

static bool
write_request_ids(const void *member, struct buf *out)
{
	return buf_adds(out, str_of(id_words[*(const enum conf_request_ids *)member]));
}

static bool
read_parents(const struct conf_key *k, struct str s, void *member, char *problem)
{
	int at = word_of(s, parent_words, problem);
	enum conf_trace_parents parents = (enum conf_trace_parents)at;

	(void)k;
	if (at >= 0)
		memcpy(member, &parents, sizeof parents);
	return at >= 0;
}

static bool
write_parents(const void *member, struct buf *out)
{
	return buf_adds(out, str_of(parent_words[*(const enum conf_trace_parents *)member]));
}

/* RFC 9110, 5.6.2. */
static bool
is_token(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] <= ' ' || s.p[i] > '~' || strchr("\"(),/:;<=>?@[\\]{}", s.p[i]) != NULL)
			return false;
	return s.len > 0;
}

/* Those that the proxy itself reads or writes are no place for IDs. */
static bool
read_field_name(const struct conf_key *k, struct str s, void *member, char *problem)
{
	static const char *const taken[] = { "host", "connection", "content-length", "te", "trailer",
	    "transfer-encoding", "upgrade", "expect", "keep-alive", "cookie", "authorization", "date",
	    "traceparent", "tracestate", "forwarded", "x-real-ip", NULL };

	(void)k;
	if (!is_token(s) || s.len >= CONF_FIELD_NAME_MAX)
		return problem_set(problem, "'%s' is no name of a field; expected one such as X-Request-Id, "
		    "of at most %d characters", QUOTED(s), CONF_FIELD_NAME_MAX - 1);
	for (size_t i = 0; taken[i] != NULL; i++)
		if (str_eq_nocase(s, str_of(taken[i])) ||
		    (s.len > 11 && str_eq_nocase((struct str){ s.p, 12 }, STR("x-forwarded-"))))
			return problem_set(problem, "'%s' has another meaning; expected a field such as "
			    "X-Request-Id", QUOTED(s));
	return text_set(member, s);
}

static bool
read_otlp_url(const struct conf_key *k, struct str s, void *member, char *problem)
{
	(void)k;
	if (memchr(s.p, '@', s.len) != NULL)
		return problem_set(problem, "a user in the URL; expected http://host:4318, and what the "
		    "collector is to know in headers");
	return url_of(s, "/v1/traces", member, problem);
}

/* Not quoted in a problem: it is a secret. */
static bool
read_headers(const struct conf_key *k, struct str s, void *member, char *problem)
{
	struct str rest = s, line, name;

	(void)k;
	if (s.len == 0 || s.len > HEADERS_MAX)
		return problem_set(problem, "no headers; expected at most %d bytes of lines such as "
		    "'Authorization: Bearer ...'", HEADERS_MAX);
	while (str_split(&rest, '\n', &line)) {
		if (str_trim(line).len == 0)
			continue;
		if (!str_split(&line, ':', &name) || !is_token(str_trim(name)) || line.p == NULL ||
		    str_trim(line).len == 0)
			return problem_set(problem, "a line that is no header; expected 'Name: value' in each");
		for (size_t i = 0; i < line.len; i++)
			if ((unsigned char)line.p[i] < ' ' || (unsigned char)line.p[i] >= 0x7f)
				return problem_set(problem, "a value with bytes that are no printable ASCII; "
				    "expected 'Name: value'");
	}
	return text_set(member, s);
}

const struct conf_type
	type_REQUEST_IDS = { read_request_ids, write_request_ids, KIND_PLAIN, false, NULL },
	type_TRACE_PARENTS = { read_parents, write_parents, KIND_PLAIN, false, NULL },
	type_FIELD_NAME = { read_field_name, NULL, KIND_TEXT, false, NULL },
	type_OTLP_URL = { read_otlp_url, NULL, KIND_TEXT, false, NULL },
	type_OTLP_HEADERS = { read_headers, NULL, KIND_SECRET, false, NULL };

/* ---- the section ---- */

static void
headers_check(struct conf_tracing *t, const struct tree *root, struct faults *f)
{
	char text[HEADERS_MAX + 2], problem[CONF_PROBLEM_MAX];
	int line = conf_line(root, IN, "headers_file");
	struct str first;

	if (t->headers_file == NULL)
		return;
	if (t->headers != NULL)
		faults_add(f, line, IN ".headers_file", "set together with headers; expected one of them");
	else if (!secret_file_read(t->headers_file, text, sizeof text, &first, problem, sizeof problem))
		faults_add(f, line, IN ".headers_file", "'%.200s' %s", t->headers_file, problem);
	else if (!read_headers(NULL, first, &t->headers, problem))
		faults_add(f, line, IN ".headers_file", "'%.200s': %s in its first line", t->headers_file,
		    problem);
	explicit_bzero(text, sizeof text);
}

void
tracing_check(struct conf *c, const struct tree *root, struct faults *f)
{
	struct conf_tracing *t = &c->tracing;
	bool secure = t->url != NULL && strncmp(t->url, "https://", 8) == 0;

	if (tree_find(root, NULL, IN) == NULL)
		return;
	headers_check(t, root, f);
	if (secure)
		tls_check(root, IN, t->ca, t->cert, t->key, f);
	else if (t->ca != NULL || t->cert != NULL || t->key != NULL)
		faults_add(f, conf_line(root, IN, t->ca != NULL ? "ca" : t->cert != NULL ? "cert" : "key"), IN,
		    "ca, cert or key without TLS; expected an endpoint that begins with https://");
	if (t->url == NULL && t->headers != NULL)
		faults_add(f, conf_line(root, IN, "headers"), IN ".headers",
		    "nobody to send them to; expected endpoint");
}
