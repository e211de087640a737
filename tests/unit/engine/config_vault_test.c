/* config_vault: Swarm's configs are a vault's objects, and no response to a write is trusted. */
#include "../turned_clock.h"

#include "engine/config_vault.c"

#include "fake_configs.h"

struct scene {
	struct loop	*loop;
	struct fetcher	*fetcher;
	struct fake	*fake;
	struct fake_configs configs;
	struct engine	*engine;
	struct seal	*seal;
	struct vault	*vault;
	struct vault_watcher watcher;
	unsigned	 changed, lost;
	int		 done;
	enum vault_end	 end;
	const struct why *why;
	char		 detail[128];
};

static void
on_event(void *arg, enum vault_event e)
{
	struct scene *s = arg;

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
}

static int
setup(void **state)
{
	struct scene *s = must_zalloc(sizeof *s);
	char *const one[1] = { NULL };
	struct engine_conf ec = { .endpoint = one, .nendpoints = 1, .timeout_usec = 5 * USEC_PER_SEC };
	char *endpoint;

	s->loop = loop_new();
	s->fetcher = fetcher_new(s->loop);
	s->fake = fake_new(s->loop, false);
	s->configs.all = json_array();
	s->fake->hook = fake_configs_hook;
	s->fake->hook_arg = &s->configs;
	endpoint = s->fake->endpoint;
	ec.endpoint = &endpoint;
	s->engine = engine_new(s->loop, s->fetcher, &ec);
	s->seal = seal_new();
	assert_null(seal_add(s->seal, STR("a secret of the right length, 32 and more")));
	s->vault = config_vault_new(s->loop, s->seal, "mola");
	vault_watch(s->vault, &s->watcher, on_event, s);
	config_vault_engine(s->vault, s->engine);
	*state = s;
	return 0;
}

static int
teardown(void **state)
{
	struct scene *s = *state;

	config_vault_engine(s->vault, NULL);
	vault_free(&s->vault);
	engine_free(&s->engine);
	fetcher_free(&s->fetcher);
	fake_free(s->fake);
	loop_turn(s->loop, 0);
	loop_free(&s->loop);
	json_decref(s->configs.all);
	seal_free(&s->seal);
	free(s);
	return 0;
}

static void
ends(struct scene *s, enum vault_end end)
{
	UNTIL(s->loop, s->done > 0);
	assert_int_equal(s->done, 1);
	assert_int_equal(s->end, end);
	s->done = 0;
}

static void
create(struct scene *s, const char *name, const char *data)
{
	vault_create(s->vault, name, json_pack("{s:s}", "by", "me"), str_of(data), on_done, s);
}

static void
relabel(struct scene *s, const char *name, const char *by)
{
	vault_relabel(s->vault, name, vault_find(s->vault, name)->version, json_pack("{s:s}", "by", by), on_done, s);
}

static void
objects_are_configs(void **state)
{
	struct scene *s = *state;
	const struct vault_object *o;
	json_t *spec;

	create(s, "acme.lease", "nothing");
	ends(s, VAULT_DONE);
	spec = json_object_get(json_array_get(s->configs.all, 0), "Spec");
	assert_string_equal(json_string_value(json_object_get(spec, "Name")), "mola.acme.lease");
	o = vault_find(s->vault, "acme.lease");
	assert_true(str_eq(o->data, STR("nothing")));
	assert_int_equal(o->version, 1);
	assert_int_equal(o->created_sec, 1795816800);
	relabel(s, "acme.lease", "you");
	ends(s, VAULT_DONE);
	o = vault_find(s->vault, "acme.lease");
	assert_int_equal(o->version, 2);
	assert_string_equal(vault_object_label(o, "by"), "you");
	vault_remove(s->vault, o->id, on_done, s);
	ends(s, VAULT_DONE);
	assert_string_equal(s->configs.method, "DELETE");
	assert_int_equal(json_array_size(s->configs.all), 0);
	vault_remove(s->vault, "id1", on_done, s);		/* it is gone, whoever did it */
	ends(s, VAULT_DONE);
	assert_true(strstr(s->fake->last, "/configs?filters=%7B%22name%22%3A%5B%22mola.%22%5D%7D") != NULL);
}

static void
others_configs_are_left_alone(void **state)
{
	struct scene *s = *state;

	json_array_append_new(s->configs.all, json_pack("{s:s, s:{s:i}, s:{s:s, s:s}}", "ID", "x1", "Version", "Index", 1,
	    "Spec", "Name", "mola.yaml", "Data", "Zm9v"));		/* a file of people's, with no labels */
	json_array_append_new(s->configs.all, json_pack("{s:s, s:{s:i}, s:{s:s}}", "ID", "x2", "Version", "Index", 1,
	    "Spec", "Name", "molasses"));
	json_array_append_new(s->configs.all, json_pack("{s:s, s:{s:i}, s:{s:s}}", "ID", "../x3", "Version", "Index", 1,
	    "Spec", "Name", "mola.trap"));
	json_array_append_new(s->configs.all, json_pack("{s:s, s:{s:i}, s:{s:s, s:s}}", "ID", "x4", "Version", "Index", 1,
	    "Spec", "Name", "MOLA.Cert", "Data", "Zm9v"));
	json_array_append_new(s->configs.all, json_string("nonsense"));
	UNTIL(s->loop, s->changed == 1);
	assert_int_equal(vault_count(s->vault), 2);
	assert_ptr_equal(vault_find(s->vault, "yaml")->why, WHY_STORE_TAMPERED);
	assert_non_null(vault_find(s->vault, "cert"));
	create(s, "cert", "mine");				/* the case of names does not count */
	ends(s, VAULT_OTHER);
}

/* What is known is not read again, and what has changed is, even by people's hands. */
static void
what_has_not_changed_is_kept(void **state)
{
	struct scene *s = *state;
	const struct vault_object *o;
	const char *data;
	char name[16];

	for (unsigned i = 0; i < 5; i++) {
		snprintf(name, sizeof name, "a%u", i);
		create(s, name, name);
		ends(s, VAULT_DONE);
	}
	data = vault_find(s->vault, "a1")->data.p;
	relabel(s, "a3", "you");
	ends(s, VAULT_DONE);
	assert_ptr_equal(vault_find(s->vault, "a1")->data.p, data);
	assert_string_equal(vault_object_label(vault_find(s->vault, "a3"), "by"), "you");
	json_array_remove(s->configs.all, 1);
	create(s, "a1", "another");
	ends(s, VAULT_DONE);
	o = vault_find(s->vault, "a1");
	assert_true(str_eq(o->data, STR("another")));
	assert_int_equal(vault_count(s->vault), 5);
	for (unsigned i = 0; i < 5; i++)
		assert_true(vault_at(s->vault, i)->name[1] == (char)('0' + i));
}

/* 500, and it was done; 409, and it was done; nothing, and it was done. */
static void
responses_prove_nothing(void **state)
{
	static const int status[] = { 500, 409, 503 };
	struct scene *s = *state;
	char name[16];

	UNTIL(s->loop, s->changed == 1);
	s->configs.words = "rpc error: code = DeadlineExceeded desc = context deadline exceeded";
	for (unsigned i = 0; i < sizeof status / sizeof *status; i++) {
		s->configs.status = status[i];
		snprintf(name, sizeof name, "a%u", i);
		create(s, name, "mine");
		ends(s, VAULT_DONE);
		relabel(s, name, "again");
		ends(s, VAULT_DONE);
	}
	s->configs.undone = true;
	s->configs.status = 500;
	create(s, "b", "mine");
	ends(s, VAULT_UNKNOWN);
	assert_string_equal(s->detail, s->configs.words);
}

static void
certain_refusals_are_final(void **state)
{
	struct scene *s = *state;

	s->configs.undone = true;
	s->configs.status = 400;
	s->configs.words = "rpc error: code = InvalidArgument desc = config data must be larger than 0 bytes";
	create(s, "a", "mine");
	ends(s, VAULT_FAILED);
	assert_ptr_equal(s->why, WHY_ENGINE_REFUSED);
	assert_string_equal(s->detail, s->configs.words);
}

static void
a_stale_version_loses(void **state)
{
	struct scene *s = *state;
	json_t *o;

	create(s, "a", "mine");
	ends(s, VAULT_DONE);
	o = json_array_get(s->configs.all, 0);			/* another one was faster */
	json_object_set_new(json_object_get(o, "Version"), "Index", json_integer(99));
	json_object_set_new(json_object_get(json_object_get(o, "Spec"), "Labels"), "by", json_string("other"));
	relabel(s, "a", "me again");
	ends(s, VAULT_OTHER);
	assert_string_equal(vault_object_label(vault_find(s->vault, "a"), "by"), "other");
}

static void
a_worker_has_no_configs(void **state)
{
	struct scene *s = *state;

	s->configs.worker = true;
	create(s, "a", "mine");
	UNTIL(s->loop, s->lost > 0);
	assert_ptr_equal(vault_status(s->vault).why, WHY_ENGINE_CLIENT);
	assert_false(vault_status(s->vault).ready);
	s->configs.worker = false;				/* it is promoted */
	UNTIL(s->loop, s->done > 0);
	assert_int_equal(s->end, VAULT_UNKNOWN);
}

static void
an_engine_may_go_and_come(void **state)
{
	struct scene *s = *state;

	create(s, "a", "mine");
	ends(s, VAULT_DONE);
	s->configs.status = -1;
	create(s, "b", "mine");
	UNTIL(s->loop, s->configs.writes == 2);
	config_vault_engine(s->vault, NULL);
	assert_int_equal(s->done, 0);
	UNTIL(s->loop, s->lost > 0);
	s->configs.status = 0;
	config_vault_engine(s->vault, s->engine);
	ends(s, VAULT_DONE);					/* it was done */
}

static void
prefixes(void **state)
{
	(void)state;
	assert_true(config_vault_prefix_is_valid("mola"));
	assert_true(config_vault_prefix_is_valid("edge-2"));
	assert_false(config_vault_prefix_is_valid(""));
	assert_false(config_vault_prefix_is_valid("a.b"));
	assert_false(config_vault_prefix_is_valid("Mola"));
	assert_false(config_vault_prefix_is_valid("sixteen-letters-"));
	assert_int_equal(VAULT_NAME_MAX + CONFIG_VAULT_PREFIX_MAX + 1, CONFIGS_NAME_MAX);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(objects_are_configs),
		TEST(others_configs_are_left_alone),
		TEST(what_has_not_changed_is_kept),
		TEST(responses_prove_nothing),
		TEST(certain_refusals_are_final),
		TEST(a_stale_version_loses),
		TEST(a_worker_has_no_configs),
		TEST(an_engine_may_go_and_come),
		cmocka_unit_test(prefixes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
