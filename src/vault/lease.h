/*
 * lease: the right to order certificates, which one Mola of all that share a vault has. It is an
 * object that is made once and never removed; who has the right is in its labels, which are
 * updated with their version, so that of two who try one is refused.
 *
 * Nothing depends on a wall clock: a holder has the right until 45 s after it began its last good
 * beat; others take over when the version has not moved for 60 s of their own monotonic clock,
 * from the end of one good read to the beginning of another.
 *
 *	free --beat--> held --beat, every 15 s--> held --release--> free
 *	                 `--60 s without a beat--> free for all
 *
 * Pure: it is told what was read, what a write has come to and what time it is, and says what
 * to do next.
 */
#ifndef VAULT_LEASE_H
#define VAULT_LEASE_H

#include "vault/vault.h"

#define LEASE_HOLDER_MAX	80
#define LEASE_BEAT_USEC		(15 * USEC_PER_SEC)
#define LEASE_RIGHT_USEC	(45 * USEC_PER_SEC)
#define LEASE_UNMOVED_USEC	(60 * USEC_PER_SEC)

enum lease_step {
	LEASE_REST,			/* nothing before `until_usec` */
	LEASE_READ,			/* the vault is to be read */
	LEASE_CREATE,			/* the object is to be created, held */
	LEASE_BEAT,			/* its holder is to be set, or confirmed */
	LEASE_RELEASE			/* its holder is to be removed */
};

struct lease {
	char		 me[LEASE_HOLDER_MAX];	/* another text after each start */
	bool		 alone;			/* nobody else can hold it: it is taken at once */
	bool		 wanted;
	int64_t		 wanted_usec;		/* from then on */
	/* as it was read last */
	bool		 known, exists, foreign;
	uint64_t	 version;
	char		 holder[LEASE_HOLDER_MAX];
	int64_t		 unmoved_usec;		/* the end of the first read that showed this version */
	int64_t		 begun_usec;		/* of the last read */
	/* one's own writes */
	bool		 writing, releasing;
	int64_t		 write_usec;		/* the last one began */
	int64_t		 beat_usec;		/* the last good beat began; 0: none since it was lost */
	int64_t		 rest_usec;		/* no other write before */
	int64_t		 asked_usec;		/* a read was requested */
	bool		 soon;			/* a beat is to come at once */
};

void	lease_init(struct lease *, const char *me, bool alone);
/* From `usec` on, which lets several that want it at the same moment wait for different times. */
void	lease_want(struct lease *, int64_t usec);
void	lease_unwant(struct lease *);
void	lease_beat_soon(struct lease *);	/* there is something to write along with a beat */

/* After each good read; NULL: there is no such object. `foreign`: it is of others who do not share
 * our secret, and left alone. */
void	lease_read(struct lease *, int64_t begun_usec, int64_t ended_usec, const struct vault_object *,
	    bool foreign);
/* A step that writes was begun. */
void	lease_sent(struct lease *, enum lease_step, int64_t now_usec);
/* What it has come to; what was read to find out comes first, by lease_read. */
void	lease_written(struct lease *, enum vault_end, int64_t now_usec);

enum lease_step lease_next(struct lease *, int64_t now_usec, int64_t *until_usec);
/* Whether one has the right at this moment. */
bool	lease_may_act(const struct lease *, int64_t now_usec);

#endif
