/*
 * A session is in exactly one place, and session_move() is the only function that moves it. Knows
 * nothing of what is served, nor who the client is.
 */
#include "base/bug.h"
#include "base/clock.h"
#include "http/session.h"

#define WASTE_BYTES	16384	/* that are thrown away by one read */
#define LOOKS		16	/* sessions that turn out not to be silent */

/* ---- the places ---- */

static struct session_list *
list_of(struct session *s)
{
	switch (s->place) {
	case SESSION_IDLE:
		return &s->home->idle;
	case SESSION_FRESH:
		return &s->home->fresh;
	case SESSION_READING:
		return &s->home->reading;
	case SESSION_BUSY:
		return &s->home->busy;
	case SESSION_LINGERING:
		return &s->home->lingering;
	case SESSION_NEW:
	case SESSION_CLOSED:
		break;
	}
	return NULL;
}

/* Lists are in the order of arrival: their first has been there longest. */
static void
session_move(struct session *s, enum session_place to)
{
	struct session_list *list = list_of(s);

	ASSERT(s->place != SESSION_CLOSED && to != SESSION_NEW);
	ASSERT((s->exchange != NULL) == (to == SESSION_READING || to == SESSION_BUSY));
	if (list != NULL) {
		ASSERT(!TAILQ_EMPTY(list));
		TAILQ_REMOVE(list, s, link);
	}
	s->home->nbusy += (to == SESSION_BUSY) - (s->place == SESSION_BUSY);
	s->place = to;
	if ((list = list_of(s)) != NULL)
		TAILQ_INSERT_TAIL(list, s, link);
}

/* The stream is closed. */
static void
session_end(struct session *s, const struct why *why)
{
	struct sessions *ss = s->home;

	ASSERT(ss->count > 0 && !stream_is_open(&s->stream));
	s->exchange = NULL;
	timer_clear(ss->loop, &s->timer);
	session_move(s, SESSION_CLOSED);
	ss->count--;
	ss->ops->end(s, why);
}

void
session_close(struct session *s)
{
	stream_close(&s->stream);
	session_end(s, NULL);
}

void
session_reset(struct session *s)
{
	stream_reset(&s->stream);
	session_end(s, NULL);
}

static void
leave(struct session *s)
{
	if (s->home->ops->leave != NULL)
		s->home->ops->leave(s);
}

/* Between exchanges, for a reason of our own. */
static void
close_between(struct session *s, const struct why *why)
{
	ASSERT(s->exchange == NULL);
	leave(s);
	stream_close(&s->stream);
	session_end(s, why);
}

/* ---- idle and busy ---- */

static void
on_idle(void *arg)
{
	struct session *s = arg;

	ASSERT(s->place == SESSION_FRESH || s->place == SESSION_IDLE);
	if (stream_can_read(&s->stream))
		s->home->ops->begin(s);
}

/* A request may be there already, when it was the loop that came late. */
static void
on_idle_late(void *arg)
{
	struct session *s = arg;

	if (s->exchange != NULL)	/* which has not set the timer for itself */
		return;
	ASSERT(s->place == SESSION_FRESH || s->place == SESSION_IDLE);
	if (stream_look(&s->stream) == IO_DONE)
		s->home->ops->begin(s);
	else if (s->home->draining && s->served > 0) {
		leave(s);
		session_linger(s);
	} else
		close_between(s, WHY_CLIENT_IDLE);
}

void
session_idle(struct session *s)
{
	struct sessions *ss = s->home;
	/* in a drain, one that has just come may still send a request, but not take all day */
	int64_t most = ss->draining ? ss->limits.linger_usec : ss->limits.idle_usec;

	if (ss->draining && s->served > 0) {
		leave(s);
		session_linger(s);
		return;
	}
	s->exchange = NULL;
	session_move(s, s->served > 0 ? SESSION_IDLE : SESSION_FRESH);
	s->since_usec = loop_now(ss->loop);
	stream_adopt(&s->stream, on_idle, s);
	timer_set(ss->loop, &s->timer, s->since_usec + most, on_idle_late, s);
	on_idle(s);			/* no event comes for what came before */
}

void
session_open_stream(struct session *s, struct sessions *ss)
{
	ASSERT(s->place == SESSION_NEW && s->served == 0 && stream_is_open(&s->stream));
	s->home = ss;
	ss->count++;
	session_idle(s);
}

void
session_open(struct session *s, struct sessions *ss, int fd)
{
	stream_open(&s->stream, ss->loop, fd, on_idle, s);
	session_open_stream(s, ss);
}

void
session_busy(struct session *s, void *exchange, stream_f *fn)
{
	ASSERT(exchange != NULL && (s->exchange == NULL || s->exchange == exchange));
	ASSERT(s->place != SESSION_LINGERING);
	s->exchange = exchange;
	if (s->place != SESSION_BUSY)
		session_move(s, SESSION_BUSY);
	stream_adopt(&s->stream, fn, exchange);
}

void
session_reading(struct session *s)
{
	ASSERT(s->exchange != NULL);
	if (s->place == SESSION_READING)
		return;
	session_move(s, SESSION_READING);
	s->since_usec = loop_now(s->home->loop);
}

/* ---- the end ---- */

static void on_linger_timer(void *arg);

/*
 * Closing with unread bytes in the socket would make the kernel reset the connection, and the
 * client might lose a response that it has not read yet. So: end our direction, and throw away
 * what comes until theirs ends. A client that is in the middle of an upload may read our response
 * only when it has sent all of it.
 */
static void
on_linger(void *arg)
{
	struct session *s = arg;
	const struct session_limits *limits = &s->home->limits;
	struct loop *l = s->home->loop;
	unsigned before = s->lingered;
	char waste[WASTE_BYTES];
	enum io_result shut = stream_shut(&s->stream), res;	/* again, when our end had to wait */
	size_t got;

	ASSERT(s->place == SESSION_LINGERING);
	while ((res = stream_read(&s->stream, waste, sizeof waste, &got)) == IO_DONE) {
		s->lingered += (unsigned)got;
		s->active_usec = loop_now(l);
		if (s->lingered > limits->linger_bytes)
			break;
		if (s->lingered - before > limits->linger_turn_bytes) {
			timer_set(l, &s->timer, loop_now(l) + 1, on_linger_timer, s);
			return;
		}
	}
	if (res == IO_DONE || (res != IO_AGAIN && shut != IO_AGAIN))
		session_close(s);
}

/* Goes on reading after a break, and closes when the client has been silent, or has gone on, for
 * long enough. */
static void
on_linger_timer(void *arg)
{
	struct session *s = arg;
	const struct session_limits *limits = &s->home->limits;
	int64_t now = loop_now(s->home->loop), until = s->active_usec + limits->linger_usec;
	int64_t most = s->since_usec + (s->home->draining ? limits->linger_usec
	    : limits->linger_most_usec);

	if (until > most)
		until = most;
	if (now >= until) {
		session_close(s);
		return;
	}
	timer_set(s->home->loop, &s->timer, until, on_linger_timer, s);
	on_linger(s);
}

void
session_linger(struct session *s)
{
	struct sessions *ss = s->home;

	s->exchange = NULL;
	session_move(s, SESSION_LINGERING);
	s->since_usec = s->active_usec = loop_now(ss->loop);
	s->lingered = 0;
	stream_adopt(&s->stream, on_linger, s);
	timer_set(ss->loop, &s->timer, s->since_usec + ss->limits.linger_usec, on_linger_timer, s);
	on_linger(s);
}

void
session_finish(struct session *s)
{
	if (stream_may_close(&s->stream))
		session_close(s);
	else
		session_linger(s);
}

/* ---- all of them ---- */

void
sessions_init(struct sessions *ss, struct loop *l, const struct session_ops *ops, void *owner)
{
	ASSERT(ops->begin != NULL && ops->evict != NULL && ops->abort != NULL && ops->end != NULL);
	*ss = (struct sessions){ .loop = l, .ops = ops, .owner = owner };
	TAILQ_INIT(&ss->fresh);
	TAILQ_INIT(&ss->idle);
	TAILQ_INIT(&ss->reading);
	TAILQ_INIT(&ss->busy);
	TAILQ_INIT(&ss->lingering);
}

void
session_evict(struct session *s, const struct why *why)
{
	ASSERT(s->place != SESSION_BUSY && s->place != SESSION_CLOSED);
	if (s->exchange != NULL)
		s->home->ops->evict(s, why);
	else if (s->place == SESSION_LINGERING)
		session_close(s);
	else
		close_between(s, why);
}

bool
session_is_silent(struct session *s)
{
	return s->place == SESSION_IDLE && stream_look(&s->stream) != IO_DONE;
}

/* A busy loop comes late to requests that are there. In a handshake or a header of a proxy, only
 * the socket can be looked at. */
static bool
says_nothing(struct session *s)
{
	return s->place == SESSION_IDLE ? session_is_silent(s) : !stream_has_bytes(&s->stream);
}

bool
session_keeps_waiting(struct session *s)
{
	int64_t first = s->home->limits.first_usec;

	return says_nothing(s) && (s->served > 0 || s->since_usec <= loop_now(s->home->loop) - first);
}

/* The oldest of those that say nothing. NULL: all that it looked at
 * have a request that the loop comes to in this turn, and then they are idle no more. */
static struct session *
longest_silent(const struct session_list *list)
{
	struct session *s;
	int looks = 0;

	TAILQ_FOREACH(s, list, link) {
		if (says_nothing(s))
			return s;
		if (++looks == LOOKS)
			break;
	}
	return NULL;
}

/*
 * The one that has kept us waiting for a request longest, whether it has had a response before, or
 * has sent a part of the request. Were those between requests taken first, a silent crowd would end
 * connections that others are about to use; were those that are silent, a crowd that drips would
 * push out every client that has just come. NULL: there is none.
 *
 * Where most are being served, few others are left, and each that comes would end the one before
 * it, until none is served: there, one that has had no response yet has as long as a client far
 * away takes to send its request. But not for half of one: a crowd that sends halves, and comes
 * again at once, would have all places by that.
 */
static struct session *
longest_awaited(const struct sessions *ss)
{
	struct session *one[] = { longest_silent(&ss->idle), longest_silent(&ss->fresh),
		TAILQ_FIRST(&ss->reading) };
	bool patient = 2 * ss->nbusy > ss->count;
	int64_t until = loop_now(ss->loop) - (patient ? ss->limits.first_usec : 0);
	struct session *best = NULL;

	for (int i = 0; i < 3; i++)
		if (one[i] != NULL && (one[i]->served > 0 || one[i]->since_usec <= until)
		    && (best == NULL || one[i]->since_usec < best->since_usec))
			best = one[i];
	return best != NULL ? best : TAILQ_FIRST(&ss->reading);
}

bool
sessions_evict(struct sessions *ss)
{
	struct session *s;
	unsigned before = ss->count;

	if ((s = TAILQ_FIRST(&ss->lingering)) == NULL && (s = longest_awaited(ss)) == NULL)
		return false;
	session_evict(s, s->place == SESSION_IDLE ? WHY_CLIENT_IDLE : WHY_HEAD_GAVE_WAY);
	ASSERT(ss->count == before - 1);
	return true;
}

bool
sessions_have_room(struct sessions *ss)
{
	return ss->count < ss->limits.most || sessions_evict(ss);
}

void
sessions_drain(struct sessions *ss)
{
	struct session_list *lists[] = { &ss->fresh, &ss->idle };
	struct session *s, *next;

	ASSERT(!ss->draining);
	ss->draining = true;
	for (int i = 0; i < 2; i++)
		for (s = TAILQ_FIRST(lists[i]); s != NULL; s = next) {
			next = TAILQ_NEXT(s, link);
			if (s->exchange == NULL && s->served > 0 && ss->patience_usec == 0) {
				leave(s);
				session_linger(s);
			} else if (s->exchange == NULL)
				timer_set(ss->loop, &s->timer, loop_now(ss->loop) +
				    (s->served > 0 ? ss->patience_usec : ss->limits.linger_usec), on_idle_late, s);
		}
}

void
sessions_end(struct sessions *ss)
{
	struct session_list *lists[] = { &ss->fresh, &ss->reading, &ss->busy, &ss->idle,
	    &ss->lingering };
	struct session *s;

	for (int i = 0; i < 5; i++)
		while ((s = TAILQ_FIRST(lists[i])) != NULL)
			if (s->exchange != NULL)
				ss->ops->abort(s);
			else
				session_close(s);
	ASSERT(ss->count == 0);
}
