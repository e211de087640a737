/*
 * bcrypt is libcrypt's, digests are OpenSSL's; what MD5 in htpasswd is, is here: no library that is
 * everywhere has Apache's kind of it.
 */
#include <crypt.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>

#include "base/base64.h"
#include "base/bug.h"
#include "base/password.h"

#define SHA1_BYTES	20
#define MD5_BYTES	16
#define MD5_ROUNDS	1000
#define MD5_TEXT	22		/* the digest as text */
#define MD5_USEC	1000
#define BCRYPT_TEXT	60		/* of a whole hash */
#define BCRYPT_USEC	60		/* times two for each step of its cost */
#define BCRYPT_LEAST	4
#define BCRYPT_MOST	15		/* some seconds */
#define SALT_MOST	8

static const char alphabet[] = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

static bool
is_of_alphabet(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (memchr(alphabet, s.p[i], sizeof alphabet - 1) == NULL)
			return false;
	return true;
}

/* ---- which kind ---- */

/* {SHA} and 28 bytes of base64 */
static bool
is_sha(struct str hash)
{
	return str_starts(hash, STR("{SHA}")) && hash.len == 5 + 28;
}

struct md5_hash {
	struct str	 magic, salt, text;
};

static bool
md5_read(struct str hash, struct md5_hash *out)
{
	const char *end;

	if (str_starts(hash, STR("$apr1$")))
		out->magic = STR("$apr1$");
	else if (str_starts(hash, STR("$1$")))
		out->magic = STR("$1$");
	else
		return false;
	hash = (struct str){ hash.p + out->magic.len, hash.len - out->magic.len };
	if (hash.len == 0 || (end = memchr(hash.p, '$', hash.len)) == NULL)
		return false;
	out->salt = (struct str){ hash.p, (size_t)(end - hash.p) };
	out->text = (struct str){ end + 1, hash.len - out->salt.len - 1 };
	return out->salt.len <= SALT_MOST && out->text.len == MD5_TEXT && is_of_alphabet(out->text);
}

/* The cost, 0: it is none of bcrypt. */
static unsigned
bcrypt_cost(struct str hash)
{
	unsigned cost;

	if (hash.len != BCRYPT_TEXT || !str_starts(hash, STR("$2")) ||
	    memchr("abxy", hash.p[2], 4) == NULL || hash.p[3] != '$' || hash.p[6] != '$' ||
	    hash.p[4] < '0' || hash.p[4] > '9' || hash.p[5] < '0' || hash.p[5] > '9' ||
	    !is_of_alphabet((struct str){ hash.p + 7, hash.len - 7 }))
		return 0;
	cost = (unsigned)(hash.p[4] - '0') * 10 + (unsigned)(hash.p[5] - '0');
	return cost >= BCRYPT_LEAST && cost <= BCRYPT_MOST ? cost : 0;
}

unsigned
password_usec(struct str hash)
{
	struct md5_hash md5;
	unsigned cost;

	if (is_sha(hash))
		return 1;
	if (md5_read(hash, &md5))
		return MD5_USEC;
	cost = bcrypt_cost(hash);
	return cost > 0 ? BCRYPT_USEC << cost : 0;
}

/* ---- whether it fits ---- */

static bool
sha_fits(struct str hash, struct str password)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned len = 0;
	struct buf text;
	bool fits;

	if (EVP_Digest(password.p, password.len, digest, &len, EVP_sha1(), NULL) != 1)
		return false;
	ASSERT(len == SHA1_BYTES);
	buf_init(&text, 64);
	base64_add(&text, (struct str){ (const char *)digest, len });
	fits = text.len == hash.len - 5 && CRYPTO_memcmp(hash.p + 5, text.p, text.len) == 0;
	buf_fini(&text);
	return fits;
}

/* One digest of several parts. */
static bool
md5_of(EVP_MD_CTX *c, const struct str *part, unsigned n, unsigned char out[MD5_BYTES])
{
	bool good = EVP_DigestInit_ex2(c, NULL, NULL) == 1;

	for (unsigned i = 0; i < n && good; i++)
		good = EVP_DigestUpdate(c, part[i].p, part[i].len) == 1;
	return good && EVP_DigestFinal_ex(c, out, NULL) == 1;
}

/* The first one: of password and salt, then of a digest of both as long as the password is, then a
 * zero or the password's first byte for each bit of its length. */
static bool
md5_begin(EVP_MD_CTX *c, const struct md5_hash *h, struct str pw, unsigned char out[MD5_BYTES])
{
	const struct str both[] = { pw, h->salt, pw };
	struct str part[3 + PASSWORD_MAX / MD5_BYTES + 1 + 11] = { pw, h->magic, h->salt };
	unsigned char inner[MD5_BYTES];
	unsigned n = 3;

	ASSERT(pw.len <= PASSWORD_MAX);
	if (!md5_of(c, both, 3, inner))
		return false;
	for (size_t left = pw.len; left > 0; left -= part[n - 1].len)
		part[n++] = (struct str){ (const char *)inner, left < MD5_BYTES ? left : MD5_BYTES };
	for (size_t bits = pw.len; bits > 0; bits >>= 1)
		part[n++] = bits & 1 ? (struct str){ "", 1 } : (struct str){ pw.p, 1 };
	ASSERT(n <= sizeof part / sizeof *part);
	return md5_of(c, part, n, out);
}

static bool
md5_rounds(EVP_MD_CTX *c, const struct md5_hash *h, struct str pw, unsigned char digest[MD5_BYTES])
{
	if (!md5_begin(c, h, pw, digest))
		return false;
	for (unsigned i = 0; i < MD5_ROUNDS; i++) {
		struct str last = { (const char *)digest, MD5_BYTES }, part[4];
		unsigned n = 0;
		part[n++] = i & 1 ? pw : last;
		if (i % 3 != 0)
			part[n++] = h->salt;
		if (i % 7 != 0)
			part[n++] = pw;
		part[n++] = i & 1 ? last : pw;
		if (!md5_of(c, part, n, digest))
			return false;
	}
	return true;
}

/* Six bits to a letter, the lowest first, of three bytes that are five apart. */
static void
md5_text(const unsigned char d[MD5_BYTES], char out[MD5_TEXT])
{
	size_t n = 0;
	unsigned v;

	for (unsigned i = 0; i < 5; i++) {
		v = (unsigned)d[i] << 16 | (unsigned)d[i + 6] << 8 | d[i == 4 ? 5 : i + 12];
		for (int k = 0; k < 4; k++, v >>= 6)
			out[n++] = alphabet[v & 63];
	}
	v = d[11];
	out[n++] = alphabet[v & 63];
	out[n++] = alphabet[v >> 6];
	ASSERT(n == MD5_TEXT);
}

static bool
md5_fits(const struct md5_hash *h, struct str password)
{
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	unsigned char digest[MD5_BYTES];
	char text[MD5_TEXT];
	bool good;

	good = c != NULL && EVP_DigestInit_ex2(c, EVP_md5(), NULL) == 1
	    && md5_rounds(c, h, password, digest);
	EVP_MD_CTX_free(c);
	if (!good)
		return false;
	md5_text(digest, text);
	return CRYPTO_memcmp(text, h->text.p, MD5_TEXT) == 0;
}

static bool
bcrypt_fits(struct str hash, struct str password)
{
	char phrase[PASSWORD_MAX + 1], setting[BCRYPT_TEXT + 1];
	struct crypt_data data = { .initialized = 0 };
	const char *out;
	bool fits;

	if (password.len > 0 && memchr(password.p, '\0', password.len) != NULL)
		return false;
	str_copy(phrase, sizeof phrase, password);
	str_copy(setting, sizeof setting, hash);
	setting[2] = 'y';
	out = crypt_r(phrase, setting, &data);
	fits = out != NULL && strlen(out) == BCRYPT_TEXT
	    && CRYPTO_memcmp(out + 3, hash.p + 3, BCRYPT_TEXT - 3) == 0;
	OPENSSL_cleanse(phrase, sizeof phrase);
	OPENSSL_cleanse(&data, sizeof data);
	return fits;
}

bool
password_fits(struct str hash, struct str password)
{
	struct md5_hash md5;

	if (password.len > PASSWORD_MAX)
		return false;
	if (is_sha(hash))
		return sha_fits(hash, password);
	if (md5_read(hash, &md5))
		return md5_fits(&md5, password);
	return bcrypt_cost(hash) > 0 && bcrypt_fits(hash, password);
}

bool
password_fits_as_slow(struct str hash, struct str slowest, struct str password)
{
	bool fits = hash.len > 0 && password_fits(hash, password);

	if (!fits && !str_eq(hash, slowest))
		(void)password_fits(slowest, password);
	return fits;
}

void
password_slower(struct str user, struct str *slowest)
{
	struct str name;

	if (str_split(&user, ':', &name) && password_usec(user) > password_usec(*slowest))
		*slowest = user;
}
