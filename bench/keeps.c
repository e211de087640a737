/*
 * keeps: what the libraries by themselves keep for an idle connection of a client, beside which what a proxy keeps is to be seen:
 * OpenSSL's server side of a TLS 1.3 connection that has read a request and written a response, and nghttp2's of a connection of
 * HTTP/2 that has done the same. Both sides live here, and what is allocated for the server's side counts, rounded up as malloc does.
 */
#include <nghttp2/nghttp2.h>
#include <openssl/crypto.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/bug.h"

#define CONNECTIONS	64

/* In front of each piece of memory: what it counts. */
union piece {
	size_t	counts;
	max_align_t align;
};

/* ---- memory ---- */

static bool counting;
static size_t counted;

static void *
piece_set(union piece *p, size_t n)
{
	if (p == NULL)
		return NULL;
	p->counts = counting ? (n + sizeof(size_t) + 15) & ~(size_t)15 : 0;
	counted += p->counts;
	return p + 1;
}

static void *
count_malloc(size_t n, const char *file, int line)
{
	(void)file, (void)line;
	return n == 0 ? NULL : piece_set(malloc(sizeof(union piece) + n), n);
}

static void
count_free(void *at, const char *file, int line)
{
	union piece *p = at;

	(void)file, (void)line;
	if (p == NULL)
		return;
	counted -= p[-1].counts;
	free(p - 1);
}

static void *
count_realloc(void *at, size_t n, const char *file, int line)
{
	union piece *p = at;

	if (p == NULL)
		return count_malloc(n, file, line);
	if (n == 0) {
		count_free(p, file, line);
		return NULL;
	}
	counted -= p[-1].counts;
	return piece_set(realloc(p - 1, sizeof *p + n), n);
}

/* ---- TLS ---- */

static SSL *
side_new(SSL_CTX *tls, int fd)
{
	SSL *ssl = SSL_new(tls);

	if (ssl == NULL || !SSL_set_fd(ssl, fd))
		BUG("no memory for a connection");
	return ssl;
}

/* The server's part of the talk counts; the client's does not. */
static void
talk(SSL *server, SSL *client)
{
	char in[64];

	for (int turn = 0; turn < 3; turn++) {
		SSL_do_handshake(client);
		counting = true;
		SSL_do_handshake(server);
		counting = false;
	}
	ASSERT(SSL_is_init_finished(server) && SSL_is_init_finished(client));
	ASSERT(SSL_write(client, "request", 7) == 7);
	counting = true;
	ASSERT(SSL_read(server, in, sizeof in) == 7 && SSL_write(server, "response", 8) == 8);
	ASSERT(SSL_read(server, in, sizeof in) < 0);		/* nothing more: it is idle */
	counting = false;
	ASSERT(SSL_read(client, in, sizeof in) == 8);
}

static void
connection_open(SSL_CTX *server_tls, SSL_CTX *client_tls)
{
	SSL *server, *client;
	int fd[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fd) != 0)
		BUG("socketpair");
	counting = true;
	server = side_new(server_tls, fd[0]);
	SSL_set_accept_state(server);
	counting = false;
	client = side_new(client_tls, fd[1]);
	SSL_set_connect_state(client);
	talk(server, client);
}

static size_t
openssl_keeps(SSL_CTX *server, SSL_CTX *client)
{
	size_t first;

	connection_open(server, client);			/* what is made once is there */
	first = counted;
	for (int i = 0; i < CONNECTIONS; i++)
		connection_open(server, client);
	return (counted - first) / CONNECTIONS;
}

/* ---- HTTP/2 ---- */

static void *
h2_malloc(size_t n, void *arg)
{
	(void)arg;
	return count_malloc(n, NULL, 0);
}

static void
h2_free(void *at, void *arg)
{
	(void)arg;
	count_free(at, NULL, 0);
}

static void *
h2_calloc(size_t n, size_t size, void *arg)
{
	void *at = h2_malloc(n * size, arg);

	return at == NULL ? NULL : memset(at, 0, n * size);
}

static void *
h2_realloc(void *at, size_t n, void *arg)
{
	(void)arg;
	return count_realloc(at, n, NULL, 0);
}

static int
on_request(nghttp2_session *session, const nghttp2_frame *frame, void *arg)
{
	nghttp2_nv status = { (uint8_t *)":status", (uint8_t *)"200", 7, 3, NGHTTP2_NV_FLAG_NONE };

	(void)arg;
	return frame->hd.type != NGHTTP2_HEADERS ? 0 : nghttp2_submit_response(session, frame->hd.stream_id, &status, 1, NULL);
}

static void
h2_pass(nghttp2_session *from, nghttp2_session *to)
{
	const uint8_t *bytes;
	ssize_t n;

	while ((n = nghttp2_session_mem_send(from, &bytes)) > 0)
		if (nghttp2_session_mem_recv(to, bytes, (size_t)n) != n)
			BUG("frames that nghttp2 does not take from itself");
}

static void
h2_open(nghttp2_session_callbacks *callbacks, nghttp2_mem *memory)
{
	nghttp2_nv request[] = { { (uint8_t *)":method", (uint8_t *)"GET", 7, 3, NGHTTP2_NV_FLAG_NONE },
		{ (uint8_t *)":scheme", (uint8_t *)"https", 7, 5, NGHTTP2_NV_FLAG_NONE },
		{ (uint8_t *)":authority", (uint8_t *)"web", 10, 3, NGHTTP2_NV_FLAG_NONE },
		{ (uint8_t *)":path", (uint8_t *)"/", 5, 1, NGHTTP2_NV_FLAG_NONE } };
	nghttp2_session_callbacks *none;
	nghttp2_session *server, *client;

	nghttp2_session_callbacks_new(&none);
	if (nghttp2_session_client_new(&client, none, NULL) != 0 || nghttp2_session_server_new3(&server, callbacks, NULL, NULL, memory) != 0)
		BUG("no memory for a session");
	nghttp2_submit_settings(client, NGHTTP2_FLAG_NONE, NULL, 0);
	nghttp2_submit_settings(server, NGHTTP2_FLAG_NONE, NULL, 0);
	if (nghttp2_submit_request(client, NULL, request, 4, NULL, NULL) < 0)
		BUG("nghttp2 takes no request");
	for (int turn = 0; turn < 3; turn++) {
		h2_pass(client, server);
		h2_pass(server, client);
	}
	ASSERT(!nghttp2_session_want_write(server) && !nghttp2_session_want_write(client));
	nghttp2_session_callbacks_del(none);
}

static size_t
nghttp2_keeps(void)
{
	nghttp2_mem memory = { NULL, h2_malloc, h2_free, h2_calloc, h2_realloc };
	nghttp2_session_callbacks *callbacks;
	size_t first = counted;

	nghttp2_session_callbacks_new(&callbacks);
	nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_request);
	counting = true;
	for (int i = 0; i < CONNECTIONS; i++)
		h2_open(callbacks, &memory);
	counting = false;
	return (counted - first) / CONNECTIONS;
}

int
main(int argc, char **argv)
{
	SSL_CTX *server, *client;

	if (argc != 2 || !CRYPTO_set_mem_functions(count_malloc, count_realloc, count_free)) {
		fputs("usage: keeps FILE       (a certificate and its key)\n", stderr);
		return 2;
	}
	server = SSL_CTX_new(TLS_server_method());
	client = SSL_CTX_new(TLS_client_method());
	if (SSL_CTX_use_certificate_chain_file(server, argv[1]) != 1 || SSL_CTX_use_PrivateKey_file(server, argv[1], SSL_FILETYPE_PEM) != 1
	    || !SSL_CTX_set_min_proto_version(client, TLS1_3_VERSION) || !SSL_CTX_set1_groups_list(client, "X25519")) {
		fprintf(stderr, "%s: no certificate with its key\n", argv[1]);
		return 1;
	}
	SSL_CTX_set_mode(server, SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_session_cache_mode(server, SSL_SESS_CACHE_OFF);
	printf("openssl %zu\nnghttp2 %zu\n", openssl_keeps(server, client), nghttp2_keeps());
	return 0;
}
