/* requirements: what Traefik's labels ask of the routers to a service. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "discovery/requirements.c"

/* The text of the entry points, with "M" and "T" before it for middlewares and TLS. */
static void
requirements(struct swarm_label label, struct swarm_label more, const char *expected)
{
	struct swarm_label both[] = { label, more };
	struct swarm_service s = { .name = "web", .label = both, .nlabels = more.name == NULL ? 1 : 2 };
	struct arena *a = arena_new();
	struct route_requirements d;

	requirements_read(&s, a, &d);
	assert_string_equal(arena_printf(a, "%s%s%s", d.middlewares ? "M" : "", d.tls ? "T" : "",
	    d.entry_points == NULL ? "-" : d.entry_points), expected);
	arena_free(&a);
}

#define NONE ((struct swarm_label){ .name = NULL })
#define ONE(of, is, expected) requirements((struct swarm_label){ .name = of, .value = is }, NONE, expected)

static void
what_counts(void **state)
{
	(void)state;
	ONE("traefik.http.routers.web.middlewares", "auth", "M-");
	ONE("Traefik.HTTP.Routers.web.Middlewares[0]", "auth", "M-");
	ONE("traefik.http.middlewares.auth.basicauth.users", "a:b", "M-");
	ONE("traefik.frontend.auth.basic", "a:b", "M-");
	ONE("traefik.http.routers.web.tls", "true", "T-");
	ONE("traefik.http.routers.web.tls", "", "T-");
	ONE("traefik.http.routers.web.tls", "false", "-");
	ONE("traefik.http.routers.web.tls.options", "mtls@file", "T-");
	ONE("traefik.http.routers.web.entrypoints", "internal", "internal");
	ONE("traefik.http.routers.web.entryPoints", "web,websecure", "web,websecure");
	requirements((struct swarm_label){ .name = "traefik.http.routers.a.entrypoints", .value = "web" },
	    (struct swarm_label){ .name = "traefik.http.routers.b.entrypoints", .value = "internal" }, "web;internal");
	ONE("traefik.http.routers.web.entrypoints[0]", "web", "web");
}

static void
what_does_not(void **state)
{
	(void)state;
	ONE("traefik.http.routers.web.rule", "Host(`a`)", "-");
	ONE("traefik.http.routers.web.priority", "7", "-");
	ONE("traefik.http.routers.middlewares.rule", "Host(`a`)", "-");
	ONE("traefik.http.services.web.loadbalancer.server.port", "80", "-");
	ONE("traefik.enable", "true", "-");
	ONE("mola.host", "a", "-");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_counts),
		cmocka_unit_test(what_does_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
