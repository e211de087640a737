/* directory: files that outlive their Mola, for one Mola at a time; what is damaged is kept and said. */
#include "../turned_clock.h"

#include "vault/directory.c"

#include "../until.h"

struct scene {
	struct loop	*loop;
	struct vault	*vault;
	char		 path[64], file[128];
	struct vault_watcher watcher;
	unsigned	 events, lost;
	int		 done;
	enum vault_end	 end;
	const struct why *why;
};

static void
on_event(void *arg, enum vault_event e)
{
	struct scene *s = arg;

	s->events++;
	s->lost += e == VAULT_LOST;
}

static void
on_done(void *arg, const struct vault_result *r)
{
	struct scene *s = arg;

	s->done++;
	s->end = r->end;
	s->why = r->why;
}

static void
begin(struct scene *s)
{
	s->vault = directory_new(s->loop, s->path);
	vault_watch(s->vault, &s->watcher, on_event, s);
	s->events = 0;
	UNTIL(s->loop, s->events > 0);
}

static void
again(struct scene *s)
{
	vault_free(&s->vault);
	begin(s);
}

static int
setup(void **state)
{
	struct scene *s = must_zalloc(sizeof *s);

	s->loop = loop_new();
	snprintf(s->path, sizeof s->path, "/tmp/mola-directory-XXXXXX");
	assert_non_null(mkdtemp(s->path));
	assert_int_equal(rmdir(s->path), 0);		/* it is made */
	begin(s);
	*state = s;
	return 0;
}

static int
teardown(void **state)
{
	struct scene *s = *state;
	char command[128];

	vault_free(&s->vault);
	loop_free(&s->loop);
	snprintf(command, sizeof command, "rm -rf '%s'", s->path);
	assert_int_equal(system(command), 0);
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
make(struct scene *s, const char *name, const char *data)
{
	vault_create(s->vault, name, json_pack("{s:s}", "by", "me"), str_of(data), on_done, s);
}

static const char *
file_of(struct scene *s, const char *name)
{
	snprintf(s->file, sizeof s->file, "%s/%s.json", s->path, name);
	return s->file;
}

static void
objects_outlive_their_mola(void **state)
{
	struct scene *s = *state;
	const struct vault_object *o;
	struct stat st;
	char id[32];

	assert_false(directory_is_used(s->path));
	make(s, "cert.00.1", "the key");
	ends(s, VAULT_DONE);
	assert_true(directory_is_used(s->path));
	assert_false(directory_is_used("/nowhere"));
	vault_relabel(s->vault, "cert.00.1", 1, json_pack("{s:s}", "by", "you"), on_done, s);
	ends(s, VAULT_DONE);
	assert_int_equal(stat(file_of(s, "cert.00.1"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(stat(s->path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	snprintf(id, sizeof id, "%s", vault_find(s->vault, "cert.00.1")->id);
	again(s);
	o = vault_find(s->vault, "cert.00.1");
	assert_non_null(o);
	assert_true(str_eq(o->data, STR("the key")));
	assert_string_equal(vault_object_label(o, "by"), "you");
	assert_int_equal(o->version, 2);
	assert_string_equal(o->id, id);
	assert_true(o->created_sec > 1700000000);
	vault_remove(s->vault, id, on_done, s);
	ends(s, VAULT_DONE);
	assert_int_not_equal(access(file_of(s, "cert.00.1"), F_OK), 0);
	make(s, "cert.00.1", "another");
	ends(s, VAULT_DONE);
	assert_string_not_equal(vault_find(s->vault, "cert.00.1")->id, id);
}

static void
a_name_is_taken_once_and_a_version_is_changed_once(void **state)
{
	struct scene *s = *state;

	make(s, "a", "1");
	ends(s, VAULT_DONE);
	make(s, "a", "2");
	ends(s, VAULT_OTHER);
	vault_relabel(s->vault, "a", 1, json_pack("{s:s}", "by", "1"), on_done, s);
	ends(s, VAULT_DONE);
	vault_relabel(s->vault, "a", 1, json_pack("{s:s}", "by", "2"), on_done, s);
	ends(s, VAULT_OTHER);
	assert_string_equal(vault_object_label(vault_find(s->vault, "a"), "by"), "1");
}

static void
a_second_mola_waits(void **state)
{
	struct scene *s = *state;
	struct vault *second = directory_new(s->loop, s->path);
	struct vault_watcher w;

	vault_watch(second, &w, on_event, s);
	UNTIL(s->loop, s->lost > 0);
	assert_ptr_equal(vault_status(second).why, WHY_STORE_LOCKED);
	assert_non_null(strstr(vault_status(second).detail, s->path));
	assert_false(vault_status(second).ready);
	vault_free(&s->vault);
	UNTIL(s->loop, vault_status(second).ready);
	assert_false(vault_status(second).lost);
	s->vault = second;
}

static void
spoil(struct scene *s, const char *name, size_t at, const char *bytes)
{
	int fd = open(file_of(s, name), O_WRONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	if (bytes == NULL)
		assert_int_equal(ftruncate(fd, (off_t)at), 0);
	else
		assert_int_equal(pwrite(fd, bytes, strlen(bytes), (off_t)at), strlen(bytes));
	close(fd);
}

static void
what_is_damaged_is_said_and_kept(void **state)
{
	static const char *const names[] = { "cut", "edited", "empty", "open", "link", "other" };
	struct scene *s = *state;
	char to[160];
	struct stat st;

	make(s, "good", "data");
	ends(s, VAULT_DONE);
	for (unsigned i = 0; i < 5; i++) {
		make(s, names[i], "data");
		ends(s, VAULT_DONE);
	}
	spoil(s, "cut", 60, NULL);
	spoil(s, "edited", 12, "x");
	spoil(s, "empty", 0, NULL);
	assert_int_equal(chmod(file_of(s, "open"), 0640), 0);
	snprintf(to, sizeof to, "%s/good.json", s->path);
	assert_int_equal(unlink(file_of(s, "link")), 0);
	assert_int_equal(symlink(to, file_of(s, "link")), 0);
	assert_int_equal(link(to, file_of(s, "other")), 0);		/* one that has another name inside */
	again(s);
	assert_null(vault_find(s->vault, "good")->why);
	for (unsigned i = 0; i < 6; i++) {
		assert_ptr_equal(vault_find(s->vault, names[i])->why, WHY_STORE_BROKEN);
		assert_int_equal(vault_find(s->vault, names[i])->data.len, 0);
	}
	make(s, "cut", "new");		/* its name stays taken */
	ends(s, VAULT_OTHER);
	vault_remove(s->vault, "damaged", on_done, s);
	UNTIL(s->loop, s->events > 3);
	assert_int_equal(stat(file_of(s, "cut"), &st), 0);
	assert_int_equal(st.st_size, 60);
}

static void
other_files_are_left_alone(void **state)
{
	struct scene *s = *state;
	static const char *const files[] = { "README", "A.json", ".a.json", ".cert.new", "a.json.bak", "a..json" };
	int fd;

	for (unsigned i = 0; i < sizeof files / sizeof *files; i++) {
		snprintf(s->file, sizeof s->file, "%s/%s", s->path, files[i]);
		fd = open(s->file, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
		assert_true(fd >= 0);
		close(fd);
	}
	again(s);
	assert_int_equal(vault_count(s->vault), 0);
	assert_true(vault_status(s->vault).ready);
}

static void
a_folder_that_others_may_write_to_is_refused(void **state)
{
	struct scene *s = *state;

	vault_free(&s->vault);
	assert_int_equal(chmod(s->path, 0777), 0);
	begin(s);
	assert_ptr_equal(vault_status(s->vault).why, WHY_STORE_FOLDER);
	assert_non_null(strstr(vault_status(s->vault).detail, "expected mode 0700"));
	assert_int_equal(chmod(s->path, 0755), 0);
	UNTIL(s->loop, vault_status(s->vault).ready);
}

static void
what_cannot_be_written_is_said(void **state)
{
	struct scene *s = *state;
	char command[160];

	snprintf(command, sizeof command, "mkdir -p '%s/.a.new'", s->path);	/* where the new file would be */
	assert_int_equal(system(command), 0);
	make(s, "a", "data");
	ends(s, VAULT_UNKNOWN);
	assert_ptr_equal(s->why, WHY_STORE_FOLDER);
	assert_int_equal(vault_count(s->vault), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(objects_outlive_their_mola),
		TEST(a_name_is_taken_once_and_a_version_is_changed_once),
		TEST(a_second_mola_waits),
		TEST(what_is_damaged_is_said_and_kept),
		TEST(other_files_are_left_alone),
		TEST(a_folder_that_others_may_write_to_is_refused),
		TEST(what_cannot_be_written_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
