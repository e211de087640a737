/*
 * Cells 0..127 hold one value each; after that each power of two has 64 cells. Knows nothing of what the
 * microseconds mean.
 */
#include <string.h>

#include "hist.h"

static unsigned
cell_of(uint64_t v)
{
	unsigned octave;

	if (v < 2u << HIST_BITS)
		return (unsigned)v;
	octave = 63 - (unsigned)__builtin_clzll(v) - HIST_BITS;
	if (octave > HIST_OCTAVES)
		return HIST_CELLS - 1;
	return (octave << HIST_BITS) + (unsigned)(v >> octave);
}

static uint64_t
cell_middle(unsigned cell)
{
	unsigned octave;

	if (cell < 2u << HIST_BITS)
		return cell;
	octave = (cell >> HIST_BITS) - 1;
	return (((uint64_t)cell - ((uint64_t)octave << HIST_BITS)) << octave) + (UINT64_C(1) << octave >> 1);
}

void
hist_clear(struct hist *h)
{
	memset(h, 0, sizeof *h);
}

void
hist_add(struct hist *h, int64_t usec)
{
	uint64_t v = usec > 0 ? (uint64_t)usec : 0;

	h->count++;
	h->sum += v;
	if (v > h->max)
		h->max = v;
	h->cell[cell_of(v)]++;
}

void
hist_add_never(struct hist *h)
{
	h->count++;
	h->never++;
}

void
hist_merge(struct hist *to, const struct hist *from)
{
	to->count += from->count;
	to->never += from->never;
	to->sum += from->sum;
	if (from->max > to->max)
		to->max = from->max;
	for (unsigned i = 0; i < HIST_CELLS; i++)
		to->cell[i] += from->cell[i];
}

int64_t
hist_quantile(const struct hist *h, double q)
{
	uint64_t want = (uint64_t)(q * (double)h->count), seen = 0, v;

	if (h->count == 0)
		return 0;
	if (want >= h->count)
		want = h->count - 1;
	for (unsigned i = 0; i < HIST_CELLS; i++) {
		seen += h->cell[i];
		if (seen > want) {
			v = cell_middle(i);
			return (int64_t)(v < h->max ? v : h->max);
		}
	}
	return HIST_NEVER;
}

double
hist_mean(const struct hist *h)
{
	uint64_t n = h->count - h->never;

	return n == 0 ? 0 : (double)h->sum / (double)n;
}
