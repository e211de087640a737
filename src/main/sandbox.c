/*
 * Four walls, each enough for the Docker socket alone: another user (when started as root), no
 * new privileges, no path of the file system (Landlock), and a list of allowed system calls. What
 * is not on the list fails with EPERM instead of killing: a surprise in libc then costs one
 * request, not all of them. doc/why/0049 says why the brain has a list of what is refused instead.
 */
#include <errno.h>
#include <grp.h>
#include <linux/landlock.h>
#include <pwd.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "main/sandbox.h"

bool
sandbox_user_find(const char *name, struct sandbox_user *out)
{
	const struct passwd *pw = getpwnam(name);

	if (pw == NULL)
		return false;
	out->uid = pw->pw_uid;
	out->gid = pw->pw_gid;
	return true;
}

static const char *
become(const struct sandbox_user *user)
{
	if (setgroups(0, NULL) != 0)
		return "setgroups";
	if (setresgid(user->gid, user->gid, user->gid) != 0)
		return "setresgid";
	if (setresuid(user->uid, user->uid, user->uid) != 0)
		return "setresuid";
	return NULL;
}

static const int allowed[] = {
	/* the loop and its sockets; socket() itself is limited to IP below */
	SCMP_SYS(epoll_wait), SCMP_SYS(epoll_pwait), SCMP_SYS(epoll_pwait2), SCMP_SYS(epoll_ctl),
	    SCMP_SYS(accept4),
	SCMP_SYS(connect), SCMP_SYS(shutdown), SCMP_SYS(setsockopt), SCMP_SYS(getsockopt),
	    SCMP_SYS(getsockname),
	SCMP_SYS(getpeername), SCMP_SYS(recvfrom), SCMP_SYS(recvmsg), SCMP_SYS(sendto),
	    SCMP_SYS(sendmsg), SCMP_SYS(read),
	SCMP_SYS(readv), SCMP_SYS(write), SCMP_SYS(writev), SCMP_SYS(close), SCMP_SYS(splice),
	/* whether the log's reader has room */
	SCMP_SYS(poll), SCMP_SYS(ppoll),
	/* tables: sealed descriptors that the parent sends */
	SCMP_SYS(fstat), SCMP_SYS(newfstatat), SCMP_SYS(statx), SCMP_SYS(fcntl), SCMP_SYS(lseek),
	/* a thread for passwords; clone() itself is limited to threads below */
	SCMP_SYS(set_robust_list), SCMP_SYS(rseq), SCMP_SYS(eventfd2),
	/* memory, time, randomness, the end */
	SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(madvise), SCMP_SYS(brk), SCMP_SYS(futex),
	SCMP_SYS(clock_gettime), SCMP_SYS(gettimeofday), SCMP_SYS(clock_nanosleep),
	    SCMP_SYS(getrandom), SCMP_SYS(sched_yield),
	SCMP_SYS(restart_syscall), SCMP_SYS(rt_sigreturn), SCMP_SYS(rt_sigprocmask),
	    SCMP_SYS(rt_sigaction),
	SCMP_SYS(getpid), SCMP_SYS(gettid), SCMP_SYS(tgkill), SCMP_SYS(exit), SCMP_SYS(exit_group),
	/* the same on machines of 32 bits, where calls for wide numbers have names of their own */
	SCMP_SYS(fstat64), SCMP_SYS(fstatat64), SCMP_SYS(fcntl64), SCMP_SYS(_llseek),
	    SCMP_SYS(clock_gettime64), SCMP_SYS(clock_nanosleep_time64), SCMP_SYS(nanosleep),
	SCMP_SYS(futex_time64), SCMP_SYS(ppoll_time64), SCMP_SYS(recv), SCMP_SYS(send),
	    SCMP_SYS(sigreturn),
#ifdef __SANITIZE_ADDRESS__
	/* what a sanitizer needs to tell where a bug is; never in a build that people run */
	SCMP_SYS(openat), SCMP_SYS(readlink), SCMP_SYS(sigaltstack), SCMP_SYS(getrlimit),
	    SCMP_SYS(prlimit64), SCMP_SYS(uname),
	SCMP_SYS(sched_getaffinity), SCMP_SYS(pipe), SCMP_SYS(prctl),
#endif
};

#ifdef __SANITIZE_ADDRESS__
#define WORKER_FILES	READS		/* the same */
#else
#define WORKER_FILES	UINT64_C(0)
#endif

#define THREAD	(CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD)

/* The arguments of clone3() are out of sight: without it, libc makes threads by clone(). */
static bool
allow_threads(scmp_filter_ctx f)
{
	return seccomp_rule_add(f, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0) == 0 &&
	    seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(sched_setscheduler), 2,
	    SCMP_A0(SCMP_CMP_EQ, 0, 0), SCMP_A1(SCMP_CMP_EQ, SCHED_IDLE, 0)) == 0 &&
	    seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(setpriority), 2,
	    SCMP_A0(SCMP_CMP_EQ, PRIO_PROCESS, 0), SCMP_A1(SCMP_CMP_EQ, 0, 0)) == 0 &&
	    seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
	    SCMP_A0(SCMP_CMP_MASKED_EQ, THREAD, THREAD)) == 0;
}

static bool
allow_all(scmp_filter_ctx f)
{
	for (unsigned i = 0; i < sizeof allowed / sizeof *allowed; i++)
		if (seccomp_rule_add(f, SCMP_ACT_ALLOW, allowed[i], 0) != 0)
			return false;
	return allow_threads(f) &&
	    seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1,
	    SCMP_A0(SCMP_CMP_EQ, AF_INET, 0)) == 0 &&
	    seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1,
	    SCMP_A0(SCMP_CMP_EQ, AF_INET6, 0)) == 0 &&
	    seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1,
	    SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)) == 0 &&
	    seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(mmap2), 1,
	    SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)) == 0 &&
	    seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
	    SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)) == 0;
}

/*
 * What neither the brain nor an agent has any use for, nor a program that the brain starts for
 * dns-01: other processes' memory, the kernel's and the machine's state, and what has most often
 * led from a process into the kernel. By names: not every machine has all of them.
 */
static const char *const refused[] = {
	"ptrace", "process_vm_readv", "process_vm_writev", "process_madvise", "pidfd_getfd", "kcmp",
	"bpf", "perf_event_open", "userfaultfd", "io_uring_setup", "io_uring_enter",
	    "io_uring_register", "keyctl", "add_key", "request_key",
	"mount", "umount", "umount2", "move_mount", "open_tree", "fsopen", "fsconfig", "fsmount",
	    "fspick", "mount_setattr", "pivot_root", "chroot", "setns", "unshare",
	"name_to_handle_at", "open_by_handle_at", "lookup_dcookie", "quotactl", "quotactl_fd",
	"init_module", "finit_module", "delete_module", "kexec_load", "kexec_file_load", "reboot",
	    "swapon", "swapoff", "acct", "syslog", "vhangup", "nfsservctl", "uselib",
	"settimeofday", "clock_settime", "clock_settime64", "adjtimex", "clock_adjtime",
	    "clock_adjtime64", "stime", "sethostname", "setdomainname",
	"iopl", "ioperm", "modify_ldt", "vm86", "vm86old", "personality",
};

static bool
refuse_all(scmp_filter_ctx f)
{
	for (unsigned i = 0; i < sizeof refused / sizeof *refused; i++) {
		int call = seccomp_syscall_resolve_name(refused[i]);

#ifdef __SANITIZE_ADDRESS__
		if (call == SCMP_SYS(ptrace))		/* it looks for leaks by it */
			continue;
#endif
		if (call >= 0 && seccomp_rule_add(f, SCMP_ACT_ERRNO(EPERM), call, 0) != 0)
			return false;
	}
	return true;
}

/* What `add` says stands in the way of what `otherwise` would do. */
static const char *
filter_calls(uint32_t otherwise, bool (*add)(scmp_filter_ctx))
{
	scmp_filter_ctx f = seccomp_init(otherwise);
	const char *step = NULL;

	if (f == NULL)
		return "seccomp_init";
	if (!add(f))
		step = "seccomp_rule_add";
	else if (seccomp_load(f) != 0)
		step = "seccomp_load";
	seccomp_release(f);
	return step;
}

/* ---- Landlock ---- */

/* As the kernel's headers have it from version 6 of Landlock on; older ones have less of it. */
struct landlock_rights {
	uint64_t	 files, net, scoped;
};

#define READS		(LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define BIND_TCP	UINT64_C(1)
#define SCOPED		UINT64_C(3)	/* abstract unix sockets, and signals, to others */

/* All that Landlock of this version can keep from a process. */
static struct landlock_rights
landlock_all(long version)
{
	static const unsigned bits[] = { 0, 13, 14, 15, 15, 16 };	/* of files, by version */
	long known = version < 5 ? version : 5;

	return (struct landlock_rights){
		.files = (UINT64_C(1) << bits[known]) - 1,
		.net = version >= 4 ? BIND_TCP : 0,
		.scoped = version >= 6 ? SCOPED : 0,
	};
}

/*
 * From now on no file can be opened, made, changed or executed, but for those of `files`; nor can
 * a port be listened on. A kernel without Landlock does nothing, and what else stands in the way
 * has to do. What is open stays open.
 */
static const char *
keep_from_files(uint64_t files)
{
	long version = syscall(SYS_landlock_create_ruleset, NULL, 0,
	    LANDLOCK_CREATE_RULESET_VERSION);
	struct landlock_rights all;
	size_t size;
	int fd;

	if (version < 1)
		return NULL;
	all = landlock_all(version);
	all.files &= ~files;
	size = version >= 6 ? sizeof all : version >= 4 ? 2 * sizeof(uint64_t) : sizeof(uint64_t);
	if ((fd = (int)syscall(SYS_landlock_create_ruleset, &all, size, 0)) < 0)
		return "landlock_create_ruleset";
	if (syscall(SYS_landlock_restrict_self, fd, 0) != 0) {
		close(fd);
		return "landlock_restrict_self";
	}
	close(fd);
	return NULL;
}

const char *
sandbox_enter(const struct sandbox_user *user)
{
	const char *step;

	if (user != NULL && (step = become(user)) != NULL)
		return step;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return "no_new_privs";
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		return "dumpable";
	if ((step = keep_from_files(WORKER_FILES)) != NULL)
		return step;
	return filter_calls(SCMP_ACT_ERRNO(EPERM), allow_all);
}

const char *
sandbox_limit(void)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return "no_new_privs";
	return filter_calls(SCMP_ACT_ALLOW, refuse_all);
}

const char *
sandbox_read_only(void)
{
	const char *step;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return "no_new_privs";
	if ((step = keep_from_files(READS)) != NULL)
		return step;
	return filter_calls(SCMP_ACT_ALLOW, refuse_all);
}
