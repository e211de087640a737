#include <stdio.h>
#include <string.h>

#include "base/bug.h"
#include "base/clock.h"
#include "vault/lease.h"

#define RETRY_USEC	(1 * USEC_PER_SEC)	/* after a write of which nothing is known */
#define REFUSED_USEC	(10 * USEC_PER_SEC)	/* after one that was refused */
#define READ_USEC	(5 * USEC_PER_SEC)	/* between two requests to read */
#define NEVER		INT64_MAX

void
lease_init(struct lease *l, const char *me, bool alone)
{
	ASSERT(me[0] != '\0' && strlen(me) < LEASE_HOLDER_MAX);
	*l = (struct lease){ .alone = alone };
	snprintf(l->me, sizeof l->me, "%s", me);
}

void
lease_want(struct lease *l, int64_t usec)
{
	l->wanted = true;
	l->wanted_usec = usec;
}

void
lease_unwant(struct lease *l)
{
	l->wanted = false;
}

void
lease_beat_soon(struct lease *l)
{
	l->soon = true;
}

static bool
is_mine(const struct lease *l)
{
	return l->exists && strcmp(l->holder, l->me) == 0;
}

void
lease_read(struct lease *l, int64_t begun_usec, int64_t ended_usec, const struct vault_object *o,
    bool foreign)
{
	const char *holder = o == NULL ? NULL : vault_object_label(o, "holder");
	bool moved = !l->known || l->exists != (o != NULL) || (o != NULL && l->version != o->version);

	ASSERT(begun_usec <= ended_usec && (o != NULL || !foreign));
	l->begun_usec = begun_usec;
	if (moved)
		l->unmoved_usec = ended_usec;
	l->known = true;
	l->exists = o != NULL;
	l->foreign = foreign;
	l->version = o == NULL ? 0 : o->version;
	snprintf(l->holder, sizeof l->holder, "%s", holder == NULL ? "" : holder);
	if (!is_mine(l) && !l->writing)
		l->beat_usec = 0;
}

/* ---- writes ---- */

void
lease_sent(struct lease *l, enum lease_step step, int64_t now)
{
	ASSERT(!l->writing && step >= LEASE_CREATE);
	l->writing = true;
	l->releasing = step == LEASE_RELEASE;
	l->write_usec = now;
	l->soon = false;
	if (l->releasing)
		l->beat_usec = 0;	/* it may be free from now on */
}

/* What was not done may still come, which does no harm: the version is another by then, or the
 * holder is oneself. But the right comes from a beat alone that is known to be done. */
void
lease_written(struct lease *l, enum vault_end end, int64_t now)
{
	ASSERT(l->writing);
	l->writing = false;
	l->rest_usec = end == VAULT_UNKNOWN ? now + RETRY_USEC : end == VAULT_FAILED ?
	    now + REFUSED_USEC : now;
	if (end == VAULT_DONE && !l->releasing && is_mine(l))
		l->beat_usec = l->write_usec;
	l->soon |= end != VAULT_DONE && is_mine(l);
	if (!is_mine(l))
		l->beat_usec = 0;
	l->releasing = false;
}

bool
lease_may_act(const struct lease *l, int64_t now)
{
	return l->beat_usec != 0 && now < l->beat_usec + LEASE_RIGHT_USEC;
}

/* ---- what is next ---- */

static enum lease_step
rest(int64_t until, int64_t *until_usec)
{
	*until_usec = until;
	return LEASE_REST;
}

static enum lease_step
next_held(const struct lease *l, int64_t now, int64_t *until_usec)
{
	int64_t due = l->beat_usec + LEASE_BEAT_USEC;

	if (l->beat_usec == 0 || l->soon || now >= due)
		return LEASE_BEAT;
	return rest(due, until_usec);
}

/* Another one has it, or had. */
static enum lease_step
next_taken(struct lease *l, int64_t now, int64_t *until_usec)
{
	int64_t free_usec = l->unmoved_usec + LEASE_UNMOVED_USEC;

	if (l->alone || l->begun_usec >= free_usec)
		return LEASE_BEAT;
	if (now < free_usec)
		return rest(free_usec, until_usec);
	if (now < l->asked_usec + READ_USEC)
		return rest(l->asked_usec + READ_USEC, until_usec);
	l->asked_usec = now;
	return LEASE_READ;
}

enum lease_step
lease_next(struct lease *l, int64_t now, int64_t *until_usec)
{
	int64_t from = l->rest_usec;

	*until_usec = NEVER;
	if (l->writing || !l->known || l->foreign)
		return LEASE_REST;
	if (!l->wanted && !is_mine(l))
		return LEASE_REST;
	if (l->wanted && !is_mine(l) && from < l->wanted_usec)
		from = l->wanted_usec;
	if (now < from)
		return rest(from, until_usec);
	if (!l->wanted)
		return LEASE_RELEASE;
	if (!l->exists)
		return LEASE_CREATE;
	if (is_mine(l))
		return next_held(l, now, until_usec);
	return l->holder[0] == '\0' ? LEASE_BEAT : next_taken(l, now, until_usec);
}
