/*
 * conf_text: types of values that stay texts, and where things are: names, paths, URLs,
 * addresses, hosts.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "base/form.h"
#include "base/word.h"
#include "conf/conf_type.h"
#include "net/ip.h"

static bool
all_visible(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] <= ' ' || s.p[i] >= 0x7f)
			return false;
	return true;
}

static bool
is_none(struct str s)
{
	return str_eq(s, STR("none"));
}

bool
text_set(void *member, struct str s)
{
	char **text = member;

	free(*text);
	*text = str_dup(s);
	return true;
}

static bool
set_absent(void *member)
{
	char **text = member;

	free(*text);
	*text = NULL;
	return true;
}

/* ---- texts ---- */

static bool
read_string(const struct conf_key *k, struct str s, void *member, char *problem)
{
	(void)k;
	if (s.len == 0 || s.len > 255 || !all_visible(s))
		return problem_set(problem, "'%s' is not a word; expected 1 to 255 visible ASCII characters",
		    QUOTED(s));
	return text_set(member, s);
}

static bool
read_name(const struct conf_key *k, struct str s, void *member, char *problem)
{
	(void)k;
	if (!form_name(s))
		return problem_set(problem,
		    "'%s' is not a name; expected 1 to 63 of A-Z, a-z, 0-9, '.', '_' and '-'", QUOTED(s));
	return text_set(member, s);
}

/* What `docker ps` shows are the first twelve digits. */
static bool
read_container(const struct conf_key *k, struct str s, void *member, char *problem)
{
	bool digits = s.len >= 12 && s.len <= 64;

	(void)k;
	for (size_t i = 0; digits && i < s.len; i++)
		digits = (s.p[i] >= '0' && s.p[i] <= '9') || (s.p[i] >= 'a' && s.p[i] <= 'f');
	if (!digits)
		return problem_set(problem, "'%s' is not a container's id; expected 12 to 64 of 0-9 and a-f",
		    QUOTED(s));
	return text_set(member, s);
}

/* The default name may be written, too: the API shows the configuration with it. */
static bool
read_listen_name(const struct conf_key *k, struct str s, void *member, char *problem)
{
	struct addr a;

	return s.len < CONF_LISTEN_NAME_MAX && addr_parse(s, &a) == NULL ? text_set(member, s)
	    : read_name(k, s, member, problem);
}

static bool
read_secret(const struct conf_key *k, struct str s, void *member, char *problem)
{
	(void)k;
	if (s.len < 16 || s.len > 256 || !all_visible(s))
		return problem_set(problem, "not a token; expected 16 to 256 visible ASCII characters");
	return text_set(member, s);
}

bool
token_read(struct str s, char **token, char problem[CONF_PROBLEM_MAX])
{
	return read_secret(NULL, s, token, problem);
}

static bool
read_file(const struct conf_key *k, struct str s, void *member, char *problem)
{
	(void)k;
	if (s.len == 0 || s.len > 4000 || s.p[0] != '/' || memchr(s.p, '\n', s.len) != NULL)
		return problem_set(problem, "'%s' is not an absolute path; expected it to begin with '/'",
		    QUOTED(s));
	return text_set(member, s);
}

static bool
read_socket(const struct conf_key *k, struct str s, void *member, char *problem)
{
	struct sockaddr_un un;

	(void)k;
	if (is_none(s))
		return set_absent(member);
	if (s.len == 0 || s.p[0] != '/' || s.len >= sizeof un.sun_path || !all_visible(s))
		return problem_set(problem, "'%s' is not a socket's path; expected an absolute path of at most "
		    "%zu bytes, or none", QUOTED(s), sizeof un.sun_path - 1);
	return text_set(member, s);
}

bool
url_of(struct str s, const char *path, void *member, char *problem)
{
	struct str rest = s;
	char **text = member;
	bool whole = true;

	if (str_starts(s, STR("http://")))
		rest = (struct str){ s.p + 7, s.len - 7 };
	else if (str_starts(s, STR("https://")))
		rest = (struct str){ s.p + 8, s.len - 8 };
	else
		whole = false;
	if (s.len > 1024 || !all_visible(rest) || rest.len == 0 || rest.p[0] == '/' ||
	    (!whole && !form_authority(rest)))
		return problem_set(problem, "'%s' is not a URL; expected http://host:port%s, or host:port for "
		    "short", QUOTED(s), path);
	free(*text);
	*text = must_printf("%s%.*s%s", whole ? "" : "http://", STR_ARG(s),
	    memchr(rest.p, '/', rest.len) != NULL ? "" : path);
	return true;
}

static bool
read_exporter(const struct conf_key *k, struct str s, void *member, char *problem)
{
	(void)k;
	return url_of(s, "/metrics", member, problem);
}

static bool
read_agent(const struct conf_key *k, struct str s, void *member, char *problem)
{
	(void)k;
	return url_of(s, "/stream", member, problem);
}

static bool
read_plain_url(const struct conf_key *k, struct str s, void *member, char *problem)
{
	(void)k;
	return url_of(s, "", member, problem);
}

bool
write_text(const void *member, struct buf *out)
{
	const char *const *text = member;

	return *text != NULL && buf_adds(out, str_of(*text));
}

static bool
write_text_or_none(const void *member, struct buf *out)
{
	return write_text(member, out) || buf_adds(out, STR("none"));
}

/* ---- addresses ---- */

static bool
read_listen_address(const struct conf_key *k, struct str s, void *member, char *problem)
{
	struct addr a = { 0 };

	(void)k;
	/* a listener for each worker: the kernel shares out TCP connections among them, but no unix
	 * socket's */
	if (addr_parse(s, &a) != NULL || addr_port(&a) == 0 || a.sa.any.sa_family == AF_UNIX)
		return problem_set(problem, "'%s' is not an address; expected one such as :80, 10.0.0.1:80 or "
		    "[::1]:80", QUOTED(s));
	memcpy(member, &a, sizeof a);
	return true;
}

static bool
read_admin_address(const struct conf_key *k, struct str s, void *member, char *problem)
{
	struct addr a = { 0 };

	(void)k;
	if (!is_none(s) && (addr_parse(s, &a) != NULL || addr_port(&a) == 0 ||
	    a.sa.any.sa_family == AF_UNIX))
		return problem_set(problem, "'%s' is not an address; expected one such as 127.0.0.1:8000 or "
		    "[::1]:8000, or none", QUOTED(s));
	memcpy(member, &a, sizeof a);
	return true;
}

static bool
read_task_address(const struct conf_key *k, struct str s, void *member, char *problem)
{
	struct addr a = { 0 };

	(void)k;
	/* workers may not open unix sockets */
	if (s.len == 0 || s.p[0] == ':' || addr_parse(s, &a) != NULL || addr_port(&a) == 0 ||
	    a.sa.any.sa_family == AF_UNIX)
		return problem_set(problem, "'%s' is not an address; expected an IP address and a port, such as "
		    "10.0.0.1:80", QUOTED(s));
	*(struct addr_ip *)member = addr_to_ip(&a);
	return true;
}

bool
write_address(const void *member, struct buf *out)
{
	const struct addr *a = member;
	char text[ADDR_TEXT_MAX];

	ASSERT(a->len <= sizeof a->sa);
	return a->len != 0 && buf_adds(out, str_of(addr_text(a, text)));
}

static bool
write_task_address(const void *member, struct buf *out)
{
	struct addr a = addr_of_ip(member);

	return write_address(&a, out);
}

static bool
write_address_or_none(const void *member, struct buf *out)
{
	return write_address(member, out) || buf_adds(out, STR("none"));
}

/* ---- lists ---- */

static bool
append(void *member, struct str s)
{
	struct conf_list *l = member;

	l->item = must_realloc(l->item, (l->n + 1) * sizeof *l->item);
	l->item[l->n++] = str_dup(s);
	return true;
}

static bool
has_item(const struct conf_list *l, const char *text)
{
	for (unsigned i = 0; i < l->n; i++)
		if (strcmp(l->item[i], text) == 0)
			return true;
	return false;
}

bool
list_append(void *member, struct str s, char *problem)
{
	const struct conf_list *l = member;
	char *text;
	bool twice;

	ASSERT(l->n <= 256 && (l->n == 0) == (l->item == NULL));
	if (l->n == 256)
		return problem_set(problem, "more than 256 items");
	text = str_dup(s);
	twice = has_item(l, text);
	free(text);
	return twice ? problem_set(problem, "'%s' is named twice", QUOTED(s)) : append(member, s);
}

static bool
read_host(const struct conf_key *k, struct str s, void *member, char *problem)
{
	char lower[256];

	if (k->section == SECTION_SERVICE && str_eq(s, STR("*")))	/* as the label mola.host has it */
		return problem_set(problem, "'*' is not a host; expected names, or no host at all, which is any");
	if (!form_host(s, k->section == SECTION_SERVICE))
		return problem_set(problem, "'%s' is not a host; expected a name such as www.example.org, "
		    "without a port", QUOTED(s));
	str_copy(lower, sizeof lower, s);
	for (char *c = lower; *c != '\0'; c++)
		*c = (char)tolower((unsigned char)*c);
	return list_append(member, str_of(lower), problem);
}

static bool
read_path(const struct conf_key *k, struct str s, void *member, char *problem)
{
	(void)k;
	if (!form_path(s) || memchr(s.p, '?', s.len) != NULL)
		return problem_set(problem, "'%s' is not a path; expected one that begins with '/'", QUOTED(s));
	return list_append(member, s, problem);
}

static bool
read_endpoint(const struct conf_key *k, struct str s, void *member, char *problem)
{
	const struct conf_list *l = member;

	(void)k;
	if (!form_endpoint(s))
		return problem_set(problem, "'%s' is not an endpoint; expected unix:///path or tcp://host:port",
		    QUOTED(s));
	if (l->n == CONF_ENDPOINTS_MAX)
		return problem_set(problem, "more than %d endpoints", CONF_ENDPOINTS_MAX);
	return list_append(member, s, problem);
}

static bool
read_network(const struct conf_key *k, struct str s, void *member, char *problem)
{
	(void)k;
	if (s.len == 0 || s.len > 255 || !all_visible(s))
		return problem_set(problem, "'%s' is not a network; expected a name or an id", QUOTED(s));
	return list_append(member, s, problem);
}

static bool
read_net(const struct conf_key *k, struct str s, void *member, char *problem)
{
	const struct conf_list *l = member;
	struct ip_net net;

	(void)k;
	if (!ip_net_parse(s, &net))
		return problem_set(problem, "'%s' is not an address or a network; expected one such as 10.0.0.5, "
		    "10.1.0.0/16 or fd00::/8, without bits beyond the mask", QUOTED(s));
	if (l->n == CONF_TRUSTED_MAX)
		return problem_set(problem, "more than %d networks", CONF_TRUSTED_MAX);
	return list_append(member, s, problem);
}

static bool
read_names(const struct conf_key *k, struct str s, void *member, char *problem)
{
	(void)k;
	if (!form_name(s))
		return problem_set(problem,
		    "'%s' is not a name; expected 1 to 63 of A-Z, a-z, 0-9, '.', '_' and '-'", QUOTED(s));
	return list_append(member, s, problem);
}

static bool
read_listen_names(const struct conf_key *k, struct str s, void *member, char *problem)
{
	struct addr a;

	return addr_parse(s, &a) == NULL ? list_append(member, s, problem) :
	    read_names(k, s, member, problem);
}

/* Braces hold what Swarm knows of the node; all else is as in a URL. */
static bool
is_template(struct str s)
{
	static const char *const words[] = { "address", "hostname", "id", NULL };
	struct str word;
	const char *end;

	for (size_t i = 0; i < s.len; i++) {
		if (s.p[i] == '}')
			return false;
		if (s.p[i] != '{')
			continue;
		end = memchr(s.p + i, '}', s.len - i);
		word = (struct str){ s.p + i + 1, end == NULL ? 0 : (size_t)(end - s.p) - i - 1 };
		if (word_place(word, words) < 0)
			return false;
		i += word.len + 1;
	}
	return s.len > 0 && s.len < 256 && all_visible(s);
}

static bool
read_template(const struct conf_key *k, struct str s, void *member, char *problem)
{
	(void)k;
	if (!is_template(s))
		return problem_set(problem, "'%s' is not a template; expected one such as '{address}:9101', with "
		    "{address}, {hostname} or {id}", QUOTED(s));
	return text_set(member, s);
}

const struct conf_type
	type_ENDPOINTS = { read_endpoint, NULL, KIND_LIST, false, NULL },
	type_NAMES = { read_names, NULL, KIND_LIST, false, NULL },
	type_URL = { read_plain_url, write_text, KIND_TEXT, false, NULL },
	type_NETS = { read_net, NULL, KIND_LIST, false, NULL },
	type_NETWORKS = { read_network, NULL, KIND_LIST, false, NULL },
	type_TEMPLATE = { read_template, write_text, KIND_TEXT, false, NULL },
	type_STRING = { read_string, write_text, KIND_TEXT, false, NULL },
	type_NAME = { read_name, write_text, KIND_TEXT, false, NULL },
	type_SECRET = { read_secret, NULL, KIND_SECRET, false, NULL },
	type_FILE = { read_file, write_text, KIND_TEXT, false, NULL },
	type_SOCKET = { read_socket, write_text_or_none, KIND_TEXT, false, NULL },
	type_PATH_OR_NONE = { read_setting, NULL, KIND_TEXT, false, &setting_PATH_OR_NONE },
	type_TLS_CA = { read_setting, NULL, KIND_TEXT, false, &setting_TLS_CA },
	type_TLS_NAME = { read_setting, NULL, KIND_TEXT, false, &setting_TLS_NAME },
	type_TLS_CERT = { read_setting, NULL, KIND_TEXT, false, &setting_TLS_CERT },
	type_COOKIE_NAME = { read_setting, NULL, KIND_TEXT, false, &setting_COOKIE_NAME },
	type_COOKIE_PATH = { read_setting, NULL, KIND_TEXT, false, &setting_COOKIE_PATH },
	type_COOKIE_DOMAIN = { read_setting, NULL, KIND_TEXT, false, &setting_COOKIE_DOMAIN },
	type_ALPN = { read_setting, NULL, KIND_TEXT, false, &setting_ALPN },
	type_METHOD = { read_setting, NULL, KIND_TEXT, false, &setting_METHOD },
	type_CHECK_HOST = { read_setting, NULL, KIND_TEXT, false, &setting_CHECK_HOST },
	type_HEADERS = { read_setting, NULL, KIND_SECRET, false, &setting_HEADERS },
	type_CHECK_SERVICE = { read_setting, NULL, KIND_TEXT, false, &setting_CHECK_SERVICE },
	type_CHECK_BYTES = { read_setting, NULL, KIND_SECRET, false, &setting_CHECK_BYTES },
	type_EXPORTER = { read_exporter, write_text, KIND_TEXT, false, NULL },
	type_AGENT = { read_agent, write_text, KIND_TEXT, false, NULL },
	type_ADMIN_ADDRESS = { read_admin_address, write_address_or_none, KIND_PLAIN, false, NULL },
	type_CONTAINER = { read_container, write_text, KIND_TEXT, false, NULL },
	type_TASK_ADDRESS = { read_task_address, write_task_address, KIND_PLAIN, false, NULL },
	type_LISTEN_NAMES = { read_listen_names, NULL, KIND_LIST, false, NULL },
	type_LISTEN_NAME = { read_listen_name, write_text, KIND_TEXT, false, NULL },
	type_LISTEN_ADDRESS = { read_listen_address, write_address, KIND_PLAIN, false, NULL },
	type_HOSTS = { read_host, NULL, KIND_LIST, false, NULL },
	type_PATHS = { read_path, NULL, KIND_LIST, false, NULL };
