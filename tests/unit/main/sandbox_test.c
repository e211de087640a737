/*
 * What a worker can no longer do. Each check runs in a process of its own that entered the sandbox and
 * tells by its exit status what it could do.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "main/sandbox.c"

static bool
in_sandbox(bool (*could)(void), const struct sandbox_user *user)
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0)
		_exit(sandbox_enter(user) != NULL ? 2 : could() ? 0 : 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_not_equal(WEXITSTATUS(status), 2);
	return WEXITSTATUS(status) == 0;
}

static bool
could_reach_docker(void)
{
	return socket(AF_UNIX, SOCK_STREAM, 0) >= 0;
}

static bool
could_execute(void)
{
	execl("/bin/true", "true", (char *)NULL);
	return errno != EPERM;
}

static bool
could_fork(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	return pid > 0;
}

#ifndef __SANITIZE_ADDRESS__			/* a sanitizer reads files to tell where a bug is */
static bool
could_write_file(void)
{
	return open("/tmp/mola-sandbox-test", O_WRONLY | O_CREAT, 0600) >= 0;
}
#endif

static bool
could_trace(void)
{
	return ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0;
}

static bool
could_map_code(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED;
}

static bool
could_become_root_again(void)
{
	return setresuid(0, 0, 0) == 0;
}

static bool
could_serve(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons(9) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	void *p = malloc(1 << 20);

	if (fd < 0 || p == NULL)
		return false;
	memset(p, 1, 1 << 20);
	free(p);
	return connect(fd, (struct sockaddr *)&a, sizeof a) == 0 || errno == EINPROGRESS || errno == ECONNREFUSED;
}

static void
rights_are_gone(void **state)
{
	(void)state;
	assert_false(in_sandbox(could_reach_docker, NULL));
	assert_false(in_sandbox(could_execute, NULL));
	assert_false(in_sandbox(could_fork, NULL));
#ifndef __SANITIZE_ADDRESS__
	assert_false(in_sandbox(could_write_file, NULL));
#endif
	assert_false(in_sandbox(could_trace, NULL));
	assert_false(in_sandbox(could_map_code, NULL));
}

static void
work_goes_on(void **state)
{
	(void)state;
	assert_true(in_sandbox(could_serve, NULL));
}

static void
root_is_left_behind(void **state)
{
	struct sandbox_user nobody;

	(void)state;
	assert_true(sandbox_user_find("nobody", &nobody));
	assert_false(sandbox_user_find("no such user", &nobody));
	if (getuid() != 0)
		skip();
	assert_true(sandbox_user_find("nobody", &nobody));
	assert_false(in_sandbox(could_become_root_again, &nobody));
	assert_true(in_sandbox(could_serve, &nobody));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rights_are_gone),
		cmocka_unit_test(work_goes_on),
		cmocka_unit_test(root_is_left_behind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
