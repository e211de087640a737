#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "vault/tidy.h"

#define HOUR_SEC	3600
#define DAY_SEC		(24 * HOUR_SEC)
#define ORDER_SEC	(30 * DAY_SEC)
#define CERTS_KEPT	2
#define TICKETS_KEPT	3

enum thing { OTHER, CERT, ORDER, TICKETS };

/* What a name says. */
struct parsed {
	const struct vault_object *object;
	enum thing	 thing;
	struct str	 hash;
	uint64_t	 generation, attempt;	/* of tickets: the number, 0 */
};

static bool
take_number(struct str *rest, uint64_t *out)
{
	struct str part;

	return str_split(rest, '.', &part) && str_to_u64(part, out) && *out < UINT32_MAX;
}

static struct parsed
parse(const struct vault_object *o)
{
	struct str rest = str_of(o->name), kind;
	struct parsed p = { .object = o, .thing = OTHER };

	str_split(&rest, '.', &kind);
	if (str_eq(kind, STR("tickets")) && take_number(&rest, &p.generation) && rest.p == NULL)
		p.thing = TICKETS;
	else if (str_eq(kind, STR("cert")) && str_split(&rest, '.', &p.hash) &&
	    take_number(&rest, &p.generation) && rest.p == NULL)
		p.thing = CERT;
	else if (str_eq(kind, STR("order")) && str_split(&rest, '.', &p.hash) &&
	    take_number(&rest, &p.generation) && take_number(&rest, &p.attempt) && rest.p == NULL)
		p.thing = ORDER;
	return p;
}

static bool
is_old(const struct vault_object *o, int64_t now_sec, int64_t sec)
{
	return o->created_sec > 0 && now_sec - o->created_sec >= sec;
}

/* Whether `by` is a reason to remove what `p` is the name of. */
static bool
replaces(const struct parsed *p, const struct parsed *by, int64_t now_sec)
{
	if (by->object->why != NULL)
		return false;
	switch (p->thing) {
	case CERT:
		return by->thing == CERT && by->generation >= p->generation + CERTS_KEPT &&
		    is_old(by->object, now_sec, DAY_SEC);
	case ORDER:
		if (by->thing == CERT)
			return by->generation >= p->generation && is_old(by->object, now_sec, DAY_SEC);
		return by->thing == ORDER && (by->generation > p->generation ||
		    (by->generation == p->generation && by->attempt > p->attempt)) &&
		    is_old(by->object, now_sec, HOUR_SEC);
	case TICKETS:
		return by->thing == TICKETS && by->generation >= p->generation + TICKETS_KEPT;
	case OTHER:
		break;
	}
	return false;
}

static int
compare(const void *a, const void *b)
{
	struct str x = ((const struct parsed *)a)->hash, y = ((const struct parsed *)b)->hash;
	int order = x.len == 0 || y.len == 0 ? 0 : memcmp(x.p, y.p, x.len < y.len ? x.len : y.len);

	return order != 0 ? order : x.len < y.len ? -1 : x.len > y.len;
}

/* Among those of one hash: the first that has had its time. */
static const struct vault_object *
group_next(const struct parsed *p, unsigned n, int64_t now_sec)
{
	for (unsigned i = 0; i < n; i++) {
		if (p[i].object->why != NULL || p[i].thing == OTHER)
			continue;
		if (p[i].thing == ORDER && is_old(p[i].object, now_sec, ORDER_SEC))
			return p[i].object;
		for (unsigned k = 0; k < n; k++)
			if (replaces(&p[i], &p[k], now_sec))
				return p[i].object;
	}
	return NULL;
}

const struct vault_object *
tidy_next(const struct vault *v, int64_t now_sec)
{
	unsigned n = vault_count(v), end;
	struct parsed *p = must_alloc((n + 1) * sizeof *p);
	const struct vault_object *found = NULL;

	for (unsigned i = 0; i < n; i++)
		p[i] = parse(vault_at(v, i));
	qsort(p, n, sizeof *p, compare);
	for (unsigned i = 0; i < n && found == NULL; i = end) {
		for (end = i + 1; end < n && compare(&p[i], &p[end]) == 0; end++)
			continue;
		found = group_next(p + i, end - i, now_sec);
	}
	free(p);
	return found;
}

/* ---- removing ---- */

struct tidy {
	struct vault	*vault;
	struct vault_watcher watcher;
	struct vault_call *call;
};

/* Whatever came of it: the next read shows it. */
static void
on_removed(void *arg, const struct vault_result *r)
{
	(void)r;
	((struct tidy *)arg)->call = NULL;
}

static void
on_vault(void *arg, enum vault_event e)
{
	const struct vault_object *o;
	struct tidy *t = arg;

	if (e == VAULT_LOST || t->call != NULL)
		return;
	o = tidy_next(t->vault, time(NULL));
	if (o != NULL)
		t->call = vault_remove(t->vault, o->id, on_removed, t);
}

struct tidy *
tidy_new(struct vault *v)
{
	struct tidy *t = must_zalloc(sizeof *t);

	t->vault = v;
	vault_watch(v, &t->watcher, on_vault, t);
	return t;
}

void
tidy_free(struct tidy **tp)
{
	struct tidy *t = *tp;

	*tp = NULL;
	if (t == NULL)
		return;
	if (t->call != NULL)
		vault_cancel(t->call);
	vault_unwatch(t->vault, &t->watcher);
	free(t);
}
