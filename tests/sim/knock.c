#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/bug.h"
#include "knock.h"
#include "ledger.h"
#include "memory.h"
#include "secure.h"

#define NOTHING		WHY_ID_COMPLETE
#define LEAVE_USEC	(100 * USEC_PER_MSEC)

struct knock {
	const struct plan_knock *how;
	unsigned	 number;
	struct host	 host;
	const struct addr *to;
	struct end	*end;			/* NULL: it is over */
	int64_t		 began_usec, ended_usec;
	bool		 spoken, done, hung;	/* hung: it was Mola that ended it */
	int		 alert;
	char		 text[512];		/* that came without TLS */
	size_t		 len;
};

static struct {
	const struct plan *plan;
	struct knock	 *knock;
	uint64_t	 reported[WHY_COUNT], reports[WHY_COUNT];
} g;

/* What Mola is to say of each kind, and to its client by an alert (RFC 8446, 6); 0: none. */
static const struct { enum why_id why; int alert; } due[KNOCK_KINDS] = {
	[KNOCK_STOPS] = { WHY_ID_TLS_SLOW, 0 }, [KNOCK_STOPS_LATER] = { WHY_ID_TLS_SLOW, 0 }, [KNOCK_PLAIN] = { WHY_ID_TLS_PLAIN, 0 },
	[KNOCK_GARBAGE] = { WHY_ID_TLS_BROKEN, 0 }, [KNOCK_STRANGER] = { WHY_ID_TLS_NO_CERT, SSL_AD_UNRECOGNIZED_NAME },
	[KNOCK_OLDER] = { WHY_ID_TLS_VERSION, SSL_AD_PROTOCOL_VERSION }, [KNOCK_PROTOCOL] = { WHY_ID_TLS_NO_SHARED, SSL_AD_NO_APPLICATION_PROTOCOL },
	[KNOCK_LEAVES] = { NOTHING, 0 }, [KNOCK_SLOW] = { NOTHING, 0 },
	[KNOCK_DISTRUSTS] = { WHY_ID_TLS_REFUSED, 0 },
};

/* It is served. */
static bool
is_good(const struct plan_knock *k)
{
	return k->kind == KNOCK_SLOW || (k->kind == KNOCK_STRANGER && g.plan->tls.fallback);
}

static bool
has_tls(const struct plan_knock *k)
{
	return k->kind != KNOCK_PLAIN && k->kind != KNOCK_GARBAGE;
}

static void
over(struct knock *k, bool hung)
{
	if (has_tls(k->how))
		end_heard_alert(k->end, &k->alert);
	end_close(k->end, !hung && k->how->resets);
	k->end = NULL;
	k->hung = hung;
	k->ended_usec = wire_now();
	wire_note("knocked", k->number, (uint64_t)k->alert);
}

static void
speak(struct knock *k)
{
	static const char plain[] = "GET /k HTTP/1.1\r\nHost: s0\r\n\r\n", garbage[] = "\x16\x03\x01\x00\x05knock", other[] = "\x80knock, knock";
	const char *p = k->how->kind == KNOCK_PLAIN ? plain : k->how->at % 2 == 0 ? garbage : other;

	k->spoken = true;
	end_write(k->end, p, strlen(p) > 5 ? strlen(p) : sizeof garbage - 1);
}

/* False: it is over. */
static bool
hear(struct knock *k)
{
	ssize_t n;

	while ((n = end_read(k->end, k->text + k->len, sizeof k->text - 1 - k->len, false)) > 0)
		k->len += (size_t)n;
	if (n < 0 && errno == EAGAIN)
		return true;
	over(k, true);
	return false;
}

static void
on_end(void *arg, unsigned what)
{
	struct knock *k = arg;

	(void)what;
	if (k->end == NULL)
		return;
	if (has_tls(k->how) && end_ssl(k->end) != NULL && k->how->kind != KNOCK_STOPS_LATER) {
		k->done = true;
		over(k, false);
		return;
	}
	if (has_tls(k->how) && end_secure_failure(k->end) != NULL) {
		over(k, true);
		return;
	}
	if ((end_is(k->end) & END_OUT) != 0 && !has_tls(k->how) && !k->spoken)
		speak(k);
	if (k->spoken || k->how->kind == KNOCK_STOPS_LATER)
		hear(k);
}

static void
on_leave(void *arg, uint64_t n)
{
	struct knock *k = arg;

	(void)n;
	if (k->end != NULL)
		over(k, false);
}

static void
on_start(void *arg, uint64_t n)
{
	struct knock *k = arg;
	struct secure_how how = SECURE_HOW;

	(void)n;
	k->began_usec = wire_now();
	k->end = end_connect(&k->host, k->to, &k->how->weather, on_end, k);
	how.name = k->how->kind == KNOCK_STRANGER ? "nowhere" : "all";
	how.alpn = k->how->kind == KNOCK_PROTOCOL ? "\2h9" : "\2h2";
	how.older = k->how->kind == KNOCK_OLDER;
	how.distrusts = k->how->kind == KNOCK_DISTRUSTS;
	how.hello_alone = k->how->kind == KNOCK_STOPS_LATER;
	if (k->how->kind == KNOCK_STOPS || k->how->kind == KNOCK_LEAVES)
		how.stop_at = (int64_t)k->how->at;
	if (k->how->kind == KNOCK_SLOW) {
		how.piece = 1 + (uint32_t)k->how->at / 10;
		how.piece_usec = USEC_PER_MSEC;
	}
	if (has_tls(k->how))
		end_secure(k->end, &how);
	end_adopt(k->end, on_end, k);
	if (k->how->kind == KNOCK_LEAVES)
		wire_at(wire_now() + LEAVE_USEC, on_leave, k, 0);
}

void
knocks_begin(const struct plan *p, const struct addr *secure)
{
	char name[32];

	g.plan = p;
	g.knock = sim_alloc(KNOCKS * sizeof *g.knock);
	memset(g.reported, 0, sizeof g.reported);
	memset(g.reports, 0, sizeof g.reports);
	for (unsigned i = 0; i < KNOCKS; i++) {
		struct knock *k = &g.knock[i];
		k->how = &p->knock[i];
		k->number = i;
		k->to = secure;
		snprintf(name, sizeof name, "10.0.7.%u:1", 1 + i);
		ASSERT(addr_parse(str_of(name), &k->host.addr) == NULL);
		if (k->how->there)
			wire_at(wire_now() + k->how->starts_usec, on_start, k, 0);
	}
}

void
knocks_report(const struct proxy_failed *f)
{
	wire_note(f->why->name, f->count, 0);
	g.reported[f->why->id] += f->count;
	g.reports[f->why->id]++;
	if (f->text == NULL || f->text[0] == '\0')
		broken("a handshake failed by %s, and nobody says how", f->why->name);
}

/* ---- what must be true ---- */

static void
check_one(const struct knock *k)
{
	const struct weather *w = &k->how->weather;
	int64_t took = k->ended_usec - k->began_usec, way = 6 * (w->delay_usec + w->jitter_usec) + 300 * USEC_PER_MSEC;
	bool stops = k->how->kind == KNOCK_STOPS || k->how->kind == KNOCK_STOPS_LATER;

	if (k->end != NULL || k->ended_usec == 0)
		broken("knock %u was left waiting", k->number);
	if (stops && took < HEAD_USEC)
		broken("knock %u was waited for %lld us only", k->number, (long long)took);
	if (stops && took > HEAD_USEC + way)
		broken("knock %u was waited for %lld us", k->number, (long long)took);
	if (!stops && k->how->kind != KNOCK_SLOW && w->window >= 65536 && w->piece_most == 0 && took > way + LEAVE_USEC)
		broken("knock %u was responded to after %lld us", k->number, (long long)took);
	if (k->done != is_good(k->how) && k->how->kind != KNOCK_LEAVES)
		broken("knock %u %s", k->number, k->done ? "was let in" : "was not let in");
	if (!is_good(k->how) && due[k->how->kind].alert != k->alert && due[k->how->kind].alert != 0)
		broken("knock %u got alert %d", k->number, k->alert);
	if (k->how->kind == KNOCK_PLAIN && (strncmp(k->text, "HTTP/1.1 400 ", 13) != 0 || strstr(k->text, "tls_plain") == NULL))
		broken("knock %u came without TLS, and got: %s", k->number, k->text);
}

void
knocks_check(const struct live *live)
{
	uint64_t sum[WHY_COUNT] = { 0 }, minutes = 1 + (uint64_t)((wire_now() - 1000 * USEC_PER_SEC) / PROXY_FAILED_USEC);

	if (!g.plan->tls.there || !ledger_is_calm())
		return;
	for (unsigned i = 0; i < KNOCKS; i++) {
		const struct knock *k = &g.knock[i];
		if (!k->how->there)
			continue;
		check_one(k);
		if (due[k->how->kind].why != NOTHING && !is_good(k->how))
			sum[due[k->how->kind].why]++;
	}
	for (unsigned i = 0; i < KNOCK_KINDS; i++) {
		enum why_id why = due[i].why;
		const char *name = why_all[why].name;
		if (why == NOTHING)
			continue;
		if (g.reports[why] > minutes * g.plan->nworkers)
			broken("%s is reported %llu times in %llu minutes", name, (unsigned long long)g.reports[why], (unsigned long long)minutes);
		if (live_why_total(live, why) != sum[why])
			broken("%s is counted %llu times, and happened %llu times", name,
			    (unsigned long long)live_why_total(live, why), (unsigned long long)sum[why]);
		if (why != WHY_ID_TLS_SLOW && why != WHY_ID_TLS_PLAIN && (g.reported[why] > sum[why] || (g.reported[why] > 0) != (sum[why] > 0)))
			broken("%s is reported %llu times, and happened %llu times", name, (unsigned long long)g.reported[why],
			    (unsigned long long)sum[why]);
	}
}
