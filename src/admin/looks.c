/*
 * looks: a look is packed as pairs of which number it is, counted through steps, then errors, and
 * its value, seven bits in a byte, the lowest first; all bytes of a value but the last have the
 * eighth bit.
 */
#include <stdlib.h>
#include <string.h>

#include "admin/looks.h"
#include "base/alloc.h"
#include "base/bug.h"
#include "base/clock.h"

#define LOOKS		3		/* the oldest is 20 to 30 s old */
#define NUMBERS		(LATENCY_STEPS + LIVE_ERRORS)
#define PACKED_MAX	(NUMBERS * 6)	/* bytes of a look */
_Static_assert(NUMBERS <= UINT8_MAX + 1, "they are counted in a byte");

struct looks {
	uint32_t	 lives;		/* of the slot: those of an earlier tenant mean nothing */
	uint32_t	 msec[LOOKS];	/* when they were made, oldest first; wraps after weeks */
	uint16_t	 bytes[LOOKS];
	uint8_t		 n;
	uint8_t		 packed[];	/* one behind the other */
};

static uint32_t
number_of(const struct live_traffic *t, unsigned i)
{
	return i < LATENCY_STEPS ? t->step[i] : t->error[i - LATENCY_STEPS];
}

static uint16_t
pack(const struct live_traffic *t, uint8_t out[PACKED_MAX])
{
	size_t n = 0;

	for (unsigned i = 0; i < NUMBERS; i++) {
		uint32_t v = number_of(t, i);
		if (v == 0)
			continue;
		out[n++] = (uint8_t)i;
		for (; v > 0x7f; v >>= 7)
			out[n++] = (uint8_t)(v | 0x80);
		out[n++] = (uint8_t)v;
	}
	ASSERT(n <= PACKED_MAX);
	return (uint16_t)n;
}

static void
unpack(const uint8_t *p, size_t n, struct look *out)
{
	const uint8_t *end = p + n;

	while (p < end) {
		unsigned i = *p++;
		uint32_t v = 0;
		for (unsigned shift = 0;; shift += 7) {
			ASSERT(p < end && shift < 32);
			v |= (uint32_t)(*p & 0x7f) << shift;
			if ((*p++ & 0x80) == 0)
				break;
		}
		*(i < LATENCY_STEPS ? &out->step[i] : &out->error[i - LATENCY_STEPS]) = v;
	}
}

static uint32_t
msec_of(int64_t usec)
{
	return (uint32_t)(usec / USEC_PER_MSEC);
}

void
look_make(struct look *k, const struct live_traffic *t, int64_t now)
{
	k->time = now;
	memcpy(k->step, t->step, sizeof k->step);
	memcpy(k->error, t->error, sizeof k->error);
}

bool
looks_go_on(const struct looks *k, uint32_t lives, int64_t now)
{
	return k != NULL && k->lives == lives &&
	    msec_of(now) - k->msec[k->n - 1] < 2 * LOOK_SECONDS * 1000;
}

void
looks_add(struct looks **kp, const struct live_traffic *t, int64_t now)
{
	const struct looks *old = looks_go_on(*kp, t->lives, now) ? *kp : NULL;
	unsigned skip = old != NULL && old->n == LOOKS ? 1 : 0, n = old == NULL ? 0 : old->n - skip;
	size_t from = skip == 1 ? old->bytes[0] : 0, kept = 0;
	uint8_t packed[PACKED_MAX];
	uint16_t bytes = pack(t, packed);
	struct looks *k;

	for (unsigned i = 0; i < n; i++)
		kept += old->bytes[skip + i];
	k = must_zalloc(sizeof *k + kept + bytes);
	k->lives = t->lives;
	for (unsigned i = 0; i < n; i++) {
		k->msec[i] = old->msec[skip + i];
		k->bytes[i] = old->bytes[skip + i];
	}
	if (kept > 0)
		memcpy(k->packed, old->packed + from, kept);
	memcpy(k->packed + kept, packed, bytes);
	k->msec[n] = msec_of(now);
	k->bytes[n] = bytes;
	k->n = (uint8_t)(n + 1);
	free(*kp);
	*kp = k;
}

bool
looks_oldest(const struct looks *k, uint32_t lives, int64_t now, struct look *out)
{
	if (!looks_go_on(k, lives, now))
		return false;
	*out = (struct look){ .time = now - (int64_t)(msec_of(now) - k->msec[0]) * USEC_PER_MSEC };
	unpack(k->packed, k->bytes[0], out);
	return true;
}
