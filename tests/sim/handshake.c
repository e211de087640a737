#include <string.h>

#include "handshake.h"

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

void
handshake_check(const struct entry *e)
{
	bool misdirects = handshake_misdirects(e->call);

	if (e->lines == 0)
		return;
	if (!misdirects && strcmp(e->logged_why, "misdirected") == 0)
		broken("x%u is logged as misdirected", e->call->id);
	if (misdirects && e->heads > 0)
		broken("x%u was misdirected, and came to a task", e->call->id);
}
