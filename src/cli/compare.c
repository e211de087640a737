/*
 * `mola compare`: asks Traefik and a running Mola for the address of each route, and prints what
 * differs. Traefik is asked before and after Mola: what differs between its own responses varies,
 * and says nothing. What differs is asked for once more before it counts. Requests go one by one,
 * with a pause between them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/addr.h"
#include "base/alloc.h"
#include "base/bug.h"
#include "base/clock.h"
#include "cli/api.h"
#include "cli/cli.h"
#include "cli/compare_finding.h"
#include "cli/compare_plan.h"
#include "cli/grid.h"

#define NOTHING_COMPARED 2
#define MOST_DEFAULT	500
#define MOST_MAX	100000
#define PAUSE_USEC	(50 * USEC_PER_MSEC)	/* from the start of one request to that of the next */

struct comparison {
	struct api	 api;
	struct compare_side traefik[2], mola[2];	/* without TLS, and by it */
	struct compare_plan plan;
	json_t		*addresses;		/* for --json */
	unsigned	 count[RESULTS];
	int64_t		 next_usec;		/* when the next request may be sent */
	const struct compare_side *away;	/* who could not be reached; NULL: both could */
	char		*away_text;
};

/* ---- one address ---- */

static void
pace(struct comparison *c)
{
	int64_t now = clock_mono_usec(), wait = c->next_usec - now;
	struct timespec t = { 0, wait > 0 ? (long)(wait * 1000) : 0 };

	ASSERT(wait <= PAUSE_USEC);
	if (wait > 0)
		nanosleep(&t, NULL);
	c->next_usec = (wait > 0 ? c->next_usec : now) + PAUSE_USEC;
}

static bool
ask(struct comparison *c, const struct compare_side *s, const struct compare_address *at,
    struct compare_answer *out)
{
	pace(c);
	compare_fetch(s, at, out);
	if (!out->away)
		return true;
	c->away = s;
	c->away_text = must_strdup(out->text[COMPARED_STATUS]);
	return false;
}

/* False: one of both is not there, and there is nothing more to compare. */
static bool
ask_all(struct comparison *c, const struct compare_address *at, struct finding *f)
{
	f->stated = at->tls && c->mola[1].stated;
	return ask(c, &c->traefik[at->tls], at, &f->first) &&
	    ask(c, &c->mola[at->tls], at, &f->mola) && ask(c, &c->traefik[at->tls], at, &f->second);
}

/* Whatever differs is asked for once more. */
static bool
look(struct comparison *c, const struct compare_address *at, struct finding *f)
{
	struct finding again = { .field = { FIELD_SAME } };
	bool asked = ask_all(c, at, f);

	if (asked && finding_judge(f)) {
		asked = ask_all(c, at, &again);
		if (asked) {
			finding_judge(&again);
			finding_confirm(f, &again);
		}
		finding_fini(&again);
	}
	return asked;
}

static void
compare_one(struct comparison *c, const struct compare_address *at)
{
	struct finding f = { .field = { FIELD_SAME } };

	if (look(c, at, &f)) {
		c->count[finding_result(&f)]++;
		if (c->api.json)
			json_array_append_new(c->addresses, finding_json(&f, at));
		else
			finding_print(&f, at);
	}
	finding_fini(&f);
}

/* ---- all addresses ---- */

static void
skipped_print(const json_t *skipped)
{
	struct printable service, route, why;
	const json_t *one;
	size_t i;

	json_array_foreach(skipped, i, one) {
		const char *name = text_of(one, "service"), *at = text_of(one, "route");
		printf("not compared: %s%s%s: %s\n", printable(*name == '\0' ? text_of(one, "router") : name,
		    &service), *at == '\0' ? "" : ", ", printable(at, &route),
		    printable(text_of(one, "why"), &why));
	}
}

static unsigned
compared_count(const struct comparison *c)
{
	return c->count[RESULT_SAME] + c->count[RESULT_DIFFERENT];
}

static void
summary_print(const struct comparison *c)
{
	skipped_print(c->plan.skipped);
	printf("%u address%s compared, %u with differences", compared_count(c),
	    compared_count(c) == 1 ? "" : "es", c->count[RESULT_DIFFERENT]);
	if (c->count[RESULT_VARIES] + c->count[RESULT_SILENT] > 0)
		printf("; %u vary or do not respond", c->count[RESULT_VARIES] + c->count[RESULT_SILENT]);
	if (json_array_size(c->plan.skipped) > 0)
		printf("; %zu not compared", json_array_size(c->plan.skipped));
	if (c->plan.left_out > 0)
		printf("; %u left out (--most)", c->plan.left_out);
	printf("\n");
}

static void
summary_json(struct comparison *c)
{
	json_t *j = json_pack("{s:i, s:i, s:i, s:O, s:O}", "compared", (int)compared_count(c),
	    "different", (int)c->count[RESULT_DIFFERENT], "left_out", (int)c->plan.left_out,
	    "addresses", c->addresses, "not_compared", c->plan.skipped);

	api_print(j);
	json_decref(j);
}

static int
compare_all(struct comparison *c)
{
	struct printable text;

	c->addresses = json_array();
	for (unsigned i = 0; i < c->plan.n && c->away == NULL; i++)
		compare_one(c, &c->plan.address[i]);
	if (c->api.json)
		summary_json(c);
	else
		summary_print(c);
	json_decref(c->addresses);
	if (c->away != NULL)
		fprintf(stderr, "mola compare: %s at %s: %s\n", c->away->name,
		    printable(c->away->url, &text), c->away_text);
	else if (compared_count(c) == 0)
		fprintf(stderr, "mola compare: there was nothing to compare\n");
	if (c->away != NULL || compared_count(c) == 0)
		return NOTHING_COMPARED;
	return c->count[RESULT_DIFFERENT] > 0;
}

/* ---- whom to ask ---- */

/* The host of --admin where that is a URL: Mola listens there, too. */
static const char *
admin_host(const struct api *a, struct compare_side *room)
{
	return compare_side_set(room, a->where, false) ? room->host : "127.0.0.1";
}

/* Of Mola's configuration: the first listener without TLS, or with it, that takes a client's
 * connection as it is. */
static void
listener_side(const struct api *a, const json_t *config, bool tls, struct compare_side *s)
{
	const char *scheme = tls ? "https" : "http";
	char host[ADDR_TEXT_MAX], url[COMPARE_TO_MAX + 40];
	struct compare_side admin;
	const json_t *one;
	struct addr at;
	size_t i;
	bool any;

	json_array_foreach(json_object_get(config, "listen"), i, one) {
		if (json_is_true(json_object_get(one, "tls")) != tls ||
		    json_is_true(json_object_get(one, "proxy_protocol")) ||
		    addr_parse(str_of(text_of(one, "address")), &at) != NULL || addr_port(&at) == 0)
			continue;
		addr_host_text(&at, host);
		any = strcmp(host, "0.0.0.0") == 0 || strcmp(host, "::") == 0;
		if (!any && strchr(host, ':') != NULL)
			snprintf(url, sizeof url, "%s://[%s]:%u", scheme, host, addr_port(&at));
		else
			snprintf(url, sizeof url, "%s://%s:%u", scheme, any ? admin_host(a, &admin) : host,
			    addr_port(&at));
		compare_side_set(s, url, tls);
		return;
	}
}

/* Of the listener on this port; NULL: there is none, or there are several. */
static const char *
listener_name(const json_t *config, unsigned port)
{
	const char *name = NULL;
	unsigned found = 0;
	const json_t *one;
	struct addr at;
	size_t i;

	json_array_foreach(json_object_get(config, "listen"), i, one)
		if (addr_parse(str_of(text_of(one, "address")), &at) == NULL && addr_port(&at) == port) {
			name = text_of(one, "name");
			found++;
		}
	return found == 1 && *name != '\0' ? name : NULL;
}

/* NULL, or what is wrong with the option. */
static const char *
sides_set(struct comparison *c)
{
	const struct api *a = &c->api;
	const struct {
		const char	*option, *url, *who;
		struct compare_side *side;
	} given[] = {
		{ "--with", a->with, "Traefik", &c->traefik[0] },
		{ "--with-tls", a->with_tls, "Traefik", &c->traefik[1] },
		{ "--mola", a->mola, "Mola", &c->mola[0] },
		{ "--mola-tls", a->mola_tls, "Mola", &c->mola[1] },
	};

	for (size_t i = 0; i < sizeof given / sizeof *given; i++) {
		given[i].side->name = given[i].who;
		if (given[i].url != NULL && !compare_side_set(given[i].side, given[i].url, i % 2 == 1))
			return given[i].option;
	}
	/* Traefik ends its own TLS */
	return c->traefik[1].stated ? "--with-tls" : NULL;
}

static bool
same_server(const struct compare_side *a, const struct compare_side *b)
{
	return a->to[0] != '\0' && strcmp(a->to, b->to) == 0;
}

static bool
most_set(struct comparison *c)
{
	uint64_t n = MOST_DEFAULT;

	if (c->api.most != NULL && (!str_to_u64(str_of(c->api.most), &n) || n < 1 || n > MOST_MAX))
		return false;
	c->plan.most = (unsigned)n;
	return true;
}

/* API_GO_ON, or the exit status. */
static int
comparison_init(struct comparison *c, int argc, char **argv)
{
	int status = api_init(&c->api, argc, argv, 0, 0);
	const char *wrong;

	if (status != API_GO_ON)
		return status;
	if (c->api.with == NULL && c->api.with_tls == NULL)
		return help_misuse("compare", "--with is missing: where is Traefik?");
	if (!most_set(c))
		return help_misuse("compare", "--most expects a number from 1 to %d", MOST_MAX);
	wrong = sides_set(c);
	if (wrong != NULL)
		return help_misuse("compare", "%s expects %s://host:port and no more", wrong,
		    strcmp(wrong, "--with-tls") == 0 ? "https" : "http");
	return API_GO_ON;
}

static void
ways_set(struct comparison *c, const json_t *config)
{
	c->plan.no_way[0] = c->traefik[0].to[0] == '\0' ?
	    "its requests come without TLS, and --with is not given" :
	    "its requests come without TLS, and Mola has no such listener: --mola names one";
	c->plan.no_way[1] = c->traefik[1].to[0] == '\0' ?
	    "its requests come by TLS, and --with-tls is not given" :
	    "its requests come by TLS, and Mola has no such listener: --mola-tls names one";
	for (int i = 0; i < 2; i++) {
		c->plan.way[i] = c->traefik[i].to[0] != '\0' && c->mola[i].to[0] != '\0';
		c->plan.listener[i] = listener_name(config, c->mola[i].port);
	}
	c->plan.any_host = c->traefik[c->traefik[0].to[0] == '\0'].host;
}

int
compare_main(int argc, char **argv)
{
	struct comparison c = { .away = NULL };
	json_t *config, *services;
	int status = comparison_init(&c, argc, argv);

	if (status != API_GO_ON)
		return status;
	config = api_get(&c.api, "/api/v1/config", NULL, NULL);
	services = config == NULL ? NULL : api_get(&c.api, "/api/v1/services", NULL, NULL);
	if (services == NULL) {
		json_decref(config);
		return NOTHING_COMPARED;
	}
	for (int i = 0; i < 2; i++)
		if (c.mola[i].to[0] == '\0')
			listener_side(&c.api, config, i == 1, &c.mola[i]);
	if (same_server(&c.traefik[0], &c.mola[0]) || same_server(&c.traefik[1], &c.mola[1]))
		status = help_misuse("compare", "Traefik and Mola are the same server");
	else {
		ways_set(&c, config);
		compare_plan_init(&c.plan, services);
		status = compare_all(&c);
		compare_plan_fini(&c.plan);
	}
	json_decref(config);
	json_decref(services);
	free(c.away_text);
	return status;
}
