/*
 * What Traefik writes is the SHA-256 of a server's URL, of which 16 digits stay (since 3.4); older
 * versions wrote its FNV-1 hash, or that of this hash, or the URL itself, and are still understood,
 * as Traefik understands them.
 */
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "base/heap.h"
#include "proxy/sticky.h"

#define URL_MAX		(ADDR_TEXT_MAX + 16)

struct name {			/* of a task, as a cookie may say it */
	uint64_t	 value;
	uint32_t	 task;		/* of the table */
	bool		 present;	/* as it is written now */
	bool		 text;		/* it also is the hash of a text */
};

struct names {			/* of a service; made when it is first asked for */
	struct name	*name;
	uint32_t	 n;
};

struct sticky {
	const struct table *table;
	struct names	*names;		/* by service */
	uint32_t	 nservices;
};

struct sticky *
sticky_new(void)
{
	return must_zalloc(sizeof(struct sticky));
}

static void
forget(struct sticky *s)
{
	for (uint32_t i = 0; i < s->nservices; i++)
		free(s->names[i].name);
	free(s->names);
	s->names = NULL;
	s->nservices = 0;
}

void
sticky_free(struct sticky **sp)
{
	struct sticky *s = *sp;

	*sp = NULL;
	if (s == NULL)
		return;
	forget(s);
	free(s);
}

void
sticky_set_table(struct sticky *s, const struct table *t)
{
	forget(s);
	s->table = t;
	table_services(t, &s->nservices);
	s->names = must_zalloc((s->nservices + 1) * sizeof *s->names);
}

/* ---- names of tasks ---- */

static struct str
url_of(enum scheme speaks, const struct addr *a, char out[URL_MAX])
{
	char text[ADDR_TEXT_MAX];
	int n = snprintf(out, URL_MAX, "%s://%s", scheme_name(speaks == SCHEME_H2 ? SCHEME_HTTPS : speaks),
	    addr_text(a, text));

	ASSERT(n > 0 && n < URL_MAX);
	return (struct str){ out, (size_t)n };
}

/* The first 8 bytes, which are the first 16 digits. */
static uint64_t
name_now(struct str url)
{
	unsigned char hash[SHA256_DIGEST_LENGTH];
	uint64_t value = 0;

	SHA256((const unsigned char *)url.p, url.len, hash);
	for (int i = 0; i < 8; i++)
		value = value << 8 | hash[i];
	return value;
}

/* FNV-1, 64 bits. */
static uint64_t
name_before(struct str text)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (size_t i = 0; i < text.len; i++)
		h = (h * 0x100000001b3u) ^ (unsigned char)text.p[i];
	return h;
}

/* That hash again, of its hexadecimal digits. */
static uint64_t
name_before_that(uint64_t before)
{
	char digits[20];
	int n = snprintf(digits, sizeof digits, "%llx", (unsigned long long)before);

	return name_before((struct str){ digits, (size_t)n });
}

static void
add_names(struct names *s, uint32_t task, struct str url)
{
	uint64_t before = name_before(url);

	s->name[s->n++] = (struct name){ name_now(url), task, true, false };
	s->name[s->n++] = (struct name){ before, task, false, true };
	s->name[s->n++] = (struct name){ name_before_that(before), task, false, false };
}

static const struct names *
names_of(struct sticky *s, const struct table_service *of)
{
	uint32_t n, nservices;
	const struct table_task *task = table_tasks(s->table, &n);
	struct names *names = &s->names[of - table_services(s->table, &nservices)];
	char url[URL_MAX];

	ASSERT(of->first_task <= n && of->ntasks <= n - of->first_task);
	if (names->name != NULL || of->ntasks == 0)
		return names;
	names->name = must_zalloc((size_t)of->ntasks * 3 * TASK_ADDRS * sizeof *names->name);
	for (uint32_t i = of->first_task; i < of->first_task + of->ntasks; i++) {
		add_names(names, i, url_of(of->scheme, &task[i].addr, url));
		for (uint32_t k = 0; k < task[i].nothers; k++)
			add_names(names, i, url_of(of->scheme, &task[i].other[k], url));
	}
	return names;
}

const struct table_task *
sticky_find(struct sticky *s, const struct table *t, const struct table_service *of,
    const struct sticky_claim *claim, bool *renew)
{
	const struct names *names;

	ASSERT(t == s->table);
	if (!claim->given)
		return NULL;
	names = names_of(s, of);
	for (uint32_t i = 0; i < names->n; i++)
		if (names->name[i].value == claim->value && (!claim->text || names->name[i].text)) {
			*renew = !names->name[i].present;
			return &table_tasks(t, &(uint32_t){ 0 })[names->name[i].task];
		}
	return NULL;
}

bool
sticky_claims(const struct sticky_claim *claim, struct str name, bool *renew)
{
	uint64_t before = name_before(name);

	ASSERT(claim->given);
	*renew = claim->text || claim->value != name_now(name);
	return !*renew || claim->hash == before ||
	    (!claim->text && (claim->value == before || claim->value == name_before_that(before)));
}

/* ---- the cookie ---- */

/* The value of the first cookie of this name in "a=b; c=d". */
static bool
cookie_value(struct str list, struct str name, struct str *value)
{
	struct str pair, key;

	while (str_split(&list, ';', &pair)) {
		pair = str_trim(pair);
		if (!str_starts(pair, name) || pair.len <= name.len || pair.p[name.len] != '=')
			continue;
		key = (struct str){ pair.p + name.len + 1, pair.len - name.len - 1 };
		if (key.len > 1 && key.p[0] == '"' && key.p[key.len - 1] == '"')
			key = (struct str){ key.p + 1, key.len - 2 };
		*value = key;
		return true;
	}
	return false;
}

/* In hexadecimal digits, as it is written. */
static bool
digits_read(struct str s, uint64_t *value)
{
	*value = 0;
	for (size_t i = 0; i < s.len; i++) {
		char c = s.p[i];
		if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')))
			return false;
		*value = *value << 4 | (uint64_t)(c <= '9' ? c - '0' : c - 'a' + 10);
	}
	return s.len > 0 && s.len <= 16;
}

struct sticky_claim
sticky_read(const struct table *t, const struct table_service *of, const struct message *m)
{
	struct str name = table_text(t, of->sticky_cookie), value;
	struct sticky_claim claim = { .given = false };

	ASSERT(name.len > 0);
	for (int i = 0; i < m->nfields && !claim.given; i++)
		if (m->field[i].id == FIELD_COOKIE && cookie_value(m->field[i].value, name, &value)) {
			claim.given = true;
			claim.text = !digits_read(value, &claim.value);
			claim.hash = name_before(value);
			if (claim.text)
				claim.value = claim.hash;
		}
	return claim;
}

static char *
cookie_write(const struct table *t, const struct table_service *of, uint64_t value)
{
	static const char *const same_site[SAME_SITES] = { "", "; SameSite=None", "; SameSite=Lax",
	    "; SameSite=Strict" };
	struct str name = table_text(t, of->sticky_cookie), path = table_text(t, of->sticky_path),
	    domain = table_text(t, of->sticky_domain);
	bool dot = domain.len > 0 && domain.p[0] == '.';
	char max_age[32] = "", *text;

	ASSERT(name.len > 0);
	if (of->sticky_max_age > 0)
		snprintf(max_age, sizeof max_age, "; Max-Age=%u", of->sticky_max_age);
	if (asprintf(&text, "%.*s=%016llx%s%.*s%s%.*s%s%s%s%s", STR_ARG(name),
	    (unsigned long long)value,
	    path.len > 0 ? "; Path=" : "", STR_ARG(path), domain.len > 0 ? "; Domain=" : "",
	    (int)domain.len - dot, domain.p + dot, max_age,
	    of->sticky_http_only ? "; HttpOnly" : "", of->sticky_secure ? "; Secure" : "",
	    same_site[of->sticky_same_site]) < 0)
		return NULL;
	return text;
}

char *
sticky_cookie(const struct table *t, const struct table_service *of, const struct table_task *task)
{
	char url[URL_MAX];

	return cookie_write(t, of, name_now(url_of(of->scheme, &task->addr, url)));
}

char *
sticky_cookie_named(const struct table *t, const struct table_service *of, struct str name)
{
	return cookie_write(t, of, name_now(name));
}
