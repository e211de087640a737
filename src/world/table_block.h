/*
 * table_block: how a table lies in memory: a head, arrays, and the text and the conditions
 * that they point into. Known to the files that build, check and search it alone.
 */
#ifndef WORLD_TABLE_BLOCK_H
#define WORLD_TABLE_BLOCK_H

#include <fcntl.h>

#include "base/bug.h"
#include "world/table.h"

enum part { PART_NODES, PART_SERVICES, PART_TASKS, PART_ROUTES, PART_TCP, PART_LISTENERS,
    PART_CONDITIONS, PART_CODE, PART_CHAINS, PART_GROUPS, PART_CHILDREN, PART_TLS, PART_TLS_HOSTS,
    PART_TEXT, PARTS };

extern const struct table_part {
	uint32_t	width, most;
} table_parts[PARTS];

#define NO_PARENT	UINT32_MAX
/* A condition in PART_CODE, which has words. */
struct table_code {
	uint32_t	at, bytes;
};

#define TABLE_MAGIC	UINT64_C(0x31656c6261546f4d)	/* "MoTable1" */
/* Differs between builds whose structures differ, so that neither reads the other's table. */
#define TABLE_SHAPE (uint32_t)((((sizeof(struct table_node) * 1021 + \
    sizeof(struct table_service)) * 1021 + sizeof(struct table_task)) * 1021 + \
    sizeof(struct table_route)) * 1021 + sizeof(struct table_tcp) * 1021 + \
    sizeof(struct table_listener) * 31 + sizeof(struct table_tls) * 7 + \
    sizeof(struct table_tls_host) * 61 + sizeof(struct table_group) * 127 + \
    sizeof(struct table_child) * 8191 + MATCHER_COUNT)
#define TABLE_SEALS	(F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)
/* a century: a deadline made of it cannot overflow */
#define TABLE_USEC_MOST	INT64_C(3000000000000000)

struct table_head {
	uint64_t	magic, serial, size;
	uint32_t	shape, unused;
	struct {
		uint32_t at, n;
	} part[PARTS];
};

struct table {
	unsigned	 refs;
	const char	*base;		/* the mapping */
	const struct table_head *head;
	const struct table_route *route;
	uint32_t	 exact_end, wild_end;	/* routes: exact hosts, "*.…" and "+.…" hosts, any host */
	bool		 refuses, rules, gives_way;	/* some of them; refuses: also by filters that guard */
	bool		 by_ways, unsaid, on;	/* not all are for all requests */
	bool		 redirects;		/* a listener does */
	struct arena	*arena;		/* of the chains */
	const struct filter_chain **chain;
};

#define CHAIN_BYTES_MOST (4U << 20)	/* of all chains of a table */

static inline const void *
part_of(const struct table *t, enum part p, uint32_t *n)
{
	ASSERT((unsigned)p < PARTS);
	if (n != NULL)
		*n = t->head->part[p].n;
	return t->base + t->head->part[p].at;
}

/* Makes *t a view of `size` foreign bytes at `base` (aligned to 8). False: they are no table. */
bool	table_view(struct table *, const void *base, size_t size);

/* table_filters.c: reads the chains; false: one of them is none. */
bool	chains_open(struct table *);
void	chains_close(struct table *);
/* Its filters may keep requests out: other routes must not serve what it covers. */
bool	route_guards(const struct table *, const struct table_route *);

/*
 * Routes stand sorted: exact hosts, "*.…" and "+.…" hosts, any host; equal hosts together, by
 * text_order; then by path, by text_order. So all paths of a host that a longer one begins with
 * are found by one search: the last that does not stand behind it, and then from parent to parent.
 * Of equal hosts and paths plain routes stand first, then those of rules by their place.
 */
int	host_kind(struct str host);		/* 0, 1, 2 */
int	text_order(struct str, struct str);
const struct condition	*table_condition(const struct table *, uint32_t number);
bool	tcp_chain_ok(const struct table *, const struct table_tcp *);	/* once chains are open */
/* Rows of PART_TCP stand sorted by the listener's name, then by host. */
int	tcp_order(struct str listener, struct str host, struct str other_listener,
	    struct str other_host);

bool	table_tls_ok(const struct table *);	/* table_tls.c */

#endif
