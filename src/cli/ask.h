/*
 * ask: questions to a running Mola, and the options that all asking verbs share.
 */
#ifndef CLI_ASK_H
#define CLI_ASK_H

#include <jansson.h>
#include <stdbool.h>

#include "base/buf.h"

struct ask {
	const char	*verb;
	const char	*where;		/* unix:/path, /path or http://host:port */
	const char	*token_file;	/* NULL: none */
	bool		 json;		/* print the answer as JSON and nothing else */
	bool		 undo, task;	/* drain only */
	bool		 dry_run;	/* targets only */
	char		**arg;		/* what stands beside the options */
	int		 nargs;
};

#define ASK_GO_ON (-1)

/* From the command line. ASK_GO_ON, or the exit status: help was given, or misuse told. */
int	ask_init(struct ask *, int argc, char **argv, int args_least, int args_most);

/* `path` begins with '/'; `body` NULL: GET, else POST. NULL: told on stderr what was wrong, exit with 1. The caller
 * ends it with json_decref. */
json_t	*ask_get(const struct ask *, const char *path);
json_t	*ask_post(const struct ask *, const char *path, const json_t *body);
/* What is not JSON: GET `path` and add its body to `out`, whose ceiling holds. The status; 0: told on stderr. */
long	ask_plain(const struct ask *, const char *path, struct buf *out);
/* `text` made fit for a query: the caller frees. */
char	*ask_escape(const char *text);
/* For --json: prints and returns the exit status. */
int	ask_print(const json_t *);

#endif
