/*
 * lease: three contenders, one clock that the test turns, and a raft that loses answers, does what it is asked late, or shows
 * what was. Never do two have the right at the same moment.
 */
#include "../until.h"
#include "base/rng.h"
#include "vault/lease.c"

#define N		3
#define SEC		USEC_PER_SEC

/* What is under way of a contender. */
struct write {
	bool		 waiting;	/* its contender waits for the outcome */
	enum lease_step	 step;
	uint64_t	 version;
	int64_t		 do_usec;	/* it is done then, if ever; 0: it is done, or never will be */
	int64_t		 end_usec;	/* the contender stops to wait for an answer, and reads */
};

struct contender {
	struct lease	 lease;
	struct write	 write[4];	/* late ones, too */
	bool		 cut;		/* it reads what was, and its writes wait */
	bool		 dead;
	bool		 deaf;		/* it reads well, and nothing that it writes is done */
	/* the object as it was when it was cut */
	bool		 old_exists;
	uint64_t	 old_version;
	char		 old_holder[LEASE_HOLDER_MAX];
	unsigned	 acts;		/* turns in which it had the right */
};

struct world {
	int64_t		 now;
	struct rng	 rng;
	bool		 exists;
	uint64_t	 version, index;
	char		 holder[LEASE_HOLDER_MAX];
	struct contender c[N];
	unsigned	 lost, late;	/* answers in 100 that are lost, and writes that are late */
	unsigned	 written;
};

static void
world_init(struct world *w, uint64_t seed)
{
	char me[16];

	*w = (struct world){ .now = 1000 * SEC };
	rng_seed(&w->rng, seed);
	for (unsigned i = 0; i < N; i++) {
		snprintf(me, sizeof me, "task-%u", i);
		lease_init(&w->c[i].lease, me, false);
	}
}

static void
apply(struct world *w, struct contender *c, struct write *x)
{
	bool fits = x->step == LEASE_CREATE ? !w->exists : w->exists && w->version == x->version;

	x->do_usec = 0;
	if (!fits)
		return;
	w->exists = true;
	w->version = ++w->index;
	w->written++;
	snprintf(w->holder, sizeof w->holder, "%s", x->step == LEASE_RELEASE ? "" : c->lease.me);
}

static void
show(struct world *w, struct contender *c, int64_t took)
{
	bool exists = c->cut ? c->old_exists : w->exists;
	json_t *labels = json_pack("{s:s}", "holder", c->cut ? c->old_holder : w->holder);
	struct vault_object o = { .name = "acme.lease", .id = "x", .version = c->cut ? c->old_version : w->version,
	    .labels = labels };

	lease_read(&c->lease, w->now - took, w->now, exists ? &o : NULL, false);
	json_decref(labels);
}

/* What is read after the answer, or after none, decides: as vault.c does it. */
static enum vault_end
judge(const struct world *w, const struct contender *c, const struct write *x)
{
	if (w->exists && strcmp(w->holder, x->step == LEASE_RELEASE ? "" : c->lease.me) == 0 && w->version != x->version)
		return VAULT_DONE;
	if (x->step == LEASE_CREATE ? !w->exists : w->version == x->version)
		return VAULT_UNKNOWN;
	return VAULT_OTHER;
}

static void
begin_write(struct world *w, struct contender *c, enum lease_step step)
{
	struct write *x = NULL;

	for (unsigned i = 0; i < 4 && x == NULL; i++)
		if (!c->write[i].waiting && c->write[i].do_usec == 0)
			x = &c->write[i];
	if (x == NULL)		/* enough is late */
		return;
	lease_sent(&c->lease, step, w->now);
	*x = (struct write){ .waiting = true, .step = step, .version = c->lease.version, .do_usec = w->now + SEC / 100,
	    .end_usec = w->now + SEC / 50 };
	if (c->deaf)
		x->do_usec = 0;
	else if (c->cut || rng_below(&w->rng, 100) < w->late) {
		x->do_usec = w->now + (2 + (int64_t)rng_below(&w->rng, 24)) * SEC;
		x->end_usec = w->now + (rng_below(&w->rng, 2) ? SEC / 50 : 25 * SEC);
	} else if (rng_below(&w->rng, 100) < w->lost) {
		x->end_usec = w->now + 25 * SEC;		/* done, and not answered */
		if (rng_below(&w->rng, 2))
			x->do_usec = 0;				/* or never done */
	}
}

static void
contender_turn(struct world *w, struct contender *c)
{
	enum lease_step step;
	int64_t until;

	for (unsigned i = 0; i < 4; i++)
		if (c->write[i].do_usec != 0 && w->now >= c->write[i].do_usec && !(c->cut && !c->dead))
			apply(w, c, &c->write[i]);
	if (c->dead)
		return;
	for (unsigned i = 0; i < 4; i++)
		if (c->write[i].waiting && w->now >= c->write[i].end_usec && !c->cut) {
			c->write[i].waiting = false;
			show(w, c, SEC / 100);
			lease_written(&c->lease, judge(w, c, &c->write[i]), w->now);
		}
	if (rng_below(&w->rng, 200) == 0)
		show(w, c, SEC / 100);
	step = lease_next(&c->lease, w->now, &until);
	if (step == LEASE_REST)
		assert_true(until > w->now);
	else if (step == LEASE_READ)
		show(w, c, SEC / 100);
	else
		begin_write(w, c, step);
}

static unsigned
holders(struct world *w)
{
	unsigned n = 0;

	for (unsigned i = 0; i < N; i++)
		if (!w->c[i].dead && lease_may_act(&w->c[i].lease, w->now)) {
			w->c[i].acts++;
			n++;
		}
	return n;
}

/* Turns the clock by steps of a tenth of a second. */
static void
pass(struct world *w, int seconds)
{
	for (int i = 0; i < seconds * 10; i++) {
		w->now += SEC / 10;
		for (unsigned k = 0; k < N; k++)
			contender_turn(w, &w->c[k]);
		assert_true(holders(w) <= 1);
	}
}

static int
holder(struct world *w)
{
	for (int i = 0; i < N; i++)
		if (!w->c[i].dead && lease_may_act(&w->c[i].lease, w->now))
			return i;
	return -1;
}

static void
all_want(struct world *w)
{
	for (unsigned i = 0; i < N; i++)
		lease_want(&w->c[i].lease, w->now);
}

static void
cut(struct world *w, int i)
{
	w->c[i].cut = true;
	w->c[i].old_exists = w->exists;
	w->c[i].old_version = w->version;
	snprintf(w->c[i].old_holder, LEASE_HOLDER_MAX, "%s", w->holder);
}

static void
one_of_three_has_it(void **state)
{
	struct world w;
	int first;

	(void)state;
	world_init(&w, 1);
	pass(&w, 60);
	assert_false(w.exists);			/* nobody wanted it */
	all_want(&w);
	pass(&w, 30);
	first = holder(&w);
	assert_true(first >= 0);
	pass(&w, 600);
	assert_int_equal(holder(&w), first);	/* it stays where it is */
	assert_true(w.written > 600 / 15 - 5 && w.written < 600 / 15 + 10);
}

static void
it_is_given_back_at_once(void **state)
{
	struct world w;
	int first;

	(void)state;
	world_init(&w, 2);
	all_want(&w);
	pass(&w, 30);
	first = holder(&w);
	lease_unwant(&w.c[first].lease);
	pass(&w, 25);				/* others read it within some 20 s here */
	assert_true(holder(&w) >= 0 && holder(&w) != first);
	for (unsigned i = 0; i < N; i++)
		lease_unwant(&w.c[i].lease);
	pass(&w, 5);
	assert_int_equal(holder(&w), -1);
	assert_string_equal(w.holder, "");
}

static void
a_dead_holder_is_replaced_after_a_minute(void **state)
{
	struct world w;
	int first;
	int64_t died;

	(void)state;
	world_init(&w, 3);
	all_want(&w);
	pass(&w, 30);
	first = holder(&w);
	w.c[first].dead = true;
	died = w.now;
	pass(&w, 40);
	assert_int_equal(holder(&w), -1);
	while (holder(&w) < 0 && w.now < died + 200 * SEC)
		pass(&w, 1);
	assert_true(holder(&w) >= 0);
	assert_true(w.now - died >= 44 * SEC && w.now - died < 110 * SEC);
}

/* It goes on reading what was, and believes that it holds the lease: not for longer than 45 s. */
static void
a_holder_that_is_cut_off_stops_in_time(void **state)
{
	struct world w;
	int first;

	(void)state;
	world_init(&w, 4);
	all_want(&w);
	pass(&w, 30);
	first = holder(&w);
	cut(&w, first);
	pass(&w, 46);
	assert_int_not_equal(holder(&w), first);
	pass(&w, 80);
	assert_true(holder(&w) >= 0 && holder(&w) != first);
	w.c[first].cut = false;			/* what it sent comes true, too late */
	pass(&w, 120);
	assert_true(holder(&w) >= 0 && holder(&w) != first);
}

static void
beats_that_are_not_done_give_no_right(void **state)
{
	struct world w;
	int first;

	(void)state;
	world_init(&w, 5);
	all_want(&w);
	pass(&w, 30);
	first = holder(&w);
	w.c[first].deaf = true;
	pass(&w, 46);
	assert_int_equal(holder(&w), -1);
	pass(&w, 60);
	assert_true(holder(&w) >= 0 && holder(&w) != first);
}

static void
lost_late_and_doubled_answers_never_make_two(void **state)
{
	struct world w;
	unsigned acts, total = 0;

	(void)state;
	for (uint64_t seed = 100; seed < 140; seed++) {
		world_init(&w, seed);
		w.lost = 20;
		w.late = 20;
		all_want(&w);
		for (int i = 0; i < 30; i++) {
			int k = (int)rng_below(&w.rng, N);
			if (w.c[k].cut)
				w.c[k].cut = false;
			else if (rng_below(&w.rng, 3) == 0)
				cut(&w, k);
			if (rng_below(&w.rng, 4) == 0)
				lease_unwant(&w.c[rng_below(&w.rng, N)].lease);
			else
				lease_want(&w.c[rng_below(&w.rng, N)].lease, w.now);
			pass(&w, 10 + (int)rng_below(&w.rng, 50));
		}
		for (unsigned i = 0; i < N; i++)
			w.c[i].cut = false;
		w.lost = w.late = 0;
		all_want(&w);
		pass(&w, 150);
		assert_true(holder(&w) >= 0);
		acts = 0;
		for (unsigned i = 0; i < N; i++)
			acts += w.c[i].acts;
		total += acts;
	}
	assert_true(total > 40 * 1500);		/* and somebody had it most of the time */
}

static void
it_waits_for_its_moment(void **state)
{
	struct world w;

	(void)state;
	world_init(&w, 7);
	lease_want(&w.c[1].lease, w.now + 100 * SEC);
	pass(&w, 99);
	assert_false(w.exists);
	pass(&w, 20);
	assert_int_equal(holder(&w), 1);
}

static void
a_directory_is_ones_own(void **state)
{
	struct lease l;
	json_t *labels = json_pack("{s:s}", "holder", "one that has died");
	struct vault_object o = { .name = "acme.lease", .id = "x", .version = 7, .labels = labels };
	int64_t until;

	(void)state;
	lease_init(&l, "me", true);
	lease_want(&l, 0);
	lease_read(&l, 10, 10, &o, false);
	assert_int_equal(lease_next(&l, 20, &until), LEASE_BEAT);
	json_decref(labels);
}

static void
what_is_foreign_is_left_alone(void **state)
{
	struct lease l;
	json_t *labels = json_pack("{s:s}", "holder", "");
	struct vault_object o = { .name = "acme.lease", .id = "x", .version = 7, .labels = labels };
	int64_t until;

	(void)state;
	lease_init(&l, "me", false);
	lease_want(&l, 0);
	lease_read(&l, 10, 10, &o, true);
	assert_int_equal(lease_next(&l, 1000 * SEC, &until), LEASE_REST);
	assert_true(until == INT64_MAX);
	json_decref(labels);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_of_three_has_it),
		cmocka_unit_test(it_is_given_back_at_once),
		cmocka_unit_test(a_dead_holder_is_replaced_after_a_minute),
		cmocka_unit_test(a_holder_that_is_cut_off_stops_in_time),
		cmocka_unit_test(beats_that_are_not_done_give_no_right),
		cmocka_unit_test(lost_late_and_doubled_answers_never_make_two),
		cmocka_unit_test(it_waits_for_its_moment),
		cmocka_unit_test(a_directory_is_ones_own),
		cmocka_unit_test(what_is_foreign_is_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
