/*
 * h1_check: what must hold for every head that the parser accepts, of either kind.
 */
#ifndef FUZZ_H1_CHECK_H
#define FUZZ_H1_CHECK_H

#include <string.h>

#include "base/bug.h"
#include "http/h1_read.h"

#define CHECK_HEAD_MAX 16384
#define CHECK_FIELDS_MAX 100
#define CHECK_HEAD(storage) { .limits = { CHECK_HEAD_MAX, CHECK_FIELDS_MAX }, .field = (storage) }

static inline void
check_clean(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		ASSERT(s.p[i] != '\0' && s.p[i] != '\r' && s.p[i] != '\n');
}

static inline bool
within(struct str part, struct str whole)
{
	return part.len == 0 || (part.p >= whole.p && part.p + part.len <= whole.p + whole.len);
}

/* The line starts at p and ends in the only CRLF it has, or LF in an untidy head. */
static inline const char *
check_line(const struct message *h, struct str line, const char *p)
{
	size_t end = line.len >= 2 && line.p[line.len - 2] == '\r' ? 2 : 1;

	ASSERT(line.p == p && line.len >= end && line.p[line.len - 1] == '\n' && (end == 2 || h->h1.untidy));
	check_clean((struct str){ line.p, line.len - end });
	return line.p + line.len;
}

static inline void
check_head(const struct message *h, struct str in, size_t used)
{
	const char *p;
	int lengths = 0, codings = 0;
	/* what such a response says of a body's length is forgotten: it never has one */
	bool bodiless = h->status != 0 && (h->status < 200 || h->status == 204);

	ASSERT(used <= in.len && used <= CHECK_HEAD_MAX && h->nfields <= CHECK_FIELDS_MAX);
	ASSERT(h->h1.minor == 0 || h->h1.minor == 1);
	p = check_line(h, h->h1.start_line, h->h1.start_line.p);
	for (int i = 0; i < h->nfields; i++) {
		const struct field *f = &h->field[i];
		p = check_line(h, f->line, p);
		ASSERT(f->name.len > 0 && f->name.p == f->line.p && f->name.p[f->name.len] == ':');
		ASSERT(within(f->value, f->line) && str_eq(str_trim(f->value), f->value));
		ASSERT(!f->hop || f->id != FIELD_HOST);
		ASSERT(!f->hop || bodiless || f->id != FIELD_TRANSFER_ENCODING);
		ASSERT(!f->hop || bodiless || f->id != FIELD_CONTENT_LENGTH || h->length_text.len > 0);
		lengths += str_eq_nocase(f->name, STR("content-length"));
		codings += str_eq_nocase(f->name, STR("transfer-encoding"));
	}
	check_line(h, (struct str){ p, (size_t)(in.p + used - p) }, p);
	ASSERT(in.p + used - p <= 2);
	ASSERT(lengths == 0 || codings == 0);
	ASSERT(codings <= 1 && (lengths <= 1 || bodiless || h->length_text.len > 0));
	ASSERT((h->body == BODY_LENGTH) == (h->length > 0) && (h->body != BODY_LENGTH || lengths >= 1));
	ASSERT(h->body != BODY_CHUNKED || codings == 1);
}

#endif
