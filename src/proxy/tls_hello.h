/*
 * tls_hello: the first message of a TLS client, read where it lies: which server does it name (SNI,
 * RFC 6066)? Nothing is decrypted and nothing is judged beyond what it takes to find the name. Of
 * a client that encrypts its ClientHello (ECH) that is the outer name. Pure.
 */
#ifndef PROXY_TLS_HELLO_H
#define PROXY_TLS_HELLO_H

#include "http/h1_read.h"

#define TLS_HELLO_MAX	16384	/* bytes of the message with its records; a longer one is refused */

struct tls_hello {
	bool	tls;		/* it begins as TLS does; false: with BAD alone, and with 0 bytes */
	size_t	len;		/* of the name, 0: none */
	char	name[256];	/* as it came, without a dot at its end */
};

/*
 * DONE: the whole message is there. MORE: it may become one. BAD: it is none, malformed or too
 * long; `tls` tells these apart. The message may come in any number of records.
 */
enum parse tls_hello_parse(struct str, struct tls_hello *);

#endif
