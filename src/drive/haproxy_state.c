/*
 * haproxy_state: HAProxy's tables, parsed by the names of their columns.
 * Must not know what is planned: haproxy.c compares.
 */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/bug.h"
#include "drive/haproxy_state.h"

#define COLUMNS_MAX	256

/* ---- rows and columns ---- */

/* A column of `show stat`: quoted when it contains a comma or a quote; a doubled quote stays
 * doubled. */
static struct str
csv_column(struct str *rest)
{
	struct str col;
	size_t at = 0;

	ASSERT(rest->len > 0);			/* columns_of calls it while something is left */
	if (rest->p[0] == '"') {
		for (at = 1; at < rest->len; at++)
			if (rest->p[at] == '"' && (at + 1 == rest->len || rest->p[++at] != '"'))
				break;
		col = (struct str){ rest->p + 1, at > 1 ? at - 1 : 0 };
		if (col.len > 0 && col.p[col.len - 1] == '"')
			col.len--;
	} else {
		while (at < rest->len && rest->p[at] != ',')
			at++;
		col = (struct str){ rest->p, at };
	}
	while (at < rest->len && rest->p[at] != ',')
		at++;
	at += at < rest->len;
	ASSERT(at > 0 && at <= rest->len);	/* or a table would have no end */
	rest->p += at;
	rest->len -= at;
	return col;
}

static struct str
blank_column(struct str *rest)
{
	struct str col = { rest->p, 0 };

	str_split(rest, ' ', &col);
	return col;
}

typedef struct str column_f(struct str *rest);

static unsigned
columns_of(struct str row, column_f *next, struct str col[COLUMNS_MAX])
{
	unsigned n = 0;

	while (row.len > 0 && n < COLUMNS_MAX)
		col[n++] = next(&row);
	return n;
}

struct show_table {			/* the response to a `show` command */
	struct str	 rest;
	column_f	*next;
	const char	*const *want;	/* names of columns, ended by NULL */
	unsigned	 nmust;		/* the first so many must exist */
	int		*place;		/* of each wanted column, -1: it does not exist */
};

/* Reads up to the row of names, which begins with "# ". */
static bool
show_table_open(struct show_table *s)
{
	struct str row, col[COLUMNS_MAX];
	unsigned n = 0;

	while (n == 0 && str_split(&s->rest, '\n', &row))
		if (str_starts(row, STR("# ")))
			n = columns_of((struct str){ row.p + 2, row.len - 2 }, s->next, col);
	for (unsigned w = 0; s->want[w] != NULL; w++) {
		s->place[w] = -1;
		for (unsigned i = 0; i < n && s->place[w] < 0; i++)
			if (str_eq(col[i], str_of(s->want[w])))
				s->place[w] = (int)i;
		if (s->place[w] < 0 && w < s->nmust)
			return false;
	}
	return true;
}

/* The wanted columns of the next row; those that do not exist are empty. False: there are no more
 * rows. */
static bool
show_table_row(struct show_table *s, struct str *value)
{
	struct str row, col[COLUMNS_MAX];
	unsigned n;

	do {
		if (!str_split(&s->rest, '\n', &row))
			return false;
	} while (row.len == 0 || row.p[0] == '#');
	n = columns_of(row, s->next, col);
	for (unsigned w = 0; s->want[w] != NULL; w++) {
		ASSERT(w >= s->nmust || s->place[w] >= 0);	/* show_table_open has succeeded */
		value[w] = STR("");
		if (s->place[w] >= 0 && (unsigned)s->place[w] < n)
			value[w] = col[s->place[w]];
	}
	return true;
}

/* ---- show info ---- */

const struct why *
haproxy_info_parse(struct str text, struct haproxy_info *out)
{
	struct haproxy_info info = { 0 };
	struct str line, key;

	while (str_split(&text, '\n', &line)) {
		if (!str_split(&line, ':', &key))
			continue;
		line = str_trim(line);
		if (str_eq(key, STR("Version")))
			str_copy(info.version, sizeof info.version, line);
		else if (str_eq(key, STR("Pid")))
			str_to_u64(line, &info.pid);
		else if (str_eq(key, STR("Uptime_sec")))
			str_to_u64(line, &info.uptime_sec);
	}
	if (info.pid == 0)
		return WHY_PROXY_SYNTAX;
	for (char *p = info.version; *p != '\0'; p++)
		if (*p < ' ' || *p > '~')
			*p = '?';
	*out = info;
	return NULL;
}

/* ---- show servers state ---- */

enum { STATE_BACKEND, STATE_NAME, STATE_ADDR, STATE_PORT, STATE_ADMIN, STATE_WEIGHT, STATE_CHECK,
    STATE_CONFIGURED, STATE_COLUMNS };
static const char *const state_columns[] = { "be_name", "srv_name", "srv_addr", "srv_port",
    "srv_admin_state", "srv_uweight", "srv_check_state", "srv_iweight", NULL };

static struct addr
addr_of(struct str host, uint64_t port)
{
	struct addr a = { 0 };
	char text[INET6_ADDRSTRLEN];

	if (host.len >= sizeof text || port > 65535)
		return a;
	str_copy(text, sizeof text, host);
	if (inet_pton(AF_INET, text, &a.sa.v4.sin_addr) == 1) {
		a.sa.v4.sin_family = AF_INET;
		a.sa.v4.sin_port = htons((uint16_t)port);
		a.len = sizeof a.sa.v4;
	} else if (memset(&a, 0, sizeof a), inet_pton(AF_INET6, text, &a.sa.v6.sin6_addr) == 1) {
		a.sa.v6.sin6_family = AF_INET6;
		a.sa.v6.sin6_port = htons((uint16_t)port);
		a.len = sizeof a.sa.v6;
	}
	return a;
}

/* The characters that HAProxy itself allows in names: others could end a command and begin
 * another. */
static bool
is_name(struct str s)
{
	for (size_t i = 0; i < s.len; i++) {
		char c = s.p[i];
		bool alnum = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
		if (!alnum && c != '_' && c != ':' && c != '-' && c != '.')
			return false;
	}
	return s.len > 0 && s.len <= 255;
}

static bool
server_parse(struct haproxy_state *st, const struct str *v, struct haproxy_server *out)
{
	uint64_t port, admin, weight, configured, check = 0;

	if (!is_name(v[STATE_BACKEND]) || !is_name(v[STATE_NAME]) ||
	    !str_to_u64(v[STATE_PORT], &port) || !str_to_u64(v[STATE_ADMIN], &admin) ||
	    !str_to_u64(v[STATE_WEIGHT], &weight) || admin > 0xffff || weight > 0xffff)
		return false;
	str_to_u64(v[STATE_CHECK], &check);
	if (!str_to_u64(v[STATE_CONFIGURED], &configured) || configured > 0xffff)
		configured = weight;
	*out = (struct haproxy_server){
		.backend = arena_text(st->arena, v[STATE_BACKEND]), .name = arena_text(st->arena, v[STATE_NAME]),
		.addr = addr_of(v[STATE_ADDR], port),
		.weight = (unsigned)weight, .configured = (unsigned)configured,
		.admin = (unsigned)admin, .check = (unsigned)(check & 0xffff), .status = "", .inflight = -1
	};
	return true;
}

static int
server_by_name(const void *ap, const void *bp)
{
	const struct haproxy_server *a = ap, *b = bp;
	int d = strcmp(a->backend, b->backend);

	return d != 0 ? d : strcmp(a->name, b->name);
}

static int
server_by_addr(const void *ap, const void *bp)
{
	const struct haproxy_server *const *a = ap, *const *b = bp;
	int d = strcmp((*a)->backend, (*b)->backend);

	if (d == 0)
		d = addr_order(&(*a)->addr, &(*b)->addr);
	return d != 0 ? d : strcmp((*a)->name, (*b)->name);
}

static size_t
lines_in(struct str text)
{
	size_t n = 0;

	for (size_t i = 0; i < text.len; i++)
		n += text.p[i] == '\n';
	return n + 1;
}

const struct why *
haproxy_state_parse(struct str text, struct haproxy_state **out)
{
	int place[STATE_COLUMNS];
	struct str value[STATE_COLUMNS];
	struct show_table s = { text, blank_column, state_columns, STATE_CHECK, place };
	struct haproxy_state *st;
	size_t most = lines_in(text);

	if (!show_table_open(&s))
		return WHY_PROXY_SYNTAX;
	st = must_zalloc(sizeof *st);
	st->arena = arena_new();
	most = most < HAPROXY_SERVERS_MAX ? most : HAPROXY_SERVERS_MAX;
	st->server = arena_zalloc(st->arena, most * sizeof *st->server);
	while (st->n < most && show_table_row(&s, value))
		st->n += server_parse(st, value, &st->server[st->n]);
	qsort(st->server, st->n, sizeof *st->server, server_by_name);
	st->at = arena_zalloc(st->arena, (st->n + 1) * sizeof *st->at);
	for (unsigned i = 0; i < st->n; i++)
		st->at[i] = &st->server[i];
	qsort(st->at, st->n, sizeof *st->at, server_by_addr);
	ASSERT(st->n <= most && most <= HAPROXY_SERVERS_MAX);
	*out = st;
	return NULL;
}

void
haproxy_state_free(struct haproxy_state **stp)
{
	if (*stp == NULL)
		return;
	arena_free(&(*stp)->arena);
	free(*stp);
	*stp = NULL;
}

/* ---- show stat ---- */

enum { STAT_BACKEND, STAT_NAME, STAT_STATUS, STAT_INFLIGHT, STAT_COLUMNS };
static const char *const stat_columns[] = { "pxname", "svname", "status", "scur", NULL };

static const char *
clean_text(struct arena *a, struct str s)
{
	char *text = arena_text(a, s.len > 63 ? (struct str){ s.p, 63 } : s);

	for (char *p = text; *p != '\0'; p++)
		if (*p < ' ' || *p > '~')
			*p = '?';
	return text;
}

static struct haproxy_server *
find_server(const struct haproxy_state *st, const char *backend, const char *name)
{
	struct haproxy_server key = { .backend = backend, .name = name };

	return st->n == 0 ? NULL : bsearch(&key, st->server, st->n, sizeof *st->server, server_by_name);
}

const struct why *
haproxy_stat_parse(struct str text, struct haproxy_state *st)
{
	int place[STAT_COLUMNS];
	struct str value[STAT_COLUMNS];
	struct show_table s = { text, csv_column, stat_columns, STAT_COLUMNS, place };
	struct haproxy_server *v;
	char backend[256], name[256];
	uint64_t n;

	if (!show_table_open(&s))
		return WHY_PROXY_SYNTAX;
	while (show_table_row(&s, value)) {
		if (value[STAT_BACKEND].len >= sizeof backend || value[STAT_NAME].len >= sizeof name)
			continue;
		str_copy(backend, sizeof backend, value[STAT_BACKEND]);
		str_copy(name, sizeof name, value[STAT_NAME]);
		if ((v = find_server(st, backend, name)) == NULL)
			continue;
		v->status = clean_text(st->arena, value[STAT_STATUS]);
		v->inflight = str_to_u64(value[STAT_INFLIGHT], &n) && n <= INT32_MAX ? (long)n : -1;
	}
	return NULL;
}

/* ---- finding ---- */

const struct haproxy_server *
haproxy_find_server(const struct haproxy_state *st, const char *backend, const char *server)
{
	return find_server(st, backend, server);
}

unsigned
haproxy_backend_servers(const struct haproxy_state *st, const char *backend,
    const struct haproxy_server **first)
{
	unsigned lo = 0, hi = st->n, n = 0;

	while (lo < hi) {
		unsigned mid = lo + (hi - lo) / 2;
		if (strcmp(st->server[mid].backend, backend) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	while (lo + n < st->n && strcmp(st->server[lo + n].backend, backend) == 0)
		n++;
	ASSERT(lo + n == st->n || strcmp(st->server[lo + n].backend, backend) > 0);	/* it is sorted */
	*first = st->server + lo;
	return n;
}

unsigned
haproxy_servers_at(const struct haproxy_state *st, const char *backend, const struct addr *addr,
    const struct haproxy_server *const **first)
{
	const struct haproxy_server key = { .backend = backend, .name = "", .addr = *addr }, *k = &key;
	unsigned lo = 0, hi = st->n, n = 0;

	while (lo < hi) {
		unsigned mid = lo + (hi - lo) / 2;
		if (server_by_addr(&st->at[mid], &k) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	while (lo + n < st->n && strcmp(st->at[lo + n]->backend, backend) == 0 &&
	    addr_eq(&st->at[lo + n]->addr, addr))
		n++;
	ASSERT(lo + n == st->n || server_by_addr(&st->at[lo + n], &k) > 0);
	*first = st->at + lo;
	return n;
}
