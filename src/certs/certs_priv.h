/*
 * certs_priv: an item of what workers are to have, and what its files are in this moment.
 */
#ifndef CERTS_CERTS_PRIV_H
#define CERTS_CERTS_PRIV_H

#include <sys/queue.h>

#include "base/map.h"
#include "certs/certs.h"
#include "certs/tickets.h"
#include "net/cert.h"
#include "net/file_watch.h"

/* ---- texts that hold keys: wiped before they are freed ---- */

struct pem {			/* p NULL: none */
	char		*p;
	size_t		 len;
};

struct pem	pem_copy(struct str);
void		pem_free(struct pem *);
static inline struct str
pem_str(const struct pem *p)
{
	return (struct str){ p->p != NULL ? p->p : "", p->len };
}

/* ---- files (certs_file.c) ---- */

enum item_kind {
	ITEM_CERT,		/* a certificate with its key */
	ITEM_CA			/* CA certificates, no keys */
};

struct source_files {
	const char	*file, *key_file;	/* key_file may be NULL: in the first one, or of no use */
};

/* The text of an item of this kind as it travels to workers, with what is in it. On failure the
 * outputs stay as they are; `cert` is of ITEM_CERT alone. */
struct content {
	struct pem	 pem;
	struct cert	*cert;		/* ITEM_CERT */
	unsigned	 ncas;		/* ITEM_CA */
};
const struct why	*content_read(const struct source_files *, enum item_kind, struct content *,
			    char detail[CERTS_DETAIL_MAX]);
const struct why	*content_parse(struct str, enum item_kind, struct content *,
			    char detail[CERTS_DETAIL_MAX]);
void			 content_free(struct content *);

/* ---- items (certs.c) ---- */

enum cert_state {
#define STATE(id, name, level, text) STATE_##id,
#include "certs/states.h"
#undef STATE
	STATES
};

struct item {
	TAILQ_ENTRY(item) link;
	char		*name;		/* of the secret: "cert/file:/etc/mola/web.pem" */
	enum item_kind	 kind;
	struct content	 now;		/* in force; without a text: nothing is */

	/* of files */
	char		*file, *key_file;	/* NULL: it is a source's */
	struct file_sign sign[2];	/* as last read */
	bool		 wanted;	/* by the configuration that is being taken */

	/* the last attempt to get another */
	const struct why *why;		/* NULL: what is in force is what there is */
	char		 detail[CERTS_DETAIL_MAX];
	int64_t		 failed_usec;	/* since when, monotonic */
	bool		 unsettled;	/* it is looked at once more before it is reported */
	bool		 reported;
	uint64_t	 failures;	/* ever */
	enum cert_state	 state;		/* as last reported */

	int64_t		 renew_at;	/* seconds since the epoch, 0: not known */
};
TAILQ_HEAD(items, item);

/* What names of secrets begin with. */
#define CERT_PREFIX		"cert/"
#define FILE_PREFIX		"cert/file:"
#define CLIENT_CA_PREFIX	"client-ca/"
#define TASK_CA_PREFIX		"task-ca/"
#define TASK_CERT_PREFIX	"task-cert/"

struct certs {
	struct loop	*loop;
	struct live	*live;
	struct items	 items;
	struct map	*by_name;
	struct map	*challenge;	/* name of the secret to struct challenge */
	struct tickets	 tickets;
	struct certs_file *more;	/* as certs_set_files had them, each text its own memory */
	unsigned	 nmore;
	char		*fallback;	/* as tls.default: a path, CONF_TLS_NONE, NULL: the first */
	const struct certs_source *source;
	bool		 source_asked;	/* workers know that they may wait for its challenges */
	certs_changed_f	*changed;
	void		*arg;
	struct file_watch *files;
	struct timer	 tell, look, minute, asked;
	uint32_t	 asked_seen;
	bool		 clock_wrong;	/* as last reported */
};

/* certs_want.c */
void		 certs_drop_files(struct certs *);
/* What workers are to have is different: the owner is notified in this turn or the next. */
void		 certs_touch(struct certs *);
/* "file:/etc/mola/web.pem" of a certificate; of others the whole name. */
const char	*item_id(const struct item *);
bool		 item_is_served(const struct item *);	/* a certificate that clients get */
bool		 item_is_file(const struct item *);	/* that the configuration names, now or before */
/* The one of that name; a new one where there is none. */
struct item	*item_take(struct certs *, struct str name, enum item_kind);
void		 item_drop(struct certs *, struct item *);
/* Reads the files again. What is wrong is reported by the next states_report if it is `certain`, as
 * at the start. */
void		 item_read(struct certs *, struct item *, bool certain);
/* The certificate for clients without a known name; NULL: they are refused. */
const struct item *certs_default(const struct certs *);

/* ---- what changes by itself (certs_watch.c) ---- */

void		 watch_start(struct certs *);
void		 watch_stop(struct certs *);
void		 watch_again(struct certs *);		/* the files are others */
void		 watch_asked(struct certs *);		/* the source is another */

/* ---- states (certs_state.c) ---- */

/* Before this, a clock is plainly wrong: this version did not exist. Seconds since the epoch. */
#define CLOCK_LEAST	INT64_C(1764547200)
enum cert_state	 state_of(const struct item *, int64_t wall_sec);
const char	*state_name(enum cert_state);
const char	*state_text(enum cert_state);
/* Logs what has changed since the last time. */
void		 states_report(struct certs *, int64_t wall_sec);
/* May `next` replace what is in force? NULL: yes. */
const struct why *content_better(const struct content *now, const struct content *next,
    int64_t wall_sec);

#endif
