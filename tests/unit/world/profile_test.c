/* profile: what people may write, what it means, and that it can be written back. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "world/profile.c"

static struct profile
parsed(const char *text)
{
	struct profile p = { 0 };

	if (profile_parse(str_of(text), &p) != NULL)
		fail_msg("%s", text);
	return p;
}

static void
a_name_is_enough(void **state)
{
	struct profile zero = { 0 }, p;

	(void)state;
	for (int i = 0; i < PROFILE_COUNT; i++) {
		p = parsed(names[i]);
		assert_true(profile_same(&p, &profile_all[i]));
		assert_string_equal(profile_name(&p), names[i]);
	}
	assert_string_equal(profile_name(&zero), "balanced");
	assert_true(profile_same(&zero, &profile_all[PROFILE_BALANCED]));
}

static void
weights_are_of_any_scale_and_the_others_are_none(void **state)
{
	struct profile p = parsed("cpu=1, ram=3");

	(void)state;
	assert_true(p.weight[RESOURCE_CPU] == 0.25 && p.weight[RESOURCE_RAM] == 0.75 && p.weight[RESOURCE_IO] == 0);
	assert_true(p.limit[RESOURCE_RAM].soft == profile_all[PROFILE_BALANCED].limit[RESOURCE_RAM].soft);
	p = parsed("net,ram=1");		/* a name first, and other weights */
	assert_true(p.weight[RESOURCE_RAM] == 1 && p.weight[RESOURCE_NET] == 0);
	assert_true(p.limit[RESOURCE_NET].hard == profile_all[PROFILE_NET].limit[RESOURCE_NET].hard);
}

static void
limits_and_links_are_read(void **state)
{
	struct profile p = parsed("like=ram limits.memory=0.5-0.75 limits.io=0.1-1 link=2.5G");

	(void)state;
	assert_true(p.weight[RESOURCE_RAM] == profile_all[PROFILE_RAM].weight[RESOURCE_RAM]);
	assert_true(p.limit[RESOURCE_RAM].soft == 0.5 && p.limit[RESOURCE_RAM].hard == 0.75);
	assert_true(p.limit[RESOURCE_IO].soft == 0.1 && p.limit[RESOURCE_IO].hard == 1);
	assert_true(p.link == 2.5e9 / 8);
	p = parsed("ram,limits.ram=none");
	assert_true(p.limit[RESOURCE_RAM].hard == 0);
}

static void
what_is_wrong_changes_nothing(void **state)
{
	static const struct {
		const char *text;
		const struct why *const *why;
	} wrong[] = {
		{ "", &WHY_BAD_PROFILE }, { " , ", &WHY_BAD_PROFILE }, { "rum", &WHY_BAD_PROFILE }, { "ram,cpu", &WHY_BAD_PROFILE },
		{ "cpu=1,like=ram", &WHY_BAD_PROFILE }, { "cpu=0", &WHY_BAD_PROFILE }, { "cpu=-1", &WHY_BAD_PROFILE },
		{ "cpu=inf", &WHY_BAD_PROFILE }, { "cpu=nan", &WHY_BAD_PROFILE }, { "cpu", NULL }, { "disc=1", &WHY_BAD_PROFILE },
		{ "=", &WHY_BAD_PROFILE }, { "limits.ram=0.9-0.7", &WHY_BAD_LIMITS }, { "limits.ram=0.7", &WHY_BAD_LIMITS },
		{ "limits.ram=0.7-0.7", &WHY_BAD_LIMITS }, { "limits.ram=0.7-1.1", &WHY_BAD_LIMITS },
		{ "limits.ram=-0.7", &WHY_BAD_LIMITS }, { "limits.=0.1-0.2", &WHY_BAD_LIMITS }, { "link=", &WHY_BAD_LINK },
		{ "link=G", &WHY_BAD_LINK }, { "link=0", &WHY_BAD_LINK }, { "link=1T", &WHY_BAD_LINK },
	};

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		struct profile p = profile_all[PROFILE_NET];
		const struct why *why = profile_parse(str_of(wrong[i].text), &p);
		if (why != (wrong[i].why == NULL ? NULL : *wrong[i].why))
			fail_msg("%s: %s", wrong[i].text, why_name(why));
		assert_true(why == NULL || profile_same(&p, &profile_all[PROFILE_NET]));
	}
}

static void
what_is_written_can_be_read(void **state)
{
	static const char *const texts[] = { "balanced", "ram", "cpu=1,ram=3,limits.ram=0.5-0.75", "io,limits.ram=none,link=100M" };
	struct profile p, again;
	struct buf out;

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		buf_init(&out, 1000);
		p = parsed(texts[i]);
		profile_write(&p, &out);
		assert_null(profile_parse(buf_str(&out), &again));
		assert_true(profile_same(&p, &again));
		buf_fini(&out);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_is_enough),
		cmocka_unit_test(weights_are_of_any_scale_and_the_others_are_none),
		cmocka_unit_test(limits_and_links_are_read),
		cmocka_unit_test(what_is_wrong_changes_nothing),
		cmocka_unit_test(what_is_written_can_be_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
