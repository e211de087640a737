/*
 * certs_state: what is to be said of a certificate, and the log line when that changes. Of time
 * only the wall clock counts here, as it does for clients; when it is plainly wrong, that is said
 * once, and no certificate is judged by it.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/bug.h"
#include "base/log.h"
#include "certs/certs_priv.h"

#define DAY		INT64_C(86400)
#define SOON_MOST	(14 * DAY)

static const struct {
	const char	*name;
	enum log_level	 level;
	const char	*text;
} states[STATES] = {
#define STATE(id, name, level, text) { name, level, text },
#include "certs/states.h"
#undef STATE
};

const char *
state_name(enum cert_state s)
{
	ASSERT((unsigned)s < STATES);
	return states[s].name;
}

const char *
state_text(enum cert_state s)
{
	ASSERT((unsigned)s < STATES);
	return states[s].text;
}

static bool
clock_is_wrong(int64_t wall_sec)
{
	return wall_sec < CLOCK_LEAST;
}

/* A tenth of its life is left, or two weeks of a long one: whatever renews it should have done
 * so. */
static bool
expires_soon(const struct cert *c, int64_t wall_sec)
{
	int64_t left = cert_not_after(c) - wall_sec;
	int64_t life = cert_not_after(c) - cert_not_before(c);

	return left < SOON_MOST && left < life / 10;
}

enum cert_state
state_of(const struct item *i, int64_t wall_sec)
{
	const struct cert *c = i->now.cert;

	if (i->now.pem.p == NULL)
		return i->why != NULL || i->file != NULL ? STATE_MISSING : STATE_WAITING;
	if (c != NULL && !clock_is_wrong(wall_sec)) {
		if (cert_not_after(c) <= wall_sec)
			return STATE_EXPIRED;
		if (cert_not_before(c) > wall_sec)
			return STATE_NOT_YET_VALID;
	}
	if (i->why != NULL)
		return STATE_KEPT;
	if (c != NULL && !clock_is_wrong(wall_sec) && expires_soon(c, wall_sec))
		return STATE_EXPIRING;
	return c != NULL && cert_warning(c) != NULL ? STATE_WARNING : STATE_GOOD;
}

/* NULL: it is valid now. */
static const struct why *
invalid_why(const struct cert *c, int64_t wall_sec)
{
	if (cert_not_after(c) <= wall_sec)
		return WHY_CERT_EXPIRED;
	return cert_not_before(c) > wall_sec ? WHY_CERT_NOT_YET_VALID : NULL;
}

const struct why *
content_better(const struct content *now, const struct content *next, int64_t wall_sec)
{
	const struct why *why;

	if (now->cert == NULL || next->cert == NULL || clock_is_wrong(wall_sec))
		return NULL;
	if ((why = invalid_why(next->cert, wall_sec)) == NULL)
		return NULL;
	/* neither is valid: the later one is what somebody meant */
	if (invalid_why(now->cert, wall_sec) != NULL &&
	    cert_not_after(next->cert) >= cert_not_after(now->cert))
		return NULL;
	return why;
}

/* ---- the log ---- */

static const char *
date_text(int64_t sec, char out[32])
{
	time_t t = (time_t)sec;
	struct tm tm;

	if (gmtime_r(&t, &tm) == NULL || strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		strcpy(out, "?");
	return out;
}

static void
clock_report(struct certs *c, int64_t wall_sec)
{
	bool wrong = clock_is_wrong(wall_sec);
	char date[32];

	if (wrong && !c->clock_wrong)
		log_event(LOG_ERROR, "clock.wrong", "now", date_text(wall_sec, date), "text",
		    "certificates are served, but whether they are valid cannot be judged", NULL);
	c->clock_wrong = wrong;
}

static void
state_report(const struct item *i, enum cert_state s)
{
	const struct cert *c = i->now.cert;
	char from[32], to[32], event[40];

	snprintf(event, sizeof event, "certificate.%s", states[s].name);
	log_event(states[s].level, event, "id", item_id(i), "text", states[s].text, "why",
	    i->why != NULL ? why_name(i->why) : "", "detail", *i->detail != '\0' ? i->detail :
	    i->why != NULL ? i->why->text : c != NULL && cert_warning(c) != NULL ? cert_warning(c) : "",
	    "valid_from", c != NULL ? date_text(cert_not_before(c), from) : "",
	    "expires", c != NULL ? date_text(cert_not_after(c), to) : "", NULL);
}

void
states_report(struct certs *c, int64_t wall_sec)
{
	struct item *i;

	clock_report(c, wall_sec);
	TAILQ_FOREACH(i, &c->items, link) {
		enum cert_state s = state_of(i, wall_sec);
		bool failed = i->why != NULL && !i->reported;

		if (i->unsettled)
			continue;
		if (s != i->state || failed)	/* another failure in the same state is news, too */
			state_report(i, s);
		i->failures += failed;
		i->state = s;
		i->reported = true;
	}
}
