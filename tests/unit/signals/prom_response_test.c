/* Answers as Prometheus gives them, and as it does not. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "signals/prom_response.c"

static char detail[PROM_DETAIL];

static struct prom_response *
good(const char *text)
{
	struct prom_response *a = NULL;

	assert_null(prom_response_read(str_of(text), &a, detail));
	assert_non_null(a);
	return a;
}

static void
bad(const char *text, const struct why *why, const char *words)
{
	struct prom_response *a = NULL;

	assert_ptr_equal(prom_response_read(str_of(text), &a, detail), why);
	assert_null(a);
	assert_string_equal(detail, words);
}

#define VECTOR(items) "{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":[" items "]}}"

static void
a_vector_is_series_with_labels_and_values(void **state)
{
	struct prom_response *a = good(VECTOR("{\"metric\":{\"instance\":\"a:1\",\"job\":\"n\"},\"value\":[1700000000.5,\"1.5\"]},"
	    "{\"metric\":{},\"value\":[1700000000.5,\"NaN\"]},{\"metric\":{\"x\":\"\"},\"value\":[1700000000.5,\"-Inf\"]}"));

	(void)state;
	assert_int_equal(a->nseries, 3);
	assert_true(a->at == 1700000000.5 && a->series[0].value == 1.5);
	assert_string_equal(prom_series_label(&a->series[0], "instance"), "a:1");
	assert_string_equal(prom_series_label(&a->series[0], "nothing"), "");
	assert_true(isnan(a->series[1].value) && isinf(a->series[2].value));
	assert_false(a->scalar);
	assert_null(a->warning);
	prom_response_free(&a);
	assert_null(a);
}

static void
an_empty_vector_is_no_failure(void **state)
{
	struct prom_response *a = good(VECTOR(""));

	(void)state;
	assert_int_equal(a->nseries, 0);
	assert_true(isnan(a->at));
	prom_response_free(&a);
}

static void
a_scalar_is_one_value_without_labels(void **state)
{
	struct prom_response *a = good("{\"status\":\"success\",\"data\":{\"resultType\":\"scalar\",\"result\":[17,\"4\"]}}");

	(void)state;
	assert_true(a->scalar && a->nseries == 1 && a->series[0].nlabels == 0 && a->series[0].value == 4 && a->at == 17);
	prom_response_free(&a);
}

static void
warnings_and_remarks_are_kept(void **state)
{
	struct prom_response *a = good("{\"status\":\"success\",\"warnings\":[\"one\\nstore \xc3\xa9\",\"two\"],\"infos\":[\"x\"],\"data\":"
	    "{\"resultType\":\"vector\",\"result\":[]}}");

	(void)state;
	assert_int_equal(a->nwarnings, 2);
	assert_string_equal(a->warning, "one store ??");
	assert_string_equal(a->info, "x");
	prom_response_free(&a);
}

static void
histograms_are_left_out_and_counted(void **state)
{
	struct prom_response *a = good(VECTOR("{\"metric\":{},\"histogram\":[1,{\"count\":\"1\"}]},{\"metric\":{},\"value\":[1,\"2\"]}"));

	(void)state;
	assert_true(a->nseries == 1 && a->histograms == 1);
	prom_response_free(&a);
}

static void
a_fault_is_the_querys_or_the_servers(void **state)
{
	(void)state;
	bad("{\"status\":\"error\",\"errorType\":\"bad_data\",\"error\":\"parse\\terror\"}", WHY_PROM_QUERY, "bad_data: parse error");
	bad("{\"status\":\"error\",\"errorType\":\"execution\",\"error\":\"many-to-many\"}", WHY_PROM_QUERY, "execution: many-to-many");
	bad("{\"status\":\"error\",\"errorType\":\"timeout\",\"error\":\"late\"}", WHY_PROM_REFUSED, "timeout: late");
	bad("{\"status\":\"error\"}", WHY_PROM_REFUSED, ": ");
}

static void
other_shapes_are_reported_by_name(void **state)
{
	(void)state;
	bad("{\"status\":\"success\",\"data\":{\"resultType\":\"matrix\",\"result\":[]}}", WHY_PROM_SHAPE,
	    "a range of values for each series; a function such as rate() or last_over_time() makes one of it");
	bad("{\"status\":\"success\",\"data\":{\"resultType\":\"string\",\"result\":[1,\"x\"]}}", WHY_PROM_SHAPE, "a string");
}

static void
what_is_no_answer_is_refused(void **state)
{
	(void)state;
	bad("", WHY_PROM_SYNTAX, "not JSON: '[' or '{' expected near end of file");
	bad("<html>", WHY_PROM_SYNTAX, "not JSON: '[' or '{' expected near '<'");
	bad("[]", WHY_PROM_SYNTAX, "its status is neither success nor error");
	bad("{\"status\":\"success\"}", WHY_PROM_SYNTAX, "the response has no result of a known type");
	bad(VECTOR("1"), WHY_PROM_SYNTAX, "a series has no labels, not even an empty set of them");
	bad(VECTOR("{\"metric\":{\"a\":1},\"value\":[1,\"1\"]}"), WHY_PROM_SYNTAX, "the value of label 'a' is not a string");
	bad(VECTOR("{\"metric\":{}}"), WHY_PROM_SYNTAX, "a value is not of the form [time, \"number\"]");
	bad(VECTOR("{\"metric\":{},\"value\":[1]}"), WHY_PROM_SYNTAX, "a value is not of the form [time, \"number\"]");
	bad(VECTOR("{\"metric\":{},\"value\":[1,2]}"), WHY_PROM_SYNTAX, "a value is not of the form [time, \"number\"]");
	bad(VECTOR("{\"metric\":{},\"value\":[1,\"0x10\"]}"), WHY_PROM_SYNTAX, "'0x10' is not a number");
	bad("{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":{}}}", WHY_PROM_SYNTAX, "the result is not a list");
}

static void
too_much_is_refused(void **state)
{
	size_t n = PROM_RESPONSE_MAX + 1;
	char *text = malloc(n);
	struct prom_response *a = NULL;

	(void)state;
	memset(text, ' ', n);
	assert_ptr_equal(prom_response_read((struct str){ text, n }, &a, detail), WHY_PROM_LARGE);
	*text = '[';
	for (size_t i = 1; i + 3 <= n; i += 3)
		memcpy(text + i, "{},", 3);		/* small as a text, large as a tree */
	assert_ptr_equal(prom_response_read((struct str){ text, PROM_RESPONSE_MAX - 1 }, &a, detail), WHY_PROM_LARGE);
	free(text);
}

static void
series_are_shown_in_short(void **state)
{
	struct prom_response *a = good(VECTOR("{\"metric\":{\"instance\":\"a:1\",\"job\":\"\xc3\xa9\"},\"value\":[1,\"1\"]}"));
	char text[64], small[12];

	(void)state;
	assert_string_equal(prom_series_text(a->series, text, sizeof text), "{instance=\"a:1\", job=\"??\"}");
	assert_string_equal(prom_series_text(a->series, small, sizeof small), "{instanc...");
	prom_response_free(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_vector_is_series_with_labels_and_values),
		cmocka_unit_test(an_empty_vector_is_no_failure),
		cmocka_unit_test(a_scalar_is_one_value_without_labels),
		cmocka_unit_test(warnings_and_remarks_are_kept),
		cmocka_unit_test(histograms_are_left_out_and_counted),
		cmocka_unit_test(a_fault_is_the_querys_or_the_servers),
		cmocka_unit_test(other_shapes_are_reported_by_name),
		cmocka_unit_test(what_is_no_answer_is_refused),
		cmocka_unit_test(too_much_is_refused),
		cmocka_unit_test(series_are_shown_in_short),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
