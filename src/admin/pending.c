/*
 * pending: polls what workers have in force, in shared memory, while a reply waits for it. A
 * worker has a new table within a millisecond as a rule, so nobody has to notify.
 */
#include <stdlib.h>

#include "admin/pages.h"
#include "admin/pending.h"
#include "admin/view.h"
#include "base/alloc.h"
#include "base/bug.h"
#include "base/clock.h"

#define POLL_USEC	USEC_PER_MSEC
#define PATIENCE_USEC	(5 * USEC_PER_SEC)
/* Each holds a connection of the admin server, which has others to serve. */
#define WAITING_MOST	64

struct waiting {
	struct request	*request;
	json_t		*state;
	uint64_t	 serial;
	int64_t		 until_usec;
};

struct pending {
	struct loop	*loop;
	const struct live *live;
	int64_t		 patience_usec;
	struct timer	 poll;
	struct waiting	 one[WAITING_MOST];	/* in no order */
	unsigned	 count;
};

struct pending *
pending_new(struct loop *l, const struct live *live)
{
	struct pending *p = must_zalloc(sizeof *p);

	ASSERT(live != NULL);
	p->loop = l;
	p->live = live;
	p->patience_usec = PATIENCE_USEC;
	return p;
}

static void
send_json(struct request *req, int status, json_t *j)
{
	char *text = json_dumps(j, VIEW_JSON);

	ASSERT(text != NULL);
	request_reply(req, status, "application/json", str_of(text), PAGES_FIELDS);
	free(text);
	json_decref(j);
}

static void
reply_state(struct request *req, json_t *state, bool in_force)
{
	json_object_set_new(state, "pending", json_boolean(!in_force));
	send_json(req, in_force ? 200 : 202, state);
}

/* It comes out before it is replied to: the client's next request may come in by that. */
static struct waiting
take_out(struct pending *p, unsigned i)
{
	struct waiting w = p->one[i];

	ASSERT(i < p->count && w.request != NULL);
	p->one[i] = p->one[--p->count];
	return w;
}

static void
on_poll(void *arg)
{
	struct pending *p = arg;
	int64_t now = loop_now(p->loop);
	struct waiting w;
	bool in_force;

	ASSERT(p->count > 0 && p->count <= WAITING_MOST);
	for (unsigned i = p->count; i-- > 0; ) {
		in_force = live_table_reached_all(p->live, p->one[i].serial);
		if (!in_force && now < p->one[i].until_usec)
			continue;
		w = take_out(p, i);
		reply_state(w.request, w.state, in_force);
	}
	if (p->count > 0)
		timer_set(p->loop, &p->poll, now + POLL_USEC, on_poll, p);
}

void
pending_reply(struct pending *p, struct request *req, uint64_t serial, json_t *state)
{
	bool in_force = live_table_reached_all(p->live, serial);

	ASSERT(json_is_object(state));
	if (in_force || p->count == WAITING_MOST) {
		reply_state(req, state, in_force);
		return;
	}
	p->one[p->count++] = (struct waiting){ req, state, serial, loop_now(p->loop) + p->patience_usec };
	if (p->poll.node.at == 0)
		timer_set(p->loop, &p->poll, loop_now(p->loop) + POLL_USEC, on_poll, p);
}

void
pending_free(struct pending **pp)
{
	struct pending *p = *pp;
	struct waiting w;

	*pp = NULL;
	timer_clear(p->loop, &p->poll);
	while (p->count > 0) {
		w = take_out(p, p->count - 1);
		json_decref(w.state);
		send_json(w.request, 503, json_pack("{s:s}", "error", "Mola is stopping"));
	}
	free(p);
}
