/* tidy: what has had its time goes, and never the last two. */
#include "../turned_clock.h"

#include "vault/tidy.c"

#include "toy_vault.h"

#define NOW	(1800000000)

struct scene {
	struct loop	*loop;
	struct toy_swarm swarm;
	struct toy	*toy;
	struct vault	*vault;
};

static int
setup(void **state)
{
	struct scene *s = must_zalloc(sizeof *s);

	s->loop = loop_new();
	s->toy = toy_new(s->loop, &s->swarm, NULL);
	s->vault = &s->toy->vault;
	UNTIL(s->loop, vault_status(s->vault).ready);
	*state = s;
	return 0;
}

static int
teardown(void **state)
{
	struct scene *s = *state;

	vault_free(&s->vault);
	toy_swarm_fini(&s->swarm);
	loop_free(&s->loop);
	free(s);
	return 0;
}

/* What is there now: names, each with its age in hours, "!" before one that cannot be read. */
static void
put(struct scene *s, const char *names)
{
	struct vault_call c = { .write = VAULT_CREATE, .labels = json_object(), .sealed = (char *)"" };
	char copy[1024], *at = copy, *word;
	struct toy_object *o;
	unsigned reads;

	toy_swarm_fini(&s->swarm);
	snprintf(copy, sizeof copy, "%s", names);
	while ((word = strsep(&at, " ")) != NULL) {
		bool bad = *word == '!';
		c.name = word + bad;
		word = strsep(&at, " ");
		assert_non_null(word);
		assert_int_equal(toy_create(&s->swarm, &c), VAULT_ANSWER_YES);
		o = &s->swarm.object[s->swarm.n - 1];
		o->created_sec = NOW - atoi(word) * 3600;
		o->why = bad ? WHY_STORE_SEALED : NULL;
	}
	json_decref(c.labels);
	reads = s->toy->reads;
	vault_read_soon(s->vault);
	UNTIL(s->loop, s->toy->reads > reads);
}

static void
goes(struct scene *s, const char *names, const char *first)
{
	const struct vault_object *o;

	put(s, names);
	o = tidy_next(s->vault, NOW);
	if (first == NULL)
		assert_null(o);
	else {
		assert_non_null(o);
		assert_string_equal(o->name, first);
	}
}

static void
certificates(void **state)
{
	struct scene *s = *state;

	goes(s, "cert.aa.1 9000 cert.aa.2 2000 cert.aa.3 25", "cert.aa.1");
	goes(s, "cert.aa.1 9000 cert.aa.2 2000 cert.aa.3 23", NULL);
	goes(s, "cert.aa.2 9000 cert.aa.3 2000", NULL);
	goes(s, "cert.aa.9 9000 cert.aa.10 2000 cert.aa.11 100", "cert.aa.9");	/* numbers, not texts */
	goes(s, "cert.aa.1 9000 cert.ab.3 2000", NULL);
	goes(s, "cert.aa.1 9000 cert.aa.2 2000 !cert.aa.3 100", NULL);		/* that may be anything */
	goes(s, "!cert.aa.1 9000 cert.aa.2 2000 cert.aa.3 100", NULL);		/* it is not ours to judge */
}

static void
orders(void **state)
{
	struct scene *s = *state;

	goes(s, "cert.aa.1 25 order.aa.1.1 26", "order.aa.1.1");
	goes(s, "cert.aa.1 23 order.aa.1.1 24", NULL);
	goes(s, "cert.aa.1 9000 order.aa.2.1 10", NULL);
	goes(s, "order.aa.1.1 3 order.aa.1.2 2", "order.aa.1.1");
	goes(s, "order.aa.1.1 3 order.aa.1.2 0", NULL);
	goes(s, "order.aa.1.1 719", NULL);
	goes(s, "order.aa.1.1 720", "order.aa.1.1");
	goes(s, "order.ab.1.1 3 order.aa.1.2 2", NULL);
}

static void
ticket_keys(void **state)
{
	struct scene *s = *state;

	goes(s, "tickets.1 36 tickets.2 24 tickets.3 12", NULL);
	goes(s, "tickets.1 36 tickets.2 24 tickets.3 12 tickets.4 0", "tickets.1");
	goes(s, "tickets.8 36 tickets.9 24 tickets.10 12 tickets.11 0", "tickets.8");
}

static void
other_things_stay(void **state)
{
	struct scene *s = *state;

	goes(s, "lease 9999 account.0123 9999 cert.aa 9999 cert.aa.1.1 9999 cert.aa.x 9999 order.aa.1 9999 "
	    "tickets 9999 tickets.1.1 9999 cert.aa.50 9999", NULL);
}

static void
they_are_removed_one_after_the_other(void **state)
{
	struct scene *s = *state;
	struct tidy *t;

	put(s, "lease 9 tickets.1 9 tickets.2 9 tickets.3 9 tickets.4 9 tickets.5 9");
	t = tidy_new(s->vault);
	vault_read_soon(s->vault);
	UNTIL(s->loop, s->swarm.n == 4);
	assert_null(toy_find(&s->swarm, "tickets.1"));
	assert_null(toy_find(&s->swarm, "tickets.2"));
	s->toy->mood = TOY_HANGING;
	tidy_free(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(certificates),
		TEST(orders),
		TEST(ticket_keys),
		TEST(other_things_stay),
		TEST(they_are_removed_one_after_the_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
