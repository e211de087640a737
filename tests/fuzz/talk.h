/*
 * talk: sockets for targets that wait: the loop is turned until nothing moves any more.
 */
#ifndef FUZZ_TALK_H
#define FUZZ_TALK_H

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/bug.h"
#include "net/loop.h"
#include "net/sock.h"

#define TALK_TURNS 8	/* in which a piece gets from one socket of this process through Mola to another */

/* A unix socket that listens, of this process: TCP would run out of ports. */
static inline int
talk_listen(const char *name, struct addr *a)
{
	char text[100];
	int fd;

	snprintf(text, sizeof text, "unix:/tmp/mola-fuzz-%d-%s", (int)getpid(), name);
	ASSERT(addr_parse(str_of(text), a) == NULL);
	ASSERT(sock_listen(a, false, &fd) == NULL);
	return fd;
}

static inline int
talk_dial(const struct addr *a)
{
	int fd;

	ASSERT(sock_connect(a, &fd) == NULL);
	return fd;
}

static inline void
talk_turn(struct loop *l)
{
	for (int i = 0; i < TALK_TURNS; i++)
		loop_turn(l, 0);
}

/* What is there is read and thrown away. False: the other side has ended. */
static inline bool
talk_hear(int fd)
{
	char some[4096];
	ssize_t n;

	while ((n = recv(fd, some, sizeof some, MSG_DONTWAIT)) > 0)
		continue;
	return n < 0 && errno == EAGAIN;
}

/* Says as much as the socket takes, in two pieces. */
static inline void
talk_say(struct loop *l, int fd, struct str s)
{
	size_t cut = s.len > 0 ? (unsigned char)s.p[0] % (s.len + 1) : 0;

	(void)!send(fd, s.p, cut, MSG_DONTWAIT | MSG_NOSIGNAL);
	loop_turn(l, 0);
	(void)!send(fd, s.p + cut, s.len - cut, MSG_DONTWAIT | MSG_NOSIGNAL);
	talk_turn(l);
}

/* The input's next part: a line of "----" stands between two. */
static inline bool
talk_part(struct str *rest, struct str *part)
{
	const char *at;

	if (rest->p == NULL)
		return false;
	at = rest->len == 0 ? NULL : memmem(rest->p, rest->len, "----\n", 5);
	*part = (struct str){ rest->p, at == NULL ? rest->len : (size_t)(at - rest->p) };
	*rest = at == NULL ? (struct str){ NULL, 0 } : (struct str){ at + 5, rest->len - part->len - 5 };
	return true;
}

/* A part is a step: its first line has a letter, with a number behind it (below 1000; 0: none), and
 * words, of which *line has what follows the first; *part has the lines behind it. 0: it is empty. */
static inline char
talk_step(struct str *part, struct str *line, unsigned *n)
{
	struct str word;
	char verb;

	*n = 0;
	if (!str_split(part, '\n', line) || line->len == 0)
		return 0;
	verb = *line->p;
	str_split(line, ' ', &word);
	for (size_t i = 1; i < word.len && word.p[i] >= '0' && word.p[i] <= '9'; i++)
		*n = (*n * 10 + (unsigned)(word.p[i] - '0')) % 1000;
	return verb;
}

#endif
