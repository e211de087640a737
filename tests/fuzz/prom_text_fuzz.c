/* Text of hostile exporters. The first byte says where it is cut in two: as pieces of one page, it is read as the whole is. */
#include <stdlib.h>

#include "base/bug.h"
#include "signals/prom_text.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

struct heard {
	unsigned long	values;
	size_t		bytes;
};

static void
hear(void *arg, const struct prom_value *v)
{
	struct heard *h = arg;
	char plain[32];

	h->values++;
	h->bytes += v->name.len;
	for (unsigned i = 0; i < v->nlabels; i++)
		h->bytes += prom_unescape(v->label[i].value, plain, sizeof plain);
}

/* Whole or in pieces: the same values, the same verdict. */
static void
read_in_pieces(struct str whole, size_t cut)
{
	struct heard a = { 0, 0 }, b = { 0, 0 };
	const struct why *why_a, *why_b;
	struct prom_text t;
	size_t used = 0, more = 0;

	prom_text_init(&t, hear, &a);
	why_a = prom_text_read(&t, whole, true, &used);
	ASSERT(why_a != NULL || used == whole.len);
	prom_text_init(&t, hear, &b);
	why_b = prom_text_read(&t, (struct str){ whole.p, cut }, false, &more);
	if (why_b == NULL) {
		ASSERT(more <= cut);
		why_b = prom_text_read(&t, (struct str){ whole.p + more, whole.len - more }, true, &used);
	}
	ASSERT(why_a == why_b && a.values == b.values && a.bytes == b.bytes);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct str text;
	size_t cut;

	if (len == 0)
		return 0;
	text = (struct str){ (const char *)bytes + 1, len - 1 };
	cut = text.len * bytes[0] / 255;
	read_in_pieces(text, cut);
	return 0;
}
