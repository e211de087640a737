/* conf_section: no key is forgotten where structs are compared, copied and freed; leaks are found by the sanitizer. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "conf/conf_section.c"

static const char yaml[] =
    "listen: [ ':80', { address: ':81', name: b, proxy_protocol: true, tls: true, client_ca: /ca } ]\n"
    "tls: { certificates: [ /a, { cert: /b, key: /k } ], default: /a, hsts: 1y }\n"
    "clients: { trusted: [ 10.0.0.1, 10.1.0.0/16 ] }\n"
    "admin: { token: 0123456789abcdef, group: g, hosts: [ a.org ], users: 'u:{SHA}0DPiKuNIrrVmD8IUCuw1hQxNqZc=',\n"
    "  tokens: [ { name: t, token: fedcba9876543210 } ] }\n"
    "swarm: { network: [ n, m ], agent: '{address}:9101', traefik: { ignore_middlewares: [ x ], default_rule: Host(`a`) } }\n"
    "prometheus: { servers: [ a:9090 ], token: t }\n"
    "middlewares: { m: { addPrefix: { prefix: /m } } }\n"
    "defaults: { health: { path: /up }, promql: [ { query: a }, { query: b } ] }\n"
    "nodes: [ { name: a, agent: 'a:1' } ]\n"
    "services: [ { name: w, host: [ a.org, b.org ], path: [ /, /x ], health: { path: /w }, promql: q, middlewares: [ m ],\n"
    "    tasks: [ { node: a, address: '1.1.1.1:1' } ] } ]\n"
    "targets: [ { name: t, kind: traefik-file, file: /x, services: [ w ], routers: true, entry_points: [ web ] } ]\n";

static struct conf *
parsed(void)
{
	struct buf errors;
	struct conf *c;

	buf_init(&errors, CONF_ERRORS_MAX);
	c = conf_parse(STR(yaml), "t", &errors);
	buf_add(&errors, "", 1);
	assert_string_equal(errors.p, "");
	buf_fini(&errors);
	return c;
}

static void
sections_are_filled_and_freed_whole(void **state)
{
	struct conf *c = parsed(), zero;
	unsigned n;
	char *file;

	(void)state;
	assert_ptr_equal(section_map(SECTION_ADMIN, c), c);
	assert_ptr_equal(section_map(SECTION_DEFAULTS, c), &c->defaults);
	assert_ptr_equal(section_items(SECTION_LISTEN, c, &n), c->listen);
	assert_int_equal(n, 2);
	assert_ptr_equal(section_items(SECTION_CERTIFICATE, c, &n), c->certificate);
	assert_int_equal(n, 2);
	assert_ptr_equal(section_items(SECTION_TASK, c->service, &n), c->service->task);
	assert_int_equal(n, 1);
	assert_ptr_equal(section_items(SECTION_RULE, &c->defaults, &n), c->defaults.terms.term);
	assert_int_equal(n, 2);
	assert_int_equal(c->service->nroutes, 4);

	file = c->file;
	section_free(SECTION_TOP, c);
	memset(&zero, 0, sizeof zero);
	assert_memory_equal(&c->defaults, &zero.defaults, sizeof c->defaults);
	assert_null(c->service);
	assert_int_equal(c->ntargets + c->nservices + c->nnodes + c->nlisten + c->ncertificates, 0);
	assert_null(c->admin_token);
	free(file);
	free(c);
}

static void
copies_are_the_same_and_own_their_memory(void **state)
{
	struct conf *c = parsed();
	struct conf_target copy = *c->target;

	(void)state;
	section_copy(SECTION_TARGET, &copy);
	assert_true(section_same(SECTION_TARGET, &copy, c->target));
	assert_ptr_not_equal(copy.file, c->target->file);
	assert_ptr_not_equal(copy.services.item[0], c->target->services.item[0]);
	assert_true(section_same(SECTION_ADMIN, c, c));
	copy.file[1] = 'y';
	assert_false(section_same(SECTION_TARGET, &copy, c->target));
	section_free(SECTION_TARGET, &copy);
	assert_null(copy.file);
	conf_free(&c);
}

/* Secrets are not written, and are compared all the same. */
static void
a_secret_that_changes_is_noticed(void **state)
{
	struct conf *a = parsed(), *b = parsed();

	(void)state;
	assert_true(section_same(SECTION_ADMIN, a, b) && section_same(SECTION_PROMETHEUS, a, b));
	a->admin_token[0] = 'x';
	a->prom.token[0] = 'x';
	assert_false(section_same(SECTION_ADMIN, a, b));
	assert_false(section_same(SECTION_PROMETHEUS, a, b));
	conf_free(&a);
	conf_free(&b);
}

/* A key that is not compared is a reload that changes nothing. */
static void
each_key_that_changes_is_noticed(void **state)
{
	static union {
		struct conf conf;
		struct conf_target target;
	} a, b;
	char problem[CONF_PROBLEM_MAX];
	unsigned noticed = 0;

	(void)state;
	for (unsigned k = 0; k < KEY_COUNT; k++) {
		const struct conf_key *key = &conf_keys[k];
		struct buf was, is;

		if (key->fallback == NULL || key->fallback == conf_required || key->section == SECTION_DEFAULTS)
			continue;
		buf_init(&was, 4096);
		buf_init(&is, 4096);
		value_write(key, &b, &was);
		assert_true(value_read(key, str_of(key->fallback), &b, problem));
		value_write(key, &b, &is);
		if (value_is_list(key) || !str_eq(buf_str(&was), buf_str(&is))) {
			assert_false(section_same(key->section, &a, &b));
			noticed++;
		}
		value_free(key, &b);
		memset(&b, 0, sizeof b);
		buf_fini(&was);
		buf_fini(&is);
	}
	assert_true(noticed > 30);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sections_are_filled_and_freed_whole),
		cmocka_unit_test(copies_are_the_same_and_own_their_memory),
		cmocka_unit_test(a_secret_that_changes_is_noticed),
		cmocka_unit_test(each_key_that_changes_is_noticed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
