/*
 * certs_check: the files of a configuration, for `mola check`: what would be reported at run time,
 * with the line of the file that names them.
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "certs/certs_priv.h"
#include "conf/conf.h"

struct checked {
	const struct conf *conf;
	const json_t	*in_force;	/* NULL: nothing is */
	struct buf	*out;
	unsigned	 wrong;
};

static bool
is_text(const json_t *j, const char *text)
{
	const char *s = json_string_value(j);

	return s == NULL || text == NULL ? s == text : strcmp(s, text) == 0;
}

static bool
has_files(const json_t *list, const struct source_files *f)
{
	size_t i;
	json_t *j;

	json_array_foreach((json_t *)list, i, j)
		if (is_text(json_object_get(j, "file"), f->file) &&
		    is_text(json_object_get(j, "key_file"), f->key_file))
			return true;
	return false;
}

/* What is wrong with files that the Mola that runs has already is no reason against a reload: they
 * are as wrong without. */
static bool
is_in_force(const struct checked *k, const struct source_files *f)
{
	return has_files(json_object_get(k->in_force, "certificates"), f) ||
	    has_files(json_object_get(k->in_force, "authorities"), f);
}

static const char *
doubt_of(enum cert_state state)
{
	if (state == STATE_NOT_YET_VALID)
		return " is not valid yet";
	if (state == STATE_EXPIRING)
		return " expires soon";
	return NULL;
}

static void
say(struct checked *k, int line, bool wrong, const char *key, const char *file, const char *text,
    const char *detail)
{
	buf_printf(k->out, "%s:%d: %s%s: '%.200s'%s%s%s\n", k->conf->file, line, wrong ? "" : "warning: ",
	    key, file, text, *detail != '\0' ? ": " : "", detail);
	k->wrong += wrong;
}

static void
file_check(struct checked *k, int line, const char *key, const struct source_files *f,
    enum item_kind kind)
{
	int64_t now = clock_wall_usec() / USEC_PER_SEC;
	char detail[CERTS_DETAIL_MAX] = "", text[200];
	struct content c = { 0 };
	struct item i = { .kind = kind };
	const struct why *why = content_read(f, kind, &c, detail);
	enum cert_state state;
	const char *doubt;

	if (why != NULL) {
		snprintf(text, sizeof text, " cannot be used: %s", why->text);
		say(k, line, !is_in_force(k, f), key, f->file, text, detail);
		return;
	}
	i.now = c;
	state = state_of(&i, now);
	if (state == STATE_EXPIRED)	/* it is served all the same */
		say(k, line, k->in_force == NULL, key, f->file, " has expired", "");
	else if ((doubt = doubt_of(state)) != NULL)
		say(k, line, false, key, f->file, doubt, "");
	if (c.cert != NULL && cert_warning(c.cert) != NULL)
		say(k, line, false, key, f->file, "", cert_warning(c.cert));
	content_free(&c);
}

unsigned
certs_check(const struct conf *conf, const json_t *in_force, struct buf *out)
{
	struct checked k = { .conf = conf, .in_force = in_force, .out = out };

	if (clock_wall_usec() / USEC_PER_SEC < CLOCK_LEAST && conf->ncertificates > 0)
		buf_printf(out, "%s: the clock of this machine is wrong: whether certificates are valid cannot "
		    "be judged\n", conf->file);
	for (unsigned i = 0; i < conf->ncertificates; i++) {
		const struct conf_certificate *c = &conf->certificate[i];
		bool same = c->key != NULL && strcmp(c->cert, c->key) == 0;

		file_check(&k, c->line, "tls.certificates",
		    &(struct source_files){ c->cert, same ? NULL : c->key }, ITEM_CERT);
	}
	for (unsigned i = 0; i < conf->nlisten; i++)
		if (conf->listen[i].client_ca != NULL)
			file_check(&k, conf->listen[i].line, "listen.client_ca",
			    &(struct source_files){ conf->listen[i].client_ca, NULL }, ITEM_CA);
	for (unsigned i = 0; i < conf->ntask_cas; i++)
		file_check(&k, conf->task_ca[i].line, "tls.task_cas",
		    &(struct source_files){ conf->task_ca[i].file, NULL }, ITEM_CA);
	for (unsigned i = 0; i < conf->ntask_certs; i++)
		file_check(&k, conf->task_cert[i].line, "tls.task_certs",
		    &(struct source_files){ conf->task_cert[i].cert, conf->task_cert[i].key }, ITEM_CERT);
	return k.wrong;
}
