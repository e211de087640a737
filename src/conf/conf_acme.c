/*
 * conf_acme: types of values about certificates from ACME CAs, and whether the section is sound
 * as a whole. Nothing is asked of a CA here.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "base/form.h"
#include "base/word.h"
#include "conf/conf_check.h"
#include "conf/conf_type.h"

#define IN		"acme"
#define URL_MAX		1024
#define SECRET_MAX	4096
#define SEAL_MIN	32		/* as vault/seal.h has it */

/* ---- names ---- */

/*
 * A certificate of a public CA is for names, which have a dot and a last label that is no
 * number.
 */
static bool
is_name(struct str s)
{
	size_t dot = s.len;

	while (dot > 0 && s.p[dot - 1] != '.')
		dot--;
	return form_host(s, true) && dot > 0 && dot < s.len && !isdigit((unsigned char)s.p[dot]) &&
	    memchr(s.p, ':', s.len) == NULL;
}

static bool
add_lower(struct buf *b, struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		buf_add(b, &(char){ (char)tolower((unsigned char)s.p[i]) }, 1);
	return !b->full;
}

static bool
read_names(const struct conf_key *k, struct str s, void *member, char *problem)
{
	struct str rest = s, name;
	struct buf b;
	bool good = true;

	(void)k;
	buf_init(&b, 4096);
	while (good && str_split(&rest, ' ', &name)) {
		if (name.len == 0)
			continue;
		good = is_name(name) || problem_set(problem, "'%s' is not a host name; expected one such as "
		    "www.example.org or *.example.org, or several with blanks between them", QUOTED(name));
		buf_adds(&b, b.len > 0 ? STR(" ") : STR(""));
		if (!add_lower(&b, name) && good)
			good = problem_set(problem, "more than %d bytes of names for one certificate", 4096);
	}
	if (good && b.len == 0)
		good = problem_set(problem, "an empty text; expected host names");
	good = good && list_append(member, buf_str(&b), problem);
	buf_fini(&b);
	return good;
}

static bool
read_allow(const struct conf_key *k, struct str s, void *member, char *problem)
{
	struct buf b;
	bool good;

	(void)k;
	if (!is_name(s))
		return problem_set(problem, "'%s' is not a pattern; expected a host name such as "
		    "www.example.org, or *.example.org", QUOTED(s));
	buf_init(&b, 512);
	good = add_lower(&b, s) && list_append(member, buf_str(&b), problem);
	buf_fini(&b);
	return good;
}

/* ---- other types ---- */

static const char *const challenge_words[] = { "http-01", "tls-alpn-01", "dns-01", NULL };

static bool
read_challenge(const struct conf_key *k, struct str s, void *member, char *problem)
{
	(void)k;
	return word_of(s, challenge_words, problem) >= 0 && list_append(member, s, problem);
}

static bool
read_email(const struct conf_key *k, struct str s, void *member, char *problem)
{
	const char *at = memchr(s.p, '@', s.len);
	bool good = at != NULL && at > s.p && at < s.p + s.len - 1 && s.len <= 254;

	(void)k;
	for (size_t i = 0; good && i < s.len; i++)
		good = isalnum((unsigned char)s.p[i]) || strchr("@.!#$%&*+-/=?^_{|}~", s.p[i]) != NULL;
	if (!good)
		return problem_set(problem, "'%s' is not an address; expected one such as admin@example.org",
		    QUOTED(s));
	return text_set(member, s);
}

static bool
read_ca_url(const struct conf_key *k, struct str s, void *member, char *problem)
{
	static const char *const words[] = { "letsencrypt", "letsencrypt-staging", NULL };
	static const char *const urls[] = { "https://acme-v02.api.letsencrypt.org/directory",
	    "https://acme-staging-v02.api.letsencrypt.org/directory" };
	int at = word_place(s, words);
	bool good = str_starts(s, STR("https://")) && s.len > 8 && s.len <= URL_MAX;

	(void)k;
	if (at >= 0)
		return text_set(member, str_of(urls[at]));
	for (size_t i = 0; good && i < s.len; i++)
		good = s.p[i] > ' ' && s.p[i] <= '~' && strchr("\"\\<>^`{|}", s.p[i]) == NULL;
	if (!good)
		return problem_set(problem, "'%s' is not a CA; expected letsencrypt, letsencrypt-staging, or the "
		    "https:// URL of a directory", QUOTED(s));
	return text_set(member, s);
}

static bool
read_files(const struct conf_key *k, struct str s, void *member, char *problem)
{
	(void)k;
	if (s.len == 0 || s.len > 4000 || s.p[0] != '/' || memchr(s.p, '\n', s.len) != NULL)
		return problem_set(problem, "'%s' is not an absolute path; expected it to begin with '/'",
		    QUOTED(s));
	return list_append(member, s, problem);
}

const struct conf_type
	type_EMAIL = { read_email, write_text, KIND_TEXT, false, NULL },
	type_ACME_URL = { read_ca_url, write_text, KIND_TEXT, false, NULL },
	type_ACME_NAMES = { read_names, NULL, KIND_LIST, false, NULL },
	type_ACME_ALLOW = { read_allow, NULL, KIND_LIST, false, NULL },
	type_ACME_CHALLENGES = { read_challenge, NULL, KIND_LIST, false, NULL },
	type_FILES = { read_files, NULL, KIND_LIST, false, NULL };

/* ---- together ---- */

static bool
has(const struct conf_list *l, const char *item)
{
	for (unsigned i = 0; i < l->n; i++)
		if (strcmp(l->item[i], item) == 0)
			return true;
	return false;
}

static void
add(struct conf_list *l, const char *item)
{
	l->item = must_realloc(l->item, (l->n + 1) * sizeof *l->item);
	l->item[l->n++] = must_strdup(item);
}

/* The key of external account binding may stand in a file of its own. */
static void
eab_file_read(struct conf_acme_ca *ca, struct faults *f)
{
	char text[SECRET_MAX + 2], problem[CONF_PROBLEM_MAX];
	struct str line;

	if (!secret_file_read(ca->eab_key_file, text, sizeof text, &line, problem, sizeof problem))
		faults_add(f, ca->line, IN ".ca.eab_key_file", "'%.200s' %s", ca->eab_key_file, problem);
	else
		ca->eab_key = str_dup(line);
	explicit_bzero(text, sizeof text);
}

static bool
is_base64url(const char *s)
{
	size_t n = strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");

	return s[n] == '\0' && n >= 16 && n <= SECRET_MAX && n % 4 != 1;
}

static void
access_check(const char *file, int how, int line, const char *where, struct faults *f)
{
	if (file != NULL && access(file, how) < 0)
		faults_add(f, line, where, "'%.200s' cannot be %s: %s", file, how == X_OK ? "run" : "read",
		    strerror(errno));
}

static void
ca_check(struct conf_acme_ca *ca, struct faults *f)
{
	access_check(ca->trust, R_OK, ca->line, IN ".ca.trust", f);
	if (ca->eab_key != NULL && ca->eab_key_file != NULL)
		faults_add(f, ca->line, IN ".ca.eab_key_file", "set together with eab_key; expected one of them");
	else if (ca->eab_key_file != NULL)
		eab_file_read(ca, f);
	if ((ca->eab_id == NULL) != (ca->eab_key == NULL && ca->eab_key_file == NULL))
		faults_add(f, ca->line, IN ".ca", "eab_id and eab_key belong together; expected both or none");
	if (ca->eab_id != NULL && strpbrk(ca->eab_id, "\"\\") != NULL)
		faults_add(f, ca->line, IN ".ca.eab_id", "a quotation mark or backslash in it; expected the ID "
		    "alone");
	if (ca->eab_key != NULL && !is_base64url(ca->eab_key))
		faults_add(f, ca->line, IN ".ca.eab_key", "not a key; expected base64url, without = at the end");
}

static void
cas_check(struct conf *c, const struct tree *root, struct faults *f)
{
	if (c->nacme_cas == 0) {
		c->acme_ca = must_zalloc(sizeof *c->acme_ca);
		c->nacme_cas = 1;
		c->acme_ca->line = conf_line(root, IN, NULL);
		read_ca_url(NULL, STR("letsencrypt"), &c->acme_ca->url, NULL);
	}
	for (unsigned i = 0; i < c->nacme_cas; i++) {
		ca_check(&c->acme_ca[i], f);
		for (unsigned k = 0; k < i; k++)
			if (c->acme_ca[i].url != NULL && c->acme_ca[k].url != NULL &&
			    strcmp(c->acme_ca[i].url, c->acme_ca[k].url) == 0)
				faults_add(f, c->acme_ca[i].line, IN ".ca.url", "'%.200s' is listed twice",
				    c->acme_ca[i].url);
	}
}

static void
challenges_check(struct conf *c, const struct tree *root, struct faults *f)
{
	bool given = c->acme_challenges.n > 0;
	int line = conf_line(root, IN, "challenge");

	if (!given) {
		add(&c->acme_challenges, "http-01");
		if (c->acme_hook != NULL)
			add(&c->acme_challenges, "dns-01");
	}
	if (has(&c->acme_challenges, "dns-01") && c->acme_hook == NULL)
		faults_add(f, line, IN ".challenge", "dns-01 without a program; expected it in hook");
	if (c->acme_hook != NULL && !has(&c->acme_challenges, "dns-01"))
		faults_add(f, conf_line(root, IN, "hook"), IN ".hook", "a program for dns-01, which challenge "
		    "does not list");
	for (unsigned i = 0; i < c->acme_names.n; i++)
		if (strchr(c->acme_names.item[i], '*') != NULL && !has(&c->acme_challenges, "dns-01"))
			faults_add(f, conf_line(root, IN, "names"), IN ".names", "'%.200s': a wildcard needs the "
			    "challenge dns-01, and a hook for it", c->acme_names.item[i]);
}

/* A listener on the CA's port, or NULL: any other without TLS, or with it. */
static const struct conf_listen *
listener_for(const struct conf *c, bool tls, unsigned port)
{
	const struct conf_listen *found = NULL;

	for (unsigned i = 0; i < c->nlisten; i++)
		if (c->listen[i].tls == tls) {
			found = &c->listen[i];
			if (addr_port(&found->addr) == port)
				break;
		}
	return found;
}

/*
 * Which port a CA connects to is fixed. Behind a container's port or another proxy another one is
 * right, which cannot be seen from here.
 */
static void
reach_check(const struct conf *c, const struct tree *root, struct faults *f)
{
	const struct conf_listen *plain = listener_for(c, false, 80), *tls = listener_for(c, true, 443);
	bool http = has(&c->acme_challenges, "http-01"), alpn = has(&c->acme_challenges, "tls-alpn-01");
	int line = conf_line(root, IN, "challenge");

	if (http && plain == NULL)
		faults_doubt(f, line, IN ".challenge", "http-01, but listen has no listener without TLS; "
		    "expected one on port 80, to which the CA connects");
	else if (http && addr_port(&plain->addr) != 80)
		faults_doubt(f, plain->line, "listen", "the CA connects to port 80 for acme.challenge http-01; "
		    "expected a listener without TLS there, unless port 80 of the host leads to this one");
	if (alpn && tls == NULL)
		faults_add(f, line, IN ".challenge", "tls-alpn-01, but listen has no listener with TLS; "
		    "expected one on port 443, to which the CA connects");
	else if (alpn && addr_port(&tls->addr) != 443)
		faults_doubt(f, tls->line, "listen", "the CA connects to port 443 for acme.challenge "
		    "tls-alpn-01; expected a listener with TLS there, unless port 443 of the host leads to this "
		    "one");
	else if (tls == NULL)
		faults_doubt(f, conf_line(root, IN, NULL), IN, "no listener serves certificates; expected "
		    "tls: true on one in listen");
}

/* What is sealed with a secret that others could guess is not sealed. */
static void
secrets_check(const struct conf_list *files, int line, struct faults *f)
{
	char text[SECRET_MAX + 2], problem[CONF_PROBLEM_MAX];
	struct str secret;

	if (files->n > CONF_ACME_SECRETS_MAX)
		faults_add(f, line, IN ".secret", "more than %d files", CONF_ACME_SECRETS_MAX);
	for (unsigned i = 0; i < files->n; i++) {
		if (!secret_file_read(files->item[i], text, sizeof text, &secret, problem, sizeof problem))
			faults_add(f, line, IN ".secret", "'%.200s' %s", files->item[i], problem);
		else if (secret.len < SEAL_MIN)
			faults_add(f, line, IN ".secret", "'%.200s' has %zu characters in its first line; expected %d "
			    "or more, as of openssl rand -base64 32", files->item[i], secret.len, SEAL_MIN);
		explicit_bzero(text, sizeof text);
	}
}

/* As engine/config_vault.h has it. */
static bool
is_prefix(const char *s)
{
	size_t n = strlen(s);

	return n > 0 && n <= 15 && strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-") == n &&
	    s[0] != '-' && s[n - 1] != '-';
}

/* Nobody orders what is wanted without a section. */
static void
unordered_check(const struct conf *c, const struct tree *root, struct faults *f)
{
	static const char text[] = "acme without a section acme; expected one, with the CA "
	    "and how it verifies names";

	if (c->defaults.tls == SERVICE_TLS_ACME) {
		faults_add(f, conf_line(root, "defaults", "tls"), "defaults.tls", "%s", text);
		return;
	}
	for (unsigned i = 0; i < c->nservices; i++)
		if (c->service[i].conf.tls == SERVICE_TLS_ACME)
			faults_add(f, c->service[i].line, "services.tls", "%s", text);
}

void
acme_check(struct conf *c, const struct tree *root, struct faults *f)
{
	if (tree_find(root, NULL, IN) == NULL) {
		unordered_check(c, root, f);
		return;
	}
	cas_check(c, root, f);
	challenges_check(c, root, f);
	reach_check(c, root, f);
	secrets_check(&c->acme_secrets, conf_line(root, IN, "secret"), f);
	access_check(c->acme_hook, X_OK, conf_line(root, IN, "hook"), IN ".hook", f);
	if (c->acme_prefix != NULL && !is_prefix(c->acme_prefix))
		faults_add(f, conf_line(root, IN, "prefix"), IN ".prefix", "'%.60s' is not a prefix; expected "
		    "up to 15 of a-z, 0-9 and -, with a letter or digit at both ends", c->acme_prefix);
	ASSERT(c->nacme_cas > 0 && c->acme_challenges.n > 0);
}
