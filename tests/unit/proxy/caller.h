/*
 * caller: what tests of clients with TLS share: certificates of a CA of their own, what the brain publishes, and clients.
 */
#include "stage.h"

#include "net/tls.h"
#include "world/secrets.h"

#include "../net/make_cert.h"

static struct made ca;
static char *pems[3];		/* web.test, other.test, and the certificate of a challenge */

static char *
leaf(const char *names)
{
	struct made m = make_cert(EVP_EC_gen("P-256"), "leaf", names, &ca, 30);
	char *pem = pem_add(NULL, m.x, m.key);

	made_free(&m);
	return pem;
}

static int
set_up(void **state)
{
	(void)state;
	ca = make_cert(EVP_EC_gen("P-256"), "test CA", NULL, NULL, 3650);
	pems[0] = leaf("DNS:web.test, DNS:also.test");
	pems[1] = leaf("DNS:other.test");
	pems[2] = leaf("DNS:new.test");
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	made_free(&ca);
	for (int i = 0; i < 3; i++)
		free(pems[i]);
	return 0;
}

/* ---- what the brain publishes: pairs of name and value, NULL at the end ---- */

static bool
publish(const char *name, ...)
{
	static uint64_t serial;
	struct secrets_maker *m = secrets_maker_new(++serial);
	struct secrets *s;
	bool whole;
	va_list ap;
	int fd;

	va_start(ap, name);
	for (; name != NULL; name = va_arg(ap, const char *))
		secrets_maker_add(m, str_of(name), str_of(va_arg(ap, const char *)));
	va_end(ap);
	assert_null(secrets_maker_seal(m, &fd));
	secrets_maker_free(&m);
	assert_null(secrets_open(fd, &s));
	whole = proxy_set_secrets(stage.proxy, s);
	secrets_unref(&s);
	return whole;
}

#define CERTS	"cert/file:web", pems[0], "cert/file:other", pems[1]

static void
open_front(bool tls)
{
	stage_open(1);
	stage.conf.tls_min_version = 12;
	stage.conf.hsts_seconds = 60;
	stage.conf.nlisteners = 1;
	stage.conf.listener[0] = proxy_listener_of(&stage.front);
	strcpy(stage.conf.listener[0].name, "front");
	stage.conf.listener[0].tls = tls;
	proxy_reconf(stage.proxy, &stage.conf);
}

/* ---- a client that uses TLS ---- */

struct caller {
	struct stream	 s;
	struct tls_client *client;
	char		 got[4096];
	size_t		 len;
	enum io_result	 last;
};

static void
on_caller(void *arg)
{
	(void)arg;
}

static void
caller_open_on(struct caller *c, int fd, const char *name, bool challenge)
{
	memset(c, 0, sizeof *c);
	assert_null(tls_client_new(&(struct tls_client_conf){ .verify = TLS_VERIFY_NONE, .offer = challenge ? TLS_ACME : TLS_HTTP1 }, &c->client));
	stream_open(&c->s, stage.loop, fd, on_caller, c);
	stream_set_transport(&c->s, tls_connect(c->client, str_of(name), NULL));
}

static void
caller_open(struct caller *c, const char *name, bool challenge)
{
	caller_open_on(c, dial(), name, challenge);
}

static void
caller_meet_on(struct caller *c, int fd, const char *name)
{
	enum io_result res;

	caller_open_on(c, fd, name, false);
	WAIT_UNTIL((res = stream_connected(&c->s)) != IO_AGAIN);
	assert_int_equal(res, IO_DONE);
}

static void
caller_meet(struct caller *c, const char *name)
{
	caller_meet_on(c, dial(), name);
}

static void
caller_say(struct caller *c, const char *text)
{
	struct iovec v = { (void *)(uintptr_t)text, strlen(text) };
	size_t n;

	assert_int_equal(stream_writev(&c->s, &v, 1, &n), IO_DONE);
	assert_int_equal(n, v.iov_len);
}

static bool
caller_reads(struct caller *c)
{
	size_t n;

	c->last = stream_read(&c->s, c->got + c->len, sizeof c->got - 1 - c->len, &n);
	if (c->last != IO_DONE)
		return false;
	c->len += n;
	c->got[c->len] = '\0';
	return true;
}

static void
caller_hear(struct caller *c, const char *words)
{
	WAIT_UNTIL((caller_reads(c), strstr(c->got, words) != NULL));
	c->len = 0;
	c->got[0] = '\0';
}

static void
caller_close(struct caller *c)
{
	stream_close(&c->s);
	tls_client_free(&c->client);
}
