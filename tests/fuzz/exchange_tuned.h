/*
 * Services with what others of exchange_set.h leave as it usually is. They are in tables of their own (verb g, TUNED), so that
 * their checks do not talk into each input.
 *
 *	Host		goes to
 *	again		tasks 0, 1 and 2, is tried four times for nearly everything, each for half a second at most
 *	hedged		tasks 0 and 1, the second too where the first is slow
 *	hedged2		the same in HTTP/2, task 2 and the listener `inner`
 *	few		tasks 0 and 1, one request each, by a cookie that names the first's second address; before all others
 *	last		tasks 0 and 1, behind all others, never waits
 *	bytes		task 1, checked by bytes
 *	ill		tasks 1 and 2, which say that they are not well, begin slowly, and are used even when they are down
 *	named		task 2, checked by gRPC's name of a service
 *	sealed		the listener `secure`, checked by gRPC in TLS; sealed2: by HTTP in TLS, on another protocol than requests
 *	nested		groups in groups: by weight and cookie, one of whose children is what stands in for a dead one
 *	copied2		again, with copies without bodies to few, dead and nested
 *	ruled2		again, for requests that come by WebSocket
 *	any.test, mutual.test	by names for which handshakes are special
 * Connections to the listener `few` go to a service of TCP with limits and checks by bytes; those to `relay` to a group of it.
 */
#ifndef FUZZ_EXCHANGE_TUNED_H
#define FUZZ_EXCHANGE_TUNED_H

#include "exchange_parts.h"

/* Of 140 characters: its length has two bytes. */
#define NAME_OF_35	"a.Service-with-a-name-that-is-long-"
#define LONG_NAME	NAME_OF_35 NAME_OF_35 NAME_OF_35 NAME_OF_35

static uint32_t
retries_add(struct table_maker *m, unsigned gone)
{
	struct table_service again = service_of(m, "again"), hedged = service_of(m, "hedged"), both = service_of(m, "hedged2");
	struct str wrong;
	uint32_t first, at;

	ASSERT(retry_on_read(str_of("reset, timeout, unavailable, 429, 5xx"), &again.retry_on, &wrong));
	again.retry_methods = RETRY_ALL;
	again.retry_per_try_usec = USEC_PER_SEC / 2;
	again.retry_attempts = 4;
	again.retry_budget = 100;
	again.retry_body = 9000;
	again.slow_start_usec = 2 * USEC_PER_SEC;
	first = table_maker_service(m, &again);
	for (unsigned i = 0; i < 3; i++)
		task_add(m, gone, 44 + i, &origin_at[i]);
	route_add(m, "again", first, 0, 0);
	hedged.retry_hedge = both.retry_hedge = true;
	hedged.retry_budget = both.retry_budget = 100;
	at = table_maker_service(m, &hedged);
	task_add(m, gone, 48, &origin_at[0]);
	task_add(m, gone, 49, &origin_at[1]);
	route_add(m, "hedged", at, 0, 0);
	both.scheme = SCHEME_H2C;
	at = table_maker_service(m, &both);
	task_add(m, gone, 42, &origin_at[2]);
	task_add(m, gone, 43, &front[INNER]);
	route_add(m, "hedged2", at, 0, 0);
	return first;
}

static uint32_t
limits_add(struct table_maker *m, unsigned gone)
{
	struct table_service few = service_of(m, "few"), last = service_of(m, "last");
	struct table_task t = { .name = text(m, "few.1"), .addr = origin_at[0], .slot = 50, .nothers = 1 };
	uint32_t first, at;

	few.max_inflight = 2;
	few.task_max_inflight = 1;
	few.overload_priority = PRECEDENCE_HIGH;
	few.sticky_cookie = text(m, "few");
	few.sticky_same_site = SAME_SITE_LAX;
	few.pass_host = false;
	first = table_maker_service(m, &few);
	ASSERT(addr_parse(STR(NOBODY), &t.other[0]) == NULL);
	table_maker_task(m, &t);
	task_add(m, gone, 51, &origin_at[1]);
	route_add(m, "few", first, 0, 0);
	last.policy = POLICY_MARGINAL;
	last.overload_priority = PRECEDENCE_LOW;
	last.overload_bound = 1;
	last.overload_wait_usec = 0;
	at = table_maker_service(m, &last);
	task_add(m, gone, 52, &origin_at[0]);
	task_add(m, gone, 53, &origin_at[1]);
	route_add(m, "last", at, 0, 0);
	return first;
}

static void
checks_add(struct table_maker *m, unsigned gone)
{
	struct table_service bytes = service_of(m, "bytes"), ill = service_of(m, "ill"), named = service_of(m, "named");
	uint32_t at;

	bytes.health_mode = CHECK_TCP;
	bytes.health_send = text(m, "PING\\r\\n");
	bytes.health_expect = text(m, "+PO\\x4eG");
	bytes.health_interval_usec = USEC_PER_SEC;
	at = table_maker_service(m, &bytes);
	task_add(m, gone, 55, &origin_at[1]);
	route_add(m, "bytes", at, 0, 0);
	ill.policy = POLICY_LEAST_CONN;
	ill.health_path = text(m, "/ill");
	ill.health_headers = text(m, "User-Agent: x\nReferer: y");
	ill.health_follow_redirects = true;
	ill.health_degraded_status = 299;
	ill.health_interval_usec = 2 * USEC_PER_SEC;
	ill.health_all_down = ALL_DOWN_USE;
	ill.health_rise = 2;
	ill.slow_start_usec = 3 * USEC_PER_SEC;
	ill.panic = 100;
	at = table_maker_service(m, &ill);
	task_add(m, gone, 57, &origin_at[1]);
	task_add(m, gone, 58, &origin_at[2]);
	route_add(m, "ill", at, 0, 0);
	named.scheme = SCHEME_H2C;
	named.health_mode = CHECK_GRPC;
	named.health_service = text(m, LONG_NAME);
	named.health_interval_usec = 3 * USEC_PER_SEC;
	at = table_maker_service(m, &named);
	task_add(m, gone, 54, &origin_at[2]);
	route_add(m, "named", at, 0, 0);
}

static void
sealed_add(struct table_maker *m)
{
	struct table_service s = service_of(m, "sealed");
	uint32_t at;

	s.scheme = SCHEME_H2;
	s.tls_name = text(m, "web.test");
	s.tls_ca = s.tls_cert = text(m, "");
	s.health_mode = CHECK_GRPC;
	s.health_interval_usec = 2 * USEC_PER_SEC;
	at = table_maker_service(m, &s);
	task_add(m, 0, 60, &front[SECURE]);
	route_add(m, "sealed", at, 0, 0);
	s.name = text(m, "sealed2");
	s.scheme = SCHEME_HTTPS;
	s.health_mode = CHECK_HTTP;
	s.health_path = text(m, "/");
	s.health_scheme = CHECK_SCHEME_FIRST + SCHEME_H2;
	s.health_port = addr_port(&front[SECURE]);
	at = table_maker_service(m, &s);
	task_add(m, 0, 61, &front[SECURE]);
	route_add(m, "sealed2", at, 0, 0);
}

/* And a group of it, by weight. */
static void
few_relayed_add(struct table_maker *m, unsigned gone)
{
	struct table_service s = service_of(m, "relayed"), group = service_of(m, "relayed2");
	struct table_child c = { .weight = 1, .name = text(m, "relayed") };
	struct addr nobody_at;
	uint32_t at;

	s.kind = group.kind = SERVICE_TCP;
	s.max_inflight = 2;
	s.task_max_inflight = 1;
	s.retry_attempts = 2;
	s.health_connect = true;
	s.health_send = text(m, "\\x00\\xff");
	s.health_expect = text(m, "ok");
	s.health_interval_usec = 3 * USEC_PER_SEC;
	c.service = table_maker_service(m, &s);
	task_add(m, gone, 62, &origin_at[0]);
	ASSERT(addr_parse(STR(NOBODY), &nobody_at) == NULL);
	task_add(m, 0, 63, &nobody_at);
	table_maker_tcp(m, &(struct table_tcp){ .listener = text(m, listener_name[FEW]), .host = text(m, ""), .service = c.service });
	at = table_maker_service(m, &group);
	table_maker_group(m, at, &(struct table_group){ .kind = GROUP_WEIGHTED, .n = 1 }, &c);
	table_maker_tcp(m, &(struct table_tcp){ .listener = text(m, listener_name[RELAY]), .host = text(m, ""), .service = at });
}

static uint32_t
group_add(struct table_maker *m, const char *name, const char *cookie)
{
	struct table_service s = service_of(m, name);

	s.sticky_cookie = text(m, cookie);
	return table_maker_service(m, &s);
}

static void
nested_add(struct table_maker *m, uint32_t again, uint32_t few, uint32_t dead)
{
	struct table_child c[] = { { .service = dead, .weight = 3, .name = text(m, "a") }, { .service = again, .weight = 1, .name = text(m, "b") },
	    { .service = few, .weight = 100, .name = text(m, "c") } };
	uint32_t spare = group_add(m, "nested2", ""), nested = group_add(m, "nested", "nested"), copied = group_add(m, "copied2", "");

	table_maker_group(m, spare, &(struct table_group){ .kind = GROUP_FAILOVER, .n = 2 }, c);
	c[0].service = spare;
	table_maker_group(m, nested, &(struct table_group){ .kind = GROUP_WEIGHTED, .n = 2 }, c);
	c[0].service = again;
	c[1] = (struct table_child){ .service = nested, .weight = 100, .name = text(m, "d") };
	table_maker_group(m, copied, &(struct table_group){ .kind = GROUP_MIRRORING, .n = 3, .bodiless = 1 }, c);
	route_add(m, "nested", nested, 0, 0);
	route_add(m, "copied2", copied, 0, 0);
}

/* Requests whose host is not the one that the handshake was for. */
static void
special_add(struct table_maker *m, uint32_t again)
{
	const struct condition_node node = { .kind = CONDITION_TEST, .matcher = MATCHER_HEADER, .name = STR("X-Forwarded-Proto"),
	    .value = STR("ws") };
	struct table_service s = service_of(m, "special");
	uint32_t at;

	s.scheme = SCHEME_HTTPS;
	s.tls_name = text(m, "any.test");
	s.tls_ca = text(m, "");
	s.tls_cert = text(m, "other");
	at = table_maker_service(m, &s);
	task_add(m, 0, 41, &front[SECURE]);
	route_add(m, "any.test", at, 0, 1u << FRONT);
	route_add(m, "mutual.test", at, 0, 1u << FRONT);
	table_maker_route(m, &(struct table_route){ .host = text(m, "ruled2"), .path = text(m, "/"), .service = again, .by_rule = true,
	    .priority = 1, .condition = table_maker_condition(m, condition_make(chains, &node)) });
}

static void
tuned_add(struct table_maker *m, unsigned gone, uint32_t dead)
{
	uint32_t again = retries_add(m, gone), few = limits_add(m, gone);

	checks_add(m, gone);
	sealed_add(m);
	special_add(m, again);
	few_relayed_add(m, gone);
	nested_add(m, again, few, dead);
}

#endif
