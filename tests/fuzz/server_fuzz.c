/*
 * Clients of our own interfaces (admin, agent): what they send, in parts with a line of "----" between them, while responses are
 * given at once, late, shared, or as a stream. A part that begins with '!' is no words of the client's but:
 *	!w N	N tenths of a second pass		!s N	streams get N KB, a text that others may have, too
 *	!p	streams get a piece			!e	they end, and who waits gets a response
 *	!t	the client ends its direction		!x	it hangs up, and another one comes
 *	!h	it reads nothing, or does again	!b N	each look at the clock takes N usec
 *	!o	the server ends
 * However it goes, all slots are free in the end.
 */
#include <fcntl.h>

#include "clock.h"
#include "http/server_priv.h"
#include "talk.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static struct loop *l;
static struct addr at;
static int listener;
static struct server *server;
static struct request *held;		/* asked, and not answered yet */
static struct request *streaming;
static int client;
static bool deaf;

static void
on_gone(void *arg, struct request *x)
{
	(void)arg;
	ASSERT(x == streaming);
	streaming = NULL;
}

static struct shared *
text_of(unsigned kilobytes)
{
	struct buf b;

	buf_init(&b, 1 << 22);
	for (unsigned i = 0; i < kilobytes * 16 + 1; i++)
		buf_adds(&b, STR("sixty-four bytes of a text that is shared by all who asked for it\n"));
	return shared_new(&b);
}

static void
on_request(void *arg, struct request *x)
{
	struct shared *text;
	char value[64];

	(void)arg;
	ASSERT(request_path(x).len > 0 && request_path(x).p[0] == '/');
	if (request_query(x, "late", value, sizeof value) && held == NULL)
		held = x;
	else if (request_query(x, "stream", value, sizeof value) && streaming == NULL) {
		streaming = x;
		request_stream(x, "text/plain", NULL, on_gone, NULL);
	} else if (request_query(x, "shared", value, sizeof value)) {
		text = text_of((unsigned)strlen(value));
		request_reply_shared(x, 200, "text/plain", text, NULL);
		shared_unref(&text);
	} else
		request_reply(x, request_query(x, "none", value, sizeof value) ? 204 : 200, "text/plain", request_body(x), NULL);
}

static void
all_get(struct shared *text)
{
	if (streaming == NULL)
		return;
	(void)request_backlog(streaming);
	ASSERT(request_written(streaming) <= UINT64_MAX / 2);
	if (text != NULL)
		request_write_shared(streaming, text);
	else
		request_write(streaming, STR("piece\n"));
}

/* What the other side of the callback does in the end. */
static void
all_end(void)
{
	struct request *x = held;

	held = NULL;
	if (x != NULL)
		request_reply(x, 503, NULL, STR("late"), "Retry-After: 1\r\n");
	x = streaming;
	streaming = NULL;
	if (x != NULL)
		request_end(x);
}

static void
hear(void)
{
	now_usec++;		/* what is to happen in the next turn of the loop is due then */
	talk_turn(l);
	if (!deaf && client >= 0 && !talk_hear(client)) {
		close(client);
		client = -1;
	}
	talk_turn(l);
}

static void
time_passes(unsigned tenths)
{
	for (unsigned i = 0; i < tenths; i++) {
		now_usec += USEC_PER_SEC / 10;
		hear();
	}
}

static void
another_client(void)
{
	if (client >= 0)
		close(client);
	client = server != NULL ? talk_dial(&at) : -1;
	talk_turn(l);
}

static void
happen(struct str what)
{
	unsigned n = 0;
	struct shared *text;

	for (size_t i = 2; i < what.len; i++)
		if (what.p[i] >= '0' && what.p[i] <= '9')
			n = (n * 10 + (unsigned)(what.p[i] - '0')) % 2000;
	switch (what.len > 1 ? what.p[1] : 0) {
	case 'w':
		time_passes(n % 400);
		break;
	case 's':
		text = text_of(n);
		all_get(text);
		shared_unref(&text);
		break;
	case 'p':
		all_get(NULL);
		break;
	case 'e':
		all_end();
		break;
	case 't':
		if (client >= 0)
			shutdown(client, SHUT_WR);
		break;
	case 'x':
		another_client();
		break;
	case 'h':
		deaf = !deaf;
		break;
	case 'b':
		look_usec = n;
		break;
	case 'o':
		server_free(&server);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static const struct server_conf conf = { .connections_max = 4, .body_max = 1000, .idle_usec = 5 * USEC_PER_SEC,
		.stall_usec = 2 * USEC_PER_SEC };
	struct str rest = { (const char *)bytes, len }, part;

	if (l == NULL) {
		l = loop_new();
		listener = talk_listen("server", &at);
	}
	server = server_new(l, &conf, on_request, NULL);
	server_listen(server, fcntl(listener, F_DUPFD_CLOEXEC, 0), NULL);
	client = -1;
	deaf = false;
	another_client();
	while (talk_part(&rest, &part)) {
		if (part.len > 0 && *part.p == '!')
			happen(part);
		else if (client >= 0)
			talk_say(l, client, part);
		hear();
	}
	look_usec = 0;
	all_end();
	if (client >= 0)
		close(client);
	client = -1;
	for (int i = 0; i < 100 && server != NULL && server->sessions.count > 0; i++) {
		all_end();
		time_passes(1);
	}
	ASSERT((server == NULL || server->sessions.count == 0) && held == NULL && streaming == NULL);
	server_free(&server);
	talk_turn(l);
	while ((client = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0)	/* who came too late */
		close(client);
	return 0;
}
