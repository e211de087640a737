/*
 * Descriptors are the lowest free numbers, as the kernel's are: a number that is used after its descriptor was closed soon means
 * another one. All processes have theirs of one row.
 */
#include <errno.h>
#include <string.h>

#include "base/bug.h"
#include "kernel_priv.h"

/* ---- descriptors ---- */

bool
kernel_has(int fd)
{
	return fd >= KERNEL_FD && fd < KERNEL_FD + FILES;
}

struct file *
file_of(int fd)
{
	struct file *f = &k.file[fd - KERNEL_FD];

	ASSERT(kernel_has(fd) && f->kind != FREE);
	return f;
}

int
fd_of(const struct file *f)
{
	return KERNEL_FD + (int)(f - k.file);
}

int
kernel_fail(int error)
{
	errno = error;
	return -1;
}

bool
kernel_is_full(void)
{
	return k.process > 0 && k.open[k.process] >= k.most;
}

struct file *
file_new(enum kind kind)
{
	k.count.calls++;
	if (kernel_is_full()) {
		errno = EMFILE;
		return NULL;
	}
	for (int i = 0; i < FILES; i++)
		if (k.file[i].kind == FREE) {
			memset(&k.file[i], 0, sizeof k.file[i]);
			k.file[i].kind = kind;
			k.file[i].process = k.process;
			k.open[k.process]++;
			k.top = i < k.top ? k.top : i + 1;
			return &k.file[i];
		}
	BUG("too many descriptors");
}

bool
kernel_interrupted(void)
{
	return k.signals && rng_below(&k.rng, 64) == 0;
}

struct kernel_count
kernel_count(void)
{
	struct kernel_count c = k.count;

	for (int i = 0; i < k.top; i++)
		switch (k.file[i].kind) {
		case FREE:
			break;
		case LISTENER:
			c.listening++;
			break;
		case CONNECTED:
			if (k.file[i].process == BRAIN)
				c.others++;
			else
				k.file[i].was_accepted ? c.accepted++ : c.called++;
			break;
		default:
			c.others++;
		}
	return c;
}

/* ---- processes ---- */

static void
listening_unref(struct listening *l)
{
	if (--l->refs > 0)
		return;
	port_close(&l->port);
	while (l->queued > 0)
		end_close(l->queue[--l->queued], true);
}

void
file_close(struct file *f)
{
	if (f->kind == CONNECTED)
		end_close(f->end, f->resets);
	else if (f->kind == LISTENER)
		listening_unref(f->listening);
	else if (f->kind == PAIR)
		pair_close(f->pair);
	f->kind = FREE;
	k.open[f->process]--;
}

void
kernel_enter(unsigned process)
{
	ASSERT(process < PROCESSES);
	k.process = process;
}

void
kernel_give(int fd, unsigned process)
{
	struct file *f = file_of(fd);

	k.open[f->process]--;
	f->process = process;
	k.open[process]++;
}

unsigned
kernel_process(void)
{
	return k.process;
}

int
kernel_pass(int fd, unsigned process)
{
	unsigned before = k.process;
	struct file *f;

	ASSERT(file_of(fd)->kind == LISTENER);
	kernel_enter(process);
	f = file_new(LISTENER);
	kernel_enter(before);
	if (f == NULL)
		return -1;
	f->addr = file_of(fd)->addr;
	f->listening = file_of(fd)->listening;
	f->listening->refs++;
	return fd_of(f);
}

void
kernel_kill(unsigned process, kernel_lost_f *lost, void *arg)
{
	for (int i = 0; i < k.top; i++) {
		struct file *f = &k.file[i];
		if (f->kind == FREE || f->process != process)
			continue;
		if (f->kind == CONNECTED && f->was_accepted)
			lost(arg, f->end);
		file_close(f);
	}
}
