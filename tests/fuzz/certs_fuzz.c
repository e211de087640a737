/*
 * A certificate's file and its key's file, apart by a byte of zero, become one text for workers, in which the second file
 * has left keys alone; a bundle of CAs. Whatever they hold is refused with a reason, or it is what it claims to be.
 */
#include "certs/certs_file.c"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
content_check(struct str text, enum item_kind kind)
{
	char detail[CERTS_DETAIL_MAX] = "";
	struct content c = { .cert = NULL };
	const struct why *why = content_parse(text, kind, &c, detail);

	if ((why == NULL) != (c.pem.p != NULL) || strlen(detail) >= sizeof detail)
		BUG("a result or a reason");
	if (why == NULL && (!str_eq(pem_str(&c.pem), text) || (c.cert != NULL) != (kind == ITEM_CERT) ||
	    (c.ncas > 0) != (kind == ITEM_CA)))
		BUG("what was parsed is what was given");
	content_free(&c);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct str all = { (const char *)bytes, len }, first, second = { "", 0 };
	struct pem cert, key, both;

	if (len > 64 << 10)
		return 0;
	if (!str_split(&all, '\0', &first))
		first = (struct str){ "", 0 };
	else
		second = all;
	cert = pem_copy(first);
	key = pem_copy(second);
	both = pem_join(&cert, &key);
	if (both.len > cert.len + key.len + 2 || memcmp(both.p, cert.p, cert.len) != 0)
		BUG("the certificate's file is first, and whole");
	content_check(pem_str(&both), ITEM_CERT);
	content_check(first, ITEM_CERT);
	content_check(first, ITEM_CA);
	pem_free(&both);
	pem_free(&key);
	pem_free(&cert);
	return 0;
}
