#include "engine/self.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define ID "67e490c1b7e3359fe1290f216979828cb69e50dd839bd18ba405e0da00ea6b18"

static void
a_container_is_known_by_its_mounts(void **state)
{
	char id[SELF_ID_MAX] = "";

	(void)state;
	assert_true(self_container_in(STR("601 588 8:1 /var/lib/docker/containers/" ID "/resolv.conf /etc/resolv.conf rw - ext4 /dev/sda1 rw\n"
	    "602 588 8:1 /var/lib/docker/containers/" ID "/hostname /etc/hostname rw,relatime - ext4 /dev/sda1 rw\n"), id));
	assert_string_equal(id, ID);
}

static void
a_host_is_no_container(void **state)
{
	char id[SELF_ID_MAX] = "";

	(void)state;
	assert_false(self_container_in(STR(""), id));
	assert_false(self_container_in(STR("22 1 8:1 / / rw - ext4 /dev/sda1 rw\n"), id));
	/* an engine's host sees its containers' mounts, but has its own /etc/hostname */
	assert_false(self_container_in(STR("90 22 0:50 / /var/lib/docker/containers/" ID "/mounts/shm rw - tmpfs shm rw\n"), id));
	assert_false(self_container_in(STR("/containers/" ID), id));
	assert_false(self_container_in(STR("/containers/67e4/hostname /etc/hostname"), id));
	assert_string_equal(id, "");
}

/* Text is as long as it says, and nothing behind it is looked at: /proc cut off, a response without a body. */
static void
text_ends_where_it_ends(void **state)
{
	static const char cut[] = "/containers/" ID "/ho";
	struct self s = { .container = ID };
	char id[SELF_ID_MAX] = "", *text = malloc(sizeof cut - 1);

	(void)state;
	memcpy(text, cut, sizeof cut - 1);
	assert_false(self_container_in((struct str){ text, sizeof cut - 1 }, id));
	free(text);
	assert_false(self_container_in((struct str){ NULL, 0 }, id));
	assert_false(self_read_container(&s, (struct str){ NULL, 0 }));
	assert_false(self_read_tasks(&s, (struct str){ NULL, 0 }));
}

static void
the_container_tells_service_and_networks(void **state)
{
	struct self s = { .container = ID };

	(void)state;
	assert_false(self_read_container(&s, STR("")));
	assert_false(self_read_container(&s, STR("{\"message\":\"No such container\"}")));
	assert_false(s.known);
	assert_true(self_read_container(&s, STR("{\"Config\":{\"Labels\":{\"com.docker.swarm.service.id\":\"svc1\"}},"
	    "\"NetworkSettings\":{\"Networks\":{\"front\":{\"NetworkID\":\"n1\"},\"bridge\":{\"NetworkID\":\"n2\"},\"odd\":{}}}}")));
	assert_true(s.known);
	assert_string_equal(s.service, "svc1");
	assert_int_equal(s.nnetworks, 2);
	assert_true(self_read_container(&s, STR("{\"NetworkSettings\":{\"Networks\":{}}}")));
	assert_int_equal(s.nnetworks, 0);
	assert_string_equal(s.service, "");
	self_fini(&s);
}

static void
the_task_tells_where_the_engine_is_another_machines(void **state)
{
	struct self s = { .container = ID }, host = { .container = "" };
	static const char tasks[] = "[{\"ServiceID\":\"other\",\"Status\":{\"ContainerStatus\":{\"ContainerID\":\"aa\"}}},"
	    "{\"ServiceID\":\"svc1\",\"Status\":{\"ContainerStatus\":{\"ContainerID\":\"" ID "\"}},"
	    "\"NetworksAttachments\":[{\"Network\":{\"ID\":\"n1\"}},{\"Network\":{\"ID\":\"n7\"}}]}]";

	(void)state;
	assert_false(self_read_tasks(&s, STR("[]")));
	assert_false(self_read_tasks(&host, STR(tasks)));
	assert_true(self_read_tasks(&s, STR(tasks)));
	assert_string_equal(s.service, "svc1");
	assert_int_equal(s.nnetworks, 2);
	assert_string_equal(s.network[1], "n7");
	self_fini(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_container_is_known_by_its_mounts),
		cmocka_unit_test(a_host_is_no_container),
		cmocka_unit_test(text_ends_where_it_ends),
		cmocka_unit_test(the_container_tells_service_and_networks),
		cmocka_unit_test(the_task_tells_where_the_engine_is_another_machines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
