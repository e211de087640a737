/*
 * loop PID: has a process run in an endless loop where it is now, as a bug would: its next
 * instruction becomes a jump to itself. Needs the right to trace it. Only its own memory changes.
 */
#include <elf.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>

#if defined __x86_64__
#define PC(r)		((r).rip)
#define LOOP		"\xeb\xfe"
#elif defined __aarch64__
#define PC(r)		((r).pc)
#define LOOP		"\x00\x00\x00\x14"
#elif defined __arm__
#define PC(r)		((r).uregs[15])
#define LOOP		"\xfe\xff\xff\xea"
#else
#error "how does this machine jump?"
#endif

int
main(int argc, char **argv)
{
	int pid = argc == 2 ? atoi(argv[1]) : 0;
#ifdef __arm__
	struct user_regs r;
#else
	struct user_regs_struct r;
#endif
	struct iovec all = { &r, sizeof r };
	long word;

	if (pid <= 0)
		return fputs("loop PID\n", stderr), 2;
	if (ptrace(PTRACE_ATTACH, pid, NULL, NULL) != 0 || waitpid(pid, NULL, __WALL) != pid
	    || ptrace(PTRACE_GETREGSET, pid, (void *)NT_PRSTATUS, &all) != 0)
		return perror("loop"), 1;
	errno = 0;
	word = ptrace(PTRACE_PEEKTEXT, pid, (void *)PC(r), NULL);
	memcpy(&word, LOOP, sizeof LOOP - 1);
	if (errno != 0 || ptrace(PTRACE_POKETEXT, pid, (void *)PC(r), (void *)word) != 0
	    || ptrace(PTRACE_DETACH, pid, NULL, NULL) != 0)
		return perror("loop"), 1;
	return 0;
}
