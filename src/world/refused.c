#include <string.h>

#include "base/bug.h"
#include "world/refused.h"

#define READS_MOST	8	/* of a row that is being written again and again */

#define GET(x)		atomic_load_explicit(&(x), memory_order_relaxed)
#define SET(x, v)	atomic_store_explicit(&(x), (v), memory_order_relaxed)

typedef uint64_t host_words[REFUSED_HOST / 8];

/* As much of it as is kept, each character that is not printable as a question mark. */
static void
host_pack(struct str host, host_words out)
{
	char text[REFUSED_HOST] = "";

	for (size_t i = 0; i < host.len && i < sizeof text - 1; i++)
		text[i] = host.p[i] > ' ' && host.p[i] < 0x7f ? host.p[i] : '?';
	memcpy(out, text, sizeof text);
}

static bool
row_is(const struct refused_row *r, unsigned why, const host_words host)
{
	if (GET(r->last_usec) == 0 || GET(r->why) != why)
		return false;
	for (size_t i = 0; i < REFUSED_HOST / 8; i++)
		if (GET(r->host[i]) != host[i])
			return false;
	return true;
}

/* That of the kind, else the one that was not used for longest. */
static struct refused_row *
row_find(struct refused *f, unsigned why, const host_words host)
{
	struct refused_row *oldest = &f->row[0];

	for (unsigned i = 0; i < REFUSED_KINDS; i++) {
		struct refused_row *r = &f->row[i];
		if (row_is(r, why, host))
			return r;
		if (GET(r->last_usec) < GET(oldest->last_usec))
			oldest = r;
	}
	return oldest;
}

/* A worker that died in the middle has left the serial odd. */
void
refused_note(struct refused *f, const struct why *why, struct str host, int64_t now)
{
	unsigned number = (unsigned)why->id;
	struct refused_row *r;
	host_words words;
	bool same;

	ASSERT(now > 0);
	host_pack(host, words);
	r = row_find(f, number, words);
	same = row_is(r, number, words);
	SET(r->serial, GET(r->serial) | 1);
	atomic_thread_fence(memory_order_release);
	SET(r->why, number);
	SET(r->count, same ? GET(r->count) + 1 : 1);
	SET(r->last_usec, now);
	for (size_t i = 0; i < REFUSED_HOST / 8; i++)
		SET(r->host[i], words[i]);
	atomic_store_explicit(&r->serial, GET(r->serial) + 1, memory_order_release);
}

static bool
row_read(const struct refused_row *r, struct refused_kind *out)
{
	uint32_t serial = atomic_load_explicit(&r->serial, memory_order_acquire), why;
	host_words words;

	out->count = GET(r->count);
	out->last_usec = GET(r->last_usec);
	why = GET(r->why);
	for (size_t i = 0; i < REFUSED_HOST / 8; i++)
		words[i] = GET(r->host[i]);
	atomic_thread_fence(memory_order_acquire);
	if ((serial & 1) != 0 || GET(r->serial) != serial)
		return false;
	memcpy(out->host, words, sizeof out->host);
	out->host[sizeof out->host - 1] = '\0';
	for (char *p = out->host; *p != '\0'; p++)
		if (*p <= ' ' || *p >= 0x7f)
			*p = '?';
	out->why = why < WHY_COUNT ? &why_all[why] : NULL;
	return true;
}

bool
refused_read(const struct refused *f, unsigned at, struct refused_kind *out)
{
	ASSERT(at < REFUSED_KINDS);
	for (int i = 0; i < READS_MOST; i++)
		if (row_read(&f->row[at], out))
			return out->last_usec > 0 && out->why != NULL;
	return false;
}
