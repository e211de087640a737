/*
 * The request of a probe goes out, and the response comes in and is judged: by its head alone, but
 * for gRPC; or by what its first bytes are, where it is no request.
 */
#include "base/bug.h"
#include "proxy/health_priv.h"

static struct stream *
probe_io(struct probe *p)
{
	return p->h2 != NULL ? &p->exchange : &p->stream;
}

static bool
is_degraded_status(const struct probe *p, const struct message *head)
{
	return !p->grpc && head->status != 0 && head->status == (int)p->service->health_degraded_status;
}

/* It passes; does the task say that it is not quite well? */
static bool
is_degraded(const struct probe *p, const struct message *head)
{
	for (int i = 0; i < head->nfields; i++)
		if (str_eq_nocase(head->field[i].name, STR("Mola-Degraded")) &&
		    !str_eq_nocase(str_trim(head->field[i].value), STR("false")))
			return true;
	return is_degraded_status(p, head);
}

/* What has come so far. DONE: the response is whole, as far as it counts; the head is in
 * p->health->head, and *passes tells whether it is a pass. */
static enum parse
probe_look(struct probe *p, bool *passes)
{
	struct message *head = &p->health->head;
	int wanted = (int)p->service->health_status;
	size_t used;
	enum parse res = check_read_head(head, p->response, &p->got, &used);

	if (res != PARSE_DONE)
		return res;
	if (p->grpc)
		return check_read_grpc(head, p->response + used, p->got - used, passes);
	*passes = is_degraded_status(p, head) ||
	    (wanted == 0 ? head->status >= 200 && head->status < 400 : head->status == wanted);
	return PARSE_DONE;
}

/* The first bytes, of which all that are expected must be there. */
static enum parse
probe_compare(const struct probe *p, bool *passes)
{
	size_t n = p->got < p->expect.len ? p->got : p->expect.len;

	*passes = str_eq((struct str){ p->response, n }, (struct str){ buf_str(&p->expect).p, n });
	return *passes && n < p->expect.len ? PARSE_MORE : PARSE_DONE;
}

/* IO_AGAIN: more is to come. IO_DONE: the response is there. IO_FAIL, IO_EOF: there is none. */
static enum io_result
probe_read(struct probe *p, bool *passes)
{
	enum parse seen = PARSE_MORE;
	enum io_result res;
	size_t got;

	ASSERT(p->response != NULL && p->got <= RESPONSE_BYTES);
	while (seen == PARSE_MORE && p->got < RESPONSE_BYTES) {
		res = stream_read(probe_io(p), p->response + p->got, RESPONSE_BYTES - p->got, &got);
		if (res != IO_DONE)
			return res;
		p->got += got;
		seen = p->connects ? probe_compare(p, passes) : probe_look(p, passes);
	}
	return seen == PARSE_DONE ? IO_DONE : IO_FAIL;		/* also when it does not fit */
}

static enum io_result
probe_write(struct probe *p)
{
	struct str all = buf_str(p->target != NULL ? &p->redirected : &p->request);

	while (p->sent < all.len) {
		struct iovec v = { (char *)all.p + p->sent, all.len - p->sent };
		size_t put;
		enum io_result res = stream_writev(probe_io(p), &v, 1, &put);
		if (res != IO_DONE)
			return res;
		p->sent += put;
	}
	return IO_DONE;
}

static void
probe_go_on(struct probe *p)
{
	p->requests++;
	probe_stop(p);
	timer_set(p->health->loop, &p->timer, loop_now(p->health->loop), probe_connect, p);
}

static void
probe_judge(struct probe *p, bool passes)
{
	const struct message *head = &p->health->head;
	enum redirect leads = p->grpc ? REDIRECT_ELSEWHERE : probe_redirect(p, head);

	if (leads == REDIRECT_HERE)
		probe_go_on(p);
	else if (passes && leads == REDIRECT_ELSEWHERE)
		probe_passes(p, is_degraded(p, head));
	else if (p->grpc && head->status == 200)
		probe_fails(p, WHY_UPSTREAM_NOT_SERVING, 0);
	else
		probe_fails(p, WHY_UPSTREAM_STATUS, head->status);
}

void
probe_exchange(void *arg)
{
	struct probe *p = arg;
	bool passes = false;
	enum io_result res;

	p->tried = 0;
	if ((res = probe_write(p)) == IO_DONE && (!p->connects || p->expect.len > 0))
		res = probe_read(p, &passes);
	if (res == IO_AGAIN)
		return;
	if (res != IO_DONE)
		probe_fails(p, p->got == 0 ? WHY_UPSTREAM_GONE : p->connects ? WHY_UPSTREAM_UNEXPECTED :
		    WHY_UPSTREAM_BAD_HEAD, 0);
	else if (p->connects && p->expect.len > 0 && !passes)
		probe_fails(p, WHY_UPSTREAM_UNEXPECTED, 0);
	else if (p->connects)
		probe_passes(p, false);
	else
		probe_judge(p, passes);
}
