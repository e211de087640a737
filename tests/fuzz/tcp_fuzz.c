/*
 * As proxy_fuzz.c, on a listener whose connections are relayed: those of TLS clients that name certain servers; of one of these,
 * TLS ends here, as far as it goes without a certificate. What the others send is HTTP.
 */
#define RELAYED
#include "proxy_fuzz.c"

static void
relayed(struct table_maker *m)
{
	table_maker_tcp(m, &(struct table_tcp){ .listener = table_maker_text(m, STR("front")),
	    .host = table_maker_text(m, STR("*.example.org")) });
	table_maker_tcp(m, &(struct table_tcp){ .listener = table_maker_text(m, STR("front")),
	    .host = table_maker_text(m, STR("no.example.org")), .service = TABLE_REFUSED });
	table_maker_tcp(m, &(struct table_tcp){ .listener = table_maker_text(m, STR("front")),
	    .host = table_maker_text(m, STR("end.example.org")), .ends_tls = true });
}
