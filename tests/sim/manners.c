#include <string.h>

#include "ledger.h"
#include "manners.h"

/* For which a connection is used without a look at it (proxy/upstream.c), and a turn; and of what cannot be sent again. */
#define FRESH_USEC	(11 * USEC_PER_MSEC)
#define CAREFUL_USEC	(2 * USEC_PER_MSEC)

void
manners_end(struct file *f)
{
	if (f->ended_usec == 0 && (end_is(f->end) & (END_HUNG | END_BROKEN)) != 0)
		f->ended_usec = wire_now();
}

/* What a client has sent is looked at where it lies before anything of it is read: which protocol that is. Where there is a proxy in
 * front, its header stands before that. */
void
manners_recv(struct file *f, bool peek, ssize_t got)
{
	if (peek && f->was_accepted && f->was_read)
		broken("it looks once more at what a client sends");
	f->was_read |= !peek && got > 0 && !ledger_plan()->proxied;
}

/* Nothing but the end is left to read. */
static bool
is_at_end(const struct file *f)
{
	char c;

	return (end_is(f->end) & END_BROKEN) != 0 || end_read(f->end, &c, 1, true) == 0;
}

/* What has ended, and was so when it was last looked at, gets no request. (That of TCP may still be sent something.) */
void
manners_send(const struct file *f, const void *p, size_t n)
{
	int64_t fresh = n >= 5 && memcmp(p, "POST ", 5) == 0 ? CAREFUL_USEC : FRESH_USEC;
	unsigned service = addr_port(end_peer_addr(f->end)) - 8000;

	if (f->was_accepted || f->process == BRAIN || service >= SERVICES || f->ended_usec == 0 || !ledger_is_calm())
		return;
	if (wire_now() - f->ended_usec > fresh && is_at_end(f))
		broken("it sends to a task on a connection that ended %lld us ago", (long long)(wire_now() - f->ended_usec));
}
