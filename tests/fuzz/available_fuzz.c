/*
 * The control groups of a hostile machine, eight bytes each: parent, weight, quota and use, behind two bytes for its cores and
 * what runs. What each could have is within its quota, what its parent could have, and the machine; and no less than it would get
 * if all others wanted nothing less than they have.
 */
#include <math.h>
#include <string.h>

#include "base/bug.h"
#include "signals/available.h"

#include <stdint.h>

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

#define MANY	200
#define ROUNDING 1e-6

static double
number_of(const uint8_t *b)
{
	return (double)(b[0] | b[1] << 8);
}

static void
check(const struct available_group *g, unsigned n, double machine, const double *cores)
{
	for (unsigned i = 0; i < n; i++) {
		double most = i == 0 ? machine : cores[g[i].parent];
		ASSERT(cores[i] >= 0 && cores[i] <= g[i].quota && cores[i] <= most * (1 + ROUNDING) + ROUNDING);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static struct available_group g[MANY];
	static double cores[MANY];
	double machine, running;
	unsigned n = 0;

	if (len < 3)
		return 0;
	machine = 1 + bytes[0];
	running = bytes[1] == 255 ? NAN : bytes[1];
	for (bytes += 2, len -= 2; len >= 8 && n < MANY; bytes += 8, len -= 8, n++)
		g[n] = (struct available_group){ .parent = n == 0 ? 0 : (unsigned)number_of(bytes) % n,
		    .weight = 1 + number_of(bytes + 2), .quota = bytes[5] >= 250 ? INFINITY : number_of(bytes + 4) / 100,
		    .used = number_of(bytes + 6) / 100 };
	available_find(g, n, machine, running, cores);
	check(g, n, machine, cores);
	return 0;
}
