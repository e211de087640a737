/*
 * sender: who sends the requests of a client's connection, and what every one of them says of it: X-Forwarded-For and its kind.
 * Pure.
 */
#ifndef PROXY_SENDER_H
#define PROXY_SENDER_H

#include "http/msg.h"
#include "net/ip.h"

#define SENDER_LINES_MAX 192

struct sender {
	struct ip	ip;		/* the other end of the connection, or whom its PROXY header names */
	bool		trusted;	/* a proxy: what it says of the client is believed */
	uint8_t		peer_at, peer_len, len;
	char		lines[SENDER_LINES_MAX];	/* len bytes, then the beginning of an X-Forwarded-Host */
};

void		sender_init(struct sender *, const struct ip *, bool trusted);
struct str	sender_peer(const struct sender *);	/* its address as text */
/* X-Forwarded-For, X-Real-IP and X-Forwarded-Proto, whole lines; sender_host_name touches it, so that a gather joins both. */
struct str	sender_lines(const struct sender *);
struct str	sender_host_name(const struct sender *);	/* "X-Forwarded-Host: " */

/*
 * The client behind the proxies: the right-most address of X-Forwarded-For that is not in `trusted`. A sender that is not
 * trusted is the client itself. A part that is no address ends the search: whoever wrote it is the last that is known.
 */
struct ip	sender_client(const struct sender *, const struct head *, const struct ip_net *trusted, unsigned ntrusted);

#endif
