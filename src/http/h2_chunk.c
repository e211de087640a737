/*
 * `last` is how many bytes of data the last chunk has. All of it is still in the queue if the
 * queue holds as much: what is read is read from the front.
 */
#include <string.h>

#include "base/bug.h"
#include "http/h2_chunk.h"

#define CHUNK_MOST	(1u << 20)

static size_t
count_digits(size_t n)
{
	size_t digits = 1;

	while ((n >>= 4) > 0)
		digits++;
	return digits;
}

static void
write_size(char *to, size_t digits, size_t n)
{
	for (size_t i = digits; i-- > 0; n >>= 4)
		to[i] = "0123456789abcdef"[n & 15];
	memcpy(to + digits, "\r\n", 2);
}

bool
h2_chunk_add(struct queue *q, size_t *last, const void *p, size_t len)
{
	size_t have = *last, had = have == 0 ? 0 : count_digits(have) + 2 + have + 2, digits, more;
	char *at;

	ASSERT(len > 0 && len < SIZE_MAX / 4);
	if (had > queue_len(q) || have + len > CHUNK_MOST)
		have = had = 0;
	digits = count_digits(have + len);
	more = digits + 2 + have + len + 2 - had;
	if ((at = queue_room(q, more)) == NULL)
		return false;
	at -= had;
	if (have > 0)
		memmove(at + digits + 2, at + count_digits(have) + 2, have);
	write_size(at, digits, have + len);
	memcpy(at + digits + 2 + have, p, len);
	memcpy(at + digits + 2 + have + len, "\r\n", 2);
	queue_added(q, more);
	*last = have + len;
	return true;
}

bool
h2_chunk_end(struct queue *q, struct str trailers)
{
	return queue_add(q, "0\r\n", 3) && queue_add(q, trailers.p, trailers.len)
	    && queue_add(q, "\r\n", 2);
}
