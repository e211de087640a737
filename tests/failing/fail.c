/*
 * Loaded before the C library (LD_PRELOAD): lets the N-th call of one kind in one process fail, as the file that $FAILING names says,
 * which all processes of a Mola have mapped; and counts the pieces of memory that each has. tests/failing/drive.py has the same layout.
 */
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define KINDS(KIND) \
	KIND(MALLOC, ENOMEM) \
	KIND(MMAP, ENOMEM) \
	KIND(SOCKET, EMFILE) \
	KIND(CONNECT, EADDRNOTAVAIL) \
	KIND(ACCEPT, EMFILE) \
	KIND(EPOLL, ENOMEM)		/* a watch more */ \
	KIND(WAIT, EINTR) \
	KIND(RECV, ECONNRESET) \
	KIND(SEND, EPIPE) \
	KIND(INTR, EINTR)		/* any read or write */ \
	KIND(READ, EIO) \
	KIND(WRITE, ENOSPC) \
	KIND(OPEN, EMFILE) \
	KIND(FD, EMFILE)		/* another descriptor than a socket or a file */ \
	KIND(FSYNC, EIO) \
	KIND(RENAME, EACCES) \
	KIND(TRUNCATE, ENOSPC) \
	KIND(MESSAGE, EAGAIN)		/* to another process of Mola */ \
	KIND(FORK, EAGAIN) \
	KIND(LISTEN, EADDRINUSE)

#define NAME_OF(name, error) name,
#define ERROR_OF(name, error) error,
enum kind { KINDS(NAME_OF) KINDS_END };
static const int error_of[] = { KINDS(ERROR_OF) };

#define PROCESSES 2000
static struct control {
	_Atomic int32_t	pid, kind;		/* -N: in the process that takes place N of `process`, from 1 on */
	_Atomic int64_t	left;			/* calls; the one that makes it 0 fails */
	_Atomic int32_t	fired, used;		/* it has failed; places of `process` */
	char		where[1000];		/* its stack */
	struct { _Atomic int32_t pid, padding; _Atomic int64_t pieces; } process[PROCESSES];
	_Atomic int64_t	made[KINDS_END];	/* calls of each kind, in that process */
} nowhere, *control = &nowhere;
static unsigned slot;
static __thread int busy __attribute__((tls_model("initial-exec")));

/* ---- what fails ---- */

static void
where_write(void)
{
	void *at[24];
	int n = backtrace(at, 24);
	size_t used = 0;

	for (int i = 2; i < n && used + 200 < sizeof control->where; i++) {
		Dl_info d = { 0 };
		const char *file = dladdr(at[i], &d) != 0 && d.dli_fname != NULL ? d.dli_fname : "?", *name = strrchr(file, '/');
		if (d.dli_sname != NULL)
			used += (size_t)snprintf(control->where + used, 180, "%s ", d.dli_sname);
		else
			used += (size_t)snprintf(control->where + used, 180, "%s+0x%zx ", name != NULL ? name + 1 : file,
			    (size_t)((char *)at[i] - (char *)d.dli_fbase));
	}
}

static int
fails(enum kind kind)
{
	if (control->pid == 0 || busy > 0 || (control->pid != getpid() && control->pid != -(int32_t)slot - 1))
		return 0;
	control->made[kind]++;
	if (control->kind != (int)kind || atomic_fetch_sub(&control->left, 1) != 1)
		return 0;
	busy++;
	where_write();
	busy--;
	control->fired = 1;
	errno = error_of[kind];
	return 1;
}

/* ---- memory ---- */

static char first[65536];		/* what the loader wants before there is anything */
static size_t first_used;

static int
is_first(const void *p)
{
	return (const char *)p >= first && (const char *)p < first + sizeof first;
}

static void *
first_take(size_t n)
{
	void *p = first + first_used;

	first_used += (n + 15) / 16 * 16;
	if (first_used > sizeof first)
		_exit(97);
	return p;
}

static void *(*next_malloc)(size_t), *(*next_calloc)(size_t, size_t), *(*next_realloc)(void *, size_t);
static int (*next_memalign)(void **, size_t, size_t);
static void (*next_free)(void *);
static int finding;

static int
found(void)
{
	if (next_free != NULL)
		return 1;
	if (finding)
		return 0;
	finding = 1;
	next_malloc = dlsym(RTLD_NEXT, "malloc");
	next_calloc = dlsym(RTLD_NEXT, "calloc");
	next_realloc = dlsym(RTLD_NEXT, "realloc");
	next_memalign = dlsym(RTLD_NEXT, "posix_memalign");
	next_free = dlsym(RTLD_NEXT, "free");
	finding = 0;
	return 1;
}

static void *
counted(void *p)
{
	if (p != NULL)
		control->process[slot].pieces++;
	return p;
}

void *
malloc(size_t n)
{
	if (!found())
		return first_take(n);
	return fails(MALLOC) ? NULL : counted(next_malloc(n));
}

void *
calloc(size_t n, size_t each)
{
	if (!found())
		return first_take(n * each);
	return fails(MALLOC) ? NULL : counted(next_calloc(n, each));
}

void *
realloc(void *p, size_t n)
{
	void *new;

	if (!found() || is_first(p))
		return memcpy(malloc(n), p, n);
	if (fails(MALLOC))
		return NULL;
	new = next_realloc(p, n);
	return p == NULL ? counted(new) : new;
}

int
posix_memalign(void **p, size_t align, size_t n)
{
	int error = !found() || fails(MALLOC) ? ENOMEM : next_memalign(p, align, n);

	if (error == 0)
		counted(*p);
	return error;
}

void *
aligned_alloc(size_t align, size_t n)
{
	void *p = NULL;

	return posix_memalign(&p, align < sizeof(void *) ? sizeof(void *) : align, n) == 0 ? p : NULL;
}

void
free(void *p)
{
	if (p == NULL || is_first(p) || !found())
		return;
	control->process[slot].pieces--;
	next_free(p);
}

/* The sanitizer's would allocate behind our back. */
char *
strdup(const char *s)
{
	size_t n = strlen(s) + 1;
	char *p = malloc(n);

	return p == NULL ? NULL : memcpy(p, s, n);
}

char *
strndup(const char *s, size_t most)
{
	size_t n = strnlen(s, most);
	char *p = malloc(n + 1);

	if (p == NULL)
		return NULL;
	p[n] = '\0';
	return memcpy(p, s, n);
}

/* ---- system calls ---- */

/* What breaks is seen by epoll, too, as it would be. */
static int
breaks(enum kind kind, int fd)
{
	int error;

	if (!fails(kind))
		return 0;
	error = errno;
	if (kind == SEND || kind == RECV)
		shutdown(fd, SHUT_RDWR);
	errno = error;
	return 1;
}

#define NEXT(type, name, ...) static type (*next)(__VA_ARGS__); if (next == NULL) next = dlsym(RTLD_NEXT, #name)

#define FAIL_AS(kind, result, type, name, declared, passed, ...) \
	type name declared { NEXT(type, name, __VA_ARGS__); return fails(kind) ? (result) : next passed; }
#define FAIL(kind, name, declared, passed, ...) FAIL_AS(kind, -1, int, name, declared, passed, __VA_ARGS__)
#define FAIL_IO(kind, name, declared, passed, ...) \
	ssize_t name declared { NEXT(ssize_t, name, __VA_ARGS__); return fails(INTR) || breaks(kind, fd) ? -1 : next passed; }

FAIL_AS(MMAP, MAP_FAILED, void *, mmap, (void *p, size_t n, int prot, int flags, int fd, off_t at), (p, n, prot, flags, fd, at),
    void *, size_t, int, int, int, off_t)
FAIL(SOCKET, socket, (int d, int t, int p), (d, t, p), int, int, int)
FAIL(CONNECT, connect, (int fd, const struct sockaddr *a, socklen_t n), (fd, a, n), int, const struct sockaddr *, socklen_t)
FAIL(ACCEPT, accept4, (int fd, struct sockaddr *a, socklen_t *n, int f), (fd, a, n, f), int, struct sockaddr *, socklen_t *, int)
FAIL(LISTEN, bind, (int fd, const struct sockaddr *a, socklen_t n), (fd, a, n), int, const struct sockaddr *, socklen_t)
FAIL(LISTEN, listen, (int fd, int n), (fd, n), int, int)
FAIL(WAIT, epoll_wait, (int fd, struct epoll_event *e, int n, int t), (fd, e, n, t), int, struct epoll_event *, int, int)
FAIL_IO(RECV, recv, (int fd, void *p, size_t n, int f), (fd, p, n, f), int, void *, size_t, int)
FAIL_IO(READ, read, (int fd, void *p, size_t n), (fd, p, n), int, void *, size_t)
FAIL_IO(READ, pread, (int fd, void *p, size_t n, off_t at), (fd, p, n, at), int, void *, size_t, off_t)
/* what is said of it all is to be read */
ssize_t
write(int fd, const void *p, size_t n)
{
	NEXT(ssize_t, write, int, const void *, size_t);

	return fd > 2 && (fails(INTR) || fails(WRITE)) ? -1 : next(fd, p, n);
}
FAIL_IO(SEND, send, (int fd, const void *p, size_t n, int f), (fd, p, n, f), int, const void *, size_t, int)
FAIL_IO(RECV, recvmsg, (int fd, struct msghdr *m, int f), (fd, m, f), int, struct msghdr *, int)
FAIL(FSYNC, fsync, (int fd), (fd), int)
FAIL(RENAME, rename, (const char *a, const char *b), (a, b), const char *, const char *)
FAIL(TRUNCATE, ftruncate, (int fd, off_t n), (fd, n), int, off_t)
FAIL(FD, memfd_create, (const char *s, unsigned f), (s, f), const char *, unsigned)
FAIL(FD, eventfd, (unsigned n, int f), (n, f), unsigned, int)
FAIL(FD, timerfd_create, (int c, int f), (c, f), int, int)
FAIL(FD, pipe2, (int fd[2], int f), (fd, f), int *, int)
FAIL(FD, socketpair, (int d, int t, int p, int fd[2]), (d, t, p, fd), int, int, int, int *)
FAIL(FD, epoll_create1, (int f), (f), int)
FAIL(FD, signalfd, (int fd, const sigset_t *s, int f), (fd, s, f), int, const sigset_t *, int)
FAIL(FD, inotify_init1, (int f), (f), int)
FAIL(FD, pidfd_open, (pid_t p, unsigned f), (p, f), pid_t, unsigned)

ssize_t
sendmsg(int fd, const struct msghdr *m, int flags)
{
	NEXT(ssize_t, sendmsg, int, const struct msghdr *, int);
	int type = 0;
	socklen_t n = sizeof type;

	getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &n);
	return fails(INTR) || breaks(type == SOCK_SEQPACKET ? MESSAGE : SEND, fd) ? -1 : next(fd, m, flags);
}

int
epoll_ctl(int epoll, int op, int fd, struct epoll_event *e)
{
	NEXT(int, epoll_ctl, int, int, int, struct epoll_event *);
	return op == EPOLL_CTL_ADD && fails(EPOLL) ? -1 : next(epoll, op, fd, e);
}

static mode_t
mode_of(int flags, va_list ap)
{
	return flags & (O_CREAT | O_TMPFILE) ? va_arg(ap, mode_t) : 0;
}

#define FAIL_OPEN(name, declared, passed, ...) \
	int name declared { \
		NEXT(int, name, __VA_ARGS__); \
		va_list ap; \
		mode_t mode; \
		va_start(ap, flags); \
		mode = mode_of(flags, ap); \
		va_end(ap); \
		return fails(OPEN) ? -1 : next passed; \
	}
FAIL_OPEN(open, (const char *path, int flags, ...), (path, flags, mode), const char *, int, ...)
FAIL_OPEN(open64, (const char *path, int flags, ...), (path, flags, mode), const char *, int, ...)
FAIL_OPEN(openat, (int at, const char *path, int flags, ...), (at, path, flags, mode), int, const char *, int, ...)
FAIL_AS(OPEN, NULL, FILE *, fopen, (const char *path, const char *how), (path, how), const char *, const char *)

/* A child's pieces are what its parent had, and what it takes. */
static void
slot_take(void)
{
	int64_t pieces = control->process[slot].pieces;
	int32_t at = atomic_fetch_add(&control->used, 1);

	slot = at < PROCESSES ? (unsigned)at : PROCESSES - 1;
	control->process[slot].pieces = pieces;
	control->process[slot].pid = getpid();
}

pid_t
fork(void)
{
	NEXT(pid_t, fork, void);
	pid_t pid = fails(FORK) ? -1 : next();

	if (pid == 0)
		slot_take();
	return pid;
}

void __lsan_disable(void) __attribute__((weak));
void __lsan_enable(void) __attribute__((weak));

__attribute__((constructor)) static void
begin(void)
{
	const char *path = getenv("FAILING");
	int64_t pieces = control->process[slot].pieces;
	void *p = MAP_FAILED, *at[2];
	int fd;

	if (path == NULL)
		return;
	if (__lsan_disable != NULL)
		__lsan_disable();
	backtrace(at, 2);		/* loads what it needs, for good */
	if (__lsan_enable != NULL)
		__lsan_enable();
	if ((fd = open(path, O_RDWR | O_CLOEXEC)) < 0 || (p = mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0)) == MAP_FAILED)
		_exit(98);
	close(fd);
	control = p;
	slot = PROCESSES - 1;		/* of none */
	control->process[slot].pieces = pieces;
	slot_take();
}
