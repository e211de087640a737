/*
 * cert: how long a certificate lives, and what others may know of it; cert_read.c makes it.
 */
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "net/cert_priv.h"

/* ---- life ---- */

void
cert_free(struct cert *c)
{
	for (unsigned i = 0; i < c->nnames; i++)
		free(c->name[i]);
	free(c->name);
	free(c->subject);
	free(c->issuer);
	free(c->serial);
	X509_free(c->leaf);
	EVP_PKEY_free(c->key);
	sk_X509_pop_free(c->chain, X509_free);
	free(c);
}

struct cert *
cert_ref(struct cert *c)
{
	ASSERT(c->refs > 0);
	c->refs++;
	return c;
}

void
cert_unref(struct cert **cp)
{
	struct cert *c = *cp;

	*cp = NULL;
	if (c == NULL)
		return;
	ASSERT(c->refs > 0);
	if (--c->refs == 0)
		cert_free(c);
}

/* ---- questions ---- */

unsigned
cert_count_names(const struct cert *c)
{
	return c->nnames;
}

struct str
cert_name(const struct cert *c, unsigned i)
{
	ASSERT(i < c->nnames);
	return str_of(c->name[i]);
}

/* Is `name`, of a certificate, that of the host? "*.b" is that of a.b, not of b or of x.a.b. */
static bool
name_covers(struct str name, struct str host)
{
	const char *dot;

	if (str_eq_nocase(name, host))
		return true;
	if (name.len < 2 || name.p[0] != '*' || (dot = memchr(host.p, '.', host.len)) == NULL)
		return false;
	return dot > host.p && str_eq_nocase((struct str){ name.p + 1, name.len - 1 },
	    (struct str){ dot, host.len - (size_t)(dot - host.p) });
}

bool
cert_covers(const struct cert *c, struct str host)
{
	if (host.len == 0 || host.p[0] == '*')
		return false;
	for (unsigned i = 0; i < c->nnames; i++)
		if (name_covers(str_of(c->name[i]), host))
			return true;
	return false;
}

const char *
cert_subject(const struct cert *c)
{
	return c->subject;
}

const char *
cert_issuer(const struct cert *c)
{
	return c->issuer;
}

const char *
cert_serial(const struct cert *c)
{
	return c->serial;
}

int64_t
cert_not_before(const struct cert *c)
{
	return c->not_before;
}

int64_t
cert_not_after(const struct cert *c)
{
	return c->not_after;
}

enum cert_kind
cert_kind(const struct cert *c)
{
	return c->kind;
}

const char *
cert_kind_name(enum cert_kind k)
{
	static const char *const names[CERT_KINDS] = { "rsa", "ecdsa", "eddsa" };

	ASSERT((unsigned)k < CERT_KINDS);
	return names[k];
}

unsigned
cert_key_bits(const struct cert *c)
{
	return c->key_bits;
}

unsigned
cert_chain_len(const struct cert *c)
{
	return (unsigned)sk_X509_num(c->chain);
}

const char *
cert_warning(const struct cert *c)
{
	return c->warning;
}

X509 *
cert_x509(const struct cert *c)
{
	return c->leaf;
}

EVP_PKEY *
cert_key(const struct cert *c)
{
	return c->key;
}

STACK_OF(X509) *
cert_chain(const struct cert *c)
{
	return c->chain;
}
