/*
 * latency: durations in steps that are fine enough for a median or a 99th percentile: eight per
 * octave, so the middle of a step is at most 6.3 % from any duration in it.
 */
#ifndef WORLD_LATENCY_H
#define WORLD_LATENCY_H

#include <stdint.h>

/* eight steps of 8 us, then eight in each octave from 64 us to 134 s, and one for all above */
#define LATENCY_OCTAVES	21
#define LATENCY_STEPS	(8 + 8 * LATENCY_OCTAVES + 1)

/* The last step has no end. */
static inline unsigned
latency_step(int64_t usec)
{
	unsigned octave;

	if (usec < 64)
		return (unsigned)(usec >> 3);
	octave = 63 - (unsigned)__builtin_clzll((unsigned long long)usec);
	if (octave >= 6 + LATENCY_OCTAVES)
		return LATENCY_STEPS - 1;
	return (octave - 5) * 8 + (unsigned)(usec >> (octave - 3) & 7);
}

int64_t	 latency_begin_usec(unsigned step);	/* the shortest duration of the step */
/* Seconds that the part `q` of all durations does not exceed; NAN: there are none. */
double	 latency_quantile(const uint32_t n[LATENCY_STEPS], double q);

#endif
