/*
 * access_check: over TCP, any web page can make a browser on this machine send requests. So a
 * request must name a host that is Mola's (an IP address, localhost, admin.hosts: a rebound DNS
 * name is none of them), and a write must be JSON, must not come from another origin, and must
 * carry the token. On the unix socket the file's mode decides.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "admin/access_check.h"
#include "base/bug.h"

static bool
deny(struct access_error *error, int status, const char *text)
{
	ASSERT(status >= 400 && status < 500);
	*error = (struct access_error){ .status = status, .text = text };
	return false;
}

static struct str
field_of(const struct request *req, const char *name)
{
	const struct message *h = request_head(req);

	for (int i = 0; i < h->nfields; i++)
		if (str_eq_nocase(h->field[i].name, str_of(name)))
			return h->field[i].value;
	return (struct str){ NULL, 0 };
}

static bool
is_ip(struct str host)
{
	char text[64];
	struct in6_addr any;

	if (host.len > 2 && host.p[0] == '[')
		host = (struct str){ host.p + 1, host.len - 2 };
	if (host.len >= sizeof text)
		return false;
	str_copy(text, sizeof text, host);
	return inet_pton(AF_INET, text, &any) == 1 || inet_pton(AF_INET6, text, &any) == 1;
}

/* The error shows the name: a proxy that polls may use one that nobody expects (Envoy, that of
 * its cluster). */
static bool
deny_host(struct access_error *error, struct str host)
{
	bool plain = host.len <= 100;

	for (size_t i = 0; i < host.len; i++)
		plain &= host.p[i] > ' ' && host.p[i] < 0x7f;
	deny(error, 403, error->buffer);
	snprintf(error->buffer, sizeof error->buffer,
	    "the Host is %s%.*s%s: use an IP address, localhost, or add it to admin.hosts",
	    plain ? "the name '" : "an unknown name", plain ? (int)host.len : 0, host.p,
	    plain ? "', which is not known here" : "");
	return false;
}

bool
access_check_host(const struct request *req, const struct conf_list *hosts,
    struct access_error *error)
{
	struct str host = request_head(req)->host;

	if (host.len == 0 || is_ip(host) || str_eq_nocase(host, STR("localhost")))
		return true;
	for (unsigned i = 0; i < hosts->n; i++)
		if (str_eq_nocase(host, str_of(hosts->item[i])))
			return true;
	return deny_host(error, host);
}

/* Browsers send Origin with every write: the page must come from the host that the request goes
 * to. */
static bool
origin_is_host(const struct request *req)
{
	struct str origin = field_of(req, "Origin");

	if (origin.p == NULL)
		return true;
	if (!str_starts(origin, STR("http://")))
		return false;
	return str_eq_nocase((struct str){ origin.p + 7, origin.len - 7 }, request_head(req)->authority);
}

static bool
is_json(const struct request *req)
{
	struct str type = field_of(req, "Content-Type"), media;

	return str_split(&type, ';', &media) && str_eq_nocase(str_trim(media), STR("application/json"));
}

/* Takes the same time however much of the token is right. */
static bool
token_matches(const char *token, struct str given)
{
	size_t len = strlen(token);
	unsigned char differ = len != given.len;

	ASSERT(len > 0);		/* or every request would be allowed to write */
	for (size_t i = 0; i < given.len; i++)
		differ |= (unsigned char)(given.p[i] ^ token[i % len]);
	return differ == 0;
}

static bool
token_check(const struct request *req, const char *token, struct access_error *error)
{
	struct str given = field_of(req, "Authorization");

	if (token == NULL)
		return deny(error, 403, "writes over TCP need admin.token or admin.token_file "
		    "in the configuration; the unix socket needs neither");
	if (given.len > 7 && str_eq_nocase((struct str){ given.p, 7 }, STR("Bearer "))
	    && token_matches(token, str_trim((struct str){ given.p + 7, given.len - 7 })))
		return true;
	deny(error, 401, "the token is missing or wrong: Authorization: Bearer TOKEN");
	error->fields = "WWW-Authenticate: Bearer\r\n";
	return false;
}

bool
access_check_write(const struct request *req, bool tcp, const char *token,
    struct access_error *error)
{
	if (!is_json(req))
		return deny(error, 415, "expected Content-Type: application/json");
	if (!tcp)
		return true;
	if (!origin_is_host(req))
		return deny(error, 403, "a page from elsewhere may not write");
	return token_check(req, token, error);
}
