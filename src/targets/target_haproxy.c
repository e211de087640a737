/*
 * target_haproxy: HAProxy over its admin socket, in rounds. A round reads what HAProxy has, sends
 * the commands that lead from there to the plan, and reads again. There is a round for each
 * publication and one each `poll`, so that changes by others are undone; and one soon after
 * HAProxy was restarted or reloaded, because then it has lost the servers that were added. Must
 * not know what the commands are: drive/haproxy.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "base/clock.h"
#include "base/map.h"
#include "drive/haproxy.h"
#include "targets/haproxy_request.h"
#include "targets/target.h"

#define RESPONSE_USEC	(5 * USEC_PER_SEC)
/* Commands on one connection; the reads of their bytes and of what is said of them stay small. */
#define BATCH_COMMANDS	64
#define BATCH_BYTES	8192
#define RETRY_USEC	(250 * USEC_PER_MSEC)	/* while it cannot be reached: it may be restarting */
/* Between two looks at whether it is another process now. */
#define WATCH_USEC	(200 * USEC_PER_MSEC)

struct haproxy_target {
	struct target	*target;
	struct loop	*loop;
	struct addr	 addr;
	struct haproxy_rules rules;
	struct map	*backend;		/* names of backends that were ever published, to themselves */
	struct haproxy_request request;
	struct deferred	 deferred;
	int64_t		 due_usec;		/* of the next round */
	int64_t		 watch_usec;		/* of the next look at which process it is */

	/* the publication or withdrawal */
	bool		 pending;		/* it is not out */
	bool		 failure_reported;	/* nor has it been for a round: the target knows */
	bool		 withdrawing;		/* rounds go on until no server of Mola is left, */
	bool		 withdrawn;		/* which is so: no more rounds until the next publication */

	/* the round */
	bool		 busy;			/* a request is in progress */
	bool		 restart;		/* a newer publication wants a round as soon as this one ends */
	bool		 commands_sent;		/* what is read now shows their effect */
	struct haproxy_state *state;
	struct haproxy_commands *commands;
	unsigned	 at;			/* the first command that was not sent */
	unsigned	 batch[BATCH_COMMANDS], nbatch;	/* those that are in progress */
	char		 first_error[200];	/* the first command that was refused, and the response; "": none */

	/* for the API */
	struct haproxy_info info;		/* pid 0: not seen yet */
	uint64_t	 restarts, sent_total, refused_total;
	unsigned	 deleting;		/* servers that wait for their connections to end */
};

static void	round_start(struct haproxy_target *);

/* ---- the end of a round ---- */

static void
round_end(struct haproxy_target *h, int64_t pause)
{
	ASSERT(h->busy && !h->request.busy);
	haproxy_commands_free(&h->commands);
	haproxy_state_free(&h->state);
	h->busy = false;
	h->due_usec = loop_now(h->loop) + pause;
	h->watch_usec = loop_now(h->loop) + WATCH_USEC;
	if (h->restart)
		round_start(h);
}

/* If a newer publication has come meanwhile (restart), the next round reports that one. */
static void
round_failed(struct haproxy_target *h, const struct why *why, const char *detail)
{
	int64_t poll = target_conf(h->target)->poll_usec;
	char where[240];

	if (why == WHY_PROXY_GONE) {
		snprintf(where, sizeof where, "%.140s: %.90s", target_conf(h->target)->socket, detail);
		detail = where;
	}
	if (h->pending && !h->failure_reported && !h->restart) {
		h->failure_reported = true;
		target_failed(h->target, why, detail);
	}
	if (!h->restart && !h->withdrawing)
		target_not_applied(h->target, why, detail);
	round_end(h, why == WHY_PROXY_GONE && poll > RETRY_USEC ? RETRY_USEC : poll);
}

static void
servers_report(struct haproxy_target *h)
{
	const struct plan *p = target_plan(h->target);
	const struct haproxy_server *s;
	char backend[HAPROXY_NAME_MAX];

	for (unsigned i = 0; p != NULL && i < p->nservices; i++) {
		haproxy_backend_name(h->rules.backend, p->service[i].name, backend);
		for (unsigned k = 0; k < p->service[i].nservers; k++)
			if ((s = haproxy_task_server(h->state, backend, &p->service[i].server[k])) != NULL)
				target_server_reported(h->target, p->service[i].server[k].name,
				    (int)s->weight, s->status);
	}
}

/* Servers that still have connections are deleted by later rounds: a withdrawal is over without
 * them, its rounds are not. */
static void
round_good(struct haproxy_target *h)
{
	bool report = h->pending && !h->restart;

	ASSERT(!h->withdrawn && h->commands->ndelete <= h->commands->n);
	h->deleting = h->commands->ndelete;
	h->pending &= h->restart;
	if (h->withdrawing) {
		h->withdrawn = h->deleting == 0 && !h->restart;
		if (report)
			target_withdrawn(h->target);
	} else {
		servers_report(h);
		if (report)
			target_published(h->target);
		if (!h->restart)
			target_applied(h->target);
	}
	round_end(h, target_conf(h->target)->poll_usec);
}

/* ---- commands ---- */

static bool
is_planned(const struct haproxy_target *h, const char *backend)
{
	const struct plan *p = target_plan(h->target);
	char name[HAPROXY_NAME_MAX];

	ASSERT(p != NULL && !h->withdrawing);
	for (unsigned i = 0; i < p->nservices; i++) {
		haproxy_backend_name(h->rules.backend, p->service[i].name, name);
		if (strcmp(name, backend) == 0)
			return true;
	}
	return false;
}

static void
commands_make(struct haproxy_target *h)
{
	const struct plan *p = target_plan(h->target);
	char name[HAPROXY_NAME_MAX];
	struct str key;
	void *value;
	size_t at = 0;

	haproxy_commands_free(&h->commands);
	h->at = 0;
	if (h->withdrawing) {
		const struct conf_list *only = &target_conf(h->target)->services;
		h->commands = haproxy_commands_withdraw(h->state, &h->rules, only->item, only->n,
		    target_is_standalone(h->target) ? NULL : h->backend);
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

static void	request(struct haproxy_target *, const char *line, haproxy_response_f *);
static void	on_state(void *, const struct why *, const char *, struct str);
static void	on_batch_done(void *, const struct why *, const char *, struct str);

static void
error_note(struct haproxy_target *h, struct haproxy_command *o, struct str response)
{
	struct str line = { "", 0 };
	char text[100];

	str_split(&response, '\n', &line);
	str_copy(text, sizeof text, line);
	for (char *p = text; *p != '\0'; p++)
		if (*p < ' ' || *p > '~')
			*p = '?';
	h->refused_total++;
	o->refused = true;
	log_event(LOG_DEBUG, "haproxy.refused", "target", target_name(h->target), "order",
	    o->line, "answer", text, NULL);
	if (h->first_error[0] == '\0' && o->action != HAPROXY_DELETE)
		snprintf(h->first_error, sizeof h->first_error, "%.90s: %s", o->line, text);
}

/* No server drains while one of the same backend that was to take over is refused: the next round
 * tries both again. */
static bool
command_waits(const struct haproxy_commands *all, unsigned at)
{
	const struct haproxy_command *c = &all->command[at];

	ASSERT(at < all->n);
	if (c->action != HAPROXY_SET_DRAIN)
		return false;
	for (unsigned i = 0; i < at && all->command[i].action < HAPROXY_SET_DRAIN; i++)
		if (all->command[i].refused &&
		    str_eq(haproxy_command_backend(&all->command[i]), haproxy_command_backend(c)))
			return true;
	return false;
}

/* The next ones, up to the first that waits for the responses to them. */
static void
batch_send(struct haproxy_target *h)
{
	const struct haproxy_commands *all = h->commands;
	const char *line[BATCH_COMMANDS];
	size_t bytes = 0;

	ASSERT(h->at < all->n);
	h->nbatch = 0;
	for (; h->at < all->n && h->nbatch < BATCH_COMMANDS && bytes < BATCH_BYTES; h->at++) {
		const struct haproxy_command *c = &all->command[h->at];
		bool drains = c->action >= HAPROXY_SET_DRAIN;

		if (h->nbatch > 0 && drains != (all->command[h->batch[0]].action >= HAPROXY_SET_DRAIN))
			break;
		if (command_waits(all, h->at))
			continue;
		line[h->nbatch] = c->line;
		h->batch[h->nbatch++] = h->at;
		bytes += strlen(c->line);
	}
	if (h->nbatch > 0)
		haproxy_request_start_batch(&h->request, h->loop, &h->addr, line, h->nbatch, RESPONSE_USEC,
		    on_batch_done, h);
	else {
		h->commands_sent = true;
		request(h, "show servers state", on_state);
	}
}

static void
on_batch_done(void *arg, const struct why *why, const char *detail, struct str response)
{
	struct haproxy_target *h = arg;
	struct str one;

	ASSERT(h->busy && h->nbatch > 0 && !h->commands_sent);
	if (why != NULL) {
		round_failed(h, why, detail);
		return;
	}
	for (unsigned i = 0; i < h->nbatch; i++) {
		struct haproxy_command *o = &h->commands->command[h->batch[i]];

		if (!haproxy_batch_next(&response, &one)) {
			round_failed(h, WHY_PROXY_GONE, "it closed the connection in the middle of a response");
			return;
		}
		h->sent_total++;
		if (haproxy_response_verdict(o->action, one) == HAPROXY_REFUSED)
			error_note(h, o, one);
	}
	if (h->at < h->commands->n)
		batch_send(h);
	else {
		h->commands_sent = true;
		request(h, "show servers state", on_state);
	}
}

/* Servers that wait to be deleted are in maintenance: deleting is tried once in each round, and
 * they count as no difference. */
static void
commands_check(struct haproxy_target *h)
{
	unsigned open = h->commands->n - h->commands->ndelete;
	char detail[240];

	if (h->restart && h->commands_sent)		/* the commands that were sent are those of an older plan */
		round_end(h, 0);
	else if (h->commands->n == 0 || (h->commands_sent && open == 0))
		round_good(h);
	else if (!h->commands_sent)
		batch_send(h);
	else if (h->first_error[0] != '\0')
		round_failed(h, WHY_PROXY_REFUSED, h->first_error);
	else {
		snprintf(detail, sizeof detail, "%u commands had no effect, the first: %.160s", open,
		    h->commands->command[0].line);
		round_failed(h, WHY_PROXY_DIFFERS, detail);
	}
}

/* ---- reading ---- */

/* A table ends with an empty line. If HAProxy dies while it sends one, the table ends anywhere,
 * and lacks servers that exist. */
static const struct why *
table_check(struct str response, const char **detail)
{
	if (response.len >= 2 && memcmp(response.p + response.len - 2, "\n\n", 2) == 0)
		return NULL;
	*detail = "it closed the connection in the middle of a response";
	return WHY_PROXY_GONE;
}

static void
on_stat(void *arg, const struct why *why, const char *detail, struct str response)
{
	struct haproxy_target *h = arg;

	ASSERT(h->busy && h->state != NULL);
	if (why == NULL && (why = haproxy_stat_parse(response, h->state)) != NULL)
		detail = "show stat";
	if (why == NULL)
		why = table_check(response, &detail);
	if (why != NULL) {
		round_failed(h, why, detail);
		return;
	}
	commands_make(h);
	commands_check(h);
}

static void
on_state(void *arg, const struct why *why, const char *detail, struct str response)
{
	struct haproxy_target *h = arg;
	struct haproxy_state *state;

	ASSERT(h->busy && (h->state != NULL) == h->commands_sent);	/* the first reading, or the second */
	if (why == NULL && (why = haproxy_state_parse(response, &state)) != NULL)
		detail = "show servers state: is the socket of level admin?";
	if (why == NULL) {
		haproxy_state_free(&h->state);
		h->state = state;
		why = table_check(response, &detail);
	}
	if (why != NULL) {
		round_failed(h, why, detail);
		return;
	}
	request(h, "show stat -1 4 -1", on_stat);
}

static bool
is_new_process(const struct haproxy_target *h, const struct haproxy_info *info)
{
	return h->info.pid != 0 && (h->info.pid != info->pid || info->uptime_sec < h->info.uptime_sec);
}

static void
on_info(void *arg, const struct why *why, const char *detail, struct str response)
{
	struct haproxy_target *h = arg;
	struct haproxy_info info;

	if (why == NULL && (why = haproxy_info_parse(response, &info)) != NULL)
		detail = "show info";
	if (why == NULL)
		why = table_check(response, &detail);
	if (why != NULL) {
		round_failed(h, why, detail);
		return;
	}
	if (is_new_process(h, &info)) {
		h->restarts++;
		log_event(LOG_INFO, "haproxy.restarted", "target", target_name(h->target),
		    "version", info.version, "pid", LOG_N((int64_t)info.pid), NULL);
	}
	h->info = info;
	request(h, "show servers state", on_state);
}

static void
request(struct haproxy_target *h, const char *line, haproxy_response_f *fn)
{
	haproxy_request_start(&h->request, h->loop, &h->addr, line, RESPONSE_USEC, fn, h);
}

static void
round_start(struct haproxy_target *h)
{
	ASSERT(!h->busy && !h->withdrawn && h->state == NULL && h->commands == NULL);
	h->busy = true;
	h->restart = h->commands_sent = false;
	h->first_error[0] = '\0';
	request(h, "show info", on_info);
}

/* ---- between rounds ---- */

/* What goes wrong here is reported by the next round. */
static void
on_watched(void *arg, const struct why *why, const char *detail, struct str response)
{
	struct haproxy_target *h = arg;
	struct haproxy_info info;
	bool other = why == NULL && haproxy_info_parse(response, &info) == NULL &&
	    is_new_process(h, &info);

	(void)detail;
	ASSERT(h->busy && h->state == NULL && h->commands == NULL);	/* it is no round */
	h->busy = false;
	h->watch_usec = loop_now(h->loop) + WATCH_USEC;
	if (why != NULL)
		h->due_usec = 0;
	if (other || h->restart)
		round_start(h);
}

/* ---- as a target ---- */

static void *
haproxy_open(struct target *t)
{
	struct haproxy_target *h = must_zalloc(sizeof *h);
	const struct conf_target *c = target_conf(t);

	h->target = t;
	h->loop = target_loop(t);
	if (addr_parse(str_of(c->socket), &h->addr) != NULL)
		BUG("a socket that the configuration has accepted");
	h->rules = (struct haproxy_rules){ c->backend,
	    c->server_options == NULL ? "check" : c->server_options };
	h->backend = map_new();
	return h;
}

static void
haproxy_close(void *arg)
{
	struct haproxy_target *h = arg;
	struct str key;
	void *value;
	size_t at = 0;

	haproxy_request_cancel(&h->request);
	haproxy_commands_free(&h->commands);
	haproxy_state_free(&h->state);
	while (map_next(h->backend, &at, &key, &value))
		free(value);
	map_free(&h->backend);
	loop_defer(h->loop, &h->deferred, free, h);
}

static void
round_request(struct haproxy_target *h)
{
	h->pending = true;
	h->failure_reported = false;
	if (h->busy)
		h->restart = true;
	else
		round_start(h);
}

static void
haproxy_publish(void *arg, const struct plan *p)
{
	struct haproxy_target *h = arg;

	(void)p;		/* target_plan() is this plan from now on */
	h->withdrawing = h->withdrawn = false;
	round_request(h);
}

static void
haproxy_withdraw(void *arg)
{
	struct haproxy_target *h = arg;

	h->withdrawing = true;
	h->withdrawn = false;
	round_request(h);
}

static void
haproxy_describe_withdraw(const void *arg, json_t *sentences)
{
	const struct haproxy_target *h = arg;
	const struct conf_target *c = target_conf(h->target);
	char text[400];

	for (unsigned i = 0; i < c->services.n || i == 0; i++) {
		haproxy_backend_name(h->rules.backend, c->services.n == 0 ? "*" : c->services.item[i], text);
		json_array_append_new(sentences, json_sprintf("backend %.100s: "
		    "servers " HAPROXY_PREFIX "* are deleted, when their connections have ended; "
		    "your own servers get the weights of HAProxy's configuration", text));
	}
}

static void
haproxy_tick(void *arg, int64_t now_usec)
{
	struct haproxy_target *h = arg;

	if (h->busy || h->withdrawn || (target_plan(h->target) == NULL && !h->withdrawing))
		return;
	if (now_usec >= h->due_usec)
		round_start(h);
	else if (now_usec >= h->watch_usec && !h->withdrawing) {
		h->busy = true;
		request(h, "show info", on_watched);
	}
}

static void
haproxy_view(const void *arg, json_t *target)
{
	const struct haproxy_target *h = arg;

	if (h->info.pid == 0)
		return;
	json_object_set_new(target, "haproxy", json_pack("{s:s, s:I, s:I, s:I, s:I, s:I}",
	    "version", h->info.version, "pid", (json_int_t)h->info.pid,
	    "restarts", (json_int_t)h->restarts, "commands", (json_int_t)h->sent_total,
	    "refused", (json_int_t)h->refused_total, "leaving", (json_int_t)h->deleting));
}

const struct target_driver target_driver_haproxy = {
	.open = haproxy_open, .close = haproxy_close,
	.publish = haproxy_publish, .withdraw = haproxy_withdraw,
	.describe_withdraw = haproxy_describe_withdraw,
	.tick = haproxy_tick, .view = haproxy_view
};
