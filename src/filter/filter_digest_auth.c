/*
 * digestAuth: a user who can sign a request with the password (RFC 7616 with MD5 and qop=auth, as
 * Traefik has it). The signature counts only for this request, and once.
 */
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdlib.h>

#include "base/bug.h"
#include "base/credentials.h"
#include "filter/filter_priv.h"
#include "filter/means_priv.h"
#include "filter/url.h"

#define MD5_BYTES	16
#define MD5_TEXT	32

/* ---- digests ---- */

/* Of parts with colons between them. */
static bool
md5(const struct str *part, unsigned n, char out[MD5_TEXT + 1])
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	unsigned len = 0;
	bool good = c != NULL && EVP_DigestInit_ex2(c, EVP_md5(), NULL) == 1;

	for (unsigned i = 0; i < n && good; i++)
		good = EVP_DigestUpdate(c, ":", i > 0) == 1
		    && EVP_DigestUpdate(c, part[i].p, part[i].len) == 1;
	good = good && EVP_DigestFinal_ex(c, digest, &len) == 1 && len == MD5_BYTES;
	EVP_MD_CTX_free(c);
	for (unsigned i = 0; i < MD5_BYTES && good; i++)
		snprintf(out + 2 * i, 3, "%02x", digest[i]);
	return good;
}

/* The digest of user, realm and password. Nobody's fits nothing. */
static struct str
user_digest(const struct filter_texts *users, struct str name, struct str realm, struct str *user)
{
	for (unsigned i = users->n; i-- > 0;) {
		struct str rest = users->item[i], of;
		if (str_split(&rest, ':', user) && str_split(&rest, ':', &of) && str_eq(*user, name)
		    && str_eq(of, realm))
			return rest;
	}
	return (struct str){ NULL, 0 };
}

static bool
is_signed(const struct filter_run *r, const struct digest_credentials *c, struct str secret)
{
	const struct str what[] = { r->request.method, c->uri };
	char what_text[MD5_TEXT + 1], want[MD5_TEXT + 1];
	const struct str all[] = { secret, c->nonce, c->nc, c->cnonce, c->qop,
		{ what_text, MD5_TEXT } };

	return secret.len == MD5_TEXT && c->response.len == MD5_TEXT && md5(what, 2, what_text)
	    && md5(all, 6, want) && CRYPTO_memcmp(want, c->response.p, MD5_TEXT) == 0;
}

/* ---- the filter ---- */

static enum filter_verdict
refuse(struct filter_run *r, const struct filter_digest_auth *f, bool stale)
{
	const struct nonces *n = r->facts.means->nonces;
	char nonce[NONCE_TEXT + 1];

	nonce_make(n, r->now_usec, nonce);
	run_answer(r, WHY_AUTH_REQUIRED, 401);
	run_answer_field(r, STR("Content-Type"), STR("text/plain"));
	run_answer_field(r, STR("WWW-Authenticate"),
	    run_text(r, "Digest realm=\"%.*s\", nonce=\"%s\", opaque=\"%.*s\", %salgorithm=\"MD5\", "
	    "qop=\"auth\"", STR_ARG(auth_realm(f->realm)), nonce, STR_ARG(nonces_opaque(n)),
	    stale ? "stale=\"true\", " : ""));
	run_answer_body(r, STR("401 Unauthorized\n"));
	return FILTER_RESPOND;
}

/* The target as the client has sent it, with or without its query, which some leave out. */
static bool
is_for(struct filter_run *r, struct str uri)
{
	struct str target = run_target(r);
	const char *query = memchr(target.p, '?', target.len);

	ASSERT(target.len > 0);
	return str_eq(uri, target)
	    || (query != NULL && str_eq(uri, (struct str){ target.p, (size_t)(query - target.p) }));
}

static bool
count_read(struct str nc, uint64_t *count)
{
	char text[17], *end;

	if (nc.len == 0 || nc.len >= sizeof text)
		return false;
	str_copy(text, sizeof text, nc);
	*count = strtoull(text, &end, 16);
	return *end == '\0' && text[0] != '-' && text[0] != '+' && text[0] != ' ';
}

/* A nonce that is not ours is stale, too: another Mola may have given it, and who could sign with
 * it need not be asked for a password again. */
enum filter_verdict
digest_auth_request(struct filter_run *r, const struct filter_digest_auth *f, uint8_t *note)
{
	struct digest_credentials c;
	struct str user, secret;
	uint64_t count;

	ASSERT(r->facts.means != NULL && f->users.n > 0);
	(void)note;
	if (!digest_read(fields_get(&r->request, STR("Authorization")), &c))
		return refuse(r, f, false);
	r->user = c.user;
	if (!str_eq(c.algorithm, STR("MD5")) || !str_eq(c.qop, STR("auth")) || !is_for(r, c.uri))
		return refuse(r, f, false);
	secret = user_digest(&f->users, c.user, auth_realm(f->realm), &user);
	if (secret.p == NULL || !is_signed(r, &c, secret) || !count_read(c.nc, &count))
		return refuse(r, f, false);
	switch (nonce_use(r->facts.means->nonces, c.nonce, count, r->now_usec)) {
	case NONCE_GOOD:
		if (str_eq(c.opaque, nonces_opaque(r->facts.means->nonces)))
			return auth_pass(r, f->header_field, f->remove_header, user);
		break;
	case NONCE_STALE:
		return refuse(r, f, true);
	case NONCE_REPLAYED:
		break;
	}
	return refuse(r, f, false);
}
