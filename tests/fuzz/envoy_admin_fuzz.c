/*
 * Answers of Envoy's admin, or of somebody at its address: clusters, a line of "----", stats or its configuration; or a file that may be ours. Whatever is read can be
 * compared with a plan, and a difference has words.
 */
#include <math.h>
#include <string.h>

#include "base/bug.h"
#include "drive/envoy_admin.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
check_words(const char *s)
{
	for (; *s != '\0'; s++)
		ASSERT((unsigned char)*s >= ' ' && *s != 0x7f);
}

static void
check_cluster(const struct envoy_cluster *c, const struct plan_service *s)
{
	char detail[ENVOY_DETAIL] = "";

	check_words(c->name);
	check_words(c->stat);
	check_words(c->eds);
	for (unsigned i = 0; i < c->nhosts; i++) {
		ASSERT(c->host[i].addr.len > 0 && c->host[i].health != NULL && envoy_find_host(c, &c->host[i].addr) != NULL);
		check_words(c->host[i].health);
	}
	ASSERT(c->rejected >= 0 && isfinite(c->rejected));
	if (!envoy_cluster_matches(c, s, detail))
		ASSERT(detail[0] != '\0');
	check_words(detail);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct plan_server server[2] = { { .name = "web.1", .node = "a", .weight = 30 }, { .name = "web.2", .node = "b", .draining = true } };
	struct plan_service service = { .name = "web", .server = server, .nservers = 2, .nserving = 1 };
	const char *at = len == 0 ? NULL : memmem(bytes, len, "\n----\n", 6);
	size_t first = at == NULL ? len : (size_t)(at - (const char *)bytes);
	char detail[ENVOY_DETAIL] = "";
	struct envoy_admin a;

	(void)envoy_is_from_mola((struct str){ (const char *)bytes, len }, "web");
	ASSERT(addr_parse(STR("127.46.1.1:8001"), &server[0].addr) == NULL && addr_parse(STR("[fd00::1]:80"), &server[1].addr) == NULL);
	if (!envoy_admin_parse_clusters((struct str){ (const char *)bytes, first }, &a, detail)) {
		ASSERT(detail[0] != '\0');
		return 0;
	}
	if (at != NULL && !envoy_admin_parse_stats((struct str){ at + 6, len - first - 6 }, &a, detail))
		ASSERT(detail[0] != '\0');
	if (at != NULL && !envoy_admin_parse_config((struct str){ at + 6, len - first - 6 }, &a, detail))
		ASSERT(detail[0] != '\0');
	for (unsigned i = 0; i < a.nclusters; i++)
		check_cluster(&a.cluster[i], &service);
	envoy_admin_free(&a);
	return 0;
}
