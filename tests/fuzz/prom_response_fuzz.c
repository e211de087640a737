/* Answers of a hostile Prometheus: read, told, and matched with nodes. The first half is a query, for its range. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/form.h"
#include "signals/prom_response.h"
#include "signals/prom_keys.h"
#include "signals/promql.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
printable(const char *s)
{
	for (; *s != '\0'; s++)
		ASSERT(*s >= ' ' && *s <= '~');
}

static void
walk(const struct prom_response *a)
{
	struct world_node n = { .name = "n", .address = "127.0.0.1", .exporter_url = "http://127.0.0.1:9100/metrics", .swarm_id = "id" };
	struct world w = { .nnodes = 1 };
	struct prom_keys *keys;
	char text[40];

	LIST_INIT(&w.nodes);
	LIST_INSERT_HEAD(&w.nodes, &n, link);
	keys = prom_keys_new(&w);
	for (unsigned i = 0; i < a->nseries; i++) {
		struct world_node *who = prom_keys_node(keys, &a->series[i]);
		ASSERT(who == NULL || who == &n);
		printable(prom_series_text(&a->series[i], text, sizeof text));
		ASSERT(strlen(text) < sizeof text);
	}
	prom_keys_free(&keys);
	if (a->warning != NULL)
		printable(a->warning);
	if (a->info != NULL)
		printable(a->info);
	ASSERT(!a->scalar || a->nseries == 1);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct str text = { (const char *)bytes, len };
	struct prom_response *a = NULL;
	char detail[PROM_DETAIL];
	const struct why *why = prom_response_read(text, &a, detail);
	int64_t range = 1;

	ASSERT((why == NULL) == (a != NULL));
	printable(detail);
	if (a != NULL)
		walk(a);
	prom_response_free(&a);
	form_promql(text);
	ASSERT(!promql_range(text, &range) || range > 0);
	return 0;
}
