#include <stdio.h>

#include "base/arena.h"
#include "base/bug.h"
#include "chain.h"
#include "mirror.h"
#include "resets.h"
#include "table_make.h"
#include "world/table.h"

static struct table_ref
table_word(struct table_maker *m, const char *word)
{
	return table_maker_text(m, str_of(word));
}

static bool
is_since(int64_t from)
{
	return from > 0 && wire_now() - 1000 * USEC_PER_SEC >= from;
}

static void
tasks_add(struct table_maker *m, const struct plan_service *s, const struct addr at[TASKS], const struct addr detour[TASKS],
    unsigned service)
{
	struct table_task row;
	char name[16];

	for (unsigned i = 0; i < s->ntasks; i++) {
		const struct plan_task *t = &s->task[i];
		snprintf(name, sizeof name, "s%u.%u", service, i);
		if (is_since(t->gone_usec) && !is_since(t->back_usec))
			continue;
		row = (struct table_task){ .name = table_word(m, name), .addr = at[i], .node = t->node,
		    .slot = service * TASKS + i, .draining = is_since(t->drains_usec) && !is_since(t->gone_usec) };
		if (t->detour != NO_DETOUR) {
			row.addr = detour[i];
			row.other[row.nothers++] = at[i];
		}
		table_maker_task(m, &row);
	}
}

/* Whole connections: those to its own listener. */
static void
listener_route(struct table_maker *m, unsigned service, uint32_t at)
{
	char name[16];

	snprintf(name, sizeof name, "t%u", service);
	table_maker_tcp(m, &(struct table_tcp){ .listener = table_word(m, name), .service = at });
}

struct setting {
	const char	*path, *value;
};

static void
filter_add(struct arena *a, char **chain, enum filter_kind kind, unsigned n, const struct setting *settings)
{
	struct filter_setting s[4];

	for (unsigned i = 0; i < n; i++)
		s[i] = (struct filter_setting){ str_of(settings[i].path), str_of(settings[i].value) };
	*chain = filter_chain_add(a, *chain, str_of(filter_kind_name(kind)), kind, s, n);
	ASSERT(*chain != NULL);
}

/* Middlewares count by the name of their router. */
static bool
is_limited(const struct plan_service *s)
{
	return (s->filters & ~(unsigned)FILTER_BIT_FIELDS) != 0;
}

/* The middlewares of its router, as a number; 0: it has none. */
static uint32_t
chain_add(struct table_maker *m, const struct plan_service *s)
{
	char amount[16], rate[16], *chain = "";
	struct arena *a = arena_new();
	uint32_t number;

	snprintf(amount, sizeof amount, "%u", s->inflight_amount);
	snprintf(rate, sizeof rate, "%u", s->rate);
	if ((s->filters & FILTER_BIT_RATE) != 0)
		filter_add(a, &chain, FILTER_RATE_LIMIT, 2, (struct setting[]){ { "average", rate }, { "burst", "3" } });
	if ((s->filters & FILTER_BIT_IN_FLIGHT) != 0)
		filter_add(a, &chain, FILTER_IN_FLIGHT_REQ, 1, (struct setting[]){ { "amount", amount } });
	if ((s->filters & FILTER_BIT_FIELDS) != 0)
		filter_add(a, &chain, FILTER_HEADERS, 2, (struct setting[]){ { "customrequestheaders.X-Added", "yes" },
		    { "customresponseheaders.X-Also", "yes" } });
	if ((s->filters & FILTER_BIT_BREAKER) != 0)
		filter_add(a, &chain, FILTER_CIRCUIT_BREAKER, 3, (struct setting[]){
		    { "expression", "ResponseCodeRatio(500, 600, 0, 600) > 0.5" }, { "fallbackduration", "1s" },
		    { "recoveryduration", "1s" } });
	chain_write(a, &chain, s);
	ASSERT(table_maker_chain(m, chain, &number));
	arena_free(&a);
	return number;
}

/* The number of what it leads requests to, and of what has them. */
struct added {
	uint32_t	 service, group;
};

static struct added
service_add(struct table_maker *m, const struct plan_service *s, const struct addr at[TASKS], const struct addr detour[TASKS],
    unsigned service)
{
	struct table_service row = { .slot = service + 1, .policy = (enum policy)s->policy, .pass_host = !s->names_task,
		.overload = s->overload, .overload_priority = (enum precedence)s->precedence, .connect_usec = CONNECT_USEC, .response_usec = RESPONSE_USEC, .idle_usec = PIECE_USEC,
		.tunnel_usec = TUNNEL_USEC, .health_interval_usec = CHECK_EACH_USEC, .health_timeout_usec = CHECK_USEC,
		.health_follow_redirects = s->redirects, .health_rise = 1, .health_fall = 2, .eject_failures = s->eject_failures, .eject_window_usec = EJECT_WINDOW_USEC,
		.max_inflight = s->max_inflight, .task_max_inflight = s->task_max_inflight, .panic = 50, .overload_bound = 4, .overload_wait_usec = WAIT_USEC,
		.retry_attempts = s->retry.attempts, .retry_budget = s->retry.budget, .retry_body = s->retry.body,
		.retry_per_try_usec = s->retry.per_try_usec, .retry_hedge = s->retry.hedges,
		.retry_methods = s->retry.all_methods ? RETRY_ALL : RETRY_IDEMPOTENT };
	struct str wrong;
	char name[8];
	uint32_t number;
	struct added added;

	ASSERT(retry_on_read(str_of(plan_retry_on(s)), &row.retry_on, &wrong));
	snprintf(name, sizeof name, "s%u", service);
	row.name = table_word(m, name);
	if (s->checked)
		row.health_path = table_word(m, "/up");
	row.health_mode = s->rpc && s->checked ? CHECK_GRPC : CHECK_HTTP;
	if (s->sticky) {
		row.sticky_cookie = table_word(m, "at");
		row.sticky_path = table_word(m, "/");
	}
	row.scheme = plan_scheme(s);
	if (s->tls.on) {
		row.tls_verify = s->tls.verified;
		row.tls_ca = table_word(m, s->tls.damaged ? "damaged" : "ours");
	}
	if (service >= SERVICES) {
		row.kind = SERVICE_TCP;
		row.proxy_version = (enum proxy_version)s->proxy_version;
		row.health_connect = s->checked;
	}
	added.service = added.group = number = table_maker_service(m, &row);
	tasks_add(m, s, at, detour, service);
	if (s->mirrored)
		added.group = mirror_group(m, service);
	if (service >= SERVICES)
		listener_route(m, service, number);
	else
		table_maker_route(m, &(struct table_route){ .host = row.name, .path = table_word(m, "/"), .service = added.group,
		    .chain = chain_add(m, s), .name = is_limited(s) ? row.name : (struct table_ref){ 0 } });
	return added;
}

int
table_make(const struct plan *p, const struct addr at[ALL_SERVICES][TASKS], const struct addr detour[ALL_SERVICES][TASKS],
    uint64_t serial)
{
	struct table_maker *m = table_maker_new(serial);
	struct added added[ALL_SERVICES];
	uint32_t mirror = 0;
	int fd;

	for (unsigned i = 0; i < NODES; i++)
		table_maker_node(m, &(struct table_node){ .name = table_word(m, "n"), .slot = i });
	for (unsigned i = 0; i < ALL_SERVICES; i++)
		added[i] = service_add(m, &p->service[i], at[i], detour[i], i);
	if (mirror_is_needed(p))
		mirror = mirror_add(m);
	for (unsigned i = 0; i < SERVICES; i++)
		if (p->service[i].mirrored)
			mirror_fill(m, p, added[i].group, added[i].service, mirror);
	resets_route(m, p);
	ASSERT(table_maker_seal(m, &fd) == NULL);
	table_maker_free(&m);
	return fd;
}
