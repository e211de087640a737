/* store_vault: what ACME wants of a store, over a vault that loses answers; and one lease for three. */
#include "../turned_clock.h"

#include "acme/store_vault.c"

#include "../vault/toy_vault.h"

#define MOLAS	3

struct scene {
	struct loop	*loop;
	struct toy_swarm swarm;
	struct seal	*seal;
	struct toy	*toy[MOLAS];
	struct store	*store[MOLAS];
	unsigned	 changes;
	int		 done;
	enum store_outcome outcome;
};

static void
on_change(void *arg)
{
	((struct scene *)arg)->changes++;
}

static void
on_done(void *arg, enum store_outcome outcome, const char *detail)
{
	struct scene *s = arg;

	assert_non_null(detail);
	s->done++;
	s->outcome = outcome;
}

static struct store *
mola_new(struct scene *s, int i, bool shared)
{
	s->toy[i] = toy_new(s->loop, &s->swarm, s->seal);
	s->store[i] = store_vault_new(s->loop, &s->toy[i]->vault, shared, on_change, s);
	UNTIL(s->loop, store_state(s->store[i]).ready);
	return s->store[i];
}

static int
setup(void **state)
{
	struct scene *s = must_zalloc(sizeof *s);

	s->loop = loop_new();
	s->seal = seal_new();
	assert_null(seal_add(s->seal, STR("a secret of the right length, 32 and more")));
	for (int i = 0; i < MOLAS; i++)
		mola_new(s, i, true);
	*state = s;
	return 0;
}

static int
teardown(void **state)
{
	struct scene *s = *state;

	for (int i = 0; i < MOLAS; i++)
		store_free(&s->store[i]);
	toy_swarm_fini(&s->swarm);
	seal_free(&s->seal);
	loop_free(&s->loop);
	free(s);
	return 0;
}

static void
create_object(struct scene *s, int i, const char *name, const char *data)
{
	s->done = 0;
	store_create(s->store[i], name, &(struct store_label){ "by", "me" }, 1, str_of(data), on_done, s);
}

static void
ends(struct scene *s, enum store_outcome outcome)
{
	UNTIL(s->loop, s->done > 0);
	assert_int_equal(s->done, 1);
	assert_int_equal(s->outcome, outcome);
}

/* Reads now, in place of the event that a Swarm would send. */
static void
read_all(struct scene *s)
{
	for (int i = 0; i < MOLAS; i++)
		if (s->store[i] != NULL)
			store_read(s->store[i]);
}

static int
holder(const struct scene *s)
{
	int n = -1;

	for (int i = 0; i < MOLAS; i++)
		if (s->store[i] != NULL && store_lease_held(s->store[i])) {
			assert_int_equal(n, -1);
			n = i;
		}
	return n;
}

static void
what_one_creates_all_see(void **state)
{
	struct scene *s = *state;
	const struct store_object *o;
	size_t at = 0;

	create_object(s, 0, "cert.00.1", "the key");
	ends(s, STORE_DONE);
	o = store_find(s->store[0], "cert.00.1");	/* the view has it by then */
	assert_non_null(o);
	assert_int_equal(o->nlabels, 1);
	assert_string_equal(o->label[0].key, "by");
	create_object(s, 1, "cert.00.1", "another key");
	ends(s, STORE_EXISTS);
	assert_true(str_eq(store_find(s->store[1], "cert.00.1")->data, STR("the key")));
	create_object(s, 1, "cert.01.1", "");
	ends(s, STORE_DONE);
	create_object(s, 1, "order.00.1.1", "");
	ends(s, STORE_DONE);
	assert_string_equal(store_next(s->store[1], "cert.", &at)->name, "cert.00.1");
	assert_string_equal(store_next(s->store[1], "cert.", &at)->name, "cert.01.1");
	assert_null(store_next(s->store[1], "cert.", &at));
	s->done = 0;
	store_remove(s->store[1], store_find(s->store[1], "cert.00.1")->id, on_done, s);
	ends(s, STORE_DONE);
	assert_null(store_find(s->store[1], "cert.00.1"));
}

static void
a_lost_write_is_repeated_until_it_is_known(void **state)
{
	struct scene *s = *state;

	s->toy[0]->mood = TOY_DEAF;
	create_object(s, 0, "a", "1");
	UNTIL(s->loop, s->toy[0]->sends == 2);
	assert_int_equal(s->done, 0);
	s->toy[0]->mood = TOY_GOOD;
	ends(s, STORE_DONE);
}

/* The first try comes true after the second was sent: it is ours all the same. */
static void
a_late_write_is_ones_own(void **state)
{
	struct scene *s = *state;

	s->toy[0]->mood = TOY_LATE;
	create_object(s, 0, "a", "1");
	UNTIL(s->loop, ((struct store_vault *)s->store[0])->ops.tqh_first->call == NULL);
	assert_int_equal(toy_do_late(s->toy[0]), VAULT_ANSWER_YES);
	s->toy[0]->mood = TOY_GOOD;
	ends(s, STORE_DONE);
}

static void
what_is_refused_is_said(void **state)
{
	struct scene *s = *state;

	s->toy[0]->mood = TOY_REFUSING;
	create_object(s, 0, "a", "1");
	ends(s, STORE_REFUSED);
	create_object(s, 0, "b", "1");
	store_forget(s->store[0], s);
	s->toy[0]->mood = TOY_GOOD;
	UNTIL(s->loop, TAILQ_EMPTY(&((struct store_vault *)s->store[0])->ops));
	assert_int_equal(s->done, 0);
}

static void
three_want_the_lease_and_one_has_it(void **state)
{
	struct scene *s = *state;
	char text[LEASE_HOLDER_MAX];
	int first;

	for (int i = 0; i < MOLAS; i++)
		store_lease_want(s->store[i], true);
	UNTIL(s->loop, holder(s) >= 0);
	first = holder(s);
	UNTIL(s->loop, s->swarm.n == 1 && ((struct store_vault *)s->store[first])->beat == NULL);
	str_copy(text, sizeof text, str_of(store_state(s->store[first]).holder));
	assert_string_equal(text, ((struct store_vault *)s->store[first])->lease.me);
	store_lease_want(s->store[first], false);
	assert_true(store_lease_held(s->store[first]));
	UNTIL(s->loop, (read_all(s), holder(s) >= 0 && holder(s) != first));
}

static void
notes_outlive_their_holder(void **state)
{
	struct scene *s = *state;
	json_t *labels;

	store_lease_want(s->store[0], true);
	UNTIL(s->loop, store_lease_held(s->store[0]));
	s->toy[0]->mood = TOY_DEAF;		/* the first try is lost */
	store_lease_note(s->store[0], "fail.00", "3");
	UNTIL(s->loop, s->toy[0]->sends == 2);
	s->toy[0]->mood = TOY_GOOD;
	UNTIL(s->loop, json_object_get(s->swarm.object[0].labels, "fail.00") != NULL);
	store_lease_want(s->store[0], false);
	store_lease_want(s->store[1], true);
	UNTIL(s->loop, (read_all(s), store_lease_held(s->store[1])));
	labels = s->swarm.object[0].labels;
	assert_string_equal(json_string_value(json_object_get(labels, "fail.00")), "3");
	store_lease_note(s->store[1], "fail.00", NULL);
	UNTIL(s->loop, json_object_get(s->swarm.object[0].labels, "fail.00") == NULL);
	assert_true(store_lease_held(s->store[1]));
}

static void
a_directory_is_taken_at_once(void **state)
{
	struct scene *s = *state;

	store_lease_want(s->store[0], true);
	UNTIL(s->loop, store_lease_held(s->store[0]));
	s->toy[0]->mood = TOY_HANGING;		/* it dies without a word */
	store_free(&s->store[0]);
	store_free(&s->store[1]);
	mola_new(s, 1, false);
	store_lease_want(s->store[1], true);
	UNTIL(s->loop, store_lease_held(s->store[1]));
}

static void
a_lease_of_another_stack_is_left_alone(void **state)
{
	struct scene *s = *state;
	struct seal *foreign = seal_new();
	unsigned sends;

	store_lease_want(s->store[0], true);
	UNTIL(s->loop, store_lease_held(s->store[0]));
	assert_null(seal_add(foreign, STR("another secret of the right length, too")));
	store_free(&s->store[1]);
	seal_free(&s->seal);
	s->toy[0]->vault.seal = NULL;		/* not read by it any more */
	store_free(&s->store[0]);
	store_free(&s->store[2]);
	s->seal = foreign;
	mola_new(s, 1, true);
	assert_ptr_equal(store_state(s->store[1]).why, WHY_STORE_FOREIGN);
	store_lease_want(s->store[1], true);
	sends = s->toy[1]->sends;
	s->changes = 0;
	store_read(s->store[1]);
	UNTIL(s->loop, s->changes > 0);
	assert_int_equal(s->toy[1]->sends, sends);
	assert_false(store_lease_held(s->store[1]));
}

static unsigned unreadable_logged;

static void
on_log(void *arg, enum log_level level, const char *event, const char *pairs)
{
	(void)arg;
	(void)level;
	(void)pairs;
	unreadable_logged += strcmp(event, "acme.unreadable") == 0;
}

static void
what_cannot_be_read_is_said_once(void **state)
{
	struct scene *s = *state;
	struct toy_object *o;

	create_object(s, 0, "cert.00.1", "the key");
	ends(s, STORE_DONE);
	create_object(s, 0, "yaml", "of somebody else");
	ends(s, STORE_DONE);
	log_tap(on_log, NULL);
	for (int i = 0; i < 3; i++)			/* the view changes, and these do not */
		for (unsigned k = 0; k < s->swarm.n; k++) {
			o = &s->swarm.object[k];
			o->why = WHY_STORE_TAMPERED;
			o->version = ++s->swarm.index;
			s->changes = 0;
			store_read(s->store[0]);
			UNTIL(s->loop, s->changes > 0);
		}
	assert_int_equal(unreadable_logged, 1);
	log_tap(NULL, NULL);
	assert_ptr_equal(store_find(s->store[0], "cert.00.1")->why, WHY_STORE_TAMPERED);
}

/* [old] is replaced by [new, old], and that by [new]: nothing of it is lost. */
static void
the_secret_can_be_replaced(void **state)
{
	static const char new[] = "the new secret, also of 32 characters or more";
	struct scene *s = *state;
	struct seal *both = seal_new(), *one = seal_new(), *old = s->seal;

	assert_null(seal_add(both, str_of(new)));
	assert_null(seal_add(both, STR("a secret of the right length, 32 and more")));
	assert_null(seal_add(one, str_of(new)));
	create_object(s, 0, "account.00", "the key");
	ends(s, STORE_DONE);
	store_lease_want(s->store[0], true);
	UNTIL(s->loop, store_lease_held(s->store[0]));
	store_lease_want(s->store[0], false);
	UNTIL(s->loop, (read_all(s), !store_lease_held(s->store[0])));
	for (int i = 0; i < MOLAS; i++)
		store_free(&s->store[i]);

	s->seal = both;
	mola_new(s, 0, true);
	assert_null(store_state(s->store[0]).why);
	store_lease_want(s->store[0], true);
	UNTIL(s->loop, (read_all(s), vault_find(&s->toy[0]->vault, "account.00") != NULL &&
	    vault_find(&s->toy[0]->vault, "account.00")->secret == 0));
	store_lease_want(s->store[0], false);
	UNTIL(s->loop, (read_all(s), !store_lease_held(s->store[0])));
	store_free(&s->store[0]);

	s->seal = one;
	mola_new(s, 1, true);
	assert_null(store_state(s->store[1]).why);
	assert_true(str_eq(store_find(s->store[1], "account.00")->data, STR("the key")));
	store_lease_want(s->store[1], true);
	UNTIL(s->loop, store_lease_held(s->store[1]));
	store_free(&s->store[1]);
	seal_free(&both);
	seal_free(&old);
}

static void
a_store_that_is_lost_is_said_to_be_so(void **state)
{
	struct scene *s = *state;

	s->toy[0]->away = true;
	s->changes = 0;
	store_read(s->store[0]);
	UNTIL(s->loop, store_state(s->store[0]).why != NULL);
	assert_true(s->changes > 0);
	assert_ptr_equal(store_state(s->store[0]).why, WHY_STORE_GONE);
	assert_string_equal(store_state(s->store[0]).detail, "the toy is away");
	assert_true(store_state(s->store[0]).ready);
	s->toy[0]->away = false;
	UNTIL(s->loop, store_state(s->store[0]).why == NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(what_one_creates_all_see),
		TEST(a_lost_write_is_repeated_until_it_is_known),
		TEST(a_late_write_is_ones_own),
		TEST(what_is_refused_is_said),
		TEST(three_want_the_lease_and_one_has_it),
		TEST(notes_outlive_their_holder),
		TEST(a_directory_is_taken_at_once),
		TEST(a_lease_of_another_stack_is_left_alone),
		TEST(what_cannot_be_read_is_said_once),
		TEST(the_secret_can_be_replaced),
		TEST(a_store_that_is_lost_is_said_to_be_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
