#include <string.h>

#include "handshake.h"

/* Of a task's connections. Mola had no time to get a ticket before the early ones. `times`: it had none, and began anew. */
static struct { struct secure_count early, later; int64_t first_usec; unsigned times; } seen[SERVICES][TASKS];

#define TICKET_USEC	USEC_PER_SEC	/* a request, and the response that the ticket comes with */

static const struct plan_secure *
how_of(const struct handshake *h)
{
	return &h->plan->client[h->number].secure;
}

void
handshake_begin(struct handshake *h, const struct plan *p, unsigned client, struct end *e)
{
	const struct plan_secure *s = &p->client[client].secure;
	struct secure_how how = SECURE_HOW;

	h->plan = p;
	h->number = client;
	if (!s->on)
		return;
	how.name = s->name;
	how.alpn = p->client[client].h2 ? "\2h2\10http/1.1" : "\10http/1.1";
	how.old = s->old;
	how.mute = s->mute;
	if (s->comes_back)
		how.session = &h->session;
	/* OpenSSL has no use for that of a connection that was cut */
	h->offered = h->session.session != NULL && SSL_SESSION_is_resumable(h->session.session);
	h->began_usec = wire_now();
	end_secure(e, &how);
}

/* At most one of the two: 0 while it may be either. */
static int
renewed(const struct handshake *h)
{
	int64_t at = h->plan->tls.renew_usec == 0 ? INT64_MAX : h->plan->tls.renew_usec + 1000 * USEC_PER_SEC;

	return h->began_usec > at && ledger_is_calm() ? 1 : wire_now() < at ? -1 : 0;
}

static void
check_cert(const struct handshake *h, const SSL *ssl)
{
	const char *name = how_of(h)->name;
	const X509 *peer = SSL_get0_peer_certificate(ssl);
	bool old = X509_cmp(peer, certs_x509(certs_for(h->plan, name, false))) == 0;
	bool new = X509_cmp(peer, certs_x509(certs_for(h->plan, name, true))) == 0;

	if ((!old && !new) || (renewed(h) > 0 && !new) || (renewed(h) < 0 && !old))
		broken("client %u wants %s, and got another certificate", h->number, name == NULL ? "no host" : name);
}

/* Keys of tickets are one worker's where they are none's in common. */
static bool
must_resume(const struct handshake *h)
{
	return h->offered && ledger_is_calm() && (h->plan->tls.tickets || h->plan->nworkers == 1);
}

void
handshake_done(struct handshake *h, struct end *e)
{
	bool h2 = h->plan->client[h->number].h2;
	const unsigned char *alpn;
	const SSL *ssl;
	unsigned len;

	if (!how_of(h)->on)
		return;
	ssl = end_ssl(e);
	h->resumed = SSL_session_reused(ssl);
	wire_note("handshake", h->number, h->resumed);
	SSL_get0_alpn_selected(ssl, &alpn, &len);
	if (len != (h2 ? 2 : 8) || memcmp(alpn, h2 ? "h2" : "http/1.1", len) != 0)
		broken("client %u got another protocol", h->number);
	if (SSL_version(ssl) != (how_of(h)->old ? TLS1_2_VERSION : TLS1_3_VERSION))
		broken("client %u got %s", h->number, SSL_get_version(ssl));
	if (!h->resumed)
		check_cert(h, ssl);
	if (h->resumed && !h->offered)
		broken("client %u came back, and was not there before", h->number);
	if (!h->resumed && must_resume(h))
		broken("client %u could not come back", h->number);
}

void
handshake_failed(struct handshake *h, struct end *e)
{
	const char *failure;

	if (!how_of(h)->on)
		return;
	failure = end_secure_failure(e);
	wire_note("no handshake", h->number, failure != NULL);
	if (failure != NULL && ledger_is_calm())
		broken("the handshake of client %u failed: %s", h->number, failure);
}

void
handshake_note(const struct handshake *h, struct entry *e)
{
	e->resumed = h->resumed;
}

void
handshake_check_line(const struct entry *e, const char *line)
{
	const struct plan_secure *s = &ledger_plan()->client[e->call->id / CALLS].secure;
	const char *scheme = line_value(line, "RequestScheme");

	if (scheme == NULL || (strncmp(scheme, "\"https\"", 7) == 0) != s->on)
		broken("x%u is logged with another scheme: %s", e->call->id, line);
}

bool
handshake_misdirects(const struct call *l)
{
	const struct plan_secure *s = &ledger_plan()->client[l->id / CALLS].secure;

	return s->on && certs_misdirect(ledger_plan(), s->name, l->service);
}

bool
handshake_cuts(const struct call *l)
{
	const struct plan_service *s = &ledger_plan()->service[l->service];
	bool body = strcmp(l->method, "HEAD") != 0 && l->status != 204 && l->status != 304;

	return s->tls.on && s->tls.mute && !s->h2c && body && l->framing == BY_END;
}

/* What went wrong between Mola and its tasks is what is wrong with one of them. */
static void
check_task(const struct entry *e)
{
	static const char *const names[] = { [CERT_OTHER_NAME] = "upstream_tls_name", [CERT_OVER] = "upstream_tls_expired",
		[CERT_OTHER_CA] = "upstream_tls_ca" };
	const struct plan_service *s = &ledger_plan()->service[e->call->service];
	bool due = false;

	if (strcmp(e->logged_why, "task_tls_missing") == 0 && !(s->tls.on && s->tls.verified && s->tls.damaged))
		broken("x%u: %s, and there is all that its tasks need", e->call->id, e->logged_why);
	if (strncmp(e->logged_why, "upstream_tls_", 13) != 0)
		return;
	if (s->tls.verified && s->tls.damaged)
		broken("x%u: %s, and the CA of its tasks is damaged", e->call->id, e->logged_why);
	if (!s->tls.on)
		broken("x%u: %s, and its tasks have no TLS", e->call->id, e->logged_why);
	for (unsigned i = CERT_OTHER_NAME; i <= CERT_OTHER_CA; i++) {
		if (strcmp(e->logged_why, names[i]) != 0)
			continue;
		for (unsigned t = 0; t < s->ntasks; t++)
			due |= plan_task_is_refused(s, &s->task[t]) && s->task[t].wrong == i;
		if (!due)
			broken("x%u: %s, and no task has such a certificate", e->call->id, e->logged_why);
	}
}

void
handshake_check(const struct entry *e)
{
	bool misdirects = handshake_misdirects(e->call);

	if (e->lines == 0)
		return;
	check_task(e);
	if (handshake_cuts(e->call) && e->fate == ANSWERED && e->status == e->call->status)
		broken("x%u was cut by its task, and looks whole", e->call->id);
	if (!misdirects && strcmp(e->logged_why, "misdirected") == 0)
		broken("x%u is logged as misdirected", e->call->id);
	if (misdirects && e->heads > 0)
		broken("x%u was misdirected, and came to a task", e->call->id);
}

/* Since when Mola has kept tickets of a task: it lets them go when certificates are replaced, and with a task that is gone. */
static int64_t
kept_since(const struct plan *p, const struct plan_task *t)
{
	int64_t now = wire_now() - 1000 * USEC_PER_SEC, since = 0;

	if (p->tls.renew_usec <= now)
		since = p->tls.renew_usec;
	if (t->back_usec <= now && t->back_usec > since)
		since = t->back_usec;
	return since + 1000 * USEC_PER_SEC;
}

static struct secure_count *
count_of(const struct plan *p, unsigned service, unsigned task)
{
	int64_t *first = &seen[service][task].first_usec;

	if (*first < kept_since(p, &p->service[service].task[task])) {
		*first = wire_now();
		seen[service][task].times++;
	}
	return wire_now() - *first < TICKET_USEC ? &seen[service][task].early : &seen[service][task].later;
}

void
handshake_accept(const struct plan *p, unsigned service, unsigned task, struct end *e)
{
	static const enum cert_id certs[] = { [CERT_GOOD] = CERT_TASK, [CERT_OTHER_NAME] = CERT_TASK_NAME, [CERT_OVER] = CERT_TASK_EXPIRED,
		[CERT_OTHER_CA] = CERT_TASK_FOREIGN };
	const struct plan_service *s = &p->service[service];
	struct secure_how how = SECURE_HOW;

	if (!s->tls.on)
		return;
	how.server = true;
	how.count = count_of(p, service, task);
	how.cert = certs[s->task[task].wrong];
	how.alpn = s->h2c ? "\2h2" : "\10http/1.1";
	how.old = s->tls.old;
	how.mute = s->tls.mute;
	end_secure(e, &how);
}

/*
 * A task without checks, each of which is a connection that comes back to nothing. Each worker comes to it twice without a ticket:
 * it offers HTTP/2, and no more when the task has chosen HTTP/1.1. A connection that is cut takes its ticket with it.
 */
void
handshake_check_tasks(void)
{
	const struct plan *p = ledger_plan();

	for (unsigned i = 0; i < SERVICES * TASKS && ledger_is_calm(); i++) {
		const struct plan_service *s = &p->service[i / TASKS];
		const struct secure_count *early = &seen[i / TASKS][i % TASKS].early, *later = &seen[i / TASKS][i % TASKS].later;
		unsigned most = s->tls.mute ? 3 * (p->nworkers + 1) : seen[i / TASKS][i % TASKS].times * 2 * p->nworkers;
		if (!s->checked && early->resumed + later->resumed == 0 && later->full > most)
			broken("Mola never came back to s%u.%u by a ticket, in %u connections", i / TASKS, i % TASKS, later->full);
	}
}
