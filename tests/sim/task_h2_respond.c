#include <nghttp2/nghttp2.h>
#include <stdio.h>
#include <string.h>

#include "base/bug.h"
#include "heads.h"
#include "ledger.h"
#include "odd.h"
#include "rpc.h"
#include "task_h2_priv.h"

static nghttp2_nv
field(const char *name, const char *value)
{
	return (nghttp2_nv){ (uint8_t *)(uintptr_t)name, (uint8_t *)(uintptr_t)value, strlen(name), strlen(value), 0 };
}

static uint64_t
body_bytes(const struct served_h2 *v)
{
	const struct call *l = v->call;

	return l == NULL || strcmp(l->method, "HEAD") == 0 || l->status == 204 || l->status == 304 ? 0 : l->answer;
}

static bool
slips_in_body(const struct served_h2 *v)
{
	return v->slip == RESETS_IN_BODY || v->slip == CLOSES_IN_BODY || v->slip == STALLS_IN_BODY || v->slip == BAD_BODY;
}

void
task_h2_reset(struct served_h2 *v, uint32_t code)
{
	nghttp2_submit_rst_stream(v->conn->session, NGHTTP2_FLAG_NONE, v->id, code);
	v->entry->rpc.sent_code = code;
}

/* Trailers come behind the last bytes. */
static void
trail(struct served_h2 *v, uint32_t *flags)
{
	nghttp2_nv nv[RPC_FIELDS];
	char room[2][RPC_ROOM];

	*flags |= NGHTTP2_DATA_FLAG_EOF | NGHTTP2_DATA_FLAG_NO_END_STREAM;
	nghttp2_submit_trailer(v->conn->session, v->id, nv, rpc_status_fields(v->status, v->exchange, nv, room));
	if (v->entry != NULL)
		v->entry->rpc.sent_status = v->status;
}

static ssize_t
on_body(nghttp2_session *s, int32_t id, uint8_t *p, size_t cap, uint32_t *flags, nghttp2_data_source *source, void *arg)
{
	struct served_h2 *v = source->ptr;
	uint64_t n = rpc_may_send(v->call, DOWN, v->body), most = v->call->answer_piece;
	bool all = v->sent == body_bytes(v);

	(void)s;
	(void)id;
	(void)arg;
	n = (n < body_bytes(v) ? n : body_bytes(v)) - v->sent;
	if (n == 0 && !all) {			/* the other side is to say something first */
		v->deferred = true;
		return NGHTTP2_ERR_DEFERRED;
	}
	if (slips_in_body(v) && n > v->call->slip_at - v->sent)
		n = v->call->slip_at - v->sent;
	if (n == 0 && !all && v->slip == RESETS_IN_BODY)
		task_h2_reset(v, NGHTTP2_INTERNAL_ERROR);
	v->deferred = wire_now() < v->due_usec || (n == 0 && !all && v->slip != CLOSES_IN_BODY && v->slip != BAD_BODY);
	if (v->deferred)
		return NGHTTP2_ERR_DEFERRED;
	n = n < cap ? n : cap;
	n = most > 0 && n > most ? most : n;
	for (uint64_t i = 0; i < n; i++)
		p[i] = rpc_byte(v->call, DOWN, v->sent + i);
	v->sent += n;
	if (v->sent == body_bytes(v) || n == 0)
		*flags |= NGHTTP2_DATA_FLAG_EOF;
	if (v->sent == body_bytes(v) && v->call->rpc.on)
		trail(v, flags);
	else if (most > 0) {
		v->due_usec = wire_now() + v->call->answer_usec;
		wire_at(v->due_usec, task_h2_on_timer, v->conn, 0);
	}
	return (ssize_t)n;
}

/* A message of one field, which is 1 for who serves. */
static ssize_t
on_health(nghttp2_session *s, int32_t id, uint8_t *p, size_t cap, uint32_t *flags, nghttp2_data_source *source, void *arg)
{
	struct served_h2 *v = source->ptr;
	uint8_t message[] = { 0, 0, 0, 0, 2, 1 << 3, v->sick ? 2 : 1 };

	(void)s;
	(void)id;
	(void)arg;
	ASSERT(cap >= sizeof message);
	memcpy(p, message, sizeof message);
	trail(v, flags);
	return sizeof message;
}

void
task_h2_respond_health(struct served_h2 *v)
{
	nghttp2_data_provider body = { .source.ptr = v, .read_callback = on_health };
	nghttp2_nv nv[] = { field(":status", "200"), field("content-type", "application/grpc") };

	nghttp2_submit_response(v->conn->session, v->id, nv, 2, &body);
}

/* Of gRPC: its type, and where the head is all, its status. */
static size_t
rpc_head(struct served_h2 *v, nghttp2_nv *nv, char room[2][RPC_ROOM])
{
	struct rpc_seen *seen = &v->entry->rpc;

	nv[0] = field("content-type", "application/grpc");
	if (!v->alone)
		return 1;
	seen->sent_status = v->status;
	seen->unavailable += v->status == RPC_UNAVAILABLE;
	return 1 + rpc_status_fields(v->status, v->exchange, nv + 1, room);
}

void
task_h2_respond(struct served_h2 *v)
{
	const struct call *l = v->call;
	nghttp2_data_provider body = { .source.ptr = v, .read_callback = on_body };
	nghttp2_session *s = v->conn->session;
	bool rpc = l != NULL && l->rpc.on;
	nghttp2_nv nv[5 + RPC_FIELDS + ODD_FIELDS], early[2] = { field(":status", "103"), field("link", "x") };
	char status[8], tag[16], by[16], length[24], room[2][RPC_ROOM];
	struct head_text head = { .len = 0 };
	char many[ODD_FIELDS][2][ODD_TEXT];
	uint64_t n = v->alone ? 0 : body_bytes(v);
	size_t fields = 3;
	unsigned more;

	snprintf(status, sizeof status, "%d", l == NULL ? 200 : v->slip == STATUS_503 && !rpc ? 503 : l->status);
	snprintf(tag, sizeof tag, "%u", v->exchange);
	snprintf(by, sizeof by, "s%u.%u", v->conn->task->service, v->conn->task->number);
	snprintf(length, sizeof length, "%llu", (unsigned long long)n);
	nv[0] = field(v->slip == BAD_HEAD ? "Bad Name" : ":status", status);
	nv[1] = field("x-tag", tag);
	nv[2] = field("x-by", by);
	/* where it is to end too early, that is what shows it */
	if (rpc)
		fields += rpc_head(v, nv + fields, room);
	else if (n > 0 && (l->framing == BY_LENGTH || slips_in_body(v)))
		nv[fields++] = field("content-length", length);
	more = l == NULL || rpc ? 0 : odd_answer_h2(l, (unsigned)fields - 1, fields > 3);	/* all but :status */
	for (unsigned i = 0; i < more; i++) {
		odd_field(i, many[i][0], many[i][1]);
		nv[fields++] = field(many[i][0], many[i][1]);
	}
	for (size_t i = 0; i < fields; i++)
		head_text_add(&head, (char *)nv[i].name, (char *)nv[i].value);
	if (l != NULL)
		v->entry->answered[v->conn->task->number] = head_text_keep(&head);
	for (unsigned i = 0; l != NULL && i < l->interims; i++)
		nghttp2_submit_headers(s, NGHTTP2_FLAG_NONE, v->id, NULL, early, 2, NULL);
	nghttp2_submit_response(s, v->id, nv, fields, n > 0 || (rpc && !v->alone) ? &body : NULL);
}
