/*
 * issue_challenge: what the authorizations of an order need. They are read first, all of them,
 * so that the answers stand in the store before the CA is told to look for the first one.
 */
#include <stdlib.h>
#include <string.h>

#include "acme/issue_priv.h"
#include "base/bug.h"

/* ---- reading ---- */

static void
fail_name(struct issue *x, const struct why *why, const char *name, const char *text)
{
	issue_fail(x, why, arena_printf(x->arena, "%s: %s", name, text), true);
}

/* The problem of a name that was not validated; NULL: none is told. */
static const char *
problem_of(const struct reply_authz *z)
{
	for (unsigned i = 0; i < z->nchallenges; i++)
		if (z->challenge[i].problem.text[0] != '\0')
			return z->challenge[i].problem.text;
	return NULL;
}

static void
challenge_add(struct issue *x, const struct reply_authz *z, const struct reply_challenge *c,
    const char *answer)
{
	ASSERT(x->nchallenges < REPLY_AUTHZ_MAX);
	x->challenge[x->nchallenges++] = (struct issue_challenge){ .kind = c->kind, .url = c->url,
	    .name = z->name, .token = c->token, .answer = answer, .sent = c->status != REPLY_PENDING };
}

/* Of an order that stands in the store: the answer is there, too. */
static bool
challenge_recall(struct issue *x, const struct reply_authz *z)
{
	for (unsigned i = 0; i < z->nchallenges; i++)
		for (unsigned k = 0; k < x->nanswers; k++)
			if (strcmp(z->challenge[i].token, x->answer[k].token) == 0
			    && z->challenge[i].kind == x->answer[k].kind) {
				challenge_add(x, z, &z->challenge[i], x->answer[k].answer);
				return true;
			}
	return false;
}

static bool
challenge_choose(struct issue *x, const struct reply_authz *z)
{
	struct buf b;

	for (unsigned k = 0; k < x->conf.nchallenges; k++)
		for (unsigned i = 0; i < z->nchallenges; i++) {
			if (z->challenge[i].kind != x->conf.challenge[k])
				continue;
			buf_init(&b, 256);
			jose_answer(ca_key(x->conf.ca), str_of(z->challenge[i].token), &b);
			challenge_add(x, z, &z->challenge[i], arena_text(x->arena, buf_str(&b)));
			buf_fini(&b);
			return true;
		}
	return false;
}

static void
authz_pending(struct issue *x, const struct reply_authz *z)
{
	if (x->recorded && !challenge_recall(x, z))
		fail_name(x, WHY_ACME_ORDER, z->name,
		    "its challenge is not the one that was written down");
	else if (!x->recorded && !challenge_choose(x, z))
		fail_name(x, WHY_ACME_CHALLENGE, z->name, z->wildcard ? "a wildcard needs dns-01" : "");
	else {
		x->at++;
		issue_go(x, issue_authz);
	}
}

static void
authz_read(void *arg, const struct ca_reply *r)
{
	struct issue *x = arg;
	struct reply_authz z;
	const char *problem;

	if (r->why != NULL) {
		issue_refused(x, r, x->seeks_problem);
		return;
	}
	if (!reply_authz(x->arena, r->body, &z)) {
		issue_fail(x, WHY_ACME_REPLY, "to a request for an authorization", x->seeks_problem);
		return;
	}
	problem = problem_of(&z);
	if (z.status == REPLY_INVALID || z.status == REPLY_OTHER)
		fail_name(x, WHY_ACME_INVALID, z.name,
		    problem != NULL ? problem : "the CA gives no reason");
	else if (z.status == REPLY_PENDING && !x->seeks_problem)
		authz_pending(x, &z);
	else {
		x->at++;
		issue_go(x, issue_authz);
	}
}

void
issue_authz(void *arg)
{
	struct issue *x = arg;

	issue_enter(x, "reading the authorizations");
	if (x->at < x->reply.nauthz)
		ca_read(x->conf.ca, x->reply.authz[x->at], authz_read, x);
	else if (x->seeks_problem)
		issue_fail(x, WHY_ACME_ORDER, x->reply.problem.text, true);
	else {
		x->walked = true;
		x->at = 0;
		if (x->recorded)
			issue_go(x, issue_present);
		else
			issue_record(x);
	}
}

/* ---- the hook ---- */

static void
hook_run(struct issue *x, const char *verb, const struct issue_challenge *c, hook_done_f *done)
{
	struct buf value;
	const char *argv[5];

	ASSERT(x->hook == NULL && x->conf.hook != NULL);
	buf_init(&value, 64);
	jose_digest(str_of(c->answer), &value);
	argv[0] = x->conf.hook;
	argv[1] = verb;
	argv[2] = c->name;
	argv[3] = arena_printf(x->arena, "_acme-challenge.%s", c->name);
	argv[4] = arena_text(x->arena, buf_str(&value));
	buf_fini(&value);
	x->hook = hook_new(x->conf.loop, argv, x->conf.hook_usec, done, x);
}

static void
presented(void *arg, const struct why *why, const char *said)
{
	struct issue *x = arg;

	hook_free(&x->hook);
	x->challenge[x->at].presented = true;		/* or half: it is cleaned up in any case */
	if (why != NULL) {
		issue_fail(x, why, arena_text(x->arena, str_of(said)), false);
		return;
	}
	x->at++;
	issue_go(x, issue_present);
}

static bool
needs_hook(const struct issue *x, unsigned i)
{
	return x->challenge[i].kind == CHALLENGE_DNS_01 && !x->challenge[i].sent;
}

void
issue_present(void *arg)
{
	struct issue *x = arg;

	issue_enter(x, "preparing the challenges");
	while (x->at < x->nchallenges && !needs_hook(x, x->at))
		x->at++;
	if (x->at < x->nchallenges) {
		if (x->conf.hook == NULL)
			issue_fail(x, WHY_ACME_CHALLENGE,
			    "the order needs dns-01, and no hook is configured", true);
		else
			hook_run(x, "present", &x->challenge[x->at], presented);
		return;
	}
	x->at = 0;
	issue_go(x, issue_send);
}

static void
cleaned(void *arg, const struct why *why, const char *said)
{
	struct issue *x = arg;

	(void)why;		/* a record that is left behind harms nobody */
	(void)said;
	hook_free(&x->hook);
	x->at++;
	issue_go(x, issue_clean);
}

void
issue_clean(void *arg)
{
	struct issue *x = arg;

	while (x->at < x->nchallenges && !x->challenge[x->at].presented)
		x->at++;
	if (x->at < x->nchallenges) {
		hook_run(x, "clean", &x->challenge[x->at], cleaned);
		return;
	}
	x->over = true;
	x->ended(x->arg, &x->end);
}

/* ---- telling the CA ---- */

/* That a challenge is refused shows in the order, too. */
static void
sent(void *arg, const struct ca_reply *r)
{
	struct issue *x = arg;

	if (r->why == WHY_ACME_GONE || r->why == WHY_ACME_LIMIT) {
		issue_refused(x, r, false);
		return;
	}
	x->at++;
	issue_go(x, issue_send);
}

void
issue_send(void *arg)
{
	struct issue *x = arg;

	issue_enter(x, "requesting validation");
	while (x->at < x->nchallenges && x->challenge[x->at].sent)
		x->at++;
	if (x->at == x->nchallenges)
		issue_wait(x);
	else if (issue_may_act(x)) {
		x->challenge[x->at].sent = true;
		ca_post(x->conf.ca, x->challenge[x->at].url, STR("{}"), sent, x);
	}
}
