/*
 * table: opening and reading. Must not know how a task is chosen or a node judged.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "world/live.h"
#include "world/table_block.h"

const struct table_part table_parts[PARTS] = {
	[PART_NODES] = { sizeof(struct table_node), NODES_MAX },
	[PART_SERVICES] = { sizeof(struct table_service), 16384 },
	[PART_TASKS] = { sizeof(struct table_task), TASKS_MAX },
	[PART_ROUTES] = { sizeof(struct table_route), 65536 },
	[PART_TCP] = { sizeof(struct table_tcp), 65536 },
	[PART_LISTENERS] = { sizeof(struct table_listener), TABLE_LISTENERS },
	[PART_CONDITIONS] = { sizeof(struct table_code), 65536 },
	[PART_CODE] = { sizeof(uint32_t), 16 << 20 },
	[PART_CHAINS] = { sizeof(struct table_ref), 65536 },
	[PART_GROUPS] = { sizeof(struct table_group), 16384 },
	[PART_CHILDREN] = { sizeof(struct table_child), 65536 },
	[PART_TLS] = { sizeof(struct table_tls), 1024 },
	[PART_TLS_HOSTS] = { sizeof(struct table_tls_host), 65536 },
	[PART_TEXT] = { 1, 16 << 20 },
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

/* ---- life ---- */

static const struct why *
table_map(int fd, struct table **out)
{
	struct table *t;
	struct stat st;
	void *base;

	/* Without the seals the sender could change it after the check. */
	if ((fcntl(fd, F_GET_SEALS) & TABLE_SEALS) != TABLE_SEALS || fstat(fd, &st) == -1 ||
	    st.st_size < (off_t)sizeof(struct table_head))
		return WHY_TABLE_BROKEN;
	base = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (base == MAP_FAILED)
		return WHY_SYSTEM;
	madvise(base, (size_t)st.st_size, MADV_DONTDUMP);	/* filters may hold hashes of passwords */
	t = must_zalloc(sizeof *t);
	t->refs = 1;
	if (!table_view(t, base, (size_t)st.st_size)) {
		munmap(base, (size_t)st.st_size);
		free(t);
		return WHY_TABLE_BROKEN;
	}
	ASSERT(t->exact_end <= t->wild_end && t->wild_end <= t->head->part[PART_ROUTES].n);
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
	ASSERT(t->refs > 0);
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
	chains_close(t);
	free(t);
}

/* ---- reading ---- */

uint64_t
table_serial(const struct table *t)
{
	return t->head->serial;
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

const struct table_group *
table_groups(const struct table *t, uint32_t *n)
{
	return part_of(t, PART_GROUPS, n);
}

const struct table_child *
table_children(const struct table *t, uint32_t *n)
{
	return part_of(t, PART_CHILDREN, n);
}

const struct table_tls *
table_tls(const struct table *t, uint32_t *n)
{
	return part_of(t, PART_TLS, n);
}

const struct table_tls_host *
table_tls_hosts(const struct table *t, uint32_t *n)
{
	return part_of(t, PART_TLS_HOSTS, n);
}

const struct table_tcp *
table_tcp(const struct table *t, uint32_t *n)
{
	return part_of(t, PART_TCP, n);
}

bool
table_redirects(const struct table *t)
{
	return t->redirects;
}

const struct table_listener *
table_listeners(const struct table *t, uint32_t *n)
{
	return part_of(t, PART_LISTENERS, n);
}

const struct table_service *
table_service_named(const struct table *t, struct str name, enum service_kind kind)
{
	uint32_t n;
	const struct table_service *s = table_services(t, &n);

	for (uint32_t i = 0; i < n; i++)
		if (s[i].kind == kind && str_eq(table_text(t, s[i].name), name))
			return &s[i];
	return NULL;
}

struct str
table_text(const struct table *t, struct table_ref r)
{
	return (struct str){ t->base + t->head->part[PART_TEXT].at + r.at, r.len };
}

const struct condition *
table_condition(const struct table *t, uint32_t number)
{
	const struct table_code *c = part_of(t, PART_CONDITIONS, NULL);

	ASSERT(number > 0 && number <= t->head->part[PART_CONDITIONS].n);
	return (const void *)((const uint32_t *)part_of(t, PART_CODE, NULL) + c[number - 1].at);
}
