/*
 * files_tls: TLS options of Traefik's files, as handshakes have them. What they only allow need not
 * be done: Mola has TLS 1.2 and 1.3, and of ciphers those of tbl/suites.h.
 * Must not know which routers name them.
 */
#include <string.h>

#include "base/bug.h"
#include "base/go.h"
#include "base/map.h"
#include "discovery/files.h"

#define KIND	"tls.options"
#define CA_MOST	(512U << 10)		/* bytes of all that one of them names */
#define PEM	"-----BEGIN CERTIFICATE-----"

struct reader {
	const struct swarm_conf *conf;
	struct arena	*arena;
	struct tls_options *out;
	const struct swarm_label *cas, *auth, *max, *suites;
	const struct swarm_label *wrong;	/* the first that is */
	const char	*problem;
};

struct known {
	struct tls_options options;
	const char	*problem;
};

static void
reject(struct reader *r, const struct swarm_label *label, const char *problem)
{
	if (r->problem != NULL)
		return;
	r->wrong = label;
	r->problem = problem;
}

static struct str
value_of(const struct swarm_label *label)
{
	return str_trim(str_of(label->value));
}

/* ---- one key ---- */

/* Older ones than Mola has may be allowed, but not be all. */
static void
read_version(struct reader *r, const struct swarm_label *label, bool newest, unsigned *version)
{
	struct str value = value_of(label);

	if (value.len == 0)
		return;
	if (str_eq(value, STR("VersionTLS13")))
		*version = 13;
	else if (str_eq(value, STR("VersionTLS12")))
		*version = 12;
	else if (!str_eq(value, STR("VersionTLS10")) && !str_eq(value, STR("VersionTLS11")))
		reject(r, label, "expected a version such as VersionTLS13");
	else if (newest)
		reject(r, label, "Mola has TLS 1.2 and 1.3");
	else
		*version = 12;
}

/* Go has two names for some. */
static bool
is_suite(struct str one, const char *name)
{
	struct str s = str_of(name);

	return str_eq(one, s) || (str_starts(one, s) && str_eq((struct str){ one.p + s.len,
	    one.len - s.len }, STR("_SHA256")) && str_ends(s, STR("_POLY1305")));
}

static bool
read_suite(struct str one, unsigned *bits)
{
	static const char *const suites[] = {
#define SUITE(name, go) go,
#include "tbl/suites.h"
#undef SUITE
	}, *const others[] = {
#define TRAEFIK_SUITE(go) go,
#include "tbl/traefik_suites.h"
#undef TRAEFIK_SUITE
	};

	for (size_t i = 0; i < sizeof suites / sizeof *suites; i++)
		if (is_suite(one, suites[i])) {
			*bits |= 1u << i;
			return true;
		}
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		if (str_eq(one, str_of(others[i])))
			return true;
	return false;
}

/* With none of Mola's among them, what is left are those of TLS 1.3. */
static void
read_suites(struct reader *r, const struct swarm_label *label)
{
	struct str rest = value_of(label), one;
	unsigned bits = 0;

	r->suites = label;
	while (rest.len > 0 && str_split(&rest, ',', &one))
		if (!read_suite(str_trim(one), &bits))
			reject(r, label, "expected ciphers such as TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256");
	if (bits == 0 || (r->conf->tls.suites != 0 && (bits & r->conf->tls.suites) == 0))
		r->out->min_version = 13;
	r->out->suites = bits;
}

static void
read_groups(struct reader *r, const struct swarm_label *label)
{
	static const char *const names[][2] = {
#define GROUP(openssl, traefik, rfc) { traefik, rfc },
#include "tbl/groups.h"
#undef GROUP
	};
	struct str rest = value_of(label), one;

	while (rest.len > 0 && str_split(&rest, ',', &one)) {
		unsigned bit = 0;
		for (size_t i = 0; i < sizeof names / sizeof *names; i++)
			if (str_eq(str_trim(one), str_of(names[i][0])) || str_eq(str_trim(one), str_of(names[i][1])))
				bit = 1u << i;
		if (bit == 0)
			reject(r, label, "expected groups such as X25519 or CurveP256");
		r->out->groups |= bit;
	}
	if (r->out->groups == 0)
		reject(r, label, "expected groups such as X25519 or CurveP256");
}

/* Challenges of CAs are none of their business. */
static void
read_protocols(struct reader *r, const struct swarm_label *label)
{
	struct str rest = value_of(label), one;
	const char *list = "";
	bool known = false;

	while (rest.len > 0 && str_split(&rest, ',', &one)) {
		one = str_trim(one);
		known |= str_eq(one, STR("h2")) || str_eq(one, STR("http/1.1"));
		if (one.len > 0 && !str_eq(one, STR("acme-tls/1")))
			list = arena_printf(r->arena, "%s%s%.*s", list, *list == '\0' ? "" : ",", STR_ARG(one));
	}
	if (!known || strlen(list) > 200)
		reject(r, label, "expected h2, http/1.1, or both");
	r->out->protocols = arena_text(r->arena, str_of(list));
}

static void
read_switch(struct reader *r, const struct swarm_label *label, bool *on)
{
	if (!go_bool(value_of(label), on))
		reject(r, label, "expected true or false");
}

static void
read_key(struct reader *r, struct str key, const struct swarm_label *label)
{
	if (str_eq_nocase(key, STR("minversion")))
		read_version(r, label, false, &r->out->min_version);
	else if (str_eq_nocase(key, STR("maxversion"))) {
		r->max = label;
		read_version(r, label, true, &r->out->max_version);
	} else if (str_eq_nocase(key, STR("ciphersuites")))
		read_suites(r, label);
	else if (str_eq_nocase(key, STR("curvepreferences")))
		read_groups(r, label);
	else if (str_eq_nocase(key, STR("clientauth.cafiles")))
		r->cas = label;
	else if (str_eq_nocase(key, STR("clientauth.clientauthtype")))
		r->auth = label;
	else if (str_eq_nocase(key, STR("alpnprotocols")))
		read_protocols(r, label);
	else if (str_eq_nocase(key, STR("snistrict")))
		read_switch(r, label, &r->out->strict);
	else if (str_eq_nocase(key, STR("disablesessiontickets")))
		read_switch(r, label, &r->out->no_tickets);
	else if (key.len > 0 && !str_eq_nocase(key, STR("preferserverciphersuites")))
		reject(r, label, "Mola does not have this");
}

/* ---- certificates of clients ---- */

/* A file, or what would be in one. */
static const char *
ca_text(struct reader *r, struct str one)
{
	const char *text, *why = "";

	if (str_starts(one, STR("-----BEGIN")))
		text = arena_text(r->arena, one);
	else if (one.len == 0 || one.p[0] != '/') {
		reject(r, r->cas, "expected a path that begins with a slash");
		return "";
	} else if (r->conf->file == NULL ||
	    (text = r->conf->file(r->conf->file_arg, arena_text(r->arena, one), &why)) == NULL) {
		reject(r, r->cas, arena_printf(r->arena, "Mola cannot read %.*s: %s; it has to be there where "
		    "Mola runs", STR_ARG(one), why));
		return "";
	}
	if (strstr(text, PEM) == NULL)
		reject(r, r->cas, arena_printf(r->arena, "there is no certificate in %.*s",
		    STR_ARG(one)));
	return text;
}

static void
read_cas(struct reader *r)
{
	struct str rest = r->cas == NULL ? STR("") : value_of(r->cas), one;
	const char *all = "";

	while (rest.len > 0 && str_split(&rest, ',', &one) && !r->conf->files_assumed) {
		const char *text = ca_text(r, str_trim(one));
		if (strlen(all) + strlen(text) > CA_MOST) {
			reject(r, r->cas, "more than 512 KB of certificates");
			return;
		}
		all = arena_printf(r->arena, "%s%s%s", all, *all == '\0' ? "" : "\n", text);
	}
	r->out->ca = arena_text(r->arena, str_of(all));
}

/* Where listeners want certificates themselves, theirs are those that a client shows. */
static void
meet_listeners(struct reader *r)
{
	const struct swarm_tls *mola = &r->conf->tls;

	if (r->out->auth == TLS_AUTH_NONE || !mola->client_certs)
		return;
	if (r->out->auth == TLS_AUTH_VERIFY && mola->client_ca != NULL && r->cas != NULL &&
	    str_eq(value_of(r->cas), str_of(mola->client_ca)))
		r->out->auth = TLS_AUTH_NONE;
	else
		reject(r, r->auth != NULL ? r->auth : r->cas, "listeners of Mola require certificates of "
		    "their own; expected client_cert: require for all that have tls, and this file as client_ca");
}

static void
read_auth(struct reader *r)
{
	static const char *const words[TLS_AUTHS] = { [TLS_AUTH_NONE] = "NoClientCert",
		[TLS_AUTH_REQUEST] = "RequestClientCert", [TLS_AUTH_ANY] = "RequireAnyClientCert",
		[TLS_AUTH_IF_GIVEN] = "VerifyClientCertIfGiven",
		[TLS_AUTH_VERIFY] = "RequireAndVerifyClientCert" };
	struct str word = r->auth == NULL ? STR("") : value_of(r->auth);
	bool cas = r->cas != NULL && value_of(r->cas).len > 0;
	int at = cas ? TLS_AUTH_VERIFY : TLS_AUTH_NONE;

	if (word.len > 0)
		for (at = 0; at < TLS_AUTHS && !str_eq(word, str_of(words[at])); )
			at++;
	if (at == TLS_AUTHS) {
		reject(r, r->auth, "expected a way such as RequireAndVerifyClientCert");
		return;
	}
	if (!cas && (at == TLS_AUTH_IF_GIVEN || at == TLS_AUTH_VERIFY))
		reject(r, r->auth, "expected clientAuth.caFiles, too");
	r->out->auth = (enum tls_auth)at;
	read_cas(r);
	meet_listeners(r);
}

/* ---- all of them ---- */

static void
check_versions(struct reader *r)
{
	unsigned least = r->out->min_version > r->conf->tls.min_version ? r->out->min_version :
	    r->conf->tls.min_version;

	if (r->out->max_version != 0 && r->out->max_version < least)
		reject(r, r->max, "no version is left that Mola has, by tls.min_version, minVersion or "
		    "cipherSuites");
}

static const char *
read_options(const struct files *f, struct arena *a, struct str name, struct tls_options *out)
{
	struct reader r = { .conf = files_conf(f), .arena = a, .out = out };
	const struct file_line *at = NULL;
	struct files_key k;

	while (files_next(f, KIND, name, &at, &k))
		read_key(&r, k.key, k.label);
	read_auth(&r);
	check_versions(&r);
	return r.problem == NULL ? NULL : arena_printf(a, "%s:%u: %s: %s", r.wrong->file, r.wrong->line,
	    r.wrong->name + strlen("traefik."), r.problem);
}

/* `name`: without its provider. */
static const struct tls_options *
options_find(const struct files *f, struct arena *a, struct str name, const char **problem)
{
	struct known *known = f == NULL ? NULL : map_get(files_tls_known(f), name);

	*problem = NULL;
	if (known == NULL && !files_has(f, KIND, name)) {
		*problem = "nothing that Mola reads defines it";
		return NULL;
	}
	if (known == NULL) {
		known = arena_zalloc(a, sizeof *known);
		known->options = (struct tls_options){ .name = arena_text(a, name), .ca = arena_text(a, STR("")),
		    .protocols = arena_text(a, STR("")) };
		known->problem = read_options(f, a, name, &known->options);
		map_put(files_tls_known(f), name, known);
	}
	*problem = known->problem;
	return known->problem == NULL ? &known->options : NULL;
}

const struct tls_options *
files_tls(const struct files *f, struct arena *a, const char *name, const char **problem)
{
	struct str whole = str_of(name);

	*problem = NULL;
	if (strcmp(name, "default") == 0)
		return files_has(f, KIND, whole) ? options_find(f, a, whole, problem) : NULL;
	if (!str_ends(whole, STR(FILE_PROVIDER)) || strcmp(name, "default" FILE_PROVIDER) == 0) {
		*problem = "nothing that Mola reads defines it";
		return NULL;
	}
	whole.len -= strlen(FILE_PROVIDER);
	return options_find(f, a, whole, problem);
}
