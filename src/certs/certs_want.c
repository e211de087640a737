/*
 * certs_want: the files that a configuration names: of certificates for clients, of CAs for theirs,
 * and what TLS to tasks needs.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "certs/certs_priv.h"
#include "conf/conf.h"

static bool
same_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static void
want(struct certs *c, const char *name, enum item_kind kind, const char *file, const char *key_file)
{
	struct item *i = item_take(c, str_of(name), kind);
	struct file_sign sign, key_sign = { 0 };

	if (key_file != NULL && strcmp(key_file, file) == 0)
		key_file = NULL;
	i->wanted = true;
	TAILQ_REMOVE(&c->items, i, link);	/* in the order of the configuration */
	TAILQ_INSERT_TAIL(&c->items, i, link);
	sign = file_sign(file);
	if (key_file != NULL)
		key_sign = file_sign(key_file);
	if (same_text(i->file, file) && same_text(i->key_file, key_file) && i->why == NULL &&
	    file_sign_same(&i->sign[0], &sign) && file_sign_same(&i->sign[1], &key_sign))
		return;
	free(i->file);
	free(i->key_file);
	i->file = must_strdup(file);
	i->key_file = key_file != NULL ? must_strdup(key_file) : NULL;
	i->sign[1] = (struct file_sign){ 0 };
	i->reported = false;
	item_read(c, i, true);
}

/* The CAs of the system, where distributions keep them; NULL: it has none. */
static const char *
system_cas(void)
{
	static const char *const files[] = { "/etc/ssl/certs/ca-certificates.crt",
		"/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem" };
	const char *given = secure_getenv("SSL_CERT_FILE");

	if (given != NULL && *given == '/')
		return given;
	for (size_t i = 0; i < sizeof files / sizeof *files; i++)
		if (access(files[i], R_OK) == 0)
			return files[i];
	return NULL;
}

static bool
trusts_system(const struct service_conf *s)
{
	return (s->scheme == SCHEME_HTTPS || s->scheme == SCHEME_H2) && s->tls_verify && s->tls_ca == NULL;
}

/* Labels may say so, too, and are not known here. */
static bool
may_trust_system(const struct conf *conf)
{
	bool may = conf->swarm_endpoints.n > 0;

	for (unsigned i = 0; i < conf->nservices && !may; i++)
		may = trusts_system(&conf->service[i].conf);
	return may;
}

static void
want_for_tasks(struct certs *c, const struct conf *conf)
{
	const char *cas = may_trust_system(conf) ? system_cas() : NULL;
	char name[SECRETS_NAME_MAX];

	if (cas != NULL) {
		snprintf(name, sizeof name, "%ssystem", TASK_CA_PREFIX);
		want(c, name, ITEM_CA, cas, NULL);
	}
	for (unsigned k = 0; k < conf->ntask_cas; k++) {
		snprintf(name, sizeof name, "%s%s", TASK_CA_PREFIX, conf->task_ca[k].name);
		want(c, name, ITEM_CA, conf->task_ca[k].file, NULL);
	}
	for (unsigned k = 0; k < conf->ntask_certs; k++) {
		snprintf(name, sizeof name, "%s%s", TASK_CERT_PREFIX, conf->task_cert[k].name);
		want(c, name, ITEM_CERT, conf->task_cert[k].cert, conf->task_cert[k].key);
	}
}

/* ---- files that no configuration names ---- */

void
certs_drop_files(struct certs *c)
{
	for (unsigned i = 0; i < c->nmore; i++) {
		free((char *)(uintptr_t)c->more[i].name);
		free((char *)(uintptr_t)c->more[i].file);
		free((char *)(uintptr_t)c->more[i].key);
	}
	free(c->more);
	c->more = NULL;
	c->nmore = 0;
}

static bool
same_files(const struct certs *c, const struct certs_file *f, unsigned n)
{
	bool same = n == c->nmore;

	for (unsigned i = 0; i < n && same; i++)
		same = f[i].kind == c->more[i].kind && same_text(f[i].name, c->more[i].name) &&
		    same_text(f[i].file, c->more[i].file) && same_text(f[i].key, c->more[i].key);
	return same;
}

static char *
copy(const char *s)
{
	return s == NULL ? NULL : must_strdup(s);
}

bool
certs_set_files(struct certs *c, const struct certs_file *f, unsigned n)
{
	if (same_files(c, f, n))
		return false;
	certs_drop_files(c);
	c->more = must_zalloc((n + 1) * sizeof *c->more);
	for (; c->nmore < n; c->nmore++)
		c->more[c->nmore] = (struct certs_file){ f[c->nmore].kind, copy(f[c->nmore].name),
		    copy(f[c->nmore].file), copy(f[c->nmore].key) };
	return true;
}

static void
want_more(struct certs *c)
{
	char name[SECRETS_NAME_MAX];

	for (unsigned i = 0; i < c->nmore; i++) {
		const struct certs_file *f = &c->more[i];
		const char *prefix = f->kind == CERTS_FILE_CERT ? FILE_PREFIX :
		    f->kind == CERTS_FILE_TASK_CA ? TASK_CA_PREFIX : TASK_CERT_PREFIX;
		if (snprintf(name, sizeof name, "%s%s", prefix, f->kind == CERTS_FILE_CERT ? f->file :
		    f->name) < (int)sizeof name)
			want(c, name, f->kind == CERTS_FILE_TASK_CA ? ITEM_CA : ITEM_CERT, f->file, f->key);
	}
}

static void
want_all(struct certs *c, const struct conf *conf)
{
	char name[SECRETS_NAME_MAX];

	for (unsigned k = 0; k < conf->ncertificates; k++) {
		const struct conf_certificate *cc = &conf->certificate[k];

		snprintf(name, sizeof name, "%s%s", FILE_PREFIX, cc->cert);
		want(c, name, ITEM_CERT, cc->cert, cc->key);
	}
	for (unsigned k = 0; k < conf->nlisten; k++)
		if (conf->listen[k].client_ca != NULL) {
			snprintf(name, sizeof name, "%s%s", CLIENT_CA_PREFIX, conf->listen[k].name);
			want(c, name, ITEM_CA, conf->listen[k].client_ca, NULL);
		}
	want_for_tasks(c, conf);
	want_more(c);
}

void
certs_reconf(struct certs *c, const struct conf *conf)
{
	struct item *i, *next;

	TAILQ_FOREACH(i, &c->items, link)
		i->wanted = false;
	want_all(c, conf);
	for (i = TAILQ_FIRST(&c->items); i != NULL; i = next) {
		next = TAILQ_NEXT(i, link);
		if (item_is_file(i) && !i->wanted)
			item_drop(c, i);
	}
	if (!same_text(c->fallback, conf->tls_default)) {
		free(c->fallback);
		c->fallback = conf->tls_default != NULL ? must_strdup(conf->tls_default) : NULL;
		certs_touch(c);
	}
	if (tickets_turn(&c->tickets, clock_wall_usec()))
		certs_touch(c);
	states_report(c, clock_wall_usec() / USEC_PER_SEC);
	watch_again(c);
}
