/* Files of Traefik's file provider as numbered lines; one that is not understood as a whole is refused with line and key. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "conf/traefik_file.h"

static struct buf lines;
static char problem[TRAEFIK_FILE_PROBLEM];

static int
setup(void **state)
{
	(void)state;
	buf_init(&lines, TRAEFIK_LINES_MAX);
	problem[0] = '\0';
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	buf_fini(&lines);
	return 0;
}

static void
becomes(const char *text, const char *expected)
{
	buf_clear(&lines);
	if (!traefik_file_read(STR("a.yml"), str_of(text), &lines, problem))
		fail_msg("refused: %s", problem);
	assert_true(buf_add(&lines, "", 1));
	assert_string_equal(lines.p, expected);
}

static void
refused(const char *path, const char *text, const char *expected)
{
	assert_false(traefik_file_read(str_of(path), str_of(text), &lines, problem));
	assert_string_equal(problem, expected);
	assert_int_equal(lines.len, 0);
}

static void
keys_become_lines_with_their_numbers(void **state)
{
	(void)state;
	becomes("http:\n  routers:\n    web:\n      rule: Host(`a.org`)\n      middlewares: [a, b]\n      tls: {}\n",
	    "4 http.routers.web.rule=Host(`a.org`)\n5 http.routers.web.middlewares=a,b\n6 http.routers.web.tls=true\n");
	becomes("http:\n  services:\n    s:\n      loadBalancer:\n        servers:\n          - url: http://10.0.0.1\n          - url: http://10.0.0.2\n",
	    "6 http.services.s.loadBalancer.servers[0].url=http://10.0.0.1\n7 http.services.s.loadBalancer.servers[1].url=http://10.0.0.2\n");
	becomes("tls:\n  certificates:\n    - certFile: /a\n      keyFile: /b\n",
	    "3 tls.certificates[0].certFile=/a\n4 tls.certificates[0].keyFile=/b\n");
}

static void
json_is_yaml(void **state)
{
	(void)state;
	becomes("{\"http\":{\"routers\":{\"web\":{\"rule\":\"Host(`a.org`)\",\"priority\":7}}}}",
	    "1 http.routers.web.rule=Host(`a.org`)\n1 http.routers.web.priority=7\n");
}

static void
what_has_no_value_is_not_there(void **state)
{
	(void)state;
	becomes("# nothing\n", "");
	becomes("http:\n", "");
	becomes("http:\n  routers:\n", "1 http=true\n");
	becomes("http:\n  routers:\n    web: { rule: a, tls: }\n", "3 http.routers.web.rule=a\n");
}

static void
line_breaks_are_a_byte_of_their_own(void **state)
{
	(void)state;
	becomes("http:\n  routers:\n    web:\n      rule: |\n        a &&\n        b\n", "4 http.routers.web.rule=a &&\1b\n");
	becomes("http:\n  routers:\n    web:\n      rule: >\n        a &&\n        b\n", "4 http.routers.web.rule=a && b\n");
}

static void
what_is_not_understood_is_refused_with_its_line(void **state)
{
	(void)state;
	refused("a.toml", "[http]\n", "TOML, which Mola does not read; expected YAML or JSON");
	refused("a.yml", "http:\n  routers:\n    a: { rule: 'Host(`{{ env \"A\" }}`)' }\n",
	    "3: a template ({{), which Mola does not expand; write what it stands for");
	refused("a.yml", "entryPoints:\n  web: {}\n",
	    "1: entryPoints: no section of Traefik's file provider; expected http, tcp, udp or tls");
	refused("a.yml", "http:\n  routerz: {}\n", "2: http.routerz: no key of Traefik's file provider");
	refused("a.yml", "http:\n  routers: [a]\n", "2: http.routers: expected a mapping of names");
	refused("a.yml", "http:\n  routers:\n    web: yes\n", "3: http.routers.web: expected a mapping");
	refused("a.yml", "tls:\n  certificates: {}\n", "2: tls.certificates: expected a list");
	refused("a.yml", "- a\n", "1: expected the sections http, tcp, udp or tls");
	refused("a.yml", "http: {}\nhttp: {}\n", "2: http: given twice");
	refused("a.yml", "http:\n  routers:\n    a.b: { rule: x }\n",
	    "3: http.routers.a.b: not understood; expected a name without dots and brackets");
	refused("a.yml", "http:\n\trouters:\n", "2: a tab cannot indent; expected spaces");
}

static void
names_of_files_say_which_are_read(void **state)
{
	(void)state;
	assert_true(traefik_file_is_one(STR("/etc/traefik/a.yml")));
	assert_true(traefik_file_is_one(STR("a.YAML")));
	assert_true(traefik_file_is_one(STR("a.toml")));	/* to be refused by name */
	assert_false(traefik_file_is_one(STR("a.yml~")));
	assert_false(traefik_file_is_one(STR("README.md")));
}

int
main(void)
{
#define READ(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		READ(keys_become_lines_with_their_numbers),
		READ(json_is_yaml),
		READ(what_has_no_value_is_not_there),
		READ(line_breaks_are_a_byte_of_their_own),
		READ(what_is_not_understood_is_refused_with_its_line),
		READ(names_of_files_say_which_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
