/*
 * The demo's picture fits an ordinary terminal, whatever the numbers are.
 */
#include "../../../bench/lib/show.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void
fill(struct show *s, bool utf8)
{
	*s = (struct show){ .terminal = true, .colour = true, .utf8 = utf8, .width = 80, .total = 45, .rate = 825, .nnodes = 8,
		.npolicies = 4, .watched = 7, .where = " look yourself" };
	for (unsigned i = 0; i < s->nnodes; i++) {
		s->node[i] = (struct show_node){ .cores = 1 << i / 2, .others = i * 9, .ours = 1000 * i, .share = .125, .cost = i % 2 ? NAN : 1234.5,
			.hog = i == 7 ? 24 : 0 };
		memset(s->node[i].reason, 'x', sizeof s->node[i].reason - 1);
	}
	for (unsigned i = 0; i < s->npolicies; i++) {
		s->policy[i] = (struct show_policy){ .sent = 1000000, .failed = i, .inflight = 123456, .p50 = i * 3000., .p99 = 123456.7 };
		snprintf(s->policy[i].name, sizeof s->policy[i].name, "policy-%u", i);
	}
}

/* Columns of the longest line and number of lines, without what only colours. */
static void
measure(const char *p, unsigned *columns, unsigned *lines)
{
	unsigned here = 0;

	*columns = 0;
	*lines = 1;
	for (; *p != '\0'; p++) {
		if (*p == '\033') {
			while (!((*p >= 'A' && *p <= 'Z') || (*p >= 'a' && *p <= 'z')))
				p++;
			continue;
		}
		if (*p == '\n') {
			(*lines)++;
			here = 0;
		} else if (((unsigned char)*p & 0xc0) != 0x80 && ++here > *columns) {
			*columns = here;
		}
	}
}

static void
fits(bool utf8)
{
	struct show s;
	unsigned columns, lines;
	char *text;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	fill(&s, utf8);
	for (int i = 0; i < 40; i++)
		show_event(&s, f, "something happened that takes a rather long sentence to tell, longer than the line is");
	show_draw(&s, f);
	fclose(f);
	measure(text, &columns, &lines);
	assert_true(columns <= 80);
	assert_int_equal(lines, 24);
	free(text);
}

/* Who drains a node while the demo runs sees it, on a narrow screen, too. */
static void
a_drained_node_is_called_so(void **state)
{
	struct show_node n = { .cores = 4, .state = "draining", .hog = 3 };
	char words[40];

	(void)state;
	assert_string_equal(verdict(&n, words), "draining");
	strcpy(n.state, "up");
	assert_string_equal(verdict(&n, words), "HOG: 3 threads");
}

static void
the_picture_fits_80_by_24(void **state)
{
	(void)state;
	fits(true);
	fits(false);
}

static void
the_table_has_ratios_to_the_first(void **state)
{
	struct show s;
	char *text;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	(void)state;
	fill(&s, false);
	s.colour = false;
	s.policy[0].p50 = 10;
	s.policy[0].p99 = 100;
	s.policy[1].p50 = 15;
	s.policy[1].p99 = 250;
	s.policy[2].at_least = true;
	show_table(&s, f);
	fclose(f);
	assert_non_null(strstr(text, "1.50            2.50"));
	assert_non_null(strstr(text, ">123457"));
	assert_non_null(strstr(text, "policy-1: 1 requests failed"));
	free(text);
}

static void
nothing_known_is_a_dash(void **state)
{
	char text[24];

	(void)state;
	number(text, 0, false);
	assert_string_equal(text, "-");
	number(text, INFINITY, false);
	assert_string_equal(text, "failed");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_picture_fits_80_by_24),
		cmocka_unit_test(a_drained_node_is_called_so),
		cmocka_unit_test(the_table_has_ratios_to_the_first),
		cmocka_unit_test(nothing_known_is_a_dash),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
