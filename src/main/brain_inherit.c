/*
 * brain_inherit: what was there before this brain: the table and the secrets in force, and the text
 * of the Mola that it takes over from.
 */
#include "base/bug.h"
#include "base/clock.h"
#include "main/brain_priv.h"
#include "main/memfile.h"
#include "world/handover.h"
#include "world/secrets.h"

void
brain_inherit_table(struct brain *b)
{
	const struct why *why;
	struct table *t;

	if (b->boot->table_fd < 0)
		return;
	if ((why = table_open(b->boot->table_fd, &t)) != NULL) {
		log_event(LOG_ERROR, "table.refused", "why", why_name(why), NULL);
		return;
	}
	ASSERT(!b->inherited && b->world->passes == 0);
	world_inherit(b->world, t);
	b->inherited = true;
	log_event(LOG_INFO, "table.inherited", "serial", LOG_N(table_serial(t)), NULL);
	table_unref(&t);
}

/* Keys of tickets that clients hold, certificates whose files are broken by now: what workers have
 * is where the next brain goes on. */
void
brain_inherit_secrets(struct brain *b)
{
	const struct why *why;
	struct secrets *s;

	if (b->boot->secrets_fd < 0)
		return;
	if ((why = secrets_open(b->boot->secrets_fd, &s)) != NULL) {
		log_event(LOG_ERROR, "secrets.refused", "why", why_name(why), NULL);
		return;
	}
	b->secrets_serial = secrets_serial(s);
	certs_inherit(b->certs, s);
	secrets_unref(&s);
}

void
brain_take_over(struct brain *b, int fd, bool counts_only)
{
	const struct why *why = WHY_HANDOVER_UNREADABLE;
	int64_t now = clock_mono_usec();
	struct buf text;

	buf_init(&text, HANDOVER_BYTES);
	if (memfile_read(fd, &text))
		why = counts_only ? handover_take_counts(b->world, buf_str(&text), now) :
		    handover_take(b->world, buf_str(&text), now);
	if (why != NULL)
		log_event(LOG_ERROR, "handover.refused", "why", why_name(why), "text", why->text, NULL);
	else
		log_event(LOG_INFO, "handover.taken", "bytes", LOG_N(text.len), NULL);
	buf_fini(&text);
}
