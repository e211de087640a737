/*
 * pages: a queue of pages that were requested; the first is being written. No request gets a page
 * that was started before it came: the page must show what the same client has just changed.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "admin/history.h"
#include "admin/metrics.h"
#include "admin/metrics_accept.h"
#include "admin/pages.h"
#include "admin/warnings.h"
#include "base/alloc.h"
#include "base/bug.h"
#include "base/clock.h"

#define SLICE_USEC	(2 * USEC_PER_MSEC)
#define PAGE_MAX	(64u << 20)
/* Then the page is written in one piece: a Swarm that changes all the time must not keep it from
 * its end. */
#define STARTS_MOST	4

struct page_job {
	TAILQ_ENTRY(page_job) link;
	enum page_kind	 kind;
	char		*service;
	struct request	**request;	/* that it is the response to, */
	unsigned	 nrequests;
	pages_made_f	*made;		/* or else who gets it, between these two */
	void		*arg;
	const char	*before, *after;
	int64_t		 cpu_usec;
	unsigned	 starts;
	uint64_t	 passes;	/* of the world, when it was started */
	unsigned	 family;	/* metrics: the next one */
	struct view_walk walk;		/* the others */
	struct buf	 out;
};

struct pages {
	struct loop	*loop;
	pages_view_f	*view;
	const void	*arg;
	TAILQ_HEAD(, page_job) jobs;
	struct timer	 work;
};

static void work(void *arg);

struct pages *
pages_new(struct loop *l, pages_view_f *view, const void *arg)
{
	struct pages *p = must_zalloc(sizeof *p);

	p->loop = l;
	p->view = view;
	p->arg = arg;
	TAILQ_INIT(&p->jobs);
	return p;
}

static struct page_job *
job_add(struct pages *p, enum page_kind kind, const char *service)
{
	struct page_job *j = must_zalloc(sizeof *j);

	j->kind = kind;
	j->service = must_strdup(service);
	buf_init(&j->out, PAGE_MAX);
	TAILQ_INSERT_TAIL(&p->jobs, j, link);
	if (p->work.node.at == 0)
		timer_set(p->loop, &p->work, loop_now(p->loop), work, p);
	return j;
}

static bool
prefers_openmetrics(const struct request *req)
{
	const struct message *h = request_head(req);
	struct metrics_accept accept = { 0 };

	for (int i = 0; i < h->nfields; i++)
		if (str_eq_nocase(h->field[i].name, STR("Accept")))
			metrics_accept_add(&accept, h->field[i].value);
	return metrics_accept_open(&accept);
}

void
pages_request(struct pages *p, struct request *req, enum page_kind kind, const char *service)
{
	struct page_job *j;

	if (kind == PAGE_METRICS && prefers_openmetrics(req))
		kind = PAGE_OPENMETRICS;
	TAILQ_FOREACH(j, &p->jobs, link)
		if (j->made == NULL && j->starts == 0 && j->kind == kind && strcmp(j->service, service) == 0)
			break;
	if (j == NULL)
		j = job_add(p, kind, service);
	j->request = must_realloc(j->request, (j->nrequests + 1) * sizeof(struct request *));
	j->request[j->nrequests++] = req;
}

void
pages_make(struct pages *p, enum page_kind kind, const char *before, const char *after,
    pages_made_f *made, void *arg)
{
	struct page_job *j = job_add(p, kind, "");

	ASSERT(made != NULL);
	j->before = before;
	j->after = after;
	j->made = made;
	j->arg = arg;
}

/* ---- one page ---- */

/* False: the service that it is about is gone. */
static bool
job_start(struct page_job *j, const struct admin_view *v)
{
	const struct world_service *s = NULL;
	const struct world_node *n = NULL;

	ASSERT(j->starts < STARTS_MOST);
	if (j->kind == PAGE_HISTORY_NODE)
		n = world_node(v->world, str_of(j->service));
	else if (*j->service != '\0')
		s = world_service(v->world, str_of(j->service));
	view_walk_end(&j->walk);
	buf_clear(&j->out);
	j->starts++;
	j->passes = v->world->passes;
	j->family = 0;
	if (s == NULL && n == NULL && *j->service != '\0')
		return false;
	if (j->made != NULL)
		buf_adds(&j->out, str_of(j->before));
	if (j->kind == PAGE_NODES)
		view_nodes_start(&j->walk, v, &j->out);
	else if (j->kind == PAGE_HISTORY || j->kind == PAGE_HISTORY_NODE)
		history_start(&j->walk, v, n, s, &j->out);
	else if (j->kind == PAGE_WARNINGS)
		warnings_start(&j->walk, &j->out);
	else if (j->kind == PAGE_SERVICES)
		view_services_start(&j->walk, v, &j->out);
	else if (j->kind == PAGE_TASKS && s == NULL)
		view_tasks_start(&j->walk, v, &j->out);
	else if (j->kind == PAGE_TASKS || j->kind == PAGE_WHY)
		view_tasks_start_of(&j->walk, v, s, j->kind == PAGE_WHY, &j->out);
	return true;
}

/* One step; false: the page is complete. */
static bool
job_step(struct page_job *j, const struct admin_view *v)
{
	switch (j->kind) {
	case PAGE_METRICS:
	case PAGE_OPENMETRICS:
		return metrics_write(v, j->family++, j->kind == PAGE_OPENMETRICS, &j->out);
	case PAGE_TASKS:
	case PAGE_WHY:
		return view_tasks_next(&j->walk, v, &j->out);
	case PAGE_NODES:
		return view_nodes_next(&j->walk, v, &j->out);
	case PAGE_SERVICES:
		return view_services_next(&j->walk, v, &j->out);
	case PAGE_HISTORY:
	case PAGE_HISTORY_NODE:
		return history_next(&j->walk, v, &j->out);
	case PAGE_WARNINGS:
		return warnings_next(&j->walk, v, &j->out);
	case PAGE_CONFIG:
		view_put(&j->out, view_conf(v->conf));
		break;
	case PAGE_CONFIG_MARKED:
		view_put(&j->out, view_conf_marked(v->conf));
		break;
	case PAGE_SWARM:
		view_put(&j->out, view_swarm(v));
		break;
	case PAGE_TARGETS:
		view_put(&j->out, view_targets(v));
		break;
	case PAGE_CERTS:
		view_put(&j->out, view_certs(v));
		break;
	}
	return false;
}

/* Replies to all requests: with the page, or with the error. */
static void
job_reply(struct page_job *j, int status, struct shared *text, bool full)
{
	const char *type = j->kind == PAGE_METRICS ? METRICS_TYPE :
	    j->kind == PAGE_OPENMETRICS ? METRICS_TYPE_OPEN : "application/json", *error = NULL;

	if (status == 404)
		error = "{\"error\":\"there is no such service any more\"}";
	else if (status == 503)
		error = "{\"error\":\"Mola is stopping\"}";
	else if (full) {
		status = 500;
		error = "{\"error\":\"the response would be too large\"}";
	}
	ASSERT((status == 200) == (error == NULL));
	for (unsigned i = 0; i < j->nrequests; i++)
		if (error != NULL)
			request_reply(j->request[i], status, "application/json", str_of(error), PAGES_FIELDS);
		else
			request_reply_shared(j->request[i], 200, type, text, PAGES_FIELDS);
}

static void
job_end(struct pages *p, struct page_job *j, int status)
{
	struct shared *text;
	bool full;

	ASSERT(j == TAILQ_FIRST(&p->jobs) && (j->nrequests > 0) == (j->made == NULL));
	if (j->made != NULL)
		buf_adds(&j->out, str_of(j->after));
	full = j->out.full;
	text = shared_new(&j->out);
	TAILQ_REMOVE(&p->jobs, j, link);	/* first: a client may request the same again at once */
	if (j->made != NULL)
		j->made(j->arg, j->kind, status == 200 && !full ? text : NULL, j->cpu_usec);
	else
		job_reply(j, status, text, full);
	shared_unref(&text);
	view_walk_end(&j->walk);
	free(j->request);
	free(j->service);
	free(j);
}

static void
job_run(struct pages *p, struct page_job *j, const struct admin_view *v)
{
	int64_t start = clock_mono_usec(), cpu = clock_thread_usec();
	bool more;

	if ((j->starts == 0 || j->passes != v->world->passes) && !job_start(j, v)) {
		job_end(p, j, 404);
		return;
	}
	while ((more = job_step(j, v)) &&
	    (j->starts == STARTS_MOST || clock_mono_usec() - start < SLICE_USEC))
		;
	j->cpu_usec += clock_thread_usec() - cpu;
	if (!more)
		job_end(p, j, 200);
}

static void
work(void *arg)
{
	struct pages *p = arg;
	struct page_job *j = TAILQ_FIRST(&p->jobs);
	struct admin_view v = p->view(p->arg);
	int64_t start = clock_mono_usec();

	ASSERT(j != NULL && j->starts <= STARTS_MOST);
	job_run(p, j, &v);
	if (!TAILQ_EMPTY(&p->jobs))		/* pages get half of the time at most */
		timer_set(p->loop, &p->work, loop_now(p->loop) + (clock_mono_usec() - start), work, p);
}

void
pages_free(struct pages **pp)
{
	struct pages *p = *pp;

	*pp = NULL;
	timer_clear(p->loop, &p->work);
	while (!TAILQ_EMPTY(&p->jobs))
		job_end(p, TAILQ_FIRST(&p->jobs), 503);
	free(p);
}
