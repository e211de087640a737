/*
 * A response has one report: in its head or, as gRPC sends it, in its trailers. Of several in one
 * place the first counts, and the message before its text form, as for Envoy.
 */
#include "http/orca.h"
#include "proxy/proxy_priv.h"
#include "proxy/task_load.h"

static void
note(const struct attempt *a, bool good, const struct orca_report *r)
{
	struct utilization_report said = { .utilization = good ? orca_utilization(r) : 0,
	    .memory = r->memory, .rps = r->rps, .eps = r->eps };

	live_note_load(a->proxy->conf.live, a->task->slot, good ? &said : NULL,
	    loop_now(a->proxy->loop));
}

static void
note_text(const struct attempt *a, struct str value)
{
	struct orca_report r = { 0 };
	bool good = orca_read(value, &r);

	note(a, good, &r);
}

static void
note_bin(const struct attempt *a, struct str value)
{
	struct orca_report r = { 0 };
	bool good = orca_read_bin(value, &r);

	note(a, good, &r);
}

static bool
passes(const struct attempt *a)
{
	return a->service->load == LOAD_ORCA_PASS;
}

void
task_load_head(const struct attempt *a, const struct message *m, struct edits *edits)
{
	const struct field *f;

	if (a->service->load == LOAD_NONE)
		return;
	if ((f = message_find(m, FIELD_LOAD_BIN)) != NULL)
		note_bin(a, f->value);
	else if ((f = message_find(m, FIELD_LOAD)) != NULL)
		note_text(a, f->value);
	if (!passes(a))
		edits_drop(edits, FIELD_BIT(FIELD_LOAD) | FIELD_BIT(FIELD_LOAD_BIN));
}

static bool
watch(void *arg, struct str name, struct str value)
{
	const struct attempt *a = arg;

	if (str_eq_nocase(name, STR("endpoint-load-metrics-bin")))
		note_bin(a, value);
	else if (str_eq_nocase(name, STR("endpoint-load-metrics")))
		note_text(a, value);
	else
		return false;
	return !passes(a);
}

h1_watch_f *
task_load_watch(const struct attempt *a)
{
	return a->service->load == LOAD_NONE ? NULL : watch;
}
