/*
 * view_refused: which clients' handshakes fail, by reason and host, the last ones of all workers.
 */
#include <stdlib.h>
#include <string.h>

#include "admin/view.h"
#include "base/alloc.h"
#include "base/bug.h"
#include "base/clock.h"
#include "certs/certs.h"
#include "targets/target.h"

#define KINDS_MOST	(WORKERS_MAX * REFUSED_KINDS)

struct kinds {
	struct refused_kind one[KINDS_MOST];
	unsigned	 n;
};

static void
kinds_add(struct kinds *k, const struct refused_kind *more)
{
	for (unsigned i = 0; i < k->n; i++) {
		struct refused_kind *had = &k->one[i];
		if (had->why != more->why || strcmp(had->host, more->host) != 0)
			continue;
		had->count += more->count;
		if (more->last_usec > had->last_usec)
			had->last_usec = more->last_usec;
		return;
	}
	ASSERT(k->n < KINDS_MOST);
	k->one[k->n++] = *more;
}

static int
later_first(const void *a, const void *b)
{
	const struct refused_kind *x = a, *y = b;

	return (x->last_usec < y->last_usec) - (x->last_usec > y->last_usec);
}

json_t *
view_refused(const struct live *l, int64_t now)
{
	struct kinds *k = must_zalloc(sizeof *k);
	json_t *list = json_array();
	struct refused_kind kind;

	for (unsigned w = 0; w < live_workers(l); w++)
		for (unsigned i = 0; i < REFUSED_KINDS; i++)
			if (refused_read(live_refused(l, w), i, &kind))
				kinds_add(k, &kind);
	qsort(k->one, k->n, sizeof k->one[0], later_first);
	for (unsigned i = 0; i < k->n; i++) {
		const struct refused_kind *one = &k->one[i];
		double age = (double)(now - one->last_usec) / (double)USEC_PER_SEC;
		json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:I, s:f}", "host", one->host, "why",
		    why_name(one->why), "text", one->why->text, "count", (json_int_t)one->count,
		    "age_seconds", age > 0 ? age : 0));
	}
	free(k);
	return list;
}

json_t *
view_certs(const struct admin_view *v)
{
	json_t *j = v->certs != NULL ? certs_view(v->certs) :
	    json_pack("{s:[], s:[]}", "certificates", "authorities");

	json_object_set_new(j, "handshakes_failed", view_refused(v->world->live, v->now_usec));
	return j;
}

json_t *
view_targets(const struct admin_view *v)
{
	return v->targets != NULL ? targets_view(v->targets, v->now_usec) : json_pack("{s:[]}", "targets");
}
