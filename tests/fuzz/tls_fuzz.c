/*
 * What a client may send before and in a TLS handshake: the bytes go to a server over a socket as they are. Whatever they
 * are, the handshake waits for more or fails, and a failure has an errno, a fault and words.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/bug.h"
#include "net/tls_server.c"

#include "../unit/net/make_cert.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static struct cert_index *certs;

static enum io_result
choose(void *arg, void *client, const struct tls_wanted *w, struct cert_group *out)
{
	const struct cert_group *g = cert_index_find(certs, w->host);

	(void)arg;
	(void)client;
	if (w->host.len > 255 || (w->host.len > 0 && memchr(w->host.p, '\0', w->host.len) != NULL))
		BUG("a host that is none");
	if (w->challenge)
		return IO_AGAIN;
	if (g == NULL)
		return IO_FAIL;
	*out = *g;
	return IO_DONE;
}

static struct tls_server *
server(void)
{
	static struct tls_tickets tickets;
	static struct tls_server *s;
	struct made m;
	struct cert *c;
	char *pem;

	if (s != NULL)
		return s;
	m = make_cert(EVP_EC_gen("P-256"), "web", "DNS:web.test, DNS:*.web.test", NULL, 30);
	pem = pem_add(NULL, m.x, m.key);
	certs = cert_index_new();
	if (cert_parse(str_of(pem), &c, NULL) != NULL)
		BUG("a certificate of our own");
	cert_index_add(certs, c);
	cert_unref(&c);
	free(pem);
	made_free(&m);
	tls_tickets_make(&tickets);
	if (tls_server_new(&(struct tls_server_conf){ .min_version = 12, .protocols = STR("h2,http/1.1") }, choose, NULL, &tickets, &s) != NULL)
		BUG("a server of our own");
	return s;
}

static void
nothing(void *arg)
{
	(void)arg;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct loop *l = loop_new();
	struct stream s = { 0 };
	enum io_result res;
	char got[1000];
	size_t n;
	int fd[2];

	if (len > 60000 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fd) != 0) {
		loop_free(&l);
		return 0;
	}
	stream_open(&s, l, fd[1], nothing, NULL);
	stream_set_transport(&s, tls_accept(server(), NULL));
	if (send(fd[0], bytes, len, MSG_NOSIGNAL) != (ssize_t)len)
		BUG("the socket is too small");
	shutdown(fd[0], SHUT_WR);
	loop_turn(l, 0);
	for (int i = 0; i < 4 && (res = stream_connected(&s)) == IO_AGAIN; i++)
		loop_turn(l, 0);
	if (res == IO_FAIL && (stream_error(&s) == 0 || strlen(tls_fault_text(&s)) == 0))
		BUG("a failure without a reason");
	if (res == IO_DONE && stream_read(&s, got, sizeof got, &n) == IO_DONE)
		BUG("nobody can have sent this");
	stream_close(&s);
	loop_free(&l);
	close(fd[0]);
	return 0;
}
