#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "main/listeners.h"
#include "net/sock.h"

static void
listener_close(struct listen_set *l, unsigned workers, unsigned keep)
{
	for (unsigned w = 0; w < workers; w++)
		if (w != keep && l->fd[w] >= 0) {
			close(l->fd[w]);
			l->fd[w] = -1;
		}
}

const struct why *
listeners_add(struct listeners *ls, const struct addr *a)
{
	struct listen_set l = { .addr = *a };
	const struct why *why = NULL;
	unsigned w;

	ASSERT(ls->workers > 0 && ls->workers <= WORKERS_MAX);
	for (w = 0; w < ls->workers && why == NULL; w++)
		why = sock_listen(a, true, &l.fd[w]);
	if (why != NULL) {
		int e = errno;
		listener_close(&l, w - 1, WORKERS_MAX);
		errno = e;
		return why;
	}
	ls->one = must_realloc(ls->one, (ls->count + 1) * sizeof *ls->one);
	ls->one[ls->count++] = l;
	return NULL;
}

struct listen_set *
listeners_adopt(struct listeners *ls, const struct addr *a)
{
	struct listen_set *l;

	ls->one = must_realloc(ls->one, (ls->count + 1) * sizeof *ls->one);
	l = &ls->one[ls->count++];
	l->addr = *a;
	for (unsigned w = 0; w < WORKERS_MAX; w++)
		l->fd[w] = -1;
	return l;
}

void
listeners_remove(struct listeners *ls, unsigned at)
{
	ASSERT(at < ls->count);
	listener_close(&ls->one[at], ls->workers, WORKERS_MAX);
	ls->one[at] = ls->one[--ls->count];
}

struct listen_set *
listeners_find(const struct listeners *ls, const struct addr *a)
{
	for (unsigned i = 0; i < ls->count; i++)
		if (addr_eq(&ls->one[i].addr, a))
			return &ls->one[i];
	return NULL;
}

void
listeners_shed(struct listeners *ls, unsigned mine)
{
	ASSERT(mine < ls->workers || mine == WORKERS_MAX);
	for (unsigned i = 0; i < ls->count; i++)
		listener_close(&ls->one[i], ls->workers, mine);
}

void
listeners_close(struct listeners *ls)
{
	while (ls->count > 0)
		listeners_remove(ls, ls->count - 1);
	free(ls->one);
	ls->one = NULL;
}
