/*
 * Certificates and keys from files: whatever PEM and DER hold, either the text is refused with a reason, or every name in
 * it covers itself (a wildcard: a host under it) and the rest can be asked for.
 */
#include "net/cert.c"
#include "net/cert_read.c"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
names_check(const struct cert *c)
{
	char host[300];

	for (unsigned i = 0; i < cert_count_names(c); i++) {
		struct str name = cert_name(c, i);

		snprintf(host, sizeof host, "%s%.*s", name.p[0] == '*' ? "a" : "",
		    STR_ARG(((struct str){ name.p + (name.p[0] == '*'), name.len - (name.p[0] == '*') })));
		if (!cert_covers(c, str_of(host)))
			BUG("a name of a certificate does not cover its host");
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct str pem = { (const char *)bytes, len };
	char detail[CERT_DETAIL_MAX] = "";
	struct cert *c = NULL;
	const struct why *why;

	if (len > 64 << 10)
		return 0;
	why = cert_parse(pem, &c, detail);
	if ((why == NULL) != (c != NULL) || strlen(detail) >= sizeof detail || ERR_peek_error() != 0)
		BUG("a result and a reason");
	if (c == NULL)
		return 0;
	names_check(c);
	if (cert_not_before(c) > INT64_MAX / 2 || strlen(cert_subject(c)) + strlen(cert_issuer(c)) > 2 * TEXT_MAX)
		BUG("what a certificate says");
	cert_unref(&c);
	return 0;
}
