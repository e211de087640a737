/*
 * api: requests to the admin interface of a running Mola, and the options of all verbs that send
 * them.
 */
#ifndef CLI_API_H
#define CLI_API_H

#include <jansson.h>
#include <stdbool.h>

#include "base/buf.h"

struct api {
	const char	*verb;
	const char	*where;		/* unix:/path, /path or http://host:port */
	const char	*token_file;	/* NULL: none */
	bool		 json;		/* print the response as JSON and nothing else */
	bool		 undo, task;	/* drain only */
	bool		 dry_run;	/* targets only */
	const char	*with, *with_tls, *mola, *mola_tls, *most;	/* compare only; NULL: not given */
	bool		 follow;	/* events only */
	const char	*level, *since;	/* events only; NULL: not given */
	const char	*seconds, *output, *limit;	/* record only; NULL: not given */
	bool		 names;		/* record only */
	char		**arg;		/* the arguments that are not options */
	int		 nargs;
};

#define API_GO_ON (-1)

/*
 * From the command line. Returns API_GO_ON, with nargs between the two bounds, or the exit status:
 * help was printed, or misuse was reported.
 */
int	api_init(struct api *, int argc, char **argv, int args_least, int args_most);
/* One of the two words, which make another verb of this one, is among its arguments. */
bool	api_is_called(int argc, char **argv, const char *word, const char *other);

/*
 * GET of `path`, or of path?key=value where `value` is not NULL; POST of `body`. `path` begins
 * with '/'. The caller ends the response with json_decref. NULL: what is wrong was printed on
 * stderr, the exit status is 1.
 */
json_t	*api_get(const struct api *, const char *path, const char *key, const char *value);
json_t	*api_post(const struct api *, const char *path, const json_t *body);

/*
 * GET of what is not JSON: its body is added to `out`, as far as it fits. Returns the status; 0:
 * what is wrong was printed on stderr.
 */
long	api_get_text(const struct api *, const char *path, struct buf *out);

/* For --json: prints, and returns the exit status. */
int	api_print(const json_t *);

#endif
