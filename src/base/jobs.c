/*
 * A mutex around three lists: what waits, what is under way, what is done. The loop never holds it
 * for longer than a list takes, and so does the thread, which works without it.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "base/jobs.h"

#define NICE	10			/* where the kernel knows nothing lower: a tenth of what the loop gets */

enum { NEW, WAITS, UNDER_WAY, DONE };

TAILQ_HEAD(job_list, job);

struct jobs {
	unsigned	 most, count;	/* that wait, are under way, or done */
	int		 fd;
	bool		 has_thread;
	pthread_t	 thread;
	pthread_mutex_t	 lock;		/* of what follows, and of states */
	pthread_cond_t	 more;
	struct job_list	 waiting, done;
	struct job	*under_way;
	bool		 ends;
};

struct jobs *
jobs_new(unsigned most)
{
	struct jobs *q = must_zalloc(sizeof *q);

	ASSERT(most >= 4);
	q->most = most;
	q->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	TAILQ_INIT(&q->waiting);
	TAILQ_INIT(&q->done);
	if (pthread_mutex_init(&q->lock, NULL) != 0 || pthread_cond_init(&q->more, NULL) != 0)
		BUG("a mutex cannot be made");
	return q;
}

int
jobs_fd(const struct jobs *q)
{
	return q->fd;
}

/* ---- the thread ---- */

static void
tell(struct jobs *q)
{
	const uint64_t one = 1;

	if (write(q->fd, &one, sizeof one) != sizeof one)
		ASSERT(errno == EAGAIN);	/* then it is readable already */
}

/*
 * Of this thread alone, as Linux has it. A thread with less weight keeps a core for some
 * milliseconds all the same (EEVDF, kernel 6.6 on); one of this class gives it up at once when the
 * loop on the same core wakes up.
 */
static void
stand_back(void)
{
	const struct sched_param none = { .sched_priority = 0 };

	if (sched_setscheduler(0, SCHED_IDLE, &none) != 0)
		(void)setpriority(PRIO_PROCESS, 0, NICE);
}

static void *
thread_run(void *arg)
{
	struct jobs *q = arg;
	struct job *j;

	stand_back();
	pthread_mutex_lock(&q->lock);
	while (!q->ends) {
		if ((j = TAILQ_FIRST(&q->waiting)) == NULL) {
			pthread_cond_wait(&q->more, &q->lock);
			continue;
		}
		TAILQ_REMOVE(&q->waiting, j, link);
		q->under_way = j;
		j->state = UNDER_WAY;
		pthread_mutex_unlock(&q->lock);
		j->work(j);
		pthread_mutex_lock(&q->lock);
		q->under_way = NULL;
		j->state = DONE;
		TAILQ_INSERT_TAIL(&q->done, j, link);
		tell(q);
	}
	pthread_mutex_unlock(&q->lock);
	return NULL;
}

/* Signals are the loop's. */
static bool
thread_begin(struct jobs *q)
{
	sigset_t all, old;

	if (q->has_thread)
		return true;
	if (q->fd < 0)
		return false;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	q->has_thread = pthread_create(&q->thread, NULL, thread_run, q) == 0;
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return q->has_thread;
}

/* ---- the loop ---- */

static unsigned
count_whose(const struct jobs *q, uint64_t whose)
{
	const struct job *j;
	unsigned n = q->under_way != NULL && q->under_way->whose == whose;

	TAILQ_FOREACH(j, &q->waiting, link)
		n += j->whose == whose;
	return n;
}

bool
jobs_add(struct jobs *q, struct job *j)
{
	bool fits;

	ASSERT(j->state == NEW && j->work != NULL && j->done != NULL && j->free != NULL);
	if (q->count >= q->most || !thread_begin(q))
		return false;
	pthread_mutex_lock(&q->lock);
	fits = count_whose(q, j->whose) < q->most / 4;
	if (fits) {
		j->state = WAITS;
		TAILQ_INSERT_TAIL(&q->waiting, j, link);
		pthread_cond_signal(&q->more);
	}
	pthread_mutex_unlock(&q->lock);
	q->count += fits;
	return fits;
}

void
jobs_drop(struct jobs *q, struct job *j)
{
	bool waits;

	ASSERT(!j->dropped && j->state != NEW);
	pthread_mutex_lock(&q->lock);
	waits = j->state == WAITS;
	if (waits)
		TAILQ_REMOVE(&q->waiting, j, link);
	j->dropped = true;
	pthread_mutex_unlock(&q->lock);
	if (!waits)
		return;
	q->count--;
	j->free(j);
}

static struct job *
done_take(struct jobs *q)
{
	struct job *j;

	pthread_mutex_lock(&q->lock);
	if ((j = TAILQ_FIRST(&q->done)) != NULL)
		TAILQ_REMOVE(&q->done, j, link);
	pthread_mutex_unlock(&q->lock);
	return j;
}

void
jobs_turn(struct jobs *q)
{
	uint64_t told;
	struct job *j;

	if (read(q->fd, &told, sizeof told) < 0)
		ASSERT(errno == EAGAIN);
	while ((j = done_take(q)) != NULL) {
		ASSERT(q->count > 0 && j->state == DONE);
		q->count--;
		j->state = NEW;
		if (j->dropped)
			j->free(j);
		else
			j->done(j);
	}
}

void
jobs_free(struct jobs **qp)
{
	struct jobs *q = *qp;
	struct job *j;

	*qp = NULL;
	if (q == NULL)
		return;
	pthread_mutex_lock(&q->lock);
	q->ends = true;
	pthread_cond_signal(&q->more);
	pthread_mutex_unlock(&q->lock);
	if (q->has_thread)
		pthread_join(q->thread, NULL);
	TAILQ_CONCAT(&q->done, &q->waiting, link);
	while ((j = TAILQ_FIRST(&q->done)) != NULL) {
		TAILQ_REMOVE(&q->done, j, link);
		j->free(j);
	}
	if (q->fd >= 0)
		close(q->fd);
	pthread_cond_destroy(&q->more);
	pthread_mutex_destroy(&q->lock);
	free(q);
}
