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
#include "net/ip.h"

static bool
deny(struct access_error *error, int status, const char *text)
{
	ASSERT(status >= 400 && status < 600);
	error->status = status;
	error->text = text;
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

/* ---- from where ---- */

static bool
is_forwarding(struct str name)
{
	static const char *const names[] = { "Forwarded", "Via", "X-Real-IP", "X-Client-IP" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (str_eq_nocase(name, str_of(names[i])))
			return true;
	return name.len > 12 && str_eq_nocase((struct str){ name.p, 12 }, STR("X-Forwarded-"));
}

static bool
is_loopback(struct ip ip)
{
	static const uint8_t six[16] = { [15] = 1 };

	return ip_is_v4(&ip) ? ip.b[12] == 127 : memcmp(ip.b, six, sizeof six) == 0;
}

static bool
names_loopback(struct str host)
{
	struct ip ip;

	if (host.len > 2 && host.p[0] == '[')
		host = (struct str){ host.p + 1, host.len - 2 };
	return host.len == 0 || str_eq_nocase(host, STR("localhost")) ||
	    (ip_parse(host, &ip) && is_loopback(ip));
}

bool
access_is_local(const struct request *req)
{
	const struct message *h = request_head(req);

	if (!is_loopback(ip_of(request_peer(req))) || !names_loopback(h->host))
		return false;
	for (int i = 0; i < h->nfields; i++)
		if (is_forwarding(h->field[i].name))
			return false;
	return true;
}

/* ---- which page ---- */

/* Browsers send Origin with every write, and with every read by a page from elsewhere. The scheme
 * may be that of a proxy in front. */
static bool
origin_is_host(const struct request *req)
{
	const struct message *h = request_head(req);
	struct str origin;

	for (int i = 0; i < h->nfields; i++) {
		if (!str_eq_nocase(h->field[i].name, STR("Origin")))
			continue;
		origin = h->field[i].value;
		if (str_starts(origin, STR("http://")))
			origin = (struct str){ origin.p + 7, origin.len - 7 };
		else if (str_starts(origin, STR("https://")))
			origin = (struct str){ origin.p + 8, origin.len - 8 };
		else
			return false;
		if (!str_eq_nocase(origin, h->authority))
			return false;
	}
	return true;
}

/* Browsers tell it of what carries no Origin, such as images: a page from elsewhere could hold all
 * streams by them. A link that somebody follows is none of that. */
static bool
site_is_ours(const struct request *req)
{
	struct str site = field_of(req, "Sec-Fetch-Site");

	return site.p == NULL || str_eq(site, STR("same-origin")) || str_eq(site, STR("none")) ||
	    str_eq(field_of(req, "Sec-Fetch-Dest"), STR("document"));
}

static bool
is_json(const struct request *req)
{
	struct str type = field_of(req, "Content-Type"), media;

	return str_split(&type, ';', &media) && str_eq_nocase(str_trim(media), STR("application/json"));
}

/* ---- who ---- */

/* What its login is not good for. `none`: nobody could have a better one. */
static bool
deny_login(struct access_error *error, const struct login *login, const char *none,
    const char *missing, const char *weak)
{
	switch (login->state) {
	case LOGIN_FITS:
		return deny(error, 403, weak);
	case LOGIN_BUSY:
		deny(error, 503, "too many passwords are being checked: try again");
		error->fields = "Retry-After: 1\r\n";
		return false;
	case LOGIN_NONE:
	case LOGIN_WRONG:
		break;
	}
	if (none != NULL)
		return deny(error, 403, none);
	error->guess = login->state == LOGIN_WRONG;
	deny(error, 401, !error->guess ? missing :
	    "there is no such token, or no such user with this password");
	error->fields = "WWW-Authenticate: Bearer\r\n";
	return false;
}

bool
access_check_read(const struct request *req, bool local, const struct conf *c,
    const struct login *login, struct access_error *error)
{
	bool nobody = !logins_has_token(c, "read") && c->admin_users.n == 0;

	if (!origin_is_host(req) || !site_is_ours(req))
		return deny(error, 403, "a page from elsewhere may not read");
	if (local || login->read)
		return true;
	return deny_login(error, login, nobody ? "reading from elsewhere than this machine needs "
	    "admin.tokens or admin.users in the configuration" : NULL,
	    "reading from elsewhere than this machine needs a login: Authorization: Bearer TOKEN, or a "
	    "user of admin.users", "this token may not read: its scopes do not have read");
}

bool
access_check_write(const struct request *req, const struct conf *c, const struct login *login,
    struct access_error *error)
{
	if (!origin_is_host(req) || !site_is_ours(req))
		return deny(error, 403, "a page from elsewhere may not write");
	if (login->write)
		return true;
	return deny_login(error, login, logins_has_token(c, "write") ? NULL : "writes over TCP need "
	    "admin.token, or one of admin.tokens with the scope write, in the configuration; the unix "
	    "socket needs neither", "the token is missing: Authorization: Bearer TOKEN",
	    "this token may not write: its scopes do not have write");
}

bool
access_check_json(const struct request *req, struct access_error *error)
{
	return is_json(req) || deny(error, 415, "expected Content-Type: application/json");
}
