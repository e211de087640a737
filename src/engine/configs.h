/*
 * configs: Swarm's configs as the Engine lists and takes them. Bytes in, values out.
 */
#ifndef ENGINE_CONFIGS_H
#define ENGINE_CONFIGS_H

#include <jansson.h>

#include "base/buf.h"
#include "base/str.h"
#include "base/why.h"

#define CONFIGS_NAME_MAX	64		/* bytes of a name, Swarm's own limit */
#define CONFIGS_DETAIL_MAX	160

struct config_object {
	const char	*name;		/* in lower case: Swarm ignores the case of names */
	const char	*id;		/* letters and digits */
	uint64_t	 version;
	int64_t		 created_sec;	/* 0: not understood */
	const json_t	*labels;	/* names and texts */
	struct str	 data;		/* empty also when it is not base64 */
	uint64_t	 tag;		/* a hash of all of it, not 0 */
};

typedef void	configs_f(void *arg, const struct config_object *);

/* True: nothing is new about the config with that tag, which need not be read. */
typedef bool	configs_known_f(void *arg, uint64_t tag);

/*
 * The response to GET /configs. What it calls is valid during the call. A config that is not
 * understood is left out; `known` may be NULL. ENGINE_SYNTAX, ENGINE_SHAPE: it is no such list,
 * `detail` has where.
 */
const struct why *configs_read(struct str json, configs_known_f *known, configs_f *, void *arg,
		    char detail[CONFIGS_DETAIL_MAX]);

/* The path of a list of those whose names begin with `prefix`, which is of [a-z0-9.-]. */
void		 configs_path(struct buf *, const char *prefix);
/* Bodies of POST /configs/create and POST /configs/ID/update. */
char		*configs_create(const char *name, const json_t *labels, struct str data);	/* to be freed */
char		*configs_relabel(const char *name, const json_t *labels);

#endif
