/*
 * hosts: one look-up for each name at a time. Of several addresses the first one is taken, until a
 * look-up does not have it any more: their order changes from one answer to the next.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "base/clock.h"
#include "base/map.h"
#include "engine/hosts.h"
#include "net/resolve.h"

#define AGAIN_USEC	(10 * USEC_PER_SEC)
#define HOSTS_MOST	1024

struct host {
	struct hosts	*hosts;
	struct resolve	*resolve;	/* under way */
	bool		 wanted, looked_up;
	struct ip	 ip;		/* none: not known */
	char		 name[];
};

struct hosts {
	struct loop	*loop;
	const char	*servers;
	struct resolver	*resolver;	/* NULL: no name was asked for */
	struct map	*by_name;
	struct timer	 again;
	void		(*changed)(void *);
	void		*arg;
};

struct hosts *
hosts_new(struct loop *l, const char *servers, void (*changed)(void *), void *arg)
{
	struct hosts *h = must_zalloc(sizeof *h);

	h->loop = l;
	h->servers = servers;
	h->by_name = map_new();
	h->changed = changed;
	h->arg = arg;
	return h;
}

/* ---- one name ---- */

static bool
is_known(const struct host *h)
{
	static const struct ip none;

	return !ip_eq(&h->ip, &none);
}

static void
on_resolved(void *arg, const struct ip *ip, unsigned n)
{
	struct host *h = arg;
	bool stays = n == 0, first = !h->looked_up;

	for (unsigned i = 0; i < n; i++)
		stays |= ip_eq(&ip[i], &h->ip);
	h->resolve = NULL;
	h->looked_up = true;
	if (!stays)
		h->ip = ip[0];
	if (!stays || first)
		h->hosts->changed(h->hosts->arg);
}

static void
look_up(struct host *h)
{
	struct hosts *all = h->hosts;

	if (h->resolve != NULL)
		return;
	if (all->resolver == NULL)
		all->resolver = resolver_new(all->loop, all->servers);
	h->resolve = resolve_start(all->resolver, str_of(h->name), on_resolved, h);
	if (h->resolve == NULL)
		h->looked_up = true;	/* no name, or too many: it is tried again */
}

static void
look_up_all(void *arg)
{
	struct hosts *h = arg;
	struct str name;
	void *value;
	size_t at = 0;

	timer_set(h->loop, &h->again, loop_now(h->loop) + AGAIN_USEC, look_up_all, h);
	while (map_next(h->by_name, &at, &name, &value))
		look_up(value);
}

/* ---- all of them ---- */

void
hosts_begin(struct hosts *h)
{
	struct str name;
	void *value;
	size_t at = 0;

	while (map_next(h->by_name, &at, &name, &value))
		((struct host *)value)->wanted = false;
}

static void
forget(struct hosts *h, bool all)
{
	struct host *one;
	struct str name;
	void *value;
	size_t at = 0;

	while (map_next(h->by_name, &at, &name, &value)) {
		one = value;
		if (one->wanted && !all)
			continue;
		(void)map_remove(h->by_name, str_of(one->name));
		if (one->resolve != NULL)
			resolve_cancel(one->resolve);
		free(one);
		at = 0;		/* the map is another one now */
	}
}

void
hosts_end(struct hosts *h)
{
	forget(h, false);
	if (map_count(h->by_name) == 0)
		timer_clear(h->loop, &h->again);
	else if (h->again.node.at == 0)
		timer_set(h->loop, &h->again, loop_now(h->loop) + AGAIN_USEC, look_up_all, h);
}

bool
hosts_find(struct hosts *all, const char *host, unsigned port, struct addr *out)
{
	struct host *h = map_get(all->by_name, str_of(host));
	char ip[IP_TEXT_MAX], text[IP_TEXT_MAX + 16];

	ASSERT(port <= 65535);
	if (h == NULL) {
		if (map_count(all->by_name) >= HOSTS_MOST)
			return false;
		h = must_zalloc(sizeof *h + strlen(host) + 1);
		h->hosts = all;
		strcpy(h->name, host);
		map_put(all->by_name, str_of(host), h);
		look_up(h);
	}
	h->wanted = true;
	if (!is_known(h))
		return false;
	snprintf(text, sizeof text, ip_is_v4(&h->ip) ? "%.*s:%u" : "[%.*s]:%u",
	    STR_ARG(ip_text(&h->ip, ip)), port);
	return addr_parse(str_of(text), out) == NULL;
}

bool
hosts_are_known(const struct hosts *h)
{
	struct str name;
	void *value;
	size_t at = 0;
	bool known = true;

	while (map_next(h->by_name, &at, &name, &value))
		known &= ((const struct host *)value)->looked_up;
	return known;
}

void
hosts_free(struct hosts **hp)
{
	struct hosts *h = *hp;

	*hp = NULL;
	if (h == NULL)
		return;
	forget(h, true);
	timer_clear(h->loop, &h->again);
	map_free(&h->by_name);
	resolver_free(&h->resolver);
	free(h);
}
