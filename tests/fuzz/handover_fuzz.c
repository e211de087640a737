/*
 * What another Mola passes on, of whatever version: it is refused, or what it set can be written and read again. The head and the
 * end are put right first: they would only keep the fuzzer out.
 */
#include "world/handover_take.c"
#include "world/live_priv.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

#define NOW	1000000000

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static struct live *live;
	static struct phys *phys;
	struct world *w;
	struct buf text;

	if (len > 1 << 16)
		return 0;
	if (live == NULL && posix_memalign((void **)&live, 64, live_bytes()) != 0)
		return 0;
	if (phys == NULL)
		phys = phys_init(must_zalloc(phys_bytes()));
	memset(live, 0, offsetof(struct live, node));
	live_init(live, 2);
	w = world_new(live, phys);
	buf_init(&text, 1 << 17);
	buf_adds(&text, STR(HANDOVER_MAGIC " 1 5\n"));
	buf_add(&text, bytes, len);
	buf_adds(&text, STR("\nend\n"));
	if (handover_take(w, buf_str(&text), NOW) == NULL &&
	    handover_take_counts(w, buf_str(&text), NOW) != NULL)
		BUG("what was taken once is not taken again");
	buf_fini(&text);
	world_free(&w);
	return 0;
}
