/*
 * client_h2: a simulated client of HTTP/2 without TLS: its calls are streams of one connection, several at once, and of others once
 * that one ends. It has nghttp2 for the frames, as Mola has.
 */
#ifndef SIM_CLIENT_H2_H
#define SIM_CLIENT_H2_H

#include "plan.h"

struct client_h2;

struct client_h2 *client_h2_new(const struct plan *, unsigned number, const struct addr *proxy);
bool		 client_h2_is_done(const struct client_h2 *);

#endif
