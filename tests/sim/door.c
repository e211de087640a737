#include "door.h"

static void
on_time(void *arg, uint64_t up)
{
	struct door *d = arg;

	wire_note(up ? "up" : "down", d->service, d->number);
	d->port.accept = up ? d->accept : NULL;
	if (!up && d->resets)
		d->breaks(d->port.arg);
}

void
door_open(struct door *d, const struct plan *p, unsigned service, unsigned number, struct host *h, const struct addr *at,
    port_f *accept, void (*breaks)(void *), void *task)
{
	const struct plan_task *how = &p->service[service].task[number];

	*d = (struct door){ .port = { .addr = *at, .host = h, .accept = accept, .arg = task }, .accept = accept, .breaks = breaks,
		.resets = how->resets, .service = service, .number = number };
	port_open(&d->port);
	if (how->down_usec > 0) {
		wire_at(wire_now() + how->down_usec, on_time, d, 0);
		wire_at(wire_now() + how->up_usec, on_time, d, 1);
	}
}
