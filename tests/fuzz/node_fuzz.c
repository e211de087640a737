/*
 * Pages of a hostile exporter or agent for one node, with a line of "----" between them. A page may begin with a line "#t N", N
 * tenths of a second after the one before (else a second), or "#f", what was before is forgotten. Samples are within their bounds,
 * containers are found by what their ids begin with, and what is refused is refused in words.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/clock.h"
#include "signals/node.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static bool
next_page(struct str *rest, struct str *page)
{
	const char *at;

	if (rest->p == NULL)
		return false;
	at = rest->len == 0 ? NULL : memmem(rest->p, rest->len, "----\n", 5);
	*page = (struct str){ rest->p, at == NULL ? rest->len : (size_t)(at - rest->p) };
	*rest = at == NULL ? (struct str){ NULL, 0 } : (struct str){ at + 5, rest->len - page->len - 5 };
	return true;
}

static int64_t
time_between(struct node_counters *n, struct str page)
{
	struct str line;
	uint64_t tenths;

	if (!str_split(&page, '\n', &line))
		return USEC_PER_SEC;
	if (str_eq(line, STR("#f")))
		node_forget(n);
	return str_starts(line, STR("#t ")) && str_to_u64((struct str){ line.p + 3, line.len - 3 }, &tenths) && tenths < 10000 ?
	    (int64_t)tenths * USEC_PER_SEC / 10 : USEC_PER_SEC;
}

static void
check(const struct sample *s)
{
	ASSERT(s->cores > 0 && s->busy >= 0 && s->busy <= s->cores && s->span_usec > 0);
	ASSERT(!(s->running < 0) && !isinf(s->running) && !isinf(s->net_receive) && !isinf(s->net_transmit));
	ASSERT(!(s->memory_available_bytes > s->memory_total_bytes));
	ASSERT(!(s->psi_cpu_waiting < 0) && !(s->psi_cpu_waiting > 1) && !(s->disk_busy < 0) && !(s->disk_busy > 1));
}

static void
check_containers(const struct containers *c)
{
	char first[9];
	unsigned at;

	for (unsigned i = 0; i < c->n; i++) {
		ASSERT(c->of[i].quota >= 0 && !(c->of[i].available < 0));
		at = i / 2;
		ASSERT(containers_find(c, c->of[i].id, &at) == &c->of[i] && at == i);
		str_copy(first, sizeof first, str_of(c->of[i].id));
		at = c->n;
		(void)containers_find(c, first, &at);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct node_counters *n = node_new(SOURCE_AGENT);
	struct str rest = { (const char *)bytes, len }, page;
	int64_t now = USEC_PER_SEC;
	struct sample s;
	bool sampled;

	while (next_page(&rest, &page)) {
		sampled = false;
		now += time_between(n, page);
		if (node_page(n, page, now, &sampled, &s) == NULL) {
			check_containers(node_containers(n));
			if (sampled)
				check(&s);
		} else
			ASSERT(!sampled && node_detail(n)[0] != '\0');
		for (const char *c = node_detail(n); *c != '\0'; c++)
			ASSERT(*c >= ' ' && *c <= '~');
	}
	node_free(&n);
	return 0;
}
