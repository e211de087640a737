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
}

void
tls_print(const struct plan *p)
{
	if (p->tls.there)
		printf("# TLS%s%s, renewed %lld\n", p->tls.fallback ? " with a fallback" : "", p->tls.tickets ? ", tickets of all workers" : "",
		    (long long)p->tls.renew_usec);
}

void
secure_print(const struct plan_secure *s)
{
	if (s->on)
		printf(", TLS%s for %s%s%s", s->old ? " 1.2" : "", s->name == NULL ? "no host" : s->name, s->comes_back ? ", comes back" : "",
		    s->mute ? ", mute" : "");
}
