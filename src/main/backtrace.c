#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <unwind.h>

#include "base/bug.h"
#include "main/backtrace.h"
#include "main/symbols.h"
#include "world/live.h"

#define FRAMES_MAX	24
#define ASKING		SIGUSR2

/* Written by the child. What the parent reads there is numbers that are looked up, so one that is
 * not to be trusted can have it print a wrong name and nothing worse. */
struct frames {
	_Atomic unsigned	count;
	_Atomic uintptr_t	pc[FRAMES_MAX];
};

static struct frames *shared;
static unsigned mine;

struct walk {
	struct frames	*out;
	unsigned	 n;
};

/* What was called before the signal came is below the handler's own frames, and begins with the
 * one whose address is no return address. */
static _Unwind_Reason_Code
note_frame(struct _Unwind_Context *at, void *arg)
{
	struct walk *w = arg;
	int interrupted = 0;
	uintptr_t pc = _Unwind_GetIPInfo(at, &interrupted);

	if (pc == 0)
		return _URC_END_OF_STACK;
	if (interrupted)
		w->n = 0;
	if (w->n == FRAMES_MAX)
		return _URC_END_OF_STACK;
	atomic_store(&w->out->pc[w->n++], interrupted ? pc : pc - 1);
	return _URC_NO_REASON;
}

static void
on_asked(int sig)
{
	struct walk w = { .out = &shared[mine] };
	int kept = errno;

	(void)sig;
	_Unwind_Backtrace(note_frame, &w);
	atomic_store(&w.out->count, w.n);
	errno = kept;
}

void
backtrace_share(void)
{
	void *p = mmap(NULL, sizeof *shared * (LIVE_BRAIN + 1), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	ASSERT(shared == NULL);
	if (p == MAP_FAILED)
		BUG("no shared memory");
	shared = p;
	signal(ASKING, SIG_IGN);	/* a child may be asked before it can answer */
}

void
backtrace_forget(void)
{
	ASSERT(shared != NULL);
	munmap(shared, sizeof *shared * (LIVE_BRAIN + 1));
	shared = NULL;
}

void
backtrace_answer(unsigned process)
{
	struct sigaction a = { .sa_handler = on_asked, .sa_flags = SA_RESTART };

	ASSERT(shared != NULL && process <= LIVE_BRAIN);
	mine = process;
	sigaction(ASKING, &a, NULL);
}

void
backtrace_ask(unsigned process, pid_t pid)
{
	ASSERT(process <= LIVE_BRAIN && pid > 0);
	if (shared == NULL)
		return;
	atomic_store(&shared[process].count, 0);
	syscall(SYS_tgkill, pid, pid, ASKING);		/* its first thread: others only help it */
}

static void
put_frame(FILE *out, const struct symbols *own, const void *base, uintptr_t pc)
{
	const char *name = NULL, *file = "?";
	Dl_info at = { 0 };

	if (dladdr((void *)pc, &at) == 0) {
		fprintf(out, "%#jx", (uintmax_t)pc);
		return;
	}
	if (at.dli_fbase == base)
		file = "mola";
	else if (at.dli_fname != NULL)
		file = strrchr(at.dli_fname, '/') != NULL ? strrchr(at.dli_fname, '/') + 1 : at.dli_fname;
	if (at.dli_fbase == base && own != NULL)
		name = symbols_name(own, pc - (uintptr_t)base);
	else
		name = at.dli_sname;
	if (name != NULL)
		fputs(name, out);
	else
		fprintf(out, "%s+%#jx", file, (uintmax_t)(pc - (uintptr_t)at.dli_fbase));
}

const char *
backtrace_text(unsigned process, char text[BACKTRACE_TEXT_MAX])
{
	unsigned n = shared == NULL ? 0 : atomic_load(&shared[process].count);
	struct symbols *own;
	Dl_info self = { 0 };
	FILE *out;

	ASSERT(process <= LIVE_BRAIN);
	text[0] = '\0';
	if (n == 0 || n > FRAMES_MAX || (out = fmemopen(text, BACKTRACE_TEXT_MAX, "w")) == NULL)
		return text;
	dladdr((void *)(uintptr_t)backtrace_text, &self);
	own = symbols_open("/proc/self/exe");
	for (unsigned i = 0; i < n; i++) {
		if (i > 0)
			fputs(" < ", out);
		put_frame(out, own, self.dli_fbase, atomic_load(&shared[process].pc[i]));
	}
	fclose(out);
	text[BACKTRACE_TEXT_MAX - 1] = '\0';
	symbols_close(&own);
	return text;
}
