#include <stdio.h>

#include "plan_priv.h"

/* Those from KNOWN on have no certificate of their own. */
static const char *const hosts[] = { "all", "all", "all", "s0", "s1", "s2", "s3", "a.w", "rest", NULL, NULL, NULL, "nowhere" };
#define KNOWN	9

static void
draw_secure(struct plan_secure *s, const struct plan_tls *tls, struct rng *r)
{
	s->on = may(r, 60);
	s->name = hosts[rng_below(r, tls->fallback ? sizeof hosts / sizeof *hosts : KNOWN)];
	s->old = may(r, 30);
	s->comes_back = may(r, 60);
	s->mute = may(r, 20);
}

static void
draw_tasks(struct plan_service *s, struct rng *r)
{
	s->tls.on = may(r, 40);
	s->tls.verified = may(r, 70);
	s->tls.old = may(r, 30);
	s->tls.mute = may(r, 30);
	s->tls.h2_alone = may(r, 50);
	s->tls.damaged = rng_below(&own, 8) == 0;
	for (unsigned i = 0; i < TASKS; i++)
		s->task[i].wrong = may(r, 20) ? (enum wrong_cert)(1 + rng_below(&own, CERT_OTHER_CA)) : CERT_GOOD;
}

enum scheme
plan_scheme(const struct plan_service *s)
{
	if (!s->tls.on)
		return s->h2c ? SCHEME_H2C : SCHEME_HTTP;
	return s->h2c && s->tls.h2_alone ? SCHEME_H2 : SCHEME_HTTPS;
}

static void
draw_knock(struct plan_knock *k, struct rng *r)
{
	k->there = may(r, 50);
	k->kind = (enum knock_kind)rng_below(r, KNOCK_KINDS);
	k->starts_usec = between(r, 0, 4 * USEC_PER_SEC);
	k->at = rng_below(r, 200);
	k->resets = rng_below(r, 2);
	k->weather = draw_weather(r);
}

bool
plan_task_is_refused(const struct plan_service *s, const struct plan_task *t)
{
	return s->tls.on && s->tls.verified && (t->wrong != CERT_GOOD || s->tls.damaged);
}

void
tls_draw(struct plan *p, struct rng r)
{
	p->tls.there = may(&r, 34);
	if (!p->tls.there)
		return;
	p->tls.fallback = may(&r, 50);
	p->tls.tickets = may(&r, 70);
	p->tls.renew_usec = may(&r, 40) ? between(&own, USEC_PER_SEC / 2, 4 * USEC_PER_SEC) : 0;
	for (unsigned i = 0; i < CLIENTS; i++)
		draw_secure(&p->client[i].secure, &p->tls, &r);
	for (unsigned i = 0; i < KNOCKS; i++)
		draw_knock(&p->knock[i], &r);
	for (unsigned i = 0; i < SERVICES && !p->brain.there; i++)	/* which has services of its own */
		draw_tasks(&p->service[i], &r);
}

void
tls_print(const struct plan *p)
{
	if (p->tls.there)
		printf("# TLS%s%s, renewed %lld\n", p->tls.fallback ? " with a fallback" : "", p->tls.tickets ? ", tickets of all workers" : "",
		    (long long)p->tls.renew_usec);
	for (unsigned i = 0; i < KNOCKS; i++)
		if (p->knock[i].there)
			printf("#   knock %u from %lld us: kind %d at %llu%s\n", i, (long long)p->knock[i].starts_usec, p->knock[i].kind,
			    (unsigned long long)p->knock[i].at, p->knock[i].resets ? ", resets" : "");
	for (unsigned i = 0; i < SERVICES; i++) {
		const struct plan_service *s = &p->service[i];
		if (s->tls.on)
			printf("#   tasks of s%u:%s%s%s%s%s, certificates %d %d %d %d\n", i, s->tls.verified ? " verified" : "", s->tls.old ? " 1.2" : "",
			    s->tls.mute ? " mute" : "", s->tls.h2_alone ? " h2 alone" : "", s->tls.damaged ? " damaged CA" : "", s->task[0].wrong, s->task[1].wrong, s->task[2].wrong,
			    s->task[3].wrong);
	}
}

void
secure_print(const struct plan_secure *s)
{
	if (s->on)
		printf(", TLS%s for %s%s%s", s->old ? " 1.2" : "", s->name == NULL ? "no host" : s->name, s->comes_back ? ", comes back" : "",
		    s->mute ? ", mute" : "");
}
