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
haproxy_backend(const char *template, const char *service, char out[HAPROXY_NAME_MAX])
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
our_name(const struct plan_server *v, char out[HAPROXY_NAME_MAX])
{
	size_t n = str_copy(out, HAPROXY_NAME_MAX, STR(HAPROXY_PREFIX));

	str_copy(out + n, HAPROXY_NAME_MAX - n, str_of(v->name));
}

static bool
is_ours(const struct haproxy_server *h)
{
	return str_starts(str_of(h->name), STR(HAPROXY_PREFIX));
}

static const struct haproxy_server *
users_server(const struct haproxy_state *st, const char *backend, const struct addr *a)
{
	const struct haproxy_server *const *h;
	unsigned n = haproxy_state_at(st, backend, a, &h);

	for (unsigned i = 0; i < n; i++)
		if (!is_ours(h[i]))
			return h[i];
	return NULL;
}

const struct haproxy_server *
haproxy_server_for(const struct haproxy_state *st, const char *backend, const struct plan_server *v)
{
	const struct haproxy_server *h = users_server(st, backend, &v->addr);
	char name[HAPROXY_NAME_MAX];

	if (h != NULL)
		return h;
	our_name(v, name);
	return haproxy_state_find(st, backend, name);
}

/* --- orders --- */

struct desk {				/* where the orders of one backend are written */
	const struct haproxy_state *state;
	const struct plan_service *service;
	const char	*options;
	struct haproxy_orders *out;
	char		 backend[HAPROXY_NAME_MAX];
};

static void
order(struct haproxy_orders *o, enum haproxy_deed deed, char *line)
{
	if (o->n == o->cap) {
		o->cap = o->cap == 0 ? 16 : 2 * o->cap;
		o->order = must_realloc(o->order, o->cap * sizeof *o->order);
	}
	o->order[o->n] = (struct haproxy_order){ deed, o->n, line };
	o->n++;
	o->ndelete += deed == HAPROXY_DELETE;
}

#define ORDER(d, deed, ...) order((d)->out, deed, arena_printf((d)->out->arena, __VA_ARGS__))

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
address_order(struct desk *d, const char *name, const struct addr *a)
{
	char host[ADDR_TEXT_MAX];
	unsigned port = a->sa.any.sa_family == AF_INET6 ? ntohs(a->sa.v6.sin6_port) : ntohs(a->sa.v4.sin_port);

	ORDER(d, HAPROXY_ADDRESS, "set server %s/%s addr %s port %u", d->backend, name, addr_host_text(a, host), port);
}

/* A new server begins in maintenance, and unchecked. */
static void
server_add(struct desk *d, const struct plan_server *v, const char *name)
{
	char addr[ADDR_TEXT_MAX];

	ORDER(d, HAPROXY_ADD, "add server %s/%s %s weight %u%s%s", d->backend, name, addr_text(&v->addr, addr), v->weight > 0 ? v->weight : 1,
	    d->options[0] == '\0' ? "" : " ", d->options);
	if (has_word(d->options, "check"))
		ORDER(d, HAPROXY_ENABLE_CHECK, "enable health %s/%s", d->backend, name);
	if (has_word(d->options, "agent-check"))
		ORDER(d, HAPROXY_ENABLE_CHECK, "enable agent %s/%s", d->backend, name);
	ORDER(d, HAPROXY_READY, "set server %s/%s state ready", d->backend, name);
}

static void
server_mend(struct desk *d, const struct plan_server *v, const struct haproxy_server *h, bool drains)
{
	if (!addr_eq(&h->addr, &v->addr))
		address_order(d, h->name, &v->addr);
	if ((h->check & (HAPROXY_CHECK_HAS | HAPROXY_CHECK_ON)) == HAPROXY_CHECK_HAS)
		ORDER(d, HAPROXY_ENABLE_CHECK, "enable health %s/%s", d->backend, h->name);
	if (v->weight > 0 && h->weight != v->weight)
		ORDER(d, HAPROXY_WEIGHT, "set server %s/%s weight %u", d->backend, h->name, v->weight);
	if (drains && (h->admin & (HAPROXY_DRAIN | HAPROXY_MAINT)) != HAPROXY_DRAIN)
		ORDER(d, HAPROXY_SET_DRAIN, "set server %s/%s state drain", d->backend, h->name);
	else if (!drains && (h->admin & (HAPROXY_DRAIN | HAPROXY_MAINT)) != 0)
		ORDER(d, HAPROXY_READY, "set server %s/%s state ready", d->backend, h->name);
}

static void
server_remove(struct desk *d, const struct haproxy_server *h)
{
	if ((h->admin & HAPROXY_MAINT) == 0)
		ORDER(d, HAPROXY_SET_MAINT, "set server %s/%s state maint", d->backend, h->name);
	ORDER(d, HAPROXY_DELETE, "del server %s/%s", d->backend, h->name);
}

/* The user's own: all with this address, its weight and nothing else; weight 0 is how HAProxy spells drain. When all
 * drain, those that had ceased to take requests take some again. */
static bool
users_weigh(struct desk *d, const struct plan_server *v)
{
	const struct haproxy_server *const *h;
	unsigned n = haproxy_state_at(d->state, d->backend, &v->addr, &h), found = 0, weight;

	for (unsigned i = 0; i < n; i++) {
		if (is_ours(h[i]))
			continue;
		found++;
		weight = d->service->nserving > 0 ? v->weight : h[i]->weight > 0 ? h[i]->weight : 1;
		if (h[i]->weight != weight)
			ORDER(d, HAPROXY_WEIGHT, "set server %s/%s weight %u", d->backend, h[i]->name, weight);
	}
	return found > 0;
}

/* When all drain, nobody is told to: there is no one else to go to. Else those that drain are no longer added. */
static void
server_order_all(struct desk *d, const struct plan_server *v)
{
	const struct haproxy_server *h;
	char name[HAPROXY_NAME_MAX];

	if (users_weigh(d, v))
		return;
	our_name(v, name);
	h = haproxy_state_find(d->state, d->backend, name);
	if (h != NULL)
		server_mend(d, v, h, v->draining && d->service->nserving > 0);
	else if (!v->draining || d->service->nserving == 0)
		server_add(d, v, name);
}

static bool
is_planned(const struct desk *d, const struct haproxy_server *h)
{
	const struct plan_server *v = plan_server(d->service, h->name + sizeof HAPROXY_PREFIX - 1);

	return v != NULL && users_server(d->state, d->backend, &v->addr) == NULL;
}

static void
service_order(struct desk *d)
{
	const struct haproxy_server *h;
	unsigned n = haproxy_state_backend(d->state, d->backend, &h);

	for (unsigned i = 0; d->service != NULL && i < d->service->nservers; i++)
		server_order_all(d, &d->service->server[i]);
	for (unsigned i = 0; i < n; i++)
		if (is_ours(&h[i]) && (d->service == NULL || !is_planned(d, &h[i])))
			server_remove(d, &h[i]);
}

static int
order_order(const void *ap, const void *bp)
{
	const struct haproxy_order *a = ap, *b = bp;

	return a->deed != b->deed ? (a->deed > b->deed) - (a->deed < b->deed) : (a->number > b->number) - (a->number < b->number);
}

static void
orders_sort(struct haproxy_orders *o)
{
	if (o->n > 0)
		qsort(o->order, o->n, sizeof *o->order, order_order);
}

struct haproxy_orders *
haproxy_orders_make(const struct haproxy_state *st, const struct plan *plan, const struct haproxy_rules *rules)
{
	struct haproxy_orders *o = must_zalloc(sizeof *o);
	struct desk d = { .state = st, .options = rules->options, .out = o };

	o->arena = arena_new();
	for (unsigned i = 0; i < plan->nservices; i++) {
		d.service = &plan->service[i];
		haproxy_backend(rules->backend, d.service->name, d.backend);
		service_order(&d);
	}
	orders_sort(o);
	return o;
}

void
haproxy_orders_clear(struct haproxy_orders *o, const struct haproxy_state *st, const char *backend)
{
	struct desk d = { .state = st, .out = o };

	str_copy(d.backend, sizeof d.backend, str_of(backend));
	service_order(&d);
	orders_sort(o);
}

/* Whose backend it is: any service's, or one of those named. */
static bool
is_of(const struct haproxy_rules *r, char *const *only, unsigned nonly, const char *backend)
{
	const char *hole = strstr(r->backend, "{service}"), *after = hole + strlen("{service}");
	size_t before = (size_t)(hole - r->backend), len = strlen(backend);
	char name[HAPROXY_NAME_MAX];

	for (unsigned i = 0; i < nonly; i++) {
		haproxy_backend(r->backend, only[i], name);
		if (strcmp(name, backend) == 0)
			return true;
	}
	return nonly == 0 && len > before + strlen(after) && strncmp(backend, r->backend, before) == 0 &&
	    strcmp(backend + len - strlen(after), after) == 0;
}

struct haproxy_orders *
haproxy_orders_withdraw(const struct haproxy_state *st, const struct haproxy_rules *rules, char *const *only, unsigned nonly,
    const struct map *filled)
{
	struct haproxy_orders *o = must_zalloc(sizeof *o);
	struct desk d = { .state = st, .out = o };

	o->arena = arena_new();
	for (unsigned i = 0; i < st->n; i++) {
		const struct haproxy_server *h = &st->server[i];
		if (!is_of(rules, only, nonly, h->backend))
			continue;
		str_copy(d.backend, sizeof d.backend, str_of(h->backend));
		if (is_ours(h))
			server_remove(&d, h);
		else if (h->weight != h->configured && (filled == NULL || map_get(filled, str_of(h->backend)) != NULL))
			ORDER(&d, HAPROXY_WEIGHT, "set server %s/%s weight 100%%", d.backend, h->name);
	}
	orders_sort(o);
	return o;
}

void
haproxy_orders_free(struct haproxy_orders **op)
{
	if (*op == NULL)
		return;
	arena_free(&(*op)->arena);
	free((*op)->order);
	free(*op);
	*op = NULL;
}

/* --- answers --- */

static bool
says(struct str answer, const char *words)
{
	return answer.len > 0 && memmem(answer.p, answer.len, words, strlen(words)) != NULL;
}

enum haproxy_verdict
haproxy_judge(enum haproxy_deed deed, struct str answer)
{
	while (answer.len > 0 && (answer.p[answer.len - 1] == '\n' || answer.p[answer.len - 1] == ' '))
		answer.len--;
	switch (deed) {
	case HAPROXY_ADD:
		return says(answer, "New server registered") ? HAPROXY_DONE : HAPROXY_REFUSED;
	case HAPROXY_ADDRESS:
		return says(answer, "changed") || says(answer, "no need to change") ? HAPROXY_DONE : HAPROXY_REFUSED;
	case HAPROXY_DELETE:
		return says(answer, "Server deleted") ? HAPROXY_DONE :
		    says(answer, "still has connections") ? HAPROXY_BUSY : HAPROXY_REFUSED;
	default:
		return answer.len == 0 ? HAPROXY_DONE : HAPROXY_REFUSED;
	}
}
