/*
 * target_haproxy: HAProxy over its admin socket, in rounds. A round reads what it has, gives the orders that make the plan
 * of it, and reads again. Rounds come with each publication and each `poll`, so one that somebody else has changed gets
 * everything again; and soon after it was restarted or reloaded, for then it has forgotten what we added.
 * Must not know what the orders are: drive/haproxy.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/clock.h"
#include "base/map.h"
#include "drive/haproxy.h"
#include "targets/haproxy_request.h"
#include "targets/target.h"

#define ANSWER_USEC	(5 * USEC_PER_SEC)
#define RETRY_USEC	(250 * USEC_PER_MSEC)	/* while it cannot be reached: it may be restarting */
#define WATCH_USEC	(200 * USEC_PER_MSEC)	/* between two looks at whether it is another process now */

struct hands {
	struct target	*target;
	struct loop	*loop;
	struct addr	 addr;
	struct haproxy_rules rules;
	struct map	*backend;		/* those that we were ever to fill, by name: to themselves */
	struct haproxy_request ask;
	struct deferred	 deferred;
	int64_t		 due_usec;		/* of the next round */
	int64_t		 watch_usec;		/* of the next look at which process it is */

	/* the publication */
	bool		 owed;			/* it is not out */
	bool		 owed_told;		/* and that was said */
	bool		 withdrawing;		/* it is a withdrawal, and rounds go on until no server of ours is left */
	bool		 withdrawn;		/* that is so: no more rounds until the next publication */

	/* the round */
	bool		 busy, again;		/* one is under way; another is wanted at once */
	bool		 ordered;		/* what is read now is what came of our orders */
	struct haproxy_state *state;
	struct haproxy_commands *commands;
	unsigned	 at;			/* the order under way */
	char		 refusal[200];		/* of the first that was refused */

	/* for people */
	struct haproxy_info info;		/* pid 0: not seen yet */
	uint64_t	 restarts, given, refused;
	unsigned	 leaving;		/* servers that wait for their connections to end */
};

static void	round_start(struct hands *);

/* --- the end of a round --- */

static void
round_end(struct hands *h, int64_t pause)
{
	haproxy_commands_free(&h->commands);
	haproxy_state_free(&h->state);
	h->busy = false;
	h->due_usec = loop_now(h->loop) + pause;
	h->watch_usec = loop_now(h->loop) + WATCH_USEC;
	if (h->again)
		round_start(h);
}

/* A publication that is overtaken by a newer one is not reported: `again` means that the newer one will be. */
static void
round_failed(struct hands *h, const struct why *why, const char *detail)
{
	int64_t poll = target_conf(h->target)->poll_usec;
	char where[240];

	if (why == WHY_PROXY_GONE) {
		snprintf(where, sizeof where, "%.140s: %.90s", target_conf(h->target)->socket, detail);
		detail = where;
	}
	if (h->owed && !h->owed_told && !h->again) {
		h->owed_told = true;
		target_failed(h->target, why, detail);
	}
	if (!h->again && !h->withdrawing)
		target_not_applied(h->target, why, detail);
	round_end(h, why == WHY_PROXY_GONE && poll > RETRY_USEC ? RETRY_USEC : poll);
}

static void
servers_tell(struct hands *h)
{
	const struct plan *p = target_plan(h->target);
	const struct haproxy_server *s;
	char backend[HAPROXY_NAME_MAX];

	for (unsigned i = 0; p != NULL && i < p->nservices; i++) {
		haproxy_backend_name(h->rules.backend, p->service[i].name, backend);
		for (unsigned k = 0; k < p->service[i].nservers; k++)
			if ((s = haproxy_task_server(h->state, backend, &p->service[i].server[k])) != NULL)
				target_server_reported(h->target, p->service[i].name, p->service[i].server[k].name, (int)s->weight, s->status);
	}
}

/* Servers that still have connections are deleted by later rounds. */
static void
round_withdrawn(struct hands *h)
{
	h->leaving = h->commands->ndelete;
	h->withdrawn = h->leaving == 0;
	if (!h->again) {
		if (h->owed)
			target_withdrawn(h->target);
		h->owed = false;
	}
	round_end(h, target_conf(h->target)->poll_usec);
}

static void
round_good(struct hands *h)
{
	if (h->withdrawing) {
		round_withdrawn(h);
		return;
	}
	h->leaving = h->commands->ndelete;
	servers_tell(h);
	if (!h->again) {
		if (h->owed)
			target_published(h->target);
		h->owed = false;
		target_applied(h->target);
	}
	round_end(h, target_conf(h->target)->poll_usec);
}

/* --- orders --- */

static bool
is_planned(const struct hands *h, const char *backend)
{
	const struct plan *p = target_plan(h->target);
	char name[HAPROXY_NAME_MAX];

	for (unsigned i = 0; i < p->nservices; i++) {
		haproxy_backend_name(h->rules.backend, p->service[i].name, name);
		if (strcmp(name, backend) == 0)
			return true;
	}
	return false;
}

static void
commands_make(struct hands *h)
{
	const struct plan *p = target_plan(h->target);
	char name[HAPROXY_NAME_MAX];
	struct str key;
	void *value;
	size_t at = 0;

	h->at = 0;
	if (h->withdrawing) {
		h->commands = haproxy_commands_withdraw(h->state, &h->rules, target_conf(h->target)->services.item,
		    target_conf(h->target)->services.n, target_is_standalone(h->target) ? NULL : h->backend);
		return;
	}
	h->commands = haproxy_commands_make(h->state, p, &h->rules);
	for (unsigned i = 0; i < p->nservices; i++) {
		haproxy_backend_name(h->rules.backend, p->service[i].name, name);
		if (map_get(h->backend, str_of(name)) == NULL)
			map_put(h->backend, str_of(name), must_strdup(name));
	}
	while (map_next(h->backend, &at, &key, &value))
		if (!is_planned(h, value))
			haproxy_commands_clear_backend(h->commands, h->state, value);
}

static void	ask(struct hands *, const char *line, haproxy_response_f *);
static void	on_state(void *, const struct why *, const char *, struct str);

static void
refusal_note(struct hands *h, const struct haproxy_command *o, struct str answer)
{
	struct str line = { "", 0 };
	char text[100];

	str_split(&answer, '\n', &line);
	str_copy(text, sizeof text, line);
	for (char *p = text; *p != '\0'; p++)
		if (*p < ' ' || *p > '~')
			*p = '?';
	h->refused++;
	log_event(LOG_DEBUG, "haproxy.refused", "target", target_name(h->target), "order", o->line, "answer", text, NULL);
	if (h->refusal[0] == '\0' && o->action != HAPROXY_DELETE)
		snprintf(h->refusal, sizeof h->refusal, "%.90s: %s", o->line, text);
}

static void
on_answer(void *arg, const struct why *why, const char *detail, struct str answer)
{
	struct hands *h = arg;
	const struct haproxy_command *o = &h->commands->command[h->at];

	if (why != NULL) {
		round_failed(h, why, detail);
		return;
	}
	h->given++;
	if (haproxy_response_verdict(o->action, answer) == HAPROXY_REFUSED)
		refusal_note(h, o, answer);
	if (++h->at < h->commands->n)
		ask(h, h->commands->command[h->at].line, on_answer);
	else {
		h->ordered = true;
		ask(h, "show servers state", on_state);
	}
}

/* Servers that wait to be deleted are out of use: they are tried once in each round, and are no difference. */
static void
commands_check(struct hands *h)
{
	unsigned open = h->commands->n - h->commands->ndelete;
	char detail[240];

	if (h->again && h->ordered)		/* these orders are of an older plan than the one that is compared with */
		round_end(h, 0);
	else if (h->commands->n == 0 || (h->ordered && open == 0))
		round_good(h);
	else if (!h->ordered)
		ask(h, h->commands->command[0].line, on_answer);
	else if (h->refusal[0] != '\0')
		round_failed(h, WHY_PROXY_REFUSED, h->refusal);
	else {
		snprintf(detail, sizeof detail, "%u orders were without effect, the first: %.160s", open, h->commands->command[0].line);
		round_failed(h, WHY_PROXY_DIFFERS, detail);
	}
}

/* --- reading --- */

/* A table ends with an empty line. One whose HAProxy died over it ends anywhere, and would lack servers that are there. */
static const struct why *
whole(struct str answer, const char **detail)
{
	if (answer.len >= 2 && memcmp(answer.p + answer.len - 2, "\n\n", 2) == 0)
		return NULL;
	*detail = "it closed the connection in the middle of a response";
	return WHY_PROXY_GONE;
}

static void
on_stat(void *arg, const struct why *why, const char *detail, struct str answer)
{
	struct hands *h = arg;

	if (why == NULL && (why = haproxy_stat_parse(answer, h->state)) != NULL)
		detail = "show stat";
	if (why == NULL)
		why = whole(answer, &detail);
	if (why != NULL) {
		round_failed(h, why, detail);
		return;
	}
	haproxy_commands_free(&h->commands);
	commands_make(h);
	commands_check(h);
}

static void
on_state(void *arg, const struct why *why, const char *detail, struct str answer)
{
	struct hands *h = arg;
	struct haproxy_state *state;

	if (why == NULL && (why = haproxy_state_parse(answer, &state)) != NULL)
		detail = "show servers state: is the socket of level admin?";
	if (why == NULL) {
		haproxy_state_free(&h->state);
		h->state = state;
		why = whole(answer, &detail);
	}
	if (why != NULL) {
		round_failed(h, why, detail);
		return;
	}
	ask(h, "show stat -1 4 -1", on_stat);
}

static bool
is_other(const struct hands *h, const struct haproxy_info *info)
{
	return h->info.pid != 0 && (h->info.pid != info->pid || info->uptime_sec < h->info.uptime_sec);
}

static void
on_info(void *arg, const struct why *why, const char *detail, struct str answer)
{
	struct hands *h = arg;
	struct haproxy_info info;

	if (why == NULL && (why = haproxy_info_parse(answer, &info)) != NULL)
		detail = "show info";
	if (why == NULL)
		why = whole(answer, &detail);
	if (why != NULL) {
		round_failed(h, why, detail);
		return;
	}
	if (is_other(h, &info)) {
		h->restarts++;
		log_event(LOG_INFO, "haproxy.restarted", "target", target_name(h->target), "version", info.version, "pid",
		    LOG_N((int64_t)info.pid), NULL);
	}
	h->info = info;
	ask(h, "show servers state", on_state);
}

static void
ask(struct hands *h, const char *line, haproxy_response_f *fn)
{
	haproxy_request_start(&h->ask, h->loop, &h->addr, line, ANSWER_USEC, fn, h);
}

static void
round_start(struct hands *h)
{
	h->busy = true;
	h->again = h->ordered = false;
	h->refusal[0] = '\0';
	ask(h, "show info", on_info);
}

/* --- between rounds --- */

/* One that does not answer well is the next round's affair. */
static void
on_watched(void *arg, const struct why *why, const char *detail, struct str answer)
{
	struct hands *h = arg;
	struct haproxy_info info;
	bool other = why == NULL && haproxy_info_parse(answer, &info) == NULL && is_other(h, &info);

	(void)detail;
	h->busy = false;
	h->watch_usec = loop_now(h->loop) + WATCH_USEC;
	if (why != NULL)
		h->due_usec = 0;
	if (other || h->again)
		round_start(h);
}

static void
watch(struct hands *h)
{
	h->busy = true;
	ask(h, "show info", on_watched);
}

/* --- as a target --- */

static void *
haproxy_open(struct target *t)
{
	struct hands *h = must_zalloc(sizeof *h);
	const struct conf_target *c = target_conf(t);

	h->target = t;
	h->loop = target_loop(t);
	ASSERT(addr_parse(str_of(c->socket), &h->addr) == NULL);
	h->rules = (struct haproxy_rules){ c->backend, c->server_options == NULL ? "check" : c->server_options };
	h->backend = map_new();
	return h;
}

static void
haproxy_close(void *arg)
{
	struct hands *h = arg;
	struct str key;
	void *value;
	size_t at = 0;

	haproxy_request_cancel(&h->ask);
	haproxy_commands_free(&h->commands);
	haproxy_state_free(&h->state);
	while (map_next(h->backend, &at, &key, &value))
		free(value);
	map_free(&h->backend);
	loop_defer(h->loop, &h->deferred, free, h);
}

static void
owe(struct hands *h)
{
	h->owed = true;
	h->owed_told = false;
	if (h->busy)
		h->again = true;
	else
		round_start(h);
}

static void
haproxy_publish(void *arg, const struct plan *p)
{
	struct hands *h = arg;

	(void)p;		/* it is the target's plan from now on */
	h->withdrawing = h->withdrawn = false;
	owe(h);
}

static void
haproxy_withdraw(void *arg)
{
	struct hands *h = arg;

	h->withdrawing = true;
	h->withdrawn = false;
	owe(h);
}

static void
haproxy_would(const void *arg, json_t *sentences)
{
	const struct hands *h = arg;
	const struct conf_target *c = target_conf(h->target);
	char text[400];

	for (unsigned i = 0; i < c->services.n || i == 0; i++) {
		haproxy_backend_name(h->rules.backend, c->services.n == 0 ? "*" : c->services.item[i], text);
		json_array_append_new(sentences, json_sprintf("backend %.100s: servers " HAPROXY_PREFIX "* are deleted, when their connections have "
		    "ended; your own servers get the weights of HAProxy's configuration", text));
	}
}

static void
haproxy_tick(void *arg, int64_t now_usec)
{
	struct hands *h = arg;

	if (h->busy || h->withdrawn || (target_plan(h->target) == NULL && !h->withdrawing))
		return;
	if (now_usec >= h->due_usec)
		round_start(h);
	else if (now_usec >= h->watch_usec && !h->withdrawing)
		watch(h);
}

static void
haproxy_show(const void *arg, json_t *target)
{
	const struct hands *h = arg;

	if (h->info.pid == 0)
		return;
	json_object_set_new(target, "haproxy", json_pack("{s:s, s:I, s:I, s:I, s:I, s:I}", "version", h->info.version, "pid",
	    (json_int_t)h->info.pid, "restarts", (json_int_t)h->restarts, "commands", (json_int_t)h->given, "refused",
	    (json_int_t)h->refused, "leaving", (json_int_t)h->leaving));
}

const struct target_driver target_driver_haproxy = {
	.open = haproxy_open, .close = haproxy_close, .publish = haproxy_publish, .withdraw = haproxy_withdraw,
	.describe_withdraw = haproxy_would, .tick = haproxy_tick, .view = haproxy_show
};
