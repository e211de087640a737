#include <stdio.h>
#include <string.h>

#include "front.h"
#include "traced.h"

void
traced_request(const struct plan *p, struct entry *e, const struct chain_seen *s)
{
	const char *sent = e->call->odd ? FORGED_ID : "";

	if (!p->traces) {
		if (strcmp(s->id, sent) != 0 || s->trace[0] != '\0')
			broken("x%u came with ID %s and trace %s", e->call->id, s->id, s->trace);
		return;
	}
	if (s->id[0] == '\0' || strlen(s->trace) != 55 ||
	    (strcmp(s->id, FORGED_ID) == 0) != (e->call->odd && front_is_trusted(p, e->call->id / CALLS)))
		broken("x%u came with ID %s and trace %s", e->call->id, s->id, s->trace);
	if (e->id[0] != '\0' && strcmp(e->id, s->id) != 0)
		broken("x%u was tried again as %s, and was %s", e->call->id, s->id, e->id);
	memcpy(e->id, s->id, sizeof e->id);
	memcpy(e->trace, s->trace, sizeof e->trace);
}

/* Its value, without the quotes; empty: it has none. */
static void
value(const char *line, const char *key, char *out, size_t cap)
{
	const char *v = line_value(line, key);

	out[0] = '\0';
	if (v != NULL && v[0] == '"')
		snprintf(out, cap, "%.*s", (int)strcspn(v + 1, "\""), v + 1);
}

/* traceparent is 00-TRACE-SPAN-flags, and the span is the one that is Mola's with the task. */
void
traced_line(const struct plan *p, const struct entry *e, const char *line)
{
	char id[64], trace[64], span[64];

	value(line, "request_X-Request-Id", id, sizeof id);
	value(line, "TraceId", trace, sizeof trace);
	value(line, "SpanId", span, sizeof span);
	if (!p->traces && (line_value(line, "request_X-Request-Id") != NULL || line_value(line, "TraceId") != NULL ||
	    line_value(line, "SpanId") != NULL))
		broken("x%u has an ID in the log, and there are none: %s", e->call->id, line);
	if (!p->traces || e->heads == 0)
		return;
	if (strcmp(id, e->id) != 0)
		broken("x%u is %s in the log, and came as %s", e->call->id, id, e->id);
	if (strlen(trace) != 32 || strncmp(e->trace + 3, trace, 32) != 0 || strlen(span) != 16)
		broken("x%u has trace %s and span %s in the log, and came with %s", e->call->id, trace, span, e->trace);
}
