/*
 * compress: the coding of a response's body is chosen from what the client accepts, as Traefik
 * chooses it; the proxy encodes it on its way (http/flow.h).
 */
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "filter/filter_priv.h"

#define LEAST_BYTES	1024
#define VARY_ALONE	0x80	/* of the note: the response could have been encoded, for others */

/* ---- what may be used ---- */

#define ANY		"*"
#define IDENTITY	"identity"

static enum encoding
encoding_of(struct str name)
{
	for (enum encoding e = ENCODING_GZIP; e <= ENCODING_ZSTD; e++)
		if (str_eq(name, str_of(encoding_name(e))))
			return e;
	return ENCODING_NONE;
}

/* The place of a coding in the order of preference: any before all, none behind all. Negative, and
 * not -1: it is not among them. */
static int
rank(const struct filter_compress *f, struct str name)
{
	enum encoding e = encoding_of(name);

	if (str_eq(name, STR(ANY)))
		return -1;
	if (str_eq(name, STR(IDENTITY)))
		return f->encodings.n > 0 ? (int)f->encodings.n : ENCODING_ZSTD;
	if (f->encodings.n == 0)
		return e == ENCODING_NONE ? -2 : (int)e - 1;
	for (unsigned i = 0; i < f->encodings.n; i++)
		if (str_eq(name, f->encodings.item[i]))
			return (int)i;
	return -2;
}

static enum encoding
usual(const struct filter_compress *f)
{
	if (f->usual.len > 0)
		return encoding_of(f->usual);
	return f->encodings.n > 0 ? encoding_of(f->encodings.item[0]) : ENCODING_GZIP;
}

/* ---- what the client accepts ---- */

/* As Go's ParseFloat; what is none is 0. */
static double
weight_of(struct str s)
{
	char text[32], *end;
	double d;

	if (s.len == 0 || s.len >= sizeof text)
		return 0;
	for (size_t i = 0; i < s.len; i++)
		if (strchr("0123456789.eE+-", s.p[i]) == NULL || s.p[i] == '\0')
			return 0;
	str_copy(text, sizeof text, s);
	d = strtod(text, &end);
	return *end == '\0' ? d : 0;
}

struct choice {
	double	 weight;
	int	 rank;
	struct str name;	/* empty: nothing that is known was accepted */
};

/* An item without its blanks: "gzip;q=0.5". */
static void
consider(const struct filter_compress *f, struct str item, struct choice *best)
{
	struct str rest = item, name = STR("");
	struct choice c = { .weight = 1 };

	str_split(&rest, ';', &name);
	if ((c.rank = rank(f, name)) < -1)
		return;
	c.name = name;
	if (str_starts(rest, STR("q=")) && (c.weight =
	    weight_of((struct str){ rest.p + 2, rest.len - 2 })) == 0)
		return;
	if (best->name.len == 0 || c.weight > best->weight
	    || (c.weight == best->weight && c.rank < best->rank))
		*best = c;
}

static struct str
without_blanks(struct filter_run *r, struct str s)
{
	char *text = run_room(r, s.len);
	size_t n = 0;

	if (text == NULL)
		return STR("");
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] != ' ')
			text[n++] = s.p[i];
	return (struct str){ text, n };
}

static enum encoding
choose(struct filter_run *r, const struct filter_compress *f)
{
	struct choice best = { .name = STR("") };
	const struct message *m = &r->request;
	bool said = false;

	for (int i = 0; i < m->nfields; i++) {
		struct str rest, item;
		if (!str_eq_nocase(m->field[i].name, STR("Accept-Encoding")))
			continue;
		said = true;
		rest = without_blanks(r, m->field[i].value);
		while (str_split(&rest, ',', &item))
			consider(f, item, &best);
	}
	if (!said)
		return encoding_of(f->usual);
	return str_eq(best.name, STR(ANY)) ? usual(f) : encoding_of(best.name);
}

/* What encodes gzip for Traefik has a mind of its own: gzip has to be there by name, in the first
 * of the fields. */
static bool
names_gzip(const struct message *m)
{
	struct str rest = fields_get(m, STR("Accept-Encoding")), item, name, part;

	while (rest.len > 0 && str_split(&rest, ',', &item)) {
		double weight = 1;
		name = STR("");
		str_split(&item, ';', &name);
		if (!str_eq_nocase(str_trim(name), STR("gzip")))
			continue;
		while (str_split(&item, ';', &part)) {
			part = str_trim(part);
			weight = !str_starts(part, STR("q=")) ? 1 :
			    weight_of((struct str){ part.p + 2, part.len - 2 });
		}
		return weight > 0;
	}
	return false;
}

static bool
has_type(const struct filter_texts *list, const char *type)
{
	char one[MEDIA_TYPE_MAX];

	for (unsigned i = 0; i < list->n; i++)
		if (media_type_parse(list->item[i], one) && strcmp(one, type) == 0)
			return true;
	return false;
}

static bool
is_excluded(const struct filter_compress *f, const char *type)
{
	return strcmp(type, "application/grpc") == 0 || has_type(&f->excluded, type);
}

enum filter_verdict
compress_request(struct filter_run *r, const struct filter_compress *f, uint8_t *note)
{
	const struct message *m = &r->request;
	char type[MEDIA_TYPE_MAX];
	enum encoding e;

	if (m->is_head)
		return FILTER_PASS;
	media_type_parse(fields_get(m, STR("Content-Type")), type);
	if (is_excluded(f, type))
		return FILTER_PASS;
	e = choose(r, f);
	*note = (uint8_t)e;
	if (e == ENCODING_GZIP && !names_gzip(m))
		*note |= VARY_ALONE;
	return FILTER_PASS;
}

/* ---- the response ---- */

static bool
type_fits(const struct filter_compress *f, const struct message *m, enum encoding e)
{
	struct str text = fields_get(m, STR("Content-Type"));
	char type[MEDIA_TYPE_MAX];

	if (text.len == 0)
		return f->included.n == 0;
	if (!media_type_parse(text, type))
		return e == ENCODING_GZIP && f->included.n == 0;
	return f->included.n > 0 ? has_type(&f->included, type) : !is_excluded(f, type);
}

/* A part of something, encoded, is none of it any more. A body of unknown length is one that
 * Traefik has to flush, and encodes whatever comes of it. */
static bool
is_worth_it(const struct filter_run *r, const struct filter_compress *f, enum encoding e)
{
	const struct message *m = &r->response;
	uint64_t least = f->least > 0 ? (uint64_t)f->least : LEAST_BYTES;

	if (!r->may_encode || m->body == BODY_NONE || (m->body == BODY_LENGTH && m->length < least))
		return false;
	if (m->status == 206 || fields_get(m, STR("Content-Range")).len > 0
	    || fields_get(m, STR("Content-Encoding")).len > 0)
		return false;
	if (e == ENCODING_GZIP && fields_get(m, STR("No-Gzip-Compression")).p != NULL)
		return false;
	return type_fits(f, m, e);
}

void
compress_response(struct filter_run *r, const struct filter_compress *f, uint8_t note)
{
	enum encoding e = (enum encoding)(note & ~VARY_ALONE);
	struct message *m = &r->response;
	bool encodes = (note & VARY_ALONE) == 0 && is_worth_it(r, f, e);

	if (e == ENCODING_NONE)
		return;
	fields_add(r, m, STR("Vary"), STR("Accept-Encoding"));
	if (e == ENCODING_GZIP)
		fields_remove(m, STR("No-Gzip-Compression"));
	if (!encodes)
		return;
	if (e == ENCODING_GZIP)
		fields_remove(m, STR("Accept-Ranges"));
	fields_set(r, m, STR("Content-Encoding"), str_of(encoding_name(e)));
	m->length_text = (struct str){ NULL, 0 };
	r->may_encode = false;
	r->bodies.encoding = e;
}
