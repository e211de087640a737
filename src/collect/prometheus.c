/*
 * prometheus: questions on their way. Each is put to the server that answered last; when that one cannot be reached,
 * refuses, or is no Prometheus at all, to the next, until each was asked once. A query that a server finds fault with
 * is not put to others: they would say the same.
 * Must not know what is asked, nor what the answers mean.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/bug.h"
#include "base/clock.h"
#include "collect/prometheus.h"
#include "signals/prom_clock.h"

#define RUNNING_MAX	8		/* questions at a time, beside those that go ahead: a Prometheus answers 20 of everybody's */

struct server {
	char		*url;			/* of the questions */
	char		*name;			/* for people: as configured */
	const struct why *why;			/* what was wrong when it was asked last */
	char		 detail[PROM_DETAIL];
	int64_t		 changed_usec;		/* wrong or right since */
	int64_t		 good_usec;		/* the last answer; 0: none yet */
	uint64_t	 asked, failed;
	struct prom_clock clock;
};

struct prom_request {
	TAILQ_ENTRY(prom_request) link;
	struct prometheus *prom;
	char		*query;
	prom_done_f	*done;
	void		*arg;
	bool		 ahead;
	struct fetch	*fetch;			/* under way, or NULL */
	unsigned	 server, tries;
	int64_t		 sent_usec;
};

TAILQ_HEAD(asks, prom_request);

struct prometheus {
	struct loop	*loop;
	struct fetcher	*fetcher;
	struct server	*server;
	unsigned	 nservers, current;
	unsigned	 first;			/* the number of the first: none is ever another's again */
	char		*user, *password, *bearer, *ca, *cert, *key;
	int64_t		 timeout_usec;
	struct asks	 waiting, running;
	unsigned	 nrunning;		/* those that go ahead do not count */
	struct timer	 work;			/* the waiting are looked at */
};

static void	on_answer(void *, const struct fetch_result *);

/* --- servers --- */

static bool
servers_fault(const struct why *why)
{
	return why == WHY_PROM_GONE || why == WHY_PROM_REFUSED || why == WHY_PROM_SYNTAX;
}

static void
server_told(struct prometheus *p, struct server *s, const struct why *why, const char *detail)
{
	int64_t now = loop_now(p->loop);

	if (why != NULL && s->why != why)
		log_event(LOG_WARN, "prometheus.lost", "server", s->name, "why", why_name(why), "detail", detail, NULL);
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

/* --- questions --- */

/* For a form: all but letters, digits and a few as %XX. */
static void
form_add(struct buf *b, const char *name, const char *value)
{
	buf_printf(b, "%s%s=", b->len > 0 ? "&" : "", name);
	for (const unsigned char *c = (const unsigned char *)value; *c != '\0'; c++)
		if ((*c >= '0' && *c <= '9') || (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || strchr("-._~", *c) != NULL)
			buf_add(b, c, 1);
		else
			buf_printf(b, "%%%02X", *c);
}

static void
ask_start(struct prom_request *q)
{
	struct prometheus *p = q->prom;
	struct server *s;
	struct fetch_conf conf;
	char timeout[32];
	struct buf form;

	if (q->tries == 0)
		q->server = p->current;
	s = &p->server[q->server];
	buf_init(&form, 32u << 10);
	form_add(&form, "query", q->query);
	snprintf(timeout, sizeof timeout, "%lldms", (long long)(p->timeout_usec / USEC_PER_MSEC));
	form_add(&form, "timeout", timeout);
	conf = (struct fetch_conf){ .url = s->url, .timeout_usec = p->timeout_usec, .body_max = PROM_RESPONSE_MAX, .method = "POST",
	    .body = buf_str(&form), .body_type = "application/x-www-form-urlencoded", .field = p->bearer, .user = p->user,
	    .password = p->password, .ca = p->ca, .cert = p->cert, .key = p->key };
	q->tries++;
	q->sent_usec = clock_mono_usec();
	s->asked++;
	q->fetch = fetch_start(p->fetcher, &conf, NULL, on_answer, q);
	buf_fini(&form);
}

static void
ask_free(struct prom_request *q)
{
	free(q->query);
	free(q);
}

static void
ask_leave(struct prom_request *q)
{
	struct prometheus *p = q->prom;

	if (q->fetch != NULL) {
		TAILQ_REMOVE(&p->running, q, link);
		p->nrunning -= !q->ahead;
	} else
		TAILQ_REMOVE(&p->waiting, q, link);
}

static void	prometheus_work(void *);

static void
work_soon(struct prometheus *p)
{
	if (!TAILQ_EMPTY(&p->waiting))
		timer_set(p->loop, &p->work, loop_now(p->loop), prometheus_work, p);
}

static void
ask_end(struct prom_request *q, const struct why *why, const char *detail, const struct prom_response *a)
{
	struct prometheus *p = q->prom;

	ask_leave(q);
	q->done(q->arg, why, detail, a);
	ask_free(q);
	work_soon(p);
}

/* Without servers it is over for those who wait now; their callbacks may ask again. */
static void
give_up(struct prometheus *p)
{
	struct prom_request *q;
	unsigned n = 0;

	TAILQ_FOREACH(q, &p->waiting, link)
		n++;
	for (; n > 0 && (q = TAILQ_FIRST(&p->waiting)) != NULL; n--)
		ask_end(q, WHY_PROM_GONE, "no server is configured", NULL);
}

static void
prometheus_work(void *arg)
{
	struct prometheus *p = arg;
	struct prom_request *q, *next;

	if (p->nservers == 0)
		give_up(p);
	for (q = TAILQ_FIRST(&p->waiting); p->nservers > 0 && q != NULL; q = next) {
		next = TAILQ_NEXT(q, link);
		if (!q->ahead && p->nrunning >= RUNNING_MAX)
			continue;
		TAILQ_REMOVE(&p->waiting, q, link);
		TAILQ_INSERT_TAIL(&p->running, q, link);
		p->nrunning += !q->ahead;
		q->tries = 0;
		ask_start(q);
	}
}

/* --- answers --- */

static const struct why *
read_result(const struct fetch_result *r, struct prom_response **answer, char detail[PROM_DETAIL])
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
	why = r->why == WHY_METRICS_LARGE ? WHY_PROM_LARGE : prom_response_read(r->body, answer, detail);
	if (good || why == WHY_PROM_QUERY || why == WHY_PROM_REFUSED)
		return why;
	if (why == NULL)
		prom_response_free(answer);
	snprintf(detail, PROM_DETAIL, "status %ld", r->status);
	return WHY_PROM_REFUSED;
}

static void
on_answer(void *arg, const struct fetch_result *r)
{
	struct prom_request *q = arg;
	struct prometheus *p = q->prom;
	struct server *s = &p->server[q->server];
	struct prom_response *answer = NULL;
	char detail[PROM_DETAIL], told[2 * PROM_DETAIL];
	const struct why *why = read_result(r, &answer, detail);

	if (servers_fault(why) && s->good_usec > q->sent_usec)		/* it has answered others meanwhile: the question is too much for it */
		s->failed++;
	else
		server_told(p, s, servers_fault(why) ? why : NULL, detail);
	if (servers_fault(why) && q->tries < p->nservers) {
		q->server = (q->server + 1) % p->nservers;
		ask_start(q);
		return;
	}
	if (!servers_fault(why) && q->tries > 1)		/* who was asked first may have been left by others meanwhile */
		p->current = q->server;
	if (answer != NULL) {
		answer->server = p->first + q->server;
		answer->as_of_usec = prom_clock_update(&s->clock, answer->at, q->sent_usec, r->first_byte_usec);
	}
	snprintf(told, sizeof told, "%s: %s", s->name, detail);
	ask_end(q, why, servers_fault(why) ? told : detail, answer);
	prom_response_free(&answer);
}

/* --- for others --- */

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
	while (!TAILQ_EMPTY(&p->waiting))
		prom_request_cancel(TAILQ_FIRST(&p->waiting));
	timer_clear(p->loop, &p->work);
	servers_free(p);
	free(p);
}

static bool
same(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static char *
copy(const char *s)
{
	return s == NULL ? NULL : must_strdup(s);
}

static char *
bearer_of(const struct conf_prom *c)
{
	char *field = NULL;

	if (c->token != NULL && asprintf(&field, "Authorization: Bearer %s", c->token) < 0)
		BUG("out of memory");
	return field;
}

static bool
same_servers(const struct prometheus *p, const struct conf_prom *c, const char *bearer)
{
	if (p->nservers != c->servers.n || !same(p->bearer, bearer) || !same(p->user, c->user) || !same(p->password, c->password)
	    || !same(p->ca, c->ca) || !same(p->cert, c->cert) || !same(p->key, c->key))
		return false;
	for (unsigned i = 0; i < p->nservers; i++)
		if (strcmp(p->server[i].name, c->servers.item[i]) != 0)
			return false;
	return true;
}

/* Back to the front of the queue, in their order. */
static void
ask_again(struct prometheus *p)
{
	struct prom_request *q;

	while ((q = TAILQ_LAST(&p->running, asks)) != NULL) {
		fetch_cancel(q->fetch);
		ask_leave(q);
		q->fetch = NULL;
		TAILQ_INSERT_HEAD(&p->waiting, q, link);
	}
	work_soon(p);
}

void
prometheus_reconf(struct prometheus *p, const struct conf *conf)
{
	const struct conf_prom *c = &conf->prom;
	char *bearer = bearer_of(c);

	p->timeout_usec = c->timeout_usec;
	if (same_servers(p, c, bearer)) {
		free(bearer);
		return;
	}
	p->first += p->nservers;
	servers_free(p);
	p->server = must_zalloc((c->servers.n + 1) * sizeof *p->server);
	for (; p->nservers < c->servers.n; p->nservers++) {
		struct server *s = &p->server[p->nservers];
		s->name = must_strdup(c->servers.item[p->nservers]);
		if (asprintf(&s->url, "%s/api/v1/query", s->name) < 0)
			BUG("out of memory");
	}
	p->bearer = bearer;
	p->user = copy(c->user);
	p->password = copy(c->password);
	p->ca = copy(c->ca);
	p->cert = copy(c->cert);
	p->key = copy(c->key);
	ask_again(p);
}

bool
prometheus_is_configured(const struct prometheus *p)
{
	return p->nservers > 0;
}

static struct prom_request *
ask_new(struct prometheus *p, const char *query, prom_done_f *done, void *arg, bool ahead)
{
	struct prom_request *q = must_zalloc(sizeof *q);

	q->prom = p;
	q->query = must_strdup(query);
	q->done = done;
	q->arg = arg;
	q->ahead = ahead;
	TAILQ_INSERT_TAIL(&p->waiting, q, link);
	work_soon(p);
	return q;
}

struct prom_request *
prometheus_query(struct prometheus *p, const char *query, prom_done_f *done, void *arg)
{
	return ask_new(p, query, done, arg, false);
}

struct prom_request *
prometheus_query_urgent(struct prometheus *p, const char *query, prom_done_f *done, void *arg)
{
	return ask_new(p, query, done, arg, true);
}

void
prom_request_cancel(struct prom_request *q)
{
	struct prometheus *p = q->prom;

	if (q->fetch != NULL)
		fetch_cancel(q->fetch);
	ask_leave(q);
	ask_free(q);
	work_soon(p);
}

static json_t *
seconds_since(const struct prometheus *p, int64_t usec)
{
	return usec == 0 ? json_null() : json_real((double)(loop_now(p->loop) - usec) / (double)USEC_PER_SEC);
}

bool
prometheus_next(const struct prometheus *p, unsigned *at, struct prom_facts *f)
{
	const struct server *s;

	if (*at >= p->nservers)
		return false;
	s = &p->server[(*at)++];
	*f = (struct prom_facts){ s->name, s->why != NULL || s->good_usec != 0, s->why == NULL, s->asked, s->failed };
	return true;
}

json_t *
prometheus_view(const struct prometheus *p)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < p->nservers; i++) {
		const struct server *s = &p->server[i];
		json_array_append_new(list, json_pack("{s:s, s:s, s:b, s:s?, s:s?, s:o, s:o, s:I, s:I}", "url", s->name,
		    "state", s->why != NULL ? "failed" : s->good_usec != 0 ? "ok" : "new", "current", i == p->current,
		    "why", s->why == NULL ? NULL : why_name(s->why), "detail", s->why == NULL ? NULL : s->detail,
		    "since_seconds", seconds_since(p, s->changed_usec), "answered_seconds", seconds_since(p, s->good_usec),
		    "queries_total", (json_int_t)s->asked, "failures_total", (json_int_t)s->failed));
	}
	return list;
}
