/*
 * access_check: which requests the admin interface accepts, and which of them may change something.
 */
#ifndef ADMIN_ACCESS_CHECK_H
#define ADMIN_ACCESS_CHECK_H

#include "conf/conf.h"
#include "http/server.h"

struct access_error {
	int		 status;	/* of the response */
	const char	*text;
	const char	*fields;	/* header lines, or NULL */
	char		 buffer[240];	/* where `text` may point to */
};

/* For requests over TCP. `hosts`: names besides localhost and IP addresses. False: *error is
 * set. */
bool	access_check_host(const struct request *, const struct conf_list *hosts,
    struct access_error *error);
/* For requests that change something. `token` NULL: none is configured. False: *error is set. */
bool	access_check_write(const struct request *, bool tcp, const char *token,
    struct access_error *error);

#endif
