/*
 * record: a store can be damaged, restored or from a later version of Mola, so all that is read
 * is checked like what strangers say.
 */
#include <ctype.h>
#include <jansson.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "acme/record.h"
#include "base/bug.h"
#include "base/word.h"

#define NAME_MAX_BYTES	255

/* ---- names ---- */

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

bool
record_names_make(struct arena *a, const char *const *names, unsigned n, struct record_names *out)
{
	struct record_names r = { .n = 0 };

	if (n == 0 || n > REPLY_AUTHZ_MAX)
		return false;
	r.name = arena_zalloc(a, n * sizeof *r.name);
	for (unsigned i = 0; i < n; i++) {
		r.name[i] = arena_text(a, str_of(names[i]));
		for (char *p = r.name[i]; *p != '\0'; p++)
			*p = (char)tolower((unsigned char)*p);
	}
	qsort(r.name, n, sizeof *r.name, by_text);
	for (unsigned i = 0; i < n; i++)
		if (i == 0 || strcmp(r.name[i], r.name[r.n - 1]) != 0)
			r.name[r.n++] = r.name[i];
	*out = r;
	return true;
}

static void
hash_text(struct str s, char out[RECORD_HASH_LEN + 1])
{
	unsigned char hash[SHA256_DIGEST_LENGTH];

	SHA256((const unsigned char *)s.p, s.len, hash);
	for (int i = 0; i < RECORD_HASH_LEN / 2; i++)
		snprintf(out + 2 * i, 3, "%02x", hash[i]);
}

void
record_hash(const struct record_names *names, char out[RECORD_HASH_LEN + 1])
{
	struct buf b;

	ASSERT(names->n > 0);
	buf_init(&b, REPLY_AUTHZ_MAX * (NAME_MAX_BYTES + 1));
	for (unsigned i = 0; i < names->n; i++)
		buf_printf(&b, "%s%s", i > 0 ? "," : "", names->name[i]);
	ASSERT(!b.full);
	hash_text(buf_str(&b), out);
	buf_fini(&b);
}

void
record_url_hash(const char *url, char out[RECORD_HASH_LEN + 1])
{
	hash_text(str_of(url), out);
}

static bool
take_number(struct str *rest, unsigned *out)
{
	struct str part;
	uint64_t n;

	if (!str_split(rest, '.', &part) || !str_to_u64(part, &n) || n == 0 || n > 1000000000)
		return false;
	*out = (unsigned)n;
	return true;
}

bool
record_name_parse(const char *name, char hash[RECORD_HASH_LEN + 1], unsigned *generation,
    unsigned *attempt)
{
	struct str rest = str_of(name), kind, h;
	unsigned g, a = 0;

	if (!str_split(&rest, '.', &kind) || !str_split(&rest, '.', &h) || h.len != RECORD_HASH_LEN
	    || strspn(h.p, "0123456789abcdef") < RECORD_HASH_LEN || !take_number(&rest, &g))
		return false;
	if (str_eq(kind, STR("order")) ? !take_number(&rest, &a) : !str_eq(kind, STR("cert")))
		return false;
	if (rest.len > 0)
		return false;
	str_copy(hash, RECORD_HASH_LEN + 1, h);
	*generation = g;
	*attempt = a;
	return true;
}

/* ---- writing ---- */

static json_t *
text(struct str s)
{
	json_t *j = json_stringn(s.p, s.len);

	ASSERT(j != NULL);
	return j;
}

static void
member(json_t *j, const char *name, json_t *value)
{
	ASSERT(value != NULL);
	json_object_set_new(j, name, value);
}

static json_t *
names_json(const struct record_names *names)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < names->n; i++)
		json_array_append_new(list, text(str_of(names->name[i])));
	return list;
}

static void
write_json(json_t *j, struct buf *b)
{
	char *p = json_dumps(j, JSON_COMPACT | JSON_SORT_KEYS);

	ASSERT(p != NULL);
	buf_adds(b, str_of(p));
	explicit_bzero(p, strlen(p));
	free(p);
	json_decref(j);
	ASSERT(!b->full);
}

void
record_account_write(const char *ca, struct str key, struct buf *b)
{
	json_t *j = json_object();

	member(j, "ca", text(str_of(ca)));
	member(j, "key", text(key));
	write_json(j, b);
}

void
record_order_write(const struct record_order *o, struct buf *b)
{
	json_t *j = json_object(), *list = json_array();

	member(j, "ca", text(str_of(o->ca)));
	member(j, "order", text(str_of(o->url)));
	member(j, "key", text(o->key));
	member(j, "names", names_json(&o->names));
	for (unsigned i = 0; i < o->nanswers; i++) {
		const struct record_answer *a = &o->answer[i];
		json_t *one = json_object();

		member(one, "kind", text(str_of(challenge_names[a->kind])));
		member(one, "name", text(str_of(a->name)));
		member(one, "token", text(str_of(a->token)));
		member(one, "answer", text(str_of(a->answer)));
		json_array_append_new(list, one);
	}
	member(j, "answers", list);
	write_json(j, b);
}

void
record_cert_write(const struct record_cert *c, struct buf *b)
{
	json_t *j = json_object();

	member(j, "ca", text(str_of(c->ca)));
	member(j, "chain", text(c->chain));
	member(j, "key", text(c->key));
	member(j, "names", names_json(&c->names));
	write_json(j, b);
}

/* ---- reading ---- */

static const char *
get_text(struct arena *a, const json_t *j, const char *name)
{
	const json_t *v = json_object_get(j, name);

	if (!json_is_string(v) || json_string_length(v) == 0
	    || strlen(json_string_value(v)) != json_string_length(v))
		return NULL;
	return arena_text(a, str_of(json_string_value(v)));
}

static bool
get_names(struct arena *a, const json_t *j, struct record_names *out)
{
	const json_t *list = json_object_get(j, "names");
	const char *names[REPLY_AUTHZ_MAX];
	unsigned n = 0;

	if (json_array_size(list) > REPLY_AUTHZ_MAX)
		return false;
	for (; n < json_array_size(list); n++) {
		names[n] = json_string_value(json_array_get(list, n));
		if (names[n] == NULL || names[n][0] == '\0' || strlen(names[n]) > NAME_MAX_BYTES)
			return false;
	}
	return record_names_make(a, names, n, out);
}

static bool
get_answer(struct arena *a, const json_t *j, struct record_answer *out)
{
	const char *kind = json_string_value(json_object_get(j, "kind"));
	int at = word_place(str_of(kind), challenge_names);

	out->name = get_text(a, j, "name");
	out->token = get_text(a, j, "token");
	out->answer = get_text(a, j, "answer");
	if (at < 0 || out->name == NULL || out->answer == NULL || !reply_token(str_of(out->token)))
		return false;
	out->kind = (enum challenge_kind)at;
	return true;
}

bool
record_account_read(struct arena *a, struct str s, struct str *key)
{
	json_t *j = json_loadb(s.p, s.len, 0, NULL);
	const char *pem = get_text(a, j, "key");

	json_decref(j);
	if (pem != NULL)
		*key = str_of(pem);
	return pem != NULL;
}

bool
record_order_read(struct arena *a, struct str s, struct record_order *out)
{
	json_t *j = json_loadb(s.p, s.len, 0, NULL), *list = json_object_get(j, "answers");
	struct record_order o = { .ca = get_text(a, j, "ca"), .url = get_text(a, j, "order") };
	bool good;

	o.key = str_of(get_text(a, j, "key"));
	good = o.ca != NULL && o.url != NULL && o.key.len > 0 && get_names(a, j, &o.names)
	    && json_array_size(list) <= REPLY_AUTHZ_MAX;
	while (good && o.nanswers < json_array_size(list)) {
		good = get_answer(a, json_array_get(list, o.nanswers), &o.answer[o.nanswers]);
		o.nanswers++;
	}
	json_decref(j);
	if (good)
		*out = o;
	return good;
}

bool
record_cert_read(struct arena *a, struct str s, struct record_cert *out)
{
	json_t *j = json_loadb(s.p, s.len, 0, NULL);
	struct record_cert c = { .ca = get_text(a, j, "ca") };
	bool good;

	c.chain = str_of(get_text(a, j, "chain"));
	c.key = str_of(get_text(a, j, "key"));
	good = c.ca != NULL && c.chain.len > 0 && c.key.len > 0 && get_names(a, j, &c.names);
	json_decref(j);
	if (good)
		*out = c;
	return good;
}
