/*
 * table_maker: growing arrays and a text, written out as one block and sealed.
 * Must not check what it is given beyond what would make an index wrong: discovery has.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "base/map.h"
#include "world/live.h"
#include "world/table_block.h"

struct table_maker {
	uint64_t	serial;
	bool		large;		/* something did not fit: no table comes of this */
	struct map	*chains;	/* text to number */
	uint64_t	chain_bytes;
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
	m->chains = map_new();
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
	map_free(&m->chains);
	free(m);
}

/* Room for `n` more; NULL when that is too many. */
static void *
part_add(struct table_maker *m, enum part p, size_t n)
{
	size_t width = table_parts[p].width;
	char *at;

	ASSERT(m->part[p].n <= m->part[p].cap && m->part[p].n <= table_parts[p].most);
	if (n > table_parts[p].most - m->part[p].n) {
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
	memcpy(at, row, table_parts[p].width);
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
table_maker_node(struct table_maker *m, const struct table_node *n)
{
	ASSERT(n->slot < NODES_MAX);
	return part_put(m, PART_NODES, n);
}

uint32_t
table_maker_service(struct table_maker *m, const struct table_service *s)
{
	struct table_service copy = *s;

	ASSERT((unsigned)s->policy < POLICY_COUNT && s->profile < PROFILE_SLOTS &&
	    s->slot < LIVE_SERVICES);
	copy.first_task = m->part[PART_TASKS].n;
	copy.ntasks = copy.group = 0;
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
	ASSERT(k->nothers < TASK_ADDRS && k->addr.len > 0);
	copy.node_slot = node[k->node].slot;
	copy.service = m->part[PART_SERVICES].n - 1;
	service[copy.service].ntasks++;
	return part_put(m, PART_TASKS, &copy);
}

bool
table_maker_chain(struct table_maker *m, const char *chain, uint32_t *number)
{
	size_t bytes = chain == NULL ? 0 : strlen(chain);
	struct table_ref text;
	uintptr_t known;

	*number = 0;
	if (bytes == 0)
		return true;
	known = (uintptr_t)map_get(m->chains, str_of(chain));
	if (known == 0) {
		if (m->chain_bytes + bytes > CHAIN_BYTES_MOST ||
		    m->part[PART_CHAINS].n == table_parts[PART_CHAINS].most)
			return false;
		m->chain_bytes += bytes;
		text = table_maker_text(m, str_of(chain));
		known = (uintptr_t)part_put(m, PART_CHAINS, &text) + 1;
		map_put(m->chains, str_of(chain), (void *)known);
	}
	*number = (uint32_t)known;
	return true;
}

void
table_maker_route(struct table_maker *m, const struct table_route *r)
{
	ASSERT(m->large || r->service == TABLE_REFUSED || r->service < m->part[PART_SERVICES].n);
	ASSERT(m->large || (r->path.len > 0 && m->part[PART_TEXT].p[r->path.at] == '/'));
	part_put(m, PART_ROUTES, r);
}

void
table_maker_group(struct table_maker *m, uint32_t service, const struct table_group *group,
    const struct table_child *child)
{
	struct table_service *s = (void *)m->part[PART_SERVICES].p;
	struct table_group g = *group;

	ASSERT(g.n > 0 && g.n <= GROUP_CHILDREN && (g.kind != GROUP_FAILOVER || g.n == 2));
	if (m->large)
		return;
	ASSERT(service < m->part[PART_SERVICES].n && s[service].group == 0);
	g.first = m->part[PART_CHILDREN].n;
	for (uint32_t i = 0; i < g.n; i++)
		part_put(m, PART_CHILDREN, &child[i]);
	s[service].group = part_put(m, PART_GROUPS, &g) + 1;
}

void
table_maker_tcp(struct table_maker *m, const struct table_tcp *r)
{
	ASSERT(m->large || r->service == TABLE_REFUSED || r->service < m->part[PART_SERVICES].n);
	ASSERT(m->large || r->listener.len > 0);
	part_put(m, PART_TCP, r);
}

void
table_maker_listener(struct table_maker *m, const struct table_listener *l)
{
	ASSERT(l->redirect_port <= 65535);
	part_put(m, PART_LISTENERS, l);
}

uint32_t
table_maker_tls(struct table_maker *m, const struct table_tls *o)
{
	ASSERT((unsigned)o->auth < TLS_AUTHS);
	return part_put(m, PART_TLS, o);
}

void
table_maker_tls_host(struct table_maker *m, const struct table_tls_host *h)
{
	ASSERT(m->large || h->options < m->part[PART_TLS].n);
	part_put(m, PART_TLS_HOSTS, h);
}

uint32_t
table_maker_condition(struct table_maker *m, const struct condition *c)
{
	size_t bytes = condition_bytes(c);
	struct table_code code = { m->part[PART_CODE].n, (uint32_t)bytes };
	void *at = part_add(m, PART_CODE, bytes / 4);

	ASSERT(bytes % 4 == 0);
	if (at == NULL)
		return 0;
	memcpy(at, c, bytes);
	return part_put(m, PART_CONDITIONS, &code) + 1;
}

/* ---- the order of routes ---- */

static struct str
text_at(const struct table_maker *m, struct table_ref r)
{
	return (struct str){ m->part[PART_TEXT].p + r.at, r.len };
}

static bool
is_refused(const struct table_route *r)
{
	return r->service == TABLE_REFUSED;
}

/* Which of two rules has precedence; of equal priorities, what is refused, then what is
 * guarded. */
static int
rule_order(const void *a, const void *b, void *routes)
{
	uint32_t i = *(const uint32_t *)a, k = *(const uint32_t *)b;
	const struct table_route *all = routes, *r = &all[i], *s = &all[k];

	if (r->priority != s->priority)
		return r->priority > s->priority ? -1 : 1;
	if (is_refused(r) != is_refused(s))
		return is_refused(r) ? -1 : 1;
	if (r->guards != s->guards)
		return r->guards ? -1 : 1;
	if (r->gives_way != s->gives_way)
		return r->gives_way ? 1 : -1;
	return (i > k) - (i < k);
}

static void
routes_place(struct table_maker *m)
{
	struct table_route *route = (void *)m->part[PART_ROUTES].p;
	uint32_t n = m->part[PART_ROUTES].n, nrules = 0;
	uint32_t *rule = must_alloc((n + 1) * sizeof *rule);

	for (uint32_t i = 0; i < n; i++)
		if (route[i].by_rule)
			rule[nrules++] = i;
	qsort_r(rule, nrules, sizeof *rule, rule_order, route);
	for (uint32_t i = 0; i < nrules; i++)
		route[rule[i]].place = i;
	free(rule);
}

static int
key_order(const struct table_maker *m, const struct table_route *r, const struct table_route *s)
{
	struct str rh = text_at(m, r->host), sh = text_at(m, s->host);
	int c = host_kind(rh) - host_kind(sh);

	if (c == 0)
		c = text_order(rh, sh);
	return c != 0 ? c : text_order(text_at(m, r->path), text_at(m, s->path));
}

static int
route_order(const void *a, const void *b, void *maker)
{
	const struct table_route *r = a, *s = b;
	int c = key_order(maker, r, s);

	if (c == 0 && r->by_rule != s->by_rule)
		c = r->by_rule ? 1 : -1;
	if (c == 0 && r->by_rule)
		c = (r->place > s->place) - (r->place < s->place);
	if (c == 0 && (r->on == 0) != (s->on == 0))
		c = r->on == 0 ? 1 : -1;
	return c != 0 ? c : (r->service > s->service) - (r->service < s->service);
}

/* `last` is the last route of the key before, of which a parent is looked for. */
static uint32_t
parent_find(const struct table_maker *m, uint32_t last, const struct table_route *r)
{
	const struct table_route *route = (const void *)m->part[PART_ROUTES].p;
	struct str host = text_at(m, r->host), path = text_at(m, r->path);

	while (last != NO_PARENT && (!str_eq(text_at(m, route[last].host), host) ||
	    !str_starts(path, text_at(m, route[last].path))))
		last = route[last].parent;
	return last;
}

static void
routes_join(struct table_maker *m)
{
	struct table_route *route = (void *)m->part[PART_ROUTES].p;
	uint32_t n = m->part[PART_ROUTES].n, first = 0, parent = NO_PARENT;

	for (uint32_t i = 0; i < n; i++) {
		if (i > 0 && key_order(m, &route[i - 1], &route[i]) != 0) {
			first = i;
			parent = parent_find(m, i - 1, &route[i]);
		}
		route[i].first = first;
		route[i].parent = parent;
	}
}

static void
routes_sort(struct table_maker *m)
{
	if (m->part[PART_ROUTES].n == 0)
		return;
	routes_place(m);
	qsort_r(m->part[PART_ROUTES].p, m->part[PART_ROUTES].n, sizeof(struct table_route), route_order,
	    m);
	routes_join(m);
}

static int
tcp_row_order(const void *a, const void *b, void *text)
{
	const struct table_tcp *r = a, *s = b;

	return tcp_order((struct str){ (char *)text + r->listener.at, r->listener.len },
	    (struct str){ (char *)text + r->host.at, r->host.len },
	    (struct str){ (char *)text + s->listener.at, s->listener.len },
	    (struct str){ (char *)text + s->host.at, s->host.len });
}

static int
tls_host_order(const void *a, const void *b, void *maker)
{
	const struct table_tls_host *h = a, *g = b;
	int c = text_order(text_at(maker, h->host), text_at(maker, g->host));

	return c != 0 ? c : (h->on > g->on) - (h->on < g->on);
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
	struct table_head h = { .magic = TABLE_MAGIC, .serial = m->serial, .shape = TABLE_SHAPE,
		.size = sizeof h };

	for (int p = 0; p < PARTS; p++) {
		h.part[p].at = (uint32_t)h.size;
		h.part[p].n = m->part[p].n;
		h.size = (h.size + (uint64_t)m->part[p].n * table_parts[p].width + 7) & ~UINT64_C(7);
		if (!write_at(fd, m->part[p].p, m->part[p].n * (size_t)table_parts[p].width, h.part[p].at))
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
	routes_sort(m);
	if (m->part[PART_TCP].n > 1)
		qsort_r(m->part[PART_TCP].p, m->part[PART_TCP].n, sizeof(struct table_tcp), tcp_row_order,
		    m->part[PART_TEXT].p);
	if (m->part[PART_TLS_HOSTS].n > 1)
		qsort_r(m->part[PART_TLS_HOSTS].p, m->part[PART_TLS_HOSTS].n,
		    sizeof(struct table_tls_host), tls_host_order, m);
	memory = memfd_create("mola-table", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (memory == -1)
		return WHY_SYSTEM;
	if (!table_write(m, memory) || fcntl(memory, F_ADD_SEALS, TABLE_SEALS) == -1) {
		int err = errno;
		close(memory);
		errno = err;
		return WHY_SYSTEM;
	}
	*fd = memory;
	return NULL;
}
