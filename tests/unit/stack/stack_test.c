/* Stack files: what is read of them, with variables, anchors and several files, and what is refused. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/bug.h"
#include "stack/stack.h"

static struct variables *variables;
static struct stack *stack;
static char said[4000], path[2][64] = { "/tmp/mola-stack-one-XXXXXX", "/tmp/mola-stack-two-XXXXXX" };

static void
on_say(void *arg, const char *line)
{
	const char *name = strstr(line, "mola-stack-") == NULL ? line : strstr(line, "mola-stack-") + 11;

	(void)arg;
	snprintf(said + strlen(said), sizeof said - strlen(said), "%.3s%s\n", name, strchr(name, ':') == NULL ? "" : strchr(name, ':'));
}

static void
write_file(const char *name, const char *text)
{
	FILE *f = fopen(name, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static struct stack *
reads(const char *one, const char *two)
{
	const char *files[] = { path[0], path[1] };
	struct stack_reading how = { NULL, files, two == NULL ? 1 : 2, NULL, variables, on_say, on_say, NULL };

	stack_free(&stack);
	*said = '\0';
	write_file(path[0], one);
	if (two != NULL)
		write_file(path[1], two);
	return stack = stack_read(&how);
}

#define SAYS(text)	assert_string_equal(said, text)

static const char *
value_of(const struct stack_pairs *p, const char *name)
{
	for (unsigned i = 0; i < p->n; i++)
		if (strcmp(p->item[i].name, name) == 0)
			return p->item[i].value;
	return NULL;
}

static void
labels_are_a_list_or_a_mapping(void **state)
{
	(void)state;
	assert_non_null(reads(
	    "services:\n"
	    "  web:\n"
	    "    image: example/web\n"
	    "    labels: [ a.b=c=d, e ]\n"
	    "    deploy:\n"
	    "      labels:\n"
	    "        one: 1\n"
	    "        two:\n"
	    "        three: \"x y\"\n", NULL));
	SAYS("");
	assert_false(stack->of_compose);
	assert_string_equal(value_of(&stack->service[0].deploy, "one"), "1");
	assert_string_equal(value_of(&stack->service[0].deploy, "two"), "");
	assert_string_equal(value_of(&stack->service[0].deploy, "three"), "x y");
	assert_string_equal(value_of(&stack->service[0].container, "a.b"), "c=d");
	assert_string_equal(value_of(&stack->service[0].container, "e"), "");
	assert_int_equal(stack->service[0].deploy.item[2].at.line, 9);
	assert_ptr_equal(stack_labels(stack, &stack->service[0]), &stack->service[0].deploy);
	assert_non_null(reads("services: { web: { labels: { a: b } } }\n", NULL));
	assert_true(stack->of_compose);
	assert_ptr_equal(stack_labels(stack, &stack->service[0]), &stack->service[0].container);
}

static void
anchors_and_merge_keys_are_unfolded(void **state)
{
	(void)state;
	assert_non_null(reads(
	    "x-all: &all\n"
	    "  on: \"true\"\n"
	    "  net: outer\n"
	    "x-more: &more { port: 80, on: other }\n"
	    "services:\n"
	    "  a: { deploy: { labels: { <<: *all, net: inner } } }\n"
	    "  b: { deploy: { labels: { <<: [ *all, *more ] } } }\n"
	    "  c: &c { image: one, ports: [ \"80:80\" ] }\n"
	    "  d: *c\n", NULL));
	SAYS("");
	assert_string_equal(value_of(&stack->service[0].deploy, "net"), "inner");
	assert_string_equal(value_of(&stack->service[0].deploy, "on"), "true");
	assert_int_equal(stack->service[0].deploy.n, 2);
	assert_string_equal(value_of(&stack->service[1].deploy, "on"), "true");
	assert_string_equal(value_of(&stack->service[1].deploy, "port"), "80");
	assert_string_equal(stack->service[3].image, "one");
	assert_int_equal(stack->service[3].nports, 1);
	assert_null(reads("a: &a [ *a ]\nservices: {}\n", NULL));
	SAYS("one:1: an alias of what it is in\n");
	assert_null(reads("services:\n  a: { image: *b }\n", NULL));
	assert_non_null(strstr(said, "one:2: an alias of an anchor that is not there"));
	assert_null(reads("services:\n  a: { <<: x }\n", NULL));
	SAYS("one:2: <<: expected a mapping, or a list of mappings\n");
	assert_null(reads("services:\n  a: { image: x }\n  a: { image: y }\n", NULL));
	SAYS("one:3: a: it is there twice, first in line 2\n");
}

/* Nine aliases of nine aliases of ...: a small file stays a small tree, or is none. */
static void
a_small_file_does_not_unfold_into_a_large_one(void **state)
{
	char text[2000];
	size_t n = 0;

	(void)state;
	n += (size_t)snprintf(text, sizeof text, "a0: &a0 [ x, x, x, x, x, x, x, x, x ]\n");
	for (int i = 1; i < 9; i++) {
		n += (size_t)snprintf(text + n, sizeof text - n, "a%d: &a%d [ ", i, i);
		for (int k = 0; k < 9; k++)
			n += (size_t)snprintf(text + n, sizeof text - n, "*a%d%s", i - 1, k < 8 ? ", " : " ]\n");
	}
	assert_null(reads(text, NULL));
	assert_non_null(strstr(said, ": too many values"));
}

static void
variables_stand_for_values(void **state)
{
	int line;
	char problem[VARIABLES_PROBLEM];

	(void)state;
	assert_true(variables_read(variables, STR("# text\nexport ONE=1\nTWO=\"a b\" \n\nEMPTY=\r\nTHREE='$x' # text\nFOUR=4 # text\n"), &line, problem));
	assert_non_null(reads(
	    "x-not: ${NEVER:?looked at}\n"
	    "services:\n"
	    "  web:\n"
	    "    image: ${ONE}-${TWO}-${EMPTY}-${EMPTY-x}-${EMPTY:-y}-${NONE-z}-${NONE:-$ONE $2y}\n"
	    "    deploy:\n"
	    "      labels: [ \"a=$$apr1$$x\", \"b=${ONE:+on}${NONE:+off}\", \"c=${THREE}\", \"d=${FOUR}\", \"e=${ONE:?needed}\", \"f=${ONE:-$NONE}\" ]\n", NULL));
	SAYS("");
	assert_string_equal(stack->service[0].image, "1-a b---y-z-$ONE $2y");
	assert_string_equal(value_of(&stack->service[0].deploy, "a"), "$apr1$x");
	assert_string_equal(value_of(&stack->service[0].deploy, "b"), "on");
	assert_string_equal(value_of(&stack->service[0].deploy, "c"), "$x");
	assert_string_equal(value_of(&stack->service[0].deploy, "d"), "4");
	assert_string_equal(value_of(&stack->service[0].deploy, "f"), "1");
	assert_non_null(reads("services:\n  a: { image: \"${NONE:-${ONE}x}\" }\n  b: { image: \"$ONE-two three\" }\n  c: { image: \"$NONE-two three\" }\n", NULL));
	assert_string_equal(stack->service[0].image, "1x");
	assert_string_equal(stack->service[1].image, "1");
	assert_string_equal(stack->service[2].image, "two three");
	SAYS("one:2: a variable in what stands for $NONE is read as Docker Compose does; docker stack deploy does not expand it\n"
	    "one:3: without braces, docker stack deploy takes all that follows $ONE for what stands for it; expected ${ONE}\n"
	    "one:4: without braces, docker stack deploy takes all that follows $NONE for what stands for it; expected ${NONE}\n");
	assert_non_null(reads("services:\n  a:\n    image: x$NONE\n    labels: [ \"${NONE}\" ]\n", NULL));
	SAYS("one:3: $NONE is not set; it becomes nothing\n");
	assert_null(reads("services:\n  a: { image: \"${NONE:?a name}\" }\n  b: { image: \"${\" }\n  c: { image: \"a$\" }\n  d: { image: \"${ONE/a/b}\" }\n", NULL));
	SAYS("one:2: NONE is required: a name\n"
	    "one:3: a ${ without its }; a dollar itself is $$\n"
	    "one:4: a dollar without a variable; a dollar itself is $$\n"
	    "one:5: expected ${NAME}, or one of :- - :? ? :+ + behind the name\n");
	assert_false(variables_read(variables, STR("A=1\nB C\n"), &line, problem));
	assert_int_equal(line, 2);
	assert_string_equal(problem, "expected NAME=VALUE");
}

static void
short_and_long_forms_mean_the_same(void **state)
{
	const struct stack_service *v;

	(void)state;
	assert_non_null(reads(
	    "name: shop\n"
	    "services:\n"
	    "  web:\n"
	    "    command: --one --two=\"a b\" 'c d'\n"
	    "    ports: [ 80, \"8080:81\", \"127.0.0.1:53:53/udp\", \"3000-3002:3000-3002\", { target: 9, published: 10, mode: host, protocol: udp } ]\n"
	    "    networks: [ inner, proxy, other ]\n"
	    "    volumes: [ \"/var/run/docker.sock:/var/run/docker.sock:ro\", \"data:/data\", { type: bind, source: /a, target: /b } ]\n"
	    "    configs: [ static, { source: dynamic, target: /etc/x.yml } ]\n"
	    "    deploy: { mode: global }\n"
	    "networks: { inner: {}, proxy: { external: true }, other: { external: { name: far } } }\n"
	    "configs: { static: { file: ./traefik.yml }, dynamic: { external: true } }\n", NULL));
	SAYS("");
	v = &stack->service[0];
	assert_string_equal(stack->name, "shop");
	assert_int_equal(v->command.n, 3);
	assert_string_equal(v->command.item[1], "--two=a b");
	assert_string_equal(v->command.item[2], "c d");
	assert_int_equal(v->nports, 7);
	assert_int_equal(v->port[1].published, 8080);
	assert_int_equal(v->port[1].target, 81);
	assert_true(v->port[2].udp && v->port[6].udp && v->port[6].host && !v->port[0].udp);
	assert_int_equal(v->port[5].target, 3002);
	assert_string_equal(v->networks.item[0], "shop_inner");
	assert_string_equal(v->networks.item[1], "proxy");
	assert_string_equal(v->networks.item[2], "far");
	assert_string_equal(v->mount[0].type, "bind");
	assert_string_equal(v->mount[1].type, "volume");
	assert_string_equal(v->mount[2].target, "/b");
	assert_string_equal(v->config[0].target, "/static");
	assert_string_equal(v->config[1].source, "dynamic");
	assert_string_equal(stack->config[0].path, "/tmp/./traefik.yml");
	assert_null(stack->config[1].path);
	assert_true(v->global);
}

static void
a_later_file_adds_to_an_earlier_one(void **state)
{
	(void)state;
	assert_non_null(reads(
	    "services: { web: { image: one, command: [ a ], networks: [ n ], deploy: { labels: [ a=1, b=2 ] } } }\n",
	    "services: { web: { image: two, command: [ b ], deploy: { labels: { b: 3 }, replicas: 4 } }, more: { image: x } }\n"));
	SAYS("");
	assert_int_equal(stack->nservices, 2);
	assert_string_equal(stack->service[0].image, "two");
	assert_int_equal(stack->service[0].command.n, 1);
	assert_string_equal(stack->service[0].command.item[0], "b");
	assert_string_equal(value_of(&stack->service[0].deploy, "a"), "1");
	assert_string_equal(value_of(&stack->service[0].deploy, "b"), "3");
	assert_string_equal(stack->service[0].deploy.item[1].at.file, path[1]);
	assert_int_equal(stack->service[0].replicas, 4);
}

/* What docker stack deploy takes for "not said" in a later file stays as it was. */
static void
an_empty_value_of_a_later_file_replaces_what_docker_replaces(void **state)
{
	const struct stack_service *v;

	(void)state;
	assert_non_null(reads(
	    "services:\n  web:\n    command: [ a ]\n    entrypoint: b\n    environment: { A: x, B: y }\n"
	    "    deploy: { mode: global, labels: { a: 1 } }\n",
	    "services:\n  web:\n    command: []\n    entrypoint: \"\"\n    environment: [ A=, B=z ]\n    deploy: { labels: { a: \"\" } }\n"));
	assert_non_null(strstr(said, "two:3: command: docker stack deploy keeps"));
	assert_non_null(strstr(said, "two:4: entrypoint: docker stack deploy keeps"));
	assert_non_null(strstr(said, "two:5: environment: docker stack deploy keeps A of"));
	v = &stack->service[0];
	assert_int_equal(v->command.n, 1);
	assert_int_equal(v->entrypoint.n, 1);
	assert_string_equal(value_of(&v->environment, "A"), "x");
	assert_string_equal(value_of(&v->environment, "B"), "z");
	assert_string_equal(value_of(&v->deploy, "a"), "");
	assert_true(v->global);
}

static void
a_later_file_replaces_what_has_the_same_place(void **state)
{
	const struct stack_service *v;

	(void)state;
	assert_non_null(reads(
	    "services: { web: { volumes: [ ./a:/etc/t, data:/d ], configs: [ c, { source: e, target: /one }, { source: e, target: /two } ], networks: [ n, m ] } }\n"
	    "configs: { c: { file: one.yml } }\nnetworks: { n: { name: outer }, m: { name: inner } }\n",
	    "services: { web: { volumes: [ ./b:/etc/t ], configs: [ { source: c, target: /c } ] } }\n"
	    "configs: { c: { file: two.yml } }\nnetworks: { n: { driver: overlay }, m: }\n"));
	SAYS("");
	v = &stack->service[0];
	assert_int_equal(v->nmounts, 2);
	assert_string_equal(v->mount[0].source, "./b");
	assert_string_equal(v->mount[1].target, "/d");
	assert_int_equal(v->nconfigs, 3);
	assert_string_equal(v->config[0].target, "/c");
	assert_string_equal(v->config[2].target, "/two");
	assert_int_equal(stack->nconfigs, 1);
	assert_string_equal(stack->config[0].path, "/tmp/two.yml");
	assert_string_equal(v->networks.item[0], "n");
	assert_string_equal(v->networks.item[1], "inner");
}

/* The name of the stack is in no file, but where a label names one of its networks. */
static void
networks_have_the_names_that_docker_gives_them(void **state)
{
	(void)state;
	assert_non_null(reads("services: { web: { networks: [ web ], deploy: { labels: { traefik.docker.network: shop_web } } } }\nnetworks: { web: }\n", NULL));
	assert_string_equal(stack->service[0].networks.item[0], "shop_web");
	assert_non_null(reads("services: { web: { networks: [ web ] }, other: {} }\nnetworks: { web: { name: outer } }\n", NULL));
	assert_string_equal(stack->service[0].networks.item[0], "outer");
	assert_string_equal(stack->service[1].networks.item[0], "default");
}

static void
what_is_no_stack_is_refused(void **state)
{
	(void)state;
	assert_null(reads("", NULL));
	SAYS("one:1: expected a mapping with `services`, as in a stack file\n");
	assert_null(reads("version: \"3.8\"\n", NULL));
	SAYS("one:1: expected `services`, as in a stack file\n");
	assert_null(reads("services:\n  a: 1\n  b: { deploy: x }\n  c: { labels: x }\n  d: { ports: [ x ] }\n  e: { extends: y }\n  f: { ports: [ { published: 1 } ] }\n", NULL));
	SAYS("one:2: services.a: expected a mapping\n"
	    "one:3: deploy: expected a mapping\n"
	    "one:4: labels: expected a mapping, or a list of NAME=VALUE\n"
	    "one:5: ports: expected [PUBLISHED:]TARGET[/PROTOCOL], got x\n"
	    "one:6: services.e.extends: expected the whole service here; `docker compose config` prints it\n"
	    "one:7: ports: expected `target`, a port\n");
	assert_null(reads("name: \"a\\nb\"\nservices: {}\n", NULL));
	SAYS("one:1: name: expected letters, digits and ._-, with up to 63 characters\n");
	assert_null(reads("services: { \"a:b\": {} }\n", NULL));
	assert_non_null(strstr(said, "one:1: services.a:b: expected a name"));
	assert_null(reads("services: {\n", NULL));
	assert_non_null(strstr(said, "one:2: not YAML"));
	assert_null(reads("services: { a: { image: !x y } }\n", NULL));
	SAYS("one:1: a tag (!); expected plain values, without tags\n");
	unlink(path[0]);
	{
		const char *files[] = { path[0] };
		assert_null(stack_read(&(struct stack_reading){ NULL, files, 1, NULL, variables, on_say, on_say, NULL }));
	}
	assert_non_null(strstr(said, "No such file"));
}

static int
setup(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++)
		close(mkstemp(path[i]));
	variables = variables_new();
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	stack_free(&stack);
	variables_free(&variables);
	unlink(path[0]);
	unlink(path[1]);
	return 0;
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(labels_are_a_list_or_a_mapping),
		cmocka_unit_test(anchors_and_merge_keys_are_unfolded),
		cmocka_unit_test(a_small_file_does_not_unfold_into_a_large_one),
		cmocka_unit_test(variables_stand_for_values),
		cmocka_unit_test(short_and_long_forms_mean_the_same),
		cmocka_unit_test(a_later_file_adds_to_an_earlier_one),
		cmocka_unit_test(an_empty_value_of_a_later_file_replaces_what_docker_replaces),
		cmocka_unit_test(a_later_file_replaces_what_has_the_same_place),
		cmocka_unit_test(networks_have_the_names_that_docker_gives_them),
		cmocka_unit_test(what_is_no_stack_is_refused),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
