/* vault: what a write has come to is what the next read shows, whatever was answered. */
#include "../turned_clock.h"

#include "vault/vault.c"

#include "toy_vault.h"

struct scene {
	struct loop	*loop;
	struct toy_swarm swarm;
	struct toy	*toy, *other;
	struct seal	*seal, *foreign;
	struct vault	*vault;
	struct vault_watcher watcher;
	unsigned	 read, changed, lost;	/* events */
	int		 done;			/* callbacks */
	enum vault_end	 end;
	const struct why *why;
	char		 detail[64];
	char		 data[64];		/* of the object that came with it */
};

static void
on_event(void *arg, enum vault_event e)
{
	struct scene *s = arg;

	s->read += e == VAULT_READ;
	s->changed += e == VAULT_CHANGED;
	s->lost += e == VAULT_LOST;
}

static void
on_done(void *arg, const struct vault_result *r)
{
	struct scene *s = arg;

	s->done++;
	s->end = r->end;
	s->why = r->why;
	snprintf(s->detail, sizeof s->detail, "%s", r->detail);
	str_copy(s->data, sizeof s->data, r->object == NULL ? STR("none") : r->object->data);
}

static int
setup(void **state)
{
	struct scene *s = must_zalloc(sizeof *s);

	s->loop = loop_new();
	s->seal = seal_new();
	s->foreign = seal_new();
	assert_null(seal_add(s->seal, STR("a secret of the right length, 32 and more")));
	assert_null(seal_add(s->foreign, STR("another secret of the right length, too")));
	s->toy = toy_new(s->loop, &s->swarm, s->seal);
	s->vault = &s->toy->vault;
	vault_watch(s->vault, &s->watcher, on_event, s);
	UNTIL(s->loop, s->changed == 1);
	*state = s;
	return 0;
}

static int
teardown(void **state)
{
	struct scene *s = *state;

	vault_free(&s->vault);
	if (s->other != NULL) {
		struct vault *o = &s->other->vault;
		vault_free(&o);
	}
	toy_swarm_fini(&s->swarm);
	seal_free(&s->seal);
	seal_free(&s->foreign);
	loop_free(&s->loop);
	free(s);
	return 0;
}

static struct vault_call *
create(struct scene *s, const char *name, const char *data)
{
	s->done = 0;
	return vault_create(s->vault, name, json_pack("{s:s}", "by", "me"), str_of(data), on_done, s);
}

static struct vault_call *
relabel(struct scene *s, const char *name, const char *by)
{
	s->done = 0;
	return vault_relabel(s->vault, name, vault_find(s->vault, name)->version,
	    json_pack("{s:s}", "by", by), on_done, s);
}

static void
ends(struct scene *s, enum vault_end end)
{
	UNTIL(s->loop, s->done > 0);
	assert_int_equal(s->done, 1);
	assert_int_equal(s->end, end);
}

/* Somebody else creates one in the same Swarm. */
static void
other_creates(struct scene *s, const char *name, const char *data)
{
	if (s->other == NULL)
		s->other = toy_new(s->loop, &s->swarm, s->seal);
	vault_create(&s->other->vault, name, json_pack("{s:s}", "by", "other"), str_of(data), on_done, s);
	s->done = 0;
	ends(s, VAULT_DONE);
}

static void
an_empty_vault_is_ready(void **state)
{
	struct scene *s = *state;
	struct vault_status st = vault_status(s->vault);

	assert_true(st.ready);
	assert_false(st.lost);
	assert_int_equal(vault_count(s->vault), 0);
	assert_null(vault_find(s->vault, "a"));
}

static void
what_is_created_is_found(void **state)
{
	struct scene *s = *state;
	const struct vault_object *o;

	create(s, "b", "2");
	assert_int_equal(s->done, 0);		/* not in this turn */
	ends(s, VAULT_DONE);
	create(s, "a", "1");
	ends(s, VAULT_DONE);
	create(s, "c", "3");
	ends(s, VAULT_DONE);
	assert_int_equal(vault_count(s->vault), 3);
	assert_string_equal(vault_at(s->vault, 0)->name, "a");
	assert_string_equal(vault_at(s->vault, 2)->name, "c");
	o = vault_find(s->vault, "b");
	assert_true(str_eq(o->data, STR("2")));
	assert_string_equal(vault_object_label(o, "by"), "me");
	assert_null(vault_object_label(o, "nothing"));
	assert_null(memmem(s->swarm.object[0].sealed, s->swarm.object[0].bytes, "2", 2));
}

static void
a_name_is_taken_once(void **state)
{
	struct scene *s = *state;

	other_creates(s, "a", "theirs");
	create(s, "a", "mine");
	ends(s, VAULT_OTHER);
	assert_string_equal(s->data, "theirs");
	assert_int_equal(s->swarm.n, 1);
}

/* A 500, or no answer at all, may have been committed. */
static void
no_answer_proves_nothing(void **state)
{
	struct scene *s = *state;

	s->toy->mood = TOY_SILENT;
	create(s, "a", "mine");
	ends(s, VAULT_DONE);
	relabel(s, "a", "again");
	ends(s, VAULT_DONE);
	assert_string_equal(vault_object_label(vault_find(s->vault, "a"), "by"), "again");
	vault_remove(s->vault, vault_find(s->vault, "a")->id, on_done, s);
	s->done = 0;
	ends(s, VAULT_DONE);
	assert_int_equal(s->swarm.n, 0);
}

static void
what_is_not_there_may_still_come(void **state)
{
	struct scene *s = *state;

	s->toy->mood = TOY_LATE;
	create(s, "a", "mine");
	ends(s, VAULT_UNKNOWN);
	assert_ptr_equal(s->why, WHY_STORE_GONE);
	assert_string_equal(s->detail, "the toy's words");
	assert_string_equal(s->data, "none");
	assert_int_equal(toy_do_late(s->toy), VAULT_ANSWER_YES);
	s->toy->mood = TOY_GOOD;
	create(s, "a", "mine again");		/* it is another one, although it is mine */
	ends(s, VAULT_OTHER);
	assert_string_equal(s->data, "mine");
}

static void
a_late_label_does_no_harm(void **state)
{
	struct scene *s = *state;

	create(s, "a", "mine");
	ends(s, VAULT_DONE);
	s->toy->mood = TOY_LATE;
	relabel(s, "a", "late");
	ends(s, VAULT_UNKNOWN);
	s->toy->mood = TOY_GOOD;
	relabel(s, "a", "good");
	ends(s, VAULT_DONE);
	assert_int_equal(toy_do_late(s->toy), VAULT_ANSWER_CONFLICT);
}

static void
a_version_is_changed_once(void **state)
{
	struct scene *s = *state;
	struct vault *o;
	uint64_t version;

	create(s, "a", "mine");
	ends(s, VAULT_DONE);
	s->other = toy_new(s->loop, &s->swarm, s->seal);
	o = &s->other->vault;
	UNTIL(s->loop, vault_status(o).ready);
	version = vault_find(o, "a")->version;
	relabel(s, "a", "first");
	ends(s, VAULT_DONE);
	s->done = 0;
	vault_relabel(o, "a", version, json_pack("{s:s}", "by", "second"), on_done, s);
	ends(s, VAULT_OTHER);
	assert_string_equal(vault_object_label(vault_find(o, "a"), "by"), "first");
}

static void
a_refusal_is_final(void **state)
{
	struct scene *s = *state;

	s->toy->mood = TOY_REFUSING;
	create(s, "a", "mine");
	ends(s, VAULT_FAILED);
	assert_ptr_equal(s->why, WHY_STORE_REFUSED);
}

/* One that is cut off shows what was, for a while. */
static void
a_vault_that_is_behind_is_read_again(void **state)
{
	struct scene *s = *state;
	struct vault_call *c;
	struct vault_result r;
	unsigned reads;

	toy_freeze(s->toy);
	reads = s->toy->reads;
	c = create(s, "a", "mine");
	UNTIL(s->loop, s->toy->reads >= reads + 2);
	assert_int_equal(s->done, 0);
	assert_true(call_judge(c, c->answered_usec + BEHIND_USEC, &r));	/* not for ever */
	assert_int_equal(r.end, VAULT_UNKNOWN);
	assert_ptr_equal(r.why, WHY_STORE_BEHIND);
	s->toy->frozen = false;
	ends(s, VAULT_DONE);
}

static void
a_vault_that_is_lost_keeps_its_view_and_writes_wait(void **state)
{
	struct scene *s = *state;

	create(s, "a", "mine");
	ends(s, VAULT_DONE);
	s->toy->away = true;
	s->toy->mood = TOY_SILENT;
	create(s, "b", "mine");
	UNTIL(s->loop, s->lost > 0);
	assert_int_equal(s->done, 0);
	assert_true(vault_status(s->vault).lost);
	assert_ptr_equal(vault_status(s->vault).why, WHY_STORE_GONE);
	assert_string_equal(vault_status(s->vault).detail, "the toy is away");
	assert_non_null(vault_find(s->vault, "a"));
	s->toy->away = false;
	vault_read_soon(s->vault);
	ends(s, VAULT_DONE);
	assert_false(vault_status(s->vault).lost);
}

static void
reads_are_at_most_five_a_second(void **state)
{
	struct scene *s = *state;
	unsigned reads = s->toy->reads, turns = 0;
	int64_t from = s->vault->read_usec;

	while (s->toy->reads < reads + 3) {
		vault_read_soon(s->vault);
		loop_turn(s->loop, 10 * USEC_PER_MSEC);
		assert_true(++turns < 100000);
	}
	assert_true(clock_mono_usec() - from >= 3 * GAP_USEC);
	assert_true(s->read >= 3);
	assert_int_equal(s->changed, 1);
}

static void
what_takes_long_is_read_less_often(void **state)
{
	struct scene *s = *state;

	gap_set(s->vault, 1);
	assert_int_equal(s->vault->gap_usec, GAP_USEC);
	gap_set(s->vault, 300 * USEC_PER_MSEC);
	assert_int_equal(s->vault->gap_usec, 1500 * USEC_PER_MSEC);
	gap_set(s->vault, 30 * USEC_PER_SEC);
	assert_int_equal(s->vault->gap_usec, GAP_MOST_USEC);
}

static void
a_cancelled_write_calls_nobody(void **state)
{
	struct scene *s = *state;
	struct vault_call *c;
	unsigned reads;

	s->toy->mood = TOY_HANGING;
	c = create(s, "a", "mine");
	vault_cancel(c);
	assert_int_equal(s->toy->drops, 1);
	s->toy->mood = TOY_GOOD;
	c = create(s, "b", "mine");
	vault_cancel(c);
	reads = s->toy->reads;
	UNTIL(s->loop, s->toy->reads > reads);
	assert_int_equal(s->done, 0);
	s->toy->mood = TOY_HANGING;
	create(s, "c", "mine");		/* the vault is freed with it under way */
}

/* What does not open is shown as such, and keeps nobody from the rest. */
static void
what_does_not_open_is_said(void **state)
{
	struct scene *s = *state;
	struct toy_object *a, *b;
	char *sealed;
	size_t bytes;

	create(s, "a", "1");
	ends(s, VAULT_DONE);
	create(s, "b", "2");
	ends(s, VAULT_DONE);
	create(s, "c", "3");
	ends(s, VAULT_DONE);
	a = toy_find(&s->swarm, "a"), b = toy_find(&s->swarm, "b");
	sealed = a->sealed, bytes = a->bytes;
	a->sealed = b->sealed, a->bytes = b->bytes;	/* one that can write swaps them */
	b->sealed = sealed, b->bytes = bytes;
	s->other = toy_new(s->loop, &s->swarm, s->foreign);
	s->swarm.object[0].version = ++s->swarm.index;
	vault_read_soon(s->vault);
	UNTIL(s->loop, s->changed == 5 && vault_status(&s->other->vault).ready);
	assert_ptr_equal(vault_find(s->vault, "a")->why, WHY_STORE_TAMPERED);
	assert_int_equal(vault_find(s->vault, "a")->data.len, 0);
	assert_ptr_equal(vault_find(s->vault, "b")->why, WHY_STORE_TAMPERED);
	assert_null(vault_find(s->vault, "c")->why);
	assert_non_null(vault_find(&s->other->vault, "c")->why);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(an_empty_vault_is_ready),
		TEST(what_is_created_is_found),
		TEST(a_name_is_taken_once),
		TEST(no_answer_proves_nothing),
		TEST(what_is_not_there_may_still_come),
		TEST(a_late_label_does_no_harm),
		TEST(a_version_is_changed_once),
		TEST(a_refusal_is_final),
		TEST(a_vault_that_is_behind_is_read_again),
		TEST(a_vault_that_is_lost_keeps_its_view_and_writes_wait),
		TEST(reads_are_at_most_five_a_second),
		TEST(what_takes_long_is_read_less_often),
		TEST(a_cancelled_write_calls_nobody),
		TEST(what_does_not_open_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
