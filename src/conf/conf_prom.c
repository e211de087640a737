/*
 * conf_prom: types of values that have to do with Prometheus, and whether its section is sound
 * as a whole.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/form.h"
#include "conf/conf_check.h"
#include "conf/conf_type.h"

#define PASSWORD_MAX 4096

/* "host:port" or "host", where the host may be a name or [v6]. */
static bool
is_authority(struct str s)
{
	size_t colon = s.len;
	uint64_t port;

	while (colon > 0 && isdigit((unsigned char)s.p[colon - 1]))
		colon--;
	if (colon == 0 || s.p[colon - 1] != ':')
		return form_host(s, false);
	return form_host((struct str){ s.p, colon - 1 }, false)
	    && str_to_u64((struct str){ s.p + colon, s.len - colon }, &port) && port > 0 && port <= 65535;
}

/* A URL up to what stands before /api/v1, or host:port for http://host:port. */
static bool
read_server(const struct conf_key *k, struct str s, void *member, char *problem)
{
	bool http = str_starts(s, STR("http://")), whole = http || str_starts(s, STR("https://"));
	size_t scheme = whole ? http ? 7 : 8 : 0, slash;
	struct str rest = { s.p + scheme, s.len - scheme };
	const struct conf_list *l = member;
	struct buf url;
	bool ok;

	(void)k;
	while (rest.len > 0 && rest.p[rest.len - 1] == '/')
		rest.len--;
	for (slash = 0; slash < rest.len && rest.p[slash] != '/'; slash++)
		;
	/* Anywhere: a password may hold any character, and must not be quoted. */
	if (memchr(rest.p, '@', rest.len) != NULL)
		return problem_set(problem,
		    "a user in the URL; expected http://host:port, and user and password beside it");
	if (s.len > 1024 || !is_authority((struct str){ rest.p, slash }) || (!whole && slash < rest.len)
	    || (slash < rest.len && !form_path((struct str){ rest.p + slash, rest.len - slash }))
	    || memchr(rest.p, '?', rest.len) != NULL)
		return problem_set(problem, "'%s' is not a server; expected http://host:9090 or "
		    "https://host/path, or host:9090 for short", QUOTED(s));
	if (l->n == CONF_PROM_SERVERS_MAX)
		return problem_set(problem, "more than %d servers", CONF_PROM_SERVERS_MAX);
	buf_init(&url, 2048);
	buf_printf(&url, "%s%.*s", !whole || http ? "http://" : "https://", STR_ARG(rest));
	ok = list_append(member, buf_str(&url), problem);
	buf_fini(&url);
	return ok;
}

static bool
read_password(const struct conf_key *k, struct str s, void *member, char *problem)
{
	(void)k;
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.p[i] < ' ' || s.p[i] == 0x7f)
			return problem_set(problem, "not a password; expected one line of printable characters");
	if (s.len == 0 || s.len > PASSWORD_MAX)
		return problem_set(problem, "not a password; expected 1 to %d characters", PASSWORD_MAX);
	return text_set(member, s);
}

static bool
read_promql(const struct conf_key *k, struct str s, void *member, char *problem)
{
	(void)k;
	if (!form_promql(s))
		return problem_set(problem, "'%s' is not PromQL; expected a query of at most 4000 bytes that "
		    "closes what it opens: brackets, quotes", QUOTED(s));
	return text_set(member, s);
}

static bool
read_promql_or_none(const struct conf_key *k, struct str s, void *member, char *problem)
{
	char **text = member;

	if (!str_eq(s, STR("none")))
		return read_promql(k, s, member, problem);
	free(*text);
	*text = NULL;
	return true;
}

static bool
write_promql(const void *member, struct buf *out)
{
	const char *const *text = member;

	return *text != NULL && buf_adds(out, str_of(*text));
}

static bool
write_promql_or_none(const void *member, struct buf *out)
{
	return write_promql(member, out) || buf_adds(out, STR("none"));
}

const struct conf_type
	type_PROM_SERVERS = { read_server, NULL, KIND_LIST, false, NULL },
	type_PASSWORD = { read_password, NULL, KIND_SECRET, false, NULL },
	type_PROMQL = { read_promql, write_promql, KIND_TEXT, false, NULL },
	type_PROMQL_OR_NONE = { read_promql_or_none, write_promql_or_none, KIND_TEXT, false, NULL };

/* ---- the section ---- */

#define IN "prometheus"

struct prom_section {
	const struct tree *root;
	struct faults	*faults;
};

static bool
given(const struct tree *section, const char *key)
{
	return section->shape == TREE_MAP && tree_find(section, NULL, key) != NULL;
}

static int
line_of(const struct prom_section *l, const char *key)
{
	return conf_line(l->root, IN, key);
}

/* A secret may stand in a file of its own. */
static void
secret_check(const struct prom_section *l, const char *key, const char *where, const char *file,
    char **secret)
{
	char text[PASSWORD_MAX + 2], problem[CONF_PROBLEM_MAX];
	struct str line;

	if (file == NULL)
		return;
	if (*secret != NULL)
		faults_add(l->faults, line_of(l, key), where, "set together with the same in the "
		    "configuration; expected one of them");
	else if (!secret_file_read(file, text, sizeof text, &line, problem, sizeof problem))
		faults_add(l->faults, line_of(l, key), where, "'%.200s' %s", file, problem);
	else if (!read_password(NULL, line, secret, problem))
		faults_add(l->faults, line_of(l, key), where, "'%.200s': %s in its first line", file, problem);
	explicit_bzero(text, sizeof text);
}

static void
credentials_check(struct conf_prom *p, const struct prom_section *l)
{
	secret_check(l, "password_file", IN ".password_file", p->password_file, &p->password);
	secret_check(l, "token_file", IN ".token_file", p->token_file, &p->token);
	if (p->user != NULL && strchr(p->user, ':') != NULL)
		faults_add(l->faults, line_of(l, "user"), IN ".user", "a colon in it; expected a name without");
	if (p->user != NULL && p->password == NULL && p->password_file == NULL)
		faults_add(l->faults, line_of(l, "user"), IN ".user",
		    "a user without a password; expected password or password_file");
	if (p->user == NULL && (p->password != NULL || p->password_file != NULL))
		faults_add(l->faults, line_of(l, p->password_file != NULL ? "password_file" : "password"), IN,
		    "a password without a user; expected user");
	if (p->user != NULL && (p->token != NULL || p->token_file != NULL))
		faults_add(l->faults, line_of(l, p->token_file != NULL ? "token_file" : "token"), IN,
		    "a token and a user; expected one of them");
}

static void
https_check(const struct conf_prom *p, const struct prom_section *l)
{
	bool secure = false;

	for (unsigned i = 0; i < p->servers.n; i++)
		secure |= strncmp(p->servers.item[i], "https://", 8) == 0;
	if (secure)
		tls_check(l->root, IN, p->ca, p->cert, p->key, l->faults);
	else if (p->ca != NULL || p->cert != NULL || p->key != NULL)
		faults_add(l->faults, line_of(l, p->ca != NULL ? "ca" : p->cert != NULL ? "cert" : "key"),
		    p->ca != NULL ? IN ".ca" : p->cert != NULL ? IN ".cert" : IN ".key",
		    "no server uses TLS; expected one that begins with https://");
}

static void
queries_check(const struct conf *c, const struct prom_section *l)
{
	static const char help[] =
	    "there is no Prometheus; expected the section prometheus with its servers";

	if (c->defaults.terms.n > 0)
		faults_add(l->faults, conf_line(l->root, "defaults", "promql"), "defaults.promql", help);
	for (unsigned i = 0; i < c->nservices && c->defaults.terms.n == 0; i++)
		if (c->service[i].conf.terms.n > 0)
			faults_add(l->faults, c->service[i].line, "services.promql", help);
}

void
prom_check(struct conf *c, const struct tree *root, struct faults *f)
{
	const struct tree *section = tree_find(root, NULL, IN);
	const struct prom_section l = { root, f };
	struct conf_prom *p = &c->prom;

	if (section == NULL) {
		queries_check(c, &l);
		return;
	}
	if (p->servers.n == 0 && !given(section, "servers"))
		faults_add(f, section->line, IN ".servers", "missing. Where Prometheus is: one or a list of "
		    "http://host:9090");
	if (p->max_age_usec < p->period_usec)
		faults_add(f, line_of(&l, given(section, "max_age") ? "max_age" : "period"), IN ".max_age",
		    "less than period: nearly every sample would be too old; expected more");
	credentials_check(p, &l);
	https_check(p, &l);
}
