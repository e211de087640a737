/*
 * Authorization of a client: what is read points into what came, and means the same in upper case; an expression such as a hash
 * in a label is taken for one only if it can be looked at.
 */
#include "base/bug.h"
#include "base/password.h"
#include "base/credentials.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
within(struct str all, struct str part)
{
	ASSERT(part.len == 0 || part.p == NULL || (part.p >= all.p && part.p + part.len <= all.p + all.len)
	    || str_eq(part, STR("MD5")));
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct str in = { (const char *)bytes, len };
	struct basic_credentials b;
	struct digest_credentials d;

	if (basic_read(in, &b)) {
		within((struct str){ b.text, sizeof b.text }, b.user);
		within((struct str){ b.text, sizeof b.text }, b.password);
		ASSERT(memchr(b.user.p, ':', b.user.len) == NULL && !digest_read(in, &d));
	}
	if (digest_read(in, &d)) {
		const struct str part[] = { d.user, d.realm, d.nonce, d.uri, d.response, d.algorithm, d.opaque, d.qop, d.nc, d.cnonce };
		for (size_t i = 0; i < sizeof part / sizeof *part; i++)
			within(in, part[i]);
	}
	if (len < 80 && memchr(bytes, '\0', len) == NULL) {
		unsigned usec = password_usec(in);
		if (usec < 2000)	/* bcrypt takes its time */
			ASSERT(!password_fits(in, STR("a password")) || usec > 0);
	}
	return 0;
}
