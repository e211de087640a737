/*
 * What a probe sends: the request that its service's settings are, or the header of the PROXY
 * protocol and bytes, and what follows a redirect.
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "proxy/health_priv.h"
#include "proxy/proxy_header.h"
#include "world/setting.h"

#define GRPC_PATH	"/grpc.health.v1.Health/Check"

/* What differs between the requests of a check. */
struct ask {
	struct str	method, target;
	struct str	referer;	/* the target that led here; empty: none did */
};

/* The address as it is spoken to. */
static struct str
address_of(const struct probe *p, char text[ADDR_TEXT_MAX])
{
	struct addr a = p->addr;

	if (a.sa.any.sa_family == AF_UNIX)
		return STR("localhost");
	if (p->port > 0)
		addr_set_port(&a, p->port);
	return str_of(addr_text(&a, text));
}

static struct str
host_of(const struct probe *p, const struct table *t, char text[ADDR_TEXT_MAX])
{
	struct str name = table_text(t, p->service->health_hostname);

	return name.len > 0 && !p->grpc ? name : address_of(p, text);
}

static bool
sets(struct str headers, struct str field)
{
	struct str line, name, value;

	while (str_split(&headers, '\n', &line))
		if (setting_header_split(str_trim(line), &name, &value) &&
		    str_eq_nocase(name, field))
			return true;
	return false;
}

static void
headers_write(struct str headers, struct buf *out)
{
	struct str line, name, value;

	if (!sets(headers, STR("User-Agent")))
		buf_adds(out, STR("User-Agent: mola-health\r\n"));
	while (str_split(&headers, '\n', &line))
		if (setting_header_split(str_trim(line), &name, &value))
			buf_printf(out, "%.*s: %.*s\r\n", STR_ARG(name), STR_ARG(value));
}

static bool
has_length(struct str method)
{
	return str_eq(method, STR("POST")) || str_eq(method, STR("PUT")) || str_eq(method, STR("PATCH"));
}

static void
request_write(const struct probe *p, const struct table *t, const struct ask *ask, struct buf *out)
{
	char host[ADDR_TEXT_MAX], address[ADDR_TEXT_MAX];

	buf_printf(out, "%.*s %.*s HTTP/1.1\r\nHost: %.*s\r\n", STR_ARG(ask->method),
	    STR_ARG(ask->target), STR_ARG(host_of(p, t, host)));
	headers_write(table_text(t, p->service->health_headers), out);
	if (ask->referer.len > 0 && !sets(table_text(t, p->service->health_headers), STR("Referer")))
		buf_printf(out, "Referer: http%s://%.*s%.*s\r\n", scheme_is_tls(p->scheme) ? "s" : "",
		    STR_ARG(address_of(p, address)), STR_ARG(ask->referer));
	if (has_length(ask->method))
		buf_adds(out, STR("Content-Length: 0\r\n"));
	buf_adds(out, STR("Connection: close\r\n\r\n"));
}

#define GRPC_SERVICE_MOST 255

/* A message behind its length. HealthCheckRequest: field 1 is the name of the service; without it,
 * the health of the whole server is meant. Lengths are below 128 for one byte, else two. */
static void
grpc_write(const struct probe *p, const struct table *t, struct buf *out)
{
	struct str service = table_text(t, p->service->health_service);
	unsigned char field[3] = { 1 << 3 | 2, (unsigned char)(service.len & 0x7f),
	    (unsigned char)(service.len >> 7) };
	size_t head = service.len == 0 ? 0 : service.len < 128 ? 2 : 3, len = head + service.len;
	unsigned char length[5] = { 0, 0, 0, (unsigned char)(len >> 8), (unsigned char)len };
	char host[ADDR_TEXT_MAX];

	ASSERT(service.len <= GRPC_SERVICE_MOST);
	if (head == 3)
		field[1] |= 0x80;
	buf_printf(out, "POST " GRPC_PATH " HTTP/1.1\r\nHost: %.*s\r\nUser-Agent: mola-health\r\n"
	    "Content-Type: application/grpc\r\nContent-Length: %zu\r\n\r\n", STR_ARG(host_of(p, t, host)),
	    sizeof length + len);
	buf_add(out, length, sizeof length);
	buf_add(out, field, head);
	buf_adds(out, service);
}

static void
bytes_add(struct str written, struct buf *out)
{
	char *bytes = must_alloc(written.len + 1);
	int n = setting_bytes(written, bytes);

	if (n > 0)
		buf_add(out, bytes, (size_t)n);
	free(bytes);
}

/* A task that expects a PROXY header gets one, of a connection of our own. */
static void
proxy_header_add(const struct table_service *s, struct buf *out)
{
	char text[PROXY_SENT_MAX];

	buf_adds(out, (struct str){ text, proxy_header_write(text, s->proxy_version, NULL) });
}

static struct ask
ask_first(const struct table *t, const struct table_service *s)
{
	struct str method = table_text(t, s->health_method);

	return (struct ask){ .method = method.len > 0 ? method : STR("GET"),
	    .target = table_text(t, s->health_path) };
}

static bool
connects(const struct table_service *s)
{
	return s->kind == SERVICE_TCP || s->health_mode == CHECK_TCP;
}

/* A call of gRPC needs HTTP/2. */
static enum scheme
scheme_of(const struct table_service *s)
{
	enum scheme own = s->health_scheme == CHECK_SAME ? s->scheme :
	    (enum scheme)(s->health_scheme - CHECK_SCHEME_FIRST);

	if (connects(s))
		return SCHEME_HTTP;
	if (s->health_mode == CHECK_GRPC)
		return scheme_is_tls(own) ? SCHEME_H2 : SCHEME_H2C;
	return own;
}

static void
first_write(const struct probe *p, const struct table *t, struct buf *out)
{
	struct ask first = ask_first(t, p->service);

	if (p->connects) {
		if (p->port == 0 && p->service->kind == SERVICE_TCP)
			proxy_header_add(p->service, out);
		bytes_add(table_text(t, p->service->health_send), out);
	} else if (p->grpc)
		grpc_write(p, t, out);
	else
		request_write(p, t, &first, out);
}

bool
probe_set_request(struct probe *p, const struct table *t, const struct table_service *s)
{
	bool tcp = connects(s);
	bool same = p->connects == tcp && p->port == s->health_port && p->scheme == scheme_of(s);
	struct buf out, expect;

	p->service = s;
	p->scheme = scheme_of(s);
	p->port = s->health_port;
	p->connects = tcp;
	p->grpc = !tcp && s->health_mode == CHECK_GRPC;
	buf_init(&out, REQUEST_MAX);
	first_write(p, t, &out);
	if (out.full) {
		buf_fini(&out);
		return false;
	}
	buf_init(&expect, REQUEST_MAX);
	if (tcp)
		bytes_add(table_text(t, s->health_expect), &expect);
	same = same && str_eq(buf_str(&out), buf_str(&p->request)) &&
	    str_eq(buf_str(&expect), buf_str(&p->expect));
	buf_fini(&p->request);
	buf_fini(&p->expect);
	p->request = out;
	p->expect = expect;
	if (!same && p->response != NULL) {
		probe_stop(p);
		timer_set(p->health->loop, &p->timer, loop_now(p->health->loop), probe_start, p);
	}
	return true;
}

/* ---- redirects ---- */

/* As Go's client does, and with it Traefik: after these the method is GET, but HEAD stays. */
static struct ask
ask_next(struct probe *p, int status)
{
	struct ask ask = ask_first(p->health->table, p->service);

	p->gets |= status <= 303;
	if (p->gets && !str_eq(ask.method, STR("HEAD")))
		ask.method = STR("GET");
	ask.target = str_of(p->target);
	return ask;
}

static enum redirect
follow(struct probe *p, int status, struct str location)
{
	const struct table *t = p->health->table;
	char address[ADDR_TEXT_MAX], host[ADDR_TEXT_MAX];
	struct redirect_from from = { .secure = scheme_is_tls(p->scheme),
	    .address = address_of(p, address), .host = host_of(p, t, host),
	    .target = p->target != NULL ? str_of(p->target) : ask_first(t, p->service).target };
	enum redirect res;
	struct ask ask;
	char *target, *last;

	if ((res = check_read_redirect(&from, location, &target)) != REDIRECT_HERE)
		return res;
	last = p->target;
	p->target = target;
	ask = ask_next(p, status);
	ask.referer = from.target;
	buf_fini(&p->redirected);
	buf_init(&p->redirected, REQUEST_MAX);
	request_write(p, t, &ask, &p->redirected);
	free(last);
	return p->redirected.full ? REDIRECT_BAD : REDIRECT_HERE;
}

enum redirect
probe_redirect(struct probe *p, const struct message *head)
{
	static const int statuses[] = { 301, 302, 303, 307, 308 };
	bool redirects = false;

	for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++)
		redirects |= head->status == statuses[i];
	if (!redirects || !p->service->health_follow_redirects)
		return REDIRECT_ELSEWHERE;
	for (int i = 0; i < head->nfields; i++)
		if (str_eq_nocase(head->field[i].name, STR("Location")))
			return p->requests == REQUESTS_MOST ? REDIRECT_BAD :
			    follow(p, head->status, head->field[i].value);
	return REDIRECT_ELSEWHERE;
}

void
probe_forget_redirect(struct probe *p)
{
	free(p->target);
	p->target = NULL;
	p->gets = false;
	buf_fini(&p->redirected);
}
