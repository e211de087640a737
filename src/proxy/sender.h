/*
 * sender: what is known of the other end of a client's connection, and of the client behind it.
 * Pure.
 */
#ifndef PROXY_SENDER_H
#define PROXY_SENDER_H

#include "http/message.h"
#include "net/ip.h"

struct sender {
	struct ip	ip;		/* the other end of the connection, or what its PROXY header names */
	const char	*cert_info;	/* of its certificate, as tasks get it; NULL: it has shown none */
	bool		trusted;	/* a proxy: its fields about the client are believed */
	bool		tls;		/* its connection is */
	uint8_t		len;
	char		text[IP_TEXT_MAX];	/* the address: made once per connection */
};

void		sender_init(struct sender *, const struct ip *, bool trusted);
struct str	sender_peer(const struct sender *);	/* its address as text */

/*
 * The client behind the proxies: the right-most address of X-Forwarded-For that is not in
 * `trusted`. A sender that is not trusted is the client itself. A part that is no address ends
 * the search: the proxy that wrote it is the last that is known.
 */
struct ip	sender_client(const struct sender *, const struct message *, const struct ip_net *trusted,
		    unsigned ntrusted);

#endif
