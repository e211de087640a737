/*
 * certs_check: the files of a configuration, for `mola check`: what would be reported at run time,
 * with the line of the file that names them.
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "certs/certs_priv.h"
#include "conf/conf.h"

/* False: it is wrong. Only one with a detail of its own has a text behind the reason. */
static bool
file_check(const char *conf_file, int line, const char *key, const struct source_files *f,
    enum item_kind kind, struct buf *out)
{
	char detail[CERTS_DETAIL_MAX] = "";
	struct content c = { 0 };
	struct item i = { .kind = kind };
	int64_t now = clock_wall_usec() / USEC_PER_SEC;
	const struct why *why = content_read(f, kind, &c, detail);
	enum cert_state state;

	if (why != NULL) {
		buf_printf(out, "%s:%d: %s: '%.200s' cannot be used: %s%s%s\n", conf_file, line, key, f->file,
		    why->text, *detail != '\0' ? ": " : "", detail);
		return false;
	}
	i.now = c;
	state = state_of(&i, now);
	if (state == STATE_EXPIRED || state == STATE_NOT_YET_VALID || state == STATE_EXPIRING)
		buf_printf(out, "%s:%d: %s: '%.200s' %s\n", conf_file, line, key, f->file,
		    state == STATE_EXPIRED ? "has expired" : state == STATE_NOT_YET_VALID ? "is not valid yet" :
		    "expires soon");
	if (c.cert != NULL && cert_warning(c.cert) != NULL)
		buf_printf(out, "%s:%d: %s: '%.200s': %s\n", conf_file, line, key, f->file,
		    cert_warning(c.cert));
	content_free(&c);
	return state != STATE_EXPIRED;
}

unsigned
certs_check(const struct conf *conf, struct buf *out)
{
	unsigned wrong = 0;

	if (clock_wall_usec() / USEC_PER_SEC < CLOCK_LEAST && conf->ncertificates > 0)
		buf_printf(out, "%s: the clock of this machine is wrong: whether certificates are valid cannot "
		    "be judged\n", conf->file);
	for (unsigned i = 0; i < conf->ncertificates; i++) {
		const struct conf_certificate *c = &conf->certificate[i];
		bool same = c->key != NULL && strcmp(c->cert, c->key) == 0;

		wrong += !file_check(conf->file, c->line, "tls.certificates",
		    &(struct source_files){ c->cert, same ? NULL : c->key }, ITEM_CERT, out);
	}
	for (unsigned i = 0; i < conf->nlisten; i++)
		if (conf->listen[i].client_ca != NULL)
			wrong += !file_check(conf->file, conf->listen[i].line, "listen.client_ca",
			    &(struct source_files){ conf->listen[i].client_ca, NULL }, ITEM_CA, out);
	for (unsigned i = 0; i < conf->ntask_cas; i++)
		wrong += !file_check(conf->file, conf->task_ca[i].line, "tls.task_cas",
		    &(struct source_files){ conf->task_ca[i].file, NULL }, ITEM_CA, out);
	for (unsigned i = 0; i < conf->ntask_certs; i++)
		wrong += !file_check(conf->file, conf->task_cert[i].line, "tls.task_certs",
		    &(struct source_files){ conf->task_cert[i].cert, conf->task_cert[i].key }, ITEM_CERT, out);
	return wrong;
}
