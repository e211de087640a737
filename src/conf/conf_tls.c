/*
 * conf_tls: types of values about TLS for clients, and whether they fit together. Files are not
 * looked into here: one that is missing today may be there tomorrow, and the other certificates
 * are served meanwhile (certs/).
 */
#include <stdio.h>
#include <string.h>

#include "base/bug.h"
#include "base/clock.h"
#include "base/form.h"
#include "base/map.h"
#include "conf/conf_check.h"
#include "conf/conf_type.h"
#include "net/tls.h"

#define HTTPS_PORT	443
#define DAY_SECONDS	INT64_C(86400)
#define YEAR_SECONDS	(365 * DAY_SECONDS)

/* ---- types ---- */

static bool
read_tls_default(const struct conf_key *k, struct str s, void *member, char *problem)
{
	if (str_eq(s, STR(CONF_TLS_NONE)))
		return text_set(member, s);
	return type_FILE.read(k, s, member, problem);
}

static bool
read_tls_version(const struct conf_key *k, struct str s, void *member, char *problem)
{
	static const char *const words[] = { "1.2", "1.3", NULL };
	int at = word_of(s, words, problem);
	unsigned version = at == 1 ? 13 : 12;

	(void)k;
	if (at >= 0)
		memcpy(member, &version, sizeof version);
	return at >= 0;
}

static bool
write_tls_version(const void *member, struct buf *out)
{
	unsigned version = *(const unsigned *)member;

	return version != 0 && buf_printf(out, "%u.%u", version / 10, version % 10);
}

static bool
read_tls_suite(const struct conf_key *k, struct str s, void *member, char *problem)
{
	(void)k;
	return tls_suite(s) != 0 ? list_append(member, s, problem) : problem_set(problem,
	    "'%s' is no cipher of TLS 1.2 that Mola has; expected one such as "
	    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", QUOTED(s));
}

unsigned
conf_tls_suites(const struct conf *c)
{
	unsigned bits = 0;

	for (unsigned i = 0; i < c->tls_suites.n; i++)
		bits |= tls_suite(str_of(c->tls_suites.item[i]));
	return bits;
}

static bool
read_redirect(const struct conf_key *k, struct str s, void *member, char *problem)
{
	uint64_t n;
	unsigned port;

	if (str_eq_nocase(s, STR("true")))
		n = HTTPS_PORT;
	else if (str_eq_nocase(s, STR("false")))
		n = 0;
	else if (!str_to_u64(s, &n) || n < 1 || n > UINT16_MAX)
		return problem_set(problem, "'%s' is no port; expected true, false, or a port from %s to %s",
		    QUOTED(s), k->range.least, k->range.most);
	port = (unsigned)n;
	memcpy(member, &port, sizeof port);
	return true;
}

static bool
write_redirect(const void *member, struct buf *out)
{
	unsigned port = *(const unsigned *)member;

	if (port == HTTPS_PORT || port == 0)
		return buf_adds(out, port == 0 ? STR("false") : STR("true"));
	return buf_printf(out, "%u", port);
}

static const char *const client_cert_words[] = { "none", "optional", "require", NULL };

static bool
read_client_cert(const struct conf_key *k, struct str s, void *member, char *problem)
{
	/* none is what a listener without client_ca has, and is not written */
	int at = word_of(s, client_cert_words + CLIENT_CERT_OPTIONAL, problem);
	enum conf_client_cert kind = (enum conf_client_cert)(at + CLIENT_CERT_OPTIONAL);

	(void)k;
	if (at >= 0)
		memcpy(member, &kind, sizeof kind);
	return at >= 0;
}

static bool
write_client_cert(const void *member, struct buf *out)
{
	enum conf_client_cert kind = *(const enum conf_client_cert *)member;

	ASSERT(kind <= CLIENT_CERT_REQUIRE);
	return kind != CLIENT_CERT_NONE && buf_adds(out, str_of(client_cert_words[kind]));
}

/* Days and years, too: what HSTS is about is longer than any time-out. */
static bool
seconds_of(struct str s, int64_t *seconds)
{
	int64_t unit = s.len == 0 ? 0 : s.p[s.len - 1] == 'y' ? YEAR_SECONDS : s.p[s.len - 1] == 'd' ?
	    DAY_SECONDS : 0;
	int64_t usec;
	uint64_t n;

	if (unit > 0 && str_to_u64((struct str){ s.p, s.len - 1 }, &n) && n < 100000)
		*seconds = (int64_t)n * unit;
	else if (unit == 0 && form_duration(s, &usec))
		*seconds = usec / USEC_PER_SEC;
	else
		return false;
	return true;
}

static bool
read_hsts(const struct conf_key *k, struct str s, void *member, char *problem)
{
	int64_t seconds = -1, most = 0;
	bool bounded = seconds_of(str_of(k->range.most), &most);

	ASSERT(bounded && most > 0);
	if (!str_eq(s, STR("none"))) {
		if (!seconds_of(s, &seconds))
			return problem_set(problem,
			    "'%s' is not a duration; expected one such as 1y, 30d or 1h, or none", QUOTED(s));
		if (seconds > most)
			return problem_set(problem, "'%s' is out of range; expected %s to %s", QUOTED(s),
			    k->range.least, k->range.most);
	}
	memcpy(member, &seconds, sizeof seconds);
	return true;
}

static bool
write_hsts(const void *member, struct buf *out)
{
	int64_t seconds = *(const int64_t *)member;

	if (seconds < 0)
		return buf_adds(out, STR("none"));
	if (seconds > 0 && seconds % YEAR_SECONDS == 0)
		return buf_printf(out, "%lldy", (long long)(seconds / YEAR_SECONDS));
	if (seconds > 0 && seconds % DAY_SECONDS == 0)
		return buf_printf(out, "%lldd", (long long)(seconds / DAY_SECONDS));
	return form_write_duration(out, seconds * USEC_PER_SEC);
}

/* ---- together ---- */

void
listen_tls_check(const struct conf *c, struct conf_listen *l, struct faults *f)
{
	if (l->tls && c->ncertificates == 0 && c->nacme_cas == 0 && c->traefik_files.n == 0)
		faults_add(f, l->line, "listen.tls", "there is no certificate; expected some in "
		    "tls.certificates, or a section acme");
	if (l->tls && l->redirect_port > 0)
		faults_add(f, l->line, "listen.redirect_https", "set together with tls; expected it on a "
		    "listener without TLS");
	if (!l->tls && l->http2 == MAYBE_YES && l->redirect_port > 0)
		faults_add(f, l->line, "listen.http2", "set together with redirect_https; expected one of them: "
		    "clients that are redirected come by HTTP/1.1");
	if (!l->tls && l->client_ca != NULL)
		faults_add(f, l->line, "listen.client_ca", "set without tls; expected tls: true, as only TLS "
		    "has certificates of clients");
	if (l->client_cert != CLIENT_CERT_NONE && l->client_ca == NULL)
		faults_add(f, l->line, "listen.client_cert", "set without client_ca; expected the CA there that "
		    "certificates of clients are verified with");
	if (l->http2 == MAYBE_ABSENT)
		l->http2 = l->tls ? MAYBE_YES : MAYBE_NO;
	if (l->client_ca != NULL && l->client_cert == CLIENT_CERT_NONE)
		l->client_cert = CLIENT_CERT_REQUIRE;
}

static const struct conf_certificate *
certificate_find(const struct conf *c, const char *cert, unsigned before)
{
	for (unsigned i = 0; i < before; i++)
		if (c->certificate[i].cert != NULL && strcmp(c->certificate[i].cert, cert) == 0)
			return &c->certificate[i];
	return NULL;
}

void
certificates_check(const struct conf *c, const struct tree *root, struct faults *f)
{
	const char *fallback = c->tls_default;

	for (unsigned i = 0; i < c->ncertificates; i++) {
		const struct conf_certificate *own = &c->certificate[i], *first;

		if (own->cert != NULL && strlen(own->cert) > CONF_CERT_PATH_MAX)
			faults_add(f, own->line, "tls.certificates.cert", "longer than %d bytes", CONF_CERT_PATH_MAX);
		if (own->cert != NULL && (first = certificate_find(c, own->cert, i)) != NULL)
			faults_add(f, own->line, "tls.certificates.cert", "'%.200s' is already listed in line %d",
			    own->cert, first->line);
	}
	if (fallback != NULL && strcmp(fallback, CONF_TLS_NONE) != 0 &&
	    certificate_find(c, fallback, c->ncertificates) == NULL)
		faults_add(f, conf_line(root, "tls", "default"), "tls.default", "'%.200s' is not listed; "
		    "expected the cert of one of tls.certificates, or none", fallback);
}

/* ---- TLS to tasks ---- */

static bool
has_task_ca(const struct conf *c, const char *name)
{
	for (unsigned i = 0; i < c->ntask_cas; i++)
		if (c->task_ca[i].name != NULL && strcmp(c->task_ca[i].name, name) == 0)
			return true;
	return false;
}

static bool
has_task_cert(const struct conf *c, const char *name)
{
	for (unsigned i = 0; i < c->ntask_certs; i++)
		if (c->task_cert[i].name != NULL && strcmp(c->task_cert[i].name, name) == 0)
			return true;
	return false;
}

/* What a service has of defaults is their fault. */
static bool
is_own(const struct conf *c, const struct service_conf *s, const char *name,
    const char *of_defaults)
{
	return name != NULL
	    && (s == &c->defaults || of_defaults == NULL || strcmp(name, of_defaults) != 0);
}

static void
task_tls_names_check(const struct conf *c, const struct service_conf *s, int line,
    const char *where, struct faults *f)
{
	char key[32];

	if (is_own(c, s, s->tls_ca, c->defaults.tls_ca) && !has_task_ca(c, s->tls_ca)) {
		snprintf(key, sizeof key, "%s.task_tls.ca", where);
		faults_add(f, line, key, "there is no CA '%s' in tls.task_cas; expected the name of one of "
		    "them, or system", s->tls_ca);
	}
	if (is_own(c, s, s->tls_cert, c->defaults.tls_cert) && !has_task_cert(c, s->tls_cert)) {
		snprintf(key, sizeof key, "%s.task_tls.cert", where);
		faults_add(f, line, key, "there is no certificate '%s' in tls.task_certs; expected the name of "
		    "one of them, or none", s->tls_cert);
	}
}

void
task_tls_check(const struct conf *c, const struct tree *root, struct faults *f)
{
	struct map *cas = map_new(), *certs = map_new();

	for (unsigned i = 0; i < c->ntask_cas; i++) {
		const struct conf_task_ca *ca = &c->task_ca[i];

		name_once(cas, ca->name, ca->line, "tls.task_cas.name", f);
		if (ca->name != NULL && strcmp(ca->name, "system") == 0)
			faults_add(f, ca->line, "tls.task_cas.name", "'system' is taken: it means the system's CAs");
	}
	for (unsigned i = 0; i < c->ntask_certs; i++) {
		const struct conf_task_cert *cert = &c->task_cert[i];

		name_once(certs, cert->name, cert->line, "tls.task_certs.name", f);
		if (cert->name != NULL && strcmp(cert->name, "none") == 0)
			faults_add(f, cert->line, "tls.task_certs.name", "'none' is taken: it means no certificate");
	}
	map_free(&cas);
	map_free(&certs);
	task_tls_names_check(c, &c->defaults, conf_line(root, "defaults", "task_tls"), "defaults", f);
	for (unsigned i = 0; i < c->nservices; i++)
		task_tls_names_check(c, &c->service[i].conf, c->service[i].line, "services", f);
}

const struct conf_type
	type_TLS_DEFAULT = { read_tls_default, write_text, KIND_TEXT, false, NULL },
	type_TLS_SUITES = { read_tls_suite, NULL, KIND_LIST, false, NULL },
	type_TLS_VERSION = { read_tls_version, write_tls_version, KIND_PLAIN, false, NULL },
	type_REDIRECT = { read_redirect, write_redirect, KIND_PLAIN, true, NULL },
	type_CLIENT_CERT = { read_client_cert, write_client_cert, KIND_PLAIN, false, NULL },
	type_HSTS = { read_hsts, write_hsts, KIND_PLAIN, false, NULL };
