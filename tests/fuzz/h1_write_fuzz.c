/*
 * Heads that go on: what is written must be read as the same message, by a reader as strict as ours. The first byte
 * chooses: a response or a request, whether its sender is trusted, what is edited, what the connection shall do.
 */
#include <stdlib.h>

#include "base/alloc.h"
#include "h1_check.h"
#include "http/h1_write.h"
#include "proxy/rewrite.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

#define ADDED_MAX	16		/* fields that edits and the writer may add */

static struct field field[2][CHECK_FIELDS_MAX + ADDED_MAX];
static struct message m = CHECK_HEAD(field[0]);
static struct message again = { .limits = { 4 * CHECK_HEAD_MAX, CHECK_FIELDS_MAX + ADDED_MAX }, .field = field[1] };

static char *
flatten(const struct gather *g, size_t *len)
{
	char *p, *to;

	*len = 0;
	for (int i = 0; i < g->n; i++)
		*len += g->v[i].iov_len;
	p = to = must_alloc(*len);
	for (int i = 0; i < g->n; to += g->v[i++].iov_len)
		memcpy(to, g->v[i].iov_base, g->v[i].iov_len);
	return p;
}

/* The fields that stay are there in their order, from the one at `first` on; then come `nadded`. */
static void
check_fields(const struct edits *e, enum h1_connection c, int first, int nadded)
{
	int n = first;

	for (int i = 0; i < m.nfields; i++) {
		const struct field *f = &m.field[i], *g = &again.field[n];
		if (first > 0 && f->id == FIELD_HOST)
			continue;
		if (!edits_pass(e, f) && !(f->id == FIELD_UPGRADE && c == H1_UPGRADE))
			continue;
		ASSERT(n++ < again.nfields && str_eq(f->name, g->name) && f->id == g->id);
		ASSERT(f == e->extended ? str_starts(g->value, f->value) : str_eq(f->value, g->value));
	}
	ASSERT(n + nadded == again.nfields);
}

/* The same as names and values: none that another version must not see. */
static void
check_walk(const struct edits *e)
{
	struct message_walk w;
	struct message_pair p;
	int n = 0;

	message_walk(&w, &m, e, STR("http"));
	while (message_next(&w, &p)) {
		ASSERT(p.name.len > 0 && n++ < 4 + m.nfields + ADDED_MAX);
		check_clean(p.name);
		check_clean(p.value);
		ASSERT(!str_eq_nocase(p.name, STR("connection")) && !str_eq_nocase(p.name, STR("transfer-encoding")));
		ASSERT(!str_eq_nocase(p.name, STR("host")) && !str_eq_nocase(p.name, STR("upgrade")));
	}
}

static void
check_request(bool trusted)
{
	bool origin_form = m.target.p == m.method.p + m.method.len + 1, ours;
	enum h1_connection c = m.upgrade ? H1_UPGRADE : H1_UNSAID;
	size_t scanned = 0, used, len;
	const struct why *why;
	char text[IP_TEXT_MAX], *out;
	struct sender s;
	struct gather g;
	struct edits e;
	struct ip ip;

	ASSERT(ip_parse(STR("10.1.2.3"), &ip));
	sender_init(&s, &ip, trusted);
	ip = sender_client(&s, &m, NULL, 0);
	rewrite_request(&e, &m, &s, &ip, text,
	    m.h1.minor == 0 && message_find(&m, FIELD_HOST) == NULL ? STR("here:80") : STR(""));
	ours = !origin_form || e.authority.len > 0;		/* the Host */
	gather_init(&g);
	ASSERT(h1_write_request(&g, &m, &e, c));
	out = flatten(&g, &len);
	gather_clear(&g);
	ASSERT(h1_read_request(&again, (struct str){ out, len }, &scanned, &used, &why) == PARSE_DONE && used == len);
	ASSERT(again.h1.minor == 1 && str_eq(again.method, m.method) && str_eq(again.target, m.target));
	ASSERT(str_eq(again.authority, m.authority.len > 0 ? m.authority : e.authority));
	ASSERT(again.body == m.body && again.length == m.length);
	ASSERT(again.upgrade == m.upgrade && again.expect_continue == m.expect_continue);
	for (int i = 0; i < again.nfields; i++)
		ASSERT(again.field[i].id != FIELD_TWIN);
	check_fields(&e, c, ours, e.nadded + (c != H1_UNSAID));
	check_walk(&e);
	free(out);
}

static void
check_response(unsigned choice)
{
	enum h1_connection c = m.status == 101 && m.upgrade ? H1_UPGRADE : (enum h1_connection)(choice % 3);
	bool bare = (choice & 4) != 0 && m.body == BODY_CHUNKED;	/* as an HTTP/1.0 client gets it */
	size_t scanned = 0, used, len;
	const struct why *why;
	struct gather g;
	struct edits e;
	char *out;

	edits_init(&e);
	if (bare) {
		edits_drop(&e, FIELD_BIT(FIELD_TRANSFER_ENCODING) | FIELD_BIT(FIELD_TRAILER));
		edits_add(&e, EDIT_NAME("Content-Length"), STR("7"));
	}
	gather_init(&g);
	ASSERT(h1_write_response(&g, &m, &e, c));
	out = flatten(&g, &len);
	gather_clear(&g);
	ASSERT(h1_read_response(&again, (struct str){ out, len }, false, &scanned, &used, &why) == PARSE_DONE && used == len);
	ASSERT(again.h1.minor == 1 && !again.h1.untidy && again.status == m.status && str_eq(again.h1.reason, m.h1.reason));
	ASSERT(bare ? again.body == BODY_LENGTH && again.length == 7 : again.body == m.body && again.length == m.length);
	ASSERT(again.h1.keep_alive == (c != H1_CLOSE && again.body != BODY_UNTIL_CLOSE));
	check_fields(&e, c, 0, e.nadded + (m.length_text.len > 0) + (c != H1_UNSAID));
	check_walk(&e);
	free(out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	const struct why *why;
	size_t scanned = 0, used;
	struct str in;

	if (len == 0)
		return 0;
	in = (struct str){ (const char *)bytes + 1, len - 1 };
	if ((bytes[0] & 1) == 0) {
		if (h1_read_request(&m, in, &scanned, &used, &why) == PARSE_DONE)
			check_request((bytes[0] & 2) != 0);
	} else if (h1_read_response(&m, in, false, &scanned, &used, &why) == PARSE_DONE)
		check_response(bytes[0] >> 1);
	return 0;
}
