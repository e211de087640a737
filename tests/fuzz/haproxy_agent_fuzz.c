/* What comes to the port of HAProxy's agent checks: the answer is one line of few words, whatever was asked. */
#include <string.h>

#include "base/bug.h"
#include "drive/haproxy_agent.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct plan_server server[2] = { { .name = "web.1", .node = "a", .weight = 100 }, { .name = "web.2", .node = "b", .draining = true } };
	struct plan_service service = { .name = "web", .server = server, .nservers = 2, .nserving = 1 };
	struct plan plan = { .service = &service, .nservices = 1 };
	char out[HAPROXY_AGENT_RESPONSE_MAX];
	size_t n;

	ASSERT(addr_parse(STR("10.0.0.1:80"), &server[0].addr) == NULL && addr_parse(STR("[fd00::2]:80"), &server[1].addr) == NULL);
	haproxy_agent_respond(&plan, (struct str){ (const char *)bytes, len }, out);
	n = strlen(out);
	ASSERT(n > 0 && strchr(out, '\n') == out + n - 1);
	ASSERT(n == 1 || strncmp(out, "up ready ", 9) == 0 || strcmp(out, "up drain\n") == 0 || strncmp(out, "down #", 6) == 0);
	return 0;
}
