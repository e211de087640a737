/*
 * Answers of a hostile Engine: nodes, services, tasks and networks, with a line of "----" between them; then a pass
 * with all that was read. Whatever comes of it stands in the world by the world's rules, and can be told as text.
 */
#include <stdlib.h>

#include "base/alloc.h"
#include "swarm_check.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static const struct service_conf defaults = { .connect_usec = 1, .response_usec = 1, .idle_usec = 1, .tunnel_usec = 1,
	.health_interval_usec = 1, .health_timeout_usec = 1, .health_rise = 1, .health_fall = 1 };

static struct str
next_part(struct str *rest)
{
	const char *at = rest->len == 0 ? NULL : memmem(rest->p, rest->len, "\n----\n", 6);
	struct str part = { rest->p, at == NULL ? rest->len : (size_t)(at - rest->p) };

	*rest = at == NULL ? (struct str){ rest->p + rest->len, 0 } : (struct str){ at + 6, rest->len - part.len - 6 };
	return part;
}

/* What is read from memory is what was read from the bytes. */
static void
check_again(struct swarm *s, struct str json)
{
	struct swarm *fresh = swarm_new();
	char detail[SWARM_DETAIL];

	if (swarm_read_tasks(s, json, detail) == NULL) {
		ASSERT(swarm_read_tasks(fresh, json, detail) == NULL);
		ASSERT(s->tasks.n == fresh->tasks.n);
		for (unsigned i = 0; i < s->tasks.n; i++) {
			const struct swarm_task *a = &SWARM_TASKS(s)[i], *b = &SWARM_TASKS(fresh)[i];
			ASSERT(strcmp(a->id, b->id) == 0 && strcmp(a->service, b->service) == 0 && strcmp(a->node, b->node) == 0);
			ASSERT(a->wanted == b->wanted && a->gone == b->gone && a->slot == b->slot && a->nattachments == b->nattachments && a->nports == b->nports);
		}
	}
	swarm_free(&fresh);
}

static void
check_pass(struct swarm *s, const struct swarm_conf *conf, struct world *w)
{
	struct swarm_report *r;

	world_pass_begin(w);
	swarm_pass(s, conf, w, &r);
	world_pass_end(w);
	check_report(r);
	check_world(w);
	swarm_report_free(&r);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static struct live *live;
	static struct phys *phys;
	struct swarm_conf conf = { .defaults = &defaults, .agent_template = "{address}:9101", .exporter_template = "{hostname}:9100",
		.traefik = &traefik_rules_default };
	struct str rest = { (const char *)bytes, len }, tasks;
	struct swarm *s = swarm_new();
	struct world *w;

	if (live == NULL) {
		live = live_init(memset(aligned_alloc(64, live_bytes()), 0, live_bytes()), 1);
		phys = phys_init(must_zalloc(phys_bytes()));
	}
	w = world_new(live, phys);
	check_read(swarm_read_nodes, s, next_part(&rest));
	check_read(swarm_read_services, s, next_part(&rest));
	tasks = next_part(&rest);
	check_read(swarm_read_tasks, s, tasks);
	check_again(s, tasks);
	check_read(swarm_read_networks, s, next_part(&rest));
	swarm_attach(s, "shared");
	check_pass(s, &conf, w);
	check_read(swarm_read_tasks, s, STR("[]"));
	check_pass(s, &conf, w);
	world_free(&w);
	swarm_free(&s);
	return 0;
}
