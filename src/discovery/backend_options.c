/*
 * backend_options: what Traefik's labels say of how requests are passed on to a service's tasks,
 * besides where these are: passHostHeader, strategy, responseForwarding, passiveHealthCheck.
 * Must not know which routers lead there.
 */
#include "base/bug.h"
#include "base/clock.h"
#include "base/go.h"
#include "discovery/traefik_priv.h"
#include "world/outlier.h"

/* What Traefik does not understand either it does not serve. */
static void
refuse(struct traefik_reading *r, struct backend *b, const struct swarm_label *label,
    const char *text)
{
	if (b->unknown == NULL)
		b->unknown = label;
	reading_report(r, label, LABEL_INVALID, text);
}

/* True: the label with which it would be set a second time, or `ours` beside it, counts instead. */
static bool
is_settled(struct traefik_reading *r, struct backend *b, const struct swarm_label *label,
    const struct swarm_label **at, const char *ours)
{
	bool again = *at != NULL;

	if (again)
		refuse(r, b, label, "it is set twice");
	else if (reading_has_label(r, ours))
		reading_report(r, label, LABEL_UNUSED, "the mola label of the same meaning has precedence");
	else
		*at = label;
	return again || *at == NULL;
}

static void
read_pass_host(struct traefik_reading *r, struct backend *b, const struct swarm_label *label)
{
	if (!go_bool(str_trim(str_of(label->value)), &b->passes_host))
		refuse(r, b, label, "expected true or false");
	else if (!is_settled(r, b, label, &b->pass_host, "mola.pass_host"))
		reading_report(r, label, LABEL_VALID, NULL);
}

static const struct strategy {
	const char	*word;
	bool		 known;		/* there is a policy that it becomes */
	enum policy	 policy;
	const char	*text;
} strategies[] = {
	{ "wrr", true, POLICY_ROUND_ROBIN, "it is policy round-robin here" },
	{ "p2c", true, POLICY_RANDOM_TWO, "it is policy random-two here" },
	{ "leasttime", true, POLICY_MARGINAL, "it is policy marginal here, which goes by the nodes' "
	    "state and by requests in flight, not by how long responses took" },
	{ "hrw", false, POLICY_MARGINAL, "not done: a client is not bound to a task by its address; "
	    "a sticky cookie binds it" },
};

static void
read_strategy(struct traefik_reading *r, struct backend *b, const struct swarm_label *label)
{
	const struct strategy *found = NULL;
	struct str value = str_trim(str_of(label->value));

	for (size_t i = 0; i < sizeof strategies / sizeof *strategies; i++)
		if (str_eq(value, str_of(strategies[i].word)))
			found = &strategies[i];
	if (found == NULL)
		refuse(r, b, label, "expected wrr, p2c, hrw or leasttime");
	else if (!is_settled(r, b, label, &b->strategy, "mola.policy")) {
		b->has_policy = found->known;
		b->policy = found->policy;
		reading_report(r, label, found->known ? LABEL_VALID : LABEL_UNSUPPORTED, found->text);
	}
}

static void
read_flush(struct traefik_reading *r, struct backend *b, const struct swarm_label *label)
{
	struct str value = str_trim(str_of(label->value));
	int64_t usec;

	if (str_starts(value, STR("-")))	/* at once, as Mola always does */
		value = (struct str){ value.p + 1, value.len - 1 };
	if (!go_duration(value, &usec))
		refuse(r, b, label, "expected a duration such as 100ms or 2s");
	else
		reading_report(r, label, LABEL_VALID, "what a task sends goes on at once here");
}

/* ---- passive checks ---- */

static void
read_attempts(struct traefik_reading *r, struct backend *b, const struct swarm_label *label)
{
	uint64_t n;

	if (!str_to_u64(str_trim(str_of(label->value)), &n) || n > INT32_MAX)
		refuse(r, b, label, "expected a number of failures");
	else if (!is_settled(r, b, label, &b->ejects, "mola.eject.failures")) {
		b->eject_failures = n == 0 ? 1 : n > OUTLIER_STRIKES ? OUTLIER_STRIKES : (unsigned)n;
		reading_report(r, label, LABEL_VALID, n > OUTLIER_STRIKES ? "it is 64 here, the most" : NULL);
	}
}

static void
read_window(struct traefik_reading *r, struct backend *b, const struct swarm_label *label)
{
	if (!go_duration(str_trim(str_of(label->value)), &b->eject_window_usec))
		refuse(r, b, label, "expected a duration such as 10s or 1m30s");
	else if (b->eject_window_usec < 1000 || b->eject_window_usec > 24 * 3600 * USEC_PER_SEC)
		refuse(r, b, label, "expected a duration from 1ms to 24h");
	else if (!is_settled(r, b, label, &b->window, "mola.eject.window"))
		reading_report(r, label, LABEL_VALID, NULL);
}

/* What is not said is as in Traefik: one failure is enough, and ten seconds. */
static bool
passive_gather(struct traefik_reading *r, struct backend *b, const struct swarm_label *label,
    const struct str *word, unsigned n)
{
	b->passive = true;
	if (n == 2 && word_is(word[1], "maxfailedattempts"))
		read_attempts(r, b, label);
	else if (n == 2 && word_is(word[1], "failurewindow"))
		read_window(r, b, label);
	else if (n == 1 && r->service->provided && *label->value == '\0')	/* in a file: {} */
		reading_report(r, label, LABEL_VALID, NULL);
	else
		return false;
	return true;
}

static void
passive_conf(const struct traefik_reading *r, const struct backend *b, struct service_conf *conf)
{
	if (!b->passive)
		return;
	if (!reading_has_label(r, "mola.eject.failures"))
		conf->eject_failures = b->ejects == NULL ? 1 : b->eject_failures;
	if (!reading_has_label(r, "mola.eject.window"))
		conf->eject_window_usec = b->window == NULL ? 10 * USEC_PER_SEC : b->eject_window_usec;
}

bool
options_gather(struct traefik_reading *r, struct backend *b, const struct swarm_label *label,
    const struct str *word, unsigned n)
{
	ASSERT(n >= 1);
	if (n == 1 && word_is(word[0], "passhostheader"))
		read_pass_host(r, b, label);
	else if (n == 1 && word_is(word[0], "strategy"))
		read_strategy(r, b, label);
	else if (n == 2 && word_is(word[0], "responseforwarding") && word_is(word[1], "flushinterval"))
		read_flush(r, b, label);
	else
		return n >= 1 && word_is(word[0], "passivehealthcheck") && passive_gather(r, b, label, word, n);
	return true;
}

void
options_conf(const struct traefik_reading *r, const struct backend *b, struct service_conf *conf)
{
	if (b->pass_host != NULL)
		conf->pass_host = b->passes_host;
	if (b->has_policy)
		conf->policy = b->policy;
	passive_conf(r, b, conf);
}
