/*
 * faults: what is wrong with a file, gathered so that a reader learns all of it at once.
 * Bounded: past FAULTS_MAX they are only counted.
 */
#ifndef CONF_FAULTS_H
#define CONF_FAULTS_H

#include <stdbool.h>

#include "base/buf.h"

#define FAULTS_MAX	50

struct fault {
	int	 line;
	bool	 doubt;		/* the file is good all the same */
	char	*text;
};

struct faults {			/* zeroed memory is none */
	struct fault	 fault[FAULTS_MAX];
	unsigned	 n, beyond;
	unsigned	 wrong;		/* of them that are no doubts */
};

/* `where` names the key, "" when it is about the file. */
void	faults_add(struct faults *, int line, const char *where, const char *fmt,
    ...) __attribute__((format(printf, 4, 5)));
/* What is probably not meant. */
void	faults_doubt(struct faults *, int line, const char *where, const char *fmt,
    ...) __attribute__((format(printf, 4, 5)));
/* by line; "file:line: where: text" each; without any, doubts: "file:line: warning: where: text" */
void	faults_write(struct faults *, const char *file, struct buf *);
void	faults_fini(struct faults *);

#endif
