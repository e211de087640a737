/* Accept of scrapers: nothing but a media type of its own makes it OpenMetrics, and the order of the items means nothing. */
#include "admin/metrics_accept.h"
#include "base/bug.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct str in = { (const char *)bytes, len }, rest = in, item;
	struct metrics_accept all = { 0 }, turned = { 0 };
	struct str items[64];
	size_t n = 0;

	metrics_accept_add(&all, in);
	while (n < 64 && str_split(&rest, ',', &item))
		items[n++] = item;
	if (rest.len > 0)
		return 0;
	while (n > 0)
		metrics_accept_add(&turned, items[--n]);
	ASSERT(!(all.open < turned.open || all.open > turned.open || all.text < turned.text || all.text > turned.text));
	ASSERT(!metrics_accept_open(&all) || len >= sizeof "application/openmetrics-text" - 1);
	return 0;
}
