/*
 * Pure: a field's value in, slices out. Whether any of it is true, others find out.
 */
#include "base/base64.h"
#include "base/bug.h"
#include "base/credentials.h"

/* Takes the word that the value begins with off it. */
static bool
scheme_is(struct str *value, struct str scheme)
{
	struct str word = { value->p, scheme.len };

	if (value->len <= scheme.len || value->p[scheme.len] != ' ' || !str_eq_nocase(word, scheme))
		return false;
	*value = (struct str){ value->p + scheme.len + 1, value->len - scheme.len - 1 };
	return true;
}

/* Padding must be there, as in Traefik. */
bool
basic_read(struct str value, struct basic_credentials *c)
{
	const char *colon;
	size_t len;

	if (!scheme_is(&value, STR("Basic")) || value.len == 0 || value.len % 4 != 0 ||
	    value.len / 4 * 3 > sizeof c->text || !base64_read(value, c->text, &len))
		return false;
	ASSERT(len <= sizeof c->text);
	if (len == 0 || (colon = memchr(c->text, ':', len)) == NULL)
		return false;
	c->user = (struct str){ c->text, (size_t)(colon - c->text) };
	c->password = (struct str){ colon + 1, len - c->user.len - 1 };
	return true;
}

/* ---- Digest ---- */

static struct str *
digest_member(struct digest_credentials *c, struct str name)
{
	const struct {
		struct str	 name, *member;
	} rows[] = {
		{ STR("username"), &c->user }, { STR("realm"), &c->realm }, { STR("nonce"), &c->nonce },
		{ STR("uri"), &c->uri }, { STR("response"), &c->response }, { STR("opaque"), &c->opaque },
		{ STR("algorithm"), &c->algorithm }, { STR("qop"), &c->qop }, { STR("nc"), &c->nc },
		{ STR("cnonce"), &c->cnonce },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (str_eq_nocase(name, rows[i].name))
			return rows[i].member;
	return NULL;
}

static void
skip(struct str *s, size_t n)
{
	ASSERT(n <= s->len);
	*s = (struct str){ s->p + n, s->len - n };
}

static void
skip_space(struct str *s)
{
	while (s->len > 0 && (s->p[0] == ' ' || s->p[0] == '\t' || s->p[0] == ','))
		skip(s, 1);
}

/* What stands up to the closing quote; one behind a backslash closes nothing. */
static bool
take_quoted(struct str *s, struct str *value)
{
	size_t n = 1;

	while (n < s->len && s->p[n] != '"')
		n += s->p[n] == '\\' ? 2 : 1;
	if (n >= s->len)
		return false;
	*value = (struct str){ s->p + 1, n - 1 };
	skip(s, n + 1);
	return true;
}

static bool
take_word(struct str *s, struct str *value)
{
	size_t n = 0;

	while (n < s->len && s->p[n] != ',' && s->p[n] != ' ' && s->p[n] != '\t')
		n++;
	*value = (struct str){ s->p, n };
	skip(s, n);
	return true;
}

static bool
take_pair(struct str *s, struct digest_credentials *c)
{
	const char *equals = memchr(s->p, '=', s->len);
	struct str name, value, *member;

	if (equals == NULL)
		return false;
	name = str_trim((struct str){ s->p, (size_t)(equals - s->p) });
	skip(s, (size_t)(equals - s->p) + 1);
	if (!(s->len > 0 && s->p[0] == '"' ? take_quoted(s, &value) : take_word(s, &value)))
		return false;
	if ((member = digest_member(c, name)) != NULL)
		*member = value;
	return true;
}

bool
digest_read(struct str value, struct digest_credentials *out)
{
	struct digest_credentials c = { .algorithm = STR("MD5") };

	if (!scheme_is(&value, STR("Digest")))
		return false;
	for (skip_space(&value); value.len > 0; skip_space(&value))
		if (!take_pair(&value, &c))
			return false;
	*out = c;
	return true;
}
