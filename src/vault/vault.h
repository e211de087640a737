/*
 * vault: named objects that the Molas of a Swarm share, or one Mola and the one that starts
 * after it: certificates, the orders for them, keys. Data never changes; labels do, and each
 * change has a version. Two kinds of vault exist: Swarm's configs (engine/config_vault.h) and a
 * folder (vault/directory.h).
 *
 * A vault has a view in memory of all that is there, which it reads again every now and then.
 * The response to a write proves nothing, so that a write ends when the vault has been read
 * after it, and with what was found.
 */
#ifndef VAULT_VAULT_H
#define VAULT_VAULT_H

#include <jansson.h>
#include <sys/queue.h>

#include "base/str.h"
#include "base/why.h"
#include "net/loop.h"

#define VAULT_NAME_MAX	48		/* bytes of an object's name */
#define VAULT_DATA_MAX	(900u << 10)	/* bytes of its data */
#define VAULT_DETAIL_MAX 256

struct seal;
struct vault;
struct vault_call;

struct vault_object {
	const char	*name;		/* "acme.lease" */
	const char	*id;
	uint64_t	 version;	/* another one after each change of the labels */
	int64_t		 created_sec;	/* since 1970, by the clock of the one who made it */
	const json_t	*labels;	/* names and values, all texts; readable for people in the Swarm */
	struct str	 data;		/* empty when `why` says that it cannot be read */
	const struct why *why;		/* NULL, STORE_SEALED or STORE_TAMPERED */
	unsigned	 secret;	/* that opened it: 0 is the one that new objects are sealed with */
};

/* NULL: it has no such label. */
const char	*vault_object_label(const struct vault_object *, const char *label);

/* The seal that it was made with; NULL: nothing is sealed. */
const struct seal *vault_seal(const struct vault *);

bool		 vault_labels_are_texts(const json_t *);	/* a JSON object of them */

/* ---- the view ---- */

struct vault_status {
	bool		 ready;		/* it was read at least once */
	bool		 lost;		/* the last try to read it failed */
	int64_t		 begun_usec;	/* the last good read began and ended, monotonic */
	int64_t		 ended_usec;
	const struct why *why;		/* of the last failure while it is lost */
	const char	*detail;
	const char	*kind;		/* for people: "configs of the Swarm" */
};

struct vault_status vault_status(const struct vault *);

/* Objects, and what is in them, are valid until the view changes, which watchers are told. */
unsigned	 vault_count(const struct vault *);
const struct vault_object *vault_at(const struct vault *, unsigned i);	/* in the order of names */
const struct vault_object *vault_find(const struct vault *, const char *name);

/* Reads now instead of later; at most five times a second, and less often where that takes long. */
void		 vault_read_soon(struct vault *);

enum vault_event {
	VAULT_READ,			/* and nothing is new */
	VAULT_CHANGED,
	VAULT_LOST			/* a read failed; the view stays */
};
typedef void	vault_event_f(void *arg, enum vault_event);

struct vault_watcher {			/* lives inside its owner */
	TAILQ_ENTRY(vault_watcher) link;
	vault_event_f	*fn;
	void		*arg;
};
void		 vault_watch(struct vault *, struct vault_watcher *, vault_event_f *, void *arg);
void		 vault_unwatch(struct vault *, struct vault_watcher *);

/* ---- writes ---- */

enum vault_end {
	VAULT_DONE,			/* what was written is there, or what was removed is gone */
	VAULT_OTHER,			/* something else is there: see `object` */
	VAULT_UNKNOWN,			/* it is not there now and may still come: it may be tried again */
	VAULT_FAILED			/* it was refused: see `why` */
};

struct vault_result {
	enum vault_end	 end;
	const struct why *why;		/* of FAILED and UNKNOWN */
	const char	*detail;
	const struct vault_object *object;	/* as it is now; NULL: there is none */
};
typedef void	vault_done_f(void *arg, const struct vault_result *);

/*
 * `done` is called exactly once, in a later turn, unless vault_cancel comes first: that may take
 * as long as the vault is lost. `labels` are taken over. Names are of [a-z0-9.-] with a letter or
 * digit at both ends. A label's name is of that kind, too.
 */
struct vault_call *vault_create(struct vault *, const char *name, json_t *labels, struct str data,
		    vault_done_f *done, void *arg);
/* Replaces all labels if the version is still this one. */
struct vault_call *vault_relabel(struct vault *, const char *name, uint64_t version, json_t *labels,
		    vault_done_f *done, void *arg);
/* By id: another object of that name stays. */
struct vault_call *vault_remove(struct vault *, const char *id, vault_done_f *done, void *arg);
void		 vault_cancel(struct vault_call *);	/* no callback; what was sent may come true */

/* Cancels all writes. Not within one of its callbacks. */
void		 vault_free(struct vault **);

#endif
