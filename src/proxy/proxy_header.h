/*
 * proxy_header: the header of the PROXY protocol, versions 1 and 2, with which a proxy in front
 * of us says whose connection it passes on (haproxy.org, doc/proxy-protocol.txt). Pure.
 */
#ifndef PROXY_PROXY_HEADER_H
#define PROXY_PROXY_HEADER_H

#include "http/h1_read.h"
#include "net/ip.h"
#include "world/table.h"

#define PROXY_HEADER_MAX	(16 + 4096)	/* bytes that are read of one */

struct proxy_header {
	/* the connection is the proxy's own, or it does not know whose: `source` is not set */
	bool		local;
	struct ip	source;
	uint16_t	source_port;
};

#define PROXY_SENT_MAX		107	/* bytes of one that is written */

/* The ends of a client's connection. */
struct proxy_ends {
	struct ip	source, here;
	uint16_t	source_port, here_port;
};

/* DONE: it is the first *used bytes of `in`. MORE: so far it may become one. BAD: it is none, or
 * one that is not understood. */
enum parse	proxy_header_parse(struct str in, struct proxy_header *, size_t *used);
/* Writes one of this version. NULL: of a connection whose client is not known, or that has none. */
size_t		proxy_header_write(char out[PROXY_SENT_MAX], enum proxy_version, const struct proxy_ends *);

#endif
