/*
 * A routing table from a hostile brain: either the check refuses it, or everything that a worker may ask of
 * it stays inside. Magic, shape and size are put right first: they would only keep the fuzzer out.
 */
#include "proxy/groups.h"
#include "world/table.c"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static uint64_t sink;

static void
touch(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		sink += (unsigned char)s.p[i];
}

static void
touch_addr(const struct addr *a)
{
	char text[ADDR_TEXT_MAX];

	touch(str_of(addr_text(a, text)));
	touch(str_of(addr_host_text(a, text)));
}

static void
read_services(const struct table *t)
{
	uint32_t n, ntasks;
	const struct table_service *s = table_services(t, &n);
	const struct table_task *k = table_tasks(t, &ntasks);

	for (uint32_t i = 0; i < n; i++) {
		touch(table_text(t, s[i].name));
		touch(table_text(t, s[i].health_path));
		touch(str_of(policy_name(s[i].policy)));
		sink += (uint64_t)(s[i].connect_usec + s[i].response_usec + s[i].idle_usec + s[i].tunnel_usec);
		for (uint32_t j = 0; j < s[i].ntasks; j++)
			ASSERT(k[s[i].first_task + j].service == i);
	}
}

static void
read_tasks(const struct table *t)
{
	uint32_t n, nnodes;
	const struct table_task *k = table_tasks(t, &n);
	const struct table_node *node = table_nodes(t, &nnodes);

	for (uint32_t i = 0; i < n; i++) {
		touch(table_text(t, k[i].name));
		touch(table_text(t, node[k[i].node].name));
		touch_addr(&k[i].addr);
		ASSERT(k[i].slot < TASKS_MAX && k[i].node_slot < NODES_MAX);
		sink += k[i].draining + k[i].drained + node[k[i].node].drained;
	}
}

static bool
field(const void *arg, struct str name, unsigned nth, struct str *value)
{
	(void)arg;
	touch(name);
	*value = nth == 0 ? STR("websocket") : STR("");
	return nth < 2;
}

static bool
matched(const struct table *t, struct str host, struct str path)
{
	static const uint8_t client[16] = { [10] = 0xff, [11] = 0xff, [12] = 10, [15] = 1 };
	const struct request_view r = { .host = host, .path = path, .method = STR("GET"), .query = STR("a=b&c=%41+x;d"),
	    .client = client, .field = field };
	const struct why *why;

	return table_match(t, &r, &why) != NULL;
}

static void
match_all(const struct table *t)
{
	uint32_t n;
	const struct table_route *r = table_routes(t, &n);

	for (uint32_t i = 0; i < n; i++) {
		struct str host = table_text(t, r[i].host), path = table_text(t, r[i].path);
		sink += matched(t, host, path);
		sink += matched(t, STR("a.b.example.org"), path);
		sink += matched(t, host, STR("/api/v1/x"));
		sink += matched(t, host, STR("/%2e/..//api%2f"));
	}
	sink += matched(t, STR(""), STR(""));
}

static void
match_tcp(const struct table *t)
{
	uint32_t n;
	const struct table_tcp *r = table_tcp(t, &n);
	const struct filter_chain *chain;
	const struct why *why;

	for (uint32_t i = 0; i < n; i++) {
		struct str listener = table_text(t, r[i].listener), host = table_text(t, r[i].host);
		sink += table_match_tcp(t, listener, host, &why) != NULL;
		sink += table_match_tcp(t, listener, STR("a.b.example.org"), &why) != NULL;
		sink += table_match_tcp(t, STR("pg"), host, &why) != NULL;
		sink += table_relays(t, listener);
		chain = table_tcp_chain(t, &r[i]);
		for (unsigned k = 0; chain != NULL && k < chain->n; k++)
			ASSERT(chain->filter[k].kind == FILTER_IP_ALLOW_LIST || chain->filter[k].kind == FILTER_IN_FLIGHT_REQ);
	}
	sink += table_match_tcp(t, STR(""), STR(""), &why) != NULL;
}

static void
touch_tls(const struct table *t, const struct table_tls *o)
{
	if (o == NULL)
		return;
	touch(table_text(t, o->name));
	touch(table_text(t, o->ca));
	touch(table_text(t, o->protocols));
	sink += (unsigned)o->auth + o->min_version + o->strict + o->no_tickets + o->broken;
}

static void
find_tls(const struct table *t)
{
	uint32_t n, ntcp;
	const struct table_tls_host *h = table_tls_hosts(t, &n);
	const struct table_tcp *r = table_tcp(t, &ntcp);

	for (uint32_t i = 0; i < n; i++) {
		touch_tls(t, table_tls_find(t, STR("web"), table_text(t, h[i].host)));
		touch_tls(t, table_tls_find(t, STR(""), STR("a.b.example.org")));
	}
	for (uint32_t i = 0; i < ntcp; i++)
		touch_tls(t, table_tls_of(t, &r[i]));
	touch_tls(t, table_tls_find(t, STR(""), STR("")));
}

/* Whichever way requests go, it ends at a service with tasks of its own, or nowhere. */
static void
resolve_all(struct table *t)
{
	static struct live *live;
	static char value[] = "at=0123456789abcdef; b=c";
	struct field cookie = { .name = STR("Cookie"), .value = STR(value) };
	struct message m = { .field = &cookie, .nfields = 1 };
	struct group_cookies cookies = { 0 };
	struct groups *g;
	uint32_t n;
	const struct table_service *s = table_services(t, &n), *to;

	if (live == NULL)
		live = live_init(must_zalloc(live_bytes()), 2);
	g = groups_new(live, 1);
	groups_set_table(g, t);
	for (uint32_t i = 0; i < n; i++)
		for (unsigned k = 0; k < 4 && s[i].group != 0; k++) {
			struct group_mirrors mirrors = { 0 };
			to = groups_resolve(g, &s[i], k % 2 == 0 ? NULL : &m, &cookies, k < 2 ? NULL : &mirrors);
			ASSERT(to == NULL || (to >= s && to < s + n && to->group == 0 && to->kind == s[i].kind));
			for (unsigned c = 0; c < mirrors.n; c++)
				ASSERT(mirrors.of[c].service->group == 0 && mirrors.of[c].service->kind == s[i].kind);
			for (unsigned c = 0; c < cookies.n; c++)
				touch(str_of(cookies.text[c]));
			group_cookies_free(&cookies);
		}
	groups_free(&g);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct table_head head;
	struct table t = { .refs = 1 };
	char *copy;

	if (len < sizeof head || len > 1 << 20)
		return 0;
	memcpy(&head, bytes, sizeof head);
	head.magic = TABLE_MAGIC, head.shape = TABLE_SHAPE, head.size = len;
	copy = must_alloc(len);
	memcpy(copy, bytes, len);
	memcpy(copy, &head, sizeof head);
	if (table_view(&t, copy, len)) {
		read_services(&t);
		read_tasks(&t);
		match_all(&t);
		match_tcp(&t);
		find_tls(&t);
		resolve_all(&t);
		ASSERT(t.refs == 1);
		chains_close(&t);
	}
	free(copy);
	return 0;
}
