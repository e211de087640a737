/*
 * conf: walks the tree of a file and the table of keys side by side. Every fault is noted and
 * the walk goes on, so that a reader learns all of them at once. conf_value knows what a value
 * may look like, conf_check whether values fit together.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "base/fd.h"
#include "base/word.h"
#include "conf/conf_check.h"
#include "conf/conf_form.h"
#include "conf/conf_section.h"

#define NAMES_MAX	(KEY_COUNT + SECTION_COUNT)	/* of one mapping, sections included */

struct conf_reader {
	struct conf	*conf;
	struct faults	 faults;
};

/* What a mapping fills: one struct, or two, as a service has its own keys and those of defaults. */
struct filled {
	enum conf_section_id section;
	void		*base;
	bool		 defaults;	/* keys that are not given take their defaults; else they stay */
};

static void	read_section(struct conf_reader *, const struct tree *map, enum conf_section_id,
    const char *where, const struct filled *);

/* ---- one mapping ---- */

static void
read_default(struct conf_reader *r, const struct conf_key *k, int line, const char *where,
    const struct filled *f)
{
	char problem[CONF_PROBLEM_MAX];
	bool ok;

	if (k->fallback == conf_required)
		faults_add(&r->faults, line, where, "missing. %s", k->help);
	else if (k->fallback != NULL && f->defaults) {
		ok = value_read(k, str_of(k->fallback), f->base, problem);
		ASSERT(ok);
	}
}

/* All names that a mapping may hold. */
static void
names_of(const struct filled *f, unsigned nfilled, const char *names[NAMES_MAX + 1])
{
	unsigned n = 0;

	for (const struct filled *end = f + nfilled; f < end; f++) {
		for (unsigned k = 0; k < KEY_COUNT; k++)
			if (conf_keys[k].section == f->section)
				names[n++] = conf_keys[k].name;
		for (unsigned s = SECTION_TOP + 1; s < SECTION_COUNT; s++)
			if (conf_sections[s].parent == f->section)
				names[n++] = conf_sections[s].name;
		ASSERT(n <= NAMES_MAX);
	}
	names[n] = NULL;
}

/* Unknown keys, and those that are given twice. */
static void
check_names(struct conf_reader *r, const struct tree *map, const char *where,
    const char *const *names)
{
	char key[WHERE_MAX], all[300];
	const char *near;

	for (const struct tree *t = map->first; t != NULL && r->faults.beyond == 0; t = t->next) {
		if (word_place(str_of(t->key), names) >= 0)
			continue;
		near = word_near(str_of(t->key), names);
		if (near != NULL)
			faults_add(&r->faults, t->line, where_inside(where, t->key, key),
			    "unknown key; did you mean %s?", near);
		else
			faults_add(&r->faults, t->line, where_inside(where, t->key, key), "unknown key; expected %s",
			    word_all(names, all, sizeof all));
	}
	for (; *names != NULL && r->faults.beyond == 0; names++) {
		const struct tree *first = tree_find(map, NULL, *names);
		for (const struct tree *t = first; t != NULL && (t = tree_find(map, t, *names)) != NULL;)
			faults_add(&r->faults, t->line, where_inside(where, *names, key),
			    "given twice, first in line %d", first->line);
	}
}

/* The key whose value may stand alone in the place of its section's mapping: "listen: :80",
 * "traefik: false", "certificates: /etc/mola/web.pem". */
static const struct conf_key *
key_alone(enum conf_section_id section)
{
	switch (section) {
	case SECTION_LISTEN:
		return &conf_keys[KEY_LISTEN_address];
	case SECTION_CERTIFICATE:
		return &conf_keys[KEY_CERTIFICATE_cert];
	case SECTION_ACME_CA:
		return &conf_keys[KEY_ACME_CA_url];
	case SECTION_RULE:
		return &conf_keys[KEY_RULE_query];
	case SECTION_TRAEFIK:
		return &conf_keys[KEY_TRAEFIK_enable];
	case SECTION_ACCESS:
		return &conf_keys[KEY_ACCESS_format];
	case SECTION_OVERLOAD:
		return &conf_keys[KEY_OVERLOAD_enable];
	default:
		return NULL;
	}
}

static void
read_map(struct conf_reader *r, const struct tree *map, const char *where, const struct filled *f,
    unsigned nfilled)
{
	const struct tree none = { .shape = TREE_MAP, .line = map->line };
	const struct conf_key *alone =
	    map->shape == TREE_SCALAR && !map->empty ? key_alone(f->section) : NULL;
	const char *names[NAMES_MAX + 1];
	char key[WHERE_MAX], all[300];

	ASSERT(nfilled == 1 || (nfilled == 2 && f->section == SECTION_SERVICE && alone == NULL));
	if (alone != NULL) {
		form_read_plain(&r->faults, alone, map,
		    f->section == SECTION_TRAEFIK || f->section == SECTION_ACCESS ||
		    f->section == SECTION_OVERLOAD ? where : where_inside(where, alone->name, key), f->base);
		for (unsigned k = 0; k < KEY_COUNT; k++)
			if (conf_keys[k].section == f->section && &conf_keys[k] != alone)
				read_default(r, &conf_keys[k], map->line, where, f);
		return;
	}
	names_of(f, nfilled, names);
	if (map->shape == TREE_SCALAR && map->empty)
		map = &none;
	if (map->shape != TREE_MAP) {
		faults_add(&r->faults, map->line, where, "not a mapping; expected keys such as %s",
		    word_all(names, all, sizeof all));
		return;
	}
	check_names(r, map, where, names);
	for (const struct filled *end = f + nfilled; f < end; f++) {
		for (unsigned k = 0; k < KEY_COUNT; k++) {
			const struct tree *t;

			if (conf_keys[k].section != f->section)
				continue;
			where_inside(where, conf_keys[k].name, key);
			t = tree_find(map, NULL, conf_keys[k].name);
			if (t != NULL)
				form_read(&r->faults, &conf_keys[k], t, key, f->base);
			else
				read_default(r, &conf_keys[k], map->line, key, f);
		}
		for (unsigned s = SECTION_TOP + 1; s < SECTION_COUNT; s++)
			if (conf_sections[s].parent == f->section)
				read_section(r, map, s, where_inside(where, conf_sections[s].name, key), f);
	}
}

/* ---- the sections in a mapping ---- */

static void
read_item(struct conf_reader *r, const struct tree *t, enum conf_section_id section,
    const char *where, void *base)
{
	struct filled f[2] = { { .section = section, .defaults = true } };
	unsigned n, nfilled = 1;

	ASSERT(conf_sections[section].shape != SHAPE_MAP);
	section_items(section, base, &n);
	if (section == SECTION_LISTEN && n == CONF_LISTEN_MAX) {
		faults_add(&r->faults, t->line, where, "more than %d addresses", CONF_LISTEN_MAX);
		return;
	}
	if (section == SECTION_CERTIFICATE && n == CONF_CERTIFICATES_MAX) {
		faults_add(&r->faults, t->line, where, "more than %d certificates", CONF_CERTIFICATES_MAX);
		return;
	}
	if (section == SECTION_ACME_CA && n == CONF_ACME_CAS_MAX) {
		faults_add(&r->faults, t->line, where, "more than %d CAs", CONF_ACME_CAS_MAX);
		return;
	}
	if (section == SECTION_ADMIN_TOKEN && n == CONF_ADMIN_TOKENS_MAX) {
		faults_add(&r->faults, t->line, where, "more than %d tokens", CONF_ADMIN_TOKENS_MAX);
		return;
	}
	if (section == SECTION_RULE && n == TERMS_MAX) {
		faults_add(&r->faults, t->line, where, "more than %d queries", TERMS_MAX);
		return;
	}
	f->base = section_add(section, base, t->line);
	if (section == SECTION_TARGET)
		((struct conf_target *)f->base)->kind = TARGET_COUNT;	/* not known */
	if (section == SECTION_SERVICE) {
		struct conf_service *s = f->base;

		service_conf_set(&s->conf, &r->conf->defaults);
		f[nfilled++] = (struct filled){ SECTION_DEFAULTS, &s->conf, false };
	}
	read_map(r, t, where, f, nfilled);
	if (section == SECTION_RULE && ((struct term *)f->base)->query == NULL) {	/* a fault */
		section_free(SECTION_RULE, f->base);
		((struct service_conf *)base)->terms.n = n;
	}
}

/* Those of a service take the place of those of defaults. */
static void
read_queries(struct conf_reader *r, const struct tree *t, const char *where,
    struct service_conf *conf)
{
	struct terms *all = &conf->terms;
	struct term *q = all->term;

	terms_free(all);
	if (t->shape == TREE_LIST)
		for (const struct tree *item = t->first; item != NULL; item = item->next)
			read_item(r, item, SECTION_RULE, where, conf);
	else if (t->shape != TREE_SCALAR || !t->empty)
		read_item(r, t, SECTION_RULE, where, conf);
	for (unsigned i = 0; i < all->n; i++) {
		if (q[i].name == NULL && all->n == 1)
			q[i].name = must_strdup("promql");
		else if (q[i].name == NULL)
			q[i].name = must_printf("promql.%u", i + 1);
		for (unsigned j = 0; j < i; j++)
			if (strcmp(q[i].name, q[j].name) == 0)
				faults_add(&r->faults, t->line, where, "'%s' is named twice; expected names of their own",
				    q[i].name);
	}
}

/* `t` may be NULL: there is no such key in the mapping. */
static void
read_list(struct conf_reader *r, const struct tree *t, enum conf_section_id section,
    const char *where, void *base)
{
	if (t == NULL)
		return;
	if (section == SECTION_RULE)
		read_queries(r, t, where, base);
	else if (t->shape == TREE_LIST) {
		if (section == SECTION_LISTEN && t->first == NULL)
			faults_add(&r->faults, t->line, where, "an empty list. %s", conf_sections[section].help);
		for (const struct tree *item = t->first; item != NULL; item = item->next)
			read_item(r, item, section, where, base);
	} else if (section == SECTION_LISTEN ||
	    ((section == SECTION_CERTIFICATE || section == SECTION_ACME_CA) &&
	    (t->shape == TREE_MAP || !t->empty)))
		read_item(r, t, section, where, base);
	else if (t->shape != TREE_SCALAR || !t->empty)
		faults_add(&r->faults, t->line, where, "not a list; expected items that begin with '- '");
}

/* `f` is what the mapping around it fills. */
static void
read_section(struct conf_reader *r, const struct tree *map, enum conf_section_id section,
    const char *where, const struct filled *f)
{
	const struct tree none = { .shape = TREE_MAP, .line = map->line };
	const struct tree *t = tree_find(map, NULL, conf_sections[section].name);

	if (conf_sections[section].shape == SHAPE_MAP)
		read_map(r, t == NULL ? &none : t, where,
		    &(struct filled){ section, section_map(section, f->base), f->defaults }, 1);
	else
		read_list(r, t, section, where, f->base);
	if (section == SECTION_TASK && ((struct conf_service *)f->base)->ntasks == 0 &&
	    !is_group(map) && (t == NULL || t->shape != TREE_MAP))
		faults_add(&r->faults, t == NULL ? map->line : t->line, where, "%s. %s",
		    t != NULL && t->shape == TREE_LIST ? "an empty list" : "missing",
		    conf_sections[section].help);
}

/* ---- a file ---- */

static void
limits_check(struct conf_reader *r)
{
	const struct conf *c = r->conf;
	unsigned ntasks = 0;

	for (unsigned i = 0; i < c->nservices; i++)
		ntasks += c->service[i].ntasks;
	if (c->nnodes > NODES_MAX)
		faults_add(&r->faults, c->node[NODES_MAX].line, "nodes", "%u; expected at most %d", c->nnodes,
		    NODES_MAX);
	if (ntasks > TASKS_MAX)
		faults_add(&r->faults, c->service[0].line, "services", "%u tasks; expected at most %d", ntasks,
		    TASKS_MAX);
}

static void
listen_assert(const struct conf_listen *l)
{
	ASSERT(l->addr.len > 0 && l->name != NULL && l->line > 0);
	ASSERT(l->http2 != MAYBE_ABSENT && !(l->tls && l->redirect_port > 0));
	ASSERT((l->client_ca != NULL) == (l->client_cert != CLIENT_CERT_NONE));
}

/* What a configuration that is put in force holds, whatever its file looked like. */
static void
conf_assert(const struct conf *c)
{
	ASSERT(c->workers >= 1 && c->workers <= WORKERS_MAX && c->stop_usec >= 0 && c->clients_max > 0);
	ASSERT(c->nlisten > 0 || c->ntargets > 0);
	ASSERT(c->signal_period_usec > 0 && c->signal_timeout_usec > 0 && c->swarm_poll_usec > 0);
	ASSERT(c->mover_cold < c->mover_hot && c->mover_margin > 0 && c->balancers >= 0);
	ASSERT(c->prom.period_usec > 0 && c->prom.max_age_usec > 0);
	ASSERT(c->nnodes <= NODES_MAX);
	for (unsigned i = 0; i < c->nlisten; i++)
		listen_assert(&c->listen[i]);
	for (unsigned i = 0; i < c->nnodes; i++)
		ASSERT(c->node[i].name != NULL && c->node[i].cores >= 0);
	for (unsigned i = 0; i < c->nservices; i++) {
		const struct conf_service *s = &c->service[i];

		ASSERT(s->name != NULL && (s->ntasks > 0) == (s->group == NULL));
		ASSERT(s->conf.connect_usec > 0 && s->conf.response_usec > 0 && s->conf.idle_usec > 0);
		ASSERT(s->conf.health_rise > 0 && s->conf.health_fall > 0 && s->conf.terms.n <= TERMS_MAX);
		for (unsigned k = 0; k < s->ntasks; k++)
			ASSERT(s->task[k].name != NULL && s->task[k].node != NULL &&
			    s->task[k].addr.sa.any.sa_family != 0);
	}
	for (unsigned i = 0; i < c->ntargets; i++) {
		ASSERT(c->target[i].name != NULL && (unsigned)c->target[i].kind < TARGET_COUNT);
		ASSERT(c->target[i].interval_usec > 0 && c->target[i].poll_usec > 0);
		ASSERT(c->target[i].backend != NULL && c->target[i].power > 0 && c->target[i].floor > 0);
	}
}

struct conf *
conf_parse(struct str text, const char *file, struct buf *errors)
{
	struct conf_reader r = { .conf = must_zalloc(sizeof *r.conf) };
	char problem[CONF_PROBLEM_MAX];
	struct tree *root;
	int line;

	r.conf->file = must_strdup(file);
	root = tree_read(text, &line, problem, sizeof problem);
	if (root == NULL)
		faults_add(&r.faults, line, "", "%s", problem);
	else if (root->shape == TREE_SCALAR && root->empty)
		faults_add(&r.faults, root->line, "", "the file is empty; expected at least listen");
	else if (root->shape != TREE_MAP)
		faults_add(&r.faults, root->line, "", "not a mapping; expected lines such as listen: :80");
	else {
		read_map(&r, root, "", &(struct filled){ SECTION_TOP, r.conf, true }, 1);
		conf_check(r.conf, root, &r.faults);
		limits_check(&r);
	}
	tree_free(&root);
	faults_write(&r.faults, file, errors);
	if (r.faults.wrong > 0)
		conf_free(&r.conf);
	else
		conf_assert(r.conf);
	faults_fini(&r.faults);
	return r.conf;
}

static bool
file_read(const char *file, int flags, struct buf *text, struct buf *errors)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC | flags);
	bool ok = fd >= 0 && fd_read_all(fd, text);

	if (!ok && errno == EFBIG)
		buf_printf(errors, "%s: cannot be read: larger than %zu bytes\n", file, text->max);
	else if (!ok)
		buf_printf(errors, "%s: cannot be read: %s\n", file, strerror(errno));
	if (fd >= 0)
		close(fd);
	return ok;
}

bool
conf_read(const char *file, struct buf *text, struct buf *errors)
{
	return file_read(file, O_NONBLOCK, text, errors);
}

bool
conf_read_all(const char *file, struct buf *text, struct buf *errors)
{
	return file_read(file, O_NOCTTY, text, errors);
}

void
conf_free(struct conf **cp)
{
	struct conf *c = *cp;

	*cp = NULL;
	if (c == NULL)
		return;
	section_free(SECTION_TOP, c);
	free(c->file);
	free(c);
}

struct conf *
conf_load(const char *file, struct buf *text, struct buf *errors)
{
	buf_init(text, CONF_TEXT_MAX);
	buf_init(errors, CONF_ERRORS_MAX);
	return conf_read(file, text, errors) ? conf_parse(buf_str(text), file, errors) : NULL;
}
