/*
 * The model's scenario files: whatever a file holds is an error with its place, or a cluster that can be played.
 */
#include "../../bench/sim/scenario.c"

#include "base/bug.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static struct scenario s;
	static char text[TEXT_MAX];
	char error[256] = "";

	if (len >= sizeof text)
		return 0;
	memcpy(text, bytes, len);
	text[len] = '\0';
	if (!scenario_parse(&s, text, "fuzz.scenario", error, sizeof error)) {
		ASSERT(strncmp(error, "fuzz.scenario:", 14) == 0);
		return 0;
	}
	ASSERT(error[0] == '\0' && s.nnodes > 0 && s.nnodes <= SCENARIO_NODES);
	ASSERT(isfinite(scenario_cores(&s)) && scenario_rate(&s) > 0);
	ASSERT(s.balancers >= 1 && s.tasks >= 1 && s.seeds >= 1 && (s.warmup == 0 || s.warmup >= 2 * s.period));
	for (unsigned i = 0; i < s.ntenants; i++)
		ASSERT(s.tenants[i].weight > 0 && s.tenants[i].quota > 0 && s.tenants[i].work > 0);
	return 0;
}
