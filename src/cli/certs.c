/*
 * `mola certs`: the certificates, where each comes from, when it expires and is renewed; and the
 * verbs that renew or remove one.
 */
#include <stdio.h>
#include <string.h>

#include "base/bug.h"
#include "cli/api.h"
#include "cli/cli.h"
#include "cli/grid.h"

#define NAMES_SHOWN 3
#define DAY_SECONDS 86400

static enum hue
hue_of_certificate(const char *state)
{
	if (strcmp(state, "good") == 0)
		return HUE_GOOD;
	if (strcmp(state, "warning") == 0 || strcmp(state, "waiting") == 0 ||
	    strcmp(state, "expiring") == 0)
		return HUE_WARN;
	return HUE_BAD;
}

/* Sizes a name cell: "a.org, www.a.org and 3 more". */
static void
names_cell(struct grid *s, const json_t *cert)
{
	const json_t *names = json_object_get(cert, "names"), *name;
	size_t i, n = json_array_size(names), len = 0;
	char text[300] = "-";

	json_array_foreach(names, i, name)
		if (i < NAMES_SHOWN && json_is_string(name) && len < sizeof text)
			len += (size_t)snprintf(text + len, sizeof text - len, "%s%.60s", i > 0 ? ", " : "",
			    json_string_value(name));
	if (n > NAMES_SHOWN && len < sizeof text)
		snprintf(text + len, sizeof text - len, " and %zu more", n - NAMES_SHOWN);
	grid_text(s, text, HUE_PLAIN);
}

/* "2027-01-31 (64 d)", or how long ago that was. */
static void
expires_cell(struct grid *s, const json_t *cert)
{
	const json_t *left = json_object_get(cert, "expires_seconds");
	long long seconds = json_integer_value(left);
	char text[64];

	if (!json_is_integer(left))
		snprintf(text, sizeof text, "-");
	else if (seconds < 0)
		snprintf(text, sizeof text, "%.10s (%lld d ago)", text_of(cert, "not_after"),
		    -seconds / DAY_SECONDS);
	else
		snprintf(text, sizeof text, "%.10s (%lld d)", text_of(cert, "not_after"),
		    seconds / DAY_SECONDS);
	grid_text(s, text, seconds < 0 ? HUE_BAD : HUE_PLAIN);
}

static void
certificate_row(struct grid *s, const json_t *cert)
{
	const char *state = text_of(cert, "state"), *text = text_of(cert, "text");
	const char *detail = text_of(cert, "detail");
	char note[600];

	grid_text(s, text_of(cert, "id"), HUE_PLAIN);
	names_cell(s, cert);
	grid_text(s, *text_of(cert, "issuer") == '\0' ? "-" : text_of(cert, "issuer"), HUE_PLAIN);
	if (json_is_integer(json_object_get(cert, "certificates")))
		snprintf(note, sizeof note, "%lld CA", json_integer_value(json_object_get(cert, "certificates")));
	else
		snprintf(note, sizeof note, "%s", *text_of(cert, "key") == '\0' ? "-" : text_of(cert, "key"));
	grid_text(s, note, HUE_PLAIN);
	expires_cell(s, cert);
	snprintf(note, sizeof note, "%.10s", *text_of(cert, "renew") == '\0' ? "-" :
	    text_of(cert, "renew"));
	grid_text(s, note, HUE_PLAIN);
	grid_text(s, state, hue_of_certificate(state));
	if (*text != '\0') {
		snprintf(note, sizeof note, "%.200s%s%.240s", text, *detail == '\0' ? "" : ": ", detail);
		grid_note(s, note);
	} else if (*text_of(cert, "warning") != '\0')
		grid_note(s, text_of(cert, "warning"));
	if (json_is_true(json_object_get(cert, "default")))
		grid_note(s, "the default, for clients that name no host or an unknown one");
}

/* ---- renew and remove ---- */

static int
certificate_act(struct api *a, const char *path)
{
	json_t *body = json_pack("{s:s}", "certificate", a->arg[1]), *response;
	struct printable name, state;

	ASSERT(a->nargs == 2);
	if (body == NULL)
		return help_misuse(a->verb, "the name is not UTF-8");
	response = api_post(a, path, body);
	json_decref(body);
	if (response == NULL)
		return 1;
	if (a->json)
		api_print(response);
	else
		printf("%s: %s; `mola certs` shows when it is done\n", printable(a->arg[1], &name),
		    printable(text_of(response, "state"), &state));
	json_decref(response);
	return 0;
}

static int
act_main(int argc, char **argv)
{
	struct api a;
	int status = api_init(&a, argc, argv, 2, 2);

	if (status != API_GO_ON)
		return status;
	if (strcmp(a.arg[0], "renew") == 0)
		return certificate_act(&a, "/api/v1/certs/renew");
	if (strcmp(a.arg[0], "remove") == 0)
		return certificate_act(&a, "/api/v1/certs/remove");
	return help_misuse(a.verb, "expected renew NAME or remove NAME");
}

/* ---- the list ---- */

static void
rows(struct grid *g, const json_t *response, const char *list)
{
	const json_t *cert;
	size_t i;

	json_array_foreach(json_object_get(response, list), i, cert) {
		certificate_row(g, cert);
		ASSERT(grid_is_at_row(g));
	}
}

/* What clients wanted, and did not get. */
static void
failed_print(const json_t *failed)
{
	static const char *const titles[] = { "HANDSHAKES FAILED FOR", ">COUNT", ">LAST", "WHY", NULL };
	const json_t *one;
	struct grid *g;
	char text[40];
	size_t i;

	if (json_array_size(failed) == 0)
		return;
	printf("\n");
	g = grid_new(titles);
	json_array_foreach(failed, i, one) {
		const char *host = text_of(one, "host");
		grid_text(g, *host == '\0' ? "(no host)" : host, HUE_PLAIN);
		grid_count(g, json_object_get(one, "count"));
		snprintf(text, sizeof text, "%.0f s ago",
		    json_number_value(json_object_get(one, "age_seconds")));
		grid_text(g, text, HUE_PLAIN);
		grid_text(g, text_of(one, "text"), HUE_PLAIN);
	}
	grid_print(&g);
}

static int
list_certificates(int argc, char **argv)
{
	static const char *const titles[] = { "CERTIFICATE", "NAMES", "ISSUER", "KEY", "EXPIRES",
		"RENEWAL", "STATE", NULL };
	struct api a;
	struct grid *g;
	json_t *response;
	int status = api_init(&a, argc, argv, 0, 0);

	if (status != API_GO_ON)
		return status;
	if ((response = api_get(&a, "/api/v1/certs", NULL, NULL)) == NULL)
		return 1;
	if (a.json)
		api_print(response);
	else {
		g = grid_new(titles);
		rows(g, response, "certificates");
		rows(g, response, "authorities");	/* for certificates of clients */
		grid_print(&g);
		failed_print(json_object_get(response, "handshakes_failed"));
	}
	json_decref(response);
	return 0;
}

int
certs_main(int argc, char **argv)
{
	return api_is_called(argc, argv, "renew", "remove") ? act_main(argc, argv) :
	    list_certificates(argc, argv);
}
