/*
 * Who gives way, and in which order: doc/why/0057. Whoever has not had a response yet does so
 * before those who have, and of those who do the same, whose address has most of them: a crowd of
 * few addresses cannot make others give way.
 */
#include "base/alloc.h"
#include "proxy/exchange.h"
#include "proxy/relief.h"

#define MOST	16	/* sessions that end in one call */
#define LOOK	256	/* of a list, from the oldest on, of which */
#define WINDOW	32	/* that hold something are compared */

/* It would give back more than its own few bytes. */
static bool
holds(struct session *s)
{
	const struct client *c = (const struct client *)s;

	switch (s->place) {
	case SESSION_READING:
		return exchange_unread_bytes(s->exchange) > 0;
	case SESSION_FRESH:
		return c->handshaking && c->wait == NULL;
	case SESSION_LINGERING:
		return c->sender.tls;
	case SESSION_IDLE:
		return (c->h2 != NULL || c->sender.tls) && session_is_silent(s);
	default:
		return false;
	}
}

static const struct ip *
ip_of_session(const struct session *s)
{
	return &((const struct client *)s)->sender.ip;
}

/* Of the oldest of a list, the oldest one of the address that has most of them. NULL: none of them
 * holds anything. */
static struct session *
choose(struct session_list *list, const struct session *but)
{
	struct session *s, *seen[WINDOW], *best = NULL;
	unsigned count[WINDOW], n = 0, most = 0, looks = 0;

	TAILQ_FOREACH(s, list, link) {
		if (s != but && holds(s)) {
			unsigned first = 0;

			while (first < n && !tally_same(ip_of_session(seen[first]), ip_of_session(s)))
				first++;
			seen[n] = s;
			count[n++] = 0;
			if (++count[first] > most) {
				most = count[first];
				best = seen[first];
			}
		}
		if (n == WINDOW || ++looks == LOOK)
			break;
	}
	return best;
}

static bool
evict_one(struct proxy *p, const struct session *but)
{
	struct session_list *lists[] = { &p->sessions.reading, &p->sessions.fresh,
	    &p->sessions.lingering, &p->sessions.idle };
	struct session *s = NULL;

	for (int i = 0; i < 4 && s == NULL; i++)
		s = choose(lists[i], but);
	if (s == NULL)
		return false;
	session_evict(s, WHY_MEMORY_GAVE_WAY);
	return true;
}

void
relief_seek(struct proxy *p, const struct session *but)
{
	for (int n = 0; n < MOST && !alloc_refill() && evict_one(p, but); n++)
		;
}
