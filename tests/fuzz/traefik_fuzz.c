/*
 * Answers of Traefik's API, or of somebody at its address: services, a line of "----", routers. Whatever is read is compared
 * with a plan; a difference has a text that is fit for a log. The same bytes as the file of an older Mola.
 */
#include <string.h>

#include "base/bug.h"
#include "drive/traefik.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
on_seen(void *arg, const char *service, const char *server, int weight, const char *state)
{
	unsigned *n = arg;

	(*n)++;
	ASSERT(strcmp(service, "web") == 0 && strncmp(server, "web.", 4) == 0 && weight >= -1);
	ASSERT(state == NULL || strlen(state) < 1u << 24);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct plan_server server[2] = { { .name = "web.1", .node = "a", .weight = 30 }, { .name = "web.2", .node = "b", .weight = 10 } };
	struct route_conf route = { .host = (char *)"www.example.org", .path = (char *)"/" };
	struct plan_service service = { .name = "web", .route = &route, .nroutes = 1, .server = server, .nservers = 2, .nserving = 2 };
	struct plan plan = { .service = &service, .nservices = 1 };
	struct traefik_options options = { .backend = "{service}", .routers = true };
	struct buf lower, again;
	const char *at = len == 0 ? NULL : memmem(bytes, len, "\n----\n", 6);
	size_t first = at == NULL ? len : (size_t)(at - (const char *)bytes);
	char detail[120];
	unsigned seen = 0;
	const struct why *why;

	ASSERT(addr_parse(STR("10.0.0.1:80"), &server[0].addr) == NULL && addr_parse(STR("[fd00::2]:80"), &server[1].addr) == NULL);
	why = traefik_compare(&plan, &options, "file", (struct str){ (const char *)bytes, first },
	    at == NULL ? STR("[]") : (struct str){ at + 6, len - first - 6 }, on_seen, &seen, detail, sizeof detail);
	ASSERT(seen <= 2 && (why == NULL ? seen == 2 : detail[0] != '\0'));
	buf_init(&lower, 1 << 20);
	buf_init(&again, 1 << 20);
	if (traefik_migrate((struct str){ (const char *)bytes, len }, &options, &lower) && !lower.full)
		ASSERT(!traefik_migrate(buf_str(&lower), &options, &again));	/* once is enough */
	buf_fini(&lower);
	buf_fini(&again);
	for (const char *c = detail; *c != '\0'; c++)
		ASSERT(*c >= ' ' && *c < 0x7f);
	return 0;
}
