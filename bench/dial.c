/*
 * dial: clients that open a TLS 1.3 connection for each request: one small request, its response to the end, and again, with the
 * ticket of the last connection or without. What handshakes cost the server is what the server's CPU time says; here they are
 * counted. All servers get the same: X25519, AES-128-GCM, and of certificates what they have.
 */
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "base/clock.h"
#include "base/why.h"
#include "lib/limits.h"
#include "net/loop.h"
#include "net/sock.h"

struct dial;

struct client {
	struct dial	*dial;
	struct io	 io;
	SSL		*ssl;
	SSL_SESSION	*session;	/* of the last connection, where sessions are resumed */
	bool		 connected, sent;
	size_t		 len;
	char		 start[16];	/* of the response */
};

struct dial {
	struct loop	*loop;
	struct addr	 addr;
	const char	*name;
	SSL_CTX		*tls;
	bool		 resume, over;
	unsigned	 open;
	unsigned long	 done, resumed, failed;
	char		 request[256];
};

static void	client_go(void *arg, uint32_t events);

static void
client_dial(struct client *c)
{
	struct dial *d = c->dial;
	int fd;

	if (sock_connect(&d->addr, &fd) != NULL)
		BUG("no socket for a connection");
	c->ssl = SSL_new(d->tls);
	ASSERT(c->ssl != NULL);
	c->connected = c->sent = false;
	c->len = 0;
	SSL_set_app_data(c->ssl, c);
	SSL_set_tlsext_host_name(c->ssl, d->name);
	SSL_set_connect_state(c->ssl);
	if (!SSL_set_fd(c->ssl, fd) || (c->session != NULL && !SSL_set_session(c->ssl, c->session)))
		BUG("a connection's settings");
	d->open++;
	loop_watch(d->loop, &c->io, fd, LOOP_EDGE, client_go, c);
}

static void
client_end(struct client *c, bool good)
{
	struct dial *d = c->dial;
	int fd = c->io.fd;

	d->done += good;
	d->failed += !good;
	d->resumed += good && SSL_session_reused(c->ssl);
	if (!good) {
		SSL_SESSION_free(c->session);
		c->session = NULL;
	}
	loop_unwatch(d->loop, &c->io);
	SSL_free(c->ssl);
	close(fd);
	d->open--;
	if (!d->over)
		client_dial(c);
	else if (d->open == 0)
		loop_stop(d->loop);
}

/* The newest ticket is the next connection's: a client of TLS 1.3 presents each once. */
static int
on_session(SSL *ssl, SSL_SESSION *session)
{
	struct client *c = SSL_get_app_data(ssl);

	SSL_SESSION_free(c->session);
	c->session = session;
	return 1;
}

static void
client_keep(struct client *c, const char *p, size_t n)
{
	size_t room = sizeof c->start - c->len;

	memcpy(c->start + c->len, p, n < room ? n : room);
	c->len += n < room ? n : room;
}

/* True: there may be more to do at once. */
static bool
client_step(struct client *c)
{
	char in[16384];
	int n;

	ERR_clear_error();
	if (!c->connected)
		c->connected = (n = SSL_do_handshake(c->ssl)) == 1;
	else if (!c->sent)
		c->sent = (n = SSL_write(c->ssl, c->dial->request, (int)strlen(c->dial->request))) > 0;
	else if ((n = SSL_read(c->ssl, in, sizeof in)) > 0)
		client_keep(c, in, (size_t)n);
	if (n > 0)
		return true;
	switch (SSL_get_error(c->ssl, n)) {
	case SSL_ERROR_WANT_READ:
	case SSL_ERROR_WANT_WRITE:
		return false;
	case SSL_ERROR_ZERO_RETURN:
		SSL_shutdown(c->ssl);
		client_end(c, c->len == sizeof c->start && memcmp(c->start, "HTTP/1.1 200", 12) == 0);
		return false;
	default:
		client_end(c, false);
		return false;
	}
}

static void
client_go(void *arg, uint32_t events)
{
	struct client *c = arg;

	(void)events;
	while (client_step(c))
		;
}

static void
on_over(void *arg)
{
	((struct dial *)arg)->over = true;
}

/* Some response has not come in time: it counts as failed. */
static void
on_patience(void *arg)
{
	struct dial *d = arg;

	d->failed += d->open;
	loop_stop(d->loop);
}

static SSL_CTX *
tls_new(bool resume)
{
	SSL_CTX *tls = SSL_CTX_new(TLS_client_method());

	if (tls == NULL || !SSL_CTX_set_min_proto_version(tls, TLS1_3_VERSION) || !SSL_CTX_set1_groups_list(tls, "X25519")
	    || !SSL_CTX_set_ciphersuites(tls, "TLS_AES_128_GCM_SHA256")
	    || SSL_CTX_set_alpn_protos(tls, (const unsigned char *)"\x08http/1.1", 9) != 0)
		BUG("OpenSSL lacks what this needs");
	SSL_CTX_set_session_cache_mode(tls, resume ? SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL : SSL_SESS_CACHE_OFF);
	SSL_CTX_sess_set_new_cb(tls, resume ? on_session : NULL);
	return tls;
}

static bool
arguments_parse(struct dial *d, int argc, char **argv, unsigned *clients, double *seconds)
{
	if (argc != 6 || addr_parse(str_of(argv[1]), &d->addr) != NULL)
		return false;
	d->name = argv[2];
	*clients = (unsigned)strtoul(argv[3], NULL, 10);
	*seconds = strtod(argv[4], NULL);
	d->resume = strcmp(argv[5], "resumed") == 0;
	return *clients > 0 && *seconds > 0 && (d->resume || strcmp(argv[5], "full") == 0)
	    && (size_t)snprintf(d->request, sizeof d->request, "GET / HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", d->name)
	    < sizeof d->request;
}

int
main(int argc, char **argv)
{
	struct dial d = { .over = false };
	struct timer over = { 0 }, patience = { 0 };
	struct client *clients;
	unsigned n;
	double seconds;

	if (!arguments_parse(&d, argc, argv, &n, &seconds)) {
		fputs("usage: dial ADDRESS:PORT NAME CLIENTS SECONDS full|resumed\n", stderr);
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	limits_raise();
	d.tls = tls_new(d.resume);
	d.loop = loop_new();
	clients = must_zalloc(n * sizeof *clients);
	timer_set(d.loop, &over, clock_mono_usec() + (int64_t)(seconds * 1e6), on_over, &d);
	timer_set(d.loop, &patience, clock_mono_usec() + (int64_t)((seconds + 5) * 1e6), on_patience, &d);
	for (unsigned i = 0; i < n; i++) {
		clients[i].dial = &d;
		client_dial(&clients[i]);
	}
	loop_run(d.loop);
	printf("{\"done\":%lu,\"resumed\":%lu,\"failed\":%lu}\n", d.done, d.resumed, d.failed);
	fflush(stdout);
	_exit(0);			/* the kernel frees faster than we could */
}
