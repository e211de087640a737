/*
 * router_gather: the labels of one router, found one by one. What is not understood of them is
 * kept, and refuses the router (router.c).
 */
#include <string.h>

#include "base/bug.h"
#include "discovery/traefik_priv.h"

static struct router *
router_get(struct traefik_reading *r, struct str name)
{
	ASSERT(r->nrouters <= ROUTERS_MAX);
	for (unsigned i = 0; i < r->nrouters; i++)
		if (r->service->provided ? str_eq(r->router[i].name, name) :
		    str_eq_nocase(r->router[i].name, name))
			return &r->router[i];
	if (r->nrouters == ROUTERS_MAX)
		return NULL;
	r->router[r->nrouters] = (struct router){ .name = name };
	return &r->router[r->nrouters++];
}

static void
gather_tls(struct traefik_reading *r, struct router *router, const struct swarm_label *label,
    const struct str *word, unsigned n)
{
	const char *text = "certificates are ordered for the hosts of rules, and for acme.names";

	router->tls |= n > 5 || !str_eq_nocase(str_of(label->value), STR("false"));
	if (n == 6 && word_is(word[5], "certresolver") && label->value[0] != '\0') {
		/* what Mola calls tls: acme; a word of its own has precedence */
		if (!reading_has_label(r, "mola.tls"))
			r->l->conf.tls = SERVICE_TLS_ACME;
		reading_report(r, label, LABEL_VALID, NULL);
	} else if (n == 5 || (n == 6 && word_is(word[5], "certresolver")))
		reading_report(r, label, LABEL_VALID, NULL);
	else if (n == 7 && str_starts(word[5], STR("domains")))
		reading_report(r, label, LABEL_UNUSED, text);
	else if (n == 6 && word_is(word[5], "options") && router->tls_options == NULL)
		router->tls_options = label;
	else
		reading_mark_unknown(r, &router->unknown, label, "not understood: the router is not served");
}

void
router_gather(struct traefik_reading *r, const struct swarm_label *label, const struct str *word,
    unsigned n)
{
	struct router *router = router_get(r, word[3]);
	const struct swarm_label **at = NULL;

	ASSERT(n >= 5);
	if (router == NULL) {
		r->too_many = true;
		reading_report(r, label, LABEL_UNSUPPORTED, "more than 64 routers");
		return;
	}
	at = word_is(word[4], "rule") ? &router->rule :
	    word_is(word[4], "service") ? &router->service :
	    word_is(word[4], "middlewares") ? &router->middlewares :
	    word_is(word[4], "entrypoints") ? &router->entry_points :
	    word_is(word[4], "priority") ? &router->priority :
	    word_is(word[4], "rulesyntax") ? &router->syntax : NULL;
	if (at != NULL && n == 5 && *at == NULL)
		*at = label;
	else if (word_is(word[4], "tls"))
		gather_tls(r, router, label, word, n);
	else if (n >= 6 && word_is(word[4], "observability"))
		reading_report(r, label, LABEL_UNUSED, "Mola's log and metrics have settings of their own");
	else
		reading_mark_unknown(r, &router->unknown, label, at != NULL && n == 5 ?
		    "it is set twice: the router is not served" :
		    "not understood: the router is not served");
}
