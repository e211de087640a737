/*
 * Clients of our own interfaces (admin, agent): what they send, in parts with a line of "----" between them, while answers are
 * given at once, late, or as a stream. However it goes, their slot is free in the end.
 */
#include "http/server_priv.h"
#include "talk.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static struct request *held;		/* asked, and not answered yet */
static struct request *streaming;

static void
on_gone(void *arg, struct request *x)
{
	(void)arg;
	ASSERT(x == streaming);
	streaming = NULL;
}

static void
on_request(void *arg, struct request *x)
{
	char value[64];

	(void)arg;
	ASSERT(request_path(x).len > 0 && request_path(x).p[0] == '/');
	if (request_query(x, "late", value, sizeof value) && held == NULL)
		held = x;
	else if (request_query(x, "stream", value, sizeof value) && streaming == NULL) {
		streaming = x;
		request_stream(x, "text/plain", NULL, on_gone, NULL);
	} else
		request_reply(x, 200, "text/plain", request_body(x), NULL);
}

/* What the other side of the callback does meanwhile. */
static void
go_on(bool over)
{
	struct request *x = held;

	held = NULL;
	if (x != NULL)
		request_reply(x, 503, NULL, STR("late"), "Retry-After: 1\r\n");
	if (streaming != NULL)
		request_write(streaming, STR("piece\n"));
	if (streaming != NULL && over) {
		x = streaming;
		streaming = NULL;
		request_end(x);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static const struct server_conf conf = { .connections_max = 4, .body_max = 1000 };
	static struct loop *l;
	static struct addr at;
	static struct server *server;
	struct str rest = { (const char *)bytes, len }, part;
	int fd;

	if (l == NULL) {
		l = loop_new();
		server = server_new(l, &conf, on_request, NULL);
		server_listen(server, talk_listen("server", &at), NULL);
	}
	fd = talk_dial(&at);
	talk_turn(l);
	while (talk_part(&rest, &part)) {
		talk_say(l, fd, part);
		go_on(false);
		talk_turn(l);
		if (!talk_hear(fd))
			break;
	}
	go_on(true);
	close(fd);
	for (int i = 0; i < 100 && server->sessions.count > 0; i++) {
		go_on(true);
		loop_turn(l, 0);
	}
	ASSERT(server->sessions.count == 0 && held == NULL && streaming == NULL);
	return 0;
}
