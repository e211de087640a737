/*
 * tls_options: what a handshake with a client has to be for certain server names: Traefik's TLS
 * options. A connection without any has what its listener says.
 */
#ifndef WORLD_TLS_OPTIONS_H
#define WORLD_TLS_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

/* What clients have to show. REQUEST, ANY: a certificate, of whomever; it is not verified. */
enum tls_auth { TLS_AUTH_NONE, TLS_AUTH_REQUEST, TLS_AUTH_ANY, TLS_AUTH_IF_GIVEN, TLS_AUTH_VERIFY,
    TLS_AUTHS };

struct tls_options {
	char		*name;			/* for people */
	unsigned	 min_version, max_version;	/* 12, 13; 0: not said */
	unsigned	 suites, groups;	/* bits: rows of tbl/suites.h, tbl/groups.h; 0: not said */
	enum tls_auth	 auth;
	char		*ca;			/* PEM: whom certificates are verified with; "": nobody is named */
	char		*protocols;		/* of ALPN, with commas between them; "": not said */
	bool		 strict;		/* only a certificate for the name is shown */
	bool		 no_tickets;		/* sessions are not resumed */
	bool		 broken;		/* there are no handshakes for these names */
};

/* Whose handshakes. */
struct tls_host {
	char		*host;			/* as in a route, "*." apart; "": all that no other has */
	uint64_t	 on;			/* bits of listeners; 0: all of them */
	unsigned	 options;		/* which of them */
};

#endif
