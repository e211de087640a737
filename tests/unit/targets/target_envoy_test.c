/* target_envoy: the files, one for each service; what one of them lacks is not the others' harm. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "targets/target_envoy.c"
#include "fake_target.h"

static struct plan_server server[] = { { .name = "a.1", .node = "n", .weight = 1000, .share = 1 },
	{ .name = "b.1", .node = "n", .weight = 1000, .share = 1 } };
static struct plan_service services[] = { { .name = "a", .server = &server[0], .nservers = 1, .nserving = 1 },
	{ .name = "b", .server = &server[1], .nservers = 1, .nserving = 1 } };
static const struct plan plan = { .service = services, .nservices = 2 };

static void
a_folder_that_is_missing_keeps_no_other_file_back(void **state)
{
	struct target t = { .loop = loop_new(), .plan = &plan };
	char folder[] = "/tmp/mola-envoy-XXXXXX", template[64], path[64];
	void *envoy;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(template, sizeof template, "%s/{service}/eds.json", folder);
	for (unsigned i = 0; i < 2; i++)
		assert_null(addr_parse(STR("10.0.0.1:80"), &server[i].addr));
	snprintf(path, sizeof path, "%s/b", folder);
	assert_int_equal(mkdir(path, 0755), 0);
	t.conf = (struct conf_target){ .name = "e", .kind = TARGET_ENVOY_FILE, .backend = (char *)"{service}", .file = template,
	    .poll_usec = USEC_PER_SEC };
	envoy = target_driver_envoy_file.open(&t);
	target_driver_envoy_file.publish(envoy, &plan);
	assert_int_equal(t.failed, 1);
	assert_int_equal(t.published, 0);
	assert_ptr_equal(t.why, WHY_PROXY_FILE);
	assert_non_null(strstr(t.detail, "/a/.eds.json.new"));
	snprintf(path, sizeof path, "%s/b/eds.json", folder);
	assert_int_equal(access(path, R_OK), 0);
	assert_int_equal(unlink(path), 0);
	snprintf(path, sizeof path, "%s/b", folder);
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(rmdir(folder), 0);
	target_driver_envoy_file.close(envoy);
	loop_free(&t.loop);
}

/* Whether so much stands in the file. */
static bool
says(const char *folder, const char *name, const char *text)
{
	char path[128];
	struct buf b;
	bool found;

	snprintf(path, sizeof path, "%s/%s", folder, name);
	buf_init(&b, 65536);
	assert_true(atomic_file_read(path, &b));
	buf_add(&b, "", 1);
	found = strstr(b.p, text) != NULL;
	buf_fini(&b);
	return found;
}

/* Of a Mola before us, too: what we never heard of. What somebody else wrote stays. */
static void
all_files_of_ours_are_withdrawn(void **state)
{
	static const char theirs[] = "{\"resources\":[]}";
	struct target t = { .loop = loop_new(), .plan = &plan };
	char folder[] = "/tmp/mola-envoy-XXXXXX", template[64], path[128], detail[FILE_DETAIL_MAX];
	struct atomic_file_id mark;
	void *envoy;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(template, sizeof template, "%s/{service}.json", folder);
	t.conf = (struct conf_target){ .name = "e", .kind = TARGET_ENVOY_FILE, .backend = (char *)"edge_{service}", .file = template,
	    .poll_usec = USEC_PER_SEC, .stale_after_usec = USEC_PER_SEC };
	envoy = target_driver_envoy_file.open(&t);
	target_driver_envoy_file.publish(envoy, &plan);
	assert_int_equal(t.published, 1);
	target_driver_envoy_file.close(envoy);
	snprintf(path, sizeof path, "%s/c.json", folder);
	assert_null(atomic_file_write(path, STR(theirs), &mark, detail));
	envoy = target_driver_envoy_file.open(&t);
	target_driver_envoy_file.withdraw(envoy);
	assert_int_equal(t.withdrawn, 1);
	target_driver_envoy_file.tick(envoy, loop_now(t.loop) + 60 * USEC_PER_SEC);
	assert_true(says(folder, "a.json", "edge_a") && !says(folder, "a.json", "10.0.0.1"));
	assert_false(says(folder, "b.json", "10.0.0.1") || says(folder, "b.json", "stale"));
	assert_true(says(folder, "c.json", theirs));
	target_driver_envoy_file.publish(envoy, &plan);
	assert_true(says(folder, "a.json", "10.0.0.1"));
	for (unsigned i = 0; i < 3; i++) {
		snprintf(path, sizeof path, "%s/%c.json", folder, 'a' + (char)i);
		assert_int_equal(unlink(path), 0);
	}
	assert_int_equal(rmdir(folder), 0);
	target_driver_envoy_file.close(envoy);
	loop_free(&t.loop);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_folder_that_is_missing_keeps_no_other_file_back),
		cmocka_unit_test(all_files_of_ours_are_withdrawn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
