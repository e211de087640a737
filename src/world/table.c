/*
 * table: one flat block: a head, five arrays, and the text that they point into.
 *
 * It comes from another process, so nothing in it is believed before table_view has looked at every number:
 * after that no reader can step outside, whatever it asks. Routes stand sorted (see route_order), so that a
 * match is a few binary searches; an unsorted table would only match wrongly.
 * Must not know how a task is chosen or a node judged.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bug.h"
#include "world/live.h"
#include "world/table.h"

enum part { PART_LISTENERS, PART_NODES, PART_SERVICES, PART_TASKS, PART_ROUTES, PART_TEXT, PARTS };

static const struct {
	uint32_t	width, most;
} parts[PARTS] = {
	[PART_LISTENERS] = { sizeof(struct table_listener), 1024 },
	[PART_NODES] = { sizeof(struct table_node), NODES_MAX },
	[PART_SERVICES] = { sizeof(struct table_service), 16384 },
	[PART_TASKS] = { sizeof(struct table_task), TASKS_MAX },
	[PART_ROUTES] = { sizeof(struct table_route), 65536 },
	[PART_TEXT] = { 1, 16 << 20 },
};

#define MAGIC		UINT64_C(0x31656c6261546f4d)	/* "MoTable1" */
/* Differs between builds whose structures differ, so that neither reads the other's table. */
#define SHAPE		(uint32_t)((((sizeof(struct table_listener) * 1021 + sizeof(struct table_node)) * 1021 + \
			    sizeof(struct table_service)) * 1021 + sizeof(struct table_task)) * 1021 + sizeof(struct table_route))
#define SEALS		(F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)
#define USEC_MOST	INT64_C(3000000000000000)	/* a century: a deadline made of it cannot overflow */

struct head {
	uint64_t	magic, serial, size;
	uint32_t	shape, unused;
	struct {
		uint32_t at, n;
	} part[PARTS];
};

struct table {
	unsigned	 refs;
	const char	*base;		/* the mapping */
	const struct head *head;
	const struct table_route *route;
	uint32_t	 exact_end, wild_end;	/* routes: exact hosts, "*.…" hosts, any host */
};

static const char *const policy_names[POLICY_COUNT] = {
#define POLICY(id, name, text) name,
#include "tbl/policies.h"
#undef POLICY
};

const char *
policy_name(enum policy p)
{
	ASSERT((unsigned)p < POLICY_COUNT);
	return policy_names[p];
}

bool
policy_parse(struct str s, enum policy *out)
{
	for (unsigned i = 0; i < POLICY_COUNT; i++)
		if (str_eq(s, str_of(policy_names[i]))) {
			*out = (enum policy)i;
			return true;
		}
	return false;
}

/* Checking */

static const void *
part_of(const struct table *t, enum part p, uint32_t *n)
{
	if (n != NULL)
		*n = t->head->part[p].n;
	return t->base + t->head->part[p].at;
}

static bool
head_ok(const struct head *h, size_t size)
{
	if (size < sizeof *h || h->magic != MAGIC || h->shape != SHAPE || h->size != size)
		return false;
	for (int p = 0; p < PARTS; p++) {
		uint64_t at = h->part[p].at, n = h->part[p].n;
		if (at % 8 != 0 || at < sizeof *h || n > parts[p].most || at + n * parts[p].width > size)
			return false;
	}
	return true;
}

/* A bool of foreign bytes may not be read as one before it is known to be 0 or 1. */
static bool
bool_ok(const bool *b)
{
	return *(const unsigned char *)b <= 1;
}

static bool
text_ok(const struct table *t, struct table_ref r)
{
	return (uint64_t)r.at + r.len <= t->head->part[PART_TEXT].n;
}

static bool
path_ok(const struct table *t, struct table_ref r)
{
	return text_ok(t, r) && r.len > 0 && *table_text(t, r).p == '/';
}

static bool
addr_ok(const struct addr *a)
{
	if (a->len < sizeof a->sa.any.sa_family || a->len > sizeof a->sa)
		return false;
	switch (a->sa.any.sa_family) {
	case AF_INET:
		return a->len == sizeof a->sa.v4;
	case AF_INET6:
		return a->len == sizeof a->sa.v6;
	case AF_UNIX:
		return memchr(a->sa.un.sun_path, '\0', sizeof a->sa.un.sun_path) != NULL;
	}
	return false;
}

static bool
usec_ok(int64_t usec)
{
	return usec > 0 && usec <= USEC_MOST;
}

static bool
service_ok(const struct table *t, const struct table_service *s)
{
	if (!text_ok(t, s->name) || (unsigned)s->policy >= POLICY_COUNT ||
	    (uint64_t)s->first_task + s->ntasks > t->head->part[PART_TASKS].n)
		return false;
	if (!usec_ok(s->connect_usec) || !usec_ok(s->response_usec) || !usec_ok(s->idle_usec) || !usec_ok(s->tunnel_usec))
		return false;
	if (s->health_path.len == 0)
		return true;
	return path_ok(t, s->health_path) && usec_ok(s->health_interval_usec) && usec_ok(s->health_timeout_usec) &&
	    s->health_rise > 0 && s->health_fall > 0;
}

static bool
task_ok(const struct table *t, const struct table_task *k, uint32_t at)
{
	uint32_t nnodes, nservices;
	const struct table_node *node = table_nodes(t, &nnodes);
	const struct table_service *service = table_services(t, &nservices);

	return text_ok(t, k->name) && addr_ok(&k->addr) && k->slot < TASKS_MAX && bool_ok(&k->draining) && bool_ok(&k->drained) &&
	    k->node < nnodes && k->node_slot == node[k->node].slot &&
	    k->service < nservices && at >= service[k->service].first_task &&
	    at - service[k->service].first_task < service[k->service].ntasks;
}

static bool
nodes_and_listeners_ok(const struct table *t)
{
	uint32_t nnodes, nlisteners;
	const struct table_node *n = table_nodes(t, &nnodes);
	const struct table_listener *l = table_listeners(t, &nlisteners);

	for (uint32_t i = 0; i < nlisteners; i++)
		if (!addr_ok(&l[i].addr))
			return false;
	for (uint32_t i = 0; i < nnodes; i++)
		if (!text_ok(t, n[i].name) || n[i].slot >= NODES_MAX || !bool_ok(&n[i].drained))
			return false;
	return true;
}

/* Every task belongs to the service whose span it stands in, and spans do not overlap: services in order,
 * each beginning where the last one ended. */
static bool
services_and_tasks_ok(const struct table *t)
{
	uint32_t ntasks, nservices, next = 0;
	const struct table_task *k = table_tasks(t, &ntasks);
	const struct table_service *s = table_services(t, &nservices);

	for (uint32_t i = 0; i < nservices; i++) {
		if (!service_ok(t, &s[i]) || s[i].first_task != next)
			return false;
		next += s[i].ntasks;
	}
	for (uint32_t i = 0; i < ntasks; i++)
		if (!task_ok(t, &k[i], i))
			return false;
	return next == ntasks;
}

static int
host_kind(struct str host)
{
	return host.len == 0 ? 2 : host.p[0] == '*' ? 1 : 0;
}

static bool
routes_ok(struct table *t)
{
	uint32_t n, nservices;
	int kind = 0;

	t->route = table_routes(t, &n);
	table_services(t, &nservices);
	t->exact_end = t->wild_end = 0;
	for (uint32_t i = 0; i < n; i++) {
		const struct table_route *r = &t->route[i];
		if (!text_ok(t, r->host) || !path_ok(t, r->path) || r->service >= nservices)
			return false;
		if (host_kind(table_text(t, r->host)) < kind)
			return false;
		kind = host_kind(table_text(t, r->host));
		t->exact_end += kind == 0;
		t->wild_end += kind <= 1;
	}
	return true;
}

/* Makes *t a view of `size` foreign bytes at `base` (aligned to 8), or says that they are no table. */
static bool
table_view(struct table *t, const void *base, size_t size)
{
	t->base = base;
	t->head = base;
	return head_ok(t->head, size) && nodes_and_listeners_ok(t) && services_and_tasks_ok(t) && routes_ok(t);
}

/* Life */

static const struct why *
table_map(int fd, struct table **out)
{
	struct table *t;
	struct stat st;
	void *base;

	/* Without the seals the sender could change it under our eyes after the check. */
	if ((fcntl(fd, F_GET_SEALS) & SEALS) != SEALS || fstat(fd, &st) == -1 || st.st_size < (off_t)sizeof(struct head))
		return WHY_TABLE_BROKEN;
	base = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (base == MAP_FAILED)
		return WHY_SYSTEM;
	t = must_zalloc(sizeof *t);
	t->refs = 1;
	if (!table_view(t, base, (size_t)st.st_size)) {
		munmap(base, (size_t)st.st_size);
		free(t);
		return WHY_TABLE_BROKEN;
	}
	*out = t;
	return NULL;
}

const struct why *
table_open(int fd, struct table **out)
{
	const struct why *w = table_map(fd, out);
	int err = errno;

	close(fd);
	errno = err;
	return w;
}

struct table *
table_ref(struct table *t)
{
	t->refs++;
	return t;
}

void
table_unref(struct table **tp)
{
	struct table *t = *tp;

	*tp = NULL;
	if (t == NULL)
		return;
	ASSERT(t->refs > 0);
	if (--t->refs > 0)
		return;
	munmap((void *)t->base, t->head->size);
	free(t);
}

/* Reading */

uint64_t
table_serial(const struct table *t)
{
	return t->head->serial;
}

const struct table_listener *
table_listeners(const struct table *t, uint32_t *n)
{
	return part_of(t, PART_LISTENERS, n);
}

const struct table_service *
table_services(const struct table *t, uint32_t *n)
{
	return part_of(t, PART_SERVICES, n);
}

const struct table_task *
table_tasks(const struct table *t, uint32_t *n)
{
	return part_of(t, PART_TASKS, n);
}

const struct table_node *
table_nodes(const struct table *t, uint32_t *n)
{
	return part_of(t, PART_NODES, n);
}

const struct table_route *
table_routes(const struct table *t, uint32_t *n)
{
	return part_of(t, PART_ROUTES, n);
}

struct str
table_text(const struct table *t, struct table_ref r)
{
	return (struct str){ t->base + t->head->part[PART_TEXT].at + r.at, r.len };
}

/* Matching */

static int
str_order(struct str a, struct str b)
{
	int c = memcmp(a.p, b.p, a.len < b.len ? a.len : b.len);

	return c != 0 ? c : a.len < b.len ? -1 : a.len > b.len;
}

/* Long paths first, so that a search for one length rarely looks at bytes. */
static int
path_order(struct str a, struct str b)
{
	if (a.len != b.len)
		return a.len > b.len ? -1 : 1;
	return memcmp(a.p, b.p, a.len);
}

/* The routes of [lo, hi) whose host is `host`: the first at or after it, or the first after them all. */
static uint32_t
host_bound(const struct table *t, uint32_t lo, uint32_t hi, struct str host, bool after)
{
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		int c = str_order(table_text(t, t->route[mid].host), host);
		if (c < 0 || (after && c == 0))
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static const struct table_route *
path_find(const struct table *t, uint32_t lo, uint32_t hi, struct str path)
{
	uint32_t end = hi;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		if (path_order(table_text(t, t->route[mid].path), path) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < end && path_order(table_text(t, t->route[lo].path), path) == 0 ? &t->route[lo] : NULL;
}

/* The longest prefix of `path` among the routes [lo, hi) of one host. A prefix may end where the path ends,
 * before a '/', or with one: "/api" is no prefix of "/apix". */
static const struct table_route *
prefix_find(const struct table *t, uint32_t lo, uint32_t hi, struct str path)
{
	size_t len = path.len;

	if (lo >= hi)
		return NULL;
	if (len > t->route[lo].path.len)	/* the longest stands first */
		len = t->route[lo].path.len;
	for (; len > 0; len--) {
		if (len != path.len && path.p[len] != '/' && path.p[len - 1] != '/')
			continue;
		const struct table_route *r = path_find(t, lo, hi, (struct str){ path.p, len });
		if (r != NULL)
			return r;
	}
	return NULL;
}

static const struct table_route *
host_find(const struct table *t, uint32_t lo, uint32_t hi, struct str host, struct str path)
{
	uint32_t first = host_bound(t, lo, hi, host, false);

	if (first == hi || !str_eq(table_text(t, t->route[first].host), host))
		return NULL;
	return prefix_find(t, first, host_bound(t, first, hi, host, true), path);
}

/* "*.example.com" for "a.b.example.com": the nearest wildcard first. `star` has room for a '*' before the host. */
static const struct table_route *
wild_find(const struct table *t, char *star, struct str host, struct str path)
{
	const struct table_route *r = NULL;

	if (t->exact_end == t->wild_end)
		return NULL;
	for (size_t i = 1; i < host.len && r == NULL; i++)
		if (host.p[i] == '.') {
			star[i] = '*';		/* host.p is star + 1, so this is the byte before the dot */
			r = host_find(t, t->exact_end, t->wild_end, (struct str){ star + i, host.len - i + 1 }, path);
		}
	return r;
}

#define HOST_MOST 255		/* RFC 1035; nothing longer can have been configured */

const struct table_service *
table_match(const struct table *t, struct str host, struct str path)
{
	const struct table_route *r = NULL;
	char lower[HOST_MOST + 1];

	if (host.len > 0 && host.p[host.len - 1] == '.')	/* the same name, spelled to the root */
		host.len--;
	if (host.len > 0 && host.len <= HOST_MOST) {
		for (size_t i = 0; i < host.len; i++)
			lower[i + 1] = host.p[i] >= 'A' && host.p[i] <= 'Z' ? (char)(host.p[i] | 0x20) : host.p[i];
		host.p = lower + 1;
		r = host_find(t, 0, t->exact_end, host, path);
		if (r == NULL)
			r = wild_find(t, lower, host, path);
	}
	if (r == NULL)
		r = prefix_find(t, t->wild_end, t->head->part[PART_ROUTES].n, path);
	return r == NULL ? NULL : &table_services(t, NULL)[r->service];
}

/* Building */

struct table_maker {
	uint64_t	serial;
	bool		large;		/* something did not fit: no table comes of this */
	struct {
		char		*p;
		uint32_t	 n, cap;
	} part[PARTS];
};

struct table_maker *
table_maker_new(uint64_t serial)
{
	struct table_maker *m = must_zalloc(sizeof *m);

	m->serial = serial;
	return m;
}

void
table_maker_free(struct table_maker **mp)
{
	struct table_maker *m = *mp;

	*mp = NULL;
	if (m == NULL)
		return;
	for (int p = 0; p < PARTS; p++)
		free(m->part[p].p);
	free(m);
}

/* Room for `n` more; NULL when that is too many. */
static void *
part_add(struct table_maker *m, enum part p, size_t n)
{
	size_t width = parts[p].width;
	char *at;

	if (n > parts[p].most - m->part[p].n) {
		m->large = true;
		return NULL;
	}
	if (m->part[p].n + n > m->part[p].cap) {
		m->part[p].cap = (uint32_t)(m->part[p].n + n) * 2;
		m->part[p].p = must_realloc(m->part[p].p, m->part[p].cap * width);
	}
	at = m->part[p].p + m->part[p].n * width;
	m->part[p].n += (uint32_t)n;
	return at;
}

static uint32_t
part_put(struct table_maker *m, enum part p, const void *row)
{
	void *at = part_add(m, p, 1);

	if (at == NULL)
		return 0;
	memcpy(at, row, parts[p].width);
	return m->part[p].n - 1;
}

struct table_ref
table_maker_text(struct table_maker *m, struct str s)
{
	struct table_ref r = { m->part[PART_TEXT].n, (uint32_t)s.len };
	char *at = part_add(m, PART_TEXT, s.len);

	if (at == NULL)
		return (struct table_ref){ 0, 0 };
	if (s.len > 0)
		memcpy(at, s.p, s.len);
	return r;
}

uint32_t
table_maker_listener(struct table_maker *m, const struct table_listener *l)
{
	return part_put(m, PART_LISTENERS, l);
}

uint32_t
table_maker_node(struct table_maker *m, const struct table_node *n)
{
	ASSERT(n->slot < NODES_MAX);
	return part_put(m, PART_NODES, n);
}

uint32_t
table_maker_service(struct table_maker *m, const struct table_service *s)
{
	struct table_service copy = *s;

	copy.first_task = m->part[PART_TASKS].n;
	copy.ntasks = 0;
	return part_put(m, PART_SERVICES, &copy);
}

uint32_t
table_maker_task(struct table_maker *m, const struct table_task *k)
{
	const struct table_node *node = (const void *)m->part[PART_NODES].p;
	struct table_service *service = (void *)m->part[PART_SERVICES].p;
	struct table_task copy = *k;

	if (m->large)
		return 0;
	ASSERT(k->slot < TASKS_MAX && k->node < m->part[PART_NODES].n && m->part[PART_SERVICES].n > 0);
	copy.node_slot = node[k->node].slot;
	copy.service = m->part[PART_SERVICES].n - 1;
	service[copy.service].ntasks++;
	return part_put(m, PART_TASKS, &copy);
}

void
table_maker_route(struct table_maker *m, const struct table_route *r)
{
	part_put(m, PART_ROUTES, r);
}

/* Exact hosts, wildcards, any host; equal hosts together; then the order of path_order; then who came first. */
static int
route_order(const void *a, const void *b, void *text)
{
	const struct table_route *r = a, *s = b;
	struct str rh = { (char *)text + r->host.at, r->host.len }, sh = { (char *)text + s->host.at, s->host.len };
	int c = host_kind(rh) - host_kind(sh);

	if (c == 0)
		c = str_order(rh, sh);
	if (c == 0)
		c = path_order((struct str){ (char *)text + r->path.at, r->path.len },
		    (struct str){ (char *)text + s->path.at, s->path.len });
	return c != 0 ? c : (r->service > s->service) - (r->service < s->service);
}

static bool
write_at(int fd, const void *p, size_t n, uint64_t at)
{
	while (n > 0) {
		ssize_t done = pwrite(fd, p, n, (off_t)at);
		if (done == -1 && errno == EINTR)
			continue;
		if (done <= 0)
			return false;
		p = (const char *)p + done, n -= (size_t)done, at += (uint64_t)done;
	}
	return true;
}

static bool
table_write(const struct table_maker *m, int fd)
{
	struct head h = { .magic = MAGIC, .serial = m->serial, .shape = SHAPE, .size = sizeof h };

	for (int p = 0; p < PARTS; p++) {
		h.part[p].at = (uint32_t)h.size;
		h.part[p].n = m->part[p].n;
		h.size = (h.size + (uint64_t)m->part[p].n * parts[p].width + 7) & ~UINT64_C(7);
		if (!write_at(fd, m->part[p].p, m->part[p].n * (size_t)parts[p].width, h.part[p].at))
			return false;
	}
	return write_at(fd, &h, sizeof h, 0) && ftruncate(fd, (off_t)h.size) == 0;
}

const struct why *
table_maker_seal(struct table_maker *m, int *fd)
{
	int memory;

	if (m->large)
		return WHY_TABLE_LARGE;
	if (m->part[PART_ROUTES].n > 1)
		qsort_r(m->part[PART_ROUTES].p, m->part[PART_ROUTES].n, parts[PART_ROUTES].width, route_order, m->part[PART_TEXT].p);
	memory = memfd_create("mola-table", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (memory == -1)
		return WHY_SYSTEM;
	if (!table_write(m, memory) || fcntl(memory, F_ADD_SEALS, SEALS) == -1) {
		int err = errno;
		close(memory);
		errno = err;
		return WHY_SYSTEM;
	}
	*fd = memory;
	return NULL;
}
