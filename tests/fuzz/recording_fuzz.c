/* Recordings: any bytes are refused with a line and a reason, or are a recording; a small one is replayed, too. */
#include "base/bug.h"
#include "base/log.h"
#include "recording/reader.h"
#include "replay/replay.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
run(const struct recording *r, const struct load *load, int policy)
{
	struct replay *p = replay_run(r, load, policy, 1);

	for (uint32_t i = 0; p != NULL && i < p->services; i++)
		ASSERT(p->service[i].responses <= r->picks);
	replay_free(&p);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	char error[READER_ERROR_MAX] = "";
	struct recording *r = reader_read((struct str){ (const char *)bytes, len }, error);
	struct load *load;

	log_setup("fuzz", LOG_ERROR, false);
	ASSERT((r == NULL) == (error[0] != '\0'));
	if (r == NULL) {
		ASSERT(strncmp(error, "line ", 5) == 0);
		return 0;
	}
	if (r->picks < 5000 && r->n < 1000 && r->parts < 4 && len < 65536) {
		load = load_new(r, 1);
		run(r, load, REPLAY_AS_RECORDED);
		run(r, load, POLICY_BEST_NODE);
		load_free(&load);
	}
	recording_free(&r);
	return 0;
}
