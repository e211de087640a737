/*
 * acme.json is an object with a member for each of Traefik's resolvers, whose Certificates have a
 * chain and a key, both PEM and then base64. Traefik 1 has one resolver, and its members at the
 * top, which is not understood. Texts of keys are overwritten before they are freed; the JSON
 * library's own copies are not.
 */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "acme/import.h"
#include "base/alloc.h"
#include "base/base64.h"
#include "base/fd.h"
#include "base/heap.h"
#include "net/cert.h"

#define FILE_MAX	(8u << 20)

static bool
wrong(char detail[IMPORT_DETAIL_MAX], const char *path, const char *what)
{
	snprintf(detail, IMPORT_DETAIL_MAX, "%.100s: %s", path, what);
	return false;
}

static void
wipe(char **text)
{
	if (*text != NULL)
		explicit_bzero(*text, strlen(*text));
	free(*text);
	*text = NULL;
}

void
import_free(struct import_pair *p)
{
	wipe(&p->chain);
	wipe(&p->key);
}

/* ---- the file ---- */

/* NULL: detail. The caller overwrites and frees it. */
static char *
file_text(const char *path, size_t *len, char detail[IMPORT_DETAIL_MAX])
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	char *text = NULL;
	struct stat st;
	ssize_t n = 0;

	if (fd < 0 || fstat(fd, &st) != 0)
		wrong(detail, path, strerror(errno));
	else if (!S_ISREG(st.st_mode) || st.st_size > FILE_MAX)
		wrong(detail, path, "expected a regular file of at most 8 MiB");
	else {
		text = must_alloc((size_t)st.st_size + 1);
		for (*len = 0; *len < (size_t)st.st_size &&
		    (n = fd_read(fd, text + *len, (size_t)st.st_size - *len)) > 0; *len += (size_t)n)
			;
	}
	if (text != NULL && n < 0) {
		wrong(detail, path, strerror(errno));
		explicit_bzero(text, *len);
		free(text);
		text = NULL;
	}
	if (fd >= 0)
		close(fd);
	return text;
}

static json_t *
file_json(const char *path, char detail[IMPORT_DETAIL_MAX])
{
	size_t len = 0;
	char *text = file_text(path, &len, detail);
	json_error_t error;
	json_t *j;

	if (text == NULL)
		return NULL;
	j = json_loadb(text, len, JSON_REJECT_DUPLICATES, &error);
	explicit_bzero(text, len);
	free(text);
	if (j == NULL)
		snprintf(detail, IMPORT_DETAIL_MAX, "%.100s:%d: no JSON; expected Traefik's acme.json", path,
		    error.line);
	return j;
}

/* ---- what is in it ---- */

/* Text of base64; NULL: it is none. */
static char *
decoded(const json_t *j)
{
	size_t len = json_string_length(j);
	char *out;

	if (!json_is_string(j))
		return NULL;
	out = must_alloc(len + 4);
	if (!base64_read((struct str){ json_string_value(j), len }, out, &len)) {
		explicit_bzero(out, json_string_length(j) + 4);
		free(out);
		return NULL;
	}
	out[len] = '\0';
	return out;
}

/* False: it is no certificate with its key. */
static bool
pair_of(const json_t *one, struct import_pair *p, struct cert **cert)
{
	*p = (struct import_pair){ .chain = decoded(json_object_get(one, "certificate")),
	    .key = decoded(json_object_get(one, "key")) };
	if (p->chain == NULL || p->key == NULL ||
	    cert_parse_pair(str_of(p->chain), str_of(p->key), cert, NULL) != NULL) {
		import_free(p);
		return false;
	}
	p->not_after = cert_not_after(*cert);
	return true;
}

/* ---- whose they are ---- */

/* Of a URL: "acme.example.org:14000". */
static struct str
authority_of(const char *url)
{
	const char *p = url == NULL ? NULL : strstr(url, "://");

	return p == NULL ? STR("") : (struct str){ p + 3, strcspn(p + 3, "/?#") };
}

/* Resolvers have the URL of their account at their CA. Nobody trusts the certificates of a CA
 * that is for trials; they stay in the file when the resolver goes on with another one. */
static enum import_worth
worth_of(const json_t *resolver, const char *ca)
{
	static const char trial[] = "staging";
	struct str at = authority_of(json_string_value(json_object_get(json_object_get(json_object_get(
	    resolver, "Account"), "Registration"), "uri")));

	if (at.len > 0 && str_eq_nocase(at, authority_of(ca)))
		return WORTH_MOST;
	return at.len > 0 && memmem(at.p, at.len, trial, sizeof trial - 1) != NULL ? WORTH_NOTHING :
	    WORTH_SOMETHING;
}

static bool
has_all(const struct cert *c, const struct record_names *names)
{
	for (unsigned i = 0; i < names->n; i++)
		if (!cert_covers(c, str_of(names->name[i])))
			return false;
	return true;
}

/* Keeps the better one. */
static void
consider(const json_t *one, enum import_worth worth, const struct record_names *names, int64_t now,
    struct import_pair *best)
{
	struct import_pair p;
	struct cert *c;

	if (!pair_of(one, &p, &c))
		return;
	p.worth = worth;
	if (has_all(c, names) && p.not_after > now && (worth > best->worth ||
	    (worth == best->worth && p.not_after > best->not_after))) {
		import_free(best);
		*best = p;
	} else
		import_free(&p);
	cert_unref(&c);
}

/* The certificates of a resolver; NULL: it has none yet, or `good` is false: it is none. */
static const json_t *
certificates(const json_t *resolver, bool *good)
{
	const json_t *list = json_object_get(resolver, "Certificates");

	*good = json_is_object(resolver) && (list == NULL || json_is_null(list) || json_is_array(list));
	return json_is_array(list) ? list : NULL;
}

static json_t *
resolvers(const char *path, char detail[IMPORT_DETAIL_MAX])
{
	json_t *j = file_json(path, detail), *one;
	const char *name;
	bool good = json_is_object(j);

	if (j == NULL)
		return NULL;
	json_object_foreach(j, name, one) {
		bool is;
		certificates(one, &is);
		good = good && is;
	}
	if (good)
		return j;
	json_decref(j);
	wrong(detail, path, "expected the acme.json of Traefik 2 or 3: resolvers with Certificates");
	return NULL;
}

bool
import_find(const char *path, const char *ca, const struct record_names *names, int64_t now,
    struct import_pair *out, char detail[IMPORT_DETAIL_MAX])
{
	json_t *all = resolvers(path, detail), *resolver, *one;
	const char *name;
	size_t i;
	bool good;

	*out = (struct import_pair){ .worth = WORTH_NOTHING };
	if (all == NULL)
		return false;
	json_object_foreach(all, name, resolver) {
		enum import_worth worth = worth_of(resolver, ca);
		json_array_foreach(certificates(resolver, &good), i, one)
			if (worth > WORTH_NOTHING)
				consider(one, worth, names, now, out);
	}
	json_decref(all);
	return true;
}

bool
import_count(const char *path, const char *ca, unsigned *n, unsigned *bad,
    char detail[IMPORT_DETAIL_MAX])
{
	json_t *all = resolvers(path, detail), *resolver, *one;
	const char *name;
	size_t i;
	bool good;

	*n = *bad = 0;
	if (all == NULL)
		return false;
	json_object_foreach(all, name, resolver)
		json_array_foreach(certificates(resolver, &good), i, one) {
			struct import_pair p;
			struct cert *c;
			if (worth_of(resolver, ca) == WORTH_NOTHING || !pair_of(one, &p, &c)) {
				++*bad;
				continue;
			}
			import_free(&p);
			cert_unref(&c);
			++*n;
		}
	json_decref(all);
	return true;
}
