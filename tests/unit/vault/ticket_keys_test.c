/* ticket_keys: one set of keys for all who share a vault; a new one encrypts when all have read it. */
#include "../turned_clock.h"

#include "vault/ticket_keys.c"

#include "toy_vault.h"

struct scene {
	struct loop	*loop;
	struct toy_swarm swarm;
	struct toy	*toy[2];
	struct vault	*vault[2];
	struct ticket_keys *keys[2];
	unsigned	 changes;
};

static void
on_change(void *arg)
{
	((struct scene *)arg)->changes++;
}

static int
setup(void **state)
{
	struct scene *s = must_zalloc(sizeof *s);

	s->loop = loop_new();
	for (int i = 0; i < 2; i++) {
		s->toy[i] = toy_new(s->loop, &s->swarm, NULL);
		s->vault[i] = &s->toy[i]->vault;
		s->keys[i] = ticket_keys_new(s->loop, s->vault[i], on_change, s);
	}
	*state = s;
	return 0;
}

static int
teardown(void **state)
{
	struct scene *s = *state;

	for (int i = 0; i < 2; i++) {
		ticket_keys_free(&s->keys[i]);
		vault_free(&s->vault[i]);
	}
	toy_swarm_fini(&s->swarm);
	loop_free(&s->loop);
	free(s);
	return 0;
}

static unsigned
count(struct scene *s, int i, struct str key[TICKET_KEYS_MAX])
{
	return ticket_keys_list(s->keys[i], key);
}

static bool
calm(struct scene *s)
{
	struct str key[TICKET_KEYS_MAX];

	vault_read_soon(s->vault[0]);
	vault_read_soon(s->vault[1]);
	return s->keys[0]->call == NULL && s->keys[1]->call == NULL && count(s, 0, key) > 0 && count(s, 1, key) > 0;
}

static void
two_agree_on_one_key(void **state)
{
	struct scene *s = *state;
	struct str a[TICKET_KEYS_MAX], b[TICKET_KEYS_MAX];

	UNTIL(s->loop, calm(s));
	assert_int_equal(s->swarm.n, 1);
	assert_string_equal(s->swarm.object[0].name, "tickets.1");
	assert_int_equal(count(s, 0, a), 1);
	assert_int_equal(count(s, 1, b), 1);
	assert_int_equal(a[0].len, TICKET_KEYS_BYTES);
	assert_true(str_eq(a[0], b[0]));
	assert_int_equal(s->changes, 2);
}

static void
a_new_key_encrypts_after_a_minute(void **state)
{
	struct scene *s = *state;
	struct str key[TICKET_KEYS_MAX];
	char first[TICKET_KEYS_BYTES];

	UNTIL(s->loop, calm(s));
	assert_int_equal(count(s, 0, key), 1);
	memcpy(first, key[0].p, sizeof first);
	s->swarm.object[0].created_sec = time(NULL) - ROTATE_SEC;
	s->swarm.object[0].version++;
	s->keys[1]->made_usec = s->keys[0]->made_usec = 0;
	UNTIL(s->loop, calm(s) && count(s, 0, key) == 2 && count(s, 1, key) == 2);
	assert_int_equal(s->swarm.n, 2);
	assert_memory_equal(key[0].p, first, sizeof first);	/* the old one still encrypts */
	s->keys[0]->spread_usec = 0;
	s->changes = 0;
	look(s->keys[0]);
	assert_int_equal(s->changes, 1);
	assert_int_equal(count(s, 0, key), 2);
	assert_memory_equal(key[1].p, first, sizeof first);
}

static void
three_are_in_use(void **state)
{
	struct scene *s = *state;
	struct str key[TICKET_KEYS_MAX];
	struct vault_call c = { .write = VAULT_CREATE, .labels = json_object(), .sealed = must_zalloc(TICKET_KEYS_BYTES),
	    .sealed_bytes = TICKET_KEYS_BYTES };
	char name[32];

	UNTIL(s->loop, calm(s));
	c.name = name;
	for (int i = 2; i < 6; i++) {
		snprintf(name, sizeof name, "tickets.%d", i);
		memset(c.sealed, i, TICKET_KEYS_BYTES);
		toy_create(&s->swarm, &c);
		s->swarm.object[i - 1].created_sec = time(NULL);
	}
	snprintf(name, sizeof name, "tickets.9");		/* one that is not understood */
	c.sealed_bytes = 3;
	toy_create(&s->swarm, &c);
	UNTIL(s->loop, calm(s) && count(s, 0, key) == 3);
	s->keys[0]->spread_usec = 0;
	assert_int_equal(count(s, 0, key), 3);
	assert_int_equal(key[0].p[0], 5);
	assert_int_equal(key[2].p[0], 3);
	s->swarm.object[4].created_sec = 1;			/* the next one is none that exists */
	s->swarm.object[4].version++;
	s->keys[1]->made_usec = s->keys[0]->made_usec = 0;
	UNTIL(s->loop, calm(s) && toy_find(&s->swarm, "tickets.10") != NULL);
	json_decref(c.labels);
	free(c.sealed);
}

/* By a clock that is years ahead, every key is old. */
static void
a_wrong_clock_makes_one_an_hour(void **state)
{
	struct scene *s = *state;
	unsigned reads;

	UNTIL(s->loop, calm(s));
	for (int i = 0; i < 2; i++)
		s->keys[i]->made_usec = loop_now(s->loop);
	s->swarm.object[0].created_sec = 1;
	s->swarm.object[0].version++;
	reads = s->toy[0]->reads;
	UNTIL(s->loop, calm(s) && s->toy[0]->reads > reads + 2);
	assert_int_equal(s->swarm.n, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(two_agree_on_one_key),
		TEST(a_new_key_encrypts_after_a_minute),
		TEST(three_are_in_use),
		TEST(a_wrong_clock_makes_one_an_hour),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
