/*
 * logins: who sends a request, by its token (Authorization: Bearer) or its user and password
 * (Basic). A hash of a password that takes long is computed by a thread, and the request waits for
 * it: the loop does not.
 */
#ifndef ADMIN_LOGINS_H
#define ADMIN_LOGINS_H

#include "conf/conf.h"
#include "http/server.h"

#define LOGIN_USER_MAX	64

enum login_state {
	LOGIN_NONE,		/* it says nothing of that */
	LOGIN_WRONG,		/* there is no such token or user, or it is another password */
	LOGIN_BUSY,		/* too many wait already */
	LOGIN_FITS
};

struct login {
	enum login_state state;
	bool		 read, write;
	char		 user[LOGIN_USER_MAX];		/* or the name of the token; cut off, printable */
};

typedef void	login_f(void *arg, struct request *, const struct login *);

struct logins;

/* `done` is called for requests that logins_check keeps. */
struct logins	*logins_new(struct loop *, login_f *done, void *arg);
/* Those that wait get LOGIN_BUSY. */
void		 logins_free(struct logins **);
/* True: *out has it. False: `done` gets it in a later turn. Without `passwords`, one that is sent
 * is not looked at: LOGIN_NONE. */
bool		 logins_check(struct logins *, const struct conf *, struct request *, bool passwords,
		    struct login *out);
/* Is there a token that has the scope? */
bool		 logins_has_token(const struct conf *, const char *scope);

#endif
