/*
 * routes: what it costs to find the route of a request among 10 routers and among 10 000, each with a host and a path prefix, and
 * with 100 regular expressions for hosts among them; and what building and opening such a table takes. Requests are for hosts at
 * random, each for a router of its own.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/bug.h"
#include "base/clock.h"
#include "base/rng.h"
#include "discovery/rule.h"
#include "world/table.h"

#define REQUESTS	200000
#define ROUNDS		9

static void
add_router(struct table_maker *m, struct arena *a, const char *text, uint32_t service)
{
	char problem[RULE_PROBLEM];
	struct rule rule;
	uint32_t condition = 0;

	ASSERT(rule_parse(str_of(text), RULE_V3, a, &rule, problem));
	if (rule.condition != NULL)
		condition = table_maker_condition(m, rule.condition);
	for (unsigned i = 0; i < rule.n; i++)
		table_maker_route(m, &(struct table_route){ .host = table_maker_text(m, str_of(rule.term[i].host == NULL ? "" : rule.term[i].host)),
		    .path = table_maker_text(m, str_of(rule.term[i].path == NULL ? "/" : rule.term[i].path)), .service = service,
		    .by_rule = true, .whole = rule.term[i].whole, .condition = rule.term[i].partial ? condition : 0,
		    .priority = (int64_t)strlen(text), .ways = 1 });
}

static int
table_build(unsigned n, unsigned expressions)
{
	struct table_maker *m = table_maker_new(1);
	struct arena *a = arena_new();
	struct table_service s = { .name = table_maker_text(m, STR("web")), .policy = POLICY_MARGINAL, .connect_usec = 1,
		.response_usec = 1, .idle_usec = 1, .tunnel_usec = 1 };
	uint32_t service = table_maker_service(m, &s);
	char text[200];
	int fd;

	for (unsigned i = 0; i < n; i++) {
		if (i % (n / 10) == 0 && expressions > 0)
			for (unsigned k = 0; k < expressions / 10; k++) {
				snprintf(text, sizeof text, "HostRegexp(`^[a-z0-9-]+-t%u\\.example\\.org$`)", i + k);
				add_router(m, a, text, service);
			}
		snprintf(text, sizeof text, "Host(`shop-%u.example.org`) && PathPrefix(`/api`)", i);
		add_router(m, a, text, service);
	}
	ASSERT(table_maker_seal(m, &fd) == NULL);
	table_maker_free(&m);
	arena_free(&a);
	return fd;
}

static int
ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double
median(double *all)
{
	qsort(all, ROUNDS, sizeof *all, ascending);
	return all[ROUNDS / 2];
}

static int64_t
nsec_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* In nanoseconds. */
static double
measure(const struct table *t, unsigned n)
{
	double nsec[ROUNDS];
	struct rng rng;
	char host[64];
	const struct why *why;

	rng_seed(&rng, 1);
	for (int round = 0; round < ROUNDS; round++) {
		int64_t spent = 0;
		for (unsigned i = 0; i < REQUESTS; i += 64) {
			struct request_view r[64];
			char hosts[64][64];
			for (unsigned k = 0; k < 64; k++) {
				snprintf(host, sizeof host, "shop-%u.example.org", rng_below(&rng, n));
				str_copy(hosts[k], sizeof hosts[k], str_of(host));
				r[k] = (struct request_view){ .host = str_of(hosts[k]), .path = STR("/api/v1/items"), .method = STR("GET") };
			}
			int64_t began = nsec_now();
			for (unsigned k = 0; k < 64; k++)
				ASSERT(table_match(t, &r[k], &why) != NULL);
			spent += nsec_now() - began;
		}
		nsec[round] = (double)spent / REQUESTS;
	}
	return median(nsec);
}

static double
bench(unsigned n, unsigned expressions, const char *name)
{
	double build[ROUNDS], opening[ROUNDS], match;
	struct table *t;

	for (int round = 0; round < ROUNDS; round++) {
		int64_t began = clock_mono_usec(), built;
		int fd = table_build(n, expressions);
		built = clock_mono_usec();
		ASSERT(table_open(fd, &t) == NULL);
		opening[round] = (double)(clock_mono_usec() - built) / 1000;
		build[round] = (double)(built - began) / 1000;
		if (round + 1 < ROUNDS)
			table_unref(&t);
	}
	match = measure(t, n);
	printf("bench routes-%s %.0f ns (built in %.1f ms, opened in %.2f ms)\n", name, match, median(build), median(opening));
	table_unref(&t);
	return match;
}

int
main(void)
{
	double few = bench(10, 0, "10"), many = bench(10000, 0, "10000"), mixed = bench(10000, 100, "10000-100-regexp");

	printf("bench routes-ratio %.2f, with expressions %.2f\n", many / few, mixed / few);
	return 0;
}
