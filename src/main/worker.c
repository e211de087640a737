/*
 * Puts a proxy on a loop and passes on what the parent sends. Decides nothing.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/bug.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/pages.h"
#include "main/beat.h"
#include "main/descriptors.h"
#include "main/worker.h"
#include "net/resolve.h"
#include "proxy/proxy.h"
#include "world/secrets.h"

_Static_assert(CONF_TRUSTED_MAX == PROXY_TRUSTED_MAX && CONF_LISTEN_MAX == PROXY_LISTENERS_MAX &&
    CONF_LISTEN_NAME_MAX == PROXY_LISTENER_NAME_MAX,
    "as many as may be written are taken");
_Static_assert((int)CLIENT_CERT_OPTIONAL == (int)PROXY_CLIENT_CERT_OPTIONAL &&
    (int)CLIENT_CERT_REQUIRE == (int)PROXY_CLIENT_CERT_REQUIRE, "one means the other");

_Static_assert((int)CONF_ACCESS_FORMATS == (int)ACCESS_FORMATS &&
    CONF_STATUSES_MAX == ACCESS_STATUSES_MAX && CONF_FIELDS_MAX == ACCESS_FIELDS_MAX &&
    CONF_FIELD_MAX == ACCESS_FIELD_MAX, "the formats are those of one table");

_Static_assert((int)REQUEST_IDS_KEEP == (int)TRACE_IDS_KEEP &&
    (int)REQUEST_IDS_MAKE == (int)TRACE_IDS_MAKE &&
    (int)TRACE_PARENT_ANY == (int)TRACE_PARENTS_ANY &&
    (int)TRACE_PARENT_NONE == (int)TRACE_PARENTS_NONE && CONF_FIELD_NAME_MAX == TRACE_FIELD_MAX,
    "one means the other");

struct worker {
	const struct worker_conf *conf;
	struct loop	*loop;
	struct proxy	*proxy;
	struct resolver	*resolver;
	struct channel	 channel;
	struct timer	 last_call, beat;
	bool		 draining;
};

#define PER_ADDRESS_LEAST 64
#define RATE_GRACE_USEC	(10 * USEC_PER_SEC)

/* Of the clients.max as written: with fewer descriptors no fewer people share an address. */
static unsigned
worker_per_address(const struct conf *c)
{
	unsigned quarter = c->clients_max / 4;

	if (c->clients_per_address != CONF_AUTO)
		return c->clients_per_address;
	return quarter > PER_ADDRESS_LEAST ? quarter : PER_ADDRESS_LEAST;
}

static void
listener_modes(const struct conf_listen *l, struct proxy_listener *out)
{
	*out = proxy_listener_of(&l->addr);
	ASSERT(strlen(l->name) < sizeof out->name);
	strcpy(out->name, l->name);
	out->proxy_protocol = l->proxy_protocol;
	out->tls = l->tls;
	out->http2 = l->http2 == MAYBE_YES;
	out->redirect_port = (uint16_t)l->redirect_port;
	out->client_cert = (enum proxy_client_cert)l->client_cert;
}

static uint64_t
access_facts(const struct conf_list *names)
{
	enum access_fact f;
	uint64_t bits = 0;

	for (unsigned i = 0; i < names->n; i++) {
		if (!access_fact_parse(str_of(names->item[i]), &f))
			BUG("names of facts were checked when the file was read");
		bits |= access_fact_bits(f);
	}
	return bits;
}

static struct access_conf
access_conf_of(const struct conf *c)
{
	struct access_conf out = { .format = (enum access_format)c->log_access,
	    .least_usec = c->log_access_usec, .tried = c->log_access_tried,
	    .dropped = access_facts(&c->log_access_dropped),
	    .redacted = access_facts(&c->log_access_redacted) };

	for (unsigned i = 0; i < c->log_access_statuses.n; i++, out.nstatuses++)
		if (!conf_statuses_parse(str_of(c->log_access_statuses.item[i]),
		    &out.status[i].least, &out.status[i].most))
			BUG("statuses were checked when the file was read");
	for (unsigned i = 0, side; i < c->log_access_fields.n; i++, out.nfields++) {
		struct access_field *f = &out.field[out.nfields];
		if (!conf_access_field_parse(str_of(c->log_access_fields.item[i]), &side, f->name))
			BUG("fields were checked when the file was read");
		f->side = (enum access_side)side;
	}
	return out;
}

void
worker_limits(const struct conf *c, struct proxy_conf *out)
{
	*out = (struct proxy_conf){
		.client_head_usec = c->client_head_usec,
		.client_idle_usec = c->client_idle_usec,
		.client_body_usec = c->client_body_usec,
		.client_write_usec = c->client_write_usec,
		.client_abort_on_close = c->client_abort_on_close,
		.client_request_usec = c->client_request_usec,
		.client_min_rate = c->client_min_rate,
		.client_grace_usec = RATE_GRACE_USEC,
		.clients_per_address = worker_per_address(c),
		.clients_max = descriptors_clients(c->clients_max),
		.request_head = { c->request_head_bytes, (int)c->request_fields },
		.response_head = { c->response_head_bytes, (int)c->response_fields },
		.upstream_idle_max = c->upstream_idle_max,
		.upstream_idle_usec = c->upstream_idle_usec,
		.access = access_conf_of(c),
		.trace = { .ids = (enum trace_ids)c->tracing.ids, .spans = c->tracing.url != NULL,
		    .parents = (enum trace_parents)c->tracing.parents, .ratio = c->tracing.ratio },
		.ntrusted = c->clients_trusted.n,
		.tls_min_version = c->tls_min_version,
		.tls_suites = conf_tls_suites(c),
		.hsts_seconds = c->hsts_seconds,
	};
	str_copy(out->trace.id_field, sizeof out->trace.id_field, str_of(c->tracing.id_field));
	for (unsigned i = 0; i < c->nlisten; i++)
		listener_modes(&c->listen[i], &out->listener[out->nlisteners++]);
	ASSERT(out->nlisteners <= PROXY_LISTENERS_MAX && out->ntrusted <= PROXY_TRUSTED_MAX);
	for (unsigned i = 0; i < out->ntrusted; i++)
		if (!ip_net_parse(str_of(c->clients_trusted.item[i]), &out->trusted[i]))
			BUG("clients.trusted was checked when the file was read");
}

static void
worker_fill(const struct worker *w, struct proxy_conf *c)
{
	ASSERT(w->conf->index < WORKERS_MAX && c->clients_max > 0);
	c->worker = w->conf->index;
	c->live = w->conf->live;
	c->resolver = w->resolver;
	c->phys = w->conf->phys;
	c->probe = live_prober(w->conf->live) == w->conf->index;
	c->seed = (uint64_t)clock_wall_usec() * 64 + w->conf->index;
}

/* False: what was in force stays. */
static bool
worker_take_table(struct worker *w, int fd)
{
	const struct why *why;
	struct table *t;

	if ((why = table_open(fd, &t)) != NULL) {
		log_event(LOG_ERROR, "table.refused", "why", why_name(why), NULL);
		return false;
	}
	proxy_set_table(w->proxy, t);
	live_set_table(w->conf->live, w->conf->index, table_serial(t));
	log_event(LOG_DEBUG, "table.taken", "serial", LOG_N(table_serial(t)), NULL);
	table_unref(&t);
	return true;
}

/* What already uses a secret of the set before keeps that set by a reference of its own. */
static bool
worker_take_secrets(struct worker *w, int fd)
{
	const struct why *why;
	struct secrets *s;

	if ((why = secrets_open(fd, &s)) != NULL) {
		log_event(LOG_ERROR, "secrets.refused", "why", why_name(why), NULL);
		return false;
	}
	if (!proxy_set_secrets(w->proxy, s))
		log_event(LOG_ERROR, "secrets.incomplete", "serial", LOG_N(secrets_serial(s)), NULL);
	log_event(LOG_DEBUG, "secrets.taken", "serial", LOG_N(secrets_serial(s)), "count",
	    LOG_N(secrets_count(s)), NULL);
	secrets_unref(&s);
	return true;
}

static void
worker_take_limits(struct worker *w, const struct channel_msg *m)
{
	struct proxy_conf limits = m->limits;

	worker_fill(w, &limits);
	proxy_reconf(w->proxy, &limits);
}

static void
worker_empty(void *arg)
{
	struct worker *w = arg;

	loop_stop(w->loop);
}

static void
worker_last_call(void *arg)
{
	struct worker *w = arg;

	log_event(LOG_WARN, "stop.cut", "after_seconds",
	    LOG_N(w->conf->stop_usec / USEC_PER_SEC), NULL);
	loop_stop(w->loop);
}

static void
worker_drain(struct worker *w, int64_t patience_usec)
{
	ASSERT(w->conf->stop_usec >= 0);
	if (w->draining)
		return;
	w->draining = true;
	timer_set(w->loop, &w->last_call, loop_now(w->loop) + w->conf->stop_usec, worker_last_call, w);
	proxy_set_patience(w->proxy, patience_usec);
	proxy_drain(w->proxy, worker_empty, w);
}

static void
on_parent_message(void *arg, const struct channel_msg *m, int fd)
{
	struct worker *w = arg;

	if (m == NULL) {	/* the parent is gone: finish what is here, so that its successor has the ports */
		worker_drain(w, 0);
		return;
	}
	ASSERT(m->worker < WORKERS_MAX);
	switch (m->kind) {
	case CHANNEL_TABLE:
		worker_take_table(w, fd);
		return;
	case CHANNEL_SECRETS:
		worker_take_secrets(w, fd);
		return;
	case CHANNEL_ACCESS:
		proxy_set_access(w->proxy, fd);
		return;
	case CHANNEL_LISTEN:
		proxy_listen(w->proxy, fd, &m->addr);
		return;
	case CHANNEL_LEND:
		if (fd >= 0)		/* else descriptors have run out, and there is enough to do */
			proxy_borrow(w->proxy, fd, &m->addr, m->worker);
		return;
	case CHANNEL_TAKE_BACK:
		proxy_give_back(w->proxy, m->worker);
		break;
	case CHANNEL_UNLISTEN:
		proxy_unlisten(w->proxy, &m->addr);
		break;
	case CHANNEL_LIMITS:
		worker_take_limits(w, m);
		break;
	case CHANNEL_LIMITS_SECRETS:	/* no client's turn comes between them */
		worker_take_secrets(w, fd);
		worker_take_limits(w, m);
		return;
	case CHANNEL_DRAIN:
		worker_drain(w, m->patience_usec);
		break;
	case CHANNEL_CONF:
	case CHANNEL_KEEP:
	case CHANNEL_COUNTS:
	case CHANNEL_READY:
	case CHANNEL_SPANS:
		BUG("a message for another process was sent to a worker");
	}
	if (fd >= 0)
		close(fd);
}

static void
worker_tell_failed(struct worker *w)
{
	struct proxy_failed f;
	char ip[IP_TEXT_MAX];

	while (proxy_failed_take(w->proxy, &f)) {
		ip_text(&f.ip, ip);
		log_event(LOG_INFO, "tls.failed", "why", why_name(f.why), "text", f.text, "count",
		    LOG_N(f.count), "client", ip, "host", f.host, NULL);
	}
}

/* As many as the parent takes now; what stays, and more, is lost when there is no room for it. */
static void
worker_send_spans(struct worker *w)
{
	struct channel_msg m = { .kind = CHANNEL_SPANS, .worker = w->conf->index };
	uint64_t lost = proxy_spans_lost_take(w->proxy);
	unsigned count;

	while ((m.spans.bytes = proxy_spans_take(w->proxy, m.spans.text, sizeof m.spans.text,
	    &count)) > 0) {
		m.spans.count = count;
		if (!channel_send(&w->channel, &m, -1))
			lost += count;
	}
	live_count_spans(w->conf->live, SPANS_LOST, lost);
}

static void
worker_beat(void *arg)
{
	struct worker *w = arg;

	timer_set(w->loop, &w->beat, loop_now(w->loop) + PROXY_BEAT_USEC, worker_beat, w);
	proxy_beat(w->proxy);
	worker_send_spans(w);
	worker_tell_failed(w);
	beat_report(w->conf->live, w->conf->index);
}

static void
worker_give_up_rights(const struct worker_conf *c)
{
	const char *step;

	/* the brain alone writes phys */
	if (mprotect((void *)(uintptr_t)c->phys, phys_bytes(), PROT_READ) != 0)
		BUG("mprotect");
	if ((step = sandbox_enter(c->user)) != NULL) {
		log_event(LOG_ERROR, "sandbox.failed", "step", step, NULL);
		_exit(1);
	}
}

/* Without the first table, or the secrets that are in force, every client would be refused, for as
 * long as nothing changes: the worker that comes in its place may find memory or a descriptor for
 * them. */
static void
worker_take_first(struct worker *w)
{
	const struct worker_conf *c = w->conf;

	if (worker_take_table(w, c->table_fd)
	    && (c->secrets_fd < 0 || worker_take_secrets(w, c->secrets_fd)))
		return;
	log_flush();
	_exit(1);
}

void
worker_run(const struct worker_conf *c)
{
	struct worker w = { .conf = c };
	struct proxy_conf limits = c->limits;
	char name[16];

	ASSERT(c->channel_fd >= 0 && c->table_fd >= 0);
	snprintf(name, sizeof name, "worker-%u", c->index);
	log_setup(name, log_least(), log_is_json());
	prctl(PR_SET_NAME, name);
	w.loop = loop_new();
	w.resolver = resolver_new(w.loop, NULL);	/* while files can be read */
	worker_give_up_rights(c);
	worker_fill(&w, &limits);
	w.proxy = proxy_new(w.loop, &limits);
	proxy_set_access(w.proxy, c->access_fd);
	channel_open(&w.channel, w.loop, c->channel_fd, on_parent_message, &w);
	worker_take_first(&w);
	for (unsigned i = 0; i < c->nlisteners; i++)
		proxy_listen(w.proxy, c->listener[i].fd, &c->listener[i].addr);
	worker_beat(&w);
	pages_let_go();
	loop_run(w.loop);
	worker_send_spans(&w);
	proxy_free(&w.proxy);
	resolver_free(&w.resolver);
	channel_close(&w.channel);
	loop_free(&w.loop);
	_exit(0);		/* no exit handlers: they belong to the parent, and rights are gone */
}
