/*
 * figures: what a run, or the recording itself, came to.
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "replay/replay.h"

struct replay *
replay_new(uint32_t services, uint32_t nodes)
{
	struct replay *p = must_zalloc(sizeof *p);

	p->services = services;
	p->nodes = nodes;
	p->runs = 1;
	p->service = must_zalloc((services + 1) * sizeof *p->service);
	p->picks = must_zalloc(((size_t)services * nodes + 1) * sizeof *p->picks);
	return p;
}

struct replay *
replay_recorded(const struct load *l)
{
	struct replay *p = replay_new(l->services, l->nodes);

	memcpy(p->picks, l->picks, (size_t)l->services * l->nodes * sizeof *p->picks);
	for (uint32_t i = 0; i < l->services; i++) {
		p->service[i].picks = l->service[i].picks;
		p->service[i].responses = l->service[i].responses;
		p->service[i].duration_usec = l->service[i].duration_usec;
		memcpy(p->service[i].step, l->service[i].step, sizeof p->service[i].step);
	}
	return p;
}

void
replay_add(struct replay *to, const struct replay *p)
{
	ASSERT(to->services == p->services && to->nodes == p->nodes);
	for (uint32_t i = 0; i < to->services; i++) {
		struct replay_service *s = &to->service[i];
		s->picks += p->service[i].picks;
		s->responses += p->service[i].responses;
		s->refused += p->service[i].refused;
		s->duration_usec += p->service[i].duration_usec;
		for (unsigned k = 0; k < LATENCY_STEPS; k++)
			s->step[k] += p->service[i].step[k];
	}
	for (size_t i = 0; i < (size_t)to->services * to->nodes; i++)
		to->picks[i] += p->picks[i];
	to->unfinished += p->unfinished;
	to->runs += p->runs;
}

void
replay_free(struct replay **pp)
{
	struct replay *p = *pp;

	*pp = NULL;
	if (p == NULL)
		return;
	free(p->service);
	free(p->picks);
	free(p);
}
