/*
 * prometheus: requests on their way. Each is sent to the server that responded last; when that
 * one cannot be reached, refuses, or is no Prometheus at all, to the next, until each was tried
 * once. A query that a server rejects is not sent to others: they would do the same. Must not
 * know what the queries are for, nor what the responses mean.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "base/clock.h"
#include "collect/prometheus.h"
#include "signals/prom_clock.h"

#define RUNNING_MAX	8		/* requests at a time, beside urgent ones: a Prometheus serves 20 for all */

struct prom_server {
	char		*url;			/* of the queries */
	char		*name;			/* for people: as configured */
	const struct why *why;			/* what was wrong with the last request; NULL: nothing */
	char		 detail[PROM_DETAIL];
	int64_t		 changed_usec;		/* wrong or right since */
	int64_t		 good_usec;		/* the last good response; 0: none yet */
	uint64_t	 sent, failed;		/* requests */
	struct prom_clock clock;
};

struct prom_request {
	TAILQ_ENTRY(prom_request) link;
	struct prometheus *prom;
	char		*query;
	prom_done_f	*done;
	void		*arg;
	bool		 urgent;
	struct fetch	*fetch;			/* under way, or NULL: it waits */
	unsigned	 server, tries;
	int64_t		 sent_usec;
};

TAILQ_HEAD(prom_requests, prom_request);

struct prometheus {
	struct loop	*loop;
	struct fetcher	*fetcher;
	struct prom_server *server;
	unsigned	 nservers, current;
	unsigned	 first;			/* the number of the first: none is ever another's again */
	char		*user, *password, *bearer, *ca, *cert, *key;
	int64_t		 timeout_usec;
	struct prom_requests waiting, running;
	unsigned	 nrunning;		/* urgent ones do not count */
	struct timer	 work;			/* the waiting ones are looked at */
};

static void	on_response(void *, const struct fetch_result *);
static void	prometheus_work(void *);

/* ---- servers ---- */

/* A reason that another server may not have. */
static bool
is_servers_fault(const struct why *why)
{
	return why == WHY_PROM_GONE || why == WHY_PROM_REFUSED || why == WHY_PROM_SYNTAX;
}

static void
server_set_state(struct prometheus *p, struct prom_server *s, const struct why *why,
    const char *detail)
{
	int64_t now = loop_now(p->loop);

	ASSERT(why == NULL || is_servers_fault(why));
	if (why != NULL && s->why != why)
		log_event(LOG_WARN, "prometheus.lost", "server", s->name, "why", why_name(why), "detail",
		    detail, NULL);
	else if (why == NULL && s->why != NULL)
		log_event(LOG_INFO, "prometheus.back", "server", s->name, NULL);
	if (s->changed_usec == 0 || (s->why == NULL) != (why == NULL))
		s->changed_usec = now;
	if (why == NULL)
		s->good_usec = now;
	else
		s->failed++;
	s->why = why;
	snprintf(s->detail, sizeof s->detail, "%s", why == NULL ? "" : detail);
	ASSERT(s->failed <= s->sent);
}

static void
servers_free(struct prometheus *p)
{
	char **const text[] = { &p->user, &p->password, &p->bearer, &p->ca, &p->cert, &p->key };

	for (unsigned i = 0; i < p->nservers; i++) {
		free(p->server[i].url);
		free(p->server[i].name);
	}
	free(p->server);
	p->server = NULL;
	p->nservers = p->current = 0;
	for (size_t i = 0; i < sizeof text / sizeof *text; i++) {
		free(*text[i]);
		*text[i] = NULL;
	}
}

/* ---- requests ---- */

/* For a form: all but letters, digits and a few as %XX. */
static void
form_add(struct buf *b, const char *name, const char *value)
{
	buf_printf(b, "%s%s=", b->len > 0 ? "&" : "", name);
	for (const unsigned char *c = (const unsigned char *)value; *c != '\0'; c++)
		if ((*c >= '0' && *c <= '9') || (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') ||
		    strchr("-._~", *c) != NULL)
			buf_add(b, c, 1);
		else
			buf_printf(b, "%%%02X", *c);
}

static void
request_send(struct prom_request *q)
{
	struct prometheus *p = q->prom;
	struct prom_server *s;
	struct fetch_conf conf;
	char timeout[32];
	struct buf form;

	if (q->tries == 0)
		q->server = p->current;
	ASSERT(q->server < p->nservers && q->tries < p->nservers);
	s = &p->server[q->server];
	buf_init(&form, 32u << 10);
	form_add(&form, "query", q->query);
	snprintf(timeout, sizeof timeout, "%lldms", (long long)(p->timeout_usec / USEC_PER_MSEC));
	form_add(&form, "timeout", timeout);
	conf = (struct fetch_conf){ .url = s->url, .timeout_usec = p->timeout_usec,
	    .body_max = PROM_RESPONSE_MAX, .method = "POST", .body = buf_str(&form),
	    .body_type = "application/x-www-form-urlencoded", .field = p->bearer, .user = p->user,
	    .password = p->password, .ca = p->ca, .cert = p->cert, .key = p->key };
	q->tries++;
	q->sent_usec = clock_mono_usec();
	s->sent++;
	q->fetch = fetch_start(p->fetcher, &conf, NULL, on_response, q);
	buf_fini(&form);
}

static void
request_free(struct prom_request *q)
{
	free(q->query);
	free(q);
}

/* Off its list, which its `fetch` says. */
static void
request_unlink(struct prom_request *q)
{
	struct prometheus *p = q->prom;

	if (q->fetch == NULL) {
		TAILQ_REMOVE(&p->waiting, q, link);
		return;
	}
	TAILQ_REMOVE(&p->running, q, link);
	if (!q->urgent) {
		ASSERT(p->nrunning > 0);
		p->nrunning--;
	}
}

static void
work_soon(struct prometheus *p)
{
	if (!TAILQ_EMPTY(&p->waiting))
		timer_set(p->loop, &p->work, loop_now(p->loop), prometheus_work, p);
}

static void
request_end(struct prom_request *q, const struct why *why, const char *detail,
    const struct prom_response *response)
{
	struct prometheus *p = q->prom;

	ASSERT((why == NULL) == (response != NULL));
	request_unlink(q);
	q->done(q->arg, why, detail, response);
	request_free(q);
	work_soon(p);
}

static void
prometheus_work(void *arg)
{
	struct prometheus *p = arg;
	struct prom_request *q, *next;
	unsigned n = 0;

	if (p->nservers == 0) {		/* over for all that wait now; their callbacks may request again */
		TAILQ_FOREACH(q, &p->waiting, link)
			n++;
		for (; n > 0 && (q = TAILQ_FIRST(&p->waiting)) != NULL; n--)
			request_end(q, WHY_PROM_GONE, "no server is configured", NULL);
		return;
	}
	for (q = TAILQ_FIRST(&p->waiting); q != NULL; q = next) {
		next = TAILQ_NEXT(q, link);
		if (!q->urgent && p->nrunning >= RUNNING_MAX)
			continue;
		ASSERT(q->fetch == NULL);
		TAILQ_REMOVE(&p->waiting, q, link);
		TAILQ_INSERT_TAIL(&p->running, q, link);
		p->nrunning += !q->urgent;
		q->tries = 0;
		request_send(q);
	}
	ASSERT(p->nrunning <= RUNNING_MAX);
}

/* ---- responses ---- */

static const struct why *
read_result(const struct fetch_result *r, struct prom_response **response, char detail[PROM_DETAIL])
{
	bool good = r->status >= 200 && r->status < 300;
	const struct why *why;

	detail[0] = '\0';
	if (r->why == WHY_METRICS_LARGE && good) {
		snprintf(detail, PROM_DETAIL, "more than %u bytes", PROM_RESPONSE_MAX);
		return WHY_PROM_LARGE;
	}
	if (r->why == WHY_METRICS_FETCH) {
		snprintf(detail, PROM_DETAIL, "%s", r->detail);
		for (char *c = detail; *c != '\0'; c++)		/* it may quote the server */
			if (*c < ' ' || *c > '~')
				*c = '?';
		return WHY_PROM_GONE;
	}
	if (r->why == WHY_METRICS_LARGE)
		why = WHY_PROM_LARGE;
	else
		why = prom_response_read(r->body, response, detail);
	if (good || why == WHY_PROM_QUERY || why == WHY_PROM_REFUSED)
		return why;
	if (why == NULL)
		prom_response_free(response);
	snprintf(detail, PROM_DETAIL, "status %ld", r->status);
	return WHY_PROM_REFUSED;
}

static void
on_response(void *arg, const struct fetch_result *r)
{
	struct prom_request *q = arg;
	struct prometheus *p = q->prom;
	struct prom_server *s = &p->server[q->server];
	struct prom_response *response = NULL;
	char detail[PROM_DETAIL], words[2 * PROM_DETAIL];
	const struct why *why = read_result(r, &response, detail);
	bool servers_fault = is_servers_fault(why);

	ASSERT(q->server < p->nservers && q->tries > 0 && q->tries <= p->nservers);
	if (servers_fault && s->good_usec > q->sent_usec)
		s->failed++;		/* other requests succeeded meanwhile: this one is too much for it */
	else
		server_set_state(p, s, servers_fault ? why : NULL, detail);
	if (servers_fault && q->tries < p->nservers) {
		q->server = (q->server + 1) % p->nservers;
		request_send(q);
		return;
	}
	/* the first one tried may not be the current one any more: others have left it meanwhile */
	if (!servers_fault && q->tries > 1)
		p->current = q->server;
	if (response != NULL) {
		response->server = p->first + q->server;
		response->as_of_usec = prom_clock_update(&s->clock, response->at, q->sent_usec,
		    r->first_byte_usec);
	}
	snprintf(words, sizeof words, "%s: %s", s->name, detail);
	request_end(q, why, servers_fault ? words : detail, response);
	prom_response_free(&response);
}

/* ---- life ---- */

struct prometheus *
prometheus_new(struct loop *loop, struct fetcher *fetcher)
{
	struct prometheus *p = must_zalloc(sizeof *p);

	p->loop = loop;
	p->fetcher = fetcher;
	TAILQ_INIT(&p->waiting);
	TAILQ_INIT(&p->running);
	return p;
}

void
prometheus_free(struct prometheus **pp)
{
	struct prometheus *p = *pp;

	*pp = NULL;
	if (p == NULL)
		return;
	while (!TAILQ_EMPTY(&p->running))
		prom_request_cancel(TAILQ_FIRST(&p->running));
	ASSERT(p->nrunning == 0);
	while (!TAILQ_EMPTY(&p->waiting))
		prom_request_cancel(TAILQ_FIRST(&p->waiting));
	timer_clear(p->loop, &p->work);
	servers_free(p);
	free(p);
}

static bool
is_same(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static char *
copy(const char *s)
{
	return s == NULL ? NULL : must_strdup(s);
}

static bool
has_servers(const struct prometheus *p, const struct conf_prom *c, const char *bearer)
{
	if (p->nservers != c->servers.n || !is_same(p->bearer, bearer) || !is_same(p->user, c->user) ||
	    !is_same(p->password, c->password) || !is_same(p->ca, c->ca) ||
	    !is_same(p->cert, c->cert) || !is_same(p->key, c->key))
		return false;
	for (unsigned i = 0; i < p->nservers; i++)
		if (strcmp(p->server[i].name, c->servers.item[i]) != 0)
			return false;
	return true;
}

void
prometheus_reconf(struct prometheus *p, const struct conf *conf)
{
	const struct conf_prom *c = &conf->prom;
	char *bearer = NULL;
	struct prom_request *q;

	ASSERT(c->timeout_usec > 0 || c->servers.n == 0);
	if (c->token != NULL)
		bearer = must_printf("Authorization: Bearer %s", c->token);
	p->timeout_usec = c->timeout_usec;
	if (has_servers(p, c, bearer)) {
		free(bearer);
		return;
	}
	p->first += p->nservers;
	servers_free(p);
	p->server = must_zalloc((c->servers.n + 1) * sizeof *p->server);
	for (; p->nservers < c->servers.n; p->nservers++) {
		struct prom_server *s = &p->server[p->nservers];
		s->name = must_strdup(c->servers.item[p->nservers]);
		s->url = must_printf("%s/api/v1/query", s->name);
	}
	p->bearer = bearer;
	p->user = copy(c->user);
	p->password = copy(c->password);
	p->ca = copy(c->ca);
	p->cert = copy(c->cert);
	p->key = copy(c->key);

	/* what is under way goes back to the front of the queue, in its order */
	while ((q = TAILQ_LAST(&p->running, prom_requests)) != NULL) {
		fetch_cancel(q->fetch);
		request_unlink(q);
		q->fetch = NULL;
		TAILQ_INSERT_HEAD(&p->waiting, q, link);
	}
	ASSERT(p->nrunning == 0);
	work_soon(p);
}

bool
prometheus_is_configured(const struct prometheus *p)
{
	return p->nservers > 0;
}

static struct prom_request *
request_new(struct prometheus *p, const char *query, prom_done_f *done, void *arg, bool urgent)
{
	struct prom_request *q = must_zalloc(sizeof *q);

	q->prom = p;
	q->query = must_strdup(query);
	q->done = done;
	q->arg = arg;
	q->urgent = urgent;
	TAILQ_INSERT_TAIL(&p->waiting, q, link);
	work_soon(p);
	return q;
}

struct prom_request *
prometheus_query(struct prometheus *p, const char *query, prom_done_f *done, void *arg)
{
	return request_new(p, query, done, arg, false);
}

struct prom_request *
prometheus_query_urgent(struct prometheus *p, const char *query, prom_done_f *done, void *arg)
{
	return request_new(p, query, done, arg, true);
}

void
prom_request_cancel(struct prom_request *q)
{
	struct prometheus *p = q->prom;

	if (q->fetch != NULL)
		fetch_cancel(q->fetch);
	request_unlink(q);
	request_free(q);
	work_soon(p);
}

/* ---- for metrics and the API ---- */

bool
prometheus_next(const struct prometheus *p, unsigned *at, struct prom_facts *f)
{
	const struct prom_server *s;

	if (*at >= p->nservers)
		return false;
	s = &p->server[(*at)++];
	*f = (struct prom_facts){ s->name, s->why != NULL || s->good_usec != 0, s->why == NULL, s->sent,
	    s->failed };
	return true;
}

static json_t *
seconds_since(const struct prometheus *p, int64_t usec)
{
	if (usec == 0)
		return json_null();
	return json_real((double)(loop_now(p->loop) - usec) / (double)USEC_PER_SEC);
}

json_t *
prometheus_view(const struct prometheus *p)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < p->nservers; i++) {
		const struct prom_server *s = &p->server[i];
		json_array_append_new(list, json_pack("{s:s, s:s, s:b, s:s?, s:s?, s:o, s:o, s:I, s:I}",
		    "url", s->name, "state", s->why != NULL ? "failed" : s->good_usec != 0 ? "ok" : "new",
		    "current", i == p->current,
		    "why", s->why == NULL ? NULL : why_name(s->why),
		    "detail", s->why == NULL ? NULL : s->detail,
		    "since_seconds", seconds_since(p, s->changed_usec),
		    "answered_seconds", seconds_since(p, s->good_usec),
		    "queries_total", (json_int_t)s->sent, "failures_total", (json_int_t)s->failed));
	}
	return list;
}
