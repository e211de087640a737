/*
 * files_tls: whether Mola's listeners do what TLS options of Traefik's files require. Mola has TLS
 * settings for all of a listener, so that options are never taken over: they are either met by what
 * mola.yaml sets, or the routers that they are for are not served. What they only allow is met by
 * not allowing more.
 */
#include <string.h>

#include "base/bug.h"
#include "base/go.h"
#include "discovery/files.h"

#define KIND	"tls.options"

static const char *const suites[] = {		/* as Go names them */
#define SUITE(name, go) go,
#include "tbl/suites.h"
#undef SUITE
};

struct options {
	struct str	 min, max, cas, auth, suites, protocols;
	const struct swarm_label *min_at, *max_at, *auth_at, *suites_at, *protocols_at, *strict_at;
	bool		 strict;
	const struct swarm_label *unknown;
};

/* ---- reading ---- */

static bool
is(struct str key, const char *s)
{
	return str_eq_nocase(key, str_of(s));
}

static void
read_key(struct options *o, struct str key, const struct swarm_label *label)
{
	struct str value = str_trim(str_of(label->value));

	if (is(key, "minversion")) {
		o->min = value;
		o->min_at = label;
	} else if (is(key, "maxversion")) {
		o->max = value;
		o->max_at = label;
	} else if (is(key, "ciphersuites")) {
		o->suites = value;
		o->suites_at = label;
	} else if (is(key, "clientauth.cafiles")) {
		o->cas = value;
		o->auth_at = label;
	} else if (is(key, "clientauth.clientauthtype")) {
		o->auth = value;
		o->auth_at = label;
	} else if (is(key, "alpnprotocols")) {
		o->protocols = value;
		o->protocols_at = label;
	} else if (is(key, "snistrict") && go_bool(value, &o->strict))
		o->strict_at = label;
	else if (key.len > 0 && !is(key, "preferserverciphersuites") && o->unknown == NULL)
		o->unknown = label;
}

/* ---- what is met ---- */

static bool
in_list(struct str list, struct str word)
{
	struct str one;

	while (str_split(&list, ',', &one))
		if (str_eq(str_trim(one), word))
			return true;
	return false;
}

/* Go has two names for the last ones. */
static bool
has_suite(struct str list, const char *name)
{
	char longer[64] = "";
	struct str s = str_of(name);

	memcpy(longer, name, s.len);
	memcpy(longer + s.len, "_SHA256", 7);
	return in_list(list, s) || in_list(list, str_of(longer));
}

static bool
suites_are_met(struct str list, unsigned offered)
{
	for (size_t i = 0; i < sizeof suites / sizeof *suites; i++)
		if ((offered == 0 || (offered & 1u << i) != 0) && !has_suite(list, suites[i]))
			return false;
	return true;
}

/* NoClientCert, or what all of Mola's listeners with TLS require with the same CAs. */
static bool
auth_is_met(const struct options *o, const struct swarm_tls *mola)
{
	if (str_eq(o->auth, STR("NoClientCert")))
		return true;
	return (o->auth.len == 0 || str_eq(o->auth, STR("RequireAndVerifyClientCert"))) &&
	    mola->client_ca != NULL && str_eq(o->cas, str_of(mola->client_ca));
}

static const char *
first_problem(const struct options *o, const struct swarm_tls *mola, const struct swarm_label **at)
{
	bool old = o->min.len == 0 || str_eq(o->min, STR("VersionTLS10")) ||
	    str_eq(o->min, STR("VersionTLS11")) || str_eq(o->min, STR("VersionTLS12"));
	bool newest = str_eq(o->min, STR("VersionTLS13"));

	if ((*at = o->unknown) != NULL)
		return "Mola does not have this";
	if ((*at = o->auth_at) != NULL && !auth_is_met(o, mola))
		return "not all of Mola's listeners with TLS require such a certificate; expected client_cert: "
		    "require, and this file as client_ca";
	if ((*at = o->min_at) != NULL && !old && !(newest && mola->min_version >= 13))
		return newest ? "expected 1.3 as tls.min_version of mola.yaml" : "expected a version such as "
		    "VersionTLS13";
	if ((*at = o->max_at) != NULL && o->max.len > 0 && !str_eq(o->max, STR("VersionTLS13")))
		return "Mola does not leave out the newest version";
	if ((*at = o->suites_at) != NULL && mola->min_version < 13 &&
	    !suites_are_met(o->suites, mola->suites))
		return "Mola offers others, too; expected no others in tls.suites of mola.yaml, or 1.3 as "
		    "tls.min_version";
	if ((*at = o->strict_at) != NULL && o->strict && !mola->strict)
		return "expected none as tls.default of mola.yaml";
	if ((*at = o->protocols_at) != NULL && !(in_list(o->protocols, STR("h2")) &&
	    in_list(o->protocols, STR("http/1.1"))))
		return "expected h2 and http/1.1; http2 of a listener is Mola's setting";
	return NULL;
}

const char *
files_tls_problem(const struct files *f, struct arena *a, struct str name)
{
	const struct swarm_label *label = NULL;
	const struct file_line *at = NULL;
	struct options o = { .unknown = NULL };
	const char *problem;
	struct files_key k;

	ASSERT(name.len > 0);
	if (!files_has(f, KIND, name))
		return str_eq(name, STR("default")) ? NULL : "nothing that Mola reads defines it";
	while (files_next(f, KIND, name, &at, &k))
		read_key(&o, k.key, k.label);
	problem = first_problem(&o, files_tls(f), &label);
	return problem == NULL ? NULL : arena_printf(a, "%s:%u: %s: %s", label->file, label->line,
	    label->name + strlen("traefik."), problem);
}
