/*
 * api: one HTTP request and its JSON, over libcurl. Failures are reported here, in one sentence,
 * so that verbs only have to exit. Must not know what the JSON means.
 */
#include <curl/curl.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/bug.h"
#include "cli/api_priv.h"
#include "cli/cli.h"
#include "cli/grid.h"

#define DEFAULT_SOCKET	"/run/mola/admin.sock"
#define DEFAULT_URL	"http://127.0.0.1:8000"
#define RESPONSE_MAX	(64u << 20)
#define CONNECT_SECONDS	3L
#define RESPONSE_SECONDS	15L
#define QUERY_MAX	8192		/* bytes of a path with its query */

static const char *
where_default(void)
{
	const char *given = getenv("MOLA_ADMIN");

	if (given != NULL && *given != '\0')
		return given;
	return access(DEFAULT_SOCKET, F_OK) == 0 ? "unix:" DEFAULT_SOCKET : DEFAULT_URL;
}

static bool
where_is_valid(const char *where)
{
	return *where == '/' || strncmp(where, "unix:/", 6) == 0 ||
	    (strncmp(where, "http://", 7) == 0 && where[7] != '\0');
}

enum api_option {
#define ASK_OPTION(id, ...)	ASK_##id,
#define TARGETS_OPTION(id, ...)	TARGETS_##id,
#define DRAIN_OPTION(id, ...)	DRAIN_##id,
#define EVENTS_OPTION(id, ...)	EVENTS_##id,
#define RECORD_OPTION(id, ...)	RECORD_##id,
#define COMPARE_OPTION(id, ...)	COMPARE_##id,
#include "tbl/options.h"
};

/* False: it is not one of this verb's. */
static bool
option_take(struct api *a, enum api_option option)
{
	bool drain = strcmp(a->verb, "drain") == 0, targets = strcmp(a->verb, "targets") == 0;
	bool compare = strcmp(a->verb, "compare") == 0, events = strcmp(a->verb, "events") == 0;
	bool record = strcmp(a->verb, "record") == 0;

	switch (option) {
	case ASK_admin:
		a->where = optarg;
		return true;
	case ASK_token_file:
		a->token_file = optarg;
		return true;
	case ASK_json:
		return a->json = true;
	case TARGETS_dry_run:
		a->dry_run = targets;
		return targets;
	case TARGETS_config:		/* targets_verb reads it: there is no Mola to connect to */
		return false;
	case DRAIN_task:
		a->task = drain;
		return drain;
	case DRAIN_undo:
		a->undo = drain;
		return drain;
	case EVENTS_follow:
		a->follow = events;
		return events;
	case EVENTS_level:
		a->level = optarg;
		return events;
	case EVENTS_since:
		a->since = optarg;
		return events;
	case RECORD_seconds:
		a->seconds = optarg;
		return record;
	case RECORD_output:
		a->output = optarg;
		return record;
	case RECORD_limit:
		a->limit = optarg;
		return record;
	case RECORD_names:
		a->names = record;
		return record;
	case COMPARE_with:
		a->with = optarg;
		return compare;
	case COMPARE_with_tls:
		a->with_tls = optarg;
		return compare;
	case COMPARE_mola:
		a->mola = optarg;
		return compare;
	case COMPARE_mola_tls:
		a->mola_tls = optarg;
		return compare;
	case COMPARE_most:
		a->most = optarg;
		return compare;
	}
	BUG("an option without its case");
}

static int
api_options(struct api *a, int argc, char **argv)
{
#define OPTION_ROW(id, name, argument) \
	{ &(name)[2], sizeof(argument) > 1 ? required_argument : no_argument, NULL, id },
	static const struct option options[] = {
#define ASK_OPTION(id, name, argument, help)	OPTION_ROW(ASK_##id, name, argument)
#define TARGETS_OPTION(id, name, argument, help) OPTION_ROW(TARGETS_##id, name, argument)
#define DRAIN_OPTION(id, name, argument, help)	OPTION_ROW(DRAIN_##id, name, argument)
#define EVENTS_OPTION(id, name, argument, help)	OPTION_ROW(EVENTS_##id, name, argument)
#define RECORD_OPTION(id, name, argument, help)	OPTION_ROW(RECORD_##id, name, argument)
#define COMPARE_OPTION(id, name, argument, help) OPTION_ROW(COMPARE_##id, name, argument)
#include "tbl/options.h"
		{ "help", no_argument, NULL, 'h' }, { 0 } };
	int opt, at = 0;

	opterr = 0;
	optind = 0;
	while ((opt = getopt_long(argc, argv, ":hfo:", options, &at)) != -1) {
		if (opt == 'h')
			return help_verb(a->verb);
		if (opt == ':')
			return help_misuse(a->verb, "%s expects a value", argv[optind - 1]);
		if (opt == '?')
			return help_misuse(a->verb, "there is no option %s", argv[optind - 1]);
		if (opt == 'f' || opt == 'o') {
			if (!option_take(a, opt == 'f' ? EVENTS_follow : RECORD_output))
				return help_misuse(a->verb, "there is no option -%c", opt);
			continue;
		}
		if (!option_take(a, (enum api_option)opt))
			return help_misuse(a->verb, "there is no option --%s", options[at].name);
	}
	a->arg = argv + optind;
	a->nargs = argc - optind;
	ASSERT(a->nargs >= 0 && a->nargs < argc);	/* argv[0] is the verb */
	return API_GO_ON;
}

int
api_init(struct api *a, int argc, char **argv, int args_least, int args_most)
{
	int status;

	ASSERT(argc >= 1);
	ASSERT(args_least >= 0 && args_least <= args_most);
	*a = (struct api){ .verb = argv[0], .where = where_default() };
	status = api_options(a, argc, argv);
	if (status != API_GO_ON)
		return status;
	if (!where_is_valid(a->where))
		return help_misuse(a->verb, "'%s' is not an admin address: expected unix:/path or "
		    "http://host:port", a->where);
	if (a->nargs < args_least)
		return help_misuse(a->verb, "a name is missing");
	if (a->nargs > args_most)
		return help_misuse(a->verb, "unexpected argument '%s'", a->arg[args_most]);
	return API_GO_ON;
}

bool
api_is_called(int argc, char **argv, const char *word, const char *other)
{
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], word) == 0 || strcmp(argv[i], other) == 0)
			return true;
	return false;
}

static size_t
on_bytes(char *p, size_t size, size_t n, void *arg)
{
	return buf_add(arg, p, size * n) ? size * n : 0;
}

/* The path of the unix socket; NULL: `where` is a URL. */
static const char *
socket_of(const struct api *a)
{
	return *a->where == '/' ? a->where : strncmp(a->where, "unix:", 5) == 0 ? a->where + 5 : NULL;
}

static void
set_url(CURL *c, const struct api *a, const char *path)
{
	const char *socket = socket_of(a), *base = socket == NULL ? a->where : "http://localhost";
	size_t len = strlen(base);
	char *url;

	ASSERT(*path == '/');
	if (socket != NULL)
		curl_easy_setopt(c, CURLOPT_UNIX_SOCKET_PATH, socket);
	while (len > 0 && base[len - 1] == '/')
		len--;
	url = must_alloc(len + strlen(path) + 1);
	memcpy(url, base, len);
	strcpy(url + len, path);
	curl_easy_setopt(c, CURLOPT_URL, url);		/* libcurl has a copy */
	free(url);
	curl_easy_setopt(c, CURLOPT_PROXY, "");
	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http");
	curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, CONNECT_SECONDS);
	curl_easy_setopt(c, CURLOPT_TIMEOUT, RESPONSE_SECONDS);
}

void
api_trouble(const struct api *a, int code, char out[API_TROUBLE_MAX])
{
	const char *path = socket_of(a);

	if (code != CURLE_COULDNT_CONNECT)
		snprintf(out, API_TROUBLE_MAX, "no response from %.300s: %.200s", a->where,
		    curl_easy_strerror((CURLcode)code));
	else if (path != NULL && access(path, R_OK | W_OK) != 0 && errno == EACCES)
		snprintf(out, API_TROUBLE_MAX, "you may not open %.300s: run this as root, or as a member of "
		    "the group that admin.group in Mola's configuration gives it to", path);
	else
		snprintf(out, API_TROUBLE_MAX, "no Mola at %.300s: is it running?", a->where);
}

/* The token is the first line of the file, or $MOLA_TOKEN; none: there is no field. False: the
 * failure was reported. */
static bool
token_add(const struct api *a, struct curl_slist **headers)
{
	const char *given = getenv("MOLA_TOKEN");
	char line[600] = "", header[640];
	FILE *f;
	bool ok;

	if (a->token_file != NULL) {
		f = fopen(a->token_file, "r");
		ok = f != NULL && fgets(line, sizeof line, f) != NULL;
		if (f != NULL)
			fclose(f);
		if (!ok) {
			fprintf(stderr, "mola %s: the token file %s cannot be read\n", a->verb, a->token_file);
			return false;
		}
	} else if (given != NULL)
		str_copy(line, sizeof line, str_of(given));
	line[strcspn(line, "\r\n")] = '\0';
	if (*line == '\0')
		return true;
	snprintf(header, sizeof header, "Authorization: Bearer %s", line);
	*headers = curl_slist_append(*headers, header);
	return true;
}

void *
api_handle(const struct api *a, const char *path, struct curl_slist **headers)
{
	CURL *c;

	if (!token_add(a, headers))
		return NULL;
	c = curl_easy_init();
	set_url(c, a, path);
	curl_easy_setopt(c, CURLOPT_HTTPHEADER, *headers);
	return c;
}

/* The status of a response, whose body is added to `out`; 0: the failure was reported. `headers`
 * and `content` (of a POST) may be NULL; frees `headers`. */
static long
api_perform(const struct api *a, const char *path, struct curl_slist *headers, const char *content,
    struct buf *out)
{
	CURL *c = api_handle(a, path, &headers);
	char trouble[API_TROUBLE_MAX];
	CURLcode rc;
	long status = 0;

	ASSERT(out->len == 0);
	if (c != NULL) {
		if (content != NULL)
			curl_easy_setopt(c, CURLOPT_POSTFIELDS, content);
		curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_bytes);
		curl_easy_setopt(c, CURLOPT_WRITEDATA, out);
		rc = curl_easy_perform(c);
		if (rc == CURLE_OK)
			curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
		else {
			api_trouble(a, rc, trouble);
			fprintf(stderr, "mola %s: %s\n", a->verb, trouble);
		}
		curl_easy_cleanup(c);
	}
	curl_slist_free_all(headers);
	return status;
}

/* The response as JSON; NULL: it is an error, or something else, and that was reported. */
static json_t *
api_json(const struct api *a, const char *path, struct curl_slist *headers, const char *content)
{
	struct printable text;
	const char *error;
	struct buf body;
	json_t *j;
	long status;

	buf_init(&body, RESPONSE_MAX);
	status = api_perform(a, path, headers, content, &body);
	j = status == 0 ? NULL : json_loadb(body.len > 0 ? body.p : "", body.len, 0, NULL);
	buf_fini(&body);
	if (status == 0 || (status >= 200 && status < 300 && j != NULL))
		return j;
	error = json_string_value(json_object_get(j, "error"));
	if (error != NULL)
		fprintf(stderr, "mola %s: %s%s\n", a->verb, printable(error, &text),
		    status == 401 ? "; the token is taken from --token-file FILE or $MOLA_TOKEN" : "");
	else
		fprintf(stderr, "mola %s: the server at %s is not Mola: its response has status %ld\n",
		    a->verb, a->where, status);
	json_decref(j);
	return NULL;
}

long
api_get_text(const struct api *a, const char *path, struct buf *out)
{
	return api_perform(a, path, NULL, NULL, out);
}

bool
api_path(struct buf *full, const char *path, const char *key, const char *value)
{
	char *escaped;

	ASSERT(value == NULL || (key != NULL && strchr(path, '?') == NULL));
	buf_init(full, QUERY_MAX);
	buf_adds(full, str_of(path));
	if (value != NULL) {
		escaped = curl_easy_escape(NULL, value, 0);
		buf_printf(full, "?%s=%s", key, escaped == NULL ? "" : escaped);
		curl_free(escaped);
	}
	buf_add(full, "", 1);
	return !full->full;
}

json_t *
api_get(const struct api *a, const char *path, const char *key, const char *value)
{
	struct buf full;
	json_t *response = NULL;

	if (api_path(&full, path, key, value))
		response = api_json(a, full.p, NULL, NULL);
	else
		fprintf(stderr, "mola %s: the name is too long\n", a->verb);
	buf_fini(&full);
	return response;
}

json_t *
api_post(const struct api *a, const char *path, const json_t *body)
{
	char *text = json_dumps(body, JSON_COMPACT);
	json_t *response;

	ASSERT(json_is_object(body));
	response = api_json(a, path, curl_slist_append(NULL, "Content-Type: application/json"), text);
	free(text);
	return response;
}

/* ASCII only: no name and no text of an exporter can control a terminal. */
int
api_print(const json_t *j)
{
	json_dumpf(j, stdout, JSON_INDENT(2) | JSON_ENSURE_ASCII | JSON_PRESERVE_ORDER |
	    JSON_REAL_PRECISION(10));
	putchar('\n');
	return 0;
}
