/*
 * What another Mola passes on, of whatever version: it is refused, or what it set is passed on to the next one, which has the same of
 * it. The head and the end are put right first: they would only keep the fuzzer out.
 */
#include "base/alloc.h"
#include "clock.h"
#include "fresh.h"
#include "world/handover_take.c"
#include "world/live_priv.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* Nodes, services and tasks that a text may speak of. */
static void
pass(struct world *w)
{
	static const struct service_conf conf = { .connect_usec = 1, .response_usec = 1, .idle_usec = 1, .tunnel_usec = 1 };
	static const char *const at[] = { "10.0.0.1:80", "10.0.0.2:80" }, *const name[] = { "web.1", "web.2" }, *const on[] = { "n1", "n2" };
	struct route_conf route = { .host = (char *)(uintptr_t)"", .path = (char *)(uintptr_t)"/" };
	struct world_service *s;
	struct addr a;

	world_pass_begin(w);
	for (int i = 0; i < 2; i++)
		ASSERT(world_pass_node(w, &(struct world_node){ .name = (char *)(uintptr_t)on[i] }) != NULL);
	s = world_pass_service(w, "web", &conf, &route, 1);
	for (int i = 0; i < 2; i++)
		ASSERT(addr_parse(str_of(at[i]), &a) == NULL && world_pass_task(w, s, name[i], on[i], &a, false) != NULL);
	world_pass_end(w);
}

static struct buf
written(struct world *w, struct live *live, struct phys *phys)
{
	struct table *t;
	struct buf text;
	int fd;

	ASSERT(world_table(w, &fd) == NULL && table_open(fd, &t) == NULL);
	buf_init(&text, 1 << 20);
	handover_write(live, phys, t, now_usec, &text);
	ASSERT(!text.full);
	table_unref(&t);
	return text;
}

/* To the next one, and from that to one more: these two have the same. */
static void
go_on(struct world *w, struct live *live, struct phys *phys)
{
	static struct live *next_live;
	static struct phys *next_phys;
	struct world *next;
	struct buf first, second;

	pass(w);
	first = written(w, live, phys);
	next_live = live_fresh(next_live);
	if (next_phys == NULL)
		next_phys = must_alloc(phys_bytes());
	phys_init(memset(next_phys, 0, phys_bytes()));
	next = world_new(next_live, next_phys);
	ASSERT(handover_take(next, buf_str(&first), now_usec) == NULL);
	pass(next);
	second = written(next, next_live, next_phys);
	ASSERT(str_eq(buf_str(&first), buf_str(&second)));
	buf_fini(&first);
	buf_fini(&second);
	world_free(&next);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static struct live *live;
	static struct phys *phys;
	struct world *w;
	struct buf text;

	if (len > 1 << 16)
		return 0;
	live = live_fresh(live);
	if (phys == NULL)
		phys = must_alloc(phys_bytes());
	phys_init(memset(phys, 0, phys_bytes()));
	w = world_new(live, phys);
	buf_init(&text, 1 << 17);
	buf_adds(&text, STR(HANDOVER_MAGIC " 1 5\n"));
	buf_add(&text, bytes, len);
	buf_adds(&text, STR("\nend\n"));
	if (handover_take(w, buf_str(&text), now_usec) == NULL) {
		go_on(w, live, phys);
		if (handover_take_counts(w, buf_str(&text), now_usec) != NULL)
			BUG("what was taken once is not taken again");
	}
	buf_fini(&text);
	world_free(&w);
	return 0;
}
