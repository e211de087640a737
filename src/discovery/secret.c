/*
 * secret: errs on the side of hiding. Every value of a middleware is hidden, because plugins
 * name their keys as they like; elsewhere the words of the label's name decide, but not the
 * names that people gave to routers and services: "keycloak" is no key. A rule is shown without
 * the values that it compares headers and query parameters with.
 * Must not know what any label means.
 */
#include <ctype.h>
#include <string.h>

#include "base/bug.h"
#include "base/str.h"
#include "discovery/secret.h"

static const char hidden[] = "(not shown)";

static bool
has_any(const char *text, const char *const *words)
{
	for (; *words != NULL; words++)
		if (strcasestr(text, *words) != NULL)
			return true;
	return false;
}

/* What follows "traefik.http.routers.NAME.", and likewise for services; the whole name of
 * any other label. */
static const char *
own_words(const char *label)
{
	static const char *const kinds[] = { "routers", "services", "serverstransports", NULL };
	struct str rest = str_of(label), word[4];
	unsigned n = 0;

	while (n < 4 && str_split(&rest, '.', &word[n]))
		n++;
	for (const char *const *k = kinds; n == 4 && str_eq_nocase(word[0], STR("traefik")) &&
	    *k != NULL; k++)
		if (str_eq_nocase(word[2], str_of(*k)))
			return rest.p == NULL ? "" : rest.p;	/* NULL: nothing follows the name */
	return label;
}

static bool
name_is_secret(const char *label)
{
	static const char *const words[] = { "password", "passwd", "pwd", "secret", "token",
		"users", "auth", "key", "credential", "headers", "cookie.value", NULL };

	return strcasestr(label, ".middlewares.") != NULL || has_any(own_words(label), words);
}

/* https://user:password@host */
static bool
has_userinfo(const char *text)
{
	const char *at = text;

	while ((at = strstr(at, "://")) != NULL) {
		size_t n = strcspn(at += 3, "/?# ,\t\n");
		if (memchr(at, '@', n) != NULL)
			return true;
	}
	return false;
}

/* /health?token=abc */
static bool
has_query_secret(const char *text)
{
	static const char *const words[] = { "password", "passwd", "pwd", "secret", "token", "auth",
		"key", "credential", "signature", NULL };
	const char *at = strchr(text, '?');
	char name[64];
	size_t n;

	for (; at != NULL; at = strchr(at, '&')) {
		n = strcspn(++at, "=&# ");
		str_copy(name, sizeof name, (struct str){ at, n });
		if (at[n] == '=' && has_any(name, words))
			return true;
	}
	return false;
}

/* A password's hash under a name that does not suggest one: a typo. */
static bool
value_is_secret(const char *text)
{
	static const char *const hashes[] = { "$apr1$", "$1$", "$2a$", "$2b$", "$2y$", "$5$", "$6$",
		"$argon2", "{SHA}", "Bearer ", "Basic ", NULL };

	return has_userinfo(text) || has_query_secret(text) || has_any(text, hashes);
}

/* ---- rules ---- */

static bool
is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* Of these, every argument is about where a request goes. */
static bool
matcher_is_open(struct str name)
{
	static const char *const open[] = { "host", "hostheader", "hostregexp", "hostsni",
		"hostsniregexp", "path", "pathprefix", "pathregexp", "pathstrip", "pathprefixstrip",
		"method", "clientip", "label", "labelregex", NULL };

	for (const char *const *o = open; *o != NULL; o++)
		if (str_eq_nocase(name, str_of(*o)))
			return true;
	return false;
}

/* The place after the literal that begins at `i`; the end when nothing closes it. */
static size_t
literal_end(const char *rule, size_t i)
{
	char quote = rule[i++];

	ASSERT(quote == '`' || quote == '"');
	while (rule[i] != '\0' && rule[i] != quote)
		i += rule[i] == '\\' && quote == '"' && rule[i + 1] != '\0' ? 2 : 1;
	return rule[i] == '\0' ? i : i + 1;
}

/* Each literal that is hidden becomes the same five bytes. */
#define MASK		"`...`"
#define MASK_BYTES	(sizeof MASK - 1)

/* `out` holds MASK_BYTES for each byte of the rule, and the end. */
static bool
rule_hide(const char *rule, char *out)
{
	struct str matcher = { rule, 0 };
	bool changed = false, named = false;
	const char *last = out + strlen(rule) * MASK_BYTES;
	size_t end;

	for (size_t i = 0; rule[i] != '\0'; ) {
		if (is_word(rule[i])) {
			end = i;
			while (is_word(rule[end]))
				end++;
			matcher = (struct str){ rule + i, end - i };
			named = false;
		} else if (rule[i] == '`' || rule[i] == '"') {
			bool open = matcher_is_open(matcher) || (!named && str_eq_nocase(matcher, STR("header"))) ||
			    (!named && str_eq_nocase(matcher, STR("headers")));
			end = literal_end(rule, i);
			named = true;
			if (!open) {
				memcpy(out, MASK, MASK_BYTES);
				out += MASK_BYTES;
				i = end;
				changed = true;
				continue;
			}
		} else
			end = i + 1;
		ASSERT(end > i && out + (end - i) <= last);
		memcpy(out, rule + i, end - i);
		out += end - i;
		i = end;
	}
	*out = '\0';
	return changed;
}

const char *
secret_text(struct arena *a, const char *label, const char *text)
{
	char *out;

	if (text == NULL)
		return NULL;
	if (value_is_secret(text))
		return hidden;
	if (!str_ends_nocase(str_of(label), STR(".rule")))
		return text;
	out = arena_zalloc(a, strlen(text) * MASK_BYTES + 1);
	return rule_hide(text, out) ? out : text;
}

const char *
secret_value(struct arena *a, const char *label, const char *value)
{
	return *value != '\0' && name_is_secret(label) ? hidden : secret_text(a, label, value);
}
