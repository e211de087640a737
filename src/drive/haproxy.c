/*
 * haproxy: what HAProxy has is compared with the plan, each time anew. So nothing needs to be remembered of what it was
 * told before, and one that was restarted or reloaded is given everything again.
 * Must not know how commands get there.
 */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/bug.h"
#include "drive/haproxy.h"

/* --- names --- */

void
haproxy_backend_name(const char *template, const char *service, char out[HAPROXY_NAME_MAX])
{
	static const char hole[] = "{service}";
	const char *at = strstr(template, hole);
	struct buf b;

	ASSERT(at != NULL);
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
haproxy_task_server(const struct haproxy_state *st, const char *backend, const struct plan_server *v)
{
	const struct haproxy_server *h = static_server_at(st, backend, &v->addr);
	char name[HAPROXY_NAME_MAX];

	if (h != NULL)
		return h;
	mola_server_name(v, name);
	return haproxy_find_server(st, backend, name);
}

/* --- orders --- */

struct command_writer {				/* where the orders of one backend are written */
	const struct haproxy_state *state;
	const struct plan_service *service;
	const char	*options;
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
	o->command[o->n] = (struct haproxy_command){ action, o->n, line };
	o->n++;
	o->ndelete += action == HAPROXY_DELETE;
}

#define COMMAND(d, action, ...) command_add((d)->out, action, arena_printf((d)->out->arena, __VA_ARGS__))

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
server_readdress(struct command_writer *d, const char *name, const struct addr *a)
{
	char host[ADDR_TEXT_MAX];
	unsigned port = a->sa.any.sa_family == AF_INET6 ? ntohs(a->sa.v6.sin6_port) : ntohs(a->sa.v4.sin_port);

	COMMAND(d, HAPROXY_ADDRESS, "set server %s/%s addr %s port %u", d->backend, name, addr_host_text(a, host), port);
}

/* A new server begins in maintenance, and unchecked. */
static void
server_add(struct command_writer *d, const struct plan_server *v, const char *name)
{
	char addr[ADDR_TEXT_MAX];

	COMMAND(d, HAPROXY_ADD, "add server %s/%s %s weight %u%s%s", d->backend, name, addr_text(&v->addr, addr), v->weight > 0 ? v->weight : 1,
	    d->options[0] == '\0' ? "" : " ", d->options);
	if (has_word(d->options, "check"))
		COMMAND(d, HAPROXY_ENABLE_CHECK, "enable health %s/%s", d->backend, name);
	if (has_word(d->options, "agent-check"))
		COMMAND(d, HAPROXY_ENABLE_CHECK, "enable agent %s/%s", d->backend, name);
	COMMAND(d, HAPROXY_READY, "set server %s/%s state ready", d->backend, name);
}

static void
server_update(struct command_writer *d, const struct plan_server *v, const struct haproxy_server *h, bool drains)
{
	if (!addr_eq(&h->addr, &v->addr))
		server_readdress(d, h->name, &v->addr);
	if ((h->check & (HAPROXY_CHECK_HAS | HAPROXY_CHECK_ON)) == HAPROXY_CHECK_HAS)
		COMMAND(d, HAPROXY_ENABLE_CHECK, "enable health %s/%s", d->backend, h->name);
	if (v->weight > 0 && h->weight != v->weight)
		COMMAND(d, HAPROXY_WEIGHT, "set server %s/%s weight %u", d->backend, h->name, v->weight);
	if (drains && (h->admin & (HAPROXY_DRAIN | HAPROXY_MAINT)) != HAPROXY_DRAIN)
		COMMAND(d, HAPROXY_SET_DRAIN, "set server %s/%s state drain", d->backend, h->name);
	else if (!drains && (h->admin & (HAPROXY_DRAIN | HAPROXY_MAINT)) != 0)
		COMMAND(d, HAPROXY_READY, "set server %s/%s state ready", d->backend, h->name);
}

static void
server_remove(struct command_writer *d, const struct haproxy_server *h)
{
	if ((h->admin & HAPROXY_MAINT) == 0)
		COMMAND(d, HAPROXY_SET_MAINT, "set server %s/%s state maint", d->backend, h->name);
	COMMAND(d, HAPROXY_DELETE, "del server %s/%s", d->backend, h->name);
}

/* The user's own: all with this address, its weight and nothing else; weight 0 is how HAProxy spells drain. When all
 * drain, those that had ceased to take requests take some again. */
static bool
static_servers_weigh(struct command_writer *d, const struct plan_server *v)
{
	const struct haproxy_server *const *h;
	unsigned n = haproxy_servers_at(d->state, d->backend, &v->addr, &h), found = 0, weight;

	for (unsigned i = 0; i < n; i++) {
		if (is_mola_server(h[i]))
			continue;
		found++;
		weight = d->service->nserving > 0 ? v->weight : h[i]->weight > 0 ? h[i]->weight : 1;
		if (h[i]->weight != weight)
			COMMAND(d, HAPROXY_WEIGHT, "set server %s/%s weight %u", d->backend, h[i]->name, weight);
	}
	return found > 0;
}

/* When all drain, nobody is told to: there is no one else to go to. Else those that drain are no longer added. */
static void
server_write(struct command_writer *d, const struct plan_server *v)
{
	const struct haproxy_server *h;
	char name[HAPROXY_NAME_MAX];

	if (static_servers_weigh(d, v))
		return;
	mola_server_name(v, name);
	h = haproxy_find_server(d->state, d->backend, name);
	if (h != NULL)
		server_update(d, v, h, v->draining && d->service->nserving > 0);
	else if (!v->draining || d->service->nserving == 0)
		server_add(d, v, name);
}

static bool
is_planned(const struct command_writer *d, const struct haproxy_server *h)
{
	const struct plan_server *v = plan_find_server(d->service, h->name + sizeof HAPROXY_PREFIX - 1);

	return v != NULL && static_server_at(d->state, d->backend, &v->addr) == NULL;
}

static void
backend_write(struct command_writer *d)
{
	const struct haproxy_server *h;
	unsigned n = haproxy_backend_servers(d->state, d->backend, &h);

	for (unsigned i = 0; d->service != NULL && i < d->service->nservers; i++)
		server_write(d, &d->service->server[i]);
	for (unsigned i = 0; i < n; i++)
		if (is_mola_server(&h[i]) && (d->service == NULL || !is_planned(d, &h[i])))
			server_remove(d, &h[i]);
}

static int
command_order(const void *ap, const void *bp)
{
	const struct haproxy_command *a = ap, *b = bp;

	return a->action != b->action ? (a->action > b->action) - (a->action < b->action) : (a->number > b->number) - (a->number < b->number);
}

static void
commands_sort(struct haproxy_commands *o)
{
	if (o->n > 0)
		qsort(o->command, o->n, sizeof *o->command, command_order);
}

struct haproxy_commands *
haproxy_commands_make(const struct haproxy_state *st, const struct plan *plan, const struct haproxy_rules *rules)
{
	struct haproxy_commands *o = must_zalloc(sizeof *o);
	struct command_writer d = { .state = st, .options = rules->options, .out = o };

	o->arena = arena_new();
	for (unsigned i = 0; i < plan->nservices; i++) {
		d.service = &plan->service[i];
		haproxy_backend_name(rules->backend, d.service->name, d.backend);
		backend_write(&d);
	}
	commands_sort(o);
	return o;
}

void
haproxy_commands_clear_backend(struct haproxy_commands *o, const struct haproxy_state *st, const char *backend)
{
	struct command_writer d = { .state = st, .out = o };

	str_copy(d.backend, sizeof d.backend, str_of(backend));
	backend_write(&d);
	commands_sort(o);
}

/* Whose backend it is: any service's, or one of those named. */
static bool
is_backend_of(const struct haproxy_rules *r, char *const *only, unsigned nonly, const char *backend)
{
	const char *hole = strstr(r->backend, "{service}"), *after = hole + strlen("{service}");
	size_t before = (size_t)(hole - r->backend), len = strlen(backend);
	char name[HAPROXY_NAME_MAX];

	for (unsigned i = 0; i < nonly; i++) {
		haproxy_backend_name(r->backend, only[i], name);
		if (strcmp(name, backend) == 0)
			return true;
	}
	return nonly == 0 && len > before + strlen(after) && strncmp(backend, r->backend, before) == 0 &&
	    strcmp(backend + len - strlen(after), after) == 0;
}

struct haproxy_commands *
haproxy_commands_withdraw(const struct haproxy_state *st, const struct haproxy_rules *rules, char *const *only, unsigned nonly,
    const struct map *filled)
{
	struct haproxy_commands *o = must_zalloc(sizeof *o);
	struct command_writer d = { .state = st, .out = o };

	o->arena = arena_new();
	for (unsigned i = 0; i < st->n; i++) {
		const struct haproxy_server *h = &st->server[i];
		if (!is_backend_of(rules, only, nonly, h->backend))
			continue;
		str_copy(d.backend, sizeof d.backend, str_of(h->backend));
		if (is_mola_server(h))
			server_remove(&d, h);
		else if (h->weight != h->configured && (filled == NULL || map_get(filled, str_of(h->backend)) != NULL))
			COMMAND(&d, HAPROXY_WEIGHT, "set server %s/%s weight 100%%", d.backend, h->name);
	}
	commands_sort(o);
	return o;
}

void
haproxy_commands_free(struct haproxy_commands **op)
{
	if (*op == NULL)
		return;
	arena_free(&(*op)->arena);
	free((*op)->command);
	free(*op);
	*op = NULL;
}

/* --- answers --- */

static bool
contains(struct str answer, const char *words)
{
	return answer.len > 0 && memmem(answer.p, answer.len, words, strlen(words)) != NULL;
}

enum haproxy_verdict
haproxy_response_verdict(enum haproxy_action action, struct str answer)
{
	while (answer.len > 0 && (answer.p[answer.len - 1] == '\n' || answer.p[answer.len - 1] == ' '))
		answer.len--;
	switch (action) {
	case HAPROXY_ADD:
		return contains(answer, "New server registered") ? HAPROXY_DONE : HAPROXY_REFUSED;
	case HAPROXY_ADDRESS:
		return contains(answer, "changed") || contains(answer, "no need to change") ? HAPROXY_DONE : HAPROXY_REFUSED;
	case HAPROXY_DELETE:
		return contains(answer, "Server deleted") ? HAPROXY_DONE :
		    contains(answer, "still has connections") ? HAPROXY_BUSY : HAPROXY_REFUSED;
	default:
		return answer.len == 0 ? HAPROXY_DONE : HAPROXY_REFUSED;
	}
}
