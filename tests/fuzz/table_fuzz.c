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

/* ---- a table of this build ---- */

static struct table_ref
text(struct table_maker *m, const char *s)
{
	return table_maker_text(m, str_of(s));
}

static uint32_t
make_service(struct table_maker *m, const char *name, unsigned ntasks)
{
	static uint32_t slot;
	struct table_service s = { .name = text(m, name), .connect_usec = 1, .response_usec = 1, .idle_usec = 1, .tunnel_usec = 1,
	    .sticky_cookie = text(m, ntasks == 0 ? "at" : ""), .health_path = text(m, "/up"), .health_interval_usec = 100000,
	    .health_timeout_usec = 10000, .health_rise = 1, .health_fall = 1, .eject_failures = 1, .eject_window_usec = 1000 };
	uint32_t at = table_maker_service(m, &s);

	for (unsigned i = 0; i < ntasks; i++) {
		struct table_task t = { .name = text(m, name), .slot = slot++ };
		ASSERT(addr_parse(STR("127.0.0.1:80"), &t.addr) == NULL);
		table_maker_task(m, &t);
	}
	return at;
}

static void
make_route(struct table_maker *m, const char *host, uint32_t service, uint32_t condition, uint32_t chain)
{
	table_maker_route(m, &(struct table_route){ .host = text(m, host), .path = text(m, "/api"), .service = service,
	    .condition = condition, .by_rule = condition != 0, .priority = 1, .ways = 1, .chain = chain });
}

/* Of two services and groups of each kind, which lead to them and to each other. */
static void
make_groups(struct table_maker *m, uint32_t one, uint32_t two)
{
	uint32_t g[GROUP_KINDS];

	for (unsigned k = 0; k < GROUP_KINDS; k++)
		g[k] = make_service(m, "group", 0);
	for (unsigned k = 0; k < GROUP_KINDS; k++) {
		struct table_child c[] = { { .service = one, .weight = 1, .name = text(m, "one") },
		    { .service = k + 1 < GROUP_KINDS ? g[k + 1] : two, .weight = 2, .name = text(m, "two") } };
		table_maker_group(m, g[k], &(struct table_group){ .kind = (enum group_kind)k, .n = 2, .body_most = 1000 }, c);
		make_route(m, "group.example.org", g[k], 0, 0);
	}
}

static uint32_t
make_condition(struct table_maker *m, struct arena *a)
{
	struct condition_node get = { .kind = CONDITION_TEST, .matcher = MATCHER_METHOD, .value = STR("GET") };

	return table_maker_condition(m, condition_make(a, &get));
}

/* The text of one, which the edits are made of; whose layout is always that of this build. */
static struct str
base_table(void)
{
	static struct str base;
	struct table_maker *m = table_maker_new(1);
	struct arena *a = arena_new();
	struct filter_setting prefix = { STR("prefixes"), STR("/api") };
	uint32_t one, two, chain;
	int fd;

	if (base.p != NULL) {
		table_maker_free(&m);
		arena_free(&a);
		return base;
	}
	table_maker_node(m, &(struct table_node){ .name = text(m, "n") });
	one = make_service(m, "one", 2);
	two = make_service(m, "two", 1);
	make_groups(m, one, two);
	table_maker_chain(m, filter_chain_add(a, "", STR("strip"), FILTER_STRIP_PREFIX, &prefix, 1), &chain);
	make_route(m, "a.example.org", one, make_condition(m, a), chain);
	make_route(m, "*.example.org", two, 0, 0);
	make_route(m, "", TABLE_REFUSED, 0, 0);
	table_maker_listener(m, &(struct table_listener){ .name = text(m, "web") });
	table_maker_tcp(m, &(struct table_tcp){ .listener = text(m, "pg"), .host = text(m, "*.example.org"), .service = TABLE_REFUSED });
	ASSERT(table_maker_seal(m, &fd) == NULL);
	table_maker_free(&m);
	arena_free(&a);
	base.len = (size_t)lseek(fd, 0, SEEK_END);
	base.p = mmap(NULL, base.len, PROT_READ, MAP_PRIVATE, fd, 0);
	ASSERT(base.p != MAP_FAILED);
	close(fd);
	return base;
}

/* An input that begins with "edit": places of that table, and the byte that stands there then. */
static char *
edited(const uint8_t *bytes, size_t len, size_t *size)
{
	struct str base = base_table();
	char *copy = must_alloc(base.len);

	memcpy(copy, base.p, base.len);
	for (size_t i = 4; i + 3 <= len; i += 3)
		copy[(bytes[i] | (size_t)bytes[i + 1] << 8) % base.len] = (char)bytes[i + 2];
	*size = base.len;
	return copy;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct table_head head;
	struct table t = { .refs = 1 };
	bool good, whole = len == 4 && memcmp(bytes, "edit", 4) == 0;
	char *copy;

	if (len >= 4 && memcmp(bytes, "edit", 4) == 0)
		copy = edited(bytes, len, &len);
	else if (len < sizeof head || len > 1 << 20)
		return 0;
	else
		memcpy(copy = must_alloc(len), bytes, len);
	memcpy(&head, copy, sizeof head);
	head.magic = TABLE_MAGIC, head.shape = TABLE_SHAPE, head.size = len;
	memcpy(copy, &head, sizeof head);
	good = table_view(&t, copy, len);
	ASSERT(good || !whole);
	if (good) {
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
