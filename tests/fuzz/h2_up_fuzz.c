/*
 * A task of HTTP/2, and exchanges that have streams of its connection, in steps: an octet that says what it is, and what belongs
 * to it.
 *	0..127		a frame of the task's: type, flags, stream, length, and as many octets
 *	128..143	octets of the task's that are no frame: length, octets
 *	144..159	a DATA frame of the task's in pieces: stream, octet of the body times 256, at most 1 KB at a time
 *	160..191	another exchange begins: which of the requests below
 *	192..207	an exchange reads: which, octets times 64
 *	208..223	an exchange writes: which
 *	224..239	an exchange leaves: which; even: as if all were well
 *	240		no more streams are opened
 *	241		the task ends its direction
 *	255		the task reads all that has come
 * What comes out as a response is one by the rules of HTTP/1.1, and whole, or its stream is broken; what the task gets are
 * frames; memory stays below what h2_up.h promises.
 */
#include "base/alloc.h"
#include "http/h2_up.h"
#include "h2_model.h"
#include "http/h2_up_priv.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

#define MODELS 16
#define BODY "bbbbbbbbbbbbbbbb"

static const char *const requests[] = {
	"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
	"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n",
	"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 16\r\n\r\n" BODY,
	"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 32\r\n\r\n" BODY,		/* the rest never comes */
	"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n10\r\n" BODY "\r\n0\r\nx: y\r\n\r\n",
	"POST / HTTP/1.1\r\nHost: a\r\nContent-Type: application/grpc\r\nTransfer-Encoding: chunked\r\n\r\n10\r\n" BODY "\r\n",
	"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: upgrade\r\nSec-WebSocket-Version: 13\r\n"
	    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n" BODY,
	NULL		/* POST with a body of 64 KB */
};
#define REQUESTS (sizeof requests / sizeof *requests)

static struct loop *l;
static struct h2_up *up;
static struct stream under;
static struct h2_up_conn *conn;
static struct model models[MODELS];
static char *large;
static size_t large_len;

static void
on_changed(void *owner)
{
	(void)owner;
}

static void
on_over(void *owner, const struct why *why)
{
	(void)owner, (void)why;
	h2_up_conn_free(&conn);
	stream_close(&under);
}

static const struct h2_up_ops ops = { .changed = on_changed, .over = on_over };

static void
on_model(void *arg)
{
	struct model *m = arg;

	model_write(m);
}

static void
model_open(size_t which)
{
	struct model *m = NULL;

	for (int i = 0; i < MODELS && m == NULL; i++)
		if (!stream_is_open(&models[i].stream))
			m = &models[i];
	if (m == NULL || conn == NULL || !h2_up_room(conn))
		return;
	*m = (struct model){ .is_response = true, .to_head = which == 1 };
	m->out = requests[which] == NULL ? (struct str){ large, large_len } : str_of(requests[which]);
	if (!h2_up_open(conn, &m->stream, on_model, m))
		BUG("no memory");
	model_write(m);
}

static void
model_leave(struct model *m, bool clean)
{
	if (!stream_is_open(&m->stream))
		return;
	clean ? stream_close(&m->stream) : stream_reset(&m->stream);
}

/* ---- what h2_up.h promises ---- */

#define SLACK	64		/* framing of chunks */
#define PARTS	(2 * 16384)	/* trailers, and the last head behind interim ones that were let through */

static void
memory_check(void)
{
	const struct up_stream *st;
	size_t owed = 0, n = 0;

	if (conn == NULL)
		return;
	LIST_FOREACH(st, &conn->streams, link) {
		ASSERT(queue_len(&st->in) <= H2_UP_STREAM_WINDOW + 4 * MODEL_HEAD_MAX + PARTS + SLACK);
		ASSERT(queue_len(&st->out.q) <= H2_UP_HELD + conn->up->request.bytes);
		ASSERT(queue_len(&st->in_trailer) <= 16384 && st->owed <= queue_len(&st->in) + SLACK);
		ASSERT(st->response.lines.len <= MODEL_HEAD_MAX);
		owed += st->owed;
		n++;
	}
	ASSERT(owed <= H2_UP_WINDOW && n == h2_up_streams(conn) && n <= H2_UP_STREAMS);
	ASSERT(queue_len(&conn->out) <= 2 * 64 * 1024);
}

/* ---- steps ---- */

static void
data_say(int task, struct str *rest)
{
	char id = (char)octet(rest), frame[9 + 1024] = { 0, 4, 0, NGHTTP2_DATA, 0, 0, 0, 0, id };
	unsigned n = octet(rest) / 4u;

	memset(frame + 9, MODEL_BYTE, 1024);
	for (unsigned i = 0; i < n; i++) {
		(void)!send(task, frame, sizeof frame, MSG_DONTWAIT | MSG_NOSIGNAL);
		loop_turn(l, 0);
	}
}

static void
step(int task, struct frames *f, struct str *rest)
{
	uint8_t kind = octet(rest);
	struct model *m;

	if (kind < 128)
		frames_say(l, task, rest);
	else if (kind < 144)
		talk_say(l, task, take(rest, octet(rest)));
	else if (kind < 160)
		data_say(task, rest);
	else if (kind < 192)
		model_open(kind % REQUESTS);
	else if (kind < 240) {
		m = &models[octet(rest) % MODELS];
		if (kind < 208)
			model_read(m, 64u * octet(rest));
		else if (kind < 224)
			model_write(m);
		else
			model_leave(m, kind % 2 == 0);
	} else if (kind == 240 && conn != NULL)
		h2_up_retire(conn);
	else if (kind == 241)
		shutdown(task, SHUT_WR);
	else if (kind == 255)
		frames_hear(f, task);
}

static void
begin(int pair[2])
{
	static const char post[] = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 65536\r\n\r\n";

	if (l == NULL) {
		l = loop_new();
		large_len = sizeof post - 1 + 65536;
		large = must_alloc(large_len);
		memcpy(large, post, sizeof post - 1);
		memset(large + sizeof post - 1, MODEL_BYTE, 65536);
	}
	up = h2_up_new(l, &ops);
	h2_up_set_limits(up, (struct head_limits){ MODEL_HEAD_MAX, MODEL_FIELDS_MAX },
	    (struct head_limits){ MODEL_HEAD_MAX, MODEL_FIELDS_MAX });
	ASSERT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) == 0);
	stream_open(&under, l, pair[0], model_nothing, NULL);
	conn = h2_up_conn_new(up, &under, false, NULL);
	ASSERT(conn != NULL);
	stream_adopt(&under, h2_up_conn_run, conn);
	memset(models, 0, sizeof models);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct str rest = { (const char *)bytes, len };
	struct frames f = { .preface = H2_PREFACE_LEN };
	int pair[2];

	begin(pair);
	model_open(0);
	talk_turn(l);
	while (rest.len > 0) {
		step(pair[1], &f, &rest);
		talk_turn(l);
		memory_check();
	}
	frames_hear(&f, pair[1]);
	for (int i = 0; i < MODELS; i++) {
		model_read(&models[i], SIZE_MAX);
		model_leave(&models[i], i % 2 == 0);
	}
	talk_turn(l);
	if (conn != NULL)
		on_over(NULL, NULL);
	close(pair[1]);
	h2_up_free(&up);
	talk_turn(l);
	return 0;
}
