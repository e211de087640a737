/*
 * What becomes of a request before it is routed: a CA's challenge has its answer here, a request
 * that came in plain is sent to https, and one that has come over the wrong connection is refused.
 */
#include <stdio.h>
#include <string.h>

#include "base/bug.h"
#include "http/chars.h"
#include "proxy/exchange_priv.h"
#include "proxy/listener.h"
#include "proxy/tls_rules.h"

#define TOKEN_LEAST	20	/* bytes of a challenge's token that is worth waiting for */
#define TOKEN_MOST	100
#define CHALLENGE_MAX	(ANSWER_MAX - 160)	/* bytes of an answer to a challenge */

/* ---- challenges of a CA (RFC 8555, 8.3) ---- */

/* Empty: the request is for none. */
static struct str
challenge_token(const struct message *h)
{
	static const struct str prefix = { "/.well-known/acme-challenge/", 28 };
	struct str token;

	if (!str_starts(h->path, prefix) || !(h->is_head || str_eq(h->method, STR("GET"))))
		return STR("");
	token = (struct str){ h->path.p + prefix.len, h->path.len - prefix.len };
	for (size_t i = 0; i < token.len; i++) {
		char c = token.p[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-'
		    || c == '_'))
			return STR("");
	}
	return token;
}

static bool
challenge_answer(const struct exchange *x, const struct message *h, struct str *answer)
{
	struct str token = challenge_token(h);

	return token.len > 0 && keys_find_http(x->proxy->keys, token, answer)
	    && answer->len <= CHALLENGE_MAX;
}

/* Over TLS it is not asked for first, and a task may have an answer of its own. */
bool
front_holds(struct exchange *x, const struct message *h)
{
	const struct proxy_conf *c = &x->proxy->conf;
	const struct sender *sender = &x->client->sender;
	size_t len = challenge_token(h).len;
	struct str answer;
	struct ip from;

	if (len < TOKEN_LEAST || len > TOKEN_MOST || sender->tls || challenge_answer(x, h, &answer))
		return false;
	from = sender_client(sender, h, c->trusted, c->ntrusted);
	return keys_wait(x->proxy->keys, &x->hold, &from, exchange_on_client, x);
}

/* ---- what is decided ---- */

/* A proxy in front of us that is trusted has said that its client came by https: in the last of
 * these fields, as one before it may be the client's own. */
bool
front_came_by_https(const struct exchange *x, const struct message *h)
{
	const struct field *f = NULL;

	if (x->client->sender.tls)
		return true;
	if (!x->client->sender.trusted)
		return false;
	for (int i = 0; i < h->nfields; i++)
		if (h->field[i].id == FIELD_X_FORWARDED_PROTO && h->field[i].value.len > 0)
			f = &h->field[i];
	return f != NULL && str_eq_nocase(f->value, STR("https"));
}

/*
 * Browsers send requests for several hosts over one connection if its certificate covers them. A
 * host that it does not cover was never verified; one that the client has named in the handshake
 * is what it wanted, whatever was shown.
 */
static bool
is_misdirected(const struct client *c, struct str host)
{
	const struct tls_facts *f = c->secure != NULL ? &c->secure->facts : NULL;

	if (host.len > 1 && host.p[host.len - 1] == '.')	/* as in routes; clients leave it out of SNI */
		host.len--;
	return f != NULL && f->host.len > 0 && host.len > 0 && !str_eq_nocase(f->host, host)
	    && (f->cert == NULL || !cert_covers(f->cert, host));
}

/*
 * TLS options that its host has are not those of the host that the connection was made for; or what
 * they demand of clients has become more since. A proxy in front that says https has shown no
 * certificate of the client's.
 */
static bool
is_under_other_rules(const struct exchange *x, const struct message *h)
{
	const struct client *c = x->client;
	const struct table *t = x->proxy->table;
	struct str by = listener_name(x->proxy, c->came_by);
	const struct table_tls *wanted, *had;
	uint32_t n;

	if (t == NULL || (table_tls(t, &n), n == 0))
		return false;
	if (c->secure == NULL)
		return front_came_by_https(x, h) &&
		    !tls_rules_admit(NULL, t, table_tls_find(t, STR(""), h->host));
	wanted = table_tls_find(t, by, h->host);
	had = table_tls_find(t, by, c->secure->facts.host);
	return wanted != had || !tls_rules_admit(c->secure->facts.rules, t, wanted);
}

/* What Traefik's entry point of the listener's name does; NULL: it does not redirect, or there is
 * none. */
static const struct table_listener *
redirection(const struct exchange *x)
{
	const struct table *t = x->proxy->table;
	const struct table_listener *l = t == NULL || !table_redirects(t) ? NULL :
	    table_listener_named(t, listener_name(x->proxy, x->client->came_by));

	return l == NULL || l->redirect_port == 0 ? NULL : l;
}

static bool
is_redirected(const struct exchange *x)
{
	return x->client->redirect_port != 0 || redirection(x) != NULL;
}

const struct why *
front_judge(const struct exchange *x, const struct message *h)
{
	struct str answer;

	if (challenge_answer(x, h, &answer))
		return WHY_CHALLENGE_SERVED;
	if (is_misdirected(x->client, h->host) || is_under_other_rules(x, h))
		return WHY_MISDIRECTED;
	if (!is_redirected(x) || front_came_by_https(x, h))
		return NULL;
	return h->host.len > 0 ? WHY_HTTPS_REDIRECT : WHY_BAD_HOST;
}

/* ---- responses ---- */

static struct str
connection(const struct exchange *x)
{
	return x->keep ? STR("keep-alive") : STR("close");
}

/* Over TLS, HSTS stands behind the status line: a browser's first response may be one of ours. */
static void
answer_add(struct exchange *x, struct str all)
{
	const char *end = memchr(all.p, '\r', all.len);
	struct gather *g = &x->down.head;

	ASSERT(end != NULL);
	if (!x->client->sender.tls || x->proxy->hsts == NULL) {
		gather_add(g, all);
		return;
	}
	gather_add(g, str_between(all.p, end));
	gather_add(g, STR("\r\nStrict-Transport-Security: "));
	gather_add(g, str_of(x->proxy->hsts));
	gather_add(g, str_between(end, all.p + all.len));
}

static void
answer_challenge(struct exchange *x)
{
	struct str answer;
	int n;

	if (!challenge_answer(x, &x->proxy->head, &answer))
		BUG("a challenge is not known any more");
	n = snprintf(x->answer, sizeof x->answer,
	    "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: %zu\r\n"
	    "Connection: %.*s\r\n\r\n%.*s", answer.len, STR_ARG(connection(x)),
	    x->is_head ? 0 : (int)answer.len, answer.p);
	ASSERT(n > 0 && (size_t)n < sizeof x->answer);
	answer_add(x, (struct str){ x->answer, (size_t)n });
	x->own_content = x->is_head ? 0 : answer.len;
}

/* Traefik's: methods other than GET are to stay what they are. */
static int
redirect_status(const struct message *h, bool temporary)
{
	if (str_eq(h->method, STR("GET")))
		return temporary ? 302 : 301;
	return temporary ? 307 : 308;
}

/* The host and the target lie in the page of the request, which stays until the response is out. */
static void
answer_redirect(struct exchange *x)
{
	const struct message *h = &x->proxy->head;
	struct gather *g = &x->down.head;
	const struct table_listener *l = x->client->redirect_port != 0 ? NULL : redirection(x);
	unsigned port = l != NULL ? l->redirect_port : x->client->redirect_port;
	char text[16] = "";
	int at, begin, n;

	if (l != NULL)
		x->status = redirect_status(h, l->redirect_temporary);
	if (port != 443)
		snprintf(text, sizeof text, ":%u", port);
	at = snprintf(x->answer, sizeof x->answer, "HTTP/1.1 %d %s\r\nLocation: https://", x->status,
	    status_reason(x->status)) + 1;
	begin = at + snprintf(x->answer + at, sizeof x->answer - (size_t)at, "%s", text) + 1;
	n = snprintf(x->answer + begin, sizeof x->answer - (size_t)begin,
	    "\r\nContent-Length: 0\r\nMola-Why: %s\r\nConnection: %.*s\r\n\r\n", x->why->name,
	    STR_ARG(connection(x)));
	ASSERT(n > 0 && (size_t)(begin + n) < sizeof x->answer);
	gather_add(g, str_of(x->answer));
	gather_add(g, h->host);
	gather_add(g, str_of(x->answer + at));
	gather_add(g, h->target.p[0] == '/' ? h->target : STR("/"));
	gather_add(g, (struct str){ x->answer + begin, (size_t)n });
}

static void
answer_own(struct exchange *x)
{
	if (x->why == WHY_CHALLENGE_SERVED)
		answer_challenge(x);
	else if (x->why == WHY_HTTPS_REDIRECT)
		answer_redirect(x);
	else if (x->client->is_grpc)
		answer_add(x, answer_make_grpc(x->answer, x->why, x->why->status));
	else {
		answer_add(x, answer_make(x->answer, x->why, x->keep, x->is_head));
		x->own_content = x->is_head ? 0 : strlen(x->why->text) + 1;
	}
}

void
front_answer(struct exchange *x)
{
	if (x->filters == NULL || !filters_answer(x))
		answer_own(x);
	access_note_downstream(x->proxy->access, &x->log, &x->down.head);
}
