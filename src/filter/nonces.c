/*
 * A nonce is the second in which it was made and a random number, signed. A word of 64 bits notes
 * one that is in use: a part of its signature, its second, and the highest count so far; workers
 * change words by compare and swap. Where another has to give way, its place remembers how old
 * that was: what is not older and not there is new, anything else is stale, and never good again.
 */
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/random.h>

#include "base/bug.h"
#include "base/clock.h"
#include "filter/nonces.h"

#define SETS		1024
#define WAYS		4
#define KEY_BYTES	32
#define MAC_BYTES	8
#define STAMP_TEXT	32		/* digits of the second and the random number */
#define COUNT_BITS	20
#define SEC_BITS	16
#define COUNT_MOST	((UINT64_C(1) << COUNT_BITS) - 1)
#define SEC_MASK	((UINT64_C(1) << SEC_BITS) - 1)
#define TRIES		64		/* others may be at the same word */

struct place {
	_Atomic uint64_t word[WAYS];
	_Atomic uint64_t gone_sec;	/* the youngest that had to give way; 0: none */
};

struct nonces {
	unsigned char	 key[KEY_BYTES];
	char		 opaque[OPAQUE_TEXT + 1];
	struct place	 place[SETS];
};

struct nonces *
nonces_new(void)
{
	unsigned char raw[OPAQUE_TEXT / 2];
	struct nonces *n;

	n = mmap(NULL, sizeof *n, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (n == MAP_FAILED)
		BUG("no memory for nonces");
	(void)madvise(n, sizeof *n, MADV_DONTDUMP);
	if (getrandom(n->key, sizeof n->key, 0) != sizeof n->key
	    || getrandom(raw, sizeof raw, 0) != sizeof raw)
		BUG("there is no randomness");
	for (size_t i = 0; i < sizeof raw; i++)
		snprintf(n->opaque + 2 * i, 3, "%02x", raw[i]);
	return n;
}

void
nonces_free(struct nonces **np)
{
	if (*np != NULL)
		munmap(*np, sizeof **np);
	*np = NULL;
}

struct str
nonces_opaque(const struct nonces *n)
{
	return str_of(n->opaque);
}

/* ---- making and reading ---- */

static bool
sign(const struct nonces *n, const char stamp[STAMP_TEXT], char out[2 * MAC_BYTES + 1])
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned len = 0;

	if (HMAC(EVP_sha256(), n->key, sizeof n->key, (const unsigned char *)stamp, STAMP_TEXT, digest,
	    &len) == NULL || len < MAC_BYTES)
		return false;
	for (size_t i = 0; i < MAC_BYTES; i++)
		snprintf(out + 2 * i, 3, "%02x", digest[i]);
	return true;
}

void
nonce_make(const struct nonces *n, int64_t now_usec, char out[NONCE_TEXT + 1])
{
	uint64_t some;

	ASSERT(now_usec >= 0);
	if (getrandom(&some, sizeof some, 0) != sizeof some)
		BUG("there is no randomness");
	snprintf(out, STAMP_TEXT + 1, "%016llx%016llx", (unsigned long long)(now_usec / USEC_PER_SEC),
	    (unsigned long long)some);
	if (!sign(n, out, out + STAMP_TEXT))
		BUG("SHA-256 is missing");
}

static bool
hex_read(struct str s, uint64_t *out)
{
	*out = 0;
	for (size_t i = 0; i < s.len; i++) {
		char c = s.p[i];
		if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')))
			return false;
		*out = *out << 4 | (uint64_t)(c <= '9' ? c - '0' : c - 'a' + 10);
	}
	return true;
}

/* When a nonce of ours was made; false: it is none. */
static bool
nonce_read(const struct nonces *n, struct str text, uint64_t *sec, uint64_t *mac)
{
	char want[2 * MAC_BYTES + 1];

	if (text.len != NONCE_TEXT || !hex_read((struct str){ text.p, 16 }, sec) ||
	    !hex_read((struct str){ text.p + STAMP_TEXT, 2 * MAC_BYTES }, mac))
		return false;
	return sign(n, text.p, want)
	    && CRYPTO_memcmp(want, text.p + STAMP_TEXT, 2 * MAC_BYTES) == 0;
}

/* ---- counting ---- */

static uint64_t
word_of(uint64_t mac, uint64_t sec, uint64_t count)
{
	return (mac & ~((UINT64_C(1) << (COUNT_BITS + SEC_BITS)) - 1)) | (sec & SEC_MASK) << COUNT_BITS
	    | count;
}

static bool
is_of_same(uint64_t a, uint64_t b)
{
	return a >> COUNT_BITS == b >> COUNT_BITS;
}

/* The second of a word, which was at most some hours ago. */
static uint64_t
sec_of(uint64_t word, uint64_t now_sec)
{
	uint64_t sec = (now_sec & ~SEC_MASK) | (word >> COUNT_BITS & SEC_MASK);

	return sec > now_sec ? sec - SEC_MASK - 1 : sec;
}

static void
note_gone(struct place *p, uint64_t sec)
{
	uint64_t gone = p->gone_sec;

	while (gone < sec && !atomic_compare_exchange_weak(&p->gone_sec, &gone, sec))
		;
}

/* A nonce that is not there yet takes the place of the oldest. False: others were faster. */
static bool
place_take(struct place *p, uint64_t word, uint64_t now_sec)
{
	unsigned at = 0;
	uint64_t old[WAYS], sec, least = UINT64_MAX;

	for (unsigned i = 0; i < WAYS; i++) {
		old[i] = p->word[i];
		sec = old[i] == 0 ? 0 : sec_of(old[i], now_sec);
		if (sec < least) {
			least = sec;
			at = i;
		}
	}
	if (least > 0)		/* before it is gone: another worker may see its request meanwhile */
		note_gone(p, least);
	return atomic_compare_exchange_strong(&p->word[at], &old[at], word);
}

/* Two workers may have put it there at once: then neither request may pass. */
static bool
is_there_once(const struct place *p, uint64_t word)
{
	unsigned n = 0;

	for (unsigned i = 0; i < WAYS; i++)
		n += is_of_same(p->word[i], word);
	return n <= 1;
}

/* Of a nonce that is there. */
static enum nonce_verdict
word_raise(_Atomic uint64_t *at, uint64_t old, uint64_t word)
{
	do {
		if (!is_of_same(old, word))
			return NONCE_STALE;
		if (old >= word)
			return old == word ? NONCE_REPLAYED : NONCE_STALE;
	} while (!atomic_compare_exchange_weak(at, &old, word));
	return NONCE_GOOD;
}

enum nonce_verdict
nonce_use(struct nonces *n, struct str text, uint64_t count, int64_t now_usec)
{
	uint64_t now_sec = (uint64_t)(now_usec / USEC_PER_SEC), sec, mac, word, old;
	struct place *p;

	if (!nonce_read(n, text, &sec, &mac) || sec > now_sec ||
	    now_sec - sec >= NONCE_USEC / USEC_PER_SEC || count == 0 || count > COUNT_MOST)
		return NONCE_STALE;
	word = word_of(mac, sec, count);
	p = &n->place[mac % SETS];
	for (unsigned t = 0; t < TRIES; t++) {
		for (unsigned i = 0; i < WAYS; i++)
			if ((old = p->word[i]) != 0 && is_of_same(old, word))
				return word_raise(&p->word[i], old, word);
		if (sec <= p->gone_sec)
			return NONCE_STALE;
		if (place_take(p, word, now_sec))
			return is_there_once(p, word) ? NONCE_GOOD : NONCE_STALE;
	}
	return NONCE_STALE;
}
