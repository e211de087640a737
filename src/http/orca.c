/*
 * The message is read field by field (protobuf's encoding): what has another number or another
 * type than it should is passed over, as all readers of protobuf do. Texts are read strictly: one
 * value that is no number spoils the report.
 */
#include <endian.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/bug.h"
#include "base/clock.h"
#include "http/chars.h"
#include "http/orca.h"

#define NUMBER_MAX	40		/* bytes of a number in a text */
#define SECONDS_MOST	86400		/* of an interval; a longer one is as good as this */

/* ---- values ---- */

double
orca_utilization(const struct orca_report *r)
{
	return r->application > 0 ? r->application : r->cpu;
}

/* Where a value of this name belongs; NULL: it means nothing to us. */
static double *
place(struct orca_report *r, struct str name)
{
	const struct {
		struct str name, json;	/* as the message has it, and as its JSON may have it */
		double	*at;
	} names[] = {
		{ STR("application_utilization"), STR("applicationUtilization"), &r->application },
		{ STR("cpu_utilization"), STR("cpuUtilization"), &r->cpu },
		{ STR("mem_utilization"), STR("memUtilization"), &r->memory },
		{ STR("rps_fractional"), STR("rpsFractional"), &r->rps },
		{ STR("eps"), STR("eps"), &r->eps },
	};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (str_eq(name, names[i].name) || str_eq(name, names[i].json))
			return names[i].at;
	return NULL;
}

/* None of the values can be below 0, and a memory is not used twice. */
static bool
is_sound(const struct orca_report *r)
{
	const double v[] = { r->application, r->cpu, r->memory, r->rps, r->eps };

	for (size_t i = 0; i < sizeof v / sizeof *v; i++)
		if (!isfinite(v[i]) || v[i] < 0)
			return false;
	return r->memory <= 1;
}

/* A decimal number: no hexadecimal, no infinity. */
static bool
number(struct str s, double *out)
{
	char text[NUMBER_MAX + 1], *end;

	if (s.len == 0 || s.len > NUMBER_MAX)
		return false;
	for (size_t i = 0; i < s.len; i++)
		if (memchr("0123456789+-.eE", s.p[i], 15) == NULL)
			return false;
	memcpy(text, s.p, s.len);
	text[s.len] = '\0';
	*out = strtod(text, &end);
	return *end == '\0' && isfinite(*out);
}

/* ---- TEXT ---- */

/* name=value, or name:value. */
static bool
pair_split(struct str pair, struct str *name, struct str *value)
{
	for (size_t i = 0; i < pair.len; i++)
		if (pair.p[i] == '=' || pair.p[i] == ':') {
			*name = str_trim((struct str){ pair.p, i });
			*value = str_trim(str_between(pair.p + i + 1, pair.p + pair.len));
			return name->len > 0;
		}
	return false;
}

static bool
read_text(struct str list, struct orca_report *r)
{
	double *seen[8] = { NULL }, *at, value;
	struct str pair, name, text;
	unsigned nseen = 0, pairs = 0;

	while (str_split(&list, ',', &pair)) {
		if (str_trim(pair).len == 0)
			continue;
		if (!pair_split(pair, &name, &text) || !number(text, &value))
			return false;
		pairs++;
		if ((at = place(r, name)) == NULL)
			continue;
		for (unsigned i = 0; i < nseen; i++)
			if (seen[i] == at)
				return false;
		ASSERT(nseen < sizeof seen / sizeof *seen);
		seen[nseen++] = at;
		*at = value;
	}
	return pairs > 0;
}

/* ---- JSON ---- */

/* Numbers may be texts there. */
static bool
json_value(const json_t *j, double *out)
{
	if (json_is_number(j))
		*out = json_number_value(j);
	else if (json_is_string(j))
		return number((struct str){ json_string_value(j), json_string_length(j) }, out);
	else
		return false;
	return true;
}

static bool
json_report(json_t *all, struct orca_report *r)
{
	const char *key;
	json_t *value;

	json_object_foreach(all, key, value) {
		double *at = place(r, str_of(key)), x;

		if (at == NULL)
			continue;
		if (!json_value(value, &x))
			return false;
		*at = x;
	}
	return true;
}

static bool
read_json(struct str text, struct orca_report *r)
{
	json_error_t error;
	json_t *all = json_loadb(text.p, text.len, JSON_REJECT_DUPLICATES, &error);
	bool good = json_is_object(all) && json_report(all, r);

	json_decref(all);
	return good;
}

/* ---- protobuf ---- */

struct wire {
	const uint8_t	*p, *end;
};

enum wire_type { WIRE_VARINT = 0, WIRE_64 = 1, WIRE_BYTES = 2, WIRE_32 = 5 };

struct wire_field {
	uint64_t	number;
	enum wire_type	type;
	uint64_t	value;		/* WIRE_VARINT, WIRE_64 */
	struct wire	bytes;		/* WIRE_BYTES */
};

static bool
wire_varint(struct wire *w, uint64_t *out)
{
	uint64_t v = 0;

	for (unsigned shift = 0; shift < 70; shift += 7) {
		uint8_t byte;

		if (w->p == w->end)
			return false;
		byte = *w->p++;
		if (shift == 63 && byte > 1)
			return false;
		v |= (uint64_t)(byte & 0x7f) << shift;
		if ((byte & 0x80) == 0) {
			*out = v;
			return true;
		}
	}
	return false;
}

static bool
wire_take(struct wire *w, uint64_t len, struct wire *out)
{
	if (len > (uint64_t)(w->end - w->p))
		return false;
	*out = (struct wire){ w->p, w->p + len };
	w->p += len;
	return true;
}

static bool
wire_field(struct wire *w, struct wire_field *f)
{
	uint64_t key, len;

	if (!wire_varint(w, &key) || key >> 3 == 0)
		return false;
	f->number = key >> 3;
	f->value = 0;
	switch (key & 7) {
	case WIRE_VARINT:
		f->type = WIRE_VARINT;
		return wire_varint(w, &f->value);
	case WIRE_64:
		f->type = WIRE_64;
		if (!wire_take(w, 8, &f->bytes))
			return false;
		memcpy(&f->value, f->bytes.p, 8);
		f->value = le64toh(f->value);
		return true;
	case WIRE_BYTES:
		f->type = WIRE_BYTES;
		return wire_varint(w, &len) && wire_take(w, len, &f->bytes);
	case WIRE_32:
		f->type = WIRE_32;
		return wire_take(w, 4, &f->bytes);
	default:			/* groups, which nobody has sent for a long time */
		return false;
	}
}

/* Numbers of fields. */
enum { CPU = 1, MEMORY = 2, RPS_WHOLE = 3, RPS = 6, EPS = 7, APPLICATION = 9 };

static double *
wire_place(struct orca_report *r, uint64_t field)
{
	switch (field) {
	case CPU: return &r->cpu;
	case MEMORY: return &r->memory;
	case RPS: return &r->rps;
	case EPS: return &r->eps;
	case APPLICATION: return &r->application;
	default: return NULL;
	}
}

/* Of a field that comes twice the last counts, as protobuf has it. */
static bool
read_message(struct wire w, struct orca_report *r)
{
	uint64_t whole = 0;
	struct wire_field f;
	double *at;

	while (w.p < w.end) {
		if (!wire_field(&w, &f))
			return false;
		if (f.number == RPS_WHOLE && f.type == WIRE_VARINT)
			whole = f.value;
		if (f.type == WIRE_64 && (at = wire_place(r, f.number)) != NULL)
			memcpy(at, &f.value, sizeof *at);
	}
	if (r->rps == 0)
		r->rps = (double)whole;
	return true;
}

static bool
read_base64(struct str text, struct orca_report *r)
{
	char bytes[ORCA_VALUE_MAX];
	size_t len = 0;

	ASSERT(text.len <= ORCA_VALUE_MAX);
	if (!base64_read(text, bytes, &len))
		return false;
	ASSERT(len <= sizeof bytes);
	return read_message((struct wire){ (uint8_t *)bytes, (uint8_t *)bytes + len }, r);
}

/* ---- fields of a response ---- */

static bool
take_format(struct str value, struct str format, struct str *rest)
{
	if (!str_starts(value, format))
		return false;
	*rest = str_trim(str_between(value.p + format.len, value.p + value.len));
	return true;
}

bool
orca_read(struct str value, struct orca_report *out)
{
	struct orca_report r = { 0 };
	struct str rest;
	bool good = false;

	if (value.len > ORCA_VALUE_MAX)
		return false;
	if (take_format(value, STR("TEXT "), &rest))
		good = read_text(rest, &r);
	else if (take_format(value, STR("JSON "), &rest))
		good = read_json(rest, &r);
	else if (take_format(value, STR("BIN "), &rest))
		good = read_base64(rest, &r);
	if (good && (good = is_sound(&r)))
		*out = r;
	return good;
}

bool
orca_read_bin(struct str value, struct orca_report *out)
{
	struct orca_report r = { 0 };

	if (value.len > ORCA_VALUE_MAX || !read_base64(value, &r) || !is_sound(&r))
		return false;
	*out = r;
	return true;
}

/* ---- a client's subscription ---- */

/* google.protobuf.Duration: seconds and nanoseconds. One below 0 is as good as none. */
static bool
read_duration(struct wire w, int64_t *usec)
{
	int64_t seconds = 0, nanos = 0;
	struct wire_field f;

	while (w.p < w.end) {
		if (!wire_field(&w, &f))
			return false;
		if (f.type == WIRE_VARINT && f.number == 1)
			seconds = (int64_t)f.value;
		if (f.type == WIRE_VARINT && f.number == 2)
			nanos = (int64_t)f.value;
	}
	if (seconds < 0 || nanos < 0 || nanos >= 1000000000)
		seconds = nanos = 0;
	if (seconds > SECONDS_MOST)
		seconds = SECONDS_MOST;
	*usec = seconds * USEC_PER_SEC + nanos / 1000;
	return true;
}

bool
orca_read_request(struct str body, int64_t *interval_usec)
{
	const uint8_t *p = (const uint8_t *)body.p;
	struct wire w = { p, p + body.len };
	struct wire_field f;
	int64_t usec = 0;
	size_t len;

	if (body.len < 5 || body.len > ORCA_REQUEST_MAX + 5 || p[0] != 0)
		return false;
	len = (size_t)p[1] << 24 | (size_t)p[2] << 16 | (size_t)p[3] << 8 | p[4];
	if (len != body.len - 5)
		return false;
	w.p += 5;
	while (w.p < w.end)
		if (!wire_field(&w, &f) || (f.number == 1 && f.type == WIRE_BYTES
		    && !read_duration(f.bytes, &usec)))
			return false;
	*interval_usec = usec;
	return true;
}

static size_t
put(char *out, unsigned field, double value)
{
	uint64_t bits;

	if (value == 0)
		return 0;		/* as protobuf has it */
	out[0] = (char)(field << 3 | WIRE_64);
	memcpy(&bits, &value, sizeof bits);
	bits = htole64(bits);
	memcpy(out + 1, &bits, sizeof bits);
	return 1 + sizeof bits;
}

size_t
orca_write(const struct orca_report *r, char out[ORCA_MESSAGE_MAX])
{
	size_t n = 5;

	ASSERT(is_sound(r));
	n += put(out + n, CPU, r->cpu);
	n += put(out + n, MEMORY, r->memory);
	n += put(out + n, RPS, r->rps);
	n += put(out + n, EPS, r->eps);
	n += put(out + n, APPLICATION, r->application);
	ASSERT(n <= ORCA_MESSAGE_MAX);
	memcpy(out, (const char[5]){ 0, 0, 0, 0, (char)(n - 5) }, 5);
	return n;
}
