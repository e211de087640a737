/*
 * Random numbers come from the kernel, some at a time: IDs are to be unlike those of other workers
 * and of other Molas, and nobody is to guess them.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/bug.h"
#include "proxy/trace.h"

#define SPANS_MOST	(256 * 1024)	/* bytes of spans that may wait to be handed over */

void
tracer_init(struct tracer *t)
{
	*t = (struct tracer){ .used = sizeof t->random };
	buf_init(&t->spans, SPANS_MOST);
}

void
tracer_fini(struct tracer *t)
{
	buf_fini(&t->spans);
}

void
tracer_set_conf(struct tracer *t, const struct trace_conf *c)
{
	ASSERT(c->ratio >= 0 && c->ratio <= 1);
	t->conf = *c;
	t->on = c->ids != TRACE_IDS_OFF || c->spans;
}

static void
take_random(struct tracer *t, uint8_t *out, unsigned n)
{
	ASSERT(n <= sizeof t->random);
	if (t->used + n > sizeof t->random) {
		if (getrandom(t->random, sizeof t->random, 0) != (ssize_t)sizeof t->random)
			BUG("getrandom");
		t->used = 0;
	}
	memcpy(out, t->random + t->used, n);
	t->used += n;
}

/* All zeros would be no ID: that never happens, but is not to be believed. */
static void
make_number(struct tracer *t, uint8_t *out, unsigned n)
{
	take_random(t, out, n);
	out[n - 1] |= out[n - 1] == 0;
}

/* ---- request IDs ---- */

static bool
id_is_good(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] <= ' ' || s.p[i] > '~' || s.p[i] == '"')
			return false;
	return s.len > 0 && s.len <= TRACE_ID_MAX;
}

/* A UUID of random numbers (RFC 9562, 5.4): what most programs expect. */
static void
id_make(struct tracer *t, char out[TRACE_ID_MAX + 1])
{
	uint8_t b[16];
	char hex[33];

	take_random(t, b, sizeof b);
	b[6] = (uint8_t)((b[6] & 0x0f) | 0x40);
	b[8] = (uint8_t)((b[8] & 0x3f) | 0x80);
	trace_hex(b, sizeof b, hex);
	snprintf(out, TRACE_ID_MAX + 1, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16,
	    hex + 20);
}

/* Also where '_' stands for '-': to many programs both are one field. */
static bool
is_named(struct str name, struct str wanted)
{
	if (name.len != wanted.len)
		return false;
	for (size_t i = 0; i < name.len; i++) {
		char a = name.p[i] == '_' ? '-' : name.p[i], b = wanted.p[i] == '_' ? '-' : wanted.p[i];
		if ((a | 0x20) != (b | 0x20) || (a != b && ((a | 0x20) < 'a' || (a | 0x20) > 'z')))
			return false;
	}
	return true;
}

/* One field of a trusted client is kept; any other does not go on. */
static void
id_begin(struct trace *r, struct tracer *t, struct message *m, bool trusted)
{
	struct str name = str_of(t->conf.id_field);
	struct field *kept = NULL;

	for (int i = 0; i < m->nfields; i++) {
		struct field *f = &m->field[i];
		if (!is_named(f->name, name))
			continue;
		if (trusted && kept == NULL && str_eq_nocase(f->name, name) && id_is_good(f->value))
			kept = f;
		else
			f->hop = true;
	}
	if (kept != NULL)
		str_copy(r->id, sizeof r->id, kept->value);
	else if (t->conf.ids == TRACE_IDS_MAKE) {
		id_make(t, r->id);
		r->made = true;
	}
}

/* ---- traces ---- */

/* As OpenTelemetry's samplers do by the ID of a trace: others with the same ratio choose the same
 * ones. */
static bool
is_chosen(const uint8_t trace[TRACE_BYTES], double ratio)
{
	uint64_t n = 0;

	for (unsigned i = TRACE_BYTES - 8; i < TRACE_BYTES; i++)
		n = n << 8 | trace[i];
	return (double)(n >> 1) < ratio * ldexp(1, 63);
}

/* Several fields are none: which of them counts is not said. */
static bool
find_parent(const struct message *m, struct trace_context *out)
{
	const struct field *found = NULL;

	for (int i = 0; i < m->nfields; i++)
		if (str_eq_nocase(m->field[i].name, STR("traceparent"))) {
			if (found != NULL)
				return false;
			found = &m->field[i];
		}
	return found != NULL && trace_context_parse(found->value, out);
}

/* Ours takes the place of its traceparent; what tracestate says is only of a trace that goes on. */
static void
mark_fields(struct message *m, bool goes_on)
{
	for (int i = 0; i < m->nfields; i++) {
		struct field *f = &m->field[i];
		if (str_eq_nocase(f->name, STR("traceparent")) ||
		    (!goes_on && str_eq_nocase(f->name, STR("tracestate"))))
			f->hop = true;
	}
}

static void
context_begin(struct trace *r, struct tracer *t, struct message *m, bool trusted)
{
	enum trace_parents parents = t->conf.parents;
	bool believed = parents == TRACE_PARENTS_ANY || (parents == TRACE_PARENTS_TRUSTED && trusted);
	bool goes_on = believed && find_parent(m, &r->context);

	if (goes_on)
		memcpy(r->parent, r->context.span, sizeof r->parent);
	else {
		make_number(t, r->context.trace, TRACE_BYTES);
		r->context.sampled = is_chosen(r->context.trace, t->conf.ratio);
	}
	mark_fields(m, goes_on);
	make_number(t, r->own, TRACE_SPAN_BYTES);
	make_number(t, r->context.span, TRACE_SPAN_BYTES);
	trace_context_write(&r->context, r->traceparent);
	r->spans = true;
}

/* That of the authority; 0: it has none. */
static unsigned
port_of(struct str authority)
{
	const char *colon = authority.len == 0 ? NULL : memrchr(authority.p, ':', authority.len);
	struct str digits;
	uint64_t n;

	if (colon == NULL)
		return 0;
	digits = (struct str){ colon + 1, (size_t)(authority.p + authority.len - colon) - 1 };
	return str_to_u64(digits, &n) && n <= 65535 ? (unsigned)n : 0;
}

static struct span_request *
request_keep(const struct message *m)
{
	struct span_request *r = calloc(1, sizeof *r);

	if (r == NULL)
		return NULL;
	str_copy(r->method, sizeof r->method, m->method);
	str_copy(r->host, sizeof r->host, m->host);
	str_copy(r->path, sizeof r->path, m->path);
	r->port = port_of(m->authority);
	for (int i = 0; i < m->nfields; i++)
		if (str_eq_nocase(m->field[i].name, STR("user-agent")))
			str_copy(r->agent, sizeof r->agent, m->field[i].value);
	return r;
}

struct trace *
trace_begin(struct tracer *t, struct message *m, bool trusted)
{
	struct trace *r = calloc(1, sizeof *r);

	ASSERT(t->on);
	if (r == NULL)
		return NULL;
	if (t->conf.ids != TRACE_IDS_OFF)
		id_begin(r, t, m, trusted);
	if (t->conf.spans)
		context_begin(r, t, m, trusted);
	if (r->spans && r->context.sampled && (r->request = request_keep(m)) != NULL)
		trace_set_target(r, m->path);
	return r;
}

void
trace_edit(const struct trace *r, const struct tracer *t, struct edits *e)
{
	if (r->made)
		edits_add(e, str_of(t->id_edit), str_of(r->id));
	if (r->spans)
		edits_add(e, EDIT_NAME("traceparent"), str_of(r->traceparent));
}

void
trace_set_target(struct trace *r, struct str target)
{
	const char *query = memchr(target.p, '?', target.len);

	if (query != NULL)
		target.len = (size_t)(query - target.p);
	str_copy(r->target, sizeof r->target, target);
}

void
trace_set_route(struct trace *r, struct str router, struct str path)
{
	if (r->request == NULL)
		return;
	str_copy(r->request->router, sizeof r->request->router, router);
	str_copy(r->request->route, sizeof r->request->route, path);
}

bool
trace_is_recorded(const struct trace *r)
{
	return r->request != NULL;
}

void
trace_record(const struct trace *r, struct tracer *t, struct span_exchange *x)
{
	size_t before = t->spans.len;
	unsigned n = 1 + (x->address != NULL);

	ASSERT(r->request != NULL && r->spans);
	x->context = r->context;
	memcpy(x->own, r->own, sizeof x->own);
	memcpy(x->parent, r->parent, sizeof x->parent);
	x->request = r->request;
	x->target = r->target;
	span_server_write(&t->spans, x);
	if (x->address != NULL)
		span_client_write(&t->spans, x);
	if (t->spans.full) {		/* both or none */
		t->spans.len = before;
		t->spans.full = false;
		t->lost += n;
	}
}

void
trace_free(struct trace **rp)
{
	struct trace *r = *rp;

	*rp = NULL;
	if (r == NULL)
		return;
	free(r->request);
	free(r);
}
