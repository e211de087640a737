/*
 * brain_publish: what the brain sends to the parent: a table, the workers' secrets, and that all of
 * a configuration is on its way. Whether it is time for it, brain.c decides.
 */
#include <unistd.h>

#include "base/bug.h"
#include "base/clock.h"
#include "base/pages.h"
#include "main/brain_priv.h"
#include "world/secrets.h"

#define RETRY_USEC	(5 * USEC_PER_SEC)	/* between tables that could not be published */

/* While the Swarm has not been seen, the table that was in force knows more of it. So does the Mola
 * before, whose table cannot be read here: it goes on then. */
bool
brain_knows_better(const struct brain *b)
{
	return (!b->inherited && !b->boot->on_trial) || discover_is_ready(b->discover);
}

/* Once it is certain that this Mola has nothing better to begin with. */
void
brain_keep_table(struct brain *b)
{
	struct channel_msg m = { .kind = CHANNEL_KEEP };

	ASSERT(b->inherited && b->boot->on_trial);
	b->kept = channel_send(&b->channel, &m, -1);
}

/* A table that cannot be made or sent, as without a free descriptor, stays due: the
 * next ticks try again. */
void
brain_publish(struct brain *b)
{
	struct channel_msg m = { .kind = CHANNEL_TABLE };
	const struct why *why;
	int fd;

	ASSERT(brain_knows_better(b));
	b->changed = true;
	b->retry_usec = loop_now(b->loop) + RETRY_USEC;
	if ((why = world_table(b->world, &fd)) != NULL) {
		log_event(LOG_ERROR, "table.failed", "why", why_name(why), "text", why->text, NULL);
		return;
	}
	ASSERT(fd >= 0 && b->world->serial > 0);
	if (!channel_send(&b->channel, &m, fd))
		log_event(LOG_ERROR, "table.unsent", "serial", LOG_N(b->world->serial), NULL);
	else {
		b->changed = false;
		b->tidy_usec = 0;
		log_event(LOG_INFO, "table.published", "serial", LOG_N(b->world->serial),
		    "services", LOG_N(b->world->nservices), "tasks", LOG_N(b->world->ntasks),
		    "nodes", LOG_N(b->world->nnodes), NULL);
	}
	close(fd);
}

/*
 * What workers must keep secret. When this fails, the set in force stays, and a later tick tries
 * again with what is to be published then.
 */
void
brain_publish_secrets(struct brain *b)
{
	struct secrets_maker *m = secrets_maker_new(b->secrets_serial + 1);
	struct channel_msg msg = { .kind = CHANNEL_SECRETS };
	const struct why *why;
	bool sent = false;
	int fd;

	certs_write(b->certs, m);
	if ((why = secrets_maker_seal(m, &fd)) != NULL)
		log_event(LOG_ERROR, "secrets.failed", "why", why_name(why), "text", why->text, NULL);
	else {
		sent = channel_send(&b->channel, &msg, fd);
		if (!sent)
			log_event(LOG_ERROR, "secrets.unsent", "serial", LOG_N(b->secrets_serial + 1), NULL);
		close(fd);
	}
	secrets_maker_free(&m);
	b->secrets_serial += sent;
	b->secrets_due = !sent;
	b->secrets_retry_usec = loop_now(b->loop) + RETRY_USEC;
}

/* What workers need for the configuration in force is on its way. */
void
brain_tell_ready(struct brain *b)
{
	struct channel_msg m = { .kind = CHANNEL_READY };

	for (; b->ready > 0; b->ready--)
		if (!channel_send(&b->channel, &m, -1)) {
			log_event(LOG_ERROR, "ready.unsent", NULL);
			return;
		}
	pages_let_go();
}
