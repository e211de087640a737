/*
 * access_check: which requests the admin interface accepts, and which of them may change something.
 */
#ifndef ADMIN_ACCESS_CHECK_H
#define ADMIN_ACCESS_CHECK_H

#include "admin/logins.h"
#include "conf/conf.h"
#include "http/server.h"

struct access_error {
	int		 status;	/* of the response */
	const char	*text;
	const char	*fields;	/* header lines, or NULL */
	bool		 guess;		/* a token or password that is wrong */
	char		 buffer[240];	/* where `text` may point to */
};

/* For requests over TCP. `hosts`: names besides localhost and IP addresses. False: *error is
 * set. */
bool	access_check_host(const struct request *, const struct conf_list *hosts,
    struct access_error *error);
/* Of a request over TCP: it comes from this machine, as far as can be seen. */
bool	access_is_local(const struct request *);
/* For requests over TCP that read, or change something. False: *error is set. */
bool	access_check_read(const struct request *, bool local, const struct conf *,
    const struct login *, struct access_error *error);
bool	access_check_write(const struct request *, const struct conf *, const struct login *,
    struct access_error *error);
/* For all that change something. */
bool	access_check_json(const struct request *, struct access_error *error);

#endif
