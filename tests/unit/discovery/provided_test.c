/* Certificates that Traefik's files name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "discovery/provided.h"

/* "cert /a.pem /a.key; ca /b.pem; ..." */
static void
expect(const char *first, const char *second, const char *expected)
{
	static const char *const kinds[] = { [PROVIDED_CERT] = "cert", [PROVIDED_TASK_CA] = "ca", [PROVIDED_TASK_CERT] = "task" };
	const struct swarm_file file[] = { { "/1.yml", first, NULL }, { "/2.yml", second, "broken" } };
	struct arena *a = arena_new();
	const struct provided_cert *list;
	unsigned n = provided_certs(a, file, 2, &list);
	char out[500] = "";
	size_t len = 0;

	for (unsigned i = 0; i < n; i++)
		len += (size_t)snprintf(out + len, sizeof out - len, "%s%s %s%s%s", i > 0 ? "; " : "", kinds[list[i].kind], list[i].cert,
		    list[i].key == NULL ? "" : " ", list[i].key == NULL ? "" : list[i].key);
	assert_string_equal(out, expected);
	arena_free(&a);
}

static void
each_is_found_with_its_key(void **state)
{
	(void)state;
	expect("3 tls.certificates[0].certFile=/a.pem\n4 tls.certificates[0].keyFile=/a.key\n"
	    "5 tls.certificates[1].keyFile=/b.key\n6 tls.certificates[1].certFile=/b.pem\n",
	    "3 tls.certificates[0].certFile=/c.pem\n", "cert /a.pem /a.key; cert /b.pem /b.key; cert /c.pem");
	expect("1 tls.stores.default.defaultCertificate.certFile=/a.pem\n1 tls.stores.default.defaultCertificate.keyFile=/a.key\n", NULL,
	    "cert /a.pem /a.key");
	expect("1 http.serversTransports.t.rootCAs=/ca.pem\n2 http.serversTransports.t.certificates[0].certFile=/c.pem\n"
	    "3 http.serversTransports.t.certificates[0].keyFile=/c.key\n", NULL, "ca /ca.pem; task /c.pem /c.key");
}

static void
there_may_be_several_cas(void **state)
{
	(void)state;
	expect("1 http.serversTransports.t.rootCAs=/a.pem, /b.pem\n1 http.serversTransports.u.rootCAs=/c.pem\n", NULL, "ca /a.pem; ca /b.pem; ca /c.pem");
}

static void
what_is_no_path_is_none(void **state)
{
	(void)state;
	expect("1 tls.certificates[0].certFile=-----BEGIN CERTIFICATE-----\n", "", "");
	expect("1 tls.certificates[0].keyFile=/a.key\n", "1 http.serversTransports.t.rootCAs=b.pem,\n", "");
	expect("1 http.routers.r.certFile=/a.pem\n1 tls.certificates=/a.pem\n", "nonsense\n5 \n=\n\n", "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_is_found_with_its_key),
		cmocka_unit_test(there_may_be_several_cas),
		cmocka_unit_test(what_is_no_path_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
