/*
 * c-ares names the sockets and the time that it waits for, and the loop waits. What is called while
 * it is on the stack only takes notes; waiters are called in a turn of their own. Its own reading
 * of hosts is not used: that would open the file for each name.
 */
#include <ares.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "base/clock.h"
#include "base/map.h"
#include "net/resolve.h"

#define HOST_MAX	255
#define NAMES_MOST	1024
#define HOSTS_LINE	1024
#define KNOWN_USEC	(5 * USEC_PER_SEC)
#define UNKNOWN_USEC	USEC_PER_SEC
#define TRY_MSEC	2000
#define TRIES		2

TAILQ_HEAD(resolve_list, resolve);

struct name {
	struct resolver	*resolver;
	struct ip	 ip[RESOLVE_MOST];
	unsigned	 n;
	int64_t		 until_usec;		/* INT64_MAX: of hosts */
	bool		 asked;
	struct resolve_list waiting;
	struct timer	 told;			/* waiters are called */
	char		 host[];
};

struct resolve {
	TAILQ_ENTRY(resolve) link;
	struct name	*name;
	resolve_done_f	*done;
	void		*arg;
};

struct watch {
	LIST_ENTRY(watch) link;
	struct io	 io;
	struct resolver	*resolver;
	struct deferred	 deferred;
};

struct resolver {
	struct loop	*loop;
	ares_channel	 channel;		/* NULL: nothing is resolved */
	struct map	*names;
	LIST_HEAD(, watch) watches;
	struct timer	 timer;
	bool		 dead;
};

static void on_time(void *);

/* ---- c-ares and the loop ---- */

static void
resolver_wait(struct resolver *r)
{
	struct timeval tv;

	if (ares_timeout(r->channel, NULL, &tv) != NULL)
		timer_set(r->loop, &r->timer, loop_now(r->loop) + tv.tv_sec * USEC_PER_SEC + tv.tv_usec + 1,
		    on_time, r);
	else
		timer_clear(r->loop, &r->timer);
}

static void
on_time(void *arg)
{
	struct resolver *r = arg;

	ares_process_fd(r->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	resolver_wait(r);
}

static void
on_ready(void *arg, uint32_t events)
{
	struct watch *w = arg;
	struct resolver *r = w->resolver;
	bool in = events & (EPOLLIN | EPOLLHUP | EPOLLERR), out = events & (EPOLLOUT | EPOLLERR);

	ares_process_fd(r->channel, in ? w->io.fd : ARES_SOCKET_BAD, out ? w->io.fd : ARES_SOCKET_BAD);
	resolver_wait(r);
}

static struct watch *
watch_of(struct resolver *r, int fd)
{
	struct watch *w;

	LIST_FOREACH(w, &r->watches, link)
		if (w->io.fd == fd)
			return w;
	return NULL;
}

static void
on_socket(void *arg, ares_socket_t fd, int readable, int writable)
{
	struct resolver *r = arg;
	struct watch *w = watch_of(r, fd);
	uint32_t events = (readable ? EPOLLIN : 0) | (writable ? EPOLLOUT : 0);

	if (events == 0) {
		if (w == NULL)
			return;
		LIST_REMOVE(w, link);
		loop_unwatch(r->loop, &w->io);
		loop_defer(r->loop, &w->deferred, free, w);
	} else if (w == NULL) {
		w = must_zalloc(sizeof *w);
		w->resolver = r;
		LIST_INSERT_HEAD(&r->watches, w, link);
		loop_watch(r->loop, &w->io, fd, events, on_ready, w);
	} else
		loop_rewatch(r->loop, &w->io, events);
}

/* ---- names ---- */

static struct name *
name_of(struct resolver *r, struct str host)
{
	struct name *n = map_get(r->names, host);

	if (n != NULL || host.len == 0 || host.len > HOST_MAX || map_count(r->names) >= NAMES_MOST)
		return n;
	n = must_zalloc(sizeof *n + host.len + 1);
	n->resolver = r;
	TAILQ_INIT(&n->waiting);
	memcpy(n->host, host.p, host.len);
	map_put(r->names, host, n);
	return n;
}

static void
name_add(struct name *n, const struct ip *ip)
{
	if (n->n < RESOLVE_MOST)
		n->ip[n->n++] = *ip;
}

static void
name_tell(void *arg)
{
	struct name *n = arg;
	struct resolve *one;

	while ((one = TAILQ_FIRST(&n->waiting)) != NULL) {
		resolve_done_f *done = one->done;
		void *its = one->arg;
		TAILQ_REMOVE(&n->waiting, one, link);
		free(one);
		done(its, n->ip, n->n);
	}
}

static void
name_tell_soon(struct name *n)
{
	struct loop *l = n->resolver->loop;

	timer_set(l, &n->told, loop_now(l) + 1, name_tell, n);
}

static void
on_answer(void *arg, int status, int timeouts, struct ares_addrinfo *all)
{
	struct name *n = arg;

	(void)timeouts;
	n->asked = false;
	n->n = 0;
	for (struct ares_addrinfo_node *a = status == ARES_SUCCESS ? all->nodes : NULL; a != NULL;
	    a = a->ai_next) {
		struct addr addr = { .len = a->ai_addrlen };
		struct ip ip;
		if (a->ai_addrlen > sizeof addr.sa)
			continue;
		memcpy(&addr.sa, a->ai_addr, a->ai_addrlen);
		ip = ip_of(&addr);
		name_add(n, &ip);
	}
	if (all != NULL)
		ares_freeaddrinfo(all);
	if (n->resolver->dead)
		return;
	n->until_usec = loop_now(n->resolver->loop) + (n->n > 0 ? KNOWN_USEC : UNKNOWN_USEC);
	name_tell_soon(n);
}

/* ---- questions ---- */

bool
resolver_find(struct resolver *r, struct str host, struct ip ip[RESOLVE_MOST], unsigned *count)
{
	const struct name *n;

	*count = 1;
	if (ip_parse(host, &ip[0]))
		return true;
	n = map_get(r->names, host);
	if (n == NULL || n->asked || loop_now(r->loop) >= n->until_usec)
		return false;
	memcpy(ip, n->ip, n->n * sizeof *ip);
	*count = n->n;
	return true;
}

struct resolve *
resolve_start(struct resolver *r, struct str host, resolve_done_f *done, void *arg)
{
	static const struct ares_addrinfo_hints hints = { .ai_family = AF_UNSPEC,
	    .ai_socktype = SOCK_STREAM, .ai_flags = ARES_AI_NOSORT };
	struct name *n = name_of(r, host);
	struct resolve *one;

	ASSERT(!r->dead);
	if (n == NULL)
		return NULL;
	one = must_zalloc(sizeof *one);
	*one = (struct resolve){ .name = n, .done = done, .arg = arg };
	TAILQ_INSERT_TAIL(&n->waiting, one, link);
	if (r->channel == NULL || loop_now(r->loop) < n->until_usec)
		name_tell_soon(n);
	else if (!n->asked) {
		n->asked = true;
		ares_getaddrinfo(r->channel, n->host, NULL, &hints, on_answer, n);
		resolver_wait(r);
	}
	return one;
}

void
resolve_cancel(struct resolve *one)
{
	TAILQ_REMOVE(&one->name->waiting, one, link);
	free(one);
}

void
resolver_forget(struct resolver *r, struct str host)
{
	struct name *n = map_get(r->names, host);

	if (n != NULL && n->until_usec != INT64_MAX)
		n->until_usec = 0;
}

/* ---- the beginning and the end ---- */

/* "10.0.0.1 name another": what a container's extra hosts are, and localhost. */
static void
hosts_line(struct resolver *r, char *line)
{
	char *save, *word;
	struct name *n;
	struct ip ip;

	line[strcspn(line, "#")] = '\0';
	word = strtok_r(line, " \t\r\n", &save);
	if (word == NULL || !ip_parse(str_of(word), &ip))
		return;
	while ((word = strtok_r(NULL, " \t\r\n", &save)) != NULL)
		if ((n = name_of(r, str_of(word))) != NULL) {
			name_add(n, &ip);
			n->until_usec = INT64_MAX;
		}
}

static void
hosts_read(struct resolver *r)
{
	char line[HOSTS_LINE];
	FILE *f = fopen("/etc/hosts", "re");

	if (f == NULL)
		return;
	while (fgets(line, sizeof line, f) != NULL)
		hosts_line(r, line);
	fclose(f);
}

struct resolver *
resolver_new(struct loop *l, const char *servers)
{
	static char dns[] = "b";
	struct ares_options o = { .timeout = TRY_MSEC, .tries = TRIES, .lookups = dns,
	    .sock_state_cb = on_socket };
	struct resolver *r = must_zalloc(sizeof *r);

	r->loop = l;
	r->names = map_new();
	LIST_INIT(&r->watches);
	hosts_read(r);
	o.sock_state_cb_data = r;
	if (ares_library_init(ARES_LIB_INIT_ALL) != ARES_SUCCESS || ares_init_options(&r->channel, &o,
	    ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_LOOKUPS | ARES_OPT_SOCK_STATE_CB)
	    != ARES_SUCCESS)
		r->channel = NULL;
	if (r->channel != NULL && servers != NULL
	    && ares_set_servers_ports_csv(r->channel, servers) != ARES_SUCCESS)
		BUG("addresses of name servers are wrong");
	return r;
}

void
resolver_free(struct resolver **rp)
{
	struct resolver *r = *rp;
	struct resolve *one;
	struct str host;
	void *value;
	size_t at = 0;

	*rp = NULL;
	if (r == NULL)
		return;
	r->dead = true;
	if (r->channel != NULL)
		ares_destroy(r->channel);
	timer_clear(r->loop, &r->timer);
	ASSERT(LIST_EMPTY(&r->watches));
	while (map_next(r->names, &at, &host, &value)) {
		struct name *n = value;
		timer_clear(r->loop, &n->told);
		while ((one = TAILQ_FIRST(&n->waiting)) != NULL)
			resolve_cancel(one);
		free(n);
	}
	map_free(&r->names);
	free(r);
}
