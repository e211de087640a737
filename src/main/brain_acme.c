/*
 * brain_acme: in a Swarm, and with a secret to seal with, the state is in the Swarm's configs;
 * else in a directory, which is the only choice on a node that is no manager.
 */
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "acme/acme.h"
#include "acme/store_vault.h"
#include "acme/wanted.h"
#include "base/alloc.h"
#include "base/bug.h"
#include "base/clock.h"
#include "conf/conf_check.h"
#include "engine/config_vault.h"
#include "main/brain_acme.h"
#include "vault/directory.h"
#include "vault/ticket_keys.h"
#include "vault/tidy.h"

#define SECRET_MAX	4096
#define STOP_USEC	(500 * USEC_PER_MSEC)
#define NO_MANAGER_USEC	(60 * USEC_PER_SEC)	/* an Engine that starts is none for a while */

struct brain_acme {
	struct loop	*loop;
	struct certs	*certs;
	struct acme	*acme;
	const struct conf *conf;
	struct engine	*engine;
	struct store	*store;
	struct vault	*vault;		/* of the store */
	struct tidy	*tidy;
	struct ticket_keys *ticket_keys;
	struct seal	*seal;		/* NULL: the state directory */
	bool		 no_manager;	/* the Engine is none: the directory is used */
	int64_t		 denied_usec;	/* since when it says so, 0: it does not */
	unsigned char	 made_of[SHA256_DIGEST_LENGTH];	/* what the store was opened with */
	struct deferred	 deferred;
};

/* ---- the store ---- */

static void
store_close(struct brain_acme *b)
{
	acme_reconf(b->acme, b->conf, NULL);
	tidy_free(&b->tidy);
	ticket_keys_free(&b->ticket_keys);
	store_free(&b->store);
	seal_free(&b->seal);
	b->vault = NULL;
}

/* Secrets that cannot be read or used are reported; without any there is no store. */
static struct seal *
seal_open_files(const struct conf_list *files)
{
	char text[SECRET_MAX], problem[240] = "";
	struct seal *seal = seal_new();
	const struct why *why;
	struct str line;

	for (unsigned i = 0; i < files->n; i++) {
		why = WHY_STORE_SECRET;
		if (secret_file_read(files->item[i], text, sizeof text, &line, problem, sizeof problem))
			why = seal_add(seal, line);
		if (why != NULL)
			log_event(LOG_ERROR, "acme.secret", "file", files->item[i], "why", why_name(why),
			    "text", problem[0] != '\0' ? problem : why->text, NULL);
		explicit_bzero(text, sizeof text);
	}
	if (seal_secrets(seal) == 0)
		seal_free(&seal);
	return seal;
}

static bool
wants_swarm(const struct brain_acme *b)
{
	return b->engine != NULL && b->conf->acme_secrets.n > 0 && !b->no_manager;
}

static void on_changed(void *);

/* Sessions go on at every replica, and after a restart. */
static void
on_ticket_keys(void *arg)
{
	unsigned char keys[TICKET_KEYS_MAX][CERTS_TICKET_BYTES];
	struct str key[TICKET_KEYS_MAX];
	struct brain_acme *b = arg;
	unsigned n = ticket_keys_list(b->ticket_keys, key);

	for (unsigned i = 0; i < n; i++)
		memcpy(keys[i], key[i].p, sizeof keys[i]);
	certs_share_tickets(b->certs, (const unsigned char (*)[CERTS_TICKET_BYTES])keys, n);
	explicit_bzero(keys, sizeof keys);
}

static void
store_open(struct brain_acme *b)
{
	bool swarm = wants_swarm(b);

	ASSERT(b->store == NULL && b->seal == NULL);
	if (swarm && (b->seal = seal_open_files(&b->conf->acme_secrets)) == NULL)
		return;
	b->vault = swarm ? config_vault_new(b->loop, b->seal, b->conf->acme_prefix)
	    : directory_new(b->loop, b->conf->acme_state);
	if (swarm)
		config_vault_engine(b->vault, b->engine);
	else if (b->engine != NULL)
		log_event(LOG_WARN, "acme.not_shared", "directory", b->conf->acme_state, "text", b->no_manager ?
		    "this node is not a manager: certificates are kept in this directory, and not shared" :
		    "acme.secret is not set: certificates are kept in this directory, and not shared", NULL);
	b->store = store_vault_new(b->loop, b->vault, swarm, on_changed, b);
	b->tidy = tidy_new(b->vault);
	b->ticket_keys = ticket_keys_new(b->loop, b->vault, on_ticket_keys, b);
}

/* What decides which store it is, and with which keys. */
static void
fingerprint(const struct brain_acme *b, unsigned char out[SHA256_DIGEST_LENGTH])
{
	const struct conf *c = b->conf;
	char text[SECRET_MAX], problem[240];
	struct str line;
	struct buf all;

	buf_init(&all, 64u << 10);
	buf_printf(&all, "%d|%s|%s", wants_swarm(b), c->acme_state, c->acme_prefix);
	for (unsigned i = 0; i < c->acme_secrets.n; i++)
		if (secret_file_read(c->acme_secrets.item[i], text, sizeof text, &line, problem,
		    sizeof problem))
			buf_printf(&all, "|%.*s", STR_ARG(line));
	explicit_bzero(text, sizeof text);
	SHA256((const unsigned char *)all.p, all.len, out);
	explicit_bzero(all.p, all.len);
	buf_fini(&all);
}

/* A lease that is given up is not got back for a minute: the store stays as it is if it can. */
static void
store_choose(struct brain_acme *b)
{
	unsigned char now[SHA256_DIGEST_LENGTH];

	if (b->conf->nacme_cas == 0) {
		store_close(b);
		return;
	}
	fingerprint(b, now);
	if (b->store == NULL || memcmp(now, b->made_of, sizeof now) != 0) {
		store_close(b);
		memcpy(b->made_of, now, sizeof now);
		store_open(b);
	}
	acme_reconf(b->acme, b->conf, b->store);
}

static void
choose_later(void *arg)
{
	store_choose(arg);
}

/*
 * A directory is chosen if the Engine is no manager from the start, and for a minute unless the
 * directory was used before. What is known of the Swarm's certificates is not given up for an
 * Engine that starts again, or a manager that is demoted: it is served on, and reported.
 */
static void
manager_look(struct brain_acme *b)
{
	struct store_state st = store_state(b->store);

	if (b->seal == NULL || b->no_manager || st.ready || st.why != WHY_ENGINE_CLIENT) {
		b->denied_usec = 0;
		return;
	}
	if (b->denied_usec == 0)
		b->denied_usec = loop_now(b->loop);
	if (loop_now(b->loop) - b->denied_usec < NO_MANAGER_USEC &&
	    !directory_is_used(b->conf->acme_state))
		return;
	b->no_manager = true;
	loop_defer(b->loop, &b->deferred, choose_later, b);
}

static void
on_changed(void *arg)
{
	struct brain_acme *b = arg;

	if (b->store == NULL)
		return;
	manager_look(b);
	acme_store_changed(b->acme);
}

/* What a directory has stays there: the Swarm's certificates are others. */
void
brain_acme_manager(struct brain_acme *b)
{
	if (!b->no_manager)
		return;
	log_event(LOG_INFO, "acme.shared", "text", "this node is a manager now: certificates are kept in "
	    "the Swarm's configs", NULL);
	b->no_manager = false;
	store_choose(b);
}

/* ---- the rest ---- */

static void
on_event(void *arg, enum log_level level, const char *event, const char *name,
    const struct why *why, const char *text)
{
	(void)arg;
	if (why != NULL)
		log_event(level, event, "name", name, "why", why_name(why), "text", why->text, "detail",
		    text != NULL ? text : "", NULL);
	else
		log_event(level, event, "name", name, "text", text != NULL ? text : "", NULL);
}

struct brain_acme *
brain_acme_new(struct loop *l, struct fetcher *f, struct certs *certs)
{
	struct brain_acme *b = must_zalloc(sizeof *b);

	b->loop = l;
	b->certs = certs;
	b->acme = acme_new(l, f, certs, on_event, b);
	return b;
}

/* Without it, the other Molas would wait for a minute. */
void
brain_acme_stop(struct brain_acme *b)
{
	int64_t until = loop_now(b->loop) + STOP_USEC;

	if (b->store == NULL || !store_lease_held(b->store))
		return;
	acme_reconf(b->acme, b->conf, NULL);		/* nothing is begun any more */
	store_lease_want(b->store, false);
	while (store_state(b->store).holder[0] != '\0' && clock_mono_usec() < until)
		loop_turn(b->loop, 20 * USEC_PER_MSEC);
}

/* What is published stays with the workers. */
void
brain_acme_free(struct brain_acme **bp)
{
	struct brain_acme *b = *bp;

	*bp = NULL;
	if (b == NULL)
		return;
	acme_free(&b->acme);
	tidy_free(&b->tidy);
	ticket_keys_free(&b->ticket_keys);
	store_free(&b->store);
	seal_free(&b->seal);
	free(b);
}

void
brain_acme_engine(struct brain_acme *b, struct engine *e)
{
	b->engine = e;
	if (b->seal != NULL && b->vault != NULL)
		config_vault_engine(b->vault, e);
}

/* One of the Swarm's configs has changed, or may have unseen. */
void
brain_acme_configs(void *arg)
{
	struct brain_acme *b = arg;

	if (b->seal != NULL && b->store != NULL)
		store_read(b->store);
}

void
brain_acme_reconf(struct brain_acme *b, const struct conf *c)
{
	b->conf = c;
	b->no_manager = false;
	store_choose(b);
}

bool
brain_acme_has_read(const struct brain_acme *b)
{
	struct store_state st;

	if (b->store == NULL)
		return true;
	st = store_state(b->store);
	return st.ready || st.why != NULL;
}

void
brain_acme_want(struct brain_acme *b, const struct world *w)
{
	struct arena *a = arena_new();
	const struct acme_want *list;
	unsigned n;

	list = wanted_make(a, b->conf, w, &n);
	acme_want(b->acme, list, n);
	arena_free(&a);
}
