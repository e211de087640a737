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

/* It is the header of a proxy in front of the client, to its last byte. */
static bool
is_header(const char *p, size_t n)
{
	static const char begins[] = "\r\n\r\n\0\r\nQUIT\n";

	if (!ledger_plan()->proxied)
		return false;
	if (n > 6 && memcmp(p, "PROXY ", 6) == 0)
		return memchr(p, '\n', n) == p + n - 1;
	return n > 16 && memcmp(p, begins, 12) == 0 && n == 16u + (unsigned char)p[14] * 256u + (unsigned char)p[15];
}

/* What a client has sent is looked at where it lies before anything of it is read: which protocol that is. The header of a proxy in
 * front stands before that, and is looked at and read on its own. */
void
manners_recv(struct file *f, bool peek, const void *p, ssize_t got)
{
	if (peek && f->was_accepted && f->was_read)
		broken("it looks once more at what a client sends");
	if (peek || got <= 0)
		return;
	f->was_read |= f->was_headed || !is_header(p, (size_t)got);
	f->was_headed = true;
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
