/*
 * Passwords: what htpasswd and openssl passwd write is verified, and nothing else is. The hashes are made by those programs.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/password.h"

static const struct {
	const char	*password, *hash;
} good[] = {
	{ "", "$apr1$abcdefgh$L.PT565ESX4Tp2bqNs7Ie." },
	{ "", "$1$qq$0o7Hw7CEK1j9Lpo1cn9JS/" },
	{ "", "$2y$04$kGLj4rKNsWp.1BUh7uyq3eYNxanpQy8EZUNwSg0UjsMh5gK5HnxuO" },
	{ "", "{SHA}2jmj7l5rSw0yVb/vlWAYkK/YBwk=" },
	{ "x", "$apr1$abcdefgh$82JubPF2dQkt1tVfvLnXS." },
	{ "x", "$1$qq$v1LnfI4z3rvTIXN/eJW7U." },
	{ "x", "$2y$04$8itxi7kj86UUDMpS5YGWs.uRC4UvN3ZoEnbCuhzl5aIoc8RhSRigm" },
	{ "x", "{SHA}EfatjsUqKYSrqv18O1FlA3hcIHI=" },
	{ "password", "$apr1$abcdefgh$FBwExRW4dCc8aL.OvjpIE1" },
	{ "password", "$1$qq$sjKqPrbEgaXyny/9ezVsx0" },
	{ "password", "$2y$04$9K/Flm77ShDV9oqta2W/F..F5iZgAFlvhaueuX.UfZAEuwahh2CTW" },
	{ "password", "{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=" },
	{ "a b:c", "$apr1$abcdefgh$8nAEqhnw0NUSRvpYnlGdu0" },
	{ "a b:c", "$1$qq$sP6/SB1vzxEyCPBMDuC4B0" },
	{ "a b:c", "$2y$04$ohFdLWnd2pK9bjBLMfea9.fNly61ZD1h5yedPpMfzpmgbzlOATS6S" },
	{ "a b:c", "{SHA}Ec2kLx6Sann1d8mpjIkmQRa+dtc=" },
	{ "pppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppp", "$apr1$abcdefgh$QhXe/NjJRaf1aiFMVIPLZ0" },
	{ "pppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppp", "$1$qq$YJnlaVq.eiJfYfUM0afSe." },
	{ "pppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppp", "$2y$04$etuhgoTbad2o9Sj4Yt1uueDzSI3TUAX/688U814cwC9S1zmgo7ThK" },
	{ "pppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppp", "{SHA}e72WCqxgc3ohQr2b5KmzBzEd99g=" },
	{ "\303\274n\303\257", "$apr1$abcdefgh$925utl16ci09ZNd9QD9XR1" },
	{ "\303\274n\303\257", "$1$qq$MJLN7j.Nvq22Rxa/IJJno/" },
	{ "\303\274n\303\257", "$2y$04$T3F1jGSKdSlNXrAQ0hjY.ODKQpzg9GrzlLwmwbLm0h46x.nBspTIO" },
	{ "\303\274n\303\257", "{SHA}FG8R/ry6NO0ND4gk1NihsjyEgMc=" },
	/* each name of bcrypt is one kind */
	{ "x", "$2a$04$qeaqJEiDgstnSDIWUCg1Auf8yMP51aMJkrxTYkiSDSYqh17cOPBie" }, { "x", "$2b$04$qeaqJEiDgstnSDIWUCg1Auf8yMP51aMJkrxTYkiSDSYqh17cOPBie" },
	{ "x", "$2x$04$qeaqJEiDgstnSDIWUCg1Auf8yMP51aMJkrxTYkiSDSYqh17cOPBie" },
};

static void
what_htpasswd_writes_is_verified(void **state)
{
	char other[128];

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		struct str hash = str_of(good[i].hash), password = str_of(good[i].password);
		assert_true(password_usec(hash) > 0);
		if (!password_fits(hash, password))
			fail_msg("%s does not fit %s", good[i].password, good[i].hash);
		snprintf(other, sizeof other, "%sx", good[i].password);
		if (password_fits(hash, str_of(other)))
			fail_msg("%s fits %s", other, good[i].hash);
		if (password.len > 0)
			assert_false(password_fits(hash, STR("")));
	}
}

static void
other_hashes_fit_nothing(void **state)
{
	static const char *const bad[] = { "", "password", "$apr1$", "$apr1$abcdefgh", "$apr1$abcdefghi$82JubPF2dQkt1tVfvLnXS.", "$apr1$abcdefgh$82JubPF2dQkt1tVfvLnXS",
		"$$apr1$$abcdefgh$$82JubPF2dQkt1tVfvLnXS.", "{SHA}", "{SHA}EfatjsUqKYSrqv18O1FlA3hcIHI", "{sha}EfatjsUqKYSrqv18O1FlA3hcIHI=",
		"$2y$04$", "$2y$03$qeaqJEiDgstnSDIWUCg1Auf8yMP51aMJkrxTYkiSDSYqh17cOPBie", "$2y$31$qeaqJEiDgstnSDIWUCg1Auf8yMP51aMJkrxTYkiSDSYqh17cOPBie",
		"$2c$04$qeaqJEiDgstnSDIWUCg1Auf8yMP51aMJkrxTYkiSDSYqh17cOPBie", "$5$abc$x", "$6$abc$x", "$1$qq$v1LnfI4z3rvTIXN!eJW7U.", "rOkk9zRqQwHFk" };

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		if (password_usec(str_of(bad[i])) != 0)
			fail_msg("%s is taken for a hash", bad[i]);
		assert_false(password_fits(str_of(bad[i]), STR("x")));
		assert_false(password_fits(str_of(bad[i]), STR("")));
	}
}

static void
long_passwords_and_zeros_fit_nothing(void **state)
{
	static char text[PASSWORD_MAX + 1];

	(void)state;
	memset(text, 'x', sizeof text);
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		assert_false(password_fits(str_of(good[i].hash), (struct str){ text, PASSWORD_MAX + 1 }));
		assert_false(password_fits(str_of(good[i].hash), (struct str){ text, PASSWORD_MAX }));
		assert_false(password_fits(str_of(good[i].hash), (struct str){ "x\0y", 3 }));
	}
}

static void
their_time_is_known(void **state)
{
	(void)state;
	assert_true(password_usec(STR("{SHA}EfatjsUqKYSrqv18O1FlA3hcIHI=")) <= PASSWORD_CHEAP_USEC);
	assert_true(password_usec(STR("$1$qq$v1LnfI4z3rvTIXN/eJW7U.")) > PASSWORD_CHEAP_USEC);
	assert_int_equal(password_usec(STR("$2y$05$qeaqJEiDgstnSDIWUCg1Auf8yMP51aMJkrxTYkiSDSYqh17cOPBie")),
	    2 * password_usec(STR("$2y$04$qeaqJEiDgstnSDIWUCg1Auf8yMP51aMJkrxTYkiSDSYqh17cOPBie")));
}

static void
nobody_and_the_wrong_one_take_as_long(void **state)
{
	static const char quick[] = "a:{SHA}EfatjsUqKYSrqv18O1FlA3hcIHI=";
	static const char slow[] = "b:$2y$05$qeaqJEiDgstnSDIWUCg1Auf8yMP51aMJkrxTYkiSDSYqh17cOPBie";
	struct str slowest = STR("");

	(void)state;
	password_slower(STR("no user"), &slowest);
	password_slower(STR("c:not a hash"), &slowest);
	assert_int_equal(slowest.len, 0);
	password_slower(STR(quick), &slowest);
	password_slower(STR(slow), &slowest);
	password_slower(STR(quick), &slowest);
	assert_string_equal(slowest.p, slow + 2);
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		assert_true(password_fits_as_slow(str_of(good[i].hash), STR(quick + 2), str_of(good[i].password)));
		assert_false(password_fits_as_slow(str_of(good[i].hash), STR(quick + 2), STR("another one")));
	}
	assert_false(password_fits_as_slow(STR(""), STR(quick + 2), STR("x")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(what_htpasswd_writes_is_verified), cmocka_unit_test(other_hashes_fit_nothing),
		cmocka_unit_test(long_passwords_and_zeros_fit_nothing), cmocka_unit_test(their_time_is_known),
		cmocka_unit_test(nobody_and_the_wrong_one_take_as_long) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
