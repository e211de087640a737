/*
 * certs_watch: when something may have happened to a file. An event only means that all files are
 * looked at soon; a look every ten seconds finds what had none.
 */
#include "base/bug.h"
#include "base/clock.h"
#include "base/log.h"
#include "certs/certs_priv.h"

#define SETTLE_USEC	(100 * USEC_PER_MSEC)	/* a certificate and its key are two writes */
#define AGAIN_USEC	(1 * USEC_PER_SEC)	/* before a failure counts: the second write may be to come */
#define POLL_USEC	(10 * USEC_PER_SEC)
#define MINUTE_USEC	(60 * USEC_PER_SEC)
#define ASKED_USEC	(50 * USEC_PER_MSEC)

static void	look(void *arg);

static void
look_by(struct certs *c, int64_t usec)
{
	int64_t at = loop_now(c->loop) + usec;

	if (c->look.node.at == 0 || c->look.deadline > at)
		timer_set(c->loop, &c->look, at, look, c);
}

/* ---- events ---- */

static void
on_event(void *arg)
{
	look_by(arg, SETTLE_USEC);
}

void
watch_again(struct certs *c)
{
	const struct item *i;

	file_watch_clear(c->files);
	TAILQ_FOREACH(i, &c->items, link) {
		if (i->file != NULL)
			file_watch_add(c->files, i->file);
		if (i->key_file != NULL)
			file_watch_add(c->files, i->key_file);
	}
}

/* ---- looks ---- */

static bool
is_changed(const struct item *i)
{
	struct file_sign file = file_sign(i->file);
	struct file_sign key = i->key_file != NULL ? file_sign(i->key_file) : (struct file_sign){ 0 };

	return !file_sign_same(&file, &i->sign[0]) || !file_sign_same(&key, &i->sign[1]);
}

/* A first failure may be the middle of a change, so it is looked at again before it is reported. */
static bool
is_due_again(const struct certs *c, const struct item *i)
{
	return i->unsettled && loop_now(c->loop) - i->failed_usec >= AGAIN_USEC;
}

static void
look(void *arg)
{
	struct certs *c = arg;
	bool read = false, any = false;
	struct item *i;

	timer_set(c->loop, &c->look, loop_now(c->loop) + POLL_USEC, look, c);
	TAILQ_FOREACH(i, &c->items, link) {
		bool again;

		if (i->file == NULL)
			continue;
		again = is_due_again(c, i);
		if (!again && !is_changed(i))
			continue;
		any |= is_changed(i);
		item_read(c, i, again);
		read = true;
		if (i->unsettled)
			look_by(c, AGAIN_USEC);
	}
	if (read)
		states_report(c, clock_wall_usec() / USEC_PER_SEC);
	if (any)
		watch_again(c);		/* links lead elsewhere now */
}

/* ---- time ---- */

static void
on_minute(void *arg)
{
	struct certs *c = arg;

	timer_set(c->loop, &c->minute, loop_now(c->loop) + MINUTE_USEC, on_minute, c);
	if (tickets_turn(&c->tickets, clock_wall_usec())) {
		log_event(LOG_INFO, "tickets.rotated", "text", "session tickets have a new key", NULL);
		certs_touch(c);
	}
	states_report(c, clock_wall_usec() / USEC_PER_SEC);
}

/* Workers write a number that is read here: nothing else of theirs reaches the brain. */
static void
on_asked(void *arg)
{
	struct certs *c = arg;
	uint32_t asked = live_challenges_asked(c->live);

	timer_set(c->loop, &c->asked, loop_now(c->loop) + ASKED_USEC, on_asked, c);
	if (asked == c->asked_seen)
		return;
	c->asked_seen = asked;
	if (c->source != NULL && c->source->asked != NULL)
		c->source->asked(c->source->arg);
}

void
watch_asked(struct certs *c)
{
	timer_clear(c->loop, &c->asked);
	c->asked_seen = live_challenges_asked(c->live);
	if (c->source != NULL && c->source->asked != NULL)
		timer_set(c->loop, &c->asked, loop_now(c->loop) + ASKED_USEC, on_asked, c);
}

void
watch_start(struct certs *c)
{
	c->files = file_watch_new(c->loop, on_event, c);
	timer_set(c->loop, &c->minute, loop_now(c->loop) + MINUTE_USEC, on_minute, c);
	timer_set(c->loop, &c->look, loop_now(c->loop) + POLL_USEC, look, c);
}

void
watch_stop(struct certs *c)
{
	file_watch_free(&c->files);
	timer_clear(c->loop, &c->minute);
	timer_clear(c->loop, &c->look);
	timer_clear(c->loop, &c->asked);
}
