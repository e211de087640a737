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
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "main/sandbox.c"

static const struct sandbox_user *user_of_worker;

static const char *
as_worker(void)
{
	return sandbox_enter(user_of_worker);
}

static const char *
without_files(void)
{
	return keep_from_files(0);
}

static bool
after(const char *(*entered)(void), bool (*could)(void))
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0)
		_exit(entered() != NULL ? 2 : could() ? 0 : 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_not_equal(WEXITSTATUS(status), 2);
	return WEXITSTATUS(status) == 0;
}

static bool
in_sandbox(bool (*could)(void), const struct sandbox_user *user)
{
	user_of_worker = user;
	return after(as_worker, could);
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

static bool
could_write_file(void)
{
	return open("/tmp/mola-sandbox-test", O_WRONLY | O_CREAT, 0600) >= 0;
}

static bool
could_read_file(void)
{
	return open("/proc/self/stat", O_RDONLY) >= 0;
}

static bool
could_read_folder(void)
{
	return open("/proc", O_RDONLY | O_DIRECTORY) >= 0;
}

static bool
could_run(void)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		execl("/bin/true", "true", (char *)NULL);
		_exit(1);
	}
	return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static bool
could_listen(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	return fd >= 0 && bind(fd, (struct sockaddr *)&a, sizeof a) == 0;
}

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

/* ---- each call there is ---- */

/* Those whose arguments decide. */
static bool
is_conditional(const char *name)
{
	static const char *const names[] = { "socket", "mmap", "mmap2", "mprotect", "clone", "clone3", "sched_setscheduler", "setpriority" };

	for (unsigned i = 0; i < sizeof names / sizeof *names; i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

static bool
is_allowed(int call)
{
	for (unsigned i = 0; i < sizeof allowed / sizeof *allowed; i++)
		if (allowed[i] == call)
			return true;
	return false;
}

static bool
is_refused(int call)
{
	return syscall(call, -1L, -1L, -1L, -1L, -1L, -1L) == -1 && errno == EPERM;
}

static unsigned tried;

/* All that this machine has a name for and that no list allows; with arguments that would do nothing if one got through. */
static bool
could_call_what_is_not_allowed(void)
{
	char *name;

	for (int call = 0; call < 1000; call++) {
		if ((name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, call)) == NULL)
			continue;
		if (!is_allowed(call) && !is_conditional(name)) {
			tried++;
			if (!is_refused(call)) {
				dprintf(STDERR_FILENO, "%s is not refused\n", name);
				return true;
			}
		}
		free(name);
	}
	return tried < 250;		/* then they were not looked for in the right way */
}

static bool
could_call_what_is_refused(void)
{
	for (unsigned i = 0; i < sizeof refused / sizeof *refused; i++) {
		int call = seccomp_syscall_resolve_name(refused[i]);
#ifdef __SANITIZE_ADDRESS__
		if (call == SCMP_SYS(ptrace))
			continue;
#endif
		if (call >= 0 && !is_refused(call)) {
			dprintf(STDERR_FILENO, "%s is not refused\n", refused[i]);
			return true;
		}
	}
	return false;
}

static bool
could_by_other_arguments(void)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return page == MAP_FAILED || mprotect(page, 4096, PROT_READ | PROT_EXEC) == 0 || socket(AF_NETLINK, SOCK_RAW, 0) >= 0 ||
	    socket(AF_PACKET, SOCK_RAW, 0) >= 0 || socket(AF_VSOCK, SOCK_STREAM, 0) >= 0 ||
	    syscall(SYS_clone, SIGCHLD | CLONE_NEWUSER, 0, 0, 0, 0) >= 0 || syscall(SYS_clone3, NULL, 0) >= 0 || errno != ENOSYS ||
	    setpriority(PRIO_PROCESS, getppid(), 0) == 0 || setpriority(PRIO_USER, 0, 0) == 0;
}

static void
each_call_that_is_not_listed_is_refused(void **state)
{
	(void)state;
	assert_false(in_sandbox(could_call_what_is_not_allowed, NULL));
	assert_false(in_sandbox(could_by_other_arguments, NULL));
}

/* ---- the brain, and an agent ---- */

static void
the_brain_has_no_call_that_it_does_not_need(void **state)
{
	(void)state;
	assert_false(after(sandbox_limit, could_call_what_is_refused));
	assert_true(after(sandbox_limit, could_run));
	assert_true(after(sandbox_limit, could_reach_docker));
	assert_true(after(sandbox_limit, could_listen));
	assert_true(after(sandbox_limit, could_read_file));
}

/* One reads files to tell where a bug is. */
static bool
with_sanitizer(void)
{
#ifdef __SANITIZE_ADDRESS__
	return true;
#else
	return false;
#endif
}

static bool
has_landlock(long version)
{
	return syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION) >= version;
}

static void
an_agent_reads_and_nothing_else(void **state)
{
	(void)state;
	assert_false(after(sandbox_read_only, could_call_what_is_refused));
	assert_true(after(sandbox_read_only, could_read_file));
	assert_true(after(sandbox_read_only, could_read_folder));
	if (!has_landlock(1))
		skip();
	assert_false(after(sandbox_read_only, could_write_file));
	assert_false(after(sandbox_read_only, could_run));
	if (has_landlock(4))
		assert_false(after(sandbox_read_only, could_listen));
}

/* Of a worker, by Landlock alone. */
static void
no_path_leads_anywhere(void **state)
{
	(void)state;
	if (!has_landlock(1))
		skip();
	assert_false(after(without_files, could_read_file));
	assert_false(after(without_files, could_read_folder));
	assert_false(after(without_files, could_write_file));
	assert_false(after(without_files, could_run));
	assert_true(after(without_files, could_serve));
}

static void
rights_are_gone(void **state)
{
	(void)state;
	assert_false(in_sandbox(could_reach_docker, NULL));
	assert_false(in_sandbox(could_execute, NULL));
	assert_false(in_sandbox(could_fork, NULL));
	if (!with_sanitizer() || has_landlock(1))
		assert_false(in_sandbox(could_write_file, NULL));
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
		cmocka_unit_test(each_call_that_is_not_listed_is_refused),
		cmocka_unit_test(no_path_leads_anywhere),
		cmocka_unit_test(the_brain_has_no_call_that_it_does_not_need),
		cmocka_unit_test(an_agent_reads_and_nothing_else),
		cmocka_unit_test(work_goes_on),
		cmocka_unit_test(root_is_left_behind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
