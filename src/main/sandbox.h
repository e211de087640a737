/*
 * sandbox: gives up rights for good. Afterwards the process can accept, connect over IPv4 and
 * IPv6, read and write what it has open, and nothing else: no file can be opened, no unix socket
 * reached (the Docker socket is one), nothing executed, no process started or traced.
 */
#ifndef MAIN_SANDBOX_H
#define MAIN_SANDBOX_H

#include <stdbool.h>
#include <sys/types.h>

struct sandbox_user {
	uid_t	uid;
	gid_t	gid;
};

/* Looks a user up by name; false when there is none. To be called before any right is given up. */
bool		 sandbox_user_find(const char *name, struct sandbox_user *);
/* NULL, or the step that failed (errno is set). `user` NULL: keep uid and gid. */
const char	*sandbox_enter(const struct sandbox_user *user);

#endif
