/*
 * sandbox: gives up rights for good. Afterwards the process can accept, connect over IPv4 and
 * IPv6, read and write what it has open, and nothing else: no file can be opened, no unix socket
 * reached (the Docker socket is one), nothing executed, no process started or traced.
 */
#ifndef MAIN_SANDBOX_H
#define MAIN_SANDBOX_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct sandbox_user {
	uid_t	uid;
	gid_t	gid;
};

/* Looks a user up by name; false when there is none. To be called before any right is given up. */
bool		 sandbox_user_find(const char *name, struct sandbox_user *);
/* NULL, or the step that failed (errno is set). `user` NULL: keep uid and gid. */
const char	*sandbox_enter(const struct sandbox_user *user);

/*
 * For the brain, who needs files, sockets and threads, and starts programs for dns-01: refuses what
 * it never needs, for those programs, too. The same for an agent, who then writes and executes no
 * file, either, and listens on no other port.
 */
const char	*sandbox_limit(void);
const char	*sandbox_read_only(void);

#endif
