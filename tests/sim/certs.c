#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

#include "base/bug.h"
#include "certs.h"
#include "secure.h"
#include "world/secrets.h"

#define PEM_MOST	8192

static struct {
	X509		*x;
	EVP_PKEY	*key;
	char		 pem[PEM_MOST];		/* with the CA's, and the key */
	size_t		 len;
} made[CERTS], ca, other_ca;

static const struct {
	const char	*names, *curve, *until;	/* curve: NULL: Ed25519 */
} wanted[CERTS] = {
	[CERT_OLD] = { "DNS:s0,DNS:s1", "P-256", "20491231000000Z" },
	[CERT_NEW] = { "DNS:s0,DNS:s1", "P-256", "20491231000000Z" },
	[CERT_ED] = { "DNS:s2,DNS:*.w", NULL, "20491231000000Z" },
	[CERT_ALL] = { "DNS:all,DNS:s0,DNS:s1,DNS:s2,DNS:s3", "P-384", "20481231000000Z" },
	[CERT_REST] = { "DNS:rest", "P-256", "20491231000000Z" },
	[CERT_TASK] = { "DNS:s0,DNS:s1,DNS:s2,DNS:s3", "P-256", "20491231000000Z" },
	[CERT_TASK_NAME] = { "DNS:elsewhere", "P-256", "20491231000000Z" },
	[CERT_TASK_EXPIRED] = { "DNS:s0,DNS:s1,DNS:s2,DNS:s3", "P-256", "20210101000000Z" },
	[CERT_TASK_FOREIGN] = { "DNS:s0,DNS:s1,DNS:s2,DNS:s3", "P-256", "20491231000000Z" },
};

/* ---- making them ---- */

static EVP_PKEY *
key_make(const char *curve)
{
	EVP_PKEY *key = curve != NULL ? EVP_EC_gen(curve) : EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");

	ASSERT(key != NULL);
	return key;
}

static void
extension_add(X509 *x, int nid, const char *value)
{
	X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

	ASSERT(e != NULL && X509_add_ext(x, e, -1) == 1);
	X509_EXTENSION_free(e);
}

/* `names`: NULL: of a CA. */
static X509 *
cert_make(EVP_PKEY *key, int serial, const char *subject, const char *names, const char *until, X509 *by, EVP_PKEY *by_key)
{
	X509 *x = X509_new();
	X509_NAME *name = X509_get_subject_name(x);

	ASSERT(X509_set_version(x, X509_VERSION_3) == 1 && ASN1_INTEGER_set(X509_get_serialNumber(x), serial) == 1);
	ASSERT(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)subject, -1, -1, 0) == 1);
	ASSERT(X509_set_issuer_name(x, by == NULL ? name : X509_get_subject_name(by)) == 1);
	ASSERT(ASN1_TIME_set_string_X509(X509_getm_notBefore(x), "20200101000000Z") == 1);
	ASSERT(ASN1_TIME_set_string_X509(X509_getm_notAfter(x), until) == 1);
	ASSERT(X509_set_pubkey(x, key) == 1);
	extension_add(x, NID_basic_constraints, names == NULL ? "critical,CA:TRUE" : "CA:FALSE");
	if (names != NULL)
		extension_add(x, NID_subject_alt_name, names);
	ASSERT(X509_sign(x, by_key, EVP_sha256()) > 0);
	return x;
}

static void
pem_make(enum cert_id id, X509 *by)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *p;

	ASSERT(PEM_write_bio_X509(bio, made[id].x) == 1 && PEM_write_bio_X509(bio, by) == 1);
	ASSERT(PEM_write_bio_PrivateKey(bio, made[id].key, NULL, NULL, 0, NULL, NULL) == 1);
	made[id].len = (size_t)BIO_get_mem_data(bio, &p);
	ASSERT(made[id].len < PEM_MOST);
	memcpy(made[id].pem, p, made[id].len);
	BIO_free(bio);
}

static void
ca_make(void)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *p;

	ca.key = key_make("P-256");
	ca.x = cert_make(ca.key, 1, "The CA", NULL, "20491231000000Z", NULL, ca.key);
	other_ca.key = key_make("P-256");
	other_ca.x = cert_make(other_ca.key, 2, "Another CA", NULL, "20491231000000Z", NULL, other_ca.key);
	ASSERT(PEM_write_bio_X509(bio, ca.x) == 1);
	ca.len = (size_t)BIO_get_mem_data(bio, &p);
	memcpy(ca.pem, p, ca.len);
	BIO_free(bio);
}

void
certs_init(void)
{
	char subject[24];

	ca_make();
	for (int i = 0; i < CERTS; i++) {
		bool foreign = i == CERT_TASK_FOREIGN;
		snprintf(subject, sizeof subject, "cert %d", i);
		made[i].key = key_make(wanted[i].curve);
		made[i].x = cert_make(made[i].key, 10 + i, subject, wanted[i].names, wanted[i].until, foreign ? other_ca.x : ca.x,
		    foreign ? other_ca.key : ca.key);
		pem_make((enum cert_id)i, foreign ? other_ca.x : ca.x);
	}
}

X509 *
certs_x509(enum cert_id id)
{
	return made[id].x;
}

EVP_PKEY *
certs_key(enum cert_id id)
{
	return made[id].key;
}

X509 *
certs_ca(void)
{
	return ca.x;
}

/* ---- which of them ---- */

enum cert_id
certs_for(const struct plan *p, const char *host, bool renewed)
{
	if (host != NULL && (strcmp(host, "s0") == 0 || strcmp(host, "s1") == 0))
		return renewed ? CERT_NEW : CERT_OLD;
	if (host != NULL && strcmp(host, "a.w") == 0)
		return CERT_ED;
	if (host != NULL && (strcmp(host, "s2") == 0 || strcmp(host, "s3") == 0 || strcmp(host, "all") == 0))
		return CERT_ALL;	/* OpenSSL prefers its kind of key to that of CERT_ED, which s2 has, too */
	if (host != NULL && strcmp(host, "rest") == 0)
		return CERT_REST;
	return p->tls.fallback ? CERT_REST : CERTS;
}

bool
certs_misdirect(const struct plan *p, const char *host, unsigned service)
{
	char name[8];

	snprintf(name, sizeof name, "s%u", service);
	if (host == NULL || strcmp(host, name) == 0)
		return false;
	return X509_check_host(made[certs_for(p, host, false)].x, name, 0, 0, NULL) != 1;
}

static void
cert_add(struct secrets_maker *m, const char *name, enum cert_id id)
{
	secrets_maker_add(m, str_of(name), (struct str){ made[id].pem, made[id].len });
}

/* Keys of tickets: the newest first, and that before, which old tickets are of. */
static void
tickets_add(struct secrets_maker *m, bool renewed)
{
	char key[2][TICKET_BYTES];

	memset(key[0], renewed ? 'n' : 'o', TICKET_BYTES);
	memset(key[1], 'o', TICKET_BYTES);
	for (unsigned i = 0; i < 1 + (unsigned)renewed; i++)
		secrets_maker_add(m, i == 0 ? STR("ticket/0") : STR("ticket/1"), (struct str){ key[i], TICKET_BYTES });
}

/* The CA, and behind it what was to be another one: nobody is to be trusted by half of what was meant. */
static void
damaged_add(struct secrets_maker *m)
{
	static const char rest[] = "-----BEGIN CERTIFICATE-----\nbm90IG9uZQ==\n-----END CERTIFICATE-----\n";
	char pem[PEM_MOST];

	ASSERT(ca.len + sizeof rest <= sizeof pem);
	memcpy(pem, ca.pem, ca.len);
	memcpy(pem + ca.len, rest, sizeof rest - 1);
	secrets_maker_add(m, STR("task-ca/damaged"), (struct str){ pem, ca.len + sizeof rest - 1 });
}

int
certs_secrets(const struct plan *p, bool renewed)
{
	struct secrets_maker *m = secrets_maker_new(renewed ? 2 : 1);
	int fd;

	cert_add(m, "cert/a", renewed ? CERT_NEW : CERT_OLD);
	cert_add(m, "cert/b", CERT_ED);
	cert_add(m, "cert/c", CERT_ALL);
	cert_add(m, "cert/d", CERT_REST);
	if (p->tls.fallback)
		secrets_maker_add(m, STR("default"), STR("d"));
	if (p->tls.tickets)
		tickets_add(m, renewed);
	secrets_maker_add(m, STR("task-ca/ours"), (struct str){ ca.pem, ca.len });
	damaged_add(m);
	ASSERT(secrets_maker_seal(m, &fd) == NULL);
	secrets_maker_free(&m);
	return fd;
}
