/*
 * ask: one HTTP request and its JSON, over libcurl. What does not work is told here, in a sentence, so that
 * verbs need only give up.
 */
#include <curl/curl.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "cli/ask.h"
#include "cli/cli.h"
#include "cli/sheet.h"

#define DEFAULT_SOCKET	"/run/mola/admin.sock"
#define DEFAULT_URL	"http://127.0.0.1:8000"
#define ANSWER_MAX	(64u << 20)
#define CONNECT_SECONDS	3L
#define ANSWER_SECONDS	15L

static const char *
where_default(void)
{
	const char *given = getenv("MOLA_ADMIN");

	if (given != NULL && *given != '\0')
		return given;
	return access(DEFAULT_SOCKET, F_OK) == 0 ? "unix:" DEFAULT_SOCKET : DEFAULT_URL;
}

static bool
where_sound(const char *where)
{
	return *where == '/' || strncmp(where, "unix:/", 6) == 0 || (strncmp(where, "http://", 7) == 0 && where[7] != '\0');
}

enum ask_option {
#define ASK_OPTION(id, ...)	ASK_##id,
#define TARGETS_OPTION(id, ...)	TARGETS_##id,
#define DRAIN_OPTION(id, ...)	DRAIN_##id,
#include "tbl/options.h"
};

static int
ask_options(struct ask *a, int argc, char **argv)
{
#define OPTION_ROW(id, name, argument)	{ &(name)[2], sizeof(argument) > 1 ? required_argument : no_argument, NULL, id },
	static const struct option options[] = {
#define ASK_OPTION(id, name, argument, help)	OPTION_ROW(ASK_##id, name, argument)
#define TARGETS_OPTION(id, name, argument, help) OPTION_ROW(TARGETS_##id, name, argument)
#define DRAIN_OPTION(id, name, argument, help)	OPTION_ROW(DRAIN_##id, name, argument)
#include "tbl/options.h"
		{ "help", no_argument, NULL, 'h' }, { 0 } };
	bool drain = strcmp(a->verb, "drain") == 0, targets = strcmp(a->verb, "targets") == 0, known = true;
	int opt;

	opterr = 0;
	optind = 0;
	while (known && (opt = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
		if (opt == 'h')
			return help_verb(a->verb);
		if (opt == ':')
			return help_misuse(a->verb, "%s expects a value", argv[optind - 1]);
		if (opt == '?')
			known = false;
		else switch ((enum ask_option)opt) {
		case ASK_admin:
			a->where = optarg;
			break;
		case ASK_token_file:
			a->token_file = optarg;
			break;
		case ASK_json:
			a->json = true;
			break;
		case TARGETS_dry_run:
			a->dry_run = known = targets;
			break;
		case TARGETS_config:		/* targets_verb reads it: there is no Mola to connect to */
			known = false;
			break;
		case DRAIN_task:
			a->task = known = drain;
			break;
		case DRAIN_undo:
			a->undo = known = drain;
			break;
		}
	}
	if (!known)
		return help_misuse(a->verb, "there is no option %s", argv[optind - 1]);
	a->arg = argv + optind;
	a->nargs = argc - optind;
	return ASK_GO_ON;
}

int
ask_init(struct ask *a, int argc, char **argv, int args_least, int args_most)
{
	int status;

	*a = (struct ask){ .verb = argv[0], .where = where_default() };
	status = ask_options(a, argc, argv);
	if (status != ASK_GO_ON)
		return status;
	if (!where_sound(a->where))
		return help_misuse(a->verb, "'%s' is no place to ask: expected unix:/path or http://host:port", a->where);
	if (a->nargs < args_least)
		return help_misuse(a->verb, "a name is missing");
	if (a->nargs > args_most)
		return help_misuse(a->verb, "'%s' is too much", a->arg[args_most]);
	return ASK_GO_ON;
}

static size_t
on_bytes(char *p, size_t size, size_t n, void *arg)
{
	return buf_add(arg, p, size * n) ? size * n : 0;
}

/* "Authorization: Bearer …" of the token file's first line. False: told. */
static bool
token_header(const struct ask *a, struct curl_slist **headers)
{
	char line[600], header[640];
	FILE *f = fopen(a->token_file, "r");
	bool ok = f != NULL && fgets(line, sizeof line, f) != NULL;

	if (f != NULL)
		fclose(f);
	if (!ok) {
		fprintf(stderr, "mola %s: the token file %s cannot be read\n", a->verb, a->token_file);
		return false;
	}
	line[strcspn(line, "\r\n")] = '\0';
	snprintf(header, sizeof header, "Authorization: Bearer %s", line);
	*headers = curl_slist_append(*headers, header);
	return true;
}

/* The path of a unix socket; NULL: it is a URL. */
static const char *
socket_of(const struct ask *a)
{
	return *a->where == '/' ? a->where : strncmp(a->where, "unix:", 5) == 0 ? a->where + 5 : NULL;
}

static void
set_place(CURL *c, const struct ask *a, const char *path)
{
	char url[2200];
	bool is_unix = socket_of(a) != NULL;
	size_t len = strlen(a->where);

	if (is_unix)
		curl_easy_setopt(c, CURLOPT_UNIX_SOCKET_PATH, socket_of(a));
	while (len > 0 && a->where[len - 1] == '/')
		len--;
	snprintf(url, sizeof url, "%.*s%s", is_unix ? 16 : (int)len, is_unix ? "http://localhost" : a->where, path);
	curl_easy_setopt(c, CURLOPT_URL, url);
	curl_easy_setopt(c, CURLOPT_PROXY, "");
	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http");
	curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, CONNECT_SECONDS);
	curl_easy_setopt(c, CURLOPT_TIMEOUT, ANSWER_SECONDS);
}

/* What came with a status, as JSON; NULL: told. */
static json_t *
answer_read(const struct ask *a, struct str body, long status)
{
	json_t *j = json_loadb(body.len > 0 ? body.p : "", body.len, 0, NULL);
	const char *error = json_string_value(json_object_get(j, "error"));
	struct clean text;

	if (status >= 200 && status < 300 && j != NULL)
		return j;
	if (error != NULL)
		fprintf(stderr, "mola %s: %s\n", a->verb, clean(error, &text));
	else
		fprintf(stderr, "mola %s: what answers at %s with status %ld is not Mola\n", a->verb, a->where, status);
	json_decref(j);
	return NULL;
}

static void
say_unreached(const struct ask *a)
{
	const char *path = socket_of(a);

	if (path != NULL && access(path, R_OK | W_OK) != 0 && errno == EACCES)
		fprintf(stderr, "mola %s: you may not open %s: ask as root, or as a member of the group that admin.group in Mola's "
		    "configuration gives it to\n", a->verb, path);
	else
		fprintf(stderr, "mola %s: Mola does not answer at %s: is it running?\n", a->verb, a->where);
}

/* The status of an answer, whose body is added to `out`; 0: told. */
static long
ask_perform(const struct ask *a, CURL *c, const char *path, struct buf *out)
{
	CURLcode rc;
	long status = 0;

	set_place(c, a, path);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_bytes);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, out);
	rc = curl_easy_perform(c);
	if (rc == CURLE_OK)
		curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
	else if (rc == CURLE_COULDNT_CONNECT)
		say_unreached(a);
	else
		fprintf(stderr, "mola %s: no answer from %s: %s\n", a->verb, a->where, curl_easy_strerror(rc));
	return status;
}

static json_t *
ask_json(const struct ask *a, CURL *c, const char *path)
{
	struct buf body;
	json_t *answer = NULL;
	long status;

	buf_init(&body, ANSWER_MAX);
	status = ask_perform(a, c, path, &body);
	if (status != 0)
		answer = answer_read(a, buf_str(&body), status);
	buf_fini(&body);
	return answer;
}

long
ask_plain(const struct ask *a, const char *path, struct buf *out)
{
	CURL *c = curl_easy_init();
	long status = ask_perform(a, c, path, out);

	curl_easy_cleanup(c);
	return status;
}

json_t *
ask_get(const struct ask *a, const char *path)
{
	CURL *c = curl_easy_init();
	json_t *answer = ask_json(a, c, path);

	curl_easy_cleanup(c);
	return answer;
}

json_t *
ask_post(const struct ask *a, const char *path, const json_t *body)
{
	struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
	char *text = json_dumps(body, JSON_COMPACT);
	json_t *answer = NULL;
	CURL *c = curl_easy_init();

	if (a->token_file == NULL || token_header(a, &headers)) {
		curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
		curl_easy_setopt(c, CURLOPT_POSTFIELDS, text);
		answer = ask_json(a, c, path);
	}
	curl_slist_free_all(headers);
	curl_easy_cleanup(c);
	free(text);
	return answer;
}

char *
ask_escape(const char *text)
{
	char *escaped = curl_easy_escape(NULL, text, 0), *copy = str_dup(str_of(escaped));

	curl_free(escaped);
	return copy;
}

/* ASCII only: what names and exporters say cannot steer a terminal. */
int
ask_print(const json_t *j)
{
	json_dumpf(j, stdout, JSON_INDENT(2) | JSON_ENSURE_ASCII | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(10));
	putchar('\n');
	return 0;
}
