/*
 * A client of HTTP/2, and exchanges that have the streams of its connection, in steps: an octet that says what it is, and what
 * belongs to it.
 *	0..127		a frame of the client's: type, flags, stream, length, and as many octets
 *	128..143	octets of the client's that are no frame: length, octets
 *	144..159	DATA of the client's, 1 KB each: stream, octet of them
 *	160..175	an exchange reads: which, octets times 64
 *	176..207	an exchange begins to respond: which, with which of the responses below
 *	208..223	an exchange writes on: which
 *	224..239	an exchange leaves: which; even: as if all were well
 *	240		the connection drains
 *	241		the client ends its direction
 *	255		the client reads all that has come
 * What comes out as a request is one by the rules of HTTP/1.1, or its head is refused by them, and it is whole, or its stream is
 * broken; what the client gets are frames; memory stays below what h2.h promises. The whole proxy between the two is h2_fuzz.c's.
 */
#include "base/alloc.h"
#include "base/clock.h"
#include "h2_model.h"
#include "http/h2_priv.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

#define MODELS	12
#define LATER	(60 * USEC_PER_SEC)
#define BODY	"bbbbbbbbbbbbbbbb"

static const char *const responses[] = {
	"HTTP/1.1 200 OK\r\nContent-Length: 16\r\n\r\n" BODY,
	"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10\r\n" BODY "\r\n0\r\nx: y\r\n\r\n",
	"HTTP/1.1 200 OK\r\n\r\n" BODY,						/* until its end */
	"HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n",
	"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n" BODY,
	"HTTP/1.1 200 OK\r\nContent-Length: 32\r\n\r\n" BODY,			/* the rest never comes */
	"HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n",
	NULL		/* a body of 64 KB */
};
#define RESPONSES (sizeof responses / sizeof *responses)

static struct loop *l;
static struct h2 *h2;
static struct stream under;
static struct h2_conn *conn;
static struct model models[MODELS];
static char *large;
static size_t large_len;

static void
on_model(void *arg)
{
	model_write(arg);
}

static bool
on_begin(void *owner, struct h2_stream *st)
{
	(void)owner;
	for (int i = 0; i < MODELS; i++)
		if (!stream_is_open(&models[i].stream)) {
			models[i] = (struct model){ 0 };
			h2_stream_open(st, &models[i].stream, on_model, &models[i]);
			return true;
		}
	return false;
}

static void
on_ended(void *owner, const struct why *why, int status)
{
	(void)owner;
	ASSERT(why != NULL && (status == 0 || status == why->status));
}

static void
on_idle(void *owner)
{
	(void)owner;
}

static void
on_over(void *owner, const struct why *why)
{
	(void)owner, (void)why;
	h2_conn_free(&conn);
	stream_close(&under);
}

static const struct h2_ops ops = { .begin = on_begin, .ended = on_ended, .idle = on_idle, .over = on_over };

/* ---- what h2.h promises ---- */

static void
memory_check(void)
{
	const struct h2_stream *st;
	size_t owed = 0, held = 0, n = 0;

	if (conn == NULL)
		return;
	LIST_FOREACH(st, &conn->streams, link) {
		ASSERT(queue_len(&st->request.head) <= H2_STREAM_WINDOW + 4 * MODEL_HEAD_MAX + 8192);
		ASSERT(queue_len(&st->out.q) <= H2_STREAM_HELD + MODEL_HEAD_MAX);
		ASSERT(queue_len(&st->in_trailer) <= 8192);
		owed += st->owed;
		held += queue_len(&st->out.q);
		n++;
	}
	ASSERT(owed <= H2_WINDOW && n == conn->nstreams && n <= H2_STREAMS_MOST);
	ASSERT(conn->held == held && held <= H2_HELD_MOST + H2_STREAM_HELD);
	ASSERT(queue_len(&conn->out) <= 2 * 64 * 1024);
}

/* ---- steps ---- */

static void
respond(struct model *m, size_t which)
{
	if (!stream_is_open(&m->stream) || m->of != NULL)
		return;
	m->of = m;			/* from now on its request may end early */
	m->out = responses[which] == NULL ? (struct str){ large, large_len } : str_of(responses[which]);
	model_write(m);
}

static void
leave(struct model *m, bool clean)
{
	if (stream_is_open(&m->stream))
		clean ? stream_close(&m->stream) : stream_reset(&m->stream);
}

static void
data_say(int client, struct str *rest)
{
	char id = (char)octet(rest), frame[9 + 1024] = { 0, 4, 0, NGHTTP2_DATA, 0, 0, 0, 0, id };
	unsigned n = octet(rest);

	memset(frame + 9, MODEL_BYTE, 1024);
	for (unsigned i = 0; i < n && conn != NULL; i++) {
		(void)!send(client, frame, sizeof frame, MSG_DONTWAIT | MSG_NOSIGNAL);
		loop_turn(l, 0);
	}
}

static void
step(int client, struct frames *f, struct str *rest)
{
	uint8_t kind = octet(rest);
	struct model *m;

	if (kind < 128)
		frames_say(l, client, rest);
	else if (kind < 144)
		talk_say(l, client, take(rest, octet(rest)));
	else if (kind < 160)
		data_say(client, rest);
	else if (kind < 240) {
		m = &models[octet(rest) % MODELS];
		if (kind < 176)
			model_read(m, 64u * octet(rest));
		else if (kind < 208)
			respond(m, kind % RESPONSES);
		else if (kind < 224)
			model_write(m);
		else
			leave(m, kind % 2 == 0);
	} else if (kind == 240 && conn != NULL)
		h2_conn_drain(conn);
	else if (kind == 241)
		shutdown(client, SHUT_WR);
	else if (kind == 255)
		frames_hear(f, client);
}

static void
begin(int pair[2])
{
	static const char head[] = "HTTP/1.1 200 OK\r\nContent-Length: 65536\r\n\r\n";

	if (l == NULL) {
		l = loop_new();
		large_len = sizeof head - 1 + 65536;
		large = must_alloc(large_len);
		memcpy(large, head, sizeof head - 1);
		memset(large + sizeof head - 1, MODEL_BYTE, 65536);
	}
	h2 = h2_new(l, &ops);
	h2_set_conf(h2, &(struct h2_conf){ .head_usec = LATER, .write_usec = LATER,
	    .request = { MODEL_HEAD_MAX, MODEL_FIELDS_MAX }, .response = { MODEL_HEAD_MAX, MODEL_FIELDS_MAX } });
	ASSERT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) == 0);
	stream_open(&under, l, pair[0], model_nothing, NULL);
	conn = h2_conn_new(h2, &under, NULL);
	ASSERT(conn != NULL);
	stream_adopt(&under, h2_conn_run, conn);
	memset(models, 0, sizeof models);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct str rest = { (const char *)bytes, len };
	struct frames f = { 0 };
	int pair[2];

	begin(pair);
	talk_say(l, pair[1], (struct str){ H2_PREFACE "\0\0\0\4\0\0\0\0\0", H2_PREFACE_LEN + 9 });
	while (rest.len > 0) {
		step(pair[1], &f, &rest);
		talk_turn(l);
		memory_check();
	}
	frames_hear(&f, pair[1]);
	for (int i = 0; i < MODELS; i++) {
		model_read(&models[i], SIZE_MAX);
		leave(&models[i], i % 2 == 0);
	}
	talk_turn(l);
	if (conn != NULL)
		on_over(NULL, NULL);
	close(pair[1]);
	h2_free(&h2);
	talk_turn(l);
	return 0;
}
