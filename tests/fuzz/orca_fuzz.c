/* Load reports in each of their forms, and a client's subscription: what is read is within its bounds, and is written and read
 * again as the same. The first byte says which. */
#include <math.h>
#include <string.h>

#include "base/base64.h"
#include "base/bug.h"
#include "http/orca.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
report_check(const struct orca_report *r)
{
	char out[ORCA_MESSAGE_MAX];
	struct orca_report again;
	struct buf b;
	size_t n;

	ASSERT(isfinite(r->application) && isfinite(r->cpu) && isfinite(r->memory) && isfinite(r->rps) && isfinite(r->eps));
	ASSERT(r->application >= 0 && r->cpu >= 0 && r->memory >= 0 && r->memory <= 1 && r->rps >= 0 && r->eps >= 0);
	ASSERT(orca_utilization(r) >= 0);
	n = orca_write(r, out);
	buf_init(&b, 2 * ORCA_MESSAGE_MAX);
	ASSERT(n >= 5 && base64_add(&b, (struct str){ out + 5, n - 5 }));
	ASSERT(orca_read_bin(buf_str(&b), &again));
	ASSERT(again.cpu == r->cpu && again.memory == r->memory && again.rps == r->rps && again.eps == r->eps);
	ASSERT(again.application == r->application);
	buf_fini(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct str text = { (const char *)bytes + 1, len > 0 ? len - 1 : 0 };
	struct orca_report r;
	int64_t usec = -1;

	if (len == 0)
		return 0;
	switch (bytes[0] % 3) {
	case 0:
		if (orca_read(text, &r))
			report_check(&r);
		break;
	case 1:
		if (orca_read_bin(text, &r))
			report_check(&r);
		break;
	default:
		if (orca_read_request(text, &usec))
			ASSERT(usec >= 0 && usec <= INT64_C(86401) * 1000000);
	}
	return 0;
}
