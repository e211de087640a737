/*
 * tls_rules: under which TLS options of the table (world/tls_options.h) a connection was made. A
 * copy, as the connection may outlive the table; NULL everywhere: none, its listener's own.
 */
#ifndef PROXY_TLS_RULES_H
#define PROXY_TLS_RULES_H

#include "net/tls.h"
#include "world/table.h"

#define TLS_RULES_PROTOCOLS 256	/* bytes of a list of protocols */

struct tls_rules;

struct tls_rules *tls_rules_new(const struct table *, const struct table_tls *);
void		 tls_rules_free(void *);
/* Whether these are what the table says now; what is broken is like none. */
bool		 tls_rules_same(const struct tls_rules *, const struct table *, const struct table_tls *);
/* Whether clients have shown what the options demand now. */
bool		 tls_rules_admit(const struct tls_rules *, const struct table *, const struct table_tls *);
bool		 tls_rules_strict(const struct tls_rules *);
/* Puts them into what the listener says. `http`: protocols are those of requests. WHY_TLS_CLASH:
 * there is nothing that is both. `*tickets`: becomes NULL where sessions are not resumed. */
const struct why *tls_rules_apply(const struct tls_rules *, bool http, struct tls_server_conf *,
		    const struct tls_tickets **tickets, char protocols[TLS_RULES_PROTOCOLS]);

#endif
