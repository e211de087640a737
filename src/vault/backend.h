/*
 * backend: what the kinds of vault share, for those who make one. A backend reads and sends;
 * when to read, what a write has come to and who is told is in vault.c.
 */
#ifndef VAULT_BACKEND_H
#define VAULT_BACKEND_H

#include "base/buf.h"
#include "vault/seal.h"
#include "vault/vault.h"

enum vault_write { VAULT_CREATE, VAULT_RELABEL, VAULT_REMOVE };

/* What the one that was asked to write has responded. */
enum vault_answer {
	VAULT_ANSWER_YES,
	VAULT_ANSWER_CONFLICT,		/* the name exists, or the version is another */
	VAULT_ANSWER_NO,		/* refused, and not done */
	VAULT_ANSWER_UNSURE		/* none, or one that does not exclude that it is done */
};

struct vault_call {
	TAILQ_ENTRY(vault_call) link;
	struct vault	*vault;
	enum vault_write write;
	char		*name;		/* of REMOVE: NULL */
	char		*id;		/* of CREATE: NULL */
	uint64_t	 version;	/* of RELABEL */
	json_t		*labels;
	char		*sealed;	/* as it is to be stored */
	size_t		 sealed_bytes;
	vault_done_f	*done;
	void		*arg;
	void		*sending;	/* the backend's own, NULL: it is not under way */
	bool		 answered;
	enum vault_answer answer;
	const struct why *why;
	char		 detail[VAULT_DETAIL_MAX];
	int64_t		 answered_usec;
	uint64_t	 judged;	/* the last read that was looked at for it */
};

struct vault_ops {
	const char	*kind;
	/* Ends with vault_view_commit or vault_read_failed, perhaps before it returns. */
	void		(*read)(struct vault *);
	/* Ends with vault_call_answered, perhaps before it returns. */
	void		(*send)(struct vault *, struct vault_call *);
	void		(*drop)(struct vault *, struct vault_call *);	/* `sending` is not NULL */
	void		(*free)(struct vault *);	/* stops its I/O, then frees what embeds the vault */
};

struct vault_view {
	struct vault_object *object;	/* sorted by name */
	struct vault_raw **raw;		/* what belongs to them */
	unsigned	 n, cap;
	unsigned	*by_tag;	/* places, in the order of tags; NULL: not needed yet */
	uint64_t	 hash;		/* of names, ids and versions */
};

/* Lives at the beginning of its backend. */
struct vault {
	const struct vault_ops *ops;
	struct loop	*loop;
	struct seal	*seal;		/* NULL: data is stored as it is */
	struct vault_view view, next;
	bool		 reading;
	bool		 again;		/* another read was requested during this one */
	uint64_t	 reads;		/* good ones so far */
	int64_t		 read_usec;	/* the last read began */
	int64_t		 gap_usec;	/* between that and the next one, at least */
	struct timer	 timer;
	struct vault_status status;
	char		 detail[VAULT_DETAIL_MAX];
	TAILQ_HEAD(, vault_call) calls;
	TAILQ_HEAD(, vault_watcher) watchers;
};

/* The seal is kept by reference; the first read begins in a later turn. */
void	vault_init(struct vault *, const struct vault_ops *, struct loop *, struct seal *);
void	vault_fini(struct vault *);	/* after vault_calls_drop */
void	vault_calls_drop(struct vault *);

/*
 * During a read: adds what was found. Everything is copied; `sealed` is as it was stored. A tag
 * (0: none) is a hash of all that is said of the object: where the view had one with the same
 * tag, vault_view_keep adds that, and it need not be read.
 */
void	vault_view_add(struct vault *, struct vault_object, struct str sealed, uint64_t tag);
bool	vault_view_keep(struct vault *, uint64_t tag);
void	vault_view_commit(struct vault *);
void	vault_read_failed(struct vault *, const struct why *, const char *detail);

void	vault_call_answered(struct vault_call *, enum vault_answer, const struct why *,
	    const char *detail);

#endif
