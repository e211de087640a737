/*
 * haproxy: compares what HAProxy has with the plan, from scratch each time. So nothing has to be
 * remembered of earlier commands, and a HAProxy that was restarted or reloaded gets everything
 * again. Must not know how commands are sent.
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/bug.h"
#include "drive/haproxy.h"

/* ---- names ---- */

void
haproxy_backend_name(const char *template, const char *service, char out[HAPROXY_NAME_MAX])
{
	static const char hole[] = "{service}";
	const char *at = strstr(template, hole);
	struct buf b;

	ASSERT(at != NULL && strlen(template) - (sizeof hole - 1) + strlen(service) < HAPROXY_NAME_MAX);
	buf_init(&b, HAPROXY_NAME_MAX);
	buf_add(&b, template, (size_t)(at - template));
	buf_adds(&b, str_of(service));
	buf_adds(&b, str_of(at + sizeof hole - 1));
	str_copy(out, HAPROXY_NAME_MAX, buf_str(&b));
	buf_fini(&b);
}

static void
mola_server_name(const struct plan_server *v, char out[HAPROXY_NAME_MAX])
{
	size_t n = str_copy(out, HAPROXY_NAME_MAX, STR(HAPROXY_PREFIX));

	str_copy(out + n, HAPROXY_NAME_MAX - n, str_of(v->name));
}

static bool
is_mola_server(const struct haproxy_server *h)
{
	return str_starts(str_of(h->name), STR(HAPROXY_PREFIX));
}

static const struct haproxy_server *
static_server_at(const struct haproxy_state *st, const char *backend, const struct addr *a)
{
	const struct haproxy_server *const *h;
	unsigned n = haproxy_servers_at(st, backend, a, &h);

	for (unsigned i = 0; i < n; i++)
		if (!is_mola_server(h[i]))
			return h[i];
	return NULL;
}

const struct haproxy_server *
haproxy_task_server(const struct haproxy_state *st, const char *backend,
    const struct plan_server *v)
{
	const struct haproxy_server *h = static_server_at(st, backend, &v->addr);
	char name[HAPROXY_NAME_MAX];

	if (h != NULL)
		return h;
	mola_server_name(v, name);
	return haproxy_find_server(st, backend, name);
}

/* ---- commands ---- */

struct command_writer {			/* of the commands of one backend */
	const struct haproxy_state *state;
	const struct plan_service *service;	/* NULL: it is gone */
	const char	*options;		/* of servers that are added */
	struct haproxy_commands *out;
	char		 backend[HAPROXY_NAME_MAX];
};

static void
command_add(struct haproxy_commands *o, enum haproxy_action action, char *line)
{
	if (o->n == o->cap) {
		o->cap = o->cap == 0 ? 16 : 2 * o->cap;
		o->command = must_realloc(o->command, o->cap * sizeof *o->command);
	}
	ASSERT(o->n < o->cap && strpbrk(line, ";\n") == NULL);	/* one command, not two */
	o->command[o->n] = (struct haproxy_command){ action, o->n, line, false };
	o->n++;
	o->ndelete += action == HAPROXY_DELETE;
}

#define COMMAND(w, action, ...) \
	command_add((w)->out, action, arena_printf((w)->out->arena, __VA_ARGS__))

/* The third word of each, up to the slash. */
struct str
haproxy_command_backend(const struct haproxy_command *c)
{
	struct str rest = str_of(c->line), word = { "", 0 };

	for (int i = 0; i < 3; i++)
		str_split(&rest, ' ', &word);
	str_split(&word, '/', &rest);
	return rest;
}

static bool
has_word(const char *words, const char *word)
{
	struct str rest = str_of(words), part;

	while (str_split(&rest, ' ', &part))
		if (str_eq(part, str_of(word)))
			return true;
	return false;
}

static void
server_readdress(struct command_writer *w, const char *name, const struct addr *a)
{
	char host[ADDR_TEXT_MAX];

	COMMAND(w, HAPROXY_ADDRESS, "set server %s/%s addr %s port %u", w->backend, name,
	    addr_host_text(a, host), addr_port(a));
}

/* A new server starts in maintenance, with its checks off. */
static void
server_add(struct command_writer *w, const struct plan_server *v, const char *name)
{
	char addr[ADDR_TEXT_MAX];

	ASSERT(v->weight <= HAPROXY_WEIGHT_MAX);
	COMMAND(w, HAPROXY_ADD, "add server %s/%s %s weight %u%s%s", w->backend, name,
	    addr_text(&v->addr, addr), v->weight > 0 ? v->weight : 1,
	    w->options[0] == '\0' ? "" : " ", w->options);
	if (has_word(w->options, "check"))
		COMMAND(w, HAPROXY_ENABLE_CHECK, "enable health %s/%s", w->backend, name);
	if (has_word(w->options, "agent-check"))
		COMMAND(w, HAPROXY_ENABLE_CHECK, "enable agent %s/%s", w->backend, name);
	COMMAND(w, HAPROXY_READY, "set server %s/%s state ready", w->backend, name);
}

static void
server_update(struct command_writer *w, const struct plan_server *v,
    const struct haproxy_server *h, bool drains)
{
	ASSERT(is_mola_server(h) && v->weight <= HAPROXY_WEIGHT_MAX);
	if (!addr_eq(&h->addr, &v->addr))
		server_readdress(w, h->name, &v->addr);
	if ((h->check & (HAPROXY_CHECK_HAS | HAPROXY_CHECK_ON)) == HAPROXY_CHECK_HAS)
		COMMAND(w, HAPROXY_ENABLE_CHECK, "enable health %s/%s", w->backend, h->name);
	if (v->weight > 0 && h->weight != v->weight)
		COMMAND(w, HAPROXY_WEIGHT, "set server %s/%s weight %u", w->backend, h->name, v->weight);
	if (drains && (h->admin & (HAPROXY_DRAIN | HAPROXY_MAINT)) != HAPROXY_DRAIN)
		COMMAND(w, HAPROXY_SET_DRAIN, "set server %s/%s state drain", w->backend, h->name);
	else if (!drains && (h->admin & (HAPROXY_DRAIN | HAPROXY_MAINT)) != 0)
		COMMAND(w, HAPROXY_READY, "set server %s/%s state ready", w->backend, h->name);
}

static void
server_remove(struct command_writer *w, const struct haproxy_server *h)
{
	ASSERT(is_mola_server(h));		/* never a static one */
	if ((h->admin & HAPROXY_MAINT) == 0)
		COMMAND(w, HAPROXY_SET_MAINT, "set server %s/%s state maint", w->backend, h->name);
	COMMAND(w, HAPROXY_DELETE, "del server %s/%s", w->backend, h->name);
}

/* All static servers with this address get the task's weight and nothing else; weight 0 is how
 * HAProxy spells drain. When all tasks drain, servers that had stopped taking requests take some
 * again. False: there are none. */
static bool
static_servers_weigh(struct command_writer *w, const struct plan_server *v)
{
	const struct haproxy_server *const *h;
	unsigned n = haproxy_servers_at(w->state, w->backend, &v->addr, &h), found = 0, weight;

	for (unsigned i = 0; i < n; i++) {
		if (is_mola_server(h[i]))
			continue;
		found++;
		weight = w->service->nserving > 0 ? v->weight : h[i]->weight > 0 ? h[i]->weight : 1;
		if (h[i]->weight != weight)
			COMMAND(w, HAPROXY_WEIGHT, "set server %s/%s weight %u", w->backend, h[i]->name, weight);
	}
	return found > 0;
}

/* When all tasks drain, their servers stay in use: there is no other to take over. Otherwise a
 * task that drains gets no new server. */
static void
server_write(struct command_writer *w, const struct plan_server *v)
{
	const struct haproxy_server *h;
	char name[HAPROXY_NAME_MAX];

	if (static_servers_weigh(w, v))
		return;
	mola_server_name(v, name);
	h = haproxy_find_server(w->state, w->backend, name);
	if (h != NULL)
		server_update(w, v, h, v->draining && w->service->nserving > 0);
	else if (!v->draining || w->service->nserving == 0)
		server_add(w, v, name);
}

static bool
is_planned(const struct command_writer *w, const struct haproxy_server *h)
{
	const struct plan_server *v;

	ASSERT(is_mola_server(h) && strcmp(h->backend, w->backend) == 0);
	v = plan_find_server(w->service, h->name + sizeof HAPROXY_PREFIX - 1);
	return v != NULL && static_server_at(w->state, w->backend, &v->addr) == NULL;
}

static void
backend_write(struct command_writer *w)
{
	const struct haproxy_server *h;
	unsigned n = haproxy_backend_servers(w->state, w->backend, &h);

	for (unsigned i = 0; w->service != NULL && i < w->service->nservers; i++)
		server_write(w, &w->service->server[i]);
	for (unsigned i = 0; i < n; i++)
		if (is_mola_server(&h[i]) && (w->service == NULL || !is_planned(w, &h[i])))
			server_remove(w, &h[i]);
}

static int
command_order(const void *ap, const void *bp)
{
	const struct haproxy_command *a = ap, *b = bp;

	if (a->action != b->action)
		return a->action < b->action ? -1 : 1;
	return (a->number > b->number) - (a->number < b->number);
}

static void
commands_sort(struct haproxy_commands *o)
{
	if (o->n > 0)
		qsort(o->command, o->n, sizeof *o->command, command_order);
}

struct haproxy_commands *
haproxy_commands_make(const struct haproxy_state *st, const struct plan *plan,
    const struct haproxy_rules *rules)
{
	struct haproxy_commands *o = must_zalloc(sizeof *o);
	struct command_writer w = { .state = st, .options = rules->options, .out = o };

	o->arena = arena_new();
	for (unsigned i = 0; i < plan->nservices; i++) {
		w.service = &plan->service[i];
		haproxy_backend_name(rules->backend, w.service->name, w.backend);
		backend_write(&w);
	}
	commands_sort(o);
	return o;
}

void
haproxy_commands_clear_backend(struct haproxy_commands *o, const struct haproxy_state *st,
    const char *backend)
{
	struct command_writer w = { .state = st, .out = o };

	str_copy(w.backend, sizeof w.backend, str_of(backend));
	backend_write(&w);
	commands_sort(o);
}

/* Is it a backend of some service, or of one of `only` if some are named? */
static bool
is_backend_of(const struct haproxy_rules *r, char *const *only, unsigned nonly, const char *backend)
{
	const char *hole = strstr(r->backend, "{service}"), *after;
	size_t before, len = strlen(backend);
	char name[HAPROXY_NAME_MAX];

	ASSERT(hole != NULL);
	after = hole + strlen("{service}");
	before = (size_t)(hole - r->backend);
	for (unsigned i = 0; i < nonly; i++) {
		haproxy_backend_name(r->backend, only[i], name);
		if (strcmp(name, backend) == 0)
			return true;
	}
	return nonly == 0 && len > before + strlen(after) && strncmp(backend, r->backend, before) == 0 &&
	    strcmp(backend + len - strlen(after), after) == 0;
}

struct haproxy_commands *
haproxy_commands_withdraw(const struct haproxy_state *st, const struct haproxy_rules *rules,
    char *const *only, unsigned nonly, const struct map *filled)
{
	struct haproxy_commands *o = must_zalloc(sizeof *o);
	struct command_writer w = { .state = st, .out = o };

	o->arena = arena_new();
	for (unsigned i = 0; i < st->n; i++) {
		const struct haproxy_server *h = &st->server[i];
		if (!is_backend_of(rules, only, nonly, h->backend))
			continue;
		str_copy(w.backend, sizeof w.backend, str_of(h->backend));
		if (is_mola_server(h))
			server_remove(&w, h);
		else if (h->weight != h->configured &&
		    (filled == NULL || map_get(filled, str_of(h->backend)) != NULL))
			COMMAND(&w, HAPROXY_WEIGHT, "set server %s/%s weight 100%%", w.backend, h->name);
	}
	commands_sort(o);
	return o;
}

void
haproxy_commands_free(struct haproxy_commands **op)
{
	if (*op == NULL)
		return;
	ASSERT((*op)->ndelete <= (*op)->n && (*op)->n <= (*op)->cap);
	arena_free(&(*op)->arena);
	free((*op)->command);
	free(*op);
	*op = NULL;
}

/* ---- responses ---- */

static bool
contains(struct str response, const char *words)
{
	return response.len > 0 && memmem(response.p, response.len, words, strlen(words)) != NULL;
}

enum haproxy_verdict
haproxy_response_verdict(enum haproxy_action action, struct str response)
{
	bool done;

	while (response.len > 0 &&
	    (response.p[response.len - 1] == '\n' || response.p[response.len - 1] == ' '))
		response.len--;
	switch (action) {
	case HAPROXY_ADD:
		done = contains(response, "New server registered");
		break;
	case HAPROXY_ADDRESS:
		done = contains(response, "changed") || contains(response, "no need to change");
		break;
	case HAPROXY_DELETE:
		done = contains(response, "Server deleted");
		if (!done && contains(response, "still has connections"))
			return HAPROXY_BUSY;
		break;
	default:
		done = response.len == 0;
	}
	return done ? HAPROXY_DONE : HAPROXY_REFUSED;
}
