/*
 * What HAProxy reports, cut at NUL bytes into: servers, statistics, information. Whatever it is, our commands are
 * one command each, about servers that Mola has added, or weights.
 */
#include <string.h>

#include "base/bug.h"
#include "drive/haproxy.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
commands_check(const struct haproxy_state *st)
{
	struct plan_server server[2] = { { .name = "web.1", .node = "a", .weight = 256 }, { .name = "web.2", .node = "b", .draining = true } };
	struct plan_service service = { .name = "web", .server = server, .nservers = 2, .nserving = 1 };
	struct plan plan = { .service = &service, .nservices = 1 };
	struct haproxy_rules rules = { "{service}", "check" };
	struct haproxy_commands *o;

	ASSERT(addr_parse(STR("10.0.0.1:80"), &server[0].addr) == NULL && addr_parse(STR("10.0.0.2:80"), &server[1].addr) == NULL);
	o = haproxy_commands_make(st, &plan, &rules);
	haproxy_commands_clear_backend(o, st, "gone");
	for (unsigned i = 0; i < o->n; i++) {
		const char *line = o->command[i].line;
		ASSERT(strpbrk(line, ";\n\r\\\"'<#") == NULL);
		ASSERT(o->command[i].action == HAPROXY_WEIGHT || strstr(line, "/" HAPROXY_PREFIX) != NULL);
		ASSERT(strstr(line, " web/") != NULL || strstr(line, " gone/") != NULL);
	}
	haproxy_commands_free(&o);
	o = haproxy_commands_withdraw(st, &rules, NULL, 0, NULL);
	for (unsigned i = 0; i < o->n; i++) {
		const char *line = o->command[i].line;
		ASSERT(strpbrk(line, ";\n\r\\\"'<#") == NULL);
		ASSERT(o->command[i].action == HAPROXY_WEIGHT ? strstr(line, " weight 100%") != NULL : strstr(line, "/" HAPROXY_PREFIX) != NULL);
	}
	haproxy_commands_free(&o);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct str rest = { (const char *)bytes, len }, part;
	struct haproxy_state *st = NULL;
	struct haproxy_info info;

	if (!str_split(&rest, '\0', &part) || haproxy_state_parse(part, &st) != NULL)
		return 0;
	if (str_split(&rest, '\0', &part))
		(void)haproxy_stat_parse(part, st);
	if (str_split(&rest, '\0', &part) && haproxy_info_parse(part, &info) == NULL)
		ASSERT(strlen(info.version) < sizeof info.version);
	for (unsigned i = 0; i < st->n; i++)
		ASSERT(haproxy_find_server(st, st->server[i].backend, st->server[i].name) != NULL && strlen(st->server[i].status) < 64);
	commands_check(st);
	haproxy_state_free(&st);
	return 0;
}
