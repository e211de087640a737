#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#include "base/clock.h"
#include "signals/prom_text.c"

struct seen {
	unsigned	n;
	char		name[64], label[64], labelled[64];
	double		value;
	bool		timed;
};

static void
see(void *arg, const struct prom_value *v)
{
	struct seen *s = arg;

	s->n++;
	s->value = v->value;
	s->timed = v->timed;
	str_copy(s->name, sizeof s->name, v->name);
	if (v->nlabels > 0) {
		str_copy(s->label, sizeof s->label, v->label[v->nlabels - 1].name);
		prom_unescape(v->label[v->nlabels - 1].value, s->labelled, sizeof s->labelled);
	}
}

static const struct why *
read_all(const char *text, struct seen *s, struct prom_text *t)
{
	size_t used;

	*s = (struct seen){ .n = 0 };
	prom_text_init(t, see, s);
	return prom_text_read(t, str_of(text), true, &used);
}

static void
takes(const char *text, const char *name, const char *label, const char *labelled, double value)
{
	struct prom_text t;
	struct seen s;

	assert_null(read_all(text, &s, &t));
	assert_int_equal(s.n, 1);
	assert_string_equal(s.name, name);
	assert_string_equal(s.label, label);
	assert_string_equal(s.labelled, labelled);
	if (isnan(value))
		assert_true(isnan(s.value));
	else
		assert_true(s.value == value);
}

static void
refuses(const char *text, unsigned long line)
{
	struct prom_text t;
	struct seen s;

	assert_ptr_equal(read_all(text, &s, &t), WHY_METRICS_SYNTAX);
	assert_int_equal(t.line, line);
	assert_non_null(t.expected);
}

static void
test_lines(void **state)
{
	(void)state;
	takes("up 1\n", "up", "", "", 1);
	takes("up 1", "up", "", "", 1);
	takes("  up\t 1 \n\n", "up", "", "", 1);
	takes("# HELP up one\n# TYPE up gauge\nup 1 1700000000000\n", "up", "", "", 1);
	takes("a:b{} 2\n", "a:b", "", "", 2);
	takes("a{x=\"1\"} 2\n", "a", "x", "1", 2);
	takes("a { x = \"1\" , y=\"}\" , } 2\n", "a", "y", "}", 2);
	takes("a{x=\"q\\\"b\\\\n\\n\"}2\n", "a", "x", "q\"b\\n\n", 2);
	takes("a{x=\"\xc3\xa9\"} 2\n", "a", "x", "\xc3\xa9", 2);
	takes("a_total 3 1.5 # {id=\"7\"} 0.1 1.4\n# EOF\n", "a_total", "", "", 3);
	takes("a_total 3 # {id=\"7\"} 0.1\n# EOF", "a_total", "", "", 3);
}

static void
test_numbers(void **state)
{
	(void)state;
	takes("a 0\n", "a", "", "", 0);
	takes("a -0.25\n", "a", "", "", -0.25);
	takes("a 1.5e+09\n", "a", "", "", 1.5e9);
	takes("a 2.5276502016e+10\n", "a", "", "", 25276502016.0);
	takes("a 7.5642439999999995\n", "a", "", "", 7.5642439999999995);
	takes("a 1e-300\n", "a", "", "", 1e-300);
	takes("a 123456789012345678\n", "a", "", "", 123456789012345678.0);
	takes("a .5\n", "a", "", "", 0.5);
	takes("a 5.\n", "a", "", "", 5);
	takes("a NaN\n", "a", "", "", NAN);
	takes("a +Inf\n", "a", "", "", INFINITY);
	takes("a -Inf\n", "a", "", "", -INFINITY);
	takes("a 1e999\n", "a", "", "", INFINITY);
	refuses("a 0x10\n", 1);
	refuses("a 1e\n", 1);
	refuses("a 1_000\n", 1);
	refuses("a nan(1)\n", 1);
	refuses("a --1\n", 1);
	refuses("a .\n", 1);
	refuses("a 1\r\n", 1);
}

/* What is exact in one step must be what strtod says, to the last bit. */
static void
test_numbers_are_exact(void **state)
{
	uint64_t x = 88172645463325252u;
	char text[40];
	double v;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		x ^= x << 13, x ^= x >> 7, x ^= x << 17;
		snprintf(text, sizeof text, "%.*g", 1 + (int)(x >> 40) % 17, (double)(x >> 20) * pow(10, (int)(x % 40) - 25));
		assert_true(prom_number(str_of(text), &v));
		assert_true(v == strtod(text, NULL));
	}
}

static void
test_garbage(void **state)
{
	static char longest[PROM_LINE_MAX + 3];
	struct prom_text t;
	struct seen s;
	size_t used;

	(void)state;
	refuses("<html>\n", 1);
	refuses("ok 1\n{\"error\":1}\n", 2);
	refuses("a\n", 1);
	refuses("a{x} 1\n", 1);
	refuses("a{x=1} 1\n", 1);
	refuses("a{x=\"1} 1\n", 1);
	refuses("a{x=\"1\\\n", 1);
	refuses("a{x=\"\\t\"} 1\n", 1);
	refuses("a{x=\"1\" y=\"2\"} 1\n", 1);
	refuses("a{,} 1\n", 1);
	refuses("a{x=\"1\"\n", 1);
	refuses("a 1 soon\n", 1);
	refuses("a 1 2 3\n", 1);
	refuses("# EOF\na 1\n", 2);
	refuses("9a 1\n", 1);
	refuses("\x7f" "ELF\n", 1);
	prom_text_init(&t, see, &s);
	assert_ptr_equal(prom_text_read(&t, (struct str){ "a 1\n\0\0\0\n", 8 }, true, &used), WHY_METRICS_SYNTAX);
	assert_int_equal(t.line, 2);
	memset(longest, 'a', sizeof longest);
	prom_text_init(&t, see, &s);
	assert_ptr_equal(prom_text_read(&t, (struct str){ longest, sizeof longest }, false, &used), WHY_METRICS_SYNTAX);
}

static void
test_too_many_labels(void **state)
{
	char text[8192] = "a{";
	struct prom_text t;
	struct seen s;

	(void)state;
	for (int i = 0; i < PROM_LABELS_MAX; i++)
		sprintf(text + strlen(text), "l%d=\"v\",", i);
	strcat(text, "} 1\n");
	assert_null(read_all(text, &s, &t));
	strcpy(strchr(text, '}'), "more=\"v\"} 1\n");
	assert_ptr_equal(read_all(text, &s, &t), WHY_METRICS_SYNTAX);
}

/* Cut anywhere, the same values come out. */
static void
test_pieces(void **state)
{
	static const char text[] = "# HELP a b\na{x=\"1\"} 2\n\nb 3\nc{y=\"z\"} 4 5\n";
	struct prom_text t;
	struct seen s;
	size_t used;

	(void)state;
	for (size_t cut = 0; cut < sizeof text; cut++) {
		s = (struct seen){ .n = 0 };
		prom_text_init(&t, see, &s);
		assert_null(prom_text_read(&t, (struct str){ text, cut }, false, &used));
		assert_true(used <= cut);
		assert_true(used == 0 || text[used - 1] == '\n');
		assert_null(prom_text_read(&t, (struct str){ text + used, sizeof text - 1 - used }, true, &used));
		assert_int_equal(s.n, 3);
		assert_true(s.value == 4 && s.timed);
		assert_int_equal(t.line, 5);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_numbers_are_exact),
		cmocka_unit_test(test_garbage),
		cmocka_unit_test(test_too_many_labels),
		cmocka_unit_test(test_pieces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
