/*
 * traefik_file: a file of Traefik's file provider, up to what is published of it beside labels that name what it has. Lines are whole
 * and numbered, and a file that is refused says why; no report has anything unprintable.
 */
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "conf/traefik_file.h"
#include "discovery/swarm.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

#define L(name, value) "\"traefik.http." name "\":\"" value "\""
#define NODES "[{\"ID\":\"n1\",\"Description\":{\"Hostname\":\"one\"},\"Status\":{\"State\":\"ready\",\"Addr\":\"10.0.1.1\"}," \
	"\"Spec\":{\"Availability\":\"active\"}}]"
#define SERVICES "[{\"ID\":\"a\",\"CreatedAt\":\"2026-01-01T00:00:00Z\",\"Spec\":{\"Name\":\"web\",\"Labels\":{" \
	L("routers.a.rule", "Host(`a.org`)") "," L("routers.a.middlewares", "m@file") "," L("routers.b.rule", "Host(`b.org`)") "," \
	L("routers.b.service", "s@file") "," L("routers.a.service", "w") "," L("services.w.loadbalancer.server.port", "80") "}}}]"

static struct live *live;
static struct phys *phys;
static struct swarm *swarm;

static bool
host(void *arg, const char *name, unsigned port, struct addr *out)
{
	(void)arg;
	(void)port;
	return name[0] == 'k' && addr_parse(STR("10.0.7.7:7"), out) == NULL;
}

static void
begin(void)
{
	char detail[SWARM_DETAIL];

	live = live_init(memset(aligned_alloc(64, live_bytes()), 0, live_bytes()), 1);
	phys = phys_init(memset(aligned_alloc(64, phys_bytes()), 0, phys_bytes()));
	swarm = swarm_new();
	ASSERT(swarm_read_nodes(swarm, STR(NODES), detail) == NULL && swarm_read_services(swarm, STR(SERVICES), detail) == NULL &&
	    swarm_read_tasks(swarm, STR("[]"), detail) == NULL);
}

static void
check_lines(struct str rest)
{
	struct str line, number;
	uint64_t n;

	ASSERT(rest.len == 0 || rest.p[rest.len - 1] == '\n');
	while (str_split(&rest, '\n', &line)) {
		if (line.len == 0)
			continue;
		ASSERT(str_split(&line, ' ', &number) && str_to_u64(number, &n) && n > 0);
		ASSERT(memchr(line.p, '=', line.len) != NULL);
	}
}

static void
check_text(const char *text)
{
	for (; text != NULL && *text != '\0'; text++)
		ASSERT(*text >= ' ' && *text <= '~');
}

static void
check_report(const struct swarm_report *r)
{
	for (unsigned i = 0; i < r->ntroubles; i++)
		check_text(r->trouble[i].text);
	for (unsigned i = 0; i < r->nservices; i++)
		for (unsigned k = 0; k < r->service[i].ntroubles; k++)
			check_text(r->service[i].trouble[k].text);
}

static void
publish(const char *lines)
{
	static const struct service_conf defaults = { .connect_usec = 5000000, .response_usec = 60000000, .idle_usec = 60000000,
		.tunnel_usec = 3600000000, .health_interval_usec = 2000000, .health_timeout_usec = 1000000, .health_rise = 2, .health_fall = 3 };
	const struct swarm_file file[] = { { "/a.yml", "1 http.middlewares.n.addPrefix.prefix=/x\n", NULL }, { "/b.yml", lines, NULL } };
	const struct swarm_conf conf = { .defaults = &defaults, .traefik = &traefik_rules_default, .provided = file, .nprovided = 2,
		.host = host };
	struct world *world = world_new(live, phys);
	struct swarm_report *report;
	struct table *table;
	int fd;

	world_pass_begin(world);
	ASSERT(swarm_pass(swarm, &conf, world, &report));
	world_pass_end(world);
	check_report(report);
	if (world_table(world, &fd) == NULL) {
		ASSERT(table_open(fd, &table) == NULL);
		table_unref(&table);
	}
	swarm_report_free(&report);
	world_free(&world);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char problem[TRAEFIK_FILE_PROBLEM] = "";
	struct buf lines;

	if (swarm == NULL)
		begin();
	buf_init(&lines, TRAEFIK_LINES_MAX);
	if (!traefik_file_read(STR("b.yml"), (struct str){ (const char *)data, size }, &lines, problem))
		ASSERT(problem[0] != '\0' && lines.len == 0);
	else {
		check_lines(buf_str(&lines));
		ASSERT(buf_add(&lines, "", 1));
		publish(lines.p);
	}
	buf_fini(&lines);
	return 0;
}
